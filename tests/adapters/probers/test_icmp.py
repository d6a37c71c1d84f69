"""Echo requests to this machine, where it allows them."""

import asyncio
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.adapters.probers.peers import ENOUGH, SHORT, attempt, dialler

from sightline.adapters.outbound.probers.icmp import IcmpProber
from sightline.domain.probes.options import Icmp
from sightline.domain.probes.outcome import Phase, Reason

pytestmark = pytest.mark.anyio

LOOPBACK = ("127.0.0.1", "::1")


def skip_unless_permitted(address: str) -> None:
    """Echo requests need a right that not every user has."""
    family, protocol = (
        (socket.AF_INET6, socket.IPPROTO_ICMPV6) if ":" in address else (socket.AF_INET, socket.IPPROTO_ICMP)
    )
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(family, kind, protocol).close()
        except OSError:
            continue
        if ":" in address and "00000000000000000000000000000001" not in Path("/proc/net/if_inet6").read_text():
            break
        return
    pytest.skip("needs CAP_NET_RAW or a group within net.ipv4.ping_group_range, and an address of the family")


@pytest.mark.parametrize("address", LOOPBACK)
async def test_this_machine_answers(address: str) -> None:
    """Over IPv4 and IPv6, with times and the hops that are left."""
    skip_unless_permitted(address)
    outcome = await IcmpProber(dialler()).probe(attempt(address, Icmp()))
    assert (outcome.reason, outcome.address) == (Reason.OK, address), outcome.message
    assert outcome.facts["loss"] == 0
    assert outcome.facts["reply_hop_limit"] == 64
    rtt = outcome.facts["rtt_avg"]
    assert isinstance(rtt, float)
    assert rtt > 0
    assert dict(outcome.phases)[Phase.PROCESSING] == rtt


async def test_several_requests_are_counted() -> None:
    """All of them are answered, whatever their size."""
    skip_unless_permitted("127.0.0.1")
    outcome = await IcmpProber(dialler()).probe(attempt("localhost", Icmp(count=3, payload=1_472), 1.0))
    assert outcome.reason is Reason.OK
    assert (outcome.facts["sent"], outcome.facts["received"]) == (3, 3)


async def test_many_probes_at_once_do_not_disturb_one_another() -> None:
    """They share one socket of each family, and each takes its own answers; at the end none is open."""
    for address in LOOPBACK:
        skip_unless_permitted(address)
    before = len(list(Path("/proc/self/fd").iterdir()))
    prober = IcmpProber(dialler())
    tries = [attempt(LOOPBACK[number % 2], Icmp()) for number in range(300)]
    tasks = [asyncio.create_task(prober.probe(one)) for one in tries]
    await asyncio.sleep(0)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
    outcomes = await asyncio.gather(*tasks)
    assert {one.reason for one in outcomes} == {Reason.OK}
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_a_host_that_does_not_answer_is_told() -> None:
    """At the latest when the time is over, of which there is none here."""
    skip_unless_permitted("127.0.0.1")
    outcome = await IcmpProber(dialler()).probe(attempt("127.0.0.1", Icmp(count=1), 0.0))
    assert outcome.reason in {Reason.LOST, Reason.TIMED_OUT}
    assert outcome.message


async def test_without_the_right_there_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of both ways to be allowed are told."""
    real = socket.socket

    class Refusing(real):  # type: ignore[valid-type,misc] # pytest's own may stand in its place
        """A socket as a machine gives it to somebody without rights."""

        def __init__(self, family: int = -1, kind: int = -1, protocol: int = -1, fileno: int | None = None) -> None:
            if protocol in {socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6}:
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
            super().__init__(family, kind, protocol, fileno)

    monkeypatch.setattr(socket, "socket", Refusing)
    outcome = await IcmpProber(dialler()).probe(attempt("127.0.0.1", Icmp(), ENOUGH))
    assert outcome.reason is Reason.NOT_PERMITTED
    assert "net.ipv4.ping_group_range" in outcome.message
    assert "CAP_NET_RAW" in outcome.message


async def test_the_guard_is_asked() -> None:
    """Metadata is not pinged either."""
    outcome = await IcmpProber(dialler()).probe(attempt("169.254.169.254", Icmp(), SHORT))
    assert outcome.reason is Reason.ADDRESS_DENIED


PINGING = """
import asyncio, os, socket
os.setgid(0)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).close()
from sightline.adapters.network.dialling import Dialler
from sightline.adapters.outbound.probers.icmp import IcmpProber
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Icmp
from sightline.ports.prober import Attempt
prober = IcmpProber(Dialler())
for address in ("127.0.0.1", "::1"):
    outcome = asyncio.run(prober.probe(Attempt(Definition(name="a", url=address, options=Icmp()), 20)))
    print(outcome.reason, int(outcome.facts["reply_hop_limit"]))
"""


def test_ping_sockets_need_no_privilege() -> None:
    """Where the machine allows them to our group: in a network of its own, which needs the right to make one."""
    allow = "ip link set lo up && echo '0 0' > /proc/sys/net/ipv4/ping_group_range"
    command = ["unshare", "--net", "sh", "-c", f'{allow} || exit 77; exec "$0" -c "$1"', sys.executable, PINGING]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if ended.returncode == 77 or "unshare:" in ended.stderr:
        pytest.skip("needs the right to make a network of its own")
    assert ended.stdout.splitlines() == ["ok 64", "ok 64"], ended.stderr
