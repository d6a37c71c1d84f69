"""Where a check stands, and how it gets from there to elsewhere."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final


class CheckState(StrEnum):
    """Where a check stands, all its locations together."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNREACHABLE = "unreachable"
    """It fails, and so does something that it depends on."""
    UNKNOWN = "unknown"
    """Nobody can tell: not probed yet, or the monitor or all locations were away."""
    PAUSED = "paused"
    MAINTENANCE = "maintenance"


class StateEvent(StrEnum):
    """What moves a check."""

    SUCCEEDED = "succeeded"
    DEGRADED = "degraded"
    FAILED = "failed"
    FAILED_BEHIND = "failed_behind_another"
    """It fails while something that it depends on is down."""
    LOST = "lost"
    """Nobody is heard who could tell."""
    PAUSED = "paused"
    RESUMED = "resumed"
    MAINTENANCE_BEGAN = "maintenance_began"
    MAINTENANCE_ENDED = "maintenance_ended"


class StateReason(StrEnum):
    """Why a check is where it is; beside it stands the reason of the probe that decided."""

    NOT_PROBED = "not_probed_yet"
    VERDICT = "verdict"
    PARTIAL = "partial"
    """Some locations find it down, fewer than the quorum."""
    DEPENDENCY = "dependency_down"
    NOBODY_HEARD = "no_location_heard"
    MONITOR_STOPPED = "monitor_was_stopped"
    MONITOR_STALLED = "monitor_was_stalled"
    MONITOR_CUT_OFF = "monitor_was_cut_off"
    CLOCK_JUMPED = "clock_jumped"
    SWITCHED_OFF = "switched_off"
    SWITCHED_ON = "switched_on"
    WINDOW = "maintenance_window"
    WINDOW_OVER = "maintenance_window_over"


_VERDICTS: Final = {
    StateEvent.SUCCEEDED: CheckState.UP,
    StateEvent.DEGRADED: CheckState.DEGRADED,
    StateEvent.FAILED: CheckState.DOWN,
    StateEvent.FAILED_BEHIND: CheckState.UNREACHABLE,
    StateEvent.LOST: CheckState.UNKNOWN,
}
_ACTIVE: Final = (CheckState.UP, CheckState.DEGRADED, CheckState.DOWN, CheckState.UNREACHABLE, CheckState.UNKNOWN)

TRANSITIONS: Final[dict[tuple[CheckState, StateEvent], CheckState]] = {
    **{(state, event): _VERDICTS[event] for state, event in product(_ACTIVE, _VERDICTS)},
    # What is said of a check that nobody is to hear of moves nothing: probes go on, and count, in maintenance.
    **{(CheckState.MAINTENANCE, event): CheckState.MAINTENANCE for event in _VERDICTS},
    **{(CheckState.PAUSED, event): CheckState.PAUSED for event in _VERDICTS},
    **{(state, StateEvent.PAUSED): CheckState.PAUSED for state in CheckState},
    **{(state, StateEvent.RESUMED): state for state in CheckState},
    (CheckState.PAUSED, StateEvent.RESUMED): CheckState.UNKNOWN,
    **{(state, StateEvent.MAINTENANCE_BEGAN): CheckState.MAINTENANCE for state in CheckState},
    (CheckState.PAUSED, StateEvent.MAINTENANCE_BEGAN): CheckState.PAUSED,
    **{(state, StateEvent.MAINTENANCE_ENDED): state for state in CheckState},
    (CheckState.MAINTENANCE, StateEvent.MAINTENANCE_ENDED): CheckState.UNKNOWN,
}
"""Every state and every event."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A check went from one state to another, or stays and another reason holds, from `at` (ms) on.

    probe_reason, message: of the probe that decided, empty without one. locations: those that find it down.
    """

    check: int
    at: int
    previous: CheckState
    state: CheckState
    reason: StateReason
    probe_reason: str = ""
    message: str = ""
    locations: tuple[str, ...] = ()
