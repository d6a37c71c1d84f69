"""HTTP as the prober sees it, against servers on loopback that do all that servers do."""

import asyncio
import errno
import gzip
import os
import socket
import ssl
import threading
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import cramjam
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
    take_time,
)
from tests.adapters.probers.name_server import name_server

from sightline import __version__
from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.guard import Policy
from sightline.adapters.network.names import Names
from sightline.adapters.outbound.probers.http import HttpProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import BasicAuth, BearerAuth, Http, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio

ZONE: Final = {
    "good.example": {"A": ("127.0.0.1",)},
    "meta.example": {"A": ("169.254.169.254",)},
    "xn--bcher-kva.example": {"A": ("127.0.0.1",)},
    "mixed.example": {"A": ("127.0.0.1",), "AAAA": ("fe80::1",)},
    "both.example": {"A": ("127.0.0.1",), "AAAA": ("::1",)},
}
DAY: Final = 86_400_000


class Probing:
    """The prober, and how tests ask it."""

    def __init__(self, exchanges: Exchanges) -> None:
        self.prober = HttpProber(exchanges)

    async def __call__(self, url: str, seconds: float = 10, traceparent: str = "", **options: Any) -> Outcome:
        """Try once."""
        definition = Definition(name="it", url=url, options=Http(**options))
        async with asyncio.timeout(60):
            return await self.prober.probe(Attempt(definition, seconds, traceparent))


@pytest.fixture
async def probe() -> AsyncIterator[Probing]:
    """A prober that knows a few names."""
    async with name_server(ZONE, silent=frozenset({"dead.example"})) as server:
        policy = Policy(setting="checks.allow_addresses", deny_setting="checks.deny_addresses")
        exchanges = Exchanges(policy, Names(servers=(server.address,)))
        yield Probing(exchanges)
        exchanges.close()


class Recording:
    """Answers alike, and keeps each request: its head as text in small letters, and its body."""

    def __init__(self, *answers: bytes) -> None:
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self._answers = list(answers) or [answer()]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = next((int(line[15:]) for line in head.lower().splitlines() if line.startswith("content-length:")), 0)
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(size))
        writer.write(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])
        await writer.drain()


def then_forever(begin: bytes, more: bytes = b"") -> Serve:
    """Begin an answer, and go on with it for ever or be silent for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begin)
        while more:
            writer.write(more)
            await writer.drain()
        await reader.read()

    return serve


def dripping(begin: bytes) -> Serve:
    """Begin an answer and go on byte by byte, as soon as each is out."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begin)
        while not reader.at_eof():
            writer.write(b"x")
            await take_time(reader, 0.01)

    return serve


async def test_an_exchange_is_seen_whole(probe: Probing) -> None:
    """Status, headers, body, address, version and the phases that took place are in the outcome."""
    async with serving(answering(answer(b"hello", "418 Teapot", "X-One: 1", "X-Two: \xfc"))) as far_end:
        outcome = await probe(far_end.url)
    assert (outcome.reason, outcome.status, outcome.body, outcome.size) == (Reason.OK, 418, b"hello", 5)
    assert outcome.headers[2:] == (("X-One", "1"), ("X-Two", "Ã¼"))
    assert (outcome.address, outcome.version, outcome.redirects, outcome.url) == ("127.0.0.1", "1.1", 0, "")
    assert [phase for phase, _ in outcome.phases] == [Phase.CONNECT, Phase.PROCESSING, Phase.TRANSFER]
    assert outcome.certificate is None


