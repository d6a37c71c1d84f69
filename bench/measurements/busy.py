"""What a small query waits while samples come in at half the rate that the program can take.

The time that is asked for stays where it is: so much comes in that it does not lie among the newest samples for long. A query that
moves with the intake would ask less of a program that keeps these in memory.
"""

import time
from collections.abc import Callable
from typing import Final

from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.programs import Program, present
from bench.result import Row, Section, percentile
from bench.samples import METRIC, STEP, Request, Shape, requests
from bench.sending import CONNECTIONS, aside, send
from bench.server import Failed, Server, running, scratch

_BASE: Final = 5  # rounds that are there before and are asked for
_RATE: Final = 50  # queries a second
_WARMING: Final = 1.0


def measure(plan: Plan) -> Section:
    """Ask at a fixed rate, first in quiet, then while another process writes."""
    rounds = _BASE + plan.busy_probed + plan.busy_rounds
    shape = Shape(int(time.time() - 60) * 1000 // STEP * STEP - rounds * 20 * STEP, rounds)
    bodies = list(requests(shape))
    found: dict[str, dict[str, list[float]]] = {}
    for program in present():
        for name, value in _run(program, shape, bodies, plan).items():
            found.setdefault(name, {})[program.name] = [value]
    return Section(
        "busy",
        f"An instant sum by (x) of the rate of 100 of {shape.series:,} series, {_RATE} times a second over one connection, each "
        f"timed from the moment at which it was due: for {plan.busy_idle:g} s in quiet, then while remote write brings "
        f"{plan.busy_rounds * 200_000:,} samples at half the rate at which {plan.busy_probed * 200_000:,} were acknowledged "
        "before, all in tables by then.",
        [
            Row("99th percentile, idle", "ms", "lower", found["idle_p99"]),
            Row("99th percentile during intake", "ms", "lower", found["busy_p99"]),
            Row("99th percentile during intake to idle", "times", "lower", found["ratio"], limit=3),
            Row("median, idle", "ms", "lower", found["idle_p50"]),
            Row("median during intake", "ms", "lower", found["busy_p50"]),
            Row("rate of the intake", "samples/s", "neither", found["rate"]),
            Row("the same, wanted", "samples/s", "neither", found["wanted"]),
        ],
        ["Each program has its own half rate, so the figures during intake are no comparison of the programs."],
    )


def _run(program: Program, shape: Shape, bodies: list[Request], plan: Plan) -> dict[str, float]:
    a_round = shape.series // shape.series_a_request
    base, probed = bodies[: _BASE * a_round], bodies[_BASE * a_round : (_BASE + plan.busy_probed) * a_round]
    at = shape.start + _BASE * 20 * STEP - 7_300
    with scratch() as folder, running(program, folder, flags(program, "flush.age=5s")) as server:
        send(server, base)
        sent = send(server, probed)
        settle_tables(server)
        most = sent.samples / sent.seconds
        _waits(server, at, lambda passed: passed < _WARMING)
        idle = _waits(server, at, lambda passed: passed < plan.busy_idle)
        paced = bodies[len(base) + len(probed) :]
        with aside(server, send, paced, CONNECTIONS, most / 2) as writes:
            started = time.monotonic()
            busy = _waits(server, at, lambda _: writes())
            seconds = time.monotonic() - started
    idle_p99, busy_p99 = percentile(idle, 0.99), percentile(busy, 0.99)
    return {
        "idle_p50": percentile(idle, 0.5),
        "busy_p50": percentile(busy, 0.5),
        "idle_p99": idle_p99,
        "busy_p99": busy_p99,
        "ratio": busy_p99 / idle_p99,
        "rate": sum(request.samples for request in paced) / seconds,
        "wanted": most / 2,
    }


def _waits(server: Server, at: int, goes_on: Callable[[float], bool]) -> list[float]:
    """Milliseconds of every query, in ascending order, as long as it goes on; it is told the seconds that passed."""
    parameters = {"query": f'sum by (x) (rate({METRIC}{{group="g007"}}[5m]))', "time": at / 1000}
    waits: list[float] = []
    begun = time.monotonic()
    with server.connect() as connection:
        while goes_on(time.monotonic() - begun):
            due = begun + len(waits) / _RATE
            time.sleep(max(0.0, due - time.monotonic()))
            answer = connection.get("/api/v1/query", {**parameters, **(server.program.fresh or {})})
            waits.append(1000 * (time.monotonic() - due))
            if answer.status != 200 or not answer.json()["data"]["result"]:  # noqa: PLR2004 - OK
                raise Failed(f"{server.program.name} answered a query with {answer.status}: {answer.body[:200]!r}")
    return sorted(waits)
