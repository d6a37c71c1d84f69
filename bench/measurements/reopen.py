"""How long a start takes with many samples on the disk, until the first of them are answered."""

import time
from pathlib import Path

from bench.connection import Connection
from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.programs import Program, present
from bench.result import Row, Section
from bench.samples import METRIC, STEP, Shape, requests
from bench.sending import send
from bench.server import Failed, Server, running, scratch

_ANSWERED_WITHIN = 60.0


def measure(plan: Plan) -> Section:
    """Load every program once, stop it, and start it again and again."""
    rounds = plan.reopen_rounds
    shape = Shape(int(time.time()) * 1000 // STEP * STEP - 60_000 - rounds * 20 * STEP, rounds)
    bodies = list(requests(shape))
    ready: dict[str, list[float]] = {}
    answered: dict[str, list[float]] = {}
    for program in present():
        with scratch() as folder:
            with running(program, folder, flags(program, "flush.age=5s")) as server:
                send(server, bodies)
                settle_tables(server)
                wanted = _ask(server, shape)
                if wanted is None:
                    raise Failed(f"{program.name} has no samples of the group")
            for _ in range(plan.reopen_runs):
                one, other = _start(program, folder, shape, wanted)
                ready.setdefault(program.name, []).append(one)
                answered.setdefault(program.name, []).append(other)
    return Section(
        "reopen",
        f"{shape.samples:,} samples of {shape.series:,} series on the disk, stopped by SIGTERM and started in the same folder. "
        "From the start of the process to its first ready answer, and to the first answer of an instant sum over 100 series, "
        "which must be the same as before the stop.",
        [
            Row("ready", "s", "lower", ready),
            Row("first answer", "s", "lower", answered, limit=2),
        ],
        ["Asked every 5 ms. Prometheus reads what is not yet in a block from its log."],
    )


def _start(program: Program, folder: Path, shape: Shape, wanted: float) -> tuple[float, float]:
    """Seconds until it is ready, and until it gives the wanted answer."""
    found = None
    with running(program, folder, flags(program, "flush.age=5s")) as server:
        while (passed := time.monotonic() - server.process.started) < _ANSWERED_WITHIN:
            found = _ask(server, shape)
            if found == wanted:
                return server.ready_after, time.monotonic() - server.process.started
            time.sleep(0.005)
    raise Failed(f"{program.name} did not answer {wanted} within {passed:.0f} s, but {found}")


def _ask(server: Server, shape: Shape) -> float | None:
    """The sum of one group at the last sample's time; None as long as there is no answer."""
    parameters = {"query": f'sum({METRIC}{{group="g007"}})', "time": shape.end / 1000, **(server.program.fresh or {})}
    with Connection(server.port) as connection:
        answer = connection.get("/api/v1/query", parameters)
    result = answer.json()["data"]["result"] if answer.status == 200 else []  # noqa: PLR2004 - OK
    return float(result[0]["value"][1]) if result else None
