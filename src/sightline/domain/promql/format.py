"""Nodes back to text, laid out as Prometheus lays out queries: on one line where it fits, else one part a line, indented.

Comments, which the tree does not keep, are gone.
"""

import re
from collections.abc import Iterator, Sequence
from math import inf
from typing import Final

from sightline.domain.go_literals import quoted
from sightline.domain.labels import Labels, Matcher
from sightline.domain.promql.durations import milliseconds
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Cardinality,
    Duration,
    Fill,
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
    children,
)
from sightline.domain.promql.numerals import decimal, shortest

LINE: Final = 100
"""How many bytes a part may have before it is broken."""

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNITS: Final = (
    ("y", 365 * 86_400_000, True),
    ("w", 7 * 86_400_000, True),
    ("d", 86_400_000, False),
    ("h", 3_600_000, False),
    ("m", 60_000, False),
    ("s", 1_000, False),
    ("ms", 1, False),
)


def pretty(node: Node, level: int = 0) -> str:
    """The text of a node, parts longer than `LINE` broken over lines indented by two spaces a level."""
    indent = "  " * level
    line = _line(node)
    if line is None:
        return _broken(node, level, indent)
    # A subquery stands where what is in it stands, and that indents itself only when it is broken.
    return line if isinstance(node, Subquery) else indent + line


def _broken(node: Node, level: int, indent: str) -> str:  # noqa: PLR0911 - one for each kind of node
    """The text of a node over several lines, where it has parts."""
    match node:
        case Aggregation():
            parameter = "" if node.parameter is None else pretty(node.parameter, level + 1) + ",\n"
            return f"{indent}{_head(node)}(\n{parameter}{pretty(node.inner, level + 1)}\n{indent})"
        case Binary():
            left, right = pretty(node.left, level + 1), pretty(node.right, level + 1)
            return f"{left}\n{indent}{_operator(node)}\n{right}"
        case Call() if node.arguments:
            arguments = ",\n".join(pretty(one, level + 1) for one in node.arguments)
            return f"{indent}{node.function}(\n{arguments}\n{indent})"
        case Negation() | Parentheses(is_plus=True):
            return f"{indent}{_sign(node)}{pretty(node.inner, level).strip()}"
        case Parentheses():
            return f"{indent}(\n{pretty(node.inner, level + 1)}\n{indent})"
        case Subquery():
            return pretty(node.inner, level) + _suffix(node)
        case _:
            return indent + text(node)


def text(node: Node) -> str:
    """The text of a node on one line; parsed again it gives an equal node, but for the order of matchers, which are sorted."""
    return "".join(_pieces(node))


def _line(node: Node) -> str | None:
    """The text of a node when it fits on a line. It reads no more than that, so that a deep tree is not written at every level."""
    found, width = [], 0
    for piece in _pieces(node):
        found.append(piece)
        width += len(piece) if piece.isascii() else len(piece.encode())
        if width > LINE:
            return None
    return "".join(found)


def _pieces(node: Node) -> Iterator[str]:
    """The text of a node, bit by bit."""
    match node:
        case Number():
            yield _number(node.value)
        case Text():
            yield quoted(node.value)
        case Selector():
            yield _matchers(node) + _at(node.at) + _extension(node) + _offset(node)
        case RangeSelector():
            inner = node.selector
            yield f"{_matchers(inner)}[{_length(node.width, node.width_as)}]"
            yield _extension(inner) + _at(inner.at) + _offset(inner)
        case Subquery():
            yield from _pieces(node.inner)
            yield _suffix(node)
        case Call():
            yield node.function
            yield from _listed(node.arguments)
        case Aggregation():
            yield _head(node)
            yield from _listed(children(node))
        case Binary():
            yield from _pieces(node.left)
            yield f" {_operator(node)} "
            yield from _pieces(node.right)
        case Negation() | Parentheses(is_plus=True):
            yield _sign(node)
            yield from (["Inf"] if isinstance(node.inner, Number) and node.inner.value == inf else _pieces(node.inner))
        case Parentheses():
            yield from _listed((node.inner,))
        case Shared() | OfGrid():
            yield from _pieces(node.inner)


def _sign(node: Negation | Parentheses) -> str:
    return "-" if isinstance(node, Negation) else "+"


