"""Results on their way to the store: gathered, stored together, none lost, none acknowledged before it is there."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.probes.checks import NOW, result
from typing_extensions import override

from sightline.adapters.outbound.memory.probe_history import MemoryProbeHistory
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.keep import AT_ONCE, DROPPED, Keep
from sightline.domain.errors import Overloaded, Unavailable
from sightline.domain.probes.result import Result
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import ALL_TIME

OTHER = Tenant("other")


class History(MemoryProbeHistory):
    """A store that can be away. gate: it takes nothing before that opens. sizes: how many came at once."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.gate: asyncio.Event | None = None
        self.sizes: list[int] = []

    @override
    async def append(self, results: Sequence[tuple[Tenant, Result]]) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.is_away:
            raise Unavailable("the store is away")
        self.sizes.append(len(results))
        await super().append(results)

    async def times(self, tenant: Tenant = LOCAL.tenant) -> list[int]:
        """When what is there was found, ms after NOW, newest first."""
        return [one.at - NOW for one in await self.latest(tenant, 1, 1_000_000, ALL_TIME)]


def rows(*times: int, tenant: Tenant = LOCAL.tenant) -> list[tuple[Tenant, Result]]:
    """Results of one check at these times, ms after NOW."""
    return [(tenant, result(at=NOW + time)) for time in times]


def dropped(telemetry: MemoryTelemetry) -> float:
    """How many results were given up."""
    return sum(
        point.value for family in telemetry.families() if family.instrument == DROPPED for point in family.points
    )


class World:
    """Keeping, with room for `most`, over a store in memory."""

    def __init__(self, most: int = 10) -> None:
        self.history, self.telemetry = History(), MemoryTelemetry()
        self.keep = Keep(self.history, self.telemetry, most=most)

    async def hold(self) -> "asyncio.Task[None]":
        """Storing, under way until the gate opens."""
        self.history.gate = asyncio.Event()
        storing = asyncio.create_task(self.keep.run_once())
        await asyncio.sleep(0)
        return storing

    def open(self) -> None:
        """The store takes what it is given from now on."""
        assert self.history.gate is not None
        self.history.gate.set()
        self.history.gate = None


async def test_what_was_added_is_stored_together_by_the_next_run() -> None:
    """Until then it can be looked up, newest first, by its own tenant and check alone."""
    world = World()
    world.keep.add(rows(1, 2))
    world.keep.add(rows(3))
    world.keep.add(rows(4, tenant=OTHER))
    assert [one.at - NOW for one in world.keep.recent(LOCAL.tenant, 1)] == [3, 2, 1]
    assert [one.at - NOW for one in world.keep.recent(OTHER, 1)] == [4]
    assert (world.keep.recent(LOCAL.tenant, 2), world.keep.waiting, await world.history.times()) == ([], 4, [])
    await world.keep.run_once()
    assert (world.history.sizes, await world.history.times(), await world.history.times(OTHER)) == ([4], [3, 2, 1], [4])
    assert (world.keep.recent(LOCAL.tenant, 1), world.keep.waiting) == ([], 0)


async def test_nothing_to_store_asks_the_store_nothing() -> None:
    """An idle program writes nothing."""
    world = World()
    world.history.is_away = True
    await world.keep.run_once()
    assert world.history.sizes == []


async def test_more_than_one_insertion_takes_goes_in_several() -> None:
    """Each of as many as the store likes."""
    world = World(most=AT_ONCE + 1)
    world.keep.add(rows(*range(AT_ONCE + 1)))
    await world.keep.run_once()
    assert world.history.sizes == [AT_ONCE, 1]


async def test_results_under_way_are_seen_still() -> None:
    """Nobody who looks misses them between memory and the store."""
    world = World()
    world.keep.add(rows(1))
    storing = await world.hold()
    world.keep.add(rows(2))
    assert ([one.at - NOW for one in world.keep.recent(LOCAL.tenant, 1)], world.keep.waiting) == ([2, 1], 2)
    world.open()
    await storing
    assert ([one.at - NOW for one in world.keep.recent(LOCAL.tenant, 1)], world.keep.waiting) == ([2], 1)


async def test_a_store_that_is_away_costs_nothing() -> None:
    """What it does not take waits, in its order, and goes with the next run."""
    world = World()
    world.keep.add(rows(1))
    world.history.is_away = True
    with pytest.raises(Unavailable, match="the store is away"):
        await world.keep.run_once()
    world.keep.add(rows(2))
    assert [one.at - NOW for one in world.keep.recent(LOCAL.tenant, 1)] == [2, 1]
    world.history.is_away = False
    await world.keep.run_once()
    assert (await world.history.times(), dropped(world.telemetry)) == ([2, 1], 0)


