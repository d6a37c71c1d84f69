"""`sightline checks`, `apply`, `diff` and `export`: what each asks, prints and ends with."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.answering import Answering

from sightline.adapters.inbound.cli import Exit, run

Capture = pytest.CaptureFixture[str]

CHANGES = {
    "dry_run": False,
    "counts": {"add": 1, "change": 1, "remove": 1},
    "changes": [
        {
            "kind": "checks",
            "name": "shop",
            "action": "change",
            "fields": [
                {"path": "interval", "before": "30s", "after": "2m"},
                {"path": "tags.team", "before": "web", "after": None},
                {"path": "conditions", "before": None, "after": ["latency < 1s"]},
            ],
        },
        {"kind": "windows", "name": "w", "action": "add", "fields": [{"path": "name", "before": None, "after": "w"}]},
        {"kind": "checks", "name": "old", "action": "remove", "fields": []},
    ],
}
SHOWN = """\
~ checks shop
  - interval: 30s
  + interval: 2m
  - tags.team: web
  + conditions: ["latency < 1s"]
+ windows w
  + name: w
- checks old
"""
NOTHING: dict[str, Any] = {"dry_run": True, "counts": {"add": 0, "change": 0, "remove": 0}, "changes": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files, of which one is none of ours."""
    (tmp_path / "more").mkdir()
    (tmp_path / "checks.yml").write_text("checks: []")
    (tmp_path / "more" / "windows.yaml").write_text("windows: []")
    (tmp_path / "README.md").write_text("nothing")
    return tmp_path


def test_files_of_a_folder_are_applied_together(server: Answering, folder: Path, capsys: Capture) -> None:
    """Their texts go by their names, and what changed is shown field by field."""
    server.body = json.dumps(CHANGES).encode()
    assert run(["apply", "-f", str(folder), "--prune"]) == Exit.DONE
    assert capsys.readouterr().out == SHOWN + "1 added, 1 changed, 1 removed\n"
    (asked,) = server.asked
    assert (asked.path, asked.fields["prune"], asked.fields["dry_run"]) == ("/api/v1/declared", ["true"], ["false"])
    assert json.loads(server.bodies[0]) == {
        "files": {str(folder / "checks.yml"): "checks: []", str(folder / "more" / "windows.yaml"): "windows: []"}
    }


def test_a_dry_run_says_what_would_be(server: Answering, folder: Path, capsys: Capture) -> None:
    """And asks for nothing to be changed."""
    server.body = json.dumps(NOTHING).encode()
    assert run(["apply", "--file", str(folder / "checks.yml"), "--dry-run"]) == Exit.DONE
    assert capsys.readouterr().out == "nothing differs\n"
    assert server.asked[0].fields["dry_run"] == ["true"]


def test_diff_ends_with_what_it_found(server: Answering, folder: Path, capsys: Capture) -> None:
    """0 when nothing differs, 1 when something does, 2 when files or the server's answer are no good, 3 when nobody answers."""
    server.body = json.dumps(CHANGES).encode()
    assert run(["diff", "-f", str(folder)]) == 1
    assert capsys.readouterr().out == SHOWN
    server.body = json.dumps(NOTHING).encode()
    assert run(["diff", "-f", str(folder)]) == 0
    assert run(["diff", "-f", str(folder / "none.yml")]) == 2
    assert "none.yml cannot be read" in capsys.readouterr().err
    server.status = 400
    server.body = (
        b'{"status":"error","errorType":"bad_data","error":"checks[0].url: is missing","code":"field_invalid"}'
    )
    assert run(["diff", "-f", str(folder)]) == 2
    assert capsys.readouterr().err == "sightline: checks[0].url: is missing (field_invalid)\n"
    assert run(["diff", "-f", str(folder), "--url", "http://127.0.0.1:1"]) == Exit.UNREACHABLE


