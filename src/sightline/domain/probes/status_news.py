"""What subscribers of a status page are told: each thing that happened by a key of its own, so that nobody hears of it twice."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sightline.domain.probes.status_view import Planned, ShownIncident, View
from sightline.domain.timerange import DAY

ANNOUNCED: Final = DAY
"""So long (ms) before it begins maintenance is announced."""


class NewsKind(StrEnum):
    """What happened."""

    OPENED = "incident_opened"
    UPDATED = "incident_updated"
    RESOLVED = "incident_resolved"
    ANNOUNCED = "maintenance_announced"
    BEGAN = "maintenance_began"


_ORDER: Final = {kind: place for place, kind in enumerate(NewsKind)}
"""Of what happens at one time."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened at `at` (ms). anchor: its place on the page. text: for people, without what the title says."""

    key: str
    kind: NewsKind
    at: int
    title: str
    text: str
    anchor: str
    status: str = ""
    affects: tuple[str, ...] = ()


def news(view: View, told: Collection[str]) -> list[News]:
    """What a page has to tell, told or not, the earliest first. told: the keys of what was told before.

    Each says what was so when it happened, also when it is told late: an incident that began "is down".
    An incident is news once it lasted for as long as the page says, or people wrote of it; one that was over sooner never is.
    Recurring maintenance is not: it stands on the page.
    """
    found = [one for shown in view.incidents for one in _of_incident(shown, view, told)]
    found += [one for planned in view.planned if not planned.recurring for one in _of_planned(planned, view)]
    return sorted(found, key=lambda one: (one.at, _ORDER[one.kind], one.key))


def _of_incident(shown: ShownIncident, view: View, told: Collection[str]) -> Iterator[News]:
    its, affects = shown.incident, tuple(shown.affects)
    end = view.at if its.ended_at is None else its.ended_at
    if end - its.started_at < view.page.notify_after and not shown.updates:
        return
    key, anchor = f"i{its.id}", f"incident-{its.id}"
    ends = sum(one.startswith(f"{key}r") and one != f"{key}r{its.ended_at}" for one in told)  # opened again since
    yield News(f"{key}o{ends}", NewsKind.OPENED, its.started_at, shown.lasting_title, "", anchor, affects=affects)
    for place, one in enumerate(reversed(shown.updates)):
        title = shown.lasting_title if its.ended_at is None or one.at < its.ended_at else shown.title
        yield News(f"{key}u{place}", NewsKind.UPDATED, one.at, title, one.text, anchor, one.status, affects)
    if its.ended_at is not None:
        yield News(
            f"{key}r{its.ended_at}", NewsKind.RESOLVED, its.ended_at, shown.title, "", anchor, "resolved", affects
        )


def _of_planned(planned: Planned, view: View) -> Iterator[News]:
    key, anchor = f"m{planned.id}-{planned.start}", f"maintenance-{planned.id}-{planned.start}"
    affects = tuple(name for check, name in view.names.items() if check in planned.checks)
    title = planned.title or "Maintenance"
    if planned.start > view.at and planned.start - view.at <= ANNOUNCED:
        text = planned.description
        yield News(f"{key}a", NewsKind.ANNOUNCED, planned.start, title, text, anchor, "planned", affects)
    if planned.start <= view.at:
        text = planned.description
        yield News(f"{key}b", NewsKind.BEGAN, planned.start, title, text, anchor, "in progress", affects)
