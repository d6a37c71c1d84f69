"""Alert rules replayed by the real program over an imported week, beside what evaluates and routes them step by step."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.e2e.program import Program, running

from sightline.adapters.inbound.cli import Exit, run
from sightline.domain.timerange import DAY, MINUTE

Capture = pytest.CaptureFixture[str]
Require = Callable[[str, str], str]

MINUTES = 7 * 24 * 60
START = (int(time.time()) * 1000 - 7 * DAY - 10 * MINUTE) // MINUTE * MINUTE
END = START + MINUTES * MINUTE
ROOMS = ("a", "b", "c")
RULES = """
groups:
  - name: heat
    interval: 1m
    rules:
      - alert: Hot
        expr: temperature > 57
        for: 5m
        keep_firing_for: 10m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.room }} is hot"}
      - alert: Colder
        expr: avg(temperature) < 47
        for: 1h
      - {record: "temperature:max", expr: max(temperature)}
      - {alert: Hottest, expr: "temperature:max > 100"}
"""
CONFIG = """
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 12h
  routes:
    - {receiver: team-a, matchers: [room="a"], group_by: [room]}
receivers:
  - name: ops
    email_configs: [{to: ops@example.org, from: x@example.org, smarthost: "localhost:25", send_resolved: true}]
  - name: team-a
    slack_configs: [{api_url: "http://localhost:1/hook", channel: "#a", send_resolved: true}]
