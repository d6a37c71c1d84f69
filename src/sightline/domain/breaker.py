"""A circuit breaker: after failures in a row stop asking for a while, then try once.

closed --failure x limit--> open --pause over--> half open --success--> closed
                              ^--------failure-------'

Whoever tries although it is open, as a last time before stopping, may report that too: a success closes it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class BreakerState(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class _Event(StrEnum):
    """What can happen to it."""

    SUCCESS = "success"
    FAILURE = "failure"
    LIMIT = "limit"
    PAUSE_OVER = "pause_over"


_TABLE: Final = {
    (BreakerState.CLOSED, _Event.SUCCESS): BreakerState.CLOSED,
    (BreakerState.CLOSED, _Event.FAILURE): BreakerState.CLOSED,
    (BreakerState.CLOSED, _Event.LIMIT): BreakerState.OPEN,
    (BreakerState.OPEN, _Event.PAUSE_OVER): BreakerState.HALF_OPEN,
    (BreakerState.OPEN, _Event.SUCCESS): BreakerState.CLOSED,
    (BreakerState.OPEN, _Event.FAILURE): BreakerState.OPEN,
    (BreakerState.OPEN, _Event.LIMIT): BreakerState.OPEN,
    (BreakerState.HALF_OPEN, _Event.SUCCESS): BreakerState.CLOSED,
    (BreakerState.HALF_OPEN, _Event.FAILURE): BreakerState.OPEN,
    (BreakerState.HALF_OPEN, _Event.LIMIT): BreakerState.OPEN,
}


@dataclass(slots=True)
class Breaker:
    """Counts failures in a row. Times are monotonic seconds, given by the caller.

    limit: failures in a row that open it. pause: seconds it stays open before one trial.
    """

    limit: int = 5
    pause: float = 30.0
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    opened_at: float = 0.0

    def allows(self, now: float) -> bool:
        """Whether to try now; an open breaker whose pause is over becomes half open and allows one trial."""
        if self.state is BreakerState.OPEN and now - self.opened_at >= self.pause:
            self._move(_Event.PAUSE_OVER)
        return self.state is not BreakerState.OPEN

    def succeeded(self) -> None:
        """A try went well."""
        self.failures = 0
        self._move(_Event.SUCCESS)

    def failed(self, now: float) -> None:
        """A try failed."""
        self.failures += 1
        self._move(_Event.LIMIT if self.failures >= self.limit else _Event.FAILURE)
        if self.state is BreakerState.OPEN:
            self.opened_at = now

    def _move(self, event: _Event) -> None:
        self.state = _TABLE[self.state, event]
