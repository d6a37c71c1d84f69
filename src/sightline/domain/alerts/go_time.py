"""Times and durations as templates know them, by Go's package time: https://pkg.go.dev/time."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from typing_extensions import override

from sightline.domain.alerts.go_values import Function, Record, Spelled, Typed, type_name
from sightline.domain.errors import Unprocessable

_SECOND: Final = 1_000_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_LONGEST: Final = 2**63
_SMALL: Final = ((1_000_000, "ms"), (1_000, "µs"))
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NOON: Final = 12
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ZERO: Final = -62_135_596_800 * _SECOND
"""The first instant of year 1, which Go has where there is no time; ns since 1970."""

_OF_LAYOUT: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|_2006|__2|_2|002|Z07:00:00|Z070000|Z07:00|Z0700|Z07"
    r"|-07:00:00|-070000|-07:00|-0700|-07|01|02|03|04|05|06|15|PM|pm|[.,]0+(?![0-9])|[.,]9+(?![0-9])|1|2|3|4|5"
)
"""What stands in a layout for a part of a time; where two fit, the one that Go takes comes first."""
_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:(Z)|([+-])(\d\d):(\d\d))", re.ASCII
)


class Duration(Spelled, int):
    """A span of time, ns."""

    GO_TYPE: ClassVar[str] = "time.Duration"
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType(
        {
            "String": Function(lambda it: it.spelled(), 0, 0),
            "Nanoseconds": Function(int, 0, 0),
            "Microseconds": Function(lambda it: _toward_zero(it, 1_000), 0, 0),
            "Milliseconds": Function(lambda it: _toward_zero(it, 1_000_000), 0, 0),
            "Seconds": Function(lambda it: it / _SECOND, 0, 0),
            "Minutes": Function(lambda it: it / _MINUTE, 0, 0),
            "Hours": Function(lambda it: it / _HOUR, 0, 0),
            "Abs": Function(lambda it: Duration(abs(it)), 0, 0),
            "Truncate": Function(lambda it, unit: _truncated(it, whole(unit)), 1, 1),
            "Round": Function(lambda it, unit: _rounded(it, whole(unit)), 1, 1),
        }
    )

    @override
    def spelled(self) -> str:
        """Hours, minutes and seconds, such as `1h2m3.5s`; below a second in a smaller unit."""
        left, sign = abs(int(self)), "-" if self < 0 else ""
        if not left:
            return "0s"
        if left < _SECOND:
            unit, name = next(((unit, name) for unit, name in _SMALL if left >= unit), (1, "ns"))
            return f"{sign}{_decimal(left, unit)}{name}"
        hours, left = divmod(left, _HOUR)
        minutes, left = divmod(left, _MINUTE)
        before = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{before}{_decimal(left, _SECOND)}s"


class Month(Spelled, int):
    """A month, from 1."""

    GO_TYPE: ClassVar[str] = "time.Month"
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType({"String": Function(lambda it: it.spelled(), 0, 0)})

    @override
    def spelled(self) -> str:
        return _MONTHS[self - 1]


class Weekday(Spelled, int):
    """A day of the week, from 0, which is Sunday."""

    GO_TYPE: ClassVar[str] = "time.Weekday"
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType({"String": Function(lambda it: it.spelled(), 0, 0)})

    @override
    def spelled(self) -> str:
        return _DAYS[self]


class Location(Spelled, str):
    """A time zone's name."""

    __slots__ = ()

    GO_TYPE: ClassVar[str] = "*time.Location"
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType({"String": Function(str, 0, 0)})

    @override
    def spelled(self) -> str:
        return str(self)


