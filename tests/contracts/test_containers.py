"""What everything promises that says which containers there are, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.adapters.sources.engine_stand_in import standing_in

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.containers import MemoryContainers
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.sources.docker.reads import Patience
from sightline.adapters.outbound.sources.docker.source import DockerSource, Watched
from sightline.domain.containers.container import Container, State
from sightline.domain.containers.observed import Alarms, Observed
from sightline.domain.containers.thresholds import Threshold
from sightline.domain.errors import Unavailable
from sightline.ports.containers import Containers

pytestmark = pytest.mark.anyio

Open = Callable[[Path], AbstractAsyncContextManager[Containers]]


def container(name: str, state: State) -> Observed:
    """A container, without a load."""
    return Observed(Container(name * 10, name, "bb:1", state), Alarms(Threshold(90.0), Threshold(85.0)))


@asynccontextmanager
async def memory(_: Path) -> AsyncIterator[Containers]:
    """Set by hand."""
    yield MemoryContainers([container("web", State.RUNNING), container("db", State.EXITED)])


@asynccontextmanager
async def memory_away(_: Path) -> AsyncIterator[Containers]:
    """Told that its engine is away."""
    found = MemoryContainers()
    found.unavailable("the engine is away: start it")
    yield found


@asynccontextmanager
async def docker(folder: Path) -> AsyncIterator[Containers]:
    """Read from an engine, which is a stand-in."""
    async with standing_in(folder / "engine.sock") as engine:
        engine.add("web")
        engine.add("db", "exited")
        watched = Watched(host=f"unix://{engine.socket}")
        async with DockerSource(watched, ManualClock(), MemoryTelemetry(), patience=Patience(settle=10)) as source:
            await source.collect()
            yield source


@asynccontextmanager
async def docker_away(folder: Path) -> AsyncIterator[Containers]:
    """Told of an engine that is not there."""
    watched = Watched(host=f"unix://{folder / 'none.sock'}")
    async with DockerSource(watched, ManualClock(), MemoryTelemetry(), patience=Patience(settle=10)) as source:
        with pytest.raises(Unavailable):
            await source.collect()
        yield source


ADAPTERS: dict[str, tuple[Open, Open]] = {"memory": (memory, memory_away), "docker": (docker, docker_away)}
"""By name: one with a running `web` and a stopped `db`, and one whose engine cannot be asked."""


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_all_containers_are_there_in_order_of_name(adapter: str, tmp_path: Path) -> None:
    """Stopped ones too, and a stopped one has no load."""
    async with ADAPTERS[adapter][0](tmp_path) as containers:
        found = containers.present()
        assert [(one.container.name, one.container.state) for one in found] == [
            ("db", State.EXITED),
            ("web", State.RUNNING),
        ]
        assert found[0].load is None


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_an_engine_that_cannot_be_asked_is_unavailable(adapter: str, tmp_path: Path) -> None:
    """That is an error with a reason, and no empty answer."""
    async with ADAPTERS[adapter][1](tmp_path) as containers:
        with pytest.raises(Unavailable, match=r"."):
            containers.present()
