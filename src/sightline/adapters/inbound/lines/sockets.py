"""One address that takes lines: connections over TCP, and datagrams over UDP, within bounds."""

import asyncio
import errno
import ipaddress
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import structlog
from typing_extensions import override

from sightline.domain.errors import SettingsInvalid
from sightline.ports.telemetry import Instrument, Kind, Telemetry

CONNECTIONS: Final = Instrument(
    "sightline_lines_connections", "Open connections, by listener.", Kind.GAUGE, ("listener",)
)
BYTES: Final = Instrument("sightline_lines_bytes_total", "Bytes that came, by listener.", Kind.COUNTER, ("listener",))
DROPPED: Final = Instrument(
    "sightline_lines_dropped_total",
    "What was dropped unread, by listener and reason: datagrams and connections of senders that are not allowed (not_allowed) or of"
    " which there are too many (waiting, connections), lines that are too long (too_long), blocks that met a defect (defect).",
    Kind.COUNTER,
    ("listener", "reason"),
)

MAX_CONNECTIONS: Final = 1_000
"""Over TCP at once."""
MAX_WAITING: Final = 16 << 20
"""Bytes of datagrams that wait for their turn."""
MAX_LINE: Final = 64 * 1024
"""Bytes of a line."""
_BLOCK: Final = 64 * 1024
_KERNEL_BUFFER: Final = 4 << 20
_BACKLOG: Final = 128
_TRIES: Final = 20
_DRAIN_SECONDS: Final = 1.0

_log = structlog.get_logger("sightline.lines")

Take = Callable[[bytes], Awaitable[None]]
"""Takes a block of whole lines; while it does, the sender of the block waits."""
Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]


def networks(allow: Sequence[str], setting: str) -> Networks:
    """Networks and addresses from which senders are taken.

    Raises:
        SettingsInvalid: one is no network.
    """
    try:
        return [ipaddress.ip_network(one) for one in allow]
    except ValueError as error:
        raise SettingsInvalid(f"{setting}: {error}; write networks as 10.0.0.0/8, or addresses", key=setting) from None


def check_open(host: str, allow: Sequence[str], *, insecure: bool, setting: str) -> None:
    """Refuse to listen where strangers could send: these protocols know no token.

    Raises:
        SettingsInvalid: the address is not loopback, and nobody said whose lines are taken, or that everybody's are.
    """
    try:
        is_loopback = host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback and not allow and not insecure:
        section = setting.partition(".")[0]
        raise SettingsInvalid(
            f"{setting} {host} is open to other machines, and its protocol knows no token: name the networks that may send in "
            f"{section}.allow, as 10.0.0.0/8, or give --insecure to let everybody in",
            key=setting,
        )


def bind(host: str, port: int, setting: str) -> tuple[socket.socket, socket.socket]:
    """Sockets for connections and for datagrams at one address; port 0 takes one that is free for both.

    Raises:
        SettingsInvalid: the address cannot be listened on.
    """
    for tries in range(_TRIES):
        try:
            with _closed_on_error() as opened:
                stream = _bound(host, port, socket.SOCK_STREAM, opened)
                datagrams = _bound(host, stream.getsockname()[1], socket.SOCK_DGRAM, opened)
        except OSError as error:
            if port == 0 and error.errno == errno.EADDRINUSE and tries < _TRIES - 1:
                continue  # free for connections and not for datagrams
            message = f"{setting} = {host}:{port}: {error.strerror}"
            if error.errno == errno.EADDRINUSE:
                message += f"; stop what uses the port, or choose another with --set {setting}"
            raise SettingsInvalid(message, key=setting) from None
        return stream, datagrams
    raise AssertionError("the last try returned or raised")


@contextmanager
def _closed_on_error() -> Iterator[list[socket.socket]]:
    opened: list[socket.socket] = []
    try:
        yield opened
    except OSError:
        for one in opened:
            one.close()
        raise


def _bound(host: str, port: int, kind: socket.SocketKind, opened: list[socket.socket]) -> socket.socket:
    family, _, protocol, _, address = socket.getaddrinfo(host, port, type=kind)[0]
    made = socket.socket(family, kind, protocol)
    opened.append(made)
    if kind is socket.SOCK_STREAM:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BUFFER)  # as much of it as the system allows
    made.bind(address)
    if kind is socket.SOCK_STREAM:
        made.listen(_BACKLOG)
    made.settimeout(0)
    return made


