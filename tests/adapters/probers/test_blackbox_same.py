"""The same targets asked by blackbox_exporter: equal verdicts, equal figures, the same phase where time goes."""

import asyncio
import gzip
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from tests.adapters.probers import blackbox
from tests.adapters.probers.blackbox import Blackbox, Metrics
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.far_ends import (
    FarEnd,
    Serve,
    answer,
    answering,
    port_of_nobody,
    redirect,
    serving,
    silent,
    take_time,
)
from tests.adapters.probers.health_server import health_server

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.guard import Policy
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.probers.http import HttpProber
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.application.probe import Probe
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import Http, TlsTrust
from sightline.domain.probes.outcome import Outcome
from sightline.domain.probes.series import CheckSeries
from sightline.domain.tenancy import LOCAL
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio

PHASE: Final = re.compile(r'probe_http_duration_seconds\{phase="(\w+)"\}')
DELAY: Final = 0.5
"""Seconds that a far end takes its time in one phase: longer than anything else takes on a busy machine."""
SHORT: Final = 0.5
"""Seconds that both have for a far end that hangs."""
GRPC: Final = {"Content-Type": "application/grpc", "TE": "trailers"}
NOTHING: Final = "\0" * 5
"""An empty message of gRPC."""
BAD_GZIP: Final = answer(b"this is no gzip", "200 OK", "Content-Encoding: gzip")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that both trust."""
    return Authority(tmp_path_factory.mktemp("authority"))


def modules(authority: Authority) -> Mapping[str, Any]:
    """What the exporter is told."""

    def http(seconds: float = 20, **further: Any) -> dict[str, Any]:
        trust = {"preferred_ip_protocol": "ip4", "tls_config": {"ca_file": authority.ca_file}}
        return {"prober": "http", "timeout": f"{seconds}s", "http": {**trust, **further}}

    return {
        "plain": http(),
        "short": http(SHORT),
        "gzip": http(compression="gzip", headers={"Accept-Encoding": "gzip"}),
        "grpc": http(method="POST", headers=GRPC, body=NOTHING),
        "unfollowed": http(follow_redirects=False),
        "head": http(method="HEAD"),
    }


@pytest.fixture(scope="module")
def peer(
    require_binary: Callable[[str, str], str], authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Blackbox]:
    """Debian's, for all targets."""
    program = require_binary("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    with blackbox.running(program, tmp_path_factory.mktemp("blackbox"), modules(authority)) as found:
        yield found


class Both:
    """Asks the same of both."""

    def __init__(self, prober: HttpProber, peer: Blackbox, authority: Authority) -> None:
        self._prober = prober
        self._peer = peer
        self._authority = authority

    async def ours(self, url: str, module: str = "plain", **options: Any) -> Outcome:
        """Our prober's outcome."""
        tls = TlsTrust(ca_file=self._authority.ca_file)
        definition = Definition(name="it", url=url, options=Http(tls=tls, ip_version="4", **options))
        return await self._prober.probe(Attempt(definition, SHORT if module == "short" else 20))

    async def theirs(self, url: str, module: str = "plain") -> Metrics:
        """What the exporter tells; its targets live in our loop."""
        return await asyncio.to_thread(self._peer.probe, module, url)

    async def __call__(self, url: str, module: str = "plain", **options: Any) -> tuple[Outcome, Metrics]:
        """One probe each."""
        return await self.ours(url, module, **options), await self.theirs(url, module)

    async def assert_same_series(self, url: str) -> None:
        """What is no time has the same value, under the same name."""
        check = Check(1, Definition(name="it", url=url, options=Http(ip_version="4")), 0, 0)
        probe = Probe({"http": self._prober}, SystemClock(), MemoryTelemetry(), "0".__mul__, lambda _: None)
        result = await probe.once(LOCAL.tenant, check, Judge.of(check.definition))
        told = {labels.name: value for labels, value in CheckSeries(check, "here").samples(result)}
        seen = await self.theirs(url)
        names = {name for name in told if not name.endswith("_seconds")}
        assert names >= {"probe_http_content_length", "probe_http_uncompressed_body_length"}
        assert {name: told[name] for name in names} == {name: seen[name] for name in names}


@pytest.fixture
async def both(peer: Blackbox, authority: Authority) -> AsyncIterator[Both]:
    """The prober, as the program has it, and the exporter."""
    exchanges = Exchanges(Policy())
    yield Both(HttpProber(exchanges), peer, authority)
    exchanges.close()


def is_well(outcome: Outcome) -> bool:
    """What the exporter takes for a success."""
    return outcome.ok and outcome.status is not None and 200 <= outcome.status < 300


def assert_same(outcome: Outcome, values: Metrics) -> None:
    """Verdict and figures of an exchange that took place."""
    assert is_well(outcome) == bool(values["probe_success"])
    assert (outcome.status or 0) == values["probe_http_status_code"]
    assert outcome.redirects == values["probe_http_redirects"]
    assert float(outcome.version or 0) == values["probe_http_version"]
    assert outcome.size == values["probe_http_uncompressed_body_length"]
    assert outcome.facts["content_length"] == values["probe_http_content_length"]
    assert (outcome.certificate is not None) == bool(values["probe_http_ssl"])
    if outcome.certificate is not None:
        assert outcome.certificate.expires_at / 1_000 == values["probe_ssl_earliest_cert_expiry"]
        assert f'probe_tls_version_info{{version="{outcome.certificate.version}"}}' in values


@pytest.mark.parametrize(
    "answers",
    [
        (answer(b"hello"),),
        (answer(b"hello" * 10_000),),
        (answer(b"gone", "404 Not Found"),),
        (answer(b"", "500 Oops"),),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold",),
        (redirect("/b"), redirect("/c", "301 Moved"), answer(b"there")),
        (redirect("/b", "307 Temporary"), answer(b"gone", "404 Not Found")),
        (redirect("/b", "303 See\r\nSet-Cookie: a=1"), answer(b"there")),
        (answer(b"", "302 Found"),),
    ],
)
async def test_answers_are_the_same(both: Both, answers: tuple[bytes, ...]) -> None:
    """Status, redirects, version, length and verdict; each has a server of its own, as answers come in order."""
    async with serving(answering(*answers)) as ours, serving(answering(*answers)) as theirs:
        assert_same(await both.ours(ours.url), await both.theirs(theirs.url))


HEAD: Final = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("far_answer", "module"),
    [
        (HEAD + CHUNKED, "plain"),
        (HEAD + b"\r\nhello", "plain"),
        (answer(gzip.compress(b"hello" * 100), "200 OK", "Content-Encoding: gzip"), "gzip"),
        (HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "plain"),
        (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "plain"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", "plain"),
        (HEAD + b"Content-Length: 5\r\n\r\n", "head"),
        (HEAD + b"\r\n", "head"),
        (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "head"),
    ],
)
async def test_lengths_are_the_same(both: Both, far_answer: bytes, module: str) -> None:
    """What an answer announces, -1 where it does not, and what came of it once it was unpacked."""
    async with serving(answering(far_answer)) as far_end:
        assert_same(*await both(far_end.url, module, method="HEAD" if module == "head" else "GET"))


async def test_series_have_the_same_values(both: Both) -> None:
    """Of all that both have; who was not reached at all has no length."""
    async with serving(answering(HEAD + CHUNKED)) as far_end:
        await both.assert_same_series(far_end.url)
    await both.assert_same_series(f"http://127.0.0.1:{port_of_nobody()}/")


class TestOverTls:
    """Certificates."""

    @pytest.mark.parametrize("days", [3, 90])
    async def test_good_certificates_are_the_same(self, both: Both, authority: Authority, days: int) -> None:
        """Expiry and version."""
        async with serving(answering(answer(b"hello")), authority.server(days=days)) as far_end:
            assert_same(*await both(f"https://localhost:{far_end.port}/"))

    @pytest.mark.parametrize("server", [{"days": -3}, {"began": -3}, {"name": "other.example", "address": ""}])
    async def test_bad_certificates_are_down_for_both(
        self, both: Both, authority: Authority, server: dict[str, Any]
    ) -> None:
        """Expired, too early, and of another name."""
        async with serving(answering(answer(b"hello")), authority.server(**server)) as far_end:
            outcome, seen = await both(f"https://localhost:{far_end.port}/")
        assert (is_well(outcome), seen["probe_success"]) == (False, 0)

    async def test_http_2_is_spoken_by_both(self, both: Both, authority: Authority) -> None:
        """Where a server offers it, as one of gRPC does."""
        async with health_server(certificate=authority.signed()) as far_end:
            url = f"https://localhost:{far_end.port}/grpc.health.v1.Health/Check"
            outcome, seen = await both(url, "grpc", method="POST", headers=GRPC, body=NOTHING)
        assert_same(outcome, seen)
        assert (outcome.status, outcome.version) == (200, "2")


@pytest.mark.parametrize(
    ("serve", "module"),
    [
        (answering(redirect("/")), "plain"),
        (answering(redirect("file:///etc/passwd")), "plain"),
        (answering(redirect("/b")), "unfollowed"),
        (answering(b""), "plain"),
        (answering(b"SSH-2.0-OpenSSH\r\n"), "plain"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), "plain"),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "plain"),
        (answering(BAD_GZIP), "gzip"),
        (silent, "short"),
    ],
)
async def test_what_fails_fails_for_both(both: Both, serve: Serve, module: str) -> None:
    """Loops, broken answers and silence."""
    async with serving(serve) as far_end:
        outcome, seen = await both(far_end.url, module, follow_redirects=module != "unfollowed")
    assert (is_well(outcome), seen["probe_success"]) == (False, 0)


