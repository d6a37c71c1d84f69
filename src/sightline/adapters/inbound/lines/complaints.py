"""What is wrong with lines, or with points, told in the log now and then: a sender that is wrong is wrong many times a second."""

from typing import Final

import structlog

from sightline.ports.clock import Clock

_REASON: Final = 2_000
EVERY: Final = 60.0
"""Seconds between two lines of the log."""

_log = structlog.get_logger("sightline.intake")


class Complaints:
    """Of one listener, to which `what` are sent. The first is told at once, later ones together."""

    def __init__(self, listener: str, clock: Clock, every: float = EVERY, what: str = "lines") -> None:
        self._listener = listener
        self._clock = clock
        self._every = every
        self._next = clock.monotonic()
        self._what = what
        self._count = 0

    def wrong(self, count: int, reason: str, example: bytes = b"") -> None:
        """So many more were left out."""
        self._count += count
        if self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + self._every
        said: dict[str, int | str] = {self._what: self._count, "reason": reason[:_REASON]}
        if example:
            said["example"] = example[:200].decode(errors="replace")
        _log.warning(f"{self._what} were left out", listener=self._listener, **said)
        self._count = 0
