"""Time lost waiting for processors, memory and disks, from /proc/pressure (kernels since 4.20)."""

from typing import Final

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings

_MICROSECOND: Final = 1e-6

# (file, line) to metric. Processors have no `full` line of use: some task always runs.
_METRICS: Final = {
    ("cpu", "some"): "node_pressure_cpu_waiting_seconds_total",
    ("io", "some"): "node_pressure_io_waiting_seconds_total",
    ("io", "full"): "node_pressure_io_stalled_seconds_total",
    ("memory", "some"): "node_pressure_memory_waiting_seconds_total",
    ("memory", "full"): "node_pressure_memory_stalled_seconds_total",
}


def read(roots: Roots) -> Readings:
    """Seconds in which some or all tasks waited."""
    found: dict[tuple[str, Pairs], float] = {}
    for resource in ("cpu", "io", "memory"):
        for line in (roots.proc / "pressure" / resource).read_text().splitlines():
            who, _, rest = line.partition(" ")
            metric = _METRICS.get((resource, who))
            if metric:
                found[metric, ()] = int(rest.rpartition("total=")[2]) * _MICROSECOND
    return found
