"""One point of OpenTelemetry's metrics, of any kind, from its bytes into a column of the table of points."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.otlp_layout import (
    ATTRIBUTES_END,
    ATTRIBUTES_START,
    BOUNDS_START,
    COUNTS_END,
    COUNTS_START,
    DONE,
    DOUBLE,
    EXEMPLARS,
    EXPONENTIAL,
    FLAGS,
    GAUGE,
    HAS_EXEMPLARS,
    HAS_SUM,
    HISTOGRAM,
    INTEGER,
    NEGATIVE_START,
    NO_VALUE,
    OFFSET,
    POINT_END,
    POINT_START,
    SCALE,
    SHAPE_END,
    SHAPE_START,
    SIZE,
    START,
    SUM,
    SUMMARY,
    SUMMED,
    TIME,
    UNUSUAL,
    VALUE,
    ZERO_COUNT,
    ZERO_THRESHOLD,
)
from sightline.adapters.wire.protobuf import (
    BAD_WIRE_TYPE,
    FIXED64,
    LENGTH,
    TRUNCATED,
    VARINT,
    key,
    length,
    skip,
    varint,
)
from sightline.domain.kernels.compiled import subroutine

_SIGN: Final = -(2**63)
_PLACE: Final = (1 << 62) - 1
"""All places, as a mask: what it gives is never negative, and machine code need not ask whether an index counts from the end."""


@subroutine
def fixed64(data: bytes, at: int) -> int:
    """Eight bytes as int64."""
    place = at & _PLACE
    value = 0
    for step in range(7):
        value |= int(data[place + step]) << (8 * step)
    last = int(data[place + 7])
    value |= (last & 0x7F) << 56
    # In Python integers do not wrap: the sign bit is added by its weight.
    return value + _SIGN if last > 0x7F else value


@subroutine
def _packed(data: bytes, start: int, end: int, found: NDArray[np.int64]) -> int:
    """Check the buckets of an exponential histogram { sint32 offset = 1; repeated uint64 bucket_counts = 2 }; 0 or a reason."""
    position = start
    seen = False
    while position < end:
        found[OFFSET] = position
        field, wire, position = key(data, position, end)
        if position < 0:
            return -position
        if (field == 1 and wire != VARINT) or (field == 2 and (wire != LENGTH and wire != VARINT)):
            return BAD_WIRE_TYPE
        if field == 2:
            found[UNUSUAL] += int(wire == VARINT or seen)
            seen = True
        if field == 2 and wire == LENGTH:
            stop, position = length(data, position, end)
            while 0 <= position < stop:
                _, position = varint(data, position, stop)
        else:
            position = skip(data, position, end, wire)
        if position < 0:
            return -position
    return DONE


@subroutine
def _quantile(data: bytes, start: int, end: int, found: NDArray[np.int64]) -> int:
    """Check a ValueAtQuantile { double quantile = 1; double value = 2 }; 0 or a reason."""
    position = start
    while position < end:
        found[OFFSET] = position
        field, wire, position = key(data, position, end)
        if position < 0:
            return -position
        if 1 <= field <= 2 and wire != FIXED64:
            return BAD_WIRE_TYPE
        position = skip(data, position, end, wire)
        if position < 0:
            return -position
    return DONE


@subroutine
def point(
    data: bytes, start: int, end: int, kind: int, points: NDArray[np.int64], row: int, found: NDArray[np.int64]
) -> int:
    """Read one point, data[start:end], into column `row`; returns 0 or a reason.

    NumberDataPoint: 2 start, 3 time, 4 double, 5 exemplars, 6 integer, 7 attributes, 8 flags. HistogramDataPoint: 4 count, 5 sum,
    6 counts, 7 bounds, 8 exemplars, 9 attributes, 10 flags. ExponentialHistogramDataPoint: 1 attributes, 4 count, 5 sum, 6 scale,
    7 zero count, 8 and 9 buckets, 10 flags, 11 exemplars, 14 zero threshold. SummaryDataPoint: 4 count, 5 sum, 6 quantiles,
    7 attributes, 8 flags.
    """
    attributes = 9 if kind == HISTOGRAM else 1 if kind == EXPONENTIAL else 7
    marks = 10 if (kind == HISTOGRAM or kind == EXPONENTIAL) else 8
    exemplars = 8 if kind == HISTOGRAM else 11 if kind == EXPONENTIAL else 0 if kind == SUMMARY else 5
    is_number = kind == GAUGE or kind == SUM
    points[POINT_START, row] = start
    points[POINT_END, row] = end
    flags = 0
    position = start
    # What every sender writes, an attribute `tag size`, is passed over without a call; everything else goes the general way.
    usual = attributes << 3 | LENGTH
    while position < end:
        at = position & _PLACE
        size = int(data[at + 1]) if end - at > 1 else 128
        if data[at] == usual and size < 128 and size <= end - at - 2:
            if points[ATTRIBUTES_END, row] == 0:
                points[ATTRIBUTES_START, row] = at
            elif points[ATTRIBUTES_END, row] != at:
                found[UNUSUAL] += 1
            position = at + 2 + size
            points[ATTRIBUTES_END, row] = position
            continue
        field, wire, position = key(data, position, end)
        found[OFFSET] = at
        if position < 0:
            return -position
        value = 0
        begin = position
        if wire == FIXED64:
            if end - position < 8:
                return TRUNCATED
            value = fixed64(data, position)
            position += 8
        elif wire == LENGTH:
            stop, position = length(data, position, end)
            begin = position
            if position >= 0:
                position = stop
        elif wire == VARINT:
            value, position = varint(data, position, end)
        else:
            position = skip(data, position, end, wire)
        if position < 0:
            return -position

        if field == attributes or field == exemplars:
            if wire != LENGTH:
                return BAD_WIRE_TYPE
            if field == exemplars:
                flags |= HAS_EXEMPLARS
                continue
            if points[ATTRIBUTES_END, row] == 0:
                points[ATTRIBUTES_START, row] = at
            elif points[ATTRIBUTES_END, row] != at:
                found[UNUSUAL] += 1
            points[ATTRIBUTES_END, row] = position
        elif field == 2 or field == 3:
            if wire != FIXED64:
                return BAD_WIRE_TYPE
            points[START if field == 2 else TIME, row] = value
        elif field == marks:
            if wire != VARINT:
                return BAD_WIRE_TYPE
            flags |= value & NO_VALUE
        elif is_number:
            if field == 4 or field == 6:
                if wire != FIXED64:
                    return BAD_WIRE_TYPE
                points[VALUE, row] = value
                flags &= ~(DOUBLE | INTEGER)
                flags |= DOUBLE if field == 4 else INTEGER
        elif field == 4 or field == 5:
            if wire != FIXED64:
                return BAD_WIRE_TYPE
            points[VALUE if field == 4 else SUMMED, row] = value
            if field == 5:
                flags |= HAS_SUM
        elif kind == HISTOGRAM:
            if field != 6 and field != 7:
                continue
            if wire != LENGTH and wire != FIXED64:
                return BAD_WIRE_TYPE
            if wire == FIXED64 or points[COUNTS_END if field == 6 else SHAPE_END, row] != 0:
                found[UNUSUAL] += 1
                continue
            if (position - begin) % 8 != 0:
                return TRUNCATED
            if field == 6:
                points[COUNTS_START, row] = begin
                points[COUNTS_END, row] = position
            else:
                points[SHAPE_START, row] = at
                points[SHAPE_END, row] = position
                points[BOUNDS_START, row] = begin
                points[SIZE, row] = (position - begin) // 8
        elif kind == EXPONENTIAL:
            if field == 6:
                if wire != VARINT:
                    return BAD_WIRE_TYPE
                points[SCALE, row] = ((value >> 1) & 0x7FFFFFFF) ^ -(value & 1)
            elif field == 7 or field == 14:
                if wire != FIXED64:
                    return BAD_WIRE_TYPE
                points[ZERO_COUNT if field == 7 else ZERO_THRESHOLD, row] = value
            elif field == 8 or field == 9:
                if wire != LENGTH:
                    return BAD_WIRE_TYPE
                reason = _packed(data, begin, position, found)
                if reason != DONE:
                    return reason
                first = COUNTS_START if field == 8 else NEGATIVE_START
                found[UNUSUAL] += int(points[first + 1, row] != 0)
                points[first, row] = begin
                points[first + 1, row] = position
        elif field == 6:
            if wire != LENGTH:
                return BAD_WIRE_TYPE
            reason = _quantile(data, begin, position, found)
            if reason != DONE:
                return reason
            if points[SIZE, row] == 0:
                points[SHAPE_START, row] = at
            elif points[SHAPE_END, row] != at:
                found[UNUSUAL] += 1
            points[SHAPE_END, row] = position
            points[SIZE, row] += 1
    points[FLAGS, row] = flags
    found[EXEMPLARS] += int(flags & HAS_EXEMPLARS != 0)
    return DONE
