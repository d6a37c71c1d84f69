"""Remote write over HTTP: what is stored, what is refused, and that memory stays bounded."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import cramjam
import httpx
import pytest
from tests.adapters.http.stage import NOW, Counters, Stage

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.wire.remote_write import encode
from sightline.domain.errors import Overloaded
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

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
        ("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", 415),
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
    """Remote write 1.0 in snappy is read; anything else is a 415, on which senders fall back."""
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    answer = await client.post(
        "/api/v1/write", content=request(), headers={name: text for name, text in headers.items() if text is not None}
    )
    assert answer.status_code == status
    assert len(stage.stored) == (status == 204)
    if status == 415:
        assert answer.json()["code"] == "media_type_unsupported"


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
        with pytest.raises(Overloaded):
            share.add(11)
        assert telemetry.of(instruments.INFLIGHT) == 90
    assert telemetry.of(instruments.INFLIGHT) == 0


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
