"""Silences, and the look-up of those that hold an alert."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.silence import MAX_MATCHERS, MAX_TEXT, MAX_WINDOWS, Silence, SilenceState, check_silence
from sightline.domain.alerts.silencing import Silencing
from sightline.domain.alerts.time_intervals import Span, TimeInterval
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels, Matcher, MatchOp, satisfies
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND

NOW = 1_763_700_000_000
SUNDAYS = TimeInterval(times=(Span(120, 239),), weekdays=(Span(0, 0),), zone=ZoneInfo("Europe/Berlin"))
DB = Matcher("instance", MatchOp.EQUAL, "db")


def silence(
    *matchers: Matcher, starts_at: int = NOW - HOUR, ends_at: int | None = NOW + HOUR, name: str = "a"
) -> Silence:
    """One that is active."""
    return Silence(matchers or (DB,), starts_at, ends_at, "ada", "works", id=name)


def at(*when: int) -> int:
    """An instant in UTC."""
    return int(datetime(*when, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("offset", "state"),
    [
        (-HOUR - 1, SilenceState.PENDING),
        (-HOUR, SilenceState.ACTIVE),
        (HOUR - 1, SilenceState.ACTIVE),
        (HOUR, SilenceState.EXPIRED),
    ],
)
def test_it_silences_from_its_start_until_before_its_end(offset: int, state: SilenceState) -> None:
    """The start is included and the end is not."""
    assert silence().state(NOW + offset) is state


def test_windows_follow_the_clock_of_their_zone() -> None:
    """Two o'clock in Berlin is another instant in winter than in summer, and the silence lives on between its windows."""
    weekly = replace(silence(starts_at=at(2026, 1, 1), ends_at=None), recurrence=(SUNDAYS,))
    assert weekly.state(at(2026, 1, 4, 0, 59)) is SilenceState.PENDING
    assert weekly.state(at(2026, 1, 4, 1, 0)) is SilenceState.ACTIVE
    assert weekly.state(at(2026, 1, 4, 2, 59)) is SilenceState.ACTIVE
    assert weekly.state(at(2026, 1, 4, 3, 0)) is SilenceState.PENDING
    assert weekly.state(at(2026, 7, 5, 0, 0)) is SilenceState.ACTIVE
    assert weekly.state(at(2026, 7, 5, 2, 0)) is SilenceState.PENDING
    assert weekly.state(at(2025, 12, 28, 1, 30)) is SilenceState.PENDING
    ended = replace(weekly, ends_at=at(2026, 2, 1))
    assert ended.state(at(2026, 2, 8, 1, 30)) is SilenceState.EXPIRED


