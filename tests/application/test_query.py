import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
import pytest
from tests.contracts.ranges import Ledger, Write
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.query import SMALL_SAMPLES, Query, QueryLimits, QueryOptions
from sightline.application.reuse import Reuse
from sightline.application.watch import QueryRun
from sightline.domain.errors import (
    BadData,
    InvalidParameter,
    MalformedQuery,
    NotSupported,
    QueryTimeout,
    SightlineError,
    TooManyPoints,
    TooManyQueries,
    TooManySamples,
    TooMuchMemory,
    Unavailable,
)
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.values import Answer, Scalar, String, Vector
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import Grid, TimeRange

NOW = 1_700_000_000_000
SERIES = [Labels.of(__name__="up", job=job) for job in ("a", "b", "c")]


class GatedSeries(MemorySeries):
    """A store whose reads wait until the gate is opened; remembers what was read and what was broken off."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.reads: list[TimeRange] = []
        self.cancelled = 0

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        self.reads.append(within)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return await super().select(tenant, matchers, within, limit)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock(NOW)


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    """Our own metrics."""
    return MemoryTelemetry()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    """Two threads."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
async def store() -> AsyncIterator[GatedSeries]:
    """Three series with 4 samples each, 15 s apart, up to NOW."""
    store = GatedSeries()
    times = [NOW - 45_000 + 15_000 * k for k in range(4)]
    writes = [Write(LOCAL.tenant, one, [(time, float(n + 1)) for time in times]) for n, one in enumerate(SERIES)]
    await store.write(Ledger().sealed(writes))
    yield store
    store.gate.set()


@pytest.fixture
def query(store: GatedSeries, clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor) -> Query:
    """The use case, with small limits."""
    limits = QueryLimits(max_points=10, max_samples=24, timeout=10, concurrency=2, queue=1)
    return Query(series=store, clock=clock, telemetry=telemetry, executor=executor, limits=limits)


def values(vector: object) -> dict[str, Sequence[float | None]]:
    """A vector's values by job."""
    assert isinstance(vector, Vector)
    cells = zip(vector.labels, vector.values.tolist(), vector.present.tolist(), strict=True)
    return {one.get("job"): [v if p else None for v, p in zip(vs, ps, strict=True)] for one, vs, ps in cells}


def counted(telemetry: MemoryTelemetry, name: str) -> dict[tuple[str, ...], float]:
    """The points of a counter or gauge by label values."""
    family = next(one for one in telemetry.families() if one.instrument.name == name)
    return {tuple(value for _, value in point.labels): point.value for point in family.points}


async def test_an_instant_query(query: Query) -> None:
    """A vector comes back with one value for each series."""
    answer = await query.instant(LOCAL, "up * 10", NOW)
    assert values(answer.value) == {"a": [10], "b": [20], "c": [30]}
    assert answer.grid == Grid.instant(NOW)


async def test_a_range_query(query: Query) -> None:
    """A vector comes back with one value for each instant."""
    answer = await query.range(LOCAL, 'up{job=~"a|c"}', Grid(NOW - 60_000, NOW, 30_000))
    assert values(answer.value) == {"a": [None, 1, 1], "c": [None, 3, 3]}


async def test_other_kinds_of_answer(query: Query) -> None:
    """Scalars, strings and raw samples are answers of instant queries too."""
    scalar = (await query.instant(LOCAL, "1 + 1", NOW)).value
    assert isinstance(scalar, Scalar)
    assert scalar.values.tolist() == [2.0]
    assert (await query.instant(LOCAL, '"x"', NOW)).value == String("x")
    raw = (await query.instant(LOCAL, 'up{job="a"}[30s]', NOW)).value
    assert isinstance(raw, SeriesColumns)
    assert raw.times.tolist() == [NOW - 15_000, NOW]


async def test_another_tenant_sees_nothing(query: Query) -> None:
    """The principal's tenant decides what is read."""
    answer = await query.instant(Principal("someone", Tenant("other")), "up", NOW)
    assert values(answer.value) == {}


