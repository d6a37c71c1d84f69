"""A span of a trace, as OpenTelemetry has it.

Source: https://opentelemetry.io/docs/specs/otel/trace/api/.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class SpanKind(StrEnum):
    """What part a span plays, by the names that ClickHouse's exporter stores."""

    INTERNAL = "Internal"
    SERVER = "Server"
    CLIENT = "Client"
    PRODUCER = "Producer"
    CONSUMER = "Consumer"


class SpanStatus(StrEnum):
    """How it went, likewise."""

    UNSET = "Unset"
    OK = "Ok"
    ERROR = "Error"


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened within a span, at `at` (ns since 1970 UTC)."""

    at: int
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One piece of work. trace_id: 32, span_id and parent_id: 16 hexadecimal digits; parent_id empty for a root.

    starts_at: ns since 1970 UTC. nanoseconds: how long it took. resource, attributes: texts by name.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    name: str
    kind: SpanKind = SpanKind.INTERNAL
    service: str
    starts_at: int
    nanoseconds: int
    status: SpanStatus = SpanStatus.UNSET
    message: str = ""
    resource: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    scope: str = ""
