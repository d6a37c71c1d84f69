"""`sightline alerts map`: what it prints and ends with."""

import json
from pathlib import Path

import pytest

from sightline.adapters.inbound.cli import Exit, run

Capture = pytest.CaptureFixture[str]

FILE = """
webhooks:
  uptime:
    labels: {alertname: $.name}
    annotations: {summary: $.msg}
    status: $.status
    firing: [down]
    resolved: [up]
    starts: $.since
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of mappings."""
    path = tmp_path / "webhooks.yml"
    path.write_text(FILE)
    return path


@pytest.fixture
def body(tmp_path: Path) -> Path:
    """A body that the mapping fits."""
    path = tmp_path / "body.json"
    path.write_text('{"name": "shop", "msg": "timeout", "status": "down", "since": 1763700000}')
    return path


def test_what_would_be_posted_is_shown(file: Path, body: Path, capsys: Capture) -> None:
    """The alerts that a body would bring are a line each, or JSON, and nothing is sent."""
    assert run(["alerts", "map", "--file", str(file), str(body)]) == Exit.DONE
    line = "firing\talertname=shop\tsummary=timeout\t2025-11-21T04:40:00.000Z\t\n"
    assert capsys.readouterr().out == line
    assert run(["alerts", "map", "--file", str(file), "--name", "uptime", str(body), "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {
        "firing": 1,
        "resolved": 0,
        "leftOut": 0,
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "shop"},
                "annotations": {"summary": "timeout"},
                "startsAt": "2025-11-21T04:40:00.000Z",
                "endsAt": None,
                "generatorURL": "",
            }
        ],
    }


def test_what_does_not_fit_is_told(file: Path, body: Path, capsys: Capture) -> None:
    """A body that does not fit, a mapping that is not there or cannot be used, and files that are missing, are told apart."""
    body.write_text('{"name": "shop", "status": "sideways"}')
    assert run(["alerts", "map", "--file", str(file), str(body)]) == Exit.REFUSED
    assert capsys.readouterr().err.startswith(f"sightline: {body}: alerts[0].status: 'sideways' is none of firing")
    assert run(["alerts", "map", "--file", str(file), "--name", "x", str(body)]) == Exit.USAGE
    assert capsys.readouterr().err == f"sightline: {file} has no mapping 'x': give --name one of uptime\n"
    file.write_text("webhooks: {a: {labels: {alertname: $.}}}")
    assert run(["alerts", "map", "--file", str(file), str(body)]) == Exit.REFUSED
    assert capsys.readouterr().err.startswith(f"sightline: {file}:1:36: a.labels.alertname: '$.' is no selector")
    assert run(["alerts", "map", "--file", str(file / "x"), str(body)]) == Exit.USAGE
    assert "cannot be read" in capsys.readouterr().err
