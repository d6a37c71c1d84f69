"""Small documents of BSON, as MongoDB's `hello` asks and answers with (https://bsonspec.org/spec.html)."""

import struct
from collections.abc import Mapping
from typing import Final

from sightline.domain.errors import BadData

MAX_DEPTH: Final = 20

Value = float | int | bool | str | bytes | None | list["Value"] | dict[str, "Value"]


def encode_document(fields: Mapping[str, int | str]) -> bytes:
    """A document of whole numbers (32 bits) and texts."""
    body = b"".join(_element(name, value) for name, value in fields.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def decode_document(data: bytes) -> dict[str, Value]:
    """A document that fills the bytes from their beginning on.

    Raises:
        BadData: it is none.
    """
    try:
        return _document(data, 0, 0)[0]
    except (struct.error, UnicodeDecodeError, ValueError, IndexError):
        raise BadData("this is no document of BSON") from None


def _element(name: str, value: int | str) -> bytes:
    key = name.encode() + b"\0"
    if isinstance(value, int):
        return b"\x10" + key + struct.pack("<i", value)
    text = value.encode() + b"\0"
    return b"\x02" + key + struct.pack("<i", len(text)) + text


def _document(data: bytes, at: int, depth: int) -> tuple[dict[str, Value], int]:
    (size,) = struct.unpack_from("<i", data, at)
    end = at + size
    if size < 5 or end > len(data) or data[end - 1] or depth > MAX_DEPTH:
        raise ValueError
    found: dict[str, Value] = {}
    at += 4
    while at < end - 1:
        kind = data[at]
        stop = data.index(b"\0", at + 1, end)
        name = data[at + 1 : stop].decode()
        found[name], at = _value(kind, data[:end], stop + 1, depth)
    return found, end


_FIXED: Final = {0x01: "<d", 0x08: "<?", 0x09: "<q", 0x10: "<i", 0x11: "<Q", 0x12: "<q"}
_SIZES: Final = {0x06: 0, 0x07: 12, 0x0A: 0, 0x13: 16, 0x7F: 0, 0xFF: 0}


def _value(kind: int, data: bytes, at: int, depth: int) -> tuple[Value, int]:
    """A value, and where the next element begins. What is of no use here (object ids, decimals) is None."""
    if kind in _FIXED:
        (number,) = struct.unpack_from(_FIXED[kind], data, at)
        return number, at + struct.calcsize(_FIXED[kind])
    if kind in {0x03, 0x04}:
        document, end = _document(data, at, depth + 1)
        return (document if kind == 0x03 else list(document.values())), end
    if kind in _SIZES:
        return None, _within(data, at + _SIZES[kind])
    if kind not in {0x02, 0x05, 0x0D, 0x0E}:
        raise ValueError
    (size,) = struct.unpack_from("<i", data, at)
    begin = at + (5 if kind == 0x05 else 4)
    end = _within(data, begin + size)
    if size < 0 or (kind != 0x05 and not size):
        raise ValueError
    return (data[begin:end] if kind == 0x05 else data[begin : end - 1].decode()), end


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise ValueError
    return end
