"""Remote write over HTTP: what is stored, what is refused, and that memory stays bounded."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import cramjam
import httpx
import pytest
from tests.adapters.http.stage import NOW, Counters, Stage
from tests.oracles.native_histogram import Native, natives
from tests.oracles.write_messages import V1, V2, histogram

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.wire.remote_write import encode
from sightline.domain.errors import BodyTooLarge, Overloaded, SampleOutOfBounds, StorageFull
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.samples import STALE, WriteBatch

Caller = Callable[..., httpx.AsyncClient]
HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def request(series: int = 2) -> bytes:
    """A small write."""
    return encode(WriteBatch.at(NOW, [(Labels.of(__name__="up", i=str(number)), number) for number in range(series)]))


@pytest.mark.parametrize("path", ["/api/v1/write", "/api/v1/push"])
async def test_a_write_is_stored_and_acknowledged(client: httpx.AsyncClient, stage: Stage, path: str) -> None:
    """A write is answered 204 without a body, after it was stored for the tenant that it names."""
    body = request()
    answer = await client.post(path, content=body, headers={**HEADERS, "X-Scope-OrgID": "team-a"})
    assert (answer.status_code, answer.content) == (204, b"")
    [(principal, batch)] = stage.stored
    assert principal.tenant == "team-a"
    assert sorted(str(labels) for labels in batch.labels) == ['up{i="0"}', 'up{i="1"}']
    assert (batch.times.tolist(), batch.values.tolist()) == ([NOW, NOW], [0.0, 1.0])
    assert stage.telemetry.of(instruments.BYTES_IN, path) == len(body)
    assert stage.telemetry.of(instruments.REQUESTS, path, "204") == 1


async def test_a_large_write_is_decoded_beside_the_loop(client: httpx.AsyncClient, stage: Stage) -> None:
    """A body above the inline size gives the same samples."""
    batch = WriteBatch.at(NOW, [(Labels.of(__name__="up", i=f"{number:x}" * 9), number) for number in range(9_000)])
    body = encode(batch)
    assert len(body) > 64 * 1024
    assert (await client.post("/api/v1/write", content=body, headers=HEADERS)).status_code == 204
    assert len(stage.stored[0][1]) == 9_000


@pytest.mark.parametrize(
    ("content_type", "encoding", "status"),
    [
        ("application/x-protobuf", None, 204),
        ("application/x-protobuf;proto=prometheus.WriteRequest", "snappy", 204),
        ("Application/X-Protobuf; Proto=prometheus.WriteRequest", "Snappy", 204),
        ("application/x-protobuf;proto=other.Message", "snappy", 415),
        ("application/json", "snappy", 415),
        (None, "snappy", 415),
        ("application/x-protobuf", "gzip", 415),
        ("application/x-protobuf", "zstd", 415),
    ],
)
async def test_the_content_type_decides(
    client: httpx.AsyncClient, stage: Stage, content_type: str | None, encoding: str | None, status: int
) -> None:
    """Remote write in snappy is read; anything else is a 415, on which senders fall back."""
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    answer = await client.post(
        "/api/v1/write", content=request(), headers={name: text for name, text in headers.items() if text is not None}
    )
    assert answer.status_code == status
    assert len(stage.stored) == (status == 204)
    if status == 415:
        assert answer.json()["code"] == "media_type_unsupported"


V2_HEADERS = {**HEADERS, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
WRITTEN = "X-Prometheus-Remote-Write-"


def second(*series: dict[str, object]) -> bytes:
    """A write of version 2.0 whose symbols are "", __name__, up and ~."""
    message = V2["Request"](symbols=["", "__name__", "up", "~"], timeseries=series)
    return bytes(cramjam.snappy.compress_raw(message.SerializeToString()))


def written(answer: httpx.Response) -> list[int]:
    """How many samples, histograms and exemplars an answer tells of."""
    return [int(answer.headers[f"{WRITTEN}{kind}-Written"]) for kind in ("Samples", "Histograms", "Exemplars")]


SAMPLES: list[dict[str, object]] = [{"timestamp": NOW, "value": 1.0}, {"timestamp": NOW + 1, "value": 2.0}]
HISTOGRAM = histogram(Native(count=3.0, positive={1: 3.0}), NOW, whole=True)
EXEMPLAR: dict[str, object] = {"labels_refs": [3, 2], "timestamp": NOW, "value": 0.5}
STALE_HISTOGRAM = {"sum": STALE, "count_int": 0, "timestamp": NOW}


async def test_a_write_of_version_2_is_stored_and_counted(client: httpx.AsyncClient, stage: Stage) -> None:
    """The answer tells how many samples, histograms and exemplars were stored, and metadata is kept."""
    body = second(
        {"labels_refs": [1, 2], "samples": SAMPLES, "exemplars": [EXEMPLAR], "metadata": {"type": 2, "help_ref": 3}},
        {"labels_refs": [1, 3], "histograms": [HISTOGRAM, STALE_HISTOGRAM]},
    )
    answer = await client.post("/api/v1/write", content=body, headers=V2_HEADERS)
    assert (answer.status_code, answer.content, written(answer)) == (204, b"", [2, 2, 1])
    [(_, batch)] = stage.stored
    assert [str(one) for one in batch.labels] == ["up", "~"]
    assert natives(batch.histograms) == [Native(count=3.0, positive={1: 3.0})]
    said = await client.get("/api/v1/metadata", params={"metric": "up"})
    assert said.json()["data"] == {"up": [{"type": "gauge", "help": "~", "unit": ""}]}


async def test_a_write_that_is_stored_in_part_says_so(client: httpx.AsyncClient, stage: Stage) -> None:
    """What breaks a rule, or what intake refuses, is named in a 400 that tells how much is stored all the same."""
    body = second({"labels_refs": [1, 2], "samples": SAMPLES}, {"labels_refs": [1], "samples": SAMPLES})
    answer = await client.post("/api/v1/write", content=body, headers=V2_HEADERS)
    assert (answer.status_code, answer.json()["code"], written(answer)) == (400, "label_invalid", [2, 0, 0])
    assert "odd number of references; 2 samples were refused, the other 2 stored" in answer.json()["error"]
    stage.left_out = (LeftOut(SampleOutOfBounds("the sample of 1 ms is too old"), 1),)
    answer = await client.post("/api/v1/write", content=body, headers=V2_HEADERS)
    assert (answer.status_code, written(answer)) == (400, [2, 0, 0])
    answer = await client.post("/api/v1/write", content=request(), headers=HEADERS)
    assert (answer.status_code, answer.json()["code"]) == (400, "sample_out_of_bounds")
    assert answer.json()["error"] == "the sample of 1 ms is too old; 1 sample was refused, the other 2 stored"


async def test_series_without_samples_are_counted_as_series(client: httpx.AsyncClient) -> None:
    """What brings no samples refuses none, and the message counts the series."""
    described: dict[str, object] = {"labels_refs": [1, 2], "metadata": {"type": 2, "help_ref": 3}}
    good: dict[str, object] = {"labels_refs": [1, 2], "samples": SAMPLES}
    for series, said in (
        ([described], "1 series without samples was refused, no sample was stored"),
        ([described, described, good], "2 series without samples were refused, 2 samples were stored"),
    ):
        answer = await client.post("/api/v1/write", content=second(*series), headers=V2_HEADERS)
        assert answer.status_code == 400
        assert answer.json()["error"].endswith(f"a series has neither samples nor histograms; {said}")


async def test_the_end_of_histograms_that_is_refused_is_not_counted(client: httpx.AsyncClient, stage: Stage) -> None:
    """A stale histogram counts as a histogram, and only where it is stored."""
    body = second(
        {"labels_refs": [1], "samples": SAMPLES},
        {"labels_refs": [1, 2], "samples": SAMPLES},
        {"labels_refs": [1, 3], "histograms": [STALE_HISTOGRAM, STALE_HISTOGRAM]},
    )
    answer = await client.post("/api/v1/write", content=body, headers=V2_HEADERS)
    assert written(answer) == [2, 2, 0]
    stage.left_out = (LeftOut(SampleOutOfBounds("the sample of 1 ms is too old"), 1),)
    stage.refused = (3,)
    answer = await client.post("/api/v1/write", content=body, headers=V2_HEADERS)
    assert (answer.status_code, written(answer)) == (400, [2, 1, 0])


async def test_failures_of_version_2_tell_that_nothing_is_stored(client: httpx.AsyncClient, stage: Stage) -> None:
    """Damaged bodies, overload and a full disk have the headers too, and what they always had."""
    answer = await client.post("/api/v1/write", content=b"no", headers=V2_HEADERS)
    assert (answer.status_code, answer.json()["code"], written(answer)) == (400, "body_malformed", [0, 0, 0])
    body = second({"labels_refs": [1, 2], "samples": SAMPLES})
    stage.fails = Overloaded("full", retry_after=5)
    answer = await client.post("/api/v1/write", content=body, headers=V2_HEADERS)
    assert (answer.status_code, answer.headers["retry-after"], written(answer)) == (429, "5", [0, 0, 0])
    stage.fails = StorageFull("full")
    answer = await client.post("/api/v1/write", content=body, headers=V2_HEADERS)
    assert (answer.status_code, written(answer)) == (503, [0, 0, 0])


def described(about: str) -> bytes:
    """A write of version 2.0 that says this of up."""
    series = {"labels_refs": [1, 2], "samples": SAMPLES, "metadata": {"type": 2, "help_ref": 3}}
    message = V2["Request"](symbols=["", "__name__", "up", about], timeseries=[series])
    return bytes(cramjam.snappy.compress_raw(message.SerializeToString()))


async def told(client: httpx.AsyncClient) -> list[str]:
    """What is said of up."""
    answer = await client.get("/api/v1/metadata", params={"metric": "up"})
    return [one["help"] for one in answer.json()["data"].get("up", [])]


async def test_the_last_description_of_a_metric_counts(client: httpx.AsyncClient) -> None:
    """Help that goes back to what it was is told so, and so is what version 1.0 said differently in between."""
    for about in ("old", "new", "old"):
        await client.post("/api/v1/write", content=described(about), headers=V2_HEADERS)
        assert await told(client) == [about]
    other = V1["WriteRequest"](metadata=[{"type": 2, "metric_family_name": "up", "help": "other"}])
    body = bytes(cramjam.snappy.compress_raw(other.SerializeToString()))
    await client.post("/api/v1/write", content=body, headers=HEADERS)
    assert await told(client) == ["other"]
    await client.post("/api/v1/write", content=described("old"), headers=V2_HEADERS)
    assert await told(client) == ["old"]


async def test_descriptions_of_a_write_that_is_refused_come_with_the_next(
    client: httpx.AsyncClient, stage: Stage
) -> None:
    """What a request said that found no room is kept when it is sent again."""
    stage.fails = Overloaded("full", retry_after=5)
    assert (await client.post("/api/v1/write", content=described("here"), headers=V2_HEADERS)).status_code == 429
    assert await told(client) == []
    stage.fails = None
    await client.post("/api/v1/write", content=described("here"), headers=V2_HEADERS)
    assert await told(client) == ["here"]


@pytest.mark.parametrize(("version", "headers"), [("2.0", V2_HEADERS), ("1.0", HEADERS)])
async def test_a_write_that_is_called_the_other_version_is_refused(
    client: httpx.AsyncClient, stage: Stage, version: str, headers: dict[str, str]
) -> None:
    """A body of fields that the version does not have is malformed; an empty one is nothing to store."""
    body = request() if version == "2.0" else second({"labels_refs": [1, 2], "samples": SAMPLES})
    answer = await client.post("/api/v1/write", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert f"no remote-write {version} request" in answer.json()["error"]
    answer = await client.post("/api/v1/write", content=bytes(cramjam.snappy.compress_raw(b"")), headers=headers)
    assert (answer.status_code, stage.stored) == (204, [])


async def test_what_version_1_says_of_metrics_is_kept(client: httpx.AsyncClient) -> None:
    """Metadata comes in requests of its own and is told by the API, to its tenant alone."""
    said = V1["WriteRequest"](metadata=[{"type": 1, "metric_family_name": "a_total", "help": "Things."}])
    body = bytes(cramjam.snappy.compress_raw(said.SerializeToString()))
    answer = await client.post("/api/v1/write", content=body, headers={**HEADERS, "X-Scope-OrgID": "shop"})
    assert answer.status_code == 204
    for tenant, expected in (("shop", {"a_total": [{"type": "counter", "help": "Things.", "unit": ""}]}), ("x", {})):
        told = await client.get("/api/v1/metadata", headers={"X-Scope-OrgID": tenant})
        assert told.json()["data"] == expected


async def test_a_body_that_does_not_decode_is_refused(client: httpx.AsyncClient, stage: Stage) -> None:
    """Damaged snappy and damaged protobuf are 400s that say where, and nothing of them is stored."""
    whole = bytes(cramjam.snappy.decompress_raw(request()))
    for body in (
        b"",
        b"\xff" * 40,
        b"not snappy at all",
        request()[:-3],
        bytes(cramjam.snappy.compress_raw(whole[:-3])),
        bytes(cramjam.snappy.compress_raw(b"\x0a\xff\xff\xff\xff\x7f")),
    ):
        answer = await client.post("/api/v1/write", content=body, headers=HEADERS)
        assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
        assert "Traceback" not in answer.text
    assert not stage.stored


async def test_a_body_over_the_limit_is_refused_before_it_is_read(caller: Caller, stage: Stage) -> None:
    """What announces too much is refused unread; what grows too large is refused at the limit."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 100
            yield b"x" * 100

    async with caller(max_body_bytes=1000) as client:
        answer = await client.post("/api/v1/write", content=endless(), headers={**HEADERS, "Content-Length": "1001"})
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert "http.max_body_bytes" in answer.json()["error"]
        assert read == 0
        answer = await client.post("/api/v1/write", content=endless(), headers=HEADERS)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert read == 1100
    assert not stage.stored


