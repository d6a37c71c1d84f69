"""Time intervals as Alertmanager reads them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.time_intervals import (
    Span,
    TimeInterval,
    active_interval,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from sightline.domain.errors import BadData

PARSERS = (parse_weekdays, parse_days_of_month, parse_months, parse_years, parse_location)


def ms(when: str) -> int:
    """An instant of UTC, in ms."""
    return round(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_weekdays, "monday:friday", Span(1, 5)),
        (parse_weekdays, "Sunday", Span(0, 0)),
        (parse_days_of_month, "1:7", Span(1, 7)),
        (parse_days_of_month, "-3:-1", Span(-3, -1)),
        (parse_days_of_month, "20:-1", Span(20, -1)),
        (parse_months, "may:August", Span(5, 8)),
        (parse_months, "1:3", Span(1, 3)),
        (parse_months, "december", Span(12, 12)),
        (parse_years, "2026:2028", Span(2026, 2028)),
    ],
)
def test_ranges_are_read(parse: Callable[[str], Span], text: str, expected: Span) -> None:
    """A single value and a range are read, names in any letters."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *(
            (parse_weekdays, text)
            for text in ("", "mon", "1", "friday:monday", "monday:", ":monday", "monday:tuesday:sunday")
        ),
        *((parse_days_of_month, text) for text in ("0", "32", "-32", "-3:1", "7:1", "-1:-3", "5:-25", "x", " 1")),
        *((parse_months, text) for text in ("mai", "8:may", "", "may : june")),
        *((parse_years, text) for text in ("2020:2019", "x", "2020:", "٢٠٢٠")),
        *((parse_location, text) for text in ("Europe", "Nowhere/Land", "../etc/passwd", "/etc/passwd", "a\x00b")),
    ],
)
def test_what_is_no_range_is_refused(parse: Callable[[str], object], text: str) -> None:
    """What Alertmanager refuses is refused."""
    with pytest.raises(BadData):
        parse(text)


@pytest.mark.parametrize(
    ("start", "end"),
    [("", "10:00"), ("10:00", "10:00"), ("10:00", "09:00"), ("9:00", "10:00"), ("09:00", "24:01"), ("24:00", "24:00")],
)
def test_times_are_in_order(start: str, end: str) -> None:
    """A time range has both ends, written with two digits, the end after the start."""
    with pytest.raises(BadData):
        parse_times(start, end)


@given(st.text() | st.text(":-0123456789may"))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    """Any text is read, or refused as bad data."""
    for parse in PARSERS:
        try:
            parse(text)
        except BadData:
            continue


def test_the_end_of_times_is_not_included() -> None:
    """Times include their start and every minute but the last, up to midnight."""
    interval = TimeInterval(times=(parse_times("09:00", "17:00"), parse_times("23:00", "24:00")))
    found = {minute for minute in range(1440) if interval.active_at(ms("2026-11-22") + minute * 60_000)}
    assert found == {*range(9 * 60, 17 * 60), *range(23 * 60, 1440)}
    assert interval.active_at(ms("2026-11-22 16:59:59"))


@pytest.mark.parametrize(
    ("text", "month", "expected"),
    [
        ("-1", 2, {28}),
        ("-3:-1", 4, {28, 29, 30}),
        ("29:31", 2, set()),
        ("25:-1", 2, {25, 26, 27, 28}),
        ("-31:1", 1, None),
        ("-31:-28", 2, {1}),
        ("31", 12, {31}),
    ],
)
def test_days_are_those_of_their_month(text: str, month: int, expected: set[int] | None) -> None:
    """Negative days count from the end of the month that it is, and days that it has not are none."""
    if expected is None:
        with pytest.raises(BadData):
            parse_days_of_month(text)
        return
    interval = TimeInterval(
        days_of_month=(parse_days_of_month(text),), months=(Span(month, month),), years=(Span(2026, 2026),)
    )
    days = (datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365))
    assert {day.day for day in days if interval.active_at(round(day.timestamp() * 1000))} == expected


def test_fields_are_meant_in_their_zone() -> None:
    """Half past midnight on a Monday in Berlin is Sunday in UTC."""
    monday = (parse_weekdays("monday"),)
    at = ms("2026-06-28 22:30")
    assert TimeInterval(weekdays=monday, zone=parse_location("Europe/Berlin")).active_at(at)
    assert not TimeInterval(weekdays=monday, zone=parse_location("")).active_at(at)
    assert parse_location("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert parse_location("Local") is None


def test_an_empty_field_is_never_satisfied() -> None:
    """An interval without fields is always active, one with an empty field never."""
    assert TimeInterval().active_at(ms("2026-01-01"))
    assert not TimeInterval(years=()).active_at(ms("2026-01-01"))


def test_the_first_active_interval_is_named() -> None:
    """Of the names that a route has, the first that is active is told."""
    intervals = {"never": [TimeInterval(years=())], "empty": [], "always": [TimeInterval(years=()), TimeInterval()]}
    assert active_interval(("never", "empty", "always"), intervals, 0) == "always"
    assert active_interval(("never", "empty"), intervals, 0) is None
