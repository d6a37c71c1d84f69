"""Spans in ClickHouse, in the tables of OpenTelemetry's exporter, see docs/adr/0022-uptime-storage.md."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import pyarrow as pa
from typing_extensions import override

from sightline.adapters.outbound.clickhouse.database import ClickHouseDatabase
from sightline.adapters.outbound.clickhouse.kinds import NANOSECONDS, TEXT, UINT64, Kind, ListOf, MapOf, block
from sightline.adapters.outbound.clickhouse.statements import statement, text
from sightline.domain.tenancy import Tenant
from sightline.domain.traces.span import Span, SpanEvent, SpanKind, SpanStatus
from sightline.ports.spans import Spans

_COLUMNS: Final[dict[str, Kind]] = {
    "tenant": TEXT,
    "starts_at": NANOSECONDS,
    "trace_id": TEXT,
    "span_id": TEXT,
    "parent_id": TEXT,
    "name": TEXT,
    "kind": TEXT,
    "service": TEXT,
    "resource": MapOf(TEXT),
    "scope": TEXT,
    "attributes": MapOf(TEXT),
    "nanoseconds": UINT64,
    "status": TEXT,
    "message": TEXT,
    "event_times": ListOf(NANOSECONDS),
    "event_names": ListOf(TEXT),
    "event_attributes": ListOf(MapOf(TEXT)),
}


class ClickHouseSpans(Spans):
    """The tables `otel_traces`, a row for each span, and `otel_traces_trace_id_ts`, which says when a trace was."""

    def __init__(self, database: ClickHouseDatabase) -> None:
        self._engine = database.engine

    @override
    async def append(self, spans: Sequence[tuple[Tenant, Span]]) -> None:
        owned = list(spans)
        if owned:
            rows = partial(block, _COLUMNS, (_row(*one) for one in owned))
            await self._engine.append(statement("spans_insert"), rows)

    @override
    async def trace(self, tenant: Tenant, trace_id: str) -> list[Span]:
        return await self._engine.read_into(
            lambda rows: list(_spans(trace_id, rows)),
            statement("spans_trace"),
            {"tenant": text(tenant), "trace": text(trace_id)},
        )


def _row(tenant: Tenant, span: Span) -> tuple[Any, ...]:
    return (
        tenant,
        span.starts_at,
        span.trace_id,
        span.span_id,
        span.parent_id,
        span.name,
        span.kind.value,
        span.service,
        span.resource,
        span.scope,
        span.attributes,
        span.nanoseconds,
        span.status.value,
        span.message,
        [event.at for event in span.events],
        [event.name for event in span.events],
        [event.attributes for event in span.events],
    )


def _spans(trace_id: str, rows: pa.Table) -> Iterator[Span]:
    for row in rows.to_pylist():
        events = zip(row["event_times"], row["event_names"], row["event_attributes"], strict=True)
        yield Span(
            trace_id=trace_id,
            span_id=row["span_id"],
            parent_id=row["parent_id"],
            name=row["name"],
            kind=SpanKind(row["kind"]),
            service=row["service"],
            starts_at=row["starts_at"],
            nanoseconds=row["nanoseconds"],
            status=SpanStatus(row["status"]),
            message=row["message"],
            resource=dict(row["resource"]),
            attributes=dict(row["attributes"]),
            events=tuple(SpanEvent(at, name, dict(attributes)) for at, name, attributes in events),
            scope=row["scope"],
        )
