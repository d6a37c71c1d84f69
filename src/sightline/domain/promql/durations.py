"""Durations given as expressions: worked out, once it is known on which grid a query is evaluated.

Prometheus calls them duration expressions: `rate(a[2 * 5m])`, `a offset step()`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from sightline.domain.errors import MalformedQuery
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Call,
    Duration,
    Negation,
    Node,
    Number,
    OfGrid,
    Parentheses,
    RangeSelector,
    Selector,
    Shared,
    Subquery,
    children,
)
from sightline.domain.promql.signatures import OF_GRID
from sightline.domain.timerange import SECOND, Grid

_NANOSECONDS: Final = 10**9
_IN_MS: Final = 10**6
_LONGEST: Final = 2.0**63 / _NANOSECONDS  # seconds


class Extent(NamedTuple):
    """What a query says of its grid, in seconds: where it begins and ends, and its step, 0 for an instant query."""

    start: float
    end: float
    step: float


def milliseconds(seconds: float) -> int:
    """A duration literal in whole ms, what is less than one being dropped as Prometheus drops it."""
    return int(round(seconds * _NANOSECONDS) / _IN_MS)


def depends_on_grid(node: Node) -> bool:
    """Whether anything in a tree follows from the grid."""
    if isinstance(node, Call) and node.function in OF_GRID:
        return True
    if any(one is not None and _depends(one) for one in _expressions(node)):
        return True
    if isinstance(node, RangeSelector) and depends_on_grid(node.selector):
        return True
    return any(map(depends_on_grid, children(node)))


def on_grid(root: Node, grid: Grid, *, is_range: bool) -> Node:
    """A query ready to be planned: no durations to be worked out, and numbers for what follows from the grid.

    Raises:
        MalformedQuery: an expression that gives no duration there.
    """
    if not isinstance(root, OfGrid):
        return root
    step = grid.step / SECOND if is_range else 0.0
    return worked_out(root.inner, Extent(grid.start / SECOND, grid.end / SECOND, step))


def worked_out(node: Node, extent: Extent | None = None) -> Node:  # noqa: PLR0911 - one for each kind of node
    """The tree with each duration expression replaced by what it comes to; without an extent, those that need none.

    Raises:
        MalformedQuery: an expression that gives no duration.
    """
    match node:
        case Selector():
            return _placed(node, extent)
        case RangeSelector():
            selector = _placed(node.selector, extent)
            if selector is node.selector and node.width_as is None:
                return node
            width, left = _length(node.width_as, node.width, extent, least=1)
            return replace(node, selector=selector, width=width, width_as=left)
        case Subquery():
            return _subquery(node, extent)
        case Call() if node.function in OF_GRID and extent is not None:
            return Number(_OF_EXTENT[node.function](extent))
        case Call():
            arguments = tuple([worked_out(one, extent) for one in node.arguments])
            return node if _same(arguments, node.arguments) else replace(node, arguments=arguments)
        case Aggregation():
            inner = worked_out(node.inner, extent)
            parameter = None if node.parameter is None else worked_out(node.parameter, extent)
            is_same = inner is node.inner and parameter is node.parameter
            return node if is_same else replace(node, inner=inner, parameter=parameter)
        case Binary():
            left_, right = worked_out(node.left, extent), worked_out(node.right, extent)
            return node if _same((left_, right), (node.left, node.right)) else replace(node, left=left_, right=right)
        case Negation() | Parentheses():
            inner = worked_out(node.inner, extent)
            return node if inner is node.inner else replace(node, inner=inner)
        case Shared():
            inner = worked_out(node.inner, extent)
            return node if inner is node.inner else inner
        case _:
            return node


def seconds(duration: float | Duration, extent: Extent | None) -> float | None:
    """What an expression comes to; None where it needs an extent and there is none.

    Raises:
        MalformedQuery: it divides by zero.
    """
    if isinstance(duration, float):
        return duration
    if duration.operator in {"step", "range"}:
        return None if extent is None else _OF_EXTENT[duration.operator](extent)
    left = 0.0 if duration.left is None else seconds(duration.left, extent)
    right = 0.0 if duration.right is None else seconds(duration.right, extent)
    if left is None or right is None:
        return None
    if not right and duration.operator in _NOT_BY_ZERO:
        raise _wrong(f"{_NOT_BY_ZERO[duration.operator]} by zero")
    try:
        return _OPERATORS[duration.operator](left, right)
    except (OverflowError, ValueError, ZeroDivisionError):
        return math.nan


_OF_EXTENT: Final[Mapping[str, Callable[[Extent], float]]] = {
    "start": lambda extent: extent.start,
    "end": lambda extent: extent.end,
    "step": lambda extent: extent.step,
    "range": lambda extent: extent.end - extent.start,
}
_NOT_BY_ZERO: Final = {"/": "division", "%": "modulo"}
_OPERATORS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": math.fmod,
    "^": math.pow,
    "min": min,
    "max": max,
    "min_of": min,
    "max_of": max,
}


def _depends(duration: float | Duration) -> bool:
    if isinstance(duration, float):
        return False
    if duration.operator in {"step", "range"}:
        return True
    return any(part is not None and _depends(part) for part in (duration.left, duration.right))


def _expressions(node: Node) -> tuple[Duration | None, ...]:
    match node:
        case Selector():
            return (node.offset_as,)
        case RangeSelector():
            return (node.width_as,)
        case Subquery():
            return node.width_as, node.step_as, node.offset_as
        case _:
            return ()


def _placed(node: Selector, extent: Extent | None) -> Selector:
    if node.offset_as is None:
        return node
    offset, left = _length(node.offset_as, node.offset, extent, positive=False)
    return replace(node, offset=offset, offset_as=left)


def _subquery(node: Subquery, extent: Extent | None) -> Subquery:
    inner = worked_out(node.inner, extent)
    if inner is node.inner and not any(_expressions(node)):
        return node
    width, width_as = _length(node.width_as, node.width, extent, least=1)
    step, step_as = _length(node.step_as, node.step or 0, extent)
    offset, offset_as = _length(node.offset_as, node.offset, extent, positive=False)
    return Subquery(inner, width, step or None, offset, node.at, width_as, step_as, offset_as, node.aligned)


def _length(
    duration: Duration | None, known: int, extent: Extent | None, *, positive: bool = True, least: int = 0
) -> tuple[int, Duration | None]:
    """A length in ms, and its expression where that cannot be worked out yet.

    least: what a positive length is at least; a step of less than a millisecond is none.
    """
    if duration is None:
        return known, None
    found = seconds(duration, extent)
    if found is None:
        return known, duration
    if positive and not found > 0:
        raise _wrong("duration must be greater than 0")
    if not abs(found) < _LONGEST:
        raise _wrong("duration is out of range")
    whole = int(found * SECOND)
    return (max(least, whole) if positive else whole), None


def _wrong(reason: str) -> MalformedQuery:
    return MalformedQuery(reason, line=1, column=1)


def _same(some: tuple[Node, ...], others: tuple[Node, ...]) -> bool:
    return all(one is other for one, other in zip(some, others, strict=True))
