"""Messages of PostgreSQL's protocol 3.0, as a client has them.

Source: https://www.postgresql.org/docs/current/protocol-message-formats.html.
"""

import struct
from collections.abc import Mapping
from typing import Any, Final

from sightline.adapters.network.failure import Failure, quoted
from sightline.adapters.network.link import Link
from sightline.adapters.network.talks.exchange import Exchange
from sightline.domain.probes.outcome import Reason

MAX_MESSAGE: Final = 1 << 20
"""Bytes of one message, hence of a row."""
_PROTOCOL: Final = 3 << 16
_SSL_REQUEST: Final = 80877103
_LENGTH: Final = 4

_NOT_NOW: Final = frozenset({"57P01", "57P02", "57P03", "53300", "53200", "53100"})
"""Shutting down, starting up, too many connections, no memory, no disk."""
_NOT_YOU: Final = frozenset({"28000", "28P01"})


async def request_tls(call: Exchange[Any], link: Link) -> None:
    """Ask for TLS, which is to begin after that."""
    call.awaiting = "an answer to SSLRequest"
    await link.send(struct.pack("!II", 8, _SSL_REQUEST))
    answer = await link.exactly(1)
    if answer == b"S":
        return
    if answer == b"N":
        raise call.refuse(Reason.TLS_FAILED, "does not offer TLS: set ssl to on there, or do without tls here")
    raise call.refuse(Reason.PROTOCOL, f"does not answer SSLRequest as PostgreSQL: {quoted(answer + link.held)!r}")


def message(kind: bytes, payload: bytes) -> bytes:
    """One message. kind: its letter; empty for the first of a connection, which has none."""
    return kind + struct.pack("!I", len(payload) + _LENGTH) + payload


def startup(username: str, database: str) -> bytes:
    """The first message."""
    parameters = {"user": username, "database": database, "application_name": "sightline", "client_encoding": "UTF8"}
    words = b"".join(name.encode() + b"\0" + text.encode() + b"\0" for name, text in parameters.items())
    return message(b"", struct.pack("!I", _PROTOCOL) + words + b"\0")


async def receive(call: Exchange[Any], link: Link) -> tuple[bytes, bytes]:
    """The next message: its letter and payload. Notices are passed over.

    Raises:
        Failure: what comes is not PostgreSQL's, or too long.
    """
    while True:
        kind = await link.exactly(1)
        if kind not in _LETTERS:
            raise call.refuse(Reason.PROTOCOL, f"does not answer as PostgreSQL: {quoted(kind + link.held)!r}")
        (length,) = struct.unpack("!I", await link.exactly(_LENGTH))
        if length < _LENGTH:
            raise call.refuse(Reason.PROTOCOL, "sent a message of PostgreSQL without a length that can be")
        if length > MAX_MESSAGE:
            raise call.refuse(Reason.ANSWER_TOO_LARGE, f"sent a message of {length} bytes, more than {MAX_MESSAGE}")
        payload = await link.exactly(length - _LENGTH)
        if kind not in _PASSED_OVER:
            return kind, payload


_LETTERS: Final = frozenset(bytes([one]) for one in b"RSKZETDCINAGHWdcvstn123")
_PASSED_OVER: Final = frozenset({b"N", b"A", b"v"})


def fields_of_error(payload: bytes) -> Mapping[str, str]:
    """The fields of an ErrorResponse by their letters: C the SQLSTATE, M the message, S the severity."""
    parts = payload.split(b"\0")
    return {chr(one[0]): quoted(one[1:]) for one in parts if one}


def refused(call: Exchange[Any], payload: bytes, doing: str) -> Failure:
    """What an ErrorResponse means. doing: what it answers."""
    fields = fields_of_error(payload)
    code = fields.get("C", "")
    reason = (
        Reason.NOT_SERVING if code in _NOT_NOW else Reason.AUTHENTICATION if code in _NOT_YOU else Reason.UNEXPECTED
    )
    return call.refuse(reason, f"refuses {doing}: {fields.get('M', 'without a reason')} (SQLSTATE {code or 'none'})")
