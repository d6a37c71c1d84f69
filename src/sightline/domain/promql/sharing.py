"""What several queries of one instant have in common, so that it is worked out once for all of them.

Alerting rules are often one expression held against several bounds, or one ratio in several products.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeVar

from sightline.domain.metrics.native_histograms import SAMPLE_BYTES
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
    Subquery,
    children,
    unwrap,
)
from sightline.domain.promql.values import Scalar, Vector

ROOM: Final = 1_000_000
"""What a memo has room for: values, of which the labels of a series count as some twenty; together about 10 MB."""

_LABELS: Final = 20
_NESTED: Final = 8  # each one within another takes more of the interpreter's stack, which a deep query needs

_Operation = Aggregation | Binary | Call

_N = TypeVar("_N", bound=Node)


class Memo:
    """The values of shared expressions at one instant; what is in it stays in it."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._values: dict[Shared, Scalar | Vector] = {}

    def get(self, node: Shared) -> Scalar | Vector | None:
        """The value, if it is known."""
        return self._values.get(node)

    def keep(self, node: Shared, value: Scalar | Vector) -> None:
        """Remember a value, as long as there is room for it."""
        weight = value.values.size
        if isinstance(value, Vector):
            weight += _LABELS * len(value.labels)
            weight += 0 if value.histograms is None else value.histograms.pool.weight // SAMPLE_BYTES
        if weight <= self._room and node not in self._values:
            self._room -= weight
            self._values[node] = value


def shared(roots: Iterable[Node]) -> list[Node]:
    """The same queries with one `Shared` around each operation over series that stands in several places.

    Of what always stands within the same larger expression only the latter is shared. Not looked for are whole queries, for the
    root may ask for an order, selectors, which their functions look at, and what is in subqueries, which has instants of its own.
    """
    whole = [unwrap(root) for root in roots]
    places = _Places()
    for root in whole:
        places.count(root)
    return [places.below(root) for root in whole]


class _Places:
    """Where operations stand. Equal ones have the same number, wherever they stand; 0 and -0 are not equal here."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._of: dict[int, tuple[Node, int]] = {}  # by identity, for to compare a tree costs as much as it is large
        self._times = Counter[int]()
        self._made: dict[int, _Operation | Shared] = {}
        self._nested: dict[Shared, int] = {}

    def count(self, node: Node) -> None:
        """Count in how many different places each operation below a node stands."""
        for part in _operations(node):
            number = self._number(part)
            self._times[number] += 1
            if self._times[number] == 1:
                self.count(part)

    def below(self, node: _N) -> _N:
        """The node with what is shared below it."""
        match node:
            case Call():
                return replace(node, arguments=tuple([self._shared(one) for one in node.arguments]))
            case Aggregation():
                parameter = None if node.parameter is None else self._shared(node.parameter)
                return replace(node, inner=self._shared(node.inner), parameter=parameter)
            case Binary():
                return replace(node, left=self._shared(node.left), right=self._shared(node.right))
            case Negation() | Parentheses():
                return replace(node, inner=self._shared(node.inner))
            case _:
                return node

    def _shared(self, node: Node) -> Node:
        if not isinstance(node, _Operation):
            return self.below(node)
        number = self._number(node)
        if self._times[number] <= 1 or not _reads(node):
            return self.below(node)
        if number not in self._made:
            self._made[number] = self._around(self.below(node))
        return self._made[number]

    def _around(self, node: _Operation) -> _Operation | Shared:
        """What is shared, unless too many that are shared would stand one within the other."""
        parts, nested = [*children(node)], 1
        for part in parts:
            if isinstance(part, Shared):
                nested = max(nested, 1 + self._nested[part])
            else:
                parts += children(part)
        if nested > _NESTED:
            return node
        made = Shared(node)
        self._nested[made] = nested
        return made

    def _number(self, node: Node) -> int:
        node = unwrap(node)
        known = self._of.get(id(node))
        if known is not None:
            return known[1]
        parts = tuple(map(self._number, children(node)))
        number = self._numbers.setdefault((type(node), *_own(node), parts), len(self._numbers))
        self._of[id(node)] = node, number
        return number


def _own(node: Node) -> tuple[Hashable, ...]:
    """What a node is besides its parts."""
    own: tuple[Hashable, ...] = ()
    match node:
        case Number():
            own = (repr(node.value),)
        case Call():
            own = (node.function,)
        case Aggregation():
            own = (node.operator, node.grouping, node.parameter is None)
        case Binary():
            own = (node.operator, node.matching, node.to_bool, repr(node.fill))
        case Subquery():
            own = (node.width, node.step, node.offset, node.at, node.aligned)
        case Negation():
            pass
        case _:
            own = (node,)
    return own


def _operations(node: Node) -> Iterator[_Operation]:
    """The uppermost operations below a node that have its instants."""
    if not isinstance(node, _Operation | Negation | Parentheses):
        return
    for child in children(node):
        if isinstance(child, _Operation):
            yield child
        else:
            yield from _operations(child)


def _reads(node: Node) -> bool:
    """Whether it looks at series."""
    parts = [node]
    for part in parts:
        if isinstance(part, Selector | RangeSelector):
            return True
        parts += children(part)
    return False
