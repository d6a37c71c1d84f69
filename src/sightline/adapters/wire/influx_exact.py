"""Decimal numbers of 16 to 19 digits as the nearest float64, for machine code; Telegraf writes most of its floats so.

Source: Daniel Lemire, Number Parsing at a Gigabyte per Second, 2021. The digits are multiplied with a power of ten of 128 bits;
where that leaves the nearest float64 in doubt, it says so.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.influx_number import LONG_FLOAT
from sightline.domain.kernels.compiled import kernel, subroutine

READ: Final = -1
"""In the place of what a long number is: it was read."""
_START: Final = 1
_END: Final = 2
_KIND: Final = 3

_LEAST_POWER: Final = -300
_GREATEST_POWER: Final = 280
_MOST_DIGITS: Final = 19  # below 2^64, whatever they are
_EXPONENT_ROOM: Final = 10_000

UInts = NDArray[np.uint64]
Table = NDArray[np.int64]

# Machine code makes a float of an unsigned and a signed number together, so all of these are unsigned.
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_NINE: Final = np.uint64(9)
_TEN: Final = np.uint64(10)
_HALF: Final = np.uint64(32)
_LOW_HALF: Final = np.uint64(0xFFFFFFFF)
_ROUNDED_AWAY: Final = np.uint64(0x1FF)
"""The bits of a product that do not fit into 54 beside one leading zero."""
_TOP: Final = np.uint64(63)
_FRACTION_BITS: Final = np.uint64(52)
_FRACTION: Final = np.uint64((1 << 52) - 1)
_TOO_LONG: Final = np.uint64(1 << 53)
_LARGEST: Final = np.uint64((1 << 64) - 1)
_BIAS: Final = 1023
_LOG2_10: Final = 217706  # as a fraction of 2^16, exact enough for all powers of the table


def _powers() -> UInts:
    """Powers of ten with 128 significant bits, rounded down: (powers, 2), the upper half first."""
    rows = []
    for power in range(_LEAST_POWER, _GREATEST_POWER + 1):
        size = 10 ** abs(power)
        scaled = size << 128 if power >= 0 else (1 << (size.bit_length() + 128)) // size
        digits = scaled >> (scaled.bit_length() - 128)
        rows.append((digits >> 64, digits & (1 << 64) - 1))
    return np.array(rows, np.uint64)


POWERS: Final = _powers()
"""What `read` multiplies with."""


@subroutine
def _product(one: np.uint64, other: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The upper and the lower 64 bits of a product."""
    high = one >> _HALF
    low = one & _LOW_HALF
    other_high = other >> _HALF
    other_low = other & _LOW_HALF
    lowest = low * other_low
    first = high * other_low + (lowest >> _HALF)
    second = low * other_high + (first & _LOW_HALF)
    return high * other_high + (first >> _HALF) + (second >> _HALF), one * other


@subroutine
def _nearest(digits: np.uint64, power: int, powers: UInts) -> np.uint64:
    """The bits of the float64 nearest to digits * 10^power, digits not 0; 0 where that is in doubt or not a normal number."""
    shift = _ZERO
    while (digits << shift) >> _TOP == _ZERO:
        shift += _ONE
    scaled = digits << shift
    upper, lower = _product(scaled, powers[power - _LEAST_POWER, 0])
    if upper & _ROUNDED_AWAY == _ROUNDED_AWAY and lower + scaled < lower:
        carry, lowest = _product(scaled, powers[power - _LEAST_POWER, 1])
        before = lower
        lower += carry
        if lower < before:
            upper += _ONE
        if upper & _ROUNDED_AWAY == _ROUNDED_AWAY and lower == _LARGEST and lowest + scaled < lowest:
            return _ZERO
    leading = upper >> _TOP
    mantissa = upper >> (leading + _NINE)
    if lower == _ZERO and upper & _ROUNDED_AWAY == _ZERO and mantissa & _THREE == _ONE:
        return _ZERO  # perhaps half-way between two
    mantissa = (mantissa + (mantissa & _ONE)) >> _ONE
    exponent = ((_LOG2_10 * power) >> 16) + 64 + _BIAS - int(shift) - 1 + int(leading)
    if mantissa >= _TOO_LONG:
        mantissa >>= _ONE
        exponent += 1
    if exponent < 1 or exponent > 2046:
        return _ZERO
    return (np.uint64(exponent) << _FRACTION_BITS) | (mantissa & _FRACTION)


def read_in_python(data: bytes, long: Table, powers: UInts, bits: UInts) -> None:
    """Read what machine code would, by way of Python's own float."""
    del powers
    values = bits.view(np.float64)
    for place, (row, start, end, kind) in enumerate(long.tolist()):
        value = float(data[start:end]) if kind == LONG_FLOAT else 0.0
        if value != 0.0 and value - value == 0.0:
            values[row] = value
            long[place, _KIND] = READ


@kernel(
    "void(Bytes(uint8, 1, 'C', readonly=True), int64[:, ::1], Array(uint64, 2, 'C', True), uint64[::1])",
    twin=read_in_python,
)
def read(data: bytes, long: Table, powers: UInts, bits: UInts) -> None:
    """Write the bits of floats that `scan` left in `long` into their rows, and READ there; what is in doubt stays as it is."""
    for place in range(len(long)):
        if long[place, _KIND] != LONG_FLOAT:
            continue
        position = int(long[place, _START])
        end = int(long[place, _END])
        negative = data[position] == 0x2D
        if negative:
            position += 1
        digits = _ZERO
        count = 0
        power = 0
        is_whole = True
        while position < end:
            byte = int(data[position])
            if 0x30 <= byte <= 0x39:
                if byte > 0x30 or digits > _ZERO:
                    count += 1
                if count <= _MOST_DIGITS:
                    digits = digits * _TEN + np.uint64(byte - 0x30)
                power -= int(not is_whole)
            elif byte == 0x2E:
                is_whole = False
            else:
                break
            position += 1
        if position < end:  # at the letter e
            position += 1
            sign = int(data[position])
            if sign == 0x2D or sign == 0x2B:
                position += 1
            told = 0
            while position < end:
                if told < _EXPONENT_ROOM:
                    told = told * 10 + (int(data[position]) - 0x30)
                position += 1
            power += -told if sign == 0x2D else told
        if digits == _ZERO or count > _MOST_DIGITS or power < _LEAST_POWER or power > _GREATEST_POWER:
            continue
        found = _nearest(digits, power, powers)
        if found != _ZERO:
            bits[int(long[place, 0])] = found | (_ONE << _TOP if negative else _ZERO)
            long[place, _KIND] = READ
