"""Windows that slide over one series: where each begins and ends, and what can be told of all of them in linear time.

Windows of p instants, by their first sample and the one after their last: lows and afters, int64 (p,), neither ever falling.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import subroutine

Places = NDArray[np.int64]
Times = NDArray[np.int64]
Values = NDArray[np.float64]

# Positions that cannot be negative, so that machine code need not ask whether they count from the end.
FIRST: Final = np.uint64(0)
ONE: Final = np.uint64(1)
_OVERLAP: Final = (
    2.0  # how often a sample lies in a window, on average, from where on a queue is quicker than looking at each
)


@subroutine
def find_windows(times: Times, start: int, step: int, width: int, lows: Places, afters: Places) -> None:
    """Write the window (t - width, t] of every instant t = start + k * step."""
    end, low, after = np.uint64(len(times)), FIRST, FIRST
    for k in range(len(lows)):
        t = start + k * step
        while after < end and times[after] <= t:
            after += ONE
        while low < after and times[low] <= t - width:
            low += ONE
        lows[k] = low
        afters[k] = after


@subroutine
def overlap(lows: Places, afters: Places, count: int) -> bool:
    """Whether `count` samples lie in more than two windows each, on average."""
    seen = 0.0
    for k in range(len(lows)):
        seen += afters[k] - lows[k]
    return seen > _OVERLAP * count


@subroutine
def changes_until(values: Values, until: Places) -> None:
    """Write how many of the values up to each position differ from the one before; NaN does not differ from NaN."""
    count = 0
    until[:1] = 0
    for i in range(1, len(values)):
        both_nan = values[i] != values[i] and values[i - 1] != values[i - 1]
        count += values[i] != values[i - 1] and not both_nan
        until[i] = count


@subroutine
def resets_until(values: Values, until: Places) -> None:
    """Write how many of the values up to each position are less than the one before."""
    count = 0
    until[:1] = 0
    for i in range(1, len(values)):
        count += values[i] < values[i - 1]
        until[i] = count


@subroutine
def find_extremes(
    values: Values, lows: Places, afters: Places, sign: float, is_last: bool, queue: Places, places: Places
) -> None:
    """Write where the least value of each window stands that has any, or with a negative sign the greatest.

    Of equal ones the first, or the last; NaN gives way to anything, and among NaNs it is the last. queue: room for every position.
    What can become the least of a later window waits in the queue, which ascends: D. Lemire, "Streaming maximum-minimum filter
    using no more than three comparisons per element" (2006).
    """
    head, tail, seen = 0, 0, 0
    for k in range(len(lows)):
        while seen < afters[k]:
            value = sign * values[seen]
            if not np.isnan(value):
                while tail > head and is_beaten(sign * values[queue[tail - 1]], value, is_last):
                    tail -= 1
                queue[tail] = seen
                tail += 1
            seen += 1
        while head < tail and queue[head] < lows[k]:
            head += 1
        if lows[k] < afters[k]:
            places[k] = queue[head] if head < tail else afters[k] - 1


@subroutine
def is_beaten(before: float, value: float, is_last: bool) -> bool:
    """Whether a value that stands before another can no longer be the least of a window."""
    return before > value or (is_last and before == value)
