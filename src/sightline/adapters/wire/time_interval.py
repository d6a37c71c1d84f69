"""Time intervals as JSON, with the fields that Alertmanager has for them in its configuration file."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from sightline.domain.alerts.time_intervals import (
    Span,
    TimeInterval,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from sightline.domain.errors import BadData

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MAX_RANGES: Final = 100
"""Of one field of an interval."""


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when until when of a day, as `09:00` and `17:30`."""

    start_time: str
    end_time: str


class Interval(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One interval; ranges are written as in the file, as `monday:friday`."""

    times: tuple[Times, ...] | None = None
    weekdays: tuple[str, ...] | None = None
    days_of_month: tuple[str, ...] | None = None
    months: tuple[str, ...] | None = None
    years: tuple[str, ...] | None = None
    location: str = ""


def interval_of(written: Interval, where: str) -> TimeInterval:
    """The interval that is written; `where` begins what is said of it.

    Raises:
        BadData: a range or the location cannot be read, or there are too many ranges.
    """
    field = "location"
    try:
        zone = parse_location(written.location)
        field = "times"
        times = _spans(written.times, lambda one: parse_times(one.start_time, one.end_time))
        found = {}
        for field, parse in _PARSERS.items():
            found[field] = _spans(getattr(written, field), parse)
    except BadData as error:
        raise BadData(f"{where}.{field}: {error.message}") from None
    return TimeInterval(times=times, zone=zone, **found)


def written_interval(interval: TimeInterval) -> Interval:
    """How an interval is written, so that `interval_of` has it again."""
    times = interval.times
    return Interval(
        times=None if times is None else tuple(Times(_clock(one.first), _clock(one.last + 1)) for one in times),
        weekdays=_texts(interval.weekdays, lambda number: _WEEKDAYS[number]),
        days_of_month=_texts(interval.days_of_month, str),
        months=_texts(interval.months, str),
        years=_texts(interval.years, str),
        location="Local" if interval.zone is None else _location(interval.zone),
    )


def _spans(written: Sequence[Any] | None, parse: Callable[[Any], Span]) -> tuple[Span, ...] | None:
    """The ranges of a field; an empty one is not given, as in the file."""
    if not written:
        return None
    if len(written) > MAX_RANGES:
        raise BadData(f"{len(written)} ranges, and there may be {MAX_RANGES}")
    return tuple(map(parse, written))


def _texts(spans: Sequence[Span] | None, text: Callable[[int], str]) -> tuple[str, ...] | None:
    if spans is None:
        return None
    return tuple(text(one.first) if one.first == one.last else f"{text(one.first)}:{text(one.last)}" for one in spans)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _location(zone: Any) -> str:
    """The name of a zone that `parse_location` gave."""
    return getattr(zone, "key", None) or "UTC"


_PARSERS: Final = {
    "weekdays": parse_weekdays,
    "days_of_month": parse_days_of_month,
    "months": parse_months,
    "years": parse_years,
}