def _listed(nodes: Sequence[Node]) -> Iterator[str]:
    """Nodes in parentheses, commas between them."""
    yield "("
    for number, node in enumerate(nodes):
        if number:
            yield ", "
        yield from _pieces(node)
    yield ")"


def _head(node: Aggregation) -> str:
    """The operator and its grouping."""
    labels = node.grouping.labels
    if node.grouping.without:
        return f"{node.operator} without ({_names(labels)}) "
    return f"{node.operator} by ({_names(labels)}) " if labels else node.operator


def _operator(node: Binary) -> str:
    """A binary operator and its modifiers."""
    return node.operator + (" bool" if node.to_bool else "") + _matching(node.matching) + _filling(node.fill)


def _matching(matching: Matching) -> str:
    group = {Cardinality.MANY_TO_ONE: "left", Cardinality.ONE_TO_MANY: "right"}.get(matching.cardinality)
    if not (matching.labels or matching.on or group):
        return ""
    written = f" {'on' if matching.on else 'ignoring'} ({_names(matching.labels)})"
    return f"{written} group_{group} ({_names(matching.include)})" if group else written


def _filling(fill: Fill) -> str:
    if fill.left is not None and fill.left == fill.right:
        return f" fill ({shortest(fill.left)})"
    sides = (("left", fill.left), ("right", fill.right))
    return "".join(f" fill_{side} ({shortest(value)})" for side, value in sides if value is not None)


def _suffix(node: Subquery) -> str:
    step = "" if node.step is None and node.step_as is None else _length(node.step or 0, node.step_as)
    colon = "::" if node.aligned else ":"
    return f"[{_length(node.width, node.width_as)}{colon}{step}]{_at(node.at)}{_offset(node)}"


def _at(at: int | Boundary | None) -> str:
    if at is None:
        return ""
    return f" @ {at}" if isinstance(at, Boundary) else f" @ {at / 1000:.3f}"


def _extension(node: Selector) -> str:
    return "" if node.extension is None else f" {node.extension}"


def _offset(node: Selector | Subquery) -> str:
    if node.offset_as is not None:
        return f" offset {_expression(node.offset_as)}"
    sign = "-" if node.offset < 0 else ""
    return f" offset {sign}{duration(abs(node.offset))}" if node.offset else ""


def _length(known: int, expression: Duration | None) -> str:
    return duration(known) if expression is None else _expression(expression)


def _expression(part: float | Duration | None) -> str:
    """A duration that is an expression."""
    if not isinstance(part, Duration):
        return "" if part is None else _number(part)
    if part.operator in {"step", "range"}:
        written = f"{part.operator}()"
    elif part.operator.isalpha() or "_" in part.operator:
        written = f"{part.operator}({_expression(part.left)}, {_expression(part.right)})"
    elif part.left is None:
        written = part.operator.strip("+") + _expression(part.right)
    else:
        written = f"{_expression(part.left)} {part.operator} {_expression(part.right)}"
    return f"({written})" if part.in_parentheses else written


def _number(value: float) -> str:
    if not isinstance(value, InUnits):
        return decimal(value)
    return ("-" if value < 0 else "") + duration(milliseconds(abs(value)))


def _matchers(node: Selector) -> str:
    """Name and matchers, the matchers sorted by their text."""
    name = node.matchers[0].value if node.named else ""
    inside = sorted(map(_matcher, node.matchers[1:] if node.named else node.matchers))
    return f"{name}{{{','.join(inside)}}}" if inside or not name else name


def _matcher(matcher: Matcher) -> str:
    return f"{_name(matcher.name)}{matcher.op}{quoted(matcher.value)}"


def _names(labels: Sequence[str]) -> str:
    return ", ".join(map(_name, labels))


def _name(label: str) -> str:
    return label if _LABEL.fullmatch(label) else quoted(label)


def label_set(labels: Labels) -> str:
    """All labels in braces, the metric's name among them, as messages name a series."""
    return "{" + ", ".join([f"{_name(name)}={quoted(value)}" for name, value in labels]) + "}"


def duration(length: int) -> str:
    """A duration, in ms, as Prometheus writes it: years and weeks only where nothing is left over."""
    if length == 0:
        return "0s"
    written = ""
    for unit, size, exact in _UNITS:
        if exact and length % size:
            continue
        count, length = divmod(length, size)
        if count:
            written += f"{count}{unit}"
    return written
