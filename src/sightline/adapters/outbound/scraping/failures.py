"""What goes wrong on the way to a target, in words that a person can act on."""

import errno
import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from sightline.domain.errors import Unavailable
from sightline.domain.scrape.target import ScrapeReason, Target
from sightline.domain.timerange import format_duration

MAX_REDIRECTS: Final = 10


def timed_out(target: Target) -> Unavailable:
    """No whole answer in time."""
    message = f"no whole answer within the timeout of {format_duration(target.timeout)}"
    return Unavailable(message, reason=ScrapeReason.TIMEOUT)


def refused_status(response: aiohttp.ClientResponse) -> Unavailable:
    """An answer that is no page."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = ""
    message = f"server returned HTTP status {response.status} {phrase}".rstrip()
    return Unavailable(message, reason=ScrapeReason.STATUS)


def failed(error: aiohttp.ClientError | OSError | ValueError, target: Target) -> Unavailable:
    """What the client library calls by many names."""
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno == errno.ECONNREFUSED:
        message = f"{error.host}:{error.port} refuses the connection: is the program there running?"
        return Unavailable(message, reason=ScrapeReason.REFUSED)
    for kind, reason, words in _WORDS:
        if isinstance(error, kind):
            return Unavailable(words(error), reason=reason)
    return Unavailable(f"{target.url[:200]} cannot be asked: {error}", reason=ScrapeReason.PROTOCOL)


def _certificate(error: aiohttp.ClientConnectorCertificateError) -> str:
    problem = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
    return f"the certificate of {error.host} is not trusted: {problem} (see tls.ca_file and tls.server_name)"


def _said(error: OSError) -> str:
    # Several addresses that failed alike are one error with the library's own text, but the system's number.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror or error)


def _one_line(text: str) -> str:
    """The library draws what it could not read, over several lines, with an arrow below."""
    return " ".join(text.replace("^", " ").split())[:200]


_LEADS_AWAY: Final = "a redirect leads to {}, which is no address that can be scraped"

# The first that fits counts: the library's errors inherit from one another.
_WORDS: Final[tuple[tuple[type[Exception], ScrapeReason, Callable[[Any], str]], ...]] = (
    (
        aiohttp.ClientConnectorDNSError,
        ScrapeReason.DNS,
        lambda error: f"host {error.host!r} is not found: {_said(error.os_error)}",
    ),
    (aiohttp.ClientConnectorCertificateError, ScrapeReason.TLS, _certificate),
    (
        aiohttp.ClientSSLError,
        ScrapeReason.TLS,
        lambda error: f"no TLS with {error.host}:{error.port}: {_said(error.os_error)} (is its scheme http?)",
    ),
    (
        aiohttp.ClientConnectorError,
        ScrapeReason.UNREACHABLE,
        lambda error: f"{error.host}:{error.port} cannot be reached: {_said(error.os_error)}",
    ),
    (
        aiohttp.TooManyRedirects,
        ScrapeReason.REDIRECTS,
        lambda error: f"more than {MAX_REDIRECTS} redirects, beginning at {str(error.request_info.url)[:200]}",
    ),
    # Only a redirect leads to these two, for our own URLs are made by us.
    (aiohttp.InvalidURL, ScrapeReason.REDIRECTS, lambda error: _LEADS_AWAY.format(str(error)[:200])),
    (aiohttp.NonHttpUrlClientError, ScrapeReason.REDIRECTS, lambda error: _LEADS_AWAY.format(str(error)[:200])),
    (
        aiohttp.ClientResponseError,
        ScrapeReason.PROTOCOL,
        lambda error: f"the answer is not HTTP: {_one_line(error.message)} (is its scheme https?)",
    ),
    (
        aiohttp.ClientError,
        ScrapeReason.BROKEN,
        lambda _: "the connection broke before the whole answer was there",
    ),
    (OSError, ScrapeReason.BROKEN, lambda error: f"the connection broke: {_said(error)}"),
)
