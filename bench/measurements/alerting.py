"""What alerts cost on their way to people: taking them in, looking at their groups, telling a receiver, keeping them."""

import asyncio
import gc
import json
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.loading import flags
from bench.plan import Plan
from bench.programs import ALERTMANAGER, SIGHTLINE, Program
from bench.result import Row, Section
from bench.server import Failed, Server, running, scratch
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.notification_log import MemoryNotificationLog
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.dispatch import Dispatch
from sightline.application.gather import Gather
from sightline.application.ledger import Ledger
from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.alerts.pipeline.plan import Plan as Telling
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.route import WrittenRoute, route_tree
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL
from sightline.domain.timerange import MINUTE

_GROUPS: Final = 500
_A_REQUEST: Final = 1_000
_GROUP_WAIT: Final = 1.0
_TOLD: Final = 10
_OK: Final = 200
_WITHIN: Final = 60.0
_CONFIG: Final = """
route:
  receiver: nobody
  group_by: [alertname]
  group_wait: 1h
  routes:
  - {matchers: [kind="timed"], receiver: hook, group_wait: 1s}
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [instance]}
receivers:
- name: nobody
- name: hook
  webhook_configs: [{url: URL}]
"""


def measure(plan: Plan) -> Section:
    """Post the same alerts to both programs; look at all groups in this process, where nothing else runs."""
    found: dict[str, dict[str, list[float]]] = {}
    for program in (SIGHTLINE, ALERTMANAGER):
        if program.installed:
            for _ in range(plan.alert_runs):
                for name, value in _run(program, plan.alerts).items():
                    found.setdefault(name, {}).setdefault(program.name, []).append(value)
    theirs = {name: median(values[ALERTMANAGER.name]) for name, values in found.items() if ALERTMANAGER.name in values}
    first, later, traced = asyncio.run(_passes(plan.alerts, plan.alert_runs))
    mine = SIGHTLINE.name
    return Section(
        "alerting",
        f"{plan.alerts:,} active alerts in {_GROUPS} groups, {_A_REQUEST:,} a request to `/api/v2/alerts`, with one inhibition "
        "rule, and what `/api/v2/alerts/groups` takes to show all; memory is read in between, at rest. "
        "A pass is a look at every group, over logs in memory. From posting a single "
        f"alert until a receiver on this machine has it, less the {_GROUP_WAIT:g} s of group_wait, the slowest of {_TOLD}.",
        [
            Row("full pass, all to be told", "ms", "lower", {mine: first}, limit=250),
            Row("full pass, nothing new", "ms", "lower", {mine: later}, limit=250),
            Row("taken in and grouped", "alerts/s", "higher", found["rate"]),
            Row("from posting to delivery beyond group_wait", "ms", "lower", found["told"], limit=1_000),
            Row("memory per active alert, of the process", "bytes", "lower", found["memory"], limit=4_000),
            Row("memory per active alert, of Python's objects", "bytes", "lower", {mine: traced}, limit=4_000),
        ],
        [
            f"Alertmanager {ALERTMANAGER.version()} in the same run: {theirs['rate']:,.0f} alerts/s, {theirs['told']:,.0f} ms, "
            f"{theirs['memory']:,.0f} bytes per active alert of the process."
            if theirs
            else "Alertmanager is not installed here.",
            "Sightline has every alert on the disk before it answers; Alertmanager keeps alerts in memory alone.",
        ],
    )


class _Door(ThreadingHTTPServer):
    """Remembers when it was told of each alert."""

    daemon_threads = True
    at: dict[str, float]


class _Handler(BaseHTTPRequestHandler):
    server: _Door

    def do_POST(self) -> None:
        """Remember and answer."""
        now = time.monotonic()
        for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"]:
            self.server.at.setdefault(alert["labels"]["alertname"], now)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _receiving() -> Iterator[_Door]:
    with _Door(("127.0.0.1", 0), _Handler) as door:
        door.at = {}
        threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield door
        door.shutdown()


def _run(program: Program, alerts: int) -> dict[str, float]:
    with scratch() as folder, _receiving() as door:
        config = folder / "alertmanager.yml"
        config.write_text(_CONFIG.replace("URL", f"http://127.0.0.1:{door.server_address[1]}/"), encoding="utf-8")
        with running(program, folder, _flags(program, config)) as server:
            told = max(_told_after(server, door, f"timed {number}") for number in range(_TOLD))
            server.settle()
            before = server.process.anonymous_bytes()
            seconds = _post_to(server, alerts)
            server.settle()
            memory = (server.process.anonymous_bytes() - before) / alerts
            rate = alerts / (seconds + _shown_after(server, alerts))
    return {"rate": rate, "told": (told - _GROUP_WAIT) * 1_000, "memory": memory}


