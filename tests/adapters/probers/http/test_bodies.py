"""Answers that are compressed, too large, broken off or none."""

import asyncio
import gzip
import zlib

import cramjam
import pytest
from tests.adapters.probers.far_ends import answer, answering, serving
from tests.adapters.probers.http.probing import Probing, Recording, then_forever

from sightline.domain.probes.outcome import Reason

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("br", bytes(cramjam.brotli.compress(b"hello"))),
    ],
)
async def test_compressed_answers_are_read(probe: Probing, encoding: str, body: bytes) -> None:
    """The body is what it was before."""
    recording = Recording(answer(body, "200 OK", f"Content-Encoding: {encoding}"))
    async with serving(recording) as far_end:
        outcome = await probe(far_end.url)
    assert (outcome.body, outcome.size) == (b"hello", 5)
    assert "gzip" in recording.heads[0]
    assert "br" in recording.heads[0]


async def test_broken_compression_is_told(probe: Probing) -> None:
    """Whatever is wrong with it."""
    whole = gzip.compress(b"hello" * 100)
    for body in (b"this is no gzip", whole[:5] + b"\xff" * 30, whole[:-8] + b"\0" * 8):
        async with serving(answering(answer(body, "200 OK", "Content-Encoding: gzip"))) as far_end:
            outcome = await probe(far_end.url)
        assert outcome.reason is Reason.BAD_ENCODING
        assert "decompressed" in outcome.message


async def test_a_bomb_ends_the_transfer(probe: Probing) -> None:
    """Decompressed bytes count, and no more of them are kept than are allowed; the connection is left at once."""
    bomb = gzip.compress(bytes(50_000_000), 1)
    brotli = bytes(cramjam.brotli.compress(bytes(50_000_000), 1))
    for body, encoding in ((bomb, "gzip"), (gzip.compress(bomb), "gzip, gzip"), (brotli, "br")):
        async with serving(answering(answer(body, "200 OK", f"Content-Encoding: {encoding}"))) as far_end:
            outcome = await probe(far_end.url, max_body=10_000)
            assert outcome.reason is Reason.ANSWER_TOO_LARGE
            assert len(outcome.body) == outcome.size == 10_000
            assert "more than 10000 bytes" in outcome.message


async def test_answers_are_bounded(probe: Probing) -> None:
    """As many bytes as are allowed are well, one more is not, be it announced or not, and for ever is neither."""
    async with serving(answering(answer(bytes(1_000)))) as far_end:
        assert (await probe(far_end.url, max_body=1_000)).reason is Reason.OK
        assert (await probe(far_end.url, max_body=999)).reason is Reason.ANSWER_TOO_LARGE
    endless = then_forever(b"HTTP/1.1 200 OK\r\n\r\n", bytes(10_000))
    async with serving(endless) as far_end:
        assert (await probe(far_end.url)).reason is Reason.ANSWER_TOO_LARGE
    for more in (b"X-More: " + b"x" * 1_000 + b"\r\n", b"x" * 1_000):
        async with serving(
            then_forever(b"HTTP/1.1 200 OK\r\n" + (b"X: " if b"M" not in more else b""), more)
        ) as far_end:
            outcome = await probe(far_end.url)
            assert outcome.reason is Reason.ANSWER_TOO_LARGE
            assert "headers" in outcome.message


@pytest.mark.parametrize(
    ("sent", "reason", "said"),
    [
        (b"", Reason.RESET, "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", Reason.PROTOCOL, "after 5 bytes, 95 bytes too early"),
        (b"SSH-2.0-OpenSSH\r\n", Reason.PROTOCOL, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Reason.PROTOCOL, "did not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Reason.PROTOCOL, "after 3 bytes"),
        (b"HTTP/9.9 200 OK\r\n\r\n", Reason.PROTOCOL, "HTTP"),
        (b"\0\xff\xfe" * 100, Reason.PROTOCOL, "HTTP"),
    ],
)
async def test_what_is_not_http_is_told(probe: Probing, sent: bytes, reason: Reason, said: str) -> None:
    """Answers that break off or are none."""
    async with serving(answering(sent)) as far_end:
        outcome = await probe(far_end.url)
    assert outcome.reason is reason
    assert said in outcome.message


async def test_a_reset_is_told(probe: Probing) -> None:
    """A far end that slams the door."""

    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving(slam) as far_end:
        assert (await probe(far_end.url)).reason is Reason.RESET
