"""Chunks made of samples; what their bytes are is told in chunk.py."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.chunk import (
    ALWAYS_EVEN,
    DIFFERENCES,
    EXACT,
    EXCEPTION,
    EXCEPTIONS,
    FIRST,
    FIRST_BYTES,
    HEAD,
    MOST,
    NEGATIVE_ZERO,
    POWERS,
    RAW,
    Bytes,
    Flags,
    Floats,
    Ints,
    Whole,
)
from sightline.domain.kernels.compiled import FLOATS, INTS, kernel, subroutine

_SURE: Final = 2.0**50  # below it a product with a power of ten rounds to the right whole number
_ROUND: Final = 1.5 * 2.0**52
_LARGE: Final = 1 << 40  # of 65,535 such numbers the sum still fits
_FEW: Final = 8  # values that mostly tell the places of all


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
        if (width - narrower) * len(numbers) > FIRST_BYTES:
            _write_int(numbers[0], FIRST_BYTES, out, head)
            head += FIRST_BYTES
            form |= FIRST
            width = narrower
        else:
            differences[0] = first
        out[0] = form | DIFFERENCES | width
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
    if count <= ALWAYS_EVEN:
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
    places = MOST
    while places > 0 and abs(value) * POWERS[places] > _SURE:
        places -= 1
    whole = np.rint(value * POWERS[places])
    if abs(whole) > EXACT or whole / POWERS[places] != value:
        return RAW
    for fewer in range(places):
        if np.rint(value * POWERS[fewer]) / POWERS[fewer] == value:
            return fewer
    return places


@subroutine
def _scale_of(values: Floats, bits: Ints) -> int:
    """The fewest places with which nearly all values of a chunk are exact decimals, or RAW."""
    scale, power = 0, 1.0
    misses = 0
    for i in range(len(values)):
        value = values[i]
        if abs(value) < np.inf and bits[i] != NEGATIVE_ZERO:
            whole = np.rint(value * power)
            if whole / power == value and abs(whole) <= EXACT:
                continue
            fewest = _fewest(value)
            if fewest != RAW:
                scale = max(scale, fewest)
                power = POWERS[scale]
                continue
        misses += 1
        if 4 * misses > len(values):
            return RAW
    return scale


@subroutine
def _are_whole(values: Floats, bits: Ints, scale: int, numbers: Ints) -> bool:
    """Whether all values are exact decimals of `scale` places; their whole numbers to `numbers`. No branches, for vector code."""
    power = POWERS[scale]
    wrong = 0
    for i in range(len(values)):
        # Added to 1.5 * 2**52, a number loses its fraction and keeps its whole in the lowest bits.
        rounded = values[i] * power + _ROUND
        whole = rounded - _ROUND
        wrong |= (whole / power != values[i]) | (abs(whole) > _SURE) | (bits[i] == NEGATIVE_ZERO)
        numbers[i] = np.int64(whole)
    return wrong == 0


@subroutine
def _pack_raw(values: Floats, bits: Ints, numbers: Ints, out: Bytes) -> tuple[int, bool, int, int]:
    """Pack values bit by bit; returns how many bytes they take, bounded, lowest, highest."""
    low, high = 0, 0
    bounded = True
    for i in range(len(values)):
        if values[i] != values[i] or bits[i] == NEGATIVE_ZERO:
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
    power = POWERS[scale]
    last: Whole = 0
    misses, found = 0, False
    for i in range(len(values)):
        whole = np.rint(values[i] * power)
        if abs(whole) <= EXACT and whole / power == values[i] and bits[i] != NEGATIVE_ZERO:
            last = np.int64(whole)
            if not found:
                numbers[:i] = last
                found = True
        else:
            _write_int(i, 2, out, HEAD + 2 * misses)
            misses += 1
        numbers[i] = last
    _write_int(misses, 2, out, 1)
    for i in range(misses):
        row = out[HEAD + 2 * i] | np.int64(out[HEAD + 2 * i + 1]) << 8
        _write_int(bits[row], 8, out, HEAD + 2 * misses + 8 * i)
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
    form, head = (EXCEPTIONS, HEAD + EXCEPTION * misses) if misses else (0, 1)
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
    leads = stepped & ((width - narrower) * counts > FIRST_BYTES)
    chosen[starts[leads]] = 0
    width[leads] = narrower[leads]
    misses = pieces.fold(np.add, missing.astype(np.int64))
    some = misses > 0
    announced = np.where(some, 2 + EXCEPTION * misses, 0) + FIRST_BYTES * leads
    offsets[0] = 0
    np.cumsum(np.where(kept, 1 + announced + width * counts, 0), out=offsets[1:])
    heads = offsets[:-1]
    form = width | stepped * DIFFERENCES | some * EXCEPTIONS | leads * FIRST
    out[heads[kept]] = form[kept]
    _put_numpy(out, heads[some] + 1, misses[some], 2)
    rows = np.flatnonzero(missing)
    own = owner[rows]
    rank = np.arange(len(rows)) - (np.cumsum(misses) - misses)[own]
    _put_numpy(out, heads[own] + HEAD + 2 * rank, local[rows], 2)
    _put_numpy(out, heads[own] + HEAD + 2 * misses[own] + 8 * rank, bits[rows], 8)
    planes = heads + 1 + announced
    leading = leads & kept
    _put_numpy(out, planes[leading] - FIRST_BYTES, numbers[starts[leading]], FIRST_BYTES)
    for plane in range(int(width.max())):
        rows = np.flatnonzero(((width > plane) & kept)[owner])
        own = owner[rows]
        out[planes[own] + plane * counts[own] + local[rows]] = (chosen[rows] >> 8 * plane) & 0xFF


def _needed_numpy(values: Floats, plain: Flags) -> Ints:
    """The fewest places of each value, or RAW."""
    needed = np.full(len(values), RAW, np.int64)
    left = np.flatnonzero(plain)
    for places in range(MOST + 1):
        exact = np.rint(values[left] * POWERS[places])
        fits = (exact / POWERS[places] == values[left]) & (np.abs(exact) <= EXACT)
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

    own, negative_zero = values[rows], bits == NEGATIVE_ZERO
    plain = np.isfinite(own) & ~negative_zero
    needed = _needed_numpy(own, plain)
    missed = needed == RAW
    most = pieces.fold(np.maximum, np.where(missed, 0, needed))
    scales[:] = np.where(4 * pieces.fold(np.add, missed.astype(np.int64)) > pieces.counts, RAW, most)
    raw = scales == RAW
    power = POWERS[np.minimum(scales, MOST)][owner]
    exact = np.rint(own * power)
    fits = plain & ~raw[owner] & (exact / power == own) & (np.abs(exact) <= EXACT)
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
