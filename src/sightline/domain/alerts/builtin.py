"""The rules that are there from the first start, over this host's own samples under node_exporter's names."""

from typing import Final

from sightline.domain.alerts.rule import AlertRule, Severity
from sightline.domain.errors import BadData
from sightline.domain.timerange import SECOND

CPU_THRESHOLD: Final = 90.0
MEMORY_THRESHOLD: Final = 85.0

# Long enough to be no single sample's whim and to be seen pending, short enough to be told while it matters.
_FOR: Final = 10 * SECOND

# Waiting for a disk leaves the CPU free for others, so iowait counts as idle; what a hypervisor takes (steal) is lost
# to this machine and counts as busy. A ratio of all modes needs no number of cores, and a late sample falls on both
# sides.
_CPU: Final = (
    '100 * (1 - sum by (instance) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[30s]))'
    " / sum by (instance) (rate(node_cpu_seconds_total[30s])))"
)
# Available, not free: what the page cache would give back is no shortage.
_MEMORY: Final = "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"


def builtin_rules(
    cpu_threshold: float = CPU_THRESHOLD, memory_threshold: float = MEMORY_THRESHOLD
) -> tuple[AlertRule, ...]:
    """HighCpuUsage and HighMemoryUsage, each per instance, above thresholds in percent (0 to 100; 100 is never passed).

    Raises:
        BadData: a threshold that is no percentage.
    """
    return (
        _above("HighCpuUsage", "CPU", _CPU, cpu_threshold, Severity.CRITICAL),
        _above("HighMemoryUsage", "Memory", _MEMORY, memory_threshold, Severity.WARNING),
    )


def _above(name: str, what: str, percent: str, threshold: float, severity: Severity) -> AlertRule:
    if not 0 <= threshold <= 100:  # noqa: PLR2004 - percent
        raise BadData(f"the {what} threshold is {threshold:g}, but a percentage lies between 0 and 100")
    return AlertRule(
        name=name,
        expr=f"{percent} > {threshold:.15g}",
        for_ms=_FOR,
        severity=severity,
        annotations={
            "summary": f'{what} {{{{ $value | printf "%.1f" }}}} %',
            "description": f"{what} on {{{{ $labels.instance }}}} is above {threshold:.15g} %.",
        },
        data=percent,
    )
