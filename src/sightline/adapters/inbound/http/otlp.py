"""OpenTelemetry's protocol over HTTP: POST /v1/metrics and where others have it, in protobuf and in JSON.

Source: https://opentelemetry.io/docs/specs/otlp/ (1.x). Failures are google.rpc.Status in the encoding of the request.
"""

import asyncio
from collections.abc import Mapping

from sightline.adapters.inbound.http.asgi import App, Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.errors import JSON, PROTOBUF
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.otlp_paths import METRICS, NOT_YET
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.unpacked import unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.otlp_answers import metrics_answer, metrics_answer_json
from sightline.adapters.wire.otlp_json import metrics_as_protobuf
from sightline.domain.errors import NotFound, UnsupportedMediaType


def doors(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> Mapping[str, App]:
    """What takes each path's POSTs."""
    return {**dict.fromkeys(METRICS, OtlpMetrics(use_cases, settings, inflight)), **dict.fromkeys(NOT_YET, not_yet)}


async def not_yet(scope: Scope, _: Receive, __: Send) -> None:
    """Say that a signal is not taken."""
    signal = NOT_YET[scope["path"]]
    raise NotFound(f"{signal} are not taken yet: send metrics alone (OTEL_{signal.upper()}_EXPORTER=none)")


class OtlpMetrics:
    """POST /v1/metrics."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self._inflight = inflight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one export once every point is acknowledged or rejected; errors of the tree are the dispatcher's to render."""
        is_json = media_type(scope) == JSON
        with self._inflight.share() as share:
            data = await unpacked(scope, receive, self._settings, self._use_cases.telemetry, share)
            if is_json:
                data = await asyncio.to_thread(metrics_as_protobuf, data)
            absorbed = await self._use_cases.absorb.metrics(scope["user"], data)
        answer = metrics_answer_json if is_json else metrics_answer
        await respond(send, 200, answer(absorbed.rejected, absorbed.message), JSON if is_json else PROTOBUF)


def media_type(scope: Scope) -> str:
    """The request's encoding.

    Raises:
        UnsupportedMediaType: it is neither of the two.
    """
    said = header(scope, b"content-type") or ""
    kind = said.partition(";")[0].strip().lower()
    if kind == "application/protobuf":
        return PROTOBUF
    if kind not in {PROTOBUF, JSON}:
        raise UnsupportedMediaType(f"Content-Type {said[:80]!r} is not read here: send {PROTOBUF} or {JSON}")
    return kind
