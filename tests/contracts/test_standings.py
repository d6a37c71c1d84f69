"""What every store of standings promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.adapters.outbound.memory.standings import MemoryStandings
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.standings import SqlStandings
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.timerange import ALL_TIME, TimeRange
from sightline.ports.probe_history import Standings

pytestmark = pytest.mark.anyio

OTHER_TENANT = Tenant("other")


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Standings]:
    yield MemoryStandings()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Standings]:
    database = await SqlDatabase.open(folder / "catalog.sqlite")
    yield SqlStandings(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Standings]]] = {"memory": _memory, "sqlite": _sqlite}


@pytest.fixture(params=ADAPTERS)
async def standings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Standings]:
    """Each store in turn, empty."""
    async with ADAPTERS[request.param](tmp_path) as opened:
        yield opened


def move(check: int, at: int, state: CheckState = CheckState.DOWN) -> Transition:
    """A transition with all that one may say."""
    return Transition(
        check, at, CheckState.UP, state, StateReason.VERDICT, "timed_out", "no answer within 10 s: 'é'", ("a", "b")
    )


async def record(standings: Standings, *moves: Transition, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Store some at once."""
    await standings.record([(tenant, one) for one in moves], 1)


async def between(standings: Standings, checks: list[int], start: int, end: int) -> list[tuple[int, int]]:
    """Check and time of what there is within a time."""
    found = await standings.between(DEFAULT_TENANT, checks, TimeRange(start, end))
    return [(one.check, one.at) for one in found]


async def test_nothing_is_known_at_first(standings: Standings) -> None:
    """The monitor never was, and no check stands anywhere."""
    assert await standings.alive_at() is None
    assert await standings.current() == []
    assert await standings.between(DEFAULT_TENANT, [1], ALL_TIME) == []


async def test_a_transition_comes_back_as_it_was(standings: Standings) -> None:
    """With all that it says; one that says little as well."""
    little = Transition(2, 5, CheckState.UNKNOWN, CheckState.PAUSED, StateReason.SWITCHED_OFF)
    await record(standings, move(1, 5), little)
    assert await standings.between(DEFAULT_TENANT, [1, 2], ALL_TIME) == [move(1, 5), little]


async def test_the_monitor_is_alive_without_transitions(standings: Standings) -> None:
    """The last that was told counts, be it earlier than the one before: a clock that went back is believed."""
    for at in (5, 9, 7):
        await standings.record([], at)
        assert await standings.alive_at() == at
    assert await standings.current() == []


async def test_a_transition_at_the_same_time_replaces(standings: Standings) -> None:
    """In another call or in the same, where the last counts; others stay."""
    await record(standings, move(1, 5), move(1, 6), move(1, 5, CheckState.DEGRADED))
    await record(standings, move(1, 6, CheckState.UP))
    found = await standings.between(DEFAULT_TENANT, [1], ALL_TIME)
    assert found == [move(1, 5, CheckState.DEGRADED), move(1, 6, CheckState.UP)]


async def test_current_has_the_newest_of_every_check(standings: Standings) -> None:
    """Of all tenants, whatever the order in which transitions came."""
    await record(standings, move(1, 9), move(1, 3), move(2, 4))
    await record(standings, move(1, 7), tenant=OTHER_TENANT)
    assert sorted(await standings.current(), key=lambda one: (one[0], one[1].check)) == [
        (DEFAULT_TENANT, move(1, 9)),
        (DEFAULT_TENANT, move(2, 4)),
        (OTHER_TENANT, move(1, 7)),
    ]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (15, 25, [10, 20]),
        (20, 30, [10, 20, 30]),
        (31, 99, [30]),
        (0, 5, []),
        (0, 10, [10]),
        (21, 29, [20]),
        (25, 15, [20]),
        (5, 1, []),
    ],
)
async def test_between_has_a_time_and_the_last_before_it(
    standings: Standings, start: int, end: int, found: list[int]
) -> None:
    """Both bounds included; an empty time has what stood before it began."""
    await record(standings, move(1, 30), move(1, 10), move(1, 20))
    assert await between(standings, [1], start, end) == [(1, at) for at in found]


async def test_between_is_in_order_of_check_and_time(standings: Standings) -> None:
    """Of the checks asked for alone, each once however often it is named; those without any have none."""
    await record(standings, move(3, 1), move(3, 8), move(1, 5), move(1, 2), move(2, 4))
    assert await between(standings, [3, 1, 3, 9, 2**70], 2, 9) == [(1, 2), (1, 5), (3, 1), (3, 8)]
    assert await between(standings, [], 2, 9) == []


async def test_many_checks_may_be_asked_for(standings: Standings) -> None:
    """As many as there are, in one question."""
    count = 2_500
    await record(standings, *(move(check, at) for check in range(1, count + 1) for at in (1, 2)))
    found = await between(standings, list(range(count, 0, -1)), 2, 2)
    assert found == [(check, at) for check in range(1, count + 1) for at in (1, 2)]


async def test_tenants_see_nothing_of_each_other(standings: Standings) -> None:
    """The same number is another check for another tenant."""
    await record(standings, move(1, 5))
    await record(standings, move(1, 5, CheckState.UP), tenant=OTHER_TENANT)
    assert await standings.between(DEFAULT_TENANT, [1], ALL_TIME) == [move(1, 5)]
    assert await standings.between(OTHER_TENANT, [1], ALL_TIME) == [move(1, 5, CheckState.UP)]


async def test_forgetting_keeps_what_holds_on(standings: Standings) -> None:
    """Of each check the last before the time stays, so that the time after it is told as before."""
    await record(standings, move(1, 1), move(1, 2), move(1, 3), move(1, 9), move(2, 1), move(3, 7))
    await record(standings, move(1, 1), move(1, 4), tenant=OTHER_TENANT)
    before = await between(standings, [1, 2, 3], 5, 10)
    assert await standings.forget(5) == 3
    assert await between(standings, [1, 2, 3], 5, 10) == before
    assert await between(standings, [1, 2, 3], 0, 10) == [(1, 3), (1, 9), (2, 1), (3, 7)]
    assert len(await standings.between(OTHER_TENANT, [1], ALL_TIME)) == 1
    assert await standings.forget(5) == 0


async def test_what_was_returned_is_no_longer_the_stores(standings: Standings) -> None:
    """A list may be changed by who got it without changing what is stored."""
    await record(standings, move(1, 1))
    (await standings.between(DEFAULT_TENANT, [1], ALL_TIME)).clear()
    (await standings.current()).clear()
    assert len(await standings.current()) == 1


async def test_a_file_keeps_standings_over_a_restart(tmp_path: Path) -> None:
    """Transitions, and when the monitor was last alive, are there when it is opened again."""
    async with _sqlite(tmp_path) as standings:
        await standings.record([(DEFAULT_TENANT, replace(move(1, 5), message=""))], 77)
    async with _sqlite(tmp_path) as standings:
        assert await standings.alive_at() == 77
        assert await standings.current() == [(DEFAULT_TENANT, replace(move(1, 5), message=""))]
