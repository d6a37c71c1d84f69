"""What every history of probes promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from sightline.adapters.outbound.clickhouse.database import ClickHouseDatabase
from sightline.adapters.outbound.clickhouse.probe_history import ClickHouseProbeHistory
from sightline.adapters.outbound.clickhouse.schema import Retention
from sightline.adapters.outbound.memory.probe_history import MemoryProbeHistory
from sightline.domain.probes.outcome import Certificate, Phase, Reason
from sightline.domain.probes.result import Brief, Result, Verdict
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, DAY, MINUTE, TimeRange
from sightline.ports.probe_history import ProbeHistory

pytestmark = pytest.mark.anyio

NOW: Final = 1_790_000_000_000
FULL: Final = Result(
    check=7,
    location="fra-1",
    at=NOW,
    seconds=0.1 + 0.2,
    verdict=Verdict.DEGRADED,
    reason=Reason.CERTIFICATE_EXPIRES,
    message="it's 3 days: 'é'\t\\ \n",
    status=204,
    phases=((Phase.RESOLVE, 0.001), (Phase.CONNECT, 0.0), (Phase.TRANSFER, 1e-9)),
    size=2**40,
    attempts=3,
    redirects=2,
    version="HTTP/2",
    address="2001:db8::1",
    certificate=Certificate("CN=é", "CN=R3", NOW + DAY, NOW - DAY, "ab" * 32, ("a.example", "b.example"), ("R3", "X1")),
    expires_at=NOW + DAY,
    trace_id="0af7651916cd43dd8448eb211c80319c",
    value=-1.5,
)
NUMBERS: Final = count()


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[ProbeHistory]:
    yield MemoryProbeHistory()


@asynccontextmanager
async def _clickhouse(folder: Path) -> AsyncIterator[ProbeHistory]:
    database = await ClickHouseDatabase.open(folder / "clickhouse", Retention())
    yield ClickHouseProbeHistory(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[ProbeHistory]]] = {
    "memory": _memory,
    "clickhouse": _clickhouse,
}


@pytest.fixture(scope="module", params=ADAPTERS)
async def history(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ProbeHistory]:
    """One for a module: each test writes under tenants of its own."""
    async with ADAPTERS[request.param](tmp_path_factory.mktemp("history")) as opened:
        yield opened


@pytest.fixture
def tenant() -> Tenant:
    """One that nobody else has."""
    return Tenant(f"tenant-{next(NUMBERS)}")


def up(check: int, at: int, location: str = "local", seconds: float = 0.1) -> Result:
    """A result that says little."""
    return Result(check=check, location=location, at=at, seconds=seconds, verdict=Verdict.UP)


async def write(history: ProbeHistory, tenant: Tenant, *results: Result) -> None:
    """Store some in one call."""
    await history.append([(tenant, result) for result in results])


async def test_a_result_comes_back_as_it_was(history: ProbeHistory, tenant: Tenant) -> None:
    """With all that it says, to the bit; one that says little as well."""
    little = up(7, NOW - 1)
    await write(history, tenant, little, FULL)
    assert await history.latest(tenant, 7, 9, ALL_TIME) == [FULL, little]


async def test_nothing_is_stored_by_nothing(history: ProbeHistory, tenant: Tenant) -> None:
    """An empty call is not an error, and a check without results has none."""
    await history.append([])
    assert await history.latest(tenant, 7, 9, ALL_TIME) == []


async def test_the_newest_come_first(history: ProbeHistory, tenant: Tenant) -> None:
    """At most as many as are wanted, whatever the order and the calls in which they were stored."""
    times = [NOW - number * 40 * DAY for number in range(6)]
    await write(history, tenant, *(up(1, at) for at in times[1::2]))
    await write(history, tenant, *(up(1, at) for at in times[::2]))
    for limit, expected in ((0, 0), (1, 1), (4, 4), (6, 6), (100, 6), (2**40, 6), (2**80, 6)):
        found = await history.latest(tenant, 1, limit, ALL_TIME)
        assert [result.at for result in found] == times[:expected]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [(0, 2, [2, 1, 0]), (1, 1, [1]), (3, 9, []), (-9, 0, [0]), (2, 1, []), (-(2**53), 2**53, [2, 1, 0])],
)
async def test_both_bounds_are_included(
    history: ProbeHistory, tenant: Tenant, start: int, end: int, found: list[int]
) -> None:
    """Of a time in which there is nothing, and of an empty one, nothing comes."""
    await write(history, tenant, *(up(1, NOW + at) for at in range(3)))
    results = await history.latest(tenant, 1, 9, TimeRange(NOW + start, NOW + end))
    assert [result.at - NOW for result in results] == found


async def test_a_location_may_be_asked_for(history: ProbeHistory, tenant: Tenant) -> None:
    """Then the limit counts its results alone; without one those of all locations come."""
    places = ("ber", "fra", "örl'")
    await write(history, tenant, *(up(1, NOW + at, place) for at in range(4) for place in places))
    found = await history.latest(tenant, 1, 3, ALL_TIME, "örl'")
    assert found == [up(1, NOW + at, "örl'") for at in (3, 2, 1)]
    assert await history.latest(tenant, 1, 9, ALL_TIME, "par") == []
    of_all = await history.latest(tenant, 1, 6, ALL_TIME)
    assert {(result.at - NOW, result.location) for result in of_all} == {
        (at, place) for at in (3, 2) for place in places
    }


async def test_a_repeated_result_is_replaced(history: ProbeHistory, tenant: Tenant) -> None:
    """In the same call or in another: the last counts, is there once, and the limit counts it once."""
    results = [up(1, NOW + at * MINUTE, place) for at in range(50) for place in ("ber", "fra")]
    for _ in range(3):
        await write(history, tenant, *results)
    changed = [replace(result, seconds=9.0) for result in results[::3]]
    await write(history, tenant, *results[::3], *changed)
    wanted = {(result.at, result.location): result for result in [*results, *changed]}
    newest_first = sorted(wanted.values(), key=lambda result: (-result.at, result.location))
    for limit in (1, 10, 99, 1_000):
        assert await history.latest(tenant, 1, limit, ALL_TIME) == newest_first[:limit]


async def test_checks_and_tenants_have_their_own(history: ProbeHistory, tenant: Tenant) -> None:
    """One call may bring results of any; what is not there has none."""
    other = Tenant(f"{tenant}-other")
    await history.append([(tenant, up(1, NOW)), (tenant, up(2, NOW, "ber")), (other, up(1, NOW, "fra"))])
    assert await history.latest(tenant, 1, 9, ALL_TIME) == [up(1, NOW)]
    assert await history.latest(tenant, 2, 9, ALL_TIME) == [up(2, NOW, "ber")]
    assert await history.latest(other, 1, 9, ALL_TIME) == [up(1, NOW, "fra")]
    for absent in (0, -1, 3, 2**63, 2**200):
        assert await history.latest(tenant, absent, 9, ALL_TIME) == []


async def test_many_results_are_stored_at_once(history: ProbeHistory, tenant: Tenant) -> None:
    """A thousand checks in a call, and each has its own."""
    await write(history, tenant, *(replace(FULL, check=check, at=NOW + check) for check in range(1, 1_001)))
    for check in (1, 500, 1_000):
        assert await history.latest(tenant, check, 9, ALL_TIME) == [replace(FULL, check=check, at=NOW + check)]


async def test_memory_is_bounded() -> None:
    """The oldest that were stored go when there are too many; a check that has none left has none."""
    tenant, history = Tenant("a"), MemoryProbeHistory(most=3)
    await write(history, tenant, up(1, NOW), *(up(2, NOW + at) for at in range(3)))
    assert await history.latest(tenant, 1, 9, ALL_TIME) == []
    await write(history, tenant, up(3, NOW), up(2, NOW + 2, seconds=5.0))
    assert [result.at - NOW for result in await history.latest(tenant, 2, 9, ALL_TIME)] == [2, 1]


async def test_several_checks_are_read_together_in_short(history: ProbeHistory, tenant: Tenant) -> None:
    """Of each the newest, none before its time, and nothing of those that were not asked for or have none."""
    await write(history, tenant, FULL, *(up(7, NOW - number * MINUTE) for number in range(1, 9)))
    await write(history, tenant, *(up(8, NOW - number * 40 * DAY) for number in range(4)), up(9, NOW))
    since = {7: NOW - 8 * MINUTE, 8: NOW - 40 * DAY, 10: 0, 2**70: 0, -1: 0}
    found = await history.newest(tenant, since, 3)
    assert {check: [one.at for one in its] for check, its in found.items()} == {
        7: [NOW, NOW - MINUTE, NOW - 2 * MINUTE],
        8: [NOW, NOW - 40 * DAY],
    }
    assert found[7][0] == Brief.of(FULL)
    assert await history.newest(tenant, {}, 3) == {}
    assert await history.newest(tenant, since, 0) == {}
    assert len((await history.newest(tenant, {7: -(2**62), 8: 2**62}, 2**80))[7]) == 9


async def test_what_is_told_in_short_is_in_the_order_of_results(history: ProbeHistory, tenant: Tenant) -> None:
    """Those of one time by location, and what was stored twice comes once."""
    both = [up(1, at, location) for at in (NOW, NOW - MINUTE) for location in ("b", "a")]
    await write(history, tenant, *both)
    await write(history, tenant, *both)
    await history.append([(Tenant(f"{tenant}-other"), up(1, NOW + MINUTE))])
    found = await history.newest(tenant, {1: 0}, 3)
    assert found == {1: [Brief.of(one) for one in await history.latest(tenant, 1, 3, ALL_TIME)]}


async def test_more_checks_than_a_statement_names_are_read(history: ProbeHistory, tenant: Tenant) -> None:
    """In one call all the same."""
    await write(history, tenant, *(up(check, NOW) for check in range(1, 451)))
    assert len(await history.newest(tenant, dict.fromkeys(range(1, 500), NOW), 9)) == 450
