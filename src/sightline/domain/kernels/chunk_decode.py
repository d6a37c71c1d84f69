"""Samples out of chunks; what their bytes are is told in chunk.py."""

from typing import Any

import numpy as np

from sightline.domain.kernels.chunk import (
    DIFFERENCES,
    EXCEPTION,
    EXCEPTIONS,
    FIRST,
    FIRST_BYTES,
    HEAD,
    MOST,
    POWERS,
    RAW,
    WIDEST,
    WIDTH,
    Bytes,
    Floats,
    Ints,
    Whole,
)
from sightline.domain.kernels.compiled import BYTES, INTS, kernel, subroutine


@subroutine
def _read_int(data: Bytes, at: int, width: int) -> Any:
    number = np.int64(0)
    for byte in range(width):
        number |= np.int64(data[at + byte]) << (8 * byte)
    return number


@subroutine
def _unpack(data: Bytes, at: int, count: int, upto: int, form: Whole, numbers: Ints) -> None:
    """The first `upto` of `count` numbers, whose planes begin at data[at], as they stand there."""
    width = form & WIDTH
    if width == 0:
        numbers[:upto] = 0
        return
    for i in range(upto):
        numbers[i] = data[at + i]
    for plane in range(1, width):
        shift = 8 * plane
        start = at + plane * count
        for i in range(upto):
            numbers[i] |= np.int64(data[start + i]) << shift


@subroutine
def _numbers(data: Bytes, at: int, count: int, upto: int, form: Whole, numbers: Ints) -> None:
    """The first `upto` of `count` packed numbers, as they were before they were packed."""
    _unpack(data, at, count, upto, form, numbers)
    if form & DIFFERENCES:
        last = _read_int(data, at - FIRST_BYTES, FIRST_BYTES) if form & FIRST else 0
        for i in range(upto):
            number = numbers[i]
            last += (number >> 1) ^ -(number & 1)
            numbers[i] = last
    else:
        for i in range(upto):
            number = numbers[i]
            numbers[i] = (number >> 1) ^ -(number & 1)


@subroutine
def _packed(data: Bytes, at: int, end: int, count: int) -> int:
    """Where the planes of packed numbers begin; -1 where the bytes do not have the length that their form asks for."""
    if end <= at:
        return -1
    form = np.int64(data[at])
    begin = at + 1
    if form & EXCEPTIONS:
        if end < at + HEAD:
            return -1
        begin += 2 + EXCEPTION * _read_int(data, begin, 2)
    if form & FIRST:
        begin += FIRST_BYTES
    return begin if (form & WIDTH) <= WIDEST and begin + (form & WIDTH) * count == end else -1


def _numbers_numpy(packed: Bytes, count: int) -> Ints:
    """All numbers of a chunk; ValueError where the bytes have another length than they need."""
    at = _packed(packed, 0, len(packed), count)
    if at < 0:
        raise ValueError
    form = int(packed[0])
    planes = packed[at:].reshape(form & WIDTH, count)
    numbers = np.zeros(count, np.int64)
    for plane, own in enumerate(planes):
        numbers |= own.astype(np.int64) << (8 * plane)
    return numbers


def _unzigzag_numpy(numbers: Ints, packed: Bytes) -> Ints:
    plain: Ints = (numbers >> 1) ^ -(numbers & 1)
    if not packed[0] & DIFFERENCES:
        return plain
    if packed[0] & FIRST:
        plain[0] = _read_int(packed, _packed(packed, 0, len(packed), len(plain)) - FIRST_BYTES, FIRST_BYTES)
    return np.cumsum(plain)


