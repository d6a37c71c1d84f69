"""Incidents of many transitions at once: the same as of one after another, in few transactions."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.application.uptime_world import FlakyIncidents
from tests.domain.probes.checks import NOW, definition

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.chronicle import Chronicle, Move
from sightline.application.enroll import Enrolled
from sightline.domain.probes.check import Check
from sightline.domain.probes.incident import Incident
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import ALL_TIME, SECOND
from sightline.ports.incidents import Wanted

HOSTS = ("a", "a", "b", "c", "a", "a", "a")
"""Of checks 1 to 7: the first two and the last three share a cause."""


def move(check: int, at: int, state: CheckState, root: int | None = None) -> Move:
    """A check got there so many seconds after the start."""
    one = definition(f"c{check}", url=f"https://{HOSTS[check - 1]}.example.com/")
    enrolled = Enrolled(LOCAL.tenant, Check(check, one, NOW, NOW), Judge.of(one))
    found = Transition(check, NOW + at * SECOND, CheckState.UP, state, StateReason.VERDICT, "timed_out", "no answer")
    return Move(enrolled, found, root=root)


class World:
    """A chronicle over memory."""

    def __init__(self) -> None:
        self.incidents = FlakyIncidents()
        self.chronicle = Chronicle(self.incidents, MemoryBus(), MemoryTelemetry())

    async def apply(self, moves: list[Move], at_once: int) -> None:
        """All of them, so many at a time."""
        while moves:
            moves = [*await self.chronicle.apply(moves[:at_once]), *moves[at_once:]]

    async def told(self) -> list[object]:
        """What there is, without the numbers that depend on the order of transactions."""
        found = await self.incidents.find(LOCAL.tenant, Wanted(ALL_TIME))
        names = {one.id: (one.check, one.started_at) for one in found}
        return sorted(
            [
                (names[one.id], one.part_of and names[one.part_of], _plain(one), await self._lines(one.id))
                for one in found
            ],
            key=repr,
        )

    async def _lines(self, incident: int) -> list[object]:
        return [replace(one, id=0) for one in await self.incidents.timeline(LOCAL.tenant, incident)]


def _plain(incident: Incident) -> Incident:
    return replace(incident, id=0, part_of=None, version=0)


MOVES = st.lists(
    st.builds(
        move,
        st.sampled_from((1, 2, 3, 4, 5)),
        st.just(0),
        st.sampled_from(
            [CheckState.DOWN, CheckState.DEGRADED, CheckState.UNREACHABLE, CheckState.UP, CheckState.UNKNOWN]
        ),
        st.none() | st.integers(1, 4),
    ),
    max_size=14,
)


ONE_ENDS_AMONG_TWO: Final = [
    move(check, 0, state)
    for check, state in (
        (2, CheckState.DOWN),
        (1, CheckState.DOWN),
        (2, CheckState.UP),
        (1, CheckState.DOWN),
        (2, CheckState.DOWN),
    )
]
"""Of one cause: the first of it ends before the other is told of again."""


@given(MOVES, st.integers(2, 14), st.sampled_from((1, 100)))
@example(ONE_ENDS_AMONG_TWO, 2, 1)
async def test_many_at_once_make_the_incidents_that_one_after_another_makes(
    moves: list[Move], at_once: int, pace: int
) -> None:
    """With the same lines, and each a part of the same one. pace: seconds from one to the next."""
    in_order = [
        replace(one, transition=replace(one.transition, at=NOW + place * pace * SECOND))
        for place, one in enumerate(moves)
    ]
    together, alone = World(), World()
    await together.apply(in_order, at_once)
    await alone.apply(in_order, 1)
    assert await together.told() == await alone.told()


@pytest.mark.parametrize("at_once", [1, 2, 9])
async def test_what_begins_long_after_is_a_group_of_its_own(at_once: int) -> None:
    """Though the first of its cause lasts still, and others of it: five minutes after a group began the next one begins."""
    world = World()
    seconds = {1: 0, 2: 200, 5: 301, 6: 302, 7: 700}
    await world.apply([move(check, at, CheckState.DOWN) for check, at in seconds.items()], at_once)
    lasting = world.chronicle.lasting
    parts = {check: one.part_of for check, one in lasting.items()}
    assert parts == {1: None, 2: lasting[1].id, 5: None, 6: lasting[5].id, 7: None}


async def test_a_group_whose_first_has_ended_grows_no_more() -> None:
    """What comes then begins a new one, and what comes after that is a part of it."""
    world = World()
    downs = [move(check, check, CheckState.DOWN) for check in (1, 2)]
    await world.apply([*downs, move(1, 3, CheckState.UP), move(5, 4, CheckState.DOWN), move(6, 5, CheckState.DOWN)], 1)
    lasting = world.chronicle.lasting
    assert (lasting[5].part_of, lasting[6].part_of) == (None, lasting[5].id)
    assert lasting[2].part_of not in {None, lasting[5].id}


async def test_an_outage_of_everything_is_two_transactions() -> None:
    """The first incident of the cause, and all that are part of it, and nothing of it waits."""
    world = World()
    await world.apply([move(1, 0, CheckState.DOWN), move(2, 1, CheckState.DOWN), move(3, 1, CheckState.DOWN)], 500)
    assert world.incidents.writes == 2
    found = await world.incidents.find(LOCAL.tenant, Wanted(ALL_TIME))
    assert [(one.check, one.part_of) for one in reversed(found)] == [(1, None), (3, None), (2, 1)]
    await world.apply([move(check, 9, CheckState.UP) for check in (1, 2, 3)], 500)
    assert world.incidents.writes == 3
    assert not world.chronicle.lasting
