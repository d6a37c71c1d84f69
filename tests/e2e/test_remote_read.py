"""A real Prometheus reads from Sightline, and answers the same remote reads as Sightline over the same samples."""

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cramjam
import numpy as np
import pytest
from tests.adapters.wire.test_remote_read import columns, hints, matcher, number, query
from tests.e2e.program import Program, running, until
from tests.oracles import remote_read as oracle

from sightline.adapters.wire import remote_read as wire
from sightline.adapters.wire.remote_read_chunks import CHUNK_SAMPLES
from sightline.adapters.wire.remote_write import encode
from sightline.adapters.wire.snappy import compress
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.timerange import MINUTE

READING = """
remote_read:
  - url: {url}/api/v1/read
    read_recent: true
"""
SAMPLES = 500  # of a series, 15 s apart
EVERYTHING = matcher(2, "__name__", "demo_.+")
CHUNKS = number(2, 1)


@pytest.fixture(scope="module")
def batch() -> WriteBatch:
    """Counters with resets, gauges, series with gaps and stale markers, special numbers; until a minute ago."""
    chance = np.random.default_rng(11)
    end = round(time.time() * 1000) - MINUTE
    times = end - 15_000 * np.arange(SAMPLES)[::-1] + chance.integers(0, 40, SAMPLES)
    special = np.array([float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 1.7976931348623157e308, 0.0, 1.0])
    special[0] = STALE
    made = {
        "demo_counter": np.cumsum(chance.integers(0, 50, (6, SAMPLES)), 1) % 9_000,
        "demo_gauge": np.round(chance.normal(50, 20, (6, SAMPLES)), 2),
        "demo_noise": chance.normal(0, 1, (6, SAMPLES)),
        "demo_special": special[chance.integers(0, 8, (6, SAMPLES))],
    }
    labels = list[Labels]()
    series, moments, values = [], [], []
    for name, rows in made.items():
        for row, of_row in enumerate(rows):
            kept = chance.random(SAMPLES) > 0.02 * row
            series.append(np.full(kept.sum(), len(labels), np.uint32))
            labels.append(Labels.of(__name__=name, row=str(row), half=str(row % 2), note="ö/\n"[: row % 4]))
            moments.append(times[kept])
            values.append(of_row[kept].astype(np.float64))
    return WriteBatch(tuple(labels), np.concatenate(series), np.concatenate(moments), np.concatenate(values))


@pytest.fixture(scope="module")
def sightline(tmp_path_factory: pytest.TempPathFactory, batch: WriteBatch) -> Iterator[Program]:
    """A program that has the samples, half of them in its store."""
    with running(tmp_path_factory.mktemp("sightline") / "data", "--set", "flush.rows=1000") as program:
        half = len(batch) // 2
        for rows in (slice(0, half), slice(half, len(batch))):
            assert (
                program.write(WriteBatch(batch.labels, batch.series[rows], batch.times[rows], batch.values[rows]))
                == 204
            )
        yield program


@contextmanager
def prometheus(program: str, folder: Path, config: str, *flags: str) -> Iterator[str]:
    """A Prometheus that is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    (folder / "prom.yml").write_text(config)
    storage = (f"--config.file={folder / 'prom.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [program, *storage, f"--web.listen-address={address}", *flags], stdout=log, stderr=log
        )
        try:
            until(lambda: is_ready(f"http://{address}"))
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(30)


def is_ready(url: str) -> bool:
    """Whether it takes requests."""
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def reader(
    sightline: Program, tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]
) -> Iterator[str]:
    """A Prometheus without samples of its own, which reads Sightline's."""
    folder = tmp_path_factory.mktemp("reader")
    with prometheus(require_binary("prometheus", "prometheus"), folder, READING.format(url=sightline.url)) as url:
        yield url


@pytest.fixture(scope="module")
def peer(
    batch: WriteBatch, tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]
) -> Iterator[str]:
    """A Prometheus that has the same samples itself."""
    folder, program = tmp_path_factory.mktemp("peer"), require_binary("prometheus", "prometheus")
    with prometheus(program, folder, "", "--web.enable-remote-write-receiver") as url:
        headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
        request = urllib.request.Request(f"{url}/api/v1/write", encode(batch), headers, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 204
        yield url


def ask(url: str, path: str, **parameters: Any) -> Any:
    """The data of a GET of the API."""
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(parameters, doseq=True)}", timeout=30) as answer:
        return json.loads(answer.read())["data"]


