"""How one check stands, from result to result."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.probes.checks import NOW, check, result

from sightline.domain.probes.result import Verdict
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import TRANSITIONS, CheckState, StateEvent, StateReason
from sightline.domain.probes.voice import Decision

DOWN, UP = Verdict.DOWN, Verdict.UP


def test_every_state_knows_every_event() -> None:
    """The table has no holes."""
    assert set(TRANSITIONS) == set(product(CheckState, StateEvent))


def test_nothing_moves_what_is_paused_but_being_switched_on() -> None:
    """Whatever is found of it meanwhile."""
    left = {event for event in StateEvent if TRANSITIONS[CheckState.PAUSED, event] is not CheckState.PAUSED}
    assert left == {StateEvent.RESUMED}


def test_a_check_that_was_never_probed_is_unknown_and_says_so() -> None:
    """Neither up nor down; one that is switched off is paused."""
    assert Standing.new(check(), NOW).latest.reason is StateReason.NOT_PROBED
    assert Standing.new(check(enabled=False), NOW).state is CheckState.PAUSED


def test_the_first_result_decides_and_says_when() -> None:
    """With the reason and the words of the probe."""
    standing = Standing.new(check(), NOW)
    assert standing.hear(result(DOWN, NOW + 100), 0, NOW)
    moved = standing.move(standing.decide(0), NOW + 200)
    assert moved is not None
    assert (moved.previous, moved.state, moved.at) == (CheckState.UNKNOWN, CheckState.DOWN, NOW + 200)
    assert (moved.probe_reason, moved.message, moved.locations) == (
        "connection_refused",
        "nobody listens there",
        ("local",),
    )


def test_a_result_that_says_the_same_moves_nothing() -> None:
    """As most do."""
    standing = Standing.new(check(), NOW)
    for at in (NOW, NOW + 60_000, NOW + 120_000):
        standing.hear(result(UP, at), at, NOW)
        moved = standing.move(standing.decide(at), at)
        assert (moved is None) is (at > NOW)


def test_results_that_come_late_or_twice_count_once() -> None:
    """A location's results count in the order of their times."""
    standing = Standing.new(check(), NOW)
    assert standing.hear(result(UP, NOW + 1_000), 0, NOW)
    assert not standing.hear(result(UP, NOW + 1_000), 0, NOW)
    assert not standing.hear(result(DOWN, NOW + 500), 0, NOW)


def test_what_was_found_during_an_outage_tells_nothing_of_now() -> None:
    """A location that would be silent by then has not become one that speaks by bringing what it found long ago."""
    standing = Standing.new(check(), NOW)
    assert not standing.hear(result(DOWN, NOW), 0, NOW + 600_000)
    assert standing.silent_at is None
    assert standing.decide(0).reason is StateReason.NOBODY_HEARD
    assert standing.hear(result(UP, NOW + 590_000), 0, NOW + 600_000)


@pytest.mark.parametrize(
    ("at", "now", "counts"),
    [(60_000, 60_000, True), (0, 60_000, False), (60_000, 600_000, False), (-1_000, 60_000, False)],
)
def test_who_cannot_tell_falls_silent_unless_that_was_long_ago(at: int, now: int, *, counts: bool) -> None:
    """What is older than what was heard since, or would be silent by now anyway, tells nothing of now."""
    standing = Standing.new(check(), NOW)
    standing.hear(result(UP, NOW), 0, NOW)
    assert standing.fall_silent(result(DOWN, NOW + at), now, NOW + now) is counts
    assert bool(standing.voices) is not counts


def test_a_check_behind_another_that_is_down_cannot_be_reached() -> None:
    """It is not called down."""
    standing = Standing.new(check(), NOW)
    standing.hear(result(DOWN), 0, NOW)
    moved = standing.move(standing.decide(0, behind=True), NOW)
    assert moved is not None
    assert (moved.state, moved.reason) == (CheckState.UNREACHABLE, StateReason.DEPENDENCY)


def test_another_set_of_failing_locations_is_a_transition_of_its_own() -> None:
    """Partial says which."""
    standing = Standing.new(check(), NOW)
    for place, verdict in (("fra", DOWN), ("nyc", UP), ("sin", UP)):
        standing.hear(result(verdict, location=place), 0, NOW)
    first = standing.move(standing.decide(0), NOW)
    standing.hear(result(UP, NOW + 1, location="fra"), 1, NOW)
    standing.hear(result(DOWN, NOW + 1, location="sin"), 1, NOW)
    second = standing.move(standing.decide(1), NOW + 1)
    assert first is not None
    assert second is not None
    assert (first.locations, second.locations) == (("fra",), ("sin",))
    assert second.state is CheckState.DEGRADED


@given(st.lists(st.tuples(st.sampled_from(list(StateEvent)), st.integers(-100, 100)), max_size=30))
def test_time_never_goes_back(moves: list[tuple[StateEvent, int]]) -> None:
    """Each transition is after the one before, whatever the clock says, and begins where that ended."""
    standing = Standing.new(check(), NOW)
    before = standing.latest
    for event, offset in moves:
        moved = standing.move(Decision(event, StateReason.VERDICT), NOW + offset)
        if moved is not None:
            assert moved.at > before.at or before.reason is StateReason.NOT_PROBED
            assert moved.previous is before.state
            before = moved


@pytest.mark.parametrize(
    ("state", "heard", "expected"),
    [
        (CheckState.UP, UP, False),
        (CheckState.DEGRADED, Verdict.DEGRADED, False),
        (CheckState.UNKNOWN, None, False),
        (CheckState.DOWN, DOWN, True),
        (CheckState.UNREACHABLE, DOWN, True),
        (CheckState.MAINTENANCE, None, False),
        (CheckState.MAINTENANCE, UP, False),
        (CheckState.MAINTENANCE, Verdict.DEGRADED, False),
        (CheckState.MAINTENANCE, DOWN, True),
        (CheckState.PAUSED, DOWN, False),
    ],
)
def test_what_depends_on_it_may_fail_where_it_does(state: CheckState, heard: Verdict | None, *, expected: bool) -> None:
    """In maintenance it is what its locations find that counts, for that is not told otherwise."""
    standing = Standing.new(check(), NOW)
    if heard is not None:
        standing.hear(result(heard, NOW), 0, NOW)
    standing.latest = replace(standing.latest, state=state)
    assert standing.is_failing(0) is expected


def test_what_is_in_maintenance_fails_by_its_quorum() -> None:
    """One place of two is none; while others are waited for it is not known."""
    standing = Standing.new(check(locations=("a", "b"), quorum=2), NOW)
    standing.latest = replace(standing.latest, state=CheckState.MAINTENANCE)
    found: list[bool] = []
    for verdict, place in ((DOWN, "a"), (UP, "b"), (DOWN, "b")):
        standing.hear(result(verdict, NOW + len(found), location=place), len(found), NOW + len(found))
        found.append(standing.is_failing(len(found)))
    assert found == [False, False, True]


def test_one_place_of_several_does_not_make_what_is_in_maintenance_fail() -> None:
    """Where it does not say from where it is probed, those that are known to probe are waited for."""
    standing = Standing.new(check(), NOW)
    standing.latest = replace(standing.latest, state=CheckState.MAINTENANCE)
    standing.hear(result(DOWN, location="fra"), 0, NOW)
    assert standing.is_failing(0)
    assert not standing.is_failing(0, places=3)