@given(st.integers(-3 * HOUR, 9 * DAY), st.booleans(), st.sampled_from([None, NOW + 8 * DAY, NOW + HOUR]))
def test_its_state_changes_when_it_says_so(offset: int, recurs: bool, ends_at: int | None) -> None:  # noqa: FBT001 - drawn
    """Until before the next change a silence is in the state that it is in now."""
    found = replace(silence(ends_at=ends_at or NOW + 8 * DAY), recurrence=(SUNDAYS,) if recurs else (), ends_at=ends_at)
    now = NOW + offset
    change = found.next_change(now)
    assert change is None or change > now
    last = now + 30 * DAY if change is None else change - 1
    for one in range(now, last, max(1, (last - now) // 50)):
        assert found.state(one) is found.state(now)


def test_what_expired_begins_nowhere_ahead() -> None:
    """A silence that is ended before it began ends there too."""
    assert silence().expired(NOW) == replace(silence(ends_at=NOW), updated_at=NOW)
    pending = silence(starts_at=NOW + MINUTE)
    assert pending.expired(NOW) == replace(silence(starts_at=NOW, ends_at=NOW), updated_at=NOW)


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        (silence(), replace(silence(), comment="other", ends_at=NOW + 2 * HOUR), True),
        (silence(), replace(silence(), starts_at=NOW - HOUR + 999), True),
        (silence(), replace(silence(), starts_at=NOW - HOUR + SECOND), False),
        (silence(), silence(Matcher("instance", MatchOp.EQUAL, "web")), False),
        (silence(), replace(silence(), recurrence=(SUNDAYS,), ends_at=None), True),
        (silence(starts_at=NOW + HOUR, ends_at=NOW + DAY), silence(starts_at=NOW + MINUTE), True),
        (silence(starts_at=NOW + HOUR, ends_at=NOW + DAY), silence(starts_at=NOW - MINUTE), False),
        (silence(ends_at=NOW), silence(), False),
        (replace(silence(), recurrence=(SUNDAYS,)), replace(silence(), recurrence=(SUNDAYS,), comment="other"), True),
    ],
)
def test_which_edits_leave_it_the_same(before: Silence, after: Silence, stays: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Matchers and a start that is over belong to what a silence is."""
    assert before.can_become(after, NOW) is stays


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (silence(starts_at=NOW + HOUR), "start time must be before end time"),
        (silence(ends_at=NOW), "end time can't be in the past"),
        (silence(ends_at=None), "only one that recurs"),
        (silence(Matcher("a", MatchOp.EQUAL, "")), "at least one matcher must not match the empty string"),
        (silence(Matcher("a", MatchOp.MATCHES, "b|")), "at least one matcher must not match the empty string"),
        (silence(Matcher("", MatchOp.EQUAL, "b")), 'invalid label matcher 0: invalid label name ""'),
        (silence(*[DB] * (MAX_MATCHERS + 1)), f"may have {MAX_MATCHERS}"),
        (replace(silence(), recurrence=(SUNDAYS,) * (MAX_WINDOWS + 1)), f"may have {MAX_WINDOWS}"),
        (replace(silence(), comment="x" * MAX_TEXT), f"may have {MAX_TEXT}"),
    ],
)
def test_what_cannot_be_is_refused(wrong: Silence, said: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(BadData, match=said.replace("|", r"\|")):
        check_silence(wrong, NOW)


def test_one_matcher_that_excludes_is_enough() -> None:
    """All alerts but one can be silenced, as in Alertmanager."""
    check_silence(silence(Matcher("alertname", MatchOp.NOT_EQUAL, "Watchdog")), NOW)
    check_silence(silence(Matcher("a", MatchOp.MATCHES, ".*"), Matcher("alertname", MatchOp.EQUAL, "x")), NOW)


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["", "x", "y", "xy"])
MATCHERS = st.builds(
    Matcher,
    NAMES,
    st.sampled_from(list(MatchOp)),
    st.sampled_from(["", "x", "y", "x|y", ".+", ".*", "x.*", "xy?", "(?i)X.*"]),
)


@given(
    st.lists(st.lists(MATCHERS, min_size=1, max_size=3), max_size=8),
    st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=8),
)
def test_the_look_up_finds_what_trying_all_finds(sets: list[list[Matcher]], alerts: list[dict[str, str]]) -> None:
    """The ids are those of the active silences all of whose matchers an alert satisfies, in ascending order."""
    silences = [silence(*one, name=f"s{number}") for number, one in enumerate(sets)]
    over = [replace(one, id=f"over {one.id}", ends_at=NOW) for one in silences]
    found = Silencing([*over, *silences], NOW)
    for alert in alerts:
        labels = Labels.of(alert)
        assert found.ids(labels) == tuple(sorted(one.id for one in silences if satisfies(labels, one.matchers)))


def test_a_look_up_holds_until_something_changes() -> None:
    """It names the instant of the first change of any silence; none where none will change."""
    assert Silencing((), NOW).until is None
    assert Silencing((silence(ends_at=NOW),), NOW).until is None
    both = (silence(ends_at=NOW + DAY), silence(starts_at=NOW + MINUTE))
    assert Silencing(both, NOW).until == NOW + MINUTE
    weekly = replace(silence(ends_at=None), recurrence=(SUNDAYS,))
    assert Silencing((weekly,), NOW + 1).until == NOW + MINUTE
