"""Where the samples of a sliding window are heading: deriv, predict_linear and double_exponential_smoothing.

Shapes are those of window.py. There is a result where a window holds two samples or more.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel, subroutine
from sightline.domain.kernels.summation import add
from sightline.domain.kernels.window import Mask, Offsets, Times, Values, bounds

SLOPE: Final = 0
FORECAST: Final = 1
SMOOTHED: Final = 2

_INF: Final = math.inf


@subroutine
def line_of(times: Times, values: Values, low: int, after: int, origin: int) -> tuple[float, float]:
    """Slope per second and value at `origin` (ms) of the least-squares line through the samples low <= i < after.

    A constant is its own line, without rounding; an infinite one has none.
    """
    count = float(after - low)
    x_sum, x_lost, y_sum, y_lost = 0.0, 0.0, 0.0, 0.0
    xy_sum, xy_lost, xx_sum, xx_lost = 0.0, 0.0, 0.0, 0.0
    constant = True
    for i in range(low, after):
        constant = constant and values[i] == values[low]
        x = (times[i] - origin) / 1000.0
        x_sum, x_lost = add(x, x_sum, x_lost)
        y_sum, y_lost = add(values[i], y_sum, y_lost)
        xy_sum, xy_lost = add(x * values[i], xy_sum, xy_lost)
        xx_sum, xx_lost = add(x * x, xx_sum, xx_lost)
    if constant:
        return (math.nan, math.nan) if abs(values[low]) == _INF else (0.0, float(values[low]))
    x_sum += x_lost
    y_sum += y_lost
    covariance = (xy_sum + xy_lost) - x_sum * y_sum / count
    slope = covariance / ((xx_sum + xx_lost) - x_sum * x_sum / count)
    return float(slope), float(y_sum / count - slope * x_sum / count)


@subroutine
def smoothed_of(values: Values, low: int, after: int, smoothing: float, trend: float) -> float:
    """The last level of Holt's linear smoothing over values[low:after], with the factors for level and trend in (0, 1)."""
    level, slope = values[low], values[low + 1] - values[low]
    before = 0.0
    for i in range(low + 1, after):
        if i > low + 1:
            slope = trend * (level - before) + (1 - trend) * slope
        before, level = level, smoothing * values[i] + (1 - smoothing) * (level + slope)
    return float(level)


@np.errstate(all="ignore")
def _trend_numpy(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    function: int,
    first: Values,
    second: Values,
    out: Values,
    present: Mask,
) -> None:
    begin, after = bounds(offsets, times, start, step, out.shape[1], width)
    out[:] = 0
    np.greater(after - begin, 1, out=present)
    if not present.any():
        return
    if function == SMOOTHED:
        for row, k in zip(*np.nonzero(present), strict=True):
            out[row, k] = smoothed_of(values, begin[row, k], after[row, k], first[k], second[k])
        return
    low, high = begin[present], after[present]
    columns = np.nonzero(present)[1]
    origin = times[low] if function == SLOPE else start + step * columns + second[columns].astype(np.int64)
    slope, level = _lines(times, values, low, high, origin)
    out[present] = slope if function == SLOPE else slope * first[columns] + level


def _lines(
    times: Times, values: Values, low: NDArray[np.int64], after: NDArray[np.int64], origin: Times
) -> tuple[Values, Values]:
    """`line_of` each of the windows [low, after), laid out one after the other."""
    count = after - low
    starts = np.cumsum(count) - count
    flat = np.repeat(low - starts, count) + np.arange(int(count.sum()))
    x, y = (times[flat] - np.repeat(origin, count)) / 1000, values[flat]
    x_mean, y_mean = np.add.reduceat(x, starts) / count, np.add.reduceat(y, starts) / count
    apart = x - np.repeat(x_mean, count)
    slope = np.add.reduceat(apart * (y - np.repeat(y_mean, count)), starts) / np.add.reduceat(apart * apart, starts)
    level = y_mean - slope * x_mean
    constant = np.logical_and.reduceat(y == np.repeat(values[low], count), starts)
    slope[constant], level[constant] = 0.0, values[low][constant]
    infinite = constant & np.isinf(values[low])
    slope[infinite] = level[infinite] = np.nan
    return slope, level


@kernel(
    f"void({INTS}, {INTS}, {FLOATS}, int64, int64, int64, int64, {FLOATS}, {FLOATS}, float64[:, ::1], boolean[:, ::1])",
    twin=_trend_numpy,
)
def trend(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    function: int,
    first: Values,
    second: Values,
    out: Values,
    present: Mask,
) -> None:
    """One of SLOPE, FORECAST and SMOOTHED; `first` and `second`, float64 (p,), are their parameters at each instant.

    SLOPE: change per second of the least-squares line. FORECAST: its value `first` seconds and `second` ms after the instant.
    SMOOTHED: Holt's linear smoothing with the factors `first` for the level and `second` for the trend.
    """
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
            present[row, k] = after - low > 1
            result = 0.0
            if after - low > 1:
                if function == SMOOTHED:
                    result = smoothed_of(values, low, after, first[k], second[k])
                else:
                    origin = times[low] if function == SLOPE else t + int(second[k])
                    slope, level = line_of(times, values, low, after, origin)
                    result = slope if function == SLOPE else slope * first[k] + level
            out[row, k] = result
