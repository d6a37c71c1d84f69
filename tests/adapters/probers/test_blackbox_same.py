"""The same targets asked by blackbox_exporter: equal verdicts, equal figures, the same phase where time goes."""

import asyncio
import re
import socket
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest
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
from sightline.adapters.outbound.probers.http import HttpProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Http, TlsTrust
from sightline.domain.probes.outcome import Outcome
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio

_SAMPLE: Final = re.compile(r"^(probe_\w+)(?:\{(\w+)=\"([^\"]*)\"\})? (\S+)$", re.MULTILINE)
DELAY: Final = 0.5
"""Seconds that a far end takes its time in one phase: longer than anything else takes on a busy machine."""
SHORT: Final = 0.5
"""Seconds that both have for a far end that hangs."""
GRPC: Final = {"Content-Type": "application/grpc", "TE": "trailers"}
NOTHING: Final = r"\0\0\0\0\0"
"""An empty message of gRPC, as YAML has it."""
BAD_GZIP: Final = answer(b"this is no gzip", "200 OK", "Content-Encoding: gzip")


class Seen(NamedTuple):
    """What the exporter tells: values by name, by phase for `probe_http_duration_seconds`, and the TLS version."""

    values: dict[str, float]
    phases: dict[str, float]
    tls: str


class Exporter:
    """A running blackbox_exporter."""

    def __init__(self, port: int, authority: Authority) -> None:
        self.port = port
        self.authority = authority

    async def probe(self, url: str, module: str) -> Seen:
        """Have it ask."""
        query = urlencode({"target": url, "module": module})
        return await asyncio.to_thread(self._fetch, f"http://127.0.0.1:{self.port}/probe?{query}")

    @staticmethod
    def _fetch(url: str) -> Seen:
        with urllib.request.urlopen(url, timeout=30) as response:
            samples = _SAMPLE.findall(response.read().decode())
        values = {name: float(value) for name, label, _, value in samples if not label}
        phases = {of: float(value) for name, _, of, value in samples if name == "probe_http_duration_seconds"}
        return Seen(values, phases, next((of for name, _, of, _ in samples if name == "probe_tls_version_info"), ""))


