"""Alert rules by REST, in the program as it runs."""

from pathlib import Path
from typing import Any

import httpx
from tests.e2e.program import running, until

QUIET = ("--set", "host.enabled=false", "--set", "containers.enabled=false", "--set", "alerts.interval=300ms")


def test_rules_that_were_saved_are_evaluated_and_stay_over_a_restart(tmp_path: Path) -> None:
    """A new rule fires at the next round, and a rule that came with the program stays as it was changed."""
    with running(tmp_path / "data", *QUIET) as program:

        def rules() -> set[str]:
            return {one["rule"]["name"] for one in program.get("/api/v1/alert-rules")["rules"]}

        until(lambda: {"HighCpuUsage", "HostDown", "ContainerUnhealthy"} <= rules())
        with httpx.Client(base_url=program.url) as client:
            rule: dict[str, Any] = {"name": "Always", "expr": "vector(1)", "severity": "info"}
            assert client.post("/api/v1/alert-rules", json=rule).status_code == 201
            gone = {"name": "Gone", "expr": "not_there > 1", "no_data": "unknown"}
            assert client.post("/api/v1/alert-rules", json=gone).status_code == 201
            assert client.post("/api/v1/alert-rules/HostDown/disable").status_code == 200
            cpu = client.get("/api/v1/alert-rules/HighCpuUsage").json()["rule"]
            assert client.put("/api/v1/alert-rules/HighCpuUsage", json={**cpu, "for_ms": 1}).status_code == 200
            said = client.post("/api/v1/validate/alert-rule", json=gone).json()
            assert (said["valid"], said["matches"]) == (True, 0)
            assert said["warnings"] == ["not_there matches no series: there is no such metric now"]

        def states() -> dict[str, str]:
            alerts = program.get("/api/v1/alerts")["data"]["alerts"]
            return {alert["labels"]["alertname"]: alert["state"] for alert in alerts}

        until(lambda: states() == {"Always": "firing", "Gone": "unknown"})
    with running(tmp_path / "data", *QUIET) as program:
        until(lambda: "Always" in {rule["name"] for rule in evaluated(program.get("/api/v1/rules"))})
        assert "HostDown" not in {rule["name"] for rule in evaluated(program.get("/api/v1/rules"))}
        cpu = program.get("/api/v1/alert-rules/HighCpuUsage")
        assert (cpu["origin"], cpu["rule"]["for_ms"]) == ("changed", 1)
        memory = program.get("/api/v1/alert-rules/HighMemoryUsage")
        assert (memory["origin"], memory["version"]) == ("built-in", 1)


def test_when_a_server_was_heard_of_is_a_series(tmp_path: Path) -> None:
    """By which a rule that comes with the program tells who fell silent; the series is none of what the server reports."""
    with running(tmp_path / "data", *QUIET, "--set", "own.interval=500ms") as program:
        with httpx.Client(base_url=program.url) as client:
            server = client.post("/api/v1/servers", json={"hostname": "db-1"}).json()["id"]
            report = {"server_id": server, "metrics": [{"metric_type": "cpu", "metric_name": "usage", "value": 1}]}
            assert client.post("/api/v1/ingest", json=report).status_code == 202

        def age() -> float | None:
            text = 'time() - server_last_seen_timestamp_seconds{hostname="db-1"}'
            found = program.get("/api/v1/query", query=text)["data"]["result"]
            return float(found[0]["value"][1]) if found else None

        until(lambda: age() is not None)
        assert (age() or 0.0) < 60
        metrics = program.get("/api/v1/metrics", server_id=server)
        assert "last_seen" not in str(metrics)


def evaluated(answer: Any) -> list[dict[str, Any]]:
    """The rules of all groups."""
    return [rule for group in answer["data"]["groups"] for rule in group["rules"]]
