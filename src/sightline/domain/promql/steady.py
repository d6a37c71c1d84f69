"""Whether an expression has the same value at an instant, to the last bit, whatever grid the instant lies on.

Nearly every expression has: windows are gone through anew at each instant, and rows meet at one instant only. What follows from
other instants is named here. It is the order of rows, where rows come to be in order of appearance: sums round differently in
another order, and of equal values the earlier row stays. It is a parameter that moves with time, for a bad one is an error of the
whole query. And it is a subquery that leaves out instants, for it is evaluated there all the same and may fail.
"""

from dataclasses import dataclass
from typing import Final

from sightline.domain.labels import METRIC_NAME, MatchOp
from sightline.domain.promql.functions import BY_VALUE, OVER_WINDOW
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Cardinality,
    Matching,
    Negation,
    Node,
    Number,
    OfGrid,
    RangeSelector,
    Selector,
    Subquery,
    Text,
    children,
    unwrap,
)
from sightline.domain.promql.ordering import SORTS
from sightline.domain.promql.plan import DEFAULT_STEP
from sightline.domain.promql.signatures import COMPARISONS, FUNCTIONS, SET_OPERATORS, TRIMS, Type

_ANY_ORDER: Final = frozenset({"count", "group", "count_values", "limit_ratio"})
_PICKS: Final = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_OF_HISTOGRAMS: Final = frozenset({"histogram_quantile", "histogram_fraction"})


def is_steady(root: Node, step: int) -> bool:
    """Whether parts of the grid, of this step in ms, can be evaluated apart and put together again."""
    return _is_steady(root, step) and all(is_steady(child, _step(root, step)) for child in children(root))


def _step(node: Node, step: int) -> int:
    """The step on which a node's children are evaluated."""
    return (node.step or DEFAULT_STEP) if isinstance(node, Subquery) else step


def _is_steady(node: Node, step: int) -> bool:  # noqa: PLR0911 - one for each kind of node
    match node:
        case Selector():
            return not isinstance(node.at, Boundary)
        case RangeSelector():
            return _is_steady(node.selector, step)
        case Subquery(aligned=True):
            return False
        case Subquery():
            # Instants between two windows would be evaluated with the whole grid, and not between two parts of it.
            return isinstance(node.at, int) or (node.at is None and node.width >= step + _step(node, step))
        case Aggregation():
            ordered = node.operator in _ANY_ORDER or _rows(node.inner).ordered
            return ordered and (node.parameter is None or _stands_still(node.parameter))
        case OfGrid() | Call(function="info"):
            return False
        case Call() if node.function in OVER_WINDOW or node.function in _OF_HISTOGRAMS:
            takes = FUNCTIONS[node.function].takes
            scalars = (one for one, kind in zip(node.arguments, takes, strict=True) if kind is Type.SCALAR)
            return all(map(_stands_still, scalars))
        case _:
            return True


def _stands_still(node: Node) -> bool:
    node = unwrap(node)
    return isinstance(node, Number | Text) or (isinstance(node, Negation) and _stands_still(node.inner))


@dataclass(frozen=True, slots=True)
class _Rows:
    """How the rows of a vector stand.

    ordered: that of two rows one comes first follows from their labels, whichever other rows there are.
    one_name: they are of one metric, or have no name, so that they stay different without it.
    """

    ordered: bool
    one_name: bool = True

    def nameless(self) -> "_Rows":
        """After the metric name is dropped: rows that become equal are folded in order of appearance."""
        return _Rows(self.ordered and self.one_name)


_IN_ORDER: Final = _Rows(ordered=True)
_AS_THEY_APPEAR: Final = _Rows(ordered=False)


def _rows(node: Node) -> _Rows:
    node = unwrap(node)
    found = _AS_THEY_APPEAR
    match node:
        case Selector():
            found = _Rows(ordered=True, one_name=any(_names(matcher.name, matcher.op) for matcher in node.matchers))
        case RangeSelector():
            found = _rows(node.selector)
        case Subquery():
            found = _rows(node.inner)
        case Negation():
            found = _rows(node.inner).nameless()
        case Aggregation() if node.operator in _PICKS:
            found = _rows(node.inner)
        case Binary():
            found = _rows_of_both(node)
        case Call():
            found = _rows_of_call(node)
    return found


def _names(label: str, op: MatchOp) -> bool:
    return label == METRIC_NAME and op is MatchOp.EQUAL


def _rows_of_call(node: Call) -> _Rows:
    if node.function in OVER_WINDOW:
        inner = _rows(node.arguments[FUNCTIONS[node.function].takes.index(Type.MATRIX)])
        return inner if OVER_WINDOW[node.function].keeps_name else inner.nameless()
    if node.function in SORTS:
        return _rows(node.arguments[0])
    if node.function in BY_VALUE or node.function == "timestamp":
        return _rows(node.arguments[0]).nameless() if node.arguments else _IN_ORDER
    return _IN_ORDER if node.function in {"vector", "absent", "absent_over_time"} else _AS_THEY_APPEAR


def _rows_of_both(node: Binary) -> _Rows:
    keeps_name = (node.operator in COMPARISONS and not node.to_bool) or node.operator in TRIMS
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if _is_scalar(other):
            return _rows(one) if keeps_name else _rows(one).nameless()
    if node.operator in SET_OPERATORS:
        return _AS_THEY_APPEAR if node.operator == "or" else _rows(node.left)
    if node.fill or not _keeps_labels(node.matching):
        return _AS_THEY_APPEAR
    many = _rows(node.right if node.matching.cardinality is Cardinality.ONE_TO_MANY else node.left)
    return many if keeps_name else many.nameless()


def _keeps_labels(matching: Matching) -> bool:
    """Whether results have all labels of their element of the "many" side, so that those of different elements differ."""
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        return not matching.on and not matching.labels
    return not matching.include


def _is_scalar(node: Node) -> bool:
    node = unwrap(node)
    match node:
        case Number():
            return True
        case Negation():
            return _is_scalar(node.inner)
        case Call():
            return FUNCTIONS[node.function].gives is Type.SCALAR
        case Binary():
            return _is_scalar(node.left) and _is_scalar(node.right)
        case _:
            return False
