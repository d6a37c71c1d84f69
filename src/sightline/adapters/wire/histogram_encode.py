"""Native histograms to messages of remote read and remote write, made by machine code: counts as floats, spans as few as can be.

Source: prompb/types.proto of Prometheus; histogram_fields.py tells which field is which.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import put_varint, varint_size
from sightline.domain.kernels.compiled import INTS, kernel, subroutine
from sightline.domain.metrics.native_histograms import Histograms
from sightline.domain.metrics.samples import Times

HEAD_BYTES: Final = 96
"""More than a histogram takes besides its buckets and bounds, with its key and length."""
BUCKET_BYTES: Final = 24
"""More than a bucket takes with a span of its own."""
_BOUND_BYTES: Final = 8

_WORDS: Final = "Array(uint32, 1, 'C', True)"
_INDEX: Final = "Array(int32, 1, 'C', True)"
_PACKED: Final = 2


@subroutine
def _put_double(out: NDArray[np.uint8], at: int, words: NDArray[np.uint32], place: int) -> int:
    for half in range(2):
        word = int(words[2 * place + half])
        for byte in range(4):
            out[at] = (word >> (8 * byte)) & 0xFF
            at += 1
    return at


@subroutine
def _zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


@subroutine
def _span_end(index: NDArray[np.int32], first: int, last: int) -> int:
    """Where the run of buckets that begins at `first` ends."""
    at = first + 1
    while at < last and index[at] == index[at - 1] + 1:
        at += 1
    return at


@subroutine
def _put_buckets(
    out: NDArray[np.uint8],
    at: int,
    span_key: int,
    index: NDArray[np.int32],
    words: NDArray[np.uint32],
    first: int,
    last: int,
) -> int:
    """Write the spans and, two field numbers on, the counts of buckets."""
    if first == last:
        return at
    row = first
    expected = 0
    while row < last:
        end = _span_end(index, row, last)
        offset = _zigzag(int(index[row]) - expected)
        out[at] = span_key
        out[at + 1] = 2 + varint_size(offset) + varint_size(end - row)
        out[at + 2] = 0x08
        at = put_varint(out, at + 3, offset)
        out[at] = 0x10
        at = put_varint(out, at + 1, end - row)
        expected = int(index[end - 1]) + 1
        row = end
    out[at] = span_key + (2 << 3)
    at = put_varint(out, at + 1, 8 * (last - first))
    for row in range(first, last):
        at = _put_double(out, at, words, row)
    return at


def write_in_python(
    key: int,
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
    message: NDArray[np.uint8],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
) -> None:
    """Write h histograms as fields of a number, one behind the other; bounds: (h + 1,), where each begins and ends in `out`.

    key: of the field. doubles: (8 h,), count, sum, zero threshold and zero count of each, by halves, as all doubles here are.
    message: room for the longest message.
    """
    cursor = 0
    bounds[0] = 0
    for row in range(len(schema)):
        at = 0
        for field in (0x11, 0x19, 0x29, 0x39):  # count_float = 2, sum = 3, zero_threshold = 5, zero_count_float = 7
            message[at] = field
            place = 4 * row + (0 if field == 0x11 else 1 if field == 0x19 else 2 if field == 0x29 else 3)
            at = _put_double(message, at + 1, doubles, place)
        message[at] = 0x20
        at = put_varint(message, at + 1, _zigzag(int(schema[row])))
        at = _put_buckets(
            message, at, 0x42, negative_index, negative_counts, negative_offsets[row], negative_offsets[row + 1]
        )
        at = _put_buckets(message, at, 0x5A, index, counts, offsets[row], offsets[row + 1])
        message[at] = 0x70
        message[at + 1] = reset[row]
        message[at + 2] = 0x78
        at = put_varint(message, at + 3, times[row])
        first, last = custom_offsets[row], custom_offsets[row + 1]
        if last > first:
            message[at] = 0x82
            message[at + 1] = 0x01
            at = put_varint(message, at + 2, 8 * (last - first))
            for place in range(first, last):
                at = _put_double(message, at, custom, place)
        out[cursor] = key
        cursor = put_varint(out, cursor + 1, at)
        for byte in range(at):
            out[cursor + byte] = message[byte]
        cursor += at
        bounds[row + 1] = cursor


write = kernel(
    f"void(int64, Array(int8, 1, 'C', True), Array(uint8, 1, 'C', True), {_WORDS}, {INTS}, {_INDEX}, {_WORDS}, {INTS}, {_INDEX},"
    f" {_WORDS}, {INTS}, {_WORDS}, {INTS}, uint8[::1], uint8[::1], int64[::1])",
    twin=write_in_python,
)(write_in_python)
"""`write_in_python`, or the same as machine code once it is compiled."""


def encoded(histograms: Histograms, times: Times, number: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Histograms (h,) as fields of that number, below 16, one behind the other; and where each begins and ends, int64 (h + 1,)."""
    h = len(histograms)
    positive, negative, custom = histograms.positive, histograms.negative, histograms.custom_offsets
    lengths = BUCKET_BYTES * (np.diff(positive.offsets) + np.diff(negative.offsets)) + _BOUND_BYTES * np.diff(custom)
    longest = HEAD_BYTES + int(lengths.max(initial=0))
    doubles = np.column_stack((histograms.count, histograms.sum, histograms.zero_threshold, histograms.zero_count))
    out, bounds = np.empty(h * HEAD_BYTES + int(lengths.sum()), np.uint8), np.empty(h + 1, np.int64)
    write(
        number << 3 | _PACKED,
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
        np.empty(longest, np.uint8),
        out,
        bounds,
    )
    return out[: bounds[-1]], bounds