async def test_where_nobody_listens_is_down_for_both(both: Both) -> None:
    """Nothing there, and no such name."""
    for url in (f"http://127.0.0.1:{port_of_nobody()}/", "http://[::1/", "http://127.0.0.1:99999/"):
        outcome, seen = await both(url)
        assert (is_well(outcome), seen["probe_success"]) == (False, 0)


async def slow_to_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Thinks first."""
    await reader.readuntil(b"\r\n\r\n")
    await take_time(reader, DELAY)
    writer.write(answer(b"hello"))


async def slow_to_finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins at once, with more than the buffers on the way hold: whoever asks reads by the time it is sent."""
    await reader.readuntil(b"\r\n\r\n")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    writer.transport.set_write_buffer_limits(0)
    writer.write(answer(b"." * 1_000_000)[:-1])
    await writer.drain()
    await take_time(reader, DELAY)
    writer.write(b".")


async def slow_to_redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Thinks each of two times."""
    head = await reader.readuntil(b"\r\n\r\n")
    await take_time(reader, DELAY / 2)
    writer.write(redirect("/b") if b" / " in head else answer(b"hello"))


@asynccontextmanager
async def slow_to_secure(context: ssl.SSLContext) -> AsyncIterator[FarEnd]:
    """Takes its time once the handshake has begun; in a thread, as streams read ahead of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        far_end = FarEnd(listening.getsockname()[1])

        def serve() -> None:
            for _ in range(2):
                plain, _ = listening.accept()
                plain.recv(1, socket.MSG_PEEK)  # whoever asks is in its handshake by now, not still connecting
                busy.wait(DELAY)
                with context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(65_536)
                    secure.sendall(answer(b"hello"))

        busy = threading.Event()  # never set: it takes its time
        thread = threading.Thread(target=serve)
        thread.start()
        yield far_end
        await asyncio.to_thread(thread.join)


