"""Samples that come late, twice, too late or too early have one fate, whatever brings them."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cramjam
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.e2e.program import Program, running
from tests.oracles.write_messages import V1, V2

Sample = tuple[int, float]
"""Time in seconds, and value."""

HOUR: Final = 3600
DAY: Final = 24 * HOUR


def _remote_write(samples: Sequence[Sample]) -> bytes:
    points = [{"timestamp": 1000 * at, "value": value} for at, value in samples]
    series = {"labels": [{"name": "__name__", "value": "m"}], "samples": points}
    return bytes(cramjam.snappy.compress_raw(V1["WriteRequest"](timeseries=[series]).SerializeToString()))


def _remote_write2(samples: Sequence[Sample]) -> bytes:
    points = [{"timestamp": 1000 * at, "value": value} for at, value in samples]
    series = {"labels_refs": [1, 2], "samples": points}
    request = V2["Request"](symbols=["", "__name__", "m"], timeseries=[series])
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


def _text(samples: Sequence[Sample]) -> bytes:
    return "".join(f"m {value} {1000 * at}\n" for at, value in samples).encode()


def _influx(samples: Sequence[Sample]) -> bytes:
    return "\n".join(f"m value={value} {at}" for at, value in samples).encode()


def _otlp(samples: Sequence[Sample]) -> bytes:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
    for at, value in samples:
        metric.gauge.data_points.add(time_unix_nano=at * 10**9, as_double=value)
    return request.SerializeToString()


def _otlp_json(samples: Sequence[Sample]) -> bytes:
    points = [{"timeUnixNano": str(at * 10**9), "asDouble": value} for at, value in samples]
    metrics = [{"name": "m", "gauge": {"dataPoints": points}}]
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()


@dataclass(frozen=True)
class Door:
    """A path for bodies, and what its answers say of a body of which two samples were refused and four stored."""

    path: str
    body: Callable[[Sequence[Sample]], bytes]
    said: str = "2 samples were refused, the other 4 stored"
    status: int = 400
    series: str = "m"
    headers: Mapping[str, str] = field(default_factory=dict)


_PROTOBUF: Final = {"Content-Type": "application/x-protobuf"}
_SNAPPY: Final = {"Content-Encoding": "snappy"}
_V2: Final = {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
DOORS: Final = {
    "remote write 1.0": Door("/api/v1/write", _remote_write, headers=_PROTOBUF | _SNAPPY),
    "remote write 2.0": Door("/api/v1/write", _remote_write2, headers=_V2 | _SNAPPY),
    "text": Door("/api/v1/import/prometheus", _text),
    "Influx 1": Door("/write?precision=s", _influx, "dropped=2", series="m_value"),
    "Influx 2": Door("/api/v2/write?precision=s&bucket=", _influx, "dropped=2", series="m_value"),
    "OTLP": Door("/v1/metrics", _otlp, "", status=200, headers=_PROTOBUF),
    "OTLP in JSON": Door(
        "/v1/metrics", _otlp_json, '"rejectedDataPoints":"2"', 200, headers={"Content-Type": "application/json"}
    ),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Sightline, which watches nothing by itself."""
    with running(tmp_path_factory.mktemp("rule") / "data", "--set", "host.enabled=false") as started:
        yield started


def post(program: Program, door: Door, tenant: str, samples: Sequence[Sample]) -> tuple[int, str]:
    """Status and text of the answer."""
    headers = {**door.headers, "X-Scope-OrgID": tenant}
    request = urllib.request.Request(f"{program.url}{door.path}", door.body(samples), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as failure:
        with failure as answer:
            return answer.code, answer.read().decode(errors="replace")


@pytest.mark.parametrize("name", DOORS)
def test_each_sample_has_the_fate_that_it_has_at_every_door(program: Program, name: str) -> None:
    """Late ones are taken, of two of one time the last counts, and what is out of bounds is left out and named."""
    door, tenant = DOORS[name], f"t{sorted(DOORS).index(name)}"
    now = int(time.time()) - 60
    late, old = now - HOUR, now - 10 * DAY
    mixed = [(now, 1.0), (late, 2.0), (late, 3.0), (now - 20 * DAY, 4.0), (old, 5.0), (now + HOUR, 6.0)]
    status, text = post(program, door, tenant, mixed)
    assert (status, door.said in text) == (door.status, True), text
    assert "is older than retention = 15d keeps" in text
    assert "ahead of this server's clock" in text
    assert samples(program, door.series, tenant, now) == [(old, 5.0), (late, 3.0), (now, 1.0)]
    status, text = post(program, door, tenant, [(late, 7.0), (old + 60, 8.0)])
    assert status in {200, 204}, text
    assert samples(program, door.series, tenant, now) == [(old, 5.0), (old + 60, 8.0), (late, 7.0), (now, 1.0)]


def samples(program: Program, series: str, tenant: str, now: int) -> list[Sample]:
    """What is stored of the only series, in order of time."""
    answer: Any = program.get("/api/v1/query", tenant, query=f"{series}[30d]", time=now + 2 * HOUR)
    (found,) = answer["data"]["result"]
    return [(int(at), float(value)) for at, value in found["values"]]
