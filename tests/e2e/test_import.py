"""History of real programs, years old, brought to the real program: it answers as they do."""

import gzip
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conformance.material import BASE
from tests.conformance.servers import prometheus
from tests.conformance.test_native_differential import message, recorded
from tests.e2e.program import Program, running, until

from sightline.adapters.inbound.cli import Exit, run
from sightline.adapters.wire.remote_write import encode
from sightline.adapters.wire.snappy import compress
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.timerange import DAY, HOUR, MINUTE

Capture = pytest.CaptureFixture[str]
Require = Callable[[str, str], str]

NOW = int(time.time()) * 1000
OLD = NOW - 800 * DAY - NOW % HOUR
COUNT = 3_000
STEP = 5 * MINUTE


def past() -> list[tuple[str, list[tuple[int, str]]]]:
    """Ten days of three series, eight hundred days ago; one ends early."""
    chosen = np.random.default_rng(3)
    found = []
    for number, odd in enumerate(("plain", 'a\\"b\\\\c\\nd é', "{x} # 1 2")):
        values = [repr(one) for one in (100 * chosen.random(COUNT)).tolist()]
        values[5:9] = ["+Inf", "-Inf", "1e-300", "12345678901234567"]
        last = COUNT if number else COUNT // 2
        found.append((f'warmth{{room="{number}",odd="{odd}"}}', [(OLD + k * STEP, values[k]) for k in range(last)]))
    return found


def openmetrics() -> bytes:
    """The past as promtool wants it to make blocks of."""
    lines = ["# HELP warmth How warm it was.", "# TYPE warmth gauge"]
    lines += [f"{series} {value} {at / 1000:.3f}" for series, samples in past() for at, value in samples]
    return "\n".join([*lines, "# EOF", ""]).encode()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program remembers how far an import came."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "sightline" / "imports"


@pytest.fixture(scope="module")
def running_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program that keeps ten years, for all tests."""
    with running(tmp_path_factory.mktemp("sightline") / "data", environment={"SIGHTLINE_RETENTION": "10y"}) as found:
        yield found


@pytest.fixture
def program(
    running_program: Program, home: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """The same, with a tenant for each test."""
    assert not home.exists()
    monkeypatch.setenv("SIGHTLINE_URL", running_program.url)
    monkeypatch.setenv("SIGHTLINE_TENANT", request.node.name)
    return running_program


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, require_binary: Require) -> Path:
    """What a Prometheus holds on its disk: the past in blocks."""
    promtool = require_binary("promtool", "prometheus")
    found = tmp_path_factory.mktemp("prometheus")
    (found / "past.om").write_bytes(openmetrics())
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", "-q", str(found / "past.om"), str(found / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (found / "data" / "wal").mkdir()
    return found


def ask(url: str, path: str, **given: Any) -> Any:
    """The data of an answer."""
    address = f"{url}{path}?{urllib.parse.urlencode(given, doseq=True)}"
    headers = {"X-Scope-OrgID": os.environ.get("SIGHTLINE_TENANT", "default")}
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
        return json.loads(answer.read())["data"]


def everything(
    url: str, metric: str = "warmth", end: int = OLD + 20 * DAY, length: str = "30d"
) -> dict[Labels, list[tuple[int, str]]]:
    """All samples of a metric, by series."""
    found = ask(url, "/api/v1/query", query=f"{metric}[30d]", time=(OLD + 20 * DAY) / 1000)["result"]
    return {Labels.of(one["metric"]): [(round(1000 * at), value) for at, value in one["values"]] for one in found}


def wanted() -> dict[str, list[tuple[int, float]]]:
    """The past, by room."""
    return {
        series.partition('room="')[2][0]: [(at, float(value)) for at, value in samples] for series, samples in past()
    }


def held(program: Program) -> dict[str, list[tuple[int, float]]]:
    """What the program has of the past, by room."""
    return {
        labels.get("room"): [(at, float(value)) for at, value in samples]
        for labels, samples in everything(program.url).items()
    }


def test_a_dump_of_promtool(
    program: Program, folder: Path, tmp_path: Path, require_binary: Require, capsys: Capture
) -> None:
    """Dumped and imported, Prometheus' samples are here, and queries over them answer as Prometheus does."""
    promtool = require_binary("promtool", "prometheus")
    dump = tmp_path / "dump.txt"
    with dump.open("wb") as file:
        subprocess.run([promtool, "tsdb", "dump", str(folder / "data")], stdout=file, check=True, timeout=60)
    assert run(["import", str(dump)]) == Exit.DONE
    assert capsys.readouterr().out.startswith("7500 samples stored")
    assert held(program) == wanted()
    own = shutil.copytree(folder, tmp_path / "prometheus")  # it is written into
    with prometheus(require_binary("prometheus", "prometheus"), own) as url:
        assert everything(program.url) == everything(url)
        # Off the grid of the samples, for Prometheus 2 has windows that are closed on the left.
        grid = {"start": OLD / 1000 + 7, "end": (OLD + 11 * DAY) / 1000, "step": 3600}
        for query in (
            "sum by (room) (avg_over_time(warmth[2h]))",
            'max_over_time(warmth{room!="1"}[1h])',
            "count(warmth)",
        ):
            here, there = (ask(one, "/api/v1/query_range", query=query, **grid)["result"] for one in (program.url, url))
            assert near(here) == near(there)