@pytest.mark.parametrize(
    ("serve", "phase"),
    [(slow_to_answer, "processing"), (slow_to_redirect, "processing"), (slow_to_finish, "transfer")],
)
async def test_time_goes_into_the_same_phase(both: Both, serve: Serve, phase: str) -> None:
    """Where a far end takes its time both see it, and nowhere else as much; redirects are added up."""
    async with serving(serve) as far_end:
        assert_same_phase(*await both(f"http://localhost:{far_end.port}/"), phase)


async def test_time_in_a_handshake_goes_into_the_same_phase(both: Both, authority: Authority) -> None:
    """TLS is apart from connecting and from the answer."""
    async with slow_to_secure(authority.server()) as far_end:
        assert_same_phase(*await both(f"https://localhost:{far_end.port}/"), "tls")


def assert_same_phase(outcome: Outcome, seen: Metrics, phase: str) -> None:
    """Most of the time went into one phase, and all of the delay."""
    theirs = {found[1]: value for name, value in seen.items() if (found := PHASE.fullmatch(name))}
    assert is_well(outcome)
    assert seen["probe_success"] == 1
    for phases in ({str(one): seconds for one, seconds in outcome.phases}, theirs):
        assert phases[phase] >= DELAY * 0.99  # a sleep may end a clock's tick too early
        assert max(phases, key=lambda one: phases[one]) == phase
