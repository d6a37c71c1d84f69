"""Names to addresses, asked of a name server on loopback."""

import asyncio
from pathlib import Path
from typing import Final

import pytest
from dns.rcode import Rcode
from tests.adapters.probers.name_server import Zone, name_server

from sightline.adapters.network.lookups import ThreadedLookups
from sightline.adapters.network.names import Names, NotFound
from sightline.adapters.network.resolver_files import ResolverFiles
from sightline.domain.probes.options import IpVersion

pytestmark = pytest.mark.anyio

ZONE: Final[Zone] = {
    "both.example": {"A": ("192.0.2.1",), "AAAA": ("2001:db8::1",)},
    "four.example": {"A": ("192.0.2.4",)},
    "six.example": {"AAAA": ("2001:db8::6",)},
    "alias.example": {"CNAME": ("both.example",)},
    "empty.example": {"TXT": ("nothing",)},
    "big.example": {"A": tuple(f"192.0.2.{number}" for number in range(60))},
    "short.corp.example": {"A": ("192.0.2.7",)},
}
WITH_IPV6: Final = "20010db8000000000000000000000001 02 40 00 00 eth0\n"


def files(folder: Path, *, hosts: str = "", resolv: str = "", nsswitch: str = "", ipv6: bool = True) -> ResolverFiles:
    """The files of a machine."""
    for name, text in (("hosts", hosts), ("resolv.conf", resolv), ("nsswitch.conf", nsswitch)):
        folder.joinpath(name).write_text(text)
    interfaces = folder / "if_inet6"
    interfaces.write_text(WITH_IPV6 if ipv6 else "fe800000000000000000000000000001 02 40 20 80 eth0\n")
    return ResolverFiles(folder, interfaces)


@pytest.mark.parametrize(
    ("host", "version", "addresses"),
    [
        ("both.example", "any", ("2001:db8::1", "192.0.2.1")),
        ("both.example.", "4", ("192.0.2.1",)),
        ("BOTH.example", "6", ("2001:db8::1",)),
        ("four.example", "any", ("192.0.2.4",)),
        ("six.example", "any", ("2001:db8::6",)),
        ("alias.example", "4", ("192.0.2.1",)),
        ("127.0.0.1", "any", ("127.0.0.1",)),
        ("::1", "6", ("::1",)),
        ("localhost", "4", ("127.0.0.1",)),
        ("at.home", "any", ("2001:db8::2", "192.0.2.9")),
        ("AT", "4", ("192.0.2.9",)),
    ],
)
async def test_names_have_addresses(tmp_path: Path, host: str, version: IpVersion, addresses: tuple[str, ...]) -> None:
    """Of the versions that are wanted, from files and name servers, under other names too."""
    hosts = "192.0.2.9 at.home at # mine\n2001:db8::2 at.home\n"
    zone = {**ZONE, "BOTH.example": ZONE["both.example"]}
    async with name_server(zone) as server:
        names = Names(files(tmp_path, hosts=hosts), (server.address,))
        assert await names.addresses(host, version) == addresses


@pytest.mark.parametrize(
    ("host", "version", "said"),
    [
        ("none.example", "any", "no such name"),
        ("empty.example", "any", "know none"),
        ("four.example", "6", "no IPv6 address"),
        ("127.0.0.1", "6", "no IPv6 address"),
        ("a" * 64 + ".example", "any", "not a name"),
        ("a..example", "any", "not a name"),
        ("bücher.example", "any", "not a name"),
    ],
)
async def test_that_there_is_none_is_told(tmp_path: Path, host: str, version: IpVersion, said: str) -> None:
    """Who says so, and what was asked for, is in the words."""
    async with name_server(ZONE) as server:
        with pytest.raises(NotFound, match=said):
            await Names(files(tmp_path), (server.address,)).addresses(host, version)


