"""The tail: what it holds on to."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import marked, numbered, told

from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.journal import NOTHING_SEEN, Appended, SealedRange, seal
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.timerange import ALL_TIME


def entry(position: int, *names: str) -> tuple[Appended, list[Labels]]:
    """One sample of each of some metrics, from a position on."""
    labels = [Labels.of(__name__=name) for name in names]
    return Appended(
        DEFAULT_TENANT,
        position,
        NOTHING_SEEN,
        np.array([series_id(one) for one in labels], np.uint64),
        np.array([metric_id(one.name) for one in labels], np.uint64),
        np.arange(len(labels), dtype=np.uint32),
        np.full(len(labels), position, np.int64),
        np.zeros(len(labels)),
    ), labels


def held(tail: Tail) -> set[str]:
    """The metrics whose series it knows."""
    return {labels.name for labels in tail.view(DEFAULT_TENANT, ()).series(ALL_TIME)}


@pytest.mark.parametrize("change", [999, 5])
@pytest.mark.parametrize("is_named", [True, False])
def test_a_series_is_given_up_when_it_does_not_come_again(*, is_named: bool, change: int) -> None:
    """One that every entry has stays known; one that came once goes with its sample and can come back, named or not."""
    rosters = Roster(), Roster()

    def named(round_: int, labels: list[Labels]) -> Sequence[Labels]:
        roster = rosters[round_ >= change]
        return roster.named(roster.numbers(labels)) if is_named else labels

    def add(round_: int, position: int, *names: str) -> None:
        one, labels = entry(position, *names)
        tail.add(one, named(round_, labels))

    tail = Tail()
    add(0, 0, "once", "always")
    for round_ in range(1, 12):
        add(round_, 10 * round_, "always")
        tail.drop(10 * round_ - 5)
        assert tail.rows == 1
    assert held(tail) == {"always"}
    add(12, 200, "other", "once")
    assert held(tail) == {"once", "always", "other"}
    tail.drop(500)
    assert (held(tail), tail.rows, tail.weight) == (set(), 0, 0)


def small(position: int, count: int, tenant: Tenant = DEFAULT_TENANT) -> tuple[Appended, list[Labels]]:
    """Samples of some of five series at positions from `position` on."""
    names = [f"m{(position + number) % 5}" for number in range(count)]
    one, labels = entry(position, *names)
    values, histograms = marked([numbered(position + number) for number in range(count)])
    times = np.arange(position, position + count) // 7
    return replace(one, tenant=tenant, times=times, values=values, histograms=histograms), labels


def rows(batch: SealedRange) -> list[list[object]]:
    """The columns of a sealed range's samples."""
    columns = (batch.run_tenant, batch.run_metric, batch.run_id, batch.offsets, batch.time)
    return [*(column.tolist() for column in columns), told(batch.value, batch.histograms)]


@given(
    sizes=st.lists(st.integers(1, 4), max_size=200),
    cuts=st.sets(st.integers(0, 200), max_size=4),
    tenants=st.lists(st.sampled_from([DEFAULT_TENANT] * 30 + [Tenant("other")]), min_size=200, max_size=200),
)
def test_small_entries_become_one_and_nothing_changes(sizes: list[int], cuts: set[int], tenants: list[Tenant]) -> None:
    """Ranges sealed from loose entries hold what they hold without joining, end where they were told to, and count alike."""
    loose, plain = Tail(), Tail()
    rosters = {tenant: Roster() for tenant in set(tenants)}
    position = 0
    for number, (size, tenant) in enumerate(zip(sizes, tenants, strict=False)):
        one, labels = small(position, size, tenant)
        roster = rosters[tenant]
        loose.add(one, roster.named(roster.numbers(labels)), is_loose=True)
        plain.add(one, labels)
        position += size
        if number in cuts:
            assert loose.oldest(10**9, 10**9) == plain.oldest(10**9, 10**9)
    for end in [sum(sizes[: cut + 1]) for cut in (*cuts, len(sizes))]:
        assert rows(seal(0, loose.entries(0, end))) == rows(seal(0, plain.entries(0, end)))
    assert loose.rows == plain.rows
    for tenant in (DEFAULT_TENANT, Tenant("other")):
        assert read(loose, tenant) == read(plain, tenant)
    loose.drop(position)
    assert (loose.rows, loose.weight) == (0, 0)


def read(tail: Tail, tenant: Tenant) -> list[object]:
    """What a query reads of a tenant."""
    found = tail.view(tenant, ()).columns(ALL_TIME)
    return [found.labels, found.offsets.tolist(), found.times.tolist(), told(found.values, found.histograms)]


def test_many_small_entries_are_few() -> None:
    """A thousand entries of one sample are held as some tens, and take a fraction of the memory."""
    tail, plain = Tail(), Tail()
    for position in range(1_000):
        one, labels = small(position, 1)
        tail.add(one, labels, is_loose=True)
        plain.add(one, labels)
    assert len(tail.entries(0, 1_000)) < 100
    assert tail.weight < plain.weight / 5
