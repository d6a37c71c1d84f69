"""A trace by its id, as JSON: the spans that probes made, and where the rest of the trace is found."""

from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.json_body import answer
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.instants import instant_text
from sightline.domain.errors import NotFound
from sightline.domain.tenancy import Principal
from sightline.domain.traces.span import Span, SpanEvent

Call = Request[Principal, Any, Any]

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
        return answer(tree)

    return [trace]


def _span(span: Span) -> dict[str, Any]:
    return {
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "kind": span.kind,
        "service": span.service,
        "started_at": instant_text(span.starts_at // _NS_PER_MS),
        "duration_ms": round(span.nanoseconds / _NS_PER_MS, _DIGITS),
        "status": span.status,
        "message": span.message,
        "resource": dict(span.resource),
        "attributes": dict(span.attributes),
        "events": [_event(one, span.starts_at) for one in span.events],
    }


def _event(event: SpanEvent, starts_at: int) -> dict[str, Any]:
    """What happened within a span; how long after its begin says more than the times, which share a millisecond often."""
    return {
        "at": instant_text(event.at // _NS_PER_MS),
        "after_ms": round((event.at - starts_at) / _NS_PER_MS, _DIGITS),
        "name": event.name,
        "attributes": dict(event.attributes),
    }
