"""What is wrong with lines, told in the log now and then: a sender that is wrong is wrong many times a second."""

from typing import Final

import structlog

from sightline.ports.clock import Clock

EVERY: Final = 60.0
"""Seconds between two lines of the log."""

_log = structlog.get_logger("sightline.lines")


class Complaints:
    """Of one listener. The first is told at once, later ones together."""

    def __init__(self, listener: str, clock: Clock, every: float = EVERY) -> None:
        self._listener = listener
        self._clock = clock
        self._every = every
        self._next = clock.monotonic()
        self._lines = 0

    def wrong(self, lines: int, reason: str, example: bytes) -> None:
        """So many more lines were left out."""
        self._lines += lines
        if self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + self._every
        shown = example[:200].decode(errors="replace")
        _log.warning("lines were left out", listener=self._listener, lines=self._lines, reason=reason, example=shown)
        self._lines = 0