async def test_what_is_sent_is_what_people_wrote(probe: Probing) -> None:
    """Method, headers and body go out as written, and nothing that libcurl would add of its own."""
    recording = Recording()
    async with serving(recording) as far_end:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            await probe(far_end.url + "/a/../b?c=%41&d=e f", method=method, body="ünï", headers={"X-K": "v", "X-E": ""})
        await probe(far_end.url, method="HEAD")
        await probe(far_end.url, method="POST")
    assert [head.split("\r\n")[0] for head in recording.heads[:2]] == [
        "GET /a/../b?c=%41&d=e%20f HTTP/1.1",
        "POST /a/../b?c=%41&d=e%20f HTTP/1.1",
    ]
    assert [head.split()[0] for head in recording.heads[2:]] == ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "POST"]
    assert recording.bodies == ["ünï".encode()] * 6 + [b"", b""]
    for head in recording.heads[:6]:
        assert "\r\nX-K: v\r\n" in head
        assert "\r\nX-E:" in head
        assert f"\r\nUser-Agent: Sightline/{__version__}\r\n" in head
        assert "expect" not in head.lower()
        assert "content-type" not in head.lower()
    assert "content-length: 0" in recording.heads[-1].lower()


async def test_what_people_wrote_wins(probe: Probing) -> None:
    """A header of the check's own replaces the one that would be sent."""
    recording = Recording()
    own = {
        "user-agent": "mine",
        "traceparent": "00-mine",
        "AUTHORIZATION": "own",
        "Content-Type": "text/x",
        "Host": "h",
    }
    async with serving(recording) as far_end:
        await probe(far_end.url, traceparent="00-given", method="POST", headers=own, auth=BearerAuth("t"))
        await probe(far_end.url, traceparent="00-given")
    sent = recording.heads[0].lower()
    for line in ("user-agent: mine", "traceparent: 00-mine", "authorization: own", "content-type: text/x", "host: h"):
        assert sent.count(line.partition(":")[0] + ":") == 1
        assert f"\r\n{line}\r\n" in sent
    assert "\r\ntraceparent: 00-given\r\n" in recording.heads[1]


@pytest.mark.parametrize(
    ("auth", "user", "sent"),
    [
        (BasicAuth("ann", "p:w"), "", "Basic YW5uOnA6dw=="),
        (BearerAuth("tok"), "", "Bearer tok"),
        (None, "ann:p%3Aw@", "Basic YW5uOnA6dw=="),
        (None, "ann@", "Basic YW5uOg=="),
    ],
)
async def test_credentials_are_used(probe: Probing, auth: Any, user: str, sent: str) -> None:
    """Those of the options, and those of the URL."""
    recording = Recording()
    async with serving(recording) as far_end:
        outcome = await probe(f"http://{user}127.0.0.1:{far_end.port}/", auth=auth)
    assert f"\r\nAuthorization: {sent}\r\n" in recording.heads[0]
    assert "p:w" not in repr(outcome)


async def test_redirects_are_followed(probe: Probing) -> None:
    """To where they lead in the end; relative ones too, cookies are brought along, and the last address is told."""
    recording = Recording(
        redirect("/b?x=1", "301 Moved\r\nSet-Cookie: seen=1; Path=/"), redirect("c", "307 Temporary"), answer(b"there")
    )
    async with serving(recording) as far_end:
        outcome = await probe(f"http://ann:hush@127.0.0.1:{far_end.port}/a/")
    assert (outcome.status, outcome.redirects, outcome.body) == (200, 2, b"there")
    assert outcome.url == f"{far_end.url}/c"
    assert [head.split()[1] for head in recording.heads] == ["/a/", "/b?x=1", "/c"]
    assert "Cookie: seen=1" in recording.heads[1]
    assert all("Authorization: Basic" in head for head in recording.heads)


async def test_redirects_may_be_written_in_utf_8(probe: Probing) -> None:
    """As many servers do, and with spaces; what is asked for is encoded."""
    recording = Recording(redirect("/ü b").decode().encode(), answer())
    async with serving(recording) as far_end:
        assert (await probe(far_end.url)).ok
    assert recording.heads[1].startswith("GET /%C3%BC%20b HTTP/1.1\r\n")


