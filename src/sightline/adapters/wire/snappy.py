"""The snappy block format, with its bounds checked before anything is allocated.

Source: https://github.com/google/snappy/blob/main/format_description.txt.
"""

from typing import Final

import cramjam

from sightline.adapters.wire.protobuf import varint
from sightline.domain.errors import BodyTooLarge, MalformedBody

# The densest element is a copy: 64 bytes of output from 3 of input. A header that promises more lies.
_MAX_RATIO: Final = 22
_MAX_HEADER: Final = 5


def decompress(body: bytes, *, max_decompressed: int) -> bytes:
    """The decompressed bytes.

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
            f"the body is {declared} bytes once decompressed; http.max_decompressed_bytes allows {max_decompressed}",
            limit="http.max_decompressed_bytes",
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
