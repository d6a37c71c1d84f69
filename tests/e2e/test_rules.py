"""Rule files in the real program."""

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.program import Program, running, until

from sightline.adapters.inbound.cli import Exit, run
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

FILE = """
groups:
  - name: g
    interval: 1s
    rules:
      - record: temperature:max
        expr: max(temperature)
        labels: {{team: {team}}}
      - record: temperature:kelvin
        expr: temperature:max + 273
      - record: broken
        expr: temperature * on () temperature
      - alert: Hot
        expr: temperature:max > 40
        labels: {{severity: page}}
"""


def series(name: str, **labels: str) -> Labels:
    """A label set."""
    return Labels.of(__name__=name, **labels)


def write(program: Program, at: float) -> None:
    """Two temperatures of now."""
    samples = [(series("temperature", room=room), value) for room, value in (("a", 21.0), ("b", 42.0))]
    assert program.write(WriteBatch.at(int(at * 1000), samples)) == 204


def put(path: Path, text: str) -> None:
    """Replace a file as editors do."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def rules(program: Program, file: Path) -> dict[str, Any]:
    """The rules of a file by name."""
    found = program.get("/api/v1/rules", **{"file[]": str(file)})["data"]["groups"]
    return {rule["name"]: rule for group in found for rule in group["rules"]}


def value(program: Program, expression: str) -> list[tuple[dict[str, str], str]]:
    """The present value of an expression."""
    result = program.get("/api/v1/query", query=expression)["data"]["result"]
    return [(one["metric"], one["value"][1]) for one in result]


def now(program: Program) -> float:
    """The program's time."""
    return float(program.get("/api/v1/query", query="time()")["data"]["result"][0])


def test_rules_of_a_file_become_series_and_alerts(tmp_path: Path) -> None:
    """Series appear, health tells of errors, a change is adopted, and a broken version leaves the old rules running."""
    folder = tmp_path / "rules"
    folder.mkdir()
    file = folder / "a.yml"
    put(file, FILE.format(team="x"))
    with running(tmp_path / "data", "--rules", str(folder / "*.yml")) as program:
        write(program, now(program))
        until(lambda: len(value(program, "temperature:kelvin")) == 1)
        assert value(program, "temperature:kelvin") == [({"__name__": "temperature:kelvin", "team": "x"}, "315")]
        until(lambda: rules(program, file)["Hot"]["state"] == "firing")
        shown = rules(program, file)
        assert [rule["health"] for rule in shown.values()] == ["ok", "ok", "err", "ok"]
        assert "many-to-many" in shown["broken"]["lastError"]
        until(lambda: "PAGE Hot" in program.log.read_text())

        put(file, FILE.format(team="{"))
        until(lambda: "a.yml" in program.get("/health")["message"])
        wrong = program.get("/api/v1/rules", **{"file[]": str(file)})
        assert wrong["warnings"][0].startswith(f"{file}:")
        assert len(wrong["data"]["groups"][0]["rules"]) == 4
        before = shown["temperature:max"]["lastEvaluation"]
        until(lambda: rules(program, file)["temperature:max"]["lastEvaluation"] > before)

        put(file, FILE.format(team="y"))
        until(lambda: [one["team"] for one, _ in value(program, "temperature:kelvin")] == ["y"])
        assert program.get("/health")["status"] == "pass"
        until(lambda: value(program, "temperature:kelvin{team='x'}") == [])
        file.unlink()
        until(lambda: rules(program, file) == {})
        until(lambda: value(program, "temperature:kelvin") == [])
        assert program.stop() == 0


