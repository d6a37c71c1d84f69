"""Query text to nodes. The one place that knows the parser package; everything it refuses is given a position here."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import promql_parser

from sightline.domain.errors import BadData, MalformedQuery, NotSupported
from sightline.domain.labels import METRIC_NAME, Matcher, Matchers, MatchOp
from sightline.domain.promql.lexer import Kind, Token, depth, malformed, tokens
from sightline.domain.promql.locate import FILLS, locate, require_meaningful
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Cardinality,
    Fill,
    Grouping,
    Matching,
    Negation,
    Node,
    Number,
    Parentheses,
    RangeSelector,
    Selector,
    Subquery,
    Text,
)
from sightline.domain.promql.places import Places, places
from sightline.domain.promql.signatures import FUNCTIONS
from sightline.domain.timerange import MAX_TIME, SECOND


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Bounds on the text of a query.

    length: characters. depth: operators in a chain, plus three for each bracket they stand in; more than the default has no effect,
    because the parser package recurses on the machine's stack, which some thousand would overflow, and we on Python's.
    """

    length: int = 256 * 1024
    depth: int = 300


DEFAULT_LIMITS: Final = TextLimits()
# Texts that are remembered: as many as there are rules, when they are short, and some long ones; a few megabytes each.
_SHORT: Final = 512
_SHORT_ONES: Final = 2048
_LONG: Final = 4096
_LONG_ONES: Final = 256
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def parse(text: str, limits: TextLimits = DEFAULT_LIMITS) -> Node:
    """Parse a query. Equal texts of ordinary length give the same node.

    Raises:
        MalformedQuery: with line and column; also when the text is longer or deeper than the limits.
        NotSupported: what the parser package reads wrongly or only by extension.
    """
    if len(text) > limits.length:
        message = f"the query has {len(text)} characters: query.max_length allows {limits.length}"
        raise MalformedQuery(message, line=1, column=1)
    # Dashboards and rules repeat their texts for ever; a very long one is rare and would pin its memory.
    if len(text) <= _SHORT:
        return _short(text, limits.depth)
    return _long(text, limits.depth) if len(text) <= _LONG else _parse(text, limits.depth)


def parse_selector(text: str, limits: TextLimits = DEFAULT_LIMITS) -> Matchers:
    """Parse a series selector such as `match[]` takes: name and matchers, no range, offset or `@`.

    Raises:
        MalformedQuery: with line and column; also when it is some other expression.
    """
    node = parse(text, limits)
    if not isinstance(node, Selector) or node.offset or node.at is not None:
        raise malformed(text, 0, f'expected a series selector such as up{{job="x"}}, got {text[:100]!r}')
    return node.matchers


def _parse(text: str, max_depth: int) -> Node:
    found = tokens(text)
    deep, where = depth(found)
    max_depth = min(max_depth, DEFAULT_LIMITS.depth)
    if deep > max_depth:
        raise malformed(text, where.position, f"nested or chained {deep} deep: query.max_depth allows {max_depth}")
    _refuse_misread(text, found)
    if any(token.word in FILLS for token in found):
        require_meaningful(text, found)
    try:
        tree = promql_parser.parse(text)
    except (ValueError, OverflowError) as error:
        raise locate(text, found, str(error)) from None
    except BaseException as panic:  # what the package's own code did not foresee is no Exception in Python
        if type(panic).__name__ != "PanicException":
            raise
        raise locate(text, found, str(panic)) from None
    try:
        return _node(tree, places(text, found))
    except BadData as error:  # a regex that only RE2 refuses
        raise locate(text, found, error.message) from None
    except (ValueError, OverflowError):  # an instant or duration that the package reads but cannot hand over
        raise locate(text, found, "instant or duration out of range") from None


_short = lru_cache(maxsize=_SHORT_ONES)(_parse)
_long = lru_cache(maxsize=_LONG_ONES)(_parse)


def _refuse_misread(text: str, found: list[Token]) -> None:
    """Refuse what the package would read as something else or break on.

    `@` before 1970 becomes 1970 there, fractions of a second are cut off ranges, and infinite durations are a panic.
    """
    for before, token, after in zip(found, found[1:], [*found[2:], found[-1]], strict=False):
        if token.word in _EXTENDED and token.kind is Kind.IDENTIFIER and _ends_selector(before):
            raise NotSupported(f"the {token.word} modifier is not supported", construct=token.word)
        if before.text == "@" and token.text == "-":
            raise NotSupported("@ with an instant before 1970 is not supported yet", construct="@")
        if before.text not in {"[", ":"} and before.word != "offset":
            continue
        following = after if token.text in {"-", "+"} else token
        if following.word in {"inf", "nan"}:
            raise malformed(text, following.position, f'unexpected identifier "{following.text}", expected duration')
        if following.kind is not Kind.NUMBER:
            continue
        if not following.text[:2].lower() == "0x" and float(following.text) > MAX_TIME / SECOND:
            raise malformed(text, following.position, f"duration out of range: {following.text}")
        if before.text in {"[", ":"} and not _is_whole(following.text):
            message = f"a fraction of a second as a range is not supported yet: write {following.text} s in ms, such as 1500ms"
            raise NotSupported(message, construct="range")


_EXTENDED: Final = frozenset({"anchored", "smoothed"})


