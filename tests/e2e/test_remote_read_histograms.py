"""Native histograms over remote read: Sightline streams what a real Prometheus streams. Prometheus 2.42 itself reads none."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import cramjam
import pytest
from tests.adapters.wire.test_remote_read import matcher, query
from tests.e2e.program import Program, running
from tests.e2e.test_remote_read import CHUNKS, prometheus, read
from tests.oracles import histogram_message
from tests.oracles import remote_read as oracle
from tests.oracles.native_histogram import Native
from tests.oracles.remote_write import fields
from tests.oracles.write_messages import V1, histogram

NOW = int(time.time()) * 1000 - 60_000
FLAGS = ("--enable-feature=native-histograms", "--web.enable-remote-write-receiver")
SAID = (
    Native(schema=0, count=3.0, sum=1.5, positive={1: 3.0}),
    Native(
        schema=3,
        count=1234.5,
        sum=-17.25,
        zero_threshold=2.0**-128,
        zero_count=4.5,
        positive={-500: 100.0, -4: 1.0, 0: 900.0, 1: 199.0, 4000: 1.0},
        negative={3: 28.0, 70: 1.0},
    ),
    Native(schema=-4, count=2.0, sum=0.0, zero_threshold=0.001, zero_count=2.0),
    Native(schema=8, count=7.0, sum=2.0, zero_threshold=0.5, zero_count=1.0, negative={-33: 2.0, -32: 4.0}),
)
LATENCY = matcher(2, "__name__", "latency.*")


def series(name: str, **fields: Any) -> dict[str, Any]:
    """A series of a request."""
    return {"labels": [{"name": "__name__", "value": name}], **fields}


def body() -> bytes:
    """A series for each histogram, and one that has one three times."""
    times = [NOW + 15_000 * step for step in range(3)]
    written = [
        series(f"latency_{number}", histograms=[histogram(one, NOW, whole=False)]) for number, one in enumerate(SAID)
    ]
    more = [histogram(SAID[1], at, whole=False) for at in times]
    written.append(series("latency_more", histograms=more))
    message = V1["WriteRequest"](timeseries=written).SerializeToString()
    return bytes(cramjam.snappy.compress_raw(message))


def write(url: str) -> None:
    """Remote-write the histograms."""
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(f"{url}/api/v1/write", body(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 204


@pytest.fixture(scope="module")
def sightline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program that has the histograms."""
    with running(tmp_path_factory.mktemp("sightline") / "data", "--set", "host.enabled=false") as program:
        write(program.url)
        yield program


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]) -> Iterator[str]:
    """A Prometheus that has the same itself."""
    folder, program = tmp_path_factory.mktemp("peer"), require_binary("prometheus", "prometheus")
    with prometheus(program, folder, "", *FLAGS) as url:
        write(url)
        yield url


def found_chunks(url: str) -> dict[str, list[tuple[int, int, int, bytes]]]:
    """First and last time, encoding and data of the chunks of each series, by its name."""
    found: dict[str, list[tuple[int, int, int, bytes]]] = {}
    stream = read(url, query(NOW - 1000, NOW + 60_000, LATENCY) + CHUNKS)
    for labels, first, last, encoding, data in oracle.raw_chunks(stream):
        found.setdefault(labels[0][1], []).append((first, last, encoding, data))
    return found


def test_chunks_are_those_of_prometheus_to_the_bit(sightline: Program, peer: str) -> None:
    """A chunk of one histogram is the one that Prometheus makes of it; of several ours are several, in order."""
    ours, theirs = found_chunks(sightline.url), found_chunks(peer)
    assert sorted(ours) == sorted(theirs)
    alone = [f"latency_{number}" for number in range(len(SAID))]
    assert [ours[name] for name in alone] == [theirs[name] for name in alone]
    assert {encoding for name in alone for _, _, encoding, _ in ours[name]} == {3}
    assert [first for first, _, _, _ in ours["latency_more"]] == [NOW, NOW + 15_000, NOW + 30_000]
    ((_, _, _, together),) = theirs["latency_more"]
    assert together[2:].startswith(ours["latency_more"][0][3][2:-1])


def test_samples_are_those_that_were_written(sightline: Program) -> None:
    """A message of samples, in which Prometheus 2.42 leaves histograms out, holds them as they came."""
    message = bytes(cramjam.snappy.decompress_raw(read(sightline.url, query(NOW - 1000, NOW + 60_000, LATENCY))))
    (result,) = [content for number, _, content in fields(message) if number == 1]
    told = {
        one.labels[0].value: [histogram_message.decode(each.SerializeToString()) for each in one.histograms]
        for one in V1["WriteRequest"].FromString(result).timeseries
    }
    alone = {f"latency_{number}": [(NOW, one)] for number, one in enumerate(SAID)}
    assert told == {**alone, "latency_more": [(NOW + 15_000 * step, SAID[1]) for step in range(3)]}
