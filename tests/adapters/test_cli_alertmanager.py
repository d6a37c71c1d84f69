"""`sightline alertmanager`: what it prints and ends with."""

import json
from pathlib import Path

import pytest

from sightline.adapters.inbound.cli import Exit, run

Capture = pytest.CaptureFixture[str]

FILE = """
route:
  receiver: all
  group_by: [alertname]
  routes: [{matchers: [severity=critical], receiver: pager, continue: true}, {matchers: [team=db], receiver: db}]
receivers: [{name: all}, {name: pager}, {name: db}]
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A configuration file."""
    path = tmp_path / "am.yml"
    path.write_text(FILE)
    return str(path)


def test_a_file_is_checked(file: str, capsys: Capture) -> None:
    """A file that can be used is told what it has, one that cannot everything that is wrong, where it stands."""
    assert run(["alertmanager", "check", file]) == Exit.DONE
    assert capsys.readouterr().out == f"ok: {file}: 3 routes, 3 receivers, 0 inhibition rules, 0 time intervals\n"
    Path(file).write_text("route: {receiver: x, group_interval: 0s}")
    assert run(["alertmanager", "check", file]) == Exit.REFUSED
    assert capsys.readouterr().err == (
        f"sightline: {file}:1:19: undefined receiver 'x': it is not in receivers\n"
        f"{file}:1:38: group_interval cannot be zero\n"
    )


def test_routes_are_listed(file: str, capsys: Capture) -> None:
    """Without labels the routes are listed, with what they have from those above."""
    assert run(["alertmanager", "routes", file]) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "{}\tall\talertname\t30s\t5m\t4h\t",
        '{}/{severity="critical"}\tpager\talertname\t30s\t5m\t4h\tyes',
        '{}/{team="db"}\tdb\talertname\t30s\t5m\t4h\t',
    ]
    assert run(["alertmanager", "routes", file, "--json"]) == Exit.DONE
    assert [one["group_wait_ms"] for one in json.loads(capsys.readouterr().out)] == [30_000] * 3


def test_an_alert_is_told_where_it_goes_and_why(file: str, capsys: Capture) -> None:
    """With the labels of an alert every route says what became of it there."""
    assert run(["alertmanager", "routes", file, "severity=critical", "team=web"]) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "{}\tall\tpassed_on_to_routes_beneath\t",
        '{}/{severity="critical"}\tpager\ttaken\t',
        '{}/{team="db"}\tdb\tmatcher_not_satisfied\tteam="db"',
    ]
    assert run(["alertmanager", "routes", file, "severity=critical", "team=db", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["receivers"] == ["pager", "db"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "name the files"),
        (["check", "nowhere.yml"], "nowhere.yml cannot be read: No such file or directory"),
        (["check", "--strict"], "Unknown option"),
        (["routes", "FILE", "severity"], "'severity' is no label: write it as name=value"),
        (["routes", "FILE", "a=1", "a=2"], "the label 'a' is given twice"),
        (["routes", "FILE", "a=\udcff"], "is no UTF-8"),
    ],
)
def test_wrong_command_lines_are_refused(arguments: list[str], message: str, file: str, capsys: Capture) -> None:
    """What cannot be meant is refused with what to write."""
    assert run(["alertmanager", *(file if one == "FILE" else one for one in arguments)]) == Exit.USAGE
    assert message in capsys.readouterr().err


def test_templates_of_a_configuration_are_checked(file: str, tmp_path: Path, capsys: Capture) -> None:
    """Files that the configuration names, from its folder on, are read, and what is wrong with them has its place."""
    Path(file).write_text(FILE + "templates: ['t/*.tmpl']\n")
    assert run(["alertmanager", "check", file]) == Exit.DONE
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.tmpl").write_text('{{ define "a" }}\n{{ nosuch }}{{ end }}')
    (tmp_path / "t" / "b.tmpl").write_bytes(b"\xff")
    capsys.readouterr()
    assert run(["alertmanager", "check", file]) == Exit.REFUSED
    assert capsys.readouterr().err == (
        f"sightline: {tmp_path}/t/b.tmpl: byte 0 is no UTF-8: write the file in that encoding\n"
        f"{tmp_path}/t/a.tmpl:2:4: there is no function 'nosuch'\n"
    )


def test_templates_are_tried(tmp_path: Path, capsys: Capture) -> None:
    """A template is filled with a sample, or with the data of a file, and nothing is added to what it writes."""
    (tmp_path / "a.tmpl").write_text('{{ define "a" }}<{{ .Receiver }}>{{ end }}')
    (tmp_path / "data.json").write_text('{"receiver": "team"}')
    flags = [
        "alertmanager",
        "render",
        "--template.glob",
        str(tmp_path / "*.tmpl"),
        "--template.text",
        '{{ template "a" . }}',
    ]
    assert run(flags) == Exit.DONE
    assert capsys.readouterr().out == "<receiver>"
    assert run([*flags, "--template.data", str(tmp_path / "data.json")]) == Exit.DONE
    assert capsys.readouterr().out == "<team>"
    assert (
        run(["alertmanager", "render", "--template.text", "<{{ .Receiver }}<", "--template.type", "html"]) == Exit.DONE
    )
    assert capsys.readouterr().out == "&lt;receiver&lt;"
    assert run(["alertmanager", "render", "--template.text", "{{ .No }}"]) == Exit.REFUSED
    assert capsys.readouterr().err == "sightline: line 1, column 4, .No: there is no field No in template.Data\n"
    assert run([*flags, "--template.data", str(tmp_path / "none.json")]) == Exit.USAGE
    (tmp_path / "data.json").write_text("[]")
    assert run([*flags, "--template.data", str(tmp_path / "data.json")]) == Exit.USAGE
    (tmp_path / "a.tmpl").write_text("{{")
    assert run(flags) == Exit.REFUSED
