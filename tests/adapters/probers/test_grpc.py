"""Health of gRPC servers, against the library's own server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.far_ends import FarEnd, answer, answering, serving
from tests.adapters.probers.health_server import NOT_SERVING, SERVING, health_server

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.guard import Policy
from sightline.adapters.outbound.probers.grpc import GrpcProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Grpc, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio

STATES = {
    "": SERVING,
    "orders": SERVING,
    "n" * 300: SERVING,
    "carts": NOT_SERVING,
    "new": 0,
    "odd": b"\x08",
    "shut": grpc.StatusCode.UNAVAILABLE,
    "closed": grpc.StatusCode.PERMISSION_DENIED,
    "broken": grpc.StatusCode.INTERNAL,
    "slow": grpc.StatusCode.DEADLINE_EXCEEDED,
}


@pytest.fixture
async def prober() -> AsyncIterator[GrpcProber]:
    """It lets go of its connections in the end."""
    exchanges = Exchanges(Policy())
    yield GrpcProber(exchanges)
    exchanges.close()


async def probe(prober: GrpcProber, far_end: FarEnd, url: str = "127.0.0.1:{port}", **options: Any) -> Outcome:
    """Try once."""
    definition = Definition(name="it", url=url.format(port=far_end.port), options=Grpc(**options))
    async with asyncio.timeout(60):
        return await prober.probe(Attempt(definition, 10, "00-trace"))


@pytest.mark.parametrize(
    ("service", "reason", "status", "said"),
    [
        ("", Reason.OK, 0, ""),
        ("orders", Reason.OK, 0, ""),
        ("n" * 300, Reason.OK, 0, ""),
        ("carts", Reason.NOT_SERVING, 0, "carts of 127.0.0.1"),
        ("new", Reason.NOT_SERVING, 0, "UNKNOWN"),
        ("odd", Reason.PROTOCOL, 0, "no state of health"),
        ("none", Reason.NOT_SERVING, 5, "knows no service 'none'"),
        ("shut", Reason.NOT_SERVING, 14, "not available"),
        ("closed", Reason.AUTHENTICATION, 7, "metadata"),
        ("broken", Reason.UNEXPECTED, 13, "code 13"),
        ("slow", Reason.TIMED_OUT, 4, "in phase processing"),
    ],
)
async def test_what_a_server_says_is_told(
    prober: GrpcProber, service: str, reason: Reason, status: int, said: str
) -> None:
    """Its state, or the code of gRPC that it gives instead."""
    async with health_server(STATES) as far_end:
        outcome = await probe(prober, far_end, service=service)
    assert (outcome.reason, outcome.status, outcome.version) == (reason, status, "2")
    assert said in outcome.message
    serving = {"": "SERVING", "orders": "SERVING", "n" * 300: "SERVING", "carts": "NOT_SERVING", "new": "UNKNOWN"}
    assert outcome.facts.get("serving") == serving.get(service)
    assert {Phase.CONNECT, Phase.PROCESSING} <= {phase for phase, _ in outcome.phases}


async def test_metadata_is_sent(prober: GrpcProber) -> None:
    """And what is needed and not sent is told."""
    async with health_server(token="hush") as far_end:
        assert (await probe(prober, far_end, metadata={"x-key": "hush"})).ok
        refused = await probe(prober, far_end, metadata={"x-key": "hushed"})
    assert refused.reason is Reason.AUTHENTICATION
    assert "hush" not in repr(refused)


async def test_a_server_without_health_is_told(prober: GrpcProber) -> None:
    """One that does not offer the service, one that speaks HTTP 2 alone, and one that speaks HTTP 1."""
    async with health_server({}) as far_end:
        assert "does not offer" in (await probe(prober, far_end)).message
    async with serving(answering(answer())) as far_end:
        assert (await probe(prober, far_end)).reason is Reason.PROTOCOL


@pytest.mark.parametrize("url", ["127.0.0.1:{port}", "grpc://127.0.0.1:{port}", "localhost:{port}/"])
async def test_addresses_are_written_in_several_ways(prober: GrpcProber, url: str) -> None:
    """With and without the scheme."""
    async with health_server() as far_end:
        assert (await probe(prober, far_end, url)).ok


async def test_tls_is_verified(prober: GrpcProber, tmp_path: Path) -> None:
    """The certificate is told, and must be one that is trusted."""
    authority = Authority(tmp_path)
    async with health_server(certificate=authority.signed(days=10)) as far_end:
        outcome = await probe(prober, far_end, tls=TlsTrust(ca_file=authority.ca_file))
        refused = await probe(prober, far_end, tls=TlsTrust())
        unverified = await probe(prober, far_end, tls=TlsTrust(verify=False))
    assert outcome.ok
    assert outcome.certificate is not None
    assert Phase.TLS in dict(outcome.phases)
    assert refused.reason is Reason.CERTIFICATE_INVALID
    assert unverified.ok


async def test_expired_certificates_are_told(prober: GrpcProber, tmp_path: Path) -> None:
    """As with HTTP."""
    authority = Authority(tmp_path)
    async with health_server(certificate=authority.signed(days=-1)) as far_end:
        outcome = await probe(prober, far_end, tls=TlsTrust(ca_file=authority.ca_file))
    assert outcome.reason is Reason.CERTIFICATE_EXPIRED
