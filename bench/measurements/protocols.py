"""What other protocols than remote write of floats cost: Influx lines, OpenTelemetry's number points, native histograms."""

import time
from collections.abc import Sequence
from typing import Final

from bench.doors import INFLUX, OTLP, REMOTE_WRITE
from bench.histograms import Latencies
from bench.histograms import requests as histogram_bodies
from bench.lines import Stream
from bench.lines import requests as line_bodies
from bench.loading import flags, stop_written
from bench.measurements.intake import ACKNOWLEDGED, AFTERWARDS, STOPPED
from bench.plan import Plan
from bench.points import Services
from bench.points import requests as point_bodies
from bench.programs import PROMETHEUS_WITH_HISTOGRAMS, SIGHTLINE, VICTORIA_METRICS, Program
from bench.result import Row, Section
from bench.samples import STEP, Request
from bench.sending import CONNECTIONS, send
from bench.server import running, scratch

_TAKE: Final = {
    INFLUX: (SIGHTLINE, VICTORIA_METRICS),
    OTLP: (SIGHTLINE,),
    REMOTE_WRITE: (SIGHTLINE, PROMETHEUS_WITH_HISTOGRAMS),
}
"""Who takes what in."""
_PEERS: Final = (
    "VictoriaMetrics 1.79 and Prometheus 2.42 know nothing of OpenTelemetry, VictoriaMetrics makes other series of native "
    "histograms, and Prometheus takes no Influx lines."
)


def measure(plan: Plan) -> Section:
    """Write the same bodies to every program that takes them, each time into an empty folder."""
    now = int(time.time() - 60)
    lines = list(line_bodies(Stream((now - plan.line_rounds * 10) * 10**9, plan.line_rounds)))
    points = list(point_bodies(Services((now - plan.point_rounds * 10) * 10**9, plan.point_rounds)))
    histograms = list(histogram_bodies(Latencies(1000 * now - plan.histogram_rounds * STEP, plan.histogram_rounds)))
    rows = []
    for name, unit, bodies, limit in (
        ("Influx lines", "line", lines, None),
        ("number points of OpenTelemetry", "point", points, 1e6 / 500_000),
        ("native histograms of 20 buckets", "histogram", histograms, 1e6 / 20_000),
    ):
        rows += _rows(plan, name, unit, bodies, limit)
    return Section(
        "protocols",
        f"Bodies encoded beforehand, {CONNECTIONS} connections, an empty data folder each time. Lines: what Telegraf tells of 100 "
        "hosts every 10 s, 10 lines and 70 values a host, 50 hosts a body. Points: 10 services with 20 metrics of 50 points with "
        "three attributes, a body each. Histograms: 1,000 series by remote write 1.0, 250 a body. CPU is the server's alone.",
        rows,
        [
            ACKNOWLEDGED,
            STOPPED,
            _PEERS,
        ],
    )


def _rows(plan: Plan, name: str, unit: str, bodies: Sequence[Request], limit: float | None) -> list[Row]:
    door = bodies[0].door
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(plan.protocol_runs):
        for program in _TAKE[door]:
            if not program.installed:
                continue
            for figure, value in _run(program, bodies).items():
                found.setdefault(figure, {}).setdefault(program.name, []).append(value)
    against = {VICTORIA_METRICS.name: 1.0} if door is INFLUX else {}
    return [
        Row(f"{name}, acknowledged", f"{unit}s/s", "higher", found["rate"]),
        Row(f"{name}, CPU until the last acknowledgement", f"us/{unit}", "lower", found["cpu"]),
        Row(f"{name}, CPU until stopped, everything written", f"us/{unit}", "lower", found["stopped"], limit, against),
        Row(f"{name}, on the disk once stopped", f"bytes/{unit}", "lower", found["disk"]),
    ]


def _run(program: Program, bodies: Sequence[Request]) -> dict[str, float]:
    with scratch() as folder, running(program, folder, flags(program)) as server:
        server.settle()
        before = server.process.cpu_seconds()
        sent = send(server, bodies)
        cpu = server.process.cpu_seconds() - before
        time.sleep(AFTERWARDS)
        stopped = stop_written(server) - before
        disk, _ = server.disk_bytes()
        return {
            "rate": sent.samples / sent.seconds,
            "cpu": 1e6 * cpu / sent.samples,
            "stopped": 1e6 * stopped / sent.samples,
            "disk": disk / sent.samples,
        }
