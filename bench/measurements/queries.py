"""How long PromQL takes over HTTP, on the same samples in every program, and whether the answers agree."""

import math
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.programs import PROMETHEUS, SIGHTLINE, VICTORIA_METRICS, present
from bench.result import Row, Section
from bench.samples import METRIC, STEP, Request, Shape, requests
from bench.sending import send
from bench.server import Failed, Server, running, scratch

_OFF_GRID = 7_300  # ms beside the samples, so that no window ends on one: there Prometheus 2 and 3 differ
_AGE = 300_000  # ms: old enough for a program that hides the newest samples

_WINDOWS = (
    "VictoriaMetrics means something else by rate(): it takes the last sample before the window along and does not extrapolate, so "
    "its answers differ by design."
)


@dataclass(frozen=True, slots=True)
class _Question:
    """A query and, in seconds, its time or its start, end and step. against: what multiple of a peer's time it may take."""

    name: str
    path: str
    parameters: Mapping[str, object]
    against: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Told:
    """What one program answered to one question: the last answer, and of every run the seconds; the CPU seconds of all runs."""

    answer: Any
    seconds: list[float]
    cpu: float


def measure(plan: Plan) -> Section:
    """Load all programs with the same samples and ask them in turns."""
    shape = Shape(int(time.time()) * 1000 // STEP * STEP - _AGE - plan.query_rounds * 20 * STEP, plan.query_rounds)
    questions = _questions(shape, plan.query_steps)
    with ExitStack() as stack:
        servers = _loaded(stack, list(requests(shape)))
        told = {question.name: _ask(servers, question, plan.query_runs) for question in questions}
    rows = []
    for question in questions:
        by_program = told[question.name]
        times = {program: [1000 * one for one in its.seconds] for program, its in by_program.items()}
        rows.append(Row(question.name, "ms", "lower", times, against=question.against))
        cpu = {program: [1000 * its.cpu / len(its.seconds)] for program, its in by_program.items()}
        rows.append(Row(f"{question.name}, CPU", "ms", "lower", cpu))
    return Section(
        "queries",
        f"{shape.series:,} series, one sample every {STEP // 1000} s, {shape.samples:,} samples, loaded into all programs; "
        f"range queries of {plan.query_steps} steps of 15 s. From the question to the last byte of the answer. All run at the same "
        "time and are asked in turns, one question at a time, after one unmeasured answer. Sightline's samples are in its tables "
        "(flush.age=1s); it and VictoriaMetrics answer without their caches of answers (nocache=1); Prometheus has none.",
        rows,
        [_WINDOWS, *(_agreement(question, told[question.name]) for question in questions)],
    )


def _questions(shape: Shape, steps: int) -> list[_Question]:
    end = (shape.end - _OFF_GRID) / 1000
    grid = {"start": end - (steps - 1) * 15, "end": end, "step": 15}
    one_group = f'{METRIC}{{group="g007"}}'
    return [
        _Question(
            "rate of 100 series, range",
            "/api/v1/query_range",
            {"query": f"rate({one_group}[5m])", **grid},
            _both(1 / 1.3),
        ),
        _Question(
            "sum by (x) of the rate of 10,000 series, range",
            "/api/v1/query_range",
            {"query": f"sum by (x) (rate({METRIC}[5m]))", **grid},
            {PROMETHEUS.name: 1 / 10, VICTORIA_METRICS.name: 1 / 2},
        ),
        _Question(
            "sum by (x) of the rate of 10,000 series, instant",
            "/api/v1/query",
            {"query": f"sum by (x) (rate({METRIC}[5m]))", "time": end},
            _both(1 / 5),
        ),
        _Question(
            "sum of 100 series, instant", "/api/v1/query", {"query": f"sum({one_group})", "time": end}, _both(1.0)
        ),
    ]


def _both(multiple: float) -> dict[str, float]:
    return {PROMETHEUS.name: multiple, VICTORIA_METRICS.name: multiple}


def _loaded(stack: ExitStack, bodies: list[Request]) -> list[Server]:
    servers = []
    for program in present():
        server = stack.enter_context(running(program, stack.enter_context(scratch()), flags(program, "flush.age=1s")))
        send(server, bodies)
        servers.append(server)
    for server in servers:
        settle_tables(server)
    return servers


def _ask(servers: Iterable[Server], question: _Question, runs: int) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    for run in range(runs + 1):
        for server in servers:
            cpu = server.process.cpu_seconds()
            answer, seconds = _once(server, question)
            its = told.setdefault(server.program.name, _Told(answer, [], 0.0))
            if run:  # the first answer warms
                its.seconds.append(seconds)
                its.cpu += server.process.cpu_seconds() - cpu
    return told


def _once(server: Server, question: _Question) -> tuple[Any, float]:
    with server.connect() as connection:
        started = time.monotonic()
        answer = connection.get(question.path, {**question.parameters, **(server.program.fresh or {})})
        seconds = time.monotonic() - started
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise Failed(f"{server.program.name}: {question.name} was answered {answer.status}: {answer.body[:300]!r}")
    return answer.json()["data"]["result"], seconds


def _agreement(question: _Question, told: Mapping[str, _Told]) -> str:
    """A sentence on how far the peers' answers are from Sightline's."""
    ours = _points(told[SIGHTLINE.name].answer)
    said = []
    for program, its in told.items():
        if program == SIGHTLINE.name:
            continue
        theirs = _points(its.answer)
        both = ours.keys() & theirs.keys()
        apart = [_difference(ours[key], theirs[key]) for key in both]
        said.append(
            f"{program} {len(both):,} of {len(ours.keys() | theirs.keys()):,} points in both, "
            f"median difference {_percent(median(apart) if apart else math.nan)}, largest {_percent(max(apart, default=math.nan))}"
        )
    return f"Agreement on *{question.name}* ({len(ours):,} points): {'; '.join(said) or 'no peer to compare with'}."


def _points(result: list[dict[str, Any]]) -> dict[tuple[Any, ...], float]:
    """Every point by its labels and its time in ms."""
    found = {}
    for one in result:
        labels = tuple(sorted(one["metric"].items()))
        for at, value in one.get("values") or [one["value"]]:
            found[labels, round(at * 1000)] = float(value)
    return found


def _difference(one: float, other: float) -> float:
    return abs(one - other) / max(abs(one), abs(other), 1e-12)


def _percent(share: float) -> str:
    return "below 0.0001 %" if share < 1e-6 else f"{100 * share:.2g} %"  # noqa: PLR2004 - more digits say nothing
