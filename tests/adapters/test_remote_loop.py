"""A location, through what the network does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from sightline.adapters.inbound.remote import RemoteLoop
from sightline.adapters.outbound.memory.center import MemoryCenter
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.outbox import MemoryOutbox
from sightline.adapters.wire.probe_exchange import pack, pack_lost
from sightline.application.align import AlignedClock
from sightline.application.obey import Obey
from sightline.application.remit import HEARTBEAT, Remit
from sightline.application.roster import Roster
from sightline.domain.errors import Overloaded, SightlineError, Unauthenticated, Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import Tcp
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant

pytestmark = pytest.mark.anyio


class World:
    """A location at a time that the test moves, with a schedule of which only begin and end are of interest."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.center = MemoryCenter(self.clock)
        self.outbox = MemoryOutbox(1 << 20)
        self.schedules: list[str] = []
        self.referred: list[Sequence[Reference]] = []
        aligned, roster = AlignedClock(self.clock), Roster()
        self.obey = Obey(self.center, roster, aligned, Judge.of, self.referred.append)
        self.remit = Remit(self.outbox, self.center, aligned, pack, pack_lost, lambda: "p")
        self.loop = RemoteLoop(self.obey, self.remit, self._schedule(), aligned)

    @asynccontextmanager
    async def _schedule(self) -> AsyncIterator[None]:
        self.schedules.append("begun")
        try:
            yield
        finally:
            self.schedules.append("ended")

    async def find(self) -> None:
        """A result."""
        one = Result(check=1, location="oslo", at=1, seconds=0.1, verdict=Verdict.UP)
        results: Sequence[tuple[Tenant, Result]] = [(DEFAULT_TENANT, one)]
        await self.remit.keep(results)


def check(*conditions: str) -> Check:
    """A check."""
    return Check(1, Definition(name="a", url="x:1", options=Tcp(), conditions=conditions), 0, 0)


async def test_a_location_probes_once_it_has_orders() -> None:
    """It asks for others all the time, and is told of nothing."""
    world = World()
    world.center.set(check())
    with capture_logs() as told:
        async with world.loop:
            await world.clock.advance(0.1)
            assert world.schedules == ["begun"]
            await world.clock.advance(100)
            assert len(world.center.asked) == 7
    assert world.schedules == ["begun", "ended"]
    assert told == []


async def test_a_server_that_does_not_know_the_key_is_told_at_once() -> None:
    """Nothing begins."""
    world = World()
    world.center.fails = Unauthenticated("no such key")
    with pytest.raises(Unauthenticated):
        async with world.loop:
            pass
    assert world.schedules == []


async def test_a_server_that_is_away_at_the_start_is_waited_for() -> None:
    """Tries follow one another at growing distances, a minute apart at most, and probing begins with the first orders."""
    world = World()
    world.center.set(check())
    world.center.fails = Unavailable("away")
    with capture_logs() as told:
        async with world.loop:
            await world.clock.advance(600)
            assert world.schedules == []
            assert 12 <= len(world.center.asked) <= 30
            world.center.fails = None
            await world.clock.advance(60)
            assert world.schedules == ["begun"]
    assert [one["log_level"] for one in told].count("info") == 2
    assert len(told) == 5


async def test_results_are_handed_over_when_they_are_there() -> None:
    """And where there are none the server hears now and then that the location is there."""
    world = World()
    world.center.set(check())
    async with world.loop:
        await world.clock.advance(HEARTBEAT * 3 + 1)
        assert len(world.center.bearings) == 3
        await world.find()
        await world.clock.advance(0.1)
        assert [*world.center.parcels] == ["p"]


@pytest.mark.parametrize("failure", [Unavailable("away"), Overloaded("busy", retry_after=30.0)])
async def test_results_wait_while_the_server_is_away(failure: SightlineError) -> None:
    """Probing goes on, and they are handed over when it is back, after as long as it asked for."""
    world = World()
    world.center.set(check())
    with capture_logs() as told:
        async with world.loop:
            await world.clock.advance(1)
            world.center.fails = failure
            await world.find()
            await world.clock.advance(20)
            assert world.schedules == ["begun"]
            assert world.outbox.waiting == 1
            world.center.fails = None
            await world.clock.advance(60)
            assert world.outbox.waiting == 0
    assert [one["log_level"] for one in told] == ["warning", "warning", "info", "info"]


async def test_a_defect_costs_a_try() -> None:
    """It is logged, and the next try follows."""
    world = World()
    world.center.set(check())
    with capture_logs() as told:
        async with world.loop:
            world.center.fails = LookupError("a defect")
            await world.clock.advance(100)
            world.center.fails = None
            await world.find()
            await world.clock.advance(100)
            assert world.outbox.waiting == 0
    assert {one["log_level"] for one in told} == {"error", "info"}


async def test_checks_that_cannot_be_probed_are_named_in_the_log() -> None:
    """So that somebody brings the program up to date."""
    world = World()
    world.center.set(check("flux > 88"))
    with capture_logs() as told:
        async with world.loop:
            await world.clock.advance(1)
    assert [one["checks"] for one in told] == ["a"]


async def test_what_is_left_at_the_end_is_handed_over() -> None:
    """No task is left."""
    world = World()
    world.center.set(check())
    before = len(asyncio.all_tasks())
    async with world.loop:
        await world.clock.advance(1)
    await world.find()
    await world.loop.last_words()
    assert world.outbox.waiting == 0
    assert len(asyncio.all_tasks()) == before
