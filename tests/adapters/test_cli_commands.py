"""The commands of the command line one by one: what each asks, prints and ends with."""

import errno
import gzip
import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.answering import Answering
from typing_extensions import override

from sightline.adapters.inbound.cli import Exit, app, run
from sightline.adapters.inbound.cli.chart import BLOCKS, sparkline
from sightline.adapters.inbound.cli.program import Ended
from sightline.adapters.inbound.cli.times import POINTS, STEPS, instant, suitable_step

Capture = pytest.CaptureFixture[str]

MATRIX = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            {"metric": {"__name__": "load"}, "values": [[1763699700, "1"], [1763700000, "NaN"], [1763700300, "3"]]}
        ],
    },
}


HISTOGRAM = {"count": "3", "sum": "4.5", "buckets": [[3, "-0.5", "0.5", "1"], [0, "0.5", "1", "2"]]}


def success(data: object) -> bytes:
    """Prometheus' envelope."""
    return json.dumps({"status": "success", "data": data}).encode()


def on_a_terminal(server: Answering, *arguments: str, columns: int = 100) -> str:
    """What a command prints on a terminal of that width."""
    code = f"from sightline.adapters.inbound.cli import run; run({list(arguments)!r})"
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb", "SIGHTLINE_URL": server.url}
    subprocess.run([sys.executable, "-c", code], stdout=theirs, env=environment, check=True, timeout=60)
    os.close(theirs)
    text = os.read(ours, 65536).decode()
    os.close(ours)
    return text


def test_native_histograms_are_shown(server: Answering, capsys: Capture) -> None:
    """In a line as PromQL writes them, beside floats and in order of time; summed up by their counts."""
    server.body = success({"resultType": "vector", "result": [{"metric": {"a": "b"}, "histogram": [0, HISTOGRAM]}]})
    assert run(["query", "h"]) == Exit.DONE
    text = "{count:3, sum:4.5, [-0.5,0.5]:1, (0.5,1]:2}"
    assert capsys.readouterr().out == f'{{a="b"}}\t{text}\t1970-01-01 00:00:00.000Z\n'
    both = {"metric": {"a": "b"}, "values": [[2, "7"]], "histograms": [[1, HISTOGRAM]]}
    server.body = success({"resultType": "matrix", "result": [both]})
    assert run(["query-range", "h"]) == Exit.DONE
    assert [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()] == [text, "7"]
    assert run(["query-range", "h", "--chart"]) == Exit.DONE
    assert capsys.readouterr().out.split("\t")[1:5] == ["3", "5", "7", "7"]


def test_a_range_is_asked_as_typed(server: Answering, capsys: Capture) -> None:
    """Times and step go to the server in seconds, and each sample is a line."""
    server.body = json.dumps(MATRIX).encode()
    asked = ["query-range", "load", "--start", "2025-11-21T04:35:00Z", "--end", "1763700300", "--step", "5m"]
    assert run(asked) == Exit.DONE
    path, _, fields = server.asked[0]
    assert (path, fields) == (
        "/api/v1/query_range",
        {"query": ["load"], "start": ["1763699700"], "end": ["1763700300"], "step": ["300"]},
    )
    assert capsys.readouterr().out.splitlines() == [
        "load\t1\t2025-11-21 04:35:00.000Z",
        "load\tNaN\t2025-11-21 04:40:00.000Z",
        "load\t3\t2025-11-21 04:45:00.000Z",
    ]


def test_a_range_without_times_is_the_last_hour(server: Answering) -> None:
    """The default is an hour until now, in steps that suit it."""
    server.body = json.dumps(MATRIX).encode()
    assert run(["query-range", "load"]) == Exit.DONE
    fields = server.asked[0].fields
    assert float(fields["end"][0]) - float(fields["start"][0]) == pytest.approx(3600, abs=0.01)
    assert fields["step"] == ["15"]


def test_a_range_is_summed_up_on_a_terminal(server: Answering) -> None:
    """A person sees a row a series with its figures, and with --chart how it moved."""
    server.body = json.dumps(MATRIX).encode()
    [row] = [line for line in on_a_terminal(server, "query-range", "load").splitlines() if "load" in line]
    assert row.split() == ["load", "1", "2", "3", "3"]
    options = ["--start", "1763699700", "--end", "1763700300", "--chart"]
    text = on_a_terminal(server, "query-range", "load", *options)
    assert BLOCKS[0] in text
    assert BLOCKS[-1] in text


