"""Recurrence rules of calendars, RRULE, from a start in a time zone, as RFC 5545 has them.

No rule is followed for ever: a next time is looked for some decades ahead and no further. A time of the day that a change of the
clocks leaves out counts as if they had not been changed, and one that comes twice is the first (RFC 5545, 3.3.5).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from sightline.domain.errors import InvalidField
from sightline.domain.probes.cron import check_zone
from sightline.domain.timerange import SECOND

MAX_TEXT: Final = 500
_PREFIX: Final = "RRULE:"
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_AHEAD: Final = timedelta(days=40 * 366)
"""How far a next time is looked for: leap years may be eight years apart, and every other of them more."""
_CYCLE: Final = 19 * 400
"""Years by which rules are counted later than they are: the calendar repeats itself after 400 years, and the library looks for a
first time as far as the year 9999, which from here takes seconds and from there a fraction of one."""
_DAYS_OF: Final = {"DAILY": 1, "WEEKLY": 7}
"""What may be counted from a later time than the first, as it goes by days."""
_WEEKS: Final = 53
"""Of the longest years."""
_NUMBERS: Final = {
    "INTERVAL": range(1, 1001),
    "COUNT": range(1, 1001),
    "BYMINUTE": range(60),
    "BYHOUR": range(24),
    "BYMONTH": range(1, 13),
}
_FROM_EITHER_END: Final = {
    "BYMONTHDAY": range(1, 32),
    "BYYEARDAY": range(1, 367),
    "BYWEEKNO": range(1, _WEEKS + 1),
    "BYSETPOS": range(1, 367),
}
_NOT_WITH: Final = {
    "BYMONTHDAY": {"WEEKLY"},
    "BYYEARDAY": {"DAILY", "WEEKLY", "MONTHLY"},
    "BYWEEKNO": {"DAILY", "WEEKLY", "MONTHLY"},
}
_KNOWN: Final = ("FREQ", "UNTIL", "BYDAY", "WKST", *_NUMBERS, *_FROM_EITHER_END)
_SINGLE: Final = {"INTERVAL", "COUNT"}
_DAY: Final = re.compile(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{1,4})")
_UNTIL: Final = re.compile(r"([0-9]{8})(?:(T[0-9]{6})(Z?))?")
_LATEST: Final = datetime(2096, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # by the clock on the wall, wherever that is


@dataclass(frozen=True)
class Recurrence:
    """A rule and its start. Made by `parse_rrule`.

    text: the rule, without `RRULE:`. zone: the name of a time zone. starts_at: ms; nothing comes before, and by it goes what the
    rule leaves open, such as the time of the day.
    """

    text: str
    zone: str
    starts_at: int

    def after(self, at: int) -> Iterator[int]:
        """The times, ms, after `at`, ascending."""
        wall = max(self._wall(at), self._start)
        end, first = min(wall + _AHEAD, self._until, _LATEST), self._counted_from(wall)
        times: Iterator[datetime] = iter(self._rule.replace(dtstart=_later(first), until=_later(end)))
        last = max(at, self.starts_at - 1)
        for due in islice(times, self._count):
            instant = int(due.replace(year=due.year - _CYCLE, tzinfo=self._zone).timestamp()) * SECOND
            if instant > last:
                yield instant
                last = instant

    @property
    def starts_a_day(self) -> int:
        """How often it comes on a day, at most."""
        return _items(self._parts, "BYHOUR") * _items(self._parts, "BYMINUTE")

    def _counted_from(self, wall: datetime) -> datetime:
        """A time of the rule, near to the one that is looked for where that can be."""
        days = _DAYS_OF.get(self._parts["FREQ"])
        if days is None or self._count is not None:
            return self._start
        step = days * int(self._parts.get("INTERVAL", "1"))
        # Two steps less: clocks are changed, and weeks begin before their first day.
        return self._start + timedelta(days=max(0, (wall - self._start).days // step - 2) * step)

    def _wall(self, at: int) -> datetime:
        seconds = min(max(at // SECOND, 0), int(_LATEST.replace(tzinfo=UTC).timestamp()))
        return datetime.fromtimestamp(seconds, UTC).astimezone(self._zone).replace(tzinfo=None)

    @cached_property
    def _parts(self) -> dict[str, str]:
        return dict(part.split("=") for part in self.text.split(";"))

    @cached_property
    def _count(self) -> int | None:
        return int(self._parts["COUNT"]) if "COUNT" in self._parts else None

    @cached_property
    def _until(self) -> datetime:
        return _until(self._parts["UNTIL"], self._zone) if "UNTIL" in self._parts else _LATEST

    @cached_property
    def _rule(self) -> rrule:
        text = ";".join(f"{name}={value}" for name, value in self._parts.items() if name not in {"COUNT", "UNTIL"})
        found = rrulestr(text, dtstart=_later(self._start))
        if not isinstance(found, rrule):
            raise TypeError(text)
        return found

    @cached_property
    def _zone(self) -> tzinfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _start(self) -> datetime:
        return self._wall(self.starts_at)


def parse_rrule(text: str, starts_at: int, zone: str = "UTC") -> Recurrence:
    """Read a rule such as `FREQ=MONTHLY;BYDAY=1SU`, with or without `RRULE:`; starts_at: ms.

    Raises:
        InvalidField: it is none, or nothing ever comes of it, or there is no such zone; the field is `rrule` or `timezone`.
    """
    check_zone(zone)
    parts = _split(text)
    if parts.get("FREQ") not in _FREQUENCIES:
        raise _invalid(f"FREQ must be one of {', '.join(_FREQUENCIES)}; several times a day are written with BYHOUR")
    for name, value in parts.items():
        _check(name, value, parts["FREQ"])
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise _invalid("COUNT and UNTIL are not said both")
    made = Recurrence(";".join(f"{name}={value}" for name, value in parts.items()), zone, starts_at)
    try:
        first = next(made.after(starts_at - 1), None)
    except ValueError as error:
        raise _invalid(str(error)) from None
    if first is None:
        raise _invalid("nothing ever comes of it after its start")
    return made


def _split(text: str) -> dict[str, str]:
    if len(text) > MAX_TEXT:
        raise _invalid(f"it has {len(text)} characters, and may have {MAX_TEXT}")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix(_PREFIX).removesuffix(";").split(";"):
        name, equals, value = part.partition("=")
        if name not in _KNOWN or not equals:
            raise _invalid(f"{part[:40]!a} is no part of it: known are {', '.join(_KNOWN)}, as FREQ=WEEKLY;BYDAY=SU")
        if name in parts:
            raise _invalid(f"{name} is said twice")
        parts[name] = value
    return parts


def _check(name: str, value: str, freq: str) -> None:
    if freq in _NOT_WITH.get(name, ()):
        raise _invalid(f"{name} does not go with FREQ={freq}")
    if name == "UNTIL":
        _until(value, UTC)
    elif name == "WKST":
        _check_days(name, value, ordinals=False, most=1)
    elif name == "BYDAY":
        _check_days(name, value, ordinals=freq in {"MONTHLY", "YEARLY"}, most=len(value))
    elif name != "FREQ":
        _check_numbers(name, value)


def _check_days(name: str, value: str, *, ordinals: bool, most: int) -> None:
    days = value.split(",")
    for day in days:
        found = _DAY.fullmatch(day)
        if found is None or (found[1] and (not ordinals or abs(int(found[1])) > _WEEKS)) or len(days) > most:
            which = "days such as MO, or 1MO and -1FR by month or year" if most > 1 else "a day such as MO"
            raise _invalid(f"{name}={value[:40]}: it takes {which}")


def _check_numbers(name: str, value: str) -> None:
    numbers = value.split(",")
    allowed = _NUMBERS.get(name) or _FROM_EITHER_END[name]
    for number in numbers:
        found = _NUMBER.fullmatch(number)
        if (
            found is None
            or (found[1] and name not in _FROM_EITHER_END)
            or int(found[2]) not in allowed
            or (name in _SINGLE and len(numbers) > 1)
        ):
            from_end = ", or from the end with a minus" if name in _FROM_EITHER_END else ""
            raise _invalid(f"{name}={value[:40]}: it takes {allowed[0]} to {allowed[-1]}{from_end}")


def _until(text: str, zone: tzinfo) -> datetime:
    """The last instant, by the clock on the wall; a date alone is all of that day."""
    problem = _invalid(f"UNTIL={text[:40]}: it takes a time such as 20261231 or 20261231T220000Z")
    found = _UNTIL.fullmatch(text)
    if found is None:
        raise problem
    try:
        until = datetime.strptime(found[1] + (found[2] or "T235959"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return (until.astimezone(zone) if found[3] else until).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise problem from None


def _later(wall: datetime) -> datetime:
    return wall.replace(year=wall.year + _CYCLE)


def _items(parts: Mapping[str, str], name: str) -> int:
    return len(set(parts[name].split(","))) if name in parts else 1


def _invalid(reason: str) -> InvalidField:
    return InvalidField(f"rrule: {reason}", field="rrule")
