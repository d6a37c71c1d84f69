"""Every door that takes bodies in: whatever these are, an answer that says what became of them."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import cramjam
import httpx
import msgspec
import numpy as np
import pytest
from tests.adapters.http.mutations import mutated
from tests.adapters.http.stage import NOW, Stage
from tests.oracles import client_messages
from tests.oracles.native_histogram import Native
from tests.oracles.write_messages import V1, V2, histogram

from sightline.adapters.wire.otlp_json import metrics_as_protobuf
from sightline.adapters.wire.remote_write import encode
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.samples import WriteBatch

GOOD: Final = frozenset({200, 202, 204})
REFUSED: Final = frozenset({400, 413, 415, 422})


def _plain(body: bytes) -> bytes:
    return body


def _snappy(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


@dataclass(frozen=True)
class Door:
    """Where bodies go. packed: how one is put up for the way. is_partial: part of a body may be stored although it is refused."""

    path: str
    bodies: Sequence[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
    packed: Callable[[bytes], bytes] = _plain
    is_partial: bool = False
    method: str = "POST"


def _remote_write() -> list[bytes]:
    """Two writes."""
    few = WriteBatch.at(
        NOW, [(Labels.of(__name__="up", job="node"), 1.0), (Labels.of(__name__="load", host="ä"), -0.5)]
    )
    more = WriteBatch.at(NOW, [(Labels.of(__name__="x", i=str(number)), number) for number in range(20)])
    return [bytes(cramjam.snappy.decompress_raw(encode(one))) for one in (few, more)]


_HISTOGRAM: Final = Native(count=6.0, sum=1.5, zero_count=1.0, positive={1: 2.0, 5: 3.0})
_V1_LABELS: Final = [{"name": "__name__", "value": "h"}, {"name": "a", "value": "1"}]
_V2_SYMBOLS: Final = ["", "__name__", "h", "a", "ä", "trace_id", "Help."]


def _remote_write_histograms() -> list[bytes]:
    """Native histograms in whole counts and in floats, an exemplar and metadata."""
    both = [histogram(_HISTOGRAM, NOW + number, whole=number == 0) for number in range(2)]
    exemplars = [{"labels": _V1_LABELS[1:], "value": 1.0, "timestamp": NOW}]
    series = {"labels": _V1_LABELS, "histograms": both, "exemplars": exemplars}
    about = {"type": 3, "metric_family_name": "h", "help": "Help."}
    return [bytes(V1["WriteRequest"](timeseries=[series, series], metadata=[about]).SerializeToString())]


def _remote_write_2() -> list[bytes]:
    """Samples, native histograms, exemplars and metadata."""
    points = [{"timestamp": NOW + number, "value": 1.5} for number in range(3)]
    exemplars = [{"labels_refs": [5, 4], "value": 1.0, "timestamp": NOW}]
    plain = {"labels_refs": [1, 2, 3, 4], "samples": points, "metadata": {"type": 1, "help_ref": 6}}
    native = {"labels_refs": [1, 2], "histograms": [histogram(_HISTOGRAM, NOW, whole=True)], "exemplars": exemplars}
    return [bytes(V2["Request"](symbols=_V2_SYMBOLS, timeseries=[plain, native]).SerializeToString())]


_FAMILIES: Final = b"""# TYPE h histogram
h_bucket{le="0.5"} 3
h_bucket{le="+Inf"} 4
h_sum NaN
h_count 4
{"sp ace", "l.1"="\xc3\xa4"} -Inf
"""
_FAMILY_PAGE: Final = client_messages.page(
    {
        "name": "g",
        "type": client_messages.GAUGE,
        "metric": [{"label": client_messages.pairs(a="ä"), "gauge": {"value": 1}}],
    },
    {
        "name": "h",
        "help": "What.",
        "type": client_messages.HISTOGRAM,
        "metric": [
            {"histogram": {"sample_count": 2, "sample_sum": 3, "bucket": [{"cumulative_count": 1, "upper_bound": 1}]}}
        ],
    },
)
_PUSHED: Final = b'# HELP p_total Runs.\n# TYPE p_total counter\np_total{code="1",path="/x\\"y"} 7\np_total 3e-7\n'
_TEXT: Final = (
    b"# HELP a_total Things that\\n happen\n# TYPE a_total counter\n"
    b'a_total{code="200",path="/x\\"y\\\\z"} 1027 1763700000123\na_total{code="400"} 3e-7\n'
) + _FAMILIES
_OPEN_METRICS: Final = (
    b"# TYPE a counter\n# UNIT a \n"
    b'a_total{code="200"} 1027 1763700000.123 # {trace_id="ab"} 0.4 1763700000.1\n' + _FAMILIES + b"# EOF\n"
)

_LINES: Final = (
    b'cpu,host=a,cpu=cpu0 usage_idle=98.59154929577464,usage_user=0.5 1763700000000000000\nmem free=12i,u=3u,t="a, \\"\nc",ok=t\n',
    "# c\r\n\ndisk,path=C:\\Windows\\ x,device=sd\\,a,ö=ä free=1e5\r\n m\\ n x\\=y=-.5e-7 1763700000000000001".encode(),
)
_POINT: Final = {"timeUnixNano": str(NOW * 10**6), "startTimeUnixNano": NOW * 10**6 - 1000}
_ATTRIBUTES: Final = [{"key": "http.route", "value": {"stringValue": "/x"}}, {"key": "n", "value": {"intValue": "3"}}]
_EXPORT: Final = {
    "resourceMetrics": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "a"}}]},
            "scopeMetrics": [
                {
                    "scope": {"name": "lib", "version": "1"},
                    "metrics": [
                        {"name": "g", "unit": "s", "gauge": {"dataPoints": [{**_POINT, "asDouble": 1.5}]}},
                        {
                            "name": "c",
                            "sum": {
                                "aggregationTemporality": 2,
                                "isMonotonic": True,
                                "dataPoints": [{**_POINT, "asInt": "7", "attributes": _ATTRIBUTES}],
                            },
                        },
                        {
                            "name": "h",
                            "histogram": {
                                "aggregationTemporality": 2,
                                "dataPoints": [
                                    {
                                        **_POINT,
                                        "count": 3,
                                        "sum": 4.5,
                                        "bucketCounts": ["1", 2, 0],
                                        "explicitBounds": [0.5, 1],
                                        "exemplars": [{"asDouble": 0.7, "traceId": "ab" * 16, "spanId": "cd" * 8}],
                                    }
                                ],
                            },
                        },
                        {
                            "name": "e",
                            "exponentialHistogram": {
                                "aggregationTemporality": 2,
                                "dataPoints": [
                                    {
                                        **_POINT,
                                        "count": "4",
                                        "sum": 9,
                                        "scale": 10,
                                        "zeroCount": 1,
                                        "positive": {"offset": -2, "bucketCounts": ["1", "2"]},
                                        "attributes": _ATTRIBUTES,
                                    }
                                ],
                            },
                        },
                        {
                            "name": "q",
                            "summary": {
                                "dataPoints": [
                                    {**_POINT, "count": 2, "sum": 3, "quantileValues": [{"quantile": 0.5, "value": 1}]}
                                ]
                            },
                        },
                    ],
                }
            ],
        }
    ]
}
_OTLP_JSON: Final = msgspec.json.encode(_EXPORT)
_OTLP: Final = metrics_as_protobuf(_OTLP_JSON)

_ALERT: Final = {
    "labels": {"alertname": "Down", "instance": "ä"},
    "annotations": {"summary": "gone"},
    "startsAt": "2025-11-21T04:00:00.123456789+01:00",
    "endsAt": "2036-11-21T04:00:00Z",
    "generatorURL": "http://a/graph?g0.expr=up+%3D%3D+0",
}
_SILENCE: Final = {
    "matchers": [
        {"name": "a", "value": "b.*", "isRegex": True},
        {"name": "c", "value": "", "isRegex": False, "isEqual": False},
    ],
    "startsAt": "2036-11-21T04:00:00.123Z",
    "endsAt": None,
    "createdBy": "ada",
    "comment": "works",
    "recurrence": [
        {"weekdays": ["sunday"], "times": [{"start_time": "02:00", "end_time": "04:00"}], "location": "Europe/Berlin"}
    ],
}

DOORS: Final = {
    "alerts": Door(
        "/api/v2/alerts", [msgspec.json.encode([_ALERT, _ALERT])], {"Content-Type": "application/json"}, is_partial=True
    ),
    "webhook of an Alertmanager": Door(
        "/api/v1/webhooks/alertmanager",
        [msgspec.json.encode({"status": "firing", "alerts": [{**_ALERT, "status": "resolved"}, _ALERT]})],
        {"Content-Type": "application/json"},
    ),
    "webhook of Grafana": Door(
        "/api/v1/webhooks/grafana",
        [
            msgspec.json.encode({"state": "no_data", "ruleName": "ä", "ruleId": 7, "evalMatches": [{"value": 1e9}]}),
            msgspec.json.encode({"state": "ok", "alerts": [{**_ALERT, "status": "firing", "valueString": "A=1"}]}),
        ],
        {"Content-Type": "application/json"},
    ),
    "silences": Door("/api/v2/silences", [msgspec.json.encode(_SILENCE)], {"Content-Type": "application/json"}),
    "OTLP": Door("/v1/metrics", [_OTLP], {"Content-Type": "application/x-protobuf"}),
    "OTLP, packed": Door(
        "/v1/metrics",
        [gzip.compress(_OTLP)],
        {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"},
    ),
    "OTLP, packed by zstd": Door(
        "/v1/metrics",
        [bytes(cramjam.zstd.compress(_OTLP))],
        {"Content-Type": "application/x-protobuf", "Content-Encoding": "zstd"},
    ),
    "OTLP in JSON": Door("/v1/metrics", [_OTLP_JSON], {"Content-Type": "application/json"}),
    "remote write": Door(
        "/api/v1/write",
        _remote_write(),
        {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"},
        _snappy,
        is_partial=True,
    ),
    "remote write, histograms": Door(
        "/api/v1/write",
        _remote_write_histograms(),
        {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"},
        _snappy,
        is_partial=True,
    ),
    "remote write 2.0": Door(
        "/api/v1/write",
        _remote_write_2(),
        {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "Content-Encoding": "snappy"},
        _snappy,
        is_partial=True,
    ),
    "remote write, not unpacked": Door(
        "/api/v1/write",
        [_snappy(one) for one in _remote_write()],
        {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"},
        is_partial=True,
    ),
    "text": Door("/api/v1/import/prometheus", [_TEXT], is_partial=True),
    "text, packed": Door("/api/v1/import/prometheus", [gzip.compress(_TEXT)], {"Content-Encoding": "gzip"}),
    "Influx lines": Door("/write?db=d", _LINES, is_partial=True),
    "Influx lines of version 2, packed": Door(
        "/api/v2/write?bucket=b&precision=us", [gzip.compress(one) for one in _LINES], {"Content-Encoding": "gzip"}
    ),
    "pushed group, protobuf": Door(
        "/metrics/job/a/instance/b",
        [_FAMILY_PAGE],
        {"Content-Type": client_messages.CONTENT_TYPE},
        is_partial=True,
        method="PUT",
    ),
    "pushed group": Door("/metrics/job/a/instance/b", [_PUSHED, _FAMILIES], is_partial=True, method="PUT"),
    "OpenMetrics": Door(
        "/api/v1/import/prometheus",
        [_OPEN_METRICS],
        {"Content-Type": "application/openmetrics-text; version=1.0.0"},
        is_partial=True,
    ),
}


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize(
    ("count", "seed"), [(2_000, 6), pytest.param(100_000, 60, marks=[pytest.mark.nightly, pytest.mark.timeout(1200)])]
)
async def test_any_body_has_an_answer_that_is_true(
    client: httpx.AsyncClient, stage: Stage, name: str, count: int, seed: int
) -> None:
    """A mutated body is taken or refused for its own fault, and of what is refused nothing is stored unless the answer tells."""
    door = DOORS[name]
    refused = 0
    for body in (*door.bodies, *mutated(door.bodies, count, seed)):
        stage.stored.clear()
        answer = await client.request(door.method, door.path, content=door.packed(body), headers=dict(door.headers))
        assert answer.status_code in (GOOD if body in door.bodies else GOOD | REFUSED), (body, answer.text)
        for _, batch in stage.stored:
            _check(batch)
        if answer.status_code in REFUSED:
            assert answer.text, body
            assert door.is_partial or not stage.stored, (body, answer.text)
            refused += 1
    assert refused


def _check(batch: WriteBatch) -> None:
    """The columns agree with one another."""
    assert len(batch.series) == len(batch.times) == len(batch.values)
    assert not len(batch) or int(batch.series.max()) < len(batch.labels)
    assert int(np.count_nonzero(mark_mask(batch.values))) == len(batch.histograms)
    for labels in batch.labels:
        names = [name for name, _ in labels]
        assert names == sorted(set(names))
