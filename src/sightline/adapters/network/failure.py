"""What goes wrong on the way to another machine, as a reason and in words that a person can act on."""

import errno
import os
import ssl
from time import time
from typing import Final

from sightline.adapters.network.certificates import also_expired
from sightline.domain.probes.outcome import Certificate, Reason

MAX_QUOTED: Final = 200
"""Characters of what a server said that are repeated."""


class Failure(Exception):
    """A probe cannot go on. message: for people, without any secret."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def quoted(said: bytes | str) -> str:
    """What a server said, in one line and not too long."""
    text = said if isinstance(said, str) else said[: 4 * MAX_QUOTED].decode(errors="replace")
    line = " ".join("".join(one if one.isprintable() else " " for one in text[: 4 * MAX_QUOTED]).split())
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED]}..."


def failure_of(error: OSError, where: str, shown: Certificate | None = None) -> Failure:
    """What an error of the operating system or of TLS means. where: whom we wanted to talk to, as `host:port`; shown: by them."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _distrusted(error, where, shown)
    if isinstance(error, ssl.SSLError):
        return _no_tls(error, where)
    for reason, numbers, words in _NUMBERS:
        if error.errno in numbers:
            return Failure(reason, words.format(where=where, said=os.strerror(error.errno or 0)))
    if isinstance(error, TimeoutError):
        return Failure(Reason.TIMED_OUT, f"{where} does not answer: is it up, and does a firewall drop what comes?")
    said = os.strerror(error.errno) if error.errno else quoted(str(error)) or type(error).__name__
    return Failure(Reason.NO_ROUTE, f"{where} cannot be reached: {said}")


_NUMBERS: Final[tuple[tuple[Reason, frozenset[int], str], ...]] = (
    (
        Reason.REFUSED,
        frozenset({errno.ECONNREFUSED}),
        "{where} refuses the connection: is the program there running, and on that port?",
    ),
    (
        Reason.RESET,
        frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ENOTCONN, errno.ESHUTDOWN}),
        "{where} broke the connection off",
    ),
    (
        Reason.TIMED_OUT,
        frozenset({errno.ETIMEDOUT}),
        "{where} does not answer: is it up, and does a firewall drop what comes?",
    ),
    (
        Reason.NO_ROUTE,
        frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}),
        "{where} cannot be reached from here ({said}): check routes, firewalls, and whether it is up",
    ),
    (
        Reason.NOT_PERMITTED,
        frozenset({errno.EACCES, errno.EPERM}),
        "this machine does not allow a connection to {where} ({said}): check its firewall and the limits of the service",
    ),
    (
        Reason.DEFECT,
        frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}),
        "this machine has no room for a connection to {where} ({said}): raise the limit of open files (ulimit -n)",
    ),
    (
        Reason.NOT_SUPPORTED,
        frozenset({errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}),
        "this machine cannot talk to {where} ({said}): set ip_version to the one that it has",
    ),
)

# OpenSSL's numbers of what is wrong with a certificate: X509_V_ERR_* of x509_vfy.h.
_EXPIRED: Final = 10
_UNKNOWN_ISSUER: Final = frozenset({2, 18, 19, 20, 21})
_OTHER_NAME: Final = frozenset({62, 64})


def _distrusted(error: ssl.SSLCertVerificationError, where: str, shown: Certificate | None) -> Failure:
    said = quoted(str(error.verify_message)).rstrip(".")
    if error.verify_code == _EXPIRED:
        return Failure(Reason.CERTIFICATE_EXPIRED, f"a certificate of {where} has expired: renew it")
    if error.verify_code in _UNKNOWN_ISSUER:
        advice = "send the whole chain, or name its authority in tls.ca_file"
    elif error.verify_code in _OTHER_NAME:
        advice = "it is for other names: see tls.server_name"
    else:
        advice = "replace it, or set tls.verify to false to do without"
    wrong = f"is not trusted ({said}){also_expired(shown, int(time() * 1_000))}"
    return Failure(Reason.CERTIFICATE_INVALID, f"the certificate of {where} {wrong}: {advice}")


def _no_tls(error: ssl.SSLError, where: str) -> Failure:
    name = error.reason or ""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "EOF" in name:
        said = "it closed the connection during the handshake"
    elif name in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}:
        said = "what it sends is not TLS; is that the right port?"
    elif name in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}:
        said = "it speaks only versions of TLS that are no longer safe"
    elif "CERTIFICATE_REQUIRED" in name or "BAD_CERTIFICATE" in name:
        said = "it asks for a certificate of ours: see tls.cert_file and tls.key_file"
    else:
        said = quoted(name.replace("_", " ").lower() or type(error).__name__)
    return Failure(Reason.TLS_FAILED, f"no TLS with {where}: {said}")
