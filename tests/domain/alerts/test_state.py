from itertools import product
from pathlib import Path

import pytest

from sightline.domain.alerts.drawing import state_diagram, state_table
from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.state import MOVES, Finding

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "alerts.md"


def test_every_state_has_an_answer_to_every_finding() -> None:
    """The table is complete: only a resolved alert expires, only a firing one is kept, all else may be found in any state."""
    expected = {pair for pair in product(AlertState, Finding) if pair[1] not in {Finding.EXPIRED, Finding.KEPT}}
    assert set(MOVES) == expected | {(AlertState.RESOLVED, Finding.EXPIRED), (AlertState.FIRING, Finding.KEPT)}


def test_a_failed_query_moves_nothing() -> None:
    """Whatever state an alert is in, a failed query leaves it there and says so."""
    for state in AlertState:
        assert MOVES[state, Finding.QUERY_FAILED] == (state, Reason.QUERY_FAILED)


def test_only_a_firing_alert_resolves() -> None:
    """Nothing is called resolved that did not fire."""
    sources = {state for (state, _), move in MOVES.items() if move.state is AlertState.RESOLVED}
    assert sources == {AlertState.FIRING, AlertState.RESOLVED}


def test_an_alert_fires_only_when_its_condition_has_held() -> None:
    """No other finding than HELD makes an alert fire that did not."""
    findings = {
        finding
        for (state, finding), move in MOVES.items()
        if move.state is AlertState.FIRING and state is not AlertState.FIRING
    }
    assert findings == {Finding.HELD}


@pytest.mark.parametrize("drawing", [state_diagram(), state_table()], ids=["diagram", "table"])
def test_the_guide_shows_the_table(drawing: str) -> None:
    """What the guide draws is what the table says."""
    assert drawing in GUIDE.read_text(encoding="utf-8")


def test_the_diagram_has_every_move_between_states() -> None:
    """The diagram has one line for each pair that changes the state, and the start."""
    moves = [key for key, move in MOVES.items() if move.state is not key[0]]
    assert len(state_diagram().splitlines()) == len(moves) + 2
