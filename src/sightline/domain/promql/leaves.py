"""Which parts of a query look at one series at a time, so that their samples need not all be there at once."""

from collections.abc import Iterator, Mapping

from sightline.domain.promql.functions import OVER_WINDOW
from sightline.domain.promql.information import info_selector
from sightline.domain.promql.nodes import Call, Node, RangeSelector, Selector, Shared, Subquery, children, unwrap
from sightline.domain.promql.plan import Plan, aligned_parts
from sightline.domain.timerange import Grid

Leaf = tuple[Selector | Call, Grid]
"""An instant selector, or a function of a range selector alone, and the grid on which it is evaluated."""


def leaves(plan: Plan) -> Mapping[int, tuple[Leaf, ...]]:
    """The leaves that a fetch serves, by its number; fetches of which anything else looks at samples are left out."""
    found: dict[int, dict[Leaf, None]] = {}
    others = set[int]()
    for source, leaf in _served(plan, plan.root, plan.grid):
        if leaf is None:
            others.add(source)
        else:
            found.setdefault(source, {})[leaf] = None
    return {source: tuple(its) for source, its in found.items() if source not in others}


def _served(plan: Plan, node: Node, grid: Grid) -> Iterator[tuple[int, Leaf | None]]:
    """Each look at a fetch: its number, and the leaf that looks; None where that is no leaf."""
    match node:
        case Call():
            yield from _served_by_call(plan, node, grid)
            return
        case Selector():
            yield plan.source[node, grid], (node, grid)
        case RangeSelector():
            yield plan.source[node, grid], None
        case Subquery():
            grid = plan.inner_grid(node, grid)
            if grid.points < 1:
                return
        case Shared() if node in plan.known:
            return
    for child in children(node):
        yield from _served(plan, child, grid)


def _served_by_call(plan: Plan, node: Call, grid: Grid) -> Iterator[tuple[int, Leaf | None]]:
    parts = aligned_parts(node, grid)
    inner = unwrap(node.arguments[0]) if len(node.arguments) == 1 else None
    if parts:
        for part in parts:
            yield from _served_by_call(plan, node, part)
    elif node.function == "info":
        yield plan.source[info_selector(node), grid], None
        yield from _served(plan, node.arguments[0], grid)
    elif (node, grid) in plan.source:  # digested
        yield plan.source[node, grid], None
    elif node.function in OVER_WINDOW and isinstance(inner, RangeSelector):
        yield plan.source[inner, grid], (node, grid)
    elif node.function == "timestamp" and isinstance(inner, Selector):
        yield plan.source[inner, grid], None
    else:
        for child in node.arguments:
            yield from _served(plan, child, grid)
