"""The points of OpenTelemetry that are more than one number: several series, or a native histogram where they are exponential.

Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/ and .../compatibility/prometheus_and_openmetrics/.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import otlp_layout as layout
from sightline.adapters.wire.otlp_point import fixed64
from sightline.adapters.wire.protobuf import key, length, skip, varint
from sightline.domain.kernels.compiled import INTS, kernel, subroutine
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.native_histograms import GREATEST_SCHEMA, LEAST_SCHEMA, Buckets, Histograms, ResetHint
from sightline.domain.metrics.samples import Values

ZERO_THRESHOLD: Final = 1e-128
"""The width of the zero bucket of a histogram that does not say it, as Prometheus takes it."""

_SIGN: Final = 2.0**64
_LEAST_INDEX: Final = -(1 << 31)
_GREATEST_INDEX: Final = (1 << 31) - 1


@subroutine
def unsigned(value: int) -> float:
    """An int64 that stands for a uint64."""
    return float(value) + _SIGN if value < 0 else float(value)


def explicit_in_python(
    data: bytes,
    points: NDArray[np.int64],
    rows: NDArray[np.int64],
    offsets: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """Write the values of the histograms in columns `rows` (h,) of the points, from `offsets` (h,) on.

    Of each: how many are at or below each bound, the count as that of +Inf, the count, and where the sum goes, which is present
    where `present` (n,) says so; as is a bucket of which there is no count.
    """
    for place in range(len(rows)):
        row = rows[place]
        at = offsets[place]
        size = points[layout.SIZE, row]
        start = points[layout.COUNTS_START, row]
        counts = (points[layout.COUNTS_END, row] - start) // 8
        total = 0.0
        for bucket in range(size):
            present[at + bucket] = bucket < counts
            if bucket < counts:
                total += unsigned(fixed64(data, start + 8 * bucket))
            values[at + bucket] = total
        values[at + size] = unsigned(points[layout.VALUE, row])
        values[at + size + 1] = values[at + size]
        present[at + size + 2] = points[layout.FLAGS, row] & layout.HAS_SUM != 0


explicit = kernel(
    f"void(Bytes(uint8, 1, 'C', readonly=True), int64[:, ::1], {INTS}, {INTS}, float64[::1], boolean[::1])",
    twin=explicit_in_python,
)(explicit_in_python)
"""`explicit_in_python`, or the same as machine code once it is compiled."""


def quantiles_in_python(
    data: bytes,
    points: NDArray[np.int64],
    rows: NDArray[np.int64],
    offsets: NDArray[np.int64],
    bits: NDArray[np.int64],
) -> None:
    """Write the values, as bits, of the quantiles of the summaries in columns `rows` (h,) of the points, from `offsets` (h,) on."""
    for place in range(len(rows)):
        row = rows[place]
        at = offsets[place]
        position = points[layout.SHAPE_START, row]
        stop = points[layout.SHAPE_END, row]
        while position < stop:
            _, _, position = key(data, position, stop)
            after, position = length(data, position, stop)
            bits[at] = 0
            while position < after:
                field, wire, position = key(data, position, after)
                if field == 2:
                    bits[at] = fixed64(data, position)
                position = skip(data, position, after, wire)
            at += 1


quantiles = kernel(
    f"void(Bytes(uint8, 1, 'C', readonly=True), int64[:, ::1], {INTS}, {INTS}, int64[::1])",
    twin=quantiles_in_python,
)(quantiles_in_python)
"""`quantiles_in_python`, or the same as machine code once it is compiled."""


def exponential_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    shifts: NDArray[np.int64],
    index: NDArray[np.int64],
    counts: NDArray[np.float64],
    lengths: NDArray[np.int64],
) -> None:
    """Write the buckets of h messages data[starts[i]:ends[i]], joined by 2^shifts[i], those with nothing in them left out.

    index, counts: as much room as the messages have bytes, each message's from its own first byte's place among them on.
    lengths: (h,), how many there are; -1 where an index is none of 32 bits.
    """
    base = 0
    for place in range(len(starts)):
        position = starts[place]
        stop = ends[place]
        shift = shifts[place]
        offset = 0
        while position < stop:
            field, wire, position = key(data, position, stop)
            if field == 1:
                value, position = varint(data, position, stop)
                offset = ((value >> 1) & 0x7FFFFFFF) ^ -(value & 1)
            else:
                position = skip(data, position, stop, wire)
        position = starts[place]
        made = 0
        bad = False
        while position < stop:
            field, wire, position = key(data, position, stop)
            if field != 2:
                position = skip(data, position, stop, wire)
                continue
            after, position = length(data, position, stop)
            while position < after:
                value, position = varint(data, position, after)
                if value != 0:
                    # Buckets begin at 0 and have their lower bounds' powers; native ones have their upper bounds'.
                    number = (offset >> shift) + 1
                    if made > 0 and index[base + made - 1] == number:
                        counts[base + made - 1] += unsigned(value)
                    else:
                        index[base + made] = number
                        counts[base + made] = unsigned(value)
                        made += 1
                    bad = bad or number < _LEAST_INDEX or number > _GREATEST_INDEX
                offset += 1
        lengths[place] = -1 if bad else made
        base += ends[place] - starts[place]


exponential = kernel(
    f"void(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, {INTS}, int64[::1], float64[::1], int64[::1])",
    twin=exponential_in_python,
)(exponential_in_python)
"""`exponential_in_python`, or the same as machine code once it is compiled."""


class Native(NamedTuple):
    """h exponential histograms as native ones, and which of them can be none, bool (h,), for their scale or an index."""

    histograms: Histograms
    bad: NDArray[np.bool_]


def native(data: bytes, points: NDArray[np.int64]) -> Native:
    """All points, exponential histograms, as native ones; buckets that are finer than native ones can be are joined."""
    scale = points[layout.SCALE]
    bad = (scale < LEAST_SCHEMA) | (scale > 1 << 20)
    shift = np.clip(scale - GREATEST_SCHEMA, 0, 62)
    positive, fits = _buckets(data, points[layout.COUNTS_START], points[layout.COUNTS_END], shift)
    negative, fits_too = _buckets(data, points[layout.NEGATIVE_START], points[layout.NEGATIVE_END], shift)
    bad |= ~fits | ~fits_too
    count = points.shape[1]
    threshold = _doubles(points[layout.ZERO_THRESHOLD])
    return Native(
        Histograms(
            np.clip(scale, LEAST_SCHEMA, GREATEST_SCHEMA).astype(np.int8),
            np.full(count, ResetHint.UNKNOWN, np.uint8),
            np.where(threshold > 0, threshold, ZERO_THRESHOLD),
            counts_of(points[layout.ZERO_COUNT]),
            counts_of(points[layout.VALUE]),
            _doubles(points[layout.SUMMED]),
            positive,
            negative,
            np.zeros(count + 1, np.int64),
            np.empty(0, np.float64),
        ),
        bad,
    )


def counts_of(bits: NDArray[np.int64]) -> Values:
    """Unsigned counts, given as int64, as float64."""
    return bits.view(np.uint64).astype(np.float64)


def _doubles(bits: NDArray[np.int64]) -> Values:
    return np.ascontiguousarray(bits).view(np.float64)


def _buckets(
    data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], shifts: NDArray[np.int64]
) -> tuple[Buckets, NDArray[np.bool_]]:
    """The buckets of each histogram, none of one that does not fit, and which of them do."""
    starts, ends, shifts = (np.ascontiguousarray(one) for one in (starts, ends, shifts))
    room = ends - starts
    index, counts = np.empty(int(room.sum()), np.int64), np.empty(int(room.sum()), np.float64)
    lengths = np.empty(len(starts), np.int64)
    exponential(data, starts, ends, shifts, index, counts, lengths)
    kept = np.maximum(lengths, 0)
    taken = spans(np.cumsum(room) - room, kept)
    offsets = np.append(0, np.cumsum(kept)).astype(np.int64)
    return Buckets(offsets, index[taken].astype(np.int32), counts[taken]), lengths >= 0
