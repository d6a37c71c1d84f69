"""`sightline import`: what it sends, remembers, prints and ends with, against a server that answers as it is told."""

import bz2
import io
import json
import lzma
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.serving import serving
from typing_extensions import override

from sightline.adapters.inbound.cli import Exit, run
from sightline.adapters.inbound.cli.history import blocks, delivery
from sightline.adapters.inbound.cli.history.files import guessed
from sightline.adapters.inbound.cli.history.flags import Format
from sightline.adapters.inbound.cli.program import Ended
from sightline.adapters.wire.remote_write import decode

Capture = pytest.CaptureFixture[str]

NOW = int(time.time()) * 1000


class Taking(ThreadingHTTPServer):
    """Takes samples, after the answers it was given are used up: each a status, its body, and headers."""

    daemon_threads = True
    answers: list[tuple[int, dict[str, str], dict[str, str]]]
    samples: list[tuple[str, int, float]]
    most = 1_000_000
    kept = "10y"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers writes, and how long samples are kept."""

    server: Taking
    turn = threading.Lock()

    def do_GET(self) -> None:
        """How long samples are kept; everything else is answered alike, and holds something."""
        self._answer(200, {"status": "success", "data": {"storageRetention": self.server.kept}}, {})

    def do_POST(self) -> None:
        """Take samples, or not."""
        batch = decode(self.rfile.read(int(self.headers["Content-Length"])), max_decompressed=1 << 26)
        with self.turn:
            if self.server.answers:
                self._answer(*self.server.answers.pop(0))
            elif len(batch) > self.server.most:
                self._answer(
                    413,
                    {"status": "error", "errorType": "too_large", "error": "too much", "code": "body_too_large"},
                    {},
                )
            else:
                rows = zip(batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), strict=True)
                self.server.samples += [(str(batch.labels[s]), t, v) for s, t, v in rows]
                self._answer(204, {}, {})

    def _answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
        text = b"" if not body else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Taking]:
    """A server, named by the environment, and a folder for what imports remember."""
    found = Taking(("127.0.0.1", 0), Handler)
    found.answers, found.samples = [], []
    monkeypatch.setenv("SIGHTLINE_URL", found.url)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with serving(found):
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ten samples of two series."""
    found = tmp_path / "past.txt"
    found.write_text("".join(f'a{{i="{k % 2}"}} {k} {NOW - 1000 * k}\n' for k in range(10)))
    return found


EVERYTHING = sorted((f'a{{i="{k % 2}"}}', NOW - 1000 * k, float(k)) for k in range(10))


def refusal(status: int, code: str, error: str, **headers: str) -> tuple[int, dict[str, str], dict[str, str]]:
    """An answer that says no."""
    return status, {"status": "error", "errorType": "x", "code": code, "error": error}, headers


def remembered(tmp_path: Path) -> list[Path]:
    """What imports left to go on with."""
    return list((tmp_path / "state").rglob("*.json"))


@pytest.mark.parametrize("packed", [bz2.compress, lzma.compress, lambda data: pa.compress(data, "zstd", asbytes=True)])
def test_packed_files_are_unpacked(server: Taking, file: Path, packed: Any, tmp_path: Path, capsys: Capture) -> None:
    """By how they begin, whatever they are called."""
    (tmp_path / "packed").write_bytes(packed(file.read_bytes()))
    assert run(["import", str(tmp_path / "packed")]) == Exit.DONE
    assert sorted(server.samples) == EVERYTHING
    assert capsys.readouterr().out.startswith("10 samples stored")
    assert not remembered(tmp_path)


def test_a_busy_server_is_asked_again(server: Taking, file: Path, capsys: Capture) -> None:
    """429 and 503 are no refusals: the same request comes again, when the server says."""
    later = {"Retry-After": "0"}
    server.answers = [refusal(429, "intake_overloaded", "wait", **later), refusal(503, "unavailable", "wait", **later)]
    assert run(["import", str(file)]) == Exit.DONE
    assert sorted(server.samples) == EVERYTHING
    assert capsys.readouterr().err == ""


