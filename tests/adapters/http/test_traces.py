"""Traces that probes began."""

from dataclasses import replace

import httpx
import pytest
from tests.adapters.http.stage import Stage, calling

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.tenancy import LOCAL
from sightline.domain.traces.span import Span, SpanEvent, SpanKind, SpanStatus

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = Span(
    trace_id=TRACE,
    span_id="b7ad6b7169203331",
    name="GET",
    kind=SpanKind.CLIENT,
    service="sightline",
    starts_at=1_700_000_000_123_456_789,
    nanoseconds=1_234_567,
    status=SpanStatus.ERROR,
    message="timed out",
    attributes={"url.full": "https://shop.example.com/"},
    events=(SpanEvent(1_700_000_000_123_706_789, "sent"),),
)


async def test_a_trace_is_told_with_its_spans(client: httpx.AsyncClient, stage: Stage) -> None:
    """Events say how long after its begin they were; there is no link where nobody said where traces are shown."""
    await stage.spans.append([(LOCAL.tenant, SPAN)])
    found = (await client.get(f"/api/v1/traces/{TRACE.upper()}")).json()
    (span,) = found["spans"]
    assert (found["trace_id"], found["link"]) == (TRACE, None)
    assert (span["started_at"], span["duration_ms"]) == ("2023-11-14T22:13:20.123Z", 1.235)
    assert span["events"] == [{"at": "2023-11-14T22:13:20.123Z", "after_ms": 0.25, "name": "sent", "attributes": {}}]
    assert (span["kind"], span["status"], span["message"]) == ("Client", "Error", "timed out")


async def test_a_trace_leads_to_where_all_of_it_is_shown(stage: Stage, settings: DoorSettings) -> None:
    """By the setting's address, with the id in its place."""
    await stage.spans.append([(LOCAL.tenant, SPAN)])
    async with calling(stage, replace(settings, trace_link="https://jaeger.example/trace/{trace_id}")) as client:
        found = (await client.get(f"/api/v1/traces/{TRACE}")).json()
    assert found["link"] == f"https://jaeger.example/trace/{TRACE}"


async def test_a_trace_that_is_not_there_is_not_found(client: httpx.AsyncClient, stage: Stage) -> None:
    """Neither is that of another tenant."""
    await stage.spans.append([(LOCAL.tenant, SPAN)])
    assert (await client.get("/api/v1/traces/ff")).status_code == 404
    assert (await client.get(f"/api/v1/traces/{TRACE}", headers={"X-Scope-OrgID": "other"})).status_code == 404
