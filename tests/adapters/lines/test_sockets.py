"""Lines over TCP and UDP: what is handed over, and what is not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs
from tests.adapters.http.stage import until
from tests.adapters.lines.conftest import Telemetry

from sightline.adapters.inbound.lines.sockets import (
    MAX_CONNECTIONS,
    MAX_LINE,
    MAX_WAITING,
    LineListener,
    bind,
    check_open,
    networks,
)
from sightline.domain.errors import SettingsInvalid

pytestmark = pytest.mark.anyio


class Blocks:
    """Takes blocks, as long as it may."""

    def __init__(self) -> None:
        self.taken = b""
        self.may = asyncio.Event()
        self.may.set()
        self.calls = 0

    async def take(self, block: bytes) -> None:
        """One block of whole lines."""
        assert block.endswith(b"\n")
        self.calls += 1
        await self.may.wait()
        self.taken += block


@asynccontextmanager
async def listening(
    take: Callable[[bytes], Awaitable[None]], telemetry: Telemetry, allow: Sequence[str] = ()
) -> AsyncIterator[int]:
    """A listener on loopback; gives its port."""
    sockets = bind("127.0.0.1", 0, "test.listen")
    async with LineListener("test", sockets, take, telemetry, networks(allow, "test.allow")):
        yield sockets[0].getsockname()[1]


async def connected(port: int) -> asyncio.StreamWriter:
    """A sender."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    return writer


def datagram(port: int, *texts: bytes) -> None:
    """Send datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for text in texts:
            sender.sendto(text, ("127.0.0.1", port))


async def test_lines_are_whole_however_they_come(telemetry: Telemetry) -> None:
    """Pieces of a line are one line, the last needs no line feed, and each datagram has lines of its own."""
    blocks = Blocks()
    async with listening(blocks.take, telemetry) as port:
        writer = await connected(port)
        for piece in (b"one", b" 1\ntw", b"o 2\nthree", b""):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()
        await until(lambda: blocks.taken == b"one 1\ntwo 2\nthree\n")
        datagram(port, b"four", b"five\nsix\n")
        await until(lambda: blocks.taken.split() == b"one 1 two 2 three four five six".split())
    assert telemetry.of("sightline_lines_bytes_total", "test") > 20
    assert telemetry.of("sightline_lines_connections", "test") == 0


async def test_a_sender_waits_while_lines_cannot_be_taken(telemetry: Telemetry) -> None:
    """A connection is read no further than its blocks are taken, and nothing of it is lost."""
    blocks = Blocks()
    blocks.may.clear()
    async with listening(blocks.take, telemetry) as port:
        writer = await connected(port)
        body = b"".join(b"line %d\n" % number for number in range(700_000))
        writer.write(body)
        await until(lambda: blocks.calls == 1)
        assert telemetry.of("sightline_lines_bytes_total", "test") < 1 << 20
        blocks.may.set()
        await writer.drain()
        writer.close()
        await until(lambda: len(blocks.taken) == len(body))
    assert blocks.taken == body


async def test_datagrams_wait_within_a_bound(telemetry: Telemetry) -> None:
    """What comes while too much waits is dropped and counted."""
    blocks = Blocks()
    blocks.may.clear()
    async with listening(blocks.take, telemetry) as port:
        text = b"x" * 60_000
        for _ in range(MAX_WAITING // len(text) + 50):
            datagram(port, text)
            await asyncio.sleep(0)
        await until(lambda: telemetry.of("sightline_lines_dropped_total", "test", "waiting") > 0)
        blocks.may.set()
        datagram(port, b"last")
        await until(lambda: blocks.taken.endswith(b"last\n"))
    assert len(blocks.taken) <= MAX_WAITING + 2 * len(text)


async def test_a_line_that_does_not_end_is_dropped(telemetry: Telemetry) -> None:
    """It is counted once, and what follows it is taken."""
    blocks = Blocks()
    async with listening(blocks.take, telemetry) as port:
        writer = await connected(port)
        writer.write(b"one\n" + b"x" * (4 * MAX_LINE))
        await writer.drain()
        await until(lambda: telemetry.of("sightline_lines_dropped_total", "test", "too_long") == 1)
        writer.write(b"x\ntwo\n")
        await until(lambda: blocks.taken.endswith(b"two\n"))
        writer.close()
    assert blocks.taken == b"one\ntwo\n"
    assert telemetry.of("sightline_lines_dropped_total", "test", "too_long") == 1


async def test_those_who_may_not_send_are_not_heard(telemetry: Telemetry) -> None:
    """Connections and datagrams from elsewhere are dropped and counted."""
    blocks = Blocks()
    async with listening(blocks.take, telemetry, ["192.0.2.0/24", "::1"]) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        datagram(port, b"one")
        await until(lambda: telemetry.of("sightline_lines_dropped_total", "test", "not_allowed") == 2)
    async with listening(blocks.take, telemetry, ["127.0.0.0/8"]) as port:
        datagram(port, b"two")
        await until(lambda: blocks.taken == b"two\n")


async def test_a_defect_costs_a_block(telemetry: Telemetry) -> None:
    """What could not be handed over is logged and counted, and what comes after it is taken."""
    blocks = Blocks()

    async def take(block: bytes) -> None:
        if b"defect" in block:
            raise RuntimeError("a defect")
        await blocks.take(block)

    with capture_logs() as logs:
        async with listening(take, telemetry) as port:
            datagram(port, b"defect")
            await until(lambda: telemetry.of("sightline_lines_dropped_total", "test", "defect") == 1)
            datagram(port, b"one")
            await until(lambda: blocks.taken == b"one\n")
            writer = await connected(port)
            writer.write(b"defect\n")
            await until(lambda: telemetry.of("sightline_lines_dropped_total", "test", "defect") == 2)
            writer.write(b"two\n")
            await until(lambda: blocks.taken == b"one\ntwo\n")
            writer.close()
    assert [entry["log_level"] for entry in logs] == ["error", "error"]


async def test_connections_are_bounded(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is closed and counted; when another leaves there is room again."""
    assert MAX_CONNECTIONS > 2
    monkeypatch.setattr("sightline.adapters.inbound.lines.sockets.MAX_CONNECTIONS", 2)
    blocks = Blocks()
    async with listening(blocks.take, telemetry) as port:
        writers = [await connected(port) for _ in range(2)]
        await until(lambda: telemetry.of("sightline_lines_connections", "test") == 2)
        reader, third = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        third.close()
        assert telemetry.of("sightline_lines_dropped_total", "test", "connections") == 1
        writers[0].close()
        await until(lambda: telemetry.of("sightline_lines_connections", "test") == 1)
        writers.append(await connected(port))
        await until(lambda: telemetry.of("sightline_lines_connections", "test") == 2)
        for writer in writers:
            writer.close()


