"""One pass over protobuf messages of native histograms, of any schema that is given as a table of roles.

A role says what a field of the message is; in which field numbers remote write and scraped pages have them is said in
histogram_fields.py. Deltas of whole counts become counts, spans become the index of each bucket, empty buckets are left out.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, FIXED64, LENGTH, VARINT, key, length, skip, varint
from sightline.adapters.wire.remote_write_scan import DONE, FULL, word
from sightline.domain.kernels.compiled import INTS, kernel, subroutine

# Roles. What has an even number from POSITIVE_SPANS on is of the positive buckets, and one more the same of the negative ones.
UNKNOWN: Final = 0
COUNT: Final = 1
COUNT_FLOAT: Final = 2
SUM: Final = 3
SCHEMA: Final = 4
ZERO_THRESHOLD: Final = 5
ZERO_COUNT: Final = 6
ZERO_COUNT_FLOAT: Final = 7
HINT: Final = 8
TIME: Final = 9
POSITIVE_SPANS: Final = 10
POSITIVE_DELTAS: Final = 12
POSITIVE_COUNTS: Final = 14
CUSTOM: Final = 16

# Where a double of a histogram stands among its four.
THRESHOLD_AT: Final = 0
ZERO_AT: Final = 1
COUNT_AT: Final = 2
SUM_AT: Final = 3
DOUBLES: Final = 4

# What can be wrong with a histogram whose message is one.
GOOD: Final = 0
SPANS_DIFFER: Final = 1
SPAN_BACKWARDS: Final = 2
INDEX_TOO_LARGE: Final = 3
COUNT_NEGATIVE: Final = 4
BOTH_KINDS: Final = 5
SCHEMA_UNKNOWN: Final = 6

_LEAST_SCHEMA: Final = -4
_GREATEST_SCHEMA: Final = 8
_CUSTOM_SCHEMA: Final = -53
_MOST: Final = 1 << 62
"""Beyond this a whole count is not followed, for the next sum might not fit."""
_INDEX: Final = (1 << 31) - 1
_MASK: Final = (1 << 63) - 1
_PLACE: Final = (1 << 62) - 1
"""All places, as a mask: what it gives is never negative, and machine code need not ask whether an index counts from the end."""
_TWO_TO_64: Final = 18446744073709551616.0
_HINTS: Final = 3


@subroutine
def _zigzag(value: int) -> int:
    return ((value >> 1) & _MASK) ^ -(value & 1)


@subroutine
def _unsigned(value: int) -> float:
    """A uint64 that was read as int64."""
    return float(value) if value >= 0 else float(value) + _TWO_TO_64


@subroutine
def _wire_is_wrong(role: int, wire: int) -> bool:
    if role in (COUNT, SCHEMA, ZERO_COUNT, HINT, TIME):
        return wire != VARINT
    if role in (COUNT_FLOAT, SUM, ZERO_THRESHOLD, ZERO_COUNT_FLOAT):
        return wire != FIXED64
    if role in (POSITIVE_SPANS, POSITIVE_SPANS + 1):
        return wire != LENGTH
    if role in (POSITIVE_DELTAS, POSITIVE_DELTAS + 1):
        return wire not in (LENGTH, VARINT)
    return role != UNKNOWN and wire not in (LENGTH, FIXED64)


@subroutine
def _deltas(
    data: bytes, position: int, end: int, counts: NDArray[np.float64], at: int, state: NDArray[np.int64], sign: int
) -> tuple[int, int]:
    """Read differences as counts from `at` on; returns where the next one goes and the position, or a reason's negative.

    state: the count so far of either sign, and whether a count was wrong.
    """
    count = int(state[sign])
    while position < end:
        raw = int(data[position & _PLACE])
        position += 1
        if raw >= 0x80:
            raw, position = varint(data, position - 1, end)
            if position < 0:
                return at, position
        delta = _zigzag(raw)
        if delta >= _MOST or delta <= -_MOST:
            state[2] = 1
        else:
            count += delta
        if count < 0 or count >= _MOST:
            state[2] = 1
            count = 0
        counts[at & _PLACE] = float(count)
        at += 1
    state[sign] = count
    return at, position


@subroutine
def _doubles(data: bytes, position: int, end: int, words: NDArray[np.uint32], at: int) -> tuple[int, int]:
    """Copy packed doubles from `at` on; likewise."""
    if (end - position) % 8:
        return at, -BAD_WIRE_TYPE
    while position < end:
        words[2 * at] = word(data, position)
        words[2 * at + 1] = word(data, position + 4)
        at += 1
        position += 8
    return at, position


@subroutine
def _span(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """Read a BucketSpan { sint32 offset = 1; uint32 length = 2 }: both and the position, or a reason's negative."""
    offset = 0
    size = 0
    while position < end:
        field, wire, position = key(data, position, end)
        if position < 0:
            return 0, 0, position
        if field not in (1, 2):
            position = skip(data, position, end, wire)
            if position < 0:
                return 0, 0, position
            continue
        if wire != VARINT:
            return 0, 0, -BAD_WIRE_TYPE
        value, position = varint(data, position, end)
        if position < 0:
            return 0, 0, position
        if field == 1:
            offset = _zigzag(value)
        else:
            size = value
    return offset, size, position


