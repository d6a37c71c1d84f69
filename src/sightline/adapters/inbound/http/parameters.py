"""Request parameters: from the query string and the form together, each read by its meaning."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from urllib.parse import parse_qsl

from sightline.domain.errors import BadData, InvalidParameter
from sightline.domain.timerange import MAX_TIME, MIN_TIME, SECOND, parse_duration

MAX_FIELDS: Final = 10_000
"""How many fields a form may have."""

_MOST_SHOWN: Final = 200  # characters of what a caller sent
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
# What Prometheus' own clients send for "from the beginning" and "to the end".
_OPEN_ENDS: Final = {"-292273086-05-16T16:47:06Z": MIN_TIME, "292277025-08-18T07:12:54.999999999Z": MAX_TIME}
_YES: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_NO: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one request; names that nobody asks for are ignored."""

    fields: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, *sources: bytes) -> "Parameters":
        """From urlencoded bytes: the query string, then the form.

        Raises:
            BadData: not UTF-8, or too many fields.
        """
        found: dict[str, list[str]] = {}
        for source in sources:
            try:
                pairs = parse_qsl(source.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
            except UnicodeDecodeError:
                raise BadData("the parameters are not urlencoded UTF-8") from None
            except ValueError:
                raise BadData(f"more than {MAX_FIELDS} parameters") from None
            for name, value in pairs:
                found.setdefault(name, []).append(value)
        return cls({name: tuple(values) for name, values in found.items()})

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a parameter that may be repeated."""
        return self.fields.get(name, ())

    def text(self, name: str) -> str | None:
        """The first value; None when missing or empty."""
        return next(iter(self.every(name)), None) or None

    def required(self, name: str) -> str:
        """The first value.

        Raises:
            InvalidParameter: missing or empty.
        """
        value = self.text(name)
        if value is None:
            raise invalid(name, "it is missing or empty")
        return value

    def expression(self) -> str:
        """The parameter `query`.

        Raises:
            InvalidParameter: missing or empty.
        """
        text = self.text("query")
        if text is None:
            raise invalid("query", "unknown position: parse error: no expression found in input")
        return text

    def time(self, name: str, default: int | None = None) -> int:
        """An instant, ms; `default` when missing.

        Raises:
            InvalidParameter: not a time, or missing without a default.
        """
        text = self.text(name)
        if default is None:
            return _parse(name, text or "", parse_time)
        if text is None:
            return default
        try:
            return parse_time(text)
        except BadData as error:  # in other words than a time that must be there
            raise invalid(name, f"Invalid time value for '{name}': {error.message}") from None

    def span(self, name: str) -> int | None:
        """A length of time, ms, perhaps below zero; None when missing.

        Raises:
            InvalidParameter: not a duration.
        """
        text = self.text(name)
        return None if text is None else _parse(name, text, parse_span)

    def step(self) -> int:
        """The parameter `step`, ms.

        Raises:
            InvalidParameter: missing, not a duration, or not above zero.
        """
        length = _parse("step", self.text("step") or "", parse_span)
        if length <= 0:
            problem = "zero or negative query resolution step widths are not accepted. Try a positive integer"
            raise invalid("step", problem)
        return length

    def truth(self, name: str) -> bool:
        """Yes or no, as Go reads it; no when missing.

        Raises:
            InvalidParameter: neither.
        """
        value = self.text(name)
        if value is None or value in _NO:
            return False
        if value not in _YES:
            message = f"parameter {name!r} must be true or false, not {value[:40]!r}"
            raise InvalidParameter(message, parameter=name)
        return True

    def numbers(self, name: str) -> tuple[int, ...]:
        """All values of a parameter that wants ids: whole numbers, not below zero.

        Raises:
            InvalidParameter: one is something else.
        """
        found = self.every(name)
        for value in found:
            if not (_WHOLE.fullmatch(value) and value.isdecimal()):
                raise invalid(name, f"cannot parse {_quoted(value)} to a whole number")
        return tuple(map(int, found))

    def number(self, name: str) -> int | None:
        """The first of such values; None when missing.

        Raises:
            InvalidParameter: it is something else.
        """
        return next(iter(self.numbers(name)), None)

    def limit(self) -> int | None:
        """How many items at most; None when missing or 0, which both mean all.

        Raises:
            InvalidParameter: not a whole number, or below zero.
        """
        value = self.text("limit")
        if value is None:
            return None
        if not _WHOLE.fullmatch(value):
            raise invalid("limit", f"cannot parse {_quoted(value)} to a valid limit")
        if value.startswith("-"):
            raise invalid("limit", "limit must be non-negative")
        return int(value) or None


def invalid(name: str, problem: str) -> InvalidParameter:
    """The refusal of a parameter, in Prometheus' words."""
    return InvalidParameter(f'invalid parameter "{name}": {problem}', parameter=name)


def parse_time(text: str) -> int:
    """An instant as seconds since 1970 or in RFC 3339; returns ms.

    Raises:
        BadData: neither, or out of bounds.
    """
    if text in _OPEN_ENDS:
        return _OPEN_ENDS[text]
    if _NUMBER.fullmatch(text):
        return _milliseconds(float(text), _no_time(text))
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _no_time(text)
    day, clock, fraction, _, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        instant = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
    except ValueError:
        raise _no_time(text) from None
    return (instant - _EPOCH) // timedelta(milliseconds=1) + int((fraction or "0").ljust(3, "0")[:3])


def parse_span(text: str) -> int:
    """A length of time as seconds or as a duration such as 1h30m; returns ms.

    Raises:
        BadData: neither, or out of bounds.
    """
    problem = BadData(f"cannot parse {_quoted(text)} to a valid duration")
    if _NUMBER.fullmatch(text):
        return _milliseconds(float(text), problem)
    try:
        length = parse_duration(text)
    except BadData:
        raise problem from None
    if length > MAX_TIME:
        raise problem
    return length


def _milliseconds(seconds: float, problem: BadData) -> int:
    if not MIN_TIME / SECOND <= seconds <= MAX_TIME / SECOND:
        raise problem
    return round(seconds * SECOND)


def _no_time(text: str) -> BadData:
    return BadData(f"cannot parse {_quoted(text)} to a valid timestamp")


def _quoted(text: str) -> str:
    return json.dumps(text[:_MOST_SHOWN], ensure_ascii=False)


def _parse(name: str, text: str, parse: Callable[[str], int]) -> int:
    """Read one parameter, so that what is wrong with the text is said together with the parameter's name."""
    try:
        return parse(text)
    except BadData as error:
        raise invalid(name, error.message) from None