async def test_cookies_are_forgotten_afterwards(probe: Probing) -> None:
    """What one probe was given is not sent by the next."""
    recording = Recording(answer(b"", "200 OK", "Set-Cookie: seen=1"))
    async with serving(recording) as far_end:
        await probe(far_end.url)
        await probe(far_end.url)
    assert "Cookie" not in recording.heads[1]


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *((status, "POST", "GET") for status in ("301 M", "302 F", "303 S")),
        *((status, "POST", "POST") for status in ("307 T", "308 P")),
        ("303 S", "HEAD", "HEAD"),
        ("302 F", "DELETE", "GET"),
    ],
)
async def test_a_redirect_changes_the_method(probe: Probing, status: str, method: str, then: str) -> None:
    """As RFC 9110 and browsers have it: 307 and 308 keep method and body, others turn it into a GET."""
    recording = Recording(redirect("/b", status), answer(b""))
    async with serving(recording) as far_end:
        await probe(far_end.url, method=method, body="x" if method == "POST" else "")
    assert recording.heads[1].split()[0] == then
    assert recording.bodies[1] == (b"x" if then == "POST" else b"")


async def test_secrets_stay_with_their_server(probe: Probing) -> None:
    """A redirect to another server takes no credentials, cookies and Host along, but other headers."""
    there = Recording()
    async with serving(there) as far_end:
        here = Recording(redirect(f"http://ann:own@good.example:{far_end.port}/"), redirect(far_end.url))
        headers = {"Host": "h", "Cookie": "c=1", "X-Other": "1"}
        async with serving(here) as first:
            await probe(f"http://ann:hush@127.0.0.1:{first.port}/", headers=headers)
            await probe(first.url, headers={**headers, "Authorization": "hush"})
    assert "Authorization: Basic YW5uOm93bg==" in there.heads[0]
    for head in there.heads:
        assert "Cookie" not in head
        assert "Host: h\r\n" not in head
        assert "X-Other: 1" in head
    assert "Authorization" not in there.heads[1]


async def test_redirects_need_not_be_followed(probe: Probing) -> None:
    """Then the redirect is the answer."""
    async with serving(answering(redirect("/b"))) as far_end:
        outcome = await probe(far_end.url, follow_redirects=False)
    assert (outcome.reason, outcome.status, outcome.redirects) == (Reason.OK, 302, 0)


async def test_a_redirect_to_nowhere_is_an_answer(probe: Probing) -> None:
    """Without an address there is nothing to follow."""
    async with serving(answering(answer(b"", "302 Found"))) as far_end:
        assert (await probe(far_end.url)).status == 302


async def test_a_loop_of_redirects_ends_and_is_told(probe: Probing) -> None:
    """At the limit, with a word on whether it leads in circles."""
    async with serving(answering(redirect("/"))) as far_end:
        outcome = await probe(far_end.url, max_redirects=4)
    assert (outcome.reason, outcome.redirects) == (Reason.REDIRECTED_TOO_OFTEN, 4)
    assert "more than 4 times, in a loop" in outcome.message
    async with serving(answering(redirect("/1"), redirect("/2"), redirect("/3"), answer())) as far_end:
        assert (await probe(far_end.url, max_redirects=3)).redirects == 3
    async with serving(answering(redirect("/1"))) as far_end:
        outcome = await probe(far_end.url, max_redirects=0)
    assert outcome.reason is Reason.REDIRECTED_TOO_OFTEN


@pytest.mark.parametrize(
    ("to", "reason", "said"),
    [
        ("file:///etc/passwd", Reason.UNEXPECTED, "a file: address, which is not followed"),
        ("gopher://u:hush@localhost/", Reason.UNEXPECTED, "a gopher: address"),
        ("http://[hush", Reason.UNEXPECTED, "redirects to"),
        ("http://169.254.169.254/latest", Reason.ADDRESS_DENIED, "checks.allow_addresses"),
        ("http://meta.example/hush", Reason.ADDRESS_DENIED, "meta.example is at 169.254.169.254, which is"),
        ("http://[::ffff:a9fe:a9fe]/", Reason.ADDRESS_DENIED, "metadata"),
        ("http://2852039166/", Reason.DNS_FAILED, "2852039166"),
        ("http://none.example/", Reason.DNS_FAILED, "no such name"),
    ],
)
async def test_some_redirects_are_not_followed(probe: Probing, to: str, reason: Reason, said: str) -> None:
    """Those to other protocols, and to addresses that are denied, under whatever name."""
    async with serving(answering(redirect(to))) as far_end:
        outcome = await probe(far_end.url)
    assert outcome.reason is reason
    assert said in outcome.message
    assert "hush" not in outcome.message


