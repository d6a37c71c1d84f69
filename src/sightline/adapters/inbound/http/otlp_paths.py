"""Where OpenTelemetry's protocol is spoken, and in which words a request there is refused."""

from typing import Final

from sightline.adapters.inbound.http.errors import Refusal, Shape
from sightline.adapters.wire.rpc_status import canonical, status, status_json

PREFIXES: Final = ("", "/api/v1/otlp", "/opentelemetry", "/otlp")
"""OpenTelemetry's own place, Prometheus', VictoriaMetrics' and Loki's."""
METRICS: Final = tuple(f"{prefix}/v1/metrics" for prefix in PREFIXES)
NOT_YET: Final = {f"{prefix}/v1/{signal}": signal for prefix in ("", "/otlp") for signal in ("logs", "traces")}
"""Paths of signals that are not taken, and which these are."""


def _code(refused: Refusal) -> int:
    return canonical(refused.code, is_bad_data=refused.status < 500)


def _json(refused: Refusal) -> bytes:
    return status_json(_code(refused), refused.message)


def _protobuf(refused: Refusal) -> bytes:
    return status(_code(refused), refused.message)


SHAPES: Final = dict.fromkeys((*METRICS, *NOT_YET), Shape("RpcStatus", _json, _protobuf))
"""By path, the shape of a refusal."""
