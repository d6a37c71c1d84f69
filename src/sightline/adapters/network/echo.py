"""Echo requests of ICMP and ICMPv6 and their answers: all probes of a family share one socket, open while any of them waits.

Sources: RFC 792 and 4443; ping sockets as icmp(7) has them.
"""

import asyncio
import errno
import os
import secrets
import socket
import struct
import sys
from dataclasses import dataclass
from time import monotonic
from typing import Final

COOKIE: Final = 8
"""Bytes of a request that only its answer can know."""
_HEADER: Final = struct.Struct("!BBHHH")
_INT: Final = struct.Struct("=i")
_MAX_DATAGRAM: Final = 2_048
_ANCILLARY: Final = 256
# A burst of answers must not push others out.
_BUFFER: Final = 1 << 20
_IPV6_HEADER: Final = 40
_TIME_TO_LIVE: Final = 8
"""Where it stands in a header of IPv4."""

# Linux' numbers that Python 3.11 has no names for: icmp6.h, in.h.
_ICMP6_FILTER: Final = 1
_IP_RECVTTL: Final = getattr(socket, "IP_RECVTTL", 12)


@dataclass(frozen=True, slots=True)
class Answer:
    """seconds: since the request. hop_limit: hops that were left to the answer; None where that is not told."""

    seconds: float
    hop_limit: int | None


@dataclass(frozen=True, slots=True)
class _Family:
    """family, protocol: of sockets. request, reply, unreachable, exceeded: types. checksum: whether it is ours to make."""

    family: socket.AddressFamily
    protocol: int
    request: int
    reply: int
    unreachable: int
    exceeded: int
    checksum: bool


_FOUR: Final = _Family(socket.AF_INET, socket.IPPROTO_ICMP, 8, 0, 3, 11, checksum=True)
_SIX: Final = _Family(socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129, 1, 3, checksum=False)


class Echoes:
    """Asks hosts. Sockets are opened when they are needed and closed with the last that waits."""

    def __init__(self) -> None:
        self._open: dict[socket.AddressFamily, _Echo] = {}

    async def ask(self, address: str, payload: int) -> Answer:
        """Send one echo request to an address in numbers and wait for its answer. payload: its bytes.

        Raises:
            PermissionError: the machine lets us have no such socket.
            OSError: it cannot be sent, or a machine on the way says that the host cannot be reached.
        """
        family = _SIX if ":" in address else _FOUR
        echo = self._open.get(family.family)
        if echo is None:
            echo = self._open[family.family] = _Echo(family)
        try:
            return await echo.ask(address, payload)
        finally:
            if echo.is_idle:
                echo.close()
                if self._open.get(family.family) is echo:
                    del self._open[family.family]


class _Echo:
    """The socket of one family, and who waits, by the number of the request."""

    def __init__(self, family: _Family) -> None:
        self._family = family
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, tuple[bytes, asyncio.Future[tuple[float, int | None]]]] = {}
        self._number = secrets.randbelow(1 << 16)
        self._id = secrets.randbelow(1 << 16)
        self._socket, self._is_raw = _socket(family)
        try:
            _prepare(self._socket, family, is_raw=self._is_raw)
            self._loop.add_reader(self._socket.fileno(), self._read)
        except BaseException:
            self._socket.close()
            raise

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    async def ask(self, address: str, payload: int) -> Answer:
        if len(self._waiting) >= 1 << 15:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        while (number := self._next()) in self._waiting:
            pass
        cookie = secrets.token_bytes(COOKIE)
        answer: asyncio.Future[tuple[float, int | None]] = self._loop.create_future()
        self._waiting[number] = (cookie, answer)
        try:
            info = socket.getaddrinfo(address, 0, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
            sent = monotonic()
            self._socket.sendto(self._request(number, cookie, payload), info[4])
            came, hop_limit = await answer
            return Answer(came - sent, hop_limit)
        finally:
            del self._waiting[number]

    def _next(self) -> int:
        self._number = (self._number + 1) & 0xFFFF
        return self._number

    def _request(self, number: int, cookie: bytes, payload: int) -> bytes:
        data = cookie + bytes(max(payload - COOKIE, 0))
        head = _HEADER.pack(self._family.request, 0, 0, self._id, number)
        checksum = _checksum(head + data) if self._family.checksum else 0
        return _HEADER.pack(self._family.request, 0, checksum, self._id, number) + data

    def _read(self) -> None:
        """Take what has come, not all of it where there is no end."""
        for _ in range(64):
            try:
                data, ancillary, _, _ = self._socket.recvmsg(_MAX_DATAGRAM, _ANCILLARY)
            except BlockingIOError:
                return
            except OSError:  # of one of many requests: those that cannot be sent say so themselves
                return
            self._take(data, _hop_limit(ancillary), monotonic())

    def _take(self, data: bytes, hop_limit: int | None, now: float) -> None:
        if self._is_raw and self._family is _FOUR:
            # The header of IP comes with it.
            hop_limit = data[_TIME_TO_LIVE] if len(data) > _TIME_TO_LIVE else None
            data = data[_header_size(data) :]
        if len(data) < _HEADER.size:
            return
        kind, code, _, identifier, number = _HEADER.unpack_from(data)
        if kind == self._family.reply and (not self._is_raw or identifier == self._id):
            cookie, answer = self._waiting.get(number, (b"", None))
            if answer is not None and not answer.done() and data[_HEADER.size :].startswith(cookie):
                answer.set_result((now, hop_limit))
        elif kind in {self._family.unreachable, self._family.exceeded}:
            self._fail(data[_HEADER.size :], kind, code)

    def _fail(self, quoted: bytes, kind: int, code: int) -> None:
        """A machine on the way returned one of our requests, or the beginning of it."""
        returned = quoted[_header_size(quoted) if self._family is _FOUR else _IPV6_HEADER :]
        if len(returned) < _HEADER.size:
            return
        request, _, _, identifier, number = _HEADER.unpack_from(returned)
        _, answer = self._waiting.get(number, (b"", None))
        if request != self._family.request or identifier != self._id or answer is None or answer.done():
            return
        what = (
            "its way has too many hops" if kind == self._family.exceeded else f"a router says unreachable, code {code}"
        )
        answer.set_exception(OSError(errno.EHOSTUNREACH, what))

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()


def _socket(family: _Family) -> tuple[socket.socket, bool]:
    """A ping socket, which needs no privilege where the machine allows it to our group; else a raw one. Whether it is raw."""
    try:
        return socket.socket(family.family, socket.SOCK_DGRAM, family.protocol), False
    except PermissionError:
        return socket.socket(family.family, socket.SOCK_RAW, family.protocol), True


def _prepare(sock: socket.socket, family: _Family, *, is_raw: bool) -> None:
    sock.settimeout(0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    if family is _FOUR:
        if not is_raw:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        return
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    if is_raw and sys.platform == "linux":
        # One bit for each type of message that is not wanted.
        blocked = [0xFFFFFFFF] * 8
        for kind in (family.reply, family.unreachable, family.exceeded):
            blocked[kind >> 5] &= ~(1 << (kind & 31))
        sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *blocked))


def _hop_limit(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, _, data in ancillary:
        if level in {socket.IPPROTO_IP, socket.IPPROTO_IPV6} and len(data) >= _INT.size:
            number: int = _INT.unpack_from(data)[0]
            return number
    return None


def _header_size(data: bytes) -> int:
    """Bytes of a header of IPv4."""
    return (data[0] & 0x0F) * 4 if data else 0


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
