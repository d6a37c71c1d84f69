"""A container together with what it uses: the figures people look at, made from two reads."""

from dataclasses import dataclass

from sightline.domain.containers import formulas
from sightline.domain.containers.container import Container
from sightline.domain.containers.thresholds import Threshold, Thresholds
from sightline.domain.containers.usage import Usage


@dataclass(frozen=True, slots=True)
class Load:
    """How much a container uses, from one read and the one before it.

    at: ms, when it was read. cpu_percent: as `docker stats` shows it. cpu_percent_of_limit: of the CPUs it may use (`cpu_limit`).
    memory_percent: the working set, of the container's limit, else of the machine's memory. None where it is not known, as CPU is
    after the first read.
    """

    at: int
    usage: Usage
    cpu_limit: float
    cpu_percent: float | None
    cpu_percent_of_limit: float | None
    memory_percent: float | None

    @classmethod
    def of(cls, at: int, container: Container, usage: Usage, before: Usage | None) -> "Load":
        """The load that a read shows. before: an earlier read of the same run of the container, if there was one."""
        limit = formulas.cpu_limit(container.processors.limit, usage.cpu)
        cpus = None
        if before is not None:
            cpus = formulas.cpus_used(before.cpu, usage.cpu, usage.read_at - before.read_at)
        return cls(
            at,
            usage,
            limit,
            None if cpus is None else formulas.cpu_percent(cpus, usage.cpu),
            None if cpus is None else formulas.percent(cpus, limit),
            formulas.percent(usage.memory.working_set, usage.memory.limit),
        )


@dataclass(frozen=True, slots=True)
class Alarms:
    """The thresholds of one container."""

    cpu: Threshold
    memory: Threshold

    @classmethod
    def of(cls, container: Container, cpu: Thresholds, memory: Thresholds) -> "Alarms":
        """What holds for a container."""
        return cls(cpu.threshold(container.name, container.labels), memory.threshold(container.name, container.labels))


@dataclass(frozen=True, slots=True)
class Observed:
    """A container and its load; None while it was not read, or has nothing to read."""

    container: Container
    alarms: Alarms
    load: Load | None = None
