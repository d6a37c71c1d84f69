"""What locations say, and what that means together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.probes.checks import definition, result

from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import StateEvent, StateReason
from sightline.domain.probes.voice import Voice, decide, is_open, silent_after

UP, DEGRADED, DOWN = Verdict.UP, Verdict.DEGRADED, Verdict.DOWN


def voices(**verdicts: Verdict) -> dict[str, Voice]:
    return {place: Voice.first(result(verdict, location=place), 0) for place, verdict in verdicts.items()}


@pytest.mark.parametrize(
    ("verdicts", "quorum", "event", "reason", "failing"),
    [
        ({"fra": UP}, 0, StateEvent.SUCCEEDED, StateReason.VERDICT, ()),
        ({"fra": DOWN}, 0, StateEvent.FAILED, StateReason.VERDICT, ("fra",)),
        ({"fra": DOWN, "nyc": UP}, 0, StateEvent.DEGRADED, StateReason.PARTIAL, ("fra",)),
        ({"fra": DOWN, "nyc": DOWN, "sin": UP}, 0, StateEvent.FAILED, StateReason.VERDICT, ("fra", "nyc")),
        ({"fra": DOWN, "nyc": UP, "sin": UP}, 1, StateEvent.FAILED, StateReason.VERDICT, ("fra",)),
        ({"fra": DOWN, "nyc": DOWN, "sin": UP}, 3, StateEvent.DEGRADED, StateReason.PARTIAL, ("fra", "nyc")),
        ({"fra": DEGRADED, "nyc": UP}, 0, StateEvent.DEGRADED, StateReason.VERDICT, ()),
        ({}, 0, StateEvent.LOST, StateReason.NOBODY_HEARD, ()),
    ],
)
def test_a_check_is_down_where_as_many_locations_as_the_quorum_say_so(
    verdicts: dict[str, Verdict], quorum: int, event: StateEvent, reason: StateReason, failing: tuple[str, ...]
) -> None:
    """More than half of those heard, unless another number is given; fewer make it degraded, and are named."""
    found = decide(definition(quorum=quorum), voices(**verdicts), 0)
    assert (found.event, found.reason, found.failing) == (event, reason, failing)


@pytest.mark.parametrize(
    ("verdicts", "given", "places", "is_ill", "is_early"),
    [
        ({"fra": DOWN}, {}, 1, False, False),
        ({"fra": DOWN}, {}, 2, False, True),
        ({"fra": DOWN}, {}, 0, False, False),
        ({"fra": UP}, {}, 3, False, False),
        ({"fra": DOWN, "nyc": UP}, {}, 3, False, True),
        ({"fra": DOWN, "nyc": DOWN}, {}, 3, False, False),
        ({"fra": DOWN, "nyc": UP, "sin": UP}, {}, 3, False, False),
        ({"fra": DOWN}, {"quorum": 1}, 3, False, False),
        ({"fra": DOWN}, {"locations": ("fra",)}, 3, False, False),
        ({"fra": DOWN}, {"locations": ("fra", "nyc")}, 1, False, True),
        ({"fra": UP}, {}, 1, True, False),
        ({"fra": UP}, {}, 3, True, True),
        ({"fra": UP, "nyc": UP}, {}, 3, True, True),
        ({"fra": DOWN, "nyc": DOWN}, {}, 3, True, False),
        ({"fra": UP, "nyc": UP, "sin": UP}, {}, 3, True, False),
    ],
)
def test_those_who_were_heard_before_are_waited_for_where_they_matter(
    verdicts: dict[str, Verdict], given: dict[str, Any], places: int, *, is_ill: bool, is_early: bool
) -> None:
    """Who is well is not down before most say so, and who was not well is not well before all say so."""
    assert is_open(definition(**given), voices(**verdicts), places, is_ill=is_ill) is is_early


def test_a_silent_location_does_not_count() -> None:
    """Of two locations that said up long ago and down just now, the second decides."""
    one = definition()
    said = voices(fra=UP) | {"nyc": Voice.first(result(DOWN, location="nyc"), silent_after(one) + 1)}
    assert decide(one, said, silent_after(one) + 1).event is StateEvent.FAILED


def test_a_quorum_is_at_most_as_many_as_are_heard() -> None:
    """Where two were to agree and one alone is heard, that one decides: silence is no sign of health."""
    assert decide(definition(quorum=2), voices(fra=DOWN), 0).event is StateEvent.FAILED


def test_a_heartbeat_is_never_silent_by_itself() -> None:
    """What is pinged once a day is judged by its own schedule."""
    one = definition(url="", options=Heartbeat())
    assert decide(one, voices(local=UP), 7 * 86_400_000).event is StateEvent.SUCCEEDED


@given(st.lists(st.sampled_from([UP, DEGRADED, DOWN]), min_size=1, max_size=20), st.integers(1, 4), st.integers(1, 4))
def test_down_needs_that_many_in_a_row_and_up_again_likewise(
    found: list[Verdict], failures: int, successes: int
) -> None:
    """As told one by one: the verdict turns once as many results in a row speak against it as are wanted."""
    one = definition(failures=failures, successes=successes)
    voice = Voice.first(result(found[0]), 0)
    is_down, against = found[0] is DOWN, 0
    for verdict in found[1:]:
        voice = voice.after(result(verdict), 0, one)
        against = against + 1 if (verdict is DOWN) is not is_down else 0
        if against == (successes if is_down else failures):
            is_down, against = not is_down, 0
        assert (voice.verdict is DOWN) is is_down
