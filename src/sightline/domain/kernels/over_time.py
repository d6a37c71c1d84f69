"""Statistics of the samples of a sliding window: the *_over_time functions.

Shapes are those of window.py. Each window is gone through anew, as in Prometheus (promql/functions.go), so that no rounding error,
NaN or infinity outlives the samples it came from; but where that cannot show, in counts and extremes, windows share what they have
in common, and time is linear in samples and instants.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel, subroutine
from sightline.domain.kernels.lanes import lanes_from, square_lanes, sum_lanes
from sightline.domain.kernels.sequence import greatest_at, least_at
from sightline.domain.kernels.slide import (
    Places,
    changes_until,
    find_extremes,
    find_windows,
    overlap,
    resets_until,
)
from sightline.domain.kernels.summation import add
from sightline.domain.kernels.window import Mask, Offsets, Times, Values, bounds

SUM: Final = 0
AVG: Final = 1
MIN: Final = 2
MAX: Final = 3
COUNT: Final = 4
LAST: Final = 5
STDDEV: Final = 6
STDVAR: Final = 7
PRESENT: Final = 8
FIRST: Final = 9
CHANGES: Final = 10
RESETS: Final = 11
MAD: Final = 12
FIRST_TIME: Final = 13
LAST_TIME: Final = 14
MIN_TIME: Final = 15
MAX_TIME: Final = 16
GONE_THROUGH_ANEW: Final = frozenset({SUM, AVG, STDDEV, STDVAR, MAD})
"""The functions whose time grows with the windows times their samples, and not with samples and instants alone."""

_INF: Final = math.inf


@subroutine
def sum_of(values: Values, low: int, after: int) -> float:
    """The compensated sum of values[low:after]."""
    total, lost = 0.0, 0.0
    for i in range(low, after):
        total, lost = add(values[i], total, lost)
    return float(total + lost)


@subroutine
def mean_of(values: Values, low: int, after: int) -> float:
    """The mean of values[low:after]; where their sum would overflow, it goes on as a running mean."""
    total, lost = values[low], 0.0
    i = low + 1
    while i < after:
        raised, rest = add(values[i], total, lost)
        if abs(raised) == _INF:
            break
        total, lost = raised, rest
        i += 1
    if i == after:
        return float(total / (after - low) + lost / (after - low))
    mean, lost = total / (i - low), lost / (i - low)
    while i < after:
        count = float(i - low + 1)
        weight = (count - 1) / count
        mean, lost = add(values[i] / count, weight * mean, weight * lost)
        i += 1
    return float(mean + lost)


@subroutine
def least_of(values: Values, low: int, after: int) -> float:
    """The least of values[low:after]; NaN only when all are."""
    best = values[low]
    for i in range(low + 1, after):
        if values[i] < best or np.isnan(best):
            best = values[i]
    return float(best)


@subroutine
def greatest_of(values: Values, low: int, after: int) -> float:
    """The greatest of values[low:after]; NaN only when all are."""
    best = values[low]
    for i in range(low + 1, after):
        if values[i] > best or np.isnan(best):
            best = values[i]
    return float(best)


@subroutine
def variance_of(values: Values, low: int, after: int) -> float:
    """The population variance of values[low:after], by Welford's method with compensated sums."""
    count, mean, mean_lost, squares, squares_lost = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(low, after):
        count += 1.0
        delta = values[i] - (mean + mean_lost)
        mean, mean_lost = add(delta / count, mean, mean_lost)
        squares, squares_lost = add(delta * (values[i] - (mean + mean_lost)), squares, squares_lost)
    return (squares + squares_lost) / count


@np.errstate(all="ignore")
def _over_time_numpy(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    function: int,
    out: Values,
    present: Mask,
) -> None:
    first, after = bounds(offsets, times, start, step, out.shape[1], width)
    out[:] = 0
    np.greater(after, first, out=present)
    low, high = first[present], after[present]
    if len(low):
        out[present] = _of_windows(times, values, low, high, function)


