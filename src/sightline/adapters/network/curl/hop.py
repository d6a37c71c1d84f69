"""One request and its answer, as libcurl saw them."""

import time
from dataclasses import dataclass, field
from typing import Final

import pycurl

from sightline.adapters.network.certificates import Certificates
from sightline.adapters.network.curl.faults import Failure, Fault, explain
from sightline.adapters.network.curl.handles import Handle
from sightline.adapters.network.curl.places import Place
from sightline.adapters.network.curl.transfers import Ended
from sightline.domain.probes.outcome import Certificate, Phase, Reason

_MICRO: Final = 1e-6
_STATUS_LINE: Final = b"HTTP/"
_PEM: Final = "Cert"


@dataclass(slots=True)
class Hop:
    """What came of one request. phases: seconds of those that ended. headers: of the last answer, trailers at their end.

    fault: why it failed; None where it did not.
    """

    fault: Fault | None = None
    status: int | None = None
    version: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    size: int = 0
    address: str = ""
    certificate: Certificate | None = None
    phases: dict[Phase, float] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The last value of a header, by its name in small letters; empty without it."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name), "")


def hop_of(handle: Handle, ended: Ended, place: Place, seconds: float, certificates: Certificates) -> Hop:
    """Read a transfer that ended. seconds: what it was given."""
    curl = handle.curl
    hop = Hop(size=handle.size, body=b"".join(handle.chunks), address=curl.getinfo(pycurl.PRIMARY_IP) or "")
    stuck = _measure(hop, handle, is_whole=ended.code in {0, pycurl.E_WRITE_ERROR, pycurl.E_BAD_CONTENT_ENCODING})
    if handle.headers:
        _read_head(hop, handle.headers)
        hop.status = curl.getinfo(pycurl.RESPONSE_CODE) or None
    if handle.session:
        hop.certificate = _certificate(handle, certificates)
    if handle.is_too_much:
        hop.fault = Reason.ANSWER_TOO_LARGE, f"{place.authority} answered with more than {handle.limit} bytes"
    elif handle.guard.refused and not handle.guard.passed:
        hop.fault = Reason.ADDRESS_DENIED, handle.guard.advice(place.host)
    elif ended.code:
        hop.fault = explain(
            Failure(
                name=place.authority,
                code=ended.code,
                text=ended.text,
                os_errno=curl.getinfo(pycurl.OS_ERRNO) or handle.errno,
                stuck=stuck,
                seconds=seconds,
                received=handle.size,
                certificate=hop.certificate,
                now=int(time.time() * 1_000),
            )
        )
    return hop


def _measure(hop: Hop, handle: Handle, *, is_whole: bool) -> Phase:
    """Fill in how long each phase took that ended; gives the one that did not, or would have come next."""
    info = handle.curl.getinfo
    connected = info(pycurl.CONNECT_TIME_T)
    if not connected:
        return Phase.CONNECT
    hop.phases[Phase.CONNECT] = (connected - info(pycurl.NAMELOOKUP_TIME_T)) * _MICRO
    if handle.setup is not None and handle.setup.is_secure:
        secured = info(pycurl.APPCONNECT_TIME_T)
        if not secured:
            return Phase.TLS
        hop.phases[Phase.TLS] = (secured - connected) * _MICRO
        connected = secured
    began = info(pycurl.STARTTRANSFER_TIME_T) if handle.headers or handle.size else 0
    if not began:
        return Phase.PROCESSING
    sent = max(connected, info(pycurl.PRETRANSFER_TIME_T))
    hop.phases[Phase.PROCESSING] = (began - sent) * _MICRO
    if is_whole:
        hop.phases[Phase.TRANSFER] = (info(pycurl.TOTAL_TIME_T) - began) * _MICRO
    return Phase.TRANSFER


def _read_head(hop: Hop, lines: list[bytes]) -> None:
    """The last answer's version and headers: before it stand those that only announce it."""
    found: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(_STATUS_LINE):
            hop.version = line[len(_STATUS_LINE) :].partition(b" ")[0].decode("latin-1").strip()
            found.clear()
            continue
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found.append((name, value.strip()))
    hop.headers = tuple(found)


def _certificate(handle: Handle, certificates: Certificates) -> Certificate | None:
    """From the chain that was shown, and the line that names version and cipher."""
    version, _, rest = handle.session.decode("ascii", "replace").partition(" / ")
    chain = [value for shown in handle.curl.getinfo(pycurl.INFO_CERTINFO) for name, value in shown if name == _PEM]
    return certificates.of_chain(chain, version.replace("TLSv", "TLS "), rest.partition(" / ")[0].strip())
