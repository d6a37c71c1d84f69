"""Whether the monitor can be believed."""

import pytest

from sightline.domain.probes.monitor import JUMP, STALLED_AFTER, STOPPED_AFTER, Beat, gap, stop
from sightline.domain.probes.state import StateReason

THEN = Beat(1_000_000, 500)


@pytest.mark.parametrize(
    ("wall", "monotonic", "reason"),
    [
        (1_000, 1_000, None),
        (STALLED_AFTER, STALLED_AFTER, None),
        (STALLED_AFTER + 1, STALLED_AFTER + 1, StateReason.MONITOR_STALLED),
        (1_000 + JUMP, 1_000, None),
        (1_001 + JUMP, 1_000, StateReason.CLOCK_JUMPED),
        (-3_600_000, 1_000, StateReason.CLOCK_JUMPED),
        (8 * 3_600_000, 1_000, StateReason.CLOCK_JUMPED),
    ],
)
def test_gaps_are_seen(wall: int, monotonic: int, reason: StateReason | None) -> None:
    """A process that stood still, and a wall clock that jumped, as it does when a machine wakes up."""
    found = gap(THEN, Beat(THEN.wall + wall, THEN.monotonic + monotonic))
    assert (found.reason if found is not None else None) is reason


@pytest.mark.parametrize(
    ("away", "is_gap"), [(0, False), (STOPPED_AFTER, False), (STOPPED_AFTER + 1, True), (-1, True)]
)
def test_a_stop_is_a_gap_unless_it_was_short(away: int, *, is_gap: bool) -> None:
    """A quick restart is none; a clock that went back meanwhile is."""
    assert (stop(1_000_000, 1_000_000 + away) is not None) is is_gap


def test_a_first_start_is_no_gap() -> None:
    """Nobody expected anything."""
    assert stop(None, 1_000_000) is None
