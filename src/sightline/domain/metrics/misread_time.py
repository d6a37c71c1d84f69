"""Times that were sent in another unit than they are read in, which is told by how far off they are."""

from datetime import UTC, datetime
from typing import Final

from sightline.domain.timerange import DAY, SECOND

_NEAR: Final = 365 * DAY
_MISTAKES: Final = {
    3: "seconds instead of milliseconds",
    6: "milliseconds instead of nanoseconds",
    9: "seconds instead of nanoseconds",
    -3: "milliseconds instead of seconds",
    -6: "nanoseconds instead of milliseconds",
    -9: "nanoseconds instead of seconds",
}


def misread_by(time: int, now: int) -> int:
    """The power of ten that brings an instant to within a year of now, both in ms; 0 where none does, or it lies there."""
    if abs(time - now) <= _NEAR:
        return 0
    return next((power for power in _MISTAKES if abs(_scaled(time, power) - now) <= _NEAR), 0)


def hint_of_unit(time: int, now: int) -> str:
    """What to tell a sender of an instant, ms, that is far from now as it is read; empty where no other unit explains it."""
    if not (power := misread_by(time, now)):
        return ""
    day = f"{datetime.fromtimestamp(_scaled(time, power) / SECOND, UTC):%Y-%m-%d}"
    scale = f"{10 ** abs(power):,} times that" if power > 0 else f"that divided by {10 ** abs(power):,}"
    return f" ({scale} is about {day}: is it in another unit than is read here, such as {_MISTAKES[power]}?)"


def _scaled(time: int, power: int) -> int:
    scale: int = 10 ** abs(power)
    return time * scale if power > 0 else time // scale
