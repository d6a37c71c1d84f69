"""What every census promises (ports/census.py)."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels
from sightline.domain.metrics.hot import HotTier
from sightline.domain.metrics.index import LabelIndex
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, MIN_TIME

NOW = 1_790_000_000_000
A, B = Tenant("a"), Tenant("b")
WORDS = st.sampled_from(["a", "bb", "ccc", "é", "dddd"])
SERIES = st.builds(
    lambda name, more: Labels.of({"__name__": name, **more}),
    WORDS,
    st.dictionaries(st.sampled_from(["job", "mode", "é.x"]), WORDS, max_size=3),
)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """A thread to count in."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def top(counts: Counter[str], limit: int) -> tuple[tuple[str, int], ...]:
    """The greatest first, then by name."""
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:limit])


async def test_series_are_counted_by_metric_and_label(threads: ThreadPoolExecutor) -> None:
    """The figures are those of the tenant's series alone, with the times between which they were seen."""
    store, ledger = TieredSeries(Tail(), MemorySeries(), threads), Ledger()
    await store.refill(0)
    up, gone = Labels.of(__name__="up", job="x"), Labels.of(__name__="up", job="yy")
    await store.write(ledger.sealed([Write(A, up, [(NOW, 1.0)]), Write(A, gone, [(NOW - 5, 1.0)])]))
    await store.write(ledger.sealed([Write(B, Labels.of(__name__="b"), [(NOW - 9, 1.0)])]))
    found = await store.cardinality(A, 10)
    assert (found.series, found.pairs, found.first, found.last) == (2, 3, NOW - 5, NOW)
    assert found.by_metric == (("up", 2),)
    assert found.values_by_label == (("job", 2), ("__name__", 1))
    assert found.bytes_by_label == (("__name__", 4), ("job", 3))
    assert found.by_pair == (("__name__=up", 2), ("job=x", 1), ("job=yy", 1))
    assert (await store.cardinality(A, 1)).by_pair == (("__name__=up", 2),)


async def test_samples_that_wait_for_the_store_count(threads: ThreadPoolExecutor) -> None:
    """Series and times are those of the tail too."""
    index = LabelIndex()
    tail = Tail(index.learn)
    store, ledger = TieredSeries(tail, MemorySeries(), threads, HotTier(), index), Ledger()
    await store.refill(0)
    await store.write(ledger.sealed([Write(A, Labels.of(__name__="up"), [(NOW, 1.0)])]))
    load = Labels.of(__name__="load")
    tail.add(Write(A, load, [(NOW - 5, 1.0), (NOW + 5, 1.0)]).entry(10), [load])
    found = await store.cardinality(A, 10)
    assert (found.series, found.first, found.last) == (2, NOW - 5, NOW + 5)


async def test_a_tenant_without_series_has_none(threads: ThreadPoolExecutor) -> None:
    """Nothing is nought and empty lists, and no times."""
    store = TieredSeries(Tail(), MemorySeries(), threads)
    await store.refill(0)
    found = await store.cardinality(A, 10)
    assert (found.series, found.pairs, found.chunks, found.first, found.last) == (0, 0, 0, None, None)
    assert found.by_metric == found.values_by_label == found.bytes_by_label == found.by_pair == ()


async def test_series_that_are_not_known_are_not_counted(threads: ThreadPoolExecutor) -> None:
    """Before all series are known, and when there are too many of them, the answer is that they cannot be counted."""
    starting = TieredSeries(Tail(), MemorySeries(), threads)
    with pytest.raises(Unavailable, match="after the start"):
        await starting.cardinality(A, 10)
    small, ledger = TieredSeries(Tail(), MemorySeries(), threads, HotTier(), LabelIndex(max_bytes=1)), Ledger()
    await small.refill(0)
    await small.write(ledger.sealed([Write(A, Labels.of(__name__="up"), [(NOW, 1.0)])]))
    with pytest.raises(Unavailable, match=r"index\.max_bytes"):
        await small.cardinality(A, 10)


@given(st.sets(SERIES, max_size=30), st.sets(SERIES, max_size=10), st.integers(1, 6))
def test_counts_are_those_of_going_through_all_series(series: set[Labels], deleted: set[Labels], limit: int) -> None:
    """For any series, some of them deleted, each list holds what counting one by one gives, the greatest first."""
    index, known = LabelIndex(), sorted(series | deleted)
    ids = np.arange(1, len(known) + 1, dtype=np.uint64)
    index.learn(A, ids, known)
    index.hide(A, ids[[one in deleted for one in known]])
    series -= deleted
    found = index.counts(A).cardinality(limit, 0, MAX_TIME, MIN_TIME)
    pairs = {pair for labels in series for pair in labels}
    weights: Counter[str] = Counter()
    for labels in series:
        weights.update({name: len(value.encode()) for name, value in labels})
    assert (found.series, found.pairs) == (len(series), len(pairs))
    assert found.by_metric == top(Counter(labels.name for labels in series), limit)
    assert found.values_by_label == top(Counter(name for name, _ in pairs), limit)
    assert found.bytes_by_label == top(weights, limit)
    assert found.by_pair == top(Counter("=".join(pair) for labels in series for pair in labels), limit)
