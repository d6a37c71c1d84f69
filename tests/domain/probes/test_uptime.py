"""How the time of checks is counted."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import uptime as oracle

from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.probes.uptime import (
    BADNESS,
    FAILING,
    WELL,
    DayRange,
    Span,
    UnknownPolicy,
    Uptime,
    by_check,
    days,
    last_days,
    spans,
    uptime,
    windows,
    worst,
)
from sightline.domain.timerange import DAY, HOUR, SECOND, TimeRange

NOW = 1_763_700_000_000
UP, DOWN, UNKNOWN, PAUSED = CheckState.UP, CheckState.DOWN, CheckState.UNKNOWN, CheckState.PAUSED


def moved(at: int, state: CheckState, check: int = 1) -> Transition:
    """A transition to a state."""
    return Transition(check, at, CheckState.UNKNOWN, state, StateReason.VERDICT)


@st.composite
def histories(draw: st.DrawFn) -> list[Transition]:
    """Transitions at whole seconds around NOW, in order, each instant once."""
    seconds = sorted(draw(st.sets(st.integers(-150, 150), max_size=12)))
    return [moved(NOW + at * SECOND, draw(st.sampled_from(CheckState))) for at in seconds]


BOUNDS = st.tuples(st.integers(-160, 160), st.integers(0, 120)).map(
    lambda two: TimeRange(NOW + two[0] * SECOND, NOW + sum(two) * SECOND)
)
SEEN = st.none() | st.integers(-170, 170).map(lambda at: NOW + at * SECOND)


def from_store(history: list[Transition], within: TimeRange) -> list[Transition]:
    """What a store gives of a history: the last before a range, and those within."""
    earlier = [one for one in history if one.at < within.start]
    return earlier[-1:] + [one for one in history if within.start <= one.at <= within.end]


@given(histories(), BOUNDS, SEEN)
def test_time_is_counted_as_second_by_second(history: list[Transition], within: TimeRange, seen: int | None) -> None:
    """Lengths by state, outages and the worst state are what looking at every second gives."""
    states = oracle.each_second(history, within.start, within.end, seen)
    found = uptime(spans(from_store(history, within), within, seen), within)
    assert {state: length // SECOND for state, length in found.lengths.items()} == oracle.spent(states)
    assert found.outages == oracle.outages(states)
    assert found.worst == max(filter(None, states), key=BADNESS.index, default=None)


@given(histories(), BOUNDS, SEEN)
def test_spans_follow_each_other_without_gaps(history: list[Transition], within: TimeRange, seen: int | None) -> None:
    """Each begins where the one before ends, within the range, and up to its end."""
    found = spans(from_store(history, within), within, seen)
    assert all(one.end == following.start for one, following in pairwise(found))
    assert all(within.start <= one.start < one.end <= within.end for one in found)
    if found:
        assert found[-1].end == within.end


@given(histories(), BOUNDS, SEEN, st.sampled_from(UnknownPolicy))
def test_uptime_is_a_part_of_the_time_that_counts(
    history: list[Transition], within: TimeRange, seen: int | None, policy: UnknownPolicy
) -> None:
    """Raw leaves out pauses alone; corrected leaves out maintenance and, but for a policy, what nobody knows."""
    states = oracle.each_second(history, within.start, within.end, seen)
    found = uptime(spans(from_store(history, within), within, seen), within)
    well = sum(state in WELL for state in states)
    raw = sum(state is not None and state is not PAUSED for state in states)
    assert found.raw == (pytest.approx(well / raw) if raw else None)
    unknown = sum(state is UNKNOWN for state in states)
    well += unknown if policy is UnknownPolicy.UP else 0
    counted = well + sum(state in FAILING for state in states) + (unknown if policy is UnknownPolicy.DOWN else 0)
    assert found.corrected(policy) == (pytest.approx(well / counted) if counted else None)


@given(histories(), st.integers(1, 9), st.integers(1, 60))
def test_days_and_windows_are_counted_as_ranges(history: list[Transition], count: int, length: int) -> None:
    """Going through the days once counts what looking at each by itself does, and windows end now."""
    step, start = length * SECOND, NOW - 160 * SECOND
    ranges = [DayRange(date(2025, 1, 1), start + n * step, start + (n + 1) * step) for n in range(count)]
    whole = TimeRange(start, ranges[-1].end)
    found = spans(from_store(history, whole), whole)
    assert days(found, ranges) == [uptime(found, TimeRange(one.start, one.end)) for one in ranges]
    assert windows(found, whole.end, {"last": step}) == {"last": uptime(found, TimeRange(whole.end - step, whole.end))}


def test_a_gap_is_never_up() -> None:
    """What was up when the monitor was last there is unknown from then on; a pause stays one."""
    within = TimeRange(NOW - DAY, NOW)
    assert spans([moved(NOW - 2 * DAY, UP)], within, NOW - HOUR) == [
        Span(NOW - DAY, NOW - HOUR, UP, StateReason.VERDICT),
        Span(NOW - HOUR, NOW, UNKNOWN, StateReason.MONITOR_STOPPED),
    ]
    assert [one.state for one in spans([moved(NOW - 2 * DAY, PAUSED)], within, NOW - HOUR)] == [PAUSED]


def test_what_was_not_there_has_no_uptime() -> None:
    """Time before the first transition counts in no figure, and a check without any has none."""
    within = TimeRange(NOW - DAY, NOW)
    assert uptime(spans([moved(NOW - HOUR, UP)], within), within).known == HOUR
    nothing = uptime(spans([], within), within)
    assert (nothing.raw, nothing.corrected(), nothing.worst, nothing.seconds) == (None, None, None, {})
    assert Uptime({PAUSED: HOUR}).raw is None


def test_the_wait_for_the_first_probe_counts_nowhere() -> None:
    """A check that was made today had no trouble for that, and of one that was never probed there is nothing to tell."""
    within = TimeRange(NOW - DAY, NOW)
    made = Transition(1, NOW - HOUR, UNKNOWN, UNKNOWN, StateReason.NOT_PROBED)
    found = uptime(spans([made, moved(NOW - HOUR + SECOND, UP)], within), within)
    assert (found.raw, found.lengths) == (1.0, {UP: HOUR - SECOND})
    assert spans([made], within) == []
    assert spans([made], within, NOW - HOUR // 2) == []


def test_the_worst_state_comes_first() -> None:
    """Seconds are told from the worst state on; every state has its place."""
    assert list(Uptime({UP: 1_000, DOWN: 500, UNKNOWN: 250}).seconds.items()) == [
        (DOWN, 0.5),
        (UNKNOWN, 0.25),
        (UP, 1.0),
    ]
    assert set(BADNESS) == set(CheckState)
    assert worst([UP, UNKNOWN]) is UNKNOWN
    assert worst([]) is None


def test_transitions_are_told_apart_by_check() -> None:
    """What a store gives of several checks becomes a list for each."""
    first, second, third = moved(NOW, UP, 1), moved(NOW + 1, DOWN, 1), moved(NOW, UP, 2)
    assert by_check([first, second, third]) == {1: [first, second], 2: [third]}


def at(zone: str, *fields: int) -> int:
    """An instant as a clock of a zone shows it, ms."""
    return round(datetime(*fields, tzinfo=ZoneInfo(zone)).timestamp()) * SECOND  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Zurich", (2026, 3, 29), 23),
        ("Europe/Zurich", (2026, 10, 25), 25),
        ("America/Sao_Paulo", (2018, 11, 4), 23),  # the clock skips midnight
        ("America/Havana", (2025, 11, 2), 25),  # midnight comes twice
        ("Pacific/Apia", (2011, 12, 30), 0),  # there was no such day
        ("UTC", (2026, 3, 29), 24),
    ],
)
def test_days_are_as_long_as_clocks_have_them(zone: str, day: tuple[int, int, int], hours: int) -> None:
    """A day ends where the next begins, wherever clocks are put forward or back."""
    now = at(zone, *day, 12) + 2 * DAY
    ranges = last_days(now, ZoneInfo(zone), 5)
    (found,) = [one for one in ranges if one.date == date(*day)]
    assert (found.end - found.start) / HOUR == hours
    assert all(one.end == following.start for one, following in pairwise(ranges))
    assert ranges[-1].end == now


def test_the_last_day_is_today() -> None:
    """Ninety days end with the one that has begun, and the first begins at its midnight."""
    now = round(datetime(2026, 5, 4, 10, 30, tzinfo=UTC).timestamp()) * SECOND
    ranges = last_days(now)
    assert len(ranges) == 90
    assert (ranges[-1].date, ranges[-1].end) == (date(2026, 5, 4), now)
    assert ranges[0] == DayRange(date(2026, 2, 4), at("UTC", 2026, 2, 4), at("UTC", 2026, 2, 5))
