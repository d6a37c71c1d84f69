"""Prometheus remote write, straight from ASGI: no framework between the bytes and the decoder.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ (version 1.0).
"""

import asyncio
from functools import partial
from typing import Final

from sightline.adapters.inbound.http import body, instruments
from sightline.adapters.inbound.http.asgi import Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.inflight import Inflight, Share
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.remote_write import Decoded, RemoteWriteDecoder
from sightline.domain.errors import UnsupportedMediaType
from sightline.domain.metrics.exemplars import NO_EXEMPLARS

PATHS: Final = frozenset({"/api/v1/write", "/api/v1/push"})

_MEDIA_TYPE: Final = "application/x-protobuf"
_V1: Final = "prometheus.WriteRequest"
_V2: Final = "io.prometheus.write.v2.Request"
# A body of 8 kB is decoded in about half a millisecond when all its series are new; what takes longer leaves the loop to others.
_INLINE_BYTES: Final = 8 * 1024
# Snappy starts with the length of what it holds, seven bits a byte.
_LENGTH_BYTES: Final = 5


class Intake:
    """POST /api/v1/write."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self._decoder = RemoteWriteDecoder(max_samples=settings.max_request_samples)
        self._inflight = inflight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one write: 204 once every sample is acknowledged; errors of the tree are the dispatcher's to render."""
        check_format(header(scope, b"content-type"), header(scope, b"content-encoding"))
        with self._inflight.share() as share:
            await self._store(scope, receive, share)
        await respond(send, 204)

    async def _store(self, scope: Scope, receive: Receive, share: Share) -> None:
        settings = self._settings
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
        self._use_cases.telemetry.add(instruments.BYTES_IN, len(data), (scope["path_template"],))
        share.add(min(declared_length(data), settings.max_decompressed_bytes))
        roster = self._use_cases.ingest.roster(scope["user"].tenant)
        decode = partial(self._decoder.decode, data, roster, max_decompressed=settings.max_decompressed_bytes)
        decoded = await asyncio.to_thread(decode) if len(data) > _INLINE_BYTES else decode()
        del data, decode  # storing may take a while, and the columns are all that is needed
        self._count_skipped(decoded)
        await self._use_cases.ingest(scope["user"], decoded.batch)
        if decoded.exemplars is not NO_EXEMPLARS:
            await self._use_cases.exemplars.keep(scope["user"], decoded.exemplars)

    def _count_skipped(self, decoded: Decoded) -> None:
        kinds = {
            "histogram": decoded.skipped_histograms,
            "metadata": decoded.skipped_metadata,
        }
        for kind, count in kinds.items():
            if count:
                self._use_cases.telemetry.add(instruments.SKIPPED, count, (kind,))


def check_format(media_type: str | None, encoding: str | None) -> None:
    """Refuse what is no remote write 1.0; a sender that learns this falls back to it.

    Raises:
        UnsupportedMediaType: another content type, schema or encoding.
    """
    kind, _, rest = (media_type or "").partition(";")
    if kind.strip().lower() != _MEDIA_TYPE:
        raise UnsupportedMediaType(f"Content-Type {(media_type or '')[:80]!r} is not read here: send {_MEDIA_TYPE}")
    schema = _V1
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "proto":
            schema = value.strip().strip('"')
    if schema == _V2:
        raise UnsupportedMediaType(f"remote write 2.0 ({_V2}) is not read yet: send {_V1}")
    if schema != _V1:
        raise UnsupportedMediaType(f"protobuf message {schema[:80]!r} is not read here: send {_V1}")
    if encoding is not None and encoding.strip().lower() != "snappy":
        raise UnsupportedMediaType(f"Content-Encoding {encoding[:40]!r} is not read here: send snappy")


def declared_length(data: bytes) -> int:
    """How long a snappy body says that it will be; the decoder judges whether that is true."""
    length = 0
    for number, byte in enumerate(data[:_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * number)
        if byte < 0x80:
            break
    return length
