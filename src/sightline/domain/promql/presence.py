"""Whether an expression has anything to work on: asked of the engine as another expression."""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

from sightline.domain.promql.format import text
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Call,
    Cardinality,
    Grouping,
    Matching,
    Node,
    RangeSelector,
    Selector,
    Subquery,
    children,
)
from sightline.domain.promql.parse import parse


def presence(expression: str) -> str:
    """PromQL that yields an element where any selector of an expression has a sample, within its range; empty without selectors.

    Raises:
        SightlineError: the expression cannot be parsed.
    """
    found = _presence(parse(expression))
    return "" if found is None else text(found)


def _presence(node: Node) -> Node | None:
    each = list(dict.fromkeys(_of(node)))
    return reduce(_or, each) if each else None


def _of(node: Node) -> Iterator[Node]:
    """What tells for each selector whether it has anything."""
    match node:
        case Selector():
            yield _any(replace(node, extension=None))
        case RangeSelector():
            plain = replace(node, selector=replace(node.selector, extension=None))
            yield _any(Call("present_over_time", (plain,)))
        case Subquery():
            inner = _presence(node.inner)
            if inner is not None:
                yield Call("present_over_time", (replace(node, inner=inner),))
        case Call("info"):  # what it adds is not what it works on
            yield from _of(node.arguments[0])
        case _:
            for child in children(node):
                yield from _of(child)


def _any(node: Node) -> Node:
    return Aggregation("group", node, Grouping())


def _or(one: Node, other: Node) -> Node:
    return Binary("or", one, other, Matching(Cardinality.MANY_TO_MANY))
