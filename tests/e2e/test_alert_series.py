"""Alerts as series: what promtool makes of the same rules over the same samples, and what becomes of them over a restart."""

import json
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.application.rule_world import NOW, RuleWorld, series
from tests.e2e.program import Program, running, until

from sightline.adapters.wire.rule_file import read_rules
from sightline.domain.alerts.group import Defaults
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE

RULES = """
groups:
  - name: heat
    interval: 1m
    rules:
      - alert: Hot
        expr: heat > 3
        for: 2m
        keep_firing_for: 2m
        labels: {severity: page, room: "", where: "{{ $labels.room }}"}
      - alert: AtOnce
        expr: heat > 6
      - record: heat:alerts
        expr: count by (alertname, alertstate) (ALERTS)
      - record: heat:since
        expr: ALERTS_FOR_STATE
"""
# One value a minute; `_` is none.
INPUT = {
    'heat{room="a"}': "1 4 4 4 4 1 1 1 1 4 9 9 9 9 1 1",
    'heat{room="b"}': "7 7 1 7 7 7 7 1 7 7 1 1 1 7 7 7",
    'heat{room="c"}': "1 1 1 1 5 5 5 5 stale _ _ _ 5 5 5 5",
}
MINUTES = 16
METRICS = ("ALERTS", "ALERTS_FOR_STATE", "heat:alerts", "heat:since")


@pytest.mark.anyio
async def test_alerts_are_the_series_that_promtool_makes(
    tmp_path: Path, require_binary: Callable[[str, str], str]
) -> None:
    """At every instant, of pending, firing, kept and ended alerts, and of rules that read their series."""
    promtool = require_binary("promtool", "prometheus")
    world = RuleWorld()
    (group,) = read_rules(RULES.encode(), "rules.yml", Defaults()).groups
    state = await world.derive.begin(group)
    samples: list[dict[str, Any]] = []
    for minute in range(MINUTES):
        await world.write(60 * minute, *present(minute))
        await world.evaluate(state, 60 * minute)
        await world.clock.advance(60)
    for metric in METRICS:
        stored = await world.stored(metric)
        samples += [
            {
                "expr": metric,
                "eval_time": f"{minute}m",
                "exp_samples": [
                    {"labels": labels, "value": value} for labels, value in present_at(metric, stored, 60 * minute)
                ],
            }
            for minute in range(MINUTES)
        ]
    assert sum(len(one["exp_samples"]) for one in samples) > 100
    (tmp_path / "rules.yml").write_text(RULES)
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in INPUT.items()],
                "promql_expr_test": samples,
            }
        ],
    }
    (tmp_path / "tests.yml").write_text(json.dumps(tests))
    passed, told = judged(promtool, tmp_path / "tests.yml")
    assert passed, told


def judged(promtool: str, tests: Path) -> tuple[bool, str]:
    """Whether promtool finds what the tests say, and what it says itself."""
    run = subprocess.run([promtool, "test", "rules", str(tests)], capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stdout + run.stderr


def present(minute: int) -> list[tuple[Labels, float]]:
    """The samples of a minute."""
    found = []
    for name, values in INPUT.items():
        value = values.split()[minute]
        if value != "_":
            found.append((series("heat", room=name[11]), float(STALE) if value == "stale" else float(value)))
    return found


def present_at(metric: str, stored: dict[str, Any], at: int) -> list[tuple[str, float]]:
    """The series that have a sample at an instant, times as promtool has them, which begins with the year 1970."""
    begins = NOW / 1000 if metric in {"ALERTS_FOR_STATE", "heat:since"} else 0.0
    return [
        (labels, value - begins)
        for labels, samples in stored.items()
        for when, value in samples
        if when == at and value is not None
    ]


RESTARTED = """
groups:
  - name: restarted
    interval: 1s
    rules:
      - alert: Long
        expr: vector(1)
        for: 1h
      - alert: Fired
        expr: vector(1)
        for: 4s
"""


def test_alerts_go_on_after_a_restart(tmp_path: Path) -> None:
    """What was pending goes on with what was left, what fired is active since then, though the program was killed."""
    (tmp_path / "rules.yml").write_text(RESTARTED)
    flags = ["--rules", str(tmp_path / "rules.yml"), "--set", "host.enabled=false"]
    flags += ["--set", "rules.for_grace_period=1s"]
    with running(tmp_path / "data", *flags) as program:
        until(lambda: states(program) == {"Long": "pending", "Fired": "firing"})
        before = since(program)
        until(lambda: written(program) == {"Long": int(before["Long"]), "Fired": int(before["Fired"])})
        program.kill()
    start = time.time()
    with running(tmp_path / "data", *flags) as program:
        # Nothing is written of an alert until it is known since when it is active.
        until(lambda: long(program)[-1][0] > start)
        after = since(program)
        assert int(after["Fired"]) == int(before["Fired"])
        until(lambda: written(program) == {name: int(at) for name, at in after.items()})
        seen = max(at for at, _ in long(program) if at < start)
        written_again = min(at for at, _ in long(program) if at > start)
        # Between the two lies the evaluation up to which no time counted. Had it begun anew, it would be two evaluations before
        # it was written again, and what was waited for before, at least four seconds, would make this later than that.
        assert start <= seen + after["Long"] - int(before["Long"]) < written_again


def long(program: Program) -> list[tuple[float, str]]:
    """What is stored of the alert that is pending, with its times."""
    query = 'ALERTS_FOR_STATE{alertname="Long"}[5m]'
    samples: list[tuple[float, str]] = program.get("/api/v1/query", query=query)["data"]["result"][0]["values"]
    return samples


def states(program: Program) -> dict[str, str]:
    """The states of alerts by their names."""
    return {one["labels"]["alertname"]: one["state"] for one in listed(program)}


def since(program: Program) -> dict[str, float]:
    """Since when they are active, in seconds since 1970."""
    return {one["labels"]["alertname"]: datetime.fromisoformat(one["activeAt"]).timestamp() for one in listed(program)}


def listed(program: Program) -> list[dict[str, Any]]:
    """The alerts as the list of rules has them."""
    groups = program.get("/api/v1/rules", **{"rule_group[]": "restarted"})["data"]["groups"]
    return [alert for group in groups for rule in group["rules"] for alert in rule["alerts"]]


def written(program: Program) -> dict[str, int]:
    """What is stored of that."""
    result = program.get("/api/v1/query", query="ALERTS_FOR_STATE")["data"]["result"]
    return {one["metric"]["alertname"]: int(one["value"][1]) for one in result}
