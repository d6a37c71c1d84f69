"""Text to tokens, with positions, by the lexical rules of PromQL (Prometheus 3, promql/parser/lex.go).

What no token can be made of ends the text: it becomes the last token, of kind ERROR, whose text says why. The parser meets it only
if it gets that far, so that what is wrong before it is told first.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from sightline.domain.errors import MalformedQuery
from sightline.domain.go_literals import quoted
from sightline.domain.promql.literals import bad_escape


class Kind(StrEnum):
    """The kinds of token, in the words of messages."""

    NUMBER = "number"
    DURATION = "duration"
    IDENTIFIER = "identifier"
    METRIC = "metric identifier"
    KEYWORD = "keyword"
    AGGREGATOR = "aggregator"
    STRING = "string"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"
    ERROR = "error"
    END = "end of input"


class Token(NamedTuple):
    """One token: its kind, its text as written, and the index of its first character in the query."""

    kind: Kind
    text: str
    position: int

    @property
    def word(self) -> str:
        """The text as keywords and punctuation are compared, in lower case; nothing for what is no word of the language."""
        return "" if self.kind in _FREE else self.text.lower()

    @property
    def end(self) -> int:
        """The index after its last character."""
        return self.position + len(self.text)

    def described(self) -> str:
        """The token as messages show it."""
        match self.kind:
            case Kind.END:
                return "end of input"
            case Kind.KEYWORD if self.word not in _PREPROCESSORS:
                return f"<{self.text}>"
            case Kind.OPERATOR | Kind.PUNCTUATION if self.text == "@" or (
                self.kind is Kind.OPERATOR and self.text != "="
            ):
                return f"<op:{self.text}>"
            case Kind.AGGREGATOR:
                return f"<aggr:{self.text}>"
            case Kind.NUMBER | Kind.DURATION | Kind.STRING if len(self.text) > _SHOWN:
                return f"{self.kind} {quoted(self.text[:_SHOWN])}..."
        shown = quoted(self.text)
        return f"{self.kind} {shown}" if self.kind in _SAID else shown


_SHOWN: Final = 10  # characters of a literal
_SAID: Final = frozenset({Kind.NUMBER, Kind.DURATION, Kind.STRING, Kind.IDENTIFIER, Kind.METRIC})
_FREE: Final = frozenset({Kind.STRING, Kind.IDENTIFIER, Kind.METRIC, Kind.ERROR, Kind.END, Kind.NUMBER, Kind.DURATION})
_PREPROCESSORS: Final = frozenset({"start", "end", "step", "range"})
_FOLDS: Final = frozenset({"min_of", "max_of"})  # of durations; they were written min and max at first
_WORD_OPERATORS: Final = frozenset({"and", "or", "unless", "atan2"})
_AGGREGATORS: Final = frozenset(
    [
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "group",
        "stddev",
        "stdvar",
        "topk",
        "bottomk",
        "count_values",
        "quantile",
        "limitk",
        "limit_ratio",
    ]
)
_FILLS: Final = frozenset({"fill", "fill_left", "fill_right"})
_KEYWORDS: Final = frozenset(
    {
        *("offset", "smoothed", "anchored", "by", "without", "on", "ignoring", "group_left", "group_right", "bool"),
        *_FILLS,
        *_PREPROCESSORS,
        *_FOLDS,
    }
)
_NUMBER_WORDS: Final = frozenset({"inf", "nan"})
_DURATION_WORDS: Final = frozenset({"step", "range", "min", "max", *_FOLDS})

_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)+")
_OPENING: Final = re.compile(r"[ \t\r\n]*\(")
_DURATION: Final = re.compile(r"[0-9]+[smhdwy]s?(?:[0-9]+[smhdw]s?)*(?![0-9A-Za-z_])")
# What the lexer takes for a number, though not all of it is one: see `literals.number`.
_NUMBER: Final = re.compile(
    r"(?:0[xX](?:_?[0-9a-fA-F])*|(?=\.?[0-9])[0-9]*(?:_[0-9]+)*(?:\.[0-9]*(?:_[0-9]+)*)?(?:[eE][+-]?+(?:[0-9]+(?:_[0-9]+)*|(?=[^._eE]))"
    r")?)(?![0-9A-Za-z_.])"
)
_NUMERIC: Final = re.compile(r"[0-9A-Za-z_.]+")
_WORD: Final = re.compile(r"[A-Za-z_:][0-9A-Za-z_:]*")
_PLAIN_WORD: Final = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")
_LETTERS: Final = re.compile(r"[A-Za-z_]+")
_QUOTED: Final = {
    '"': re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'),
    "'": re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"),
    "`": re.compile(r"`[^`]*`"),
}
_OUTSIDE: Final = re.compile(r"==|!=|<=|>=|</|>/|[-+*/%^<>=]")
_IN_BRACES: Final = re.compile(r"=~|!~|!=|=")
_IN_BRACKETS: Final = re.compile(r"[-+*/%^]")


def malformed(text: str, position: int, reason: str) -> MalformedQuery:
    """The error for a query that stops making sense at `position`, in the words of Prometheus.

    Lines and columns are its too, but that a column is a character, as people count, and not a byte.
    """
    position = min(position, len(text))
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    message = f"{line}:{column}: parse error: {reason}"
    return MalformedQuery(message, line=line, column=column)


def tokens(text: str) -> list[Token]:
    """All tokens, the last of kind END, or of kind ERROR where the text cannot be read further."""
    return _Lexer(text).run()


class _Unreadable(Exception):
    """No token can be made of what stands at a position."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.token = Token(Kind.ERROR, reason, position)