def read(url: str, message: bytes) -> bytes:
    """The body of a remote read."""
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(f"{url}/api/v1/read", compress(message), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


def chunks(url: str, message: bytes) -> dict[int, list[oracle.Series]]:
    """What a streamed remote read says."""
    return oracle.merged(oracle.frames(read(url, message + CHUNKS)))


def samples(url: str, message: bytes) -> list[list[oracle.Series]]:
    """What a remote read in one message says."""
    return oracle.response(bytes(cramjam.snappy.decompress_raw(read(url, message))))


@pytest.mark.parametrize(
    "expression",
    [
        "demo_gauge",
        '{__name__=~"demo_.+",row!="3"}',
        "sum by (half) (rate(demo_counter[5m]))",
        "avg_over_time(demo_noise[10m])",
        "quantile_over_time(0.9, demo_gauge[7m] offset 20m)",
        "count_over_time(demo_special{row!~'[12]',note=~'.+|'}[30m])",
        "demo_gauge @ end() - on (row) demo_noise",
    ],
)
def test_prometheus_answers_over_what_it_reads(
    sightline: Program, reader: str, batch: WriteBatch, expression: str
) -> None:
    """Queries of a Prometheus that reads from Sightline have Sightline's own answers, instant and over a range."""
    # Not on an instant of a sample: this Prometheus includes the left border of a range.
    end = int(batch.times.max()) / 1000 + 0.123
    for path, times in (
        ("/api/v1/query", {"time": end}),
        ("/api/v1/query_range", {"start": end - 3_600, "end": end, "step": 61}),
    ):
        ours, theirs = (ask(url, path, query=expression, **times) for url in (sightline.url, reader))
        assert ours["result"]
        assert by_labels(ours["result"]) == by_labels(theirs["result"])


def by_labels(result: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Series by their labels, numbers to twelve digits: sums are added up in another order."""
    return {
        json.dumps(one["metric"], sort_keys=True): [
            (at, f"{float(value):.12g}") for at, value in one.get("values") or [one["value"]]
        ]
        for one in result
    }


def test_prometheus_finds_series_and_labels(sightline: Program, reader: str, batch: WriteBatch) -> None:
    """`/api/v1/series` of the reading Prometheus lists Sightline's series."""
    times = {"start": int(batch.times.min()) / 1000, "end": int(batch.times.max()) / 1000}
    ours, theirs = (
        ask(url, "/api/v1/series", **{"match[]": '{__name__=~"demo_.+"}', **times}) for url in (sightline.url, reader)
    )
    key = lambda one: json.dumps(one, sort_keys=True)  # noqa: E731 - said once, used twice
    assert len(ours) == 24
    assert sorted(ours, key=key) == sorted(theirs, key=key)


def test_both_answer_remote_reads_alike(sightline: Program, peer: str, batch: WriteBatch) -> None:
    """Samples and streamed chunks hold the same series, times and bits as Prometheus' own answers, in the same order."""
    start, end = int(batch.times.min()), int(batch.times.max())
    for asked in (
        query(start, end, EVERYTHING),
        query(start + 10 * MINUTE, end - 10 * MINUTE, matcher(0, "__name__", "demo_special"), matcher(1, "row", "2")),
        query(start, end, EVERYTHING, matcher(3, "row", "[1-3]")) + query(start, end, matcher(0, "half", "")),
        query(start, end, EVERYTHING, matcher(0, "note", ""), hints(start + 5 * MINUTE, end - 5 * MINUTE, "rate")),
    ):
        ours = samples(sightline.url, asked)
        assert ours[0]
        assert [unsigned(result) for result in ours] == [sorted(result) for result in samples(peer, asked)]
        assert chunks(sightline.url, asked) == {number: series for number, series in enumerate(ours) if series}
        assert trimmed(chunks(peer, asked), ours) == chunks(sightline.url, asked)


def unsigned(result: list[oracle.Series]) -> list[oracle.Series]:
    """Series whose zeros have no sign: in a message of samples Prometheus leaves a value out that equals zero."""
    return [(labels, [(time, 0 if bits == 1 << 63 else bits) for time, bits in its]) for labels, its in result]


def trimmed(found: dict[int, list[oracle.Series]], to: list[list[oracle.Series]]) -> dict[int, list[oracle.Series]]:
    """Series of whole chunks, cut to the times of samples: Prometheus does not cut chunks that lie in memory."""
    return {
        number: [
            (labels, [one for one in its if wanted[0][0] <= one[0] <= wanted[-1][0]])
            for (labels, its), (_, wanted) in zip(series, to[number], strict=True)
        ]
        for number, series in found.items()
    }


def test_chunks_are_prometheus_own_to_the_bit(peer: str, batch: WriteBatch) -> None:
    """Every chunk that Prometheus makes is what is made here of its samples."""
    frames = oracle.frames(read(peer, query(int(batch.times.min()), int(batch.times.max()), EVERYTHING) + CHUNKS))
    compared = 0
    for frame in frames:
        for its, data in zip(frame.chunks, frame.data, strict=True):
            (made,) = oracle.frames(wire.frames(columns([(Labels.of(frame.labels), its)]), 0))
            if len(its) <= CHUNK_SAMPLES:
                assert data in (made.data[0], made.data[0] + bytes(1))  # it begins a byte that it may not need
            else:  # but for the count and the last bits, these begin as the others do
                assert data[2:].startswith(made.data[0][2:-1])
            compared += 1
    assert compared > 24
