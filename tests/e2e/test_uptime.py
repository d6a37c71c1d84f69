"""Checks from end to end: a target goes and comes, the program is killed, and what nobody saw is said to be unknown."""

import json
import re
import socket
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.program import Program, running, until
from tests.serving import serving
from typing_extensions import override

AWAY = 600_000
"""Ms for which the program was away, as its catalog is made to believe."""


class Target(ThreadingHTTPServer):
    """A web server that is well or not; it remembers the traces that it was asked with."""

    daemon_threads = True
    is_well = True
    traces: list[str]


class Handler(BaseHTTPRequestHandler):
    """Answers by how the target is."""

    server: Target

    def do_GET(self) -> None:
        """One answer."""
        self.server.traces.append(self.headers.get("traceparent", ""))
        self.send_response(200 if self.server.is_well else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def target() -> Iterator[Target]:
    """One on loopback."""
    server = Target(("127.0.0.1", 0), Handler)
    server.traces = []
    with serving(server):
        yield server


def add(program: Program, name: str, url: str, **more: Any) -> int:
    """A check that is probed each second; gives its id."""
    check = {"name": name, "url": url, "type": "http", "interval": "1s", "timeout": "900ms", **more}
    return int(post(program, "/targets", check)["id"])


def post(program: Program, path: str, given: Any = None) -> dict[str, Any]:
    """The answer to some JSON."""
    body = json.dumps(given).encode() if given is not None else b""
    request = urllib.request.Request(f"{program.url}{path}", body, {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def state(program: Program, check: int) -> str:
    """Where it stands."""
    return str(program.get("/status", target_id=check)["state"])


def metric(program: Program, name: str) -> float:
    """One of the program's own, as it is now."""
    with urllib.request.urlopen(f"{program.url}/metrics", timeout=30) as answer:
        found = re.search(rf"^{re.escape(name)} (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def age(folder: Path) -> None:
    """Have everything that the catalog knows of uptime lie so much longer ago, as after a long time without the program."""
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog, catalog:
        catalog.execute("UPDATE monitor SET alive_at = alive_at - ?", (AWAY,))
        catalog.execute("UPDATE transitions SET at = at - ?", (AWAY,))


def test_a_target_goes_and_comes_with_an_incident_an_alert_and_series(tmp_path: Path) -> None:
    """Down within a probe, told in the alerts, and over when it is back; every probe is a sample."""
    with target() as server, running(tmp_path / "data") as program:
        check = add(program, "shop", f"http://127.0.0.1:{server.server_port}/")
        until(lambda: state(program, check) == "up")
        server.is_well = False
        until(lambda: state(program, check) == "down")
        until(lambda: len(program.get("/api/v1/incidents", open="true")["incidents"]) == 1)
        until(lambda: [one["labels"]["alertname"] for one in program.get("/api/v2/alerts")] == ["CheckDown"])
        server.is_well = True
        until(lambda: state(program, check) == "up")
        until(lambda: not program.get("/api/v1/incidents", open="true")["incidents"])
        incident = program.get("/api/v1/incidents/1")
        assert incident["details"] == "status is 503, which is not accepted"
        assert [one["kind"] for one in incident["timeline"] if one["kind"] != "notice"] == [
            "opened",
            "transition",
            "resolved",
        ]
        query = 'min_over_time(probe_success{check="shop"}[1m])'
        (series,) = program.get("/api/v1/query", query=query)["data"]["result"]
        assert series["value"][1] == "0"


def test_the_time_in_which_the_program_was_dead_is_unknown(tmp_path: Path) -> None:
    """Killed, and back ten minutes later: from its last sign of life on nobody knows, until the first probe after."""
    folder = tmp_path / "data"
    with target() as server:
        with running(folder) as program:
            check = add(program, "shop", f"http://127.0.0.1:{server.server_port}/")
            until(lambda: state(program, check) == "up")
            # The catalog learns of it with the next tick.
            until(lambda: len(program.get(f"/api/v1/checks/{check}/transitions")["transitions"]) == 2)
            program.kill()
        age(folder)
        with running(folder) as program:
            until(lambda: state(program, check) == "up")
            until(lambda: len(program.get(f"/api/v1/checks/{check}/transitions")["transitions"]) == 4)
            found = program.get(f"/api/v1/checks/{check}/transitions")["transitions"]
            assert [one["state"] for one in found] == ["unknown", "up", "unknown", "up"]
            assert found[2]["reason"] == "monitor_was_stopped"
            uptime = program.get(f"/api/v1/checks/{check}/uptime")["24h"]
            assert uptime["corrected"] == 1.0
            assert uptime["raw"] < 0.1
            assert uptime["seconds"]["unknown"] > 590


@contextmanager
def reference(port: int = 0) -> Iterator[int]:
    """What takes connections and does nothing with them, at a port of its own or this one; gives the port."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        yield int(listener.getsockname()[1])


@pytest.mark.timeout(120)
def test_what_fails_while_the_program_is_cut_off_is_unknown_and_told_to_nobody(tmp_path: Path) -> None:
    """Nothing else is reached either; once it is, what is dead still is down."""
    with ExitStack() as there:
        server = there.enter_context(target())
        ports = [
            there.enter_context(reference()) for _ in range(2)
        ]  # closed first: the target is not dead before they are
        settings = ",".join(f"127.0.0.1:{port}" for port in ports)
        with running(tmp_path / "data", "--set", f"checks.references={settings}") as program:
            check = add(program, "shop", f"http://127.0.0.1:{server.server_port}/")
            until(lambda: state(program, check) == "up")
            there.close()
            until(lambda: state(program, check) == "unknown")
            shown = program.get(f"/api/v1/checks/{check}")["status"]
            assert (shown["reason"], shown["incident_id"]) == ("monitor_was_cut_off", None)
            assert settings.replace(",", ", ") in shown["message"]
            assert metric(program, 'sightline_location_cut_off{location="local"}') == 1
            with reference(ports[1]):
                until(lambda: state(program, check) == "down")
                until(lambda: len(program.get("/api/v1/incidents")["incidents"]) == 1)
            states = [one["state"] for one in program.get(f"/api/v1/checks/{check}/transitions")["transitions"]]
            assert states == ["unknown", "up", "unknown", "down"]
            assert [one["labels"]["alertname"] for one in program.get("/api/v2/alerts")] == ["CheckDown"]


def test_a_failed_probe_leads_to_its_trace(tmp_path: Path) -> None:
    """What was asked was told the trace, and the program's own span of it says what went wrong."""
    with target() as server, running(tmp_path / "data") as program:
        server.is_well = False
        check = add(program, "shop", f"http://127.0.0.1:{server.server_port}/")
        until(lambda: state(program, check) == "down")
        until(lambda: len(program.get("/api/v1/incidents")["incidents"]) == 1)
        (incident,) = program.get("/api/v1/incidents")["incidents"]
        (trace,) = incident["trace_ids"]
        assert any(one.split("-")[1:2] == [trace] and one.endswith("-01") for one in server.traces)

        def stored() -> bool:
            try:
                return bool(program.get(f"/api/v1/traces/{trace}")["spans"])
            except urllib.error.HTTPError:
                return False

        until(stored)
        (span,) = program.get(f"/api/v1/traces/{trace}")["spans"]
        assert (span["kind"], span["status"]) == ("Client", "Error")
        assert span["attributes"]["http.response.status_code"] == "503"


def test_a_window_mutes_an_alert_that_fires_over_a_kill_and_until_it_is_ended(tmp_path: Path) -> None:
    """The alert goes on, by whoever asks; clients of Alertmanager are told which window mutes it."""

    def muted_by(program: Program) -> list[list[str]]:
        told = program.get("/api/v2/alerts", filter='check="shop"')
        return [one["status"]["mutedBy"] for one in told]

    def firing(program: Program) -> list[str]:
        alerts = program.get("/api/v1/alerts")["data"]["alerts"]
        return [one["state"] for one in alerts if one["labels"].get("check") == "shop"]

    folder = tmp_path / "data"
    with target() as server:
        server.is_well = False
        with running(folder) as program:
            check = add(program, "shop", f"http://127.0.0.1:{server.server_port}/")
            until(lambda: muted_by(program) == [[]])
            written = {
                "name": "upgrade",
                "scope": {"all": True},
                "starts_at": "2020-01-01T00:00:00Z",
                "duration": "31d",
            }
            window = post(program, "/api/v1/windows", {**written, "cron": "0 * * * *"})
            until(lambda: state(program, check) == "maintenance")
            assert (muted_by(program), firing(program)) == ([["maintenance: upgrade"]], ["firing"])
            # The catalog learns of the state with the next tick.
            until(lambda: len(program.get(f"/api/v1/checks/{check}/transitions")["transitions"]) == 3)
            program.kill()
        with running(folder) as program:
            until(lambda: firing(program) == ["firing"])
            assert (state(program, check), muted_by(program)) == ("maintenance", [["maintenance: upgrade"]])
            post(program, f"/api/v1/windows/{window['id']}/end")
            until(lambda: state(program, check) == "down")
            until(lambda: muted_by(program) == [[]])
