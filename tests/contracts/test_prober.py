"""What every prober promises, proven on each.

A kind of check is a row in KINDS: how its prober is made, how a check of it is written for a host and port, and a far end that
answers it well.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple

import psutil
import pytest
from tests.adapters.probers import dialled
from tests.adapters.probers.far_ends import FarEnd, answer, answering, hanging, port_of_nobody, serving, switching
from tests.adapters.probers.health_server import health_server
from tests.adapters.probers.name_server import name_server

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.guard import Policy, networks
from sightline.adapters.network.names import Names
from sightline.adapters.outbound.probers.domain import DomainProber
from sightline.adapters.outbound.probers.grpc import GrpcProber
from sightline.adapters.outbound.probers.http import HttpProber
from sightline.adapters.outbound.probers.websocket import WebSocketProber
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Domain, Grpc, Http, WebSocket
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.ports.prober import Attempt, Prober

pytestmark = pytest.mark.anyio

HUSH: Final = dialled.HUSH
"""The secret of every row that has one: wherever its kind may be given one."""
BOUND: Final = 30
"""Seconds that nothing here takes, unless it hangs."""
NOWHERE: Final = (
    "",
    "\x00",
    "a b",
    "://",
    "[::1",
    "http://",
    "x" * 5_000,
    "ünï\n\r",
    "host:99999999",
    "http://user:hush@[/",
)


class Kind(NamedTuple):
    """One kind of check.

    open: its prober, for what a policy allows. write: a check of a host and port, with HUSH in it where the kind knows secrets.
    well: a far end that answers such a check well. hangs: whether a far end that never answers can be met at its port. is_denied:
    whether its prober connects to what a check names, and so may be kept from it.
    """

    open: Callable[[Policy], AbstractAsyncContextManager[Prober]]
    write: Callable[[str, int], Definition]
    well: Callable[[], AbstractAsyncContextManager[FarEnd]]
    hangs: bool = True
    is_denied: bool = True


@asynccontextmanager
async def exchanging(policy: Policy) -> AsyncIterator[Exchanges]:
    """Exchanges over HTTP; names are asked of a server that knows none."""
    async with name_server({}) as server:
        exchanges = Exchanges(policy, Names(servers=(server.address,)))
        yield exchanges
        exchanges.close()


@asynccontextmanager
async def http_prober(policy: Policy) -> AsyncIterator[Prober]:
    """Its handles are let go of in the end."""
    async with exchanging(policy) as exchanges:
        yield HttpProber(exchanges)


def http(host: str, port: int) -> Definition:
    """With secrets in the URL, a header and the body."""
    options = Http(method="POST", headers={"X-Key": HUSH}, body=HUSH)
    return Definition(name="http", url=f"http://admin:{HUSH}@{host}:{port}/", options=options)


@asynccontextmanager
async def websocket_prober(policy: Policy) -> AsyncIterator[Prober]:
    """Likewise."""
    async with exchanging(policy) as exchanges:
        yield WebSocketProber(exchanges)


def websocket(host: str, port: int) -> Definition:
    """With secrets in the URL, a header and what is sent."""
    options = WebSocket(headers={"X-Key": HUSH}, send=HUSH)
    return Definition(name="websocket", url=f"ws://admin:{HUSH}@{host}:{port}/", options=options)


@asynccontextmanager
async def grpc_prober(policy: Policy) -> AsyncIterator[Prober]:
    """Likewise."""
    async with exchanging(policy) as exchanges:
        yield GrpcProber(exchanges)


def grpc(host: str, port: int) -> Definition:
    """With a secret in its metadata."""
    return Definition(name="grpc", url=f"{host}:{port}", options=Grpc(metadata={"x-key": HUSH}))


@asynccontextmanager
async def domain_prober(policy: Policy) -> AsyncIterator[Prober]:
    """Likewise."""
    async with exchanging(policy) as exchanges:
        yield DomainProber(exchanges, SystemClock())


def domain(host: str, port: int) -> Definition:
    """With a secret in the address of the server."""
    return Definition(name="domain", url="example.org", options=Domain(server=f"http://admin:{HUSH}@{host}:{port}/"))


REGISTERED: Final = b'{"events": [{"eventAction": "expiration", "eventDate": "2030-01-01T00:00:00Z"}]}'

KINDS: dict[str, Kind] = {
    **{name: Kind(open_, write, well, hangs=name != "icmp") for name, (open_, write, well) in dialled.KINDS.items()},
    "http": Kind(http_prober, http, lambda: serving(answering(answer()))),
    "websocket": Kind(websocket_prober, websocket, lambda: serving(switching)),
    "grpc": Kind(grpc_prober, grpc, health_server),
    "domain": Kind(domain_prober, domain, lambda: serving(answering(answer(REGISTERED)))),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind in turn."""
    return KINDS[request.param]


