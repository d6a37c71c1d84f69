"""How cost grows with the number of series: intake, memory, and the time of queries."""

import time
from collections.abc import Sequence
from http.client import HTTPException
from statistics import median
from typing import Any, Final

from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.plot import Plot
from bench.programs import VICTORIA_METRICS, Program, present
from bench.result import Row, Section
from bench.samples import METRIC, Request, Shape, requests
from bench.sending import CONNECTIONS, send
from bench.server import Failed, Server, running, scratch

_SAMPLES: Final = 4_000_000
_A_REQUEST: Final = 1_000
_STEP: Final = 1_000  # ms: with few series all would be many hours, of which Prometheus makes blocks meanwhile
_MANY: Final = ("-search.maxUniqueTimeseries=2000000",)
"""VictoriaMetrics answers over 300,000 series at most by default."""

_Found = dict[tuple[str, int], dict[str, list[float]]]
"""By figure and number of series, of each program the values."""

_FIGURES: Final = (
    ("cpu", "CPU of intake, all in tables", "us/sample"),
    ("memory", "anonymous memory", "MiB"),
    ("group", "instant sum of one group of 100", "ms"),
    ("all", "instant sum of all", "ms"),
)


def measure(plan: Plan) -> Section:
    """Load every program with as many samples of ever more series."""
    found: _Found = {}
    failures: list[str] = []
    for series in plan.growth:
        shape = _shape(series)
        bodies = list(requests(shape))
        for program in present():
            figures: dict[str, list[float]] = {}
            try:
                _run(program, shape, bodies, plan.growth_runs, figures)
            except (Failed, OSError, HTTPException) as error:
                failures.append(
                    f"{program.name} with {series:,} series gave {len(figures)} figures, then failed: {error}"
                )
            for name, values in figures.items():
                found.setdefault((name, series), {})[program.name] = values
    return Section(
        "growth",
        f"{_SAMPLES:,} samples of 1,000 series and more, 1 s apart, up to 20 each a request, remote-written into an empty folder: "
        "CPU from the first byte until all is in tables and at rest, then the memory, then sums at the time of the last sample.",
        [
            Row(f"{words}, {series:,} series", unit, "lower", found.get((name, series), {}))
            for name, words, unit in _FIGURES
            for series in plan.growth
        ],
        [
            "All bring as many samples, so with more series each has fewer, and more of the CPU is for making them known.",
            "VictoriaMetrics is started with -search.maxUniqueTimeseries=2000000: by default it refuses sums over so many.",
            *failures,
        ],
        plots=[_plot(name, words, unit, plan.growth, found) for name, words, unit in _FIGURES],
    )


def _shape(series: int) -> Shape:
    """As many samples as always, whose last is a minute old."""
    a_request = min(20, _SAMPLES // series)
    rounds = _SAMPLES // (series * a_request)
    start = int(time.time() - 60) * 1000 - rounds * a_request * _STEP
    return Shape(start, rounds, series, min(_A_REQUEST, series // CONNECTIONS), a_request, step=_STEP)


def _run(program: Program, shape: Shape, bodies: list[Request], runs: int, figures: dict[str, list[float]]) -> None:
    """Add one figure after the other; what fails later leaves those that are there."""
    more = _MANY if program is VICTORIA_METRICS else flags(program, "flush.age=1s")
    with scratch() as folder, running(program, folder, more) as server:
        server.settle()
        before = server.process.cpu_seconds()
        send(server, bodies)
        settle_tables(server)
        figures["cpu"] = [1e6 * (server.process.cpu_seconds() - before) / shape.samples]
        figures["memory"] = [server.process.anonymous_bytes() / (1 << 20)]
        figures["group"] = _times(server, f'sum({METRIC}{{group="g007"}})', shape, runs)
        figures["all"] = _times(server, f"sum({METRIC})", shape, runs)
        _check(server, shape)


def _check(server: Server, shape: Shape) -> None:
    """Every series is there."""
    _, result = _once(server, f"count({METRIC})", shape)
    if float(result[0]["value"][1]) != shape.series:
        raise Failed(f"it has {result[0]['value'][1]} series instead of {shape.series}")


def _times(server: Server, query: str, shape: Shape, runs: int) -> list[float]:
    """Milliseconds of each run, one unmeasured before."""
    return [1000 * _once(server, query, shape)[0] for _ in range(runs + 1)][1:]


def _once(server: Server, query: str, shape: Shape) -> tuple[float, Any]:
    """Seconds to the last byte, and a result that is not empty."""
    parameters = {"query": query, "time": shape.end / 1000, **(server.program.fresh or {})}
    with server.connect() as connection:
        started = time.monotonic()
        answer = connection.get("/api/v1/query", parameters)
        seconds = time.monotonic() - started
    if answer.status != 200 or not (result := answer.json()["data"]["result"]):  # noqa: PLR2004 - OK
        raise Failed(f"{query} was answered {answer.status}: {answer.body[:200]!r}")
    return seconds, result


def _plot(name: str, words: str, unit: str, sizes: Sequence[int], found: _Found) -> Plot:
    lines = {
        program.name: [
            (float(size), median(found[name, size][program.name]))
            for size in sizes
            if program.name in found.get((name, size), {})
        ]
        for program in present()
    }
    return Plot(f"growth-{name}", words, "series", unit, lines)
