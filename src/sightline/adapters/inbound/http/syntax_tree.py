"""A query's nodes as the JSON objects of Prometheus' parse_query."""

from collections.abc import Mapping
from typing import Any, Final

from sightline.domain.labels import METRIC_NAME, Matchers, MatchOp
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Extension,
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
            return {"type": "matrixSelector", "range": node.width, **_selector(node.selector)}
        case Subquery():
            return {"type": "subquery", "expr": tree(node.inner), **_subquery(node)}
        case Call():
            return {"type": "call", "func": _function(node.function), "args": [tree(one) for one in node.arguments]}
        case Aggregation():
            return _aggregation(node)
        case Binary():
            return _binary(node)
        case Negation():
            return {"type": "unaryExpr", "op": "-", "expr": tree(node.inner)}
        case Parentheses():
            return {"type": "parenExpr", "expr": tree(node.inner)}
        case Shared() | OfGrid():
            return tree(node.inner)


def _selector(node: Selector) -> dict[str, Any]:
    return {
        "name": _name(node.matchers),
        "offset": node.offset,
        "matchers": [{"name": one.name, "value": one.value, "type": str(one.op)} for one in node.matchers],
        **_at(node.at),
        "anchored": node.extension is Extension.ANCHORED,
        "smoothed": node.extension is Extension.SMOOTHED,
    }


def _name(matchers: Matchers) -> str:
    return next((one.value for one in matchers if one.name == METRIC_NAME and one.op is MatchOp.EQUAL), "")


def _at(at: int | Boundary | None) -> dict[str, Any]:
    if isinstance(at, Boundary):
        return {"timestamp": None, "startOrEnd": _BOUNDARIES[at]}
    return {"timestamp": at, "startOrEnd": None}


def _subquery(node: Subquery) -> dict[str, Any]:
    return {
        "range": node.width,
        "offset": node.offset,
        "step": node.step or 0,
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
    """How many arguments may be left out, or -1 when the last may be repeated."""
    return -1 if signature.repeats else signature.optional


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