class Moment(Spelled, Record):
    """An instant, ns since 1970, and the zone in which its parts are told. It compares by both."""

    __slots__ = ("local", "nanoseconds", "zone")

    GO_TYPE: ClassVar[str] = "time.Time"

    def __init__(self, nanoseconds: int, zone: tzinfo | None = UTC) -> None:
        """zone: None is that of the machine.

        Raises:
            Unprocessable: it does not lie in the years 1 to 9999.
        """
        self.nanoseconds = nanoseconds
        self.zone = zone
        try:
            self.local = (_EPOCH + timedelta(seconds=nanoseconds // _SECOND)).astimezone(zone)
        except OverflowError:
            raise Unprocessable("a time must lie in the years 1 to 9999") from None

    @override
    def fields(self) -> Mapping[str, object]:
        return {}

    @override
    def spelled(self) -> str:
        """As Go prints times: `2026-11-22 15:04:32.7 +0000 UTC`."""
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moment) and (other.nanoseconds, other.zone) == (self.nanoseconds, self.zone)

    @override
    def __hash__(self) -> int:
        return hash(self.nanoseconds)

    @property
    def fraction(self) -> int:
        """The nanoseconds within its second."""
        return self.nanoseconds % _SECOND

    def format(self, layout: str) -> str:
        """Its parts in the places of those of Go's reference time in a layout, such as `02 Jan 2006 15:04 MST`."""
        return _OF_LAYOUT.sub(self._part, layout)

    def rfc3339(self) -> str:
        """As JSON has it."""
        return self.format("2006-01-02T15:04:05.999999999Z07:00")

    def _part(self, match: re.Match[str]) -> str:
        sign = match[0]
        if sign[0] in ".,":
            digits = f"{self.fraction:09d}"[: len(sign) - 1].ljust(len(sign) - 1, "0")
            if sign[1] == "9":
                digits = digits.rstrip("0")
            return sign[0] + digits if digits else ""
        if sign[0] in "-Z" and "07" in sign:
            return self._offset(sign)
        part = _PARTS.get(sign)
        return sign if part is None else part(self)

    def _offset(self, sign: str) -> str:
        seconds = round((self.local.utcoffset() or timedelta()).total_seconds())
        if sign[0] == "Z" and not seconds:
            return "Z"
        hours, minutes = divmod(abs(seconds) // 60, 60)
        shape = sign[1:]
        between = ":" if ":" in shape else ""
        text = ("-" if seconds < 0 else "+") + f"{hours:02d}"
        if len(shape) > len("07"):
            text += f"{between}{minutes:02d}"
        if len(shape) > len("07:00"):
            text += f"{between}{abs(seconds) % 60:02d}"
        return text

    @property
    def zone_name(self) -> str:
        """Such as `CET`; of a zone without a name its offset, as Go writes it."""
        name = self.local.tzname() or ""
        if not name or not name[0].isalpha() or (name.startswith("UTC") and name != "UTC"):
            offset = self._offset("-0700")
            return offset[:3] if offset.endswith("00") else offset
        return name

    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType(
        {
            "String": Function(lambda it: it.spelled(), 0, 0),
            "Format": Function(lambda it, layout: it.format(_text(layout)), 1, 1),
            "Unix": Function(lambda it: it.nanoseconds // _SECOND, 0, 0),
            "UnixMilli": Function(lambda it: it.nanoseconds // 1_000_000, 0, 0),
            "UnixMicro": Function(lambda it: it.nanoseconds // 1_000, 0, 0),
            "UnixNano": Function(lambda it: it.nanoseconds, 0, 0),
            "UTC": Function(lambda it: Moment(it.nanoseconds), 0, 0),
            "Local": Function(lambda it: Moment(it.nanoseconds, None), 0, 0),
            "Location": Function(lambda it: _location(it.zone), 0, 0),
            "Add": Function(lambda it, span: Moment(it.nanoseconds + whole(span), it.zone), 1, 1),
            "AddDate": Function(lambda it, *parts: _added(it, *map(whole, parts)), 3, 3),
            "Sub": Function(lambda it, other: _between(other, it), 1, 1),
            "Before": Function(lambda it, other: it.nanoseconds < moment(other).nanoseconds, 1, 1),
            "After": Function(lambda it, other: it.nanoseconds > moment(other).nanoseconds, 1, 1),
            "Equal": Function(lambda it, other: it.nanoseconds == moment(other).nanoseconds, 1, 1),
            "Compare": Function(lambda it, other: _compared(it.nanoseconds, moment(other).nanoseconds), 1, 1),
            "IsZero": Function(lambda it: it.nanoseconds == ZERO, 0, 0),
            "Year": Function(lambda it: it.local.year, 0, 0),
            "Month": Function(lambda it: Month(it.local.month), 0, 0),
            "Day": Function(lambda it: it.local.day, 0, 0),
            "YearDay": Function(lambda it: it.local.timetuple().tm_yday, 0, 0),
            "Weekday": Function(lambda it: Weekday(it.local.isoweekday() % 7), 0, 0),
            "Hour": Function(lambda it: it.local.hour, 0, 0),
            "Minute": Function(lambda it: it.local.minute, 0, 0),
            "Second": Function(lambda it: it.local.second, 0, 0),
            "Nanosecond": Function(lambda it: it.fraction, 0, 0),
            "Truncate": Function(lambda it, unit: _cut(it, whole(unit)), 1, 1),
            "Round": Function(lambda it, unit: _nearest(it, whole(unit)), 1, 1),
        }
    )


_PARTS: Final[Mapping[str, Callable[[Moment], str]]] = {
    "2006": lambda it: f"{it.local.year:04d}",
    "_2006": lambda it: f"_{it.local.year:04d}",
    "06": lambda it: f"{it.local.year % 100:02d}",
    "January": lambda it: _MONTHS[it.local.month - 1],
    "Jan": lambda it: _MONTHS[it.local.month - 1][:3],
    "01": lambda it: f"{it.local.month:02d}",
    "1": lambda it: f"{it.local.month}",
    "02": lambda it: f"{it.local.day:02d}",
    "_2": lambda it: f"{it.local.day:2d}",
    "2": lambda it: f"{it.local.day}",
    "002": lambda it: f"{it.local.timetuple().tm_yday:03d}",
    "__2": lambda it: f"{it.local.timetuple().tm_yday:3d}",
    "Monday": lambda it: _DAYS[it.local.isoweekday() % 7],
    "Mon": lambda it: _DAYS[it.local.isoweekday() % 7][:3],
    "15": lambda it: f"{it.local.hour:02d}",
    "03": lambda it: f"{it.local.hour % 12 or 12:02d}",
    "3": lambda it: f"{it.local.hour % 12 or 12}",
    "04": lambda it: f"{it.local.minute:02d}",
    "4": lambda it: f"{it.local.minute}",
    "05": lambda it: f"{it.local.second:02d}",
    "5": lambda it: f"{it.local.second}",
    "PM": lambda it: "AM" if it.local.hour < _NOON else "PM",
    "pm": lambda it: "am" if it.local.hour < _NOON else "pm",
    "MST": lambda it: it.zone_name,
}


def parse_moment(text: str) -> Moment:
    """Read a time of RFC 3339.

    Raises:
        Unprocessable: it is none, or lies outside of the years 1 to 9999.
    """
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise Unprocessable(f"{text[:60]!a} is no time: write one as 2006-01-02T15:04:05Z")
    try:
        local = datetime(*map(int, found.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        raise Unprocessable(f"{text!a} is no time: there is no such day or hour") from None
    fraction = int((found[7] or "")[:9].ljust(9, "0"))
    offset = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0)) * (-1 if found[9] == "-" else 1)
    if abs(offset) >= timedelta(days=1):
        raise Unprocessable(f"{text!a} is no time: its offset is a day or more")
    seconds = round((local - _EPOCH - offset).total_seconds())
    return Moment(seconds * _SECOND + fraction, timezone(offset) if offset else UTC)


def in_zone(name: str, value: object) -> Moment:
    """A time in a zone such as `Europe/Berlin`; empty is UTC, and `Local` the machine's.

    Raises:
        Unprocessable: there is no such zone.
    """
    it = moment(value)
    if name in {"", "UTC"}:
        return Moment(it.nanoseconds)
    if name == "Local":
        return Moment(it.nanoseconds, None)
    try:
        return Moment(it.nanoseconds, ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        raise Unprocessable(f"{name!a} is no time zone of this machine; write a name such as Europe/Berlin") from None


def moment(value: object) -> Moment:
    """A value that must be a time.

    Raises:
        Unprocessable: it is none.
    """
    if isinstance(value, Moment):
        return value
    raise Unprocessable(f"wrong type for value; expected time.Time; got {type_name(value)}")


def whole(value: object) -> int:
    """A value that must be an integer, such as a duration.

    Raises:
        Unprocessable: it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise Unprocessable(f"wrong type for value; expected integer; got {type_name(value)}")


def span(nanoseconds: int) -> Duration:
    """A duration, or the longest there is where it is longer."""
    return Duration(max(-_LONGEST, min(_LONGEST - 1, nanoseconds)))


def _text(value: object) -> str:
    if isinstance(value, str) and not isinstance(value, Typed):
        return value
    raise Unprocessable(f"wrong type for value; expected string; got {type_name(value)}")


def _location(zone: tzinfo | None) -> Location:
    if zone is None:
        return Location("Local")
    return Location(zone.key if isinstance(zone, ZoneInfo) else "UTC" if zone is UTC else "")


def _between(since: object, until: Moment) -> Duration:
    return span(until.nanoseconds - moment(since).nanoseconds)


def _compared(one: int, other: int) -> int:
    return (one > other) - (one < other)


def _toward_zero(value: int, unit: int) -> int:
    return int(value) // unit if value >= 0 else -(-int(value) // unit)


def _truncated(value: int, unit: int) -> Duration:
    return Duration(value if unit <= 0 else _toward_zero(value, unit) * unit)


def _rounded(value: int, unit: int) -> Duration:
    """To the nearest multiple, halves away from zero."""
    if unit <= 0:
        return Duration(value)
    nearest = (2 * abs(value) + unit) // (2 * unit) * unit
    return span(nearest if value >= 0 else -nearest)


def _cut(it: Moment, unit: int) -> Moment:
    return it if unit <= 0 else Moment(it.nanoseconds - (it.nanoseconds - ZERO) % unit, it.zone)


def _nearest(it: Moment, unit: int) -> Moment:
    if unit <= 0:
        return it
    rest = (it.nanoseconds - ZERO) % unit
    return Moment(it.nanoseconds - rest + (unit if 2 * rest >= unit else 0), it.zone)


def _added(it: Moment, years: int, months: int, days: int) -> Moment:
    """A time whose date is so much later; a day that its month does not have is one of the next month."""
    number = it.local.year * 12 + it.local.month - 1 + years * 12 + months
    try:
        first = it.local.replace(year=number // 12, month=number % 12 + 1, day=1, tzinfo=None)
        there = (first + timedelta(days=it.local.day - 1 + days)).replace(tzinfo=it.zone)
        seconds = round((there.astimezone(UTC) - _EPOCH).total_seconds())
    except (OverflowError, ValueError):
        raise Unprocessable("a time must lie in the years 1 to 9999") from None
    return Moment(seconds * _SECOND + it.fraction, it.zone)


def _decimal(value: int, unit: int) -> str:
    """A number of units, with as many decimals as it needs."""
    number, rest = divmod(value, unit)
    return f"{number}.{str(rest).rjust(len(str(unit)) - 1, '0').rstrip('0')}" if rest else f"{number}"
