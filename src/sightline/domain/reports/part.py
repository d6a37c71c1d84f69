"""A part of a report, before it is text or a page, and how lengths and times are written in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sightline.domain.reports.summary import MOST_SHOWN
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND, format_duration

_ROUNDED: Final = ((DAY, HOUR), (HOUR, MINUTE), (SECOND, SECOND))
"""From which length on, ms, to which unit."""


@dataclass(frozen=True, slots=True)
class Part:
    """A table with what is said above and below it. Columns that begin with > are numbers."""

    title: str
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    note: str = ""


def more(every: Sequence[object], shown: int = MOST_SHOWN) -> str:
    """What is said below a table that does not show all."""
    return f"{len(every) - shown} more are not shown." if len(every) > shown else ""


def length(milliseconds: int) -> str:
    """To the second, from an hour on to the minute, from a day on to the hour."""
    unit = next((unit for least, unit in _ROUNDED if milliseconds >= least), 1)
    return format_duration(round(milliseconds / unit) * unit)


def moment(at: int, zone: ZoneInfo) -> str:
    """A time in a zone, to the minute."""
    return datetime.fromtimestamp(at // 1_000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
