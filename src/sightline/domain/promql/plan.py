"""What a query needs before it can be evaluated: which selectors, over which times. Refuses what cannot be evaluated yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import BadData, NotSupported
from sightline.domain.labels import Matchers
from sightline.domain.promql import aggregations, functions, matching
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Node,
    RangeSelector,
    Selector,
    Subquery,
    Text,
    children,
    unwrap,
)
from sightline.domain.timerange import MAX_TIME, MIN_TIME, MINUTE, Grid, TimeRange

DEFAULT_LOOKBACK: Final = 5 * MINUTE
"""How far an instant selector looks back for a sample, ms."""


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
    """Samples to be read: all series that match, within a range that includes both ends."""

    matchers: Matchers
    within: TimeRange


@dataclass(frozen=True, slots=True)
class Plan:
    """A query made ready: fetch `fetches`, then evaluate `root` on `grid`.

    source: for each selector of the tree, which of the fetches holds its samples; a fetch may hold more than one selector needs.
    lookback: of instant selectors, ms.
    """

    root: Node
    grid: Grid
    lookback: int
    fetches: tuple[Fetch, ...]
    source: Mapping[Selector | RangeSelector, int]

    def instants(self, selector: Selector) -> Instants:
        """Where a selector of this query looks from."""
        return instants(selector, self.grid)


def plan(root: Node, grid: Grid, lookback: int = DEFAULT_LOOKBACK, *, is_range: bool = False) -> Plan:
    """Plan a query over a grid; `is_range` says that it was asked as a range query, which yields no raw samples and no strings.

    Raises:
        NotSupported: the tree holds something that cannot be evaluated yet; the message names it.
        BadData: a range query of a string or a range vector.
    """
    inner = unwrap(root)
    if is_range and isinstance(inner, Text | RangeSelector | Subquery):
        kind = "string" if isinstance(inner, Text) else "range vector"
        message = f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
        raise BadData(message)
    _refuse_unsupported(root)
    needs = {selector: _window(selector, grid, lookback) for selector in _selectors(root)}
    fetches = _fetches(needs)
    source = {selector: _holder(fetches, _matchers(selector), window) for selector, window in needs.items()}
    return Plan(root, grid, lookback, fetches, source)


def instants(selector: Selector, grid: Grid) -> Instants:
    """Where a selector looks from when the query is evaluated on `grid`."""
    if selector.at is None:
        return Instants(grid.start - selector.offset, grid.step, grid.points)
    at = selector.at
    if isinstance(at, Boundary):
        at = grid.start if at is Boundary.START else grid.end
    return Instants(at - selector.offset, 1, 1)


def _selectors(node: Node) -> Iterator[Selector | RangeSelector]:
    """All selectors of a tree, a range selector as one."""
    if isinstance(node, Selector | RangeSelector):
        yield node
    for child in children(node):
        yield from _selectors(child)


def _matchers(selector: Selector | RangeSelector) -> Matchers:
    return selector.matchers if isinstance(selector, Selector) else selector.selector.matchers


def _window(node: Selector | RangeSelector, grid: Grid, lookback: int) -> TimeRange:
    """The times whose samples a selector can see. Windows are open on the left, fetches include both ends: hence the 1 ms."""
    selector, width = (node, lookback) if isinstance(node, Selector) else (node.selector, node.width)
    at = instants(selector, grid)
    return TimeRange(max(at.start - width + 1, MIN_TIME), min(at.last, MAX_TIME))


def _fetches(needs: Mapping[Selector | RangeSelector, TimeRange]) -> tuple[Fetch, ...]:
    """One fetch for all windows of the same matchers that overlap or touch."""
    windows: dict[Matchers, list[TimeRange]] = {}
    for selector, window in needs.items():
        windows.setdefault(_matchers(selector), []).append(window)
    found: list[Fetch] = []
    for matchers, ranges in windows.items():
        merged: list[TimeRange] = []
        for window in sorted(ranges, key=lambda one: (one.start, one.end)):
            if merged and window.start <= merged[-1].end + 1:
                merged[-1] = TimeRange(merged[-1].start, max(merged[-1].end, window.end))
            else:
                merged.append(window)
        found.extend(Fetch(matchers, window) for window in merged)
    return tuple(found)


def _holder(fetches: tuple[Fetch, ...], matchers: Matchers, window: TimeRange) -> int:
    return next(
        number
        for number, fetch in enumerate(fetches)
        if fetch.matchers == matchers and fetch.within.start <= window.start and window.end <= fetch.within.end
    )


def _refuse_unsupported(node: Node) -> None:
    """Raise for the first construct, from the left, that the evaluator does not know."""
    match node:
        case Subquery():
            raise unsupported("subqueries")
        case Call() if node.function not in functions.SUPPORTED:
            raise unsupported(f"function {node.function}()", node.function)
        case Aggregation() if node.operator not in aggregations.SUPPORTED:
            raise unsupported(f"aggregation {node.operator}()", node.operator)
        case Binary() if node.operator not in matching.SUPPORTED:
            raise unsupported(f"operator {node.operator}", node.operator)
        case Binary() if node.fills:
            raise unsupported("the fill modifier", "fill")
        case _:
            pass
    for child in children(node):
        _refuse_unsupported(child)


def unsupported(what: str, construct: str | None = None) -> NotSupported:
    """The error for a construct that this version does not evaluate."""
    return NotSupported(f"not supported yet: {what}", construct=construct or what)
