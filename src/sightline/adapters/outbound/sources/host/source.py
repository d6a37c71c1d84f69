"""The source: all collectors of this platform, one after the other, in a thread."""

import asyncio
import socket
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock
from time import perf_counter
from typing import Final

from typing_extensions import override

from sightline.adapters.outbound.sources.host import (
    disks,
    identity,
    memory,
    network,
    pressure,
    processor,
    sensors,
)
from sightline.adapters.outbound.sources.host.filesystems import Filesystems
from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.errors import Unavailable
from sightline.domain.metrics.readings import Batches, Pairs, Readings
from sightline.domain.metrics.samples import WriteBatch
from sightline.ports.clock import Clock
from sightline.ports.source import Source

Collector = Callable[[], Readings]

JOB: Final = "node"


class HostSource(Source):
    """CPU, memory, disks, file systems, network and identity of this machine.

    instance: what the machine is called; its host name unless given. roots: where /proc, /sys and /etc are, for containers that see
    the host's elsewhere, and for tests. executor: where the reading is done; asyncio's default one unless given. patience: seconds
    that a collection waits for one that is still under way.

    Each collector also reports `node_scrape_collector_success` and `node_scrape_collector_duration_seconds`, as node_exporter does,
    so that what is missing can be told from what is zero.
    """

    def __init__(
        self,
        clock: Clock,
        instance: str = "",
        *,
        roots: Roots | None = None,
        executor: Executor | None = None,
        patience: float = 2.0,
    ) -> None:
        self._clock = clock
        self._executor = executor
        self._patience = patience
        self._batches = Batches(JOB, instance or socket.gethostname())
        self._collectors = on_linux(roots or Roots()) if sys.platform == "linux" or roots else elsewhere()
        self._reading = Lock()
        self._marks: dict[str, Pairs] = {name: (("collector", name),) for name in self._collectors}

    @property
    @override
    def name(self) -> str:
        return "host"

    @override
    async def collect(self) -> WriteBatch:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._collect)

    def _collect(self) -> WriteBatch:
        # Whoever gave up waiting left a thread behind, and a hanging device must not take one more every few seconds.
        if not self._reading.acquire(timeout=self._patience):
            raise Unavailable("this machine is still being read since the last collection: a device may hang")
        try:
            return self._read()
        finally:
            self._reading.release()

    def _read(self) -> WriteBatch:
        now = self._clock.now()
        found: dict[tuple[str, Pairs], float] = {}
        successes = 0
        for name, collector in self._collectors.items():
            started = perf_counter()
            try:
                readings = collector()
            except (OSError, ValueError, LookupError):
                readings = {}
            found.update(readings)
            successes += bool(readings) and name != "uname"  # which the kernel always answers
            found["node_scrape_collector_success", self._marks[name]] = float(bool(readings))
            found["node_scrape_collector_duration_seconds", self._marks[name]] = perf_counter() - started
        if not successes:
            raise Unavailable("nothing of this machine can be read: see docs/guide/host-metrics.md")
        found["node_time_seconds", ()] = now / 1000
        return self._batches.make(now, found)


def on_linux(roots: Roots) -> dict[str, Collector]:
    """The collectors of a Linux machine, by node_exporter's names for them."""
    cpu = processor.Cpu(roots)
    filesystems = Filesystems(roots)
    chips = sensors.Sensors(roots)
    return {
        "cpu": cpu.read,
        "loadavg": lambda: processor.load(roots),
        "meminfo": lambda: memory.read(roots),
        "diskstats": lambda: disks.read(roots),
        "filesystem": filesystems.read,
        "netdev": lambda: network.traffic(roots),
        "netclass": lambda: network.state(roots),
        "filefd": lambda: processor.file_descriptors(roots),
        "pressure": lambda: pressure.read(roots),
        "hwmon": chips.hwmon,
        "thermal_zone": chips.thermal_zones,
        "uname": lambda: identity.uname(roots),
        "os": identity.OperatingSystem(roots).read,
    }


def elsewhere() -> dict[str, Collector]:
    """The collectors of every other machine."""
    from sightline.adapters.outbound.sources.host import portable

    return {
        "cpu": portable.cpu,
        "loadavg": portable.load,
        "meminfo": portable.memory,
        "diskstats": portable.disks,
        "filesystem": portable.filesystems,
        "netdev": portable.network,
        "uname": lambda: identity.uname(Roots()),
    }
