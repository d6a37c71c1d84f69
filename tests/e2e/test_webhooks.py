"""Alerts of other programs, told to the real program by webhooks."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.adapters.http.real_alertmanager import alertmanager
from tests.e2e.program import Program, running, until

TOKEN = "0123456789abcdef0123456789abcdef"
MAPPING = """
webhooks:
  uptime:
    labels: {alertname: $.name, severity: critical}
    status: $.status
    firing: [down]
    resolved: [up]
"""
UPSTREAM = """\
route: {{receiver: sightline, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
- name: sightline
  webhook_configs: [{{url: '{url}'}}]
"""


def post(url: str, body: Any) -> tuple[int, Any]:
    """Post JSON; status and answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def firing(program: Program) -> set[str]:
    """The names of alerts that fire."""
    return {one["labels"]["alertname"] for one in program.get("/api/v2/alerts")}


def test_an_alertmanager_hands_its_alerts_on(require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """An alert that a real Alertmanager tells our webhook fires here, and ends here when it ends there."""
    binary = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with running(tmp_path / "data") as program:
        upstream = UPSTREAM.format(url=f"{program.url}/api/v1/webhooks/alertmanager")
        with alertmanager(binary, tmp_path, upstream) as url:
            labels = {"alertname": "DiskFull", "instance": "db1"}
            assert post(f"{url}/api/v2/alerts", [{"labels": labels}])[0] == 200
            until(lambda: firing(program) == {"DiskFull"})
            (alert,) = program.get("/api/v2/alerts")
            assert alert["labels"] == labels
            ended = {"labels": labels, "endsAt": "2026-01-01T00:00:00Z", "startsAt": "2026-01-01T00:00:00Z"}
            assert post(f"{url}/api/v2/alerts", [ended])[0] == 200
            until(lambda: firing(program) == set())


def test_mappings_are_read_again_and_alerts_stay(tmp_path: Path) -> None:
    """A mapping of the file is used, is read again at a reload unless it cannot be, and what it brought outlives a kill."""
    file = tmp_path / "webhooks.yml"
    file.write_text(MAPPING)
    token = tmp_path / "token"
    token.write_text(TOKEN)
    flags = ("--set", f"alerts.webhooks_file={file}", "--set", "http.lifecycle=true")
    with running(tmp_path / "data", *flags) as program:
        url = f"{program.url}/api/v1/webhooks/generic"
        assert post(f"{url}/uptime", {"name": "shop", "status": "down"})[1]["data"]["firing"] == 1
        assert post(f"{url}/uptime", {"name": "shop", "status": "odd"})[1]["code"] == "field_invalid"
        file.write_text("webhooks: {broken: {}}")
        status, told = post(f"{program.url}/-/reload", None)
        assert status != 200
        assert f"{file}:1:20: broken.labels: alertname is missing" in told["error"]
        assert post(f"{url}/uptime", {"name": "mail", "status": "down"})[0] == 200
        file.write_text(MAPPING.replace("uptime", "pings"))
        assert post(f"{program.url}/-/reload", None)[0] == 200
        assert post(f"{url}/uptime", {"name": "shop", "status": "up"})[1]["code"] == "not_found"
        assert post(f"{url}/pings", {"name": "mail", "status": "up"})[1]["data"]["resolved"] == 1
        program.kill()
    with running(tmp_path / "data", *flags, "--token-file", str(token)) as program:
        url = f"{program.url}/api/v1/webhooks/generic/pings"
        assert post(url, {"name": "shop", "status": "up"})[0] == 401
        request = urllib.request.Request(f"{program.url}/api/v2/alerts", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert [one["labels"]["alertname"] for one in json.loads(answer.read())] == ["shop"]
        assert post(f"{url}?token={TOKEN}", {"name": "shop", "status": "up"})[0] == 200
