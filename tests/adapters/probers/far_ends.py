"""Far ends on loopback that probers meet: servers that answer as a test has them, that hang, and that are not there."""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha1

from typing_extensions import override

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Answers one connection, which is closed afterwards."""


@dataclass
class FarEnd:
    """Something that listens.

    came: set with the first connection or datagram. left: set while no connection is open.
    """

    port: int
    came: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    open: int = 0

    @property
    def url(self) -> str:
        """Where it listens, for HTTP."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[FarEnd]:
    """A server whose connections are answered so; those that still hang in the end are broken off."""
    tasks: set[asyncio.Task[None]] = set()

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        far_end.open += 1
        far_end.left.clear()
        far_end.came.set()
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever asked went away
        finally:
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()
            tasks.discard(task)
            far_end.open -= 1
            if not far_end.open:
                far_end.left.set()

    server = await asyncio.start_server(on_connection, "127.0.0.1", 0, ssl=tls, backlog=512)
    far_end = FarEnd(server.sockets[0].getsockname()[1])
    far_end.left.set()
    try:
        yield far_end
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks))
        await server.wait_closed()


def answering(*answers: bytes) -> Serve:
    """One of these whole answers a request, the last one for all further ones; the connection is closed after each."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return serve


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Take what comes and never answer."""
    while await reader.read(65_536):
        pass


async def take_time(reader: asyncio.StreamReader, seconds: float) -> None:
    """Be busy for a while, unless whoever asked goes away."""
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), seconds)


def answer(body: bytes = b"hello", status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer of HTTP 1.1."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(to: str, status: str = "302 Found") -> bytes:
    """An answer that leads elsewhere."""
    return answer(b"", status, f"Location: {to}")


async def switching(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server of WebSockets that agrees and then listens."""
    await agree(reader, writer)
    await silent(reader, writer)


async def agree(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a handshake."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(
        line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("sec-websocket-key:")
    )
    shown = sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode(), usedforsecurity=False)
    accept = b64encode(shown.digest()).decode()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """Takes datagrams and never answers."""

    def __init__(self, came: asyncio.Event) -> None:
        self._came = came

    @override
    def datagram_received(self, data: bytes, addr: object) -> None:
        self._came.set()


@asynccontextmanager
async def hanging() -> AsyncIterator[FarEnd]:
    """Something that takes connections and datagrams on one port and never answers."""
    async with AsyncExitStack() as stack:
        far_end = await stack.enter_async_context(serving(silent))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(far_end.came), local_addr=("127.0.0.1", far_end.port)
        )
        stack.callback(transport.close)
        yield far_end


def port_of_nobody() -> int:
    """A port on which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@asynccontextmanager
async def full() -> AsyncIterator[int]:
    """A port whose queue of connections is full, so that further ones are neither taken nor refused."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
