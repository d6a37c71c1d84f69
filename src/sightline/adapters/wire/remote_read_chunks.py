"""Series as a stream of frames of XOR chunks, made by machine code.

Source: prompb/remote.proto and prompb/types.proto of Prometheus, and tsdb/docs/format/chunks.md for the chunks, which are those of
Facebook's Gorilla (http://www.vldb.org/pvldb/vol8/p1816-teller.pdf) with times in milliseconds:

    frame               a varint, how long the message is; its CRC-32C, big endian; the message
    ChunkedReadResponse { repeated ChunkedSeries chunked_series = 1; int64 query_index = 2 }
    ChunkedSeries       { repeated Label labels = 1; repeated Chunk chunks = 2 }
    Chunk               { int64 min_time_ms = 1; int64 max_time_ms = 2; Encoding type = 3; bytes data = 4 }
    data                how many samples, in two bytes, big endian; then bits, each field with its highest bit first
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import put_varint, varint_size
from sightline.domain.kernels.compiled import BYTES, INTS, kernel, subroutine

CHUNK_SAMPLES: Final = 120
"""The most samples of a chunk, as Prometheus cuts them."""
CHUNK_BYTES: Final = 2_560
"""More than a chunk ever takes with its field: 21 bytes a sample at most."""
HEAD_BYTES: Final = 32
"""More than a frame takes besides labels and chunks."""

_XOR: Final = 1
_UNKNOWN: Final = 64  # no XOR has so many leading zeros: there is no window yet
_MOST_LEADING: Final = 31  # what five bits hold
_LOW: Final = 0xFFFFFFFF

Bytes = NDArray[np.uint8]
Pen = tuple[int, int, int]
"""Where the next whole byte goes, the bits that are not written yet, and how many they are: fewer than eight."""


def crc_table() -> NDArray[np.int64]:
    """What CRC-32C (Castagnoli) adds for each byte: (256,)."""
    table = np.arange(256, dtype=np.int64)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ 0x82F63B78, table >> 1)
    return table


@subroutine
def _crc(data: Bytes, start: int, end: int, table: NDArray[np.int64]) -> int:
    crc = _LOW
    for i in range(start, end):
        crc = int(table[(crc ^ int(data[i])) & 0xFF]) ^ (crc >> 8)
    return crc ^ _LOW


@subroutine
def put_bits(out: Bytes, pen: Pen, bits: int, count: int) -> Pen:
    """Write up to 32 bits; those of `bits` above them are left out."""
    at, rest, held = pen
    rest = (rest << count) | (bits & ((1 << count) - 1))
    held += count
    while held >= 8:
        held -= 8
        out[at] = (rest >> held) & 0xFF
        at += 1
    return at, rest & ((1 << held) - 1), held


@subroutine
def _leading(word: int) -> int:
    """How many of the 32 bits of a number are zeros before its highest one."""
    count = 32
    while word > 0:
        word >>= 1
        count -= 1
    return count


@subroutine
def _trailing(word: int) -> int:
    """How many zeros there are below the lowest bit of a number, which has one."""
    count = 0
    while word & 1 == 0:
        word >>= 1
        count += 1
    return count


@subroutine
def _put_second_difference(out: Bytes, pen: Pen, number: int) -> Pen:
    if number == 0:
        return put_bits(out, pen, 0, 1)
    if -0x1FFF <= number <= 0x2000:
        return put_bits(out, put_bits(out, pen, 0b10, 2), number, 14)
    if -0xFFFF <= number <= 0x10000:
        return put_bits(out, put_bits(out, pen, 0b110, 3), number, 17)
    if -0x7FFFF <= number <= 0x80000:
        return put_bits(out, put_bits(out, pen, 0b1110, 4), number, 20)
    pen = put_bits(out, pen, 0b1111, 4)
    return put_bits(out, put_bits(out, pen, number >> 32, 32), number, 32)


@subroutine
def _put_window(out: Bytes, pen: Pen, high: int, low: int, trailing: int, count: int) -> Pen:
    """Write the `count` bits of a number of two halves that lie above its `trailing` lowest ones."""
    if trailing >= 32:
        return put_bits(out, pen, high >> (trailing - 32), count)
    if count > 32 - trailing:
        pen = put_bits(out, pen, high, count - (32 - trailing))
        count = 32 - trailing
    return put_bits(out, pen, low >> trailing, count)


@subroutine
def _put_chunk(times: NDArray[np.int64], words: NDArray[np.uint32], first: int, end: int, out: Bytes, at: int) -> int:
    """Write the bytes of one chunk; returns the position after them."""
    out[at] = (end - first) >> 8
    out[at + 1] = (end - first) & 0xFF
    time = times[first]
    at = put_varint(out, at + 2, (time << 1) ^ (time >> 63))
    high, low = int(words[2 * first + 1]), int(words[2 * first])
    pen = put_bits(out, put_bits(out, (at, 0, 0), high, 32), low, 32)
    leading, trailing, difference = _UNKNOWN, 0, 0
    for i in range(first + 1, end):
        step = times[i] - time
        is_second = i == first + 1  # until there whole bytes are written
        pen = (
            (put_varint(out, pen[0], step), 0, 0) if is_second else _put_second_difference(out, pen, step - difference)
        )
        time, difference = times[i], step
        upper, lower = int(words[2 * i + 1]), int(words[2 * i])
        high ^= upper
        low ^= lower
        if high == 0 and low == 0:
            pen = put_bits(out, pen, 0, 1)
        else:
            before = _leading(high) if high > 0 else _MOST_LEADING
            after = _trailing(low) if low > 0 else 32 + _trailing(high)
            if before >= leading and after >= trailing:
                pen = put_bits(out, pen, 0b10, 2)
            else:
                leading, trailing = min(before, _MOST_LEADING), after
                pen = put_bits(out, pen, 0b11, 2)
                pen = put_bits(out, pen, leading, 5)
                pen = put_bits(
                    out, pen, 64 - leading - trailing, 6
                )  # of 64 the lowest six bits are 0, which stands for it
            pen = _put_window(out, pen, high, low, trailing, 64 - leading - trailing)
        high, low = upper, lower
    if pen[2] > 0:
        pen = put_bits(out, pen, 0, 8 - pen[2])
    return pen[0]


@subroutine
def _copy(source: Bytes, start: int, end: int, out: Bytes, at: int) -> int:
    for i in range(start, end):
        out[at] = source[i]
        at += 1
    return at


@subroutine
def _put_frame(labels: Bytes, chunks: Bytes, query: int, table: NDArray[np.int64], out: Bytes, at: int) -> int:
    """Write a frame of one series: its label fields and chunk fields, each as they are; returns the position after it."""
    inner = len(labels) + len(chunks)
    size = 1 + varint_size(inner) + inner
    if query > 0:
        size += 1 + varint_size(query)
    check = put_varint(out, at, size)
    start = check + 4
    out[start] = 0x0A
    at = put_varint(out, start + 1, inner)
    at = _copy(labels, 0, len(labels), out, at)
    at = _copy(chunks, 0, len(chunks), out, at)
    if query > 0:
        out[at] = 0x10
        at = put_varint(out, at + 1, query)
    crc = _crc(out, start, at, table)
    for byte in range(4):
        out[check + byte] = (crc >> (24 - 8 * byte)) & 0xFF
    return at


def write_in_python(
    times: NDArray[np.int64],
    words: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    labels: Bytes,
    label_offsets: NDArray[np.int64],
    query: int,
    frame_bytes: int,
    table: NDArray[np.int64],
    chunks: Bytes,
    out: Bytes,
) -> int:
    """Write the frames of s series, one series a frame or several; returns how many bytes they take, -1 where `out` is too short.

    times: (n,) ms, ascending within a series. words: (2 n,), the bits of each value, its low half first. offsets: (s + 1,), as in
    SeriesColumns; a series without samples is a frame without chunks. labels: the label fields of all series, those of series i
    from label_offsets[i] to label_offsets[i + 1]. query: which of a request's queries it is. frame_bytes: of a frame's
    message at most, unless one chunk and the labels are more. table: `crc_table()`. chunks: room of frame_bytes + CHUNK_BYTES.
    """
    at = 0
    one = np.empty(CHUNK_BYTES, np.uint8)
    for row in range(len(offsets) - 1):
        own = labels[label_offsets[row] : label_offsets[row + 1]]
        room = frame_bytes - len(own) - HEAD_BYTES
        filled = 0
        first = offsets[row]
        while True:
            end = min(first + CHUNK_SAMPLES, offsets[row + 1])
            size, data = 0, 0
            if first < end:
                data = _put_chunk(times, words, first, end, one, 0)
                size = 5 + varint_size(times[first]) + varint_size(times[end - 1]) + varint_size(data) + data
            if filled > 0 and (first >= end or filled + 1 + varint_size(size) + size > room):
                if at + filled + len(own) + HEAD_BYTES > len(out):
                    return -1
                at = _put_frame(own, chunks[:filled], query, table, out, at)
                filled = 0
            if first >= end:
                break
            chunks[filled] = 0x12
            filled = put_varint(chunks, filled + 1, size)
            chunks[filled] = 0x08
            filled = put_varint(chunks, filled + 1, times[first])
            chunks[filled] = 0x10
            filled = put_varint(chunks, filled + 1, times[end - 1])
            chunks[filled] = 0x18
            chunks[filled + 1] = _XOR
            chunks[filled + 2] = 0x22
            filled = put_varint(chunks, filled + 3, data)
            filled = _copy(one, 0, data, chunks, filled)
            first = end
        if offsets[row] == offsets[row + 1]:
            if at + len(own) + HEAD_BYTES > len(out):
                return -1
            at = _put_frame(own, chunks[:0], query, table, out, at)
    return at


def checksum_in_python(data: Bytes, table: NDArray[np.int64]) -> int:
    """The CRC-32C of bytes; table: `crc_table()`."""
    return _crc(data, 0, len(data), table)


checksum = kernel(f"int64({BYTES}, {INTS})", twin=checksum_in_python)(checksum_in_python)
"""`checksum_in_python`, or the same as machine code once it is compiled."""


# The loop is its own twin, as that of remote_write_scan is: it serves until machine code is there.
write = kernel(
    f"int64({INTS}, Array(uint32, 1, 'C', True), {INTS}, {BYTES}, {INTS}, int64, int64, {INTS}, uint8[::1], uint8[::1])",
    twin=write_in_python,
)(write_in_python)
"""`write_in_python`, or the same as machine code once it is compiled."""
