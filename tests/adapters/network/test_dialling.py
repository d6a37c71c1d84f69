"""The way to another machine: several addresses, denied ones, and none."""

import asyncio
import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.probers.far_ends import full, port_of_nobody, serving, silent
from tests.adapters.probers.peers import KnownNames, datagrams
from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import Failure, failure_of, quoted
from sightline.adapters.network.guard import Guard, Policy, networks
from sightline.adapters.network.names import Names
from sightline.adapters.network.resolver_files import ResolverFiles
from sightline.domain.probes.outcome import Reason

pytestmark = pytest.mark.anyio

PLENTY = 20.0


@pytest.fixture
def dialler() -> Dialler:
    """One for a machine that knows itself alone."""
    return Dialler(files=KnownNames())


class Counting(Guard):
    """Tells when so many sockets were made, none of which will ever connect."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.left = wanted
        self.made: list[socket.socket] = []
        self.enough = asyncio.Event()

    @override
    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        self.left -= 1
        if not self.left:
            self.enough.set()
        self.made.append(super().socket(info))
        return self.made[-1]


async def test_the_first_address_that_takes_a_connection_is_taken(dialler: Dialler) -> None:
    """One that refuses costs nothing: the next is tried at once."""
    async with serving(silent) as far_end:
        link = await dialler.connect(("::1", "127.0.0.1"), far_end.port, "somewhere")
        assert link.address == "127.0.0.1"
        link.close()


async def test_where_all_refuse_the_first_is_told(dialler: Dialler) -> None:
    """With the place, as whoever asks calls it."""
    with pytest.raises(Failure) as told:
        await dialler.connect(("::1", "127.0.0.1"), port_of_nobody(), "somewhere:1")
    assert told.value.reason is Reason.REFUSED
    assert told.value.message.startswith("somewhere:1 refuses")


async def test_cancelling_a_race_leaves_nothing_open() -> None:
    """Attempts that hang beside each other end with whoever waits for them."""
    guard = Counting(2)
    async with full() as port:
        dialler = Dialler(lambda: guard, KnownNames())
        task = asyncio.create_task(dialler.connect(("127.0.0.1", "127.0.0.1"), port, "somewhere"))
        await guard.enough.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [one.fileno() for one in guard.made] == [-1, -1]


async def test_denied_addresses_are_left_out() -> None:
    """What is allowed beside them is used; where nothing is, that is told."""
    policy = Policy(denied=networks(["127.0.0.0/8"], "a"), setting="b", deny_setting="a")
    files = KnownNames(hosts={"both.test": ("127.0.0.1", "::1"), "denied.test": ("127.0.0.1", "127.0.0.2")})
    dialler = Dialler(partial(Guard, policy=policy), files)
    assert await dialler.addresses("both.test", "any", PLENTY) == ("::1",)
    with pytest.raises(Failure) as told:
        await dialler.addresses("denied.test", "any", PLENTY)
    assert told.value.reason is Reason.ADDRESS_DENIED
    assert "denied.test is at 127.0.0.2, which is among what a denies" in told.value.message


async def test_the_machines_own_name_servers_are_no_matter_of_the_guard() -> None:
    """Clouds and clusters have them at link-local addresses; at any other port of theirs they are denied like others."""
    policy = Policy(denied=networks(["127.0.0.0/8"], "a"), setting="b", deny_setting="a")
    async with serving(silent) as far_end, serving(silent) as other:
        dialler = Dialler(partial(Guard, policy=policy), KnownNames(("127.0.0.1", far_end.port)))
        (await dialler.connect(("127.0.0.1",), far_end.port, "own")).close()
        with pytest.raises(Failure) as told:
            await dialler.connect(("127.0.0.1",), other.port, "other")
        assert told.value.reason is Reason.NOT_PERMITTED
        assert not other.came.is_set()


async def test_a_name_of_another_family_is_told() -> None:
    """It has addresses, but none that is wanted."""
    dialler = Dialler(files=KnownNames(hosts={"four.test": ("127.0.0.1",)}))
    with pytest.raises(Failure) as told:
        await dialler.addresses("four.test", "6", PLENTY)
    assert told.value.reason is Reason.DNS_FAILED


async def test_a_lookup_that_is_not_answered_ends_in_time() -> None:
    """The name, and where to look, are told."""
    async with datagrams(lambda _: []) as server:
        dialler = Dialler(names=Names(servers=(("127.0.0.1", server.port),)))
        with pytest.raises(Failure) as told:
            await dialler.addresses("shop.test", "any", 0.1)
    assert told.value.reason is Reason.DNS_FAILED
    assert "shop.test" in told.value.message
    assert "/etc/resolv.conf" in told.value.message


async def test_the_machines_name_servers_are_read(tmp_path: Path) -> None:
    """In the order in which its file has them."""
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.1\nnameserver 192.0.2.2\n")
    dialler = Dialler(files=ResolverFiles(tmp_path))
    assert dialler.name_servers == (("192.0.2.1", 53), ("192.0.2.2", 53))


def test_errors_are_told_in_words() -> None:
    """Each with what can be done about it."""
    for error, reason, words in (
        (ConnectionRefusedError(111, "x"), Reason.REFUSED, "is the program there running"),
        (ConnectionResetError(104, "x"), Reason.RESET, "broke the connection off"),
        (OSError(113, "x"), Reason.NO_ROUTE, "No route to host"),
        (OSError(24, "x"), Reason.DEFECT, "ulimit -n"),
        (PermissionError(1, "x"), Reason.NOT_PERMITTED, "firewall"),
        (TimeoutError(110, "x"), Reason.TIMED_OUT, "does not answer"),
        (OSError(97, "x"), Reason.NOT_SUPPORTED, "ip_version"),
        (OSError("strange"), Reason.NO_ROUTE, "strange"),
    ):
        told = failure_of(error, "a:1")
        assert told.reason is reason
        assert words in told.message
        assert "a:1" in told.message


def test_what_servers_say_is_quoted_in_one_line() -> None:
    """Without what would break it, and not too long."""
    assert quoted(b"a\r\n\x1b[31mb\xff") == "a [31mb\ufffd"
    assert len(quoted(b"x" * 10_000)) == 203