def _ends_selector(token: Token) -> bool:
    """Whether a modifier may follow: after a bracket, a duration or a metric, where nothing else could stand."""
    return token.text in {"]", "}"} or token.kind in {Kind.DURATION, Kind.NUMBER}


def _is_whole(number: str) -> bool:
    try:
        return float(number).is_integer()
    except ValueError:
        return True  # hexadecimal


Heads = Iterator[Places]


def _node(tree: Any, heads: Heads) -> Node:
    """Translate one node of the package's tree and all below it; `heads` gives each call and aggregation its places, in order."""
    translate = _TRANSLATORS.get(type(tree))
    if translate is None:
        message = f"{type(tree).__name__} is not supported yet"
        raise NotSupported(message, construct=type(tree).__name__)
    node: Node = translate(tree, heads)
    return node


_OPS: Final = {
    "MatchOp.Equal": MatchOp.EQUAL,
    "MatchOp.NotEqual": MatchOp.NOT_EQUAL,
    "MatchOp.Re": MatchOp.MATCHES,
    "MatchOp.NotRe": MatchOp.NOT_MATCHES,
}


def _selector(tree: Any, _: Heads) -> Selector:
    if tree.matchers.or_matchers:
        raise NotSupported("or between label matchers is not PromQL: write two selectors joined by or", construct="or")
    found = [Matcher(one.name, _OPS[str(one.op)], one.value) for one in tree.matchers.matchers]
    if tree.name:
        found.insert(0, Matcher(METRIC_NAME, MatchOp.EQUAL, tree.name))
    return Selector(tuple(found), _milliseconds(tree.offset), _at(tree.at))


def _milliseconds(span: timedelta | None) -> int:
    return 0 if span is None else round(span / _MS)


def _at(modifier: Any) -> int | Boundary | None:
    if modifier is None:
        return None
    if modifier.type == promql_parser.AtModifierType.Start:
        return Boundary.START
    if modifier.type == promql_parser.AtModifierType.End:
        return Boundary.END
    since: timedelta = modifier.at - _EPOCH
    return round(since / _MS)


def _range(tree: Any, heads: Heads) -> RangeSelector:
    return RangeSelector(_selector(tree.vector_selector, heads), _milliseconds(tree.range))


def _subquery(tree: Any, heads: Heads) -> Subquery:
    step = None if tree.step is None else _milliseconds(tree.step)
    return Subquery(_node(tree.expr, heads), _milliseconds(tree.range), step, _milliseconds(tree.offset), _at(tree.at))


def _call(tree: Any, heads: Heads) -> Call:
    name = tree.func.name
    if name not in FUNCTIONS:  # an extension of the package
        message = f"function {name}() is not supported"
        raise NotSupported(message, construct=name)
    own = next(heads)
    return Call(name, tuple(_node(one, heads) for one in tree.args), own)


def _aggregation(tree: Any, heads: Heads) -> Aggregation:
    own = next(heads)
    grouping = Grouping()
    if tree.modifier is not None:
        without = tree.modifier.type == promql_parser.AggModifierType.Without
        grouping = Grouping(tuple(tree.modifier.labels), without)
    parameter = None if tree.param is None else _node(tree.param, heads)
    return Aggregation(str(tree.op), _node(tree.expr, heads), grouping, parameter, own)


_CARDINALITIES: Final = {
    "VectorMatchCardinality.OneToOne": Cardinality.ONE_TO_ONE,
    "VectorMatchCardinality.ManyToOne": Cardinality.MANY_TO_ONE,
    "VectorMatchCardinality.OneToMany": Cardinality.ONE_TO_MANY,
    "VectorMatchCardinality.ManyToMany": Cardinality.MANY_TO_MANY,
}
_SET_OPERATORS: Final = frozenset({"and", "or", "unless"})


def _binary(tree: Any, heads: Heads) -> Binary:
    operator = str(tree.op)
    matching, to_bool, fill = Matching(), False, Fill()
    if operator in _SET_OPERATORS:
        matching = Matching(Cardinality.MANY_TO_MANY)
    if (modifier := tree.modifier) is not None:
        by = modifier.matching
        matching = Matching(
            _CARDINALITIES[str(modifier.card)],
            by is not None and by.type == promql_parser.LabelModifierType.Include,
            () if by is None else tuple(by.labels),
            tuple(modifier.group_labels or ()),
        )
        to_bool = modifier.return_bool
        fill = Fill(modifier.fill_values.lhs, modifier.fill_values.rhs)
    left = _node(tree.lhs, heads)
    return Binary(operator, left, _node(tree.rhs, heads), matching, to_bool, fill)


_TRANSLATORS: Final[dict[type, Any]] = {
    promql_parser.NumberLiteral: lambda tree, _: Number(math.nan if math.isnan(tree.val) else tree.val),
    promql_parser.StringLiteral: lambda tree, _: Text(tree.val),
    promql_parser.VectorSelector: _selector,
    promql_parser.MatrixSelector: _range,
    promql_parser.SubqueryExpr: _subquery,
    promql_parser.Call: _call,
    promql_parser.AggregateExpr: _aggregation,
    promql_parser.BinaryExpr: _binary,
    promql_parser.UnaryExpr: lambda tree, heads: Negation(_node(tree.expr, heads)),
    promql_parser.ParenExpr: lambda tree, heads: Parentheses(_node(tree.expr, heads)),
}
