"""What several queries of one instant have in common, so that it is worked out once for all of them.

Alerting rules are often one expression held against several bounds, or one ratio in several products.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeVar

from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Call,
    Negation,
    Node,
    Number,
    Parentheses,
    RangeSelector,
    Selector,
    Shared,
    children,
    unwrap,
)
from sightline.domain.promql.values import Scalar, Vector

MAX_VALUES: Final = 1_000_000
"""Values that a memo has room for, some 10 MB."""

_Operation = Aggregation | Binary | Call

_N = TypeVar("_N", bound=Node)


class Memo:
    """The values of shared expressions at one instant; what is in it stays in it."""

    def __init__(self, max_values: int = MAX_VALUES) -> None:
        self._room = max_values
        self._values: dict[Shared, Scalar | Vector] = {}

    def __contains__(self, node: Shared) -> bool:
        """Whether the value is known."""
        return node in self._values

    def get(self, node: Shared) -> Scalar | Vector | None:
        """The value, if it is known."""
        return self._values.get(node)

    def keep(self, node: Shared, value: Scalar | Vector) -> None:
        """Remember a value, as long as there is room for it."""
        if value.values.size <= self._room and node not in self._values:
            self._room -= value.values.size
            self._values[node] = value


def shared(roots: Iterable[Node]) -> list[Node]:
    """The same queries with one `Shared` around each operation over series that stands in several places.

    Of what always stands within the same larger expression only the latter is shared. Not looked for are whole queries, for the
    root may ask for an order, selectors, which their functions look at, and what is in subqueries, which has instants of its own.
    """
    whole = [unwrap(root) for root in roots]
    places = Counter[_Operation]()
    for root in whole:
        _count(root, places)
    made: dict[_Operation, Shared] = {}
    return [_below(root, places, made) for root in whole]


def _count(node: Node, places: Counter[_Operation]) -> None:
    """Count in how many different places each operation below a node stands."""
    for part in _operations(node):
        places[part] += 1
        if places[part] == 1:
            _count(part, places)


def _operations(node: Node) -> Iterator[_Operation]:
    """The uppermost operations below a node that have its instants."""
    if not isinstance(node, _Operation | Negation | Parentheses | Shared):
        return
    for child in children(node):
        if isinstance(child, _Operation):
            yield child
        else:
            yield from _operations(child)


def _shared(node: _N, places: Counter[_Operation], made: dict[_Operation, Shared]) -> _N | Shared:
    if isinstance(node, _Operation) and places[node] > 1 and _is_worth_it(node):
        if node not in made:
            made[node] = Shared(_below(node, places, made))
        return made[node]
    return _below(node, places, made)


def _below(node: _N, places: Counter[_Operation], made: dict[_Operation, Shared]) -> _N:
    """The node with what is shared below it."""
    match node:
        case Call():
            return replace(node, arguments=tuple(_shared(one, places, made) for one in node.arguments))
        case Aggregation():
            parameter = None if node.parameter is None else _shared(node.parameter, places, made)
            return replace(node, inner=_shared(node.inner, places, made), parameter=parameter)
        case Binary():
            return replace(node, left=_shared(node.left, places, made), right=_shared(node.right, places, made))
        case Negation() | Parentheses():
            return replace(node, inner=_shared(node.inner, places, made))
        case _:
            return node


def _is_worth_it(node: Node) -> bool:
    """Whether it looks at series, and holds no zero: 0 and -0 are equal, and not the same divisor."""
    parts = [node]
    reads = False
    for part in parts:
        if isinstance(part, Number) and part.value == 0:
            return False
        reads = reads or isinstance(part, Selector | RangeSelector)
        parts += children(part)
    return reads
