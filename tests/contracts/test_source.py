"""What every source promises, proven on each."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from tests.adapters.sources.engine_stand_in import standing_in

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.source import MemorySource
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.sources.docker.reads import Patience
from sightline.adapters.outbound.sources.docker.source import DockerSource, Watched
from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.adapters.outbound.sources.host.source import HostSource
from sightline.adapters.outbound.sources.own import OwnMetrics
from sightline.domain.errors import Unavailable
from sightline.domain.labels import LabelLimits, Labels, check
from sightline.ports.clock import Clock
from sightline.ports.source import Source
from sightline.ports.telemetry import Instrument, Kind

pytestmark = pytest.mark.anyio


class Observed(NamedTuple):
    """A source, the clock it reads, and one like it that can read nothing at all (None where there is no such thing)."""

    source: Source
    clock: Clock
    unreadable: Source | None


Open = Callable[[], AbstractAsyncContextManager[Observed]]


def memory() -> Observed:
    """Samples set by hand."""
    clock = ManualClock()
    source, broken = MemorySource(clock), MemorySource(clock)
    source.set("up", 1.0)
    source.set("disk_bytes", 5.0, device="sda")
    source.set("disk_bytes", 6.0, device="sdb")
    broken.readable(yes=False)
    return Observed(source, clock, broken)


def host() -> Observed:
    """This machine, and one without anything to read."""
    nowhere = Path("/nonexistent")
    clock = ManualClock()
    return Observed(HostSource(clock), clock, HostSource(clock, roots=Roots(nowhere, nowhere, nowhere)))


def own() -> Observed:
    """Our own metrics, which can always be read."""
    clock, telemetry = ManualClock(), MemoryTelemetry()
    telemetry.set(Instrument("sightline_up", "Always.", Kind.GAUGE), 1)
    return Observed(OwnMetrics(telemetry, clock, "here:8080"), clock, None)


@asynccontextmanager
async def docker() -> AsyncIterator[Observed]:
    """Containers of an engine, which is a stand-in, and of one that is not there."""
    clock, patience = ManualClock(), Patience(settle=10)
    with TemporaryDirectory() as folder:
        async with standing_in(Path(folder) / "engine.sock") as engine:
            engine.add("web")
            engine.add("db", "exited")

            def source(socket: Path) -> DockerSource:
                return DockerSource(Watched(host=f"unix://{socket}"), clock, MemoryTelemetry(), patience=patience)

            async with source(engine.socket) as there, source(Path(folder) / "none.sock") as away:
                yield Observed(there, clock, away)


def at_hand(make: Callable[[], Observed]) -> Open:
    """A source that needs no opening."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Observed]:
        yield make()

    return opened


ADAPTERS: dict[str, Open] = {
    "memory": at_hand(memory),
    "host": at_hand(host),
    "own": at_hand(own),
    "docker": docker,
}


@pytest.fixture(params=ADAPTERS)
async def observed(request: pytest.FixtureRequest) -> AsyncIterator[Observed]:
    """Each source in turn."""
    async with ADAPTERS[request.param]() as found:
        yield found


async def test_a_source_has_a_name(observed: Observed) -> None:
    """The name is a word that stays the same."""
    assert observed.source.name
    assert observed.source.name == observed.source.name


async def test_every_series_comes_once(observed: Observed) -> None:
    """There are samples, no two of one series, and their columns belong together."""
    batch = await observed.source.collect()
    assert len(batch) > 0
    assert len(set(batch.labels)) == len(batch.labels) == len(batch)
    assert sorted(batch.series.tolist()) == list(range(len(batch)))
    assert len(batch.times) == len(batch.values) == len(batch.series)
    dtypes = [column.dtype.name for column in (batch.series, batch.times, batch.values)]
    assert dtypes == ["uint32", "int64", "float64"]


async def test_every_series_is_one_that_can_be_stored(observed: Observed) -> None:
    """Label sets are canonical, within the limits, and carry job and instance."""
    for labels in (await observed.source.collect()).labels:
        check(labels, LabelLimits())
        assert labels == Labels.of(labels)
        assert labels.get("job")
        assert labels.get("instance")


async def test_samples_are_of_this_moment(observed: Observed) -> None:
    """Times lie between the clock's before and after the collection."""
    before = observed.clock.now()
    batch = await observed.source.collect()
    assert batch.times.min() >= before
    assert batch.times.max() <= observed.clock.now()


async def test_series_stay_the_same_from_one_collection_to_the_next(observed: Observed) -> None:
    """Two collections one after the other have most series in common, by equal labels."""
    first, second = await observed.source.collect(), await observed.source.collect()
    assert len(set(first.labels) & set(second.labels)) > len(first.labels) / 2


async def test_a_batch_belongs_to_who_asked(observed: Observed) -> None:
    """Changing a batch changes no later one."""
    first = await observed.source.collect()
    first.times[:] = -1
    assert (await observed.source.collect()).times.min() > 0


async def test_collections_at_once_do_not_disturb_each_other(observed: Observed) -> None:
    """Two collections under way together are both complete."""
    one, two = await asyncio.gather(observed.source.collect(), observed.source.collect())
    assert len(set(one.labels)) == len(one)
    assert len(set(two.labels)) == len(two)


@pytest.mark.parametrize("adapter", sorted(set(ADAPTERS) - {"own"}))  # where there is always something to read
async def test_a_source_that_can_read_nothing_is_unavailable(adapter: str) -> None:
    """When nothing at all can be read, that is an error and no empty batch."""
    async with ADAPTERS[adapter]() as found:
        assert found.unreadable is not None
        with pytest.raises(Unavailable):
            await found.unreadable.collect()


# What is said of the memory source alone.


async def test_memory_yields_what_was_set_last() -> None:
    """The last value of each series is collected, with job and instance added, until it is removed."""
    source = MemorySource(ManualClock(5_000), job="demo", instance="here")
    source.set("up", 0.0)
    source.set("up", 1.0)
    source.set("gone", 1.0, part="a")
    source.remove("gone", part="a")
    batch = await source.collect()
    assert batch.labels == (Labels.of(__name__="up", job="demo", instance="here"),)
    assert (batch.times.tolist(), batch.values.tolist()) == ([5_000], [1.0])
