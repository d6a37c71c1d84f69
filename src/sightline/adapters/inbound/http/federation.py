"""GET /federate?match[]=...: what another Prometheus takes over from us, the newest sample of each series."""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from sightline.adapters.inbound.http.delivery import accepts_gzip
from sightline.adapters.inbound.http.federated import CONTENT_TYPE, Federated, negotiated
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.selectors import selectors
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.domain.errors import InvalidParameter
from sightline.domain.metrics.newest import Newest
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

_LEVEL: Final = 1
_QUICK_SERIES: Final = 1_000  # that are made into text at once rather than in a thread


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """The handler."""

    @get("/federate")
    async def federate(request: Call) -> Response[Any]:
        given = await parameters(request, settings)
        matcher_sets = selectors(given.every("match[]"))
        if not matcher_sets:
            raise InvalidParameter("no match[] parameter provided", parameter="match[]")
        version, escaping = negotiated(request.headers.get("accept", ""))
        content_type = CONTENT_TYPE.format(version=version, escaping=escaping)
        headers = {"Vary": "Accept, Accept-Encoding", "Content-Type": content_type}
        pieces = _pieces(use_cases.federate(request.user, matcher_sets), Federated(escaping))
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            pieces = _gzipped(pieces)
            headers["Content-Encoding"] = "gzip"
        first = await anext(pieces, b"")  # now, for an error has a status only before the first piece is sent
        return Stream(_after(first, pieces), headers=headers)

    return [federate]


async def _pieces(blocks: AsyncGenerator[Newest, None], text: Federated) -> AsyncGenerator[bytes, None]:
    async with aclosing(blocks):
        async for block in blocks:
            quick = len(block) <= _QUICK_SERIES
            yield text.text(block) if quick else await asyncio.to_thread(text.text, block)


async def _gzipped(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    deflate = zlib.compressobj(_LEVEL, wbits=16 + zlib.MAX_WBITS)
    async with aclosing(pieces):
        async for piece in pieces:
            yield await asyncio.to_thread(deflate.compress, piece)
    yield deflate.flush()


async def _after(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
