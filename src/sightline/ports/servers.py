"""The servers that report, wherever they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import Tenant


@dataclass(frozen=True, slots=True)
class Registered:
    """A server as it is stored after its registration. `fresh`: it was not known before."""

    server: Server
    fresh: bool


class Servers(Protocol):
    """Servers by (tenant, id), each hostname once in a tenant.

    What belongs to another tenant is never seen. What was stored survives a restart, where the adapter keeps anything at all.
    Errors: Unavailable when the store cannot be reached, StorageFull when it has no room; nothing is stored then.
    """

    async def register(self, tenant: Tenant, fresh_id: str, registration: Registration, at: int) -> Registered:
        """Store a server under `fresh_id`, or, where its hostname is known, replace what that one says about itself.

        A server that was known keeps its id, created_at and last_seen. `at` is in ms.
        """
        ...

    async def list(self, tenant: Tenant) -> list[Server]:
        """All servers, in ascending order of hostname."""
        ...

    async def get(self, tenant: Tenant, server_id: str) -> Server:
        """One server.

        Raises:
            NotFound: no such server.
        """
        ...

    async def delete(self, tenant: Tenant, server_id: str) -> bool:
        """Remove; false when there was nothing."""
        ...

    async def seen(self, last_seen: Mapping[tuple[Tenant, str], int]) -> None:
        """Set last_seen (ms) of servers by tenant and id; those that are gone stay gone. All or none."""
        ...
