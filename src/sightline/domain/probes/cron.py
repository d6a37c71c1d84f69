"""Cron expressions with a time zone: when something is due, daylight saving time as Debian's cron has it.

A time of the day that a change of the clocks leaves out is due when the left-out hour is over, and one that comes twice is due the
first time; where minute or hour begins with `*`, the clock on the wall is followed, through both hours. Source: cron(8) of Debian.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from sightline.domain.errors import InvalidField
from sightline.domain.timerange import SECOND
from sightline.domain.zone import zone_named

MAX_TEXT: Final = 200
_FIELDS: Final = 5
_SOME_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = 4_000_000_000  # seconds, in 2096: a search looks 50 years ahead, and there is a last year


@dataclass(frozen=True)
class Cron:
    """An expression of five fields: minute, hour, day of month, month, day of week. Made by `parse_cron`.

    zone: the name of a time zone.
    """

    text: str
    zone: str

    def after(self, at: int) -> Iterator[int]:
        """The instants, ms, at which it is due after `at`, ascending; they end where there is none for 50 years."""
        seconds = min(max(at // SECOND, 0), _LATEST)
        last = at
        for due in CronSim(self.text, datetime.fromtimestamp(seconds, UTC).astimezone(self._zone)):
            instant = int(due.timestamp()) * SECOND
            if instant > _LATEST * SECOND:
                return
            # From within an hour that comes twice the search looks back, and times that were left out fall together.
            if instant > last:
                yield instant
                last = instant

    def next(self, at: int) -> int | None:
        """The first instant, ms, at which it is due after `at`."""
        return next(self.after(at), None)

    @property
    def starts_a_day(self) -> int:
        """How often it is due on a day, at most."""
        parsed = CronSim(self.text, _SOME_DAY)
        return len(parsed.minutes) * len(parsed.hours)

    @cached_property
    def _zone(self) -> tzinfo:
        # To UTC the library knows a shorter way.
        return UTC if self.zone == "UTC" else ZoneInfo(self.zone)


def parse_cron(text: str, zone: str = "UTC") -> Cron:
    """Read an expression such as `30 2 * * MON-FRI`, and the name of a time zone.

    Raises:
        InvalidField: it is none, or is never due, or there is no such zone; the field is `cron` or `timezone`.
    """
    check_zone(zone)
    fields = text.split()
    if len(text) > MAX_TEXT or len(fields) != _FIELDS:
        message = f"cron: {text[:80]!a} is no cron expression: write minute, hour, day of month, month, day of week"
        raise InvalidField(f"{message}, as 30 2 * * MON-FRI", field="cron")
    try:
        is_due = next(CronSim(text, _SOME_DAY), None) is not None
    except (CronSimError, ValueError) as error:
        raise InvalidField(f"cron: {text!a} cannot be read: {error}", field="cron") from None
    if not is_due:
        raise InvalidField(f"cron: {text!a} is never due: no year has such a day", field="cron")
    return Cron(" ".join(fields), zone)


def check_zone(zone: str) -> None:
    """Refuse the name of a zone that this machine does not know.

    Raises:
        InvalidField: it does not.
    """
    if zone_named(zone) is None:
        message = f"timezone: {zone[:80]!a} is no time zone of this machine: write a name such as Europe/Berlin or UTC"
        raise InvalidField(message, field="timezone")
