"""The rules that are there from the first start: over the samples of hosts, of their targets and of containers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sightline.domain.alerts.rule import AlertRule, Severity
from sightline.domain.containers.thresholds import Thresholds
from sightline.domain.errors import BadData
from sightline.domain.go_literals import quoted
from sightline.domain.timerange import MINUTE, SECOND

CPU_THRESHOLD: Final = 90.0
MEMORY_THRESHOLD: Final = 85.0
DISK_THRESHOLD: Final = 90.0
MAX_HOST_THRESHOLDS: Final = 50
"""Of one resource: each is a piece of the expression that is evaluated every few seconds."""

# Long enough to be no single sample's whim and to be seen pending, short enough to be told while it matters.
_FOR: Final = 10 * SECOND
# A disk fills slowly and a target that starts anew is away for a moment.
_FOR_LONGER: Final = MINUTE


@dataclass(frozen=True, slots=True)
class HostThresholds:
    """In percent, for all hosts and for some by their `instance`; 100 is never passed.

    Raises:
        BadData: a default that is no percentage, or more names than `MAX_HOST_THRESHOLDS`.
    """

    cpu: Thresholds = field(default_factory=lambda: Thresholds("", CPU_THRESHOLD))
    memory: Thresholds = field(default_factory=lambda: Thresholds("", MEMORY_THRESHOLD))
    disk: Thresholds = field(default_factory=lambda: Thresholds("", DISK_THRESHOLD))

    def __post_init__(self) -> None:
        """Refuse what could not be evaluated."""
        for what, its in (("CPU", self.cpu), ("memory", self.memory), ("disk", self.disk)):
            if not 0 <= its.default <= 100:  # noqa: PLR2004 - percent
                raise BadData(f"the {what} threshold is {its.default:g}, but a percentage lies between 0 and 100")
            if len(its.by_name) > MAX_HOST_THRESHOLDS:
                message = (
                    f"{len(its.by_name)} {what} thresholds of hosts are more than {MAX_HOST_THRESHOLDS}:"
                    " let patterns stand for several"
                )
                raise BadData(message, limit=MAX_HOST_THRESHOLDS)


def _cpu(*where: str) -> str:
    # Waiting for a disk leaves the CPU free for others, so iowait counts as idle; what a hypervisor takes (steal) is lost
    # to this machine and counts as busy. A ratio of all modes needs no number of cores, and a late sample falls on both
    # sides.
    idle = _select("node_cpu_seconds_total", 'mode=~"idle|iowait"', *where)
    spent = _select("node_cpu_seconds_total", *where)
    return f"100 * (1 - sum by (instance) (rate({idle}[30s])) / sum by (instance) (rate({spent}[30s])))"


def _memory(*where: str) -> str:
    # Available, not free: what the page cache would give back is no shortage.
    available, total = _select("node_memory_MemAvailable_bytes", *where), _select("node_memory_MemTotal_bytes", *where)
    return f"100 * (1 - {available} / {total})"


def _disk(*where: str) -> str:
    # As df has it: what is kept for root is neither used nor available. What cannot be written to is always full.
    conditions = (_STORED, *where)
    size, free = _select("node_filesystem_size_bytes", *conditions), _select("node_filesystem_free_bytes", *conditions)
    available, fixed = (
        _select("node_filesystem_avail_bytes", *conditions),
        _select("node_filesystem_readonly", *conditions),
    )
    return f"100 * (1 - {available} / ({size} - {free} + {available})) unless {fixed} == 1"


SILENT_AFTER: Final = 5 * MINUTE
"""How long after its last report a registered server is called silent, ms."""
_SILENT_FOR: Final = "time() - server_last_seen_timestamp_seconds"
_STORED: Final = 'fstype!~"tmpfs|ramfs|squashfs|iso9660|erofs"'


def _select(metric: str, *where: str) -> str:
    return f"{metric}{{{','.join(where)}}}" if where else metric


# A container's thresholds are series beside its figures, because each may have its own: a rule compares the two.
_CONTAINER_CPU: Final = "container_cpu_percent_of_limit"
_CONTAINER_MEMORY: Final = "container_memory_percent"
# One restart is what a restart policy is for; a third within ten minutes is a loop.
_RESTARTS: Final = "increase(container_restarts_total[10m])"
_HEALTHY: Final = "container_healthy"
_WHERE: Final = "Container {{ $labels.name }} ({{ $labels.image }}) on {{ $labels.instance }}"


def host_rules(thresholds: HostThresholds = HostThresholds()) -> tuple[AlertRule, ...]:
    """HighCpuUsage, HighMemoryUsage and HighDiskUsage, above thresholds, HostDown and ReportingStopped."""
    return (
        _above("HighCpuUsage", "CPU", _cpu, thresholds.cpu, Severity.CRITICAL),
        _above("HighMemoryUsage", "Memory", _memory, thresholds.memory, Severity.WARNING),
        _above(
            "HighDiskUsage", "Disk", _disk, thresholds.disk, Severity.WARNING, " {{ $labels.mountpoint }}", _FOR_LONGER
        ),
        AlertRule(
            "HostDown",
            "up == 0",
            _FOR_LONGER,
            Severity.CRITICAL,
            annotations={
                "summary": "{{ $labels.instance }} cannot be scraped",
                "description": "Nothing was read from {{ $labels.instance }} of job {{ $labels.job }} for a minute or longer.",
            },
            data="up",
        ),
        AlertRule(
            "ReportingStopped",
            f"{_SILENT_FOR} > {SILENT_AFTER // SECOND}",
            _FOR_LONGER,
            Severity.CRITICAL,
            annotations={
                "summary": "{{ $labels.hostname }} has not reported for {{ $value | humanizeDuration }}",
                "description": "Reports of the server {{ $labels.hostname }} have stopped. Delete it if it is gone for good.",
            },
            data=_SILENT_FOR,
        ),
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


def _above(
    name: str,
    what: str,
    percent: Callable[..., str],
    thresholds: Thresholds,
    severity: Severity,
    place: str = "",
    for_ms: int = _FOR,
) -> AlertRule:
    """A rule that compares a percentage. percent: its expression, of series that meet conditions; place: what else is told."""
    bound = "its threshold" if thresholds.by_name else f"{thresholds.default:.15g} %"
    return AlertRule(
        name=name,
        expr=_exceeding(percent, thresholds),
        for_ms=for_ms,
        severity=severity,
        annotations={
            "summary": f'{what}{place} {{{{ $value | printf "%.1f" }}}} %',
            "description": f"{what}{place} on {{{{ $labels.instance }}}} is above {bound}.",
        },
        data=_whole(percent()),
    )


def _exceeding(percent: Callable[..., str], thresholds: Thresholds) -> str:
    """The condition: one comparison for all hosts, or one for each name and one for all others."""
    if not thresholds.by_name:
        return f"{_whole(percent())} > {thresholds.default:.15g}"
    pieces: list[str] = []
    before: list[str] = []
    for pattern, threshold in thresholds.by_name:
        text = quoted(pattern.pattern)
        if threshold is not None:
            pieces.append(f"({percent(f'instance=~{text}', *before)}) > {threshold:.15g}")
        before.append(f"instance!~{text}")
    pieces.append(f"({percent(*before)}) > {thresholds.default:.15g}")
    return " or ".join(pieces)


def _whole(expression: str) -> str:
    """An expression that may be compared: `unless` binds less than a comparison."""
    return f"({expression})" if " unless " in expression else expression