async def test_equal_selectors_are_read_once(query: Query, store: GatedSeries) -> None:
    """Selectors of the same matchers whose windows touch are one read, far ones are two."""
    await query.instant(LOCAL, "rate(up[1m]) / up + up", NOW)
    assert store.reads == [TimeRange(NOW - 300_000 + 1, NOW)]
    store.reads.clear()
    await query.instant(LOCAL, "up - up offset 1d", NOW)
    assert len(store.reads) == 2


async def test_the_lookback_can_be_chosen(query: Query) -> None:
    """A shorter lookback finds less; it must be positive."""
    assert values((await query.instant(LOCAL, "up", NOW + 5000, QueryOptions(lookback=5000))).value) == {}
    assert len(values((await query.instant(LOCAL, "up", NOW + 5000, QueryOptions(lookback=5001))).value)) == 3
    with pytest.raises(InvalidParameter, match="lookback_delta"):
        await query.instant(LOCAL, "up", NOW, QueryOptions(lookback=0))


async def test_the_number_of_series_can_be_limited(query: Query) -> None:
    """With a limit the first series come back, and a warning."""
    answer = await query.instant(LOCAL, "up", NOW, QueryOptions(limit=2))
    assert values(answer.value) == {"a": [1], "b": [2]}
    assert answer.warnings == ("results truncated due to limit",)
    raw = await query.instant(LOCAL, "up[1m]", NOW, QueryOptions(limit=1))
    assert isinstance(raw.value, SeriesColumns)
    assert (len(raw.value), raw.value.samples) == (1, 4)
    assert not (await query.instant(LOCAL, "up", NOW, QueryOptions(limit=3))).warnings


async def test_who_asks_is_told_what_a_query_looked_at(query: Query) -> None:
    """The run comes with the samples seen at each instant, also when the same was asked before, and with what it took."""
    runs: list[QueryRun] = []
    for _ in range(2):
        await query.range(LOCAL, "up", Grid(NOW - 60_000, NOW, 15_000), QueryOptions(tell=runs.append))
    assert [(run.code, run.series, run.samples) for run in runs] == [("ok", 3, 12)] * 2
    assert [[] if run.touched is None else run.touched.tolist() for run in runs] == [[0, 3, 3, 3, 3]] * 2
    await query.instant(LOCAL, "max_over_time(up[1m:15s])", NOW, QueryOptions(tell=runs.append))
    assert runs[-1].touched is None


async def test_bad_grids_are_refused(query: Query) -> None:
    """A step is positive, an end not before its start, and points are bounded."""
    with pytest.raises(InvalidParameter, match="step"):
        await query.range(LOCAL, "up", Grid(0, 10, 0))
    with pytest.raises(InvalidParameter, match="end timestamp must not be before start"):
        await query.range(LOCAL, "up", Grid(10, 0, 1))
    with pytest.raises(TooManyPoints, match=r"maximum resolution of 10 points.*query\.max_points"):
        await query.range(LOCAL, "up", Grid(0, 11, 1))
    assert (await query.range(LOCAL, "1", Grid(0, 10, 1))).grid.points == 11


async def test_what_cannot_be_answered_is_named(query: Query, store: GatedSeries, telemetry: MemoryTelemetry) -> None:
    """Malformed and unsupported queries are refused before anything is read, and counted by their code."""
    with pytest.raises(MalformedQuery, match=r"^1:5: parse error"):
        await query.instant(LOCAL, "up +", NOW)
    with pytest.raises(NotSupported, match="anchored"):
        await query.instant(LOCAL, "up anchored", NOW)
    with pytest.raises(BadData, match="invalid expression type"):
        await query.range(LOCAL, "up[5m]", Grid(0, 1, 1))
    assert store.reads == []
    found = counted(telemetry, "sightline_queries_total")
    assert found == {("instant", "query_malformed"): 1, ("instant", "query_not_supported"): 1, ("range", "bad_data"): 1}