async def test_a_zip_bomb_is_refused_by_its_header(caller: Caller, stage: Stage) -> None:
    """A body that would decompress to more than the limit is a 413 that names the limit."""
    bomb = bytes(cramjam.snappy.compress_raw(bytes(10_000_000)))
    assert len(bomb) < 1_000_000
    async with caller(max_decompressed_bytes=1_000_000) as client:
        answer = await client.post("/api/v1/write", content=bomb, headers=HEADERS)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert "http.max_decompressed_bytes" in answer.json()["error"]
    assert not stage.stored


async def test_bytes_under_way_are_bounded(caller: Caller, stage: Stage) -> None:
    """While the bound is taken, others are asked to come back; afterwards everything is given back."""
    stage.waits = asyncio.Event()
    body = request(200)
    both = len(body) + len(cramjam.snappy.decompress_raw(body))
    async with caller(max_inflight_bytes=both + len(body) // 2) as client:
        first = asyncio.create_task(client.post("/api/v1/write", content=body, headers=HEADERS))
        await stage.called.wait()
        assert stage.telemetry.of(instruments.INFLIGHT) == both
        second = await client.post("/api/v1/write", content=body, headers=HEADERS)
        assert (second.status_code, second.json()["code"]) == (429, "intake_overloaded")
        assert second.headers["retry-after"] == "1"
        stage.waits.set()
        assert (await first).status_code == 204
        assert stage.telemetry.of(instruments.INFLIGHT) == 0
        assert (await client.post("/api/v1/write", content=body, headers=HEADERS)).status_code == 204


def test_a_share_counts_once_and_is_given_back() -> None:
    """A refused share counts nothing, and the end of a request gives back what it held."""
    telemetry = Counters()
    share = Inflight(100, telemetry).share()
    with share:
        share.hold(40)
        share.hold(30)
        share.add(50)
        assert telemetry.of(instruments.INFLIGHT) == 90
        with pytest.raises(BodyTooLarge, match=r"http\.max_inflight_bytes = 100"):
            share.add(11)
        assert telemetry.of(instruments.INFLIGHT) == 90
    assert telemetry.of(instruments.INFLIGHT) == 0


def test_only_what_may_fit_later_is_to_be_tried_again() -> None:
    """A request that fits beside no other waits for them; one that fits nowhere is told so, however little is under way."""
    purse = Inflight(100, Counters())
    with purse.share() as first, purse.share() as second:
        first.hold(40)
        with pytest.raises(Overloaded):
            second.hold(61)
        with pytest.raises(BodyTooLarge):
            second.hold(101)
        second.hold(60)


async def test_a_sender_that_stalls_is_answered_408(stage: Stage, door: Callable[..., object]) -> None:
    """A body that does not come is given up after the read timeout, and the connection is closed."""
    opened: Any = door(read_timeout=0.5)
    async with opened as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        head = "".join(f"{name}: {text}\r\n" for name, text in HEADERS.items())
        writer.write(f"POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n{head}\r\nabc".encode())
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408")
        assert b'"code":"request_timeout"' in answer
        writer.close()
    assert not stage.stored


async def test_a_sender_that_hangs_up_stores_nothing(stage: Stage, door: Callable[..., object]) -> None:
    """A connection that ends in the middle of a body leaves nothing behind."""
    opened: Any = door()
    async with opened as (host, port):
        _, writer = await asyncio.open_connection(host, port)
        head = "".join(f"{name}: {text}\r\n" for name, text in HEADERS.items())
        writer.write(f"POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n{head}\r\nabc".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert not stage.stored
    assert stage.telemetry.of(instruments.INFLIGHT) == 0
