"""Registrations of domains, from registries on loopback that answer as RDAP has it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.far_ends import FarEnd, answer, hanging, redirect, serving

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.guard import Policy
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.probers.domain import DomainProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Domain
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio

ANSWER: Mapping[str, Any] = {
    "objectClassName": "domain",
    "events": [
        {"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
        {"eventAction": "expiration", "eventDate": "2027-08-13T04:00:00Z"},
    ],
    "status": ["client transfer prohibited", "server delete prohibited"],
    "entities": [
        {"roles": ["abuse"]},
        {
            "roles": ["registrar"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Registrar Ltd"]]],
        },
    ],
}
EXPIRES = 1_818_129_600_000
DAY = 86_400.0


class Registry:
    """Answers by path, 404 elsewhere, and keeps what it was asked."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split()[1]
        self.asked.append(path)
        writer.write(self.answers.get(path, answer(b"{}", "404 Not Found")))
        await writer.drain()


def registered(found: object = ANSWER) -> bytes:
    """An answer of a registry."""
    return answer(json.dumps(found).encode(), "200 OK", "Content-Type: application/rdap+json")


class Stage:
    """A prober, its clock, and the registry that it meets."""

    def __init__(self, prober: DomainProber, clock: ManualClock, registry: Registry, far_end: FarEnd) -> None:
        self.prober = prober
        self.clock = clock
        self.registry = registry
        self.far_end = far_end

    async def probe(self, domain: str = "example.com", server: str | None = None) -> Outcome:
        """Ask the registry; server: another one, or empty for the one that the list names."""
        options = Domain(server=self.far_end.url if server is None else server)
        async with asyncio.timeout(60):
            return await self.prober.probe(Attempt(Definition(name="it", url=domain, options=options), 5))


@asynccontextmanager
async def staged(answers: Mapping[str, bytes]) -> AsyncIterator[Stage]:
    """A registry that answers so."""
    registry, clock = Registry(answers), ManualClock()
    async with serving(registry) as far_end:
        listed = {
            "services": [
                [["com", "net"], ["http://127.0.0.1:1/", f"{far_end.url}/rdap/"]],
                [["org"], [f"{far_end.url}/rdap/"]],
            ]
        }
        registry.answers.setdefault("/dns.json", answer(json.dumps(listed).encode()))
        exchanges = Exchanges(Policy())
        yield Stage(DomainProber(exchanges, clock, f"{far_end.url}/dns.json"), clock, registry, far_end)
        exchanges.close()


async def test_a_registration_is_told() -> None:
    """When it ends, with whom, and its state."""
    async with staged({"/domain/example.com": registered()}) as stage:
        outcome = await stage.probe()
    assert (outcome.reason, outcome.status) == (Reason.OK, 200)
    assert outcome.facts == {
        "expires_at": float(EXPIRES),
        "registrar": "Registrar Ltd",
        "statuses": ("client transfer prohibited", "server delete prohibited"),
    }


async def test_the_server_is_found_by_the_list() -> None:
    """The list is asked for once a day; what is not in it is told."""
    async with staged({"/rdap/domain/example.org": registered()}) as stage:
        assert (await stage.probe("example.org", "")).ok
        assert stage.registry.asked == ["/dns.json", "/rdap/domain/example.org"]
        outcome = await stage.probe("example.xx", "")
        assert (outcome.reason, "`server`" in outcome.message) == (Reason.NOT_SUPPORTED, True)
        await stage.clock.advance(DAY + 1)
        await stage.probe("other.org", "")
        assert stage.registry.asked.count("/dns.json") == 2


async def test_a_list_that_cannot_be_had_is_told() -> None:
    """It is asked for again after a while, not at every probe; an older one is good enough."""
    async with staged({"/dns.json": answer(b"", "500 Oops"), "/rdap/domain/example.org": registered()}) as stage:
        for domain in ("example.org", "b.org", "c.org"):
            outcome = await stage.probe(domain, "")
            assert (outcome.reason, "list of RDAP servers" in outcome.message) == (Reason.UNEXPECTED, True)
        assert stage.registry.asked == ["/dns.json"]
        listed = {"services": [[["org"], [f"{stage.far_end.url}/rdap/"]]]}
        stage.registry.answers["/dns.json"] = answer(json.dumps(listed).encode())
        await stage.clock.advance(301)
        assert (await stage.probe("example.org", "")).ok
        stage.registry.answers["/dns.json"] = answer(b"[]")
        await stage.clock.advance(2 * DAY)
        assert (await stage.probe("example.org", "")).ok


