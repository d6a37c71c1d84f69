"""What probers are tried on: servers that do as they are told, good ones and bad ones, all of them fakes."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from tests.adapters.probers.far_ends import Serve, silent
from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.resolver_files import ResolverFiles
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import AnyOptions
from sightline.ports.prober import Attempt

ENOUGH = 20.0
"""Seconds for whatever should answer at once, on however busy a machine."""
SHORT = 0.2
"""Seconds for what will not answer."""


def attempt(url: str, options: AnyOptions, timeout: float = ENOUGH) -> Attempt:
    """One try of a check of something."""
    return Attempt(Definition(name="a check", url=url, options=options), timeout)


class KnownNames(ResolverFiles):
    """A machine that knows localhost by its file of hosts, and has these name servers."""

    def __init__(self, *servers: tuple[str, int], hosts: Mapping[str, tuple[str, ...]] | None = None) -> None:
        super().__init__(Path("/nowhere"))
        self.servers = servers
        self.hosts = {"localhost": ("127.0.0.1",), **(hosts or {})}

    @override
    def look(self, now: float) -> None:
        """There is nothing to be read."""


def dialler(files: ResolverFiles | None = None) -> Dialler:
    """One as the program has it, but for the machine's names."""
    return Dialler(files=files or KnownNames())


@contextlib.asynccontextmanager
async def serving(handler: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A TCP server on loopback until the end: its port. tls: from the start of each connection.

    Handlers may begin TLS later on too, after which asyncio never calls a connection closed.
    """
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # whoever asked went away
        finally:
            writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def script(*steps: bytes | None) -> Serve:
    """A talk: bytes are said; None waits until the client says something. Then it waits for the client's end."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in steps:
            if step is None:
                assert await reader.read(4_096)
            else:
                writer.write(step)
                await writer.drain()
        while await reader.read(4_096):
            pass

    return handle


async def closing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Closes at once."""


async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends without an end, and without an end of line."""
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends what no protocol has, with ends of lines, and waits."""
    writer.write(bytes(range(256)) * 4 + b"\r\n\xff\xfe\r\n")
    await silent(reader, writer)


async def dripping(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends byte after byte, for as long as anybody listens."""
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0)


class Datagrams(asyncio.DatagramProtocol):
    """A UDP server: answers each datagram with what `answer` makes of it, in order. asked: what came."""

    def __init__(self, answer: Callable[[bytes], Sequence[bytes]]) -> None:
        self._answer = answer
        self.asked: list[bytes] = []
        self.port = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # which it is in all but name
        self.port = transport.get_extra_info("sockname")[1]

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked.append(data)
        for one in self._answer(data):
            self._transport.sendto(one, addr)


@contextlib.asynccontextmanager
async def datagrams(answer: Callable[[bytes], Sequence[bytes]], port: int = 0) -> AsyncIterator[Datagrams]:
    """One on loopback until the end."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: Datagrams(answer), local_addr=("127.0.0.1", port))
    try:
        yield server
    finally:
        transport.abort()
        await asyncio.sleep(0)  # only then is it closed
