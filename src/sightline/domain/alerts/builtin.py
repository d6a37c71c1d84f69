"""The rules that are there from the first start: over this host's own samples, and over those of its containers."""

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


# A container's thresholds are series beside its figures, because each may have its own: a rule compares the two.
_CONTAINER_CPU: Final = "container_cpu_percent_of_limit"
_CONTAINER_MEMORY: Final = "container_memory_percent"
# One restart is what a restart policy is for; a third within ten minutes is a loop.
_RESTARTS: Final = "increase(container_restarts_total[10m])"
_HEALTHY: Final = "container_healthy"
_WHERE: Final = "Container {{ $labels.name }} ({{ $labels.image }}) on {{ $labels.instance }}"


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


def container_rules() -> tuple[AlertRule, ...]:
    """HighContainerCpu, HighContainerMemory, ContainerRestarting and ContainerUnhealthy, each per container.

    CPU is in percent of what the container may use (its limit, else all CPUs of the machine), memory in percent of its limit (else
    of the machine's memory). A container whose threshold is off has no threshold series, and so no alert.
    """
    return (
        _container(
            "HighContainerCpu",
            f"{_CONTAINER_CPU} > container_cpu_threshold_percent",
            _CONTAINER_CPU,
            Severity.CRITICAL,
            (
                'CPU of {{ $labels.name }} {{ $value | printf "%.1f" }} % of its limit',
                "uses more CPU than its threshold",
            ),
            for_ms=_FOR,
        ),
        _container(
            "HighContainerMemory",
            f"{_CONTAINER_MEMORY} > container_memory_threshold_percent",
            _CONTAINER_MEMORY,
            Severity.WARNING,
            (
                'Memory of {{ $labels.name }} {{ $value | printf "%.1f" }} % of its limit',
                "uses more memory than its threshold",
            ),
            for_ms=_FOR,
        ),
        _container(
            "ContainerRestarting",
            f"{_RESTARTS} > 2",
            _RESTARTS,
            Severity.WARNING,
            ('{{ $labels.name }} restarted {{ $value | printf "%.0f" }} times', "restarts again and again"),
        ),
        _container(
            "ContainerUnhealthy",
            f"{_HEALTHY} == 0",
            _HEALTHY,
            Severity.WARNING,
            ("{{ $labels.name }} is unhealthy", "fails its health check"),
        ),
    )


def _container(
    name: str, expr: str, data: str, severity: Severity, texts: tuple[str, str], *, for_ms: int = 0
) -> AlertRule:
    summary, what = texts
    annotations = {"summary": summary, "description": f"{_WHERE} {what}."}
    return AlertRule(name, expr, for_ms, severity, annotations=annotations, data=data)


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
