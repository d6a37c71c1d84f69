"""Sightline in Alertmanager's place: a real Prometheus alerts through it, and amtool works with it."""

import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.adapters.webhook_receiver import Receiver, receiving
from tests.e2e.program import Program, running, until

CONFIG = """
route:
  receiver: default
  group_by: [alertname, team]
  group_wait: 1s
  group_interval: 1s
  routes:
    - matchers: [team="db"]
      receiver: db
receivers:
  - name: default
    webhook_configs: [{{url: "{url}/default"}}]
  - name: db
    webhook_configs: [{{url: "{url}/db"}}]
inhibit_rules:
  - source_matchers: [alertname="Down"]
    target_matchers: [severity="page"]
    equal: [team]
"""
RULES = """
groups:
  - name: g
    interval: 1s
    rules:
      - alert: Always
        expr: vector(1)
        labels: {team: db, severity: info}
        annotations: {summary: "{{ $value }} is always there"}
"""


class House(NamedTuple):
    """The program, and who is told."""

    program: Program
    receiver: Receiver

    def told(self, path: str) -> list[dict[str, Any]]:
        """What a receiver was told."""
        pairs = zip(self.receiver.paths, self.receiver.bodies, strict=True)
        return [body for asked, body in pairs if asked == f"POST /alerts{path}"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A program with that configuration."""
    with receiving() as receiver:
        config = tmp_path / "am.yml"
        config.write_text(CONFIG.format(url=receiver.url))
        flags = ["--alertmanager-config", str(config), "--set", "alerts.cooldown=0s"]
        flags += ["--set", "host.enabled=false", "--set", "http.lifecycle=true"]
        with running(tmp_path / "data", *flags) as program:
            yield House(program, receiver)


@pytest.fixture
def amtool(require_binary: Callable[[str, str], str]) -> str:
    """The real amtool."""
    return require_binary("amtool", "prometheus-alertmanager")


def asked(amtool: str, house: House, *words: str) -> str:
    """What amtool prints."""
    command = [amtool, f"--alertmanager.url={house.program.url}", *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_real_prometheus_alerts_through_it(
    house: House, tmp_path: Path, require_binary: Callable[[str, str], str]
) -> None:
    """The receiver of its route is told that the alert fires, and after Prometheus is gone without a word that it ended."""
    program = require_binary("prometheus", "prometheus")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "rules.yml").write_text(RULES)
    target = house.program.url.removeprefix("http://")
    (tmp_path / "prom.yml").write_text(
        "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        f"alerting:\n  alertmanagers:\n    - static_configs: [{{targets: ['{target}']}}]\n"
    )
    with (tmp_path / "prom.log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={tmp_path / 'prom.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--rules.alert.resend-delay=1s",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            until(lambda: bool(house.told("/db")))
        finally:
            process.terminate()
            process.wait(30)
    first = house.told("/db")[0]
    assert (first["status"], first["receiver"], first["groupLabels"]) == (
        "firing",
        "db",
        {"alertname": "Always", "team": "db"},
    )
    (alert,) = first["alerts"]
    assert alert["annotations"] == {"summary": "1 is always there"}
    assert f":{port}/graph?" in alert["generatorURL"]
    # Prometheus gives its alerts four evaluation intervals to be posted again.
    until(lambda: house.told("/db")[-1]["status"] == "resolved")
    assert [body["status"] for body in house.told("/db")] == ["firing", "resolved"]
    assert house.told("/default") == []


def test_amtool_works_with_it(house: House, amtool: str) -> None:
    """Alerts are added and found, silences made, changed and ended, the configuration and its routes shown."""
    asked(amtool, house, "alert", "add", "Hot", "team=db", "severity=page", "--annotation=summary=too hot")
    asked(amtool, house, "alert", "add", "Cold", "team=web")
    names = [one["labels"]["alertname"] for one in json.loads(asked(amtool, house, "alert", "query", "-o", "json"))]
    assert sorted(names) == ["Cold", "Hot"]
    until(lambda: bool(house.told("/db")) and bool(house.told("/default")))
    silence = asked(amtool, house, "silence", "add", "alertname=Hot", "-c", "known", "-a", "me", "-d", "1h").strip()
    found = json.loads(asked(amtool, house, "alert", "query", "--silenced", "-o", "json"))
    assert [one["status"]["silencedBy"] for one in found] == [[silence]]
    assert silence in asked(amtool, house, "silence", "query", "alertname=Hot")
    updated = asked(amtool, house, "silence", "update", "-d", "2h", "-c", "still known", silence)
    assert "still known" in updated
    asked(amtool, house, "silence", "expire", silence)
    assert asked(amtool, house, "silence", "query", "-q") == ""
    assert "receiver: db" in asked(amtool, house, "config", "show")
    assert "receiver: db" in asked(amtool, house, "config", "routes", "show")
    assert asked(amtool, house, "config", "routes", "test", "team=db").split() == ["db"]
    assert "Cluster Status:" in asked(amtool, house, "cluster", "show")


def test_what_inhibits_and_why_is_shown(house: House, amtool: str) -> None:
    """An alert that another one inhibits is told to nobody, and it can be asked why."""
    asked(amtool, house, "alert", "add", "Down", "team=db")
    until(lambda: bool(house.told("/db")))
    asked(amtool, house, "alert", "add", "Hot", "team=db", "severity=page")
    (hot,) = [one for one in house.program.get("/api/v2/alerts") if one["labels"]["alertname"] == "Hot"]
    assert (hot["status"]["state"], len(hot["status"]["inhibitedBy"])) == ("suppressed", 1)
    why = house.program.get("/api/v1/notices/why", fingerprint=hot["fingerprint"])["data"]
    (channel,) = why["groups"][0]["channels"]
    assert (channel["channel"], channel["told"], channel["reason"], channel["by"]) == (
        "db/webhook/0",
        False,
        "inhibited",
        hot["status"]["inhibitedBy"],
    )


def test_the_configuration_is_read_again(house: House, amtool: str, tmp_path: Path) -> None:
    """One that can be used takes over at once; of one that cannot it is said why, and the old one goes on."""
    config = tmp_path / "am.yml"
    config.write_text(config.read_text().replace('[team="db"]', '[team="web"]'))
    urllib.request.urlopen(urllib.request.Request(f"{house.program.url}/-/reload", method="POST"), timeout=30).close()
    asked(amtool, house, "alert", "add", "Hot", "team=web")
    until(lambda: bool(house.told("/db")))
    config.write_text("route: {receiver: nobody}\n")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{house.program.url}/-/reload", method="POST"), timeout=30)
    with refused.value as answer:
        assert "nobody" in answer.read().decode()
    assert "receiver: db" in asked(amtool, house, "config", "show")
    assert "nobody" in str(house.program.get("/health"))