class LineListener:
    """Hands what comes to `take`, block by block. Use as an async context, which takes the sockets and closes them.

    A connection is read no faster than its blocks are taken, so that the sender feels it. Datagrams wait, and beyond a bound they
    are dropped and counted. On exit what has come by then is still handed over, for a second.
    """

    def __init__(
        self,
        name: str,
        sockets: tuple[socket.socket, socket.socket],
        take: Take,
        telemetry: Telemetry,
        allowed: Networks,
    ) -> None:
        """`name` is for metrics. allowed: whose lines are taken; none means everybody's."""
        self._name = name
        self._stream, self._datagrams = sockets
        self._take = take
        self._telemetry = telemetry
        self._allowed = allowed
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._inbox = _Inbox(self._dropped, self._is_allowed)
        self._server: asyncio.Server | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._drain: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, sock=self._stream, limit=_BLOCK)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self._inbox, sock=self._datagrams)
        self._drain = asyncio.create_task(self._drained(), name=f"{self._name}:datagrams")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        if self._transport is not None:
            self._transport.close()
        for writer in self._connections.values():
            writer.close()
        self._inbox.end()
        tasks = {*self._connections, *([self._drain] if self._drain is not None else [])}
        if tasks:
            await asyncio.wait(tasks, timeout=_DRAIN_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drained(self) -> None:
        """Hand over datagrams, many at a time."""
        while block := await self._inbox.block():
            self._telemetry.add(BYTES, len(block), (self._name,))
            await self._hand_over(block)

    async def _hand_over(self, block: bytes) -> None:
        """What goes wrong with one block is not the end of the others."""
        try:
            await self._take(block)
        except Exception:  # noqa: BLE001 - the outermost loop: a defect costs a block
            _log.exception("lines could not be taken", listener=self._name)
            self._dropped("defect")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        try:
            if not self._is_allowed(writer.get_extra_info("peername")):
                self._dropped("not_allowed")
            elif len(self._connections) >= MAX_CONNECTIONS:
                self._dropped("connections")
            else:
                self._connections[task] = writer
                self._telemetry.set(CONNECTIONS, len(self._connections), (self._name,))
                await self._read(reader)
        except OSError:
            pass  # the sender is gone
        finally:
            writer.close()
            if self._connections.pop(task, None) is not None:
                self._telemetry.set(CONNECTIONS, len(self._connections), (self._name,))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Hand over whole lines; what is behind the last line feed waits for the rest, or for the end."""
        rest = b""
        skipping = False  # within a line that is too long
        while data := await reader.read(_BLOCK):
            self._telemetry.add(BYTES, len(data), (self._name,))
            if skipping:
                _, feed, data = data.partition(b"\n")
                skipping = not feed
            lines, feed, rest = (rest + data).rpartition(b"\n")
            if feed:
                await self._hand_over(lines + feed)
            if len(rest) > MAX_LINE:
                self._dropped("too_long")
                rest, skipping = b"", True
        if rest:
            await self._hand_over(rest + b"\n")

    def _is_allowed(self, peer: tuple[Any, ...] | None) -> bool:
        if not self._allowed:
            return True
        if peer is None:
            return False
        address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._allowed)

    def _dropped(self, reason: str) -> None:
        self._telemetry.add(DROPPED, labels=(self._name, reason))


class _Inbox(asyncio.DatagramProtocol):
    """Datagrams that wait for their turn."""

    def __init__(self, dropped: Callable[[str], None], is_allowed: Callable[[tuple[Any, ...] | None], bool]) -> None:
        self._tell_dropped = dropped
        self._is_allowed = is_allowed
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._came = asyncio.Event()
        self._ended = False

    @override
    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not self._is_allowed(addr):
            self._tell_dropped("not_allowed")
        elif self._bytes + len(data) > MAX_WAITING:
            self._tell_dropped("waiting")
        else:
            self._waiting.append(data)
            self._bytes += len(data)
            self._came.set()

    def end(self) -> None:
        """Nothing comes any more."""
        self._ended = True
        self._came.set()

    async def block(self) -> bytes:
        """The lines of some datagrams, as soon as there is one; none once nothing comes any more."""
        while not self._waiting:
            if self._ended:
                return b""
            self._came.clear()
            await self._came.wait()
        some: list[bytes] = []
        size = 0
        while self._waiting and size < _BLOCK:
            one = self._waiting.popleft()
            size += len(one)
            some.append(one)
        self._bytes -= size
        return b"\n".join(some) + b"\n"