class _Lexer:
    """Reads from left to right; what it may read depends on the bracket it is in."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: list[Token] = []
        self._depth = 0  # of parentheses
        self._in_brackets = False
        self._after_number = False  # within brackets, where fewer things may follow
        self._colons = 0

    def run(self) -> list[Token]:
        try:
            in_braces = False
            while self._skipped():
                if in_braces:
                    in_braces = self._inside_braces()
                elif self._in_brackets and not self._after_number:
                    self._inside_brackets()
                else:
                    in_braces = self._anywhere()
            if in_braces:
                self._fail("unexpected end of input inside braces")
            if self._in_brackets and not self._after_number:
                self._fail("unexpected end of input in duration expression")
            if self._depth:
                self._fail("unclosed left parenthesis")
            if self._in_brackets:
                self._fail("unclosed left bracket")
        except _Unreadable as end:
            self._found.append(end.token)
        else:
            self._found.append(Token(Kind.END, "", len(self._text)))
        return self._found

    def _skipped(self) -> bool:
        """Skip spaces and comments; whether anything follows."""
        if (space := _SPACE.match(self._text, self._at)) is not None:
            self._at = space.end()
        return self._at < len(self._text)

    def _fail(self, reason: str) -> None:
        raise _Unreadable(self._at, reason)

    def _take(self, kind: Kind, length: int) -> str:
        """The next characters as a token."""
        taken = self._text[self._at : self._at + length]
        self._found.append(Token(kind, taken, self._at))
        self._at += length
        return taken

    def _anywhere(self) -> bool:
        """Read a token outside of braces; whether it opens them."""
        next_ = self._text[self._at]
        if next_ in _QUOTED:
            self._string()
        elif next_ == "{":
            self._take(Kind.PUNCTUATION, 1)
            return True
        elif next_ in "(),@[]":
            self._punctuation(next_)
        elif (next_.isdecimal() and next_.isascii()) or self._is_fraction():
            self._number()
        elif (word := (_WORD.match(self._text, self._at))) is not None:
            if self._in_brackets:
                self._after_duration(next_)
            else:
                self._word(word.group())
        else:
            self._operator(next_)
        return False

    def _operator(self, next_: str) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if next_ == "!" and following != "=":
            self._fail(f"unexpected character after '!': {_rune(following)}")
        if next_ == "=" and following == "~":
            self._fail(f"unexpected character after '=': {_rune(following)}")
        found = _OUTSIDE.match(self._text, self._at)
        if found is None:
            self._fail(f"unexpected character: {_rune(next_)}")
        else:
            self._take(Kind.OPERATOR, len(found.group()))

    def _punctuation(self, next_: str) -> None:
        if next_ == ")" and not self._depth:
            self._at += 1  # Prometheus has read it by then
            self._fail("unexpected right parenthesis ')'")
        if next_ == "]" and not self._in_brackets:
            self._fail("unexpected right bracket ']'")
        if next_ == "[" and self._in_brackets:
            self._fail("unexpected left bracket '['")
        self._take(Kind.PUNCTUATION, 1)
        self._depth += (next_ == "(") - (next_ == ")")
        if next_ in "[]":
            self._in_brackets, self._after_number, self._colons = next_ == "[", False, 0

    def _after_duration(self, next_: str) -> None:
        """Read what is no operator after a number within brackets: a colon, or a word of durations."""
        if next_ == ":":
            if self._colons:
                self._fail("unexpected colon ':'")
            self._colons += 1
            self._take(Kind.PUNCTUATION, 2 if self._text[self._at + 1 : self._at + 2] == ":" else 1)
        elif not self._duration_word():
            self._fail(f"unexpected character: {_rune(next_)}, expected ':'")

    def _inside_brackets(self) -> None:
        """Read a token of a duration expression."""
        next_ = self._text[self._at]
        if next_ in "])(,":
            self._punctuation(next_)
        elif next_ == ":":
            # A number makes what follows be read elsewhere, where a colon may stand.
            self._at += 1
            self._fail("unexpected colon before duration in duration expression")
        elif _IN_BRACKETS.match(next_):
            self._take(Kind.OPERATOR, 1)
        elif (next_.isdecimal() and next_.isascii()) or self._is_fraction():
            self._number()
        elif not self._duration_word():
            self._fail(f"unexpected character in duration expression: {_rune(next_)}")

    def _duration_word(self) -> bool:
        """Read a word of durations, where one is next."""
        word = _LETTERS.match(self._text, self._at)
        if word is None or word.group().lower() not in _DURATION_WORDS:
            return False
        is_fold = word.group().lower() in _AGGREGATORS
        self._take(Kind.AGGREGATOR if is_fold else Kind.KEYWORD, len(word.group()))
        return True

    def _inside_braces(self) -> bool:
        """Read a token inside of braces; whether they are still open after it."""
        next_ = self._text[self._at]
        if next_ in _QUOTED:
            self._string()
        elif next_ in ",}":
            self._take(Kind.PUNCTUATION, 1)
            return next_ == ","
        elif (word := _PLAIN_WORD.match(self._text, self._at)) is not None:
            self._take(Kind.IDENTIFIER, len(word.group()))
        elif (operator := _IN_BRACES.match(self._text, self._at)) is not None:
            self._take(Kind.OPERATOR, len(operator.group()))
        elif next_ == "!":
            following = self._text[self._at + 1 : self._at + 2]
            self._fail(f"unexpected character after '!' inside braces: {_rune(following)}")
        elif next_ == "{":
            self._fail("unexpected left brace '{'")
        else:
            self._fail(f"unexpected character inside braces: {_rune(next_)}")
        return True

    def _string(self) -> None:
        quote = self._text[self._at]
        found = _QUOTED[quote].match(self._text, self._at)
        whole = self._text[self._at :] if found is None else found.group()
        if (wrong := bad_escape(whole)) is not None:
            self._fail(wrong)
        if found is None:
            self._fail("unterminated raw string" if quote == "`" else "unterminated quoted string")
        self._take(Kind.STRING, len(whole))

    def _is_fraction(self) -> bool:
        following = self._text[self._at + 1 : self._at + 2]
        return self._text[self._at] == "." and following.isdecimal() and following.isascii()

    def _number(self) -> None:
        for kind, pattern in ((Kind.NUMBER, _NUMBER), (Kind.DURATION, _DURATION)):
            if (found := pattern.match(self._text, self._at)) is not None:
                self._take(kind, len(found.group()))
                self._after_number = self._in_brackets
                return
        word = _NUMERIC.match(self._text, self._at)
        self._fail(f"bad number or duration syntax: {quoted(word.group() if word else self._text[self._at])}")

    def _word(self, word: str) -> None:
        lower = word.lower()
        kind = Kind.IDENTIFIER
        if lower in _FILLS and _OPENING.match(self._text, self._at + len(word)) is None:
            pass  # the name of a metric
        elif lower in _AGGREGATORS:
            kind = Kind.AGGREGATOR
        elif lower in _KEYWORDS:
            kind = Kind.KEYWORD
        elif lower in _WORD_OPERATORS:
            kind = Kind.OPERATOR
        elif lower in _NUMBER_WORDS:
            kind = Kind.NUMBER
        elif ":" in word:
            kind = Kind.METRIC
        self._take(kind, len(word))


def _rune(character: str) -> str:
    """A character as Go quotes one; the end of the text is the rune -1, which Go shows as the replacement character."""
    return quoted(character or "\ufffd", "'")


def depth(found: list[Token]) -> tuple[int, Token]:
    """How deep the tree gets, and the token where that is: operators chained in each open bracket, which counts for three itself.

    Three, because each function that walks the tree calls itself through about three times as many others for a bracket.
    """
    deepest, where, level = 0, found[-1], 0
    chained = [0]
    for token in found:
        if token.text == "(" and token.kind is Kind.PUNCTUATION:
            level += _BRACKET_WEIGHT
            chained.append(0)
        elif token.text == ")" and token.kind is Kind.PUNCTUATION:
            level -= _BRACKET_WEIGHT + chained.pop()
        elif token.text == "," and token.kind is Kind.PUNCTUATION:
            level -= chained[-1]
            chained[-1] = 0
        elif token.kind is Kind.OPERATOR or token.text == "[":
            level += 1
            chained[-1] += 1
        if level > deepest:
            deepest, where = level, token
    return deepest, where


_BRACKET_WEIGHT: Final = 3