async def test_beyond_what_may_wait_the_oldest_are_given_up() -> None:
    """And counted; what is new says more of how a check is."""
    world = World(most=3)
    world.keep.add(rows(1, 2))
    world.keep.add(rows(3, 4, 5))
    assert ([one.at - NOW for one in world.keep.recent(LOCAL.tenant, 1)], dropped(world.telemetry)) == ([5, 4, 3], 2)


async def test_what_came_while_the_store_failed_counts_against_what_may_wait() -> None:
    """The oldest, which were on their way, are those that are given up."""
    world = World(most=3)
    world.keep.add(rows(1, 2))
    storing = await world.hold()
    world.keep.add(rows(3, 4))
    world.history.is_away = True
    world.open()
    with pytest.raises(Unavailable):
        await storing
    assert ([one.at - NOW for one in world.keep.recent(LOCAL.tenant, 1)], dropped(world.telemetry)) == ([4, 3, 2], 1)


async def test_who_hands_results_over_hears_when_they_are_stored() -> None:
    """Not before: another location forgets them then."""
    world = World()
    storing = await world.hold()  # nothing waits: it is over at once
    await storing
    handed = asyncio.create_task(world.keep.store(rows(1)))
    await asyncio.sleep(0)
    assert (handed.done(), await world.history.times()) == (False, [])
    world.open()
    await handed
    assert await world.history.times() == [1]


async def test_what_is_handed_over_at_once_is_stored_together() -> None:
    """Those that come while the store is busy go in one insertion, and each hears of it."""
    world = World()
    world.keep.add(rows(0))
    storing = await world.hold()
    handed = [asyncio.create_task(world.keep.store(rows(time))) for time in (1, 2, 3)]
    await asyncio.sleep(0)
    world.open()
    await asyncio.gather(storing, *handed)
    assert (world.history.sizes, world.keep.waiting) == ([1, 3], 0)


async def test_who_hands_results_over_hears_that_the_store_is_away() -> None:
    """They wait nevertheless; sent again they are there once."""
    world = World()
    world.history.is_away = True
    with pytest.raises(Unavailable):
        await world.keep.store(rows(1))
    assert world.keep.waiting == 1
    world.history.is_away = False
    await world.keep.store(rows(1))
    assert await world.history.times() == [1]


async def test_too_many_are_refused_rather_than_dropped() -> None:
    """Whoever hands results over keeps them until there is room, and is told to come again."""
    world = World(most=2)
    world.keep.add(rows(1))
    with pytest.raises(Overloaded, match="send them again later") as caught:
        await world.keep.store(rows(2, 3))
    assert (caught.value.detail["retry_after"], world.keep.waiting, dropped(world.telemetry)) == (10, 1, 0)


async def test_who_does_not_wait_any_more_disturbs_nobody() -> None:
    """A connection that broke off: its results are stored, and the others hear of theirs."""
    world = World()
    world.keep.add(rows(0))
    storing = await world.hold()
    gone, there = (asyncio.create_task(world.keep.store(rows(time))) for time in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    world.open()
    await asyncio.gather(storing, there)
    assert (gone.cancelled(), await world.history.times()) == (True, [2, 1, 0])


_STEPS = st.lists(st.sampled_from(("add", "hand over", "run", "away", "back")), max_size=30)


@given(_STEPS)
async def test_whatever_happens_each_result_is_stored_waiting_or_counted(steps: list[str]) -> None:
    """None is lost in silence, and none that was acknowledged at all."""
    world, taken, acknowledged = World(most=4), 0, set[int]()
    for step in steps:
        world.history.is_away = {"away": True, "back": False}.get(step, world.history.is_away)
        try:
            if step == "add":
                taken += 1
                world.keep.add(rows(taken))
            elif step == "hand over":
                taken += 1
                await world.keep.store(rows(taken))
                acknowledged.add(taken)
            elif step == "run":
                await world.keep.run_once()
        except Unavailable:
            continue
        except Overloaded:
            taken -= 1
    stored = await world.history.times()
    assert acknowledged <= set(stored)
    assert len(stored) + world.keep.waiting + dropped(world.telemetry) == taken
