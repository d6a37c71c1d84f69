"""The dashboards that come with the program."""

from typing import Final

from sightline.domain.dashboards.dashboard import Dashboard, Panel, PanelKind, PanelQuery, PanelUnit, Variable

_ON: Final = 'instance="$instance"'
_DISKS: Final = f'{_ON},device!~"(loop|ram|zram)[0-9]+"'
_NETWORKS: Final = f'{_ON},device!="lo"'
_FILESYSTEMS: Final = f'{_ON},fstype!~"tmpfs|devtmpfs|ramfs|squashfs|iso9660|nsfs|proc|sysfs"'


def _asks(expr: str, legend: str = "") -> PanelQuery:
    return PanelQuery(expr, legend)


def _rate(metric: str, selector: str, legend: str, factor: str = "") -> PanelQuery:
    return _asks(f"{factor}rate({metric}{{{selector}}}[$__rate_interval])", legend)


HOST: Final = Dashboard(
    name="host",
    title="Host",
    description="CPU, memory, disks and network of one machine, under node_exporter's names.",
    variables=(Variable("instance", "node_uname_info", "instance", "Host"),),
    panels=(
        Panel(
            "CPU in use",
            (
                _asks(
                    f'100 * (1 - sum(rate(node_cpu_seconds_total{{{_ON},mode=~"idle|iowait"}}[$__rate_interval]))'
                    f" / sum(rate(node_cpu_seconds_total{{{_ON}}}[$__rate_interval])))"
                ),
            ),
            PanelKind.STAT,
            PanelUnit.PERCENT,
            width=3,
        ),
        Panel(
            "Memory in use",
            (_asks(f"100 * (1 - node_memory_MemAvailable_bytes{{{_ON}}} / node_memory_MemTotal_bytes{{{_ON}}})"),),
            PanelKind.STAT,
            PanelUnit.PERCENT,
            width=3,
        ),
        Panel("Load, 5 minutes", (_asks(f"node_load5{{{_ON}}}"),), PanelKind.STAT, PanelUnit.COUNT, width=3),
        Panel(
            "Up for",
            (_asks(f"node_time_seconds{{{_ON}}} - node_boot_time_seconds{{{_ON}}}"),),
            PanelKind.STAT,
            PanelUnit.SECONDS,
            width=3,
        ),
        Panel(
            "CPU by mode",
            (
                _asks(
                    f'100 * sum by (mode) (rate(node_cpu_seconds_total{{{_ON},mode!="idle"}}[$__rate_interval]))'
                    f" / scalar(sum(rate(node_cpu_seconds_total{{{_ON}}}[$__rate_interval])))",
                    "{{mode}}",
                ),
            ),
            unit=PanelUnit.PERCENT,
            stacked=True,
            max=100,
        ),
        Panel(
            "Memory",
            (
                _asks(f"node_memory_MemTotal_bytes{{{_ON}}} - node_memory_MemAvailable_bytes{{{_ON}}}", "used"),
                _asks(f"node_memory_MemAvailable_bytes{{{_ON}}} - node_memory_MemFree_bytes{{{_ON}}}", "cache"),
                _asks(f"node_memory_MemFree_bytes{{{_ON}}}", "free"),
            ),
            unit=PanelUnit.BYTES,
            stacked=True,
        ),
        Panel(
            "Disk traffic",
            (
                _rate("node_disk_read_bytes_total", _DISKS, "{{device}} read"),
                _rate("node_disk_written_bytes_total", _DISKS, "{{device}} written"),
            ),
            unit=PanelUnit.BYTES_PER_SECOND,
        ),
        Panel(
            "Disk busy",
            (_rate("node_disk_io_time_seconds_total", _DISKS, "{{device}}", "100 * "),),
            unit=PanelUnit.PERCENT,
            max=100,
        ),
        Panel(
            "Network traffic",
            (
                _rate("node_network_receive_bytes_total", _NETWORKS, "{{device}} received"),
                _rate("node_network_transmit_bytes_total", _NETWORKS, "{{device}} sent"),
            ),
            unit=PanelUnit.BYTES_PER_SECOND,
        ),
        Panel(
            "File systems in use",
            (
                _asks(
                    f"100 * (1 - node_filesystem_avail_bytes{{{_FILESYSTEMS}}}"
                    f" / node_filesystem_size_bytes{{{_FILESYSTEMS}}})",
                    "{{mountpoint}}",
                ),
            ),
            unit=PanelUnit.PERCENT,
            max=100,
        ),
    ),
)