@pytest.fixture(scope="module")
def exporter(require_binary: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """One for all targets; it trusts the authority of the tests."""
    program = require_binary("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    folder = tmp_path_factory.mktemp("blackbox")
    authority, port = Authority(folder), port_of_nobody()
    config = folder / "blackbox.yml"
    http = f"{{preferred_ip_protocol: ip4, tls_config: {{ca_file: {authority.ca_file}}}"
    modules = {
        "plain": f"{{prober: http, timeout: 20s, http: {http}}}}}",
        "short": f"{{prober: http, timeout: {SHORT}s, http: {http}}}}}",
        "gzip": f"{{prober: http, timeout: 20s, http: {http}, compression: gzip, headers: {{Accept-Encoding: gzip}}}}}}",
        "grpc": f'{{prober: http, timeout: 20s, http: {http}, method: POST, headers: {GRPC}, body: "{NOTHING}"}}}}',
        "unfollowed": f"{{prober: http, timeout: 20s, http: {http}, follow_redirects: false}}}}",
    }
    config.write_text("modules:\n" + "".join(f"  {name}: {text}\n" for name, text in modules.items()))
    arguments = [program, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any("Listening on" in line or "TLS is disabled" in line for line in process.stderr)
            yield Exporter(port, authority)
        finally:
            process.terminate()


class Both:
    """Asks the same of both."""

    def __init__(self, prober: HttpProber, exporter: Exporter) -> None:
        self._prober = prober
        self._exporter = exporter

    async def ours(self, url: str, module: str = "plain", **options: Any) -> Outcome:
        """Our prober's outcome."""
        tls = TlsTrust(ca_file=self._exporter.authority.ca_file)
        definition = Definition(name="it", url=url, options=Http(tls=tls, ip_version="4", **options))
        return await self._prober.probe(Attempt(definition, SHORT if module == "short" else 20))

    async def theirs(self, url: str, module: str = "plain") -> Seen:
        """What the exporter tells."""
        return await self._exporter.probe(url, module)

    async def __call__(self, url: str, module: str = "plain", **options: Any) -> tuple[Outcome, Seen]:
        """One probe each."""
        return await self.ours(url, module, **options), await self.theirs(url, module)


@pytest.fixture
async def both(exporter: Exporter) -> AsyncIterator[Both]:
    """The prober, as the program has it, and the exporter."""
    exchanges = Exchanges(Policy())
    yield Both(HttpProber(exchanges), exporter)
    exchanges.close()


def is_well(outcome: Outcome) -> bool:
    """What the exporter takes for a success."""
    return outcome.ok and outcome.status is not None and 200 <= outcome.status < 300


def assert_same(outcome: Outcome, seen: Seen) -> None:
    """Verdict and figures of an exchange that took place."""
    values = seen.values
    assert is_well(outcome) == bool(values["probe_success"])
    assert (outcome.status or 0) == values["probe_http_status_code"]
    assert outcome.redirects == values["probe_http_redirects"]
    assert float(outcome.version or 0) == values["probe_http_version"]
    assert outcome.size == values["probe_http_uncompressed_body_length"]
    assert (outcome.certificate is not None) == bool(values["probe_http_ssl"])
    length = {name.lower(): value for name, value in outcome.headers}.get("content-length")
    assert float(length or -1) == values["probe_http_content_length"]
    if outcome.certificate is not None:
        assert outcome.certificate.expires_at / 1_000 == values["probe_ssl_earliest_cert_expiry"]
        assert outcome.certificate.version == seen.tls


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


class TestOverTls:
    """Certificates."""

    @pytest.mark.parametrize("days", [3, 90])
    async def test_good_certificates_are_the_same(self, both: Both, exporter: Exporter, days: int) -> None:
        """Expiry and version."""
        async with serving(answering(answer(b"hello")), exporter.authority.server(days=days)) as far_end:
            assert_same(*await both(f"https://localhost:{far_end.port}/"))

    @pytest.mark.parametrize("server", [{"days": -3}, {"began": -3}, {"name": "other.example", "address": ""}])
    async def test_bad_certificates_are_down_for_both(
        self, both: Both, exporter: Exporter, server: dict[str, Any]
    ) -> None:
        """Expired, too early, and of another name."""
        async with serving(answering(answer(b"hello")), exporter.authority.server(**server)) as far_end:
            outcome, seen = await both(f"https://localhost:{far_end.port}/")
        assert (is_well(outcome), seen.values["probe_success"]) == (False, 0)

    async def test_http_2_is_spoken_by_both(self, both: Both, exporter: Exporter) -> None:
        """Where a server offers it, as one of gRPC does."""
        async with health_server(certificate=exporter.authority.signed()) as far_end:
            url = f"https://localhost:{far_end.port}/grpc.health.v1.Health/Check"
            outcome, seen = await both(url, "grpc", method="POST", headers=GRPC, body="\0" * 5)
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
    assert (is_well(outcome), seen.values["probe_success"]) == (False, 0)


async def test_where_nobody_listens_is_down_for_both(both: Both) -> None:
    """Nothing there, and no such name."""
    for url in (f"http://127.0.0.1:{port_of_nobody()}/", "http://[::1/", "http://127.0.0.1:99999/"):
        outcome, seen = await both(url)
        assert (is_well(outcome), seen.values["probe_success"]) == (False, 0)


async def slow_to_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Thinks first."""
    await reader.readuntil(b"\r\n\r\n")
    await take_time(reader, DELAY)
    writer.write(answer(b"hello"))


async def slow_to_finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins at once."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer(b"hello")[:-1])
    await writer.drain()
    await take_time(reader, DELAY)
    writer.write(b"o")


async def slow_to_redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Thinks each of two times."""
    head = await reader.readuntil(b"\r\n\r\n")
    await take_time(reader, DELAY / 2)
    writer.write(redirect("/b") if b" / " in head else answer(b"hello"))


@asynccontextmanager
async def slow_to_secure(context: ssl.SSLContext) -> AsyncIterator[FarEnd]:
    """Connects at once, and then waits before the handshake; in a thread, as streams read ahead of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        far_end = FarEnd(listening.getsockname()[1])

        def serve() -> None:
            for _ in range(2):
                plain, _ = listening.accept()
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


async def test_time_in_a_handshake_goes_into_the_same_phase(both: Both, exporter: Exporter) -> None:
    """TLS is apart from connecting and from the answer."""
    async with slow_to_secure(exporter.authority.server()) as far_end:
        assert_same_phase(*await both(f"https://localhost:{far_end.port}/"), "tls")


def assert_same_phase(outcome: Outcome, seen: Seen, phase: str) -> None:
    """Most of the time went into one phase, and all of the delay."""
    assert is_well(outcome)
    assert seen.values["probe_success"] == 1
    for phases in ({str(one): seconds for one, seconds in outcome.phases}, seen.phases):
        assert phases[phase] >= DELAY * 0.99  # a sleep may end a clock's tick too early
        assert max(phases, key=lambda one: phases[one]) == phase