async def test_of_several_addresses_those_that_are_allowed_are_asked(probe: Probing) -> None:
    """One that is denied does not keep others from being tried, and what came of them is told."""
    async with serving(answering(answer())) as far_end:
        assert (await probe(f"http://mixed.example:{far_end.port}/")).reason is Reason.OK
    assert (await probe(f"http://mixed.example:{port_of_nobody()}/")).reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("br", bytes(cramjam.brotli.compress(b"hello"))),
    ],
)
async def test_compressed_answers_are_read(probe: Probing, encoding: str, body: bytes) -> None:
    """The body is what it was before."""
    recording = Recording(answer(body, "200 OK", f"Content-Encoding: {encoding}"))
    async with serving(recording) as far_end:
        outcome = await probe(far_end.url)
    assert (outcome.body, outcome.size) == (b"hello", 5)
    assert "gzip" in recording.heads[0]
    assert "br" in recording.heads[0]


async def test_broken_compression_is_told(probe: Probing) -> None:
    """Whatever is wrong with it."""
    whole = gzip.compress(b"hello" * 100)
    for body in (b"this is no gzip", whole[:5] + b"\xff" * 30, whole[:-8] + b"\0" * 8):
        async with serving(answering(answer(body, "200 OK", "Content-Encoding: gzip"))) as far_end:
            outcome = await probe(far_end.url)
        assert outcome.reason is Reason.BAD_ENCODING
        assert "decompressed" in outcome.message


async def test_a_bomb_ends_the_transfer(probe: Probing) -> None:
    """Decompressed bytes count, and no more of them are kept than are allowed; the connection is left at once."""
    bomb = gzip.compress(bytes(50_000_000), 1)
    brotli = bytes(cramjam.brotli.compress(bytes(50_000_000), 1))
    for body, encoding in ((bomb, "gzip"), (gzip.compress(bomb), "gzip, gzip"), (brotli, "br")):
        async with serving(answering(answer(body, "200 OK", f"Content-Encoding: {encoding}"))) as far_end:
            outcome = await probe(far_end.url, max_body=10_000)
            assert outcome.reason is Reason.ANSWER_TOO_LARGE
            assert len(outcome.body) == outcome.size == 10_000
            assert "more than 10000 bytes" in outcome.message


async def test_answers_are_bounded(probe: Probing) -> None:
    """As many bytes as are allowed are well, one more is not, be it announced or not, and for ever is neither."""
    async with serving(answering(answer(bytes(1_000)))) as far_end:
        assert (await probe(far_end.url, max_body=1_000)).reason is Reason.OK
        assert (await probe(far_end.url, max_body=999)).reason is Reason.ANSWER_TOO_LARGE
    endless = then_forever(b"HTTP/1.1 200 OK\r\n\r\n", bytes(10_000))
    async with serving(endless) as far_end:
        assert (await probe(far_end.url)).reason is Reason.ANSWER_TOO_LARGE
    for more in (b"X-More: " + b"x" * 1_000 + b"\r\n", b"x" * 1_000):
        async with serving(
            then_forever(b"HTTP/1.1 200 OK\r\n" + (b"X: " if b"M" not in more else b""), more)
        ) as far_end:
            outcome = await probe(far_end.url)
            assert outcome.reason is Reason.ANSWER_TOO_LARGE
            assert "headers" in outcome.message


