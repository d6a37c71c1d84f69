"""Where the selectors of an expression stand: whether it needs what they select, and over which time."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sightline.domain.promql.extensions import margin
from sightline.domain.promql.nodes import (
    Binary,
    Boundary,
    Call,
    Node,
    RangeSelector,
    Selector,
    Subquery,
    children,
)
from sightline.domain.promql.plan import DEFAULT_LOOKBACK
from sightline.domain.timerange import TimeRange

_ABSENCE: Final = frozenset({"absent", "absent_over_time"})
_ALWAYS_THERE: Final = frozenset({*_ABSENCE, "scalar", "vector"})


class Place(StrEnum):
    """What a selector is there for, from what matters most to what matters least."""

    NEEDED = "needed"
    """Without it the expression around it yields nothing."""
    ALTERNATIVE = "alternative"
    """A side of `or`, or one of which `fill` makes up what is missing: the other side may do."""
    EXCLUSION = "exclusion"
    """The right side of `unless`: without it nothing is left out."""
    ABSENCE = "absence"
    """Asked for by `absent` or `absent_over_time`: it may well be missing."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A selector of an expression.

    within: the samples that it may look at, ms from the instant of evaluation, or from 1970 where `is_fixed`, as `@` makes it.
    """

    selector: Selector
    place: Place
    within: TimeRange
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class _Around:
    """The instants at which a node is evaluated, and what for."""

    place: Place
    within: TimeRange
    is_fixed: bool = False

    def placed(self, place: Place) -> "_Around":
        """The same for a node in another place of this one, whose own place stays where it matters less."""
        order = tuple(Place)
        return _Around(max(self.place, place, key=order.index), self.within, self.is_fixed)

    def moved(self, node: Selector | Subquery, before: int, after: int = 0) -> "_Around":
        """What is looked at from these instants, once `@` and offset have moved them."""
        within, is_fixed = self.within, self.is_fixed
        if isinstance(node.at, Boundary):
            within, is_fixed = TimeRange(0, 0), False  # of a rule both are the instant of evaluation
        elif node.at is not None:
            within, is_fixed = TimeRange(node.at, node.at), True
        moved = TimeRange(within.start - node.offset - before, within.end - node.offset + after)
        return _Around(self.place, moved, is_fixed)


def placed(root: Node, lookback: int = DEFAULT_LOOKBACK) -> tuple[Placed, ...]:
    """The selectors of an expression without durations left to be worked out, each once for every place, left to right.

    lookback: of instant selectors, ms. What `info()` adds labels from is left out, for nothing is lost without it.
    """
    return tuple(dict.fromkeys(_placed(root, _Around(Place.NEEDED, TimeRange(0, 0)), lookback)))


def _placed(node: Node, around: _Around, lookback: int) -> Iterator[Placed]:
    match node:
        case Selector():
            its = margin(node, lookback)
            yield _of_selector(node, around.moved(node, lookback + its.before, its.after))
        case RangeSelector():
            its = margin(node.selector, lookback)
            yield _of_selector(node.selector, around.moved(node.selector, node.width + its.before, its.after))
        case Subquery():
            yield from _placed(node.inner, around.moved(node, node.width), lookback)
        case Call():
            inside = around.placed(Place.ABSENCE) if node.function in _ABSENCE else around
            for argument in node.arguments[:1] if node.function == "info" else node.arguments:
                yield from _placed(argument, inside, lookback)
        case Binary():
            left, right = _sides(node)
            yield from _placed(node.left, around.placed(left), lookback)
            yield from _placed(node.right, around.placed(right), lookback)
        case _:
            for child in children(node):
                yield from _placed(child, around, lookback)


def _of_selector(selector: Selector, around: _Around) -> Placed:
    return Placed(selector, around.place, around.within, around.is_fixed)


def _sides(node: Binary) -> tuple[Place, Place]:
    if node.operator == "or":
        return Place.ALTERNATIVE, Place.ALTERNATIVE
    if node.operator == "unless":
        return Place.NEEDED, Place.EXCLUSION
    left, right = (Place.NEEDED if one is None else Place.ALTERNATIVE for one in (node.fill.left, node.fill.right))
    return left, right


def yields_nothing(node: Node, empty: AbstractSet[Selector]) -> bool:
    """Whether an expression surely yields nothing while some of its selectors match nothing, wherever in it they stand.

    False is no promise: what two sides have may not match, and a condition may never hold.
    """
    match node:
        case Selector():
            return node in empty
        case RangeSelector():
            return node.selector in empty
        case Call():
            arguments = node.arguments[:1] if node.function == "info" else node.arguments
            return node.function not in _ALWAYS_THERE and any(yields_nothing(one, empty) for one in arguments)
        case Binary():
            return _without(node, empty)
        case _:
            below = children(node)
            return bool(below) and yields_nothing(below[-1], empty)  # behind the parameter, where there is one


def _without(node: Binary, empty: AbstractSet[Selector]) -> bool:
    """Whether a binary operation yields nothing, by which of its sides do."""
    left, right = (yields_nothing(side, empty) for side in (node.left, node.right))
    if node.operator == "or":
        return left and right
    if node.operator == "unless":
        return left
    return (left and (right or node.fill.left is None)) or (right and (left or node.fill.right is None))
