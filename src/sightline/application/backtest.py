"""Backtest an alert rule: replay it over stored samples, and find out who would have been told of what."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from sightline.application.pretend import Pretend, PretendLimits, Theatre
from sightline.application.query import QueryOptions
from sightline.domain.alerts.backtest import Backtest, Found, Telling
from sightline.domain.alerts.notice import Notice
from sightline.domain.alerts.pipeline.plan import Plan
from sightline.domain.alerts.replay import Columns, Evaluated, Mask, Replay, ReplayLimits
from sightline.domain.alerts.rule import Condition
from sightline.domain.alerts.silence import Silence
from sightline.domain.alerts.step import Watched
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import (
    BadData,
    InvalidParameter,
    NotSupported,
    QueryTimeout,
    SightlineError,
    TooManyQueries,
    Unprocessable,
)
from sightline.domain.promql.presence import presence
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import Grid, format_duration
from sightline.ports.clock import Clock

SLICE: Final = 5_000
"""Instants that are asked for at once; fewer where `query.max_points` allows fewer, or where so many are too much."""
MAX_REFUSED: Final = 200
"""Queries of one backtest that may fail before it is given up: each is tried again in halves, down to the single instant."""
LOOKED_OVER: Final = 200
"""Instants at which it is looked up whether there is data at all."""
CLIENT: Final = "backtest"

Progress = Callable[[float], None]
"""Is told, again and again, what share of the range is done, 0 to 1."""


class RangeQueries(Protocol):
    """The part of the query use case that backtests need."""

    async def range(self, principal: Principal, text: str, grid: Grid, options: QueryOptions, /) -> Answer:
        """The value of an expression at every instant of a grid."""
        ...


@dataclass(frozen=True, slots=True)
class BacktestLimits:
    """Bounds of backtests, by the names of their settings under `backtest.`.

    max_instants: evaluations of one. max_alerts: distinct alerts of one. max_listed: notifications, stretches and alerts held back
    that one answer has, each; all are counted. concurrency: backtests at once. points: instants of one query.
    """

    max_instants: int = 1_000_000
    max_alerts: int = 10_000
    max_listed: int = 10_000
    concurrency: int = 2
    points: int = SLICE


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is to be replayed.

    grid: when the rule is evaluated. offset: how far before each of these it looks, ms. limit: alerts that the rule may have at
    once, 0 for any number. configuration: of Alertmanager, which says who is told; empty for what is in force.
    """

    rule: Condition
    grid: Grid
    offset: int = 0
    limit: int = 0
    configuration: bytes = b""
    silences: Sequence[Silence] = ()


MakeTheatre = Callable[[Plan, Sequence[Silence], int], Theatre]
"""Makes a pipeline of its own whose clock stands at an instant, ms."""


@dataclass(slots=True, eq=False)
class _Run:
    """One backtest on its way."""

    principal: Principal
    asked: Asked
    replay: Replay
    selected: str
    progress: Progress
    refused: int = 0
    done: int = 0
    notices: list[Notice] = field(default_factory=list)


