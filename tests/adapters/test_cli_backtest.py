"""`sightline rules backtest`: what it asks, prints and ends with."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.answering import Answering

from sightline.adapters.inbound.cli import Exit, run

Capture = pytest.CaptureFixture[str]

FILE = """
groups:
  - name: g
    interval: 30s
    query_offset: 1m
    limit: 7
    rules:
      - {record: "r:sum", expr: sum(up)}
      - {alert: A, expr: up == 0, for: 5m, keep_firing_for: 1m, labels: {severity: page}, annotations: {summary: down}}
      - {alert: B, expr: "r:sum < 2"}
"""
LABELS = {"alertname": "A", "job": "x"}
FOUND: dict[str, Any] = {
    "rule": "A",
    "start": "2026-11-14T00:00:00Z",
    "end": "2026-11-21T00:00:00Z",
    "firings": 2,
    "notificationCount": 12,
    "counts": [
        {"receiver": "team-a", "kinds": ["slack"], "notifications": 9},
        {"receiver": "ops", "kinds": ["email"], "notifications": 3},
    ],
    "alerts": [
        {
            "labels": LABELS,
            "stretches": [
                {"state": "pending", "start": "2026-11-15T00:00:00Z", "end": "2026-11-15T00:05:00Z"},
                {"state": "firing", "start": "2026-11-15T00:05:00Z", "end": "2026-11-15T01:35:00Z"},
                {"state": "firing", "start": "2026-11-20T23:00:00Z", "end": None},
            ],
        }
    ],
    "notifications": [{"at": "2026-11-15T00:05:30Z", "receiver": "team-a", "kinds": ["slack"], "firing": [LABELS]}],
    "held": [{"reason": "silenced", "labels": LABELS}],
    "warnings": ["something to know"],
}


@pytest.fixture
def server(server: Answering) -> Answering:
    """A server that has something to tell."""
    server.body = json.dumps(FOUND).encode()
    return server


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Rules."""
    (tmp_path / "rules.yml").write_text(FILE)
    return str(tmp_path / "rules.yml")


def asked(server: Answering) -> list[dict[str, Any]]:
    """The bodies that it was sent."""
    return [json.loads(body) for body in server.bodies]


def test_firings_are_listed_and_those_who_are_told_summed_up(server: Answering, capsys: Capture) -> None:
    """A line a firing with who would have been told of it, and the sum at the end; warnings go to standard error."""
    assert run(["rules", "backtest", "--expr", "up == 0", "--for", "5m", "--label", "severity=page"]) == Exit.DONE
    told = capsys.readouterr()
    name = '{alertname="A",job="x"}'
    assert told.out.splitlines() == [
        f"{name}\t2026-11-15 00:05:00Z\t2026-11-15 01:35:00Z\t1h30m\tteam-a (slack)",
        f"{name}\t2026-11-20 23:00:00Z\tstill firing\t1h\tnobody",
        "would have notified 12 times in 7 days: 9 to team-a (slack), 3 to ops (email); held back: 1 silenced",
    ]
    assert "something to know" in told.err
    (one,) = asked(server)
    assert one["rule"] == {
        "alert": "Backtest",
        "expr": "up == 0",
        "for": "5m",
        "keep_firing_for": "",
        "labels": {"severity": "page"},
    }
    assert round(one["end"] - one["start"]) == 7 * 86_400


def test_the_rules_of_a_file_are_asked_as_they_are_written(server: Answering, file: str, capsys: Capture) -> None:
    """One after another, with what their group says; as JSON all that came."""
    assert run(["rules", "backtest", file, "--since", "2h", "--end", "1763700000", "--json"]) == Exit.DONE
    told = capsys.readouterr()
    assert json.loads(told.out) == [FOUND, FOUND]
    assert "B may read r:sum" in told.err
    first, second = asked(server)
    assert first == {
        "rule": {
            "alert": "A",
            "expr": "up == 0",
            "for": "5m",
            "keep_firing_for": "1m",
            "labels": {"severity": "page"},
            "annotations": {"summary": "down"},
        },
        "interval": "30s",
        "limit": 7,
        "query_offset": "1m",
        "start": 1763700000 - 7200,
        "end": 1763700000,
    }
    assert second["rule"]["alert"] == "B"
    assert run(["rules", "backtest", file, "--rule", "A", "--interval", "10s"]) == Exit.DONE
    assert asked(server)[-1]["interval"] == "10s"
    assert run(["rules", "backtest", file]) == Exit.DONE
    assert "A: would have notified 12 times" in capsys.readouterr().out


def test_a_configuration_goes_along(server: Answering, tmp_path: Path) -> None:
    """As it is written."""
    (tmp_path / "am.yml").write_text("route: {receiver: x}")
    flags = ["--alertmanager-config", str(tmp_path / "am.yml")]
    assert run(["rules", "backtest", "--expr", "up", *flags]) == Exit.DONE
    assert asked(server)[0]["alertmanager_config"] == "route: {receiver: x}"


def test_a_rule_of_which_nobody_hears_says_so(server: Answering, capsys: Capture) -> None:
    """In a line."""
    server.body = json.dumps({**FOUND, "notificationCount": 0, "alerts": [], "held": [], "counts": []}).encode()
    assert run(["rules", "backtest", "--expr", "up"]) == Exit.DONE
    assert capsys.readouterr().out == "would have notified nobody in 7 days\n"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "name rule files, or give an expression"),
        (["--expr", "up", "FILE"], "name rule files, or give an expression"),
        (["FILE", "--for", "5m"], "go with --expr"),
        (["FILE", "--rule", "None"], "no alert rule is meant"),
        (["--expr", "up", "--since", "0s"], "longer than nothing"),
        (["FILE", "--interval", "0s"], "a millisecond at least"),
        (["--expr", "up", "--label", "x"], "is no label"),
        (["--expr", "up", "--alertmanager-config", "none.yml"], "cannot be read"),
    ],
)
def test_a_command_line_that_cannot_be_used_is_refused(
    server: Answering, file: str, flags: list[str], told: str, capsys: Capture
) -> None:
    """And nobody is asked."""
    assert run(["rules", "backtest", *(file if one == "FILE" else one for one in flags)]) == Exit.USAGE
    assert told in capsys.readouterr().err
    assert not server.bodies


def test_what_the_server_refuses_ends_it(server: Answering, capsys: Capture) -> None:
    """With the server's words."""
    server.status = 422
    server.body = json.dumps({"status": "error", "errorType": "x", "code": "execution", "error": "no"}).encode()
    assert run(["rules", "backtest", "--expr", "up"]) == Exit.REFUSED
    assert "no (execution)" in capsys.readouterr().err
