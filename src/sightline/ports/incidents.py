"""Incidents and their timelines, wherever they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sightline.domain.probes.incident import Entry, Incident
from sightline.domain.probes.refusal import no_incident
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents: that overlap `within`, of some checks (empty: any), only those that last still; newest first."""

    within: TimeRange
    checks: tuple[int, ...] = ()
    open_only: bool = False
    limit: int = 100
    before: int | None = None
    """Only those with a smaller id, for the next page."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be stored of an incident, and lines to add; id 0: it is new, and its version is ignored.

    expected: the version that must be there now; None replaces whatever is there.
    """

    tenant: Tenant
    incident: Incident
    entries: Sequence[Entry] = ()
    expected: int | None = None


class Incidents(Protocol):
    """Incidents by (tenant, id), with timelines that only grow. Ids grow and are never given again.

    Errors: Unavailable when the store cannot be reached, StorageFull when it has no room; nothing is stored then.
    """

    async def write(self, changes: Sequence[Written]) -> list[Incident]:
        """Do in their order, and all or nothing, what `open` and `save` do each; returns each incident as it is then stored.

        An incident may come more than once.

        Raises:
            NotFound, Conflict: as `save`, of any.
        """
        ...

    async def open(self, tenant: Tenant, incident: Incident, entries: Sequence[Entry]) -> Incident:
        """Store a new incident, whose id and version are ignored, with its first lines; returns it as it is stored."""
        return (await self.write([Written(tenant, replace(incident, id=0), entries)]))[0]

    async def save(
        self, tenant: Tenant, incident: Incident, entries: Sequence[Entry] = (), expected: int | None = None
    ) -> Incident:
        """Replace what is said of an incident and add lines, both or nothing; its version grows. expected: as of a catalog's put.

        Raises:
            NotFound: no such incident.
            Conflict: another version is there.
        """
        if not incident.id:
            raise no_incident(incident.id)
        return (await self.write([Written(tenant, incident, entries, expected)]))[0]

    async def get(self, tenant: Tenant, incident_id: int) -> Incident:
        """One incident.

        Raises:
            NotFound: no such incident.
        """
        ...

    async def timeline(self, tenant: Tenant, incident_id: int) -> list[Entry]:
        """Its lines, in the order in which they were added, with ids that grow; empty where there is no such incident."""
        ...

    async def find(self, tenant: Tenant, wanted: Wanted) -> list[Incident]:
        """Those that are wanted, in descending order of id."""
        ...

    async def lasting(self) -> list[tuple[Tenant, Incident]]:
        """All that last still, of all tenants; for the program itself."""
        ...
