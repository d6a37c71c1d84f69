"""What the inside of a string, number or duration literal means, and where it means nothing."""

import math
import re
from typing import Final

from sightline.domain import go_literals
from sightline.domain.errors import BadData
from sightline.domain.go_literals import ESCAPE, is_escape, quoted

_COUNTED: Final = re.compile(r"([0-9]+)([a-z]+)")
_UNITS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_MOST_COUNT: Final = 20  # digits, which a 64-bit number has at most
_MOST_MS: Final = 2**63 // 1_000_000  # as many as a 64-bit number of nanoseconds holds
_MOST_DIGITS: Final = 8  # of an escape
_OCTAL: Final = re.compile(r"0(?:_?[0-7])*")


def milliseconds(duration: str) -> int:
    """How long a duration literal such as `1h30m` is, ms; it names each unit once, from long to short.

    Raises:
        BadData: it does not, or is longer than 292 years.
    """
    whole, last = 0, math.inf
    for count, unit in _COUNTED.findall(duration):
        size = _UNITS.get(unit)
        if size is None:
            raise BadData(f"unknown unit {quoted(unit)} in duration {quoted(duration)}")
        if size >= last or len(count.lstrip("0")) > _MOST_COUNT:
            raise BadData(f"not a valid duration string: {quoted(duration)}")
        whole, last = whole + int(count.lstrip("0") or "0") * size, size
        if whole > _MOST_MS:
            raise BadData("duration out of range")
    return whole


def number(literal: str) -> float:
    """The value of a number literal: decimal, hexadecimal with `0x`, octal with a leading 0, underscores between digits.

    Raises:
        BadData: a number that Go cannot read.
    """
    lower = literal.lower()
    if lower in {"inf", "nan"}:
        return float(lower)
    try:
        if lower.startswith("0x") or literal.isdigit() or "_" in literal:
            base = 16 if lower.startswith("0x") else 8 if _OCTAL.fullmatch(literal) else 10
            whole = int(literal, 16) if base == 16 else int(literal.replace("_", ""), base)  # noqa: PLR2004 - with its prefix
            if base == 10 or -(2**63) <= whole < 2**63:  # noqa: PLR2004 - what needs no other reading
                return float(whole)
    except (ValueError, OverflowError):
        pass
    try:
        value = float(literal if "_" not in literal and base_ten(lower) else "none")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        why = "invalid syntax" if math.isnan(value) else "value out of range"
        raise BadData(f"error parsing number: strconv.ParseFloat: parsing {quoted(literal)}: {why}")
    return value


def base_ten(literal: str) -> bool:
    """Whether a number is written with decimal digits."""
    return not literal.startswith("0x")


def bad_escape(literal: str) -> str | None:
    """What is wrong with the escapes of a string literal, its first quote included; None when all is well."""
    if literal.startswith("`") or "\\" not in literal:
        return None
    for escape in ESCAPE.finditer(literal, 1):
        if not is_escape(escape, literal[0]):
            after = escape.start() + 2
            return _not_an_escape(literal[after - 1 : after], literal[after : after + _MOST_DIGITS])
    return None


def _not_an_escape(kind: str, rest: str) -> str:
    """Why a backslash before a character and the rest begins nothing."""
    if not kind:
        return "escape sequence not terminated"
    digits, allowed = {"x": (2, _HEX), "u": (4, _HEX), "U": (8, _HEX)}.get(kind, (2, _OCT))
    if kind not in "xuU" and kind not in _OCT:
        return _unknown_escape(kind)
    wrong = next((one for one in rest[:digits] if one not in allowed), None)
    if wrong is not None:
        return f"illegal character {_code_point(wrong)} in escape sequence"
    return (
        "escape sequence not terminated" if len(rest) < digits else "escape sequence is an invalid Unicode code point"
    )


_HEX: Final = frozenset("0123456789abcdefABCDEF")
_OCT: Final = frozenset("01234567")


def _unknown_escape(kind: str) -> str:
    return f"unknown escape sequence {_code_point(kind)}"


def _code_point(character: str) -> str:
    shown = f" '{character}'" if character.isprintable() else ""
    return f"U+{ord(character):04X}{shown}"


def unquoted(literal: str) -> str:
    """The text that a string literal without bad escapes stands for; bytes that are no UTF-8 are replaced by U+FFFD.

    Raises:
        BadData: it has a bad escape.
    """
    # Unlike Go's own, a raw one keeps its carriage returns.
    return literal[1:-1] if literal.startswith("`") else go_literals.unquoted(literal)
