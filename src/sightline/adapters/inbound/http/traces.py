"""A trace by its id, as JSON: the spans that probes made, and where the rest of the trace is found."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.domain.errors import NotFound
from sightline.domain.tenancy import Principal
from sightline.domain.traces.span import Span

Call = Request[Principal, Any, Any]

_NS_PER_SECOND: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_DIGITS: Final = 3
PLACE: Final = "{trace_id}"
"""What stands for the id in the address of another program that shows traces."""


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""

    @get("/api/v1/traces/{trace_id:str}")
    async def trace(request: Call) -> Response[bytes]:
        trace_id = request.path_params["trace_id"].lower()
        spans = await use_cases.uptime.spans.trace(request.user.tenant, trace_id)
        if not spans:
            raise NotFound(f"there is no trace {trace_id[:40]!r}", trace_id=trace_id[:40])
        link = settings.trace_link.replace(PLACE, quote(trace_id, safe="")) or None
        tree = {"trace_id": trace_id, "link": link, "spans": [_span(one) for one in spans]}
        return Response(msgspec.json.encode(tree), media_type="application/json")

    return [trace]


def _span(span: Span) -> dict[str, Any]:
    return {
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "kind": span.kind,
        "service": span.service,
        "started_at": _time(span.starts_at),
        "duration_ms": round(span.nanoseconds / _NS_PER_MS, _DIGITS),
        "status": span.status,
        "message": span.message,
        "resource": dict(span.resource),
        "attributes": dict(span.attributes),
        "events": [{"at": _time(one.at), "name": one.name, "attributes": dict(one.attributes)} for one in span.events],
    }


def _time(nanoseconds: int) -> str:
    whole, rest = divmod(nanoseconds, _NS_PER_SECOND)
    return f"{datetime.fromtimestamp(whole, UTC).strftime('%Y-%m-%dT%H:%M:%S')}.{rest:09d}Z"
