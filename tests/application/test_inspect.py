"""Looking at containers: those there are, and what one used over time."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.containers import MemoryContainers
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.inspect import MAX_POINTS, Inspect
from sightline.application.query import Query
from sightline.domain.containers.container import Container, State
from sightline.domain.containers.observed import Alarms, Load, Observed
from sightline.domain.containers.readings import JOB, readings
from sightline.domain.containers.thresholds import Threshold
from sightline.domain.containers.usage import CpuTime, Memory, Traffic, Usage
from sightline.domain.errors import InvalidParameter, NotFound, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.metrics.readings import Batches
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import DAY, HOUR, SECOND, TimeRange

pytestmark = pytest.mark.anyio

NOW = 1_700_000_000_000
ELSEWHERE = Principal("somebody", Tenant("elsewhere"))


def container(id_: str, name: str, state: State = State.RUNNING) -> Container:
    """A container."""
    return Container(id_.ljust(64, "0"), name, "bb:1", state, started_at=NOW - HOUR)


def observed(one: Container, second: int = 0) -> Observed:
    """A container that keeps a fifth of its CPUs busy, uses 40 % of its memory and received as many bytes as seconds passed."""

    def read(at: int) -> Usage:
        cpu = CpuTime(used=at * 1e9, machine=at * 10e9, cpus=2)
        traffic = (Traffic("eth0", rx_bytes=at, tx_bytes=1), Traffic("eth1", rx_bytes=at, tx_bytes=1))
        return Usage(at * 1_000_000_000, cpu, Memory(500, 400, 1000), traffic)

    load = Load.of(NOW + second * 1000, one, read(second + 100), read(second + 95))
    return Observed(one, Alarms(Threshold(90.0), Threshold(85.0)), load if one.readable else None)


class Yard:
    """Containers, a store of what they used, and the use case over both."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.present = MemoryContainers()
        self.store = MemorySeries()
        self.ledger = Ledger()
        clock = ManualClock(NOW)
        query = Query(series=self.store, clock=clock, telemetry=MemoryTelemetry(), executor=threads)
        self.inspect = Inspect(self.present, query, self.store)

    async def record(self, one: Container, start: int, end: int) -> None:
        """Store what a container used, every 5 s between two seconds relative to NOW."""
        writes: dict[Labels, list[tuple[int, float]]] = {}
        batches = Batches(JOB, "here")
        for second in range(start, end, 5):
            batch = batches.make(NOW + second * 1000, dict(readings(observed(one, second), ())))
            for labels, value in zip(batch.labels, batch.values.tolist(), strict=True):
                writes.setdefault(labels, []).append((NOW + second * 1000, value))
        await self.store.write(
            self.ledger.sealed([Write(LOCAL.tenant, labels, samples) for labels, samples in writes.items()])
        )


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    """An empty yard."""
    with ThreadPoolExecutor(2) as threads:
        yield Yard(threads)


async def test_running_containers_are_listed_and_stopped_ones_on_request(yard: Yard) -> None:
    """As `docker ps` does, in order of name."""
    states = (State.RUNNING, State.PAUSED, State.RESTARTING, State.EXITED, State.CREATED)
    yard.present.set(observed(container(f"{n}", f"{5 - n}-{state}", state)) for n, state in enumerate(states))
    assert [one.container.name for one in yard.inspect.containers(LOCAL)] == ["3-restarting", "4-paused", "5-running"]
    assert len(yard.inspect.containers(LOCAL, stopped=True)) == 5


async def test_containers_belong_to_the_programs_own_tenant(yard: Yard) -> None:
    """Another tenant sees none, neither now nor in the past."""
    web = container("a1", "web")
    yard.present.set([observed(web)])
    await yard.record(web, -60, 0)
    assert yard.inspect.containers(ELSEWHERE) == []
    with pytest.raises(NotFound):
        await yard.inspect.history(ELSEWHERE, "web", TimeRange(NOW - HOUR, NOW))


async def test_an_engine_that_cannot_be_asked_is_no_empty_list(yard: Yard) -> None:
    """The reason reaches whoever asked."""
    yard.present.unavailable("permission denied")
    with pytest.raises(Unavailable, match="permission denied"):
        yard.inspect.containers(LOCAL)


