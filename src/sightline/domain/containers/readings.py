"""An observed container as series: cAdvisor's names and labels where it has the figure, our own beside them."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sightline.domain.containers.container import Container, Health
from sightline.domain.containers.observed import Load, Observed
from sightline.domain.containers.usage import CpuTime, Memory, Traffic
from sightline.domain.metrics.readings import Pairs

JOB: Final = "docker"
LABEL_PREFIX: Final = "container_label_"
MAX_VALUE: Final = 256
"""Characters of a label value; what is longer is cut, so that one container's label never costs the others their samples."""

Reading = tuple[tuple[str, Pairs], float]
_Named = tuple[str, float | None]

_NS: Final = 1e9
_MS: Final = 1e3
_NOT_A_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")


def readings(observed: Observed, kept: Sequence[str]) -> Iterator[Reading]:
    """The series of one container, without `job` and `instance`. kept: the Docker labels that become labels of the series."""
    container, load = observed.container, observed.load
    identity = _identity(container, kept)
    yield ("container_state", (*identity, ("state", container.state.value))), 1.0
    named = [*_lifetime(container), *_specified(container), *_thresholds(observed)]
    if load is not None:
        named += [*_percentages(load), *_cpu(load.usage.cpu), *_memory(load.usage.memory)]
        named += [("container_threads", load.usage.threads), ("container_last_seen", load.at / _MS)]
        yield ("container_cpu_usage_seconds_total", (*identity, ("cpu", "total"))), load.usage.cpu.used / _NS
        yield from _network(load.usage.networks or (), identity)
        for device in load.usage.devices:
            labels = (*identity, ("device", device.device))
            yield ("container_fs_reads_bytes_total", labels), device.read
            yield ("container_fs_writes_bytes_total", labels), device.written
    yield from (((name, identity), value) for name, value in named if value is not None)


def label_name(docker_label: str) -> str:
    """The name under which a Docker label stands on series, as cAdvisor writes it."""
    return LABEL_PREFIX + _NOT_A_NAME.sub("_", docker_label)


def clip(text: str) -> str:
    """A text as a label value: of bounded length, without NUL."""
    return text[:MAX_VALUE].replace("\x00", "")


def _identity(container: Container, kept: Sequence[str]) -> Pairs:
    # Two Docker labels may become one name; the first of the list stands.
    labels: dict[str, str] = {}
    for name in kept:
        if container.labels.get(name):
            labels.setdefault(label_name(name), clip(container.labels[name]))
    own = (("id", clip(container.id)), ("image", clip(container.image)), ("name", clip(container.name)))
    return (*own, *labels.items())


def _lifetime(container: Container) -> Iterator[_Named]:
    yield "container_restarts_total", float(container.restarts)
    if container.listed:
        yield "container_start_time_seconds", None if container.started_at is None else container.started_at / _MS
    if container.readable and container.health in {Health.HEALTHY, Health.UNHEALTHY}:
        yield "container_healthy", float(container.health is Health.HEALTHY)


def _specified(container: Container) -> Iterator[_Named]:
    if not container.listed:
        return
    processors = container.processors
    yield "container_spec_cpu_shares", float(processors.shares) if processors.shares else None
    yield "container_spec_cpu_period", float(processors.period) if processors.period else None
    yield "container_spec_cpu_quota", float(processors.quota) if processors.quota else None
    yield "container_spec_memory_limit_bytes", float(container.memory_limit)


def _thresholds(observed: Observed) -> Iterator[_Named]:
    if observed.container.listed:
        yield "container_cpu_threshold_percent", observed.alarms.cpu.percent
        yield "container_memory_threshold_percent", observed.alarms.memory.percent


def _percentages(load: Load) -> Iterator[_Named]:
    yield "container_cpu_percent", load.cpu_percent
    yield "container_cpu_percent_of_limit", load.cpu_percent_of_limit
    yield "container_memory_percent", load.memory_percent


def _cpu(cpu: CpuTime) -> Iterator[_Named]:
    yield "container_cpu_user_seconds_total", cpu.user / _NS
    yield "container_cpu_system_seconds_total", cpu.system / _NS
    if cpu.periods:
        yield "container_cpu_cfs_periods_total", cpu.periods
        yield "container_cpu_cfs_throttled_periods_total", cpu.throttled_periods
        yield "container_cpu_cfs_throttled_seconds_total", cpu.throttled / _NS


def _memory(memory: Memory) -> Iterator[_Named]:
    yield "container_memory_usage_bytes", memory.usage
    yield "container_memory_working_set_bytes", memory.working_set
    yield "container_memory_cache", memory.cache
    yield "container_memory_rss", memory.rss
    yield "container_memory_mapped_file", memory.mapped_file
    yield "container_memory_swap", memory.swap
    yield "container_memory_failcnt", memory.failures


def _network(networks: Sequence[Traffic], identity: Pairs) -> Iterator[Reading]:
    for one in networks:
        labels = (*identity, ("interface", clip(one.interface)))
        yield ("container_network_receive_bytes_total", labels), one.rx_bytes
        yield ("container_network_receive_packets_total", labels), one.rx_packets
        yield ("container_network_receive_errors_total", labels), one.rx_errors
        yield ("container_network_receive_packets_dropped_total", labels), one.rx_dropped
        yield ("container_network_transmit_bytes_total", labels), one.tx_bytes
        yield ("container_network_transmit_packets_total", labels), one.tx_packets
        yield ("container_network_transmit_errors_total", labels), one.tx_errors
        yield ("container_network_transmit_packets_dropped_total", labels), one.tx_dropped
