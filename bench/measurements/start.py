"""How long a start takes: with an empty data folder, with one that is there, and until the first CPU sample is answered."""

import time

from bench.plan import Plan
from bench.programs import PROGRAMS, SIGHTLINE, Program, present
from bench.result import Row, Section
from bench.server import Failed, Server, running, scratch

_CPU: str = "node_cpu_seconds_total"
_SAMPLE_WITHIN = 30.0


def measure(plan: Plan) -> Section:
    """Start every program, stop it, and start it again in the same folder."""
    cold: dict[str, list[float]] = {program.name: [] for program in PROGRAMS}
    warm: dict[str, list[float]] = {program.name: [] for program in PROGRAMS}
    sample: list[float] = []
    for _ in range(plan.starts):
        for program in present():
            first, second, found = _starts(program)
            cold[program.name].append(first)
            warm[program.name].append(second)
            sample += found
    return Section(
        "start",
        "From the start of the process to its first ready answer, asked every 5 ms; and until `/api/v1/query` answers with a "
        "sample of this machine's CPU. Kernels are compiled beforehand, as `make setup` does.",
        [
            Row("ready, empty data folder", "s", "lower", cold, limit=5),
            Row("ready, data folder of an earlier run", "s", "lower", warm, limit=5),
            Row("first CPU sample answered", "s", "lower", {SIGHTLINE.name: sample}, limit=10),
        ],
    )


def _starts(program: Program) -> tuple[float, float, list[float]]:
    with scratch() as folder:
        with running(program, folder) as server:
            cold = server.ready_after
            sample = [_first_sample(server)] if program is SIGHTLINE else []
        with running(program, folder) as server:
            return cold, server.ready_after, sample


def _first_sample(server: Server) -> float:
    """Seconds from the start of the process until a CPU sample is answered."""
    with server.connect() as connection:
        while (passed := time.monotonic() - server.process.started) < _SAMPLE_WITHIN:
            if connection.get("/api/v1/query", {"query": _CPU}).json()["data"]["result"]:
                return time.monotonic() - server.process.started
            time.sleep(0.02)
    raise Failed(f"no CPU sample was answered within {passed:.0f} s")
