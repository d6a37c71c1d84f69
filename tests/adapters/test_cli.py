"""The command line as a client: what it asks, what it prints, how it exits."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.answering import VECTOR, Answering, answering

from sightline import __version__
from sightline.adapters.inbound.cli import Exit, run


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """A server, and an environment that says nothing about servers."""
    for name in ("SIGHTLINE_URL", "SIGHTLINE_TENANT", "SIGHTLINE_HTTP_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    with answering() as found:
        yield found


Capture = pytest.CaptureFixture[str]


def test_a_query_prints_a_line_a_series(server: Answering, capsys: Capture) -> None:
    """Away from a terminal each sample is a line of series, value and time."""
    assert run(["query", "up", "--url", server.url]) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        'up{job="a[x]"}\t1\t2025-11-21 04:40:00.123Z',
        'up{job="longer"}\t12345.5\t2025-11-21 04:40:00.123Z',
    ]
    path, _, form = server.asked[0]
    assert (path, form) == ("/api/v1/query", {"query": ["up"]})


def test_options_reach_the_server(server: Answering, tmp_path: Path) -> None:
    """Time, tenant and token are sent as the API wants them."""
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n")
    options = ["--time", "4", "--tenant", "team-a", "--token-file", str(token)]
    assert run(["query", "1+1", "--url", f"{server.url}/", *options]) == Exit.DONE
    path, headers, form = server.asked[0]
    assert (path, form) == ("/api/v1/query", {"query": ["1+1"], "time": ["4"]})
    assert headers["x-scope-orgid"] == "team-a"
    assert headers["authorization"] == "Bearer 0123456789abcdef"


def test_the_environment_names_the_server(server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGHTLINE_URL and SIGHTLINE_TENANT stand in for flags, and a proxy is no way to this machine."""
    monkeypatch.setenv("SIGHTLINE_URL", server.url)
    monkeypatch.setenv("SIGHTLINE_TENANT", "team-b")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert run(["query", "up"]) == Exit.DONE
    assert server.asked[0][1]["x-scope-orgid"] == "team-b"


def test_json_is_printed_as_it_came(server: Answering, capsys: Capture) -> None:
    """With --json the envelope is the output."""
    assert run(["query", "up", "--json", "--url", server.url]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == VECTOR


@pytest.mark.parametrize(
    ("data", "printed"),
    [
        ({"resultType": "scalar", "result": [4, "2"]}, "scalar\t2\t1970-01-01 00:00:04.000Z\n"),
        ({"resultType": "string", "result": [4, "text"]}, "string\ttext\t1970-01-01 00:00:04.000Z\n"),
        ({"resultType": "vector", "result": []}, ""),
        (
            {"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "NaN"], [1e15, "2"]]}]},
            "{}\tNaN\t1970-01-01 00:00:01.000Z\n{}\t2\t1000000000000000.0\n",
        ),
    ],
)
def test_every_kind_of_answer_is_shown(
    server: Answering, capsys: Capture, data: dict[str, object], printed: str
) -> None:
    """Scalars, strings, empty answers and ranges have their lines, also far from any calendar."""
    server.body = json.dumps({"status": "success", "data": data}).encode()
    assert run(["query", "x", "--url", server.url]) == Exit.DONE
    assert capsys.readouterr().out == printed


def test_what_the_server_refuses_is_said(server: Answering, capsys: Capture) -> None:
    """An error of the server goes to stderr with its code, and the exit code is 1."""
    server.status = 400
    server.body = b'{"status":"error","errorType":"bad_data","error":"line 1, column 3: no","code":"query_malformed"}'
    assert run(["query", "up{", "--url", server.url]) == Exit.REFUSED
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "sightline: line 1, column 3: no (query_malformed)\n")
    assert run(["query", "up{", "--json", "--url", server.url]) == Exit.REFUSED
    assert json.loads(capsys.readouterr().out)["code"] == "query_malformed"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"status":"error"}', b"\xff", b""])
def test_something_else_that_answers_is_recognised(server: Answering, capsys: Capture, body: bytes) -> None:
    """What is not our envelope is no answer of ours."""
    server.body = body
    assert run(["query", "up", "--url", server.url]) == Exit.REFUSED
    assert "something other than Sightline answers" in capsys.readouterr().err


def test_an_expression_may_begin_with_a_minus(server: Answering) -> None:
    """An expression is never taken for a flag."""
    assert run(["query", "-up", "--url", server.url]) == Exit.DONE
    assert server.asked[0][2] == {"query": ["-up"]}


def test_warnings_go_to_stderr(server: Answering, capsys: Capture) -> None:
    """A warning does not disturb the output."""
    server.body = json.dumps({**VECTOR, "warnings": ["cut off"]}).encode()
    assert run(["query", "up", "--url", server.url]) == Exit.DONE
    said = capsys.readouterr()
    assert said.err == "sightline: warning: cut off\n"
    assert "cut off" not in said.out


def test_nobody_there_says_what_to_do(server: Answering, capsys: Capture) -> None:
    """Without a server the exit code is 3 and the message says how to start one."""
    assert run(["query", "up", "--url", "http://127.0.0.1:1"]) == Exit.UNREACHABLE
    said = capsys.readouterr().err
    assert "Is it running?" in said
    assert "sightline serve" in said
    assert "SIGHTLINE_URL" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["query"],
        ["query", "up", "--nope"],
        ["nope"],
        ["query", "up", "--url", "ftp://x"],
        ["query", "up", "--url", "localhost"],
        ["query", "up", "--url", "http://[::1"],
        ["query", "up", "--token-file", "/nowhere/at/all"],
    ],
)
def test_a_wrong_command_line_is_two(server: Answering, arguments: list[str], capsys: Capture) -> None:
    """What is wrong with the command line is said, nothing is asked, and the exit code is 2."""
    assert run(arguments) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out + said.err
    assert not server.asked


def test_the_version_is_printed(capsys: Capture) -> None:
    """The version comes for people and for programs."""
    assert run(["version"]) == Exit.DONE
    assert capsys.readouterr().out.startswith(f"sightline {__version__} (Python ")
    assert run(["version", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["version"] == __version__
    assert run(["--version"]) == Exit.DONE
    assert capsys.readouterr().out == f"{__version__}\n"


def test_on_a_terminal_there_is_an_aligned_table(server: Answering) -> None:
    """On a terminal the columns are headed and aligned, and labels are shown as they are."""
    code = f"from sightline.adapters.inbound.cli import run; run(['query', 'up', '--url', {server.url!r}])"
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    subprocess.run([sys.executable, "-c", code], stdout=theirs, env=environment, check=True, timeout=60)
    os.close(theirs)
    lines = os.read(ours, 65536).decode().splitlines()
    os.close(ours)
    [head] = [line for line in lines if "Series" in line]
    [short] = [line for line in lines if 'up{job="a[x]"}' in line]
    [long] = [line for line in lines if 'up{job="longer"}' in line]
    assert head.index("Time") == short.index("2025") == long.index("2025")
    assert short.index("  1 ") + 3 == long.index("12345.5") + len("12345.5")


def test_a_command_loads_no_engine() -> None:
    """Start-up stays quick: neither NumPy nor the store, the web framework or rich's tables are loaded for a version."""
    code = (
        "import sys; from sightline.adapters.inbound.cli import run; run(['version']);"
        "print(sorted({'numpy', 'numba', 'chdb', 'litestar', 'uvicorn', 'pyarrow', 'aiohttp', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
