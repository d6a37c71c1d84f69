"""Whether we live, whether we are ready, and what we measure about ourselves."""

from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import exposition

LIVE: tuple[str, ...] = ("/-/healthy", "/healthz", "/livez")
READY: tuple[str, ...] = ("/-/ready", "/readyz", "/ready")
OPEN: frozenset[str] = frozenset({"/health", *LIVE, *READY})
"""Paths that need no token: probes carry none."""

_TEXT = "text/plain"
_WELL = "pass"
_ILL = "fail"


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""

    @get(list(LIVE))
    async def live() -> Response[str]:
        return Response("Sightline is healthy.\n", media_type=_TEXT)

    @get(list(READY))
    async def ready() -> Response[str]:
        reason = use_cases.readiness()
        if reason is not None:
            return Response(f"Sightline is not ready: {reason}\n", status_code=503, media_type=_TEXT)
        return Response("Sightline is ready.\n", media_type=_TEXT)

    @get("/health")
    async def health() -> Response[bytes]:
        checks = [
            {"name": name, "status": _WELL if said == "ok" else _ILL, "message": said}
            for name, said in use_cases.health().items()
        ]
        wrong = [f"{one['name']} {one['message']}" for one in checks if one["status"] != _WELL]
        reason = use_cases.readiness()
        body: dict[str, Any] = {  # in the words of InfluxDB 2, whose clients ask here too
            "name": "sightline",
            "message": "; ".join(wrong) or (f"not ready: {reason}" if reason else "ready for queries and writes"),
            "status": _ILL if wrong else _WELL,
            "version": settings.version,
            "ready": reason is None,
            "checks": checks,
        }
        return Response(msgspec.json.encode(body), media_type="application/json")

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        text = exposition.encode(use_cases.telemetry.families())
        return Response(text, media_type=exposition.CONTENT_TYPE)

    return [live, ready, health, metrics]
