"""Instants as Alertmanager's API has them: `2026-11-21T01:43:11.165Z`, and what else its reader takes for one."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from sightline.domain.errors import BadData

MIN_INSTANT: Final = -62_135_596_800_000
MAX_INSTANT: Final = 253_402_300_799_999
"""The first instant of the year 1 and the last of the year 9999, ms: what can be written."""
ZERO: Final = "0001-01-01T00:00:00"
"""How the text of an instant begins that is none: clients in Go send it for what they leave out."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_MOST_SHOWN: Final = 100


def parse_instant(text: str) -> int:
    """An instant in ms; UTC where no zone is given.

    Raises:
        BadData: none, in Go's words.
    """
    if _INSTANT.fullmatch(text):
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise _no_instant(text) from None
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return min(max((instant - _EPOCH) // _MILLISECOND, MIN_INSTANT), MAX_INSTANT)
    raise _no_instant(text)


def instant_text(at: int) -> str:
    """An instant (ms) with three decimals, as Alertmanager writes all."""
    instant = _EPOCH + min(max(at, MIN_INSTANT), MAX_INSTANT) * _MILLISECOND
    return f"{instant.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _no_instant(text: str) -> BadData:
    shown = text[:_MOST_SHOWN]
    day = _DAY.match(shown)
    rest, wanted = (shown[day.end() :], " ") if day else (shown, "2006")
    if day and not rest:
        wanted = "15"
    return BadData(f'parsing time "{shown}" as "2006-01-02 15:04:05": cannot parse "{rest}" as "{wanted}"')
