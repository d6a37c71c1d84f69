"""Exporters of every kind, good and bad, as real servers on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sightline.domain.scrape.job import ScrapeJob, TargetGroup
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.target import Target, targets_of

TEXT = "text/plain; version=0.0.4"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Exporter:
    """A server that remembers what it was asked, request heads as they came, and answers each connection in one way."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        self.connections = 0
        self.address = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        try:
            while True:
                self.heads.append(await _head(reader))
                await self.answer(reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def header(self, name: str) -> str:
        """A header of the last request."""
        lines = self.heads[-1].decode().split("\r\n")[1:]
        found = dict(line.split(": ", 1) for line in lines if line)
        return found.get(name, "")


async def _head(reader: asyncio.StreamReader) -> bytes:
    """What the client says first: the head of a request, or what is no HTTP at all."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and not head.startswith(b"\x16"):  # with which TLS begins
        piece = await reader.read(65536)
        if not piece:
            raise asyncio.IncompleteReadError(head, None)
        head += piece
    return head


def page(body: bytes, media_type: str = TEXT, status: str = "200 OK", **headers: str) -> Answer:
    """A whole answer."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return raw(head.encode() + body)


def raw(*pieces: bytes, close: bool = False) -> Answer:
    """Bytes as they are, whatever they mean."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.writelines(pieces)
        if close:
            await writer.drain()
            writer.close()

    return answer


async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Nothing, until the client gives up."""
    await reader.read()


async def forever(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A body without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b"a 1\n" * 10_000)
        await writer.drain()


@asynccontextmanager
async def serving(answer: Answer, context: ssl.SSLContext | None = None) -> AsyncIterator[Exporter]:
    """An exporter on a free port of loopback, whose connections end with it."""
    exporter = Exporter(answer)
    open_now: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        open_now[task] = writer
        try:
            await exporter(reader, writer)
        finally:
            del open_now[task]

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    exporter.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield exporter
    finally:
        server.close()
        tasks = [task for task in open_now if task is not None]
        for writer in open_now.values():
            writer.transport.abort()
        await asyncio.gather(*tasks)


def target(address: str, **job: Any) -> Target:
    """The target of an address."""
    made = ScrapeJob(job="exporter", **{"timeout": 5_000, **job})
    (found,) = targets_of(made, Relabelling(()), [TargetGroup((address,))]).active
    return found
