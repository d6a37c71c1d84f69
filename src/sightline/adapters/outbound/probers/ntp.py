"""The time of a server by SNTP (RFC 5905): how far its clock is from ours."""

import asyncio
import secrets
import struct
import time
from collections.abc import Callable
from time import monotonic
from typing import Final, NamedTuple

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import quoted
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.domain.probes.options import Ntp
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.ports.prober import Attempt, Prober

PORT: Final = 123
_PACKET: Final = struct.Struct("!BBbbII4sQQQQ")
_MAX_DATAGRAM: Final = 512
_CLIENT: Final = 4 << 3 | 3
"""Version 4, mode 3."""
_SERVER: Final = 4
_UNSYNCHRONISED: Final = 3
_EPOCH: Final = 2_208_988_800
"""Seconds from 1900 to 1970."""
_ERA: Final = 1 << 32
"""Seconds after which the protocol's clock begins anew, in 2036 for the first time."""
_STRATA: Final = 16

_KISSES: Final = {
    "RATE": "we ask too often: raise the interval",
    "DENY": "we are not allowed to ask",
    "RSTR": "we are not allowed to ask",
}


class NtpProber(Prober):
    """Facts, in seconds: `offset` (of the server's clock to ours), `delay`, `root_delay`, `root_dispersion`; `stratum`, `leap`.

    wall: our clock, in seconds since 1970.
    """

    kinds = frozenset({"ntp"})

    def __init__(self, dialler: Dialler, wall: Callable[[], float] = time.time) -> None:
        self._dialler = dialler
        self._wall = wall

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Ntp, self._dialler, self._talk)

    async def _talk(self, exchange: Exchange[Ntp]) -> None:
        target = exchange.target("ntp")
        port = target.port or PORT
        exchange.where = target.where(port)
        addresses = await exchange.addresses(target.host)
        exchange.awaiting = "an answer"
        loop = asyncio.get_running_loop()
        with exchange.dialler.datagrams(addresses, port, exchange.where) as (sock, exchange.address):
            # What comes back must hold it, so that nobody who cannot see what we send can answer; of our time it tells nothing.
            cookie = secrets.randbits(64)
            sent, asked = self._wall(), monotonic()
            await loop.sock_sendall(sock, _PACKET.pack(_CLIENT, 0, 0, 0, 0, 0, bytes(4), 0, 0, 0, cookie))
            while True:
                data = await loop.sock_recv(sock, _MAX_DATAGRAM)
                took = monotonic() - asked
                if (reply := _reply(data, cookie)) is not None:
                    break
                await asyncio.sleep(0)  # a flood of what is none leaves others a turn
        exchange.phases[Phase.PROCESSING] = took
        _judge(exchange, reply, sent, took)


class _Reply(NamedTuple):
    leap: int
    version: int
    stratum: int
    root_delay: float
    root_dispersion: float
    reference: bytes
    received: int
    transmitted: int


def _reply(data: bytes, cookie: int) -> _Reply | None:
    """A server's answer to our question; None for anything else."""
    if len(data) < _PACKET.size:
        return None
    first, stratum, _, _, delay, dispersion, reference, _, origin, received, transmitted = _PACKET.unpack_from(data)
    if origin != cookie or first & 7 != _SERVER:
        return None
    return _Reply(
        first >> 6, first >> 3 & 7, stratum, delay / 65_536, dispersion / 65_536, reference, received, transmitted
    )


def _judge(exchange: Exchange[Ntp], reply: _Reply, sent: float, took: float) -> None:
    exchange.version = str(reply.version)
    exchange.facts |= {"stratum": float(reply.stratum), "leap": float(reply.leap)}
    if not reply.stratum:
        code = quoted(reply.reference.rstrip(b"\0"))
        raise exchange.refuse(Reason.NOT_SERVING, f"sends us away ({code}): {_KISSES.get(code, 'a kiss of death')}")
    if reply.leap == _UNSYNCHRONISED or reply.stratum >= _STRATA or not reply.transmitted:
        raise exchange.refuse(Reason.NOT_SERVING, "says that its clock is not synchronised")
    inside = (reply.transmitted - reply.received) / _ERA
    exchange.facts |= {
        "delay": max(took - inside, 0.0),
        # The middle of their time, less the middle of ours.
        "offset": _nearest((_seconds(reply.received) + _seconds(reply.transmitted)) / 2 - (sent + took / 2)),
        "root_delay": reply.root_delay,
        "root_dispersion": reply.root_dispersion,
    }


def _seconds(timestamp: int) -> float:
    return timestamp / _ERA - _EPOCH


def _nearest(offset: float) -> float:
    """An offset as it is in the era that makes it smallest."""
    return (offset + _ERA / 2) % _ERA - _ERA / 2
