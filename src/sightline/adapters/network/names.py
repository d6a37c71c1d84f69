"""Host names to addresses by asking name servers ourselves: no thread waits, so that ten thousand dead names hold up nobody.

What the machine's own resolver knows and name servers do not (mDNS, WINS, containers) is asked of it, in a bounded number of
threads, where its configuration names such a source. Sources: resolv.conf(5), hosts(5), nsswitch.conf(5); RFC 1035.
"""

import asyncio
import ipaddress
import random
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sightline.adapters.network.dns_messages import AAAA, NXDOMAIN, RCODES, A, Answered, answer, is_askable, question
from sightline.adapters.network.resolver_files import ResolverFiles
from sightline.domain.probes.options import IpVersion

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

Server = tuple[str, int]
"""A name server: its address in numbers, and its port."""

_TRY: Final = 2.0
"""Seconds that a name server has for an answer before the next one is asked."""
_ROUNDS: Final = 5
"""How often each is asked: datagrams get lost."""
_MAX_MESSAGE: Final = 65_535
_FAMILY: Final = {"4": socket.AF_INET, "6": socket.AF_INET6, "any": socket.AF_UNSPEC}
_KINDS: Final = {"4": (A,), "6": (AAAA,), "any": (AAAA, A)}
_numbers: Final = random.SystemRandom()


class NotFound(Exception):
    """A name has no address; the text says who says so, for people."""


def is_numeric(host: str) -> bool:
    """Whether a host is an address in numbers, IPv6 without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Names:
    """Looks names up, each time anew.

    files: what the machine is configured with. servers: name servers instead of the machine's. system: the machine's own
    resolver, for names that name servers do not know.
    """

    def __init__(
        self,
        files: ResolverFiles | None = None,
        servers: tuple[Server, ...] = (),
        system: "AbstractResolver | None" = None,
    ) -> None:
        self._files = files or ResolverFiles()
        self._servers = servers
        self._system = system
        self._good: Server | None = None

    async def addresses(self, host: str, version: IpVersion = "any") -> tuple[str, ...]:
        """The addresses of a name or of an address in numbers, at least one, IPv6 first where both are wanted.

        Raises:
            NotFound: there is none.
        """
        if is_numeric(host):
            return _wanted((host,), version, host)
        self._files.look(asyncio.get_running_loop().time())
        if known := self._files.hosts.get(host.rstrip(".").lower()):
            return _wanted(known, version, host)
        if host == "localhost" or host.endswith(".localhost"):
            return _wanted(("::1", "127.0.0.1"), version, host)
        servers = self._servers or self._files.servers
        if not self._servers and (not servers or sys.platform == "darwin"):  # macOS keeps much beside resolv.conf
            return await self._of_system(host, version)
        try:
            return await self._of_servers(host, version, servers)
        except NotFound:
            if self._servers or not self._files.has_other_sources:
                raise
            return await self._of_system(host, version)

    async def _of_system(self, host: str, version: IpVersion) -> tuple[str, ...]:
        if self._system is None:
            from sightline.adapters.network.lookups import ThreadedLookups

            self._system = ThreadedLookups()
        try:
            found = await self._system.resolve(host, 0, _FAMILY[version])
        except OSError as error:
            raise NotFound(f"{host} has no address: {error.strerror or error}") from None
        return _wanted(tuple(dict.fromkeys(one["host"] for one in found)), version, host)

    async def _of_servers(self, host: str, version: IpVersion, servers: tuple[Server, ...]) -> tuple[str, ...]:
        """Ask for a name, and where it is a short one with each domain that the configuration says to search."""
        if not is_askable(host):
            raise NotFound(f"{host} is not a name that a name server could be asked for")
        kinds = _KINDS[version] if version != "any" or self._files.has_ipv6 else (A,)
        said = ""
        for name in self._files.candidates(host):
            found, said = await self._ask_all(name, kinds, servers)
            if not found and kinds == (A,) and version == "any" and not said:
                found, said = await self._ask_all(name, (AAAA,), servers)
            if found:
                return found
        which = "" if version == "any" else f" IPv{version}"
        raise NotFound(f"{host} has no{which} address: {said or 'its name servers know none'}")

    async def _ask_all(
        self, name: str, kinds: tuple[int, ...], servers: tuple[Server, ...]
    ) -> tuple[tuple[str, ...], str]:
        """One server after another, beginning with the one that answered last. Gives addresses, or what was said instead."""
        order = sorted(servers, key=lambda server: server != self._good)
        said = "no name server answers"
        at_a_loss: set[Server] = set()
        for server in order * _ROUNDS:
            if server in at_a_loss:
                continue
            try:
                async with asyncio.timeout(_TRY):
                    answers = await _ask(server, name, kinds)
            except TimeoutError:
                continue
            except OSError as error:
                at_a_loss.add(server)
                said = f"the name server cannot be asked: {error.strerror or error}"
                continue
            refused = [one.rcode for one in answers if one.rcode]
            found = tuple(address for one in answers for address in one.addresses)
            if found or not refused or NXDOMAIN in refused:
                self._good = server
                return found, "" if not refused else "there is no such name (NXDOMAIN)"
            at_a_loss.add(server)
            said = f"the name server answers {RCODES.get(refused[0], refused[0])}"
        return (), said


def _wanted(found: tuple[str, ...], version: IpVersion, host: str) -> tuple[str, ...]:
    kept = found if version == "any" else tuple(one for one in found if (":" in one) == (version == "6"))
    if not kept:
        raise NotFound(f"{host} has no IPv{version} address")
    return kept


async def _ask(server: Server, name: str, kinds: tuple[int, ...]) -> list[Answered]:
    """All questions to one server at once, from a port and under numbers of which nobody else knows.

    Raises:
        OSError: it cannot be reached, or answers nonsense.
    """
    asked = [question(number, name, kind) for number, kind in zip(_fresh(len(kinds)), kinds, strict=True)]
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    loop = asyncio.get_running_loop()
    found: dict[int, Answered] = {}
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0)
        udp.connect(server)
        for each in asked:
            udp.send(each)
        while len(found) < len(asked):
            message = await loop.sock_recv(udp, _MAX_MESSAGE)
            for each in asked:
                if said := answer(message, each):
                    found[said.kind] = said
    for each in asked:
        kind = int.from_bytes(each[-4:-2])
        if found[kind].is_cut:
            found[kind] = await _ask_whole(server, each)
    return [found[kind] for kind in kinds]


def _fresh(count: int) -> list[int]:
    return _numbers.sample(range(1 << 16), count)


async def _ask_whole(server: Server, asked: bytes) -> Answered:
    """Over TCP, for what did not fit a datagram."""
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(asked).to_bytes(2) + asked)
        size = int.from_bytes(await reader.readexactly(2))
        said = answer(await reader.readexactly(size), asked)
    except asyncio.IncompleteReadError as error:
        raise OSError("the name server broke off") from error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    if said is None:
        raise OSError("the name server answered another question")
    return said
