"""Questions to name servers for the addresses of a host, and what they answer, as bytes.

Source: RFC 1035, section 4; RFC 3596 for AAAA.
"""

import socket
import struct
from typing import Final, NamedTuple

A: Final = 1
AAAA: Final = 28
NOERROR: Final = 0
NXDOMAIN: Final = 3
RCODES: Final = {1: "FORMERR", 2: "SERVFAIL", NXDOMAIN: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}

_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_RECURSION: Final = 0x0100
_RESPONSE: Final = 0x8000
_TRUNCATED: Final = 0x0200
_POINTER: Final = 0xC0
_FAMILIES: Final = {A: (socket.AF_INET, 4), AAAA: (socket.AF_INET6, 16)}
_MAX_LABEL: Final = 63
_MAX_NAME: Final = 253


class Answered(NamedTuple):
    """What a name server said. number, kind: of the question. rcode: 0 when all is well. is_cut: whether TCP has the rest."""

    number: int
    kind: int
    rcode: int
    is_cut: bool
    addresses: tuple[str, ...]


def is_askable(host: str) -> bool:
    """Whether a name has a form that name servers can be asked for."""
    labels = host.removesuffix(".").split(".")
    return len(host) <= _MAX_NAME and host.isascii() and all(0 < len(label) <= _MAX_LABEL for label in labels)


def question(number: int, host: str, kind: int) -> bytes:
    """What is asked: all addresses of one kind (A, AAAA) of a name that `is_askable`. number: 16 bits that the answer repeats."""
    name = b"".join(bytes((len(label),)) + label.encode() for label in host.removesuffix(".").split("."))
    return _HEADER.pack(number, _RECURSION, 1, 0, 0, 0) + name + b"\0" + struct.pack("!HH", kind, 1)


def answer(message: bytes, asked: bytes) -> Answered | None:
    """What a message says to a question; None where it is no answer to that, or broken."""
    try:
        return _answer(message, asked)
    except (struct.error, IndexError):
        return None


def _answer(message: bytes, asked: bytes) -> Answered | None:
    number, flags, questions, answers, _, _ = _HEADER.unpack_from(message)
    end = len(asked)
    # Names are compared without regard to case, and a server that refuses may leave the question out.
    repeats = message[_HEADER.size : end].lower() == asked[_HEADER.size :].lower()
    rcode = flags & 0xF
    if not flags & _RESPONSE or message[:2] != asked[:2] or not (repeats or (questions == 0 and rcode)):
        return None
    (kind,) = struct.unpack_from("!H", asked, end - 4)
    found = _addresses(message, end, answers, kind) if repeats and rcode == NOERROR else ()
    return Answered(number, kind, rcode, bool(flags & _TRUNCATED), found)


def _addresses(message: bytes, at: int, records: int, kind: int) -> tuple[str, ...]:
    """The addresses among the records; those of names that the asked one is only another name of are as good."""
    family, size = _FAMILIES[kind]
    found = []
    for _ in range(records):
        at = _after_name(message, at)
        record_kind, _, _, length = _RECORD.unpack_from(message, at)
        at += _RECORD.size
        if record_kind == kind and length == size and at + length <= len(message):
            found.append(socket.inet_ntop(family, message[at : at + length]))
        at += length
    return tuple(found)


def _after_name(message: bytes, at: int) -> int:
    while length := message[at]:
        if length >= _POINTER:
            return at + 2
        at += length + 1
    return at + 1