async def test_without_ipv6_only_ipv4_is_asked_for(tmp_path: Path) -> None:
    """A machine without IPv6 asks half as much, and takes IPv6 where there is nothing else."""
    async with name_server(ZONE) as server:
        names = Names(files(tmp_path, ipv6=False), (server.address,))
        assert await names.addresses("both.example") == ("192.0.2.1",)
        assert server.asked == [("both.example", "A")]
        assert await names.addresses("six.example") == ("2001:db8::6",)


async def test_what_does_not_fit_comes_over_tcp(tmp_path: Path) -> None:
    """An answer that is cut is asked for again."""
    async with name_server(ZONE, cut=frozenset({"big.example"})) as server:
        found = await Names(files(tmp_path), (server.address,)).addresses("big.example", "4")
    assert len(found) == 60


async def test_short_names_are_looked_for_in_the_searched_domains(tmp_path: Path) -> None:
    """In their order, by the number of dots, and the name itself in the end."""
    resolv = "search lab.example corp.example\noptions ndots:2\n"
    async with name_server(ZONE) as server:
        names = Names(files(tmp_path, resolv=resolv, ipv6=False), (server.address,))
        assert await names.addresses("short") == ("192.0.2.7",)
        assert [name for name, kind in server.asked if kind == "A"] == ["short.lab.example", "short.corp.example"]
        assert await names.addresses("four.example") == ("192.0.2.4",)


async def test_another_name_server_is_asked_when_one_is_at_a_loss(tmp_path: Path) -> None:
    """A server that refuses or is not there does not decide; the one that answered is asked first from then on."""
    async with name_server(ZONE, rcode=Rcode.SERVFAIL) as at_a_loss, name_server(ZONE) as good:
        names = Names(files(tmp_path, ipv6=False), (at_a_loss.address, ("127.0.0.1", 1), good.address))
        assert await names.addresses("four.example") == ("192.0.2.4",)
        assert len(at_a_loss.asked) == 1
        assert await names.addresses("four.example") == ("192.0.2.4",)
        assert len(at_a_loss.asked) == 1
        with pytest.raises(NotFound, match="SERVFAIL"):
            await Names(files(tmp_path), (at_a_loss.address,)).addresses("four.example")


async def test_dead_names_hold_up_nobody(tmp_path: Path) -> None:
    """While many names wait for an answer that never comes, others are found."""
    dead = frozenset(f"dead{number}.example" for number in range(100))
    async with name_server(ZONE, silent=dead) as server, asyncio.timeout(30):
        names = Names(files(tmp_path), (server.address,))
        waiting = [asyncio.create_task(names.addresses(name)) for name in dead]
        await server.all_silent.wait()
        assert await names.addresses("four.example") == ("192.0.2.4",)
        assert not any(each.done() for each in waiting)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_machine_is_asked_what_name_servers_do_not_know(tmp_path: Path) -> None:
    """Where its configuration names sources beside them, and where it names no name server."""
    system = ThreadedLookups(lambda _host, port, family: [(family, 1, 6, "", ("192.0.2.33", port))])
    bare = files(tmp_path, nsswitch="hosts: files dns\n")
    assert await Names(bare, system=system).addresses("printer.local", "4") == ("192.0.2.33",)
    async with name_server(ZONE) as server:
        more = files(tmp_path, nsswitch="hosts: files mdns4_minimal [NOTFOUND=return] dns myhostname\n")
        names = Names(more, system=system)
        loop = asyncio.get_running_loop()
        more.look(loop.time())  # so that it does not before the test is over: files cannot name a server's port
        more.servers = (server.address,)
        assert await names.addresses("box.local", "4") == ("192.0.2.33",)
        assert await names.addresses("four.example", "4") == ("192.0.2.4",)


async def test_files_are_read_again_when_they_change(tmp_path: Path) -> None:
    """Not at every lookup, but soon."""
    found = files(tmp_path, resolv="nameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    found.look(0)
    assert found.servers == (("192.0.2.53", 53), ("2001:db8::53", 53))
    tmp_path.joinpath("resolv.conf").write_text("nameserver 192.0.2.54\n")
    found.look(1)
    assert len(found.servers) == 2
    found.look(10)
    assert [server[0] for server in found.servers] == ["192.0.2.54"]
