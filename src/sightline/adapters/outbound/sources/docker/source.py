"""The source: what every container uses, and who it is, under cAdvisor's names."""

import asyncio
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog
from typing_extensions import override

from sightline.adapters.outbound.sources.docker.address import Address, find_socket, parse_address, usual_sockets
from sightline.adapters.outbound.sources.docker.engine import Engine
from sightline.adapters.outbound.sources.docker.reads import Missing, Patience, Read, read_all
from sightline.adapters.outbound.sources.docker.watch import Watch
from sightline.domain.containers.container import Container
from sightline.domain.containers.observed import Alarms, Load, Observed
from sightline.domain.containers.readings import JOB, readings
from sightline.domain.containers.thresholds import CPU_LABEL, MEMORY_LABEL, Thresholds
from sightline.domain.errors import Unavailable
from sightline.domain.metrics.readings import Batches
from sightline.domain.metrics.samples import WriteBatch
from sightline.ports.clock import Clock
from sightline.ports.containers import Containers
from sightline.ports.source import Source
from sightline.ports.telemetry import Instrument, Kind, Telemetry

MISSED: Final = Instrument(
    "sightline_container_reads_missed_total",
    "Reads of a container's resources that brought nothing, by reason: gone, late, failed or away (the engine).",
    Kind.COUNTER,
    ("reason",),
)

_log = structlog.get_logger("sightline.containers")

_Run = tuple[str, int | None]
"""One run of a container: its id, and when it was started."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is to be observed, and how.

    host: the Engine's address; empty: where it usually is. tls_folder: keys for an Engine over TLS. instance: the label of that
    name; empty: this machine's host name. labels: the Docker labels that become labels of series. limit: how many containers at
    most. cpu, memory: when an alert is due. sockets: where to look when no address is given; None: where engines usually are.

    Raises:
        SettingsInvalid: on construction, from an address that cannot be one.
    """

    host: str = ""
    tls_folder: Path | None = None
    instance: str = ""
    labels: tuple[str, ...] = ()
    limit: int = 500
    cpu: Thresholds = field(default_factory=lambda: Thresholds(CPU_LABEL, 90.0))
    memory: Thresholds = field(default_factory=lambda: Thresholds(MEMORY_LABEL, 85.0))
    sockets: tuple[Path, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse an address that cannot be one."""
        if self.host:
            with suppress(Unavailable):  # one that other programs may speak: told when it is tried
                self.address()

    def address(self) -> Address | None:
        """Where the Engine is now: as told, else where one is found.

        Raises:
            Unavailable: we do not speak to such an address.
        """
        if self.host:
            return parse_address(self.host, tls=self.tls_folder is not None)
        return find_socket(usual_sockets() if self.sockets is None else self.sockets)


class DockerSource(Source, Containers):
    """All containers of one Engine. Use as an async context, inside which it follows the Engine's events.

    Without an address, and without an engine where engines usually are, there is nothing to collect and nothing to complain
    about; it is looked for again every minute. Containers that come, go, or do not answer in time cost the others nothing:
    whoever was late is asked last the next time.
    """

    def __init__(
        self, watched: Watched, clock: Clock, telemetry: Telemetry, *, patience: Patience | None = None
    ) -> None:
        self._watched = watched
        self._clock = clock
        self._telemetry = telemetry
        self._patience = patience or Patience()
        self._batches = Batches(JOB, watched.instance or socket.gethostname())
        self._watch = Watch(watched.address, partial(Engine, tls_folder=watched.tls_folder), clock, watched.limit)
        self._following: asyncio.Task[None] | None = None
        self._loads: Mapping[_Run, Load] = {}
        self._late: frozenset[str] = frozenset()
        self._told: frozenset[tuple[str, str]] = frozenset()

    async def __aenter__(self) -> Self:
        self._following = asyncio.create_task(self._watch.run(), name="watch containers")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    @property
    @override
    def name(self) -> str:
        return JOB

    @override
    def present(self) -> tuple[Observed, ...]:
        if self._watch.problem:
            raise Unavailable(self._watch.problem)
        found = sorted(self._watch.known.values(), key=lambda one: (one.name, one.id))
        return tuple(self._observed(one) for one in found)

    @override
    async def collect(self) -> WriteBatch:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.settle):
                await self._watch.settled.wait()
        if self._following is not None and self._following.done():
            self._following.result()  # it never ends but by a defect, which must be seen
        engine = self._watch.engine
        if engine is not None:
            await self._read(engine)
        elif self._watch.known and not self._watch.problem:
            raise Unavailable("the connection to the container engine is being opened again")
        observed = self.present()
        self._tell_problems(observed)
        return await asyncio.to_thread(self._batch, self._clock.now(), observed)

    async def _read(self, engine: Engine) -> None:
        """Bring the loads up to date."""
        wanted = [one for one in self._watch.known.values() if one.readable]
        wanted.sort(key=lambda one: one.id in self._late)
        found = await read_all(engine, [one.id for one in wanted], self._patience)
        missing = {id_: read for id_, read in found.items() if isinstance(read, Missing)}
        for reason in missing.values():
            self._telemetry.add(MISSED, labels=(reason.value,))
        now, before = self._clock.now(), self._loads
        self._loads = {
            _run(one): _load(now, one, read, before.get(_run(one)))
            for one in wanted
            if isinstance(read := found[one.id], Read)
        }
        self._late = frozenset(id_ for id_, reason in missing.items() if reason is Missing.LATE)
        self._watch.look_at(id_ for id_, reason in missing.items() if reason is Missing.GONE)
        if Missing.AWAY in missing.values() and not self._loads:
            raise Unavailable("the container engine went away while its containers were read")

    def _observed(self, container: Container) -> Observed:
        load = self._loads.get(_run(container)) if container.readable else None
        return Observed(container, Alarms.of(container, self._watched.cpu, self._watched.memory), load)

    def _batch(self, time: int, observed: Iterable[Observed]) -> WriteBatch:
        found = {series: value for one in observed for series, value in readings(one, self._watched.labels)}
        return self._batches.make(time, found)

    def _tell_problems(self, observed: Iterable[Observed]) -> None:
        """Tell of labels that are no thresholds: once each, for as long as they are there."""
        problems = frozenset(
            (one.container.name, alarm.problem)
            for one in observed
            for alarm in (one.alarms.cpu, one.alarms.memory)
            if alarm.problem
        )
        for name, problem in sorted(problems - self._told):
            _log.warning("a container's threshold is not used", container=name, reason=problem)
        self._told = problems


def _run(container: Container) -> _Run:
    return container.id, container.started_at


def _load(now: int, container: Container, read: Read, last: Load | None) -> Load:
    """The load after a read; the last one stays when the Engine, which may read but once a second, has nothing newer."""
    if last is None:
        return Load.of(now, container, read.usage, read.before)
    if last.usage.read_at == read.usage.read_at:
        return last
    return Load.of(now, container, read.usage, last.usage)
