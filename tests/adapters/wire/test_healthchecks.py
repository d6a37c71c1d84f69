"""Checks in Healthchecks' JSON."""

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire import healthchecks as wire
from sightline.adapters.wire import pulse as pulses
from sightline.domain.probes.check import Check
from sightline.domain.probes.heartbeat import Deadlines, Pulse
from sightline.domain.probes.ping import Ping, PingKind
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.timerange import SECOND

WORDS = st.text("ab_-:.1", min_size=1, max_size=6) | st.sampled_from(["true", "a:true", "a:b", "a", "ä"])


@given(words=st.lists(WORDS, max_size=6))
def test_tags_are_shown_as_they_were_written(words: list[str]) -> None:
    """Words become labels, whatever is in them, and the same words again; of those with one label the last counts."""
    said = wire.from_json(msgspec.json.encode({"name": "a", "tags": " ".join(words)}))
    made = wire._tags(said.tags or "")
    by_label = {wire._tag(word)[0]: word for word in words}
    assert wire._words(made).split() == list(by_label.values())
    assert all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name) for name in made)


def test_a_run_under_way_is_the_next_that_is_waited_for() -> None:
    """While a run is under way next_ping is its start, as Healthchecks has it, unless the check is down."""
    said = wire.from_json(b'{"name":"a","timeout":3600}')
    check = Check(1, wire.definition_of(said, None, ""), 0, 0)
    pulse = Pulse(runs=(("", 5 * SECOND),), last_ping=4 * SECOND, pings=2, seconds=2.9)
    shown = wire.shown(check, pulse, Deadlines(due=9 * SECOND), wire.Links("http://x"))
    assert (shown["next_ping"], shown["started"], shown["last_duration"]) == ("1970-01-01T00:00:05+00:00", True, 2)


def test_flips_are_what_changed_and_not_why() -> None:
    """Unknown and paused between two ups is no flip; what was before the time only tells from where it went."""
    states = [
        CheckState.DOWN,
        CheckState.UP,
        CheckState.UNKNOWN,
        CheckState.UP,
        CheckState.DOWN,
        CheckState.UNREACHABLE,
    ]
    moves = [
        Transition(1, number * SECOND, CheckState.UNKNOWN, state, StateReason.VERDICT)
        for number, state in enumerate(states)
    ]
    assert [(one["timestamp"][17:19], one["up"]) for one in wire.flips(moves, 0)] == [("04", 0), ("01", 1), ("00", 0)]
    assert [one["up"] for one in wire.flips(moves, 2 * SECOND)] == [0]


@given(body=st.binary(max_size=300), kind=st.sampled_from(PingKind), seconds=st.none() | st.floats(0, 1e6))
def test_what_is_stored_is_read_again(body: bytes, kind: PingKind, seconds: float | None) -> None:
    """A ping and a pulse are the same after they were a document."""
    ping = Ping(kind=kind, at=7, number=3, run="r", exit_status=1, seconds=seconds, body=body, agent="ä")
    assert pulses.decode_ping(pulses.encode_ping(ping)) == ping
    pulse = Pulse(pings=3, runs=(("a", 1), ("", 2)), last_kind=kind, seconds=seconds, message="ü")
    assert pulses.decode_pulse(pulses.encode_pulse(pulse)) == pulse
