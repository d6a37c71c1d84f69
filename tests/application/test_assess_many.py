"""Very many checks: a change of one costs as much as one, and what befalls all of them holds up nobody."""

import asyncio

import pytest
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition, result

from sightline.domain.errors import Unavailable
from sightline.domain.probes.incident import Entry, EntryKind
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import CheckState
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import ALL_TIME
from sightline.ports.incidents import Wanted


@pytest.fixture
def world() -> UptimeWorld:
    return UptimeWorld()


async def test_a_new_check_is_compared_with_windows_alone(world: UptimeWorld) -> None:
    """It is in maintenance from the next tick on; the others are not looked at for its sake."""
    await world.with_checks("a", "b")
    world.windows.cover("late")
    await world.tick()
    world.windows.asked.clear()
    (late,) = await world.enroll.add(LOCAL, [definition("late")])
    await world.tick()
    assert world.windows.asked == ["late"]
    assert world.state(late) is CheckState.MAINTENANCE


async def test_what_befalls_all_is_told_while_others_are_served(world: UptimeWorld) -> None:
    """Whoever waits for the loop has it many times before a thousand results are heard."""
    checks = await world.with_checks(*(f"c{number}" for number in range(1_000)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(others())
    await world.assess.hear([(LOCAL.tenant, result(Verdict.DOWN, world.now, one.id)) for one in checks])
    assert turns >= 10
    other.cancel()
    await world.assess.settle()
    assert len(world.chronicle.lasting) == 1_000
    assert world.settle.owed == 0


async def test_an_outage_that_the_store_does_not_take_is_told_once_it_does(world: UptimeWorld) -> None:
    """Nothing of it is lost, nothing is told twice, and what came meanwhile follows in its order."""
    checks = await world.with_checks(*(f"c{number}" for number in range(600)))
    await world.settle.run_once()
    world.incidents.most = 1
    for verdict in (Verdict.DOWN, Verdict.UP, Verdict.DOWN):
        await world.clock.advance(1)
        await world.assess.hear([(LOCAL.tenant, result(verdict, world.now, one.id)) for one in checks])
    with pytest.raises(Unavailable):
        await world.assess.settle()
    world.incidents.most = 1_000
    await world.assess.settle()
    found = await world.incidents.find(LOCAL.tenant, Wanted(ALL_TIME, limit=2_000))
    assert len(found) == 1_200
    lines = [len(await world.incidents.timeline(LOCAL.tenant, one.id)) for one in found]
    assert sorted(lines) == [1] * 600 + [3] * 600


async def test_checks_that_are_deleted_together_end_their_incidents_together(world: UptimeWorld) -> None:
    """One transaction, however many they are; lines about several are added in one as well."""
    checks = await world.with_checks("a", "b", "c")
    for one in checks:
        await world.found(one, Verdict.DOWN)
    before = world.incidents.writes
    world.settle.say([one.id for one in checks], Entry(world.now, EntryKind.NOTICE, "mail: told"))
    await world.settle.run_once()
    assert world.incidents.writes == before + 1
    for one in checks:
        await world.enroll.delete(LOCAL, one.id)
    await world.settle.run_once()
    assert world.incidents.writes == before + 2
    assert [one.ended_at for one in await world.all_incidents()] == [world.now] * 3


async def test_who_goes_away_while_it_is_stored_has_nothing_stored_twice(world: UptimeWorld) -> None:
    """The store takes what it was given, and the next time begins after that."""
    checks = await world.with_checks("a", "b")
    await world.settle.run_once()
    await world.assess.hear([(LOCAL.tenant, result(Verdict.DOWN, world.now, one.id)) for one in checks])
    world.incidents.gate = asyncio.Event()
    storing = asyncio.ensure_future(world.settle.run_once())
    await world.incidents.written.wait()
    storing.cancel()
    await asyncio.gather(storing, return_exceptions=True)
    world.incidents.gate.set()
    await world.settle.run_once()
    assert storing.cancelled()
    assert len(await world.all_incidents()) == 2
    assert world.settle.owed == 0
