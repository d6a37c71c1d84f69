"""How long queries over a month take."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.programs import SIGHTLINE, VICTORIA_METRICS, Program
from bench.result import Row, Section
from bench.samples import METRIC, STEP, Shape, requests
from bench.sending import send
from bench.server import Failed, Server, running, scratch

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_SAMPLES_A_REQUEST: Final = _HOUR // STEP
_PARTS: Final = 4
_AT_ONCE: Final = 64  # requests that are encoded before they are sent: all of them would take gigabytes
_QUERIES: Final = (("max_over_time", 300.0), ("rate", 8_000.0))
_MONTH: Final = ("retention=60d", "flush.age=1s")
_THEIR_MONTH: Final = ("-retentionPeriod=60d",)

_Points = Mapping[tuple[str, int], float]
"""By series and second, the values of an answer."""


@dataclass(slots=True)
class _Told:
    """What one program did. loading: seconds; queries, answers: by function, of every run the ms, and the last answer."""

    loading: float
    queries: dict[str, list[float]] = field(default_factory=dict)
    answers: dict[str, _Points] = field(default_factory=dict)


def measure(plan: Plan) -> Section:
    """Write a month in its order, then ask for every day of it."""
    rounds = plan.long_days * _DAY // _HOUR
    # The last sample is at a whole hour, as the ends of windows are: those are what digests of hours can tell.
    start = int(time.time()) * 1000 // _HOUR * _HOUR - rounds * _HOUR
    shape = Shape(start + STEP, rounds, plan.long_series, max(1, plan.long_series // _PARTS), _SAMPLES_A_REQUEST)
    told = {
        program.name: _run(program, shape, plan.long_runs)
        for program in (SIGHTLINE, VICTORIA_METRICS)
        if program.installed
    }
    size = f"{shape.series:,} series, {plan.long_days} days"
    return Section(
        "long",
        f"{shape.series:,} series over {plan.long_days} days, a sample every {STEP // 1000} s: {shape.samples:,} samples by remote "
        "write, back-dated and in their order. Range queries at whole hours with step 1d, from the question to the last byte of "
        "the answer, after one unmeasured answer and once all is in tables and at rest.",
        [
            *(
                Row(
                    f"{name}(x[1d]), step 1d, {size}",
                    "ms",
                    "lower",
                    {program: its.queries[name] for program, its in told.items()},
                    limit=limit,
                )
                for name, limit in _QUERIES
            ),
            Row("loading, encoding included", "s", "neither", {name: [its.loading] for name, its in told.items()}),
        ],
        [
            f"Sightline is started with {', '.join(_MONTH)}; rate() reads all samples within the default bounds on queries.",
            "VictoriaMetrics is started with -retentionPeriod=60d and asked with nocache=1; it means something else by rate().",
            "Prometheus is left out: the limits here stand for themselves.",
            *(_agreement(name, told) for name, _ in _QUERIES),
        ],
    )


def _run(program: Program, shape: Shape, runs: int) -> _Told:
    started_with = flags(program, *_MONTH) if program is SIGHTLINE else _THEIR_MONTH
    with scratch() as folder, running(program, folder, started_with) as server:
        told = _Told(_load(server, shape))
        settle_tables(server)
        for name, _ in _QUERIES:
            asked = [_once(server, name, shape) for _ in range(runs + 1)]
            told.queries[name] = [1000 * seconds for seconds, _ in asked[1:]]
            told.answers[name] = asked[-1][1]
    return told


def _load(server: Server, shape: Shape) -> float:
    """Write it all, some requests encoded at a time; gives the seconds that took."""
    started = time.monotonic()
    bodies = requests(shape)
    while some := list(islice(bodies, _AT_ONCE)):
        send(server, some)
    return time.monotonic() - started


def _once(server: Server, function: str, shape: Shape) -> tuple[float, _Points]:
    """Seconds to the last byte, and the points by series and time."""
    days = round((shape.end - shape.start) / _DAY)
    end = shape.end / 1000
    grid = {"start": end - (days - 1) * _DAY / 1000, "end": end, "step": "1d"}
    parameters = {"query": f"{function}({METRIC}[1d])", **grid, **(server.program.fresh or {})}
    with server.connect() as connection:
        began = time.monotonic()
        answer = connection.get("/api/v1/query_range", parameters)
        seconds = time.monotonic() - began
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise Failed(f"{server.program.name}: {function} was answered {answer.status}: {answer.body[:300]!r}")
    points = {
        (one["metric"]["instance"], round(at)): float(value)
        for one in answer.json()["data"]["result"]
        for at, value in one["values"]
    }
    if len(points) != shape.series * days:
        raise Failed(f"{server.program.name}: {function} gave {len(points)} points instead of {shape.series * days}")
    return seconds, points


def _agreement(name: str, told: Mapping[str, _Told]) -> str:
    """A sentence on how far the answers are apart."""
    if VICTORIA_METRICS.name not in told:
        return f"Agreement on {name}: no peer to compare with."
    ours, theirs = (told[program.name].answers[name] for program in (SIGHTLINE, VICTORIA_METRICS))
    both = ours.keys() & theirs.keys()
    apart = max((_difference(ours[key], theirs[key]) for key in both), default=0.0)
    return (
        f"Agreement on {name}: {len(both):,} of {len(ours):,} points in both, largest difference {100 * apart:.2g} %."
    )


def _difference(one: float, other: float) -> float:
    return abs(one - other) / max(abs(one), abs(other), 1e-12)
