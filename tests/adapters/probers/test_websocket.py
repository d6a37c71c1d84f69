"""WebSockets, against a library's server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.far_ends import agree, answer, answering, hanging, serving, switching
from websockets.asyncio.server import ServerConnection, serve

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.guard import Policy
from sightline.adapters.outbound.probers.websocket import WebSocketProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import TlsTrust, WebSocket
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio


@pytest.fixture
async def prober() -> AsyncIterator[WebSocketProber]:
    """It lets go of its connections in the end."""
    exchanges = Exchanges(Policy())
    yield WebSocketProber(exchanges)
    exchanges.close()


async def probe(prober: WebSocketProber, url: str, seconds: float = 10, **options: Any) -> Outcome:
    """Try once."""
    definition = Definition(name="it", url=url, options=WebSocket(**options))
    async with asyncio.timeout(60):
        return await prober.probe(Attempt(definition, seconds, "00-trace"))


class Echoing:
    """A server that says `hello` and then everything twice, and keeps how connections came and went."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.codes: list[int | None] = []
        self.subprotocols: list[str | None] = []
        self.port = 0
        self.left = asyncio.Event()

    async def __call__(self, connection: ServerConnection) -> None:
        """One connection."""
        assert connection.request is not None
        self.headers.append(dict(connection.request.headers.raw_items()))
        self.subprotocols.append(connection.subprotocol)
        await connection.send("hello")
        async for message in connection:
            await connection.send(message)
            await connection.send([f"{message!s}!", " and", " more"])
        self.codes.append(connection.close_code)
        self.left.set()


@asynccontextmanager
async def echoing(**options: Any) -> AsyncIterator[Echoing]:
    """It listens until the end."""
    found = Echoing()
    async with serve(found, "127.0.0.1", 0, **options) as server:
        found.port = next(iter(server.sockets)).getsockname()[1]
        yield found


async def test_a_handshake_is_enough(prober: WebSocketProber) -> None:
    """Headers and subprotocols are sent, phases told, and the goodbye is a polite one."""
    async with echoing(subprotocols=["graphql-ws"]) as server:
        outcome = await probe(
            prober, f"ws://127.0.0.1:{server.port}/x", headers={"X-K": "v"}, subprotocols=("other", "graphql-ws")
        )
        await server.left.wait()
    assert (outcome.reason, outcome.status) == (Reason.OK, 101)
    assert server.headers[0]["X-K"] == "v"
    assert server.headers[0]["traceparent"] == "00-trace"
    assert server.headers[0]["User-Agent"].startswith("Sightline/")
    assert server.subprotocols == ["graphql-ws"]
    assert server.codes == [1000]
    assert {Phase.CONNECT, Phase.PROCESSING} <= {phase for phase, _ in outcome.phases}


@pytest.mark.parametrize(
    ("send", "expect", "body"),
    [
        ("", "^hel+o$", b"hello"),
        ("ping", "^ping$", b"ping"),
        ("ping", "more", b"ping! and more"),
        ("x" * 500_000, "^x+$", b"x" * 500_000),
    ],
)
async def test_messages_go_each_way(prober: WebSocketProber, send: str, expect: str, body: bytes) -> None:
    """What is expected may come after others, in pieces, and be long."""
    async with echoing() as server:
        outcome = await probe(prober, f"ws://127.0.0.1:{server.port}/", send=send, expect=expect)
    assert (outcome.reason, outcome.body) == (Reason.OK, body)
    assert Phase.TRANSFER in dict(outcome.phases)


async def test_what_does_not_come_is_told(prober: WebSocketProber) -> None:
    """No message, none that fits, and one that is too long."""
    async with echoing() as server:
        url = f"ws://127.0.0.1:{server.port}/"
        outcome = await probe(prober, url, 0.3, expect="never")
        assert (outcome.reason, "1 messages" in outcome.message) == (Reason.UNEXPECTED, True)
        outcome = await probe(prober, url, send="x" * 600_000, expect="xx!")
        assert outcome.reason is Reason.OK
        outcome = await probe(prober, url, send="x" * 1_048_575 + "y", expect="yy")
        assert outcome.reason is Reason.ANSWER_TOO_LARGE
    async with serving(switching) as far_end:
        outcome = await probe(prober, f"ws://127.0.0.1:{far_end.port}/", 0.2, expect="never")
        assert (outcome.reason, "0.2 s in phase transfer" in outcome.message) == (Reason.TIMED_OUT, True)


async def test_a_far_end_that_hangs_up_is_told(prober: WebSocketProber) -> None:
    """With a goodbye, and without one."""

    async def politely(connection: ServerConnection) -> None:
        await connection.close()

    async with serve(politely, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        assert (await probe(prober, url, expect="x")).reason is Reason.UNEXPECTED

    async def rudely(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await agree(reader, writer)
        writer.transport.abort()

    async with serving(rudely) as far_end:
        assert (await probe(prober, f"ws://127.0.0.1:{far_end.port}/", expect="x")).reason is Reason.RESET


async def test_what_is_no_websocket_is_told(prober: WebSocketProber) -> None:
    """Pages, refusals, wrong agreements and silence."""
    wrong = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n"
    for page in (answer(), answer(b"", "403 Forbidden"), answer(b"", "302 Found", "Location: /x"), wrong):
        async with serving(answering(page)) as far_end:
            outcome = await probe(prober, f"ws://127.0.0.1:{far_end.port}/")
            assert not outcome.ok
            assert outcome.reason is not Reason.DEFECT
    async with hanging() as far_end:
        assert (await probe(prober, f"ws://127.0.0.1:{far_end.port}/", 0.2)).reason is Reason.TIMED_OUT
    assert (await probe(prober, "http://127.0.0.1/")).reason is Reason.BAD_TARGET
    assert (await probe(prober, "ws://127.0.0.1/", expect="(")).message.startswith("expect: ")


async def test_tls_is_verified(prober: WebSocketProber, tmp_path: Path) -> None:
    """As with HTTP."""
    authority = Authority(tmp_path)
    async with echoing(ssl=authority.server(days=10)) as server:
        url = f"wss://localhost:{server.port}/"
        outcome = await probe(prober, url, send="ping", expect="^ping$", tls=TlsTrust(ca_file=authority.ca_file))
        refused = await probe(prober, url)
    assert (outcome.reason, outcome.body) == (Reason.OK, b"ping")
    assert outcome.certificate is not None
    assert refused.reason is Reason.CERTIFICATE_INVALID
