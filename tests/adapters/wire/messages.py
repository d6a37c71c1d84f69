"""Protobuf fields by hand, good and bad, for the decoders' tests."""

import struct


def varint(value: int) -> bytes:
    """An unsigned varint; negative values as int64 in two's complement."""
    rest = value % 2**64
    out = []
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def label(name: str | bytes, value: str | bytes) -> bytes:
    """The label field of a timeseries."""
    parts = [part.encode() if isinstance(part, str) else part for part in (name, value)]
    return field(1, field(1, parts[0]) + field(2, parts[1]))


def sample(time: int, value: float) -> bytes:
    """The sample field of a timeseries; an integer value gives the bits of the double."""
    double = struct.pack("<Q", value) if isinstance(value, int) else struct.pack("<d", value)
    return field(2, b"\x09" + double + b"\x10" + varint(time))


def exemplar(time: int, value: float, *labels: bytes) -> bytes:
    """The exemplar field of a timeseries."""
    return field(3, b"".join(labels) + b"\x11" + struct.pack("<d", value) + b"\x18" + varint(time))


def series(*fields: bytes) -> bytes:
    """The timeseries field of a request."""
    return field(1, b"".join(fields))