def near(result: list[dict[str, Any]]) -> dict[str, list[tuple[float, str]]]:
    """Rows by their labels, values to twelve places, which sums in another order keep."""
    return {
        str(Labels.of(one["metric"])): [(at, f"{float(value):.12g}") for at, value in one["values"]] for one in result
    }


def test_a_data_folder(program: Program, folder: Path, capsys: Capture) -> None:
    """Promtool is run on the folder, stretch by stretch; what a selector leaves out is not imported."""
    assert run(["import", "tsdb", str(folder / "data"), "--match", '{room!="2"}', "--label", "from=disk"]) == Exit.DONE
    assert "4500 samples stored" in capsys.readouterr().out
    assert held(program) == {room: samples for room, samples in wanted().items() if room != "2"}
    assert {labels.get("from") for labels in everything(program.url)} == {"disk"}


def test_a_running_prometheus(
    program: Program, folder: Path, tmp_path: Path, require_binary: Require, capsys: Capture
) -> None:
    """Remote read brings what is on the disk and what came a minute ago, ends of series as they are."""
    own = shutil.copytree(folder, tmp_path / "prometheus")  # it is written into
    with prometheus(require_binary("prometheus", "prometheus"), own) as url:
        values = np.array([1.0, STALE, np.nan, 2.0])
        recent = WriteBatch(
            (Labels.of(__name__="recent"),), np.zeros(4, np.uint32), NOW - 60_000 + np.arange(4) * 1000, values
        )
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        urllib.request.urlopen(
            urllib.request.Request(f"{url}/api/v1/write", encode(recent), headers), timeout=30
        ).close()
        assert run(["import", "prometheus", url, "--json"]) == Exit.DONE
        said = json.loads(capsys.readouterr().out)
        assert said["samples"] == 7504
        assert everything(program.url) == everything(url)
        for end in range(NOW - 60_000, NOW - 56_000, 1000):
            here, there = (
                ask(one, "/api/v1/query", query="recent", time=end / 1000)["result"] for one in (program.url, url)
            )
            assert here == there
        assert run(["import", "prometheus", url, "--match", "recent", "--label", "site=north"]) == Exit.DONE
        assert "4 samples stored" in capsys.readouterr().out
        found = ask(program.url, "/api/v1/query", query='recent{site="north"}', time=NOW / 1000)["result"]
        assert found[0]["value"][1] == "2"
        assert run(["import", "prometheus", url, "--start", "-20y"]) == Exit.REFUSED
        assert "`retention`" in capsys.readouterr().err
        assert run(["import", "prometheus", url, "--start", "-20y", "--skip-old"]) == Exit.DONE
        assert run(["import", "prometheus", f"{url}/elsewhere"]) == Exit.REFUSED
        assert "HTTP 404" in capsys.readouterr().err


