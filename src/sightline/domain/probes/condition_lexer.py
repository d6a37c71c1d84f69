"""The text of a condition to tokens, each with the column where it begins."""

import re
from enum import StrEnum
from math import isfinite
from typing import Any, Final, NamedTuple

from sightline.domain.errors import InvalidField
from sightline.domain.sizes import UNITS as SIZES
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND


class Token(StrEnum):
    """The kinds of token, in the words of messages."""

    NUMBER = "a number"
    DURATION = "a duration"
    SIZE = "a size"
    TEXT = "a text"
    WORD = "a word"
    SIGN = "a sign"
    END = "the end"


class Lexeme(NamedTuple):
    """A token. text: as it is written. value: of a literal; durations in ms. at: index of its first character."""

    token: Token
    text: str
    at: int
    value: Any = None

    @property
    def shown(self) -> str:
        """As messages name it."""
        return "the end" if self.token is Token.END else f"{self.text[:40]!r}"


LONGEST: Final = 2000
"""Characters of a condition."""
_DURATIONS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "y": 365 * DAY}
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_NUMBER: Final = r"(?:[0-9]{1,18}(?:\.[0-9]{1,18})?)"
_PART: Final = re.compile(rf"({_NUMBER})(ms|[smhdwy])")
_DURATION: Final = re.compile(rf"-?(?:{_NUMBER}(?:ms|[smhdwy]))+(?!\w|\.(?!\.))")
_SIZE: Final = re.compile(rf"({_NUMBER})({'|'.join(SIZES)})(?!\w)")
_PLAIN: Final = re.compile(rf"-?{_NUMBER}(?:[eE][+-]?[0-9]{{1,3}})?(%?)(?![\w%])")
_NUMERIC: Final = re.compile(r"-?[0-9][\w.%]*?(?=\.\.|[^\w.%]|$)")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_SIGN: Final = re.compile(r"==|!=|<=|>=|&&|\|\||\.\.|[<>(),:=!~\[\]]")
_TEXT: Final = re.compile(r"""\"((?:[^"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'""", re.DOTALL)
_ESCAPE: Final = re.compile(r"""\\([\\"'nrt])""")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def malformed(text: str, at: int, reason: str) -> InvalidField:
    """The error for a condition that stops making sense at an index of its text."""
    column = min(at, len(text)) + 1
    return InvalidField(f"column {column}: {reason}", column=column, condition=text[:LONGEST])


def lexemes(text: str) -> list[Lexeme]:
    """All tokens, the last of kind END.

    Raises:
        InvalidField: what no token can be made of; names its column.
    """
    if len(text) > LONGEST:
        raise malformed(text, LONGEST, f"a condition has at most {LONGEST} characters: split it into several")
    if (half := _SURROGATE.search(text)) is not None:
        raise malformed(text, half.start(), "half of a surrogate pair is no character")
    found: list[Lexeme] = []
    at = 0
    while True:
        if (space := _SPACE.match(text, at)) is not None:
            at = space.end()
        if at >= len(text):
            return [*found, Lexeme(Token.END, "", len(text))]
        found.append(_lexeme(text, at))
        at += len(found[-1].text)


def _lexeme(text: str, at: int) -> Lexeme:
    first = text[at]
    if first in "\"'":
        return _quoted(text, at)
    if first.isdecimal() or (first == "-" and text[at + 1 : at + 2].isdecimal()):
        return _numeric(text, at)
    for token, pattern in ((Token.WORD, _WORD), (Token.SIGN, _SIGN)):
        if (found := pattern.match(text, at)) is not None:
            return Lexeme(token, found[0], at)
    raise malformed(text, at, f"{first!r} is no part of a condition")


def _quoted(text: str, at: int) -> Lexeme:
    found = _TEXT.match(text, at)
    if found is None:
        raise malformed(text, at, f"the text that begins here has no closing {text[at]}")
    inner = found[1] if found[1] is not None else found[2]
    meant = _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), inner)
    return Lexeme(Token.TEXT, found[0], at, meant)


def _numeric(text: str, at: int) -> Lexeme:
    if (duration := _DURATION.match(text, at)) is not None:
        sign = -1 if duration[0].startswith("-") else 1
        parts = _PART.findall(duration[0])
        return Lexeme(
            Token.DURATION, duration[0], at, sign * sum(_exact(amount) * _DURATIONS[unit] for amount, unit in parts)
        )
    if (size := _SIZE.match(text, at)) is not None:
        return Lexeme(Token.SIZE, size[0], at, round(_exact(size[1]) * SIZES[size[2]]))
    if (plain := _PLAIN.match(text, at)) is not None:
        value = _exact(plain[0].removesuffix("%"))
        if not isfinite(value):
            raise malformed(text, at, f"{plain[0]} is too large a number")
        return Lexeme(Token.NUMBER, plain[0], at, value / 100 if plain[1] else value)
    bad = _NUMERIC.match(text, at)
    shown = bad[0] if bad is not None else text[at : at + 10]
    raise malformed(text, at, f"{shown[:40]!r} is no number, duration or size: write 200, 0.5, 500ms, 14d or 1MiB")


def _exact(text: str) -> float:
    """A number, whole where it is written so."""
    return float(text) if "." in text or "e" in text.lower() else int(text)
