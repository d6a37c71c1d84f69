"""Percentages from counters, by figures that were computed by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.containers.formulas import cpu_limit, cpu_percent, cpus_used, percent, working_set
from sightline.domain.containers.usage import CpuTime

SECOND = 1e9


def test_cpu_is_the_share_of_the_machine_times_its_cpus() -> None:
    """A quarter of the CPU time of a machine with 4 CPUs is one whole CPU: 100 %."""
    before = CpuTime(used=1 * SECOND, machine=100 * SECOND, cpus=4)
    after = CpuTime(used=6 * SECOND, machine=120 * SECOND, cpus=4)
    cpus = cpus_used(before, after, elapsed=5 * SECOND)
    assert cpus == 1.0
    assert cpu_percent(cpus, after) == 100.0


def test_cpu_may_pass_a_hundred_percent() -> None:
    """Three busy CPUs are 300 %, as `docker stats` shows it."""
    before = CpuTime(used=0, machine=0.0001, cpus=4)
    after = CpuTime(used=15 * SECOND, machine=20 * SECOND, cpus=4)
    assert cpu_percent(cpus_used(before, after, 5 * SECOND) or 0, after) == pytest.approx(300)


def test_without_the_machines_time_real_time_is_the_measure() -> None:
    """Where the engine does not say how much CPU time there was, used time over elapsed time tells the same."""
    assert cpus_used(CpuTime(used=0), CpuTime(used=SECOND), elapsed=2 * SECOND) == 0.5


def test_windows_shows_percent_of_the_machine() -> None:
    """On Windows 100 % are all processors: two of eight busy are 25 %."""
    after = CpuTime(used=10 * SECOND, cpus=8, of_machine=True)
    cpus = cpus_used(CpuTime(used=0, cpus=8, of_machine=True), after, 5 * SECOND)
    assert (cpus, cpu_percent(cpus or 0, after)) == (2.0, 25.0)


@pytest.mark.parametrize(
    ("before", "after", "elapsed"),
    [
        (CpuTime(used=5, machine=10.0), CpuTime(used=1, machine=20.0), 1),  # started anew
        (CpuTime(used=1, machine=10.0), CpuTime(used=1, machine=10.0), 1),  # one and the same read
        (CpuTime(used=1, machine=10.0), CpuTime(used=2, machine=5.0), 1),  # another machine
        (CpuTime(used=1), CpuTime(used=2), 0),
    ],
)
def test_reads_that_do_not_tell_give_no_figure(before: CpuTime, after: CpuTime, elapsed: float) -> None:
    """No figure is better than a wrong one."""
    assert cpus_used(before, after, elapsed) is None


@pytest.mark.parametrize(("limit", "cpus", "expected"), [(None, 4, 4.0), (0.5, 4, 0.5), (8.0, 4, 4.0)])
def test_a_container_can_use_its_limit_and_never_more_than_there_is(
    limit: float | None, cpus: int, expected: float
) -> None:
    """The limit is the container's own, else the machine's number of CPUs."""
    assert cpu_limit(limit, CpuTime(used=0, cpus=cpus)) == expected


def test_the_working_set_leaves_out_the_inactive_file_cache() -> None:
    """The total of cgroup v1 counts what is below the container too and so comes first; v2 has one figure."""
    assert working_set(1000, {"total_inactive_file": 300.0, "inactive_file": 100.0}) == 700
    assert working_set(1000, {"inactive_file": 100.0, "anon": 5.0}) == 900
    assert working_set(1000, {}) == 1000


@given(st.floats(0, 2**53), st.floats(0, 2**53))
def test_the_working_set_is_never_negative_and_never_more_than_the_usage(usage: float, inactive: float) -> None:
    """Also when the cache was read a moment later and has grown past the usage."""
    assert 0 <= working_set(usage, {"inactive_file": inactive}) <= usage


def test_a_part_of_nothing_is_no_percentage() -> None:
    """Without a limit, or with one of zero, there is no percentage."""
    assert (percent(1, None), percent(1, 0.0), percent(1, 4.0)) == (None, None, 25.0)


@given(
    used=st.floats(0, 1e15),
    more=st.floats(0, 1e12),
    machine=st.floats(1, 1e15),
    passed=st.floats(1, 1e12),
    cpus=st.integers(1, 512),
)
def test_busy_cpus_are_finite_and_not_negative(
    used: float, more: float, machine: float, passed: float, cpus: int
) -> None:
    """Whatever counters say, as long as they only grow."""
    before = CpuTime(used=used, machine=machine, cpus=cpus)
    after = CpuTime(used=used + more, machine=machine + passed, cpus=cpus)
    found = cpus_used(before, after, 1)
    assert found is None or (math.isfinite(found) and found >= 0)