@pytest.mark.parametrize(
    "options",
    [
        ["--start", "yesterday"],
        ["--start", "2025-11-21T04:35:00"],
        ["--start", "now", "--end", "-1h"],
        ["--start", "-1parsec"],
        ["--step", "0"],
        ["--step", "soon"],
        ["--start", "nan"],
    ],
)
def test_times_that_are_none_are_refused(server: Answering, options: list[str], capsys: Capture) -> None:
    """What is no time, or lies the wrong way round, is a wrong command line that names the flag, and nothing is asked."""
    assert run(["query-range", "up", *options]) == Exit.USAGE
    assert options[0] in capsys.readouterr().err
    assert server.asked == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("now", 1000.0), ("-1h", -2600.0), ("now-1m30s", 910.0), ("+10s", 1010.0), ("17.5", 17.5), ("-5", -5.0)],
)
def test_instants_are_read(text: str, expected: float) -> None:
    """Words, lengths before and after now, and numbers of seconds are instants."""
    assert instant("--start", text, 1000.0) == expected


@given(st.text(max_size=12))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    """Nothing that can be typed ends in anything but an instant or a refusal."""
    try:
        assert abs(instant("--start", text, 1000.0)) < 1e18
    except Ended as end:
        assert end.code is Exit.USAGE  # noqa: PT017 - one of two good ends


@given(st.floats(0, 1e10))
def test_a_suitable_step_gives_few_points(length: float) -> None:
    """However long the range, a series has at most so many points, and never a smaller step would do."""
    step = suitable_step(length)
    assert length / step <= POINTS
    smaller = [one for one in STEPS if one < step]
    assert not smaller or length / smaller[-1] > POINTS


@given(st.lists(st.floats(), max_size=50))
def test_a_sparkline_has_its_width(values: list[float]) -> None:
    """Any values fit into the columns, and only known characters come out."""
    line = sparkline(list(range(len(values))), values, (0, max(1, len(values))), 20)
    assert len(line) == 20
    assert set(line) <= set(BLOCKS) | {" "}


def test_a_sparkline_rises_with_its_values() -> None:
    """Lowest and highest value have the lowest and highest block, and a gap stays one."""
    assert sparkline([0, 1, 3], [1, 2, 9], (0, 4), 4) == f"{BLOCKS[0]}{BLOCKS[1]} {BLOCKS[-1]}"


def test_label_names_and_values_are_listed(server: Answering, capsys: Capture) -> None:
    """Without a name the names are listed, with one its values, whatever characters it has."""
    server.body = success(["__name__", "job"])
    assert run(["labels"]) == Exit.DONE
    assert capsys.readouterr().out == "__name__\njob\n"
    assert run(["labels", "a/b", "--match", "up", "--match", "down", "--limit", "5", "--start", "-1h"]) == Exit.DONE
    assert [one.path for one in server.asked] == ["/api/v1/labels", "/api/v1/label/a%2Fb/values"]
    fields = server.asked[1].fields
    assert (fields["match[]"], fields["limit"], "end" in fields) == (["up", "down"], ["5"], False)


def test_series_are_listed(server: Answering, capsys: Capture) -> None:
    """Each series is a line as PromQL writes it; no line is ever broken by a label."""
    server.body = success([{"__name__": "up", "job": "a\tb\n"}])
    assert run(["series", "up", '{job="a"}']) == Exit.DONE
    assert capsys.readouterr().out == 'up{job="a\\tb\\n"}\n'
    assert server.asked[0].fields == {"match[]": ["up", '{job="a"}']}
    assert run(["series", "up", "--json"]) == Exit.DONE
    assert capsys.readouterr().out.encode().strip() == server.body


