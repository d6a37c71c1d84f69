"""Maintenance windows that are kept: made, edited, ended, and asked what they cover."""

from dataclasses import replace
from itertools import count

import pytest

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.checks import MemoryChecks
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.wire import window as wire
from sightline.application.enroll import Enroll
from sightline.application.maintain import WINDOW_KIND, Maintain, WindowCodec
from sightline.domain.errors import Conflict, InvalidField, NotFound
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.cron import parse_cron
from sightline.domain.probes.options import Http
from sightline.domain.probes.window import Once, Repeated, Scope, Window
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import DAY, HOUR

NOW = 1_763_700_000_000 // DAY * DAY
OTHER = Principal("else", Tenant("other"))
SHOP = Check(1, Definition(name="shop", options=Http()), 0, 0)
ATTIC = Check(2, Definition(name="attic", options=Http()), 0, 0)


class World:
    """A catalog, a clock, and windows that are kept there."""

    def __init__(self) -> None:
        self.catalog = MemoryCatalog()
        self.clock = ManualClock(NOW)
        self.names = map(str, count(1))
        self.windows = self.started()

    def started(self) -> Maintain:
        """As after another start; nothing is loaded yet."""
        codec = WindowCodec(wire.to_document, wire.from_document)
        return Maintain(self.catalog, codec, self.clock, lambda: next(self.names), most=3)


@pytest.fixture
def world() -> World:
    """A fresh one."""
    return World()


def once(name: str = "w", start: int = 0, end: int = HOUR, check: str = "shop") -> Window:
    return Window(name=name, timing=Once(NOW + start, NOW + end), scope=Scope(checks=(check,)))


def nightly(name: str = "w", check: str = "shop") -> Window:
    timing = Repeated(parse_cron("0 2 * * *", "UTC"), 2 * HOUR)
    return Window(name=name, timing=timing, scope=Scope(checks=(check,)))


async def test_a_window_covers_checks_at_once_and_until_it_ends(world: World) -> None:
    """What is asked follows changes and the clock, and tells when it changes next."""
    windows = world.windows
    assert not windows.covers(LOCAL.tenant, SHOP, NOW)
    before = windows.generation
    made = await windows.add(LOCAL, once())
    assert (made.id, made.version, made.created_at) == ("1", 1, NOW)
    assert windows.generation > before
    assert windows.current(LOCAL.tenant).windows(SHOP) == (made,)
    assert windows.current(LOCAL.tenant) is windows.current(LOCAL.tenant)
    assert windows.covers(LOCAL.tenant, SHOP, NOW + HOUR - 1)
    assert not windows.covers(LOCAL.tenant, ATTIC, NOW)
    assert not windows.covers(OTHER.tenant, SHOP, NOW)
    assert windows.next_change(NOW) == NOW + HOUR
    assert not windows.covers(LOCAL.tenant, SHOP, NOW + HOUR)
    assert windows.next_change(NOW + HOUR) is None
    assert windows.covers(LOCAL.tenant, SHOP, NOW)  # asked of the past again


async def test_windows_survive_a_restart(world: World) -> None:
    """What was made, edited and ended is there again, of every tenant."""
    await world.windows.add(LOCAL, nightly())
    theirs = await world.windows.add(OTHER, once("v"))
    await world.windows.end(OTHER, theirs.id)
    again = world.started()
    assert again.all(LOCAL) == []
    await again.load()
    assert again.all(LOCAL) == world.windows.all(LOCAL)
    assert again.all(OTHER) == world.windows.all(OTHER)
    assert not again.covers(OTHER.tenant, SHOP, NOW)


async def test_one_that_cannot_be_read_costs_only_itself(world: World) -> None:
    """A stored window with a time zone that is not there any more is told of, and the others are in force."""
    await world.windows.add(LOCAL, nightly())
    document = (await world.catalog.list(LOCAL.tenant, WINDOW_KIND))[0]
    await world.catalog.put(LOCAL.tenant, WINDOW_KIND, "bad", document.body.replace(b'"2h"', b'"2h","timezone":"Moon"'))
    again = world.started()
    await again.load()
    assert [one.name for one in again.all(LOCAL)] == ["w"]
    assert len(again.problems) == 1
    assert "timezone" in again.problems[0]


async def test_ending_one_that_recurs_lets_it_begin_again(world: World) -> None:
    """A window that people end is over for now; ending it once more is a conflict."""
    windows = world.windows
    made = await windows.add(LOCAL, nightly())
    world.clock.jump(3 * HOUR)
    assert windows.covers(LOCAL.tenant, SHOP, world.clock.now())
    ended = await windows.end(LOCAL, made.id)
    assert ended.version == 2
    assert not windows.covers(LOCAL.tenant, SHOP, world.clock.now())
    with pytest.raises(Conflict):
        await windows.end(LOCAL, made.id)
    kept = await windows.put(LOCAL, made.id, replace(nightly(), description="x"))
    assert not windows.covers(LOCAL.tenant, SHOP, world.clock.now())
    assert kept.description == "x"
    world.clock.jump(DAY)
    assert windows.covers(LOCAL.tenant, SHOP, world.clock.now())


