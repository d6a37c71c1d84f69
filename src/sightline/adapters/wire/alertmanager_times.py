"""Instants as the reader of Alertmanager's API takes them; it writes them as we do."""

import re
from datetime import UTC, datetime
from typing import Final

from sightline.adapters.wire.instants import EPOCH, MAX_INSTANT, MILLISECOND, MIN_INSTANT
from sightline.domain.errors import BadData

ZERO: Final = "0001-01-01T00:00:00"
"""How the text of an instant begins that is none: clients in Go send it for what they leave out."""

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
        return min(max((instant - EPOCH) // MILLISECOND, MIN_INSTANT), MAX_INSTANT)
    raise _no_instant(text)


def _no_instant(text: str) -> BadData:
    shown = text[:_MOST_SHOWN]
    day = _DAY.match(shown)
    rest, wanted = (shown[day.end() :], " ") if day else (shown, "2006")
    if day and not rest:
        wanted = "15"
    return BadData(f'parsing time "{shown}" as "2006-01-02 15:04:05": cannot parse "{rest}" as "{wanted}"')
