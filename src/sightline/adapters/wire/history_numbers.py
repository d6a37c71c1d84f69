"""Numbers and times that stand as text in bytes, many at once: values to float64, times to milliseconds.

What is written plainly, up to 18 digits, is read by kernels; the rest, and what is no number, is read as scrapes are, by
`exposition_numbers`.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.exposition_numbers import milliseconds, number, seconds
from sightline.domain.kernels.compiled import INTS, kernel, subroutine
from sightline.domain.metrics.samples import STALE, Times, Values
from sightline.domain.timerange import MAX_TIME

Places = NDArray[np.int64]

_POWERS: Final[Values] = np.float64(10) ** np.arange(23, dtype=np.float64)


@subroutine
def divided(number: int, power: float) -> tuple[float, bool]:
    """An integer below 2^62 by a power of ten, to the nearest double, and whether that is certain.

    The quotient of doubles is mended by what is left over, found without rounding (Dekker 1971, "A floating-point technique for
    extending the available precision"). It is certain when the remaining error, below 2^-95 of it, cannot turn the rounding.
    """
    high = float(number)
    low = float(number - int(high))
    quotient = high / power
    cut = 134217729.0 * quotient
    a = cut - (cut - quotient)
    b = quotient - a
    cut = 134217729.0 * power
    c = cut - (cut - power)
    d = power - c
    product = quotient * power
    lost = ((a * c - product) + a * d + b * c) + b * d
    mend = ((high - product) + (low - lost)) / power
    doubt = abs(mend) * 2.0**-40 + quotient * 2.0**-95
    found = quotient + mend
    return found, quotient + (mend - doubt) == found and quotient + (mend + doubt) == found


def decimals_in_python(
    data: bytes, starts: Places, ends: Places, powers: Values, out: Values, hard: NDArray[np.bool_]
) -> None:
    """Read data[starts[i]:ends[i]] into out[i], or say that it is hard.

    Easy are up to 18 digits and powers of ten up to 22, which doubles say exactly; but those few that lie all but in the middle
    between two doubles.
    """
    for one in range(len(starts)):
        at = starts[one]
        end = ends[one]
        negative = at < end and data[at] == 45
        if negative:
            at += 1
        mantissa = 0
        digits = 0
        scale = 0
        point = False
        first = at
        while at < end:
            byte = int(data[at])
            if 48 <= byte <= 57:
                mantissa = 10 * mantissa + (byte - 48)
                digits += int(mantissa != 0)  # a nineteenth digit may pass 2^63
                scale -= int(point)
            elif byte == 46 and not point:
                point = True
            else:
                break
            if digits > 18:
                break
            at += 1
        good = digits <= 18 and at - first > int(point)
        if good and at < end and (data[at] == 101 or data[at] == 69):
            at += 1
            down = at < end and data[at] == 45
            if at < end and (data[at] == 45 or data[at] == 43):
                at += 1
            exponent = 0
            good = at < end and end - at <= 3
            while at < end and 48 <= data[at] <= 57:
                exponent = 10 * exponent + (int(data[at]) - 48)
                at += 1
            scale += -exponent if down else exponent
        value = 0.0
        good = good and at == end and -22 <= scale <= 22
        if good and (mantissa <= 9007199254740992 or scale == 0):
            value = float(mantissa)
            value = value * powers[scale] if scale >= 0 else value / powers[-scale]
        elif good and scale < 0:
            value, good = divided(mantissa, powers[-scale])
        else:
            good = False
        hard[one] = not good
        out[one] = -value if negative else value


def instants_in_python(
    data: bytes, starts: Places, ends: Places, places: int, out: Times, hard: NDArray[np.bool_]
) -> None:
    """Read data[starts[i]:ends[i]] as a decimal number times 10^places, towards zero, into out[i], or say that it is hard."""
    for one in range(len(starts)):
        at = starts[one]
        end = ends[one]
        negative = at < end and data[at] == 45
        if negative:
            at += 1
        value = 0
        left = places
        point = False
        first = at
        good = end - at <= 15
        while good and at < end:
            byte = int(data[at])
            if 48 <= byte <= 57:
                if not point or left > 0:
                    value = 10 * value + (byte - 48)
                    left -= int(point)
            elif byte == 46 and not point and places > 0:
                point = True
            else:
                good = False
            at += 1
        if not good or at - first <= int(point):
            hard[one] = True
            out[one] = 0
            continue
        for _ in range(left):
            value *= 10
        hard[one] = False
        out[one] = -value if negative else value


def _leave_decimals(
    data: bytes, starts: Places, ends: Places, powers: Values, out: Values, hard: NDArray[np.bool_]
) -> None:
    """Leave everything to Python, which without machine code is the fastest."""
    del data, starts, ends, powers, out
    hard[:] = True


def _leave_instants(
    data: bytes, starts: Places, ends: Places, places: int, out: Times, hard: NDArray[np.bool_]
) -> None:
    """As `_leave_decimals`."""
    del data, starts, ends, places, out
    hard[:] = True


_TEXT: Final = "Bytes(uint8, 1, 'C', readonly=True)"
decimals = kernel(
    f"void({_TEXT}, {INTS}, {INTS}, Array(float64, 1, 'C', True), float64[::1], boolean[::1])", twin=_leave_decimals
)(decimals_in_python)
"""`decimals_in_python` as machine code; before it is compiled everything is hard."""
instants = kernel(f"void({_TEXT}, {INTS}, {INTS}, int64, int64[::1], boolean[::1])", twin=_leave_instants)(
    instants_in_python
)
"""`instants_in_python` as machine code; before it is compiled everything is hard."""


def values_of(data: bytes, starts: Places, ends: Places) -> tuple[Values, NDArray[np.bool_]]:
    """The values (n,), and which texts are none, bool (n,). A text `null` is the stale marker, for so exports write it."""
    out, hard = np.empty(len(starts), np.float64), np.empty(len(starts), np.bool_)
    decimals(data, starts, ends, _POWERS, out, hard)
    return out, _read_hard(data, starts, ends, out, hard, _value)


def times_of(data: bytes, starts: Places, ends: Places, *, in_seconds: bool) -> tuple[Times, NDArray[np.bool_]]:
    """The times (n,), ms, and which texts are none, bool (n,).

    in_seconds: they are written in seconds, which may have a fraction.
    """
    out, hard = np.empty(len(starts), np.int64), np.empty(len(starts), np.bool_)
    instants(data, starts, ends, 3 if in_seconds else 0, out, hard)
    bad = _read_hard(data, starts, ends, out, hard, seconds if in_seconds else milliseconds)
    return out, bad | (np.abs(out) > MAX_TIME)


def _value(text: bytes) -> float:
    return float(STALE) if text == b"null" else number(text)


def _read_hard(
    data: bytes,
    starts: Places,
    ends: Places,
    out: NDArray[np.float64] | NDArray[np.int64],
    hard: NDArray[np.bool_],
    read: Callable[[bytes], float],
) -> NDArray[np.bool_]:
    """Read what the kernel left; gives what is nothing."""
    rows = np.flatnonzero(hard)
    if not len(rows):
        return hard
    bad = np.zeros(len(out), np.bool_)
    known: dict[bytes, float | None] = {}  # texts as NaN and +Inf come again and again
    for row, start, end in zip(rows.tolist(), starts[rows].tolist(), ends[rows].tolist(), strict=True):
        text = data[start:end]
        if text in known:
            found = known[text]
        else:
            try:
                found = read(text)
            except ValueError:
                found = None
            if len(known) < 1024:
                known[text] = found
        if found is None:
            bad[row] = True
        elif text == b"null":
            out[row] = STALE  # as it is: float() in between may quieten it
        else:
            out[row] = found
    return bad
