"""Answer PromQL queries: parse, plan, fetch through the series port, evaluate in threads, all within limits."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np

from sightline.application.admit import Lane, Outgrown, Turn, Turns
from sightline.application.deadline import within
from sightline.application.fetch import AT_ONCE, Budget, fetch
from sightline.application.reuse import Computed, Repeated, Reuse
from sightline.application.slices import Slices
from sightline.application.spread import PoolSpread
from sightline.application.watch import QueryRun, Question, Watch
from sightline.domain.errors import (
    InvalidParameter,
    QueryTimeout,
    TooManyPoints,
    TooManySamples,
    TooMuchMemory,
)
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import NOTHING_FOUND, evaluate
from sightline.domain.promql.leaves import Leaf, leaves
from sightline.domain.promql.nodes import Node
from sightline.domain.promql.parse import DEFAULT_LIMITS, TextLimits, parse
from sightline.domain.promql.plan import Fetch, Plan, plan
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.rows import select
from sightline.domain.promql.sharing import Memo, shared
from sightline.domain.promql.sliced import Sliced
from sightline.domain.promql.touched import touched
from sightline.domain.promql.values import Answer, Value, Vector
from sightline.domain.promql.windows import kept
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import MINUTE, Grid, format_duration
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesReader
from sightline.ports.telemetry import Instrument, Kind, Telemetry

SAMPLES: Final = Instrument("sightline_query_samples_total", "Samples that PromQL queries have read.", Kind.COUNTER)

SMALL_SAMPLES: Final = 4_000_000
"""What a query reads in the small lane at most: 64 MB, as many times as `query.concurrency` says."""
SMALL_WORK: Final = 1_000_000
"""Samples read and values of selectors that a query of the small lane has at most: some 15 ms of a thread."""
# Parsing this much takes a few milliseconds; more of it must not hold up the event loop.
_QUICK_TEXT: Final = 4096
_ALIGNED: Final = "::"  # subqueries that take many grids to plan
_SIMPLE_TEXT: Final = 512
_QUICK_VALUES: Final = 2_000
_QUICK_SAMPLES: Final = 20_000
_SAMPLE_BYTES: Final = 16
_VALUE_BYTES: Final = 9  # and whether it is there

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """Bounds on queries, by the names of their settings under `query.`.

    max_points: steps of a range query. max_samples: samples that one query may hold at once, and values of one intermediate
    result; what is evaluated slice by slice may read any number.
    timeout: seconds, waiting included. concurrency: queries that run at once, large ones not counted; queue: those of one tenant
    that wait beyond them.
    lookback: ms that an instant selector looks back. max_length: characters of the text; max_depth: nesting of it.
    memory: bytes of samples read, and of the values made of them, that one query may hold.
    """

    max_points: int = 11_000
    max_samples: int = 50_000_000
    timeout: float = 120.0
    concurrency: int = 20
    queue: int = 200
    lookback: int = 5 * MINUTE
    max_length: int = DEFAULT_LIMITS.length
    max_depth: int = DEFAULT_LIMITS.depth
    memory: int = 1 << 30


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What a caller may ask for, within the limits; None leaves it to them.

    timeout: seconds. lookback: ms. limit: how many series to return at most. fresh: nothing of earlier answers is used or kept.
    client: what the caller calls itself. tell: is told of the query when it is answered, with what it looked at, which is counted
    for it; nothing of earlier answers is used then.
    """

    timeout: float | None = None
    lookback: int | None = None
    limit: int | None = None
    fresh: bool = False
    client: str = ""
    tell: Callable[[QueryRun], None] | None = None


DEFAULT_OPTIONS: Final = QueryOptions()


@dataclass(slots=True, eq=False)
class _Job:
    """One query on its way. lookback: ms. is_over: nobody wants the answer any more; read by other threads.

    root: the text as a tree, where that is known already. memo: what of it may be known already, and is to be known from now on.
    """

    question: Question
    lookback: int
    options: QueryOptions
    run: QueryRun
    is_range: bool
    root: Node | None = None
    memo: Memo | None = None
    is_over: bool = False

    def repeated(self) -> Repeated:
        """The query as one that may have been asked before."""
        return Repeated(self.question.tenant, self.question.text, self.question.grid, self.lookback)

    def check(self) -> None:
        """Called by the evaluation again and again; raises to end it."""
        if self.is_over:
            raise QueryTimeout("the query was stopped")


