"""MongoDB's `hello`, which is answered before anybody is authenticated.

Source: https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md.
"""

import struct
from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import quoted
from sightline.adapters.network.link import Link
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.adapters.wire.bson import Value, decode_document, encode_document
from sightline.domain.errors import BadData
from sightline.domain.probes.options import Mongodb
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.ports.prober import Attempt, Prober

PORT: Final = 27017
MAX_MESSAGE: Final = 64 << 10
_OP_MSG: Final = 2013
_HEADER: Final = struct.Struct("<iiii")
_REQUEST: Final = 1
_SECTIONS: Final = 5
"""Bytes of a message before its document: flags, and the kind of section."""


class MongodbProber(Prober):
    """Facts: `max_wire_version`, `writable` (1 for a primary or a mongos), `set_name` and `msg` where there are any."""

    kinds = frozenset({"mongodb"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Mongodb, self._dialler, _talk)


async def _talk(exchange: Exchange[Mongodb]) -> None:
    target = exchange.target("mongodb")
    link = await exchange.connect(target, PORT)
    if exchange.options.tls is not None:
        await exchange.encrypt(link, exchange.options.tls, target.host)
    exchange.awaiting = "an answer to hello"
    sections = b"\0\0\0\0\0" + encode_document({"hello": 1, "$db": "admin"})
    await link.send(_HEADER.pack(_HEADER.size + len(sections), _REQUEST, 0, _OP_MSG) + sections)
    answer = await _answer(exchange, link)
    exchange.facts |= _facts(answer)
    if answer.get("ok") != 1:
        said = quoted(str(answer.get("errmsg", "without a reason")))
        raise exchange.refuse(Reason.NOT_SERVING, f"refuses hello: {said}")


async def _answer(exchange: Exchange[Mongodb], link: Link) -> dict[str, Value]:
    size, _, asked, operation = _HEADER.unpack(await link.exactly(_HEADER.size))
    if operation != _OP_MSG or asked != _REQUEST or size < _HEADER.size + _SECTIONS:
        raise exchange.refuse(Reason.PROTOCOL, "does not answer hello as MongoDB since version 3.6")
    if size > MAX_MESSAGE:
        raise exchange.refuse(Reason.ANSWER_TOO_LARGE, f"answers hello with {size} bytes, more than {MAX_MESSAGE}")
    payload = await link.exactly(size - _HEADER.size)
    try:
        return decode_document(payload[_SECTIONS:])
    except BadData:
        raise exchange.refuse(Reason.PROTOCOL, "answers hello with what is no document of BSON") from None


def _facts(answer: dict[str, Value]) -> dict[str, float | str]:
    found: dict[str, float | str] = {"writable": float(answer.get("isWritablePrimary") is True)}
    version = answer.get("maxWireVersion")
    if isinstance(version, int):
        found["max_wire_version"] = float(version)
    for name, field in (("set_name", "setName"), ("msg", "msg")):
        text = answer.get(field)
        if isinstance(text, str):
            found[name] = quoted(text)
    return found
