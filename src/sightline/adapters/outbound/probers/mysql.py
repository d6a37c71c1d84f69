"""The greeting of MySQL and MariaDB (protocol 10).

Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html.
"""

import asyncio
import contextlib
import struct
from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import Failure, quoted
from sightline.adapters.network.link import Ended, Link
from sightline.adapters.network.talks.exchange import FAREWELL, Exchange, conduct
from sightline.domain.probes.options import Mysql
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.ports.prober import Attempt, Prober

PORT: Final = 3306
MAX_PACKET: Final = 4 << 10
_PROTOCOL: Final = 10
_ERROR: Final = 0xFF
_OTHER_WAY: Final = 0xFE
_NOT_YOU: Final = frozenset({1129, 1130, 1045, 1698})
"""Host is blocked, host is not allowed, access is denied."""

# CLIENT_LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION.
_CAPABILITIES: Final = 0x1 | 0x200 | 0x8000
_UTF8: Final = 33
_QUIT: Final = b"\x01\x00\x00\x00\x01"


class MysqlProber(Prober):
    """Facts: `server_version`."""

    kinds = frozenset({"mysql"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Mysql, self._dialler, _talk)


async def _talk(exchange: Exchange[Mysql]) -> None:
    link = await exchange.connect(exchange.target("mysql", "mariadb"), PORT)
    exchange.awaiting = "the greeting"
    payload = await _packet(exchange, link)
    if payload[0] == _ERROR:
        raise _refused(exchange, payload)
    version, end, _ = payload[1:].partition(b"\0")
    if payload[0] != _PROTOCOL or not end:
        raise exchange.refuse(Reason.PROTOCOL, f"does not greet as MySQL with protocol 10: {quoted(payload)!r}")
    exchange.version = quoted(version)
    exchange.facts["server_version"] = exchange.version
    await _leave(exchange, link)


async def _packet(exchange: Exchange[Mysql], link: Link) -> bytes:
    """The payload of the next packet, which is not empty."""
    header = await link.exactly(4)
    size = int.from_bytes(header[:3], "little")
    if not 0 < size <= MAX_PACKET:
        raise exchange.refuse(Reason.PROTOCOL, f"does not greet as MySQL: {quoted(header + link.held)!r}")
    return await link.exactly(size)


def _refused(exchange: Exchange[Mysql], payload: bytes) -> Failure:
    number = int.from_bytes(payload[1:3], "little")
    said = payload[9:] if payload[3:4] == b"#" else payload[3:]
    reason = Reason.AUTHENTICATION if number in _NOT_YOU else Reason.NOT_SERVING
    return exchange.refuse(reason, f"takes no connection: {quoted(said)} (error {number})")


async def _leave(exchange: Exchange[Mysql], link: Link) -> None:
    """Let ourselves be turned away.

    A server counts connections that end in the middle of the handshake, and after `max_connect_errors` of them (100) it blocks the
    host they come from; those of users whom it does not know it does not count.
    """
    answer = struct.pack("<IIB23x", _CAPABILITIES, MAX_PACKET, _UTF8) + b"sightline\0" + b"\0"
    await exchange.farewell(link, len(answer).to_bytes(3, "little") + b"\x01" + answer)
    with contextlib.suppress(OSError, Ended, Failure):  # TimeoutError is an OSError
        async with asyncio.timeout(min(FAREWELL, exchange.left)):
            said = await _packet(exchange, link)
            if said[0] == _OTHER_WAY:  # there, too, we have no password
                await link.send(b"\0\0\0\x03")
                said = await _packet(exchange, link)
            if not said[0]:
                await link.send(_QUIT)
