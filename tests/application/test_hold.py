"""Documents that are held in memory: what was kept is there, at once and after a restart, and nothing else is."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.application.hold import Codec, Filing, Hold
from sightline.domain.errors import BadData, Conflict, Unavailable
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.ports.catalog import Document

HERE, THERE = LOCAL.tenant, Tenant("other")


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a name."""

    name: str
    text: str = ""


def encode(tenant: Tenant, thing: Thing) -> bytes:
    """As a document."""
    return json.dumps([tenant, thing.name, thing.text]).encode()


def decode(body: bytes) -> tuple[Tenant, Thing]:
    """And back."""
    tenant, name, text = json.loads(body)
    if text == "odd":
        raise BadData("nobody knows what odd means")
    return Tenant(tenant), Thing(name, text)


class Catalog(MemoryCatalog):
    """One that can be away. lists: how often it was read."""

    is_away = False
    lists = 0

    @override
    async def list(self, tenant: Tenant, kind: str) -> list[Document]:
        self.lists += 1
        self._require_there()
        return await super().list(tenant, kind)

    @override
    async def put(self, tenant: Tenant, kind: str, key: str, body: bytes, expected: int | None = None) -> Document:
        self._require_there()
        return await super().put(tenant, kind, key, body, expected)

    @override
    async def delete(self, tenant: Tenant, kind: str, key: str) -> bool:
        self._require_there()
        return await super().delete(tenant, kind, key)

    def _require_there(self) -> None:
        if self.is_away:
            raise Unavailable("the catalog is away")


class World:
    """A catalog, and what is held of it. changes: what was told of them, by name and texts."""

    def __init__(self) -> None:
        self.catalog = Catalog()
        self.changes: list[tuple[str | None, str | None]] = []
        self.held = self.started()

    def started(self) -> Hold[Thing]:
        """As after another start; nothing is read yet."""
        return Hold(self.catalog, Filing("thing", "thing", Codec(encode, decode), lambda one: one.name), self._changed)

    def _changed(self, _: Tenant, before: Thing | None, now: Thing | None) -> None:
        self.changes.append((None if before is None else before.text, None if now is None else now.text))

    async def keep(self, *things: Thing, tenant: Tenant = HERE) -> None:
        """One after another."""
        for one in things:
            async with self.held.turn():
                await self.held.keep(tenant, one)


@pytest.fixture
def world() -> World:
    return World()


async def test_what_is_kept_is_there_after_a_restart(world: World) -> None:
    """Of every tenant its own, though they are of one name."""
    await world.keep(Thing("a", "1"), Thing("a", "2"), Thing("b"))
    await world.keep(Thing("a", "theirs"), tenant=THERE)
    for held in (world.held, world.started()):
        await held.load()
        assert held.of(HERE) == {"a": Thing("a", "2"), "b": Thing("b")}
        assert held.of(THERE) == {"a": Thing("a", "theirs")}
        assert sorted(held.tenants) == sorted((HERE, THERE))
    assert world.held.of(Tenant("nobody")) == {}


async def test_every_change_is_told(world: World) -> None:
    """What was, and what is; what is read at a start is told, too."""
    await world.keep(Thing("a", "1"), Thing("a", "2"))
    async with world.held.turn():
        await world.held.forget(HERE, Thing("a", "2"))
    assert world.changes == [(None, "1"), ("1", "2"), ("2", None)]
    await world.keep(Thing("a", "3"))
    world.changes.clear()
    await world.started().load()
    assert world.changes == [(None, "3")]


async def test_it_is_read_once(world: World) -> None:
    """However many want it at once; and again only where that failed."""
    world.catalog.is_away = True
    with pytest.raises(Unavailable):
        await world.held.load()
    world.catalog.is_away = False
    await asyncio.gather(world.held.load(), world.held.load(), world.keep(Thing("a")))
    assert world.catalog.lists == 2


async def test_a_change_that_is_not_stored_is_none(world: World) -> None:
    """What was there stays, in memory as in the catalog, and goes on to be changed later."""
    await world.keep(Thing("a", "1"))
    world.catalog.is_away = True
    with pytest.raises(Unavailable):
        await world.keep(Thing("a", "2"))
    with pytest.raises(Unavailable):
        await world.held.forget(HERE, Thing("a", "1"))
    assert (world.held.of(HERE), world.changes) == ({"a": Thing("a", "1")}, [(None, "1")])
    world.catalog.is_away = False
    await world.keep(Thing("a", "3"))
    assert world.held.of(HERE) == {"a": Thing("a", "3")}


async def test_what_somebody_else_changed_is_not_overwritten(world: World) -> None:
    """Another program over the same catalog: who comes second is told, and nothing is lost in silence."""
    await world.keep(Thing("a", "1"))
    other = world.started()
    await other.load()
    await world.keep(Thing("a", "2"))
    async with other.turn():
        with pytest.raises(Conflict):
            await other.keep(HERE, Thing("a", "3"))
    assert other.of(HERE) == {"a": Thing("a", "1")}


async def test_what_cannot_be_read_costs_only_itself(world: World) -> None:
    """It is told of by its name in the catalog, and stays there, for a version of the program that can."""
    await world.keep(Thing("a"), Thing("b", "odd"), Thing("c"))
    again = world.started()
    await again.load()
    assert list(again.of(HERE)) == ["a", "c"]
    assert again.unread == ['the thing ["default", "b"] cannot be used: nobody knows what odd means']
    assert len(await world.catalog.list(HERE, "thing")) == 3


async def test_changes_take_turns(world: World) -> None:
    """Who counts what is there before adding to it counts right."""

    async def add_unless_full(name: str) -> None:
        async with world.held.turn():
            if len(world.held.of(HERE)) < 2:
                await asyncio.sleep(0)
                await world.held.keep(HERE, Thing(name))

    await asyncio.gather(*map(add_unless_full, "abcd"))
    assert list(world.held.of(HERE)) == ["a", "b"]


_STEPS = st.lists(
    st.tuples(st.sampled_from((HERE, THERE)), st.sampled_from("abc"), st.none() | st.text("xy", max_size=2))
)


@given(_STEPS)
async def test_memory_and_catalog_say_the_same(steps: Sequence[tuple[Tenant, str, str | None]]) -> None:
    """After any keeping and forgetting, whoever reads the catalog anew sees what is held."""
    world, expected = World(), dict[Tenant, dict[str, Thing]]()
    for tenant, name, text in steps:
        its = expected.setdefault(tenant, {})
        async with world.held.turn():
            if text is not None:
                its[name] = await world.held.keep(tenant, Thing(name, text))
            elif name in its:
                await world.held.forget(tenant, its.pop(name))
    again = world.started()
    await again.load()
    for tenant in (HERE, THERE):
        assert world.held.of(tenant) == again.of(tenant) == expected.get(tenant, {})
