"""Native histograms as chunks of a streamed answer, made by machine code: float histograms, one a chunk.

Source: prompb/types.proto of Prometheus, tsdb/docs/format/chunks.md, and where that leaves things open tsdb/chunkenc:

    Chunk  { int64 min_time_ms = 1; int64 max_time_ms = 2; Encoding type = 3; bytes data = 4 }, of which FLOAT_HISTOGRAM is 3
    data   how many histograms, in two bytes, big endian; a byte of flags, the highest two bits of which say what they say of a
           reset; then bits: zero threshold, schema, spans of either sign, custom bounds; time, count, zero count, sum, counts of
           the buckets

The next histograms of a chunk would take fewer bits; a chunk for each needs no state.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import put_varint, varint_size
from sightline.adapters.wire.remote_read_chunks import Pen, put_bits
from sightline.domain.kernels.compiled import INTS, kernel, subroutine
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Histograms
from sightline.domain.metrics.samples import Times

_WORDS: Final = "Array(uint32, 1, 'C', True)"
_INDEX: Final = "Array(int32, 1, 'C', True)"
_FLOAT_HISTOGRAM: Final = 3
_CUSTOM: Final = CUSTOM_SCHEMA
_HEAD_BYTES: Final = 128
"""More than a chunk takes with its field, besides buckets and bounds."""
_BUCKET_BYTES: Final = 26
"""More than a bucket takes with a span of its own."""
_BOUND_BYTES: Final = 9

_MANTISSA: Final = 0xFFFFF
_EXPONENT: Final = 0x7FF
_LEAST_POWER: Final = -242
_GREATEST_POWER: Final = 11
_BIAS: Final = 1022


@subroutine
def _put_word(out: NDArray[np.uint8], pen: Pen, words: NDArray[np.uint32], place: int) -> Pen:
    """Write the 64 bits of a double."""
    return put_bits(out, put_bits(out, pen, int(words[2 * place + 1]), 32), int(words[2 * place]), 32)


@subroutine
def _put_prefixed(out: NDArray[np.uint8], pen: Pen, prefix: int, prefix_bits: int, value: int, bits: int) -> Pen:
    pen = put_bits(out, pen, prefix, prefix_bits)
    if bits > 32:
        pen = put_bits(out, pen, value >> 32, bits - 32)
        bits = 32
    return put_bits(out, pen, value, bits)


@subroutine
def _fits(value: int, bits: int) -> bool:
    """Whether a number is among the 2^bits that so many bits tell, of which half and one more are above zero."""
    half = 1 << (bits - 1)
    return -half < value <= half


@subroutine
def _put_signed(out: NDArray[np.uint8], pen: Pen, value: int) -> Pen:
    """Write a number in as few steps of bits as it needs."""
    if value == 0:
        return put_bits(out, pen, 0, 1)
    bits = 64
    ones = 8
    for step in range(7):
        size = 3 if step == 0 else 6 if step == 1 else 9 if step == 2 else 12 if step == 3 else 18
        size = 25 if step == 5 else 56 if step == 6 else size
        if _fits(value, size):
            bits = size
            ones = step + 1
            break
    return (
        _put_prefixed(out, pen, 0xFF, 8, value, bits)
        if bits == 64
        else _put_prefixed(out, pen, (1 << (ones + 1)) - 2, ones + 1, value, bits)
    )


@subroutine
def _put_unsigned(out: NDArray[np.uint8], pen: Pen, value: int) -> Pen:
    """Likewise of a number that is not negative and below 2^31."""
    if value == 0:
        return put_bits(out, pen, 0, 1)
    bits = 56
    ones = 7
    for step in range(6):
        size = 3 if step == 0 else 6 if step == 1 else 9 if step == 2 else 12 if step == 3 else 18
        size = 25 if step == 5 else size
        if value < 1 << size:
            bits = size
            ones = step + 1
            break
    return _put_prefixed(out, pen, (1 << (ones + 1)) - 2, ones + 1, value, bits)


@subroutine
def _put_spans(out: NDArray[np.uint8], pen: Pen, index: NDArray[np.int32], first: int, last: int) -> Pen:
    count = 0
    for row in range(first, last):
        count += int(row == first or index[row] != index[row - 1] + 1)
    pen = _put_unsigned(out, pen, count)
    row = first
    expected = 0
    while row < last:
        end = row + 1
        while end < last and index[end] == index[end - 1] + 1:
            end += 1
        pen = _put_unsigned(out, pen, end - row)
        pen = _put_signed(out, pen, int(index[row]) - expected)
        expected = int(index[end - 1]) + 1
        row = end
    return pen


@subroutine
def _put_threshold(out: NDArray[np.uint8], pen: Pen, words: NDArray[np.uint32], place: int) -> Pen:
    """Write a zero threshold: a byte for zero and for a power of two, nine for others."""
    high, low = int(words[2 * place + 1]), int(words[2 * place])
    if high == 0 and low == 0:
        return put_bits(out, pen, 0, 8)
    power = ((high >> 20) & _EXPONENT) - _BIAS
    if low == 0 and high & _MANTISSA == 0 and high < 1 << 31 and _LEAST_POWER <= power <= _GREATEST_POWER:
        return put_bits(out, pen, power + 243, 8)
    return _put_word(out, put_bits(out, pen, 0xFF, 8), words, place)


def write_in_python(
    schema: NDArray[np.int8],
    reset: NDArray[np.uint8],
    doubles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    index: NDArray[np.int32],
    counts: NDArray[np.uint32],
    negative_offsets: NDArray[np.int64],
    negative_index: NDArray[np.int32],
    negative_counts: NDArray[np.uint32],
    custom_offsets: NDArray[np.int64],
    custom: NDArray[np.uint32],
    times: NDArray[np.int64],
    chunk: NDArray[np.uint8],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
) -> None:
    """Write a chunk field of a ChunkedSeries for each of h histograms; bounds: (h + 1,), where each begins and ends in `out`.

    doubles: (8 h,), zero threshold, count, zero count and sum of each, by halves, as all doubles here are. chunk: room for the data
    of the longest chunk.
    """
    cursor = 0
    bounds[0] = 0
    for row in range(len(schema)):
        chunk[0] = 0
        chunk[1] = 1
        hint = int(reset[row])
        chunk[2] = 0x80 if hint == 1 else 0x40 if hint == 2 else 0xC0 if hint == 3 else 0
        pen = _put_threshold(chunk, (3, 0, 0), doubles, 4 * row)
        pen = _put_signed(chunk, pen, int(schema[row]))
        first, last = int(offsets[row]), int(offsets[row + 1])
        pen = _put_spans(chunk, pen, index, first, last)
        negative, negative_last = int(negative_offsets[row]), int(negative_offsets[row + 1])
        pen = _put_spans(chunk, pen, negative_index, negative, negative_last)
        if schema[row] == _CUSTOM:
            bound, bound_last = int(custom_offsets[row]), int(custom_offsets[row + 1])
            pen = _put_unsigned(chunk, pen, bound_last - bound)
            for place in range(bound, bound_last):
                pen = _put_word(chunk, put_bits(chunk, pen, 0, 1), custom, place)
        time = int(times[row])
        pen = _put_signed(chunk, pen, time)
        for step in range(1, 4):
            pen = _put_word(chunk, pen, doubles, 4 * row + step)
        for place in range(first, last):
            pen = _put_word(chunk, pen, counts, place)
        for place in range(negative, negative_last):
            pen = _put_word(chunk, pen, negative_counts, place)
        if pen[2] > 0:
            pen = put_bits(chunk, pen, 0, 8 - pen[2])
        size = pen[0]
        out[cursor] = 0x12
        cursor = put_varint(out, cursor + 1, 5 + 2 * varint_size(time) + varint_size(size) + size)
        for field in (0x08, 0x10):
            out[cursor] = field
            cursor = put_varint(out, cursor + 1, time)
        out[cursor] = 0x18
        out[cursor + 1] = _FLOAT_HISTOGRAM
        out[cursor + 2] = 0x22
        cursor = put_varint(out, cursor + 3, size)
        for at in range(size):
            out[cursor + at] = chunk[at]
        cursor += size
        bounds[row + 1] = cursor


write = kernel(
    f"void(Array(int8, 1, 'C', True), Array(uint8, 1, 'C', True), {_WORDS}, {INTS}, {_INDEX}, {_WORDS}, {INTS}, {_INDEX},"
    f" {_WORDS}, {INTS}, {_WORDS}, {INTS}, uint8[::1], uint8[::1], int64[::1])",
    twin=write_in_python,
)(write_in_python)
"""`write_in_python`, or the same as machine code once it is compiled."""


def chunks(histograms: Histograms, times: Times) -> tuple[bytes, NDArray[np.int64]]:
    """Chunk fields of a ChunkedSeries, one for each of h histograms, and where each begins and ends, int64 (h + 1,)."""
    h = len(histograms)
    positive, negative, custom = histograms.positive, histograms.negative, histograms.custom_offsets
    lengths = _BUCKET_BYTES * (np.diff(positive.offsets) + np.diff(negative.offsets)) + _BOUND_BYTES * np.diff(custom)
    doubles = np.column_stack((histograms.zero_threshold, histograms.count, histograms.zero_count, histograms.sum))
    out, bounds = np.empty(_HEAD_BYTES * h + int(lengths.sum()), np.uint8), np.empty(h + 1, np.int64)
    write(
        histograms.schema,
        histograms.reset,
        np.ascontiguousarray(doubles).reshape(-1).view(np.uint32),
        positive.offsets,
        positive.index,
        np.ascontiguousarray(positive.counts).view(np.uint32),
        negative.offsets,
        negative.index,
        np.ascontiguousarray(negative.counts).view(np.uint32),
        custom,
        np.ascontiguousarray(histograms.custom).view(np.uint32),
        times,
        np.empty(_HEAD_BYTES + int(lengths.max(initial=0)), np.uint8),
        out,
        bounds,
    )
    return out[: bounds[-1]].tobytes(), bounds
