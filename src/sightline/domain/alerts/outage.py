"""What an outage of the program means for an alert that was waiting for its `for`.

Source: the flags for-outage-tolerance and for-grace-period of
https://prometheus.io/docs/prometheus/latest/command-line/prometheus/.
"""

from dataclasses import dataclass
from typing import Final

from sightline.domain.timerange import HOUR, MINUTE

OUTAGE_TOLERANCE: Final = HOUR
GRACE_PERIOD: Final = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Outages:
    """How outages are got over, in ms.

    tolerance: the longest after which alerts go on. grace: what is left at least of the `for` of an alert that was pending; alerts
    of a shorter `for` begin anew.
    """

    tolerance: int = OUTAGE_TOLERANCE
    grace: int = GRACE_PERIOD

    def restores(self, for_ms: int) -> bool:
        """Whether alerts with such a `for` go on after an outage."""
        return for_ms >= self.grace

    def active_at(self, for_ms: int, since: int, seen: int, now: int) -> int:
        """Since when an alert is active, so that the time without the program does not count. All times: ms.

        since: when it became active, as it was known before the outage. seen: the last evaluation before the outage.
        """
        left = for_ms - (seen - since)
        if left <= 0:  # it fired
            return since
        if left < self.grace:
            return now + self.grace - for_ms
        return since + (now - seen)