def test_native_histograms_come_whole(program: Program, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """By remote read, here of another tenant, every bucket of every sample."""
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Scope-OrgID": "source"}
    request = urllib.request.Request(f"{program.url}/api/v1/write", compress(message(recorded())), headers)
    urllib.request.urlopen(request, timeout=30).close()
    span = ["--start", str(BASE // 1000 - 10), "--end", str(BASE // 1000 + 1000)]
    assert run(["import", "prometheus", program.url, "--source-tenant", "source", *span, "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["samples"] == sum(map(len, recorded().values()))
    found = [ask(program.url, "/api/v1/query", query="h[1h]", time=BASE / 1000 + 3000)["result"]]
    monkeypatch.setenv("SIGHTLINE_TENANT", "source")
    found.append(ask(program.url, "/api/v1/query", query="h[1h]", time=BASE / 1000 + 3000)["result"])
    here, there = ({str(Labels.of(row["metric"])): row["histograms"] for row in rows} for rows in found)
    assert here == there
    assert len(here) == len(recorded())


def test_native_histograms_that_are_not_told_are_missed(
    program: Program, tmp_path: Path, require_binary: Require, capsys: Capture
) -> None:
    """A Prometheus that has them and does not answer with them leaves series without a sample, which is told."""
    binary = require_binary("prometheus", "prometheus")
    with prometheus(binary, tmp_path / "prometheus", "--enable-feature=native-histograms") as url:
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        body = compress(message(recorded()))
        urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/write", body, headers), timeout=30).close()
        assert run(["import", "prometheus", url, "--match", "h"]) == Exit.REFUSED
        assert f"{len(recorded())} series came without a sample" in capsys.readouterr().err


@contextmanager
def victoria_metrics(program: str, folder: Path) -> Iterator[str]:
    """The address of a VictoriaMetrics without data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    flags = [f"-storageDataPath={folder}", f"-httpListenAddr={address}", "-retentionPeriod=100y", "-loggerLevel=ERROR"]
    server = subprocess.Popen([program, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_ready() -> bool:
        assert server.poll() is None
        connection = http.client.HTTPConnection(address, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    try:
        until(is_ready)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(20)


def test_victoria_metrics(program: Program, tmp_path: Path, require_binary: Require, capsys: Capture) -> None:
    """Its export, as a packed file and asked for over the network, holds what it was given."""
    with victoria_metrics(require_binary("victoria-metrics", "victoria-metrics"), tmp_path / "vm") as url:
        # Values of few digits: it keeps those of a block to as many as fit together.
        given = [(series, [(at, str(k % 800 / 4)) for k, (at, _) in enumerate(samples)]) for series, samples in past()]
        text = "\n".join(f"{series} {value} {at}" for series, samples in given for at, value in samples).encode()
        request = urllib.request.Request(f"{url}/api/v1/import/prometheus", text, {"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=60).close()
        urllib.request.urlopen(f"{url}/internal/force_flush", timeout=60).close()

        def export() -> bytes:
            query = urllib.parse.urlencode({"match[]": "warmth"})
            with urllib.request.urlopen(f"{url}/api/v1/export?{query}", timeout=60) as answer:
                return bytes(answer.read())

        until(lambda: export().count(b",") > 7_500)
        (tmp_path / "export.jsonl.gz").write_bytes(gzip.compress(export()))
        assert run(["import", str(tmp_path / "export.jsonl.gz"), "--label", "from=file"]) == Exit.DONE
        assert "7500 samples stored" in capsys.readouterr().out
        span = ["--start", str(OLD // 1000 - 86_400), "--end", str(OLD // 1000 + 20 * 86_400)]
        assert run(["import", "victoriametrics", url, "--label", "from=net", *span]) == Exit.DONE
        assert "7500 samples stored" in capsys.readouterr().out
        found = everything(program.url)
        assert len(found) == 6
        for series, samples in given:
            room = series.partition('room="')[2][0]
            for labels in (one for one in found if one.get("room") == room):
                assert [(at, float(value)) for at, value in found[labels]] == [
                    (at, float(value)) for at, value in samples
                ]


def test_openmetrics_and_text(program: Program, tmp_path: Path, capsys: Capture) -> None:
    """What promtool makes blocks of is read as it is, and the text format with times in milliseconds too."""
    (tmp_path / "past.om").write_bytes(openmetrics())
    assert run(["import", str(tmp_path / "past.om"), "--dry-run"]) == Exit.DONE
    said = capsys.readouterr()
    assert said.out.startswith("7500 samples of 3 series would be sent")
    assert "first series: warmth{" in said.err
    assert held(program) == {}
    text = "\n".join(f"{series} {value} {at}" for series, samples in past() for at, value in samples)
    (tmp_path / "past.txt").write_text(text)
    assert run(["import", str(tmp_path / "past.txt")]) == Exit.DONE
    assert held(program) == wanted()
    assert run(["import", str(tmp_path / "past.om")]) == Exit.DONE
    assert held(program) == wanted()


def test_csv(program: Program, tmp_path: Path, capsys: Capture) -> None:
    """Columns become series; a row that cannot be read is named, and the exit code says that not all is there."""
    rows = [f"{OLD + k * STEP},kitchen,{k},{50 + k}\n" for k in range(100)] + [f"{OLD},attic,hot,1\n"]
    (tmp_path / "rooms.csv").write_text("timestamp,room,celsius,humidity\n" + "".join(rows))
    flags = ["--metric", "climate", "--value-column", "celsius", "--value-column", "humidity"]
    assert run(["import", "csv", *flags, str(tmp_path / "rooms.csv")]) == Exit.REFUSED
    said = capsys.readouterr()
    assert said.out.startswith("201 samples stored")
    assert "line 102: column celsius: expected a number, found 'hot'" in said.err
    found = everything(program.url, "climate_celsius")
    assert found == {
        Labels.of(__name__="climate_celsius", room="kitchen"): [(OLD + k * STEP, str(k)) for k in range(100)]
    }


def test_what_is_too_old_is_told_beforehand(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Nothing is sent, and the setting to change is named; what is young enough can be had all the same."""
    lines = f"old 1 {OLD}\nyoung 1 {NOW - MINUTE}\n"
    (tmp_path / "both.txt").write_text(lines)
    with running(tmp_path / "sightline") as program:
        monkeypatch.setenv("SIGHTLINE_URL", program.url)
        assert run(["import", str(tmp_path / "both.txt")]) == Exit.REFUSED
        assert "the server keeps 15d (`retention`)" in capsys.readouterr().err
        assert run(["import", str(tmp_path / "both.txt"), "--skip-old"]) == Exit.DONE
        said = capsys.readouterr()
        assert said.out.startswith("1 sample stored")
        assert "1 sample older than the server keeps was skipped" in said.err
        assert not list(home.glob("*"))


def test_what_the_server_refuses_is_named(program: Program, tmp_path: Path, capsys: Capture) -> None:
    """The rest is stored, the exit code says that not all is, and the server's words say why."""
    (tmp_path / "ahead.txt").write_text(f"a 1 {OLD}\na 2 {NOW + DAY}\nb 3 {OLD}\n")
    assert run(["import", str(tmp_path / "ahead.txt")]) == Exit.REFUSED
    said = capsys.readouterr()
    assert said.out.startswith("2 samples stored")
    assert "1 sample refused (sample_out_of_bounds)" in said.err
    assert everything(program.url, '{__name__=~"a|b"}').keys() == {Labels.of(__name__="a"), Labels.of(__name__="b")}


def test_an_import_that_breaks_off_goes_on(program: Program, home: Path, tmp_path: Path, capsys: Capture) -> None:
    """A file that is cut off is stored up to there; once it is whole, the same command brings the rest and no more."""
    head = "\n".join(f'warmth{{room="{k % 7}"}} {k} {OLD + k}' for k in range(400_000))
    packed = gzip.compress(head.encode(), 1)
    file = tmp_path / "past.txt.gz"
    file.write_bytes(packed[: len(packed) * 3 // 4])
    assert run(["import", str(file)]) == Exit.REFUSED
    said = capsys.readouterr()
    assert "is cut off" in said.err
    first = int(said.out.partition(" ")[0])
    assert 0 < first < 400_000
    assert len(list(home.glob("*"))) == 1
    file.write_bytes(packed)
    assert run(["import", str(file)]) == Exit.DONE
    said = capsys.readouterr()
    assert "going on where an earlier run ended" in said.err
    assert int(said.out.partition(" ")[0]) == 400_000 - first
    assert not list(home.glob("*"))
    found = ask(program.url, "/api/v1/query", query="sum(count_over_time(warmth[1d]))", time=(OLD + HOUR) / 1000)
    assert found["result"][0]["value"][1] == "400000"


def test_an_import_that_is_interrupted_goes_on(program: Program, home: Path, tmp_path: Path) -> None:
    """Ctrl-C on a pipe ends with what was sent being remembered; the same pipe again brings the rest."""
    line = 'warmth{{room="{}",padding="' + 60 * "x" + '"}} {} {}\n'
    text = "".join(line.format(k // 100_000, k, OLD + k % 100_000) for k in range(300_000)).encode()
    command = [sys.executable, "-m", "sightline", "import", "-", "--format", "prometheus", "--quiet"]
    environment = {**os.environ, "SIGHTLINE_URL": program.url}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:
        assert process.stdin is not None
        process.stdin.write(text[: len(text) * 2 // 3])
        process.stdin.flush()
        until(lambda: len(list(home.glob("*.json"))) == 1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == Exit.REFUSED, errors
        assert b"run the same again" in errors
    done = subprocess.run(command, input=text, capture_output=True, env=environment, timeout=120, check=False)
    assert done.returncode == Exit.DONE, done.stderr
    assert b"going on where" in done.stderr
    assert int(done.stdout.partition(b" ")[0]) < 300_000
    found = ask(program.url, "/api/v1/query", query="sum(count_over_time(warmth[1d]))", time=(OLD + HOUR) / 1000)
    assert found["result"][0]["value"][1] == "300000"