async def test_what_has_come_is_taken_before_the_end(telemetry: Telemetry) -> None:
    """Lines and datagrams that wait when the program stops are still handed over."""
    blocks = Blocks()
    blocks.may.clear()
    async with listening(blocks.take, telemetry) as port:
        writer = await connected(port)
        writer.write(b"one\n")
        await until(lambda: blocks.calls == 1)
        writer.write(b"two\nthr")
        datagram(port, b"four", b"five")
        await until(lambda: blocks.calls == 2)
        await asyncio.sleep(0)
        blocks.may.set()
    assert sorted(blocks.taken.split())[:3] == [b"five", b"four", b"one"]
    writer.close()


def test_an_address_that_strangers_reach_needs_a_word() -> None:
    """Beyond loopback somebody says whose lines are taken, or that everybody's are."""
    for host in ("127.0.0.1", "::1", "localhost"):
        check_open(host, (), insecure=False, setting="graphite.listen")
    for host in ("0.0.0.0", "192.0.2.1", "web-1", "::"):  # noqa: S104 - nobody listens there
        with pytest.raises(SettingsInvalid, match=r"graphite\.allow"):
            check_open(host, (), insecure=False, setting="graphite.listen")
        check_open(host, ("10.0.0.0/8",), insecure=False, setting="graphite.listen")
        check_open(host, (), insecure=True, setting="graphite.listen")
    with pytest.raises(SettingsInvalid, match=r"graphite\.allow"):
        networks(["10.0.0.1/8"], "graphite.allow")


def test_a_port_that_is_taken_is_named() -> None:
    """Whoever has it, for connections or for datagrams."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as other:
            other.bind(("127.0.0.1", 0))
            if kind is socket.SOCK_STREAM:
                other.listen()
            port = other.getsockname()[1]
            with pytest.raises(SettingsInvalid, match=rf"test\.listen = 127\.0\.0\.1:{port}.*in use"):
                bind("127.0.0.1", port, "test.listen")
