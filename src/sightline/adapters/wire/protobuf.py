"""The protobuf wire format: the few reads that the single-pass decoders are made of, and writes of encoders.

Source: https://protobuf.dev/programming-guides/encoding/. The functions run as Python and, called by a compiled decoder, as machine
code; so they take and return numbers only, and a negative next position is the negative of one of the reasons below.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import subroutine

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5

# Reasons why bytes are no message.
TRUNCATED: Final = 1
OVERFLOW: Final = 2
PAST_END: Final = 3
BAD_FIELD: Final = 4
BAD_WIRE_TYPE: Final = 5
GROUP: Final = 6
UNKNOWN_WIRE_TYPE: Final = 7

REASONS: Final = {
    TRUNCATED: "the message ends in the middle of a value",
    OVERFLOW: "a varint is longer than 64 bits",
    PAST_END: "a length points past the end of its message",
    BAD_FIELD: "a field number is 0 or over 536870911",
    BAD_WIRE_TYPE: "a known field has the wrong wire type",
    GROUP: "a group, which this message does not use",
    UNKNOWN_WIRE_TYPE: "a wire type that does not exist",
}

_PLACE: Final = (1 << 62) - 1
"""All places, as a mask: what it gives is never negative, and machine code need not ask whether an index counts from the end."""
_SIGN: Final = -(2**63)
_MAX_KEY: Final = 2**32


@subroutine
def varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Read a varint as int64 at `position`; returns (value, next position), or (0, -reason).

    Never reads at or after `end`. Values of 2^63 and more come out negative, as in two's complement.
    """
    if position < end and data[position & _PLACE] < 0x80:  # most: half the time of the loop below
        return int(data[position & _PLACE]), position + 1
    value = 0
    shift = 0
    while position < end:
        byte = int(data[position & _PLACE])
        position += 1
        if shift == 63:
            if byte > 1:
                return 0, -OVERFLOW
            # In Python integers do not wrap: the sign bit is added by its weight, which both worlds understand alike.
            return (value + _SIGN if byte == 1 else value), position
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    return 0, -TRUNCATED


@subroutine
def key(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """Read a field key; returns (field number, wire type, next position), or (0, 0, -reason)."""
    value, position = varint(data, position, end)
    if position < 0:
        return 0, 0, position
    if value < 8 or value >= _MAX_KEY:
        return 0, 0, -BAD_FIELD
    return value >> 3, value & 7, position


@subroutine
def length(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Read a length prefix; returns (end of the field, its first byte), or (0, -reason)."""
    size, position = varint(data, position, end)
    if position < 0:
        return 0, position
    if size < 0 or size > end - position:
        return 0, -PAST_END
    return position + size, position


@subroutine
def skip(data: bytes, position: int, end: int, wire: int) -> int:
    """The position after a field of an unknown number whose key was just read, or -reason."""
    if wire == VARINT:
        _, position = varint(data, position, end)
        return position
    if wire == LENGTH:
        after, position = length(data, position, end)
        return after if position >= 0 else position
    if wire in (FIXED64, FIXED32):
        size = 8 if wire == FIXED64 else 4
        return position + size if size <= end - position else -TRUNCATED
    return -GROUP if wire in (3, 4) else -UNKNOWN_WIRE_TYPE


@subroutine
def varint_size(value: int) -> int:
    """How many bytes an int64 takes as a varint: 10 when it is negative."""
    if value < 0:
        return 10
    size = 1
    while value > 0x7F:
        value >>= 7
        size += 1
    return size


@subroutine
def put_varint(out: NDArray[np.uint8], at: int, value: int) -> int:
    """Write an int64 as a varint at `at`; returns the position after it."""
    rest = value
    for _ in range(varint_size(value) - 1):
        out[at] = (rest & 0x7F) | 0x80
        rest >>= 7
        at += 1
    out[at] = rest & (0x7F if value >= 0 else 0x01)  # of a negative number's ten bytes the last one holds its sign
    return at + 1


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return encoded_varint(number << 3 | LENGTH) + encoded_varint(len(content)) + content


def encoded_varint(value: int) -> bytes:
    """A number as a varint; negative ones as int64 in two's complement."""
    rest = value & 0xFFFFFFFFFFFFFFFF
    made = bytearray()
    while rest > 0x7F:
        made.append(rest & 0x7F | 0x80)
        rest >>= 7
    made.append(rest)
    return bytes(made)
