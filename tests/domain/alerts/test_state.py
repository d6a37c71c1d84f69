from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.drawing import state_diagram, state_table
from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.state import MOVES, Finding
from sightline.domain.alerts.treatment import Lack

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "alerts.md"


LACKS = [finding for finding in Finding if finding.startswith(("no_data", "query_failed"))]


def test_every_state_has_an_answer_to_every_finding() -> None:
    """The table is complete: only a resolved alert expires, only a firing one is kept, all else may be found in any state."""
    expected = {pair for pair in product(AlertState, Finding) if pair[1] not in {Finding.EXPIRED, Finding.KEPT}}
    assert set(MOVES) == expected | {(AlertState.RESOLVED, Finding.EXPIRED), (AlertState.FIRING, Finding.KEPT)}


@pytest.mark.parametrize("finding", [Finding.QUERY_FAILED_KEEP, Finding.NO_DATA_KEEP])
def test_keeping_moves_nothing(finding: Finding) -> None:
    """Whatever state an alert is in, a lack of an answer that means nothing leaves it there and says so."""
    reason = Reason.QUERY_FAILED if finding is Finding.QUERY_FAILED_KEEP else Reason.NO_DATA
    for state in AlertState:
        assert MOVES[state, finding] == (state, reason)


def test_the_reason_of_a_lack_is_the_lack() -> None:
    """Whatever it leads to, people see that there was no data, or that the query failed."""
    assert len(LACKS) == len(Lack) * 5
    for (_, finding), move in MOVES.items():
        if finding in LACKS:
            assert finding.startswith(move.reason.value)


@pytest.mark.parametrize("finding", [Finding.NO_DATA_UNKNOWN, Finding.QUERY_FAILED_UNKNOWN])
def test_what_fires_does_not_become_unknown(finding: Finding) -> None:
    """Who was told that an alert fires is told of nothing until it ends; all others are shown as unknown."""
    following = {state: MOVES[state, finding].state for state in AlertState}
    assert following.pop(AlertState.FIRING) is AlertState.FIRING
    assert set(following.values()) == {AlertState.UNKNOWN}


@given(st.lists(st.sampled_from(list(Finding)), max_size=60))
def test_a_resolve_follows_only_a_firing(findings: list[Finding]) -> None:
    """Whatever is found in whatever order, an alert that becomes resolved was firing the moment before."""
    state = AlertState.INACTIVE
    for finding in findings:
        move = MOVES.get((state, finding))
        if move is None:  # what cannot be found in this state
            continue
        assert move.state is not AlertState.RESOLVED or state in {AlertState.FIRING, AlertState.RESOLVED}
        state = move.state


def test_only_a_firing_alert_resolves() -> None:
    """Nothing is called resolved that did not fire."""
    sources = {state for (state, _), move in MOVES.items() if move.state is AlertState.RESOLVED}
    assert sources == {AlertState.FIRING, AlertState.RESOLVED}


def test_an_alert_fires_only_when_its_condition_has_held() -> None:
    """Only what holds makes an alert fire that did not, and a lack of an answer only where it counts as that."""
    findings = {
        finding
        for (state, finding), move in MOVES.items()
        if move.state is AlertState.FIRING and state is not AlertState.FIRING
    }
    assert findings == {Finding.HELD, Finding.NO_DATA_HELD, Finding.QUERY_FAILED_HELD}


@pytest.mark.parametrize("drawing", [state_diagram(), state_table()], ids=["diagram", "table"])
def test_the_guide_shows_the_table(drawing: str) -> None:
    """What the guide draws is what the table says."""
    assert drawing in GUIDE.read_text(encoding="utf-8")


def test_the_diagram_has_every_move_between_states() -> None:
    """The diagram has one line for each two states between which something leads, with all that does, and the start."""
    moves = [(key[0], move.state) for key, move in MOVES.items() if move.state is not key[0]]
    lines = state_diagram().splitlines()[2:]
    assert len(lines) == len(set(moves))
    assert sum(line.count(",") + 1 for line in lines) == len(moves)
