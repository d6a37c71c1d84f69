"""How long a small write waits for its acknowledgement."""

import time

from bench.loading import QUIET
from bench.plan import Plan
from bench.programs import SIGHTLINE, Program, present
from bench.result import Row, Section, percentile
from bench.samples import STEP, Shape, requests
from bench.server import Failed, running, scratch

_RATE = 100
_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def measure(plan: Plan) -> Section:
    """One connection, one series, one sample a write, at a fixed rate."""
    usual = {program.name: _waits(program, plan.latency, ()) for program in present()}
    always = {SIGHTLINE.name: _waits(SIGHTLINE, plan.latency, ("--set", "wal.fsync=always"))}
    rows = [
        Row(f"{share}, {setting}", "ms", "lower", {name: [percentile(waits, at)] for name, waits in found.items()})
        for setting, found in (("default settings", usual), ("wal.fsync=always", always))
        for share, at in _SHARES.items()
    ]
    return Section(
        "latency",
        f"One write of one sample of one series every {1000 // _RATE} ms for {plan.latency:g} s over one connection, each timed "
        "from the moment at which it was due, so that a stall counts for every write that it delays. Sightline's default is "
        "wal.fsync=1s.",
        rows,
        [
            "Neither peer can be told to make a write durable before it acknowledges it: nothing stands beside wal.fsync=always."
        ],
    )


def _waits(program: Program, seconds: float, flags: tuple[str, ...]) -> list[float]:
    """Milliseconds of every write, in ascending order."""
    quiet = QUIET if program is SIGHTLINE else ()
    count = int(seconds * _RATE)
    shape = Shape(int(time.time()) * 1000 - count * STEP, count, 1, 1, 1)
    bodies = [request.body for request in requests(shape)]
    with scratch() as folder, running(program, folder, (*quiet, *flags)) as server, server.connect() as connection:
        server.settle()
        waits = []
        begun = time.monotonic()
        for number, body in enumerate(bodies):
            due = begun + number / _RATE
            time.sleep(max(0.0, due - time.monotonic()))
            answer = connection.write(body)
            waits.append(1000 * (time.monotonic() - due))
            if answer.status not in {200, 204}:
                raise Failed(f"{program.name} answered a write with {answer.status}: {answer.body[:200]!r}")
        return sorted(waits)
