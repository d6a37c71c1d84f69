"""How many steps of an alert rule a second are replayed over stored samples."""

import json
import time
from typing import Any, Final

from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.programs import SIGHTLINE
from bench.result import Row, Section
from bench.samples import METRIC, Shape, requests
from bench.sending import send
from bench.server import Failed, Server, running, scratch

_SERIES: Final = 100
_MINUTE: Final = 60_000
_SAMPLES_A_REQUEST: Final = 480
_PATH: Final = "/api/v1/backtest/alert-rule"
_LEAST: Final = 100_000.0
_RULES: Final = (
    ("a threshold, for 5m", f"{METRIC} > 50", "5m"),
    ("a mean of 10 m, for 5m", f"avg_over_time({METRIC}[10m]) > 50", "5m"),
    ("a condition that comes and goes, for 5m", f"{METRIC} % 10 < 5", "5m"),
)


def measure(plan: Plan) -> Section:
    """Write some days of samples, and replay rules over all of them."""
    rounds = plan.backtest_days * 24 * 60 // _SAMPLES_A_REQUEST
    length = rounds * _SAMPLES_A_REQUEST * _MINUTE
    start = (int(time.time()) * 1000 - length) // _MINUTE * _MINUTE
    shape = Shape(start, rounds, _SERIES, _SERIES, _SAMPLES_A_REQUEST, "gauge", _MINUTE)
    rows: list[Row] = []
    notes: list[str] = []
    with scratch() as folder, running(SIGHTLINE, folder, flags(SIGHTLINE, "flush.age=1s")) as server:
        send(server, list(requests(shape)))
        settle_tables(server)
        for name, expr, waits in _RULES:
            told = [_replayed(server, shape, expr, waits) for _ in range(plan.backtest_runs + 1)][1:]
            last = told[-1][1]
            rates = [last["steps"] / seconds for seconds, _ in told]
            rows.append(Row(f"{name}, {_SERIES} series", "steps/s", "higher", {SIGHTLINE.name: rates}, limit=_LEAST))
            notes.append(
                f"{name}: {last['steps']:,} steps, {last['firings']:,} firings, {last['notificationCount']:,} notifications."
            )
    return Section(
        "backtest",
        f"An alert rule replayed each minute of {plan.backtest_days} days over {_SERIES} series with a sample a minute, in tables: "
        f"POST {_PATH}, from the question to the last byte of the answer, routing and groups included, after one unmeasured "
        "answer. A step is one series at one evaluation.",
        rows,
        notes,
    )


def _replayed(server: Server, shape: Shape, expr: str, waits: str) -> tuple[float, Any]:
    """Seconds, and the answer."""
    body = {
        "rule": {
            "alert": "Bench",
            "expr": expr,
            "for": waits,
            "annotations": {"summary": "{{ $labels.x }}: {{ $value }}"},
        },
        "start": shape.start / 1000,
        "end": shape.end / 1000,
        "interval": "1m",
    }
    with server.connect() as connection:
        began = time.monotonic()
        answer = connection.post(_PATH, json.dumps(body).encode(), "application/json")
        seconds = time.monotonic() - began
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise Failed(f"{expr} was answered {answer.status}: {answer.body[:300]!r}")
    return seconds, answer.json()
