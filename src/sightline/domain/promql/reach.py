"""Which samples the value of an expression at one instant follows from."""

from dataclasses import dataclass

from sightline.domain.promql.extensions import margin
from sightline.domain.promql.nodes import Boundary, Call, Node, OfGrid, RangeSelector, Selector, Subquery, children
from sightline.domain.timerange import MAX_TIME, MIN_TIME, TimeRange


@dataclass(frozen=True, slots=True)
class Reach:
    """The samples behind the value at any instant t: those from t - before to t + ahead, and those of `fixed`, whatever t is.

    All in ms, ends included; `ahead` is negative where an offset leads away from t. fixed: of selectors with `@`, None without.
    """

    before: int
    ahead: int
    fixed: TimeRange | None = None


def reach(root: Node, lookback: int) -> Reach | None:
    """The reach of an expression; None when its value at an instant depends on where the query begins or ends.

    lookback: of instant selectors, ms. An expression without selectors reaches the instant itself.
    """
    spans = _spans(root, lookback)
    if spans is None:
        return None
    moving = [span for span, is_fixed in spans if not is_fixed] or [TimeRange(0, 0)]
    fixed = [span for span, is_fixed in spans if is_fixed]
    around = _hull(moving)
    return Reach(-around.start, around.end, _hull(fixed) if fixed else None)


_Span = tuple[TimeRange, bool]


def _spans(node: Node, lookback: int) -> list[_Span] | None:
    """The windows of the selectors in a node, each relative to the instant of evaluation, or fixed."""
    if isinstance(node, OfGrid):
        return None
    if isinstance(node, Selector):
        return _moved([(_span(node, lookback, lookback), False)], node)
    if isinstance(node, RangeSelector):
        return _moved([(_span(node.selector, node.width, lookback), False)], node.selector)
    found: list[_Span] = []
    if isinstance(node, Call) and node.function == "info":
        found.append((TimeRange(1 - lookback, 0), False))
    for child in children(node):
        spans = _spans(child, lookback)
        if spans is None:
            return None
        found += spans
    if not isinstance(node, Subquery):
        return found
    wider = [
        (span if is_fixed else TimeRange(span.start + 1 - node.width, span.end), is_fixed) for span, is_fixed in found
    ]
    return _moved(wider, node)


def _span(selector: Selector, width: int, lookback: int) -> TimeRange:
    """A window around the instant at its end."""
    around = margin(selector, lookback)
    return TimeRange(1 - width - around.before, around.after)


def _moved(spans: list[_Span], node: Selector | Subquery) -> list[_Span] | None:
    """Windows around an instant, after the node's `@` and offset have said which instant that is."""
    if isinstance(node.at, Boundary):
        return None
    by = (node.at or 0) - node.offset
    holds = node.at is not None
    return [
        (span, True) if is_fixed else (TimeRange(max(span.start + by, MIN_TIME), min(span.end + by, MAX_TIME)), holds)
        for span, is_fixed in spans
    ]


def _hull(spans: list[TimeRange]) -> TimeRange:
    return TimeRange(min(span.start for span in spans), max(span.end for span in spans))
