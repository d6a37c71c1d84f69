"""Know the servers that report: who they are, and when each was last heard of."""

import ipaddress
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sightline.domain.errors import Conflict, InvalidField, NotFound
from sightline.domain.labels import LabelLimits
from sightline.domain.servers.server import Registration, Server, check_registration
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.clock import Clock
from sightline.ports.servers import Registered, Servers

MAX_SERVERS: Final = 10_000
"""Servers of one tenant."""


def _fresh_id() -> str:
    return str(uuid.uuid4())


class Register:
    """The use case. Servers that report are remembered, so that a report costs no look into the store.

    When a server was last heard of is seen at once; the store learns it from `settle`. `identify` gives the ids of new servers.
    """

    def __init__(
        self,
        servers: Servers,
        clock: Clock,
        limits: LabelLimits,
        identify: Callable[[], str] = _fresh_id,
        *,
        most: int = MAX_SERVERS,
    ) -> None:
        self._servers = servers
        self._clock = clock
        self._limits = limits
        self._identify = identify
        self._most = most
        self._known: dict[tuple[Tenant, str], Server] = {}
        self._heard: dict[tuple[Tenant, str], int] = {}
        self._owed: set[tuple[Tenant, str]] = set()
        self._hostnames: dict[Tenant, set[str]] = {}  # so that a fleet that registers reads the store's list once

    async def __call__(self, principal: Principal, registration: Registration) -> Registered:
        """Register a server, or replace what is known of the one with this hostname.

        Raises:
            InvalidField: names the field.
            Conflict: the tenant has as many servers as it may have, and this is none of them.
            Unavailable, StorageFull: nothing is stored.
        """
        check_registration(registration, self._limits)
        _check_address(registration.ip_address)
        await self._check_room(principal, registration.hostname)
        found = await self._servers.register(principal.tenant, self._identify(), registration, self._clock.now())
        self._known[principal.tenant, found.server.id] = found.server
        if principal.tenant in self._hostnames:  # else it is read again
            self._hostnames[principal.tenant].add(registration.hostname)
        return replace(found, server=self._as_heard(found.server))

    async def _check_room(self, principal: Principal, hostname: str) -> None:
        present = self._hostnames.get(principal.tenant)
        # Refused only by what is stored.
        if present is None or (len(present) >= self._most and hostname not in present):
            servers = await self._servers.list(principal.tenant)
            present = self._hostnames[principal.tenant] = {server.about.hostname for server in servers}
        if len(present) >= self._most and hostname not in present:
            message = f"{len(present)} servers are registered, as many as servers.max allows: delete one, or raise it"
            raise Conflict(message, limit=self._most)

    async def all(self, principal: Principal) -> list[Server]:
        """The servers of the principal's tenant, in ascending order of hostname."""
        return [self._as_heard(server) for server in await self._servers.list(principal.tenant)]

    async def one(self, principal: Principal, server_id: str) -> Server:
        """One server.

        Raises:
            NotFound: the tenant has no such server.
        """
        server = self.known(principal, server_id)
        if server is None:
            server = await self._servers.get(principal.tenant, server_id)
            self._known[principal.tenant, server_id] = server
        return self._as_heard(server)

    def known(self, principal: Principal, server_id: str) -> Server | None:
        """A server that is remembered, as it registered; None does not mean that there is none."""
        return self._known.get((principal.tenant, server_id))

    async def remove(self, principal: Principal, server_id: str) -> None:
        """Forget a server. What it reported stays as long as samples are kept.

        Raises:
            NotFound: the tenant has no such server.
        """
        self._known.pop((principal.tenant, server_id), None)
        self._heard.pop((principal.tenant, server_id), None)
        self._hostnames.pop(principal.tenant, None)
        if not await self._servers.delete(principal.tenant, server_id):
            raise NotFound(f"no server has the id {server_id[:60]}", id=server_id)
        self._known.pop((principal.tenant, server_id), None)  # a report may have brought it back meanwhile

    def heard(self, server: Server) -> None:
        """Note that a server has just reported."""
        self._heard[server.tenant, server.id] = self._clock.now()
        self._owed.add((server.tenant, server.id))

    async def settle(self) -> None:
        """Write down when servers were heard of since the last time; run it now and then, and at the end.

        Raises:
            Unavailable, StorageFull: nothing is lost, the next time writes it.
        """
        owed, self._owed = self._owed, set()
        if not owed:
            return
        try:
            await self._servers.seen({key: self._heard[key] for key in owed if key in self._heard})
        except BaseException:
            self._owed |= owed
            raise

    def _as_heard(self, server: Server) -> Server:
        at = self._heard.get((server.tenant, server.id))
        return server if at is None else replace(server, last_seen=at)


def _check_address(text: str) -> None:
    if text:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            message = f"ip_address: {text[:60]!r} is not an IPv4 or IPv6 address"
            raise InvalidField(message, field="ip_address") from None