@pytest.fixture
async def prober(kind: Kind) -> AsyncIterator[Prober]:
    """Its prober, as the program has it."""
    async with kind.open(Policy(setting="checks.allow_addresses", deny_setting="checks.deny_addresses")) as found:
        yield found


async def probe(prober: Prober, definition: Definition, seconds: float = 10) -> Outcome:
    """Try once; a prober that takes for ever fails the test."""
    async with asyncio.timeout(BOUND):
        return await prober.probe(Attempt(definition, seconds))


def with_url(definition: Definition, url: str) -> Definition:
    """The same check of something else."""
    return Definition(name=definition.name, url=url, options=definition.options)


async def test_a_prober_says_what_it_probes(kind: Kind, prober: Prober) -> None:
    """Its kinds have the names that definitions have."""
    assert kind.write("127.0.0.1", 1).kind in prober.kinds


async def test_what_is_well_is_well(kind: Kind, prober: Prober) -> None:
    """An exchange that takes place is OK, needs no words, and took some time, no more of it in phases than in all."""
    async with kind.well() as far_end:
        outcome = await probe(prober, kind.write("127.0.0.1", far_end.port))
    assert (outcome.reason, outcome.message) == (Reason.OK, "")
    assert outcome.address in {"127.0.0.1", ""}
    assert all(seconds >= 0 for _, seconds in outcome.phases)
    assert 0 < sum(seconds for _, seconds in outcome.phases) <= outcome.seconds + 0.001


async def test_a_name_is_as_good_as_an_address(kind: Kind, prober: Prober) -> None:
    """What a name leads to is probed."""
    async with kind.well() as far_end:
        outcome = await probe(prober, kind.write("localhost", far_end.port))
    assert outcome.reason is Reason.OK


async def test_what_never_answers_ends_in_time(kind: Kind, prober: Prober) -> None:
    """A far end that takes what is sent and says nothing costs the timeout, and the message says that."""
    if not kind.hangs:
        pytest.skip("nothing at a port of ours can hang it")
    async with hanging() as far_end:
        outcome = await probe(prober, kind.write("127.0.0.1", far_end.port), 0.2)
    assert outcome.reason is Reason.TIMED_OUT
    assert "0.2 s" in outcome.message


async def test_where_nobody_listens_is_told(kind: Kind, prober: Prober) -> None:
    """Nobody there is a reason of its own where the protocol tells, and no answer where it does not."""
    if not kind.hangs:
        pytest.skip("it has no port")
    outcome = await probe(prober, kind.write("127.0.0.1", port_of_nobody()), 0.5)
    assert outcome.reason in {Reason.REFUSED, Reason.TIMED_OUT}
    assert outcome.message


async def test_a_name_that_is_none_is_told(kind: Kind, prober: Prober) -> None:
    """A name that leads nowhere is a failed lookup, and no more than that."""
    outcome = await probe(prober, kind.write("nobody-is-here.invalid", 1), 2)
    assert outcome.reason in {Reason.DNS_FAILED, Reason.TIMED_OUT}
    assert "nobody-is-here.invalid" in outcome.message


