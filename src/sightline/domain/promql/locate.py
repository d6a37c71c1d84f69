"""Where a refused query stops being PromQL. The parser package says that, not where; this recogniser reads again and says both.

It follows the grammar and the type rules of Prometheus 3 by recursive descent and ends at the first thing that cannot stand where
it is. The lexer has bounded the depth of what it gets.
"""

from typing import Final, NoReturn

from sightline.domain.errors import BadData, MalformedQuery
from sightline.domain.labels import METRIC_NAME, Matcher, MatchOp
from sightline.domain.promql.lexer import Kind, Token, malformed
from sightline.domain.promql.literals import bad_escape, has_ordered_units, unquoted
from sightline.domain.promql.signatures import (
    AGGREGATIONS,
    COMPARISONS,
    FUNCTIONS,
    PRECEDENCE,
    SET_OPERATORS,
    UNARY,
    Type,
)
from sightline.domain.timerange import MAX_TIME, SECOND

_SIGNS: Final = frozenset("+-")
_SCALAR_WORDS: Final = frozenset({"inf", "nan"})
FILLS: Final = frozenset({"fill", "fill_left", "fill_right"})
"""The modifiers that give values to elements without a match."""

# Keywords that cannot name a metric; the others can.
_RESERVED: Final = frozenset({"on", "ignoring", "group_left", "group_right", "bool"})


def locate(text: str, tokens: list[Token], reason: str) -> MalformedQuery:
    """The error for a query that the parser refused with `reason`.

    Where the recogniser finds nothing wrong, the parser's reason stands, at the part of the query that it quotes or at its start.
    """
    try:
        _Recogniser(text, tokens).query()
    except MalformedQuery as error:
        return error
    return malformed(text, _quoted_in(text, reason), reason)


def require_meaningful(text: str, tokens: list[Token]) -> None:
    """Check a query that the parser accepts though it may break rules of Prometheus that the parser does not know.

    Raises:
        MalformedQuery: it does.
    """
    _Recogniser(text, tokens).query()


def _quoted_in(text: str, reason: str) -> int:
    """The index of the last word of a reason in the text it is about; 0 when it is not there."""
    last = reason.rpartition(" ")[2].strip("'\":")
    return max(text.find(last), 0) if last else 0


class _Expression:
    """What is known of a part that was read: its type, where it began, and what may still be attached to it."""

    __slots__ = ("is_selector", "position", "ranged", "type")

    def __init__(self, kind: Type, position: int, *, is_selector: bool = False, ranged: bool = False) -> None:
        self.type = kind
        self.position = position
        self.is_selector = is_selector  # a bare selector: may become a range vector
        self.ranged = ranged  # a range vector or subquery as written: may take offset and @