def test_samples_are_pushed_from_a_pipe(server: Answering, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """What comes on standard input goes to the server as it is, with the labels of the flags."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"up 1\n")))
    server.status, server.body = 204, b""
    server.headers = {"X-Prometheus-Remote-Write-Samples-Written": "1"}
    assert run(["push", "--label", "job=x", "--label", "b=c=d"]) == Exit.DONE
    assert (server.asked[0].path, server.bodies) == ("/api/v1/import/prometheus", [b"up 1\n"])
    assert server.asked[0].fields == {"extra_label": ["job=x", "b=c=d"]}
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "sightline: 1 sample stored\n")


def test_standard_input_can_be_named(server: Answering, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """`-` is standard input and no option, and a flag that is mistyped is no file."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"up 1\n")))
    server.status, server.body = 204, b""
    assert run(["push", "-"]) == Exit.DONE
    assert server.bodies == [b"up 1\n"]
    assert run(["push", "--lable", "job=x"]) == Exit.USAGE
    assert "there is no flag --lable" in capsys.readouterr().err


def test_files_are_pushed_one_by_one(server: Answering, tmp_path: Path, capsys: Capture) -> None:
    """Each file is a request, a large one is compressed, and the samples are counted together."""
    small, large = tmp_path / "small.prom", tmp_path / "large.prom"
    small.write_text("up 1\n")
    large.write_text("up 1\n" * 50_000)
    server.status, server.body = 204, b""
    server.headers = {"X-Prometheus-Remote-Write-Samples-Written": "3"}
    assert run(["push", str(small), str(large), "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"samples": 6}
    assert server.bodies[0] == b"up 1\n"
    assert gzip.decompress(server.bodies[1]) == large.read_bytes()
    assert server.asked[1].headers["content-encoding"] == "gzip"


def test_a_very_large_file_is_pushed_as_it_is(
    server: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Plain text is of any length to the server, also from a pipe; where it says no, the command for history is named."""
    file = tmp_path / "year.prom"
    file.write_text("up 1\n" * 1_000_000)
    server.status, server.body = 204, b""
    assert run(["push", str(file)]) == Exit.DONE
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert run(["push", "-"]) == Exit.DONE
    assert server.bodies == [file.read_bytes()] * 2
    assert all("content-encoding" not in one.headers for one in server.asked)
    server.status = 413
    server.body = b'{"status":"error","errorType":"too_large","error":"too long","code":"body_too_large"}'
    assert run(["push", str(file)]) == Exit.REFUSED
    assert "too long (body_too_large)\nFor history there is `sightline import`." in capsys.readouterr().err


class Breaking(io.BytesIO):
    """What cannot be read to its end."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size)


def test_what_breaks_off_while_it_is_sent_is_told(
    server: Answering, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """It is the input that cannot be read, and not the server that does not answer."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Breaking(b"up 1\n" * 1_000_000)))
    server.status, server.body = 204, b""
    assert run(["push"]) == Exit.USAGE
    assert capsys.readouterr().err == "sightline: standard input cannot be read: Input/output error\n"


def test_a_bad_line_names_its_file(server: Answering, tmp_path: Path, capsys: Capture) -> None:
    """What the server says about a line is shown with the file, and the exit code is 1."""
    file = tmp_path / "bad.prom"
    file.write_text("up one\n")
    server.status = 400
    server.body = b'{"status":"error","errorType":"bad_data","error":"line 1: no value","code":"body_malformed"}'
    assert run(["push", str(file)]) == Exit.REFUSED
    assert capsys.readouterr().err == f"sightline: {file}: line 1: no value (body_malformed)\n"
    assert run(["push", str(tmp_path / "gone")]) == Exit.USAGE
    assert run(["push", str(file), "--label", "job"]) == Exit.USAGE


def test_targets_are_listed(server: Answering, capsys: Capture) -> None:
    """Each target is a line with its health and last error; one that was never scraped says so."""
    up = {
        "labels": {"job": "node", "instance": "a:9100"},
        "scrapePool": "node",
        "scrapeUrl": "http://a:9100/metrics",
        "health": "up",
        "lastError": "",
        "lastScrape": "2025-11-21T04:40:00.123Z",
        "lastScrapeDuration": 0.0123,
    }
    down = {**up, "health": "unknown", "lastError": "not yet", "lastScrape": "0001-01-01T00:00:00Z"}
    dropped = {"discoveredLabels": {"__address__": "b:1", "job": "node"}, "scrapePool": "node"}
    server.body = success({"activeTargets": [up, down], "droppedTargets": [dropped]})
    assert run(["targets", "--state", "any"]) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "node\ta:9100\tup\t2025-11-21 04:40:00Z\t0.012 s\t",
        "node\ta:9100\tunknown\tnever\t0.012 s\tnot yet",
        "node\tb:1\tdropped\t\t\t",
    ]
    assert server.asked[0].fields == {"state": ["any"]}
    assert run(["targets", "--state", "some"]) == Exit.USAGE


def test_servers_are_listed_and_added(server: Answering, capsys: Capture) -> None:
    """The list has a line a server; adding one prints the id alone, for scripts to keep."""
    one = {
        "id": "7f",
        "hostname": "web-1",
        "ip_address": "10.0.0.7",
        "os": "linux",
        "agent_version": "",
        "last_seen": None,
    }
    server.body = json.dumps({"servers": [one]}).encode()
    assert run(["servers"]) == Exit.DONE
    assert capsys.readouterr().out == "web-1\t10.0.0.7\tlinux\t\tnever\t7f\n"
    server.body = json.dumps(one).encode()
    assert run(["servers", "add", "web-1", "--os", "linux", "--label", "team=shop"]) == Exit.DONE
    assert capsys.readouterr().out == "7f\n"
    assert json.loads(server.bodies[1]) == {"hostname": "web-1", "os": "linux", "labels": {"team": "shop"}}
    assert run(["servers", "add", "web-1", "--label", "team"]) == Exit.USAGE


@pytest.mark.parametrize(
    "arguments",
    [["query", "up"], ["query-range", "up"], ["labels"], ["series", "up"], ["push", "FILE"], ["targets"], ["servers"],
     ["servers", "add", "x"]],
)  # fmt: skip
@pytest.mark.parametrize("answer", ["refused", "foreign", "gone"])
def test_every_command_ends_well(
    server: Answering, tmp_path: Path, capsys: Capture, arguments: list[str], answer: str
) -> None:
    """A server that wants a token, one that is another program, and none at all are told apart by message and exit code."""
    file = tmp_path / "x.prom"
    file.write_text("up 1\n")
    asked = [str(file) if one == "FILE" else one for one in arguments]
    server.status = 401 if answer == "refused" else 404
    server.body = b"<html>"
    if answer == "refused":
        server.body = (
            b'{"status":"error","errorType":"unauthorized","error":"a token is needed","code":"unauthenticated"}'
        )
    url = ["--url", "http://127.0.0.1:1"] if answer == "gone" else []
    code, said = {
        "refused": (Exit.REFUSED, "--token-file FILE"),
        "foreign": (Exit.REFUSED, "something other than Sightline answers"),
        "gone": (Exit.UNREACHABLE, "Is it running?"),
    }[answer]
    assert run([*asked, *url]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def commands() -> list[list[str]]:
    """Every command of the app, those within others as well."""
    return [["query"], ["query-range"], ["labels"], ["series"], ["push"], ["targets"], ["servers"], ["servers", "add"]]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_teaches_by_examples(command: list[str], capsys: Capture) -> None:
    """The help of every command has examples, and each of them is a command line that can be read as it stands."""
    assert run([*command, "--help"]) == Exit.DONE
    examples = re.findall(r"sightline (.*)", capsys.readouterr().out.partition("Examples:")[2])
    assert len(examples) >= 2
    for example in examples:
        line = example.partition("   ")[0].partition(" |")[0]  # what stands behind is said about it, or another program
        app.parse_args(shlex.split(line), exit_on_error=False, print_error=False)


def test_narrow_terminals_keep_a_readable_column(server: Answering) -> None:
    """A column that folds is never narrowed to single letters: the terminal breaks the lines instead."""
    one = {"id": "7f" * 18, "hostname": "web-1.example.org", "ip_address": "10.0.0.7", "os": "linux", "last_seen": None}
    server.body = json.dumps({"servers": [one]}).encode()
    assert "web-1.example.org" in on_a_terminal(server, "servers", columns=40)


def test_a_terminal_is_not_commanded(server: Answering) -> None:
    """What comes from outside cannot move the cursor or colour anything."""
    server.body = success(["a\x1b[31mred"])
    assert "\x1b[31mred" not in on_a_terminal(server, "labels", "job")


def test_a_reader_that_leaves_early_is_no_failure(server: Answering) -> None:
    """When the other end of the pipe is closed, the command ends well and says nothing, buffered output or not."""
    server.body = success(["up"])
    for command in ("labels", "labels --help"):
        for unbuffered in ("", "1"):
            ours, theirs = os.pipe()
            os.close(ours)
            ended = in_a_process(server, command, theirs, {"PYTHONUNBUFFERED": unbuffered})
            assert (ended.returncode, ended.stderr) == (Exit.DONE, b""), (command, unbuffered)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_in_one_line(server: Answering) -> None:
    """Output that cannot be written is a failure with its reason, and no traceback."""
    server.body = success(["up"])
    for unbuffered in ("", "1"):
        full = os.open("/dev/full", os.O_WRONLY)
        ended = in_a_process(server, "labels", full, {"PYTHONUNBUFFERED": unbuffered})
        assert ended.returncode == Exit.REFUSED
        assert ended.stderr == b"sightline: cannot go on: No space left on device\n"


def in_a_process(
    server: Answering, command: str, output: int, environment: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """A command with this open file as its standard output, which is closed afterwards."""
    asked = {**os.environ, "SIGHTLINE_URL": server.url, **environment}
    code = "import sys; from sightline.adapters.inbound.cli import run; sys.exit(run(sys.argv[1:]))"
    arguments = [sys.executable, "-c", code, *command.split()]
    try:
        return subprocess.run(arguments, stdout=output, stderr=subprocess.PIPE, env=asked, check=False, timeout=60)
    finally:
        os.close(output)


def test_no_dropped_targets_is_said_as_such(server: Answering) -> None:
    """Asking for what relabelling dropped does not claim that nothing is scraped."""
    server.body = success({"activeTargets": [], "droppedTargets": []})
    assert "Relabelling dropped no targets." in on_a_terminal(server, "targets", "--state", "dropped")
    assert "Name some under [[scrape]]" in on_a_terminal(server, "targets")