"""


def values() -> dict[str, list[float]]:
    """A sample a minute of each room: noisy days and nights."""
    chosen, minutes = np.random.default_rng(5), np.arange(MINUTES)
    return {
        room: np.round(48 + 12 * np.sin(minutes / 229 + number) + 2 * chosen.normal(size=MINUTES), 3).tolist()
        for number, room in enumerate(ROOMS)
    }


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Path]]:
    """A program with a week of samples, brought by an import, and the folder with rules."""
    folder = tmp_path_factory.mktemp("backtest")
    (folder / "rules.yml").write_text(RULES)
    (folder / "alertmanager.yml").write_text(CONFIG)
    lines = ["# TYPE temperature gauge"]
    lines += [
        f'temperature{{room="{room}"}} {one} {(START + number * MINUTE) / 1000:.3f}'
        for room, its in values().items()
        for number, one in enumerate(its)
    ]
    (folder / "past.om").write_text("\n".join([*lines, "# EOF", ""]))
    with running(folder / "data") as program:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(folder / "state"))
            assert run(["import", str(folder / "past.om"), "--url", program.url]) == Exit.DONE
        yield program, folder


def replayed(program: Program, folder: Path, capsys: Capture, *flags: str) -> Any:
    """What the command line gives as JSON."""
    capsys.readouterr()
    end = str((END - MINUTE) / 1000)
    asked = ["rules", "backtest", str(folder / "rules.yml"), "--since", str(MINUTES * 60 - 60), "--end", end]
    assert run([*asked, "--json", "--url", program.url, *flags]) == Exit.DONE
    return json.loads(capsys.readouterr().out)


def seconds(text: str) -> int:
    """An instant, s after the start."""
    return round(datetime.fromisoformat(text).timestamp() - START / 1000)


def rule_tests(found: Any, every: int, shift: int = 0) -> str:
    """A file of tests for promtool: at many instants, the alerts that fire by a backtest, moved by some seconds."""
    tests = []
    for at in range(0, MINUTES * 60, every):
        firing = [
            {"exp_labels": {k: v for k, v in alert["labels"].items() if k != "alertname"}, "exp_annotations": {}}
            for alert in found["alerts"]
            for each in alert["stretches"]
            if each["state"] == "firing"
            and seconds(each["start"]) <= at + shift
            and (each["end"] is None or at + shift < seconds(each["end"]))
        ]
        for one in firing:
            if "room" in one["exp_labels"]:
                one["exp_annotations"] = {"summary": f"{one['exp_labels']['room']} is hot"}
        tests.append({"eval_time": f"{at}s", "alertname": found["rule"], "exp_alerts": firing})
    series = [
        {"series": f'temperature{{room="{room}"}}', "values": " ".join(map(repr, its))}
        for room, its in values().items()
    ]
    group = {"interval": "1m", "input_series": series, "alert_rule_test": tests}
    return json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [group]})


@pytest.mark.parametrize("name", ["Hot", "Colder"])
def test_alerts_fire_when_they_do_evaluated_step_by_step(
    past: tuple[Program, Path], name: str, require_binary: Require, capsys: Capture
) -> None:
    """promtool, which evaluates a rule minute by minute, finds the same alerts firing at every quarter of an hour of the week."""
    program, folder = past
    promtool = require_binary("promtool", "prometheus")
    found = replayed(program, folder, capsys, "--rule", name)
    assert found["instants"] == MINUTES
    assert found["firings"] > (20 if name == "Hot" else 3)
    for shift, is_same in ((0, True), (3600, False)):
        file = folder / f"{name}-{shift}.yml"
        file.write_text(rule_tests(found, 15 * 60, shift))
        done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, timeout=300, check=False)
        assert (done.returncode == 0) is is_same, done.stderr[:2_000]


def test_people_read_who_would_have_been_told(past: tuple[Program, Path], capsys: Capture) -> None:
    """A line a firing, and one that sums up by receiver, by a configuration of Alertmanager."""
    program, folder = past
    flags = ("--rule", "Hot", "--alertmanager-config", str(folder / "alertmanager.yml"))
    found = replayed(program, folder, capsys, *flags)
    counts = {one["receiver"]: one for one in found["counts"]}
    assert (counts["ops"]["kinds"], counts["team-a"]["kinds"]) == (["email"], ["slack"])
    assert (
        sum(one["notifications"] for one in counts.values())
        == found["notificationCount"]
        == len(found["notifications"])
    )
    assert all(one["labels"]["severity"] == "page" for one in found["alerts"])
    end = str((END - MINUTE) / 1000)
    asked = ["rules", "backtest", str(folder / "rules.yml"), "--since", str(MINUTES * 60 - 60), "--end", end]
    assert run([*asked, "--url", program.url, *flags]) == Exit.DONE
    *rows, last = capsys.readouterr().out.splitlines()
    assert len(rows) == found["firings"]
    assert all("team-a (slack)" in row for row in rows if 'room="a"' in row)
    first, second = found["counts"]
    each = ", ".join(f"{one['notifications']} to {one['receiver']} ({one['kinds'][0]})" for one in (first, second))
    assert last.startswith(f"would have notified {found['notificationCount']} times in 6d23h59m: {each}")


def test_an_expression_is_replayed_by_what_the_server_goes_by(past: tuple[Program, Path], capsys: Capture) -> None:
    """Without a file: the console is told; that recording rules count as they are stored is warned of."""
    program, folder = past
    capsys.readouterr()
    assert (
        run(["rules", "backtest", "--expr", 'temperature{room="a"} > 57', "--for", "10m", "--url", program.url])
        == Exit.DONE
    )
    assert "to default (console" in capsys.readouterr().out.splitlines()[-1]
    assert run(["rules", "backtest", str(folder / "rules.yml"), "--rule", "Hottest", "--url", program.url]) == Exit.DONE
    told = capsys.readouterr()
    assert told.out == "would have notified nobody in 7 days\n"
    assert "Hottest may read temperature:max" in told.err
    assert "no samples in this time" in told.err


def test_a_month_at_fifteen_seconds_is_gone_through_in_slices(past: tuple[Program, Path]) -> None:
    """172,800 evaluations are many times what one query may have."""
    program, _ = past
    body = {
        "rule": {"alert": "Hot", "expr": "temperature > 57", "for": "5m"},
        "interval": "15s",
        "start": END / 1000 - 14 * 86_400,
    }
    answer = httpx.post(f"{program.url}/api/v1/backtest/alert-rule", json=body, timeout=60).json()
    assert answer["instants"] > 80_000
    assert answer["firings"] > 20


def test_a_rule_of_the_catalog_is_replayed_too(past: tuple[Program, Path]) -> None:
    """In the form in which it is saved."""
    program, _ = past
    rule = {"name": "Hot", "condition": {"query": "temperature", "comparison": ">", "value": 57}, "for": "5m"}
    body = {
        "alert_rule": rule,
        "interval": "1m",
        "silences": [{"matchers": ['room="a"'], "start": START / 1000, "end": END / 1000}],
    }
    answer = httpx.post(f"{program.url}/api/v1/backtest/alert-rule", json=body, timeout=60).json()
    assert {one["labels"]["room"] for one in answer["alerts"]} == set(ROOMS)
    assert {alert["room"] for one in answer["notifications"] for alert in one["firing"]} == {"b", "c"}
    assert ("silenced", ["silence-1"]) in [(one["reason"], one["by"]) for one in answer["held"]]
