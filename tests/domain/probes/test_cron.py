from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.wall_clock import daily, minutes, utc

from sightline.domain.errors import InvalidField
from sightline.domain.probes.cron import parse_cron
from sightline.domain.timerange import DAY

CHANGES = [
    ("Europe/Berlin", "2026-03-28T00:00"),
    ("Europe/Berlin", "2026-10-24T00:00"),
    ("America/New_York", "2026-03-07T12:00"),
    ("America/New_York", "2026-10-31T12:00"),
    ("Australia/Lord_Howe", "2026-10-03T00:00"),  # half an hour
    ("Australia/Lord_Howe", "2026-04-04T00:00"),
    ("UTC", "2026-03-28T00:00"),
]
SPAN = timedelta(days=2)


def ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000


@pytest.mark.parametrize(("zone", "start"), CHANGES)
@given(minute=st.integers(0, 59), hours=st.sets(st.integers(0, 5), min_size=1, max_size=3))
def test_a_time_of_the_day_is_due_once_a_day_whatever_the_clocks_do(
    zone: str, start: str, minute: int, hours: set[int]
) -> None:
    """A cron expression with times of the day is due once for each, on days of 23 and 25 hours too."""
    first = utc(start)
    cron = parse_cron(f"{minute} {','.join(map(str, sorted(hours)))} * * *", zone)
    expected = daily(zone, first, first + SPAN, lambda wall: wall.minute == minute and wall.hour in hours, rfc=False)
    found = list(takewhile(lambda at: at < ms(first + SPAN), cron.after(ms(first) - 1)))
    assert found == [ms(at) for at in expected]
    for earlier in (ms(first) + 1, *found[:2]):
        assert cron.next(earlier) == next((at for at in found if at > earlier), cron.next(ms(first + SPAN) - 1))


@pytest.mark.parametrize(("zone", "start"), CHANGES)
def test_what_goes_by_the_hour_is_due_in_both_hours_that_look_alike(zone: str, start: str) -> None:
    """An expression whose hour is a star is due each time that the clock on the wall shows its minute."""
    first = utc(start)
    cron = parse_cron("*/20 * * * *", zone)
    expected = [ms(at) for at, wall in minutes(zone, first, first + SPAN) if wall.minute % 20 == 0]
    assert list(takewhile(lambda at: at < ms(first + SPAN), cron.after(ms(first) - 1))) == expected


def test_a_search_that_starts_within_the_hour_that_comes_twice_does_not_look_back() -> None:
    """From the second 02:10 of a night in autumn, 02:30 is next due on the day after."""
    cron = parse_cron("30 2 * * *", "Europe/Berlin")
    second = ms(utc("2026-10-25T01:10"))
    assert cron.next(second) == ms(utc("2026-10-26T01:30"))


@pytest.mark.parametrize(
    ("text", "zone", "field"),
    [
        ("", "UTC", "cron"),
        ("* * * *", "UTC", "cron"),
        ("0 0 0 * * *", "UTC", "cron"),  # with seconds
        ("61 * * * *", "UTC", "cron"),
        ("*/0 * * * *", "UTC", "cron"),
        ("0 0 30 2 *", "UTC", "cron"),
        ("0 0 31 4 *", "UTC", "cron"),
        ("0 0 * * 1#6", "UTC", "cron"),
        ("9" * 5000 + " * * * *", "UTC", "cron"),
        ("0 0 * * ²L", "UTC", "cron"),
        ("* * * * *", "Nowhere/Land", "timezone"),
        ("* * * * *", "../../etc/passwd", "timezone"),
        ("* * * * *", "Europe", "timezone"),
        ("* * * * *", "", "timezone"),
    ],
)
def test_what_is_no_expression_is_refused_by_the_name_of_its_field(text: str, zone: str, field: str) -> None:
    """An expression that cannot be read or is never due, and a zone that is not there, are refused."""
    with pytest.raises(InvalidField) as refused:
        parse_cron(text, zone)
    assert refused.value.detail["field"] == field


def test_days_that_are_rare_are_found() -> None:
    """The 29th of February is due years ahead, and far in the future nothing is."""
    cron = parse_cron("0 0 29 2 *", "UTC")
    assert cron.next(ms(utc("2096-02-28T00:00"))) == ms(utc("2096-02-29T00:00"))
    assert cron.next(2**60) is None
    assert cron.next(-(2**53)) == ms(utc("1972-02-29T00:00"))
    assert parse_cron("0 12 1-7 * */7", "UTC").next(ms(utc("2026-11-22T00:00"))) == ms(utc("2026-12-06T12:00"))


def test_how_often_a_day_counts_minutes_and_hours() -> None:
    """An expression tells how often a day it is due at most."""
    assert parse_cron("0,30 8-9 * * *").starts_a_day == 4
    assert parse_cron("* * * * *").starts_a_day == DAY // 60_000
