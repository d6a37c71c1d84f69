"""What the inside of a string or duration literal means, and where it means nothing."""

import re
from typing import Final

_ESCAPES: Final = re.compile(r"\\(?:[abfnrtv\\'\"]|[0-3][0-7]{2}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})?")
_UNITS: Final = ("y", "w", "d", "h", "m", "s", "ms")
_DURATION_PART: Final = re.compile(r"([0-9]+)(ms|[smhdwy])")


def has_ordered_units(duration: str) -> bool:
    """Whether a duration names each unit once, from long to short: `1h30m` does, `30m1h` does not."""
    units = [_UNITS.index(unit) for _, unit in _DURATION_PART.findall(duration)]
    return units == sorted(set(units))


def bad_escape(literal: str) -> int | None:
    """Where in a string literal, quotes included, a backslash begins nothing; None when all is well."""
    if literal.startswith("`"):
        return None
    found = _ESCAPES.finditer(literal, 1, len(literal) - 1)
    return next((escape.start() for escape in found if escape.group() == "\\"), None)


_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def unquoted(literal: str) -> str:
    """The text that a string literal stands for; escapes that make no character stay as they are."""
    inner = literal[1:-1]
    return inner if literal.startswith("`") else _ESCAPES.sub(_character, inner)


def _character(escape: re.Match[str]) -> str:
    body = escape.group()[1:]
    if not body or body in _SIMPLE:
        return _SIMPLE.get(body, escape.group())
    if body[0] in "xuU":
        code = int(body[1:], 16)
        return chr(code) if code <= 0x10FFFF else escape.group()  # noqa: PLR2004 - the last code point
    return body if len(body) == 1 else chr(int(body, 8))
