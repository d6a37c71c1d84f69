"""MongoDB's hello, answered by fakes with what its documentation shows."""

import asyncio
import struct

import pytest
from tests.adapters.probers.far_ends import silent
from tests.adapters.probers.peers import attempt, dialler, serving

from sightline.adapters.outbound.probers.mongodb import MongodbProber
from sightline.adapters.wire.bson import decode_document
from sightline.domain.probes.options import Mongodb
from sightline.domain.probes.outcome import Outcome, Reason

pytestmark = pytest.mark.anyio


def document(*elements: bytes) -> bytes:
    """A document of elements."""
    body = b"".join(elements) + b"\0"
    return struct.pack("<i", len(body) + 4) + body


PRIMARY = document(
    b"\x08isWritablePrimary\0\x01",
    b"\x03topologyVersion\0" + document(b"\x07processId\0" + bytes(12), b"\x12counter\0" + bytes(8)),
    b"\x02setName\0" + struct.pack("<i", 4) + b"rs0\0",
    b"\x04hosts\0" + document(b"\x020\0" + struct.pack("<i", 4) + b"a:1\0"),
    b"\x10maxWireVersion\0" + struct.pack("<i", 21),
    b"\x09localTime\0" + bytes(8),
    b"\x01ok\0" + struct.pack("<d", 1.0),
)
REFUSING = document(b"\x01ok\0" + struct.pack("<d", 0.0), b"\x02errmsg\0" + struct.pack("<i", 12) + b"not allowed\0")


async def probed(answer: bytes, *, asked: int = 1, size: int = 0) -> tuple[Outcome, list[bytes]]:
    """What is seen of a server that answers this, and what it was asked."""
    said: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("<i", await reader.readexactly(4))
        said.append(await reader.readexactly(length - 4))
        payload = bytes(5) + answer
        writer.write(struct.pack("<iiii", size or 16 + len(payload), 7, asked, 2013) + payload)
        await silent(reader, writer)

    async with serving(handle) as port:
        return await MongodbProber(dialler()).probe(attempt(f"mongodb://127.0.0.1:{port}", Mongodb())), said


async def test_hello_is_asked_and_answered() -> None:
    """What a server says of itself are facts."""
    outcome, said = await probed(PRIMARY)
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.facts == {"writable": 1.0, "max_wire_version": 21.0, "set_name": "rs0"}
    assert decode_document(said[0][17:]) == {"hello": 1, "$db": "admin"}


async def test_a_refusal_is_told() -> None:
    """In the server's words."""
    outcome, _ = await probed(REFUSING)
    assert outcome.reason is Reason.NOT_SERVING
    assert outcome.message.endswith("refuses hello: not allowed")


@pytest.mark.parametrize("answer", [b"", PRIMARY[:-4], b"\xff" * 40, document(b"\x02a\0" + struct.pack("<i", -5))])
async def test_nonsense_is_told(answer: bytes) -> None:
    """What is no document."""
    outcome, _ = await probed(answer)
    assert outcome.reason is Reason.PROTOCOL


async def test_a_huge_answer_is_not_read() -> None:
    """Its size is known before it comes."""
    outcome, _ = await probed(PRIMARY, size=1 << 30)
    assert outcome.reason is Reason.ANSWER_TOO_LARGE


async def test_an_answer_to_another_question_is_told() -> None:
    """Its number says what it answers."""
    outcome, _ = await probed(PRIMARY, asked=99)
    assert outcome.reason is Reason.PROTOCOL
