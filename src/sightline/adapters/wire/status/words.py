"""The words and signs of status pages: states, times and shares, as people read them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from sightline.domain.probes.state import CheckState
from sightline.domain.probes.status_view import Overall
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND

STATES: Final[Mapping[CheckState, str]] = {
    CheckState.UP: "Operational",
    CheckState.DEGRADED: "Impaired",
    CheckState.DOWN: "Down",
    CheckState.UNREACHABLE: "Unreachable",
    CheckState.UNKNOWN: "Unknown",
    CheckState.PAUSED: "Paused",
    CheckState.MAINTENANCE: "Maintenance",
}
CLASSES: Final[Mapping[CheckState, str]] = {
    CheckState.UP: "up",
    CheckState.DEGRADED: "degraded",
    CheckState.DOWN: "down",
    CheckState.UNREACHABLE: "down",
    CheckState.UNKNOWN: "unknown",
    CheckState.PAUSED: "unknown",
    CheckState.MAINTENANCE: "maintenance",
}
OVERALL: Final[Mapping[Overall, str]] = {
    Overall.OPERATIONAL: "up",
    Overall.NOTHING: "unknown",
    Overall.MAINTENANCE: "maintenance",
    Overall.UNKNOWN: "unknown",
    Overall.INCIDENT: "degraded",
    Overall.DEGRADED: "degraded",
    Overall.PARTIAL_OUTAGE: "degraded",
    Overall.MAJOR_OUTAGE: "down",
}

_SIGNS: Final = {
    "up": "M6.5 12.5l3.5 3.5 7.5-8",
    "degraded": "M12 6v7.5M12 17v.5",
    "down": "M8 8l8 8M16 8l-8 8",
    "unknown": "M9 9.2a3 3 0 1 1 4.2 2.8c-.8.4-1.2.9-1.2 1.8M12 17v.5",
    "maintenance": "M12 7v5.2l3.4 2",
}
_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sign(kind: str) -> str:
    """A disc with a sign of its own for each kind, so that colours alone say nothing."""
    return (
        '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11" fill="var(--t)"/>'
        f'<path d="{_SIGNS[kind]}" fill="none" stroke="var(--card)" stroke-width="2.4" stroke-linecap="round" '
        'stroke-linejoin="round"/></svg>'
    )


def length(milliseconds: int) -> str:
    """A length of time in its largest unit, rounded down: `3 hours`."""
    for unit, name in _UNITS:
        count = milliseconds // unit
        if count:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a second"


def moment(at: int, zone: tzinfo = UTC) -> str:
    """An instant for people, to the minute: `4 May 2026, 10:30 UTC`."""
    then = datetime.fromtimestamp(at // SECOND, UTC).astimezone(zone)
    return f"{then.day} {then:%B %Y, %H:%M %Z}"


def in_xml(text: str) -> str:
    """A text without what XML 1.0 cannot have, such as control characters."""
    return _NOT_IN_XML.sub(" ", text)
