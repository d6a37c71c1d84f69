"""Prometheus remote read, POST /api/v1/read, straight from ASGI: samples in one message, or a stream of XOR chunks.

Source: https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from typing import Final

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.asgi import Receive, Scope, Send, header
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.body import ClientGone
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import remote_read as wire
from sightline.adapters.wire.remote_read import ReadRequest, ResponseType
from sightline.adapters.wire.snappy import Piece
from sightline.domain.errors import UnsupportedMediaType
from sightline.domain.tenancy import Principal

PATH: Final = "/api/v1/read"

_MEDIA_TYPE: Final = "application/x-protobuf"
_INLINE_BYTES: Final = 4 * 1024  # decoded in well under a millisecond
_TOGETHER: Final = 1 << 20  # is sent at a time, so that a slow reader holds up what follows and not memory


class RemoteRead:
    """POST /api/v1/read; errors of the tree are the dispatcher's to render, until the first byte is out."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> None:
        self._read = use_cases.read
        self._settings = settings
        self._inflight = inflight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one read."""
        check_format(header(scope, b"content-type"), header(scope, b"content-encoding"))
        asked = await self._request(scope, receive)
        if asked.answer is ResponseType.SAMPLES:
            parts = await attended(receive, self._samples(scope["user"], asked))
            with suppress(ClientGone):
                await attended(receive, _send_whole(send, parts))
            return
        async with aclosing(self._frames(scope["user"], asked)) as frames:
            first = await attended(receive, _next(frames))  # what is wrong is mostly known by now
            with suppress(ClientGone):
                await attended(receive, _stream(send, first, frames))

    async def _request(self, scope: Scope, receive: Receive) -> ReadRequest:
        settings = self._settings
        with self._inflight.share() as share:
            data = await body.read(
                scope,
                receive,
                limit=settings.max_form_bytes,
                setting="http.max_form_bytes",
                timeout=settings.read_timeout,
                growing=share.hold,
            )
            decode = partial(
                wire.decode, data, max_decompressed=settings.max_form_bytes, max_queries=settings.max_read_queries
            )
            return await asyncio.to_thread(decode) if len(data) > _INLINE_BYTES else decode()

    async def _samples(self, principal: Principal, asked: ReadRequest) -> list[bytes]:
        """The whole response, in parts."""
        results, samples = list[list[Piece]](), 0
        for selection in asked.selections:
            result = list[Piece]()
            async with aclosing(self._read.whole(principal, selection, wire.samples, samples)) as pieces:
                async for piece in pieces:
                    result.append(piece.made)
                    samples += piece.samples
            results.append(result)
        return wire.response(results)

    async def _frames(self, principal: Principal, asked: ReadRequest) -> AsyncGenerator[bytes, None]:
        """The frames of all queries, many at a time."""
        for number, selection in enumerate(asked.selections):
            make = partial(wire.frames, query=number)
            async with aclosing(self._read.streamed(principal, selection, make)) as pieces:
                async for piece in pieces:
                    if piece.made:
                        yield piece.made


def check_format(media_type: str | None, encoding: str | None) -> None:
    """Refuse what is no remote read; a client that says nothing is believed.

    Raises:
        UnsupportedMediaType: another content type or encoding.
    """
    kind = (media_type or _MEDIA_TYPE).partition(";")[0].strip().lower()
    if kind != _MEDIA_TYPE:
        raise UnsupportedMediaType(f"Content-Type {kind[:80]!r} is not read here: send {_MEDIA_TYPE}")
    if encoding is not None and encoding.strip().lower() != "snappy":
        raise UnsupportedMediaType(f"Content-Encoding {encoding[:40]!r} is not read here: send snappy")


async def _next(frames: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(frames, None)


async def _send_whole(send: Send, parts: list[bytes]) -> None:
    headers = [
        (b"content-type", wire.SAMPLES_TYPE.encode()),
        (b"content-encoding", b"snappy"),
        (b"content-length", str(sum(map(len, parts))).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in parts:
        await _send_some(send, part)
    await send({"type": "http.response.body", "body": b""})


async def _stream(send: Send, first: bytes | None, frames: AsyncGenerator[bytes, None]) -> None:
    headers = [(b"content-type", wire.STREAMED_TYPE.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    some = first
    while some is not None:
        await _send_some(send, some)
        some = await anext(frames, None)
    await send({"type": "http.response.body", "body": b""})


async def _send_some(send: Send, data: bytes) -> None:
    for start in range(0, len(data), _TOGETHER):
        await send({"type": "http.response.body", "body": data[start : start + _TOGETHER], "more_body": True})