@dataclass(frozen=True, slots=True, eq=False)
class _Fetched:
    """What was read for a plan. columns: of its fetches; found: values of leaves whose fetches were read in slices, here empty."""

    plan: Plan
    columns: Sequence[SeriesColumns]
    found: Mapping[Leaf, Vector]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Texts that are asked together, and the trees of those that can be parsed, with what they have in common shared."""

    texts: Sequence[str]
    roots: Mapping[str, Node]


class Query:
    """The use case. One instance serves all tenants.

    threads: how many threads of the executor one query may use. reuse: where answers of range queries are kept; None keeps none.
    watch: what is told of every query.
    """

    def __init__(
        self,
        *,
        series: SeriesReader,
        clock: Clock,
        telemetry: Telemetry,
        executor: Executor,
        limits: QueryLimits | None = None,
        threads: int = 2,
        reuse: Reuse | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._series = series
        self._clock = clock
        self._telemetry = telemetry
        self._executor = executor
        self._limits = limits or QueryLimits()
        self._spread = PoolSpread(executor, threads)
        self._reuse = reuse
        self._watch = watch or Watch(clock, telemetry)
        self._together: dict[Tenant, Prepared] = {}
        # However many large queries there are, a thread is left for the small ones.
        large = max(1, threads - 1)
        self._turns = Turns(telemetry, small=self._limits.concurrency, large=large, queue=self._limits.queue)

    @property
    def turns(self) -> Turns:
        """The lanes, for other ways of reading that shall have their places among the queries."""
        return self._turns

    async def instant(
        self, principal: Principal, text: str, at: int, options: QueryOptions = DEFAULT_OPTIONS
    ) -> Answer:
        """The value of a query at one instant, `at` in ms.

        Raises:
            MalformedQuery: with line and column.
            NotSupported, VectorMatchingFailed, TooManySamples, QueryTimeout, TooManyQueries, Unavailable: as they say.
        """
        question = Question(principal.tenant, "instant", text, Grid.instant(at), options.client)
        return await self._answered(question, options, is_range=False)

    async def range(
        self, principal: Principal, text: str, grid: Grid, options: QueryOptions = DEFAULT_OPTIONS
    ) -> Answer:
        """The value of a query at every instant of a grid.

        Raises:
            InvalidParameter: a grid that ends before it starts, or a step that is not positive.
            TooManyPoints: more steps than `query.max_points`.
            And as `instant`.
        """
        question = Question(principal.tenant, "range", text, grid, options.client)
        return await self._answered(question, options, is_range=True)

    async def together(self, principal: Principal, texts: Iterable[str], at: int) -> Callable[[str], Awaitable[Answer]]:
        """What answers each of these texts as `instant` does, at one instant, and works out once what several have in common.

        A text that cannot be parsed disturbs no other. Notes on what they have in common come with the text that was asked first.
        """
        its = [*texts]
        known = self._together.get(principal.tenant)
        if known is None or known.texts != its:
            known = self._together[principal.tenant] = await self.prepare(its)
        return self.asking(principal, known, at)

    async def prepare(self, texts: Iterable[str]) -> Prepared:
        """Get texts ready that are asked together again and again; whoever does so keeps them."""
        its = [*texts]
        return Prepared(its, await self._in_thread(lambda: _sharing(its, self._text_limits())))

    def asking(self, principal: Principal, prepared: Prepared, at: int) -> Callable[[str], Awaitable[Answer]]:
        """What answers prepared texts at one instant, as `together` has it."""
        memo, roots = Memo(), prepared.roots

        async def ask(text: str) -> Answer:
            question = Question(principal.tenant, "instant", text, Grid.instant(at), DEFAULT_OPTIONS.client)
            return await self._answered(question, DEFAULT_OPTIONS, is_range=False, root=roots.get(text), memo=memo)

        return ask

    async def _answered(
        self,
        question: Question,
        options: QueryOptions,
        *,
        is_range: bool,
        root: Node | None = None,
        memo: Memo | None = None,
    ) -> Answer:
        with self._watch.over(question) as run:
            lookback, timeout = self._lookback(options), self._timeout(options)
            if is_range:
                self._check_grid(question.grid)
            job = _Job(question, lookback, options, run, is_range, root, memo)
            try:
                answer = _limited(await self._within(timeout, self._run(job)), options.limit)
            finally:
                job.is_over = True  # whatever still evaluates ends at its next check
        if options.tell is not None:
            options.tell(run)
        return answer

    async def _run(self, job: _Job) -> Answer:
        """Answer in the lane where the query belongs by what is known of it; if that is not enough, once more in the large one."""
        # Beyond this block nothing refers to what was read: who waits for the large lane holds no memory.
        with suppress(Outgrown):
            return await self._in_lane(job, self._lane(job))
        self._turns.learn(job.question.tenant, job.question.text, Lane.LARGE)
        return await self._in_lane(job, Lane.LARGE)

    def _lane(self, job: _Job) -> Lane:
        question = job.question
        lane = self._turns.lane(question.tenant, question.text)
        if (
            lane is Lane.LARGE
            and self._is_reused(job)
            and self._reuse is not None
            and self._reuse.helps(job.repeated())
        ):
            return Lane.SMALL  # what is left of it is less
        return lane

    def _is_reused(self, job: _Job) -> bool:
        """Whether answers of before may be used for a query."""
        return job.is_range and not job.options.fresh and job.options.tell is None

    async def _in_lane(self, job: _Job, lane: Lane) -> Answer:
        question = job.question
        with self._watch.timed(job.run, "waiting"):
            turn = await self._turns.take(question.tenant, lane)
        try:
            answer = await self._in_turn(job, turn)
        finally:
            turn.end()
        self._turns.learn(question.tenant, question.text, turn.needs)
        return answer

    async def _in_turn(self, job: _Job, turn: Turn) -> Answer:
        async def compute(root: Node | None, part: Grid) -> Computed:
            planned = await self._planned(job, root, part)
            with self._watch.timed(job.run, "fetching"):
                fetched = await self._fetched(job, turn, planned)
            with self._watch.timed(job.run, "evaluating"):
                computed = await self._evaluated(job, fetched)
            if job.options.tell is not None and not fetched.found:
                job.run.touched = await self._in_thread(lambda: touched(fetched.plan, fetched.columns, job.check))
            return computed

        if self._reuse is None or not self._is_reused(job):
            return (await compute(None, job.question.grid)).answer
        return await self._reuse(job.repeated(), compute)

    async def _planned(self, job: _Job, root: Node | None, grid: Grid, *, digests: bool = True) -> Plan:
        text = job.question.text

        def prepare() -> Plan:
            node = root or job.root or parse(text, self._text_limits())
            return plan(node, grid, job.lookback, is_range=job.is_range, digests=digests, memo=job.memo)

        is_quick = len(text) <= _QUICK_TEXT and _ALIGNED not in text
        return prepare() if is_quick else await self._in_thread(prepare)

    async def _fetched(self, job: _Job, turn: Turn, planned: Plan) -> _Fetched:
        """Read what is needed, slice by slice where all of it is too much and that can be done."""
        try:
            return _Fetched(planned, await self._whole(job, turn, planned), NOTHING_FOUND)
        except (TooManySamples, TooMuchMemory) as error:
            refused = error.with_traceback(None)
            refused.__context__ = None  # either would hold on to what was read
        sliced = await self._sliced(job, turn, planned)
        if sliced is None:
            raise refused
        return sliced

    async def _whole(self, job: _Job, turn: Turn, planned: Plan) -> list[SeriesColumns]:
        """Read all samples; what turns out to be a large query goes on as one."""
        found = None
        if turn.lane is Lane.SMALL and self._limits.max_samples > SMALL_SAMPLES:
            try:
                found = await self._read(job, planned.fetches, SMALL_SAMPLES, AT_ONCE)
            except TooManySamples:
                turn.widen()
        if found is None:
            at_once = AT_ONCE if turn.lane is Lane.SMALL else 1
            found = await self._read(job, planned.fetches, self._limits.max_samples, at_once)
        samples, values = _work(planned, found)
        self._require_memory(samples, values)
        if samples + values > SMALL_WORK:
            turn.widen()
        return found

    async def _sliced(self, job: _Job, turn: Turn, planned: Plan) -> _Fetched | None:
        """Evaluate leaves slice by slice, and read what else is needed; None where no leaf can be evaluated so.

        By samples: digests have been tried.
        """
        planned = await self._planned(job, planned.query, planned.grid, digests=False)
        served, known = leaves(planned), dict[int, KnownSeries]()
        for number in served:
            found = await self._series.find(job.question.tenant, planned.fetches[number].matchers)
            if found is not None:
                known[number] = found
        if not known:
            return None
        turn.widen()
        columns = [SeriesColumns.empty()] * len(planned.fetches)
        others = [number for number in range(len(planned.fetches)) if number not in known]
        whole = await self._read(job, [planned.fetches[number] for number in others], self._limits.max_samples, 1)
        for number, one in zip(others, whole, strict=True):
            columns[number] = one
        # Slices have half of what a query may hold; the other half is for what is made of them.
        limit = min(self._limits.max_samples, self._limits.memory // _SAMPLE_BYTES) // 2
        values = sum(len(its) * grid.points for number, its in known.items() for _, grid in served[number])
        values += sum(planned.known.values())
        self._require_memory(sum([one.cost for one in whole]) + limit, values)
        vectors = dict[Leaf, Vector]()
        for number, its in known.items():
            slices = Slices(self._series, job.question.tenant, planned.fetches[number], its, limit)
            vectors |= await self._folded(job, slices, Sliced(planned, served[number], its, self._resources(job)))
        return _Fetched(planned, columns, vectors)

    async def _folded(self, job: _Job, slices: Slices, sliced: Sliced) -> Mapping[Leaf, Vector]:
        async def take(columns: SeriesColumns) -> None:
            self._note(job, [columns])
            await self._in_thread(lambda: sliced.take(columns))

        await slices.give(take)
        return await self._in_thread(sliced.vectors)

    def _require_memory(self, samples: int, values: int) -> None:
        size = _SAMPLE_BYTES * samples + _VALUE_BYTES * values
        if size > self._limits.memory:
            message = (
                f"the query would hold {size >> 20} MiB of samples and values: query.memory allows"
                f" {self._limits.memory >> 20} MiB; select fewer series, a shorter range or a larger step"
            )
            raise TooMuchMemory(message, limit=self._limits.memory, bytes=size)

    async def _read(self, job: _Job, fetches: Sequence[Fetch], limit: int, at_once: int) -> list[SeriesColumns]:
        found = await fetch(self._series, job.question.tenant, fetches, Budget.of(limit), at_once)
        self._note(job, found)
        return found

    def _note(self, job: _Job, read: Sequence[SeriesColumns]) -> None:
        """Count what a query has read."""
        samples = sum([one.samples for one in read])
        self._telemetry.add(SAMPLES, samples)
        job.run.samples += samples
        job.run.series += sum(map(len, read))

    async def _evaluated(self, job: _Job, fetched: _Fetched) -> Computed:
        planned, columns, found = fetched.plan, fetched.columns, fetched.found
        if not found and _is_quick(job.question.text, planned, columns):
            resources = Resources(check=job.check, max_values=self._limits.max_samples, max_bytes=self._limits.memory)
            return Computed(planned.query, evaluate(planned, columns, resources), is_quick=True)
        spread = self._resources(job)
        answer = await self._in_thread(lambda: evaluate(planned, columns, spread, found))
        return Computed(planned.query, answer, is_quick=False)

    def _resources(self, job: _Job) -> Resources:
        """What a large evaluation may use."""
        return Resources(self._spread, job.check, self._limits.max_samples, self._limits.memory)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _text_limits(self) -> TextLimits:
        return TextLimits(self._limits.max_length, self._limits.max_depth)

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
                f"exceeded maximum resolution of {self._limits.max_points:,} points per timeseries. Try decreasing the query"
                " resolution (?step=XX), or raise query.max_points"
            )
            raise TooManyPoints(message, limit=self._limits.max_points, points=grid.points)

    async def _within(self, seconds: float, work: Coroutine[Any, Any, Answer]) -> Answer:
        def expired() -> QueryTimeout:
            after, allowed = (format_duration(round(one * 1000)) for one in (seconds, self._limits.timeout))
            return QueryTimeout(
                f"query timed out in expression evaluation after {after}: query.timeout allows {allowed}",
                seconds=seconds,
            )

        return await within(self._clock, seconds, work, expired)


def _sharing(texts: Sequence[str], limits: TextLimits) -> Mapping[str, Node]:
    """The trees of those texts that are short and can be parsed, with what they have in common shared."""
    parsed: list[tuple[str, Node]] = []
    for text in texts:
        if len(text) <= _QUICK_TEXT:
            with suppress(Exception):  # whoever asks it is told
                parsed.append((text, parse(text, limits)))
    return dict(zip([text for text, _ in parsed], shared([root for _, root in parsed]), strict=True))


def _work(planned: Plan, fetched: Sequence[SeriesColumns]) -> tuple[int, int]:
    """What the samples read cost, and how many values selectors make of them, series by instants, and are known already."""
    values = 0
    for (_, grid), source in planned.source.items():
        values += len(fetched[source]) * grid.points
    values += sum(planned.known.values())
    return sum([one.cost for one in fetched]), values


def _is_quick(text: str, planned: Plan, fetched: Sequence[SeriesColumns]) -> bool:
    """Whether evaluation takes so little that a thread would not pay: well below a millisecond."""
    if len(text) > _SIMPLE_TEXT or ":" in text:  # a subquery, which has instants of its own, is written with a colon
        return False
    rows, samples = sum(map(len, fetched)), sum(one.cost for one in fetched)
    values = rows * planned.grid.points + sum(planned.known.values())
    return values <= _QUICK_VALUES and samples <= _QUICK_SAMPLES


def _limited(answer: Answer, limit: int | None) -> Answer:
    """The answer with its first `limit` series; 0 and None are no limit."""
    if not limit or not isinstance(answer.value, Vector | SeriesColumns) or len(answer.value.labels) <= limit:
        return answer
    warnings = (*answer.warnings, "results truncated due to limit")
    return replace(answer, value=_first_series(answer.value, limit), warnings=warnings)


def _first_series(value: Vector | SeriesColumns, count: int) -> Value:
    if isinstance(value, Vector):
        return select(value, np.arange(count))
    return kept(value, np.arange(value.samples) < value.offsets[count])
