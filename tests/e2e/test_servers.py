"""A server registers, reports, is watched and read back; and what it registered survives."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.e2e.program import Program, running
from websockets.sync.client import connect

QUIET = ("--set", "host.enabled=false")


def post(program: Program, path: str, body: Any) -> tuple[int, Any]:
    """POST JSON; gives the status and the JSON of the answer."""
    request = urllib.request.Request(
        f"{program.url}{path}", msgspec.json.encode(body), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, msgspec.json.decode(answer.read())
    except urllib.error.HTTPError as failure:
        with failure:
            return failure.code, msgspec.json.decode(failure.read())


def metric(name: str, value: float, age: float = 0, **labels: str) -> dict[str, Any]:
    """A metric of type cpu, some seconds old, with its time in an offset of its own."""
    at = datetime.now(UTC) - timedelta(seconds=age)
    stamp = at.replace(tzinfo=None) + timedelta(hours=2)
    return {
        "metric_type": "cpu",
        "metric_name": name,
        "value": value,
        "labels": labels,
        "timestamp": stamp.isoformat() + "+02:00",
    }


def test_a_server_registers_reports_and_is_read_back(tmp_path: Path) -> None:
    """A hundred metrics are in the answer, in PromQL, and on the stream; nothing is lost by a restart."""
    with running(tmp_path / "data", *QUIET) as program:
        status, server = post(program, "/api/v1/servers", {"hostname": "web-1", "labels": {"env": "prod"}})
        assert status == 201
        report = {"server_id": server["id"], "metrics": [metric("usage", core, core=str(core)) for core in range(100)]}
        with connect(program.url.replace("http", "ws", 1) + f"/api/v1/stream?server_id={server['id']}") as stream:
            assert post(program, "/api/v1/ingest", report) == (202, {"accepted": 100})
            assert len(json.loads(stream.recv(10))["metrics"]) == 100
        found = program.get("/api/v1/metrics", server_id=server["id"], metric_type="cpu")["metrics"]
        assert sorted(one["value"] for one in found) == list(range(100))
        counted = program.get("/api/v1/query", query='count(cpu_usage{hostname="web-1"})')["data"]["result"]
        assert counted[0]["value"][1] == "100"
        seen = program.get(f"/api/v1/servers/{server['id']}")["last_seen"]
        assert seen is not None
        program.stop()
    with running(tmp_path / "data", *QUIET) as program:
        [again] = program.get("/api/v1/servers")["servers"]
        assert again == {**server, "last_seen": seen}
        assert post(program, "/api/v1/servers", {"hostname": "web-1"})[1]["id"] == server["id"]
        found = program.get("/api/v1/metrics", server_id=server["id"])["metrics"]
        assert sorted(one["value"] for one in found) == list(range(100))


def test_a_report_that_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """What was answered 202, and the server it belongs to, are there after SIGKILL."""
    with running(tmp_path / "data", *QUIET) as program:
        server = post(program, "/api/v1/servers", {"hostname": "web-1"})[1]["id"]
        for number in range(20):
            report = {"server_id": server, "metrics": [metric("usage", number, age=20 - number)]}
            assert post(program, "/api/v1/ingest", report)[0] == 202
        program.kill()
    with running(tmp_path / "data", *QUIET) as program:
        hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        found = program.get("/api/v1/metrics", **{"server_id": server, "from": hour_ago})["metrics"]
        assert [one["value"] for one in found] == list(range(20))


def test_times_of_long_ago_and_far_ahead_are_refused(tmp_path: Path) -> None:
    """The metric is named by its place, and the others of its report are stored."""
    with running(tmp_path / "data", *QUIET) as program:
        server = post(program, "/api/v1/servers", {"hostname": "web-1"})[1]["id"]
        for stamp, said in (
            ("1970-01-01T00:00:00Z", "older than retention"),
            ("2100-01-01T00:00:00.123456789Z", "ahead of this server's clock"),
        ):
            bad = {**metric("usage", 1), "timestamp": stamp}
            report = {"server_id": server, "metrics": [metric("usage", 1), bad]}
            status, answer = post(program, "/api/v1/ingest", report)
            assert (status, answer["code"]) == (400, "sample_out_of_bounds")
            assert answer["error"].startswith("metrics[1].timestamp: ")
            assert said in answer["error"]
        assert [each["value"] for each in program.get("/api/v1/metrics")["metrics"]] == [1]
