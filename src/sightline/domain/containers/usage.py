"""What one read of a container's resources brings. Figures are floats: counters pass 2^53 only after 104 days of CPU time."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CpuTime:
    """CPU time since the container started, in ns, and what it is measured against.

    used: of the container, all CPUs together. user, system: its parts. machine: of the whole machine, idle time included, all
    CPUs together; None where the engine does not say. cpus: how many are online, at least 1. of_machine: whether percentages
    are of the whole machine, as on Windows, and not of one CPU. periods, throttled_periods, throttled: of a CPU quota; 0
    without one.
    """

    used: float
    user: float = 0.0
    system: float = 0.0
    machine: float | None = None
    cpus: int = 1
    of_machine: bool = False
    periods: float = 0.0
    throttled_periods: float = 0.0
    throttled: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes; None where this machine does not say.

    usage: with the page cache. working_set: what could not be taken back. limit: of the container, else of the machine.
    failures: how often the limit was hit.
    """

    usage: float
    working_set: float
    limit: float | None = None
    cache: float | None = None
    rss: float | None = None
    mapped_file: float | None = None
    swap: float | None = None
    failures: float | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counters of one network interface since the container started, received and transmitted."""

    interface: str
    rx_bytes: float = 0.0
    rx_packets: float = 0.0
    rx_errors: float = 0.0
    rx_dropped: float = 0.0
    tx_bytes: float = 0.0
    tx_packets: float = 0.0
    tx_errors: float = 0.0
    tx_dropped: float = 0.0


@dataclass(frozen=True, slots=True)
class BlockTraffic:
    """Bytes read from and written to one block device, `major:minor`."""

    device: str
    read: float = 0.0
    written: float = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """One read. read_at: ns since 1970 by the engine's clock. networks: None when the container has no network of its own."""

    read_at: int
    cpu: CpuTime
    memory: Memory
    networks: tuple[Traffic, ...] | None = None
    devices: tuple[BlockTraffic, ...] = field(default=())
    threads: float | None = None
