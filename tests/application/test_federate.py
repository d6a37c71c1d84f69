"""The newest sample of each series, block after block."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application.federate import Federate
from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matchers, satisfies
from sightline.domain.metrics.samples import STALE
from sightline.domain.metrics.tail import Tail
from sightline.domain.promql.parse import parse_selector
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import MINUTE
from sightline.ports.series import SeriesReader

NOW = 1_790_000_000_000
SERIES = st.builds(
    lambda name, more: Labels.of({"__name__": name, **more}),
    st.sampled_from(["a", "b", "c", ""]),
    st.dictionaries(st.sampled_from(["A", "job"]), st.sampled_from(["x", "y"]), max_size=2),
).filter(bool)
SAMPLES = st.lists(
    st.tuples(st.integers(-7, 1), st.sampled_from([1.0, 2.5, float(STALE)])), min_size=1, unique_by=lambda one: one[0]
)
SELECTORS = [parse_selector(text) for text in ('{__name__=~"a|b"}', '{job="x"}', "c", '{A!="x",job=~".+"}')]


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads of the tiers."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


async def federated(reader: SeriesReader, sets: list[Matchers], **limits: int) -> list[tuple[Labels, int, float]]:
    """All that is given, in its order."""
    federate = Federate(reader, ManualClock(NOW), lookback=5 * MINUTE, **limits)
    found = [block async for block in federate(LOCAL, sets)]
    return [row for one in found for row in zip(one.labels, one.times.tolist(), one.values.tolist(), strict=True)]


def expected(stored: dict[Labels, list[tuple[int, float]]], sets: list[Matchers]) -> list[tuple[Labels, int, float]]:
    """The same, series by series."""
    rows = []
    for labels in sorted(stored, key=lambda one: (one.name, one)):
        present = [(at, value) for at, value in stored[labels] if NOW - 5 * MINUTE <= at <= NOW]
        wanted = labels.name and any(satisfies(labels, one) for one in sets)
        if wanted and present and max(present)[1] == max(present)[1]:  # no stale marker
            rows.append((labels, *max(present)))
    return rows


@given(
    st.dictionaries(SERIES, SAMPLES, max_size=8),
    st.lists(st.sampled_from(SELECTORS), min_size=1, max_size=3),
    st.integers(1, 4),
    st.booleans(),
)
async def test_what_is_given_is_the_newest_of_each_series(
    threads: ThreadPoolExecutor,
    series: dict[Labels, list[tuple[int, float]]],
    sets: list[Matchers],
    block: int,
    indexed: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever the blocks, and whether the series can be found beforehand or not, each comes once, in order of metric names."""
    stored = {labels: [(NOW + minute * MINUTE, value) for minute, value in its] for labels, its in series.items()}
    tiers = TieredSeries(Tail(), MemorySeries(), threads)
    if indexed:
        await tiers.refill(0)
    await tiers.write(Ledger().sealed([Write(LOCAL.tenant, labels, its) for labels, its in stored.items()]))
    assert await federated(tiers, sets, block=block) == expected(stored, sets)


async def test_a_block_of_too_many_samples_is_read_in_smaller_ones() -> None:
    """Series with many samples are read fewer at a time; one that alone has too many is refused."""
    store, samples = MemorySeries(), [(NOW - at, 1.0) for at in range(5)]
    series = [Labels.of(__name__="up", i=str(number)) for number in range(9)]
    await store.write(Ledger().sealed([Write(LOCAL.tenant, labels, samples) for labels in series]))
    sets = [parse_selector("up")]
    assert [labels for labels, _, _ in await federated(store, sets, max_samples=5)] == series
    with pytest.raises(TooManySamples):
        await federated(store, sets, max_samples=4)
