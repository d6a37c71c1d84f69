"""OpenTelemetry's protocol over gRPC: MetricsService/Export.

Source: https://opentelemetry.io/docs/specs/otlp/ (1.x); https://github.com/open-telemetry/opentelemetry-proto, collector.
"""

from collections.abc import Mapping
from typing import Any, Final

import grpc
import structlog
from typing_extensions import override

from sightline.adapters.inbound.grpc.settings import GrpcSettings
from sightline.adapters.wire.otlp_answers import metrics_answer
from sightline.adapters.wire.rpc_status import INTERNAL, UNAVAILABLE, canonical, status
from sightline.domain.errors import BadData, BodyTooLarge, Overloaded, SightlineError
from sightline.ports.telemetry import Instrument, Kind

_log: Final = structlog.get_logger("sightline.grpc")

_EXPORT: Final = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
_CALLS: Final = Instrument(
    "sightline_grpc_requests_total",
    "Calls by gRPC, by method and canonical status.",
    Kind.COUNTER,
    ("method", "status"),
)
_DETAILS: Final = "grpc-status-details-bin"
_RETRY_AFTER: Final = 1
_CODES: Final[dict[int, grpc.StatusCode]] = {code.value[0]: code for code in grpc.StatusCode}


class OtlpCalls(grpc.GenericRpcHandler):
    """Knows the one method that is served; of others gRPC itself says that they are not implemented."""

    def __init__(self, settings: GrpcSettings) -> None:
        self._absorb = settings.absorb
        self._admit = settings.admit
        self._telemetry = settings.telemetry
        self._max_bytes = settings.max_inflight_bytes
        self._under_way = 0

    @override
    def service(self, handler_call_details: Any) -> Any:
        if handler_call_details.method != _EXPORT:
            return None
        return grpc.unary_unary_rpc_method_handler(self._export)

    async def _export(self, message: bytes, context: Any) -> bytes:
        """Answer one export once every point is acknowledged or rejected."""
        code, answer = INTERNAL, b""
        try:
            answer = await self._absorbed(message, dict(context.invocation_metadata() or ()))
            code = 0
        except SightlineError as error:
            code = canonical(error.code, is_bad_data=isinstance(error, BadData))
            if code == INTERNAL:
                _log.exception("call failed", method=_EXPORT)
            again = round(error.detail.get("retry_after", _RETRY_AFTER)) if code == UNAVAILABLE else 0
            trailer = ((_DETAILS, status(code, error.message, max(1, again) if again else 0)),)
            await context.abort(_CODES[code], error.message, trailer)
        except Exception:  # noqa: BLE001 - the outermost loop of a call
            _log.exception("call failed", method=_EXPORT)
            await context.abort(grpc.StatusCode.INTERNAL, "The server failed; its log has the cause.")
        finally:
            self._telemetry.add(_CALLS, 1, (_EXPORT, _CODES[code].name))
        return answer

    async def _absorbed(self, message: bytes, metadata: Mapping[str, str]) -> bytes:
        principal = self._admit(metadata)
        if len(message) > self._max_bytes:
            raise BodyTooLarge(
                f"the message takes {len(message)} bytes of memory, and http.max_inflight_bytes = {self._max_bytes} is for all "
                "messages together: send less at once, or raise it"
            )
        if self._under_way + len(message) > self._max_bytes:
            raise Overloaded(
                f"{self._under_way} bytes of messages are under way; http.max_inflight_bytes allows {self._max_bytes}",
                retry_after=_RETRY_AFTER,
            )
        self._under_way += len(message)
        try:
            absorbed = await self._absorb.metrics(principal, message)
        finally:
            self._under_way -= len(message)
        return metrics_answer(absorbed.rejected, absorbed.message)