def _chunk_times_numpy(first: int, span: int, count: int, packed: Bytes) -> Ints:
    even: Ints = first + np.arange(count) * (span // max(count - 1, 1))
    return even + _unzigzag_numpy(_numbers_numpy(packed, count), packed) if len(packed) else even


def _clip_numpy(
    firsts: Ints,
    spans: Ints,
    samples: Ints,
    time_offsets: Ints,
    time_bytes: Bytes,
    start: int,
    end: int,
    skip: Ints,
    take: Ints,
) -> int:
    for chunk, (first, span, count) in enumerate(zip(firsts.tolist(), spans.tolist(), samples.tolist(), strict=True)):
        if start <= first and first + span <= end:
            skip[chunk], take[chunk] = 0, count
            continue
        try:
            own = _chunk_times_numpy(first, span, count, time_bytes[time_offsets[chunk] : time_offsets[chunk + 1]])
        except ValueError:
            return chunk
        skip[chunk] = np.searchsorted(own, start, "left")
        take[chunk] = max(0, np.searchsorted(own, end, "right") - skip[chunk])
    return -1


@kernel(
    f"int64({INTS}, {INTS}, {INTS}, {INTS}, {BYTES}, int64, int64, int64[::1], int64[::1])",
    twin=_clip_numpy,
)
def clip(
    firsts: Ints,
    spans: Ints,
    samples: Ints,
    time_offsets: Ints,
    time_bytes: Bytes,
    start: int,
    end: int,
    skip: Ints,
    take: Ints,
) -> int:
    """How many samples of each of c chunks lie before [start, end], ms, and how many in it: to skip and take, (c,).

    firsts, spans, samples: (c,). The times of chunk i are time_bytes[time_offsets[i]:time_offsets[i + 1]]; those of chunks that lie
    within whole are not looked at. Returns the first chunk whose bytes have not the length they need, -1 if there is none.
    """
    longest = 0
    for chunk in range(len(firsts)):
        longest = max(longest, samples[chunk])
    numbers = np.empty(longest, np.int64)
    for chunk in range(len(firsts)):
        first, span, count = firsts[chunk], spans[chunk], samples[chunk]
        if start <= first and first + span <= end:
            skip[chunk] = 0
            take[chunk] = count
            continue
        if not _times(first, span, count, count, time_offsets, time_bytes, chunk, numbers):
            return chunk
        low = 0
        while low < count and numbers[low] < start:
            low += 1
        high = count
        while high > low and numbers[high - 1] > end:
            high -= 1
        skip[chunk] = low
        take[chunk] = high - low
    return -1


@subroutine
def _times(
    first: int, span: int, count: int, upto: int, time_offsets: Ints, time_bytes: Bytes, chunk: int, numbers: Ints
) -> bool:
    """The first `upto` times of a chunk into `numbers`; false where its bytes have not the length they need."""
    step = span // max(count - 1, 1)
    at, end = time_offsets[chunk], time_offsets[chunk + 1]
    if at == end:
        for i in range(upto):
            numbers[i] = first + i * step
        return True
    begin = _packed(time_bytes, at, end, count)
    if begin < 0:
        return False
    _numbers(time_bytes, begin, count, upto, np.int64(time_bytes[at]), numbers)
    for i in range(upto):
        numbers[i] += first + i * step
    return True


@np.errstate(all="ignore")
def _decode_numpy(
    firsts: Ints,
    spans: Ints,
    samples: Ints,
    scales: Bytes,
    lowest: Ints,
    time_offsets: Ints,
    time_bytes: Bytes,
    value_offsets: Ints,
    value_bytes: Bytes,
    skip: Ints,
    take: Ints,
    at: Ints,
    times: Ints,
    values: Floats,
) -> int:
    for chunk in np.flatnonzero(take).tolist():
        count = int(samples[chunk])
        kept = slice(skip[chunk], skip[chunk] + take[chunk])
        out = slice(at[chunk], at[chunk] + take[chunk])
        packed = value_bytes[value_offsets[chunk] : value_offsets[chunk + 1]]
        try:
            own = _chunk_times_numpy(
                int(firsts[chunk]),
                int(spans[chunk]),
                count,
                time_bytes[time_offsets[chunk] : time_offsets[chunk + 1]],
            )
            times[out] = own[kept]
            numbers = _numbers_numpy(packed, count)
        except ValueError:
            return chunk
        if MOST < scales[chunk] < RAW:
            return chunk
        values[out] = _chunk_values_numpy(numbers, packed, int(scales[chunk]), int(lowest[chunk]))[kept]
    return -1


def _chunk_values_numpy(numbers: Ints, packed: Bytes, scale: int, lowest: int) -> Floats:
    if scale == RAW:
        return np.bitwise_xor.accumulate(np.concatenate(([lowest], numbers)))[1:].view(np.float64)
    values: Floats = (_unzigzag_numpy(numbers, packed) + lowest) / POWERS[scale]
    if packed[0] & EXCEPTIONS:
        rest = packed[1:].tobytes()
        misses = int(np.frombuffer(rest, "<u2", 1)[0])
        rows = np.frombuffer(rest, "<u2", misses, 2)
        values[rows] = np.frombuffer(rest, "<f8", misses, 2 + 2 * misses)
    return values


@subroutine
def _values(
    scale: int,
    lowest: int,
    count: int,
    upto: int,
    data: Bytes,
    begin: int,
    planes: int,
    skip: int,
    at: int,
    numbers: Ints,
    values: Floats,
    bits: Ints,
) -> None:
    """Values [skip, upto) of a chunk, whose bytes begin at data[begin] and whose planes at data[planes], to values[at:]."""
    form = np.int64(data[begin])
    if scale == RAW:
        _unpack(data, planes, count, upto, form, numbers)
        last = lowest
        for i in range(upto):
            last ^= numbers[i]
            if i >= skip:
                bits[at + i - skip] = last
        return
    _numbers(data, planes, count, upto, form, numbers)
    if scale == 0:
        for i in range(skip, upto):
            values[at + i - skip] = numbers[i] + lowest
    else:
        power = POWERS[scale]
        for i in range(skip, upto):
            values[at + i - skip] = (numbers[i] + lowest) / power
    if form & EXCEPTIONS:
        misses = _read_int(data, begin + 1, 2)
        where, which = begin + HEAD, begin + HEAD + 2 * misses
        for i in range(misses):
            row = _read_int(data, where + 2 * i, 2)
            if skip <= row < upto:
                bits[at + row - skip] = _read_int(data, which + 8 * i, 8)


@kernel(
    f"int64({INTS}, {INTS}, {INTS}, {BYTES}, {INTS}, {INTS}, {BYTES}, {INTS}, {BYTES}, {INTS}, {INTS}, {INTS}, int64[::1],"
    " float64[::1])",
    twin=_decode_numpy,
)
def decode(
    firsts: Ints,
    spans: Ints,
    samples: Ints,
    scales: Bytes,
    lowest: Ints,
    time_offsets: Ints,
    time_bytes: Bytes,
    value_offsets: Ints,
    value_bytes: Bytes,
    skip: Ints,
    take: Ints,
    at: Ints,
    times: Ints,
    values: Floats,
) -> int:
    """Write `take` samples of each of c chunks, from number `skip` on, to times[at:], int64 ms, and values[at:], float64.

    firsts, spans, samples, scales, lowest, skip, take, at: (c,). The bytes of chunk i begin at time_bytes[time_offsets[i]] and
    end before those of the next, and likewise the values'. Returns the first chunk whose bytes have not the length they need or
    whose scale is none, -1 if there is none.
    """
    longest = 0
    for chunk in range(len(firsts)):
        longest = max(longest, samples[chunk])
    numbers = np.empty(longest, np.int64)
    bits = values.view(np.int64)
    for chunk in range(len(firsts)):
        if take[chunk] == 0:
            continue
        count, skipped, upto, to = samples[chunk], skip[chunk], skip[chunk] + take[chunk], at[chunk]
        if not _times(firsts[chunk], spans[chunk], count, upto, time_offsets, time_bytes, chunk, numbers):
            return chunk
        for i in range(skipped, upto):
            times[to + i - skipped] = numbers[i]
        begin = value_offsets[chunk]
        planes = _packed(value_bytes, begin, value_offsets[chunk + 1], count)
        if planes < 0 or MOST < scales[chunk] < RAW:
            return chunk
        _values(
            scales[chunk], lowest[chunk], count, upto, value_bytes, begin, planes, skipped, to, numbers, values, bits
        )
    return -1
