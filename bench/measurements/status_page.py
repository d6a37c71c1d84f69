"""How quickly a status page is served to many readers, while it is made anew every few seconds."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from bench.loading import QUIET
from bench.plan import Plan
from bench.programs import SIGHTLINE
from bench.result import Row, Section
from bench.server import Failed, Server, running, scratch
from bench.steady import send_steadily

RATE: Final = 1_000
"""Requests a second."""
CHECKS: Final = 50
_PAGE: Final = {"slug": "bench", "title": "Bench", "groups": [{"groups": ["*"]}]}


def measure(plan: Plan) -> Section:
    """Read a page of fifty checks as browsers and feed readers do."""
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(plan.report_runs):
        for name, value in _run(plan).items():
            found.setdefault(name, {}).setdefault(SIGHTLINE.name, []).append(value)
    return Section(
        "status-page",
        f"A public page of {CHECKS} checks, {RATE:,} requests a second over 32 connections that stay open for {plan.report:g} s, "
        "compressed, latency from the moment when a request was due. The checks are probed meanwhile, and the page is made anew "
        "every 5 seconds and when one of them moves. The client shares the cores.",
        [
            Row("median", "ms", "lower", found["p50"]),
            Row("95th percentile", "ms", "lower", found["p95"], limit=5.0),
            Row("99th percentile", "ms", "lower", found["p99"]),
            Row("succeeded", "%", "higher", found["success"], limit=99.97),
            Row("server's CPU", "us/request", "lower", found["cpu"]),
        ],
    )


def _run(plan: Plan) -> Mapping[str, float]:
    with scratch() as folder, running(SIGHTLINE, folder, QUIET) as server:
        _define(server)
        request = b"GET /status/bench HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n"
        send_steadily(server.port, request, rate=RATE / 2, seconds=2)
        server.settle()
        before = server.process.cpu_seconds()
        steady = send_steadily(server.port, request, rate=RATE, seconds=plan.report)
        return {
            "p50": steady.p50,
            "p95": steady.p95,
            "p99": steady.p99,
            "success": steady.success,
            "cpu": 1e6 * (server.process.cpu_seconds() - before) / steady.sent,
        }


def _define(server: Server) -> None:
    """Checks of the program itself, and a page that shows them."""
    with server.connect() as connection:
        for number in range(CHECKS):
            check = {"name": f"check {number}", "type": "http", "url": f"http://127.0.0.1:{server.port}/livez"}
            _post(
                connection.post(
                    "/targets", msgspec.json.encode({**check, "interval": "10s"}), "application/json"
                ).status
            )
        _post(connection.post("/api/v1/status-pages", msgspec.json.encode(_PAGE), "application/json").status)


def _post(status: int) -> None:
    if status != HTTPStatus.CREATED:
        raise Failed(f"defining checks and a page was answered {status}")