def _flags(program: Program, config: Path) -> tuple[str, ...]:
    return (*flags(program), "--alertmanager-config", str(config)) if program is SIGHTLINE else ()


def _post_to(server: Server, alerts: int) -> float:
    """Seconds until all are taken in."""
    starts_at = datetime.now(UTC).isoformat()
    bodies = [
        json.dumps([_posted(number, starts_at) for number in range(first, min(first + _A_REQUEST, alerts))]).encode()
        for first in range(0, alerts, _A_REQUEST)
    ]
    with server.connect() as connection:
        started = time.monotonic()
        for body in bodies:
            answer = connection.post("/api/v2/alerts", body, "application/json")
            if answer.status != _OK:
                raise Failed(f"{server.program.name} answered {answer.status} to alerts")
        return time.monotonic() - started


def _shown_after(server: Server, alerts: int) -> float:
    """Seconds until all are shown in their groups."""
    with server.connect() as connection:
        started = time.monotonic()
        while time.monotonic() < started + _WITHIN:
            groups = connection.get("/api/v2/alerts/groups").json()
            if sum(len(group["alerts"]) for group in groups if group["receiver"]["name"] == "nobody") == alerts:
                return time.monotonic() - started
    raise Failed(f"{server.program.name} did not show {alerts} alerts within {_WITHIN:g} s")


def _told_after(server: Server, door: _Door, name: str) -> float:
    """Seconds from posting an alert until the receiver has it."""
    starts_at = datetime.now(UTC).isoformat()
    body = json.dumps([{"labels": {"alertname": name, "kind": "timed"}, "startsAt": starts_at}]).encode()
    with server.connect() as connection:
        started = time.monotonic()
        connection.post("/api/v2/alerts", body, "application/json")
    while name not in door.at:
        if time.monotonic() > started + _WITHIN:
            raise Failed(f"{server.program.name} did not tell of an alert within {_WITHIN:g} s")
        time.sleep(0.002)
    return door.at[name] - started


def _labels(number: int) -> dict[str, str]:
    return {
        "alertname": f"Alert{number % _GROUPS}",
        "instance": f"web-{number}:9100",
        "job": "node",
        "cluster": "eu-1",
        "severity": "warning" if number % 10 else "critical",
    }


def _posted(number: int, starts_at: str) -> dict[str, Any]:
    return {
        "labels": _labels(number),
        "annotations": {"summary": f"web-{number} is hot", "description": "CPU has been above 90 % for 5 minutes."},
        "startsAt": starts_at,
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
    }


async def _passes(alerts: int, runs: int) -> tuple[list[float], list[float], list[float]]:
    """Ms of a pass in which all is told and of one with nothing new; bytes an alert takes."""
    first, later, traced = list[float](), list[float](), list[float]()
    for _ in range(runs):
        tracemalloc.start()
        clock, dispatch = _pipeline()
        await dispatch.load()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        await _post_all(dispatch, clock, alerts)
        gc.collect()
        traced.append((tracemalloc.get_traced_memory()[0] - before) / alerts)
        tracemalloc.stop()
        for times in (first, later):
            await clock.advance(6 * MINUTE / 1_000)
            started = time.perf_counter()
            await dispatch.run_once()
            times.append((time.perf_counter() - started) * 1_000)
    return first, later, traced


async def _post_all(dispatch: Dispatch, clock: ManualClock, alerts: int) -> None:
    now = clock.now()
    await dispatch.post(
        LOCAL,
        (
            PostedAlert(
                DEFAULT_TENANT,
                Labels.of(_labels(number)),
                Labels.of(summary=f"web-{number} is hot", description="CPU has been above 90 % for 5 minutes."),
                now,
                None,
                now,
            )
            for number in range(alerts)
        ),
    )


def _pipeline() -> tuple[ManualClock, Dispatch]:
    clock = ManualClock()
    route = route_tree(WrittenRoute("team", ("alertname",), group_wait=MINUTE, group_interval=5 * MINUTE))
    critical, warning = (Matcher("severity", MatchOp.EQUAL, value) for value in ("critical", "warning"))
    plan = Telling(
        route, {"team": (Channel("team", "team", "memory"),)}, (InhibitRule((critical,), (warning,), ("instance",)),)
    )
    ledger = Ledger(MemoryNotificationLog())
    return clock, Dispatch(Gather(plan, ledger), ledger, lambda _: lambda _: (), clock, MemoryTelemetry())
