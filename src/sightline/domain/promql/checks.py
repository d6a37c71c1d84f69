"""What is wrong with the types of a query whose syntax is right, in the words and order of Prometheus (parser/parse.go)."""

from dataclasses import dataclass, field
from typing import Final

from sightline.domain.go_literals import quoted
from sightline.domain.promql.nodes import Cardinality, Fill, Matching, Node
from sightline.domain.promql.signatures import COMPARISONS, SET_OPERATORS, Signature, Type

NUMERIC: Final = frozenset({Type.SCALAR, Type.VECTOR})
"""The types that operators take."""

Problem = tuple[int, str]
"""What is wrong: at which index of the text, and why."""


@dataclass(slots=True)
class Part:
    """What was read of a query: its node and type, where it begins, and what is wrong in it, in order."""

    node: Node
    type: Type
    start: int
    problems: list[Problem] = field(default_factory=list)


def mismatch(argument: Part, wanted: Type, where: str) -> list[Problem]:
    """That an argument is of another type."""
    if argument.type is wanted:
        return []
    return [(argument.start, f"expected type {wanted} in {where}, got {argument.type}")]


def wrong_number(function: str, signature: Signature, count: int, position: int) -> list[Problem]:
    """That a call has too many or too few arguments."""
    expected, bound = None, ""
    if count < signature.least:
        expected, bound = signature.least, "at least "
    elif signature.greatest is not None and count > signature.greatest:
        expected, bound = signature.greatest, "at most "
    if expected is None:
        return []
    bound = bound if signature.optional or signature.repeats else ""
    return [(position, f"expected {bound}{expected} argument(s) in call to {quoted(function)}, got {count}")]


def wrong_modifiers(
    operator: str, position: int, left: Part, right: Part, matching: Matching, *, to_bool: bool
) -> list[Problem]:
    """What is wrong with `bool` and the labels of an operator that stands at a position, and with the types of its sides."""
    found: list[Problem] = []
    if to_bool and operator not in COMPARISONS:
        found.append((position, "bool modifier can only be used on comparison operators"))
    if operator in COMPARISONS and not to_bool and left.type is right.type is Type.SCALAR:
        found.append((position, "comparisons between scalars must use BOOL modifier"))
    included = frozenset(matching.include)
    twice = [label for label in matching.labels if label in included] if matching.on else []
    found += [(position, f"label {quoted(one)} must not occur in ON and GROUP clause at once") for one in twice]
    reason = "binary expression must contain only scalar and instant vector types"
    return found + [(side.start, reason) for side in (left, right) if side.type not in NUMERIC]


def wrong_matching(operator: str, left: Part, right: Part, matching: Matching, fill: Fill) -> list[Problem]:
    """What is wrong with how elements of two sides are to find each other."""
    at, found = left.start, list[Problem]()
    if not left.type is right.type is Type.VECTOR:
        if matching.labels:
            found.append((at, "vector matching only allowed between instant vectors"))
        if fill:
            found.append((at, "filling in missing series only allowed between instant vectors"))
    elif operator in SET_OPERATORS:
        if matching.cardinality is not Cardinality.ONE_TO_ONE:
            found.append((at, f"no grouping allowed for {quoted(operator)} operation"))
        if fill:
            found.append((at, "filling in missing series not allowed for set operators"))
    if operator in SET_OPERATORS and Type.SCALAR in {left.type, right.type}:
        found.append((at, f"set operator {quoted(operator)} not allowed in binary scalar expression"))
    return found
