"""Servers in the catalog database."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from typing_extensions import override

from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import Tenant
from sightline.ports.servers import Registered, Servers

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sightline.adapters.outbound.sql.server_rows import ServerRows


class SqlServers(Servers):
    """One row a server."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    @override
    async def register(self, tenant: Tenant, fresh_id: str, registration: Registration, at: int) -> Registered:
        return await self._database.run(
            lambda connection: _rows(connection).register(tenant, fresh_id, registration, at)
        )

    @override
    async def list(self, tenant: Tenant) -> list[Server]:
        return await self._database.run(lambda connection: _rows(connection).all(tenant))

    @override
    async def get(self, tenant: Tenant, server_id: str) -> Server:
        return await self._database.run(lambda connection: _rows(connection).get(tenant, server_id))

    @override
    async def delete(self, tenant: Tenant, server_id: str) -> bool:
        return await self._database.run(lambda connection: _rows(connection).delete(tenant, server_id))

    @override
    async def seen(self, last_seen: Mapping[tuple[Tenant, str], int]) -> None:
        if last_seen:
            await self._database.run(lambda connection: _rows(connection).seen(last_seen))


def _rows(connection: "Connection") -> "ServerRows":
    from sightline.adapters.outbound.sql.server_rows import ServerRows

    return ServerRows(connection)
