"""HTTP and HTTPS, by libcurl.

Source: RFC 9110; phases as in blackbox_exporter's prober/http.go.
"""

from collections import OrderedDict
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from typing_extensions import override

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.curl.headers import has_header, header_lines, with_agent
from sightline.adapters.network.curl.places import PROXY, BadPlace, Place, basic, place_of
from sightline.adapters.network.curl.request import Request
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import BasicAuth, Http
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.series import CONTENT_LENGTH
from sightline.ports.prober import Attempt, Prober

_KEPT: Final = 20_000
"""Definitions whose requests are remembered: taking a URL apart costs a tenth of an exchange."""
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class HttpProber(Prober):
    """Asks a URL, each time over connections of its own."""

    kinds = frozenset({"http"})

    def __init__(self, exchanges: Exchanges) -> None:
        self._exchanges = exchanges
        self._requests: OrderedDict[int, tuple[Definition, Request]] = OrderedDict()

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        try:
            request = self._request(attempt.definition)
        except BadPlace as error:
            return Outcome(reason=Reason.BAD_TARGET, message=str(error))
        further: tuple[str, ...] = ()
        if attempt.traceparent and not has_header(request.lines, "traceparent"):
            further = (f"traceparent: {attempt.traceparent}",)
        outcome = await self._exchanges.exchange(request, attempt.timeout, further)
        if outcome.status is None:
            return outcome
        return replace(outcome, facts={CONTENT_LENGTH: float(_announced(outcome, request.method))})

    def _request(self, definition: Definition) -> Request:
        """What a definition comes to; the same one comes every time, until it is changed."""
        known = self._requests.get(id(definition))
        if known is not None and known[0] is definition:
            return known[1]
        request = request_of(definition)
        self._requests[id(definition)] = (definition, request)
        if len(self._requests) > _KEPT:
            self._requests.popitem(last=False)
        return request


def request_of(definition: Definition) -> Request:
    """What is asked for a check.

    Raises:
        BadPlace: its URL, its proxy or a header cannot be used.
    """
    options = definition.options
    if not isinstance(options, Http):
        raise BadPlace(f"{definition.kind} is not asked over HTTP")
    return Request(
        place=place_of(definition.url),
        method=options.method,
        body=options.body.encode(),
        lines=_lines(options),
        version=options.version,
        tls=options.tls,
        proxy=_proxy(options.proxy),
        ip_version=options.ip_version,
        max_redirects=options.max_redirects if options.follow_redirects else None,
        max_body=options.max_body,
    )


def _announced(outcome: Outcome, method: str) -> int:
    """How many bytes an answer says its body has, as Go's client has it and so blackbox_exporter: -1 where it does not say."""
    said = {name.lower(): value for name, value in outcome.headers}
    if method != "HEAD" and outcome.status in _BODILESS:
        return 0
    length = said.get("content-length", "")
    if length.isascii() and length.isdigit() and "transfer-encoding" not in said:
        return int(length)
    # An answer of HTTP 2 may end with its headers; that it did is not told, only that nothing came.
    return 0 if outcome.version == "2" and not outcome.size and method != "HEAD" else -1


def _proxy(url: str) -> Place | None:
    if not url:
        return None
    try:
        return place_of(url, PROXY)
    except BadPlace as error:
        raise BadPlace(f"proxy: {error}") from None


def _lines(options: Http) -> tuple[str, ...]:
    """Headers as they go over the wire; what people wrote wins."""
    lines = header_lines(options.headers, "headers")
    if options.auth is not None and not has_header(lines, "authorization"):
        auth = options.auth
        given = basic(auth.username, auth.password) if isinstance(auth, BasicAuth) else f"Bearer {auth.token}"
        lines += header_lines({"Authorization": given}, "auth")
    if options.body or options.method in {"POST", "PUT", "PATCH"}:
        lines.append("Expect:")  # nothing is waited for before the body is sent
        if not has_header(lines, "content-type"):
            lines.append("Content-Type:")  # libcurl would call it a form
    return with_agent(lines)