async def test_long_texts_are_parsed_too(query: Query) -> None:
    """A text beyond what is parsed on the spot gives the same answer; beyond the limit it is refused."""
    answer = await query.instant(LOCAL, f'up{{job=~"a|{"x" * 5000}"}}', NOW)
    assert values(answer.value) == {"a": [1]}
    with pytest.raises(MalformedQuery, match=r"query\.max_length"):
        await query.instant(LOCAL, f'up{{job="{"x" * 300_000}"}}', NOW)


async def test_the_budget_of_samples_spans_all_selectors(query: Query) -> None:
    """12 samples twice are within 24; where series cannot be looked at one by one, a third read exceeds them."""
    await query.instant(LOCAL, "up[1m]", NOW)
    await query.instant(LOCAL, "up + up offset 1d", NOW)
    twice = 'up + {job=~".+",__name__="up"}'
    assert values((await query.instant(LOCAL, twice, NOW)).value) == {"a": [2], "b": [4], "c": [6]}
    with pytest.raises(TooManySamples, match=r"query\.max_samples allows 24"):
        await query.instant(LOCAL, 'timestamp(up) + timestamp({job=~".+"}) + timestamp({job!=""})', NOW)


async def test_intermediate_results_are_bounded(query: Query) -> None:
    """Few samples over many instants are many values."""
    with pytest.raises(TooManySamples, match=r"3 series at 9 instants .* query\.max_samples allows 24"):
        await query.range(LOCAL, "up", Grid(NOW, NOW + 8, 1))


async def test_a_query_that_takes_too_long_is_ended(
    query: Query, store: GatedSeries, clock: ManualClock, telemetry: MemoryTelemetry
) -> None:
    """After its time the reads are broken off and the place is free again."""
    store.gate.clear()
    waiting = asyncio.ensure_future(query.instant(LOCAL, "up + up offset 1d", NOW, QueryOptions(timeout=3)))
    await clock.until_sleeping()
    await clock.advance(2.9)
    assert not waiting.done()
    await clock.advance(0.2)
    with pytest.raises(QueryTimeout, match=r"timed out in expression evaluation after 3s: query\.timeout allows 10s"):
        await waiting
    assert store.cancelled == 2
    assert counted(telemetry, "sightline_queries_running") == {("small",): 0, ("large",): 0}
    assert clock.sleeping == 0


async def test_the_timeout_is_at_most_the_limit(query: Query, store: GatedSeries, clock: ManualClock) -> None:
    """A caller cannot ask for more time than query.timeout, nor for none."""
    store.gate.clear()
    waiting = asyncio.ensure_future(query.instant(LOCAL, "up", NOW, QueryOptions(timeout=1000)))
    await clock.until_sleeping()
    await clock.advance(10.1)
    with pytest.raises(QueryTimeout):
        await waiting
    with pytest.raises(InvalidParameter, match="timeout"):
        await query.instant(LOCAL, "up", NOW, QueryOptions(timeout=0))


async def test_a_cancelled_query_leaves_nothing_behind(query: Query, store: GatedSeries, clock: ManualClock) -> None:
    """When the caller goes away, its reads and its timer end."""
    store.gate.clear()
    waiting = asyncio.ensure_future(query.instant(LOCAL, "up", NOW))
    await clock.until_sleeping()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert store.cancelled == 1
    assert clock.sleeping == 0


async def test_queries_queue_and_the_queue_is_bounded(query: Query, store: GatedSeries, clock: ManualClock) -> None:
    """Two run, one waits, a fourth is refused; those waiting run when others end."""
    store.gate.clear()
    three = [asyncio.ensure_future(query.instant(LOCAL, "up", NOW)) for _ in range(3)]
    await clock.until_sleeping(3)
    await clock.advance(0)
    assert len(store.reads) == 2
    with pytest.raises(TooManyQueries, match=r"query\.concurrency allows 2 at once and query\.queue 1"):
        await query.instant(LOCAL, "up", NOW)
    store.gate.set()
    answers = await asyncio.gather(*three)
    assert [len(values(answer.value)) for answer in answers] == [3, 3, 3]


