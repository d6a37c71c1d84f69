"""Prometheus remote write, straight from ASGI: no framework between the bytes and the decoder.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ and https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/.
"""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final, Protocol

import numpy as np

from sightline.adapters.inbound.http import body, instruments
from sightline.adapters.inbound.http.asgi import Headers, Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.errors import refusal as refusal_of
from sightline.adapters.inbound.http.inflight import Inflight, Share
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.remote_write import RemoteWriteDecoder
from sightline.adapters.wire.remote_write2 import RemoteWrite2Decoder
from sightline.adapters.wire.remote_write_batch import Decoded
from sightline.domain.errors import SightlineError, UnsupportedMediaType
from sightline.domain.metrics.exemplars import NO_EXEMPLARS
from sightline.domain.metrics.left_out import LeftOut, refusal
from sightline.domain.metrics.roster import Roster

PATHS: Final = frozenset({"/api/v1/write", "/api/v1/push"})

_MEDIA_TYPE: Final = "application/x-protobuf"
_JSON: Final = "application/json"
V1: Final = "prometheus.WriteRequest"
V2: Final = "io.prometheus.write.v2.Request"
# Snappy starts with the length of what it holds, seven bits a byte.
_LENGTH_BYTES: Final = 5


class _Decoder(Protocol):
    """Either version."""

    def decode(self, body: bytes, roster: Roster, *, max_decompressed: int) -> Decoded:
        """Decode one compressed request."""
        ...


@dataclass(slots=True)
class _Written:
    """How much of a request is stored."""

    samples: int = 0
    histograms: int = 0
    exemplars: int = 0
    left_out: tuple[LeftOut, ...] = ()

    def headers(self) -> Headers:
        """As remote write 2.0 tells it."""
        counts = {"Samples": self.samples, "Histograms": self.histograms, "Exemplars": self.exemplars}
        return tuple((f"X-Prometheus-Remote-Write-{kind}-Written", str(count)) for kind, count in counts.items())


class Intake:
    """POST /api/v1/write."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self._decoders: dict[str, _Decoder] = {
            V1: RemoteWriteDecoder(max_samples=settings.max_request_samples),
            V2: RemoteWrite2Decoder(max_samples=settings.max_request_samples),
        }
        self._inflight = inflight
        self._decoding = {version: use_cases.offload.kind() for version in self._decoders}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one write: 204 once every sample is acknowledged; errors of the tree are the dispatcher's to render.

        Those of version 2.0 are rendered here, because they tell how much is stored all the same.
        """
        version = checked_format(header(scope, b"content-type"), header(scope, b"content-encoding"))
        written = _Written()
        try:
            with self._inflight.share() as share:
                await self._store(scope, receive, share, version, written)
            if written.left_out:
                raise refusal(written.left_out, written.samples + written.histograms)
        except SightlineError as error:
            refused = refusal_of(error)
            if version == V1 or refused.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            headers = (*refused.headers, *written.headers())
            await respond(send, refused.status.value, refused.body(), _JSON, headers)
        else:
            await respond(send, HTTPStatus.NO_CONTENT.value, headers=() if version == V1 else written.headers())

    async def _store(self, scope: Scope, receive: Receive, share: Share, version: str, written: _Written) -> None:
        settings, use_cases, principal = self._settings, self._use_cases, scope["user"]
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
        use_cases.telemetry.add(instruments.BYTES_IN, len(data), (scope["path_template"],))
        share.add(whole := min(declared_length(data), settings.max_decompressed_bytes))
        roster = use_cases.ingest.roster(principal.tenant)
        decode = partial(self._decoders[version].decode, data, roster, max_decompressed=settings.max_decompressed_bytes)
        decoded = await self._decoding[version].run(whole, decode)
        del data, decode  # storing may take a while, and the columns are all that is needed
        taken = await use_cases.ingest.partly(principal, decoded.batch, decoded.left_out)
        # These are samples to us, and histograms to the sender.
        stale = len(decoded.stale)
        if stale and len(taken.refused):
            stale -= int(np.count_nonzero(np.isin(decoded.stale, taken.refused)))
        written.histograms = taken.histograms + stale
        written.samples = taken.samples - written.histograms
        written.left_out = taken.left_out
        if decoded.exemplars is not NO_EXEMPLARS:
            written.exemplars = await use_cases.exemplars.keep(principal, decoded.exemplars)
        if decoded.metadata:
            use_cases.metadata.push(principal, decoded.metadata)


def checked_format(media_type: str | None, encoding: str | None) -> str:
    """V1 or V2. A sender that is refused falls back to what it is told.

    Raises:
        UnsupportedMediaType: another content type, schema or encoding.
    """
    kind, _, rest = (media_type or "").partition(";")
    if kind.strip().lower() != _MEDIA_TYPE:
        raise UnsupportedMediaType(f"Content-Type {(media_type or '')[:80]!r} is not read here: send {_MEDIA_TYPE}")
    schema = V1
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "proto":
            schema = value.strip().strip('"')
    if schema not in {V1, V2}:
        raise UnsupportedMediaType(f"protobuf message {schema[:80]!r} is not read here: send {V1} or {V2}")
    if encoding is not None and encoding.strip().lower() != "snappy":
        raise UnsupportedMediaType(f"Content-Encoding {encoding[:40]!r} is not read here: send snappy")
    return schema


def declared_length(data: bytes) -> int:
    """How long a snappy body says that it will be; the decoder judges whether that is true."""
    length = 0
    for number, byte in enumerate(data[:_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * number)
        if byte < 0x80:
            break
    return length