def test_a_request_that_is_too_long_comes_in_halves(server: Taking, file: Path) -> None:
    """As often as it takes."""
    server.most = 3
    assert run(["import", str(file)]) == Exit.DONE
    assert sorted(server.samples) == EVERYTHING


def test_a_refusal_of_everything_ends_it(server: Taking, file: Path, tmp_path: Path, capsys: Capture) -> None:
    """What has nothing to do with the samples, as a wrong token, is told at once."""
    server.answers = [refusal(401, "unauthenticated", "no token")] * 9
    assert run(["import", str(file)]) == Exit.REFUSED
    assert "no token (unauthenticated)" in capsys.readouterr().err
    assert not remembered(tmp_path)


def test_what_is_refused_in_part_is_counted(server: Taking, file: Path, capsys: Capture) -> None:
    """By reason, with the server's words; the exit code says that not all is stored."""
    server.answers = [refusal(400, "sample_out_of_bounds", "too new; 3 samples were refused, the other 7 stored")]
    assert run(["import", "--json", str(file)]) == Exit.REFUSED
    said = json.loads(capsys.readouterr().out)
    assert said["samples"] == 7
    assert said["refused"]["sample_out_of_bounds"]["samples"] == 3


def test_what_is_refused_entirely_has_no_range(server: Taking, tmp_path: Path, capsys: Capture) -> None:
    """Nothing is stored of any time; what the server said of one request is not said of the import."""
    (tmp_path / "x.txt").write_text(f"a 1 {NOW}\nwrong\n")
    server.answers = [refusal(400, "sample_out_of_bounds", "too new; 1 sample was refused, nothing was stored")]
    assert run(["import", str(tmp_path / "x.txt")]) == Exit.REFUSED
    said = capsys.readouterr()
    assert re.fullmatch(r"0 samples stored in \d+\.\d s\n", said.out)
    assert "1 line could not be read and was left out\n" in said.err
    assert "1 sample refused (sample_out_of_bounds), the first: too new\n" in said.err
    assert "nothing was found" not in said.err


def test_nothing_to_import_is_told(server: Taking, tmp_path: Path, capsys: Capture) -> None:
    """As when a selector finds nothing, which may be a mistake in it."""
    (tmp_path / "x.txt").write_text("# nothing here\n")
    assert run(["import", str(tmp_path / "x.txt")]) == Exit.DONE
    assert "nothing was found to import" in capsys.readouterr().err


def test_nothing_is_sent_on_a_dry_run(server: Taking, file: Path, tmp_path: Path, capsys: Capture) -> None:
    """It counts samples, series and their range, and shows the first."""
    assert run(["import", "--dry-run", "--label", "i=x", str(file)]) == Exit.DONE
    said = capsys.readouterr()
    assert said.out.startswith("10 samples of 1 series would be sent, ")
    assert 'first series: a{i="x"} 0.0 at' in said.err
    assert not server.samples
    assert not remembered(tmp_path)