def _of_windows(
    times: Times, values: Values, low: NDArray[np.int64], after: NDArray[np.int64], function: int
) -> Values:
    """The function of each of the windows [low, after), none of them empty."""
    one_by_one: dict[int, Callable[[Values, int, int], float]] = {
        MAD: deviation_of,
        MIN_TIME: lambda *window: times[least_at(*window)] / 1000,
        MAX_TIME: lambda *window: times[greatest_at(*window)] / 1000,
    }
    if function in one_by_one:
        of = one_by_one[function]
        return np.array([of(values, a, b) for a, b in zip(low.tolist(), after.tolist(), strict=True)])
    simple: dict[int, Callable[[], Values]] = {
        FIRST: lambda: values[low],
        FIRST_TIME: lambda: times[low] / 1000,
        LAST_TIME: lambda: times[after - 1] / 1000,
        CHANGES: lambda: _counted(_changed(values), low, after),
        RESETS: lambda: _counted(values[1:] < values[:-1], low, after),
        COUNT: lambda: (after - low).astype(np.float64),
        PRESENT: lambda: np.ones(len(low)),
        LAST: lambda: values[after - 1],
        MIN: lambda: _folded(np.fmin, values, low, after),
        MAX: lambda: _folded(np.fmax, values, low, after),
        SUM: lambda: _folded(np.add, values, low, after),
    }
    if function in simple:
        return simple[function]()
    mean = _means(values, low, after)
    if function == AVG:
        return mean
    # Each sample minus the mean of its window: windows laid out one after the other.
    width = after - low
    starts = np.cumsum(width) - width
    flat = np.repeat(low - starts, width) + np.arange(int(width.sum()))
    squares = np.add.reduceat((values[flat] - np.repeat(mean, width)) ** 2, starts)
    variance: Values = squares / width
    return np.sqrt(variance) if function == STDDEV else variance


def _changed(values: Values) -> Mask:
    """Which of values[1:] differ from the one before; NaN does not differ from NaN."""
    there, before = values[1:], values[:-1]
    changed: Mask = (there != before) & ~(np.isnan(there) & np.isnan(before))
    return changed


def _counted(steps: Mask, low: NDArray[np.int64], after: NDArray[np.int64]) -> Values:
    """How many of the steps from one sample to the next, true at the later's position less 1, lie within each window."""
    until = np.concatenate(([0], np.cumsum(steps)))
    return (until[after - 1] - until[low]).astype(np.float64)


def _means(values: Values, low: NDArray[np.int64], after: NDArray[np.int64]) -> Values:
    count = (after - low).astype(np.float64)
    mean = _folded(np.add, values, low, after) / count
    overflowed = ~np.isfinite(mean)  # scaled down, the sum stays finite whenever the mean is
    if overflowed.any():
        scaled = _folded(np.add, values * 2.0**-64, low[overflowed], after[overflowed])
        mean[overflowed] = scaled / count[overflowed] * 2.0**64
    return mean


def _folded(operation: np.ufunc, values: Values, low: NDArray[np.int64], after: NDArray[np.int64]) -> Values:
    """The operation folded over each of the windows [low, after), none of them empty."""
    begin, end = int(low.min()), int(after.max())
    # reduceat takes positions below the length only: one more value lets a window end with the last sample.
    own = np.append(values[begin:end], 0.0)
    folded: Values = operation.reduceat(own, np.column_stack((low, after)).ravel() - begin)[::2]
    return folded


