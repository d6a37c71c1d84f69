"""The way to another machine: its addresses, past the guard, and a connection to the first that takes one."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sightline.adapters.network.certificates import Certificates
from sightline.adapters.network.failure import Failure, failure_of
from sightline.adapters.network.guard import Guard
from sightline.adapters.network.link import Link
from sightline.adapters.network.names import Names, NotFound
from sightline.adapters.network.resolver_files import ResolverFiles
from sightline.adapters.network.tls_contexts import Contexts
from sightline.domain.probes.options import IpVersion, TlsTrust
from sightline.domain.probes.outcome import Reason

HEAD_START: Final = 0.25
"""Seconds that one address has before the next is tried beside it (RFC 8305, section 5)."""

Info = tuple[Any, ...]


class Dialler:
    """Leads probes to where they want.

    guard: makes the guard of one attempt. files: how the machine is configured to look names up. names: how that is done.
    """

    def __init__(
        self, guard: Callable[[], Guard] = Guard, files: ResolverFiles | None = None, names: Names | None = None
    ) -> None:
        self._guard = guard
        self._files = files or ResolverFiles()
        self._names = names or Names(self._files)
        self._contexts = Contexts()
        self._certificates = Certificates()

    @property
    def name_servers(self) -> tuple[tuple[str, int], ...]:
        """The machine's own, in its order: addresses in numbers and ports."""
        self._files.look(asyncio.get_running_loop().time())
        return self._files.servers

    async def addresses(self, host: str, version: IpVersion, seconds: float) -> tuple[str, ...]:
        """The addresses of a host in numbers that may be talked to, at least one.

        Raises:
            Failure: DNS_FAILED, BAD_TARGET, or ADDRESS_DENIED where the guard denies all of them.
        """
        guard, allowed = self._guard(), []
        for address in await self._resolve(host, version, seconds):
            with contextlib.suppress(OSError):
                guard.check(address)
                allowed.append(address)
        if not allowed:
            raise Failure(Reason.ADDRESS_DENIED, guard.advice(host))
        return tuple(allowed)

    async def _resolve(self, host: str, version: IpVersion, seconds: float) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(seconds):
                return await self._names.addresses(host, version)
        except NotFound as error:
            raise Failure(Reason.DNS_FAILED, str(error)) from None
        except TimeoutError:
            raise Failure(
                Reason.DNS_FAILED,
                f"no name server tells where {host} is within {seconds:.3g} s: check them, and /etc/resolv.conf",
            ) from None

    async def connect(self, addresses: Sequence[str], port: int, where: str) -> Link:
        """Connect to the address that is the first to take a connection. where: what it is called in messages.

        Raises:
            Failure: none does; the reason is that of the first.
        """
        infos = [_info(address, port, socket.SOCK_STREAM) for address in addresses]
        return await (self._open(infos[0], where) if len(infos) == 1 else self._race(infos, where))

    async def encrypt(self, link: Link, trust: TlsTrust, host: str) -> None:
        """Begin TLS.

        Raises:
            Failure: as `Link.start_tls`, and BAD_TARGET where files of `trust` cannot be used.
        """
        await link.start_tls(await self._contexts.of(trust), trust.server_name or host.rstrip("."), self._certificates)

    @contextlib.contextmanager
    def datagrams(self, addresses: Sequence[str], port: int, where: str) -> Iterator[tuple[socket.socket, str]]:
        """A socket for datagrams to the first address that there is a route to, and that address.

        Raises:
            Failure: there is a route to none.
        """
        first: Failure | None = None
        for address in addresses:
            info = _info(address, port, socket.SOCK_DGRAM)
            try:
                sock = self._socket(info)
                try:
                    sock.connect(info[4])
                except OSError:
                    sock.close()
                    raise
            except OSError as error:
                first = first or failure_of(error, where)
                continue
            with sock:
                yield sock, address
            return
        raise first or Failure(Reason.NO_ROUTE, f"{where} has no address")

    def _socket(self, info: Info) -> socket.socket:
        # The machine's own name servers are link-local ones in many clouds and clusters; as such they may be talked to.
        is_own = tuple(info[4][:2]) in self.name_servers
        sock = (Guard(allow=True) if is_own else self._guard()).socket(info)
        sock.settimeout(0)
        return sock

    async def _open(self, info: Info, where: str) -> Link:
        try:
            sock = self._socket(info)
            try:
                await asyncio.get_running_loop().sock_connect(sock, info[4])
            except BaseException:
                sock.close()
                raise
        except OSError as error:
            raise failure_of(error, where) from None
        return Link(sock, where, str(info[4][0]))

    async def _race(self, infos: Sequence[Info], where: str) -> Link:
        """Try one address after the other, each with a head start or until it fails; the first that connects wins."""
        waiting, running, first = list(infos), set[asyncio.Task[Link]](), None
        try:
            while waiting or running:
                if waiting:
                    running.add(asyncio.ensure_future(self._open(waiting.pop(0), where)))
                done, _ = await asyncio.wait(
                    running, timeout=HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                for one in done:
                    if one.exception() is None:
                        running.discard(one)
                        return one.result()
                running -= done
                first = first or next((one.exception() for one in done), None)
        finally:
            for one in running:
                one.cancel()
            for late in await asyncio.gather(*running, return_exceptions=True):
                if isinstance(late, Link):
                    late.close()
        raise first or Failure(Reason.NO_ROUTE, f"{where} has no address")


def _info(address: str, port: int, kind: socket.SocketKind) -> Info:
    """What a socket for an address in numbers is made of, its scope included."""
    return socket.getaddrinfo(address, port, type=kind, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)[0]
