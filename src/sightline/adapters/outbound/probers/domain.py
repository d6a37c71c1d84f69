"""When the registration of a domain ends, by RDAP.

Sources: RFC 9082 and RFC 9083 for questions and answers, RFC 9224 for the list of servers.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from typing_extensions import override

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.curl.headers import with_agent
from sightline.adapters.network.curl.places import BadPlace, place_of
from sightline.adapters.network.curl.request import Request
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import MAX_BODY, Domain
from sightline.domain.probes.outcome import NO_FACTS, Fact, Outcome, Reason
from sightline.ports.clock import Clock
from sightline.ports.prober import Attempt, Prober

BOOTSTRAP: Final = "https://data.iana.org/rdap/dns.json"
"""IANA's list of which server knows which top-level domain."""
_DAY: Final = 86_400_000
_GOOD_FOR: Final = _DAY
"""Ms for which an answer is remembered: registries count questions, and a registration ends on a day."""
_BETTER_THAN_NOTHING: Final = 7 * _DAY
"""Ms for which an answer is told when its server is away or asks us to wait."""
_PATIENCE: Final = 300_000
"""Ms before a server that failed, or the list of servers, is asked again."""
_KEPT: Final = 10_000
_WELL, _NONE, _TOO_MANY = 200, 404, 429
_MIN_LABELS: Final = 2


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a question. at: when it was asked, until: when it may be asked again, both ms."""

    outcome: Outcome
    at: int
    until: int


class DomainProber(Prober):
    """Asks the registry of a domain, at most once a day.

    bootstrap: where the list of RDAP servers is.
    """

    kinds = frozenset({"domain"})

    def __init__(self, exchanges: Exchanges, clock: Clock, bootstrap: str = BOOTSTRAP) -> None:
        self._exchanges = exchanges
        self._clock = clock
        self._bootstrap = bootstrap
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._servers: Mapping[str, str] = {}

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        options = attempt.definition.options
        try:
            domain = _domain_of(attempt.definition)
        except BadPlace as error:
            return Outcome(reason=Reason.BAD_TARGET, message=str(error))
        given = options.server if isinstance(options, Domain) else ""
        key = (given, domain)
        known, now = self._known.get(key), self._clock.now()
        if known is not None and known.at <= now < known.until:
            return known.outcome
        began = self._clock.monotonic()
        outcome = await self._ask(attempt, domain, given, began)
        until = now + (_GOOD_FOR if outcome.ok else _wait(outcome))
        if not outcome.ok and known is not None and known.outcome.ok and now < known.at + _BETTER_THAN_NOTHING:
            outcome, now = known.outcome, known.at
        self._remember(key, _Known(outcome, now, until))
        return replace(outcome, seconds=self._clock.monotonic() - began)

    async def _ask(self, attempt: Attempt, domain: str, given: str, began: float) -> Outcome:
        """Find the server, and ask it for the domain, and for the one above it where it knows no such one."""
        server = given
        if not given:
            found = await self._server_of(domain, attempt.timeout)
            if isinstance(found, Outcome):
                return found
            server = found
        labels = domain.split(".")
        outcome = Outcome(reason=Reason.UNEXPECTED, message=f"{domain} is not registered")
        for first in range(max(1, len(labels) - _MIN_LABELS + 1)):
            name = ".".join(labels[first:])
            left = attempt.timeout - (self._clock.monotonic() - began)
            try:
                url = f"{server.rstrip('/')}/domain/{name}"
                outcome = await self._get(url, left, "application/rdap+json, application/json", attempt)
            except BadPlace as error:
                return Outcome(reason=Reason.BAD_TARGET, message=f"server: {error}")
            if not outcome.ok or outcome.status != _NONE:
                break
        return _registration(outcome, domain)

    async def _server_of(self, domain: str, seconds: float) -> str | Outcome:
        """The server for a top-level domain, or what came of asking for the list of them."""
        key = ("", "")
        known, now = self._known.get(key), self._clock.now()
        if known is None or not known.at <= now < known.until:
            try:
                listed = await self._get(self._bootstrap, seconds, "application/json", None)
            except BadPlace as error:
                return Outcome(reason=Reason.BAD_TARGET, message=f"the list of RDAP servers: {error}")
            servers = _servers(listed.body) if listed.ok and listed.status == _WELL else {}
            self._servers = servers or self._servers
            known = _Known(listed, now, now + (_GOOD_FOR if servers else _PATIENCE))
            self._remember(key, known)
        if not self._servers:
            said = known.outcome.message or f"answer {known.outcome.status}"
            reason = Reason.UNEXPECTED if known.outcome.ok else known.outcome.reason
            return replace(
                known.outcome, reason=reason, message=f"the list of RDAP servers cannot be had: {said}", body=b""
            )
        server = self._servers.get(domain.rpartition(".")[2])
        if server is None:
            message = f"no RDAP server is known for {domain}: name one in `server`"
            return Outcome(reason=Reason.NOT_SUPPORTED, message=message)
        return server

    async def _get(self, url: str, seconds: float, accept: str, attempt: Attempt | None) -> Outcome:
        lines = with_agent([f"Accept: {accept}"])
        options = attempt.definition.options if attempt else None
        version = options.ip_version if options else "any"
        request = Request(place=place_of(url), lines=lines, max_body=MAX_BODY, ip_version=version)
        further = (f"traceparent: {attempt.traceparent}",) if attempt and attempt.traceparent else ()
        outcome = await self._exchanges.exchange(request, max(seconds, 0.001), further)
        return replace(outcome, certificate=None)  # it is the registry's, and says nothing of the domain

    def _remember(self, key: tuple[str, str], known: _Known) -> None:
        self._known[key] = replace(known, outcome=replace(known.outcome, body=b"", headers=(), phases=()))
        self._known.move_to_end(key)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)


def _domain_of(definition: Definition) -> str:
    """The domain as name servers have it."""
    options = definition.options
    if not isinstance(options, Domain):
        raise BadPlace(f"{definition.kind} is not asked by RDAP")
    text = definition.url.strip()
    try:
        place = place_of(text if "://" in text else f"https://{text}")
    except BadPlace:
        raise BadPlace("this is not a domain: write example.org") from None
    if place.is_numeric or "." not in place.host:
        raise BadPlace("this is not a domain: write example.org")
    return place.host


def _servers(body: bytes) -> Mapping[str, str]:
    """Top-level domains and their servers, those over TLS before others; empty where this is no such list."""
    try:
        services = msgspec.json.decode(body)["services"]
        found = {}
        for names, urls in services:
            url = next((url for url in urls if url.startswith("https:")), urls[0])
            found.update({str(name).lower(): str(url) for name in names})
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError):
        return {}
    return found


def _wait(outcome: Outcome) -> int:
    """Ms before a server that gave no answer is asked again: as long as it says, within a day."""
    asked = {name.lower(): value for name, value in outcome.headers}.get("retry-after", "")
    return min(_DAY, max(_PATIENCE, int(asked) * 1_000)) if asked.isdecimal() else _PATIENCE


def _registration(outcome: Outcome, domain: str) -> Outcome:
    """What the answer says of the registration."""
    if not outcome.ok:
        return outcome
    if outcome.status == _NONE:
        return replace(outcome, reason=Reason.UNEXPECTED, message=f"{domain} is not registered, as its registry says")
    if outcome.status == _TOO_MANY:
        message = f"the registry of {domain} was asked too often, and is left alone for a while"
        return replace(outcome, reason=Reason.UNEXPECTED, message=message)
    try:
        answer = msgspec.json.decode(outcome.body)
    except (msgspec.DecodeError, RecursionError):
        answer = None
    if outcome.status != _WELL or not isinstance(answer, dict):
        message = f"the registry of {domain} answered {outcome.status}, and nothing of a registration"
        return replace(outcome, reason=Reason.UNEXPECTED, message=message)
    facts = _facts(answer)
    if "expires_at" not in facts:
        message = f"the registry of {domain} does not tell when the registration ends"
        return replace(outcome, reason=Reason.NOT_SUPPORTED, message=message, facts=facts)
    return replace(outcome, facts=facts)


def _facts(answer: Mapping[str, Any]) -> Mapping[str, Fact]:
    """`expires_at` in ms, `registrar` and `statuses`, as far as they are told."""
    facts: dict[str, Fact] = {}
    for event in _dicts(answer.get("events")):
        at = _ms(event.get("eventDate"))
        if event.get("eventAction") == "expiration" and at is not None:
            facts["expires_at"] = float(at)
    for entity in _dicts(answer.get("entities")):
        roles = entity.get("roles")
        if isinstance(roles, list) and "registrar" in roles and (name := _full_name(entity.get("vcardArray"))):
            facts["registrar"] = name
    statuses = answer.get("status")
    if isinstance(statuses, list):
        facts["statuses"] = tuple(str(each) for each in statuses)
    return facts or NO_FACTS


def _dicts(found: object) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _full_name(card: object) -> str:
    """`fn` of a jCard, RFC 7095."""
    if not isinstance(card, list) or len(card) < _MIN_LABELS or not isinstance(card[1], list):
        return ""
    for each in card[1]:
        match each:
            case ["fn", _, _, value, *_]:  # name, parameters, type, value
                return str(value)
    return ""


def _ms(text: object) -> int | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000)