class RunBacktest:
    """The use case. Nothing that it does is stored or told."""

    def __init__(
        self,
        query: RangeQueries,
        plan: Callable[[bytes], Plan],
        silences: Callable[[Principal], Sequence[Silence]],
        theatre: MakeTheatre,
        clock: Clock,
        *,
        retention: int,
        limits: BacktestLimits = BacktestLimits(),
        external_url: str = "",
    ) -> None:
        """plan: the one that a configuration of Alertmanager makes, for an empty one that in force.

        silences: those that a tenant has. retention: of samples, ms.
        """
        self._query = query
        self._plan = plan
        self._silences = silences
        self._theatre = theatre
        self._clock = clock
        self._retention = retention
        self._limits = limits
        self._external_url = external_url
        self._running = 0

    async def __call__(self, principal: Principal, asked: Asked, progress: Progress = lambda _: None) -> Backtest:
        """Replay a rule. Cancelling it ends it at once.

        Raises:
            InvalidParameter: a range without instants, or with too many.
            MalformedQuery, NotSupported: the expression cannot be evaluated.
            Unprocessable: it fails again and again, or has too many alerts.
            BadData: the configuration cannot be used.
            TooManyQueries: enough backtests run.
            And as queries do.
        """
        grid, warnings = self._bounded(asked)
        if self._running >= self._limits.concurrency:
            raise TooManyQueries(
                f"{self._running} backtests run, as many as may at once: try again later, or raise backtest.concurrency"
            )
        self._running += 1
        try:
            return await self._run(principal, asked, grid, warnings, progress)
        finally:
            self._running -= 1

    def _bounded(self, asked: Asked) -> tuple[Grid, list[str]]:
        """The part of the range of which samples are kept, and what to say of that."""
        grid, warnings = asked.grid, list[str]()
        if grid.step <= 0:
            raise InvalidParameter("interval: is a time above 0s, such as 1m", parameter="interval")
        if grid.end < grid.start:
            raise InvalidParameter("end: lies before start", parameter="end")
        kept = self._clock.now() - self._retention
        if grid.start < kept:
            skipped = -(-(kept - grid.start) // grid.step)
            start = grid.start + skipped * grid.step
            if start > grid.end:
                raise InvalidParameter(
                    f"end: samples are kept for {format_duration(self._retention)} (`retention`), and all of this time is older",
                    parameter="end",
                )
            grid = Grid(start, grid.end, grid.step)
            warnings.append(
                f"samples are kept for {format_duration(self._retention)} (`retention`): the backtest begins {skipped}"
                " evaluations later than asked for"
            )
        if grid.points > self._limits.max_instants:
            raise InvalidParameter(
                f"start: the range has {grid.points} evaluations, and may have {self._limits.max_instants}: take a shorter range or"
                " a longer interval, or raise backtest.max_instants",
                parameter="start",
            )
        return grid, warnings

    async def _run(
        self, principal: Principal, asked: Asked, grid: Grid, warnings: list[str], progress: Progress
    ) -> Backtest:
        rule, plan = asked.rule, self._plan(asked.configuration)
        limits = ReplayLimits(self._limits.max_alerts, self._limits.max_listed)
        watched: Watched[Any] = Watched.of(principal.tenant, rule, self._external_url)
        replay = Replay(watched, limit=asked.limit, limits=limits)
        selected = "" if rule.data or rule.no_data is Treatment.OK else presence(rule.expr)
        run = _Run(principal, asked, replay, selected, progress)
        for part in _parts(grid, min(SLICE, self._limits.points)):
            await self._replay(run, part)
            run.done += part.points
            progress(run.done / grid.points)
        pretend = Pretend(
            self._theatre(plan, (*self._silences(principal), *asked.silences), grid.start),
            PretendLimits(listed=self._limits.max_listed),
        )
        telling = await pretend(run.notices, grid.end)
        found = replay.result()
        if watched.texts.asks:
            warnings.append("templates of the rule ask queries, which a backtest does not: their texts say so")
        warnings += await self._about_data(principal, asked, grid)
        warnings += _about(found, telling, plan)
        return Backtest(rule.name, grid, replay.steps, found, telling, warnings)

    async def _replay(self, run: _Run, grid: Grid) -> None:
        """Go through some instants; where that fails, through half of them at a time, down to the one that fails."""
        try:
            evaluated = await self._evaluated(run, grid)
        except (NotSupported, BadData):
            raise
        except (Unprocessable, QueryTimeout) as error:
            run.refused += 1
            if run.refused > MAX_REFUSED:
                raise Unprocessable(
                    f"the rule failed {MAX_REFUSED} times before {run.done + 1} evaluations were done, and is not tried any more:"
                    f" {error.message}"
                ) from None
            if grid.points == 1:
                run.notices += run.replay.failed(grid.start, error.message)
                return
        else:
            run.notices += await asyncio.to_thread(run.replay.evaluated, evaluated)
            return
        for half in _parts(grid, -(-grid.points // 2)):
            await self._replay(run, half)

    async def _evaluated(self, run: _Run, grid: Grid) -> Evaluated:
        rule = run.asked.rule
        found = await self._ask(run, rule.expr, grid)
        data = await self._ask(run, rule.data, grid) if rule.data else None
        there: Mask | None = None
        if run.selected:
            there = np.asarray((await self._ask(run, run.selected, grid)).present.any(axis=0))
        return Evaluated(grid.times(), found, data, there)

    async def _ask(self, run: _Run, text: str, grid: Grid) -> Columns:
        offset = run.asked.offset
        looked_at = Grid(grid.start - offset, grid.end - offset, grid.step)
        return Columns.of((await self._query.range(run.principal, text, looked_at, _OPTIONS)).value)

    async def _about_data(self, principal: Principal, asked: Asked, grid: Grid) -> Sequence[str]:
        """What to say of a range of which there is no data, or not from its beginning; nothing where that cannot be looked up."""
        selected = presence(asked.rule.expr)
        if not selected:
            return ()
        every = max(1, grid.points // LOOKED_OVER) * grid.step
        over = Grid(grid.start, grid.end, every)
        try:
            there = Columns.of((await self._query.range(principal, selected, over, _OPTIONS)).value).present.any(axis=0)
        except SightlineError:
            return ()
        since = np.flatnonzero(there)
        if not len(since):
            return ("there are no samples in this time of any series that the rule reads: are its metrics named so?",)
        if since[0] == 0:
            return ()
        return (f"of what the rule reads there are samples only since about {_utc(int(over.times()[since[0]]))}",)


_OPTIONS: Final = QueryOptions(fresh=True, client=CLIENT)


def _parts(grid: Grid, points: int) -> Iterator[Grid]:
    """A grid in pieces of so many instants."""
    for start in range(grid.start, grid.end + 1, points * grid.step):
        yield Grid(start, min(grid.end, start + (points - 1) * grid.step), grid.step)


def _about(found: Found, telling: Telling, plan: Plan) -> Iterator[str]:
    """What limits were hit, at what instants the rule failed, and who hears nothing."""
    if failed := sum(one.count for one in found.failures):
        yield f"the rule failed at {failed} evaluations, first with: {found.failures[0].error}"
    if found.left_out:
        yield f"{found.left_out} times in which alerts were pending or fired are counted and not listed; raise backtest.max_listed"
    if telling.left_out:
        yield f"{telling.left_out} notifications and alerts held back are counted and not listed; raise backtest.max_listed"
    if telling.ended_at is not None:
        yield (
            f"who would have been told is known up to {_utc(telling.ended_at)} only, for there is too much to tell: take a shorter"
            " range, or group by fewer labels"
        )
    empty = {
        route.receiver for one in found.alerts for route in plan.route.taken(one.labels) if not plan.channels_of(route)
    }
    for receiver in sorted(empty):
        yield f"receiver {receiver!r} has no channel: of alerts that go there nobody is told"


def _utc(at: int) -> str:
    return str(np.datetime64(at, "ms").astype("datetime64[s]")) + "Z"
