"""The rows of servers, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam

from sightline.adapters.outbound.sql.tables import SERVERS
from sightline.domain.errors import NotFound
from sightline.domain.labels import Labels
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import Tenant
from sightline.ports.servers import Registered


class ServerRows:
    """What SqlServers asks of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def register(self, tenant: Tenant, fresh_id: str, registration: Registration, at: int) -> Registered:
        """Update the row of the hostname, or insert one; nobody else writes meanwhile, for the transaction holds the file."""
        named = [SERVERS.c.tenant == tenant, SERVERS.c.hostname == registration.hostname]
        said = {
            "ip_address": registration.ip_address,
            "os": registration.os,
            "labels": dict(registration.labels),
            "agent_version": registration.agent_version,
            "updated_at": at,
        }
        fresh = self._connection.execute(SERVERS.update().where(*named).values(**said)).rowcount == 0
        if fresh:
            new = {"id": fresh_id, "tenant": tenant, "hostname": registration.hostname, "created_at": at}
            self._connection.execute(SERVERS.insert().values(**new, **said))
        return Registered(_server(self._connection.execute(SERVERS.select().where(*named)).one()), fresh)

    def all(self, tenant: Tenant) -> list[Server]:
        """All of a tenant, by code point of the hostname, whatever collation the database has."""
        rows = self._connection.execute(SERVERS.select().where(SERVERS.c.tenant == tenant))
        return sorted(map(_server, rows), key=lambda server: server.about.hostname)

    def get(self, tenant: Tenant, server_id: str) -> Server:
        """One server."""
        row = self._connection.execute(SERVERS.select().where(*_identified(tenant, server_id))).first()
        if row is None:
            raise NotFound(f"no server has the id {server_id[:60]}", id=server_id)
        return _server(row)

    def delete(self, tenant: Tenant, server_id: str) -> bool:
        """Whether there was something to remove."""
        return self._connection.execute(SERVERS.delete().where(*_identified(tenant, server_id))).rowcount > 0

    def seen(self, last_seen: Mapping[tuple[Tenant, str], int]) -> None:
        """Set last_seen of servers by tenant and id."""
        change = SERVERS.update().where(SERVERS.c.tenant == bindparam("of"), SERVERS.c.id == bindparam("server"))
        rows = [{"of": tenant, "server": server_id, "at": at} for (tenant, server_id), at in last_seen.items()]
        self._connection.execute(change.values(last_seen=bindparam("at")), rows)


def _identified(tenant: Tenant, server_id: str) -> list[ColumnElement[Any]]:
    return [SERVERS.c.tenant == tenant, SERVERS.c.id == server_id]


def _server(row: Row[Any]) -> Server:
    about = Registration(row.hostname, row.ip_address, row.os, Labels.of(row.labels), row.agent_version)
    return Server(row.id, Tenant(row.tenant), about, row.created_at, row.updated_at, row.last_seen)
