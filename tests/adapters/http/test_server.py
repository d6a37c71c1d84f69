"""Slow and oversized heads, and slow readers, on a real socket."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import msgspec
import numpy as np
import pytest
from tests.adapters.http.stage import Stage, until

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.server import MAX_HEAD_BYTES
from sightline.adapters.inbound.http.serving import bind
from sightline.domain.errors import SettingsInvalid
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import SeriesColumns

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: "])
async def test_who_never_finishes_a_head_is_hung_up_on(door: Door, sent: bytes) -> None:
    """A connection without a whole request line and headers ends after the read timeout."""
    async with door(read_timeout=0.05) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()


async def test_a_second_head_is_waited_for_like_the_first(door: Door) -> None:
    """On a kept connection a request that is begun must be finished too."""
    async with door(read_timeout=0.5) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readuntil(b"healthy.\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHo")
        assert await reader.read() == b""
        writer.close()


async def test_a_head_without_end_is_cut_off(door: Door) -> None:
    """Headers beyond the bound are a 431, and the connection is closed."""
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * MAX_HEAD_BYTES)
        assert (await reader.read()).startswith(b"HTTP/1.1 431")
        writer.close()


@pytest.mark.parametrize(
    "sent", [b"BREW / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\nA b\r\n\r\n"]
)
async def test_what_is_not_http_is_refused_in_the_shape_of_all_errors(door: Door, sent: bytes) -> None:
    """A method that is none, TLS on a plain port and broken headers get a 400 with the envelope, and a closed connection."""
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-length: %d\r\n" % len(body) in head
    told = msgspec.json.decode(body)
    assert (told["status"], told["errorType"], told["code"]) == ("error", "bad_data", "bad_data")


async def test_a_large_body_is_no_large_head(door: Door, stage: Stage) -> None:
    """Pipelined requests with bodies above the bound of a head are all answered."""
    form = b"query=up&x=" + b"x" * MAX_HEAD_BYTES
    head = b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        for _ in range(3):
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(form) + form)
        for _ in range(3):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            await reader.readuntil(b"]}}")
        writer.close()
    assert len(stage.calls) == 3


async def test_who_does_not_read_is_hung_up_on(door: Door, stage: Stage) -> None:
    """An answer that nobody takes is given up, so that it does not stay in memory."""
    size = 700_000
    stage.value = SeriesColumns(
        (Labels.of(__name__="m"),),
        np.zeros(1, np.uint64),
        np.array([0, size]),
        np.arange(size, dtype=np.int64),
        np.zeros(size),
    )
    async with door(read_timeout=0.5) as (host, port):
        reader, writer = await asyncio.open_connection(host, port, limit=1024)
        writer.write(b"GET /api/v1/query?query=m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await stage.called.wait()
        await until(lambda: stage.telemetry.of(instruments.REQUESTS, "/api/v1/query", "200") == 1)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(10 * size)
        writer.close()


async def test_a_taken_port_is_said(door: Door) -> None:
    """Two doors cannot share a port; the second says what to do instead."""
    async with door() as (host, port):
        with pytest.raises(SettingsInvalid, match=r"--listen"):
            bind(host, port)


WHOLE = b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def asked(query: bytes, head: bytes = WHOLE) -> bytes:
    """A query as a form."""
    return head + b"Content-Length: %d\r\n\r\n" % (6 + len(query)) + b"query=" + query


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next answer: its head without the date, and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = {line.partition(b": ")[0].lower(): line for line in head.split(b"\r\n")}
    body = await reader.readexactly(int(lines[b"content-length"].partition(b": ")[2]))
    return b"\r\n".join(line for name, line in lines.items() if name != b"date"), body


async def test_a_head_that_comes_again_is_answered_alike(door: Door, stage: Stage) -> None:
    """Requests with one head and other bodies of its length each reach the application with their own body."""
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        answers = []
        for query in (b"aa", b"bb", b"cc", b"ccc", b"dd"):
            writer.write(asked(query))
            answers.append(await answer(reader))
        writer.close()
    assert [call[2] for call in stage.calls] == ["aa", "bb", "cc", "ccc", "dd"]
    assert answers == [answers[0]] * 5


async def test_what_is_not_one_whole_request_goes_the_ordinary_way(door: Door, stage: Stage) -> None:
    """Pieces, several requests in one read, and a body that looks like a request are each read as what they are."""
    twin = asked(b"up")
    inner = asked(twin)
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        sent = [twin, twin[:30], twin[30:], twin + twin, twin + twin[:-1], twin[-1:], inner[: -len(twin)], twin, twin]
        for piece in sent:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        found = [await answer(reader) for _ in range(8)]
        writer.close()
    assert {head[:12] for head, _ in found} == {b"HTTP/1.1 200"}
    queries = [call[2] for call in stage.calls]
    assert len(queries) == 8
    assert queries.count("up") == 7


async def test_each_request_shows_its_token(door: Door) -> None:
    """A head that was let in is no pass for another one, nor is one that was turned away."""
    async with door(token=b"s" * 20) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        shown = WHOLE + b"Authorization: Bearer " + b"s" * 20 + b"\r\n"
        wrong = WHOLE + b"Authorization: Bearer " + b"t" * 20 + b"\r\n"
        codes = []
        for head in (shown, shown, wrong, wrong, WHOLE, shown):
            writer.write(asked(b"up", head))
            codes.append((await answer(reader))[0][9:12])
        writer.close()
    assert codes == [b"200", b"200", b"401", b"401", b"401", b"200"]


async def test_a_repeated_request_may_be_left(door: Door, stage: Stage) -> None:
    """Who hangs up while a repeated request is worked on cancels it, as with any other."""
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(asked(b"up"))
        await answer(reader)
        stage.waits = asyncio.Event()
        stage.called.clear()
        writer.write(asked(b"up"))
        await stage.called.wait()
        writer.close()
        await stage.cancelled.wait()