async def test_waiting_counts_against_the_timeout(query: Query, store: GatedSeries, clock: ManualClock) -> None:
    """A query that never got its turn times out like any other, and leaves the queue."""
    store.gate.clear()
    running = [asyncio.ensure_future(query.instant(LOCAL, "up", NOW)) for _ in range(2)]
    waiting = asyncio.ensure_future(query.instant(LOCAL, "up", NOW, QueryOptions(timeout=5)))
    await clock.until_sleeping(3)
    await clock.advance(5.1)
    with pytest.raises(QueryTimeout):
        await waiting
    assert len(store.reads) == 2
    store.gate.set()
    await asyncio.gather(*running, query.instant(LOCAL, "up", NOW))


async def test_a_failing_store_fails_the_query(
    clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor
) -> None:
    """The store's own error comes out, not one that wraps it."""

    class Away(MemorySeries):
        @override
        async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
            raise Unavailable("the store is away")

    query = Query(series=Away(), clock=clock, telemetry=telemetry, executor=executor)
    with pytest.raises(Unavailable, match="the store is away"):
        await query.instant(LOCAL, "up + down", NOW)
    assert counted(telemetry, "sightline_queries_total") == {("instant", "unavailable"): 1}


async def test_large_queries_are_spread_over_the_pool(
    clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor
) -> None:
    """Several queries over more series than one part holds are right, also when they share the pool's threads."""
    store = MemorySeries()
    labels = [Labels.of(__name__="m", n=f"{n:04}") for n in range(700)]
    await store.write(Ledger().sealed([Write(LOCAL.tenant, one, [(NOW, float(n))]) for n, one in enumerate(labels)]))
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=executor)
    answers = await asyncio.gather(*(query.instant(LOCAL, "m + m * 2", NOW) for _ in range(5)))
    for answer in answers:
        assert isinstance(answer.value, Vector)
        np.testing.assert_array_equal(answer.value.values[:, 0], np.arange(700) * 3.0)
    assert counted(telemetry, "sightline_query_samples_total") == {(): 3500}


async def test_a_range_query_asked_again_reads_what_is_new(
    store: GatedSeries, clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor
) -> None:
    """A large answer is used again, unless the caller wants none of it, and no part of a small one."""
    freshness = Freshness()
    reuse = Reuse(freshness, clock, telemetry, executor)
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=executor, reuse=reuse)
    grid, later = Grid(NOW - 900_000, NOW, 1000), Grid(NOW - 890_000, NOW + 10_000, 1000)
    first = await query.range(LOCAL, "up", grid)
    assert values((await query.range(LOCAL, "up", grid)).value) == values(first.value)
    assert len(store.reads) == 1
    freshness.note(LOCAL.tenant, NOW + 1000)
    limited = await query.range(LOCAL, "up", later, QueryOptions(limit=1))
    assert store.reads[1:] == [TimeRange(NOW + 1001 - 300_000, NOW + 10_000)]
    assert len(values(limited.value)) == 1
    whole = await query.range(LOCAL, "up", later)
    assert len(store.reads) == 2
    anew = await query.range(LOCAL, "up", later, QueryOptions(fresh=True))
    assert len(store.reads) == 3
    assert values(anew.value) == values(whole.value)
    for _ in range(2):
        await query.range(LOCAL, "up + 1", Grid(NOW - 60_000, NOW, 1000))
    assert len(store.reads) == 5