@kernel(
    f"void({INTS}, {INTS}, {FLOATS}, int64, int64, int64, int64, float64[:, ::1], boolean[:, ::1])",
    twin=_over_time_numpy,
)
def over_time(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    function: int,
    out: Values,
    present: Mask,
) -> None:
    """One of the functions by number, SUM to MAX_TIME, over the samples of each window that has any.

    CHANGES, RESETS: how often the value changed or fell. MAD: the median distance from the median.
    FIRST_TIME, LAST_TIME, MIN_TIME, MAX_TIME: when those samples are, in seconds; of equal extremes the last.
    """
    points = out.shape[1]
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    lows, afters, places = np.empty(points, np.int64), np.empty(points, np.int64), np.zeros(points, np.int64)
    queue = np.empty(longest, np.int64)
    room = np.empty((6, points if function in (SUM, AVG, STDDEV, STDVAR) else 0))
    for row in range(len(offsets) - 1):
        own_times = times[offsets[row] : offsets[row + 1]]
        own = values[offsets[row] : offsets[row + 1]]
        result = out[row]
        result[:] = 0.0
        find_windows(own_times, start, step, width, lows, afters)
        for k in range(points):
            present[row, k] = afters[k] > lows[k]
        if function in (SUM, AVG):
            of_sums(own, lows, afters, function, result, room)
        elif function in (STDDEV, STDVAR):
            of_squares(own, lows, afters, function, result, room)
        elif function in (MIN, MAX, MIN_TIME, MAX_TIME):
            of_extremes(own_times, own, lows, afters, function, result, queue, places)
        elif function in (CHANGES, RESETS):
            of_counts(own, lows, afters, function, result, queue)
        else:
            of_single(own_times, own, lows, afters, function, result)


@subroutine
def of_sums(values: Values, lows: Places, afters: Places, function: int, result: Values, room: Values) -> None:
    """SUM or AVG of the windows of one series; room: (2, p) at least."""
    k = 0
    while k < len(lows):
        lanes = lanes_from(lows, afters, k)
        low, after = lows[k], afters[k]
        if lanes == 1:
            if low < after:
                result[k] = sum_of(values, low, after) if function == SUM else mean_of(values, low, after)
        elif low < after:
            total, lost = room[0, :lanes], room[1, :lanes]
            shift = lows[k + 1] - low
            sum_lanes(values, low, after, shift, total, lost)
            count = float(after - low)
            for lane in range(lanes):
                if function == SUM:
                    result[k + lane] = total[lane] + lost[lane]
                elif abs(total[lane]) < _INF:
                    result[k + lane] = total[lane] / count + lost[lane] / count
                else:
                    result[k + lane] = mean_of(values, low + shift * lane, after + shift * lane)
        k += lanes


@subroutine
def of_squares(values: Values, lows: Places, afters: Places, function: int, result: Values, room: Values) -> None:
    """STDDEV or STDVAR of the windows of one series; room: (6, p)."""
    k = 0
    while k < len(lows):
        lanes = lanes_from(lows, afters, k)
        low, after = lows[k], afters[k]
        if lanes == 1:
            if low < after:
                result[k] = variance_of(values, low, after)
        elif low < after:
            total, lost, mean, mean_lost = room[0, :lanes], room[1, :lanes], room[2, :lanes], room[3, :lanes]
            shift = lows[k + 1] - low
            square_lanes(values, low, after, shift, total, lost, mean, mean_lost, room[4, :lanes], room[5, :lanes])
            for lane in range(lanes):
                result[k + lane] = (total[lane] + lost[lane]) / float(after - low)
        k += lanes
    if function == STDDEV:
        for k in range(len(result)):
            result[k] = math.sqrt(result[k])


@subroutine
def of_extremes(
    times: Times,
    values: Values,
    lows: Places,
    afters: Places,
    function: int,
    result: Values,
    queue: Places,
    places: Places,
) -> None:
    """MIN, MAX, MIN_TIME or MAX_TIME of the windows of one series; queue: room for all its positions, places: (p,)."""
    least = function in (MIN, MIN_TIME)
    if overlap(lows, afters, len(values)):
        sign, is_last = 1.0 if least else -1.0, function in (MIN_TIME, MAX_TIME)
        find_extremes(values, lows, afters, sign, is_last, queue, places)
        for k in range(len(lows)):
            if lows[k] < afters[k]:
                place = places[k]
                result[k] = values[place] if function in (MIN, MAX) else times[place] / 1000.0
        return
    for k in range(len(lows)):
        low, after = lows[k], afters[k]
        if low == after:
            continue
        if function == MIN:
            result[k] = least_of(values, low, after)
        elif function == MAX:
            result[k] = greatest_of(values, low, after)
        elif least:
            result[k] = times[least_at(values, low, after)] / 1000.0
        else:
            result[k] = times[greatest_at(values, low, after)] / 1000.0


