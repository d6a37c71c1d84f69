"""What a query needs before it can be evaluated: which selectors, over which times. Refuses what cannot be evaluated."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sightline.domain.errors import BadData, NotSupported, TooManySamples
from sightline.domain.labels import Matchers
from sightline.domain.promql.digested import Digested, digested
from sightline.domain.promql.durations import on_grid
from sightline.domain.promql.extensions import margin, require_allowed
from sightline.domain.promql.information import info_selector
from sightline.domain.promql.nodes import (
    Boundary,
    Call,
    Extension,
    Node,
    OfGrid,
    RangeSelector,
    Selector,
    Shared,
    Subquery,
    Text,
    children,
    unwrap,
)
from sightline.domain.promql.sharing import Memo
from sightline.domain.timerange import MAX_TIME, MIN_TIME, MINUTE, Grid, TimeRange

DEFAULT_LOOKBACK: Final = 5 * MINUTE
"""How far an instant selector looks back for a sample, ms."""
DEFAULT_STEP: Final = MINUTE
"""The step of a subquery that names none, ms."""
MOST_LOOKS: Final = 20_000
"""How often a query may look at series, each grid of each selector counted: aligned subqueries make many of one."""


@dataclass(frozen=True, slots=True)
class Instants:
    """Where a selector looks from: `points` instants start, start + step, ... in ms, offset and `@` already applied.

    `points` is 1 for a selector with `@`, whose one result holds at every instant of the query.
    """

    start: int
    step: int
    points: int

    @property
    def last(self) -> int:
        """The last instant, ms."""
        return self.start + (self.points - 1) * self.step


@dataclass(frozen=True, slots=True)
class Fetch:
    """Samples to be read: all series that match, within a range that includes both ends. digested: what of them suffices."""

    matchers: Matchers
    within: TimeRange
    digested: Digested | None = None


Use = tuple[Selector | RangeSelector | Call, Grid]
"""A selector and the grid on which it is evaluated: the query's, or that of the subquery around it. A call that needs no samples
stands for its selector."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A query made ready: fetch `fetches`, then evaluate `root` on `grid`.

    query: what was planned, which can be planned on another grid; in the root, what follows from this grid is worked out already.
    source: for each use of a selector, which of the fetches holds its samples; a fetch may hold more than one use needs.
    lookback: of instant selectors, ms. is_range: asked as a range query, whose rows stand in order of labels whatever it sorts.
    memo: the values of shared expressions. known: those among them that were known when this was planned, with how many values
    each has; below them nothing is fetched.
    """

    query: Node
    root: Node
    grid: Grid
    lookback: int
    fetches: tuple[Fetch, ...]
    source: Mapping[Use, int]
    is_range: bool = False
    memo: Memo | None = None
    known: Mapping[Shared, int] = field(default_factory=dict)

    def instants(self, node: Selector | Subquery, grid: Grid) -> Instants:
        """Where a selector or subquery looks from when it is evaluated on `grid`; start() and end() are the query's."""
        return _instants(node, grid, self.grid)

    def inner_grid(self, node: Subquery, grid: Grid) -> Grid:
        """The instants at which a subquery on `grid` evaluates what is in it: multiples of its step within its windows."""
        return _inner_grid(node, grid, self.grid)


def plan(
    query: Node,
    grid: Grid,
    lookback: int = DEFAULT_LOOKBACK,
    *,
    is_range: bool = False,
    digests: bool = False,
    memo: Memo | None = None,
) -> Plan:
    """Plan a query over a grid; `is_range` says that it was asked as a range query, which yields no raw samples and no strings.

    digests: where statistics of windows suffice, they are fetched, and not samples. memo: of this instant, or None.

    Raises:
        NotSupported: the tree holds something that cannot be evaluated; the message names it.
        BadData: a range query of a string or a range vector.
        MalformedQuery: a duration expression that gives none on this grid.
        Unprocessable: a function of what `anchored` or `smoothed` windows cannot give.
        TooManySamples: aligned subqueries that would look at series more than `MOST_LOOKS` times.
    """
    inner = unwrap(query.inner if isinstance(query, OfGrid) else query)
    if is_range and isinstance(inner, Text | RangeSelector | Subquery):
        kind = "string" if isinstance(inner, Text) else "range vector"
        message = f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
        raise BadData(message)
    root = on_grid(query, grid, is_range=is_range)
    _refuse_unsupported(root)
    selectors = _Selectors(grid, lookback, digests, memo)
    needs: dict[Use, Fetch] = {}
    for use, need in selectors.needs(root, grid):
        needs[use] = need
        _allow(len(needs))
    fetches = _fetches(needs.values())
    return Plan(query, root, grid, lookback, fetches, _sources(needs, fetches), is_range, memo, selectors.known)


def _allow(looks: int) -> None:
    if looks > MOST_LOOKS:
        message = (
            f"the windows of aligned subqueries (`::`) have so few instants in common that series would be looked at more than"
            f" {MOST_LOOKS:,} times; take steps of which one divides the other, or fewer points"
        )
        raise TooManySamples(message, limit=MOST_LOOKS)


def _instants(node: Selector | Subquery, grid: Grid, whole: Grid) -> Instants:
    if node.at is None:
        return Instants(grid.start - node.offset, grid.step, grid.points)
    at = node.at
    if isinstance(at, Boundary):
        # The end that was asked for, whether or not it falls on the grid.
        at = whole.start if at is Boundary.START else whole.end
    return Instants(at - node.offset, 1, 1)


