"""Instants as people type them, and the step that suits a range."""

from datetime import datetime
from typing import Final

from sightline.adapters.inbound.cli.program import Ended, Exit
from sightline.domain.errors import BadData

POINTS: Final = 240
"""About how many points a series gets when nobody says the step."""
STEPS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip
"""Steps that people think in, seconds."""
_LEAST: Final = 0.001
_BEYOND_ANY_CALENDAR: Final = 1e15


def instant(flag: str, text: str, now: float) -> float:
    """Seconds since 1970 of `now`, `-1h`, `now-1h`, a number of seconds, or RFC 3339.

    Raises:
        Ended: none of these; `flag` names where it was said.
    """
    word = text.strip()
    if word == "now":
        return now
    relative = word.removeprefix("now")
    if relative[:1] in {"-", "+"} and not _is_number(word):
        ahead = duration(flag, relative[1:])
        return now + ahead if relative[0] == "+" else now - ahead
    if _is_number(word):
        return float(word)
    try:
        found = datetime.fromisoformat(word)
        if found.tzinfo is not None:
            return found.timestamp()
    except (ValueError, OverflowError):
        pass
    message = f"{flag} {text!r} is no time: write -1h, now, seconds since 1970 or RFC 3339, as 2026-11-21T07:00:00Z"
    raise Ended(Exit.USAGE, message)


def duration(flag: str, text: str) -> float:
    """Seconds of `30s`, `5m`, `1h30m` or a plain number.

    Raises:
        Ended: neither; `flag` names where it was said.
    """
    if _is_number(text):
        return float(text)
    from sightline.domain.timerange import parse_duration

    try:
        return parse_duration(text) / 1000
    except BadData as error:
        raise Ended(Exit.USAGE, f"{flag}: {error.message}") from None


def interval(flag: str, text: str | None) -> float | None:
    """Seconds between two instants, a millisecond at least; None where nothing is said.

    Raises:
        Ended: shorter, or no duration; `flag` names where it was said.
    """
    seconds = None if text is None else duration(flag, text)
    if seconds is not None and seconds < _LEAST:
        raise Ended(Exit.USAGE, f"{flag} {text} must be a millisecond at least")
    return seconds


def suitable_step(length: float) -> int:
    """The smallest of STEPS that cuts `length` seconds into no more than POINTS; beyond the largest, whole weeks."""
    for step in STEPS:
        if length / step <= POINTS:
            return step
    return STEPS[-1] * max(1, round(length / POINTS / STEPS[-1] + 0.5))


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < _BEYOND_ANY_CALENDAR  # which infinity and NaN are not
    except ValueError:
        return False
