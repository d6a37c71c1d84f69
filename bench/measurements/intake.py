"""How fast remote write is taken in, and what it costs."""

import time

from bench.loading import flags, stop_written
from bench.plan import Plan
from bench.programs import VICTORIA_METRICS, Program, present
from bench.result import Row, Section
from bench.samples import STEP, Request, Shape, requests
from bench.sending import CONNECTIONS, send
from bench.server import running, scratch

AFTERWARDS = 2.0

ACKNOWLEDGED = (
    "An acknowledgement means different things: Sightline and Prometheus have the samples in a log that survives kill -9, "
    "VictoriaMetrics has them in memory and writes them within seconds."
)
STOPPED = (
    f"Stopping is by SIGTERM {AFTERWARDS:g} s after the last acknowledgement; then Prometheus still has its data as a log, the "
    "others as tables; Sightline keeps the segment of its log that it last wrote, up to 64 MiB, although its tables have it all. "
    "What a program does once, at its first write and at its end, is counted too."
)


def measure(plan: Plan) -> Section:
    """Write the same bodies to every program, each time into an empty folder."""
    shape = Shape(_start(plan.intake_rounds), plan.intake_rounds)
    bodies = list(requests(shape))
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(plan.intake_runs):
        for program in present():
            for name, value in _run(program, bodies).items():
                found.setdefault(name, {}).setdefault(program.name, []).append(value)
    return Section(
        "intake",
        f"Remote write 1.0: {shape.series:,} new series, {shape.samples:,} samples, {shape.samples_a_request} samples of "
        f"{shape.series_a_request:,} series a request, {CONNECTIONS} connections, bodies encoded beforehand, an empty data folder "
        "each time. CPU is the server's alone, by the kernel's count; the client shares the cores.",
        [
            Row("acknowledged", "samples/s", "higher", found["rate"], against={VICTORIA_METRICS.name: 1.2}),
            Row("CPU until the last acknowledgement", "us/sample", "lower", found["cpu"]),
            Row(
                "CPU until stopped, everything written",
                "us/sample",
                "lower",
                found["cpu_stopped"],
                against={VICTORIA_METRICS.name: 1 / 1.5},
            ),
            Row("anonymous memory at the last acknowledgement", "MiB", "lower", found["memory"]),
            Row("on the disk once stopped", "bytes/sample", "lower", found["disk"]),
            Row("of that, write-ahead log", "bytes/sample", "neither", found["log"]),
            Row("answers 429 or 503, each tried again", "", "neither", found["refused"]),
        ],
        [
            ACKNOWLEDGED,
            STOPPED,
        ],
    )


def _run(program: Program, bodies: list[Request]) -> dict[str, float]:
    with scratch() as folder, running(program, folder, flags(program)) as server:
        server.settle()
        before = server.process.cpu_seconds()
        sent = send(server, bodies)
        cpu = server.process.cpu_seconds() - before
        memory = server.process.anonymous_bytes()
        time.sleep(AFTERWARDS)
        cpu_stopped = stop_written(server) - before
        disk, log = server.disk_bytes()
        return {
            "rate": sent.samples / sent.seconds,
            "cpu": 1e6 * cpu / sent.samples,
            "cpu_stopped": 1e6 * cpu_stopped / sent.samples,
            "memory": memory / (1 << 20),
            "disk": disk / sent.samples,
            "log": log / sent.samples,
            "refused": float(sent.refused),
        }


def _start(rounds: int) -> int:
    """When the first sample is, in ms, so that the last is a minute old."""
    return int(time.time() - 60) * 1000 - rounds * 20 * STEP