class HeldExecutor(ThreadPoolExecutor):
    """Two threads; while it is held, evaluations wait before they begin. A test that fails lets them go as well."""

    def __init__(self) -> None:
        super().__init__(2)
        self.free = threading.Event()
        self._begun = asyncio.Queue[int]()
        self.errors: list[SightlineError] = []
        self._loop = asyncio.get_running_loop()

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def held() -> Any:
            self._loop.call_soon_threadsafe(self._begun.put_nowait, 1)
            assert self.free.wait(30)
            try:
                return fn(*args, **kwargs)
            except SightlineError as error:
                self.errors.append(error)
                raise

        return super().submit(held)

    async def one_begun(self) -> None:
        """Return when one evaluation more than before has a thread."""
        await asyncio.wait_for(self._begun.get(), 30)

    @property
    def none_begun(self) -> bool:
        """Whether no evaluation has got a thread that was not asked about."""
        return self._begun.empty()

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.free.set()
        super().shutdown(wait, cancel_futures=cancel_futures)


@pytest.fixture
async def held() -> AsyncIterator[HeldExecutor]:
    """Two threads that wait until they are let go."""
    with HeldExecutor() as executor:
        yield executor


async def many(store: MemorySeries, **metrics: int) -> None:
    """So many series of each metric, with one sample each."""
    labels = [Labels.of(__name__=name, n=f"{n:05}") for name, series in metrics.items() for n in range(series)]
    await store.write(Ledger().sealed([Write(LOCAL.tenant, one, [(NOW, 1.0)]) for one in labels]))


async def test_a_small_query_does_not_wait_for_large_ones(
    clock: ManualClock, telemetry: MemoryTelemetry, held: HeldExecutor
) -> None:
    """However many large queries come, one thread is left, and once known they wait before they read anything."""
    store = GatedSeries()
    await many(store, large=120, small=3)
    grid = Grid(NOW, NOW + 9_999, 1)
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=held)
    large = [asyncio.ensure_future(query.range(LOCAL, "large", grid)) for _ in range(5)]
    await held.one_begun()
    await clock.advance(0)
    small = asyncio.ensure_future(query.range(LOCAL, "small", grid))
    await held.one_begun()
    assert held.none_begun
    assert counted(telemetry, "sightline_queries_running") == {("small",): 1, ("large",): 1}
    assert counted(telemetry, "sightline_queries_waiting") == {("small",): 0, ("large",): 4}
    held.free.set()
    assert [len(rows(answer)) for answer in await asyncio.gather(small, *large)] == [3, *[120] * 5]
    store.gate.clear()
    store.reads.clear()
    again = [asyncio.ensure_future(query.range(LOCAL, "large", grid)) for _ in range(5)]
    await clock.advance(0)
    assert len(store.reads) == 1
    store.gate.set()
    await asyncio.gather(*again)


async def test_who_waits_for_the_large_lane_holds_no_memory(
    clock: ManualClock, telemetry: MemoryTelemetry, held: HeldExecutor
) -> None:
    """What a query has read before it turned out large is given up while it waits, and read again when it is its turn."""
    read: list[weakref.ref[Any]] = []

    class Remembered(MemorySeries):
        @override
        async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
            found = await super().select(tenant, matchers, within, limit)
            read.append(weakref.ref(found.values))
            return found

    store = Remembered()
    await many(store, large=120)
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=held)
    asking = [asyncio.ensure_future(query.range(LOCAL, "large", Grid(NOW, NOW + 9_999, 1))) for _ in range(2)]
    await held.one_begun()
    await clock.advance(0)
    assert [one() is None for one in read] == [False, True]
    held.free.set()
    await asyncio.gather(*asking)
    assert len(read) == 3


async def test_an_answer_that_follows_from_its_grid_is_not_used_again(
    store: GatedSeries, clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor
) -> None:
    """start() is where this query begins, not where the one before began, however much the two have in common."""
    reuse = Reuse(Freshness(), clock, telemetry, executor)
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=executor, reuse=reuse)
    for begin in (NOW - 900_000, NOW - 890_000):
        answer = await query.range(LOCAL, "up * 0 + start()", Grid(begin, begin + 900_000, 1000))
        assert isinstance(answer.value, Vector)
        assert set(answer.value.values[answer.value.present]) == {begin / 1000}


