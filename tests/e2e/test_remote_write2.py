"""Remote write 2.0 into the real program. No Prometheus that Debian has sends it, so an encoder of the tests does."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message

import cramjam
import pytest
from tests.e2e.program import Program, running
from tests.oracles.native_histogram import Native
from tests.oracles.write_messages import V2, histogram

SYMBOLS = ["", "__name__", "orders_total", "shop", "lüneburg", "latency_seconds", "trace_id", "Orders taken.", "s"]
NATIVE = Native(schema=1, count=6.0, sum=9.5, zero_count=1.0, positive={2: 5.0})


@pytest.fixture(scope="module")
def sightline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Without sources of its own."""
    with running(tmp_path_factory.mktemp("sightline") / "data", "--set", "host.enabled=false") as program:
        yield program


def send(program: Program, *series: dict[str, object]) -> tuple[int, str, list[int]]:
    """Status, text and how many samples, histograms and exemplars an answer tells of."""
    message = V2["Request"](symbols=SYMBOLS, timeseries=series).SerializeToString()
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        "X-Prometheus-Remote-Write-Version": "2.0.0",
    }
    body = bytes(cramjam.snappy.compress_raw(message))
    request = urllib.request.Request(f"{program.url}/api/v1/write", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), counts(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), counts(error.headers)


def counts(headers: Message) -> list[int]:
    """The numbers of the headers of 2.0."""
    return [
        int(headers[f"X-Prometheus-Remote-Write-{kind}-Written"]) for kind in ("Samples", "Histograms", "Exemplars")
    ]


def test_all_that_version_2_brings_is_answered(sightline: Program) -> None:
    """Samples, a native histogram, an exemplar and metadata come back from the API, and the same request again changes nothing."""
    now = int(time.time()) * 1000
    orders = {
        "labels_refs": [1, 2, 3, 4],
        "samples": [
            {"timestamp": now - 1000, "value": 1.0},
            {"timestamp": now, "value": 2.0, "start_timestamp": now - 60},
        ],
        "exemplars": [{"labels_refs": [6, 4], "timestamp": now, "value": 0.5}],
        "metadata": {"type": 1, "help_ref": 7},
    }
    latency = {
        "labels_refs": [1, 5],
        "histograms": [histogram(NATIVE, now, whole=True, start=now - 60_000)],
        "metadata": {"type": 3, "unit_ref": 8},
    }
    for _ in range(2):
        assert send(sightline, orders, latency) == (204, "", [2, 1, 1])
        found = sightline.get("/api/v1/query", query='orders_total{shop="lüneburg"}[1m]', time=now / 1000)
        assert found["data"]["result"][0]["values"] == [[now / 1000 - 1, "1"], [now / 1000, "2"]]
    (told,) = sightline.get("/api/v1/query", query="latency_seconds", time=now / 1000)["data"]["result"]
    assert told["histogram"][1] == {
        "count": "6",
        "sum": "9.5",
        "buckets": [[3, "-0", "0", "1"], [0, "1.414213562373095", "2", "5"]],
    }
    end = now / 1000
    (exemplars,) = sightline.get("/api/v1/query_exemplars", query="orders_total", start=end - 60, end=end)["data"]
    assert exemplars["exemplars"] == [{"labels": {"trace_id": "lüneburg"}, "value": "0.5", "timestamp": now / 1000}]
    said = sightline.get("/api/v1/metadata")["data"]
    assert said["orders_total"] == [{"type": "counter", "help": "Orders taken.", "unit": ""}]
    assert said["latency_seconds"] == [{"type": "histogram", "help": "", "unit": "s"}]


def test_what_cannot_be_stored_is_named_and_the_rest_is_stored(sightline: Program) -> None:
    """A broken rule, a histogram with a fault and a clock that is ahead each cost their own samples."""
    now = int(time.time()) * 1000
    good = {
        "labels_refs": [1, 3],
        "samples": [{"timestamp": now, "value": 1.0}, {"timestamp": now + 3_600_000, "value": 2.0}],
    }
    odd = {"labels_refs": [1, 2, 3], "samples": [{"timestamp": now, "value": 1.0}]}
    faulty = {"labels_refs": [1, 5], "histograms": [{**histogram(NATIVE, now, whole=True), "count_int": 1}]}
    status, text, written = send(sightline, good, odd, faulty)
    assert (status, written) == (400, [1, 0, 0])
    for said in ("an odd number of references", "buckets hold more than its count", "ahead of this server's clock"):
        assert said in text
    assert "3 samples were refused, the other 1 stored" in text
    assert sightline.get("/api/v1/query", query="shop")["data"]["result"][0]["value"][1] == "1"
