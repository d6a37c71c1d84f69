"""Reports over HTTP: what is stored, what is refused, and that memory stays bounded."""

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.adapters.inbound.http import instruments
from sightline.domain.errors import Overloaded, SampleOutOfBounds
from sightline.settings.quantities import Size

Caller = Callable[..., httpx.AsyncClient]
PATH = "/api/v1/ingest"
JSON = {"Content-Type": "application/json"}
USAGE = {"metric_type": "cpu", "metric_name": "usage", "value": 45.2, "labels": {"core": "0"}}
UNKNOWN = "aaaaaaaa-1111-4111-8111-111111111111"


async def registered(client: httpx.AsyncClient) -> str:
    """The id of a fresh server."""
    return str((await client.post("/api/v1/servers", json={"hostname": "web-1"})).json()["id"])


async def test_a_report_is_stored_and_acknowledged(client: httpx.AsyncClient, stage: Stage) -> None:
    """A report is answered 202 with the count, after it was stored for the tenant, and the server was seen now."""
    server = await registered(client)
    body = msgspec.json.encode(
        {"server_id": server, "metrics": [USAGE, {**USAGE, "timestamp": "2025-11-21T04:39:00Z"}]}
    )
    answer = await client.post(PATH, content=body, headers=JSON)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    [(principal, batch)] = stage.stored
    assert principal.tenant == "default"
    shown = f'cpu_usage{{core="0",hostname="web-1",server_id="{server}"}}'
    assert [str(labels) for labels in batch.labels] == [shown]
    assert batch.times.tolist() == [NOW, 1_763_699_940_000]
    assert batch.values.tolist() == [45.2, 45.2]
    assert (await client.get(f"/api/v1/servers/{server}")).json()["last_seen"] == "2025-11-21T04:40:00.123Z"
    assert stage.telemetry.of(instruments.BYTES_IN, PATH) == len(body)
    assert stage.telemetry.of(instruments.REQUESTS, PATH, "202") == 1
    assert stage.telemetry.of(instruments.INFLIGHT) == 0


@pytest.mark.parametrize("packed", [False, True])
async def test_a_large_report_is_decoded_beside_the_loop(client: httpx.AsyncClient, stage: Stage, packed: bool) -> None:  # noqa: FBT001
    """Thousands of metrics, compressed or not, give the same samples."""
    metrics = [{**USAGE, "value": number, "labels": {"core": str(number % 7)}} for number in range(5_000)]
    body = msgspec.json.encode({"server_id": await registered(client), "metrics": metrics})
    headers = {**JSON, "Content-Encoding": "gzip"} if packed else JSON
    answer = await client.post(PATH, content=gzip.compress(body) if packed else body, headers=headers)
    assert answer.json() == {"accepted": 5_000}
    [(_, batch)] = stage.stored
    assert (len(batch.labels), batch.values.tolist()) == (7, list(range(5_000)))


async def test_an_unknown_server_is_not_found(client: httpx.AsyncClient, stage: Stage) -> None:
    """An id that is not registered, or was removed, is a 404 that names it."""
    server = await registered(client)
    await client.delete(f"/api/v1/servers/{server}")
    for unknown in (server, UNKNOWN):
        answer = await client.post(PATH, json={"server_id": unknown, "metrics": [USAGE]})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert unknown in answer.json()["error"]
    assert not stage.stored


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": None}, "metrics[1].value: wants a number"),
        ({"value": "high"}, "metrics[1].value: wants a number"),
        ({"metric_type": "disk_io"}, "metrics[1].metric_type: 'disk_io' is not"),
        ({"metric_name": ""}, "metrics[1].metric_name: '' is not"),
        ({"labels": {"server_id": "x"}}, "metrics[1].labels: 'server_id' comes from the server"),
        (
            {"labels": {str(number): "x" for number in range(10_000)}},
            "metrics[1].labels: series cpu_usage: 10003 labels",
        ),
        ({"labels": {"a": "x" * 8193}}, "metrics[1].labels: series cpu_usage: the value of label 'a' is longer"),
        ({"timestamp": "2025-11-21"}, "metrics[1].timestamp: wants a time in RFC 3339"),
    ],
)
async def test_a_bad_metric_is_named_and_nothing_is_stored(
    client: httpx.AsyncClient, stage: Stage, change: dict[str, Any], said: str
) -> None:
    """The answer is 400 and begins with the place of the metric and its field."""
    report = {"server_id": await registered(client), "metrics": [USAGE, {**USAGE, **change}]}
    answer = await client.post(PATH, json=report)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"field_invalid", "label_invalid"}
    assert answer.json()["error"].startswith(said)
    assert not stage.stored