def test_the_program_does_not_start_with_a_wrong_file(tmp_path: Path) -> None:
    """It says where and what."""
    file = tmp_path / "a.yml"
    file.write_text("groups:\n- name: g\n  rules:\n  - record: r\n    expr: sum(up\n")
    done = subprocess.run(
        [sys.executable, "-m", "sightline", "serve", "--data", str(tmp_path / "data"), "--rules", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f'{file}:5:11: group "g", rule 1, "r": could not parse expression: 1:7: parse error: ' in done.stderr


@pytest.mark.parametrize("flag", [["--rules", "a.yml", "--rules", "b.yml"], ["--set", "rules.files=a.yml,b.yml"]])
def test_rules_may_be_given_more_than_once(tmp_path: Path, flag: list[str]) -> None:
    """As a flag that is repeated or as a list; rules keep running over a restart."""
    for name in "ab":
        (tmp_path / f"{name}.yml").write_text(
            f"groups: [{{name: {name}, interval: 1s, rules: [{{record: {name}, expr: 1}}]}}]"
        )
    with running(tmp_path / "data", *flag) as program:
        until(lambda: len(value(program, "{__name__=~'a|b'}")) == 2)


def test_a_reload_adopts_files_at_once_and_says_what_is_wrong(tmp_path: Path) -> None:
    """Where it is on: a new file counts when the answer is there, and a wrong one is an error that names it."""
    file = tmp_path / "a.yml"
    with running(tmp_path / "data", "--rules", str(tmp_path / "*.yml"), "--set", "http.lifecycle=true") as program:
        assert rules(program, file) == {}
        put(file, FILE.format(team="x"))
        assert reload(program) == (200, "")
        assert set(rules(program, file)) == {"temperature:max", "temperature:kelvin", "broken", "Hot"}
        put(file, FILE.format(team="{"))
        status, said = reload(program)
        assert status == 500
        assert str(file) in said
        assert len(rules(program, file)) == 4


def reload(program: Program) -> tuple[int, str]:
    """Status and text of a reload."""
    request = urllib.request.Request(f"{program.url}/-/reload", b"", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_history_that_is_filled_in_is_what_was_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same instants, the same values and the same ends as those of the running rules, under another name."""
    text = """
groups:
  - name: g
    interval: 1s
    query_offset: 200ms
    rules:
      - {{record: "{0}:max", expr: max by (room) (temperature) > 30, labels: {{team: x}}}}
      - {{record: "{0}:time", expr: "{0}:max * 0 + time()"}}
"""
    live, past = tmp_path / "live" / "rules.yml", tmp_path / "past" / "rules.yml"
    for file, name in ((live, "live"), (past, "past")):
        file.parent.mkdir()
        file.write_text(text.format(name))
    with running(tmp_path / "data", "--rules", str(live)) as program:
        begin = now(program)
        for at, values in ((0, {"a": 40.0, "b": 50.0}), (3, {"a": 20.0}), (5, {"a": 45.0})):
            until(lambda at=at: now(program) > begin + at)  # type: ignore[misc] # a lambda with a default
            samples = [(series("temperature", room=room), value) for room, value in values.items()]
            program.write(WriteBatch.at(int(now(program) * 1000), samples))
        until(lambda: len(recorded(program, "live:time", "a")) >= 5)
        monkeypatch.setenv("SIGHTLINE_URL", program.url)
        first, *_, last = sorted(recorded(program, "live:time", "b"))
        # An instant has its name from the slot, which lies 200 ms after its sample.
        span = ["--start", f"{first + 0.2:.3f}", "--end", f"{last + 0.2:.3f}"]
        assert run(["rules", "backfill", str(past), *span]) == Exit.DONE
        for name in ("max", "time"):
            for room in "ab":
                there = {at: value for at, value in recorded(program, f"live:{name}", room).items() if at <= last}
                assert recorded(program, f"past:{name}", room) == there
                assert there
        for number in range(int(2 * (last - begin))):
            shown = [
                program.get("/api/v1/query", query=f"{name}:max", time=begin + 0.5 * number)["data"]["result"]
                for name in ("live", "past")
            ]
            assert [one["value"] for one in shown[0]] == [one["value"] for one in shown[1]]


def recorded(program: Program, name: str, room: str) -> dict[float, str]:
    """All samples of a series by their time in seconds."""
    result = program.get("/api/v1/query", query=f"{name}{{room='{room}'}}[10m]")["data"]["result"]
    return dict(result[0]["values"]) if result else {}
