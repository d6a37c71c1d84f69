"""Whether memory stays where it is while samples come in and queries are answered for a long time."""

import time
from collections.abc import Mapping
from itertools import cycle
from statistics import median
from typing import Final

from bench.connection import Connection
from bench.loading import flags
from bench.plan import Plan
from bench.plot import Plot
from bench.programs import SIGHTLINE
from bench.result import Row, Section
from bench.samples import METRIC, Shape, requests
from bench.sending import aside, send
from bench.server import Failed, Server, running, scratch

_SERIES: Final = 20_000
_STEP: Final = 1_000  # ms
_LOOKS: Final = 240
_BETWEEN: Final = 0.25  # seconds from the end of one query to the beginning of the next
_FLAT: Final = 1.1
_AT_ONCE: Final = 60  # samples of each series that are encoded at a time
_RANGE: Final = 900  # seconds

_QUARTERS: Final = ("first", "second", "third", "fourth")


def measure(plan: Plan) -> Section:
    """Write in real time, ask one query after the other, and look at the memory meanwhile."""
    with scratch() as folder, running(SIGHTLINE, folder, flags(SIGHTLINE)) as server:
        with aside(server, _write, plan.soak):
            memory, queries = _watched(server, plan.soak)
        taken = server.metric("sightline_ingest_samples_total")
    size = len(memory) // len(_QUARTERS)
    quarters = [[mib for _, mib in memory[part * size : (part + 1) * size]] for part in range(len(_QUARTERS))]
    ratio = median(quarters[-1]) / median(quarters[1])
    return Section(
        "soak",
        f"{_SERIES:,} series bring one sample a second each for {plan.soak:g} s, with the default settings, and one query after "
        f"the other is asked, {_BETWEEN:g} s apart: sums and rates of all series and of 100, at an instant and over {_RANGE} s, "
        f"and the values of a label. {taken:,.0f} samples, {queries:,} queries. Anonymous memory (RssAnon), {len(memory)} looks.",
        [
            *(
                Row(f"median of the {name} quarter", "MiB", "lower", {SIGHTLINE.name: quarter})
                for name, quarter in zip(_QUARTERS, quarters, strict=True)
            ),
            Row("largest", "MiB", "lower", {SIGHTLINE.name: [max(mib for _, mib in memory)]}),
            Row("fourth quarter to second", "times", "lower", {SIGHTLINE.name: [ratio]}, limit=_FLAT),
        ],
        ["The first quarter is left out: memory for the newest samples (hot.max_bytes) fills in it."],
        plots=[Plot("soak", "anonymous memory", "seconds", "MiB", {SIGHTLINE.name: memory})],
    )


def _watched(server: Server, seconds: float) -> tuple[list[tuple[float, float]], int]:
    """Seconds and MiB of every look at the memory, and how many queries were answered meanwhile."""
    memory: list[tuple[float, float]] = []
    answered = 0
    questions = cycle(_questions())
    begun = time.monotonic()
    with server.connect() as connection:
        while (passed := time.monotonic() - begun) < seconds:
            if passed >= (len(memory) + 1) * seconds / _LOOKS:
                memory.append((passed, server.process.anonymous_bytes() / (1 << 20)))
            _ask(connection, *next(questions))
            answered += 1
            time.sleep(_BETWEEN)
    return memory, answered


def _questions() -> list[tuple[str, dict[str, str]]]:
    one_group = f'{METRIC}{{group="g007"}}'
    queries = (f"sum by (x) (rate({METRIC}[1m]))", f"rate({one_group}[1m])", f"max(max_over_time({one_group}[10m]))")
    return [
        *(("/api/v1/query", {"query": query}) for query in queries),
        *(("/api/v1/query_range", {"query": query, "step": "15"}) for query in queries),
        ("/api/v1/label/path/values", {}),
    ]


def _ask(connection: Connection, path: str, parameters: Mapping[str, str]) -> None:
    """Ask for the present.

    Raises:
        Failed: it is refused.
    """
    now = time.time()
    times = {"start": now - _RANGE, "end": now} if path.endswith("_range") else {"time": now}
    answer = connection.get(path, {**parameters, **times})
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise Failed(f"{path} with {parameters} was answered {answer.status}: {answer.body[:200]!r}")


def _write(server: Server, seconds: float) -> None:
    """Send every second's samples when they are due, or as soon as they are encoded."""
    start = int(time.time()) * 1000
    for first in range(0, round(seconds), _AT_ONCE):
        shape = Shape(start + first * _STEP, _AT_ONCE, _SERIES, samples_a_request=1, step=_STEP)
        bodies = list(requests(shape, seed=first))
        time.sleep(max(0.0, shape.start / 1000 - time.time()))
        send(server, bodies, connections=1, rate=_SERIES * 1000 / _STEP)