@subroutine
def _kept(
    counts: NDArray[np.float64], words: NDArray[np.uint32], index: NDArray[np.int32], start: int, end: int
) -> int:
    """Leave empty buckets out; returns where the others end."""
    at = start
    for one in range(start, end):
        if words[2 * one] != 0 or words[2 * one + 1] & 0x7FFFFFFF != 0:
            if at != one:
                counts[at] = counts[one]
                index[at] = index[one]
            at += 1
    return at


@subroutine
def _spread(
    data: bytes,
    start: int,
    end: int,
    roles: NDArray[np.int64],
    wanted: int,
    fields: int,
    index: NDArray[np.int32],
    at: int,
    stop: int,
) -> int:
    """Give the buckets from `at` to `stop` their index, as the spans of one role say, `fields` of them; returns a fault.

    The first of them is at `start`.
    """
    position = start
    at_bucket = 0
    spans = 0
    while spans < fields:
        field, wire, position = key(data, position, end)
        role = int(roles[field]) if field < len(roles) else UNKNOWN
        if role != wanted:
            position = skip(data, position, end, wire)
            continue
        inner, position = length(data, position, end)
        offset, size, position = _span(data, position, inner)
        if spans > 0 and offset < 0:
            return SPAN_BACKWARDS
        spans += 1
        if size < 0 or size > stop - at:
            return SPANS_DIFFER
        if offset > _INDEX or offset < -_INDEX:
            return INDEX_TOO_LARGE
        at_bucket += offset
        if at_bucket + size > _INDEX or at_bucket < -_INDEX:
            return INDEX_TOO_LARGE
        for _ in range(size):
            index[at] = at_bucket
            at += 1
            at_bucket += 1
    return GOOD if at == stop else SPANS_DIFFER


