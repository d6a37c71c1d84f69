"""The slow, obvious twin of the Influx decoder: regular expressions over one line, one object a value."""

import math
import re

# Of a head or a key: anything but a separator, unless a backslash stands before it.
_PART = r"(?:\\[, =]|\\(?![, =])|[^\\, =])+"
_MEASUREMENT = r"(?:\\[, =]|\\(?![, =])|[^\\, ])+"
_HEAD = re.compile(rf"({_MEASUREMENT})((?:,{_PART}={_PART})*)", re.DOTALL)
_TAG = re.compile(rf",({_PART})=({_PART})", re.DOTALL)
_FIELD = re.compile(rf'({_PART})=("(?:\\.|[^"\\])*"|[^,\s"][^,\s]*)', re.DOTALL | re.ASCII)
_FLOAT = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]+i|[0-9]+u", re.ASCII)
_REST = re.compile(r"(?:[ \t]+(-?[0-9]+))?[ \t]*\r?", re.ASCII)
_TRUE = {"t", "T", "true", "True", "TRUE"}
_FALSE = {"f", "F", "false", "False", "FALSE"}

Series = tuple[tuple[str, str], ...]
Sample = tuple[Series, int | None, float]
"""Series, time in the unit of the request or None, value."""


class NoLineError(Exception):
    """This is no line."""


class NoSeriesError(Exception):
    """A line, but not one that is of series."""


def decode(line: str, database: str = "") -> list[Sample]:
    """The samples of one line, without the break at its end."""
    line = line.lstrip(" \t")
    if line in {"", "\r"} or line.startswith("#"):
        return []
    head = _HEAD.match(line)
    if head is None or not line[head.end() :].startswith(" "):
        raise NoLineError
    rest = line[head.end() :].lstrip(" \t")
    fields = []
    while True:
        match = _FIELD.match(rest)
        if match is None:
            raise NoLineError
        fields.append((_plain(match[1]), _value(match[2])))
        rest = rest[match.end() :]
        if not rest.startswith(","):
            break
        rest = rest[1:]
    end = _REST.fullmatch(rest)
    if end is None:
        raise NoLineError
    time = None if end[1] is None else int(end[1])
    if time is not None and abs(time) >= 2**63 - 10:
        raise NoLineError
    tags = [(_plain(name), _plain(value)) for name, value in _TAG.findall(head[2])]
    names = [name for name, _ in tags]
    if len(set(names)) < len(names) or "__name__" in names:
        raise NoSeriesError
    labels = {**({"db": database} if database else {}), **dict(tags)}
    measurement = re.sub(r"\\([, ])", r"\1", head[1])
    return [
        (tuple(sorted({**labels, "__name__": f"{measurement}_{key}"}.items())), time, value)
        for key, value in fields
        if value is not None
    ]


def _value(text: str) -> float | None:
    """What a field is worth; None for a string."""
    if text.startswith('"'):
        return None
    if text in _TRUE:
        return 1.0
    if text in _FALSE:
        return 0.0
    if _WHOLE.fullmatch(text):
        whole = int(text[:-1])
        least, most = (-(2**63), 2**63) if text.endswith("i") else (0, 2**64)
        if not least <= whole < most:
            raise NoLineError
        return float(whole)
    if not _FLOAT.fullmatch(text) or math.isinf(float(text)):
        raise NoLineError
    return float(text)


def _plain(text: str) -> str:
    return re.sub(r"\\([, =])", r"\1", text)
