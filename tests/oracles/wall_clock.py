"""When clocks on the wall show something, found by looking at every minute."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@cache
def minutes(zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Every whole minute of UTC from `start` until before `end`, and what the clock on the wall shows then."""
    there, found = ZoneInfo(zone), []
    while start < end:
        found.append((start, start.astimezone(there).replace(tzinfo=None)))
        start += MINUTE
    return found


def daily(
    zone: str, start: datetime, end: datetime, is_due: Callable[[datetime], bool], *, rfc: bool
) -> list[datetime]:
    """When something is due at times of the day, by the clock on the wall.

    A time that comes twice counts once, the first time. One that is left out counts at the first minute after what is left out or,
    as RFC 5545 has it, so many minutes after that as it is after the beginning of what is left out.
    """
    found: list[datetime] = []
    seen: set[datetime] = set()
    before: datetime | None = None
    for at, wall in minutes(zone, start, end):
        missing = before + MINUTE if before is not None else wall
        moved: dict[datetime, datetime] = {}
        gap = missing
        while gap < wall:
            moved[gap] = at + (gap - missing if rfc else timedelta())
            gap += MINUTE
        found += [then for left_out, then in moved.items() if is_due(left_out)]
        if wall not in seen and is_due(wall):
            found.append(at)
        seen.add(wall)
        before = wall
    return sorted(set(found))


def utc(text: str) -> datetime:
    """A time in UTC, as 2026-03-29T00:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
