"""Respond to incidents: what people do about them, and what they write of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sightline.application.chronicle import Chronicle
from sightline.domain.errors import Conflict, InvalidField
from sightline.domain.probes.incident import Entry, EntryKind, Incident, IncidentKind
from sightline.domain.tenancy import Principal
from sightline.ports.clock import Clock
from sightline.ports.incidents import Incidents, Wanted

MAX_TEXT: Final = 20_000
"""Characters of an update."""
MAX_POST_MORTEM: Final = 200_000
MAX_TITLE: Final = 300
STATUSES: Final = ("investigating", "identified", "monitoring", "resolved")
"""What an update may say of where things stand."""
_RESOLVED: Final = "resolved"
_CHANGED: Final = ("title", "assignee", "post_mortem", "public")


@dataclass(frozen=True, slots=True)
class Change:
    """What people change of an incident; None stays as it is."""

    title: str | None = None
    assignee: str | None = None
    post_mortem: str | None = None
    public: bool | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An incident with its timeline and those that belong together with it."""

    incident: Incident
    timeline: Sequence[Entry]
    related: Sequence[Incident]


class Respond:
    """The use case."""

    def __init__(self, incidents: Incidents, chronicle: Chronicle, clock: Clock) -> None:
        self._incidents = incidents
        self._chronicle = chronicle
        self._clock = clock

    async def find(self, principal: Principal, wanted: Wanted) -> list[Incident]:
        """Those that are wanted, newest first."""
        return await self._incidents.find(principal.tenant, wanted)

    async def one(self, principal: Principal, incident_id: int) -> Incident:
        """One incident.

        Raises:
            NotFound: the tenant has no such incident.
        """
        return await self._incidents.get(principal.tenant, incident_id)

    async def get(self, principal: Principal, incident_id: int, wanted: Wanted) -> Told:
        """One incident with all that belongs to it. wanted: among which related ones are looked for.

        Raises:
            NotFound: the tenant has no such incident.
        """
        incident = await self._incidents.get(principal.tenant, incident_id)
        timeline = await self._incidents.timeline(principal.tenant, incident_id)
        root = incident.part_of or incident.id
        found = await self._incidents.find(principal.tenant, wanted)
        related = [one for one in found if root in {one.id, one.part_of} and one.id != incident.id]
        return Told(incident, timeline, related)

    async def write(self, principal: Principal, title: str, text: str, status: str, *, public: bool = True) -> Incident:
        """Begin an incident of no check, for a status page.

        Raises:
            InvalidField: a text that cannot be used.
        """
        _require("title", title, MAX_TITLE)
        _check("text", text, MAX_TEXT)
        _require_status(status)
        now, who = self._clock.now(), principal.who
        incident = Incident(
            id=0, check=None, kind=IncidentKind.MANUAL, started_at=now, title=title, details=text, public=public
        )
        entries = [Entry(now, EntryKind.OPENED, title, who, public=public)]
        if text:
            entries.append(Entry(now, EntryKind.UPDATE, text, who, public=public, status=status))
        opened = await self._incidents.open(principal.tenant, incident, entries)
        self._chronicle.changed(principal.tenant, opened)
        return opened

    async def change(
        self, principal: Principal, incident_id: int, change: Change, expected: int | None = None
    ) -> Incident:
        """Assign an incident, name it, write its post-mortem, or have status pages show it or not.

        Raises:
            NotFound: the tenant has no such incident.
            InvalidField: a text that cannot be used.
            Conflict: another version is there than `expected`.
        """
        if change.title is not None:
            _require("title", change.title, MAX_TITLE)
        _check("assignee", change.assignee or "", MAX_TITLE)
        _check("post_mortem", change.post_mortem or "", MAX_POST_MORTEM)
        now, who = self._clock.now(), principal.who

        def edit(incident: Incident) -> _Edited:
            entries: list[Entry] = []
            if change.assignee not in {None, incident.assignee}:
                entries.append(Entry(now, EntryKind.ASSIGNED, change.assignee or "nobody", who))
            if change.post_mortem not in {None, incident.post_mortem}:
                entries.append(Entry(now, EntryKind.POST_MORTEM, "written" if change.post_mortem else "removed", who))
            given = {name: value for name in _CHANGED if (value := getattr(change, name)) is not None}
            return replace(incident, **given), entries

        return await self._edit(principal, incident_id, edit, expected)

    async def acknowledge(self, principal: Principal, incident_id: int) -> Incident:
        """Say that somebody is looking after an incident; once is enough.

        Raises:
            NotFound: the tenant has no such incident.
        """
        now, who = self._clock.now(), principal.who

        def edit(incident: Incident) -> _Edited:
            if incident.acknowledged_at is not None:
                return incident, []
            changed = replace(incident, acknowledged_at=now, assignee=incident.assignee or who)
            return changed, [Entry(now, EntryKind.ACKNOWLEDGED, "", who)]

        return await self._edit(principal, incident_id, edit)

    async def update(
        self, principal: Principal, incident_id: int, text: str, status: str = "", *, public: bool = True
    ) -> Incident:
        """Add what people have to say. status: one of STATUSES, or nothing; `resolved` ends an incident of no check.

        Raises:
            NotFound: the tenant has no such incident.
            InvalidField: no text, or a status that is none.
        """
        _require("text", text, MAX_TEXT)
        _require_status(status)
        now, who = self._clock.now(), principal.who

        def edit(incident: Incident) -> _Edited:
            entries = [Entry(now, EntryKind.UPDATE, text, who, public=public, status=status)]
            if status == _RESOLVED and incident.check is None and incident.ended_at is None:
                entries.append(Entry(now, EntryKind.RESOLVED, "", who, public=public))
                return replace(incident, ended_at=now), entries
            return incident, entries

        return await self._edit(principal, incident_id, edit)

    async def resolve(self, principal: Principal, incident_id: int) -> Incident:
        """End an incident that people began.

        Raises:
            NotFound: the tenant has no such incident.
            Conflict: it is one of a check, which ends when that is up again; or it is over.
        """
        now, who = self._clock.now(), principal.who

        def edit(incident: Incident) -> _Edited:
            if incident.ended_at is not None:
                raise Conflict("the incident is over already", id=incident_id)
            if incident.check is not None:
                message = "an incident of a check ends when the check is up again: acknowledge it, or pause the check"
                raise Conflict(message, id=incident_id)
            return replace(incident, ended_at=now), [
                Entry(now, EntryKind.RESOLVED, "", who, public=True, status=_RESOLVED)
            ]

        return await self._edit(principal, incident_id, edit)

    async def _edit(
        self, principal: Principal, incident_id: int, edit: Callable[[Incident], "_Edited"], expected: int | None = None
    ) -> Incident:
        """Change an incident while nobody else does; nothing is written where nothing changes."""
        async with self._chronicle.turn:
            incident = await self._incidents.get(principal.tenant, incident_id)
            changed, entries = edit(incident)
            if changed == incident and not entries:
                return incident
            saved = await self._incidents.save(principal.tenant, changed, entries, expected)
            self._chronicle.changed(principal.tenant, saved)
            return saved


_Edited = tuple[Incident, list[Entry]]
"""An incident as it is to be, and the lines that say why."""


def _require(field: str, text: str, most: int) -> None:
    if not text.strip():
        raise InvalidField(f"{field}: is empty", field=field)
    _check(field, text, most)


def _check(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InvalidField(f"{field}: has {len(text)} characters, and may have {most}", field=field)


def _require_status(status: str) -> None:
    if status and status not in STATUSES:
        raise InvalidField(f"status: {status[:40]!r} is none of {', '.join(STATUSES)}", field="status")
