"""Chunks: the samples of one series within an hour as few bytes, and back, bit for bit.

An hour here is left-open and right-closed, ((h - 1) hours, h hours], as the windows of queries are.

Most values are short decimals: counters are whole numbers, gauges have two or three places. A chunk keeps `whole / 10**scale`, an
exact division by IEEE 754: the quotient of two whole numbers that floats can hold is the float nearest to the decimal, and each
value is tried before it is kept so. Where too many are no short decimals the chunk keeps all bits, under the scale RAW.

What is kept of a chunk beside its bytes: `first`, the time of the first sample; `span`, from it to the last one; `samples`, how
many; `scale`; `lowest` and `highest`, the bounds of the whole numbers, or under RAW the bits of the least and the greatest value;
and whether these are the bounds of all values (`bounded`), which they are not where there is a NaN, an infinity or -0.0.

    times:   nothing where samples are evenly spaced, else `packed`: how far each is from where even spacing would have it
    values:  `packed`: the whole numbers less `lowest`; under RAW the bits of each XOR those before, of the first XOR `lowest`
    packed:  a byte of form, what it announces, then `width` planes: the lowest byte of each number, then the next of each ...
    form:    width (0 to 8) | 16 if the numbers are differences to the one before | 32 if there are exceptions | 64 if the first
             number is written as an int64 and its difference as 0, where it alone would make the planes more
    exceptions: uint16 count, then their uint16 positions, then their 8 bytes each; little-endian

Numbers are zigzag: 0, -1, 1, -2 are 0, 1, 2, 3; under RAW they are as they are. In planes a general compressor finds what numbers
have in common: after ZSTD a byte costs its entropy, where a varint would spend whole bytes, and no decoder guesses at branches.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import BYTES, FLOATS, INTS, UINTS, kernel, subroutine

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
UInts = NDArray[np.uint64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = int | np.signedinteger[Any]

HOUR: Final = 3_600_000
LONGEST: Final = 65_535
"""The most samples of a chunk."""
RAW: Final = 255
"""The scale of a chunk that keeps all bits of its values."""

_MOST: Final = 12  # places: with more, a whole number takes as many bytes as the float
_POWERS: Final = np.array([float(f"1e{places}") for places in range(_MOST + 1)])
_EXACT: Final = 2.0**53
_SURE: Final = 2.0**50  # below it a product with a power of ten rounds to the right whole number
_NEGATIVE_ZERO: Final = -(2**63)
_WIDTH: Final = 15
_DIFFERENCES: Final = 16
_EXCEPTIONS: Final = 32
_FIRST: Final = 64
_FIRST_BYTES: Final = 8
_HEAD: Final = 3  # bytes of form and of the number of exceptions
_EXCEPTION: Final = 10  # bytes of one
_ROUND: Final = 1.5 * 2.0**52
_LARGE: Final = 1 << 40  # of 65,535 such numbers the sum still fits
_FEW: Final = 8  # values that mostly tell the places of all


def room(samples: int, chunks: int) -> int:
    """The most bytes that the times, or the values, of so many samples in so many chunks take."""
    return (8 + _EXCEPTION) * samples + _HEAD * chunks


def _cut_numpy(offsets: Ints, times: Ints, starts: Ints) -> int:
    if not len(times):
        return 0
    hour = times // HOUR - (times % HOUR == 0)
    new = np.ones(len(times), np.bool_)
    new[1:] = hour[1:] != hour[:-1]
    new[offsets[:-1][offsets[:-1] < offsets[1:]]] = True
    pieces = np.flatnonzero(new)
    lengths = np.diff(np.append(pieces, len(times)))
    counts = -(-lengths // LONGEST)
    total = int(counts.sum())
    if total <= len(starts):
        nth = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        starts[:total] = np.repeat(pieces, counts) + nth * LONGEST
    return total


@kernel(f"int64({INTS}, {INTS}, int64[::1])", twin=_cut_numpy)
def cut(offsets: Ints, times: Ints, starts: Ints) -> int:
    """How many chunks the samples of some series make; where each begins goes to `starts`, if it has room for all.

    offsets: int64 (s + 1,), the bounds of the series in `times`, int64 ms, which ascend within a series.
    """
    count = 0
    for series in range(len(offsets) - 1):
        begin, end = offsets[series], offsets[series + 1]
        while begin < end:
            if count < len(starts):
                starts[count] = begin
            count += 1
            hour = times[begin] + -times[begin] % HOUR
            after = min(end, begin + LONGEST)
            if times[after - 1] > hour:
                low = begin + 1
                while low < after:
                    middle = (low + after) // 2
                    if times[middle] <= hour:
                        low = middle + 1
                    else:
                        after = middle
            begin = after
    return count


@subroutine
def _zigzag(number: int) -> int:
    return (number << 1) ^ (number >> 63)


@subroutine
def _width(bits: int) -> int:
    """How many bytes hold each of some numbers, of which all bits are set in `bits`."""
    if bits < 0:
        return 8
    width = 0
    while bits > 0:
        width += 1
        bits >>= 8
    return width


@subroutine
def _planes(numbers: Ints, width: int, out: Bytes) -> int:
    """Write the planes of n numbers; returns how many bytes they take."""
    count = len(numbers)
    for plane in range(width):
        shift = 8 * plane
        own = out[plane * count : (plane + 1) * count]
        for i in range(count):
            own[i] = (numbers[i] >> shift) & 0xFF
    return width * count


@subroutine
def _write_int(number: int, width: int, out: Bytes, at: int) -> None:
    for byte in range(width):
        out[at + byte] = (number >> (8 * byte)) & 0xFF


@subroutine
def _pack(numbers: Ints, differences: Ints, form: int, out: Bytes, head: int) -> int:
    """Pack n numbers as levels or as differences, whichever are smaller; form goes to out[0], planes to out[head:].

    differences: (n,), room to work in. Returns how many bytes there are then.
    """
    differences[0] = _zigzag(numbers[0])
    before = numbers[:-1]
    after = numbers[1:]
    rest = differences[1:]
    for i in range(len(after)):
        rest[i] = _zigzag(after[i] - before[i])
    every_level, every_difference, levels, steps = 0, 0, 0, 0
    for i in range(len(numbers)):
        level = _zigzag(numbers[i])
        every_level |= level
        levels += min(level, _LARGE)
        every_difference |= differences[i]
        steps += min(differences[i], _LARGE)
    if steps < levels:
        width, first = _width(every_difference), differences[0]
        differences[0] = 0
        every_difference = 0
        for i in range(len(numbers)):
            every_difference |= differences[i]
        narrower = _width(every_difference)
        if (width - narrower) * len(numbers) > _FIRST_BYTES:
            _write_int(numbers[0], _FIRST_BYTES, out, head)
            head += _FIRST_BYTES
            form |= _FIRST
            width = narrower
        else:
            differences[0] = first
        out[0] = form | _DIFFERENCES | width
        return head + _planes(differences, width, out[head:])
    width = _width(every_level)
    out[0] = form | width
    for i in range(len(numbers)):
        numbers[i] = _zigzag(numbers[i])
    return head + _planes(numbers, width, out[head:])


@subroutine
def _pack_times(times: Ints, numbers: Ints, scratch: Ints, out: Bytes) -> int:
    """Pack the times of a chunk; returns how many bytes they take."""
    count = len(times)
    if count <= 2:  # noqa: PLR2004 - two are always evenly spaced
        return 0
    first = times[0]
    span = times[count - 1] - first
    step = span // (count - 1)
    uneven = span - step * (count - 1)
    for i in range(count):
        off = times[i] - first - i * step
        numbers[i] = off
        uneven |= off
    return 0 if uneven == 0 else _pack(numbers, scratch, 0, out, 1)


@subroutine
def _fewest(value: float) -> int:
    """The fewest places with which a value is an exact decimal; RAW without."""
    places = _MOST
    while places > 0 and abs(value) * _POWERS[places] > _SURE:
        places -= 1
    whole = np.rint(value * _POWERS[places])
    if abs(whole) > _EXACT or whole / _POWERS[places] != value:
        return RAW
    for fewer in range(places):
        if np.rint(value * _POWERS[fewer]) / _POWERS[fewer] == value:
            return fewer
    return places


@subroutine
def _scale_of(values: Floats, bits: Ints) -> int:
    """The fewest places with which nearly all values of a chunk are exact decimals, or RAW."""
    scale, power = 0, 1.0
    misses = 0
    for i in range(len(values)):
        value = values[i]
        if abs(value) < np.inf and bits[i] != _NEGATIVE_ZERO:
            whole = np.rint(value * power)
            if whole / power == value and abs(whole) <= _EXACT:
                continue
            fewest = _fewest(value)
            if fewest != RAW:
                scale = max(scale, fewest)
                power = _POWERS[scale]
                continue
        misses += 1
        if 4 * misses > len(values):
            return RAW
    return scale


@subroutine
def _are_whole(values: Floats, bits: Ints, scale: int, numbers: Ints) -> bool:
    """Whether all values are exact decimals of `scale` places; their whole numbers to `numbers`. No branches, for vector code."""
    power = _POWERS[scale]
    wrong = 0
    for i in range(len(values)):
        # Added to 1.5 * 2**52, a number loses its fraction and keeps its whole in the lowest bits.
        rounded = values[i] * power + _ROUND
        whole = rounded - _ROUND
        wrong |= (whole / power != values[i]) | (abs(whole) > _SURE) | (bits[i] == _NEGATIVE_ZERO)
        numbers[i] = np.int64(whole)
    return wrong == 0


@subroutine
def _pack_raw(values: Floats, bits: Ints, numbers: Ints, out: Bytes) -> tuple[int, bool, int, int]:
    """Pack values bit by bit; returns how many bytes they take, bounded, lowest, highest."""
    low, high = 0, 0
    bounded = True
    for i in range(len(values)):
        if values[i] != values[i] or bits[i] == _NEGATIVE_ZERO:
            bounded = False
        elif values[i] < values[low]:
            low = i
        elif values[i] > values[high]:
            high = i
    lowest = bits[low] if bounded else 0
    last, every = lowest, 0
    for i in range(len(values)):
        numbers[i] = bits[i] ^ last
        last = bits[i]
        every |= numbers[i]
    width = _width(every)
    out[0] = width
    return 1 + _planes(numbers, width, out[1:]), bounded, lowest, bits[high] if bounded else 0


@subroutine
def _except(values: Floats, bits: Ints, scale: int, numbers: Ints, out: Bytes) -> int:
    """The whole numbers of values of which some have none: those repeat the number before. Returns how many they are.

    Their places and bits go to out[1:].
    """
    power = _POWERS[scale]
    last: Whole = 0
    misses, found = 0, False
    for i in range(len(values)):
        whole = np.rint(values[i] * power)
        if abs(whole) <= _EXACT and whole / power == values[i] and bits[i] != _NEGATIVE_ZERO:
            last = np.int64(whole)
            if not found:
                numbers[:i] = last
                found = True
        else:
            _write_int(i, 2, out, _HEAD + 2 * misses)
            misses += 1
        numbers[i] = last
    _write_int(misses, 2, out, 1)
    for i in range(misses):
        row = out[_HEAD + 2 * i] | np.int64(out[_HEAD + 2 * i + 1]) << 8
        _write_int(bits[row], 8, out, _HEAD + 2 * misses + 8 * i)
    return misses


@subroutine
def _pack_decimals(
    values: Floats, bits: Ints, scale: int, whole: bool, numbers: Ints, scratch: Ints, out: Bytes
) -> tuple[int, bool, int, int]:
    """Pack values as whole numbers, which if `whole` stand in `numbers` already; returns as `_pack_raw` does."""
    misses = 0 if whole else _except(values, bits, scale, numbers, out)
    low, high = numbers[0], numbers[0]
    for i in range(len(numbers)):
        low = min(low, numbers[i])
        high = max(high, numbers[i])
    for i in range(len(numbers)):
        numbers[i] -= low
    form, head = (_EXCEPTIONS, _HEAD + _EXCEPTION * misses) if misses else (0, 1)
    taken = _pack(numbers, scratch, form, out, head)
    return taken, misses == 0, low, high


class _Pieces:
    """The samples of c chunks, one chunk after the other.

    counts, starts: (c,), how many a chunk has and where they begin. owner, local: (n,), whose a sample is, and its number there.
    """

    def __init__(self, counts: Ints) -> None:
        self.counts = counts
        self.starts = np.cumsum(counts) - counts
        self.owner = np.repeat(np.arange(len(counts)), counts)
        self.local = np.arange(len(self.owner)) - self.starts[self.owner]

    def fold(self, operation: np.ufunc, column: NDArray[Any]) -> NDArray[Any]:
        """The operation over the samples of each chunk."""
        folded: NDArray[Any] = operation.reduceat(column, self.starts)
        return folded

    def before(self, column: Ints, first: Any) -> Ints:
        """The number before each one of its chunk; before the first one `first`."""
        found = np.concatenate((column[:1], column[:-1]))
        found[self.starts] = first
        return found


def _zigzag_numpy(numbers: Ints) -> Ints:
    return (numbers << 1) ^ (numbers >> 63)


def _width_numpy(bits: Ints) -> Ints:
    width: Ints = np.where(bits < 0, 8, np.add.reduce([bits >= 1 << 8 * byte for byte in range(8)], dtype=np.int64))
    return width


def _put_numpy(out: Bytes, at: Ints, numbers: Ints, width: int) -> None:
    for byte in range(width):
        out[at + byte] = (numbers >> 8 * byte) & 0xFF


def _pack_numpy(
    pieces: _Pieces, numbers: Ints, bits: Ints, kept: Flags, raw: Flags, missing: Flags, out: Bytes, offsets: Ints
) -> None:
    """Pack the numbers (n,) of the chunks that are `kept`, (c,), those that are `raw` as they are.

    The bits (n,) of samples that are `missing` are exceptions.
    """
    counts, starts, owner, local = pieces.counts, pieces.starts, pieces.owner, pieces.local
    levels = np.where(raw[owner], numbers, _zigzag_numpy(numbers))
    steps = _zigzag_numpy(numbers - pieces.before(numbers, 0))
    less, more = (pieces.fold(np.add, np.minimum(own, _LARGE)) for own in (steps, levels))
    stepped = (less < more) & ~raw
    chosen = np.where(stepped[owner], steps, levels)
    width = _width_numpy(pieces.fold(np.bitwise_or, chosen))
    narrower = _width_numpy(pieces.fold(np.bitwise_or, np.where(local == 0, 0, chosen)))
    leads = stepped & ((width - narrower) * counts > _FIRST_BYTES)
    chosen[starts[leads]] = 0
    width[leads] = narrower[leads]
    misses = pieces.fold(np.add, missing.astype(np.int64))
    some = misses > 0
    announced = np.where(some, 2 + _EXCEPTION * misses, 0) + _FIRST_BYTES * leads
    offsets[0] = 0
    np.cumsum(np.where(kept, 1 + announced + width * counts, 0), out=offsets[1:])
    heads = offsets[:-1]
    form = width | stepped * _DIFFERENCES | some * _EXCEPTIONS | leads * _FIRST
    out[heads[kept]] = form[kept]
    _put_numpy(out, heads[some] + 1, misses[some], 2)
    rows = np.flatnonzero(missing)
    own = owner[rows]
    rank = np.arange(len(rows)) - (np.cumsum(misses) - misses)[own]
    _put_numpy(out, heads[own] + _HEAD + 2 * rank, local[rows], 2)
    _put_numpy(out, heads[own] + _HEAD + 2 * misses[own] + 8 * rank, bits[rows], 8)
    planes = heads + 1 + announced
    leading = leads & kept
    _put_numpy(out, planes[leading] - _FIRST_BYTES, numbers[starts[leading]], _FIRST_BYTES)
    for plane in range(int(width.max())):
        rows = np.flatnonzero(((width > plane) & kept)[owner])
        own = owner[rows]
        out[planes[own] + plane * counts[own] + local[rows]] = (chosen[rows] >> 8 * plane) & 0xFF


def _needed_numpy(values: Floats, plain: Flags) -> Ints:
    """The fewest places of each value, or RAW."""
    needed = np.full(len(values), RAW, np.int64)
    left = np.flatnonzero(plain)
    for places in range(_MOST + 1):
        exact = np.rint(values[left] * _POWERS[places])
        fits = (exact / _POWERS[places] == values[left]) & (np.abs(exact) <= _EXACT)
        needed[left[fits]] = places
        left = left[~fits]
    return needed


@np.errstate(all="ignore")
def _encode_numpy(
    begins: Ints,
    ends: Ints,
    times: Ints,
    values: Floats,
    scales: Bytes,
    bounded: Flags,
    lowest: Ints,
    highest: Ints,
    time_bytes: Bytes,
    time_offsets: Ints,
    value_bytes: Bytes,
    value_offsets: Ints,
) -> None:
    time_offsets[0] = value_offsets[0] = 0
    if not len(begins):
        return
    pieces = _Pieces(ends - begins)
    owner, starts = pieces.owner, pieces.starts
    rows = begins[owner] + pieces.local
    firsts, nowhere = times[begins], np.zeros(len(rows), np.bool_)
    steps = (times[ends - 1] - firsts) // np.maximum(pieces.counts - 1, 1)
    off = times[rows] - firsts[owner] - pieces.local * steps[owner]
    uneven, bits = pieces.fold(np.bitwise_or, off) != 0, values[rows].view(np.int64)
    _pack_numpy(pieces, off, bits, uneven, np.zeros_like(uneven), nowhere, time_bytes, time_offsets)

    own, negative_zero = values[rows], bits == _NEGATIVE_ZERO
    plain = np.isfinite(own) & ~negative_zero
    needed = _needed_numpy(own, plain)
    missed = needed == RAW
    most = pieces.fold(np.maximum, np.where(missed, 0, needed))
    scales[:] = np.where(4 * pieces.fold(np.add, missed.astype(np.int64)) > pieces.counts, RAW, most)
    raw = scales == RAW
    power = _POWERS[np.minimum(scales, _MOST)][owner]
    exact = np.rint(own * power)
    fits = plain & ~raw[owner] & (exact / power == own) & (np.abs(exact) <= _EXACT)
    missing = ~fits & ~raw[owner]
    places = np.arange(len(rows))
    source = np.maximum.accumulate(np.where(fits, places, -1))
    first_fit = pieces.fold(np.minimum, np.where(fits, places, len(rows) - 1))
    source = np.where(source < starts[owner], first_fit[owner], source)
    whole = np.where(fits, exact, 0).astype(np.int64)[source]
    odd = pieces.fold(np.logical_or, np.isnan(own) | negative_zero)
    bounded[:] = np.where(raw, ~odd, ~pieces.fold(np.logical_or, missing))
    for fold, to in ((np.minimum, lowest), (np.maximum, highest)):
        to[:] = np.where(raw, np.where(odd, 0, pieces.fold(fold, own).view(np.int64)), pieces.fold(fold, whole))
    numbers = np.where(raw[owner], bits ^ pieces.before(bits, lowest), whole - lowest[owner])
    _pack_numpy(pieces, numbers, bits, np.ones_like(raw), raw, missing, value_bytes, value_offsets)


@kernel(
    f"void({INTS}, {INTS}, {INTS}, {FLOATS}, uint8[::1], boolean[::1], int64[::1], int64[::1], uint8[::1], int64[::1],"
    " uint8[::1], int64[::1])",
    twin=_encode_numpy,
)
def encode(
    begins: Ints,
    ends: Ints,
    times: Ints,
    values: Floats,
    scales: Bytes,
    bounded: Flags,
    lowest: Ints,
    highest: Ints,
    time_bytes: Bytes,
    time_offsets: Ints,
    value_bytes: Bytes,
    value_offsets: Ints,
) -> None:
    """Encode c chunks of the samples times, int64 ms, and values, float64.

    begins, ends: int64 (c,), the bounds of the chunks, as `cut` has them. Written: scales, bounded, lowest, highest, (c,) each; the
    bytes, which have `room`; and their offsets, int64 (c + 1,).
    """
    bits = values.view(np.int64)
    longest = 0
    for chunk in range(len(scales)):
        longest = max(longest, ends[chunk] - begins[chunk])
    numbers, scratch = np.empty(longest, np.int64), np.empty(longest, np.int64)
    time_at, value_at = 0, 0
    time_offsets[0] = 0
    value_offsets[0] = 0
    for chunk in range(len(scales)):
        a, b = begins[chunk], ends[chunk]
        own, own_bits, room_a, room_b = values[a:b], bits[a:b], numbers[: b - a], scratch[: b - a]
        time_at += _pack_times(times[a:b], room_a, room_b, time_bytes[time_at:])
        time_offsets[chunk + 1] = time_at
        scale = _scale_of(own[:_FEW], own_bits)
        whole = scale != RAW and _are_whole(own, own_bits, scale, room_a)
        if not whole:
            scale = _scale_of(own, own_bits)
            whole = scale != RAW and _are_whole(own, own_bits, scale, room_a)
        scales[chunk] = scale
        if scale == RAW:
            taken, bounded[chunk], lowest[chunk], highest[chunk] = _pack_raw(
                own, own_bits, room_a, value_bytes[value_at:]
            )
        else:
            taken, bounded[chunk], lowest[chunk], highest[chunk] = _pack_decimals(
                own, own_bits, scale, whole, room_a, room_b, value_bytes[value_at:]
            )
        value_at += taken
        value_offsets[chunk + 1] = value_at


@subroutine
def _read_int(data: Bytes, at: int, width: int) -> Any:
    number = np.int64(0)
    for byte in range(width):
        number |= np.int64(data[at + byte]) << (8 * byte)
    return number


@subroutine
def _unpack(data: Bytes, at: int, count: int, upto: int, form: Whole, numbers: Ints) -> None:
    """The first `upto` of `count` numbers, whose planes begin at data[at], as they stand there."""
    width = form & _WIDTH
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
    if form & _DIFFERENCES:
        last = _read_int(data, at - _FIRST_BYTES, _FIRST_BYTES) if form & _FIRST else 0
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
    if form & _EXCEPTIONS:
        if end < at + _HEAD:
            return -1
        begin += 2 + _EXCEPTION * _read_int(data, begin, 2)
    if form & _FIRST:
        begin += _FIRST_BYTES
    return begin if (form & _WIDTH) <= 8 and begin + (form & _WIDTH) * count == end else -1  # noqa: PLR2004 - bytes of an int64


def _numbers_numpy(packed: Bytes, count: int) -> Ints:
    """All numbers of a chunk; ValueError where the bytes have another length than they need."""
    at = _packed(packed, 0, len(packed), count)
    if at < 0:
        raise ValueError
    form = int(packed[0])
    planes = packed[at:].reshape(form & _WIDTH, count)
    numbers = np.zeros(count, np.int64)
    for plane, own in enumerate(planes):
        numbers |= own.astype(np.int64) << (8 * plane)
    return numbers


def _unzigzag_numpy(numbers: Ints, packed: Bytes) -> Ints:
    plain: Ints = (numbers >> 1) ^ -(numbers & 1)
    if not packed[0] & _DIFFERENCES:
        return plain
    if packed[0] & _FIRST:
        plain[0] = _read_int(packed, _packed(packed, 0, len(packed), len(plain)) - _FIRST_BYTES, _FIRST_BYTES)
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
        if _MOST < scales[chunk] < RAW:
            return chunk
        values[out] = _chunk_values_numpy(numbers, packed, int(scales[chunk]), int(lowest[chunk]))[kept]
    return -1


def _chunk_values_numpy(numbers: Ints, packed: Bytes, scale: int, lowest: int) -> Floats:
    if scale == RAW:
        return np.bitwise_xor.accumulate(np.concatenate(([lowest], numbers)))[1:].view(np.float64)
    values: Floats = (_unzigzag_numpy(numbers, packed) + lowest) / _POWERS[scale]
    if packed[0] & _EXCEPTIONS:
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
        power = _POWERS[scale]
        for i in range(skip, upto):
            values[at + i - skip] = (numbers[i] + lowest) / power
    if form & _EXCEPTIONS:
        misses = _read_int(data, begin + 1, 2)
        where, which = begin + _HEAD, begin + _HEAD + 2 * misses
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
        if planes < 0 or _MOST < scales[chunk] < RAW:
            return chunk
        _values(
            scales[chunk], lowest[chunk], count, upto, value_bytes, begin, planes, skipped, to, numbers, values, bits
        )
    return -1


def _arrange_numpy(places: Ints, firsts: Ints, spans: Ints, seqs: UInts, order: Ints, disordered: Flags) -> None:
    order[:] = np.lexsort((firsts, places))
    place, first = places[order], firsts[order]
    overlaps = (place[1:] == place[:-1]) & (first[1:] <= first[:-1] + spans[order][:-1])
    disordered[place[1:][overlaps]] = True
    if overlaps.any():
        order[:] = np.lexsort((firsts, seqs, np.where(disordered[places], 0, firsts), places))


@kernel(f"void({INTS}, {INTS}, {INTS}, {UINTS}, int64[::1], boolean[::1])", twin=_arrange_numpy)
def arrange(places: Ints, firsts: Ints, spans: Ints, seqs: UInts, order: Ints, disordered: Flags) -> None:
    """The order in which c chunks of s series are to be decoded: by series, then by time.

    places: (c,), whose a chunk is. order: (c,), written. disordered: bool (s,), set where chunks of a series overlap in time: those
    stand in order of seq, so that of equal times the one that stands last counts.
    """
    ends = np.zeros(len(disordered) + 1, np.int64)
    for chunk in range(len(places)):
        ends[places[chunk] + 1] += 1
    for series in range(len(disordered)):
        ends[series + 1] += ends[series]
    begin = 0
    for chunk in range(len(places)):  # ends[i] moves from where series i begins to where it ends
        order[ends[places[chunk]]] = chunk
        ends[places[chunk]] += 1
    for series in range(len(disordered)):
        own = order[begin : ends[series]]
        begin = ends[series]
        ascending = True
        for i in range(1, len(own)):
            ascending = ascending and firsts[own[i]] > firsts[own[i - 1]]
        if not ascending:
            own[:] = own[np.argsort(firsts[own], kind="mergesort")]
        for i in range(1, len(own)):
            if firsts[own[i]] <= firsts[own[i - 1]] + spans[own[i - 1]]:
                disordered[series] = True
        if disordered[series]:
            own[:] = own[np.argsort(seqs[own], kind="mergesort")]
