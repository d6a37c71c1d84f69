"""What moved on its way to the store: in its order, each once, however often the store is away."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.application.uptime_world import FlakyIncidents, FlakyStandings
from tests.domain.probes.checks import NOW, check
from typing_extensions import override

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.chronicle import Chronicle, Move
from sightline.application.enroll import Enrolled
from sightline.application.settle import ALIVE_EVERY, Settle
from sightline.domain.errors import Unavailable
from sightline.domain.probes.incident import Entry, EntryKind, Incident
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import ALL_TIME, SECOND
from sightline.ports.incidents import Wanted

UP, DOWN, UNKNOWN = CheckState.UP, CheckState.DOWN, CheckState.UNKNOWN
API = Enrolled(LOCAL.tenant, check(), Judge.of(check().definition))


class CountedStandings(FlakyStandings):
    """Standings that count. calls: how many transitions came with each."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    @override
    async def record(self, transitions: Sequence[tuple[Tenant, Transition]], alive_at: int) -> None:
        await super().record(transitions, alive_at)
        self.calls.append(len(transitions))


class World:
    """Settling, over a catalog in memory."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.standings, self.incidents = CountedStandings(), FlakyIncidents()
        self.start()

    def start(self) -> None:
        """Begin a run: what was only in memory is gone."""
        self.chronicle = Chronicle(self.incidents, MemoryBus(), MemoryTelemetry())
        self.settle = Settle(self.standings, self.chronicle, self.clock)

    def moved(self, *states: CheckState) -> None:
        """The check went through these states, a second apart."""
        self.settle.add([move(state, at) for at, state in enumerate(states, 1)])

    async def stored(self) -> list[CheckState]:
        """The states that the store knows, in their order."""
        return [one.state for one in await self.standings.between(LOCAL.tenant, [1], ALL_TIME)]

    async def all_incidents(self) -> list[Incident]:
        """The oldest first."""
        return list(reversed(await self.incidents.find(LOCAL.tenant, Wanted(ALL_TIME))))

    async def lines(self) -> list[EntryKind]:
        """What the timeline of the first incident tells."""
        return [one.kind for one in await self.incidents.timeline(LOCAL.tenant, 1)]


def move(state: CheckState, seconds: int, previous: CheckState = UNKNOWN) -> Move:
    """The check came to a state, that long after NOW."""
    return Move(API, Transition(1, NOW + seconds * SECOND, previous, state, StateReason.VERDICT, "refused"))


@pytest.fixture
def world() -> World:
    return World()


async def test_what_moved_is_stored_at_once_and_becomes_incidents(world: World) -> None:
    """Down opens one, up closes it; until then the store is owed that."""
    world.moved(UP, DOWN, UP)
    assert world.settle.owed == 3
    await world.settle.run_once()
    assert (world.settle.owed, world.standings.calls, await world.stored()) == (0, [3], [UP, DOWN, UP])
    (incident,) = await world.all_incidents()
    assert (incident.started_at, incident.ended_at) == (NOW + 2 * SECOND, NOW + 3 * SECOND)


async def test_the_store_learns_now_and_then_that_the_monitor_is_there(world: World) -> None:
    """Not with every run: the store is written only so often, whether the clock goes forward or was set back."""
    for _ in range(2):
        await world.settle.run_once()
    assert (world.standings.calls, await world.standings.alive_at()) == ([0], NOW)
    await world.clock.advance(ALIVE_EVERY / SECOND)
    await world.settle.run_once()
    assert await world.standings.alive_at() == NOW + ALIVE_EVERY
    world.clock.jump(-60 * SECOND)
    await world.settle.run_once()
    assert (world.standings.calls, await world.standings.alive_at()) == ([0] * 3, world.clock.now())


async def test_a_store_that_is_away_is_told_later_and_said_to_be(world: World) -> None:
    """The problem stands until the store took everything."""
    world.moved(DOWN)
    world.standings.is_away = True
    with pytest.raises(Unavailable):
        await world.settle.run_once()
    assert (world.settle.problem, world.settle.owed, await world.stored()) == ("the catalog is away", 1, [])
    world.standings.is_away = False
    await world.settle.run_once()
    assert (world.settle.problem, world.settle.owed, await world.stored()) == ("", 0, [DOWN])


async def test_incidents_that_could_not_be_opened_are_opened_later(world: World) -> None:
    """The transitions, which are stored already, are not stored again."""
    world.moved(DOWN)
    world.incidents.is_away = True
    with pytest.raises(Unavailable):
        await world.settle.run_once()
    assert (world.settle.owed, await world.stored(), await world.all_incidents()) == (1, [DOWN], [])
    world.incidents.is_away = False
    await world.settle.run_once()
    assert (world.settle.owed, world.standings.calls, len(await world.all_incidents())) == (0, [1], 1)


async def test_what_moves_while_the_store_is_busy_goes_with_the_next_run(world: World) -> None:
    """It is neither lost nor taken for stored."""
    world.standings.gate = asyncio.Event()
    world.moved(DOWN)
    running = asyncio.create_task(world.settle.run_once())
    await world.standings.came.wait()
    world.settle.add([move(UP, 5)])
    world.standings.gate.set()
    await running
    assert (world.settle.owed, await world.stored()) == (1, [DOWN])
    await world.settle.run_once()
    assert (await world.stored(), (await world.all_incidents())[0].ended_at) == ([DOWN, UP], NOW + 5 * SECOND)


async def test_two_runs_at_once_store_everything_once(world: World) -> None:
    """They take turns."""
    world.standings.gate = asyncio.Event()
    world.moved(DOWN)
    both = [asyncio.create_task(world.settle.run_once()) for _ in range(2)]
    await world.standings.came.wait()
    world.standings.gate.set()
    await asyncio.gather(*both)
    assert (world.standings.calls, len(await world.all_incidents())) == ([1], 1)


async def test_lines_for_incidents_come_after_what_opened_them(world: World) -> None:
    """Who was told of an incident stands in it, below its beginning; a check without one has no lines."""
    world.settle.say([1, 2], Entry(NOW, EntryKind.NOTICE, "mail to ops"))
    world.moved(DOWN)
    await world.settle.run_once()
    assert await world.lines() == [EntryKind.OPENED, EntryKind.NOTICE]


async def test_the_incident_of_a_check_that_is_deleted_ends(world: World) -> None:
    """At the time when it was deleted, also where the store hears of all that at once."""
    world.moved(DOWN)
    world.settle.gone(1, NOW + 9 * SECOND)
    assert world.settle.owed == 2
    await world.settle.run_once()
    (incident,) = await world.all_incidents()
    assert (incident.ended_at, world.settle.owed) == (NOW + 9 * SECOND, 0)
    assert (await world.incidents.timeline(LOCAL.tenant, 1))[-1].text == "the check was deleted"


@pytest.mark.parametrize(("state", "expected"), [(DOWN, 1), (CheckState.DEGRADED, 1), (UP, 0), (UNKNOWN, 0)])
async def test_an_incident_that_the_last_run_did_not_open_is_opened(
    world: World, state: CheckState, expected: int
) -> None:
    """The program ended between a transition and its incident."""
    world.settle.repair(move(state, 1))
    await world.settle.run_once()
    assert (len(await world.all_incidents()), await world.stored()) == (expected, [])


@pytest.mark.parametrize("state", [UP, CheckState.PAUSED])
async def test_an_incident_that_the_last_run_did_not_close_is_closed(world: World, state: CheckState) -> None:
    """Likewise, the other way round."""
    world.moved(DOWN)
    await world.settle.run_once()
    world.start()
    await world.chronicle.load()
    world.settle.repair(move(state, 7, DOWN))
    await world.settle.run_once()
    assert (await world.all_incidents())[0].ended_at == NOW + 7 * SECOND


@pytest.mark.parametrize("state", [DOWN, UNKNOWN, CheckState.MAINTENANCE])
async def test_an_incident_that_goes_on_is_left_as_it_is(world: World, state: CheckState) -> None:
    """There is nothing to put right: no line is added."""
    world.moved(DOWN)
    await world.settle.run_once()
    world.start()
    await world.chronicle.load()
    world.settle.repair(move(state, 7, DOWN))
    assert world.settle.owed == 0


_STEPS = st.lists(st.sampled_from((UP, DOWN, UNKNOWN, "standings", "incidents", "run")), max_size=30)


@given(_STEPS)
async def test_however_often_the_store_is_away_it_knows_everything_in_the_end(steps: list[CheckState | str]) -> None:
    """In order and once: the same transitions and incidents as a store that was there all the time."""
    world, calm = World(), World()
    for seconds, step in enumerate(steps, 1):
        if isinstance(step, CheckState):
            for one in (world, calm):
                one.settle.add([move(step, seconds)])
            await calm.settle.run_once()
        elif step == "run":
            try:
                await world.settle.run_once()
            except Unavailable:
                assert world.settle.problem
        else:  # each goes away, and comes back with its next step
            store = world.standings if step == "standings" else world.incidents
            store.is_away = not store.is_away
    world.standings.is_away = world.incidents.is_away = False
    await world.settle.run_once()
    assert world.settle.owed == 0
    assert await world.stored() == await calm.stored()
    assert _spans(await world.all_incidents()) == _spans(await calm.all_incidents())


def _spans(incidents: list[Incident]) -> list[tuple[int, int | None]]:
    """From when to when."""
    return [(one.started_at, one.ended_at) for one in incidents]


async def test_what_follows_from_what_moves_while_the_store_is_busy_waits_for_it(world: World) -> None:
    """A check goes down, somebody is told and it is deleted, all that while the store takes what was before."""
    world.standings.gate = asyncio.Event()
    world.moved(UP)
    running = asyncio.create_task(world.settle.run_once())
    await world.standings.came.wait()
    world.settle.add([move(DOWN, 5)])
    world.settle.say([1], Entry(NOW + 6 * SECOND, EntryKind.NOTICE, "mail to ops"))
    world.settle.gone(1, NOW + 7 * SECOND)
    world.standings.gate.set()
    await running
    await world.settle.run_once()
    (incident,) = await world.all_incidents()
    assert (incident.ended_at, world.settle.owed) == (NOW + 7 * SECOND, 0)
