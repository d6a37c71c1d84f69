"""Large answers on their way out: made in a thread, compressed when that is wanted, sent in pieces."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from litestar import Request, Response
from litestar.response import Stream

from sightline.adapters.inbound.http.answers import Rendering

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
    """The response for a rendering."""
    compress = rendering.points >= COMPRESS_POINTS and accepts_gzip(request.headers.get("accept-encoding", ""))
    headers = {"Vary": "Accept-Encoding"}
    pieces = rendering.pieces
    if compress:
        headers["Content-Encoding"] = "gzip"
        pieces = _compressed(pieces)
    if rendering.points <= INLINE_POINTS:
        return Response(b"".join(pieces), media_type=_JSON, headers=headers)
    return Stream(_threaded(pieces), media_type=_JSON, headers=headers)


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for one in accepted.lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            return weight.replace(" ", "").removeprefix("q=") not in {"0", "0.0", "0.00", "0.000"}
    return False


async def _threaded(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, made in a worker thread a few at a time: the loop goes on meanwhile, and little more than one is held."""
    is_last = False
    while not is_last:
        some, is_last = await asyncio.to_thread(_some, pieces)
        if some:
            yield some


def _some(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next pieces that together have `_TOGETHER` bytes, and whether they are the last ones."""
    taken: list[bytes] = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size >= _TOGETHER:
            return b"".join(taken), False
    return b"".join(taken), True


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    deflate = zlib.compressobj(_LEVEL, wbits=16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield deflate.compress(piece)
    yield deflate.flush()
