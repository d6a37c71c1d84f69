"""Answer PromQL queries: parse, plan, fetch through the series port, evaluate in threads, all within limits."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from sightline.application.spread import PoolSpread
from sightline.domain.errors import (
    InvalidParameter,
    QueryTimeout,
    SightlineError,
    TooManyPoints,
    TooManyQueries,
    TooManySamples,
)
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import DEFAULT_LIMITS, TextLimits, parse
from sightline.domain.promql.plan import Fetch, Plan, plan
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Answer, Value, Vector
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import MINUTE, Grid, format_duration
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesReader
from sightline.ports.telemetry import Instrument, Kind, Telemetry

QUERIES: Final = Instrument(
    "sightline_queries_total",
    "PromQL queries answered, by kind and by error code (ok: none).",
    Kind.COUNTER,
    ("kind", "code"),
)
SECONDS: Final = Instrument(
    "sightline_query_seconds",
    "How long PromQL queries took, waiting included.",
    Kind.HISTOGRAM,
    ("kind",),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
SAMPLES: Final = Instrument("sightline_query_samples_total", "Samples that PromQL queries have read.", Kind.COUNTER)
RUNNING: Final = Instrument("sightline_queries_running", "PromQL queries that run now.", Kind.GAUGE)
WAITING: Final = Instrument("sightline_queries_waiting", "PromQL queries that wait for their turn.", Kind.GAUGE)

_FETCHES_AT_ONCE: Final = 4
# Parsing this much takes a few milliseconds; more of it must not hold up the event loop.
_QUICK_TEXT: Final = 4096
_SIMPLE_TEXT: Final = 512
_QUICK_VALUES: Final = 2_000
_QUICK_SAMPLES: Final = 20_000

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """Bounds on queries, by the names of their settings under `query.`.

    max_points: steps of a range query. max_samples: samples that one query may read, and values that one intermediate result
    may hold.
    timeout: seconds, waiting included. concurrency: queries that run at once; queue: that wait beyond those.
    lookback: ms that an instant selector looks back. max_length: characters of the text; max_depth: nesting of it.
    """

    max_points: int = 11_000
    max_samples: int = 50_000_000
    timeout: float = 120.0
    concurrency: int = 20
    queue: int = 200
    lookback: int = 5 * MINUTE
    max_length: int = DEFAULT_LIMITS.length
    max_depth: int = DEFAULT_LIMITS.depth


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What a caller may ask for, within the limits; None leaves it to them.

    timeout: seconds. lookback: ms. limit: how many series to return at most.
    """

    timeout: float | None = None
    lookback: int | None = None
    limit: int | None = None


DEFAULT_OPTIONS: Final = QueryOptions()


