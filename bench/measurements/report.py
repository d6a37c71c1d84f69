"""How quickly a server's report of one sample is acknowledged, at a steady rate and up to the rate that is too much."""

from collections.abc import Mapping
from typing import Final

import msgspec
from bench.loading import QUIET
from bench.plan import Plan
from bench.programs import SIGHTLINE, VICTORIA_METRICS, Program
from bench.result import Row, Section
from bench.server import Failed, Server, running, scratch
from bench.steady import Steady, send_steadily

RATE: Final = 4_260
"""Requests a second of the steady run."""
_RISE: Final = 1.25
_MOST: Final = 40_000
_TOO_SLOW: Final = 10.0  # ms
_LINE: Final = b'cpu_usage{server_id="bench",hostname="bench-1",core="0"} 45.2\n'


def measure(plan: Plan) -> Section:
    """Report to Sightline, and write the same sample as a line of Prometheus text to VictoriaMetrics."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in range(plan.report_runs):
        for program in (SIGHTLINE, VICTORIA_METRICS):
            if program.installed:
                for name, value in _run(program, plan, rises=run == 0).items():
                    found.setdefault(name, {}).setdefault(program.name, []).append(value)
    return Section(
        "report",
        f"One sample a request over 32 connections that stay open, {RATE:,} requests a second for {plan.report:g} s, latency from "
        "the moment when a request was due; then the rate rises by a quarter at a time, each for "
        f"{plan.report / 6:g} s, until the 95th percentile passes {_TOO_SLOW:g} ms or a request fails. Sightline gets POST "
        "/api/v1/ingest, VictoriaMetrics the same sample as a line to /api/v1/import/prometheus. The client shares the cores.",
        [
            Row("median", "ms", "lower", found["p50"]),
            Row("95th percentile", "ms", "lower", found["p95"], limit=3.2),
            Row("99th percentile", "ms", "lower", found["p99"]),
            Row("succeeded", "%", "higher", found["success"], limit=99.97),
            Row("server's CPU", "us/request", "lower", found["cpu"]),
            Row(f"highest rate with 95 % within {_TOO_SLOW:g} ms", "requests/s", "higher", found["most"]),
        ],
        ["Sightline acknowledges what survives kill -9; VictoriaMetrics what is in its memory."],
    )


def _run(program: Program, plan: Plan, *, rises: bool) -> Mapping[str, float]:
    """One steady run against a fresh program; then, if it `rises`, up to the rate that is too much."""
    with scratch() as folder, running(program, folder, QUIET if program is SIGHTLINE else ()) as server:
        request = _request(server)
        send_steadily(server.port, request, rate=500, seconds=2)
        before = server.process.cpu_seconds()
        steady = send_steadily(server.port, request, rate=RATE, seconds=plan.report)
        cpu = server.process.cpu_seconds() - before
        most = {"most": _most(server, request, steady, plan.report / 6)} if rises else {}
        return {
            "p50": steady.p50,
            "p95": steady.p95,
            "p99": steady.p99,
            "success": steady.success,
            "cpu": 1e6 * cpu / steady.sent,
            **most,
        }


def _most(server: Server, request: bytes, steady: Steady, seconds: float) -> float:
    """The highest rate that was kept up."""
    kept, rate = 0.0, float(RATE)
    while steady.p95 <= _TOO_SLOW and steady.succeeded == steady.sent and rate < _MOST:
        kept, rate = rate, rate * _RISE
        steady = send_steadily(server.port, request, rate=rate, seconds=seconds)
    return kept


def _request(server: Server) -> bytes:
    if server.program is not SIGHTLINE:
        return _post("/api/v1/import/prometheus", _LINE, "text/plain")
    with server.connect() as connection:
        registered = connection.post(
            "/api/v1/servers", msgspec.json.encode({"hostname": "bench-1", "os": "linux"}), "application/json"
        )
    if registered.status not in {200, 201}:
        raise Failed(f"registering a server was answered {registered.status}: {registered.body[:200]!r}")
    metric = {"metric_type": "cpu", "metric_name": "usage", "value": 45.2, "labels": {"core": "0"}}
    body = msgspec.json.encode({"server_id": registered.json()["id"], "metrics": [metric]})
    return _post("/api/v1/ingest", body, "application/json")


def _post(path: str, body: bytes, media_type: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
