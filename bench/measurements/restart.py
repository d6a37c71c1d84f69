"""How long a start takes after kill -9 with a million samples that are only in the log, and what is there afterwards."""

import time

from bench.loading import QUIET
from bench.plan import Plan
from bench.programs import SIGHTLINE, Program, present
from bench.result import Row, Section
from bench.samples import METRIC, STEP, Request, Shape, requests
from bench.sending import send
from bench.server import Server, running, scratch

_ROUNDS = 5
_FIRST_ROUNDS = 2  # below flush.rows, so that they stay in the log until the others are there
_PAUSE = 1.5  # longer than Sightline takes between two looks at what is due


def measure(plan: Plan) -> Section:
    """Write, kill at once, start again, count."""
    shape = Shape(int(time.time()) * 1000 // STEP * STEP - 60_000 - _ROUNDS * 20 * STEP, _ROUNDS)
    bodies = list(requests(shape))
    ready: dict[str, list[float]] = {program.name: [] for program in present()}
    kept: dict[str, list[float]] = {program.name: [] for program in present()}
    replayed: dict[str, list[float]] = {program.name: [] for program in present()}
    for _ in range(plan.restarts):
        for program in present():
            seconds, count, waiting = _run(program, bodies, shape)
            replayed[program.name].append(waiting)
            ready[program.name].append(seconds)
            kept[program.name].append(100 * count / shape.samples)
    return Section(
        "restart",
        f"{shape.samples:,} acknowledged samples of {shape.series:,} series, kill -9 right after the last acknowledgement, and a "
        "start in the same folder.",
        [
            Row("ready", "s", "lower", ready, limit=5),
            Row("samples in the log alone when killed", "", "neither", {SIGHTLINE.name: replayed[SIGHTLINE.name]}),
            Row("acknowledged samples that are answered afterwards", "%", "higher", kept, limit=100),
        ],
        [
            "VictoriaMetrics has no log: samples that it has not yet written as a part are lost.",
        ],
    )


def _run(program: Program, bodies: list[Request], shape: Shape) -> tuple[float, float, float]:
    flags = QUIET if program is SIGHTLINE else ()
    first = _FIRST_ROUNDS * len(bodies) // _ROUNDS
    with scratch() as folder:
        with running(program, folder, flags) as server:
            server.settle()
            send(server, bodies[:first])
            time.sleep(_PAUSE if program is SIGHTLINE else 0)
            send(server, bodies[first:])
            waiting = shape.samples - _in_tables(server)
            server.process.kill()
        with running(program, folder, flags) as server:
            return server.ready_after, _count(server, shape), waiting


def _in_tables(server: Server) -> float:
    """How many samples Sightline says it has flushed; 0 for the peers, which have no such number."""
    return server.metric("sightline_flush_samples_total") if server.program is SIGHTLINE else 0.0


def _count(server: Server, shape: Shape) -> float:
    """How many of the samples a query finds."""
    width = shape.end - shape.start + STEP
    query = {"query": f"sum(count_over_time({METRIC}[{width}ms]))", "time": (shape.end + 1) / 1000}
    with server.connect() as connection:
        result = connection.get("/api/v1/query", {**query, **(server.program.fresh or {})}).json()["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0
