"""promtool, and whoever asks what a query took, get from Sightline what they get from a Prometheus with the same samples."""

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from tests.e2e.program import Program, running, until

from sightline.adapters.wire.remote_write import encode
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch

# Prometheus 2 has windows that are closed on the left, 3 open ones: off the second that makes no difference.
OFF_GRID = 7
STEP = 15_000
SAMPLES = 40


@dataclass
class Pair:
    """Both programs with the same samples, the newest of them at `newest`, s."""

    sightline: Program
    prometheus: str
    promtool: str
    newest: int

    def run(self, command: str, *more: str) -> tuple[str, str]:
        """What promtool prints of each."""
        found = []
        for url in (self.sightline.url, self.prometheus):
            arguments = [self.promtool, "query", command, url, *more]
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
            assert done.returncode == 0, done.stderr
            found.append(done.stdout)
        return found[0], found[1]

    def ask(self, path: str, **given: Any) -> tuple[Any, Any]:
        """What each answers."""
        text = urllib.parse.urlencode(given)
        found = []
        for url in (self.sightline.url, self.prometheus):
            with urllib.request.urlopen(f"{url}{path}?{text}", timeout=30) as answer:
                found.append(json.loads(answer.read())["data"])
        return found[0], found[1]


def batch(newest: int) -> WriteBatch:
    """Series that count, one that has gaps, and one that ended half-way; newest: ms."""
    labels = (
        Labels.of(__name__="requests_total", job="shop", code="200"),
        Labels.of(__name__="requests_total", job="shop", code="500"),
        Labels.of(__name__="temperature", room='"a"\\b'),
        Labels.of(__name__="ended", job="shop"),
    )
    times, series, values = [], [], []
    for k in range(SAMPLES):
        at = newest - STEP * (SAMPLES - 1 - k)
        rows = [(0, 1e5 + 10.0 * k), (1, 1e5 + 1.5 * k)]  # far from zero, where 2 extrapolates otherwise than 3
        rows += [(2, 20.0 + k % 7)] if k % 5 else []
        rows += [(3, STALE if k == SAMPLES // 2 else 1.0)] if k <= SAMPLES // 2 else []
        for number, value in rows:
            times.append(at)
            series.append(number)
            values.append(value)
    return WriteBatch(labels, np.array(series, np.uint32), np.array(times, np.int64), np.array(values, np.float64))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]) -> Iterator[Pair]:
    """Both programs."""
    program, promtool = require_binary("prometheus", "prometheus"), require_binary("promtool", "prometheus")
    folder, newest = tmp_path_factory.mktemp("pair"), int(time.time()) - 60
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "prom.yml").write_text("{}")
    with (folder / "log").open("w") as log, running(folder / "data", "--set", "host.enabled=false") as sightline:
        arguments = [program, f"--config.file={folder / 'prom.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
        arguments += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
        arguments += ["--enable-feature=promql-per-step-stats"]
        process = subprocess.Popen(arguments, stdout=log, stderr=log)
        try:
            until(lambda: is_ready(port))
            sent = batch(newest * 1000 + OFF_GRID)
            assert sightline.write(sent) == 204
            headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
            url = f"http://127.0.0.1:{port}"
            request = urllib.request.Request(f"{url}/api/v1/write", encode(sent), headers, method="POST")
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert answer.status == 204
            yield Pair(sightline, url, promtool, newest)
        finally:
            process.terminate()
            process.wait(30)


def is_ready(port: int) -> bool:
    """Whether Prometheus takes samples."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("form", ["promql", "json"])
@pytest.mark.parametrize(
    "query",
    ["requests_total", "1 + 1", 'sum by (code) (rate(requests_total{job="shop"}[2m]))', "temperature[1m]", "none"],
)
def test_instant_queries(pair: Pair, query: str, form: str) -> None:
    """`promtool query instant` prints the same, at a time and in both formats."""
    ours, theirs = pair.run("instant", query, f"--time={pair.newest}", f"--format={form}")
    assert ours == theirs


@pytest.mark.parametrize("form", ["promql", "json"])
@pytest.mark.parametrize("query", ["requests_total", "sum(rate(requests_total[2m]))", "ended", "time() * 0"])
def test_range_queries(pair: Pair, query: str, form: str) -> None:
    """`promtool query range` prints the same, with start, end, step and headers."""
    times = f"--start={pair.newest - 600}", f"--end={pair.newest}", "--step=30s"
    ours, theirs = pair.run("range", query, *times, "--header=X-Scope-OrgID=default", f"--format={form}")
    assert ours == theirs


@pytest.mark.parametrize("form", ["promql", "json"])
def test_series_and_labels(pair: Pair, form: str) -> None:
    """`promtool query series` and `labels` print the same, with every flag that they have."""
    times = f"--start={pair.newest - 600}", f"--end={pair.newest}", f"--format={form}"
    ours, theirs = pair.run("series", '--match={job="shop"}', "--match=temperature", *times)
    assert ours == theirs
    for matches in ([], ["--match=ended"], ['--match=requests_total{code="200"}', "--match=temperature"]):
        ours, theirs = pair.run("labels", "job", *matches, *times)
        if not matches:
            ours = ours.replace("sightline\n", "").replace('"sightline"', "").replace(",]", "]")
        assert ours.split() == theirs.split()


@pytest.mark.parametrize(
    "query",
    [
        "requests_total",
        "requests_total + on (code) requests_total",
        "sum(rate(requests_total[2m])) / count(ended)",
        "ended",
        "rate(requests_total[1m] offset 45s)",
        "max_over_time(temperature[2m] @ end())",
        "1 + 1",
        "none",
    ],
)
def test_samples_are_counted_alike(pair: Pair, query: str) -> None:
    """`stats=all` gives the samples of each step and all together as Prometheus counts them, at one instant and over a range."""
    for ours, theirs in (
        pair.ask("/api/v1/query", query=query, time=pair.newest, stats="all"),
        pair.ask("/api/v1/query_range", query=query, start=pair.newest - 600, end=pair.newest, step=30, stats="all"),
    ):
        assert ours["result"] == theirs["result"]
        for name in ("totalQueryableSamples", "totalQueryableSamplesPerStep"):
            assert ours["stats"]["samples"][name] == theirs["stats"]["samples"][name]
        assert set(ours["stats"]["timings"]) <= set(theirs["stats"]["timings"])


def test_our_own_metrics_are_well_formed(pair: Pair) -> None:
    """`promtool check metrics` has nothing to say about /metrics."""
    with urllib.request.urlopen(f"{pair.sightline.url}/metrics", timeout=30) as answer:
        page = answer.read()
    done = subprocess.run([pair.promtool, "check", "metrics"], input=page, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
