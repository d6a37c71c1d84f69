"""Whether the monitor itself can be believed: stretches in which it did not look, or did not know what time it was."""

from dataclasses import dataclass
from typing import Final

from sightline.domain.probes.state import StateReason
from sightline.domain.timerange import SECOND

BEAT_EVERY: Final = SECOND
STALLED_AFTER: Final = 15 * SECOND
"""Between two beats, on the clock that never goes back: the process stood still."""
JUMP: Final = 5 * SECOND
"""By which the two clocks may come apart between two beats: corrections are smaller, and a machine that slept is not."""
STOPPED_AFTER: Final = 15 * SECOND
"""Between the last beat of one run and the start of the next: quicker restarts are no gap that anybody could have seen."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A moment at which the monitor was there, ms on both clocks."""

    wall: int
    monotonic: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nobody looked, or nobody knows when; wall time, ms. until may be before since: a clock that went back."""

    since: int
    until: int
    reason: StateReason


def gap(before: Beat, after: Beat) -> Gap | None:
    """What was amiss between two beats, if anything."""
    passed = after.monotonic - before.monotonic
    if abs(after.wall - before.wall - passed) > JUMP:
        return Gap(before.wall, after.wall, StateReason.CLOCK_JUMPED)
    if passed > STALLED_AFTER:
        return Gap(before.wall, after.wall, StateReason.MONITOR_STALLED)
    return None


def stop(alive_at: int | None, now: int) -> Gap | None:
    """The stretch between two runs, if it was long enough to matter. A clock that went back meanwhile counts too."""
    if alive_at is None or 0 <= now - alive_at <= STOPPED_AFTER:
        return None
    return Gap(alive_at, now, StateReason.MONITOR_STOPPED)
