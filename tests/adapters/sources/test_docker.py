"""Containers as a source: found, read, and kept apart from each other. The engine is a stand-in; tests/e2e has a real one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from tests.adapters.sources.engine_stand_in import StandIn, standing_in

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.sources.docker.address import Address, find_socket, parse_address, usual_sockets
from sightline.adapters.outbound.sources.docker.engine import cannot_connect
from sightline.adapters.outbound.sources.docker.reads import Patience
from sightline.adapters.outbound.sources.docker.source import MISSED, DockerSource, Watched
from sightline.adapters.outbound.sources.docker.watch import BACKOFF, LOOK_AGAIN
from sightline.domain.containers.thresholds import CPU_LABEL, MEMORY_LABEL, Thresholds
from sightline.domain.errors import SettingsInvalid, Unavailable

pytestmark = pytest.mark.anyio

PATIENT = Patience(settle=10, read=10, whole=20)
HASTY = Patience(settle=10, read=0.4, whole=10)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[StandIn]:
    """An engine without containers."""
    async with standing_in(tmp_path / "engine.sock") as found:
        yield found


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


@asynccontextmanager
async def watching(
    engine: StandIn, clock: ManualClock, patience: Patience = PATIENT, **watched: object
) -> AsyncIterator[DockerSource]:
    """A source that follows the stand-in."""
    what = Watched(**{"host": f"unix://{engine.socket}", "instance": "here", **watched})  # type: ignore[arg-type]  # by name
    async with DockerSource(what, clock, MemoryTelemetry(), patience=patience) as source:
        yield source


async def figures(source: DockerSource, metric: str) -> dict[str, float]:
    """What a collection says of one metric, by container's name."""
    batch = await source.collect()
    values = zip(batch.labels, batch.values.tolist(), strict=True)
    return {labels.get("name"): value for labels, value in values if labels.name == metric}


def well(source: DockerSource) -> bool:
    """Whether the source knows its containers."""
    try:
        source.present()
    except Unavailable:
        return False
    return True


async def come_true(condition: Callable[[], bool]) -> None:
    """Return when something has come about that nothing announces; the test's own timeout is the bound."""
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)


def names(source: DockerSource) -> list[str]:
    """Who is there."""
    return [one.container.name for one in source.present()]


async def test_running_containers_are_read_and_stopped_ones_shown(engine: StandIn, clock: ManualClock) -> None:
    """Half a CPU of two busy is 50 % as Docker shows it, and 25 % of what the machine has; job and instance are ours."""
    engine.add("web")
    engine.add("done", "exited")
    async with watching(engine, clock) as source:
        await source.collect()
        assert await figures(source, "container_cpu_percent") == {"web": 50}
        assert await figures(source, "container_cpu_percent_of_limit") == {"web": 25}
        assert await figures(source, "container_memory_percent") == {"web": 30}
        assert await figures(source, "container_state") == {"web": 1, "done": 1}
        batch = await source.collect()
        assert {(labels.get("job"), labels.get("instance")) for labels in batch.labels} == {("docker", "here")}
        assert names(source) == ["done", "web"]


async def test_a_read_asks_for_one_frame_alone(engine: StandIn, clock: ManualClock) -> None:
    """In the engine's own version of the API, without waiting for a second frame."""
    id_ = engine.add("web")
    async with watching(engine, clock) as source:
        await source.collect()
    assert f"/v1.43/containers/{id_}/stats?stream=0&one-shot=1" in engine.asked


async def test_an_old_engine_is_asked_as_it_understands(tmp_path: Path, clock: ManualClock) -> None:
    """Before version 1.41 there was no single frame to ask for."""
    async with standing_in(tmp_path / "old.sock", "1.24") as engine:
        id_ = engine.add("web")
        async with watching(engine, clock) as source:
            await source.collect()
    assert f"/v1.24/containers/{id_}/stats?stream=0" in engine.asked


async def test_a_container_that_hangs_delays_no_other_and_is_asked_last(engine: StandIn, clock: ManualClock) -> None:
    """The others are read in the same round; the one that was late lacks its figures, and gives way the next time."""
    engine.hanging.add(engine.add("stuck"))
    for number in range(5):
        engine.add(f"web-{number}")
    async with watching(engine, clock, HASTY) as source:
        read = await figures(source, "container_memory_percent")
        assert sorted(read) == [f"web-{number}" for number in range(5)]
        assert "stuck" in await figures(source, "container_state")
        reads = [path for path in engine.asked if "/stats" in path]
        assert b"stuck".hex() in reads[-1]


async def test_a_container_that_vanishes_while_it_is_read_is_gone_and_no_failure(
    engine: StandIn, clock: ManualClock
) -> None:
    """The round goes on without it, and it is no longer there afterwards."""
    engine.vanishing.add(engine.add("short"))
    engine.add("web")
    async with watching(engine, clock) as source:
        assert list(await figures(source, "container_memory_percent")) == ["web"]
        await come_true(lambda: names(source) == ["web"])


