"""The kinds of check that are probed through a dialler, as the suite of all probers wants them."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import dns.message
import pytest
from tests.adapters.probers.far_ends import FarEnd, serving
from tests.adapters.probers.made_certificates import issue
from tests.adapters.probers.name_server import name_server
from tests.adapters.probers.peers import datagrams, script

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.guard import Guard, Policy
from sightline.adapters.network.names import Names
from sightline.adapters.network.talks.postgres import message
from sightline.adapters.outbound.probers.dns import DnsProber
from sightline.adapters.outbound.probers.icmp import IcmpProber
from sightline.adapters.outbound.probers.mail import MailProber
from sightline.adapters.outbound.probers.mongodb import MongodbProber
from sightline.adapters.outbound.probers.mysql import MysqlProber
from sightline.adapters.outbound.probers.ntp import NtpProber
from sightline.adapters.outbound.probers.postgres import PostgresProber
from sightline.adapters.outbound.probers.redis import RedisProber
from sightline.adapters.outbound.probers.ssh import SshProber
from sightline.adapters.outbound.probers.tcp import TcpProber
from sightline.adapters.outbound.probers.tls import TlsProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import (
    AnyOptions,
    Dns,
    Icmp,
    Mail,
    Mongodb,
    Mysql,
    Ntp,
    Postgres,
    Redis,
    Ssh,
    TalkStep,
    Tcp,
    Tls,
    TlsTrust,
)
from sightline.ports.prober import Prober

HUSH: Final = "hush-0123456789"

Open = Callable[[Policy], AbstractAsyncContextManager[Prober]]
Write = Callable[[str, int], Definition]
Well = Callable[[], AbstractAsyncContextManager[FarEnd]]


@asynccontextmanager
async def _opened(make: Callable[[Dialler], Prober], policy: Policy) -> AsyncIterator[Prober]:
    """A prober; names are asked of a server that knows none."""
    async with name_server({}) as server:
        yield make(Dialler(partial(Guard, policy=policy), names=Names(servers=(server.address,))))


def _written(options: AnyOptions, scheme: str = "") -> Write:
    """A check; with a scheme there are credentials in its URL."""
    before = f"{scheme}://user:{HUSH}@" if scheme else ""
    return lambda host, port: Definition(name=options.__class__.__name__, url=f"{before}{host}:{port}", options=options)


def _of_host(host: str, _port: int) -> Definition:
    skip_unless_permitted()
    return Definition(name="icmp", url=host, options=Icmp())


def _question(host: str, port: int) -> Definition:
    """The host is the resolver's."""
    return Definition(name="dns", url="shop.test", options=Dns(resolver=f"{host}:{port}"))


def skip_unless_permitted() -> None:
    """Echo requests need a right that not every user has."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except OSError:
            continue
        return
    pytest.skip("needs CAP_NET_RAW or a group within net.ipv4.ping_group_range")


def _saying(*steps: bytes | None) -> Well:
    return lambda: serving(script(*steps))


@asynccontextmanager
async def _answering(answer: Callable[[bytes], Sequence[bytes]]) -> AsyncIterator[FarEnd]:
    """Over UDP."""
    far_end = FarEnd(0)

    def told(asked: bytes) -> Sequence[bytes]:
        far_end.came.set()
        return answer(asked)

    async with datagrams(told) as server:
        far_end.port = server.port
        yield far_end


@asynccontextmanager
async def _encrypted() -> AsyncIterator[FarEnd]:
    """With a certificate that nobody needs to trust."""
    with TemporaryDirectory() as folder:
        issued = issue(Path(folder), 90)
    async with serving(script(), issued.server) as far_end:
        yield far_end


@asynccontextmanager
async def _nobody() -> AsyncIterator[FarEnd]:
    """The machine itself answers."""
    await asyncio.sleep(0)
    yield FarEnd(1)


def _time(asked: bytes) -> list[bytes]:
    now = struct.pack("!QQ", 1 << 62, 1 << 62)
    return [bytes([4 << 3 | 4, 1, 6, 0]) + bytes(8) + b"GPS\0" + bytes(8) + asked[40:48] + now]


def _hello() -> bytes:
    body = bytes(5) + struct.pack("<i", 17) + b"\x01ok\0" + struct.pack("<d", 1.0) + b"\0"
    return struct.pack("<iiii", 16 + len(body), 7, 1, 2013) + body


_UNVERIFIED: Final = TlsTrust(verify=False)
_READY: Final = message(b"R", bytes(4)) + message(b"Z", b"I")

KINDS: Final[dict[str, tuple[Open, Write, Well]]] = {
    "tcp": (
        partial(_opened, TcpProber),
        _written(Tcp(talk=(TalkStep(send=HUSH, expect="^fine"),))),
        _saying(None, b"fine\r\n"),
    ),
    "tls": (partial(_opened, TlsProber), _written(Tls(tls=_UNVERIFIED)), _encrypted),
    "dns": (
        partial(_opened, DnsProber),
        _question,
        lambda: _answering(lambda asked: [dns.message.make_response(dns.message.from_wire(asked)).to_wire()]),
    ),
    "icmp": (partial(_opened, IcmpProber), _of_host, _nobody),
    "mail": (
        partial(_opened, MailProber),
        _written(Mail()),
        _saying(b"220 a\r\n", None, b"250 a\r\n", None, b"221 a\r\n"),
    ),
    "postgres": (
        partial(_opened, PostgresProber),
        _written(Postgres(query=f"SELECT '{HUSH}'"), "postgres"),
        _saying(None, _READY, None, message(b"Z", b"I")),
    ),
    "mysql": (
        partial(_opened, MysqlProber),
        _written(Mysql()),
        _saying(b"\x08\0\0\0\x0a8.0.36\0", None, b"\x03\0\0\x02\xff\x15\x04"),
    ),
    "redis": (partial(_opened, RedisProber), _written(Redis(), "redis"), _saying(None, b"+OK\r\n", None, b"+PONG\r\n")),
    "mongodb": (partial(_opened, MongodbProber), _written(Mongodb(), "mongodb"), _saying(None, _hello())),
    "ntp": (partial(_opened, NtpProber), _written(Ntp()), lambda: _answering(_time)),
    "ssh": (partial(_opened, SshProber), _written(Ssh()), _saying(b"SSH-2.0-Fake\r\n")),
}
"""By name: how the prober is made, how a check of a host and port is written, and a far end that answers it well."""
