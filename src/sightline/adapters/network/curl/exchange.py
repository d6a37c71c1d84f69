"""An exchange over HTTP: a request, its redirects, and the answer in the end.

Sources: RFC 9110, section 15.4, for redirects; phases are added up over redirects as blackbox_exporter's prober/http.go does.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

import pycurl

from sightline.adapters.network.certificates import Certificates
from sightline.adapters.network.curl.faults import Fault, timed_out
from sightline.adapters.network.curl.handles import Handle, Handles
from sightline.adapters.network.curl.hop import Hop, hop_of
from sightline.adapters.network.curl.places import BadPlace, place_of
from sightline.adapters.network.curl.request import Request, Trip
from sightline.adapters.network.curl.transfers import Ended, Transfers, TrustedTransfers
from sightline.adapters.network.guard import Policy
from sightline.adapters.network.names import Names, NotFound
from sightline.domain.probes.outcome import Outcome, Phase, Reason

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AS_IT_WAS: Final = frozenset({307, 308})
"""Redirects that keep method and body."""
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}", re.ASCII)


class Said(NamedTuple):
    """What came of a talk: why it failed, and what was answered."""

    fault: Fault | None
    body: bytes = b""


Talk = Callable[[Any, Hop, float], Awaitable[Said]]
"""What follows a handshake over its connection: given libcurl's handle, what was answered, and the monotonic time to end by."""


class Exchanges:
    """Runs exchanges, as many at once as are asked for; a connection of its own for each request. Used in one event loop."""

    def __init__(self, policy: Policy, names: Names | None = None, certificates: Certificates | None = None) -> None:
        self._policy = policy
        self._names = names or Names()
        self._certificates = certificates or Certificates()
        self._transfers = TrustedTransfers()
        self._handles = Handles(policy)

    def close(self) -> None:
        """Break off whatever is under way and let go of everything."""
        self._transfers.close()
        self._handles.close()

    async def exchange(
        self, request: Request, seconds: float, further: tuple[str, ...] = (), then: Talk | None = None
    ) -> Outcome:
        """Ask, and follow redirects as far as the request has it. Whatever happens is an outcome.

        seconds: for all of it. further: header lines of this time alone. then: what follows a handshake.
        """
        now = monotonic()
        trip = Trip(request, request.place, request.method, request.body, further, now, now + seconds)
        while True:
            hop = await self._ask(trip, then)
            for phase, took in hop.phases.items():
                trip.add(phase, took)
            location = hop.header("location") if hop.status in _REDIRECTS and hop.fault is None else ""
            if not location or request.max_redirects is None:
                break
            if trip.redirects >= request.max_redirects:
                hop.fault = _too_often(trip, location)
                break
            if refused := _follow(trip, hop, location):
                hop.fault = Reason.UNEXPECTED, refused
                break
        return _outcome(trip, hop)

    async def _ask(self, trip: Trip, then: Talk | None) -> Hop:
        """One request."""
        try:
            addresses = await self._look_up(trip)
        except NotFound as error:
            return Hop(fault=(Reason.DNS_FAILED, str(error)))
        except _Denied as error:
            return Hop(fault=(Reason.ADDRESS_DENIED, str(error)))
        except TimeoutError:
            return Hop(fault=timed_out(trip.place.authority, trip.deadline - trip.began, Phase.RESOLVE))
        try:
            handle = self._handles.take(trip.request.setup(trip.place, trip.method, trip.body))
        except (pycurl.error, ValueError) as error:
            return _unaskable(error)
        transfers, is_over = self._transfers.trusting(trip.request.tls if trip.place.is_secure else None), False
        try:
            hop = await self._use(handle, transfers, trip, addresses, then)
            is_over = True
        except (pycurl.error, ValueError) as error:
            hop = _unaskable(error)
        finally:
            transfers.end(handle.curl)
            handle.hang_up()
            if is_over:
                self._handles.give_back(handle)
            else:
                handle.curl.close()
        return hop

    async def _use(self, handle: Handle, transfers: Transfers, trip: Trip, addresses: str, then: Talk | None) -> Hop:
        """Ask with a handle, and read what came."""
        ended = await _transfer(transfers, trip, handle, addresses)
        hop = hop_of(handle, ended, trip.place, trip.deadline - trip.began, self._certificates)
        if hop.status in _REDIRECTS:
            trip.cookies = handle.cookies()
        if then is not None and hop.fault is None:
            await _talk(hop, then(handle.curl, hop, trip.deadline))
        return hop

    async def _look_up(self, trip: Trip) -> str:
        """The addresses of who is connected to, as libcurl takes them; empty where it needs none."""
        place, proxy, asked_as = trip.place, trip.request.proxy, trip.asked_as
        if proxy is not None and (why := self._policy.why_not(place.host)):
            raise _Denied(f"{place.host} is {why}: {self._policy.advice}")
        met = proxy or place
        version = trip.request.ip_version
        if met.is_numeric and (proxy is not None or asked_as == place.host) and version == "any":
            return ""
        before = monotonic()
        async with asyncio.timeout(trip.deadline - monotonic()):
            found = await self._names.addresses(met.host, version)
        if met.is_numeric:
            if proxy is not None or asked_as == place.host:
                return ""
        else:
            trip.add(Phase.RESOLVE, monotonic() - before)
        host = met.host if proxy is not None else asked_as
        return f"+{host}:{met.port}:{','.join(f'[{one}]' if ':' in one else one for one in found)}"