async def test_names_within_a_domain_lead_to_it() -> None:
    """What is registered may be one or two levels up."""
    async with staged({"/domain/example.co.uk": registered()}) as stage:
        for name in ("www.example.co.uk", "https://www.a.example.co.uk/x", "EXAMPLE.co.uk."):
            assert (await stage.probe(name)).ok
    async with staged({}) as stage:
        outcome = await stage.probe("www.none.example")
        assert stage.registry.asked == ["/domain/www.none.example", "/domain/none.example"]
        assert (outcome.reason, "not registered" in outcome.message) == (Reason.UNEXPECTED, True)


async def test_an_answer_is_good_for_a_day() -> None:
    """A registry that counts questions is asked once, however often a check is probed."""
    async with staged({"/domain/example.com": registered()}) as stage:
        for _ in range(5):
            assert (await stage.probe()).facts["expires_at"] == EXPIRES
        assert len(stage.registry.asked) == 1
        await stage.clock.advance(DAY + 1)
        assert (await stage.probe()).ok
        assert len(stage.registry.asked) == 2


async def test_a_registry_that_is_away_is_not_pressed() -> None:
    """What it said last is told for a week, and it is left alone for as long as it asks."""
    async with staged({"/domain/example.com": registered()}) as stage:
        await stage.probe()
        stage.registry.answers["/domain/example.com"] = answer(b"", "429 Too Many Requests", "Retry-After: 7200")
        await stage.clock.advance(2 * DAY)
        assert (await stage.probe()).ok
        await stage.clock.advance(7_100)
        assert (await stage.probe()).ok
        assert len(stage.registry.asked) == 2
        await stage.clock.advance(200)
        assert (await stage.probe()).ok
        assert len(stage.registry.asked) == 3
        await stage.clock.advance(6 * DAY)
        outcome = await stage.probe()
        assert (outcome.reason, "too often" in outcome.message) == (Reason.UNEXPECTED, True)


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        (b"no json", Reason.UNEXPECTED, "nothing of a registration"),
        (b"[]", Reason.UNEXPECTED, "nothing of a registration"),
        (b"{}", Reason.NOT_SUPPORTED, "does not tell when"),
        (b'{"events": [{"eventAction": "expiration", "eventDate": "soon"}, 5]}', Reason.NOT_SUPPORTED, "does not tell"),
        (b'{"events": 7, "entities": {"a": 1}, "status": "x"}', Reason.NOT_SUPPORTED, "does not tell when"),
        (b"[" * 100_000, Reason.UNEXPECTED, "nothing of a registration"),
    ],
)
async def test_nonsense_is_told(body: bytes, reason: Reason, said: str) -> None:
    """Whatever a registry says."""
    async with staged({"/domain/example.com": answer(body)}) as stage:
        outcome = await stage.probe()
    assert outcome.reason is reason
    assert said in outcome.message


async def test_the_certificate_of_a_registry_is_not_the_domains(tmp_path: Path) -> None:
    """What ends is the registration; that a registry is not trusted is told."""
    async with serving(Registry({}), Authority(tmp_path).server()) as far_end, staged({}) as stage:
        outcome = await stage.probe("example.com", f"https://localhost:{far_end.port}")
    assert (outcome.reason, outcome.certificate) == (Reason.CERTIFICATE_INVALID, None)


async def test_redirects_lead_to_the_right_registry() -> None:
    """As servers do that know which one it is."""
    async with staged({"/domain/example.com": redirect("/other"), "/other": registered()}) as stage:
        outcome = await stage.probe()
    assert (outcome.ok, outcome.redirects) == (True, 1)


@pytest.mark.parametrize("domain", ["", "localhost", "10.0.0.1", "a b.example", "exa_mple..com", "http://"])
async def test_what_is_no_domain_is_told(domain: str) -> None:
    """And nobody is asked."""
    async with staged({}) as stage:
        assert (await stage.probe(domain)).reason is Reason.BAD_TARGET
        assert (await stage.probe("example.com", "nonsense")).message.startswith("server: ")
        assert stage.registry.asked == []


async def test_a_list_that_hangs_costs_the_timeout_alone() -> None:
    """As anything that is asked."""
    async with hanging() as far_end:
        exchanges = Exchanges(Policy())
        prober = DomainProber(exchanges, ManualClock(), f"{far_end.url}/dns.json")
        definition = Definition(name="it", url="example.com", options=Domain())
        outcome = await prober.probe(Attempt(definition, 0.2))
        exchanges.close()
    assert (outcome.reason, "list of RDAP servers" in outcome.message) == (Reason.TIMED_OUT, True)
