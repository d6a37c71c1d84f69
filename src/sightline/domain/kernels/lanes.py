"""Compensated sums over windows that slide evenly: one addition for all windows at a time, side by side.

A window is summed in order of time, whoever else is summed beside it, so that its sum is the same to the last bit. What makes this
quick is that additions of different windows do not wait for one another. Windows are those of slide.py.
"""

from typing import Final

from sightline.domain.kernels.compiled import subroutine
from sightline.domain.kernels.slide import Places, Values
from sightline.domain.kernels.summation import add

_FEWEST: Final = 4


@subroutine
def lanes_from(lows: Places, afters: Places, k: int) -> int:
    """How many windows from the k-th on are of one length, each as far from the one before; 1 where too few are to be worth it."""
    count = 1
    length = afters[k] - lows[k]
    if k + 1 < len(lows):
        shift = lows[k + 1] - lows[k]
        while (
            k + count < len(lows)
            and lows[k + count] - lows[k + count - 1] == shift
            and afters[k + count] - lows[k + count] == length
        ):
            count += 1
    return count if count >= _FEWEST else 1


@subroutine
def add_lanes(values: Values, at: int, shift: int, total: Values, lost: Values) -> None:
    """Add values[at], values[at + shift], ... to one sum each."""
    if shift == 1:  # by far the most frequent, and several at a time
        beside = values[at : at + len(total)]
        for lane in range(len(total)):
            total[lane], lost[lane] = add(beside[lane], total[lane], lost[lane])
        return
    for lane in range(len(total)):
        total[lane], lost[lane] = add(values[at + shift * lane], total[lane], lost[lane])


@subroutine
def sum_lanes(values: Values, low: int, after: int, shift: int, total: Values, lost: Values) -> None:
    """The sums of values[low:after] and of the windows that lie `shift`, twice `shift`, ... behind; total and lost are written."""
    total[:] = 0.0
    lost[:] = 0.0
    for at in range(low, after):
        add_lanes(values, at, shift, total, lost)


@subroutine
def move_means(beside: Values, count: float, mean: Values, mean_lost: Values, distance: Values) -> None:
    """Take one more value into each mean; `distance` receives by how much the squared distances grow."""
    for lane in range(len(mean)):
        delta = beside[lane] - (mean[lane] + mean_lost[lane])
        mean[lane], mean_lost[lane] = add(delta / count, mean[lane], mean_lost[lane])
        distance[lane] = delta * (beside[lane] - (mean[lane] + mean_lost[lane]))


@subroutine
def square_lanes(
    values: Values,
    low: int,
    after: int,
    shift: int,
    total: Values,
    lost: Values,
    mean: Values,
    mean_lost: Values,
    distance: Values,
    beside: Values,
) -> None:
    """Like sum_lanes, of squared distances from the mean, by Welford's method; the other columns are for what is in between."""
    total[:] = 0.0
    lost[:] = 0.0
    mean[:] = 0.0
    mean_lost[:] = 0.0
    count = 0.0
    for at in range(low, after):
        count += 1.0
        for lane in range(len(beside)):
            beside[lane] = values[at + shift * lane]
        move_means(beside, count, mean, mean_lost, distance)
        for lane in range(len(total)):
            total[lane], lost[lane] = add(distance[lane], total[lane], lost[lane])
