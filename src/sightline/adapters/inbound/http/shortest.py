"""The fewest decimal digits that read back as a float64, for machine code: Schubfach.

Source: Raffaello Giulietti, The Schubfach way to render doubles, 2020. A number c * 2^q and the two bounds of what rounds to it are
scaled by a power of ten, in whole numbers of 128 bits, so that at most two candidates of the right length are left in between.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import subroutine

UInts = NDArray[np.uint64]

LEAST_POWER: Final = -292
"""The power of ten that the first row of `POWERS` holds."""
_GREATEST_POWER: Final = 324

# Machine code makes a float of an unsigned and a signed number together, so all constants are unsigned.
_ZERO: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_FOUR: Final = np.uint64(4)
_TEN: Final = np.uint64(10)
_FORTY: Final = np.uint64(40)
_HALF: Final = np.uint64(32)
_LOW_HALF: Final = np.uint64(0xFFFFFFFF)
_FRACTION_BITS: Final = np.uint64(52)
_FRACTION: Final = np.uint64((1 << 52) - 1)
_HIDDEN: Final = np.uint64(1 << 52)
_EXPONENT: Final = np.uint64(0x7FF)
_BIAS: Final = 1075
# log10(2), log10(4/3) and log2(10) as fractions, exact enough for every exponent of a float64.
_LOG10_2: Final = 1262611
_LOG10_4_3: Final = 524031
_LOG10_SHIFT: Final = 22
_LOG2_10: Final = 1741647
_LOG2_SHIFT: Final = 19


def _powers() -> UInts:
    """Powers of ten with 128 significant bits, rounded up: (powers, 2), the upper half first."""
    rows = []
    for power in range(LEAST_POWER, _GREATEST_POWER + 1):
        size = 10 ** abs(power)
        # Enough bits that those of a negative power can be cut to 128 as well.
        scaled = size << 128 if power >= 0 else (1 << (size.bit_length() + 128)) // size + 1
        surplus = scaled.bit_length() - 128
        digits = -(-scaled >> surplus)
        rows.append((digits >> 64, digits & (1 << 64) - 1))
    return np.array(rows, np.uint64)


POWERS: Final = _powers()
"""What `shortest` multiplies with."""


@subroutine
def _upper(one: np.uint64, other: np.uint64) -> np.uint64:
    """The upper 64 bits of a product."""
    one_low, one_high = one & _LOW_HALF, one >> _HALF
    other_low, other_high = other & _LOW_HALF, other >> _HALF
    middle = one_high * other_low + ((one_low * other_low) >> _HALF)
    carried = one_low * other_high + (middle & _LOW_HALF)
    return one_high * other_high + (middle >> _HALF) + (carried >> _HALF)


@subroutine
def _scaled(high: np.uint64, low: np.uint64, factor: np.uint64) -> np.uint64:
    """The upper 64 bits of a product with a power of ten, the last one set when anything follows it."""
    product_low = high * factor
    total = product_low + _upper(low, factor)
    found = _upper(high, factor)
    if total < product_low:
        found += _ONE
    return found | _ONE if total > _ONE else found


@subroutine
def shortest(bits: np.uint64, powers: UInts) -> tuple[np.uint64, int | np.int64]:
    """Digits d and exponent k of a finite float64 above zero, given as its bits without the sign: the number is d * 10^k.

    Of the shortest the nearest; d may end in zeros. powers: POWERS.
    """
    fraction = bits & _FRACTION
    exponent = np.int64((bits >> _FRACTION_BITS) & _EXPONENT)
    if exponent > 0:
        c = fraction | _HIDDEN
        q = exponent - _BIAS
        if -53 < q <= 0:
            shift = np.uint64(-q)
            if (c >> shift) << shift == c:
                return c >> shift, 0
    else:
        c = fraction
        q = np.int64(1 - _BIAS)
    is_even = c & _ONE == _ZERO
    # Below a power of two numbers are twice as dense.
    is_closer = fraction == _ZERO and exponent > 1
    k = (q * _LOG10_2 - (_LOG10_4_3 if is_closer else 0)) >> _LOG10_SHIFT
    shift = np.uint64(q + ((-k * _LOG2_10) >> _LOG2_SHIFT) + 1)
    row = -k - LEAST_POWER
    high, low = powers[row, 0], powers[row, 1]
    middle = c * _FOUR
    below = _scaled(high, low, (middle - (_ONE if is_closer else _TWO)) << shift)
    scaled = _scaled(high, low, middle << shift)
    above = _scaled(high, low, (middle + _TWO) << shift)
    if not is_even:
        below += _ONE
        above -= _ONE
    digits = scaled >> _TWO
    if digits >= _TEN:
        fewer = digits // _TEN
        is_lower = below <= _FORTY * fewer
        is_upper = _FORTY * fewer + _FORTY <= above
        if is_lower != is_upper:
            return fewer + (_ONE if is_upper else _ZERO), k + 1
    is_lower = below <= _FOUR * digits
    is_upper = _FOUR * digits + _FOUR <= above
    if is_lower != is_upper:
        return digits + (_ONE if is_upper else _ZERO), k
    half = _FOUR * digits + _TWO
    if scaled > half or (scaled == half and digits & _ONE == _ONE):
        return digits + _ONE, k
    return digits, k