class _Recogniser:
    """Reads the tokens from left to right; raises MalformedQuery at the first that does not fit."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._index = 0

    def query(self) -> None:
        """Read a whole query."""
        if len(self._tokens) == 1:
            self._fail(self._next.position, "no expression found in input")
        self._expression(0)
        if self._next.kind is not Kind.END:
            self._unexpected("")

    # Tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _take(self) -> Token:
        token = self._next
        self._index += token.kind is not Kind.END
        return token

    def _take_if(self, *texts: str) -> bool:
        found = self._next.kind is not Kind.STRING and self._next.word in texts
        self._index += found
        return found

    def _expect(self, text: str, where: str) -> None:
        if not self._take_if(text):
            self._unexpected(where, f'"{text}"')

    def _fail(self, position: int, reason: str) -> NoReturn:
        raise malformed(self._text, position, reason)

    def _unexpected(self, where: str, expected: str = "") -> NoReturn:
        token = self._next
        shown = token.kind.value if token.kind is Kind.END else _shown(token)
        self._fail(
            token.position,
            f"unexpected {shown}" + (f" in {where}" if where else "") + (f", expected {expected}" if expected else ""),
        )

    # Expressions

    def _expression(self, least: int) -> _Expression:
        left = self._signed()
        while (binds := PRECEDENCE.get(self._next.word, 0)) > least and self._next.kind in {
            Kind.OPERATOR,
            Kind.IDENTIFIER,
        }:
            operator = self._take()
            left = self._binary(left, operator, binds)
        return left

    def _binary(self, left: _Expression, operator: Token, binds: int) -> _Expression:
        word = operator.word
        to_bool = self._take_if("bool")
        if to_bool and word not in COMPARISONS:
            self._fail(operator.position, "bool modifier can only be used on comparison operators")
        matched = self._matching(word)
        right = self._expression(binds - 1 if word == "^" else binds)
        for side in (left, right):
            if side.type not in {Type.SCALAR, Type.VECTOR}:
                self._fail(side.position, "binary expression must contain only scalar and instant vector types")
        scalars = [side for side in (left, right) if side.type is Type.SCALAR]
        if scalars and word in SET_OPERATORS:
            self._fail(operator.position, f'set operator "{word}" not allowed in binary scalar expression')
        if scalars and matched is not None:
            self._fail(matched, "vector matching only allowed between instant vectors")
        if len(scalars) == 2 and word in COMPARISONS and not to_bool:  # noqa: PLR2004 - both sides
            self._fail(operator.position, "comparisons between scalars must use BOOL modifier")
        return _Expression(Type.SCALAR if len(scalars) == 2 else Type.VECTOR, left.position)  # noqa: PLR2004 - both sides

    def _matching(self, operator: str) -> int | None:
        """Read on, ignoring, group_left, group_right and fill; returns where they began, or None."""
        position = self._next.position
        on: set[str] = set()
        is_on = self._next.word == "on"
        found = self._take_if("on", "ignoring")
        if found:
            on = set(self._labels("grouping opts"))
            group = self._next
            if self._take_if("group_left", "group_right"):
                if operator in SET_OPERATORS:
                    self._fail(group.position, f'no grouping allowed for "{operator}" operation')
                taken = self._labels("grouping opts") if self._next.word == "(" else []
                twice = [name for name in taken if is_on and name in on]
                if twice:
                    self._fail(group.position, f'label "{twice[0]}" must not occur in ON and GROUP clause at once')
        # A metric may have one of these names; only the modifier has a number in parentheses.
        while self._next.word in FILLS and self._tokens[self._index + 1].text == "(":
            found = True
            if operator in SET_OPERATORS:
                self._fail(self._next.position, "filling in missing series not allowed for set operators")
            self._take()
            self._expect("(", "fill modifier")
            self._take_if("-", "+")
            if self._next.kind is not Kind.NUMBER and self._next.word not in _SCALAR_WORDS:
                self._unexpected("fill modifier", "number")
            self._take()
            self._expect(")", "fill modifier")
        return position if found else None

    def _signed(self) -> _Expression:
        signs = []
        while self._next.kind is Kind.OPERATOR and self._next.text in _SIGNS:
            signs.append(self._take())
        if not signs:
            return self._postfixed(self._primary())
        inner = self._expression(UNARY - 1)
        if inner.type not in {Type.SCALAR, Type.VECTOR}:
            reason = (
                f'unary expression only allowed on expressions of type scalar or instant vector, got "{inner.type}"'
            )
            self._fail(signs[0].position, reason)
        return _Expression(inner.type, signs[0].position)

    def _primary(self) -> _Expression:
        token = self._next
        if token.kind in {Kind.NUMBER, Kind.DURATION}:
            self._check_number(token)
            self._take()
            return _Expression(Type.SCALAR, token.position)
        if token.kind is Kind.STRING:
            return _Expression(Type.STRING, self._string("").position)
        if self._take_if("("):
            inner = self._expression(0)
            self._expect(")", "parenthesis")
            return _Expression(inner.type, token.position)
        if token.text == "{":
            self._matchers("")
            return _Expression(Type.VECTOR, token.position, is_selector=True)
        if token.kind is not Kind.IDENTIFIER:
            self._unexpected("")
        return self._named()

    def _named(self) -> _Expression:
        """An identifier: number word, aggregation, function or metric."""
        token = self._take()
        following = self._next.word
        if token.word in _SCALAR_WORDS:
            return _Expression(Type.SCALAR, token.position)
        if token.word in AGGREGATIONS and following in {"(", "by", "without"}:
            return self._aggregation(token)
        if following == "(" and token.word not in _RESERVED:
            return self._call(token)
        if token.word in _RESERVED or token.word in {"and", "or", "unless", "atan2"}:
            self._index -= 1
            self._unexpected("")
        if following == "{":
            self._matchers(token.text)
        return _Expression(Type.VECTOR, token.position, is_selector=True)

    def _aggregation(self, token: Token) -> _Expression:
        grouped = self._take_if("by", "without")
        if grouped:
            self._labels("grouping opts")
        arguments = self._arguments("aggregation")
        parameter = AGGREGATIONS[token.word]
        if not grouped and self._take_if("by", "without"):
            self._labels("grouping opts")
        wanted = [Type.VECTOR] if parameter is None else [parameter, Type.VECTOR]
        if len(arguments) != len(wanted):
            reason = f"wrong number of arguments for aggregate expression provided, expected {len(wanted)}, got {len(arguments)}"
            self._fail(token.position, reason)
        for argument, kind in zip(arguments, wanted, strict=True):
            self._require(argument, kind, "aggregation expression")
        return _Expression(Type.VECTOR, token.position)

    def _call(self, token: Token) -> _Expression:
        signature = FUNCTIONS.get(token.text)
        if signature is None:
            self._fail(token.position, f'unknown function with name "{token.text}"')
        arguments = self._arguments("function call")
        count, most = len(arguments), len(signature.takes)
        bound = "" if not signature.optional else "at least " if count < signature.least else "at most "
        if count < signature.least or (count > most and not signature.repeats):
            expected = signature.least if count < signature.least else most
            self._fail(token.position, f'expected {bound}{expected} argument(s) in call to "{token.text}", got {count}')
        for position, argument in enumerate(arguments):
            self._require(argument, signature.type_of(position), f'call to function "{token.text}"')
        return _Expression(signature.gives, token.position)

    def _require(self, argument: _Expression, kind: Type, where: str) -> None:
        if argument.type is not kind:
            self._fail(argument.position, f"expected type {kind} in {where}, got {argument.type}")

    def _arguments(self, where: str) -> list[_Expression]:
        self._expect("(", where)
        found: list[_Expression] = []
        if self._take_if(")"):
            return found
        while True:
            found.append(self._expression(0))
            if self._take_if(")"):
                return found
            comma = self._next
            self._expect(",", where)
            if self._next.text == ")":
                self._fail(comma.position, "trailing commas not allowed in function call args")

    # What follows an expression

    def _postfixed(self, found: _Expression) -> _Expression:
        """Read ranges, offset and @ after an expression."""
        seen: set[str] = set()
        while True:
            token = self._next
            if self._take_if("["):
                found = self._range(found, token)
                seen.clear()
            elif token.kind is Kind.IDENTIFIER and token.word == "offset":
                self._modifier(found, "offset", seen)
                self._take_if("-", "+")
                self._duration("offset", positive=False)
            elif token.text == "@":
                self._modifier(found, "@", seen)
                self._instant()
            else:
                return found

    def _modifier(self, found: _Expression, name: str, seen: set[str]) -> None:
        token = self._take()
        shown = "offset modifier" if name == "offset" else "@ modifier"
        if not (found.is_selector or found.ranged):
            reason = f"{shown} must be preceded by an instant vector selector or range vector selector or a subquery"
            self._fail(token.position, reason)
        if name in seen:
            self._fail(token.position, f"{name} may not be set multiple times")
        seen.add(name)

    def _range(self, found: _Expression, bracket: Token) -> _Expression:
        self._duration("subquery or range", positive=True)
        if self._take_if(":"):
            if self._next.text != "]":
                self._duration("subquery step", positive=True)
            self._expect("]", "subquery selector")
            if found.type is not Type.VECTOR:
                self._fail(found.position, f"subquery is only allowed on instant vector, got {found.type} instead")
        else:
            self._expect("]", "subquery or range")
            if not found.is_selector:
                self._fail(bracket.position, "ranges only allowed for vector selectors")
        return _Expression(Type.MATRIX, found.position, ranged=True)

    def _instant(self) -> None:
        if self._take_if("start", "end"):
            self._expect("(", "@")
            self._expect(")", "@")
            return
        self._take_if("-", "+")
        if self._next.kind not in {Kind.NUMBER, Kind.DURATION}:
            self._unexpected("@", "timestamp")
        token = self._take()
        self._check_number(token)
        if token.kind is Kind.NUMBER and token.text[:2].lower() != "0x" and float(token.text) > MAX_TIME / SECOND:
            self._fail(token.position, f"timestamp out of bounds for @ modifier: {token.text}")

    # Terminals

    def _duration(self, where: str, *, positive: bool) -> None:
        token = self._next
        if token.kind not in {Kind.NUMBER, Kind.DURATION}:
            self._unexpected(where, "duration")
        self._check_number(token)
        if positive and not any(digit in "123456789" for digit in token.text):
            self._fail(token.position, "duration must be greater than 0")
        self._take()

    def _check_number(self, token: Token) -> None:
        """A duration names each unit once, from long to short."""
        if token.kind is not Kind.DURATION:
            return
        if not has_ordered_units(token.text):
            self._fail(token.position, f'not a valid duration string: "{token.text}"')
        if not any(digit in "123456789" for digit in token.text):
            self._fail(token.position, "duration must be greater than 0")

    def _string(self, where: str) -> Token:
        token = self._next
        if token.kind is not Kind.STRING:
            self._unexpected(where, "string")
        wrong = bad_escape(token.text)
        if wrong is not None:
            self._fail(token.position + wrong, "invalid escape sequence in string")
        return self._take()

    def _labels(self, where: str) -> list[str]:
        self._expect("(", where)
        found: list[str] = []
        while not self._take_if(")"):
            token = self._next
            if token.kind is Kind.STRING:
                found.append(self._string(where).text[1:-1])
            elif token.kind is Kind.IDENTIFIER and ":" not in token.text:
                found.append(self._take().text)
            else:
                self._unexpected(where, "label")
            if self._next.text != ")":
                self._expect(",", where)
        return found

    def _matchers(self, name: str) -> None:
        """Read `{...}`; `name` is the metric's name before it."""
        where = "label matching"
        start = self._take()
        selective = bool(name)
        while not self._take_if("}"):
            token = self._next
            if token.kind is Kind.STRING:
                self._string(where)
            elif token.kind is Kind.IDENTIFIER and ":" not in token.text:
                self._take()
            else:
                self._unexpected(where, 'identifier or "}"')
            if token.kind is Kind.STRING and self._next.text in {",", "}"}:
                self._name_once(token, name)
                selective = True
            else:
                selective = self._matcher(token, name, where) or selective
            if self._next.text != "}":
                if self._next.text != ",":
                    self._unexpected(where, '"," or "}"')
                self._take()
        if not selective:
            self._fail(start.position, "vector selector must contain at least one non-empty matcher")

    def _name_once(self, token: Token, name: str) -> None:
        if name:
            self._fail(token.position, f'metric name must not be set twice: "{name}" or {token.text}')

    def _matcher(self, label: Token, name: str, where: str) -> bool:
        """Read operator and value of one matcher; returns whether it asks for a value at all."""
        operator = self._next
        if operator.kind is not Kind.OPERATOR or operator.text not in set(MatchOp):
            self._unexpected(where, "label matching operator")
        self._take()
        value = self._string(where)
        if label.text == METRIC_NAME:
            self._name_once(value, name)
        try:
            matcher = Matcher(label.text, MatchOp(operator.text), unquoted(value.text))
        except BadData as error:
            self._fail(value.position, error.message)
        return not matcher.matches_empty


def _shown(token: Token) -> str:
    """A token as messages show it."""
    if token.kind is Kind.IDENTIFIER:
        return f'identifier "{token.text}"'
    if token.kind in {Kind.NUMBER, Kind.DURATION, Kind.STRING}:
        return f"{token.kind.value} {token.text}"
    if token.kind is Kind.OPERATOR:
        return f"<op:{token.text}>"
    return f'"{token.text}"'
