"""One rule file in Debian's Prometheus and in Sightline, over the same samples."""

import json
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.program import Program, running, until

from sightline.adapters.wire.remote_write import encode
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

RULES = """
groups:
  - name: first
    interval: 1s
    rules:
      - record: heat:double
        expr: heat * 2
        labels: {team: x, room: ""}
      - record: heat:sum
        expr: sum by (room) (heat)
      - record: heat:chain
        expr: heat:sum + scalar(count(heat:double))
      - record: heat:scalar
        expr: 1 + 2
      - record: heat:nan
        expr: 0 * heat / 0
      - record: heat:name
        expr: 'label_replace({__name__="heat"}, "was", "$1", "__name__", "(.*)")'
      - record: heat:none
        expr: heat > 1e+09
      - record: heat:same
        expr: heat
        labels: {i: "", room: ""}
      - record: heat:ambiguous
        expr: heat * on () heat
      - alert: Hot
        expr: heat > 3
        for: 2s
        labels: {severity: page, value: "{{ $value }}"}
        annotations: {summary: "{{ $labels.room }} at {{ $value }}"}
      - alert: Cold
        expr: heat < 0
  - name: limited
    interval: 1s
    limit: 2
    rules:
      - record: heat:limited
        expr: heat
      - record: heat:few
        expr: heat > 3
"""
NAMES = ["double", "sum", "chain", "scalar", "nan", "name", "none", "same", "ambiguous", "limited", "few"]


@pytest.fixture
def prometheus(tmp_path: Path, require_binary: Callable[[str, str], str]) -> Iterator[str]:
    """A Prometheus with the rules, which takes remote write and scrapes nothing."""
    program = require_binary("prometheus", "prometheus")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "prom.yml").write_text("rule_files: [rules.yml]\n")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={tmp_path / 'prom.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-remote-write-receiver",
            ],
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: is_ready(url))
            yield url
        finally:
            process.terminate()
            process.wait(30)


def is_ready(url: str) -> bool:
    """Whether it answers."""
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def get(url: str, path: str, **parameters: str) -> Any:
    """The data of an answer."""
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
        return json.loads(answer.read())["data"]


def write(url: str, *values: float) -> None:
    """A temperature a room, of now."""
    at = round(float(get(url, "/api/v1/query", query="time()")["result"][0]) * 1000)
    samples = [
        (Labels.of(__name__="heat", i=str(number), room=f"r{number % 2}"), value) for number, value in enumerate(values)
    ]
    headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    request = urllib.request.Request(f"{url}/api/v1/write", encode(WriteBatch.at(at, samples)), headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 204


def recorded(url: str) -> dict[str, list[tuple[dict[str, str], str]]]:
    """The present series of every rule, and of alerts, the times of which differ with the instants of evaluations."""
    found = {}
    for name in NAMES:
        result = get(url, "/api/v1/query", query=f"heat:{name}")["result"]
        found[name] = sorted(((one["metric"], one["value"][1]) for one in result), key=str)
    for name, query in (("ALERTS", "ALERTS"), ("ALERTS_FOR_STATE", "time() - ALERTS_FOR_STATE < bool 60")):
        result = get(url, "/api/v1/query", query=query)["result"]
        found[name] = sorted(((one["metric"], one["value"][1]) for one in result), key=str)
    return found


def stated(url: str) -> dict[str, tuple[object, ...]]:
    """What `/api/v1/rules` says of every rule that stays the same."""
    groups = [group for group in get(url, "/api/v1/rules")["groups"] if group["file"].endswith("rules.yml")]
    return {
        rule["name"]: (
            group["name"],
            group["interval"],
            group["limit"],
            rule["type"],
            rule["query"],
            rule.get("labels", {}),
            rule["health"],
            rule.get("state"),
            rule.get("duration"),
            rule.get("annotations"),
            sorted((str(sorted(one["labels"].items())), one["state"], one["value"]) for one in rule.get("alerts", ())),
        )
        for group in groups
        for rule in group["rules"]
    }


def errors(url: str) -> dict[str, str]:
    """What the rules that fail say, as far as the order of series in it is left out."""
    groups = get(url, "/api/v1/rules")["groups"]
    return {
        rule["name"]: rule["lastError"].partition("[")[0]
        for group in groups
        for rule in group["rules"]
        if rule.get("lastError")
    }


def test_rules_come_to_the_same_in_prometheus_and_here(prometheus: str, tmp_path: Path) -> None:
    """Every recorded series, its labels and value, the states of alerts and of rules, and what those that fail say."""
    with running(tmp_path / "data", "--rules", str(tmp_path / "rules.yml"), "--set", "host.enabled=false") as program:
        ours: Program = program
        for url in (ours.url, prometheus):
            write(url, 1.0, 2.5, 4.0, 5.0)

        def equal() -> bool:
            return recorded(ours.url) == recorded(prometheus) and stated(ours.url) == stated(prometheus)

        try:
            until(lambda: stated(prometheus)["Hot"][7] == "firing" and equal(), 20)
        finally:
            assert recorded(ours.url) == recorded(prometheus)
            assert stated(ours.url) == stated(prometheus)
        assert errors(ours.url) == errors(prometheus)
        assert set(errors(ours.url)) == {"heat:same", "heat:ambiguous", "heat:limited"}
        assert [len(recorded(ours.url)[name]) for name in ("double", "ALERTS", "ALERTS_FOR_STATE")] == [4, 2, 2]
