import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contracts.ranges import Ledger, Write
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.query import Query, QueryLimits, QueryOptions
from sightline.application.watch import REMEMBERED, SHOWN_TEXT, QueryRun, Question, Watch
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import Grid, TimeRange

OTHER = Principal("someone", Tenant("other"))
GRID = Grid(0, 60_000, 1000)


def question(text: str = "up", tenant: Tenant = LOCAL.tenant) -> Question:
    """A range query."""
    return Question(tenant, "range", text, GRID, "curl/8")


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


async def test_a_running_query_is_shown_to_its_tenant_alone(clock: ManualClock) -> None:
    """From beginning to end it stands among those that run, with the time that it has taken so far."""
    watch = Watch(clock, MemoryTelemetry())
    with watch.over(question()) as first:
        await clock.advance(2)
        with watch.over(question("down")) as second:
            await clock.advance(1)
            assert watch.running(LOCAL) == [first, second]
            assert (watch.since(first), watch.since(second)) == (3, 1)
            assert watch.running(OTHER) == []
        assert watch.running(LOCAL) == [first]
    assert watch.running(LOCAL) == []
    assert (first.code, watch.since(first), first.question.client) == ("ok", 3, "curl/8")


async def test_slow_queries_are_told_and_kept(clock: ManualClock) -> None:
    """A query that takes as long as is slow is told of once, counted, and shown with the latest first."""
    telemetry = MemoryTelemetry()
    told: list[QueryRun] = []
    watch = Watch(clock, telemetry, 5.0, told.append)
    for seconds, text in ((4.9, "a"), (5.0, "b"), (7.0, "c")):
        with watch.over(question(text)) as one:
            with watch.timed(one, "fetching"):
                await clock.advance(seconds - 1)
            with watch.timed(one, "evaluating"):
                await clock.advance(1)
    assert [one.question.text for one in told] == ["b", "c"]
    assert [one.question.text for one in watch.slow(LOCAL)] == ["c", "b"]
    assert watch.slow(OTHER) == []
    assert told[1].seconds() == pytest.approx({"waiting": 0, "fetching": 6, "evaluating": 1})
    family = next(one for one in telemetry.families() if one.instrument.name == "sightline_slow_queries_total")
    assert family.points[0].value == 2


async def test_how_a_query_ended_is_told(clock: ManualClock) -> None:
    """The outcome is the code of its error, or that its caller left; the time of the phase it was in counts."""
    watch = Watch(clock, MemoryTelemetry(), 1.0)

    async def fail(error: BaseException) -> None:
        with watch.over(question()) as one, watch.timed(one, "fetching"):
            await clock.advance(1)
            raise error

    with pytest.raises(Unavailable):
        await fail(Unavailable("away"))
    with pytest.raises(asyncio.CancelledError):
        await fail(asyncio.CancelledError())
    assert [one.code for one in watch.slow(LOCAL)] == ["canceled", "unavailable"]
    assert [one.fetching for one in watch.slow(LOCAL)] == [1, 1]


async def test_nothing_is_slow_when_that_is_turned_off(clock: ManualClock) -> None:
    """With 0 seconds no query is."""
    watch = Watch(clock, MemoryTelemetry(), 0)
    with watch.over(question()):
        await clock.advance(100)
    assert watch.slow(LOCAL) == []


async def test_what_is_kept_is_bounded(clock: ManualClock) -> None:
    """Of many slow queries the last stay, and of a long expression its beginning."""
    watch = Watch(clock, MemoryTelemetry(), 1.0)
    for number in range(REMEMBERED + 5):
        with watch.over(question(f"{number}+" + "1" * SHOWN_TEXT)):
            await clock.advance(1)
    found = watch.slow(LOCAL)
    assert len(found) == REMEMBERED
    assert found[-1].question.text.startswith("5+")
    assert len(found[0].question.text) == SHOWN_TEXT


class SlowSeries(MemorySeries):
    """A store that takes a second of the clock's time for a read."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        await self._clock.sleep(1)
        return await super().select(tenant, matchers, within, limit)


async def test_queries_are_watched(clock: ManualClock) -> None:
    """What a query read, what it spent its time on, and who asked stand in what is told of it."""
    store, told = SlowSeries(clock), list[QueryRun]()
    labels = [Labels.of(__name__="up", job=job) for job in "ab"]
    times = [clock.now() - 1000 * k for k in range(3)]
    await store.write(Ledger().sealed([Write(LOCAL.tenant, one, [(time, 1.0) for time in times]) for one in labels]))
    telemetry = MemoryTelemetry()
    watch = Watch(clock, telemetry, 1.0, told.append)
    limits = QueryLimits(concurrency=1)
    with ThreadPoolExecutor(1) as threads:
        query = Query(series=store, clock=clock, telemetry=telemetry, executor=threads, watch=watch, limits=limits)
        asking = [
            asyncio.ensure_future(query.instant(LOCAL, text, clock.now(), QueryOptions(client="Grafana")))
            for text in ("up", "up + 1")
        ]
        await clock.advance(1)
        assert [one.question.text for one in watch.running(LOCAL)] == ["up + 1"]
        await clock.advance(1)
        await asyncio.gather(*asking)
    assert [one.waiting for one in told] == [0, 1]
    assert [one.fetching for one in told] == [1, 1]
    assert [(one.series, one.samples, one.code) for one in told] == [(2, 6, "ok")] * 2
    assert {one.question.client for one in told} == {"Grafana"}
