import asyncio
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.application.answers import exactly
from tests.contracts.ranges import Ledger, Write
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.query import Query, QueryLimits
from sightline.application.slices import Slices
from sightline.domain.errors import TooManySamples, TooMuchMemory
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.promql.plan import Fetch
from sightline.domain.promql.values import Vector
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import ALL_TIME, HOUR, MINUTE, Grid, TimeRange

NOW = 1_700_000_000_000
SERIES = [Labels.of(__name__=name, x=str(x), y=str(y)) for name in "ab" for x in range(6) for y in range(5)]
SAMPLES = 20  # of a series, a minute apart


class WatchedSeries(MemorySeries):
    """Remembers how much was read at a time, and how many such answers there were at once."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []
        self.there: list[weakref.ref[Any]] = []
        self.most = 0

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        found = await super().select_known(tenant, known, within, limit)
        self.read.append(found.samples)
        self.there.append(weakref.ref(found.values))
        self.most = max(self.most, sum(one() is not None for one in self.there))
        return found


@pytest.fixture(scope="module")
def store() -> WatchedSeries:
    """Thirty series each of two metrics; one in six has nothing in the ranges that are asked for."""
    store, random = WatchedSeries(), np.random.default_rng(3)
    numbers = [1.0, 2.5, -0.0, 1e9, float("nan"), float(STALE)]
    writes = []
    for number, labels in enumerate(SERIES):
        start = NOW - (SAMPLES if number % 6 else 900) * MINUTE
        values = random.choice(numbers, SAMPLES).tolist()
        writes.append(Write(LOCAL.tenant, labels, [(start + at * MINUTE, one) for at, one in enumerate(values)]))
    asyncio.run(store.write(Ledger().sealed(writes)))
    return store


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    """Threads for evaluations."""
    with ThreadPoolExecutor(2) as made:
        yield made


class AtOnce(Executor):
    """Does what it is given before it returns; a thread would hold on to it for a moment longer."""

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def query(store: MemorySeries, executor: Executor, limits: QueryLimits | None = None) -> Query:
    """The use case."""
    return Query(series=store, clock=ManualClock(NOW), telemetry=MemoryTelemetry(), executor=executor, limits=limits)


LEAVES = st.one_of(
    st.sampled_from(["a", 'b{x="1"}', "a offset 3m", "a @ end()", '{x=~"1|2"}']),
    st.builds(
        "{}({}[{}])".format,
        st.sampled_from(["rate", "max_over_time", "avg_over_time", "last_over_time", "deriv", "absent_over_time"]),
        st.sampled_from(["a", "b", '{x!="3"}', 'a{y="2"}']),
        st.sampled_from(["3m", "10m"]),
    ),
)
AROUND = st.sampled_from(
    [
        "{0}",
        "sum by (x) ({0})",
        "avg without (y) ({0})",
        "topk(3, {0})",
        "({0}) - on(x, y) group_left() (rate(a[5m]))",
        "({0}) + ({0})",
        "max_over_time(({0})[6m:1m])",
        "timestamp({0})",
        "count(({0}) > 0)",
        "quantile_over_time(0.5, a[10m]) or ({0})",
    ]
)


FEW = [QueryLimits(max_samples=330), QueryLimits(memory=330 * 16 * 2)]


@given(leaf=LEAVES, around=AROUND, step=st.sampled_from([1, 4]), limits=st.sampled_from(FEW))
@settings(
    max_examples=2 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_slices_change_no_answer(
    store: WatchedSeries, executor: ThreadPoolExecutor, leaf: str, around: str, step: int, limits: QueryLimits
) -> None:
    """What is read some series at a time has the same value, to the last bit, with the same remarks."""
    text, grid = around.format(leaf), Grid(NOW - 10 * MINUTE, NOW, step * MINUTE)
    whole = await exactly(query(store, executor).range(LOCAL, text, grid))
    found = await exactly(query(store, executor, limits).range(LOCAL, text, grid))
    if isinstance(found, str) and ("query.max_samples" in found or "query.memory" in found):
        return  # something else than leaves looks at samples, or too many values come of them
    assert found == whole


async def test_what_digests_cannot_tell_is_read_in_slices(store: WatchedSeries, executor: ThreadPoolExecutor) -> None:
    """At whole hours too, where more samples than fit would have to be read for a digest."""
    grid = Grid(NOW // HOUR * HOUR - HOUR, NOW // HOUR * HOUR, HOUR)
    text = "count_over_time(a[1d])"
    store.read.clear()
    few = query(store, executor, QueryLimits(max_samples=200))
    assert await exactly(few.range(LOCAL, text, grid)) == await exactly(query(store, executor).range(LOCAL, text, grid))
    assert len(store.read) > 1


async def test_no_more_than_two_slices_are_there_at_once(store: WatchedSeries) -> None:
    """However many samples a query reads, it holds no more than it may, and the first look at series is a careful one."""
    store.read.clear()
    store.there.clear()
    store.most = 0
    few = query(store, AtOnce(), QueryLimits(max_samples=400))
    answer = await few.range(LOCAL, "sum(rate(a[20m]))", Grid(NOW, NOW + MINUTE, MINUTE))
    assert isinstance(answer.value, Vector)
    assert sum(store.read) > 400
    assert max(store.read) <= 100
    assert store.most <= 2


async def test_what_slices_make_is_bounded_too(store: WatchedSeries, executor: ThreadPoolExecutor) -> None:
    """The values of all series at all instants must fit beside half of what samples may take."""
    tight = query(store, executor, QueryLimits(max_samples=500, memory=500 * 16 * 3 // 4))
    with pytest.raises(TooMuchMemory, match=r"query\.memory"):
        await tight.range(LOCAL, "rate(a[20m])", Grid(NOW - 15 * MINUTE, NOW, MINUTE))


async def test_a_series_that_is_too_large_alone_is_refused(store: WatchedSeries, executor: ThreadPoolExecutor) -> None:
    """A series comes in one piece, or not at all."""
    few = query(store, executor, QueryLimits(max_samples=30))
    with pytest.raises(TooManySamples, match=r"query\.max_samples"):
        await few.instant(LOCAL, "sum(rate(a[20m]))", NOW)


async def test_a_failure_ends_the_reading(store: WatchedSeries) -> None:
    """What goes wrong with a slice is raised, and no further slice is read."""
    matchers = (Matcher("__name__", MatchOp.EQUAL, "a"),)
    known = await store.find(LOCAL.tenant, matchers)
    slices = Slices(store, LOCAL.tenant, Fetch(matchers, ALL_TIME), known, 80)
    taken = 0

    async def take(columns: SeriesColumns) -> None:
        nonlocal taken
        taken += 1
        await asyncio.sleep(0)
        raise TooMuchMemory("enough", limit=columns.samples)

    store.read.clear()
    with pytest.raises(TooMuchMemory):
        await slices.give(take)
    assert taken == 1
    assert len(store.read) <= 2
