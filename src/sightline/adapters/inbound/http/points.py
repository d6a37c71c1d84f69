"""A column of samples as text, written in one pass of machine code: each with what stands before it, `[1763700000.123,"0.52"],`."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sightline.adapters.inbound.http.columns import constant, numbers, texts
from sightline.adapters.inbound.http.floats import sample_texts
from sightline.adapters.inbound.http.shortest import POWERS, UInts, shortest
from sightline.domain.kernels.compiled import INTS, UINTS, kernel, subroutine
from sightline.domain.metrics.samples import Values

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

OPENING_BYTES: Final = 32
"""Room for an opening; so many are always copied, which is two moves of the processor."""

_TEXT_BYTES: Final = 25  # of the longest number, such as -0.0000012345678901234567
_CLOSING_BYTES: Final = 3
_EIGHT: Final = 8
_MOST_PLAIN: Final = 21
_LEAST_PLAIN: Final = -6

# Bytes, and unsigned constants, for machine code makes a float of an unsigned and a signed number together.
_DIGIT: Final = np.uint8(48)
_POINT, _MINUS, _PLUS, _EXPONENT, _QUOTE, _BRACKET, _COMMA = map(np.uint8, b'.-+e"],')
_UPPER_N, _SMALL_A, _UPPER_I, _SMALL_N, _SMALL_F = map(np.uint8, b"NaInf")
_NONE: Final = np.uint64(0)
_TEN: Final = np.uint64(10)
_HUNDRED: Final = np.uint64(100)
_TEN_TO_EIGHT: Final = np.uint64(10**8)
_SIGN: Final = np.uint64(1 << 63)
_INFINITY: Final = np.uint64(0x7FF << 52)

# Arrow's functions take arrays and scalars together, which its type stubs deny.
_arrow: Final[Any] = pc
_CLOSING, _NOTHING = constant('"],'), constant("")


def point_texts(openings: pa.StringArray, which: Ints, values: Values) -> tuple[memoryview, Ints]:
    """The text of n points, one after another, and where each begins: (n + 1,), the last one being the end.

    openings: of ASCII, at most OPENING_BYTES each. which: for each point the number of its opening.
    """
    ends = np.zeros(len(values) + 1, np.int64)
    if not len(values):
        return memoryview(b""), ends
    bounds: Any = openings.buffers()[1]
    lengths = np.diff(np.frombuffer(bounds, np.int32, len(openings) + 1)).astype(np.int64)
    padded: Any = _arrow.ascii_rpad(openings, OPENING_BYTES).buffers()[2]
    heads = np.frombuffer(padded, np.uint8, len(openings) * OPENING_BYTES).reshape(-1, OPENING_BYTES)
    longest = int(lengths.max()) + _TEXT_BYTES + _CLOSING_BYTES
    # What is copied of the last opening reaches beyond its end.
    out: Any = np.empty(len(values) * longest + OPENING_BYTES, np.uint8)
    # Machine code refuses columns that do not lie in one piece.
    bits = np.ascontiguousarray(values).view(np.uint64)
    write_points(heads, lengths, np.ascontiguousarray(which), bits, POWERS, out, ends)
    return memoryview(out)[: ends[-1]], ends


@subroutine
def _written(digits: np.uint64, count: int, out: Bytes, at: int) -> None:
    """Write a whole number of so many digits."""
    last = at + count
    if count > _EIGHT:  # two halves that do not wait for each other
        upper = digits // _TEN_TO_EIGHT
        _pairs(digits - upper * _TEN_TO_EIGHT, last - _EIGHT, last, out)
        _pairs(upper, at, last - _EIGHT, out)
    else:
        _pairs(digits, at, last, out)


@subroutine
def _pairs(digits: np.uint64, at: int, last: int, out: Bytes) -> None:
    """Write a whole number into out[at:last], with zeros in front."""
    while last - at > 1:
        rest = digits // _HUNDRED
        pair = digits - rest * _HUNDRED
        tens = pair // _TEN
        out[last - 1] = _DIGIT + np.uint8(pair - tens * _TEN)
        out[last - 2] = _DIGIT + np.uint8(tens)
        digits = rest
        last -= 2
    if last > at:
        out[at] = _DIGIT + np.uint8(digits)


@subroutine
def _exponential(digits: np.uint64, count: int, exponent: int, out: Bytes, at: int) -> int:
    """Write a number with an exponent, that of its first digit, and give where it ends."""
    _written(digits, count, out, at + 1)
    out[at] = out[at + 1]
    if count > 1:
        out[at + 1] = _POINT
        at += count
    out[at + 1] = _EXPONENT
    out[at + 2] = _MINUS if exponent < 0 else _PLUS
    size = abs(exponent)
    width = 3 if size >= 100 else 2
    _written(np.uint64(size), width, out, at + 3)
    return at + 3 + width


@subroutine
def _plain(digits: np.uint64, count: int, whole: int, out: Bytes, at: int) -> int:
    """Write a number without an exponent, `whole` digits of which stand before the point, and give where it ends."""
    if whole <= 0:
        out[at] = _DIGIT
        out[at + 1] = _POINT
        for place in range(at + 2, at + 2 - whole):
            out[place] = _DIGIT
        _written(digits, count, out, at + 2 - whole)
        return at + 2 - whole + count
    if whole >= count:
        _written(digits, count, out, at)
        for place in range(at + count, at + whole):
            out[place] = _DIGIT
        return at + whole
    _written(digits, count, out, at + 1)
    for place in range(at, at + whole):
        out[place] = out[place + 1]
    out[at + whole] = _POINT
    return at + count + 1


@subroutine
def _count(number: np.uint64) -> int:
    """How many digits a number above zero has."""
    count = 1
    if number >= _TEN_TO_EIGHT:
        number //= _TEN_TO_EIGHT
        count += _EIGHT
    limit = _TEN
    while number >= limit:
        limit *= _TEN
        count += 1
    return count


@subroutine
def _number(bits: np.uint64, powers: UInts, out: Bytes, at: int) -> int:
    """Write a float64, given as its bits, as Prometheus does, and give where it ends."""
    size = bits & ~_SIGN
    if size > _INFINITY:
        out[at], out[at + 1], out[at + 2] = _UPPER_N, _SMALL_A, _UPPER_N
        return at + 3
    if size == _INFINITY:
        out[at] = _PLUS if bits == size else _MINUS
        out[at + 1], out[at + 2], out[at + 3] = _UPPER_I, _SMALL_N, _SMALL_F
        return at + 4
    if bits != size:
        out[at] = _MINUS
        at += 1
    if size == _NONE:
        out[at] = _DIGIT
        return at + 1
    digits, power = shortest(size, powers)
    exponent = int(power)
    shorter = digits // _TEN
    while shorter * _TEN == digits:
        digits = shorter
        exponent += 1
        shorter = digits // _TEN
    count = _count(digits)
    whole = count + exponent
    if whole - 1 < _LEAST_PLAIN or whole > _MOST_PLAIN:
        return _exponential(digits, count, whole - 1, out, at)
    return _plain(digits, count, whole, out, at)


def _write_points_in_arrow(
    heads: Bytes, lengths: Ints, which: Ints, bits: UInts, powers: UInts, out: Bytes, ends: Ints
) -> None:
    del powers  # Arrow knows the digits
    openings = texts(bytes(head[:length]).decode() for head, length in zip(heads, lengths.tolist(), strict=True))
    values = sample_texts(bits.view(np.float64))
    written: Any = _arrow.binary_join_element_wise(_arrow.take(openings, numbers(which)), values, _CLOSING, _NOTHING)
    _, bounds, data = written.buffers()
    ends[:] = np.frombuffer(bounds, np.int32, len(ends))
    out[: ends[-1]] = np.frombuffer(data, np.uint8, int(ends[-1]))


_TABLE: Final = "Array({}, 2, 'C', True)"


@kernel(
    f"void({_TABLE.format('uint8')}, {INTS}, {INTS}, {UINTS}, {_TABLE.format('uint64')}, uint8[::1], int64[::1])",
    twin=_write_points_in_arrow,
)
def write_points(heads: Bytes, lengths: Ints, which: Ints, bits: UInts, powers: UInts, out: Bytes, ends: Ints) -> None:
    """Write n points into `out`, which has room for the longest; ends: (n + 1,), zeros, becomes where each begins and the end.

    heads: (openings, OPENING_BYTES), filled up with spaces. lengths: (openings,). which: (n,), the opening of each point.
    bits: (n,), the values. powers: POWERS.
    """
    at = 0
    for i in range(len(bits)):
        head = which[i]
        for place in range(OPENING_BYTES):
            out[at + place] = heads[head, place]
        at = _number(bits[i], powers, out, at + lengths[head])
        out[at] = _QUOTE
        out[at + 1] = _BRACKET
        out[at + 2] = _COMMA
        at += 3
        ends[i + 1] = at
