"""Reuse what an earlier range query found: a dashboard asks the same again every few seconds, a step later.

An answer is kept with the moment before its samples were read. Later the instants of it still hold whose samples all lie before the
oldest sample that came since; the others are evaluated anew (docs/adr/0008). Nothing is guessed of how late samples may come.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, TypeVar

from sightline.domain.kernels import compiled
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.promql.nodes import Node
from sightline.domain.promql.pieces import Piece, inside, joined, last, missing
from sightline.domain.promql.reach import Reach, reach
from sightline.domain.promql.steady import is_steady
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MIN_TIME, MINUTE, Grid, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

REQUESTS: Final = Instrument(
    "sightline_query_cache_requests_total",
    "Range queries by what of an earlier answer they could use: hit (all), extended (a part), miss (nothing).",
    Kind.COUNTER,
    ("outcome",),
)
BYTES: Final = Instrument("sightline_query_cache_bytes", "Memory of the answers that are kept for reuse.", Kind.GAUGE)

DEFAULT_BYTES: Final = 64 << 20
_LARGEST: Final = 2  # one answer takes half of the whole at most
_WORTH: Final = 2  # half of what is asked for must be there: otherwise all of it is sooner evaluated at once
_SPARE: Final = MINUTE  # the store forgets by its own clock, and by the second
_CHARACTER_BYTES: Final = 50  # of an expression, as text and as a tree
# Joining so many values takes a millisecond.
_QUICK_VALUES: Final = 200_000

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Repeated:
    """A range query as it is asked again: all but its grid is the same then. lookback: ms."""

    tenant: Tenant
    text: str
    grid: Grid
    lookback: int


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """An evaluation. is_quick: it took too little time for its answer to be worth keeping.

    root: the expression, as it was before anything in it was worked out for one grid.
    """

    root: Node
    answer: Answer
    is_quick: bool


Compute = Callable[[Node | None, Grid], Awaitable[Computed]]
"""Evaluates the query on another grid; None in place of the expression when it was not parsed yet."""

_Key = tuple[Tenant, str, int, int, int, compiled.State]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """An answer. mark: of freshness, from before its samples were read."""

    root: Node
    reach: Reach
    piece: Piece
    infos: tuple[str, ...]
    mark: int


def _key(asked: Repeated) -> _Key:
    grid = asked.grid
    return asked.tenant, asked.text, grid.step, grid.start % grid.step, asked.lookback, compiled.state()


def _weight(key: _Key, kept: _Kept) -> int:
    """About how many bytes of memory a kept answer takes, the tree of its expression included."""
    return kept.piece.weight + _CHARACTER_BYTES * len(key[1])


class Reuse:
    """Answers of range queries, the least recently used given up first. Belongs to one event loop."""

    def __init__(
        self,
        freshness: Freshness,
        clock: Clock,
        telemetry: Telemetry,
        executor: Executor,
        *,
        max_bytes: int = DEFAULT_BYTES,
        retention: int | None = None,
    ) -> None:
        """max_bytes: of all answers together. retention: how long the store keeps samples, ms; None is for ever."""
        self._freshness = freshness
        self._clock = clock
        self._telemetry = telemetry
        self._executor = executor
        self._max_bytes = max_bytes
        self._retention = retention
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._bytes = 0

    async def __call__(self, asked: Repeated, compute: Compute) -> Answer:
        """The answer that `compute` would give for the whole grid, evaluated only where no kept one holds.

        Raises:
            Whatever `compute` raises.
        """
        key = _key(asked)
        mark = self._freshness.mark()
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            found = self._usable(asked, kept)
            if found is not None:
                extended = await self._extended(key, kept, *found, asked.grid, mark, compute)
                if extended is not None:
                    return extended
        self._telemetry.add(REQUESTS, labels=("miss",))
        computed = await compute(None if kept is None else kept.root, asked.grid)
        self._keep(key, computed, mark, asked.lookback)
        return computed.answer

    def helps(self, asked: Repeated) -> bool:
        """Whether much of the answer is kept, so that the query is a smaller one than it was."""
        kept = self._kept.get(_key(asked))
        return kept is not None and self._usable(asked, kept) is not None

    def _usable(self, asked: Repeated, kept: _Kept) -> tuple[Grid, list[Grid]] | None:
        """The instants of a kept answer that hold, and what of the query is missing; None when it is too much."""
        valid = self._valid(asked.tenant, kept)
        shared = inside(asked.grid, TimeRange(valid.start, last(valid))) if valid is not None else None
        if valid is None or shared is None or shared.points * _WORTH < asked.grid.points:
            return None
        return valid, missing(asked.grid, shared)

    def _valid(self, tenant: Tenant, kept: _Kept) -> Grid | None:
        """The instants of a kept answer whose samples are what they were: no later than what came since, and not expired."""
        oldest = self._freshness.oldest_since(tenant, kept.mark)
        least = MIN_TIME if self._retention is None else self._clock.now() - self._retention + _SPARE
        fixed = kept.reach.fixed
        if fixed is not None and (fixed.start < least or fixed.end >= oldest):
            return None
        return inside(kept.piece.grid, TimeRange(least + kept.reach.before, oldest - kept.reach.ahead - 1))

    async def _extended(
        self, key: _Key, kept: _Kept, valid: Grid, parts: list[Grid], grid: Grid, mark: int, compute: Compute
    ) -> Answer | None:
        """The answer made of the kept one and of what is missing; None when its remarks cannot be told from those."""
        if kept.infos and not parts and grid.points < kept.piece.grid.points:
            return None
        fresh = [(await compute(kept.root, part)).answer for part in parts]
        if any(one.warnings or one.infos != kept.infos or not isinstance(one.value, Vector) for one in fresh):
            return None
        exact = Grid(grid.start, last(grid), grid.step)
        # What is kept covers as much as before or as this query, whichever is longer, and ends with the later of both.
        end = max(last(valid), exact.end)
        first = end - (max(kept.piece.grid.points, grid.points) - 1) * grid.step
        start = max(valid.start, min(first, exact.start))

        # What has remarks is kept only with a part that is known to have them: the newest.
        is_kept = bool(fresh) and (not kept.infos or exact.end > last(valid))

        def join() -> tuple[Piece, Piece | None]:
            pieces = [Piece.of(one.grid, one.value) for one in fresh if isinstance(one.value, Vector)]
            pieces.append(kept.piece.cut(Grid(start, last(valid), grid.step)))
            whole = joined(sorted(pieces, key=lambda piece: piece.grid.start))
            longest = inside(whole.grid, TimeRange(first, end)) or whole.grid
            return whole.cut(exact), whole.cut(longest).compact() if is_kept else None

        size = len(kept.piece.vector.labels) * grid.points
        found, longest = join() if size <= _QUICK_VALUES else await self._in_thread(join)
        if longest is not None:
            self._put(key, _Kept(kept.root, kept.reach, longest, kept.infos, mark))
        self._telemetry.add(REQUESTS, labels=("extended" if fresh else "hit",))
        return Answer(grid, found.vector, (), kept.infos)

    def _keep(self, key: _Key, computed: Computed, mark: int, lookback: int) -> None:
        """Keep an answer, where that is worth it and parts of it can be used."""
        answer, grid = computed.answer, computed.answer.grid
        if computed.is_quick or answer.warnings or not isinstance(answer.value, Vector):
            return
        state = compiled.state()
        if state is compiled.State.COMPILING or state is not key[-1]:  # twins round differently
            return
        reached = reach(computed.root, lookback)
        if reached is None or not is_steady(computed.root, grid.step):
            return
        piece = Piece(Grid(grid.start, last(grid), grid.step), answer.value).compact()
        self._put(key, _Kept(computed.root, reached, piece, answer.infos, mark))

    def _put(self, key: _Key, kept: _Kept) -> None:
        before = self._kept.pop(key, None)
        if before is not None:
            self._bytes -= _weight(key, before)
        if _weight(key, kept) * _LARGEST <= self._max_bytes:
            self._kept[key] = kept
            self._bytes += _weight(key, kept)
        while self._bytes > self._max_bytes:
            self._bytes -= _weight(*self._kept.popitem(last=False))
        self._telemetry.set(BYTES, self._bytes)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