async def test_a_container_that_answers_nonsense_costs_itself_alone(engine: StandIn, clock: ManualClock) -> None:
    """What cannot be read is counted and left out."""
    engine.bodies[engine.add("odd")] = b'{"read": 5, "cpu_stats": "lots"'
    engine.add("web")
    telemetry = MemoryTelemetry()
    async with DockerSource(Watched(host=f"unix://{engine.socket}"), clock, telemetry, patience=PATIENT) as source:
        assert list(await figures(source, "container_memory_percent")) == ["web"]
    missed = [family for family in telemetry.families() if family.instrument == MISSED]
    assert [(point.labels, point.value) for family in missed for point in family.points] == [
        ((("reason", "failed"),), 1)
    ]


async def test_events_tell_who_comes_changes_and_goes(engine: StandIn, clock: ManualClock) -> None:
    """Without a full list: a new one, a stopped one, a renamed one, a removed one."""
    first = engine.add("first")
    async with watching(engine, clock) as source:
        await source.collect()
        second = engine.add("second")
        await engine.tell("start", second)
        await come_true(lambda: names(source) == ["first", "second"])
        engine.containers[second]["Name"] = "/renamed"
        await engine.tell("rename", second)
        await come_true(lambda: names(source) == ["first", "renamed"])
        engine.containers[first]["State"]["Status"] = "exited"
        await engine.tell("die", first)
        await come_true(lambda: not source.present()[0].container.listed)
        await engine.tell("destroy", second)
        await come_true(lambda: names(source) == ["first"])
    assert sum(path.endswith("/containers/json") for path in engine.asked) == 1


async def test_the_commands_of_health_checks_cause_no_questions(engine: StandIn, clock: ManualClock) -> None:
    """Only what changes a container makes us look at it again."""
    id_ = engine.add("web")
    async with watching(engine, clock) as source:
        await source.collect()
        before = len(engine.asked)
        for action in ("exec_create: /bin/check", "exec_start: /bin/check", "exec_die"):
            await engine.tell(action, id_)
        other = engine.add("other")
        await engine.tell("start", other)
        await come_true(lambda: names(source) == ["other", "web"])
    assert [path for path in engine.asked[before:] if id_ in path] == []


async def test_a_restart_begins_its_figures_anew(engine: StandIn, clock: ManualClock) -> None:
    """The run before says nothing about this one: no CPU percentage until there are two reads of it."""
    id_ = engine.add("web")
    async with watching(engine, clock) as source:
        await source.collect()
        assert await figures(source, "container_cpu_percent") == {"web": 50}
        engine.containers[id_]["State"]["StartedAt"] = "2026-11-21T11:30:00Z"
        engine.containers[id_]["RestartCount"] = 1
        await engine.tell("start", id_)
        await come_true(lambda: source.present()[0].container.restarts == 1)
        assert source.present()[0].load is None
        assert await figures(source, "container_cpu_percent") == {}
        assert await figures(source, "container_cpu_percent") == {"web": 50}


async def test_a_broken_stream_of_events_is_opened_again_with_a_full_list(engine: StandIn, clock: ManualClock) -> None:
    """What happened in between is not missed, and the source is not away for it."""
    engine.add("first")
    async with watching(engine, clock) as source:
        await source.collect()
        engine.add("meanwhile")
        await engine.end_streams()
        await come_true(lambda: bool(engine.streams))
        await come_true(lambda: names(source) == ["first", "meanwhile"])
        assert len(await figures(source, "container_memory_percent")) == 2


async def test_an_engine_that_is_told_and_not_there_is_a_fault_that_heals(tmp_path: Path, clock: ManualClock) -> None:
    """The message names the socket; it is asked again, and once it is there its containers are."""
    socket = tmp_path / "later.sock"
    async with (
        DockerSource(Watched(host=f"unix://{socket}"), clock, MemoryTelemetry(), patience=PATIENT) as source,
        AsyncExitStack() as stack,
    ):
        with pytest.raises(Unavailable, match=r"later\.sock cannot be reached"):
            await source.collect()
        with pytest.raises(Unavailable, match="is it running"):
            source.present()
        engine = await stack.enter_async_context(standing_in(socket))
        engine.add("web")
        await clock.until_sleeping()
        await clock.advance(BACKOFF[-1])
        await come_true(lambda: well(source))
        assert list(await figures(source, "container_state")) == ["web"]


async def test_without_an_engine_there_is_nothing_and_no_fault_and_one_may_come(
    tmp_path: Path, clock: ManualClock
) -> None:
    """No address and no socket: an empty batch and an empty list; an engine that is started later is found."""
    sockets = (tmp_path / "docker.sock", tmp_path / "podman.sock")
    async with DockerSource(Watched(sockets=sockets), clock, MemoryTelemetry(), patience=PATIENT) as source:
        assert len(await source.collect()) == 0
        assert source.present() == ()
        async with standing_in(sockets[1]) as engine:
            engine.add("web")
            await clock.until_sleeping()
            await clock.advance(LOOK_AGAIN)
            await come_true(lambda: engine.streams != [])
            assert list(await figures(source, "container_state")) == ["web"]


