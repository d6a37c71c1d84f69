"""The hot tier: what it keeps, from when on it is complete, and what it gives up."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.ranges import Ledger, Write
from tests.oracles.native_histogram import numbered, told

from sightline.domain.labels import Labels, series_id
from sightline.domain.metrics.hot import ALWAYS, NEVER, HotTier, slices
from sightline.domain.metrics.runs import Run
from sightline.domain.tenancy import Tenant

A, B = Tenant("a"), Tenant("b")
UP = Labels.of(__name__="up")


def complete(max_bytes: int = 1 << 20, since: int = ALWAYS) -> HotTier:
    """A tier over a store that had nothing from `since` on."""
    tier = HotTier(max_bytes)
    tier.admit(since)
    tier.take_older({}, since)
    return tier


def held(tier: HotTier, tenant: Tenant = A) -> list[int]:
    """The times of all samples, run after run."""
    return [time for run in tier.view(tenant).runs for time in run.times.tolist()]


def merge_all(tier: HotTier) -> None:
    """Do what there is to merge."""
    while (wanted := tier.next_merge()) is not None:
        tier.finish(wanted, wanted.made())


def write(tenant: Tenant, *times: int) -> Write:
    """Samples of the one series."""
    return Write(tenant, UP, [(time, float(time)) for time in times])


def test_nothing_is_complete_before_the_store_was_asked() -> None:
    """A new tier keeps nothing and says so, for tenants it has heard of and for others."""
    tier, ledger = HotTier(), Ledger()
    tier.take(ledger.sealed([write(A, 1, 2)]))
    assert (held(tier), tier.view(A).horizon, tier.view(B).horizon) == ([], NEVER, NEVER)


def test_what_is_flushed_while_the_store_is_read_is_not_missed() -> None:
    """From its admission on a span's new samples are kept, and older ones from the store lie beneath them."""
    tier, ledger = HotTier(), Ledger()
    tier.admit(10)
    tier.take(ledger.sealed([write(A, 5, 10, 11)]))
    assert tier.view(A).horizon == NEVER
    one = np.array([series_id(UP)] * 2, np.uint64)
    tier.take_older({A: Run.of_rows(one, np.array([10, 12]), np.array([0.0, 0.0]))}, 10)
    assert tier.view(A).horizon == tier.view(B).horizon == 10
    assert held(tier) == [10, 12, 10, 11]


def test_late_samples_are_left_to_the_store() -> None:
    """What lies below the horizon when it is flushed is not kept."""
    tier = complete(since=10)
    tier.take(Ledger().sealed([write(A, 3, 15), write(B, 4)]))
    assert (held(tier), held(tier, B)) == ([15], [])


def test_tenants_of_one_range_are_kept_apart() -> None:
    """Each tenant has its own samples, in arrays that keep no other tenant's alive."""
    tier = complete()
    tier.take(Ledger().sealed([write(B, 3), write(A, 1, 2)]))
    assert (held(tier), held(tier, B)) == ([1, 2], [3])
    assert all(run.times.base is None for tenant in (A, B) for run in tier.view(tenant).runs)


def test_histograms_are_kept_with_their_marks() -> None:
    """In ranges of several tenants, of which some samples come late, and through merges; what they weigh counts."""
    tier, ledger = complete(since=10), Ledger()
    for at in range(4):
        samples = [(time, numbered(100 * at + time)) for time in range(8, 20)]
        tier.take(ledger.sealed([Write(B, UP, samples[:3]), Write(A, UP, samples)]))
    merge_all(tier)
    wanted = [numbered(300 + time) for time in range(10, 20)]
    for tenant, its in ((A, wanted), (B, wanted[:1])):
        (run,) = tier.view(tenant).runs
        assert told(run.values, run.histograms) == its
    floats = complete(since=10)
    floats.take(Ledger().sealed([write(A, *range(10, 20))]))
    assert tier.view(A).runs[0].weight > floats.weight


