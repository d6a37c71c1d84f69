"""What happens is told: new samples on the live stream, alerts on the console."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.program import running, until
from websockets.sync.client import connect

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

QUIET = ("--set", "host.enabled=false")


def one_sample(name: str) -> WriteBatch:
    now = np.array([time.time() * 1000], np.int64)
    return WriteBatch((Labels.of(__name__=name),), np.zeros(1, np.uint32), now, np.array([42.0]))


def test_new_samples_reach_the_live_stream_of_their_tenant_alone(tmp_path: Path) -> None:
    """A listener hears what is written under its tenant, and nothing of another's."""
    with running(tmp_path / "data", *QUIET) as program:
        url = program.url.replace("http", "ws", 1) + "/ws?match[]=live"
        with (
            connect(url, additional_headers={"X-Scope-OrgID": "a"}) as ours,
            connect(url, additional_headers={"X-Scope-OrgID": "b"}) as theirs,
        ):
            assert json.loads(ours.recv(10))["type"] == "hello"
            assert json.loads(theirs.recv(10))["type"] == "hello"
            program.write(one_sample("live"), tenant="a")
            heard = json.loads(ours.recv(10))
            assert heard["type"] == "samples"
            assert heard["series"][0]["metric"] == {"__name__": "live"}
            assert heard["series"][0]["values"][0][1] == "42"
            program.write(one_sample("live"), tenant="b")
            assert json.loads(theirs.recv(10))["series"][0]["values"][0][1] == "42"
            with pytest.raises(TimeoutError):
                ours.recv(0.5)


def test_an_alert_is_told_on_the_console_and_by_the_api(tmp_path: Path) -> None:
    """With thresholds that any machine passes both built-in alerts go from pending to firing, once each."""
    flags = ("--set", "host.interval=500ms", "--set", "alerts.interval=500ms")
    thresholds = {"CPU_THRESHOLD": "0.01", "MEMORY_THRESHOLD": "0.01"}
    with running(tmp_path / "data", *flags, environment=thresholds) as program:

        def states() -> dict[str, str]:
            alerts = program.get("/api/v1/alerts")["data"]["alerts"]
            return {alert["labels"]["alertname"]: alert["state"] for alert in alerts}

        until(lambda: states().get("HighMemoryUsage") == "pending")
        until(lambda: states() == {"HighCpuUsage": "firing", "HighMemoryUsage": "firing"}, 60)
        until(lambda: all(program.log.read_text().count(name) == 1 for name in ("HighCpuUsage", "HighMemoryUsage")))
        lines = [line for line in program.log.read_text().splitlines() if "High" in line]
        assert sorted(("CRITICAL" in line, "WARNING" in line) for line in lines) == [(False, True), (True, False)]