def scan_histograms_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    roles: NDArray[np.int64],
    schema: NDArray[np.int8],
    reset: NDArray[np.uint8],
    times: NDArray[np.int64],
    doubles: NDArray[np.float64],
    double_words: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    index: NDArray[np.int32],
    counts: NDArray[np.float64],
    count_words: NDArray[np.uint32],
    negative_offsets: NDArray[np.int64],
    negative_index: NDArray[np.int32],
    negative_counts: NDArray[np.float64],
    negative_words: NDArray[np.uint32],
    custom_offsets: NDArray[np.int64],
    custom_words: NDArray[np.uint32],
    faults: NDArray[np.uint8],
    found: NDArray[np.int64],
) -> int:
    """Decode h messages data[starts[i]:ends[i]]; returns DONE, FULL, or a reason of the protobuf module, its offset in found[0].

    roles: the role of each field number. doubles: (4 h,), zeros at first. offsets, negative_offsets, custom_offsets: (h + 1,).
    index, counts: of either sign, all of one length; FULL says that the bytes of buckets may be more than that. custom_words: room
    for all bytes. What ends in `words` is the memory of the column before it, by halves of doubles, low one first. faults: (h,); of
    a histogram that has one the buckets are none.
    """
    state = np.zeros(3, np.int64)
    positive_at = 0
    negative_at = 0
    custom_at = 0
    offsets[0] = 0
    negative_offsets[0] = 0
    custom_offsets[0] = 0
    for row in range(len(starts)):
        position = int(starts[row])
        end = int(ends[row])
        first, first_negative, first_custom = positive_at, negative_at, custom_at
        state[:] = 0
        spans_at, spans = position, 0
        negative_spans_at, negative_spans = position, 0
        kinds = 0
        chosen = 0
        hint = 0
        time = 0
        while position < end:
            at = position
            field, wire, position = key(data, position, end)
            if position < 0:
                found[0] = at
                return -position
            role = int(roles[field]) if field < len(roles) else UNKNOWN
            if _wire_is_wrong(role, wire):
                found[0] = at
                return BAD_WIRE_TYPE
            place = position
            value = 0
            stop = position
            if role == UNKNOWN or wire == FIXED64:
                position = skip(data, position, end, wire)
                stop = position
            elif role in (POSITIVE_SPANS, POSITIVE_SPANS + 1):
                stop, position = length(data, position, end)
                if position >= 0:
                    _, _, position = _span(data, position, stop)
                if role == POSITIVE_SPANS:
                    spans_at = at if spans == 0 else spans_at
                    spans += 1
                else:
                    negative_spans_at = at if negative_spans == 0 else negative_spans_at
                    negative_spans += 1
            elif wire == LENGTH:
                stop, position = length(data, position, end)
                place = position
            else:
                value, position = varint(data, position, end)
                stop = position
            if position < 0:
                found[0] = at
                return -position
            if role >= POSITIVE_DELTAS and role != CUSTOM:
                most = (stop - place) // (1 if role < POSITIVE_COUNTS else 8)
                if most > len(index) - (positive_at if role % 2 == 0 else negative_at):
                    return FULL
            is_negative = role % 2 == 1
            if role in (POSITIVE_DELTAS, POSITIVE_DELTAS + 1):
                kinds |= 1 << (role - POSITIVE_DELTAS)
                side = negative_counts if is_negative else counts
                at_side = negative_at if is_negative else positive_at
                at_side, position = _deltas(data, place, stop, side, at_side, state, int(is_negative))
                positive_at = positive_at if is_negative else at_side
                negative_at = at_side if is_negative else negative_at
            elif role >= POSITIVE_COUNTS:
                kinds |= (4 << (role - POSITIVE_COUNTS)) if role != CUSTOM else 0
                words = custom_words if role == CUSTOM else negative_words if is_negative else count_words
                at_side = custom_at if role == CUSTOM else negative_at if is_negative else positive_at
                at_side, position = _doubles(data, place, stop, words, at_side)
                if role == CUSTOM:
                    custom_at = at_side
                elif is_negative:
                    negative_at = at_side
                else:
                    positive_at = at_side
            elif role == SCHEMA:
                chosen = _zigzag(value)
            elif role == HINT:
                hint = value
            elif role == TIME:
                time = value
            elif role == COUNT:
                doubles[DOUBLES * row + COUNT_AT] = _unsigned(value)
            elif role == ZERO_COUNT:
                doubles[DOUBLES * row + ZERO_AT] = _unsigned(value)
            elif role != UNKNOWN and wire == FIXED64:
                slot = DOUBLES * row
                if role == COUNT_FLOAT:
                    slot += COUNT_AT
                elif role == SUM:
                    slot += SUM_AT
                elif role == ZERO_COUNT_FLOAT:
                    slot += ZERO_AT
                double_words[2 * slot] = word(data, place)
                double_words[2 * slot + 1] = word(data, place + 4)
            if position < 0:
                found[0] = at
                return -position
        fault = GOOD
        if state[2]:
            fault = COUNT_NEGATIVE
        elif kinds & 3 and kinds & 12:
            fault = BOTH_KINDS
        elif not (_LEAST_SCHEMA <= chosen <= _GREATEST_SCHEMA or chosen == _CUSTOM_SCHEMA):
            fault = SCHEMA_UNKNOWN
        for sign in range(2):
            side_index = negative_index if sign else index
            begin = first_negative if sign else first
            end_of_side = negative_at if sign else positive_at
            fields = negative_spans if sign else spans
            if fault == GOOD:
                begin_of_spans = negative_spans_at if sign else spans_at
                wanted = POSITIVE_SPANS + sign
                fault = _spread(data, begin_of_spans, end, roles, wanted, fields, side_index, begin, end_of_side)
        for sign in range(2 if fault == GOOD else 0):
            side = negative_counts if sign else counts
            words = negative_words if sign else count_words
            side_index = negative_index if sign else index
            begin = first_negative if sign else first
            after = _kept(side, words, side_index, begin, negative_at if sign else positive_at)
            positive_at = positive_at if sign else after
            negative_at = after if sign else negative_at
        if fault != GOOD:
            positive_at, negative_at, custom_at = first, first_negative, first_custom
            chosen = 0
        schema[row] = chosen
        reset[row] = hint if 0 <= hint <= _HINTS else 0
        times[row] = time
        faults[row] = fault
        offsets[row + 1] = positive_at
        negative_offsets[row + 1] = negative_at
        custom_offsets[row + 1] = custom_at
    return DONE


scan_histograms = kernel(
    f"int64(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, {INTS}, int8[::1], uint8[::1], int64[::1], float64[::1],"
    " uint32[::1], int64[::1], int32[::1], float64[::1], uint32[::1], int64[::1], int32[::1], float64[::1], uint32[::1],"
    " int64[::1], uint32[::1], uint8[::1], int64[::1])",
    twin=scan_histograms_in_python,
)(scan_histograms_in_python)
"""`scan_histograms_in_python`, or the same as machine code once it is compiled."""