def aligned_parts(node: Node, grid: Grid) -> list[Grid]:
    """The grids on which a call is to be evaluated apart, for in each the windows of an aligned subquery have instants in common.

    The n-th of m has the instants n, n + m, n + 2m ... of the whole; none where there need be no parts.
    """
    if not isinstance(node, Call):
        return []
    arguments = map(unwrap, node.arguments)
    subquery = next((one for one in arguments if isinstance(one, Subquery) and one.aligned and one.at is None), None)
    if subquery is None:
        return []
    step = subquery.step or DEFAULT_STEP
    parts = min(step // math.gcd(step, grid.step), grid.points)
    if parts <= 1:
        return []
    return [
        Grid(first, grid.end, grid.step * parts)
        for first in range(grid.start, grid.start + parts * grid.step, grid.step)
    ]


def _inner_grid(node: Subquery, grid: Grid, whole: Grid) -> Grid:
    at = _instants(node, grid, whole)
    step = node.step or DEFAULT_STEP
    if node.aligned:  # of a grid on which all windows end at instants of one another
        return Grid(at.start - (node.width - 1) // step * step, at.last, step)
    first = ((at.start - node.width) // step + 1) * step  # windows are open on the left
    return Grid(first, at.last // step * step, step)


@dataclass(frozen=True, slots=True)
class _Selectors:
    """What the selectors of a query need, on whatever grid they are; see `plan`."""

    grid: Grid
    lookback: int
    digests: bool
    memo: Memo | None
    known: dict[Shared, int] = field(default_factory=dict)

    def needs(self, node: Node, grid: Grid) -> Iterator[tuple[Use, Fetch]]:
        """What each selector of a tree needs alone, a range selector as one; nothing below a subquery that has no instant."""
        parts = aligned_parts(node, grid)
        if parts:
            for part in parts:
                yield from self.needs(node, part)
            return
        match node:
            case Selector():
                yield (node, grid), self._samples(node, self.lookback, grid)
            case RangeSelector():
                yield (node, grid), self._samples(node.selector, node.width, grid)
            case Call() if (fetch := self._digested(node, grid)) is not None:
                yield (node, grid), fetch
                return
            case Call(function="info"):
                source = info_selector(node)
                yield (source, grid), self._samples(source, self.lookback, grid)
                yield from self.needs(node.arguments[0], grid)
                return
            case Subquery():
                grid = _inner_grid(node, grid, self.grid)
                if grid.points < 1:
                    return
            case Shared() if self.memo is not None and (value := self.memo.get(node)) is not None:
                self.known[node] = value.values.size
                return
        for child in children(node):
            yield from self.needs(child, grid)

    def _samples(self, selector: Selector, width: int, grid: Grid) -> Fetch:
        """The samples that a selector can see. Windows are open on the left, fetches include both ends: hence the 1 ms."""
        at, around = _instants(selector, grid, self.grid), margin(selector, self.lookback)
        first, last = at.start - width - around.before + 1, at.last + around.after
        return Fetch(selector.matchers, TimeRange(_within_time(first), _within_time(last)))

    def _digested(self, call: Call, grid: Grid) -> Fetch | None:
        """What suffices for a call in place of its samples, if anything does."""
        ranged = unwrap(call.arguments[0]) if self.digests and len(call.arguments) == 1 else None
        if not isinstance(ranged, RangeSelector) or ranged.selector.extension is not None:
            return None
        at = _instants(ranged.selector, grid, self.grid)
        found = digested(call.function, ranged.width, at.start, at.last, at.step)
        return None if found is None else Fetch(ranged.selector.matchers, found.windows.within, found)


def _fetches(needs: Iterable[Fetch]) -> tuple[Fetch, ...]:
    """One fetch for all windows of the same matchers that overlap or touch, and one for each other digest."""
    windows: dict[Matchers, list[TimeRange]] = {}
    others: dict[Fetch, None] = {}
    for need in needs:
        if need.digested is None:
            windows.setdefault(need.matchers, []).append(need.within)
        else:
            others[need] = None
    found = list(others)
    for matchers, ranges in windows.items():
        merged: list[TimeRange] = []
        for window in sorted(ranges, key=lambda one: (one.start, one.end)):
            if merged and window.start <= merged[-1].end + 1:
                merged[-1] = TimeRange(merged[-1].start, max(merged[-1].end, window.end))
            else:
                merged.append(window)
        found.extend(Fetch(matchers, window) for window in merged)
    return tuple(found)


def _sources(needs: Mapping[Use, Fetch], fetches: tuple[Fetch, ...]) -> dict[Use, int]:
    """Which of the fetches holds what each use needs: of those of the same series the last that begins by then."""
    of: dict[tuple[Matchers, Digested | None], tuple[list[int], list[int]]] = {}
    for number, fetch in enumerate(fetches):
        begins, numbers = of.setdefault((fetch.matchers, fetch.digested), ([], []))
        begins.append(fetch.within.start)
        numbers.append(number)
    found = {}
    for use, need in needs.items():
        begins, numbers = of[need.matchers, need.digested]
        found[use] = numbers[bisect_right(begins, need.within.start) - 1]
    return found


def _within_time(instant: int) -> int:
    return min(max(instant, MIN_TIME), MAX_TIME)


def _refuse_unsupported(node: Node) -> None:
    """Raise for the first construct, from the left, that the evaluator does not know."""
    if isinstance(node, Selector) and node.extension is Extension.ANCHORED:
        raise unsupported("the anchored modifier of an instant vector", node.extension)
    require_allowed(node)
    for child in children(node):
        _refuse_unsupported(child)


def unsupported(what: str, construct: str | None = None) -> NotSupported:
    """The error for a construct that this version does not evaluate."""
    return NotSupported(f"not supported yet: {what}", construct=construct or what)
