"""The snappy block format, with its bounds checked before anything is allocated.

Source: https://github.com/google/snappy/blob/main/format_description.txt.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import cramjam

from sightline.adapters.wire.protobuf import encoded_varint, varint
from sightline.domain.errors import BodyTooLarge, MalformedBody

# The densest element is a copy: 64 bytes of output from 3 of input. A header that promises more lies.
_MAX_RATIO: Final = 22
_MAX_HEADER: Final = 5


def decompress(body: bytes, *, max_decompressed: int, setting: str = "http.max_decompressed_bytes") -> bytes:
    """The decompressed bytes; `setting` names the limit.

    Memory is asked for only when the length in the header is within `max_decompressed` and within what so short a body can hold.

    Raises:
        BodyTooLarge: the header declares more than `max_decompressed` bytes.
        MalformedBody: not snappy's block format.
    """
    declared, start = varint(body, 0, min(len(body), _MAX_HEADER))
    if start < 0 or not 0 <= declared < 2**32:
        raise MalformedBody("the body is not snappy's block format: its length header is damaged at byte 0")
    if declared > max_decompressed:
        raise BodyTooLarge(
            f"the body is {declared} bytes once decompressed; {setting} allows {max_decompressed}",
            limit=setting,
            size=declared,
            allowed=max_decompressed,
        )
    if declared > _MAX_RATIO * (len(body) - start):
        raise MalformedBody(
            f"the body is not snappy's block format: {len(body)} bytes cannot hold the {declared} declared at byte 0"
        )
    if declared == 0 and start == len(body):
        return b""
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise MalformedBody(f"the body is not snappy's block format: {error}") from None


def compress(data: bytes) -> bytes:
    """The same bytes in the block format."""
    return bytes(cramjam.snappy.compress_raw(data))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what will be one block: compressed, without a header. size: bytes once decompressed."""

    size: int
    data: bytes

    @classmethod
    def of(cls, data: bytes | memoryview) -> Self:
        """Compress a part. The format looks back over no more than one block, so parts may follow one another."""
        packed = memoryview(cramjam.snappy.compress_raw(data))
        _, start = varint(bytes(packed[:_MAX_HEADER]), 0, _MAX_HEADER)
        return cls(len(data), bytes(packed[start:]))


def header(pieces: Iterable[Piece]) -> bytes:
    """What stands before some pieces, so that with them it is one block."""
    return encoded_varint(sum(piece.size for piece in pieces))
