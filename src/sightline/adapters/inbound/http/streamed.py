"""A body of lines, of any length: read, handed on and forgotten some lines at a time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from sightline.adapters.inbound.http import body, instruments
from sightline.adapters.inbound.http.asgi import BODY, Receive, Scope, header
from sightline.adapters.inbound.http.body import SLOWEST, BodyStalled, ClientGone
from sightline.adapters.inbound.http.inflight import Share
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import BodyTooLarge
from sightline.ports.telemetry import Telemetry

BLOCK: Final = 1 << 20
"""Bytes that are handed on together, and the most that a line may have."""


def is_streamed(scope: Scope, settings: DoorSettings) -> bool:
    """Whether a body is long, or may be, and comes as it is: what is compressed is unpacked as a whole, within its bound."""
    length = body.announced(scope)
    plain = (header(scope, b"content-encoding") or "identity").strip().lower() == "identity"
    return plain and (length is None or length > min(BLOCK, settings.max_body_bytes)) and BODY not in scope


async def blocks(
    scope: Scope, receive: Receive, settings: DoorSettings, telemetry: Telemetry, share: Share
) -> AsyncIterator[bytes]:
    """Whole lines, about `BLOCK` bytes at a time; `share` holds what is in memory at once.

    Raises:
        BodyTooLarge: a line is longer than a block.
        Overloaded, BodyStalled, ClientGone.
    """
    share.hold(2 * BLOCK)
    loop = asyncio.get_running_loop()
    waited = size = 0.0
    pieces: list[bytes] = []
    held = 0
    more = True
    while more:
        began = loop.time()
        try:
            async with asyncio.timeout(settings.read_timeout + size / SLOWEST - waited):
                message = await receive()
        except TimeoutError:
            raise BodyStalled from None
        waited += loop.time() - began
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        telemetry.add(instruments.BYTES_IN, len(piece), (scope["path_template"],))
        size += len(piece)
        held += len(piece)
        pieces.append(piece)
        if held < BLOCK and more:
            continue
        lines, feed, rest = b"".join(pieces).rpartition(b"\n") if more else (b"".join(pieces), b"", b"")
        if len(rest) > BLOCK:
            raise BodyTooLarge(f"a line of the body has more than {BLOCK} bytes", limit=BLOCK)
        pieces, held = [rest], len(rest)
        yield lines + feed