def test_standard_input_is_a_file(server: Answering, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """As `-f -`."""
    server.body = json.dumps(NOTHING).encode()
    monkeypatch.setattr("sys.stdin", io.StringIO("checks: []"))
    assert run(["diff", "-f", "-", "--json"]) == Exit.DONE
    assert json.loads(server.bodies[0]) == {"files": {"-": "checks: []"}}
    assert json.loads(capsys.readouterr().out) == NOTHING


def test_a_folder_without_files_is_a_mistake(server: Answering, tmp_path: Path, capsys: Capture) -> None:
    """Nothing is declared by it, and --prune would remove everything."""
    assert run(["apply", "-f", str(tmp_path)]) == Exit.USAGE
    assert "no file ends in .json, .yaml, .yml" in capsys.readouterr().err
    assert server.asked == []


def test_an_export_is_printed_as_it_comes(server: Answering, capsys: Capture) -> None:
    """To be written into a file."""
    server.body = b"checks:\n- name: shop\n"
    assert run(["export", "--kind", "checks", "--kind", "windows"]) == Exit.DONE
    assert capsys.readouterr().out == "checks:\n- name: shop\n"
    assert server.asked[0].fields == {"kind": ["checks", "windows"]}


def test_checks_are_listed(server: Answering, capsys: Capture) -> None:
    """With their state, address, latency and what is wrong."""
    status = {"state": "down", "latency_ms": 12.4, "last_at": "2026-01-01T00:00:00.000Z", "message": "refused"}
    never = {"state": "unknown", "latency_ms": None, "last_at": None, "message": "", "reason": "not_probed_yet"}
    rows = [
        {"name": "shop", "type": "http", "url": "https://shop.example", "status": status},
        {"name": "x", "type": "heartbeat", "url": "", "status": never},
        {"name": "y", "type": "heartbeat", "url": "", "status": {**never, "state": "up", "reason": "verdict"}},
    ]
    server.body = json.dumps({"checks": rows}).encode()
    assert run(["checks", "list", "--state", "down", "--tag", "a:b"]) == Exit.DONE
    assert capsys.readouterr().out == (
        "down\tshop\thttp\thttps://shop.example\t12 ms\t2026-01-01 00:00:00Z\trefused\n"
        "unknown\tx\theartbeat\t\t\tnever\tnot_probed_yet\n"
        "up\ty\theartbeat\t\t\tnever\t\n"
    )
    assert server.asked[0].fields == {"state": ["down"], "tag": ["a:b"]}
    assert run(["checks"]) == Exit.DONE


def test_files_of_checks_are_judged(server: Answering, folder: Path, capsys: Capture) -> None:
    """By the server, which changes nothing."""
    server.body = json.dumps(NOTHING).encode()
    assert run(["checks", "validate", str(folder / "checks.yml")]) == Exit.DONE
    assert capsys.readouterr().out == "ok: 1 file; 0 new, 0 changed\n"
    assert server.asked[0].fields["dry_run"] == ["true"]


def test_checks_of_another_program_are_imported(server: Answering, tmp_path: Path, capsys: Capture) -> None:
    """What is left out is told beside; a dry run prints the checks as YAML."""
    found = {"added": ["a"], "skipped": [], "left_out": ["ui: no place"], "checks": "checks:\n- name: a\n"}
    server.body = json.dumps(found).encode()
    modules, targets = tmp_path / "blackbox.yml", tmp_path / "targets.yml"
    modules.write_text("modules: {a: {prober: icmp}}")
    targets.write_text("targets: {a: [192.0.2.1]}")
    arguments = ["checks", "import", "--format", "blackbox", str(modules), "--targets", str(targets)]
    assert run(arguments) == Exit.DONE
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("1 checks added, 0 were there\n", "sightline: left out: ui: no place\n")
    assert server.bodies[0] == b"modules: {a: {prober: icmp}}\ntargets: {a: [192.0.2.1]}"
    assert server.asked[0].fields == {"format": ["blackbox"], "dry_run": ["false"]}
    assert run([*arguments, "--dry-run"]) == Exit.DONE
    assert capsys.readouterr().out == "checks:\n- name: a\n"
    assert run(["checks", "import", "--format", "gatus", str(tmp_path / "x")]) == Exit.USAGE