async def test_a_change_of_its_times_forgets_that_it_was_ended(world: World) -> None:
    """Whoever prolongs a window that was ended has it back."""
    made = await world.windows.add(LOCAL, once())
    await world.windows.end(LOCAL, made.id)
    await world.windows.put(LOCAL, made.id, once(end=2 * HOUR))
    assert world.windows.covers(LOCAL.tenant, SHOP, NOW)


async def test_changes_may_expect_a_version(world: World) -> None:
    """A change in place of another version is refused, and so is one of what is not there."""
    made = await world.windows.add(LOCAL, once())
    changed = await world.windows.put(LOCAL, made.id, once(check="attic"), 1)
    assert changed.version == 2
    with pytest.raises(Conflict):
        await world.windows.put(LOCAL, made.id, once(), 1)
    with pytest.raises(NotFound):
        await world.windows.put(OTHER, made.id, once())
    assert world.windows.covers(LOCAL.tenant, ATTIC, NOW)
    assert not world.windows.covers(LOCAL.tenant, SHOP, NOW)


async def test_names_are_unique_and_there_are_bounds(world: World) -> None:
    """A tenant has one window of a name, and no more than it may have; what cannot be is refused."""
    windows = world.windows
    first = await windows.add(LOCAL, once())
    with pytest.raises(Conflict):
        await windows.add(LOCAL, once())
    second = await windows.add(LOCAL, once("v"))
    with pytest.raises(Conflict):
        await windows.put(LOCAL, second.id, once("w"))
    await windows.put(LOCAL, first.id, once("w", end=2 * HOUR))
    await windows.add(LOCAL, once("u"))
    with pytest.raises(Conflict, match="as many"):
        await windows.add(LOCAL, once("t"))
    await windows.add(OTHER, once())
    with pytest.raises(InvalidField):
        await windows.add(OTHER, once("s", start=5, end=4))


async def test_deleting_one_ends_it(world: World) -> None:
    """A window that is gone covers nothing, now and after a restart."""
    made = await world.windows.add(LOCAL, once())
    await world.windows.delete(LOCAL, made.id)
    assert not world.windows.covers(LOCAL.tenant, SHOP, NOW)
    with pytest.raises(NotFound):
        await world.windows.delete(LOCAL, made.id)
    again = world.started()
    await again.load()
    assert again.all(LOCAL) == []


async def test_windows_go_by_the_new_name_of_a_check(world: World) -> None:
    """A check that is renamed stays in the windows that name it; those of other tenants are left as they are."""
    checks = MemoryChecks()
    enroll = Enroll(checks, world.clock)
    world.windows.follow(enroll)
    (shop,) = await enroll.add(LOCAL, [SHOP.definition])
    made, theirs = await world.windows.add(LOCAL, nightly()), await world.windows.add(OTHER, nightly())
    renamed = await enroll.put(LOCAL, shop.id, Definition(name="store", options=Http()))
    assert world.windows.one(LOCAL, made.id).scope.checks == ("store",)
    assert world.windows.one(OTHER, theirs.id).scope.checks == ("shop",)
    assert world.windows.covers(LOCAL.tenant, renamed, NOW + 3 * HOUR)
    again = world.started()
    await again.load()
    enroll = Enroll(checks, world.clock)
    await enroll.load()
    again.follow(enroll)
    await enroll.put(LOCAL, shop.id, SHOP.definition)
    assert again.one(LOCAL, made.id).scope.checks == ("shop",)
    await enroll.delete(LOCAL, shop.id)
    assert again.one(LOCAL, made.id).scope.checks == ("shop",)


async def test_windows_that_could_not_follow_a_rename_are_told_of_until_they_do(world: World) -> None:
    """The check is renamed all the same; once the window names it as it is called now, nothing is wrong any more."""
    enroll = Enroll(MemoryChecks(), world.clock)
    world.windows.follow(enroll)
    (shop,) = await enroll.add(LOCAL, [SHOP.definition])
    made = await world.windows.add(LOCAL, nightly())
    (document,) = await world.catalog.list(LOCAL.tenant, WINDOW_KIND)
    await world.catalog.put(LOCAL.tenant, WINDOW_KIND, document.key, document.body)
    await enroll.put(LOCAL, shop.id, Definition(name="store", options=Http()))
    (problem,) = world.windows.problems
    assert problem.startswith("maintenance windows still name the check 'shop', now 'store': ")
    await world.windows.delete(LOCAL, made.id)
    assert world.windows.problems == []
