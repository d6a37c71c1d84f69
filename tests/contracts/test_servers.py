"""What every store of servers promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.adapters.outbound.memory.servers import MemoryServers
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.servers import SqlServers
from sightline.domain.errors import NotFound
from sightline.domain.labels import Labels
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.ports.servers import Registered, Servers

pytestmark = pytest.mark.anyio

OTHER_TENANT = Tenant("other")
ONE, TWO, THREE = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "abc")
WEB = Registration("web-1", "192.0.2.7", "Linux 6.1", Labels.of(env="prod", team="Zürich"), "1.2.3")


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Servers]:
    yield MemoryServers()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Servers]:
    database = await SqlDatabase.open(folder / "catalog.sqlite")
    yield SqlServers(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Servers]]] = {
    "memory": _memory,
    "sqlite": _sqlite,
}


@pytest.fixture(params=ADAPTERS)
async def servers(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Servers]:
    """Each store in turn, empty."""
    async with ADAPTERS[request.param](tmp_path) as opened:
        yield opened


async def test_a_new_server_is_stored_as_it_registered(servers: Servers) -> None:
    """It has the id that was given, was created and updated now, and was never seen."""
    stored = await servers.register(DEFAULT_TENANT, ONE, WEB, 1000)
    assert stored == Registered(Server(ONE, DEFAULT_TENANT, WEB, 1000, 1000, None), fresh=True)
    assert await servers.get(DEFAULT_TENANT, ONE) == stored.server


async def test_a_hostname_that_registers_again_is_the_same_server(servers: Servers) -> None:
    """What it says of itself and updated_at are new; id, created_at and last_seen stay."""
    await servers.register(DEFAULT_TENANT, ONE, WEB, 1000)
    await servers.seen({(DEFAULT_TENANT, ONE): 1500})
    changed = replace(WEB, os="Linux 6.2", labels=Labels())
    stored = await servers.register(DEFAULT_TENANT, TWO, changed, 2000)
    assert stored == Registered(Server(ONE, DEFAULT_TENANT, changed, 1000, 2000, 1500), fresh=False)
    assert await servers.list(DEFAULT_TENANT) == [stored.server]
    with pytest.raises(NotFound):
        await servers.get(DEFAULT_TENANT, TWO)


async def test_a_list_is_in_order_of_hostname(servers: Servers) -> None:
    """All servers come, in ascending order whatever the order in which they registered."""
    for server_id, name in ((ONE, "b"), (TWO, "a"), (THREE, "B")):
        await servers.register(DEFAULT_TENANT, server_id, Registration(name), 1)
    assert [server.about.hostname for server in await servers.list(DEFAULT_TENANT)] == ["B", "a", "b"]


async def test_an_empty_list_is_empty(servers: Servers) -> None:
    """No servers are an empty list, not an error."""
    assert await servers.list(DEFAULT_TENANT) == []


async def test_what_is_not_there_is_not_found(servers: Servers) -> None:
    """A get of an unknown id names it."""
    with pytest.raises(NotFound, match=ONE):
        await servers.get(DEFAULT_TENANT, ONE)


async def test_a_delete_says_whether_there_was_something(servers: Servers) -> None:
    """The first delete removes, the second finds nothing, and the hostname may register anew under another id."""
    await servers.register(DEFAULT_TENANT, ONE, WEB, 1)
    assert await servers.delete(DEFAULT_TENANT, ONE)
    assert not await servers.delete(DEFAULT_TENANT, ONE)
    stored = await servers.register(DEFAULT_TENANT, TWO, WEB, 2)
    assert (stored.fresh, stored.server.id) == (True, TWO)


async def test_last_seen_is_set_for_the_servers_that_are_there(servers: Servers) -> None:
    """Those that are gone, or belong to somebody else, stay as they are, and nothing else changes."""
    await servers.register(DEFAULT_TENANT, ONE, WEB, 1)
    await servers.register(DEFAULT_TENANT, TWO, Registration("web-2"), 1)
    await servers.seen({(DEFAULT_TENANT, ONE): 7, (OTHER_TENANT, TWO): 8, (DEFAULT_TENANT, THREE): 9})
    await servers.seen({})
    assert [(server.last_seen, server.updated_at) for server in await servers.list(DEFAULT_TENANT)] == [
        (7, 1),
        (None, 1),
    ]


async def test_tenants_see_nothing_of_each_other(servers: Servers) -> None:
    """One hostname is a server of its own in each tenant, neither found, listed nor removed by another."""
    await servers.register(DEFAULT_TENANT, ONE, WEB, 1)
    assert (await servers.register(OTHER_TENANT, TWO, WEB, 2)).fresh
    with pytest.raises(NotFound):
        await servers.get(OTHER_TENANT, ONE)
    assert not await servers.delete(OTHER_TENANT, ONE)
    assert [server.id for server in await servers.list(DEFAULT_TENANT)] == [ONE]
    assert [server.id for server in await servers.list(OTHER_TENANT)] == [TWO]


async def test_what_was_returned_is_no_longer_the_stores(servers: Servers) -> None:
    """A list may be changed by who got it without changing what is stored."""
    await servers.register(DEFAULT_TENANT, ONE, WEB, 1)
    (await servers.list(DEFAULT_TENANT)).clear()
    assert len(await servers.list(DEFAULT_TENANT)) == 1
