"""The prober as tests ask it, and far ends that they ask."""

import asyncio
from typing import Any, Final

from tests.adapters.probers.far_ends import Serve, answer, take_time

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.outbound.probers.http import HttpProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Http
from sightline.domain.probes.outcome import Outcome
from sightline.ports.prober import Attempt

ZONE: Final = {
    "good.example": {"A": ("127.0.0.1",)},
    "meta.example": {"A": ("169.254.169.254",)},
    "xn--bcher-kva.example": {"A": ("127.0.0.1",)},
    "mixed.example": {"A": ("127.0.0.1",), "AAAA": ("fe80::1",)},
    "both.example": {"A": ("127.0.0.1",), "AAAA": ("::1",)},
}


class Probing:
    """The prober, and how tests ask it."""

    def __init__(self, exchanges: Exchanges) -> None:
        self.prober = HttpProber(exchanges)

    async def __call__(self, url: str, seconds: float = 10, traceparent: str = "", **options: Any) -> Outcome:
        """Try once."""
        definition = Definition(name="it", url=url, options=Http(**options))
        async with asyncio.timeout(60):
            return await self.prober.probe(Attempt(definition, seconds, traceparent))


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