class Query:
    """The use case. One instance serves all tenants; `threads` is how many threads of the executor one query may use."""

    def __init__(
        self,
        *,
        series: SeriesReader,
        clock: Clock,
        telemetry: Telemetry,
        executor: Executor,
        limits: QueryLimits | None = None,
        threads: int = 2,
    ) -> None:
        self._series = series
        self._clock = clock
        self._telemetry = telemetry
        self._executor = executor
        self._limits = limits or QueryLimits()
        self._spread = PoolSpread(executor, threads)
        self._turns = asyncio.Semaphore(self._limits.concurrency)
        self._running = 0
        self._waiting = 0

    async def instant(
        self, principal: Principal, text: str, at: int, options: QueryOptions = DEFAULT_OPTIONS
    ) -> Answer:
        """The value of a query at one instant, `at` in ms.

        Raises:
            MalformedQuery: with line and column.
            NotSupported, VectorMatchingFailed, TooManySamples, QueryTimeout, TooManyQueries, Unavailable: as they say.
        """
        return await self._measured(
            "instant", self._answer(principal.tenant, text, Grid.instant(at), options, is_range=False)
        )

    async def range(
        self, principal: Principal, text: str, grid: Grid, options: QueryOptions = DEFAULT_OPTIONS
    ) -> Answer:
        """The value of a query at every instant of a grid.

        Raises:
            InvalidParameter: a grid that ends before it starts, or a step that is not positive.
            TooManyPoints: more steps than `query.max_points`.
            And as `instant`.
        """
        return await self._measured("range", self._answer(principal.tenant, text, grid, options, is_range=True))

    async def _measured(self, kind: str, answer: Coroutine[Any, Any, Answer]) -> Answer:
        """Count the query and its outcome."""
        started = self._clock.monotonic()
        code = "canceled"
        try:
            found = await answer
            code = "ok"
        except SightlineError as error:
            code = error.code
            raise
        else:
            return found
        finally:
            self._telemetry.add(QUERIES, labels=(kind, code))
            self._telemetry.observe(SECONDS, self._clock.monotonic() - started, (kind,))

    async def _answer(self, tenant: Tenant, text: str, grid: Grid, options: QueryOptions, *, is_range: bool) -> Answer:
        lookback = self._lookback(options)
        timeout = self._timeout(options)
        if is_range:
            self._check_grid(grid)
        stop = threading.Event()
        try:
            return await self._within(
                timeout, self._run(tenant, text, grid, lookback, options.limit, stop, is_range=is_range)
            )
        finally:
            stop.set()  # whatever still evaluates ends at its next check

    async def _run(
        self,
        tenant: Tenant,
        text: str,
        grid: Grid,
        lookback: int,
        limit: int | None,
        stop: threading.Event,
        *,
        is_range: bool,
    ) -> Answer:
        def check() -> None:
            if stop.is_set():
                raise QueryTimeout("the query was stopped")

        def prepare() -> Plan:
            return plan(
                parse(text, TextLimits(self._limits.max_length, self._limits.max_depth)),
                grid,
                lookback,
                is_range=is_range,
            )

        async with self._turn():
            planned = prepare() if len(text) <= _QUICK_TEXT else await self._in_thread(prepare)
            fetched = await self._fetch(tenant, planned.fetches)
            if _is_quick(text, planned, fetched):
                answer = evaluate(planned, fetched, Resources(check=check, max_values=self._limits.max_samples))
            else:
                resources = Resources(self._spread, check, self._limits.max_samples)
                answer = await self._in_thread(lambda: evaluate(planned, fetched, resources))
        return _limited(answer, limit)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _lookback(self, options: QueryOptions) -> int:
        if options.lookback is None:
            return self._limits.lookback
        if options.lookback <= 0:
            raise InvalidParameter("lookback_delta must be greater than 0", parameter="lookback_delta")
        return options.lookback

    def _timeout(self, options: QueryOptions) -> float:
        if options.timeout is None:
            return self._limits.timeout
        if options.timeout <= 0:
            raise InvalidParameter("timeout must be greater than 0", parameter="timeout")
        return min(options.timeout, self._limits.timeout)

    def _check_grid(self, grid: Grid) -> None:
        if grid.step <= 0:
            message = "zero or negative query resolution step widths are not accepted. Try a positive integer"
            raise InvalidParameter(message, parameter="step")
        if grid.end < grid.start:
            raise InvalidParameter("end timestamp must not be before start time", parameter="end")
        if grid.points - 1 > self._limits.max_points:
            message = (
                f"{grid.points} points per series at a step of {format_duration(grid.step)}:"
                f" query.max_points allows {self._limits.max_points}; take a larger step or a shorter range"
            )
            raise TooManyPoints(message, limit=self._limits.max_points, points=grid.points)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until fewer than `query.concurrency` queries run."""
        if self._turns.locked() and self._waiting >= self._limits.queue:
            message = (
                f"{self._running} queries run and {self._waiting} wait: query.concurrency allows {self._limits.concurrency}"
                f" at once and query.queue {self._limits.queue} to wait; try again later"
            )
            raise TooManyQueries(message)
        self._count(waiting=1)
        try:
            await self._turns.acquire()
        finally:
            self._count(waiting=-1)
        self._count(running=1)
        try:
            yield
        finally:
            self._count(running=-1)
            self._turns.release()

    def _count(self, *, running: int = 0, waiting: int = 0) -> None:
        self._running += running
        self._waiting += waiting
        self._telemetry.set(RUNNING, self._running)
        self._telemetry.set(WAITING, self._waiting)

    async def _within(self, seconds: float, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Await the work, for so long at most; past that it is cancelled."""
        task = asyncio.ensure_future(work)
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        timer.add_done_callback(lambda _: task.cancel())
        try:
            return await task
        except asyncio.CancelledError:
            if not timer.done() or _is_cancelled():
                raise
            shown = format_duration(round(seconds * 1000))
            message = f"query timed out after {shown}: query.timeout allows {format_duration(round(self._limits.timeout * 1000))}"
            raise QueryTimeout(message, seconds=seconds) from None
        finally:
            timer.cancel()

    async def _fetch(self, tenant: Tenant, fetches: tuple[Fetch, ...]) -> list[SeriesColumns]:
        """Read all selectors' samples, a few at once, within one budget."""
        budget = self._limits.max_samples
        gate = asyncio.Semaphore(_FETCHES_AT_ONCE)

        async def read(fetch: Fetch) -> SeriesColumns:
            nonlocal budget
            async with gate:
                try:
                    found = await self._series.select(tenant, fetch.matchers, fetch.within, budget)
                except TooManySamples:
                    raise self._too_many_samples() from None
                budget -= found.samples
                if budget < 0:
                    raise self._too_many_samples()
                return found

        found = [await read(fetches[0])] if len(fetches) == 1 else await _all(read(fetch) for fetch in fetches)
        self._telemetry.add(SAMPLES, self._limits.max_samples - budget)
        return found

    def _too_many_samples(self) -> TooManySamples:
        limit = self._limits.max_samples
        message = (
            f"query processing would load too many samples into memory: query.max_samples allows {limit};"
            " select fewer series or a shorter range"
        )
        return TooManySamples(message, limit=limit)


