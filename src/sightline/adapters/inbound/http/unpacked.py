"""A body that brings samples: read within the bounds that all requests share, counted, and without its Content-Encoding."""

import asyncio
from typing import Final

from sightline.adapters.inbound.http import body, instruments
from sightline.adapters.inbound.http.asgi import Receive, Scope, header
from sightline.adapters.inbound.http.inflight import Share
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.ports.telemetry import Telemetry

INLINE_BYTES: Final = 8 * 1024
"""Of a body: what is longer is unpacked and decoded in a thread and leaves the loop to others."""


async def unpacked(scope: Scope, receive: Receive, settings: DoorSettings, telemetry: Telemetry, share: Share) -> bytes:
    """The whole body; `share` holds its bytes and those that it unpacks to.

    Raises:
        BodyTooLarge, MalformedBody, UnsupportedMediaType, Overloaded, BodyStalled, ClientGone.
    """
    if (length := body.announced(scope)) is not None and length <= settings.max_body_bytes:
        share.hold(length)
    data = await body.read(
        scope,
        receive,
        limit=settings.max_body_bytes,
        setting="http.max_body_bytes",
        timeout=settings.read_timeout,
        growing=share.hold,
    )
    telemetry.add(instruments.BYTES_IN, len(data), (scope["path_template"],))
    if header(scope, b"content-encoding") is None:
        return data
    limit, setting = settings.max_decompressed_bytes, "http.max_decompressed_bytes"
    if len(data) <= INLINE_BYTES:
        whole = body.decoded(scope, data, limit, setting)
    else:
        whole = await asyncio.to_thread(body.decoded, scope, data, limit, setting)
    if whole is not data:
        share.add(len(whole))
    return whole
