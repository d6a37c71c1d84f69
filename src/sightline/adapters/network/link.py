"""A connection as probes use it: bounded reads, TLS from any moment on, and the times of asking and hearing."""

import asyncio
import contextlib
import socket
import ssl
from time import monotonic
from typing import Final

from sightline.adapters.network.certificates import Certificates
from sightline.adapters.network.failure import Failure, failure_of
from sightline.domain.probes.outcome import Certificate, Reason

MAX_LINE: Final = 8 << 10
"""Bytes of a line, unless told otherwise."""
MAX_HANDSHAKE: Final = 256 << 10
"""Bytes that a server may send before TLS stands."""
_CHUNK: Final = 16 << 10


class Ended(Exception):
    """The other side closed the connection when more was awaited."""


class Link:
    """Owns the socket. where: whom it leads to, as `host:port`. address: in numbers.

    asked_at, heard_at: when the last was sent, and the first was received after that, monotonic seconds; until anything is sent,
    `asked_at` is when the connection stood. last_at: when something was received last. size: bytes received.
    """

    def __init__(self, sock: socket.socket, where: str, address: str) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._held = bytearray()
        self._tls: _Session | None = None
        self.where = where
        self.address = address
        self.asked_at = monotonic()
        self.heard_at: float | None = None
        self.last_at = self.asked_at
        self.size = 0
        self.certificate: Certificate | None = None
        self.verified_until: int | None = None

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await self._loop.sock_sendall(self._socket, data if self._tls is None else self._tls.encrypted(data))
        self.asked_at, self.heard_at = monotonic(), None

    async def more(self) -> bytes:
        """What has been received and was not taken yet, once there is more of it; it is not taken thereby.

        Raises:
            Ended: nothing more comes.
        """
        data = await self._receive()
        if not data:
            raise Ended
        self.last_at = monotonic()
        if self.heard_at is None:
            self.heard_at = self.last_at
        self.size += len(data)
        self._held += data
        return bytes(self._held)

    @property
    def held(self) -> bytes:
        """What has been received and was not taken yet."""
        return bytes(self._held)

    def take(self, size: int) -> bytes:
        """Take so many bytes of what is held."""
        found = bytes(self._held[:size])
        del self._held[:size]
        return found

    async def exactly(self, size: int) -> bytes:
        """Take so many bytes, which the caller bounds. Raises `Ended` where fewer come."""
        while len(self._held) < size:
            await self.more()
        return self.take(size)

    async def line(self, limit: int = MAX_LINE) -> bytes:
        """Take a line, without its end. Raises `Ended` where none comes.

        Raises:
            Failure: ANSWER_TOO_LARGE.
        """
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > limit:
                raise Failure(Reason.ANSWER_TOO_LARGE, f"{self.where} sent {limit} bytes without the end of a line")
            await self.more()
        return self.take(end + 1).rstrip(b"\r\n")

    async def start_tls(self, context: ssl.SSLContext, server_name: str, reads: Certificates) -> None:
        """Shake hands. What the server showed is in `certificate` afterwards, also where it is not trusted.

        reads: what reads certificates.

        Raises:
            Failure: TLS_FAILED, CERTIFICATE_EXPIRED, CERTIFICATE_INVALID, PROTOCOL.
        """
        if self._held:
            # Whoever is in between could have put it there: it must not count as said over TLS.
            raise Failure(Reason.PROTOCOL, f"{self.where} sent more in the clear when TLS was to begin")
        try:
            session = _Session(context, server_name)
        except ValueError as error:
            raise Failure(Reason.BAD_TARGET, f"{server_name[:200]!r} is no name for TLS: {error}") from None
        try:
            await self._shake_hands(session)
        except OSError as error:
            shown = session.certificate(reads)
            raise (_broken_off(error, self.where) or failure_of(error, self.where, shown)) from None
        finally:
            self.certificate = session.certificate(reads)
        self._tls = session
        self.verified_until = session.verified_until(reads)
        self.asked_at, self.heard_at = monotonic(), None

    async def _shake_hands(self, session: "_Session") -> None:
        received = 0
        while True:
            try:
                session.object.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the server may hear why
                    self._socket.send(session.outgoing.read())
                raise
            else:
                await self._loop.sock_sendall(self._socket, session.outgoing.read())
                return
            await self._loop.sock_sendall(self._socket, session.outgoing.read())
            data = await self._raw()
            received += len(data)
            if received > MAX_HANDSHAKE:
                raise Failure(Reason.TLS_FAILED, f"{self.where} sent {MAX_HANDSHAKE} bytes and no end of the handshake")
            session.feed(data)

    async def _receive(self) -> bytes:
        session = self._tls
        if session is None:
            return await self._raw()
        while True:
            try:
                return session.object.read(_CHUNK)
            except ssl.SSLWantReadError:
                if answer := session.outgoing.read():
                    await self._loop.sock_sendall(self._socket, answer)
                session.feed(await self._raw())
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def _raw(self) -> bytes:
        # What is there already is given without a turn of the loop: a sender without end would leave none to others.
        await asyncio.sleep(0)
        return await self._loop.sock_recv(self._socket, _CHUNK)

    def close(self) -> None:
        """Close it, again without effect. Over TLS the end is said."""
        if self._tls is not None and self._socket.fileno() >= 0:
            with contextlib.suppress(OSError, ValueError):
                self._socket.send(self._tls.farewell())
        self._tls = None
        self._socket.close()


class _Session:
    """TLS over bytes that somebody else carries, so that certificates can be had when they are not trusted."""

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._incoming, self.outgoing, server_hostname=server_name)

    def feed(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def encrypted(self, data: bytes) -> bytes:
        self.object.write(data)
        return self.outgoing.read()

    def farewell(self) -> bytes:
        with contextlib.suppress(ssl.SSLError):
            self.object.unwrap()
        return self.outgoing.read()

    def certificate(self, reads: Certificates) -> Certificate | None:
        cipher = self.object.cipher()
        version = self.object.version() or (cipher[1] if cipher else "")
        return reads.of_chain(self._chain("unverified"), version.replace("TLSv", "TLS "), cipher[0] if cipher else "")

    def verified_until(self, reads: Certificates) -> int | None:
        """When the chain that was verified ends, ms; None where none was."""
        if self.object.context.verify_mode is ssl.CERT_NONE:
            return None
        found = reads.of_chain(self._chain("verified"))
        return None if found is None else found.expires_at

    def _chain(self, which: str) -> list[str]:
        """In PEM. Python 3.13 made public what its versions before have all the same."""
        ask = f"get_{which}_chain"
        holder = self.object if hasattr(self.object, ask) else getattr(self.object, "_sslobj", None)
        chain = getattr(holder, ask, lambda: None)() or ()
        found = (one if isinstance(one, bytes) else one.public_bytes(_DER) for one in chain)
        return [ssl.DER_cert_to_PEM_cert(one) for one in found]


_DER: Final = 2
"""`_ssl.ENCODING_DER`."""


def _broken_off(error: OSError, where: str) -> Failure | None:
    """A connection that is reset in the middle of a handshake: most often a server that speaks no TLS."""
    if isinstance(error, ConnectionError):
        return Failure(Reason.TLS_FAILED, f"no TLS with {where}: it broke the connection off; does it speak TLS there?")
    return None
