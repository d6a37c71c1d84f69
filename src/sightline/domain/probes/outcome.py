"""What one attempt to probe something saw, before anybody says whether that is well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Fact = float | str | tuple[str, ...]
"""Something that only some kinds of check see, by a name that conditions use."""

NO_FACTS: Final[Mapping[str, Fact]] = {}


class Reason(StrEnum):
    """Why a probe is as it is: stored, shown, and a label where that is bounded. A stable word each."""

    OK = "ok"
    # what a prober finds
    BAD_TARGET = "bad_target"
    ADDRESS_DENIED = "address_denied"
    DNS_FAILED = "dns_failed"
    REFUSED = "connection_refused"
    NO_ROUTE = "no_route"
    RESET = "connection_reset"
    TIMED_OUT = "timed_out"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_INVALID = "certificate_invalid"
    REDIRECTED_TOO_OFTEN = "redirected_too_often"
    ANSWER_TOO_LARGE = "answer_too_large"
    BAD_ENCODING = "bad_encoding"
    PROTOCOL = "protocol_error"
    UNEXPECTED = "unexpected_answer"
    AUTHENTICATION = "authentication_failed"
    NOT_SERVING = "not_serving"
    LOST = "packets_lost"
    NOT_PERMITTED = "not_permitted_here"
    NOT_SUPPORTED = "not_supported_here"
    DEFECT = "probe_failed"
    # what judging finds
    STATUS = "status_not_accepted"
    CONDITION = "condition_not_met"
    CERTIFICATE_EXPIRES = "certificate_expires_soon"
    DOMAIN_EXPIRES = "domain_expires_soon"
    # heartbeats, expressions, composed checks
    LATE = "heartbeat_late"
    MISSED = "heartbeat_missed"
    FAILED = "failure_reported"
    NO_DATA = "no_data"
    QUERY_FAILED = "query_failed"
    TOO_FEW_UP = "too_few_up"
    STALLED = "monitor_stalled"
    """It was the monitor that stood still, so that nobody can tell: likewise, and the verdict before it stands."""
    CUT_OFF = "monitor_cut_off"
    """Whoever looked reached nothing else either, so that nobody can tell: its place is as good as silent."""
    UNDECIDED = "undecided"
    """Nobody can tell: such a result is no voice, and no sample."""


NOBODY_CAN_TELL: Final = frozenset(
    {Reason.UNDECIDED, Reason.DEFECT, Reason.NOT_PERMITTED, Reason.NOT_SUPPORTED, Reason.CUT_OFF}
)
"""Reasons that say something of who looks, and nothing of who was looked at."""


class Phase(StrEnum):
    """Parts of the time that a probe takes, in the order in which they come; names as blackbox_exporter's."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    PROCESSING = "processing"
    """From the last byte sent to the first received."""
    TRANSFER = "transfer"


Phases = tuple[tuple[Phase, float], ...]
"""Seconds by phase, in order; those that did not take place are absent."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server showed.

    expires_at: ms, of the certificate in the chain that ends first. fingerprint: SHA-256 of the server's own, in hexadecimal.
    """

    subject: str
    issuer: str
    expires_at: int
    starts_at: int
    fingerprint: str
    names: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    version: str = ""
    cipher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt saw. seconds: the whole of it. message: for people, without any secret; empty when the reason is OK.

    status: the protocol's number for how it went (HTTP, SMTP, gRPC). body: what came, as far as `max_body`; size: bytes of it.
    address: whom we talked to, in numbers. version: of the protocol. url: where redirects led; empty where nowhere else.
    """

    reason: Reason = Reason.OK
    message: str = ""
    seconds: float = 0.0
    phases: Phases = ()
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    size: int = 0
    certificate: Certificate | None = None
    address: str = ""
    version: str = ""
    redirects: int = 0
    url: str = ""
    facts: Mapping[str, Fact] = field(default_factory=lambda: NO_FACTS)

    @property
    def ok(self) -> bool:
        """Whether the exchange took place as the protocol has it."""
        return self.reason is Reason.OK