_NAMED: Final = 'name=~"$name"'

CONTAINERS: Final = Dashboard(
    name="containers",
    title="Containers",
    description="CPU, memory, network and restarts of Docker and Podman containers, under cAdvisor's names.",
    variables=(Variable("name", "container_last_seen", "name", "Container", all=True),),
    panels=(
        Panel(
            "Running",
            (_asks(f'count(container_state{{{_NAMED},state="running"}})'),),
            PanelKind.STAT,
            PanelUnit.COUNT,
            width=3,
        ),
        Panel(
            "CPU, all together",
            (_asks(f"sum(container_cpu_percent{{{_NAMED}}})"),),
            PanelKind.STAT,
            PanelUnit.PERCENT,
            width=3,
            description="100 % is one core",
        ),
        Panel(
            "Memory, all together",
            (_asks(f"sum(container_memory_working_set_bytes{{{_NAMED}}})"),),
            PanelKind.STAT,
            PanelUnit.BYTES,
            width=3,
        ),
        Panel(
            "Restarts within a day",
            (_asks(f"sum(increase(container_restarts_total{{{_NAMED}}}[1d]))"),),
            PanelKind.STAT,
            PanelUnit.COUNT,
            width=3,
        ),
        Panel(
            "CPU",
            (_asks(f"container_cpu_percent{{{_NAMED}}}", "{{name}}"),),
            unit=PanelUnit.PERCENT,
            description="100 % is one core",
        ),
        Panel("Memory", (_asks(f"container_memory_working_set_bytes{{{_NAMED}}}", "{{name}}"),), unit=PanelUnit.BYTES),
        Panel(
            "Memory, share of the limit",
            (_asks(f"container_memory_percent{{{_NAMED}}}", "{{name}}"),),
            unit=PanelUnit.PERCENT,
            max=100,
        ),
        Panel(
            "CPU held back by its limit",
            (
                _asks(
                    f"100 * rate(container_cpu_cfs_throttled_periods_total{{{_NAMED}}}[$__rate_interval])"
                    f" / rate(container_cpu_cfs_periods_total{{{_NAMED}}}[$__rate_interval])",
                    "{{name}}",
                ),
            ),
            unit=PanelUnit.PERCENT,
            max=100,
            description="share of periods",
        ),
        Panel(
            "Received",
            (
                _asks(
                    f"sum by (name) (rate(container_network_receive_bytes_total{{{_NAMED}}}[$__rate_interval]))",
                    "{{name}}",
                ),
            ),
            unit=PanelUnit.BYTES_PER_SECOND,
        ),
        Panel(
            "Sent",
            (
                _asks(
                    f"sum by (name) (rate(container_network_transmit_bytes_total{{{_NAMED}}}[$__rate_interval]))",
                    "{{name}}",
                ),
            ),
            unit=PanelUnit.BYTES_PER_SECOND,
        ),
    ),
)

_OWN: Final = 'job="sightline"'


