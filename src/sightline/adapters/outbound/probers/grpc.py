"""The health check of gRPC, as an exchange over HTTP/2: phases, certificates and the guard are those of HTTP.

Sources: https://github.com/grpc/grpc/blob/master/doc/health-checking.md and PROTOCOL-HTTP2.md beside it.
"""

from dataclasses import replace
from typing import Final

from typing_extensions import override

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.curl.headers import header_lines, with_agent
from sightline.adapters.network.curl.places import BadPlace, place_of
from sightline.adapters.network.curl.request import Request
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Grpc, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.ports.prober import Attempt, Prober

_PATH: Final = "/grpc.health.v1.Health/Check"
_OK, _DEADLINE, _NOT_FOUND, _DENIED, _UNIMPLEMENTED, _UNAVAILABLE, _UNAUTHENTICATED = 0, 4, 5, 7, 12, 14, 16
_SERVING: Final = 1
_STATES: Final = {0: "UNKNOWN", _SERVING: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_PREFIX: Final = 5
"""Bytes before a message: whether it is compressed, and how long it is."""
_WELL: Final = 200
_MAX_BODY: Final = 64 << 10


class GrpcProber(Prober):
    """Asks a gRPC server how it, or a service of it, is."""

    kinds = frozenset({"grpc"})

    def __init__(self, exchanges: Exchanges) -> None:
        self._exchanges = exchanges

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        try:
            request = _request_of(attempt.definition, attempt.timeout)
        except BadPlace as error:
            return Outcome(reason=Reason.BAD_TARGET, message=str(error))
        further = (f"traceparent: {attempt.traceparent}",) if attempt.traceparent else ()
        outcome = await self._exchanges.exchange(request, attempt.timeout, further)
        options = attempt.definition.options
        service = options.service if isinstance(options, Grpc) else ""
        return _judged(outcome, request.place.authority, service) if outcome.ok else outcome


def _request_of(definition: Definition, seconds: float) -> Request:
    options = definition.options
    if not isinstance(options, Grpc):
        raise BadPlace(f"{definition.kind} is not asked over gRPC")
    target = definition.url.strip().removeprefix("grpc://").removeprefix("grpcs://").rstrip("/")
    if not target or "/" in target or "?" in target:
        raise BadPlace("this is no address of a gRPC server: write host:port")
    scheme = "http" if options.tls is None else "https"
    lines = header_lines(options.metadata, "metadata")
    lines += [
        "Content-Type: application/grpc",
        "TE: trailers",
        f"grpc-timeout: {max(1, int(seconds * 1_000))}m",
        "Expect:",
    ]
    return Request(
        place=place_of(f"{scheme}://{target}{_PATH}"),
        method="POST",
        body=_asked(options.service),
        lines=with_agent(lines),
        version="2",
        tls=options.tls or TlsTrust(),
        ip_version=options.ip_version,
        max_redirects=None,
        max_body=_MAX_BODY,
    )


def _asked(service: str) -> bytes:
    """HealthCheckRequest with its prefix: one text as field 1, which is a StringValue on the wire."""
    from google.protobuf.wrappers_pb2 import StringValue

    message = StringValue(value=service).SerializeToString()
    return b"\0" + len(message).to_bytes(4) + message


def _state(body: bytes) -> int | None:
    """The state in a HealthCheckResponse with its prefix, a number as field 1; None where it is none."""
    from google.protobuf.message import DecodeError
    from google.protobuf.wrappers_pb2 import Int32Value

    if len(body) < _PREFIX or body[0] != 0 or len(body) != _PREFIX + int.from_bytes(body[1:_PREFIX]):
        return None
    try:
        return Int32Value.FromString(body[_PREFIX:]).value
    except DecodeError:
        return None


def _judged(outcome: Outcome, name: str, service: str) -> Outcome:
    """What the answer says of the server, in place of what HTTP says."""
    headers = {key.lower(): value for key, value in outcome.headers}
    code, state = headers.get("grpc-status", ""), _state(outcome.body)
    if outcome.status != _WELL or not code.isdecimal():
        return _with(outcome, Reason.PROTOCOL, f"{name} answered {outcome.status} and does not speak gRPC there")
    if int(code) != _OK:
        return _with(outcome, *_refusal(int(code), name, service), int(code))
    if state is None:
        return _with(outcome, Reason.PROTOCOL, f"{name} answered with what is no state of health", _OK)
    said = _STATES.get(state, str(state))
    what = f"{service} of {name}" if service else name
    if state != _SERVING:
        return _with(outcome, Reason.NOT_SERVING, f"{what} says that it is {said}", _OK, said)
    return _with(outcome, Reason.OK, "", _OK, said)


def _refusal(code: int, name: str, service: str) -> tuple[Reason, str]:
    known = {
        _NOT_FOUND: (Reason.NOT_SERVING, f"{name} knows no service {service!r}"),
        _UNIMPLEMENTED: (Reason.UNEXPECTED, f"{name} does not offer grpc.health.v1.Health"),
        _UNAUTHENTICATED: (Reason.AUTHENTICATION, f"{name} wants to know who asks: add it to `metadata`"),
        _DENIED: (Reason.AUTHENTICATION, f"{name} does not let us ask: look at `metadata`"),
        _DEADLINE: (Reason.TIMED_OUT, f"{name} timed out in phase {Phase.PROCESSING}: it gave up on the question"),
        _UNAVAILABLE: (Reason.NOT_SERVING, f"{name} says that it is not available"),
    }
    return known.get(code, (Reason.UNEXPECTED, f"{name} answered with gRPC's code {code}"))


def _with(outcome: Outcome, reason: Reason, message: str, status: int | None = None, state: str = "") -> Outcome:
    return replace(
        outcome,
        reason=reason,
        message=message,
        status=outcome.status if status is None else status,
        facts={"serving": state} if state else outcome.facts,
    )
