"""Results, handed on many at a time."""

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from sightline.adapters.inbound.batches import EVERY, MOST, Batches
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.domain.errors import BadData, Unavailable

pytestmark = pytest.mark.anyio


class World:
    """What takes batches, as well or badly as the test says."""

    def __init__(self, held: int = 10_000) -> None:
        self.clock = ManualClock()
        self.telemetry = MemoryTelemetry()
        self.taken: list[list[int]] = []
        self.failure: Exception | None = None
        self.seconds = 0.0
        self.batches: Batches[int] = Batches("results", self.take, self.clock, self.telemetry, held=held)

    async def take(self, items: Sequence[int]) -> None:
        """Take a batch, or not."""
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        self.taken.append([*items])

    @property
    def dropped(self) -> float:
        """How many were lost."""
        return sum(point.value for family in self.telemetry.families() for point in family.points)


async def test_what_comes_together_is_handed_over_together() -> None:
    """The first of a batch waits a moment for others."""
    world = World()
    async with world.batches as batches:
        for number in range(3):
            batches.add(number)
            await world.clock.advance(EVERY / 4)
        assert world.taken == []
        await world.clock.advance(EVERY / 2)
        assert world.taken == [[0, 1, 2]]
        batches.add(3)
        await world.clock.advance(EVERY)
    assert world.taken == [[0, 1, 2], [3]]


async def test_many_wait_for_no_more() -> None:
    """When there are enough for a batch it goes at once."""
    world = World()
    async with world.batches as batches:
        for number in range(MOST):
            batches.add(number)
        await world.clock.advance(0)
        assert world.taken == [[*range(MOST)]]


async def test_a_slow_taker_gets_one_batch_at_a_time_and_holds_up_nobody() -> None:
    """What comes meanwhile is the next batch."""
    world = World()
    world.seconds = 2
    async with world.batches as batches:
        batches.add(1)
        await world.clock.advance(1)
        batches.add(2)
        await world.clock.advance(0.5)
        batches.add(3)
        await world.clock.advance(10)
    assert world.taken == [[1], [2, 3]]


async def test_what_cannot_be_taken_now_is_handed_over_again_in_order() -> None:
    """Nothing is lost while a store is away, which is logged once."""
    world = World()
    world.failure = Unavailable("away")
    with capture_logs() as logged:
        async with world.batches as batches:
            batches.add(1)
            await world.clock.advance(5)
            batches.add(2)
            await world.clock.advance(5)
            world.failure = None
            await world.clock.advance(2)
    assert world.taken == [[1, 2]]
    assert world.dropped == 0
    assert len(logged) == 1


async def test_the_oldest_are_dropped_when_too_many_wait() -> None:
    """Memory is bounded, and what is lost is counted."""
    world = World(held=3)
    world.failure = Unavailable("away")
    async with world.batches as batches:
        for number in range(5):
            batches.add(number)
            await world.clock.advance(2)
        world.failure = None
        await world.clock.advance(2)
    assert world.taken == [[2, 3, 4]]
    assert world.dropped == 2


@pytest.mark.parametrize("failure", [BadData("never"), LookupError("a defect")])
async def test_what_cannot_be_taken_at_all_costs_its_batch(failure: Exception) -> None:
    """It is counted and logged, and the next batch is taken."""
    world = World()
    world.failure = failure
    with capture_logs() as logged:
        async with world.batches as batches:
            batches.add(1)
            await world.clock.advance(1)
            world.failure = None
            batches.add(2)
            await world.clock.advance(1)
    assert world.taken == [[2]]
    assert world.dropped == 1
    assert [one["count"] for one in logged] == [1]


async def test_what_is_left_at_the_end_is_handed_over() -> None:
    """Also what a call that was under way had; no task is left."""
    world = World()
    before = len(asyncio.all_tasks())
    async with world.batches as batches:
        world.seconds = 1
        batches.add(1)
        await world.clock.advance(EVERY * 2)
        batches.add(2)
        world.seconds = 0
    assert world.taken == [[1, 2]]
    assert len(asyncio.all_tasks()) == before
