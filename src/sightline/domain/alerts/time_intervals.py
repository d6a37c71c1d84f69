"""Time intervals, at which a route is muted or active, as Alertmanager reads them.

Source: https://prometheus.io/docs/alerting/latest/configuration/#time_interval-0.
"""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from sightline.domain.errors import BadData
from sightline.domain.zone import zone_named

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DAYS: Final = 31
_FEWEST_DAYS: Final = 28
_MINUTES: Final = 24 * 60
_LOCAL: Final = "Local"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from `first` to `last`, both included."""

    first: int
    last: int

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """Instants that satisfy every field that is given; None is not given, and an empty field no instant satisfies.

    times: minutes of the day. weekdays: 0 is Sunday. days_of_month: negative ones count from the end, -1 is the last.
    months: 1 is January. zone: what the fields are meant in; None is the time of the machine.
    """

    times: tuple[Span, ...] | None = None
    weekdays: tuple[Span, ...] | None = None
    days_of_month: tuple[Span, ...] | None = None
    months: tuple[Span, ...] | None = None
    years: tuple[Span, ...] | None = None
    zone: tzinfo | None = UTC

    def active_at(self, at: int) -> bool:
        """Whether an instant, in ms, of the years 2 to 9998 lies within."""
        moment = datetime.fromtimestamp(at // 1000, UTC).astimezone(self.zone)
        return (
            _within(self.times, 60 * moment.hour + moment.minute)
            and _within(self.weekdays, moment.isoweekday() % 7)
            and _within(self.months, moment.month)
            and _within(self.years, moment.year)
            and (self.days_of_month is None or _on_day(self.days_of_month, moment))
        )


TimeIntervals = Mapping[str, Sequence[TimeInterval]]
"""Time intervals by the names that routes have for them."""


def active_interval(names: Sequence[str], intervals: TimeIntervals, at: int) -> str | None:
    """The first of the names one of whose intervals an instant (ms) lies in; None when it lies in none."""
    return next((name for name in names if any(one.active_at(at) for one in intervals[name])), None)


def parse_times(start: str, end: str) -> Span:
    """Read times of the day, such as `09:00` and `17:30`; the end, up to `24:00`, is not included.

    Raises:
        BadData: not such times, or the end is not after the start.
    """
    if not start or not end:
        raise BadData("both start_time and end_time are needed")
    first, last = _minutes(start), _minutes(end)
    if first >= last:
        raise BadData(f"start_time {start} is not before end_time {end}: a time over midnight is written as two")
    return Span(first, last - 1)


def parse_weekdays(text: str) -> Span:
    """Read a day such as `sunday`, or a range such as `monday:friday`, of a week that begins on Sunday.

    Raises:
        BadData: no such day, or the range ends before it starts.
    """
    first, last = (_named(one, _WEEKDAYS, 0) for one in _ends(text))
    return _in_order(text, first, last)


def parse_days_of_month(text: str) -> Span:
    """Read a day such as `1` or `-1`, the last of the month, or a range such as `1:7` or `-3:-1`.

    Raises:
        BadData: no such day, or in no month a range.
    """
    first, last = (_number(one) for one in _ends(text))
    for day in (first, last):
        if not 1 <= abs(day) <= _DAYS:
            raise BadData(f"{day} is no day of a month: write 1 to {_DAYS}, or -{_DAYS} to -1 from its end")
    if first < 0 < last:
        raise BadData(f"{text}: a range that starts at the end of the month ends there too")
    if _from_start(first) > _from_start(last):
        raise BadData(f"{text} ends before it starts in every month")
    return Span(first, last)


def parse_months(text: str) -> Span:
    """Read a month such as `may` or `5`, or a range such as `may:august`.

    A number that no month has is taken, as Alertmanager does, and no instant satisfies it.

    Raises:
        BadData: no such name, or the range ends before it starts.
    """
    first, last = (_named(one, _MONTHS, 1) if one in _MONTHS else _number(one) for one in _ends(text))
    return _in_order(text, first, last)


def parse_years(text: str) -> Span:
    """Read a year such as `2026`, or a range such as `2026:2028`.

    Raises:
        BadData: no number, or the range ends before it starts.
    """
    first, last = (_number(one) for one in _ends(text))
    return _in_order(text, first, last)


def parse_location(text: str) -> tzinfo | None:
    """Read the name of a time zone such as `Europe/Berlin`; empty is UTC, and `Local`, the machine's, is None.

    Raises:
        BadData: there is no such zone.
    """
    if text in {"", "UTC"}:
        return UTC
    if text == _LOCAL:
        return None
    zone = zone_named(text)
    if zone is None:
        raise BadData(f"{text!a} is no time zone of this machine: write a name such as Europe/Berlin, UTC or Local")
    return zone


def _within(spans: tuple[Span, ...] | None, number: int) -> bool:
    return spans is None or any(number in span for span in spans)


def _on_day(spans: tuple[Span, ...], moment: datetime) -> bool:
    days = monthrange(moment.year, moment.month)[1]
    for span in spans:
        first, last = (one + days + 1 if one < 0 else one for one in (span.first, span.last))
        # What begins after the end of a short month is not in it.
        if first <= days and first <= moment.day <= last:
            return True
    return False


def _from_start(day: int) -> int:
    return day if day > 0 else _FEWEST_DAYS + day


def _minutes(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise BadData(f"{text!a} is no time of the day: write 00:00 to 24:00")
    return 60 * int(match[1]) + int(match[2]) if match[1] else _MINUTES


def _ends(text: str) -> tuple[str, str]:
    """Both ends of a range, in small letters; a single value is both."""
    first, colon, last = text.lower().partition(":")
    if not first or (colon and not last) or ":" in last:
        raise BadData(f"{text!a} is no range: write one value, or two with a colon between them")
    return first, last if colon else first


def _named(text: str, names: Sequence[str], first: int) -> int:
    if text not in names:
        raise BadData(f"{text!a} is none of {', '.join(names)}")
    return names.index(text) + first


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise BadData(f"{text!a} is no whole number")
    return int(text)


def _in_order(text: str, first: int, last: int) -> Span:
    if first > last:
        raise BadData(f"{text} ends before it starts: write it as two ranges")
    return Span(first, last)