async def test_a_history_outlives_the_engine(yard: Yard) -> None:
    """What is stored is shown while the engine is away; what is not stored may be known to the engine, so its absence is told."""
    web = container("a1", "web")
    await yard.record(web, -60, 0)
    yard.present.unavailable("the container engine went away")
    assert len((await yard.inspect.history(LOCAL, "web", TimeRange(NOW - HOUR, NOW))).times)
    with pytest.raises(Unavailable, match="went away"):
        await yard.inspect.history(LOCAL, "db", TimeRange(NOW - HOUR, NOW))


async def test_a_history_is_averages_and_counters_at_steps(yard: Yard) -> None:
    """A fifth of two CPUs is 40 %; memory 400 of 1000; traffic of all interfaces together."""
    web = container("a1", "web")
    yard.present.set([observed(web)])
    await yard.record(web, -600, 0)
    found = await yard.inspect.history(LOCAL, "web", TimeRange(NOW - HOUR, NOW))
    assert np.diff(found.times).tolist() == [12 * SECOND] * (len(found.times) - 1)
    assert NOW - 600 * SECOND <= found.times[0] <= NOW - 588 * SECOND
    assert found.cpu_percent == pytest.approx(np.full(len(found.times), 20.0))
    assert found.memory_bytes == pytest.approx(np.full(len(found.times), 400.0))
    assert found.memory_percent == pytest.approx(np.full(len(found.times), 40.0))
    assert found.network_tx_bytes == pytest.approx(np.full(len(found.times), 2.0))
    assert np.diff(found.network_rx_bytes).min() > 0


@pytest.mark.parametrize("length", [0, SECOND, HOUR, 7 * DAY, 400 * DAY])
async def test_a_history_has_a_bounded_number_of_points(yard: Yard, length: int) -> None:
    """Whatever the range, a chart can show them all."""
    web = container("a1", "web")
    yard.present.set([observed(web)])
    await yard.record(web, -600, 5)
    found = await yard.inspect.history(LOCAL, "web", TimeRange(NOW - length, NOW))
    assert len(found.times) <= MAX_POINTS
    assert all(NOW - length <= time <= NOW for time in found.times.tolist())


async def test_a_container_is_meant_by_id_by_name_or_by_the_beginning_of_its_id(yard: Yard) -> None:
    """All three lead to the same history; a beginning that several share is refused with them, and nothing is not found."""
    one, two = container("ab1", "web"), container("ab2", "db")
    yard.present.set([observed(one), observed(two)])
    await yard.record(one, -60, 0)
    hour = TimeRange(NOW - HOUR, NOW)
    histories = [await yard.inspect.history(LOCAL, which, hour) for which in (one.id, "web", "ab1")]
    assert len({history.cpu_percent.tobytes() for history in histories}) == 1
    assert len(histories[0].times) > 0
    assert len((await yard.inspect.history(LOCAL, "ab2", hour)).times) == 0
    with pytest.raises(InvalidParameter, match="2 ids begin with 'ab'"):
        await yard.inspect.history(LOCAL, "ab", hour)
    with pytest.raises(NotFound, match="'c'"):
        await yard.inspect.history(LOCAL, "c", hour)


async def test_a_name_spans_containers_that_followed_each_other_under_it(yard: Yard) -> None:
    """Recreating a container does not cut its history; removed ones are found by what they left."""
    old, new = container("aa", "web"), container("bb", "web")
    await yard.record(old, -1200, -600)
    await yard.record(new, -600, 0)
    yard.present.set([observed(new)])
    hour = TimeRange(NOW - HOUR, NOW)
    whole = await yard.inspect.history(LOCAL, "web", hour)
    parts = [await yard.inspect.history(LOCAL, which, hour) for which in ("aa", "bb")]
    assert whole.times[0] == parts[0].times[0]
    assert whole.times[-1] == parts[1].times[-1]


async def test_a_range_that_ends_before_it_starts_is_refused(yard: Yard) -> None:
    """By the name of the parameter."""
    with pytest.raises(InvalidParameter, match="'to' must not be before 'from'"):
        await yard.inspect.history(LOCAL, "web", TimeRange(NOW, NOW - 1))


async def test_a_name_that_is_no_plain_word_is_matched_as_it_is(yard: Yard) -> None:
    """Quotes and backslashes in a name are no part of the query's language."""
    odd = container("aa", 'we"b\\')
    await yard.record(odd, -60, 0)
    assert len((await yard.inspect.history(LOCAL, odd.name, TimeRange(NOW - HOUR, NOW))).times) > 0
