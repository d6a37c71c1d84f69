"""What is asked over HTTP, and where an exchange about it has got to.

Source: RFC 9110, section 15.4, for what a redirect takes along.
"""

from dataclasses import dataclass, field
from typing import Final

from sightline.adapters.network.curl.handles import Setup
from sightline.adapters.network.curl.places import Place
from sightline.domain.probes.options import IpVersion, TlsTrust
from sightline.domain.probes.outcome import Phase

_TRUST: Final = TlsTrust()
_PRIVATE: Final = ("authorization:", "cookie:", "host:", "proxy-authorization:")
"""Headers that are sent to nobody but the place they were written for."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """What is asked. lines: headers as they go over the wire, `Name: value`. max_redirects: None to follow none.

    max_body: bytes that are read of the answer, decompressed. version: of HTTP; `2` insists on it.
    """

    place: Place
    method: str = "GET"
    body: bytes = b""
    lines: tuple[str, ...] = ()
    version: str = "auto"
    tls: TlsTrust = _TRUST
    proxy: Place | None = None
    ip_version: IpVersion = "any"
    max_redirects: int | None = 10
    max_body: int = 1 << 20
    is_websocket: bool = False

    def setup(self, place: Place, method: str, body: bytes) -> Setup:
        """How a handle is set up to ask at a place."""
        return Setup(
            method=method,
            body=body,
            version=self.version,
            tls=self.tls,
            proxy=self.proxy,
            is_secure=place.is_secure,
            is_websocket=self.is_websocket,
        )


@dataclass(slots=True)
class Trip:
    """Where an exchange has got to. further: header lines of this time. began, deadline: monotonic time."""

    request: Request
    place: Place
    method: str
    body: bytes
    further: tuple[str, ...]
    began: float
    deadline: float
    redirects: int = 0
    cookies: list[str] = field(default_factory=list)
    phases: dict[Phase, float] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)

    def add(self, phase: Phase, seconds: float) -> None:
        """So much of its time went into a phase."""
        self.phases[phase] = self.phases.get(phase, 0.0) + seconds

    def lines(self) -> list[bytes]:
        """The headers that are sent to where it has got."""
        place, first = self.place, self.request.place
        lines = [*self.request.lines, *self.further]
        is_beside = not self.redirects or place.is_beside(first)
        if not is_beside:
            lines = [line for line in lines if not line.lower().startswith(_PRIVATE)]
        credentials = place.authorization or (first.authorization if is_beside else "")
        if credentials and not any(line[:14].lower() == "authorization:" for line in lines):
            lines.append(f"Authorization: {credentials}")
        if self.asked_as != place.host and not any(line[:5].lower() == "host:" for line in lines):
            lines.append(f"Host: {place.authority}")
        return [line.encode() for line in lines]

    @property
    def asked_as(self) -> str:
        """The host as TLS asks for it and verifies it."""
        named = self.request.tls.server_name
        return (
            named if named and self.place.is_secure and self.place.host == self.request.place.host else self.place.host
        )
