"""What the Engine says, as JSON, and what it means.

Every field may be missing: answers differ between Docker 1.17 and now, between Linux and Windows, and Podman leaves out much.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from sightline.adapters.outbound.sources.docker.failures import ReadFailed
from sightline.domain.containers.container import Container, Health, Processors, State
from sightline.domain.containers.formulas import working_set
from sightline.domain.containers.usage import BlockTraffic, CpuTime, Memory, Traffic, Usage

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[0-9a-zA-Z_.-]+$")]
"""An id is put into paths, so it holds nothing that means something there."""

_DEFAULT_PERIOD: Final = 100_000
_WINDOWS_TICK: Final = 100.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NEVER: Final = "0001-01-01"
_NS_PER_MS: Final = 1_000_000

# What Podman calls its own states, where it does not use Docker's words.
_PODMAN: Final = {"stopped": "exited", "configured": "created", "initialized": "created", "stopping": "running"}

_Answer = TypeVar("_Answer")


class Listed(Struct):
    """One container of `GET /containers/json`."""

    id: Id = field(name="Id")
    state: str = field(name="State", default="")


class Actor(Struct):
    """Whom an event is about."""

    id: str = field(name="ID", default="")


class Event(Struct):
    """One line of `GET /events`."""

    kind: str = field(name="Type", default="container")
    action: str = field(name="Action", default="")
    actor: Actor = field(name="Actor", default_factory=Actor)


class _HealthState(Struct):
    status: str = field(name="Status", default="")


class _RunState(Struct):
    status: str = field(name="Status", default="")
    started_at: str = field(name="StartedAt", default="")
    finished_at: str = field(name="FinishedAt", default="")
    exit_code: int = field(name="ExitCode", default=0)
    health: _HealthState | None = field(name="Health", default=None)
    healthcheck: _HealthState | None = field(name="Healthcheck", default=None)  # as older Podmans call it


class _HostConfig(Struct):
    memory: int | None = field(name="Memory", default=None)
    shares: int | None = field(name="CpuShares", default=None)
    nano_cpus: int | None = field(name="NanoCpus", default=None)
    quota: int | None = field(name="CpuQuota", default=None)
    period: int | None = field(name="CpuPeriod", default=None)
    cpuset: str | None = field(name="CpusetCpus", default=None)
    count: int | None = field(name="CpuCount", default=None)


class _Config(Struct):
    image: str | None = field(name="Image", default=None)
    labels: dict[str, str] | None = field(name="Labels", default=None)


class _Inspected(Struct):
    id: Id = field(name="Id")
    name: str = field(name="Name", default="")
    image: str = field(name="Image", default="")
    restarts: int | None = field(name="RestartCount", default=None)
    state: _RunState = field(name="State", default_factory=_RunState)
    config: _Config | None = field(name="Config", default=None)
    host_config: _HostConfig | None = field(name="HostConfig", default=None)


class _CpuUsage(Struct):
    total_usage: float = 0.0
    usage_in_usermode: float = 0.0
    usage_in_kernelmode: float = 0.0
    percpu_usage: list[float] | None = None


class _Throttling(Struct):
    periods: float = 0.0
    throttled_periods: float = 0.0
    throttled_time: float = 0.0


class _Cpu(Struct):
    cpu_usage: _CpuUsage = field(default_factory=_CpuUsage)
    system_cpu_usage: float | None = None
    online_cpus: int | None = None
    throttling_data: _Throttling | None = None


class _Memory(Struct):
    usage: float | None = None
    limit: float | None = None
    failcnt: float | None = None
    stats: dict[str, float] | None = None
    privateworkingset: float | None = None
    commitbytes: float | None = None


class _Interface(Struct):
    rx_bytes: float = 0.0
    rx_packets: float = 0.0
    rx_errors: float = 0.0
    rx_dropped: float = 0.0
    tx_bytes: float = 0.0
    tx_packets: float = 0.0
    tx_errors: float = 0.0
    tx_dropped: float = 0.0


class _Block(Struct):
    major: int = 0
    minor: int = 0
    op: str = ""
    value: float = 0.0


class _BlockIo(Struct):
    io_service_bytes_recursive: list[_Block] | None = None


class _Pids(Struct):
    current: float | None = None


class _Stats(Struct):
    read: str = ""
    preread: str = ""
    num_procs: int = 0
    cpu_stats: _Cpu = field(default_factory=_Cpu)
    precpu_stats: _Cpu | None = None
    memory_stats: _Memory | None = None
    networks: dict[str, _Interface] | None = None
    network: _Interface | None = None  # before API 1.21
    blkio_stats: _BlockIo | None = None
    pids_stats: _Pids | None = None


_LIST: Final = msgspec.json.Decoder(list[Listed], strict=False)
_EVENT: Final = msgspec.json.Decoder(Event, strict=False)
_INSPECTED: Final = msgspec.json.Decoder(_Inspected, strict=False)
_STATS: Final = msgspec.json.Decoder(_Stats, strict=False)


def listed(body: bytes) -> list[Listed]:
    """The containers of a list.

    Raises:
        ReadFailed: not a list of containers.
    """
    return _decoded(_LIST, body)


def event(line: bytes) -> Event:
    """One event.

    Raises:
        ReadFailed: not an event.
    """
    return _decoded(_EVENT, line)


def container(body: bytes) -> Container:
    """The container that `GET /containers/{id}/json` describes.

    Raises:
        ReadFailed: not a description of a container.
    """
    found = _decoded(_INSPECTED, body)
    config, host = found.config or _Config(), found.host_config or _HostConfig()
    state = found.state
    return Container(
        id=found.id,
        name=found.name.removeprefix("/"),
        image=config.image or found.image,
        state=_one_of(State, _PODMAN.get(state.status, state.status), State.CREATED),
        health=_one_of(Health, (state.health or state.healthcheck or _HealthState()).status, Health.NONE),
        started_at=_milliseconds(state.started_at),
        finished_at=_milliseconds(state.finished_at),
        exit_code=state.exit_code,
        restarts=max(found.restarts or 0, 0),
        labels=config.labels or {},
        processors=_processors(host),
        memory_limit=max(host.memory or 0, 0),
    )


def usage(body: bytes) -> tuple[Usage | None, Usage | None]:
    """One read of a container's resources, and the read before it as far as the Engine repeats that.

    The first is None when nothing was running to be read. The second, of which only time and CPU count, is None when the Engine was
    asked for one read alone.

    Raises:
        ReadFailed: not an answer of `GET /containers/{id}/stats`.
    """
    found = _decoded(_STATS, body)
    at, before = _nanoseconds(found.read), _nanoseconds(found.preread)
    now = None if at is None else _usage(found, found.cpu_stats, at)
    if before is None or found.precpu_stats is None:
        return now, None
    return now, _usage(found, found.precpu_stats, before)


def _decoded(decoder: msgspec.json.Decoder[_Answer], body: bytes) -> _Answer:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReadFailed(f"the engine's answer is not what its API promises: {error}") from None


def _one_of(kind: Any, text: str, default: Any) -> Any:
    try:
        return kind(text.lower())
    except ValueError:
        return default


def _processors(host: _HostConfig) -> Processors:
    """The limit from whatever form it was given in; of several the least."""
    period = host.period or _DEFAULT_PERIOD
    quota = max(host.quota or 0, 0)
    if host.nano_cpus and not quota:
        quota = host.nano_cpus * period // 1_000_000_000
    limits = [float(host.count)] if host.count else []
    if quota:
        limits.append(quota / period)
    cpus = _cpuset(host.cpuset or "")
    if cpus:
        limits.append(float(cpus))
    return Processors(min(limits, default=None), max(host.shares or 0, 0), quota, period if quota else 0)


def _cpuset(text: str) -> int:
    """How many CPUs a list such as `0-2,7` names; 0 when it names none that we understand."""
    count = 0
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"\s*(\d{1,6})(?:-(\d{1,6}))?\s*", part, re.ASCII)
        if match is None:
            return 0
        count += max(0, int(match[2] or match[1]) - int(match[1]) + 1)
    return count


def _usage(found: _Stats, cpu: _Cpu, at: int) -> Usage:
    pids = found.pids_stats.current if found.pids_stats is not None else None
    return Usage(
        at, _cpu(found, cpu), _memory(found.memory_stats or _Memory()), _networks(found), _devices(found), pids or None
    )


def _cpu(found: _Stats, cpu: _Cpu) -> CpuTime:
    used, throttled = cpu.cpu_usage, cpu.throttling_data or _Throttling()
    windows = found.num_procs > 0
    tick = _WINDOWS_TICK if windows else 1.0
    now = found.cpu_stats
    cpus = found.num_procs or cpu.online_cpus or now.online_cpus or len(now.cpu_usage.percpu_usage or ()) or 1
    return CpuTime(
        used=used.total_usage * tick,
        user=used.usage_in_usermode * tick,
        system=used.usage_in_kernelmode * tick,
        machine=cpu.system_cpu_usage or None,
        cpus=cpus,
        of_machine=windows,
        periods=throttled.periods,
        throttled_periods=throttled.throttled_periods,
        throttled=throttled.throttled_time,
    )


def _memory(memory: _Memory) -> Memory:
    if memory.usage is None and memory.privateworkingset is not None:  # Windows
        committed = memory.commitbytes if memory.commitbytes is not None else memory.privateworkingset
        return Memory(committed, memory.privateworkingset, memory.limit)
    parts, usage = memory.stats or {}, memory.usage or 0.0

    def part(old: str, new: str) -> float | None:
        """A line of memory.stat: cgroup v1's name for the container and what is below it, then v2's."""
        return parts.get(old, parts.get(new))

    return Memory(
        usage=usage,
        working_set=working_set(usage, parts),
        limit=memory.limit,
        cache=part("total_cache", "file"),
        rss=part("total_rss", "anon"),
        mapped_file=part("total_mapped_file", "file_mapped"),
        swap=parts.get("total_swap"),
        failures=memory.failcnt,
    )


def _networks(found: _Stats) -> tuple[Traffic, ...] | None:
    networks: Mapping[str, _Interface] | None = found.networks
    if networks is None and found.network is not None:
        networks = {"eth0": found.network}
    if networks is None:
        return None
    return tuple(Traffic(name, **msgspec.structs.asdict(one)) for name, one in networks.items())


def _devices(found: _Stats) -> tuple[BlockTraffic, ...]:
    blocks = (found.blkio_stats.io_service_bytes_recursive if found.blkio_stats is not None else None) or []
    devices = dict.fromkeys(f"{block.major}:{block.minor}" for block in blocks)
    return tuple(
        BlockTraffic(device, _moved(blocks, device, "read"), _moved(blocks, device, "write")) for device in devices
    )


def _moved(blocks: Iterable[_Block], device: str, op: str) -> float:
    return sum(one.value for one in blocks if f"{one.major}:{one.minor}" == device and one.op.lower() == op)


def _milliseconds(text: str) -> int | None:
    nanoseconds = _nanoseconds(text)
    return None if nanoseconds is None else nanoseconds // _NS_PER_MS


def _nanoseconds(text: str) -> int | None:
    """An instant in ns since 1970; None for the year 1, which is Go's way of saying never."""
    match = _TIME.fullmatch(text)
    if match is None or text.startswith(_NEVER):
        return None
    try:
        instant = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    except ValueError:
        return None
    return (instant - _EPOCH) // timedelta(seconds=1) * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))
