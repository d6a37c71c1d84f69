"""The kinds of value that conditions compare, how literals of them are written, and how they are spoken of."""

from enum import StrEnum
from typing import Any, Final

from sightline.domain.sizes import format_size
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND, format_duration

LONGEST_SHOWN: Final = 60
"""Characters of a text that messages show."""


class Kind(StrEnum):
    """What a value is, in the words of messages."""

    NUMBER = "a number"
    DURATION = "a duration"
    SIZE = "a size"
    TEXT = "a text"
    TEXTS = "several texts"
    ANY = "a JSON value"
    VALUES = "several JSON values"


EXAMPLES: Final = {
    Kind.NUMBER: "200",
    Kind.DURATION: "500ms",
    Kind.SIZE: "1MiB",
    Kind.TEXT: '"ok"',
    Kind.ANY: '"ok", 3, true or null',
}
"""A literal that each kind is compared with."""
ELEMENTS: Final = {Kind.TEXTS: Kind.TEXT, Kind.VALUES: Kind.ANY, Kind.ANY: Kind.ANY}
"""What the elements of several are; a JSON value may be a list of others."""
_SPECIAL: Final = frozenset("\\\"'nrt\n\r\t")
_WRITTEN: Final = {'"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPOKEN: Final = (
    (2 * DAY, DAY, "days"),
    (2 * HOUR, HOUR, "h"),
    (2 * MINUTE, MINUTE, "min"),
    (10 * SECOND, SECOND, "s"),
    (0, 1, "ms"),
)
_BINARY: Final = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def quoted(text: str) -> str:
    """A text as conditions have it: a backslash is doubled only where it would else mean something."""
    parts: list[str] = []
    for at, character in enumerate(text):
        if character == "\\":
            following = text[at + 1 : at + 2]
            parts.append("\\\\" if not following or following in _SPECIAL else "\\")
        else:
            parts.append(_WRITTEN.get(character, character))
    return f'"{"".join(parts)}"'


def written(value: Any, kind: Kind) -> str:
    """A literal of a kind (JSON values: None, bool, number or text) as conditions have it."""
    if kind is Kind.DURATION:
        return _written_duration(value)
    if kind is Kind.SIZE:
        return format_size(value)
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return number(value)


def number(value: float) -> str:
    """The shortest decimal text of a number."""
    return repr(value).removesuffix(".0")


def spoken(value: Any, kind: Kind) -> str:
    """A value of a kind as people are told of it: short, and one line."""
    if kind is Kind.DURATION:
        return _spoken_duration(value)
    if kind is Kind.SIZE:
        return _spoken_size(value)
    if isinstance(value, str):
        return quoted(value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…")
    if isinstance(value, dict | list | tuple):
        return f"an object with {len(value)} names" if isinstance(value, dict) else f"a list of {len(value)}"
    return f"{value:.6g}" if isinstance(value, float) else written(value, Kind.ANY)[:LONGEST_SHOWN]


def spoken_all(values: Any, most: int = 3) -> str:
    """Several values, the first few of them."""
    shown = ", ".join(spoken(value, Kind.ANY) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown or "none"


def _written_duration(ms: float) -> str:
    whole = int(ms)
    return format_duration(whole) if whole == ms else f"{number(ms)}ms"


def _spoken_duration(ms: float) -> str:
    sign, length = ("-" if ms < 0 else ""), abs(ms)
    for least, unit, name in _SPOKEN:
        if length >= least:
            return f"{sign}{length / unit:.4g} {name}"
    return f"{ms} ms"  # not a number


def _spoken_size(size: float) -> str:
    for unit, name in _BINARY:
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size:g} bytes"
