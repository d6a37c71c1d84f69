"""Banners of SSH, said by fakes."""

import pytest
from tests.adapters.probers.peers import attempt, dialler, script, serving

from sightline.adapters.outbound.probers.ssh import SshProber
from sightline.domain.probes.options import Ssh
from sightline.domain.probes.outcome import Outcome, Reason

pytestmark = pytest.mark.anyio


async def probed(*said: bytes) -> Outcome:
    """What is seen of a server that says this."""
    async with serving(script(*said)) as port:
        return await SshProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Ssh()))


async def test_a_banner_is_told() -> None:
    """Version and software, with a comment or without; lines may come before it."""
    outcome = await probed(b"Welcome to the machine\r\n", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    assert (outcome.reason, outcome.version) == (Reason.OK, "2.0")
    assert outcome.facts == {"banner": "SSH-2.0-OpenSSH_9.2p1 Debian-2", "software": "OpenSSH_9.2p1 Debian-2"}
    assert (await probed(b"SSH-1.99-Cisco\n")).reason is Reason.OK


async def test_a_version_that_is_too_old_is_told() -> None:
    """1.5 is none that anybody should speak."""
    outcome = await probed(b"SSH-1.5-old\r\n")
    assert outcome.reason is Reason.PROTOCOL
    assert "'1.5'" in outcome.message


async def test_talkative_servers_are_cut_off() -> None:
    """So many lines come before no banner."""
    outcome = await probed(b"no\r\n" * 1_000)
    assert outcome.reason is Reason.PROTOCOL
    assert "50 lines" in outcome.message