def _unaskable(error: Exception) -> Hop:
    return Hop(fault=(Reason.DEFECT, f"libcurl does not take this: {error}"))


async def _transfer(transfers: Transfers, trip: Trip, handle: Handle, addresses: str) -> Ended:
    """Have libcurl ask. addresses: of the host, as libcurl takes them."""
    place = trip.place
    url = place.url
    if trip.asked_as != place.host:
        port = "" if place.is_usual_port else f":{place.port}"
        url = f"{place.scheme}://{trip.asked_as}{port}{place.path}"
    handle.limit = trip.request.max_body
    if trip.cookies:
        handle.remember(trip.cookies)
    handle.aim(url, trip.lines(), trip.deadline - monotonic(), addresses)
    ended = transfers.begin(handle.curl)
    if not trip.request.is_websocket:
        return await ended
    try:
        async with asyncio.timeout(trip.deadline - monotonic()):  # of a handshake alone libcurl measures no time
            return await ended
    except TimeoutError:
        return Ended(pycurl.E_OPERATION_TIMEDOUT)


async def _talk(hop: Hop, talk: Awaitable[Said]) -> None:
    """What is said after a handshake counts as the transfer."""
    before = monotonic()
    hop.fault, hop.body = await talk
    hop.size = len(hop.body)
    hop.phases[Phase.TRANSFER] = monotonic() - before


class _Denied(Exception):
    """An address in numbers that must not be asked for, through a proxy either."""


def _follow(trip: Trip, hop: Hop, location: str) -> str:
    """Go where an answer leads; gives why not, empty where that is done."""
    with suppress(UnicodeDecodeError):  # headers are bytes; those of addresses are mostly UTF-8
        location = location.encode("latin-1").decode()
    try:
        place = place_of(urljoin(trip.place.url, location))
    except (BadPlace, ValueError) as error:
        scheme = location.partition(":")[0]
        where = f"a {scheme}: address, which is not followed" if _SCHEME.fullmatch(scheme) else f"no URL: {error}"
        return f"{trip.place.authority} redirects to {where}"
    if hop.status not in _AS_IT_WAS and trip.method not in {"GET", "HEAD"}:
        trip.method, trip.body = "GET", b""
    trip.visited.append(trip.place.url)
    trip.place = place
    trip.redirects += 1
    return ""


def _too_often(trip: Trip, location: str) -> Fault:
    times = trip.request.max_redirects
    try:
        is_loop = urljoin(trip.place.url, location) in {*trip.visited, trip.place.url}
    except ValueError:
        is_loop = False
    said = f", in a loop that comes back to {trip.place.shown}" if is_loop else f", lastly from {trip.place.shown}"
    return Reason.REDIRECTED_TOO_OFTEN, f"{trip.request.place.authority} redirected more than {times} times{said}"


def _outcome(trip: Trip, hop: Hop) -> Outcome:
    reason, message = hop.fault or (Reason.OK, "")
    if hop.fault is None and trip.request.version == "2" and not hop.version.startswith("2"):
        reason = Reason.PROTOCOL
        message = f"{trip.place.authority} speaks HTTP {hop.version or 'of no version'}, and HTTP 2 is asked for"
    return Outcome(
        reason=reason,
        message=message,
        seconds=monotonic() - trip.began,
        phases=tuple((phase, trip.phases[phase]) for phase in Phase if phase in trip.phases),
        status=hop.status,
        headers=hop.headers,
        body=hop.body,
        size=hop.size,
        certificate=hop.certificate,
        address=hop.address,
        version=hop.version,
        redirects=trip.redirects,
        url=trip.place.url if trip.redirects else "",
    )
