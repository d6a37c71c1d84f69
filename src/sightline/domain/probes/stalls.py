"""When the monitor itself stood still: what timed out meanwhile says nothing about who was asked."""

from collections import deque
from typing import Final

_KEPT: Final = 64
NOTED: Final = 0.1
"""Seconds from which standing still is worth a note."""


class Stalls:
    """The latest of them, by when they ended; seconds on a clock that never goes back."""

    def __init__(self) -> None:
        self._ended: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def note(self, at: float, seconds: float) -> None:
        """It stood still for so long until `at`."""
        if seconds >= NOTED:
            self._ended.append((at, seconds))

    def since(self, at: float) -> float:
        """For how long it stood still after `at`, all together."""
        return sum(min(seconds, ended - at) for ended, seconds in self._ended if ended > at)
