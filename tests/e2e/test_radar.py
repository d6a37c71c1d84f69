"""Rules that watch nothing or say nothing, found by the real program."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.e2e.program import Program, running, until

from sightline.adapters.inbound.cli import Exit, run
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.timerange import DAY, HOUR, MINUTE

FILE = """
groups:
  - name: shop
    interval: 1s
    rules:
      - {alert: Misspelt, expr: 'avg_over_time(shop_order_total{job="shop"}[5m]) < 1'}
      - {alert: Ended, expr: shop_backup_size_bytes < 1}
      - {alert: Always, expr: vector(1)}
      - {alert: Flaps, expr: vector(0) > 1}
      - {alert: Watching, expr: shop_orders_total < 0 and absent(shop_refunds_total)}
      - {record: 'shop:orders', expr: sum(shop_orders_total)}
"""


def series(name: str, **labels: str) -> Labels:
    """A label set."""
    return Labels.of(__name__=name, **labels)


def put(program: Program, labels: Labels, times: list[int], values: list[float] | None = None) -> None:
    """Store samples of one series."""
    given = np.array(values or [1.0] * len(times))
    batch = WriteBatch((labels,), np.zeros(len(times), np.uint32), np.array(times, np.int64), given)
    assert program.write(batch) == 204


def firing(name: str) -> Labels:
    """The series of an alert that fires."""
    return series("ALERTS", alertname=name, alertstate="firing")


def now(program: Program) -> int:
    """The program's time, ms."""
    return round(1000 * float(program.get("/api/v1/query", query="time()")["data"]["result"][0]))


def findings(program: Program) -> dict[str, list[dict[str, Any]]]:
    """What is found of the rules of the file, by rule."""
    found = program.get("/api/v1/radar")["data"]
    assert (found["partial"], found["looked"]) == (False, found["rules"])
    return {rule["name"]: rule["findings"] for rule in found["found"] if rule["group"] == "shop"}


def gauge(program: Program, reason: str) -> float | None:
    """How many rules there are of which that was found, if any look has been told."""
    text = program.get("/api/v1/query", query=f'sightline_rules_dead{{reason="{reason}"}}')["data"]["result"]
    return float(text[0]["value"][1]) if text else None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The rules."""
    file = tmp_path / "shop.yml"
    file.write_text(FILE)
    return file


def test_rules_that_watch_nothing_are_found(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """API, command, log and gauge tell of a misspelt metric, one that ended yesterday, and alerts that always fire or flap."""
    flags = ["--rules", str(file), "--set", "rules.radar_interval=1s", "--set", "own.interval=1s"]
    with running(tmp_path / "data", *flags) as program:
        at = now(program)
        put(program, series("shop_orders_total", job="shop"), list(range(at - 8 * DAY, at + 1, HOUR)))
        put(program, series("shop_backup_size_bytes"), list(range(at - 3 * DAY, at - DAY + 1, HOUR)))
        put(program, firing("Always"), list(range(at - 7 * DAY - MINUTE, at, MINUTE)))
        ends = [at - DAY + hour * HOUR + part for hour in range(20) for part in (0, MINUTE)]
        put(program, firing("Flaps"), ends, [1.0, float(STALE)] * 20)

        found = findings(program)
        assert {name: [one["reason"] for one in its] for name, its in found.items()} == {
            "Misspelt": ["selector_matches_nothing", "never_fired"],
            "Ended": ["selector_matches_nothing", "never_fired"],
            "Always": ["always_fired"],
            "Flaps": ["flaps"],
            "Watching": ["never_fired"],
        }
        misspelt, ended = found["Misspelt"][0], found["Ended"][0]
        assert misspelt["nearest"] == ["shop_orders_total"]
        assert (misspelt["metricExists"], misspelt["lastSeen"]) == (False, None)
        assert datetime.fromisoformat(ended["lastSeen"]).timestamp() == (at - DAY) / 1000
        assert found["Flaps"][0]["ends"] == 20
        assert found["Always"][0]["share"] > 0.99

        until(lambda: gauge(program, "selector_matches_nothing") == 2)
        until(lambda: gauge(program, "flaps") == 1)
        said = program.log.read_text()
        assert "nearest: shop_orders_total" in said
        assert said.count("its alert ended 20 times within a day") == 1

        capsys.readouterr()
        assert run(["rules", "radar", "--url", program.url]) == Exit.DONE
        rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
        told = {tuple(row[:3]): row[3] for row in rows if row[0] == "shop"}
        assert "nearest: shop_orders_total" in told["shop", "Misspelt", "selector_matches_nothing"]
        assert "its last sample came at " in told["shop", "Ended", "selector_matches_nothing"]
        assert run(["rules", "radar", "--window", "1h", "--json", "--url", program.url]) == Exit.DONE
        shown = json.loads(capsys.readouterr().out)["data"]
        flapping = [one for rule in shown["found"] if rule["name"] == "Flaps" for one in rule["findings"]]
        assert "flaps" not in [one["reason"] for one in flapping]
        assert program.stop() == 0