def test_runs_of_one_size_become_one() -> None:
    """However many ranges come, a read has few runs, and nothing is lost or changed."""
    tier, ledger = complete(1 << 24), Ledger()
    for at in range(200):
        tier.take(ledger.sealed([write(A, at, at + 1)]))
        merge_all(tier)
    assert len(tier.view(A).runs) < 15
    assert sorted(set(held(tier))) == list(range(201))
    assert tier.weight == sum(run.weight for run in tier.view(A).runs)


def test_the_oldest_is_given_up_under_pressure() -> None:
    """Beyond the bound the horizon moves up; above it everything is still there."""
    tier, ledger = complete(10_000), Ledger()
    for at in range(0, 2_000, 10):
        tier.take(ledger.sealed([write(A, *range(at, at + 10))]))
        merge_all(tier)
        assert tier.weight <= 10_000
    horizon = tier.view(A).horizon
    assert 1_000 < horizon < 2_000
    assert [time for time in held(tier) if time >= horizon] == list(range(horizon, 2_000))
    assert tier.given_up > 0
    assert tier.view(B).horizon == ALWAYS


def test_a_horizon_that_was_raised_stays_up() -> None:
    """What the store brings from below a raised horizon makes it no lower: there is a gap between."""
    tier, ledger = complete(1_700, since=1_000), Ledger()
    tier.take(ledger.sealed([write(A, *range(1_000, 1_100))]))
    tier.take(ledger.sealed([write(A, *range(1_100, 1_110))]))
    assert tier.view(A).horizon == 1_100
    tier.admit(0)
    tier.take_older({A: tier.view(A).runs[0]}, 0)
    assert (tier.view(A).horizon, tier.view(B).horizon) == (1_100, 0)
    assert held(tier) == list(range(1_100, 1_110))


def test_a_range_out_of_order_is_left_to_the_store() -> None:
    """When a range comes after a later one, the order of runs says nothing about its times: the horizon passes them."""
    tier, ledger = complete(), Ledger()
    earlier, later = ledger.sealed([write(A, 5)]), ledger.sealed([write(A, 5, 7)])
    tier.take(later)
    tier.take(earlier)
    assert tier.view(A).horizon == 6
    assert held(tier) == [5, 7]


def test_a_merge_of_runs_that_were_given_up_is_dropped() -> None:
    """A merge that ends after its runs are gone brings nothing back."""
    tier, ledger = complete(5_650), Ledger()
    for at in range(4):
        tier.take(ledger.sealed([write(A, at)]))
    wanted = tier.next_merge()
    assert wanted is not None
    tier.take(ledger.sealed([write(A, *range(100, 450))]))
    weight = tier.weight
    tier.finish(wanted, wanted.made())
    assert tier.weight == weight
    assert held(tier) == list(range(100, 450))


@pytest.mark.parametrize(
    ("density", "rows", "starts"),
    [
        ([0, 0, 0], 100, [ALWAYS]),
        ([5, 5, 0], 100, [ALWAYS]),
        ([5, 5, 1], 100, [80]),
        ([5, 6, 1], 100, [90, 80]),
        ([5, 6, 0], 100, [90, ALWAYS]),
        ([5, 6, 0], 10, [90]),
        ([50, 6, 0], 10, []),
        ([50, 6, 0], 100, [90, ALWAYS]),
    ],
)
def test_slices_are_whole_spans_within_the_room(density: Sequence[int], rows: int, starts: list[int]) -> None:
    """Spans of ten before 100 are taken newest first, ten rows at a time, as long as there is room; all of it means always."""
    assert slices(density, 100, 10, rows, 10) == starts


@given(density=st.lists(st.integers(0, 20), min_size=2, max_size=9), rows=st.integers(0, 100))
def test_slices_stay_within_the_room_and_touch(density: list[int], rows: int) -> None:
    """Each slice begins below the one before, and all together hold no more rows than there is room for."""
    starts = slices(density, 1_000, 10, rows, 10)
    assert starts == sorted(set(starts), reverse=True)
    spans = len(density) - 1 if starts and starts[-1] == ALWAYS else (1_000 - (starts or [1_000])[-1]) // 10
    assert sum(density[:spans]) <= rows
