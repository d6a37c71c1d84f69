"""A query's nodes as the JSON objects of Prometheus' parse_query."""

from collections.abc import Mapping
from typing import Any, Final

from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Duration,
    Extension,
    InUnits,
    Matching,
    Negation,
    Node,
    Number,
    OfGrid,
    Parentheses,
    RangeSelector,
    Selector,
    Shared,
    Subquery,
    Text,
)
from sightline.domain.promql.numerals import decimal
from sightline.domain.promql.signatures import FUNCTIONS, Signature, Type

_TYPES: Final[Mapping[Type, str]] = {
    Type.SCALAR: "scalar",
    Type.VECTOR: "vector",
    Type.MATRIX: "matrix",
    Type.STRING: "string",
}
_BOUNDARIES: Final = {Boundary.START: "start", Boundary.END: "end"}


def tree(node: Node) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind of node
    """The object for a node and all below it; times are in milliseconds."""
    match node:
        case Number():
            return {"type": "numberLiteral", "val": decimal(node.value)}
        case Text():
            return {"type": "stringLiteral", "val": node.value}
        case Selector():
            return {"type": "vectorSelector", **_selector(node)}
        case RangeSelector():
            ranged = {"range": node.width, "rangeExpr": _duration(node.width_as)}
            return {"type": "matrixSelector", **ranged, **_selector(node.selector)}
        case Subquery():
            return {"type": "subquery", "expr": tree(node.inner), **_subquery(node)}
        case Call():
            return {"type": "call", "func": _function(node.function), "args": [tree(one) for one in node.arguments]}
        case Aggregation():
            return _aggregation(node)
        case Binary():
            return _binary(node)
        case Negation() | Parentheses(is_plus=True):
            op = "-" if isinstance(node, Negation) else "+"
            return {"type": "unaryExpr", "op": op, "expr": tree(node.inner)}
        case Parentheses():
            return {"type": "parenExpr", "expr": tree(node.inner)}
        case Shared() | OfGrid():
            return tree(node.inner)


def _selector(node: Selector) -> dict[str, Any]:
    # Prometheus puts the matcher that a name stands for behind the others.
    matchers = (*node.matchers[1:], node.matchers[0]) if node.named else node.matchers
    return {
        "name": node.matchers[0].value if node.named else "",
        "offset": node.offset,
        "offsetExpr": _duration(node.offset_as),
        "matchers": [{"name": one.name, "value": one.value, "type": str(one.op)} for one in matchers],
        **_at(node.at),
        "anchored": node.extension is Extension.ANCHORED,
        "smoothed": node.extension is Extension.SMOOTHED,
    }


def _duration(part: float | Duration | None) -> dict[str, Any] | None:
    """The object for a duration that is an expression, and for the numbers in it."""
    if part is None:
        return None
    if isinstance(part, Duration):
        sides = {"lhs": _duration(part.left), "rhs": _duration(part.right)}
        return {"type": "durationExpr", "op": part.operator, **sides, "wrapped": part.in_parentheses}
    return {"type": "numberLiteral", "val": decimal(part), "duration": isinstance(part, InUnits)}


def _at(at: int | Boundary | None) -> dict[str, Any]:
    if isinstance(at, Boundary):
        return {"timestamp": None, "startOrEnd": _BOUNDARIES[at]}
    return {"timestamp": at, "startOrEnd": None}


def _subquery(node: Subquery) -> dict[str, Any]:
    return {
        "range": node.width,
        "rangeExpr": _duration(node.width_as),
        "offset": node.offset,
        "offsetExpr": _duration(node.offset_as),
        "step": node.step or 0,
        "stepExpr": _duration(node.step_as),
        **_at(node.at),
        "alignEvalTime": node.aligned,
    }


def _function(name: str) -> dict[str, Any]:
    signature = FUNCTIONS[name]
    return {
        "name": name,
        "argTypes": [_TYPES[one] for one in signature.takes],
        "variadic": _variadic(signature),
        "returnType": _TYPES[signature.gives],
    }


def _variadic(signature: Signature) -> int:
    """By how many arguments there may be more than all but the last; 0 for just those it takes, -1 for any number."""
    if signature.repeats:
        return -1 if signature.most is None else signature.most - len(signature.takes) + 1
    return signature.optional


def _aggregation(node: Aggregation) -> dict[str, Any]:
    return {
        "type": "aggregation",
        "op": node.operator,
        "expr": tree(node.inner),
        "param": None if node.parameter is None else tree(node.parameter),
        "grouping": list(node.grouping.labels),
        "without": node.grouping.without,
    }


def _binary(node: Binary) -> dict[str, Any]:
    between_vectors = _type(node.left) is _type(node.right) is Type.VECTOR
    return {
        "type": "binaryExpr",
        "op": node.operator,
        "lhs": tree(node.left),
        "rhs": tree(node.right),
        "matching": _matching(node.matching, node) if between_vectors else None,
        "bool": node.to_bool,
    }


def _matching(matching: Matching, node: Binary) -> dict[str, Any]:
    return {
        "card": str(matching.cardinality),
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {"lhs": node.fill.left, "rhs": node.fill.right},
    }


def _type(node: Node) -> Type:
    """The type of an operand: a scalar, or else an instant vector."""
    match node:
        case Number():
            return Type.SCALAR
        case Call():
            return FUNCTIONS[node.function].gives
        case Binary():
            sides = {_type(node.left), _type(node.right)}
            return Type.VECTOR if Type.VECTOR in sides else Type.SCALAR
        case Negation() | Parentheses():
            return _type(node.inner)
        case _:
            return Type.VECTOR
