"""Servers in memory; they live as long as the process."""

from collections.abc import Mapping
from dataclasses import replace

from typing_extensions import override

from sightline.domain.errors import NotFound
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import Tenant
from sightline.ports.servers import Registered, Servers


class MemoryServers(Servers):
    """A dictionary of servers. No method awaits anything, so each is atomic on its event loop."""

    def __init__(self) -> None:
        self._servers: dict[tuple[Tenant, str], Server] = {}

    @override
    async def register(self, tenant: Tenant, fresh_id: str, registration: Registration, at: int) -> Registered:
        for key, known in self._servers.items():
            if key[0] == tenant and known.about.hostname == registration.hostname:
                self._servers[key] = replace(known, about=registration, updated_at=at)
                return Registered(self._servers[key], fresh=False)
        server = Server(fresh_id, tenant, registration, at, at)
        self._servers[tenant, fresh_id] = server
        return Registered(server, fresh=True)

    @override
    async def list(self, tenant: Tenant) -> list[Server]:
        found = [server for (owner, _), server in self._servers.items() if owner == tenant]
        return sorted(found, key=lambda server: server.about.hostname)

    @override
    async def get(self, tenant: Tenant, server_id: str) -> Server:
        found = self._servers.get((tenant, server_id))
        if found is None:
            raise NotFound(f"no server has the id {server_id[:60]}", id=server_id)
        return found

    @override
    async def delete(self, tenant: Tenant, server_id: str) -> bool:
        return self._servers.pop((tenant, server_id), None) is not None

    @override
    async def seen(self, last_seen: Mapping[tuple[Tenant, str], int]) -> None:
        for key, at in last_seen.items():
            if key in self._servers:
                self._servers[key] = replace(self._servers[key], last_seen=at)
