"""The span of a probe: what a backend's own spans hang on, so that a failed check opens the trace of what failed.

Source: OpenTelemetry's semantic conventions for HTTP and RPC clients,
https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and https://opentelemetry.io/docs/specs/semconv/rpc/grpc/.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sightline.domain.probes.address import address_of
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import Grpc, Http, WebSocket
from sightline.domain.probes.outcome import Outcome
from sightline.domain.probes.result import Judgement, Verdict
from sightline.domain.traces.span import Span, SpanEvent, SpanKind, SpanStatus

SERVICE: Final = "sightline"
_SCOPE: Final = "sightline.probes"
_NS_PER_SECOND: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_SAMPLED: Final = "01"
_RPC: Final = {"rpc.system": "grpc", "rpc.service": "grpc.health.v1.Health", "rpc.method": "Check"}
_FAILED_FROM: Final = 400
"""The status from which a client's span is an error, as the conventions have it."""


@dataclass(frozen=True, slots=True)
class Joint:
    """What joins a probe to the trace that it begins. trace_id: 32, span_id: 16 hexadecimal digits."""

    trace_id: str
    span_id: str

    @property
    def traceparent(self) -> str:
        """The header, sampled. Source: https://www.w3.org/TR/trace-context/."""
        return f"00-{self.trace_id}-{self.span_id}-{_SAMPLED}"


def is_traced(definition: Definition) -> bool:
    """Whether its probes carry a trace: they shall, and their protocol has room for one."""
    return definition.trace and isinstance(definition.options, Http | Grpc | WebSocket)


def client_span(  # noqa: PLR0913 - what a span is made of
    check: Check,
    joint: Joint,
    outcome: Outcome,
    judgement: Judgement,
    at: int,
    *,
    parent_id: str = "",
    resent: int = 0,
    resource: Mapping[str, str],
) -> Span:
    """The span of one attempt that began at `at` (ms). resent: attempts before it. resource: who probes, as attributes."""
    starts_at = at * _NS_PER_MS
    failed = judgement.verdict is Verdict.DOWN
    return Span(
        trace_id=joint.trace_id,
        span_id=joint.span_id,
        parent_id=parent_id,
        name=_name(check.definition),
        kind=SpanKind.CLIENT,
        service=SERVICE,
        starts_at=starts_at,
        nanoseconds=round(outcome.seconds * _NS_PER_SECOND),
        status=SpanStatus.ERROR if failed else SpanStatus.UNSET,
        message=judgement.message if failed else "",
        resource=resource,
        attributes=_attributes(check, outcome, judgement, resent),
        events=_events(outcome, starts_at),
        scope=_SCOPE,
    )


def check_span(
    check: Check, joint: Joint, at: int, nanoseconds: int, *, failed: bool, resource: Mapping[str, str]
) -> Span:
    """What holds the attempts of one probe together where there were several; it began at `at` (ms)."""
    return Span(
        trace_id=joint.trace_id,
        span_id=joint.span_id,
        name="check",
        service=SERVICE,
        starts_at=at * _NS_PER_MS,
        nanoseconds=nanoseconds,
        status=SpanStatus.ERROR if failed else SpanStatus.UNSET,
        resource=resource,
        attributes=_told_of(check),
        scope=_SCOPE,
    )


def _name(definition: Definition) -> str:
    options = definition.options
    if isinstance(options, Http):
        return options.method
    return "grpc.health.v1.Health/Check" if isinstance(options, Grpc) else "GET"


def _told_of(check: Check) -> dict[str, str]:
    return {"sightline.check.id": str(check.id), "sightline.check.name": check.name}


def _attributes(check: Check, outcome: Outcome, judgement: Judgement, resent: int) -> dict[str, str]:
    told = _told_of(check)
    address = address_of(check.definition.url)
    told["server.address"] = address.host
    if address.port is not None:
        told["server.port"] = str(address.port)
    if outcome.address:
        told["network.peer.address"] = outcome.address
    if isinstance(check.definition.options, Grpc):
        told |= _RPC
        if outcome.status is not None:
            told["rpc.grpc.status_code"] = str(outcome.status)
    else:
        _tell_http(told, check.definition, outcome, resent, address.shown)
    if error := _error(outcome, judgement):
        told["error.type"] = error
    if judgement.verdict is not Verdict.UP:
        told["sightline.check.verdict"], told["sightline.check.reason"] = judgement.verdict, judgement.reason
    return told


def _tell_http(told: dict[str, str], definition: Definition, outcome: Outcome, resent: int, shown: str) -> None:
    told["http.request.method"] = definition.options.method if isinstance(definition.options, Http) else "GET"
    told["url.full"] = shown
    if outcome.status is not None:
        told["http.response.status_code"] = str(outcome.status)
    if outcome.version:
        told["network.protocol.version"] = outcome.version
    if outcome.size:
        told["http.response.body.size"] = str(outcome.size)
    if resent:
        told["http.request.resend_count"] = str(resent)


def _error(outcome: Outcome, judgement: Judgement) -> str:
    """The kind of error, of few: the status where there is one, else the reason; empty without an error."""
    if not outcome.ok:
        return outcome.reason
    if outcome.status is not None and outcome.status >= _FAILED_FROM:
        return str(outcome.status)
    return judgement.reason if judgement.verdict is Verdict.DOWN else ""


def _events(outcome: Outcome, starts_at: int) -> tuple[SpanEvent, ...]:
    """One at the end of each phase, which began where the one before ended."""
    events, at = [], 0.0
    for phase, seconds in outcome.phases:
        at += seconds
        took = {"sightline.phase.seconds": f"{seconds:.6f}"}
        events.append(SpanEvent(starts_at + round(at * _NS_PER_SECOND), f"{phase} done", took))
    return tuple(events)
