from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.oracles.wall_clock import daily, utc

from sightline.domain.errors import InvalidField
from sightline.domain.probes.recurrence import parse_rrule

START = utc("2026-01-04T01:30")
START_DAY, WEEK = "SU", 7


def ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000


def told(text: str, zone: str, count: int, after: datetime = START - timedelta(seconds=1)) -> list[str]:
    found = islice(parse_rrule(text, ms(START), zone).after(ms(after)), count)
    return [datetime.fromtimestamp(at / 1000, START.tzinfo).strftime("%Y-%m-%dT%H:%M") for at in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY", ["2026-01-04T01:30", "2026-01-05T01:30", "2026-01-06T01:30"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=SU,WE", ["2026-01-04T01:30", "2026-01-07T01:30", "2026-01-11T01:30"]),
        ("freq=monthly;byday=1su", ["2026-01-04T01:30", "2026-02-01T01:30", "2026-03-01T01:30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31T01:30", "2026-02-28T01:30", "2026-03-31T01:30"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=22;BYMINUTE=0",
            ["2026-01-30T22:00", "2026-02-27T22:00"],
        ),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29T01:30", "2032-02-29T01:30"]),
        ("FREQ=DAILY;COUNT=2", ["2026-01-04T01:30", "2026-01-05T01:30"]),
        ("FREQ=WEEKLY;UNTIL=20260111", ["2026-01-04T01:30", "2026-01-11T01:30"]),
        ("FREQ=WEEKLY;UNTIL=20260111T013000Z", ["2026-01-04T01:30", "2026-01-11T01:30"]),
        ("FREQ=WEEKLY;UNTIL=20260111T012959Z", ["2026-01-04T01:30"]),
        ("FREQ=DAILY;INTERVAL=10;BYHOUR=3,4", ["2026-01-04T03:30", "2026-01-04T04:30", "2026-01-14T03:30"]),
    ],
)
def test_rules_are_read_as_calendars_read_them(text: str, expected: list[str]) -> None:
    """A rule gives the times that RFC 5545 has for it, from its start on."""
    assert told(text, "UTC", max(3, len(expected)))[: len(expected)] == expected
    if "COUNT" in text or "UNTIL" in text:
        assert told(text, "UTC", 9) == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
@pytest.mark.parametrize(
    "start", ["2026-03-05T00:00", "2026-03-27T00:00", "2026-10-02T00:00", "2026-10-23T00:00", "2026-10-30T00:00"]
)
@given(minute=st.integers(0, 59), hour=st.integers(0, 5))
def test_a_rule_follows_the_clock_on_the_wall(zone: str, start: str, minute: int, hour: int) -> None:
    """A time of the day comes once a day; left out by a change of the clocks it counts as if they had not been changed."""
    first = utc(start)
    end = first + timedelta(days=4)
    rule = parse_rrule(f"FREQ=DAILY;BYHOUR={hour};BYMINUTE={minute}", ms(START - timedelta(minutes=30)), zone)
    expected = daily(zone, first, end, lambda wall: (wall.hour, wall.minute) == (hour, minute), rfc=True)
    assert list(takewhile(lambda at: at < ms(end), rule.after(ms(first) - 1))) == [ms(at) for at in expected]


@given(
    interval=st.integers(1, 9),
    freq=st.sampled_from(["DAILY", "WEEKLY"]),
    days=st.sets(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), max_size=3),
    wkst=st.sampled_from(["", ";WKST=SU", ";WKST=WE"]),
    offset=st.integers(0, 3000 * 86400),
)
def test_counting_from_nearby_gives_what_counting_from_the_start_gives(
    interval: int, freq: str, days: set[str], wkst: str, offset: int
) -> None:
    """What comes next years later is what a count from the very start finds, whatever the interval and the first day of a week."""
    assume(not (freq == "DAILY" and interval == WEEK and days and START_DAY not in days))  # nothing would ever come
    text = f"FREQ={freq};INTERVAL={interval}{wkst}"
    text += f";BYDAY={','.join(sorted(days))}" if days else ""
    rule = parse_rrule(text, ms(START), "Europe/Berlin")
    after = ms(START) + offset * 1000
    start = parse_rrule(f"{text};UNTIL=20600101", ms(START), "Europe/Berlin")
    whole = (at for at in start.after(ms(START) - 1) if at > after)
    assert list(islice(rule.after(after), 3)) == list(islice(whole, 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYSECOND=1",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=1,2",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20271301",
        "FREQ=DAILY;UNTIL=20200101",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYYEARDAY=1",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYSETPOS=0",
        "FREQ=DAILY;X-OWN=1",
        "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
        "FREQ=DAILY;" + "BYHOUR=1" * 100,
        "FREQ=WEEKLY;WKST=MO,TU",
    ],
)
def test_what_is_no_rule_or_never_comes_is_refused(text: str) -> None:
    """A rule that cannot be read, comes by the hour, says too much or yields nothing is refused by its field."""
    with pytest.raises(InvalidField) as refused:
        parse_rrule(text, ms(START), "UTC")
    assert refused.value.detail["field"] == "rrule"


def test_a_start_in_the_second_of_two_equal_hours_is_not_moved_before_itself() -> None:
    """Nothing comes before the start, though the clock on the wall shows the same an hour before."""
    start = ms(utc("2026-10-25T01:30"))
    assert next(parse_rrule("FREQ=DAILY", start, "Europe/Berlin").after(0)) >= start


def test_rules_end_with_the_calendar() -> None:
    """Asked of a far future or of a time before everything, a rule answers."""
    rule = parse_rrule("FREQ=WEEKLY", ms(START), "UTC")
    assert list(rule.after(2**53)) == []
    assert next(rule.after(-(2**53))) == ms(START)