async def test_a_large_query_that_is_mostly_known_is_a_small_one(
    clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor
) -> None:
    """What is asked again a step later does not wait behind large queries, however large it was at first."""
    store, freshness = GatedSeries(), Freshness()
    await many(store, large=120)
    reuse = Reuse(freshness, clock, telemetry, executor)
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=executor, reuse=reuse)
    await query.range(LOCAL, "large", Grid(NOW, NOW + 9_999, 1))
    await query.range(LOCAL, "large + 1", Grid(NOW, NOW + 9_999, 1))
    freshness.note(LOCAL.tenant, NOW + 10_000)
    store.gate.clear()
    other = asyncio.ensure_future(query.range(LOCAL, "large + 1", Grid(NOW, NOW + 9_999, 1), QueryOptions(fresh=True)))
    again = asyncio.ensure_future(query.range(LOCAL, "large", Grid(NOW + 1, NOW + 10_000, 1)))
    await clock.advance(0)
    assert counted(telemetry, "sightline_queries_running") == {("small",): 1, ("large",): 1}
    store.gate.set()
    await asyncio.gather(other, again)


def rows(answer: Answer) -> tuple[Labels, ...]:
    """The series of an answer."""
    assert isinstance(answer.value, Vector)
    return answer.value.labels


async def test_what_reads_too_much_for_a_small_query_reads_it_as_a_large_one(
    clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor
) -> None:
    """A read that passes the bound of the small lane is done again with the whole budget, and then from the beginning so."""

    class Counting(MemorySeries):
        limits: ClassVar[list[int]] = []

        @override
        async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
            self.limits.append(limit)
            if limit <= SMALL_SAMPLES:
                raise TooManySamples("too many", limit=limit)
            return SeriesColumns.empty()

    store = Counting()
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=executor)
    for _ in range(2):
        assert rows(await query.instant(LOCAL, "up", NOW)) == ()
    assert store.limits == [SMALL_SAMPLES, QueryLimits().max_samples, QueryLimits().max_samples]
    small = Query(
        series=store, clock=clock, telemetry=telemetry, executor=executor, limits=QueryLimits(max_samples=1000)
    )
    with pytest.raises(TooManySamples, match=r"query\.max_samples allows 1000"):
        await small.instant(LOCAL, "timestamp(up)", NOW)


async def test_the_memory_of_a_query_is_bounded(
    clock: ManualClock, telemetry: MemoryTelemetry, executor: ThreadPoolExecutor
) -> None:
    """Samples and values are counted before anything is made of them; subqueries have values of their own."""
    store = MemorySeries()
    await many(store, up=100)
    limits = QueryLimits(memory=1 << 20, max_samples=10**6)
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=executor, limits=limits)
    await query.range(LOCAL, "up", Grid(NOW, NOW + 999, 1))
    with pytest.raises(TooMuchMemory, match=r"would hold 1 MiB of samples and values: query\.memory allows 1 MiB"):
        await query.range(LOCAL, "up", Grid(NOW, NOW + 1299, 1))
    with pytest.raises(TooMuchMemory):
        await query.instant(LOCAL, "max_over_time(up[2s:1ms])", NOW)


async def test_an_evaluation_ends_when_nobody_wants_it(
    clock: ManualClock, telemetry: MemoryTelemetry, held: HeldExecutor
) -> None:
    """A caller who goes away while a thread evaluates gives its place back at once, and the thread ends at its next check."""
    store = MemorySeries()
    await many(store, up=100)
    query = Query(series=store, clock=clock, telemetry=telemetry, executor=held)
    asking = asyncio.ensure_future(query.range(LOCAL, "up", Grid(NOW, NOW + 999, 1)))
    await held.one_begun()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert counted(telemetry, "sightline_queries_running") == {("small",): 0, ("large",): 0}
    held.shutdown()
    assert [type(error) for error in held.errors] == [QueryTimeout]
    assert clock.sleeping == 0