@pytest.mark.parametrize(
    ("serve", "phase"),
    [
        (then_forever(b""), Phase.PROCESSING),
        (then_forever(b"HTTP/1.1 200 OK\r\nX: "), Phase.TRANSFER),
        (then_forever(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), Phase.TRANSFER),
        (dripping(b"HTTP/1.1 200 OK\r\nX: "), Phase.TRANSFER),
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"), Phase.TRANSFER),
    ],
)
async def test_what_takes_too_long_is_told_by_phase(probe: Probing, serve: Serve, phase: Phase) -> None:
    """The message says how far it got, however busy the far end is."""
    async with serving(serve) as far_end:
        outcome = await probe(far_end.url, 0.2)
    assert outcome.reason is Reason.TIMED_OUT
    assert f"in phase {phase}" in outcome.message
    assert phase not in dict(outcome.phases)


async def test_what_takes_too_long_before_there_is_http(probe: Probing, tmp_path: Path) -> None:
    """Lookups and handshakes that hang have their phases too."""
    outcome = await probe("http://dead.example/", 0.2)
    assert (outcome.reason, "in phase resolve" in outcome.message) == (Reason.TIMED_OUT, True)

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        await reader.read()

    async with serving(hang) as far_end:
        outcome = await probe(far_end.url.replace("http", "https"), 0.2)
    assert (outcome.reason, "in phase tls" in outcome.message) == (Reason.TIMED_OUT, True)
    assert [phase for phase, _ in outcome.phases] == [Phase.CONNECT]


async def test_redirects_share_the_timeout(probe: Probing) -> None:
    """A server that redirects for ever and slowly has no more time than another."""
    async with serving(dripping(redirect("/")[:-2])) as far_end:
        outcome = await probe(far_end.url, 0.3, max_redirects=50)
    assert outcome.reason is Reason.TIMED_OUT


