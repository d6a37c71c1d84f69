"""What remote write costs when every request brings one sample of each of many series, as a Prometheus that scrapes sends them."""

import time

from bench.loading import flags, stop_written
from bench.measurements.intake import ACKNOWLEDGED, AFTERWARDS, STOPPED
from bench.plan import Plan
from bench.programs import VICTORIA_METRICS, Program, present
from bench.result import Row, Section
from bench.samples import STEP, Request, Shape, requests
from bench.sending import CONNECTIONS, send
from bench.server import running, scratch

_SERIES = 100_000
_A_REQUEST = 2_000


def measure(plan: Plan) -> Section:
    """Write the same bodies to every program, each time into an empty folder."""
    start = int(time.time() - 60) * 1000 - plan.single_rounds * STEP
    bodies = list(requests(Shape(start, plan.single_rounds, _SERIES, _A_REQUEST, 1)))
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(plan.single_runs):
        for program in present():
            for name, value in _run(program, bodies).items():
                found.setdefault(name, {}).setdefault(program.name, []).append(value)
    return Section(
        "intake-single",
        f"Remote write 1.0: {_SERIES:,} series, {plan.single_rounds} rounds of one sample each, {_A_REQUEST:,} samples a request, "
        f"{CONNECTIONS} connections, bodies encoded beforehand, an empty data folder each time. The first round brings the series, "
        "the others find them known.",
        [
            Row("CPU of the first round until its last acknowledgement", "us/sample", "lower", found["first"]),
            Row("CPU of the others until the last acknowledgement", "us/sample", "lower", found["others"]),
            Row(
                "CPU of all until stopped, everything written",
                "us/sample",
                "lower",
                found["stopped"],
                against={VICTORIA_METRICS.name: 1.0},
            ),
            Row("acknowledged after the first round", "samples/s", "higher", found["rate"]),
            Row("answers 429 or 503, each tried again", "", "neither", found["refused"]),
        ],
        [ACKNOWLEDGED, STOPPED],
    )


def _run(program: Program, bodies: list[Request]) -> dict[str, float]:
    first = _SERIES // _A_REQUEST
    with scratch() as folder, running(program, folder, flags(program)) as server:
        server.settle()
        before = server.process.cpu_seconds()
        new = send(server, bodies[:first])
        between = server.process.cpu_seconds()
        known = send(server, bodies[first:])
        acknowledged = server.process.cpu_seconds()
        time.sleep(AFTERWARDS)
        stopped = stop_written(server)
        return {
            "first": 1e6 * (between - before) / new.samples,
            "others": 1e6 * (acknowledged - between) / known.samples,
            "stopped": 1e6 * (stopped - before) / (new.samples + known.samples),
            "rate": known.samples / known.seconds,
            "refused": float(new.refused + known.refused),
        }