def _percentile(share: float, histogram: str, by: str = "") -> str:
    """A percentile of one of our histograms, of all together or by a label."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({labels}) (rate({histogram}_bucket{{{_OWN}}}[$__rate_interval])))"


def _together(metric: str, by: str) -> PanelQuery:
    """What one of our counters gains a second, by a label."""
    return _asks(f"sum by ({by}) (rate({metric}{{{_OWN}}}[$__rate_interval]))", f"{{{{{by}}}}}")


def _figure(title: str, expr: str, unit: PanelUnit) -> Panel:
    return Panel(title, (_asks(expr),), PanelKind.STAT, unit, width=3)


SIGHTLINE: Final = Dashboard(
    name="sightline",
    title="Sightline itself",
    description="What this program takes in, answers and needs.",
    panels=(
        _figure("Up for", f"max(time() - process_start_time_seconds{{{_OWN}}})", PanelUnit.SECONDS),
        _figure("Series known", f"sum(sightline_ingest_series{{{_OWN}}})", PanelUnit.COUNT),
        _figure(
            "Samples taken in",
            f"sum(rate(sightline_ingest_samples_total{{{_OWN}}}[$__rate_interval]))",
            PanelUnit.PER_SECOND,
        ),
        _figure("Room on the disk", f"min(sightline_disk_free_bytes{{{_OWN}}})", PanelUnit.BYTES),
        Panel(
            "Requests",
            (_together("sightline_http_requests_total", "code"),),
            unit=PanelUnit.PER_SECOND,
            stacked=True,
            description="by status code",
        ),
        Panel(
            "Request time, 95th percentile",
            (_asks(_percentile(0.95, "sightline_http_request_duration_seconds", "route"), "{{route}}"),),
            unit=PanelUnit.SECONDS,
        ),
        Panel(
            "Samples",
            (
                _asks(f"sum(rate(sightline_ingest_samples_total{{{_OWN}}}[$__rate_interval]))", "taken in"),
                _asks(f"sum(rate(sightline_ingest_refused_samples_total{{{_OWN}}}[$__rate_interval]))", "refused"),
                _asks(f"sum(rate(sightline_flush_samples_total{{{_OWN}}}[$__rate_interval]))", "stored"),
            ),
            unit=PanelUnit.PER_SECOND,
        ),
        Panel(
            "Samples that wait for the store",
            (_asks(f"sightline_flush_waiting_samples{{{_OWN}}}", "{{instance}}"),),
            unit=PanelUnit.COUNT,
        ),
        Panel("Queries", (_together("sightline_queries_total", "kind"),), unit=PanelUnit.PER_SECOND),
        Panel(
            "Query time, 95th percentile",
            (_asks(_percentile(0.95, "sightline_query_seconds", "kind"), "{{kind}}"),),
            unit=PanelUnit.SECONDS,
        ),
        Panel(
            "Queries under way",
            (
                _asks(f"sum by (lane) (sightline_queries_running{{{_OWN}}})", "{{lane}}, running"),
                _asks(f"sum by (lane) (sightline_queries_waiting{{{_OWN}}})", "{{lane}}, waiting"),
            ),
            unit=PanelUnit.COUNT,
        ),
        Panel(
            "Samples read by queries",
            (_asks(f"sum(rate(sightline_query_samples_total{{{_OWN}}}[$__rate_interval]))", "read"),),
            unit=PanelUnit.PER_SECOND,
        ),
        Panel(
            "Rules evaluated", (_together("sightline_rule_evaluations_total", "outcome"),), unit=PanelUnit.PER_SECOND
        ),
        Panel(
            "Rule time, 95th percentile",
            (_asks(_percentile(0.95, "sightline_rule_evaluation_duration_seconds"), "all rules"),),
            unit=PanelUnit.SECONDS,
        ),
        Panel(
            "Tasks, share of the time",
            (
                _asks(
                    f"100 * sum by (task) (rate(sightline_task_duration_seconds_sum{{{_OWN}}}[$__rate_interval]))",
                    "{{task}}",
                ),
            ),
            unit=PanelUnit.PERCENT,
        ),
        Panel(
            "Event loop, how late",
            (
                _asks(_percentile(0.5, "sightline_event_loop_lag_seconds"), "median"),
                _asks(_percentile(0.99, "sightline_event_loop_lag_seconds"), "99th percentile"),
            ),
            unit=PanelUnit.SECONDS,
        ),
        Panel(
            "CPU",
            (_asks(f"100 * rate(process_cpu_seconds_total{{{_OWN}}}[$__rate_interval])", "{{instance}}"),),
            unit=PanelUnit.PERCENT,
            description="100 % is one core",
        ),
        Panel(
            "Memory",
            (
                _asks(f"sum(process_resident_memory_bytes{{{_OWN}}})", "process"),
                _asks(f"sum(sightline_hot_bytes{{{_OWN}}})", "newest samples"),
                _asks(f"sum(sightline_hot_chunk_bytes{{{_OWN}}})", "newest chunks"),
                _asks(f"sum(sightline_index_bytes{{{_OWN}}})", "index of labels"),
            ),
            unit=PanelUnit.BYTES,
        ),
    ),
)

READY_MADE: Final = (HOST, CONTAINERS, SIGHTLINE)
"""All of them."""
