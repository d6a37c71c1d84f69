"""When reports are due: every day or week at a time of the day, in a zone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sightline.domain.errors import BadData
from sightline.domain.timerange import DAY
from sightline.domain.zone import zone_named

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AT: Final = re.compile(rf"(?:({'|'.join(_DAYS)}) )?([01]\d|2[0-3]):([0-5]\d)(?: ([A-Za-z0-9_+/-]{{1,64}}))?")
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Schedule:
    """days: 1 or 7, from one report to the next. weekday: 0 is Monday; of no account where days is 1. minute: of the day."""

    days: int
    weekday: int
    minute: int
    zone: ZoneInfo

    @property
    def period(self) -> int:
        """The time that a report is about, ms."""
        return self.days * DAY

    def due(self, now: int) -> int:
        """The last instant, ms, at or before `now` at which a report was due."""
        local = datetime.fromtimestamp(now // 1_000, UTC).astimezone(self.zone)
        day = local.date()
        if self.days == _WEEK:
            day -= timedelta(days=(day.weekday() - self.weekday) % _WEEK)
        at = self._instant(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - the zone comes with the time of the day
        if at > now:
            day -= timedelta(days=self.days)
            at = self._instant(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - likewise
        return at

    def _instant(self, day: datetime) -> int:
        there = day.replace(hour=self.minute // 60, minute=self.minute % 60, tzinfo=self.zone)
        return int(there.timestamp()) * 1_000


def parse_schedule(every: str, at: str) -> Schedule:
    """From `daily` or `weekly`, and `08:00 Europe/Berlin` or `Mon 08:00 Europe/Berlin`; without a zone it is UTC.

    Raises:
        BadData: no such time, or no such zone.
    """
    found = _AT.fullmatch(at)
    if found is None or (found[1] and every != "weekly"):
        wanted = "Mon 08:00 Europe/Berlin" if every == "weekly" else "08:00 Europe/Berlin"
        raise BadData(f"{at[:80]!a} is no time: write it as {wanted}")
    zone = zone_named(found[4] or "UTC")
    if zone is None:
        raise BadData(f"{found[4]!a} is no zone: write it as Europe/Berlin")
    weekday = _DAYS.index(found[1]) if found[1] else 0
    return Schedule(_WEEK if every == "weekly" else 1, weekday, int(found[2]) * 60 + int(found[3]), zone)
