"""What libcurl's errors mean, in words that a person can act on.

Source: https://curl.se/libcurl/c/libcurl-errors.html.
"""

import errno
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pycurl

from sightline.adapters.network.certificates import also_expired, day
from sightline.adapters.network.failure import failure_of
from sightline.domain.probes.outcome import Certificate, Phase, Reason

Fault = tuple[Reason, str]
"""Why something failed, and what people are told."""

_STUCK: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        Phase.RESOLVE: "its name was being looked up",
        Phase.CONNECT: "no connection was made",
        Phase.TLS: "connected, but the TLS handshake did not end",
        Phase.PROCESSING: "connected, but no answer began",
        Phase.TRANSFER: "an answer began and did not end",
    }
)
_UNUSED_ERRNOS: Final = frozenset({0, errno.EINPROGRESS, errno.EAGAIN})
_PARTIAL: Final = re.compile(r"(\d+) bytes (?:missing|remaining)")
_TUNNEL: Final = re.compile(r"CONNECT tunnel failed, response (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A transfer that failed. name: whom it was with, as people may see it. stuck: in which phase. seconds: what it was given.

    received: bytes of the answer's body. certificate: what was shown, if anything. now: ms.
    """

    name: str
    code: int
    text: str
    os_errno: int
    stuck: Phase
    seconds: float
    received: int = 0
    certificate: Certificate | None = None
    now: int = 0


def timed_out(name: str, seconds: float, stuck: Phase, received: int = 0) -> Fault:
    """Time was up."""
    came = f", {received} bytes so far" if received else ""
    return Reason.TIMED_OUT, f"{name} timed out after {round(seconds, 2):g} s in phase {stuck}: {_STUCK[stuck]}{came}"


def explain(failure: Failure) -> Fault:
    """Why it failed."""
    return _BY_CODE.get(failure.code, _other)(failure)


def _timed_out(failure: Failure) -> Fault:
    return timed_out(failure.name, failure.seconds, failure.stuck, failure.received)


def _unconnected(failure: Failure) -> Fault:
    if failure.os_errno in _UNUSED_ERRNOS:
        return Reason.NO_ROUTE, f"{failure.name} cannot be reached: no connection was made"
    met = failure_of(OSError(failure.os_errno, os.strerror(failure.os_errno)), failure.name)
    return met.reason, met.message


def _broken_off(failure: Failure) -> Fault:
    if refused := _TUNNEL.search(failure.text):
        return Reason.UNEXPECTED, f"the proxy answered {refused[1]} and leads no further"
    if "too large response headers" in failure.text.lower():
        return _too_large(failure)
    if "reset" in failure.text.lower() or failure.os_errno == errno.ECONNRESET:
        return Reason.RESET, f"{failure.name} reset the connection{_while(failure)}"
    if "SSL" in failure.text or "TLS" in failure.text:
        return Reason.PROTOCOL, f"{failure.name} broke TLS off{_while(failure)}"
    return Reason.PROTOCOL, f"{failure.name} did not keep to HTTP{_while(failure)}: {failure.text}"


def _too_large(failure: Failure) -> Fault:
    return Reason.ANSWER_TOO_LARGE, f"{failure.name} sent more headers, or longer ones, than an answer may have"


def _silent(failure: Failure) -> Fault:
    return Reason.RESET, f"{failure.name} closed the connection without an answer"


def _while(failure: Failure) -> str:
    during = {
        Phase.TLS: " in the TLS handshake",
        Phase.PROCESSING: " before an answer",
        Phase.TRANSFER: " within the answer",
    }
    return during.get(failure.stuck, "")


def _partial(failure: Failure) -> Fault:
    missing = _PARTIAL.search(failure.text)
    lacks = f", {missing[1]} bytes too early" if missing else " too early"
    return Reason.PROTOCOL, f"{failure.name} ended its answer after {failure.received} bytes{lacks}"


def _encoding(failure: Failure) -> Fault:
    return Reason.BAD_ENCODING, f"{failure.name} sent an answer that cannot be decompressed"


def _no_handshake(failure: Failure) -> Fault:
    text = failure.text.lower()
    if failure.os_errno == errno.ECONNRESET or "reset" in text:
        return Reason.RESET, f"{failure.name} reset the connection in the TLS handshake"
    if "wrong version number" in text or "http request" in text or "packet length too long" in text:
        return Reason.TLS_FAILED, f"{failure.name} speaks no TLS on that port"
    if "unexpected eof" in text or "syscall" in text:
        return Reason.TLS_FAILED, f"{failure.name} closed the connection in the TLS handshake"
    if "certificate required" in text or "bad certificate" in text or "certificate unknown" in text:
        return Reason.TLS_FAILED, f"{failure.name} wants another client certificate: {_library(failure.text)}"
    return Reason.TLS_FAILED, f"{failure.name} and we agree on no TLS: {_library(failure.text)}"


def _library(text: str) -> str:
    """What OpenSSL says, without its numbers."""
    return text.rpartition("::")[2] or text


def _untrusted(failure: Failure) -> Fault:
    reason, message = _distrusted(failure)
    if reason is Reason.CERTIFICATE_EXPIRED:
        return reason, message
    # OpenSSL tells one thing alone, and whoever mends that would find the other next.
    return reason, message + also_expired(failure.certificate, failure.now)


def _distrusted(failure: Failure) -> Fault:
    shown, text = failure.certificate, failure.text.lower()
    if "has expired" in text:
        ended = f" on {day(shown.expires_at)}" if shown and shown.expires_at <= failure.now else ""
        return Reason.CERTIFICATE_EXPIRED, f"the certificate of {failure.name} expired{ended}"
    if "not yet valid" in text:
        begins = f" before {day(shown.starts_at)}" if shown else ""
        return Reason.CERTIFICATE_INVALID, f"the certificate of {failure.name} is not valid{begins}"
    if "subject name" in text or "hostname mismatch" in text or "does not match" in text:
        names = f", but for {', '.join(shown.names[:5]) or shown.subject}" if shown else ""
        return Reason.CERTIFICATE_INVALID, f"the certificate of {failure.name} is not for that name{names}"
    if "self-signed" in text or "self signed" in text:
        return (
            Reason.CERTIFICATE_INVALID,
            f"the certificate of {failure.name} is self-signed, by nobody who is trusted here",
        )
    if "issuer" in text or "unable to verify" in text:
        by = f" ({shown.issuer})" if shown else ""
        return Reason.CERTIFICATE_INVALID, f"the issuer of the certificate of {failure.name} is unknown here{by}"
    return Reason.CERTIFICATE_INVALID, f"the certificate of {failure.name} is not valid: {failure.text}"


def _no_ca_file(_: Failure) -> Fault:
    return Reason.BAD_TARGET, "the file of trusted certificates (ca_file) cannot be used on the probing machine"


def _no_client_certificate(_: Failure) -> Fault:
    return Reason.BAD_TARGET, "the client certificate (cert_file, key_file) cannot be used on the probing machine"


def _lookup(failure: Failure) -> Fault:
    return Reason.DNS_FAILED, f"{failure.name} cannot be looked up"


def _proxy(failure: Failure) -> Fault:
    return Reason.UNEXPECTED, f"the proxy does not lead to {failure.name}"


def _not_http(failure: Failure) -> Fault:
    return Reason.PROTOCOL, f"{failure.name} does not speak HTTP, or another version: {failure.text}"


def _refused_upgrade(failure: Failure) -> Fault:
    return Reason.UNEXPECTED, f"{failure.name} does not speak WebSocket there"


def _malformed(_: Failure) -> Fault:
    return Reason.BAD_TARGET, "this is not a URL that can be asked"


def _other(failure: Failure) -> Fault:
    return Reason.DEFECT, f"{failure.name} could not be asked: {failure.text} ({failure.code})"


_BY_CODE: Final[Mapping[int, Callable[[Failure], Fault]]] = MappingProxyType(
    {
        pycurl.E_UNSUPPORTED_PROTOCOL: _not_http,
        pycurl.E_URL_MALFORMAT: _malformed,
        pycurl.E_COULDNT_RESOLVE_PROXY: _lookup,
        pycurl.E_COULDNT_RESOLVE_HOST: _lookup,
        pycurl.E_COULDNT_CONNECT: _unconnected,
        8: _not_http,  # weird server reply, for which pycurl has a name of FTP's
        pycurl.E_HTTP2: _not_http,
        pycurl.E_PARTIAL_FILE: _partial,
        pycurl.E_HTTP_RETURNED_ERROR: _refused_upgrade,
        pycurl.E_WRITE_ERROR: _encoding,
        pycurl.E_OPERATION_TIMEDOUT: _timed_out,
        pycurl.E_SSL_CONNECT_ERROR: _no_handshake,
        pycurl.E_GOT_NOTHING: _silent,
        pycurl.E_SEND_ERROR: _broken_off,
        pycurl.E_RECV_ERROR: _broken_off,
        pycurl.E_SSL_CERTPROBLEM: _no_client_certificate,
        pycurl.E_PEER_FAILED_VERIFICATION: _untrusted,
        pycurl.E_BAD_CONTENT_ENCODING: _encoding,
        pycurl.E_SSL_CACERT_BADFILE: _no_ca_file,
        # pycurl has no names for these: a stream of HTTP/2 broke, a proxy refused, a header is too large.
        92: _broken_off,
        97: _proxy,
        100: _too_large,
    }
)