def test_a_socket_that_we_may_not_use_is_told_with_the_cure() -> None:
    """Which group to join, or which setting names another engine."""
    told = cannot_connect(
        Address("http://docker", Path("/var/run/docker.sock")), PermissionError(13, "Permission denied")
    )
    assert "permission denied at /var/run/docker.sock" in told
    assert "group" in told
    assert "containers.host" in told


async def test_something_else_on_the_socket_is_told(engine: StandIn, clock: ManualClock) -> None:
    """A proxy that keeps events from us: the message carries what it said."""
    engine.refuses_events = True
    async with watching(engine, clock) as source:
        with pytest.raises(Unavailable, match="403: forbidden by administrative rules"):
            await source.collect()


async def test_more_containers_than_the_limit_are_left_out_stopped_ones_first(
    engine: StandIn, clock: ManualClock
) -> None:
    """`containers.max_containers` bounds what one engine can cost; running ones come first."""
    for number in range(5):
        engine.add(f"old-{number}", "exited")
    engine.add("web")
    async with watching(engine, clock, limit=2) as source:
        await source.collect()
        assert len(names(source)) == 2
        assert "web" in names(source)


async def test_thresholds_come_from_default_label_and_name(engine: StandIn, clock: ManualClock) -> None:
    """As series beside the figures; what is off has none, and what is no threshold is not used."""
    engine.add("plain")
    engine.add("own", labels={CPU_LABEL: "50"})
    engine.add("off", labels={CPU_LABEL: "off"})
    engine.add("odd", labels={CPU_LABEL: "lots"})
    engine.add("named", labels={CPU_LABEL: "50"})
    thresholds = Thresholds.of(CPU_LABEL, 90, ("named=20",), "containers.cpu_thresholds")
    async with watching(engine, clock, cpu=thresholds, memory=Thresholds(MEMORY_LABEL, 85)) as source:
        found = await figures(source, "container_cpu_threshold_percent")
        assert found == {"plain": 90, "own": 50, "odd": 90, "named": 20}


@pytest.mark.parametrize(
    ("text", "tls", "url", "socket"),
    [
        ("unix:///run/docker.sock", False, "http://docker", "/run/docker.sock"),
        ("tcp://10.0.0.5:2375", False, "http://10.0.0.5:2375", None),
        ("tcp://10.0.0.5:2376", True, "https://10.0.0.5:2376", None),
        ("http://[::1]:2375/", False, "http://[::1]:2375", None),
        ("https://engine.example", False, "https://engine.example", None),
    ],
)
def test_an_address_in_every_form(text: str, tls: bool, url: str, socket: str | None) -> None:  # noqa: FBT001 - a parameter of the test
    """As DOCKER_HOST holds them."""
    found = parse_address(text, tls=tls)
    assert (found.url, found.socket) == (url, None if socket is None else Path(socket))


@pytest.mark.parametrize(
    "text",
    ["docker", "unix://", "unix://run/docker.sock", "tcp://", "tcp://h/path", "tcp://h:port", "http://[::1", "ftp://h"],
)
def test_what_is_no_address_is_refused_at_once(text: str) -> None:
    """With the setting and the forms there are."""
    with pytest.raises(SettingsInvalid, match=r"containers\.host.*unix:///"):
        Watched(host=text)


async def test_an_address_for_other_programs_is_no_reason_not_to_start(clock: ManualClock) -> None:
    """DOCKER_HOST may hold an ssh address, which Docker's client speaks and we do not: told, not fatal."""
    async with DockerSource(Watched(host="ssh://me@host"), clock, MemoryTelemetry(), patience=PATIENT) as source:
        with pytest.raises(Unavailable, match="not read over ssh"):
            await source.collect()


async def test_the_first_socket_that_may_be_used_is_taken(engine: StandIn, tmp_path: Path) -> None:
    """What is no socket is passed over; without any there is no engine."""
    (tmp_path / "file.sock").write_text("")
    found = find_socket([tmp_path / "none.sock", tmp_path / "file.sock", engine.socket])
    assert found is not None
    assert found.socket == engine.socket
    assert find_socket([tmp_path / "none.sock"]) is None


def test_usual_sockets_are_dockers_then_podmans_then_the_users() -> None:
    """XDG_RUNTIME_DIR says where a user's own engines are."""
    found = [str(path) for path in usual_sockets({"XDG_RUNTIME_DIR": "/run/user/7"})]
    assert found == [
        "/var/run/docker.sock",
        "/run/podman/podman.sock",
        "/run/user/7/docker.sock",
        "/run/user/7/podman/podman.sock",
    ]
