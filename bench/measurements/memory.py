"""What memory active series take."""

import time

from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.programs import PROMETHEUS, Program, present
from bench.result import Row, Section
from bench.samples import METRIC, STEP, Request, Shape, requests
from bench.sending import send
from bench.server import Failed, running, scratch

_ROUNDS = 4
_SAMPLES = 5  # of each series a round


def measure(plan: Plan) -> Section:
    """Write some minutes of many series, let the program come to rest, and read its memory."""
    series = plan.memory_series
    start = int(time.time()) * 1000 - _ROUNDS * _SAMPLES * STEP
    shape = Shape(start, _ROUNDS, series, 2_000, _SAMPLES)
    bodies = list(requests(shape))
    memory: dict[str, list[float]] = {}
    for _ in range(plan.memory_runs):
        for program in present():
            memory.setdefault(program.name, []).append(_run(program, shape, bodies, plan.memory_settling))
    per_series = {name: [1024 * mib for mib in values] for name, values in memory.items()}
    per_series = {name: [kib / series for kib in values] for name, values in per_series.items()}
    return Section(
        "memory",
        f"{series:,} series with {_ROUNDS * _SAMPLES} samples each, the newest of now, by remote write with the default settings "
        "(but flush.age=5s, which brings all into the tables sooner); anonymous memory (RssAnon) "
        f"{plan.memory_settling:g} s after all is in tables (in Prometheus: in memory), at rest. "
        "Sightline's memory for the newest samples (hot.max_bytes) is in it.",
        [
            Row("anonymous memory", "MiB", "lower", memory, against={PROMETHEUS.name: 1.5}),
            Row("the same a series", "KiB", "lower", per_series),
        ],
    )


def _run(program: Program, shape: Shape, bodies: list[Request], settling: float) -> float:
    with scratch() as folder, running(program, folder, flags(program, "flush.age=5s")) as server:
        send(server, bodies)
        settle_tables(server)
        time.sleep(settling)
        server.settle()
        memory = server.process.anonymous_bytes() / (1 << 20)
        query = {"query": f"count({METRIC})", "time": shape.end / 1000, **(program.fresh or {})}
        with server.connect() as connection:
            found = connection.get("/api/v1/query", query).json()["data"]["result"]
    if not found or float(found[0]["value"][1]) != shape.series:
        raise Failed(f"{program.name} does not have {shape.series:,} series: {found}")
    return memory