@pytest.mark.parametrize(
    ("sent", "reason", "said"),
    [
        (b"", Reason.RESET, "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", Reason.PROTOCOL, "after 5 bytes, 95 bytes too early"),
        (b"SSH-2.0-OpenSSH\r\n", Reason.PROTOCOL, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Reason.PROTOCOL, "did not keep to HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Reason.PROTOCOL, "after 3 bytes"),
        (b"HTTP/9.9 200 OK\r\n\r\n", Reason.PROTOCOL, "HTTP"),
        (b"\0\xff\xfe" * 100, Reason.PROTOCOL, "HTTP"),
    ],
)
async def test_what_is_not_http_is_told(probe: Probing, sent: bytes, reason: Reason, said: str) -> None:
    """Answers that break off or are none."""
    async with serving(answering(sent)) as far_end:
        outcome = await probe(far_end.url)
    assert outcome.reason is reason
    assert said in outcome.message


async def test_a_reset_is_told(probe: Probing) -> None:
    """A far end that slams the door."""

    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving(slam) as far_end:
        assert (await probe(far_end.url)).reason is Reason.RESET


async def test_what_is_wrong_here_is_not_said_of_the_far_end(probe: Probing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for another socket nobody was asked, and the message says what to do."""

    def full(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    async with serving(answering(answer())) as far_end:
        with monkeypatch.context() as patched:
            patched.setattr("sightline.adapters.network.curl.handles.socket.socket", full)
            outcome = await probe(far_end.url)
        assert (outcome.reason, "ulimit -n" in outcome.message) == (Reason.DEFECT, True)
        assert (await probe(far_end.url)).reason is Reason.OK


async def test_answers_that_announce_others_are_passed_over(probe: Probing) -> None:
    """The last status counts, and its headers alone."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    async with serving(answering(hints + answer(b"hello"))) as far_end:
        outcome = await probe(far_end.url)
    assert (outcome.status, outcome.body) == (200, b"hello")
    assert "Link" not in dict(outcome.headers)


@pytest.mark.parametrize("name", ["good.example", "both.example", "GOOD.example.", "localhost", "bücher.example"])
async def test_names_are_looked_up_each_time(probe: Probing, name: str) -> None:
    """That takes a phase of its own, and all addresses are tried."""
    async with serving(answering(answer())) as far_end:
        outcome = await probe(f"http://{name}:{far_end.port}/", ip_version="any")
    assert outcome.reason is Reason.OK
    assert outcome.phases[0][0] is Phase.RESOLVE
    assert outcome.address == "127.0.0.1"


async def test_phases_are_added_up_over_redirects(probe: Probing) -> None:
    """Each of two answers that take their time is in the same phase."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await take_time(reader, 0.15)
        writer.write(redirect("/b") if b" / " in head else answer())
        await writer.drain()

    async with serving(slow) as far_end:
        phases = dict((await probe(f"http://good.example:{far_end.port}/")).phases)
    assert phases[Phase.PROCESSING] >= 0.3 * 0.99  # a timer may go off a tick of its clock too early
    assert set(phases) == {Phase.RESOLVE, Phase.CONNECT, Phase.PROCESSING, Phase.TRANSFER}


async def test_proxies_of_the_environment_are_not_used(probe: Probing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check asks what it names, or the proxy that it names."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(answering(answer())) as far_end:
        assert (await probe(far_end.url)).reason is Reason.OK


async def test_a_proxy_is_used(probe: Probing, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for the whole URL, with its own credentials; what it must not be asked for is not."""
    monkeypatch.setenv("no_proxy", "*")
    recording = Recording()
    async with serving(recording) as far_end:
        proxy = f"http://ann:hush@good.example:{far_end.port}"
        outcome = await probe("http://elsewhere.example/x", proxy=proxy)
        denied = await probe("http://169.254.169.254/", proxy=proxy)
        refused = await probe("https://elsewhere.example/x", proxy=proxy)
    assert outcome.reason is Reason.OK
    assert recording.heads[0].startswith("GET http://elsewhere.example/x HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YW5uOmh1c2g=" in recording.heads[0]
    assert denied.reason is Reason.ADDRESS_DENIED
    assert recording.heads[1].startswith("CONNECT elsewhere.example:443 ")
    assert not refused.ok
    bad = await probe("http://x/", proxy="ftp://u:hush@x")
    assert (bad.reason, "proxy: ftp: is not spoken" in bad.message) == (Reason.BAD_TARGET, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"headers": {"X Y": "1"}}, "headers"),
        ({"headers": {"X": "a\r\nEvil: 1"}}, "headers"),
        ({"auth": BearerAuth("a\nb")}, "auth"),
    ],
)
async def test_what_cannot_be_sent_is_told(probe: Probing, options: dict[str, Any], said: str) -> None:
    """Nothing is smuggled into a request."""
    outcome = await probe("http://127.0.0.1:1/", **options)
    assert outcome.reason is Reason.BAD_TARGET
    assert outcome.message.startswith(said)


async def test_many_ways_of_asking_do_not_mix(probe: Probing) -> None:
    """Handles are used again, and nothing of one probe is in the next, whatever it asked for."""
    recording = Recording()
    async with serving(recording) as far_end:
        for number in range(300):
            method = ("GET", "POST", "HEAD", "DELETE")[number % 4]
            body = f"body {number}" if method == "POST" else ""
            assert (await probe(far_end.url, method=method, body=body, headers={"X-N": str(number)})).ok
        assert [head.split()[0] for head in recording.heads] == ["GET", "POST", "HEAD", "DELETE"] * 75
        assert all(f"X-N: {number}\r\n" in head for number, head in enumerate(recording.heads))
        assert recording.bodies[1::4] == [f"body {number}".encode() for number in range(1, 300, 4)]