def test_only_a_range_is_taken(server: Taking, file: Path, capsys: Capture) -> None:
    """--start and --end, both included."""
    assert run(["import", "--start", str(NOW // 1000 - 5), "--end", str(NOW // 1000 - 3), str(file)]) == Exit.DONE
    assert sorted(one[2] for one in server.samples) == [3, 4, 5]
    assert "7 samples outside --start and --end were skipped" in capsys.readouterr().err


def test_it_goes_on_where_the_server_went_away(
    server: Taking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Files whose samples were acknowledged are not sent again; --again sends all of them."""
    files = []
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"a {number} {NOW}\n")
        files.append(str(tmp_path / f"{number}.txt"))
    monkeypatch.setattr(delivery, "AT_ONCE", 1)
    server.answers = [(204, {}, {}), refusal(401, "unauthenticated", "no token")] + [refusal(401, "x", "no")] * 3
    assert run(["import", *files]) == Exit.REFUSED
    assert "run the same again to go on there" in capsys.readouterr().err
    assert len(remembered(tmp_path)) == 1
    server.answers = []
    assert run(["import", *files]) == Exit.DONE
    assert "going on where an earlier run ended, after 1 sample;" in capsys.readouterr().err
    assert sorted(one[2] for one in server.samples) == [1, 2]
    assert not remembered(tmp_path)
    server.samples.clear()
    assert run(["import", "--again", *files]) == Exit.DONE
    assert sorted(one[2] for one in server.samples) == [0, 1, 2]


@pytest.mark.parametrize("other", ["b 1 {}\n", "b 1 {}\n" * 60])
def test_a_pipe_with_other_data_is_not_gone_on_with(
    server: Taking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, other: str
) -> None:
    """Nothing of it is skipped without a word: it is told, what was remembered stays, and --again takes all of it."""
    monkeypatch.setattr(blocks, "HEAD", 64)
    monkeypatch.setattr(blocks, "SIZE", 64)
    monkeypatch.setattr(delivery, "AT_ONCE", 1)

    def piped(text: str, *arguments: str) -> int:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return run(["import", *arguments])

    server.answers = [(204, {}, {})] * 4 + [refusal(401, "unauthenticated", "no token")] * 30
    text = "".join(f"a {number} {NOW}\n" for number in range(40))
    assert piped(text) == Exit.REFUSED
    server.answers = []
    capsys.readouterr()
    assert piped(other.replace("{}", str(NOW))) == Exit.REFUSED
    said = capsys.readouterr().err
    assert "standard input " in said
    assert "what an earlier run read" in said
    assert "--again begins anew" in said
    assert "run the same again" not in said
    assert not server.samples
    assert len(remembered(tmp_path)) == 1
    assert piped(text) == Exit.DONE
    assert 0 < len(server.samples) < 40
    assert not remembered(tmp_path)


def test_a_record_of_another_import_is_not_used(server: Taking, file: Path, tmp_path: Path, capsys: Capture) -> None:
    """--state names a file that belongs to one import."""
    (tmp_path / "state.json").write_text('{"key":"other","part":0,"offset":3,"line":1,"samples":3}')
    assert run(["import", "--state", str(tmp_path / "state.json"), str(file)]) == Exit.USAGE
    assert "record of another import" in capsys.readouterr().err
    (tmp_path / "state.json").write_text("no JSON")
    assert run(["import", "--state", str(tmp_path / "state.json"), str(file)]) == Exit.USAGE
    assert run(["import", "--again", "--state", str(tmp_path / "state.json"), str(file)]) == Exit.DONE
    assert sorted(server.samples) == EVERYTHING


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.txt"], Exit.USAGE, "missing.txt cannot be read: No such file"),
        (["--label", "x", "missing.txt"], Exit.USAGE, "write --label name=value"),
        (["--start", "-1h", "--end", "-2h", "missing.txt"], Exit.USAGE, "lies before --start"),
        (["--dry-rum", "missing.txt"], Exit.USAGE, "there is no flag --dry-rum"),
        (["tsdb", "missing"], Exit.USAGE, "missing is no data folder of Prometheus"),
        (["prometheus", "example"], Exit.USAGE, "'example' is no address"),
        (["prometheus", "http://127.0.0.1:9", "--match", "{"], Exit.USAGE, "--match: "),
        (["csv", "--time-zone", "Atlantis", "missing.csv"], Exit.USAGE, "--time-zone Atlantis is not known"),
        (["csv", "--delimiter", "ab", "missing.csv"], Exit.USAGE, "--delimiter 'ab' must be one character"),
        (["victoriametrics", "http://127.0.0.1:9"], Exit.UNREACHABLE, "http://127.0.0.1:9 does not answer"),
    ],
)
def test_what_cannot_be_done_is_told(
    server: Taking,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    arguments: list[str],
    code: Exit,
    said: str,
) -> None:
    """With the exit code of its kind."""
    monkeypatch.chdir(tmp_path)
    assert run(["import", *arguments]) == code
    assert said in capsys.readouterr().err
    assert not server.samples


@pytest.mark.parametrize("source", ["prometheus", "victoriametrics"])
def test_the_address_of_the_server_is_a_flag_and_that_of_the_source_is_none(
    server: Taking, monkeypatch: pytest.MonkeyPatch, capsys: Capture, source: str
) -> None:
    """--url names Sightline here as everywhere."""
    monkeypatch.delenv("SIGHTLINE_URL")
    assert run(["import", source, "http://127.0.0.1:9", "--url", server.url]) == Exit.UNREACHABLE
    assert "http://127.0.0.1:9 does not answer" in capsys.readouterr().err


def test_samples_before_what_is_kept_have_no_time(server: Taking, capsys: Capture) -> None:
    """VictoriaMetrics tells that there are some, and not of when."""
    server.kept = "15d"
    assert run(["import", "victoriametrics", server.url]) == Exit.REFUSED
    assert " has samples from before 20" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b'{"metric":{"__name__":"a"},"values":[1],"timestamps":[1]}\n', Format.VICTORIAMETRICS),
        (b'{__name__="a", b="c"} 1 1700000000000\n', Format.TSDB_DUMP),
        (b'{__name__="a"} {count:1, sum:1} 1700000000000\n', Format.TSDB_DUMP),
        (b"# TYPE a gauge\na 1 1700000000\n", Format.OPENMETRICS),
        (b'a{b="1 2"} 1 1700000000.5\n', Format.OPENMETRICS),
        (b"\n# HELP a b\na 1 1700000000000\n", Format.PROMETHEUS),
        (b"# TYPE a gauge\n# EOF\n", Format.OPENMETRICS),
        (b'{"a.b",c="d"} 1 1700000000\n', Format.OPENMETRICS),
        (b'{"a.b"} 1 1700000000000\n', Format.PROMETHEUS),
        (b'{"a.b"="c", __name__="d"} 1 1700000000000\n', Format.TSDB_DUMP),
    ],
)
def test_formats_are_seen_by_how_a_file_begins(head: bytes, kind: Format) -> None:
    """Seconds are OpenMetrics', milliseconds the text format's."""
    assert guessed(head, "x") is kind


def test_a_table_is_not_taken_for_lines() -> None:
    """It says what to use."""
    with pytest.raises(Ended, match="sightline import csv"):
        guessed(b"2026-01-01,1,2\n", "x")


@given(st.binary(max_size=200))
def test_any_beginning_is_a_format_or_none(head: bytes) -> None:
    """Whatever a file begins with, it is one of the formats, or told to be none."""
    with suppress(Ended):
        assert guessed(head, "x") in Format


def test_a_file_of_something_else_is_given_up(server: Taking, tmp_path: Path, capsys: Capture) -> None:
    """A thousand lines without a sample are enough; one bad line among good ones is left out and named."""
    (tmp_path / "words").write_text("some words here and there\n" * 2_000)
    assert run(["import", str(tmp_path / "words")]) == Exit.REFUSED
    assert "is not prometheus: line 1: " in capsys.readouterr().err
    (tmp_path / "one").write_text(f"a 1 {NOW}\nsome words\na 2 {NOW}\n")
    assert run(["import", str(tmp_path / "one")]) == Exit.REFUSED
    assert "one, line 2: " in capsys.readouterr().err
    assert [one[2] for one in server.samples] == [1, 2]


def test_openmetrics_that_is_cut_off_is_told(server: Taking, tmp_path: Path, capsys: Capture) -> None:
    """What there is of it is stored; the end that is missing is said."""
    (tmp_path / "whole").write_text(f"a 1 {NOW // 1000}\n# EOF\n")
    assert run(["import", str(tmp_path / "whole")]) == Exit.DONE
    assert capsys.readouterr().err == ""
    (tmp_path / "part").write_text(f"a 2 {NOW // 1000}\n")
    assert run(["import", str(tmp_path / "part")]) == Exit.DONE
    assert "does not end in # EOF" in capsys.readouterr().err
    assert [one[2] for one in server.samples] == [1, 2]
