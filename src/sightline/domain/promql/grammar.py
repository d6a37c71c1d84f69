"""The grammar of PromQL (Prometheus 3, promql/parser): tokens to nodes, or to the error that Prometheus gives, where it gives it.

By recursive descent, and by precedence for operators. Errors of syntax end the reading at once. What is wrong with types is told
only when the syntax of the whole query is right, and then what Prometheus' check of the tree meets first: so each part carries what
is wrong in it, in that order.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from math import isnan
from typing import Final

from sightline.domain.errors import BadData
from sightline.domain.go_literals import quoted
from sightline.domain.labels import METRIC_NAME, Matcher, MatchOp
from sightline.domain.promql.checks import (
    NUMERIC,
    Part,
    Problem,
    mismatch,
    wrong_matching,
    wrong_modifiers,
    wrong_number,
)
from sightline.domain.promql.duration_grammar import ARITHMETIC, EXPECTED, DurationReader
from sightline.domain.promql.lexer import Kind, Token, malformed
from sightline.domain.promql.literals import unquoted
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Cardinality,
    Duration,
    Extension,
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
from sightline.domain.promql.numerals import fixed
from sightline.domain.promql.reader import Unexpected
from sightline.domain.promql.signatures import (
    AGGREGATIONS,
    COMPARISONS,
    FUNCTIONS,
    OF_GRID,
    PRECEDENCE,
    SET_OPERATORS,
    TRIMS,
    UNARY,
    Type,
)
from sightline.domain.timerange import SECOND

_FILLS: Final = frozenset({"fill", "fill_left", "fill_right"})
# Keywords and operators that cannot name a metric; other words can.
_RESERVED: Final = frozenset({"on", "ignoring", "group_left", "group_right", "bool", "atan2", *_FILLS})
_SYMBOLS: Final = frozenset({*ARITHMETIC, *COMPARISONS, *TRIMS, "=", "=~", "!~"})
_WORDS: Final = frozenset({Kind.IDENTIFIER, Kind.METRIC, Kind.KEYWORD, Kind.AGGREGATOR, Kind.OPERATOR})
_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.DURATION})
_FAR: Final = 2.0**63  # seconds
_FARTHEST: Final = 2**61  # ms, beyond all samples
_RAW: Final = {Type.SCALAR: "scalar", Type.MATRIX: "matrix", Type.STRING: "string", Type.VECTOR: "vector"}
_NOTHING_SELECTED: Final = "vector selector must contain at least one non-empty matcher"


def read(text: str, tokens: Sequence[Token]) -> Node:
    """The node of a query.

    Raises:
        MalformedQuery: with the line and column where it stops being one.
    """
    part = _Grammar(text, tokens).query()
    if part.problems:
        raise malformed(text, *part.problems[0])
    return part.node


class _Grammar(DurationReader):
    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        super().__init__(text, tokens)
        self._lines = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]

    def query(self) -> Part:
        """Read a whole query."""
        if self._next.kind is Kind.END:
            self._fail(0, "no expression found in input")
        try:
            part = self._expression(0)
            self._require_end()
        except Unexpected:
            self._unexpected("")
        return part

    # Expressions

    def _expression(self, least: int) -> Part:
        left = self._signed()
        while (binds := PRECEDENCE.get(self._next.word, 0)) > least and self._next.kind is Kind.OPERATOR:
            left = self._binary(left, self._take(), binds)
        return left

    def _signed(self) -> Part:
        sign = self._next
        if not self._take_if("-", "+"):
            return self._postfixed(self._primary())
        part = self._expression(UNARY - 1)
        if isinstance(part.node, Number):
            value = part.node.value
            return Part(Number(type(value)(-value) if sign.text == "-" else value), Type.SCALAR, sign.position)
        problems = part.problems
        if part.type not in NUMERIC:
            reason = "unary expression only allowed on expressions of type scalar or instant vector, got "
            problems = [*problems, (sign.position, reason + quoted(part.type))]
        node = Negation(part.node) if sign.text == "-" else Parentheses(part.node, is_plus=True)
        return Part(node, part.type, sign.position, problems)

    def _primary(self) -> Part:
        token = self._next
        if token.kind in _NUMBERS:
            return Part(Number(self._number()), Type.SCALAR, token.position)
        if token.kind is Kind.STRING:
            return Part(Text(unquoted(self._take().text)), Type.STRING, token.position)
        if token.word == "{":
            return self._selector("", token.position)
        if self._take_if("("):
            inner = self._expression(0)
            self._require(")")
            return Part(Parentheses(inner.node), inner.type, token.position, inner.problems)
        return self._named()

    def _named(self) -> Part:
        """Read what begins with a name: an aggregation, a call or a selector."""
        token = self._next
        if token.kind not in _WORDS or token.word in _RESERVED or token.text in _SYMBOLS:
            raise Unexpected
        following = self._after_next().word
        self._take()
        if token.kind is Kind.AGGREGATOR and following in {"(", "by", "without"}:
            return self._aggregation(token)
        if following == "(" and (token.kind is Kind.IDENTIFIER or token.word in OF_GRID):
            return self._call(token)
        return self._selector(token.text, token.position)

    def _aggregation(self, operator: Token) -> Part:
        try:
            grouping = self._grouping()
            arguments, places = self._arguments()
            grouping = grouping or self._grouping() or Grouping()
        except Unexpected:
            self._unexpected("aggregation")
        name, parameter_type = operator.word, AGGREGATIONS[operator.word]
        if not arguments:
            self._fail_later(operator.position, "no arguments for aggregate expression provided")
        wanted = 1 if parameter_type is None else 2
        if len(arguments) != wanted:
            reason = "wrong number of arguments for aggregate expression provided"
            self._fail_later(operator.position, f"{reason}, expected {wanted}, got {len(arguments)}")
        inner = arguments[-1]
        problems = [*inner.problems, *mismatch(inner, Type.VECTOR, "aggregation expression")]
        parameter = None
        if parameter_type is not None:
            parameter = arguments[0].node
            problems += arguments[0].problems
            problems += mismatch(arguments[0], parameter_type, "aggregation parameter")
        node = Aggregation(name, inner.node, grouping, parameter, places, self._place(operator.position))
        return Part(node, Type.VECTOR, operator.position, problems)

    def _grouping(self) -> Grouping | None:
        by = self._next
        return Grouping(self._labels(), by.word == "without") if self._take_if("by", "without") else None

    def _call(self, name: Token) -> Part:
        arguments, places = self._arguments()
        function = name.word or name.text
        signature = FUNCTIONS.get(function)
        if signature is None:
            self._fail(name.position, f"unknown function with name {quoted(name.text)}")
        problems = wrong_number(function, signature, len(arguments), name.position)
        if function == "info":
            problems += self._wrong_info(arguments, name.position)
        for number_, argument in enumerate(arguments):
            if number_ >= len(signature.takes) and not (signature.optional or signature.repeats):
                break
            own = argument.problems
            if function == "info" and number_ == 1 and isinstance(argument.node, Selector):
                own = [problem for problem in own if problem[1] != _NOTHING_SELECTED]
            problems += own
            if signature.takes:
                where = f"call to function {quoted(function)}"
                problems += mismatch(argument, signature.type_of(number_), where)
        node = Call(function, tuple([one.node for one in arguments]), places, self._place(name.position))
        return Part(node, signature.gives, name.position, problems)

    def _wrong_info(self, arguments: list[Part], position: int) -> list[Problem]:
        """What is wrong with the second argument of info(), which selects labels alone."""
        if len(arguments) < 2:  # noqa: PLR2004 - the second
            return []
        found, second = list[Problem](), arguments[1]
        if second.type is not Type.VECTOR:
            found.append((position, f'expected type {Type.VECTOR} in call to function "info", got {second.type}'))
        if not isinstance(second.node, Selector):
            found.append((second.start, "expected label selectors only"))
        elif self._text[second.start] != "{":
            found.append((second.start, "expected label selectors only, got vector selector instead"))
        return found

    def _arguments(self) -> tuple[list[Part], tuple[str, ...]]:
        """Read arguments in parentheses; and their places, as messages name them."""
        self._require("(")
        found: list[Part] = []
        if not self._take_if(")"):
            while True:
                found.append(self._expression(0))
                if self._take_if(")"):
                    break
                comma = self._next
                self._require(",")
                if self._next.word == ")":
                    self._fail(comma.position, "trailing commas not allowed in function call args")
        return found, tuple([self._place(one.start) for one in found])

    def _place(self, position: int) -> str:
        line = bisect_right(self._lines, position)
        return f"{line}:{position - self._lines[line - 1] + 1}"

    # Binary operations

    def _binary(self, left: Part, operator: Token, binds: int) -> Part:
        word = operator.word
        to_bool = self._take_if("bool")
        matching = self._matching()
        fill = self._fill()
        right = self._expression(binds - 1 if word == "^" else binds)
        problems = [*left.problems, *right.problems]
        problems += wrong_modifiers(word, operator.position, left, right, matching, to_bool=to_bool)
        problems += wrong_matching(word, left, right, matching, fill)
        if not left.type is right.type is Type.VECTOR:
            matching, fill = Matching(), Fill()
        elif word in SET_OPERATORS:
            matching = replace(matching, cardinality=Cardinality.MANY_TO_MANY)
        node = Binary(word, left.node, right.node, matching, to_bool, fill, self._place(left.start))
        both_scalars = left.type is right.type is Type.SCALAR
        return Part(node, Type.SCALAR if both_scalars else Type.VECTOR, left.start, problems)

    def _matching(self) -> Matching:
        """Read on, ignoring, group_left and group_right."""
        kind = self._next
        if not self._take_if("on", "ignoring"):
            return Matching()
        labels, cardinality = self._labels(), Cardinality.ONE_TO_ONE
        include: tuple[str, ...] = ()
        group = self._next
        if self._take_if("group_left", "group_right"):
            is_left = group.word == "group_left"
            cardinality = Cardinality.MANY_TO_ONE if is_left else Cardinality.ONE_TO_MANY
            include = self._labels() if self._next.word == "(" else ()
        return Matching(cardinality, kind.word == "on", labels, include)

    def _fill(self) -> Fill:
        """Read the modifiers that give values to what has no counterpart."""
        first = self._next.word
        if first not in _FILLS:
            return Fill()
        self._take()
        value = self._filling()
        if first == "fill":
            return Fill(value, value)
        second = "fill_right" if first == "fill_left" else "fill_left"
        other = self._filling() if self._take_if(second) else None
        return Fill(value, other) if first == "fill_left" else Fill(other, value)

    def _filling(self) -> float:
        try:
            self._require("(")
            value = self._signed_number()
            self._require(")")
        except Unexpected:
            self._unexpected("fill modifier", "number")
        return value

    def _labels(self) -> tuple[str, ...]:
        """Read names of labels in parentheses."""
        where = "grouping opts"
        if not self._take_if("("):
            self._unexpected(where, '"("')
        found: list[str] = []
        while not self._take_if(")"):
            found.append(self._label(where))
            if self._next.word != ")" and not self._take_if(","):
                self._unexpected(where, '"," or ")"')
        return tuple(found)

    def _label(self, where: str) -> str:
        token = self._next
        if token.kind is Kind.STRING:
            name = unquoted(self._take().text)
            if not name:
                self._fail(token.position, f"invalid label name for grouping: {quoted(name)}")
            return name
        if token.kind not in _WORDS - {Kind.METRIC} or token.text in _SYMBOLS:
            self._unexpected(where, "label")
        return self._take().text

    # Selectors

    def _selector(self, name: str, start: int) -> Part:
        """Read the braces after a metric's name, or alone."""
        matchers = [Matcher(METRIC_NAME, MatchOp.EQUAL, name)] if name else []
        problems: list[Problem] = []
        if self._next.word == "{":
            inside = self._matchers()
            if name:
                problems = [
                    (start, f"metric name must not be set twice: {quoted(name)} or {quoted(one.value)}")
                    for one in inside
                    if one.name == METRIC_NAME
                ]
            elif all(one.matches_empty for one in inside):
                problems = [(start, _NOTHING_SELECTED)]
            matchers += inside
        return Part(Selector(tuple(matchers), named=bool(name)), Type.VECTOR, start, problems)

    def _matchers(self) -> list[Matcher]:
        where = "label matching"
        self._take()
        found: list[Matcher] = []
        while not self._take_if("}"):
            found.append(self._matcher(where))
            if self._next.word != "}" and not self._take_if(","):
                self._unexpected(where, '"," or "}"')
        return found

    def _matcher(self, where: str) -> Matcher:
        label = self._next
        if label.kind not in {Kind.IDENTIFIER, Kind.STRING}:
            self._unexpected(where, 'identifier or "}"')
        self._take()
        name = label.text if label.kind is Kind.IDENTIFIER else unquoted(label.text)
        operator = self._next
        if operator.kind is not Kind.OPERATOR:
            if label.kind is Kind.STRING and operator.word in {",", "}"}:
                return Matcher(METRIC_NAME, MatchOp.EQUAL, name)
            self._unexpected(where, '"," or "}"' if label.kind is Kind.STRING else "label matching operator")
        self._take()
        if self._next.kind is not Kind.STRING:
            self._unexpected(where, "string")
        value = self._take()
        try:
            return Matcher(name, MatchOp(operator.text), unquoted(value.text))
        except BadData as error:
            self._fail(label.position, error.message)

    # What follows an expression

    def _postfixed(self, part: Part) -> Part:
        """Read ranges, offset, @, anchored and smoothed after an expression."""
        while True:
            token = self._next
            if self._take_if("["):
                part = self._ranged(part, token)
            elif self._take_if("offset"):
                part = self._offset(part)
            elif self._take_if("@"):
                part = self._at(part)
            elif self._take_if("anchored", "smoothed"):
                part = self._extended(part, Extension(token.word))
            else:
                return part

    def _ranged(self, part: Part, bracket: Token) -> Part:
        try:
            width, width_as = self._positive_duration()
        except Unexpected:
            self._unexpected("subquery or range selector", EXPECTED)
        colon = self._next
        if not self._take_if(":", "::"):
            if not self._take_if("]"):
                self._unexpected("subquery or range", '":" or "]"')
            return self._range(part, bracket, width, width_as)
        step, step_as = self._step()
        problems = part.problems
        if part.type is not Type.VECTOR:
            reason = f"subquery is only allowed on instant vector, got {_RAW[part.type]} instead"
            problems = [*problems, (part.start, reason)]
        node = Subquery(part.node, width, step, width_as=width_as, step_as=step_as, aligned=colon.text == "::")
        return Part(node, Type.MATRIX, part.start, problems)

    def _step(self) -> tuple[int | None, Duration | None]:
        """Read the step of a subquery, if there is one, and the bracket after it."""
        if self._take_if("]"):
            return None, None
        try:
            found = self._positive_duration()
        except Unexpected:
            self._unexpected("subquery selector", 'number, duration, step(), range(), or "]"')
        if not self._take_if("]"):
            self._unexpected("subquery selector", '"]"')
        return found

    def _range(self, part: Part, bracket: Token, width: int, width_as: Duration | None) -> Part:
        if not isinstance(part.node, Selector):
            self._fail(bracket.position, "ranges only allowed for vector selectors")
        if part.node.offset or part.node.offset_as is not None:
            self._fail(bracket.position, "no offset modifiers allowed before range")
        if part.node.at is not None:
            self._fail(bracket.position, "no @ modifiers allowed before range")
        return Part(RangeSelector(part.node, width, width_as), Type.MATRIX, part.start, part.problems)

    def _moved(self, part: Part, what: str) -> Selector | Subquery:
        """The node that a modifier of time is for."""
        node = part.node.selector if isinstance(part.node, RangeSelector) else part.node
        if not isinstance(node, Selector | Subquery):
            reason = "must be preceded by an instant vector selector or range vector selector or a subquery"
            self._fail(part.start, f"{what} modifier {reason}")
        return node

    @staticmethod
    def _with(part: Part, moved: Selector | Subquery) -> Part:
        node: Node = moved
        if isinstance(part.node, RangeSelector) and isinstance(moved, Selector):
            node = replace(part.node, selector=moved)
        return Part(node, part.type, part.start, part.problems)

    def _offset(self, part: Part) -> Part:
        try:
            offset, offset_as = self._offset_duration()
        except Unexpected:
            self._unexpected("offset", EXPECTED)
        moved = self._moved(part, "offset")
        if moved.offset or moved.offset_as is not None:
            self._fail(part.start, "offset may not be set multiple times")
        return self._with(part, replace(moved, offset=offset, offset_as=offset_as))

    def _at(self, part: Part) -> Part:
        token = self._next
        at: int | Boundary
        try:
            if self._take_if("start", "end"):
                self._require("(")
                self._require(")")
                at = Boundary(f"{token.word}()")
            else:
                at = self._instant(part)
        except Unexpected:
            self._unexpected("@", "timestamp")
        moved = self._moved(part, "@")
        if moved.at is not None:
            self._fail(part.start, "@ <timestamp> may not be set multiple times")
        return self._with(part, replace(moved, at=at))

    def _instant(self, part: Part) -> int:
        """Read an instant in seconds: ms."""
        value = self._signed_number()
        if isnan(value) or abs(value) >= _FAR:
            self._fail(part.start, f"timestamp out of bounds for @ modifier: {fixed(value)}")
        nearest = value * SECOND + (0.5 if value >= 0 else -0.5)  # halves away from zero, as Go rounds
        return min(max(int(nearest), -_FARTHEST), _FARTHEST)

    def _extended(self, part: Part, extension: Extension) -> Part:
        match part.node:
            case Subquery():
                self._fail(part.start, f"{extension} modifier is not supported for subqueries")
            case Selector() | RangeSelector():
                moved = self._moved(part, extension)
            case _:
                self._fail(part.start, f"{extension} modifier not implemented")
        if isinstance(moved, Selector):
            if moved.extension not in {None, extension}:
                self._fail(part.start, "anchored and smoothed modifiers cannot be used together")
            moved = replace(moved, extension=extension)
        return self._with(part, moved)
