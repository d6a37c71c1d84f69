"""Incidents in the catalog database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.probes.incident import Entry, Incident
from sightline.domain.tenancy import Tenant
from sightline.ports.incidents import Incidents, Wanted, Written

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sightline.adapters.outbound.sql.incident_rows import IncidentRows


class SqlIncidents(Incidents):
    """One row an incident, and one a line of its timeline."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    @override
    async def write(self, changes: Sequence[Written]) -> list[Incident]:
        owned = list(changes)
        return await self._database.run(lambda connection: _rows(connection).write(owned))

    @override
    async def get(self, tenant: Tenant, incident_id: int) -> Incident:
        return await self._database.run(lambda connection: _rows(connection).get(tenant, incident_id))

    @override
    async def timeline(self, tenant: Tenant, incident_id: int) -> list[Entry]:
        return await self._database.run(lambda connection: _rows(connection).timeline(tenant, incident_id))

    @override
    async def find(self, tenant: Tenant, wanted: Wanted) -> list[Incident]:
        return await self._database.run(lambda connection: _rows(connection).find(tenant, wanted))

    @override
    async def lasting(self) -> list[tuple[Tenant, Incident]]:
        return await self._database.run(lambda connection: _rows(connection).lasting())


def _rows(connection: "Connection") -> "IncidentRows":
    from sightline.adapters.outbound.sql.incident_rows import IncidentRows

    return IncidentRows(connection)