@subroutine
def of_counts(values: Values, lows: Places, afters: Places, function: int, result: Values, until: Places) -> None:
    """CHANGES or RESETS in the windows of one series; until: room for all its positions."""
    if function == CHANGES:
        changes_until(values, until)
    else:
        resets_until(values, until)
    for k in range(len(lows)):
        if lows[k] < afters[k]:
            result[k] = until[afters[k] - 1] - until[lows[k]]


@subroutine
def of_single(times: Times, values: Values, lows: Places, afters: Places, function: int, result: Values) -> None:
    """The other functions, of each window of one series on its own."""
    for k in range(len(lows)):
        low, after = lows[k], afters[k]
        if low == after:
            continue
        if function == COUNT:
            result[k] = after - low
        elif function == LAST:
            result[k] = values[after - 1]
        elif function == FIRST:
            result[k] = values[low]
        elif function == MAD:
            result[k] = deviation_of(values, low, after)
        elif function == FIRST_TIME:
            result[k] = times[low] / 1000.0
        elif function == LAST_TIME:
            result[k] = times[after - 1] / 1000.0
        else:
            result[k] = 1.0


@np.errstate(all="ignore")
def _quantile_over_time_numpy(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    q: Values,
    out: Values,
    present: Mask,
) -> None:
    first, after = bounds(offsets, times, start, step, out.shape[1], width)
    out[:] = 0
    np.greater(after, first, out=present)
    for row, k in zip(*np.nonzero(present), strict=True):
        low = first[row, k]
        ordered = values[low : after[row, k]].copy()
        out[row, k] = quantile_of(ordered, len(ordered), q[k])


@subroutine
def quantile_of(scratch: Values, count: int, q: float) -> float:
    """The q-quantile of scratch[:count] > 0 values, interpolated between neighbours; sorts them, NaN first, in place.

    Below 0 it is -Inf, above 1 +Inf, for a NaN q NaN.
    """
    if np.isnan(q):
        return math.nan
    if q < 0:
        return -_INF
    if q > 1:
        return _INF
    ordered = np.sort(scratch[:count])  # NaN last
    missing = 0
    while missing < count and ordered[count - 1 - missing] != ordered[count - 1 - missing]:
        missing += 1
    rank = q * (count - 1)
    lower = math.floor(rank)
    upper = min(lower + 1, count - 1)
    weight = rank - math.floor(rank)
    below = ordered[lower - missing] if lower >= missing else math.nan
    above = ordered[upper - missing] if upper >= missing else math.nan
    return float(below * (1 - weight) + above * weight)


@subroutine
def deviation_of(values: Values, low: int, after: int) -> float:
    """The median distance of values[low:after] from their median."""
    own = values[low:after].copy()
    median = quantile_of(own, after - low, 0.5)
    return quantile_of(np.abs(own - median), after - low, 0.5)


@kernel(
    f"void({INTS}, {INTS}, {FLOATS}, int64, int64, int64, {FLOATS}, float64[:, ::1], boolean[:, ::1])",
    twin=_quantile_over_time_numpy,
)
def quantile_over_time(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    q: Values,
    out: Values,
    present: Mask,
) -> None:
    """The q-quantile of the samples of each window that has any; q: float64 (p,), one for each instant."""
    for row in range(len(offsets) - 1):
        end = offsets[row + 1]
        low = offsets[row]
        after = low
        for k in range(out.shape[1]):
            t = start + k * step
            while after < end and times[after] <= t:
                after += 1
            while low < after and times[low] <= t - width:
                low += 1
            present[row, k] = after > low
            out[row, k] = quantile_of(values[low:after], after - low, q[k]) if after > low else 0.0
