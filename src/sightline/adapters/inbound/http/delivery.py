"""Large answers on their way out: made in a thread, compressed when that is wanted, sent in pieces."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import cramjam
from litestar import Request, Response
from litestar.response import Stream

from sightline.adapters.inbound.http.answers import Piece, Pieces, Rendering
from sightline.adapters.inbound.http.asgi import Headers, Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.body import ClientGone

INLINE_POINTS: Final = 2_000
"""Up to so many points an answer is made at once: sooner than a thread takes it over."""
COMPRESS_POINTS: Final = 1_000
"""From so many points on an answer is compressed: below, a packet or two are spared and the time is not worth it."""

_JSON: Final = "application/json"
# So much is sent at a time: about what a block of points makes, so that a middling answer is one piece.
_TOGETHER: Final = 1 << 21
# Level 1: text of numbers hardly shrinks further, and this is four times as fast as the default.
_LEVEL: Final = 1


def deliver(request: Request[Any, Any, Any], rendering: Rendering) -> Response[Any]:
    """The framework's response for a rendering."""
    pieces, headers = _encoded(rendering, request.headers.get("accept-encoding", ""))
    if rendering.points <= INLINE_POINTS:
        return Response(b"".join(pieces), media_type=_JSON, headers=dict(headers))
    return Stream(_threaded(pieces), media_type=_JSON, headers=dict(headers))


async def answer(scope: Scope, receive: Receive, send: Send, rendering: Rendering) -> None:
    """Send a rendering without the framework; a client that hangs up meanwhile ends it."""
    pieces, headers = _encoded(rendering, header(scope, b"accept-encoding") or "")
    if rendering.points <= INLINE_POINTS:
        await respond(send, HTTPStatus.OK, b"".join(pieces), _JSON, headers)
        return
    raw = [(b"content-type", _JSON.encode()), *((name.lower().encode(), value.encode()) for name, value in headers)]
    first, is_last = await asyncio.to_thread(_some, pieces)
    if is_last:  # as two messages, for then the server need not copy the body behind the head
        raw.append((b"content-length", str(len(first)).encode()))
        await send({"type": "http.response.start", "status": HTTPStatus.OK.value, "headers": raw})
        await send({"type": "http.response.body", "body": first})
        return
    await send({"type": "http.response.start", "status": HTTPStatus.OK.value, "headers": raw})
    with suppress(ClientGone):
        await attended(receive, _stream(send, first, pieces))


async def _stream(send: Send, first: bytes, pieces: Pieces) -> None:
    await send({"type": "http.response.body", "body": first, "more_body": True})
    async for some in _threaded(pieces):
        await send({"type": "http.response.body", "body": some, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _encoded(rendering: Rendering, accepted: str) -> tuple[Pieces, Headers]:
    """What is sent of a rendering, and headers that say how."""
    varies = ("Vary", "Accept-Encoding")
    if rendering.points >= COMPRESS_POINTS:
        for name, compressed in _ENCODINGS.items():
            if accepts(name, accepted):
                return compressed(rendering.pieces), (varies, ("Content-Encoding", name))
    return rendering.pieces, (varies,)


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    return accepts("gzip", accepted)


def accepts(encoding: str, accepted: str) -> bool:
    """Whether an Accept-Encoding header allows an encoding; `*` stands for gzip alone, which everybody reads."""
    names = {"gzip", "x-gzip", "*"} if encoding == "gzip" else {encoding}
    for one in accepted.lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() in names:
            return weight.replace(" ", "").removeprefix("q=") not in {"0", "0.0", "0.00", "0.000"}
    return False


async def _threaded(pieces: Pieces) -> AsyncIterator[bytes]:
    """The pieces, made in a worker thread a few at a time: the loop goes on meanwhile, and little more than one is held."""
    is_last = False
    while not is_last:
        some, is_last = await asyncio.to_thread(_some, pieces)
        if some:
            yield some


def _some(pieces: Pieces) -> tuple[bytes, bool]:
    """The next pieces that together have `_TOGETHER` bytes, and whether they are the last ones."""
    taken: list[Piece] = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size >= _TOGETHER:
            return b"".join(taken), False
    return b"".join(taken), True


def _gzipped(pieces: Pieces) -> Iterator[bytes]:
    deflate = zlib.compressobj(_LEVEL, wbits=16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield deflate.compress(piece)
    yield deflate.flush()


def _zstandard(pieces: Pieces) -> Iterator[bytes]:
    compressor = cramjam.zstd.Compressor(_LEVEL)
    is_last = False
    while not is_last:
        some, is_last = _some(pieces)
        compressor.compress(some)
        yield bytes(compressor.flush())
    yield bytes(compressor.finish())


# The one that takes half the time first.
_ENCODINGS: Final[Mapping[str, Callable[[Pieces], Iterator[bytes]]]] = {"zstd": _zstandard, "gzip": _gzipped}
