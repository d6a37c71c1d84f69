"""Incidents in memory; they live as long as the process."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from typing_extensions import override

from sightline.domain.probes.incident import Entry, Incident
from sightline.domain.probes.refusal import no_incident, version_differs
from sightline.domain.tenancy import Tenant
from sightline.ports.incidents import Incidents, Wanted, Written


class MemoryIncidents(Incidents):
    """A dictionary of incidents by id, in ascending order. No method awaits anything, so each is atomic on its event loop."""

    def __init__(self) -> None:
        self._incidents: dict[int, tuple[Tenant, Incident]] = {}
        self._timelines: dict[int, list[Entry]] = {}
        self._entries = 0

    @override
    async def write(self, changes: Sequence[Written]) -> list[Incident]:
        written: dict[int, tuple[Tenant, Incident]] = {}
        found: list[Incident] = []
        newest = len(self._incidents)
        for change in changes:
            if not change.incident.id:
                newest += 1
            number = change.incident.id or newest
            version = self._version(change, written) if change.incident.id else 1
            found.append(replace(change.incident, id=number, version=version))
            written[number] = change.tenant, found[-1]
        self._incidents |= written
        for change, incident in zip(changes, found, strict=True):
            self._add(incident.id, change.entries)
        return found

    @override
    async def get(self, tenant: Tenant, incident_id: int) -> Incident:
        owner, incident = self._incidents.get(incident_id, (None, None))
        if incident is None or owner != tenant:
            raise no_incident(incident_id)
        return incident

    @override
    async def timeline(self, tenant: Tenant, incident_id: int) -> list[Entry]:
        owner, _ = self._incidents.get(incident_id, (None, None))
        return list(self._timelines[incident_id]) if owner == tenant else []

    @override
    async def find(self, tenant: Tenant, wanted: Wanted) -> list[Incident]:
        newest_first = reversed(self._incidents.values())
        found = [incident for owner, incident in newest_first if owner == tenant and _is_wanted(incident, wanted)]
        return found[: max(wanted.limit, 0)]

    @override
    async def lasting(self) -> list[tuple[Tenant, Incident]]:
        return [(tenant, incident) for tenant, incident in self._incidents.values() if incident.ended_at is None]

    def _version(self, change: Written, written: Mapping[int, tuple[Tenant, Incident]]) -> int:
        """What follows on the version that a change replaces."""
        number, expected = change.incident.id, change.expected
        found = written.get(number) or self._incidents.get(number)
        if found is None or found[0] != change.tenant:
            raise no_incident(number)
        present = found[1]
        if expected is not None and expected != present.version:
            raise version_differs("incident", number, present.version, expected)
        return present.version + 1

    def _add(self, incident_id: int, entries: Sequence[Entry]) -> None:
        numbered = [replace(entry, id=number) for number, entry in enumerate(entries, self._entries + 1)]
        self._timelines.setdefault(incident_id, []).extend(numbered)
        self._entries += len(entries)


def _is_wanted(incident: Incident, wanted: Wanted) -> bool:
    within, ended_at = wanted.within, incident.ended_at
    return (
        within.start <= within.end
        and incident.started_at <= within.end
        and (ended_at is None or (ended_at >= within.start and not wanted.open_only))
        and (not wanted.checks or incident.check in wanted.checks)
        and (wanted.before is None or incident.id < wanted.before)
    )