def _is_quick(text: str, planned: Plan, fetched: Sequence[SeriesColumns]) -> bool:
    """Whether evaluation takes so little that a thread would not pay: well below a millisecond."""
    if len(text) > _SIMPLE_TEXT or ":" in text:  # a subquery, which has instants of its own, is written with a colon
        return False
    rows, samples = sum(map(len, fetched)), sum(one.samples for one in fetched)
    return rows * planned.grid.points <= _QUICK_VALUES and samples <= _QUICK_SAMPLES


async def _all(reads: Iterable[Coroutine[Any, Any, SeriesColumns]]) -> list[SeriesColumns]:
    """All reads at once; the first failure cancels the others and says enough."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read) for read in reads]
    except ExceptionGroup as group_error:
        raise group_error.exceptions[0] from None
    return [task.result() for task in tasks]


def _is_cancelled() -> bool:
    """Whether somebody wants the present task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _limited(answer: Answer, limit: int | None) -> Answer:
    """The answer with its first `limit` series; 0 and None are no limit."""
    if not limit or not isinstance(answer.value, Vector | SeriesColumns) or len(answer.value.labels) <= limit:
        return answer
    warnings = (*answer.warnings, "results truncated due to limit")
    return replace(answer, value=_first_series(answer.value, limit), warnings=warnings)


def _first_series(value: Vector | SeriesColumns, count: int) -> Value:
    if isinstance(value, Vector):
        return Vector(value.labels[:count], value.values[:count], value.present[:count])
    end = int(value.offsets[count])
    return SeriesColumns(
        value.labels[:count], value.ids[:count], value.offsets[: count + 1], value.times[:end], value.values[:end]
    )
