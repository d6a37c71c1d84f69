"""Nodes back to text, laid out as Prometheus lays out queries: on one line where it fits, else one part a line, indented.

What the tree does not keep is gone: comments, a unary plus, and whether a metric's name stood within the braces.
"""

import re
from collections.abc import Iterator, Sequence
from math import inf
from typing import Final

from sightline.domain.labels import METRIC_NAME, Labels, Matcher, Matchers, MatchOp
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Cardinality,
    Fill,
    Matching,
    Negation,
    Node,
    Number,
    Parentheses,
    RangeSelector,
    Selector,
    Shared,
    Subquery,
    Text,
    children,
)
from sightline.domain.promql.numerals import decimal, shortest
from sightline.domain.promql.signatures import AGGREGATIONS

LINE: Final = 100
"""How many characters a part may have before it is broken."""

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METRIC: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
# What cannot stand alone as the name of a metric, or need not be read as one.
_KEYWORDS: Final = frozenset(
    {
        *AGGREGATIONS,
        *("and", "or", "unless", "atan2", "by", "without", "on", "ignoring", "group_left", "group_right", "bool"),
        *("offset", "start", "end", "fill", "fill_left", "fill_right", "inf", "nan"),
    }
)
_UNITS: Final = (
    ("y", 365 * 86_400_000, True),
    ("w", 7 * 86_400_000, True),
    ("d", 86_400_000, False),
    ("h", 3_600_000, False),
    ("m", 60_000, False),
    ("s", 1_000, False),
    ("ms", 1, False),
)
_ESCAPES: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}


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
        case Parentheses():
            return f"{indent}(\n{pretty(node.inner, level + 1)}\n{indent})"
        case Subquery():
            return pretty(node.inner, level) + _suffix(node)
        case Negation():
            return f"{indent}-{pretty(node.inner, level).strip()}"
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
        width += len(piece)
        if width > LINE:
            return None
    return "".join(found)


def _pieces(node: Node) -> Iterator[str]:
    """The text of a node, bit by bit."""
    match node:
        case Number():
            yield decimal(node.value)
        case Text():
            yield quoted(node.value)
        case Selector():
            yield _matchers(node.matchers) + _modifiers(node.at, node.offset)
        case RangeSelector():
            inner = node.selector
            yield f"{_matchers(inner.matchers)}[{duration(node.width)}]{_modifiers(inner.at, inner.offset)}"
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
        case Negation():
            yield "-"
            yield from (["Inf"] if isinstance(node.inner, Number) and node.inner.value == inf else _pieces(node.inner))
        case Parentheses():
            yield from _listed((node.inner,))
        case Shared():
            yield from _pieces(node.inner)


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
    step = "" if node.step is None else duration(node.step)
    colon = "::" if node.aligned else ":"
    return f"[{duration(node.width)}{colon}{step}]{_modifiers(node.at, node.offset)}"


def _modifiers(at: int | Boundary | None, offset: int) -> str:
    written = ""
    if isinstance(at, Boundary):
        written = f" @ {at}"
    elif at is not None:
        written = f" @ {at / 1000:.3f}"
    if offset:
        written += f" offset {'-' if offset < 0 else ''}{duration(abs(offset))}"
    return written


def _matchers(matchers: Matchers) -> str:
    """Name and matchers, the matchers sorted by their text."""
    names = [one for one in matchers if one.name == METRIC_NAME]
    name = ""
    if len(names) == 1 and names[0].op is MatchOp.EQUAL:
        word = names[0].value
        name = word if _METRIC.fullmatch(word) and word.lower() not in _KEYWORDS else ""
    inside = sorted(_matcher(one) for one in matchers if not (name and one.name == METRIC_NAME))
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


def quoted(value: str) -> str:
    """A string literal in double quotes; what cannot be printed is escaped."""
    return '"' + "".join(_ESCAPES.get(one) or (one if one.isprintable() else _escaped(one)) for one in value) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x80:  # noqa: PLR2004 - what `\x` means the same in bytes and in characters
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits


def duration(milliseconds: int) -> str:
    """A duration as Prometheus writes it: years and weeks only where nothing is left over."""
    if milliseconds == 0:
        return "0s"
    written = ""
    for unit, size, exact in _UNITS:
        if exact and milliseconds % size:
            continue
        count, milliseconds = divmod(milliseconds, size)
        if count:
            written += f"{count}{unit}"
    return written
