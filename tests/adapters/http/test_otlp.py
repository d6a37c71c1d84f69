from typing import Any

import httpx
import msgspec
import pytest
from google.rpc.status_pb2 import Status
from tests.adapters.http.stage import NOW, Stage

from sightline.adapters.wire.otlp_json import metrics_as_protobuf
from sightline.domain.errors import Overloaded, SampleOutOfBounds, StorageFull
from sightline.domain.metrics.left_out import LeftOut

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def export(*points: dict[str, Any], kind: str = "gauge") -> bytes:
    """A request in JSON with one metric of these points."""
    metric = {"name": "load", kind: {"dataPoints": points, "aggregationTemporality": 2}}
    return msgspec.json.encode({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})


POINT = {"timeUnixNano": str(NOW * 10**6), "asDouble": 0.5}


async def test_both_encodings_are_stored_alike(client: httpx.AsyncClient, stage: Stage) -> None:
    """What comes as JSON is what comes as protobuf, and the answer is in the encoding of the request."""
    body = export(POINT)
    for content, headers in ((body, JSON), (metrics_as_protobuf(body), PROTOBUF)):
        answer = await client.post("/v1/metrics", content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, headers["Content-Type"])
    (_, first), (_, second) = stage.stored
    assert list(first.labels) == list(second.labels)
    assert first.values.tolist() == second.values.tolist() == [0.5]


async def test_the_tenant_is_that_of_the_header(client: httpx.AsyncClient, stage: Stage) -> None:
    """X-Scope-OrgID says whose points they are."""
    await client.post("/v1/metrics", content=export(POINT), headers={**JSON, "X-Scope-OrgID": "blue"})
    assert [principal.tenant for principal, _ in stage.stored] == ["blue"]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (Overloaded("full", retry_after=7), 429, 14),
        (StorageFull("no room"), 503, 14),
    ],
)
async def test_what_helps_to_send_again_says_so(
    client: httpx.AsyncClient, stage: Stage, failure: Any, status: int, code: int
) -> None:
    """Overload and a full disk are what exporters send again after, with Retry-After where there is a time."""
    stage.fails = failure
    answer = await client.post("/v1/metrics", content=metrics_as_protobuf(export(POINT)), headers=PROTOBUF)
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    found = Status.FromString(answer.content)
    assert (found.code, found.message) == (code, failure.message)


async def test_rejected_points_are_counted_as_points(client: httpx.AsyncClient, stage: Stage) -> None:
    """A histogram of several samples that is left out is one point."""
    points = [
        {
            "timeUnixNano": str(NOW * 10**6 + number),
            "count": 2,
            "sum": 3,
            "bucketCounts": [1, 1],
            "explicitBounds": [number],
        }
        for number in range(5)
    ]
    stage.left_out = (LeftOut(SampleOutOfBounds("too old"), 4),)
    stage.refused = (16, 17, 18, 19)
    answer = await client.post("/v1/metrics", content=export(*points, kind="histogram"), headers=JSON)
    assert answer.json() == {"partialSuccess": {"rejectedDataPoints": "1", "errorMessage": "too old"}}


async def test_a_sum_without_a_temporality_is_rejected_alone(client: httpx.AsyncClient, stage: Stage) -> None:
    """What cannot be a counter is left out by name, and what stands beside it is stored."""
    good = {"name": "good", "gauge": {"dataPoints": [POINT]}}
    bad = {"name": "bad", "sum": {"dataPoints": [POINT, POINT]}}
    body = msgspec.json.encode({"resourceMetrics": [{"scopeMetrics": [{"metrics": [good, bad]}]}]})
    answer = (await client.post("/v1/metrics", content=body, headers=JSON)).json()["partialSuccess"]
    assert answer["rejectedDataPoints"] == "2"
    assert "metric bad: aggregation_temporality = 0" in answer["errorMessage"]
    assert [labels.name for labels in stage.stored[0][1].labels] == ["good"]


async def test_other_methods_are_told_what_is_taken(client: httpx.AsyncClient) -> None:
    """GET is no way to export."""
    answer = await client.get("/v1/metrics")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
