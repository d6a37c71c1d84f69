"""Greetings of MySQL, recorded from its documentation and said by fakes."""

import asyncio

import pytest
from tests.adapters.probers.far_ends import silent
from tests.adapters.probers.peers import attempt, dialler, script, serving

from sightline.adapters.outbound.probers.mysql import MysqlProber
from sightline.domain.probes.options import Mysql
from sightline.domain.probes.outcome import Outcome, Reason

pytestmark = pytest.mark.anyio

GREETING = (
    b"\x0a8.0.36\0" + bytes.fromhex("0800000026237d5f2d1c4a2e00ffff210200ffdf15000000000000000000003f5c2a1b2c4d5e6f7a8b9c0d00")
    + b"caching_sha2_password\0"
)  # fmt: skip
DENIED = b"\xff\x15\x04#28000Access denied for user 'sightline'@'localhost' (using password: NO)"


def packet(number: int, payload: bytes) -> bytes:
    """One packet."""
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


async def probed(*said: bytes | None) -> Outcome:
    """What is seen of a server that says this."""
    async with serving(script(*said)) as port:
        return await MysqlProber(dialler()).probe(attempt(f"mysql://127.0.0.1:{port}", Mysql()))


async def test_a_greeting_is_told() -> None:
    """The version of the server."""
    outcome = await probed(packet(0, GREETING), None, packet(2, DENIED))
    assert (outcome.reason, outcome.version) == (Reason.OK, "8.0.36")
    assert outcome.facts["server_version"] == "8.0.36"


async def test_the_handshake_is_ended_as_servers_want_it() -> None:
    """We answer as somebody whom it does not know, in the form of protocol 4.1, and to another way likewise."""
    said: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(packet(0, GREETING))
        for answer in (packet(2, b"\xfemysql_native_password\0" + bytes(21)), packet(4, DENIED)):
            size = int.from_bytes((await reader.readexactly(4))[:3], "little")
            said.append(await reader.readexactly(size))
            writer.write(answer)
        await silent(reader, writer)

    async with serving(handle) as port:
        outcome = await MysqlProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Mysql()))
    assert outcome.reason is Reason.OK
    assert len(said) == 2
    assert int.from_bytes(said[0][:4], "little") & 0x200, "CLIENT_PROTOCOL_41"
    assert said[0][32:] == b"sightline\0\0"
    assert said[1] == b""


@pytest.mark.parametrize(
    ("said", "reason", "text"),
    [
        (b"\xff\x10\x04Too many connections", Reason.NOT_SERVING, "Too many connections (error 1040)"),
        (b"\xff\x6a\x04Host '10.0.0.1' is not allowed to connect", Reason.AUTHENTICATION, "not allowed"),
        (b"\xff\x10\x04#08004Too many connections", Reason.NOT_SERVING, ": Too many connections (error 1040)"),
        (b"\x095.0.1\0", Reason.PROTOCOL, "protocol 10"),
    ],
)
async def test_a_server_in_trouble_is_told(said: bytes, reason: Reason, text: str) -> None:
    """Its words and its number."""
    outcome = await probed(packet(0, said))
    assert outcome.reason is reason
    assert text in outcome.message