class TestTls:
    """Certificates, as servers show them."""

    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        """One that the test trusts."""
        return Authority(tmp_path)

    async def shown(self, probe: Probing, far_end: FarEnd, authority: Authority, host: str = "localhost") -> Outcome:
        """What comes of asking over TLS."""
        return await probe(f"https://{host}:{far_end.port}/", tls=TlsTrust(ca_file=authority.ca_file))

    async def test_a_good_certificate_is_told(self, probe: Probing, authority: Authority) -> None:
        """When it ends, for whom and by whom, and what was agreed on."""
        async with serving(answering(answer()), authority.server(days=10)) as far_end:
            outcome = await self.shown(probe, far_end, authority)
            again = await self.shown(probe, far_end, authority, "127.0.0.1")
        assert outcome.reason is Reason.OK
        found = outcome.certificate
        assert found is not None
        assert again.certificate is found
        assert (found.subject, found.issuer) == ("CN=localhost", "CN=Tests")
        assert found.names == ("localhost", "127.0.0.1")
        assert found.chain == ("CN=localhost",)
        assert abs(found.expires_at - found.starts_at - 110 * DAY) < DAY
        assert len(found.fingerprint) == 64
        assert (found.version, found.cipher) == ("TLS 1.3", "TLS_AES_256_GCM_SHA384")
        assert Phase.TLS in dict(outcome.phases)

    @pytest.mark.parametrize(
        ("server", "reason", "said"),
        [
            ({"days": -5}, Reason.CERTIFICATE_EXPIRED, "expired on 20"),
            ({"began": -5}, Reason.CERTIFICATE_INVALID, "is not valid before 20"),
            ({"name": "other.example"}, Reason.CERTIFICATE_INVALID, "is not for that name, but for other.example"),
        ],
    )
    async def test_a_bad_certificate_is_told(
        self, probe: Probing, authority: Authority, server: dict[str, Any], reason: Reason, said: str
    ) -> None:
        """What is wrong with it, and what it is all the same; nothing was sent."""
        recording = Recording()
        async with serving(recording, authority.server(**server)) as far_end:
            outcome = await self.shown(probe, far_end, authority)
        assert outcome.reason is reason
        assert said in outcome.message
        assert outcome.certificate is not None
        assert outcome.certificate.issuer == "CN=Tests"
        assert recording.heads == []

    async def test_an_unknown_issuer_is_told(self, probe: Probing, authority: Authority, tmp_path: Path) -> None:
        """One that nobody here trusts, and one that is the server itself; unless nobody asks."""
        others = Authority(tmp_path, "Others")
        async with serving(answering(answer()), others.server()) as far_end:
            outcome = await self.shown(probe, far_end, authority)
            trusting = await probe(f"https://localhost:{far_end.port}/", tls=TlsTrust(verify=False))
        assert outcome.reason is Reason.CERTIFICATE_INVALID
        assert "issuer" in outcome.message
        assert trusting.reason is Reason.OK
        assert trusting.certificate == outcome.certificate

    async def test_another_name_can_be_asked_for(self, probe: Probing, authority: Authority) -> None:
        """The certificate is verified for that name; the server is told the one of the URL."""
        recording = Recording()
        async with serving(recording, authority.server(name="inside.example", address="")) as far_end:
            tls = TlsTrust(ca_file=authority.ca_file, server_name="inside.example")
            for host in ("127.0.0.1", "good.example"):
                outcome = await probe(f"https://{host}:{far_end.port}/", tls=tls)
                assert outcome.reason is Reason.OK
                assert f"Host: {host}:{far_end.port}\r\n" in recording.heads[-1]

    async def test_a_version_can_be_insisted_on(self, probe: Probing, authority: Authority) -> None:
        """A server that speaks HTTP 1 alone is not what is asked for then, with TLS and without."""
        tls = TlsTrust(ca_file=authority.ca_file)
        async with serving(answering(answer()), authority.server()) as far_end:
            outcome = await probe(f"https://localhost:{far_end.port}/", tls=tls, version="2")
            assert (outcome.reason, "HTTP 2 is asked for" in outcome.message) == (Reason.PROTOCOL, True)
            assert (await probe(f"https://localhost:{far_end.port}/", tls=tls, version="1.1")).version == "1.1"
        async with serving(answering(answer())) as far_end:
            assert (await probe(far_end.url, version="2")).reason is Reason.PROTOCOL

    async def test_a_client_certificate_is_shown(self, probe: Probing, authority: Authority) -> None:
        """A server that wants one gets it, and one that gets none says so."""
        context = authority.server()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.ca_file)
        certificate, key = authority.signed(name="client")
        async with serving(answering(answer()), context) as far_end:
            tls = TlsTrust(ca_file=authority.ca_file, cert_file=certificate, key_file=key)
            assert (await probe(f"https://localhost:{far_end.port}/", tls=tls)).reason is Reason.OK
            outcome = await self.shown(probe, far_end, authority)
        assert not outcome.ok

    async def test_files_that_are_not_there_are_told(self, probe: Probing, authority: Authority) -> None:
        """It is the check that is wrong then, not the server."""
        async with serving(answering(answer()), authority.server()) as far_end:
            url = f"https://localhost:{far_end.port}/"
            for tls in (TlsTrust(ca_file="/none.pem"), TlsTrust(verify=False, cert_file="/none.pem")):
                outcome = await probe(url, tls=tls)
                assert outcome.reason is Reason.BAD_TARGET
                assert "_file" in outcome.message

    async def test_nothing_stays_open_whatever_the_far_end_does(self, probe: Probing, authority: Authority) -> None:
        """A server that takes the goodbye of TLS and never says its own is left all the same."""
        context, said = authority.server(), []

        def serve(listening: socket.socket) -> None:
            plain, _ = listening.accept()
            secure = context.wrap_socket(plain, server_side=True)
            secure.recv(65_536)
            secure.sendall(answer())
            while secure.recv(65_536):
                pass
            with socket.socket(fileno=secure.detach()) as bare:
                bare.settimeout(20)
                said.append(bare.recv(1))

        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=serve, args=(listening,))
            thread.start()
            outcome = await probe(f"https://localhost:{listening.getsockname()[1]}/", tls=TlsTrust(verify=False))
            await asyncio.to_thread(thread.join)
        assert outcome.reason is Reason.OK
        assert said == [b""]

    async def test_who_is_trusted_may_change(self, probe: Probing, authority: Authority, tmp_path: Path) -> None:
        """A file of trusted certificates is read again when it is another one."""
        others = Authority(tmp_path, "Others")
        trusted = tmp_path / "trusted.pem"
        trusted.write_bytes(Path(others.ca_file).read_bytes())
        async with serving(answering(answer()), authority.server()) as far_end:
            url, tls = f"https://localhost:{far_end.port}/", TlsTrust(ca_file=str(trusted))
            assert (await probe(url, tls=tls)).reason is Reason.CERTIFICATE_INVALID
            trusted.write_bytes(Path(authority.ca_file).read_bytes())
            os.utime(trusted, (1, 1))
            assert (await probe(url, tls=tls)).reason is Reason.OK

    async def test_many_files_can_be_trusted(self, probe: Probing, authority: Authority, tmp_path: Path) -> None:
        """More than are kept ready."""
        async with serving(answering(answer()), authority.server()) as far_end:
            for number in range(40):
                trusted = tmp_path / f"trusted{number}.pem"
                trusted.write_bytes(Path(authority.ca_file).read_bytes())
                outcome = await probe(f"https://localhost:{far_end.port}/", tls=TlsTrust(ca_file=str(trusted)))
                assert outcome.reason is Reason.OK

    async def test_what_speaks_no_tls_is_told(self, probe: Probing, authority: Authority) -> None:
        """Plain HTTP at a port for which HTTPS was written."""
        async with serving(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as far_end:
            outcome = await probe(far_end.url.replace("http:", "https:"), 2)
        assert outcome.reason in {Reason.TLS_FAILED, Reason.TIMED_OUT}

    async def test_secrets_follow_to_the_secure_twin_alone(self, probe: Probing, authority: Authority) -> None:
        """TLS to plain text takes no credentials along."""
        plain = Recording()
        async with serving(plain) as insecure:
            to_plain = answering(redirect(f"http://localhost:{insecure.port}/"))
            async with serving(to_plain, authority.server()) as far_end:
                await probe(
                    f"https://localhost:{far_end.port}/",
                    tls=TlsTrust(ca_file=authority.ca_file),
                    auth=BasicAuth("ann", "hush"),
                )
        assert "Authorization" not in plain.heads[0]
