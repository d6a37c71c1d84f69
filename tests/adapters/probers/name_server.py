"""A name server on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from typing_extensions import override

Zone = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Records by name and type, as zone files write them; any other name is none."""


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Answers from a zone over UDP and TCP.

    silent: names of which nothing is said. cut: names whose answers are said over TCP alone. rcode: what is answered instead,
    NOERROR for answers. asked: names and types. all_silent: set once all silent names were asked for.
    """

    zone: Zone
    silent: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    all_silent: asyncio.Event = field(default_factory=asyncio.Event)
    transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.port

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self.answer(data, is_cut=True)
        if answer is not None and self.transport is not None:
            self.transport.sendto(answer, addr)

    def answer(self, data: bytes, *, is_cut: bool = False) -> bytes | None:
        """What it says to a question; None where it is silent."""
        question = dns.message.from_wire(data)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True), asked.rdtype.name
        self.asked.append((name, kind))
        if name in self.silent:
            if self.silent <= {name for name, _ in self.asked}:
                self.all_silent.set()
            return None
        response = dns.message.make_response(question)
        records = self.zone.get(name)
        response.set_rcode(self.rcode or (dns.rcode.NXDOMAIN if records is None else dns.rcode.NOERROR))
        if is_cut and name in self.cut:
            response.flags |= dns.flags.TC
            return response.to_wire()
        for alias in (records or {}).get("CNAME", ()):
            response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "CNAME", f"{alias}."))
            records = self.zone.get(alias)
        found = (records or {}).get(kind, ())
        if found:
            response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
        return response.to_wire()

    async def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question over TCP."""
        answer = self.answer(await reader.readexactly(int.from_bytes(await reader.readexactly(2)))) or b""
        writer.write(len(answer).to_bytes(2) + answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def name_server(
    zone: Zone,
    *,
    silent: frozenset[str] = frozenset(),
    cut: frozenset[str] = frozenset(),
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
) -> AsyncIterator[NameServer]:
    """It answers until the end."""
    found = NameServer(zone, silent, cut, rcode)
    streams = await asyncio.start_server(found.on_connection, "127.0.0.1", 0)
    found.port = streams.sockets[0].getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(found.address)
    udp.settimeout(0)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: found, sock=udp)
    try:
        yield found
    finally:
        transport.close()
        streams.close()
        await streams.wait_closed()