async def test_a_time_out_of_bounds_is_named_by_its_place(client: httpx.AsyncClient, stage: Stage) -> None:
    """What intake says of a sample's time is said of the metric that brought it."""
    server = await registered(client)
    stage.fails = SampleOutOfBounds("too old", time=0)
    metrics = [USAGE, {**USAGE, "timestamp": "1970-01-01T00:00:00Z"}]
    answer = await client.post(PATH, json={"server_id": server, "metrics": metrics})
    assert (answer.status_code, answer.json()["code"]) == (400, "sample_out_of_bounds")
    assert answer.json()["error"] == "metrics[1].timestamp: too old"


@pytest.mark.parametrize(
    ("content_type", "encoding", "status"),
    [
        ("application/json", None, 202),
        ("Application/JSON; charset=utf-8", "identity", 202),
        ("application/vnd.agent+json", None, 202),
        (None, None, 202),
        ("application/json", "gzip", 400),
        ("application/json", "snappy", 415),
        ("application/x-www-form-urlencoded", None, 415),
        ("text/plain", None, 415),
    ],
)
async def test_the_content_type_and_encoding_decide(
    client: httpx.AsyncClient, stage: Stage, content_type: str | None, encoding: str | None, status: int
) -> None:
    """JSON is read, plain or as gzip; what says that it is something else is a 415."""
    body = msgspec.json.encode({"server_id": await registered(client), "metrics": [USAGE]})
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    sent = {name: text for name, text in headers.items() if text is not None}
    assert (await client.post(PATH, content=body, headers=sent)).status_code == status
    assert len(stage.stored) == (status == 202)


async def test_a_gzip_that_ends_early_is_refused(client: httpx.AsyncClient, stage: Stage) -> None:
    """Half a body is not taken for a whole one."""
    body = gzip.compress(msgspec.json.encode({"server_id": await registered(client), "metrics": [USAGE]}))
    for cut in (1, 10, len(body) - 1):
        answer = await client.post(PATH, content=body[:cut], headers={**JSON, "Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert not stage.stored


async def test_bodies_beyond_the_limits_are_refused(caller: Caller, stage: Stage) -> None:
    """As sent, once decompressed, and by the number of samples, each with its setting."""
    async with caller(max_body_bytes=Size(1024), max_decompressed_bytes=2000, max_request_samples=3) as client:
        server = await registered(client)
        many = msgspec.json.encode({"server_id": server, "metrics": [USAGE] * 4})
        bomb = gzip.compress(bytes(10_000))
        for body, packed, setting in (
            (b"x" * 1025, False, "1024 bytes (http.max_body_bytes)"),
            (bomb, True, "http.max_decompressed_bytes"),
            (many, False, "intake.request_samples"),
        ):
            headers = {**JSON, "Content-Encoding": "gzip"} if packed else JSON
            answer = await client.post(PATH, content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
            assert setting in answer.json()["error"]
    assert not stage.stored


async def test_bytes_under_way_are_bounded(caller: Caller, stage: Stage) -> None:
    """While the bound is taken others are asked to come back; a compressed body counts as what it becomes, too."""
    async with caller(max_inflight_bytes=1500) as client:
        server = await registered(client)
        body = msgspec.json.encode({"server_id": server, "metrics": [USAGE] * 12})
        packed = gzip.compress(body)
        assert len(packed) < 500
        assert len(body) > 1000
        stage.waits, stage.called = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(client.post(PATH, content=packed, headers={**JSON, "Content-Encoding": "gzip"}))
        await stage.called.wait()
        assert stage.telemetry.of(instruments.INFLIGHT) == len(packed) + len(body)
        second = await client.post(PATH, content=body, headers=JSON)
        assert (second.status_code, second.json()["code"]) == (429, "intake_overloaded")
        stage.waits.set()
        assert (await first).status_code == 202
        assert stage.telemetry.of(instruments.INFLIGHT) == 0


async def test_what_intake_refuses_is_passed_on(client: httpx.AsyncClient, stage: Stage) -> None:
    """A full log is a 429 with a time to try again, and the server was not heard of."""
    server = await registered(client)
    stage.fails = Overloaded("at its bound", retry_after=5)
    answer = await client.post(PATH, json={"server_id": server, "metrics": [USAGE]})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert (await client.get(f"/api/v1/servers/{server}")).json()["last_seen"] is None


async def test_only_posts_are_taken(client: httpx.AsyncClient) -> None:
    """A GET is told what the path takes."""
    answer = await client.get(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
