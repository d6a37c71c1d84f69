"""Functions of windows that look beyond their ends for what a series was there: `anchored` and `smoothed` selectors.

Shapes as in window.py, but the window of instant t that is handed over, (t - width, t], is wider than the one that is asked for,
(t - ahead - inner, t - ahead]: it holds what lies before, and, where `ahead` is positive, after it. Anchored is `ahead` 0: a series
has at the beginning of a window the value of its last sample before. Smoothed is `ahead` positive: it moves in a straight line from
sample to sample, which is cut off at the ends of the window.

Semantics are those of Prometheus 3 (promql/functions.go, extendedRate), whose names the functions here have.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel, subroutine
from sightline.domain.kernels.slide import find_windows

Offsets = NDArray[np.int64]
Times = NDArray[np.int64]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

DELTA: Final = 0
INCREASE: Final = 1
RATE: Final = 2
CHANGES: Final = 3
RESETS: Final = 4
VALUE: Final = 5
"""What `extended` works out; VALUE is that of the series at the end of the window, which then has no width."""


@subroutine
def between(times: Times, values: Values, before: int, at: int, counter: bool) -> float:
    """The value at a time between a sample and the one after it; a counter that fell between began again at 0."""
    low, high = values[before], values[before + 1]
    if counter and high < low:
        low = 0.0
    found: float = low + (high - low) * ((at - times[before]) * 1.0) / ((times[before + 1] - times[before]) * 1.0)
    return found


@subroutine
def value_at(times: Times, values: Values, low: int, after: int, at: int, out: Values) -> bool:
    """Write the value at a time, from the samples [low, after), into out[0]; whether there is one: not before the first sample."""
    i = low
    while i < after and times[i] < at:
        i += 1
    if i < after and times[i] == at:
        out[0] = values[i]
        return True
    if i == low:
        return False
    out[0] = values[i - 1] if i == after else between(times, values, i - 1, at, False)  # noqa: FBT003 - no keywords in machine code
    return True


@subroutine
def change(
    times: Times, values: Values, first: int, last: int, begin: int, end: int, smoothed: bool, counter: bool
) -> float:
    """From the value at `begin` to that at `end`, the samples first to last lying around both."""
    left = between(times, values, first, begin, counter) if smoothed and times[first] < begin else values[first]
    right = (
        between(times, values, last - 1, end, counter)
        if smoothed and last > first and times[last] > end
        else values[last]
    )
    found = right - left
    if not counter:
        return found
    if times[first] <= begin:
        first += 1
    if times[last] >= end:
        last -= 1
    before, lost = left, 0.0  # added up apart, as Prometheus does, for sums in another order round differently
    for i in range(first, last + 1):
        if values[i] < before:
            lost += before
        before = values[i]
    if right < before:
        lost += before
    return found + lost


@subroutine
def differences(values: Values, first: int, after: int, falls: bool) -> float:
    """How many of the samples [first, after) differ from, or are less than, the one before."""
    count = 0.0
    for i in range(first + 1, after):
        both_nan = values[i] != values[i] and values[i - 1] != values[i - 1]
        if values[i] < values[i - 1] if falls else values[i] != values[i - 1] and not both_nan:
            count += 1.0
    return count


def _extended(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    inner: int,
    ahead: int,
    function: int,
    out: Values,
    present: Mask,
) -> None:
    """One of the functions above, of the windows within wider ones."""
    lows, afters = np.empty(out.shape[1], np.int64), np.empty(out.shape[1], np.int64)
    found = np.empty(1)
    for row in range(len(offsets) - 1):
        own_times = times[offsets[row] : offsets[row + 1]]
        own = values[offsets[row] : offsets[row + 1]]
        find_windows(own_times, start, step, width, lows, afters)
        for k in range(out.shape[1]):
            low, after, end = lows[k], afters[k], start + k * step - ahead
            present[row, k] = False
            out[row, k] = 0.0
            if low == after:
                continue
            if function == VALUE:
                present[row, k] = value_at(own_times, own, low, after, end, found)
                if present[row, k]:
                    out[row, k] = found[0]
                continue
            begin, first, last = end - inner, low, after - 1
            while first < last and own_times[first] <= begin:
                first += 1
            first = max(low, first - 1)
            if ahead > 0:
                i = low
                while i < last and own_times[i] < end:
                    i += 1
                last = i
            if own_times[last] <= begin:
                continue
            present[row, k] = True
            if function in (CHANGES, RESETS):
                out[row, k] = differences(own, first, after, function == RESETS)
                continue
            value = change(own_times, own, first, last, begin, end, ahead > 0, function != DELTA)
            out[row, k] = value / (inner / 1000.0) if function == RATE else value


# Its own twin: so rare a function may be slow until machine code is there.
extended = kernel(
    f"void({INTS}, {INTS}, {FLOATS}, int64, int64, int64, int64, int64, int64, float64[:, ::1], boolean[:, ::1])",
    twin=_extended,
)(_extended)
