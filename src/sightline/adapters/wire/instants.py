"""Instants as our answers write them: RFC 3339 in UTC, always with milliseconds, as `2026-11-21T01:43:11.165Z`."""

from datetime import UTC, datetime, timedelta
from typing import Final

MIN_INSTANT: Final = -62_135_596_800_000
MAX_INSTANT: Final = 253_402_300_799_999
"""The first instant of the year 1 and the last of the year 9999, ms: what can be written."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


def instant_text(at: int) -> str:
    """An instant (ms) with three decimals, so that all are of one length and sort as texts."""
    instant = EPOCH + min(max(at, MIN_INSTANT), MAX_INSTANT) * MILLISECOND
    return f"{instant.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def instant_or_null(at: int | None) -> str | None:
    """Likewise; None where there is none."""
    return None if at is None else instant_text(at)