@pytest.mark.parametrize("url", NOWHERE)
async def test_what_is_no_target_is_told(kind: Kind, prober: Prober, url: str) -> None:
    """A check of nothing sensible has an outcome like any other."""
    outcome = await probe(prober, with_url(kind.write("127.0.0.1", 1), url), 0.5)
    assert not outcome.ok
    assert outcome.reason is not Reason.DEFECT
    assert outcome.message
    assert "hush" not in repr(outcome)


async def test_cancellation_leaves_nothing_open(kind: Kind, prober: Prober) -> None:
    """A probe that is given up closes what it has opened at once."""
    if not kind.hangs:
        pytest.skip("nothing at a port of ours can hang it")
    async with kind.well() as far_end:
        await probe(prober, kind.write("127.0.0.1", far_end.port))  # what is kept for all probes is there now
    async with hanging() as far_end, asyncio.timeout(BOUND):
        before = psutil.Process().num_fds()
        attempt = Attempt(kind.write("127.0.0.1", far_end.port), BOUND)
        probes = [asyncio.create_task(prober.probe(attempt)) for _ in range(5)]
        await far_end.came.wait()
        for each in probes:
            each.cancel()
        ends = await asyncio.gather(*probes, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError] * 5
        await far_end.left.wait()
        assert psutil.Process().num_fds() <= before


async def test_those_that_hang_hold_up_nobody(kind: Kind, prober: Prober) -> None:
    """While many probes wait for what never answers, another one is answered."""
    if not kind.hangs:
        pytest.skip("nothing at a port of ours can hang it")
    async with hanging() as dead, kind.well() as alive, asyncio.timeout(BOUND):
        waiting = [
            asyncio.create_task(prober.probe(Attempt(kind.write("127.0.0.1", dead.port), BOUND))) for _ in range(100)
        ]
        await dead.came.wait()
        outcome = await prober.probe(Attempt(kind.write("127.0.0.1", alive.port), BOUND))
        assert outcome.reason is Reason.OK
        assert not any(each.done() for each in waiting)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
async def test_metadata_is_not_asked(kind: Kind, prober: Prober, host: str) -> None:
    """Addresses of clouds' metadata are not connected to, and the message names the setting that would allow it."""
    if not kind.is_denied:
        pytest.skip("it connects to nothing that a check names")
    outcome = await probe(prober, kind.write(host, 80), 2)
    assert outcome.reason is Reason.ADDRESS_DENIED
    assert "checks.allow_addresses" in outcome.message


async def test_what_is_denied_is_not_asked_under_a_name_either(kind: Kind) -> None:
    """The address that a name leads to is what counts; what is allowed beside it is asked."""
    if not kind.is_denied:
        pytest.skip("it connects to nothing that a check names")
    denied = networks(["127.0.0.0/8", "::1"], "checks.deny_addresses")
    policy = Policy(denied=denied, setting="checks.allow_addresses", deny_setting="checks.deny_addresses")
    async with kind.well() as far_end:
        async with kind.open(policy) as prober:
            outcome = await probe(prober, kind.write("localhost", far_end.port))
        assert outcome.reason is Reason.ADDRESS_DENIED
        assert "checks.deny_addresses" in outcome.message
        assert not far_end.came.is_set()
        allowed = Policy(allowed=networks(["127.0.0.1"], "checks.allow_addresses"), denied=denied)
        async with kind.open(allowed) as prober:
            assert (await probe(prober, kind.write("127.0.0.1", far_end.port))).reason is Reason.OK


async def test_secrets_are_not_told(kind: Kind, prober: Prober) -> None:
    """Whatever comes of a probe, its secrets are not in it."""
    async with kind.well() as well, hanging() as dead:
        ports = (well.port, dead.port, port_of_nobody())
        outcomes = [await probe(prober, kind.write("127.0.0.1", port), 0.2) for port in ports]
    outcomes.append(await probe(prober, kind.write("nobody-is-here.invalid", 1), 0.2))
    assert HUSH not in repr(outcomes)
