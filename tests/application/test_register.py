"""Knowing the servers that report."""

from collections.abc import Mapping

import pytest
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.servers import MemoryServers
from sightline.application.register import Register
from sightline.domain.errors import Conflict, InvalidField, NotFound, Unavailable
from sightline.domain.labels import LabelLimits
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import LOCAL, Principal, Tenant

pytestmark = pytest.mark.anyio

OTHER = Principal("x", Tenant("other"))


class CountingServers(MemoryServers):
    """Counts what is asked for, and is away on request."""

    asked = 0
    listed = 0
    away = False

    def __init__(self) -> None:
        super().__init__()
        self.written: list[dict[tuple[Tenant, str], int]] = []

    @override
    async def get(self, tenant: Tenant, server_id: str) -> object:  # type: ignore[override] # passed on as it is
        self.asked += 1
        return await super().get(tenant, server_id)

    @override
    async def list(self, tenant: Tenant) -> list[Server]:
        self.listed += 1
        return await super().list(tenant)

    @override
    async def seen(self, last_seen: Mapping[tuple[Tenant, str], int]) -> None:
        if self.away:
            raise Unavailable("the store is away")
        self.written.append(dict(last_seen))
        await super().seen(last_seen)


@pytest.fixture
def servers() -> CountingServers:
    return CountingServers()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def register(servers: CountingServers, clock: ManualClock) -> Register:
    return Register(servers, clock, LabelLimits())


async def test_a_server_registers_and_keeps_its_id(register: Register, clock: ManualClock) -> None:
    """The second time what it says is new, and the rest as it was."""
    first = await register(LOCAL, Registration("web", "192.0.2.7"))
    await clock.advance(60)
    second = await register(LOCAL, Registration("web", "2001:db8::7"))
    assert (first.fresh, second.fresh) == (True, False)
    assert (first.server.id, first.server.created_at) == (second.server.id, second.server.created_at)
    assert second.server.updated_at == clock.now()
    assert [one.about.ip_address for one in await register.all(LOCAL)] == ["2001:db8::7"]


@pytest.mark.parametrize("text", ["256.1.1.1", "web.example", "10.0.0.1:80", "10.0.0.0/8", " "])
async def test_an_address_that_is_none_is_refused(register: Register, text: str) -> None:
    """Only a bare IPv4 or IPv6 address is one."""
    with pytest.raises(InvalidField, match=r"^ip_address: "):
        await register(LOCAL, Registration("web", text))
    assert await register.all(LOCAL) == []


async def test_last_seen_moves_at_once_and_is_written_later(
    register: Register, servers: CountingServers, clock: ManualClock
) -> None:
    """Hearing of a server writes nothing; settling writes the last time of each, once."""
    server = (await register(LOCAL, Registration("web"))).server
    for _ in range(3):
        await clock.advance(1)
        register.heard(server)
    assert servers.written == []
    assert (await register.one(LOCAL, server.id)).last_seen == clock.now()
    assert [one.last_seen for one in await register.all(LOCAL)] == [clock.now()]
    assert (await register(LOCAL, Registration("web"))).server.last_seen == clock.now()
    await register.settle()
    await register.settle()
    assert servers.written == [{(LOCAL.tenant, server.id): clock.now()}]
    assert (await Register(servers, clock, LabelLimits()).one(LOCAL, server.id)).last_seen == clock.now()


async def test_what_could_not_be_written_is_written_the_next_time(
    register: Register, servers: CountingServers, clock: ManualClock
) -> None:
    """A store that is away costs nothing but time."""
    server = (await register(LOCAL, Registration("web"))).server
    register.heard(server)
    servers.away = True
    with pytest.raises(Unavailable):
        await register.settle()
    servers.away = False
    await register.settle()
    assert servers.written == [{(LOCAL.tenant, server.id): clock.now()}]


async def test_a_server_that_is_known_is_not_looked_up(register: Register, servers: CountingServers) -> None:
    """After a restart the store is asked once for each server."""
    server = (await register(LOCAL, Registration("web"))).server
    assert register.known(LOCAL, server.id) == server
    fresh = Register(servers, ManualClock(), LabelLimits())
    assert fresh.known(LOCAL, server.id) is None
    for _ in range(3):
        assert await fresh.one(LOCAL, server.id) == server
    assert servers.asked == 1


async def test_a_server_that_was_removed_is_gone(register: Register) -> None:
    """It is not found, cannot be removed again, and its hostname may register anew."""
    server = (await register(LOCAL, Registration("web"))).server
    register.heard(server)
    await register.remove(LOCAL, server.id)
    await register.settle()
    with pytest.raises(NotFound):
        await register.one(LOCAL, server.id)
    with pytest.raises(NotFound):
        await register.remove(LOCAL, server.id)
    assert (await register(LOCAL, Registration("web"))).server.id != server.id


async def test_a_tenant_never_sees_anothers_servers(register: Register) -> None:
    """Another tenant neither knows, finds, lists nor removes a server, and its own of that name is another."""
    server = (await register(LOCAL, Registration("web"))).server
    assert register.known(OTHER, server.id) is None
    with pytest.raises(NotFound):
        await register.one(OTHER, server.id)
    with pytest.raises(NotFound):
        await register.remove(OTHER, server.id)
    assert await register.all(OTHER) == []
    assert (await register(OTHER, Registration("web"))).server.id != server.id
    assert await register.all(LOCAL) == [server]


async def test_a_tenant_has_so_many_servers_at_most(servers: CountingServers, clock: ManualClock) -> None:
    """One more is refused with the setting named; one that is there may register again, and other tenants are not concerned."""
    register = Register(servers, clock, LabelLimits(), most=1)
    first = await register(LOCAL, Registration("web-1"))
    with pytest.raises(Conflict, match=r"servers\.max"):
        await register(LOCAL, Registration("web-2"))
    assert (await register(LOCAL, Registration("web-1"))).server.id == first.server.id
    await register(OTHER, Registration("web-2"))
    assert [server.about.hostname for server in await register.all(LOCAL)] == ["web-1"]
    await register.remove(LOCAL, first.server.id)
    assert (await register(LOCAL, Registration("web-2"))).fresh


async def test_a_fleet_that_registers_lists_the_servers_once(register: Register, servers: CountingServers) -> None:
    """What the bound costs does not grow with each server that comes."""
    for number in range(5):
        await register(LOCAL, Registration(f"web-{number}"))
    assert servers.listed == 1
