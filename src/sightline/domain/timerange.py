"""Instants, ranges, step grids and durations. Instants are integers: milliseconds since 1970-01-01 UTC."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import BadData

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

MIN_TIME: Final = -(2**53)
MAX_TIME: Final = 2**53
"""Bounds of an instant: what a float64 holds to the millisecond, 285,000 years either way."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The instants from `start` to `end`, both included, in milliseconds. Empty when end < start."""

    start: int
    end: int


ALL_TIME: Final = TimeRange(MIN_TIME, MAX_TIME)


@dataclass(frozen=True, slots=True)
class Grid:
    """The evaluation instants start, start + step, ... up to `end` (included when it falls on the grid), in ms."""

    start: int
    end: int
    step: int

    @classmethod
    def instant(cls, at: int) -> "Grid":
        """A grid of one instant."""
        return cls(at, at, 1)

    @property
    def points(self) -> int:
        """How many instants the grid has."""
        return (self.end - self.start) // self.step + 1

    def times(self) -> NDArray[np.int64]:
        """The instants, int64 ms, shape (points,)."""
        return np.arange(self.start, self.end + 1, self.step, dtype=np.int64)


_UNITS: Final = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "y": 365 * DAY}
_DURATION: Final = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")


def parse_duration(text: str) -> int:
    """Read a Prometheus duration such as `5m`, `1h30m` or `500ms`; returns milliseconds.

    Raises:
        BadData: not a duration, or zero parts.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        message = f"{text!r} is not a duration: write for example 30s, 5m, 1h30m or 15d"
        raise BadData(message)
    order = ("y", "w", "d", "h", "m", "s", "ms")
    return sum(int(part) * _UNITS[unit] for part, unit in zip(match.groups(), order, strict=True) if part)


def format_duration(milliseconds: int) -> str:
    """Write milliseconds as the shortest Prometheus duration: 90000 is `1m30s`."""
    if milliseconds == 0:
        return "0s"
    sign, rest, parts = ("-" if milliseconds < 0 else ""), abs(milliseconds), []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return sign + "".join(parts)
