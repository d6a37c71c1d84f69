"""Incidents of many transitions at once: the same as of one after another, in few transactions."""

from dataclasses import replace
from typing import Final

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

HOSTS = ("a", "a", "b", "c")
"""Of checks 1 to 4: the first two share a cause."""


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
        st.integers(1, 4),
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


@given(MOVES, st.integers(2, 14))
@example(ONE_ENDS_AMONG_TWO, 2)
async def test_many_at_once_make_the_incidents_that_one_after_another_makes(moves: list[Move], at_once: int) -> None:
    """With the same lines, and each a part of the same one."""
    in_order = [
        replace(one, transition=replace(one.transition, at=NOW + place * SECOND)) for place, one in enumerate(moves)
    ]
    together, alone = World(), World()
    await together.apply(in_order, at_once)
    await alone.apply(in_order, 1)
    assert await together.told() == await alone.told()


async def test_who_comes_later_is_a_part_of_the_first_that_lasts() -> None:
    """Not of one that ended: where the first of a cause is over, the next of it is the first."""
    world = World()
    for check, state in ((2, CheckState.DOWN), (1, CheckState.DOWN), (2, CheckState.UP), (1, CheckState.UP)):
        await world.apply([move(check, check, state)], 1)
    await world.apply([move(1, 3, CheckState.DOWN), move(2, 4, CheckState.DOWN)], 1)
    lasting = dict(world.chronicle.lasting)
    assert (lasting[1].part_of, lasting[2].part_of) == (None, lasting[1].id)
    await world.apply([move(1, 5, CheckState.UP), move(1, 6, CheckState.DOWN)], 1)
    assert world.chronicle.lasting[1].part_of == lasting[1].id


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
