"""How values are compared with literals."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sightline.domain.regex import compiled_regex

Truth = bool | None
"""None: nobody can tell, since something is not there or is of another type."""


class Op(StrEnum):
    """What is compared."""

    EQUAL = "=="
    UNEQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    IN = "in"
    CONTAINS = "contains"
    MATCHES = "matches"


ORDERED: Final = frozenset({Op.LESS, Op.LESS_EQUAL, Op.GREATER, Op.GREATER_EQUAL})
_COMPARES: Final[dict[Op, Callable[[Any, Any], bool]]] = {
    Op.LESS: operator.lt,
    Op.LESS_EQUAL: operator.le,
    Op.GREATER: operator.gt,
    Op.GREATER_EQUAL: operator.ge,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from one to another, both included."""

    first: float
    last: float


class Each(StrEnum):
    """Of which of several values a comparison must hold."""

    ONE = ""
    ANY = "any"
    ALL = "all"


def tester(op: Op, against: tuple[Any, ...]) -> Callable[[Any], Truth]:
    """What compares a value that is there. against: one literal, or of IN several, and spans.

    Raises:
        BadData: a regular expression that does not compile.
    """
    literal = against[0]
    if op in ORDERED:
        compare = _COMPARES[op]
        return lambda value: compare(value, literal) if _is_number(value) else None
    if op is Op.MATCHES:
        regex = compiled_regex(literal)
        return lambda value: regex.search(value) is not None if isinstance(value, str) else None
    if op is Op.IN:
        return lambda value: any(_one_of(value, one) for one in against)
    if op is Op.CONTAINS:
        return lambda value: _contains(value, literal)
    wanted = op is Op.EQUAL
    return lambda value: _same(value, literal) is wanted


def over(each: Each, test: Callable[[Any], Truth], values: Any) -> Truth:
    """Whether a test holds of any, or of all, of several values. Of nothing neither any nor all holds: nobody can tell."""
    if not isinstance(values, list | tuple) or not values:
        return None
    truths = [test(value) for value in values]
    decides = each is Each.ANY
    if decides in truths:
        return decides
    return None if None in truths else not decides


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: Any, literal: Any) -> bool:
    """Equal, and of one type: true is not 1."""
    return bool(value == literal) and isinstance(value, bool) == isinstance(literal, bool)


def _one_of(value: Any, one: Any) -> bool:
    if isinstance(one, Span):
        return _is_number(value) and one.first <= value <= one.last
    return _same(value, one)


def _contains(value: Any, literal: Any) -> Truth:
    if isinstance(value, str):
        return isinstance(literal, str) and literal in value
    if isinstance(value, list | tuple):
        return any(_same(one, literal) for one in value)
    return None
