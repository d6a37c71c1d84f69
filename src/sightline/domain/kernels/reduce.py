"""Aggregation across series: rows of a matrix folded into groups, instant by instant.

Shapes for s series, p instants, g groups: values float64 (s, p) and present bool (s, p); group int64 (s,), the group of each row;
out float64 (g, p) and found bool (g, p) receive the result; where found is false, out holds 0.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import INTS, kernel
from sightline.domain.kernels.summation import add

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Groups = NDArray[np.int64]

SUM: Final = 0
AVG: Final = 1
MIN: Final = 2
MAX: Final = 3
COUNT: Final = 4
STDDEV: Final = 5
STDVAR: Final = 6
ONE: Final = 7

_INF: Final = math.inf


@np.errstate(all="ignore")
def _fold_numpy(values: Matrix, present: Mask, group: Groups, function: int, out: Matrix, found: Mask) -> None:
    found[:] = False
    np.logical_or.at(found, group, present)
    out[:] = 0
    count = np.zeros(out.shape)
    np.add.at(count, group, present.astype(np.float64))
    if function in {COUNT, ONE}:
        out[:] = count if function == COUNT else found
        return
    if function in {MIN, MAX}:
        out[:] = np.nan
        operation = np.fmin if function == MIN else np.fmax
        operation.at(out, group, np.where(present, values, np.nan))
    else:
        _fold_sums(np.where(present, values, 0.0), present, group, function, count, out)
    out[~found] = 0


def _fold_sums(values: Matrix, present: Mask, group: Groups, function: int, count: Matrix, out: Matrix) -> None:
    """SUM, AVG, STDDEV and STDVAR; absent values are 0."""
    np.add.at(out, group, values)
    if function == SUM:
        return
    out /= count
    overflowed = np.isinf(out)
    if overflowed.any():
        scaled = np.zeros(out.shape)
        np.add.at(scaled, group, values * 2.0**-64)
        out[overflowed] = (scaled / count * 2.0**64)[overflowed]
    if function == AVG:
        return
    squares = np.zeros(out.shape)
    np.add.at(squares, group, np.where(present, (values - out[group]) ** 2, 0.0))
    out[:] = squares / count
    if function == STDDEV:
        np.sqrt(out, out=out)


@kernel(
    f"void(Array(float64, 2, 'C', True), Array(boolean, 2, 'C', True), {INTS}, int64, float64[:, ::1], boolean[:, ::1])",
    twin=_fold_numpy,
)
def fold(values: Matrix, present: Mask, group: Groups, function: int, out: Matrix, found: Mask) -> None:
    """One of SUM, AVG, MIN, MAX, COUNT, STDDEV, STDVAR, ONE over the present values of each group and instant.

    Sums are compensated. MIN and MAX are NaN only when all values are. An AVG whose sum overflows goes on as a running mean.
    """
    points = values.shape[1]
    shape = out.shape
    lost = np.zeros(shape)
    count = np.zeros(shape)
    mean = np.zeros(shape if function in (STDDEV, STDVAR) else (0, 0))
    mean_lost = np.zeros(mean.shape)
    running = np.zeros(shape if function == AVG else (0, 0), np.bool_)
    out[:] = 0.0
    found[:] = False
    for row in range(values.shape[0]):
        g = group[row]
        for k in range(points):
            if not present[row, k]:
                continue
            value = values[row, k]
            count[g, k] += 1.0
            if function == SUM:
                out[g, k], lost[g, k] = add(value, out[g, k], lost[g, k])
            elif function == MIN:
                if not found[g, k] or value < out[g, k] or out[g, k] != out[g, k]:
                    out[g, k] = value
            elif function == MAX:
                if not found[g, k] or value > out[g, k] or out[g, k] != out[g, k]:
                    out[g, k] = value
            elif function == AVG:
                n = count[g, k]
                if not running[g, k]:
                    raised, rest = add(value, out[g, k], lost[g, k])
                    if n == 1.0 or abs(raised) != _INF:
                        out[g, k], lost[g, k] = raised, rest
                    else:
                        running[g, k] = True
                        out[g, k] /= n - 1.0
                        lost[g, k] /= n - 1.0
                if running[g, k]:
                    weight = (n - 1.0) / n
                    out[g, k], lost[g, k] = add(value / n, weight * out[g, k], weight * lost[g, k])
            elif function in (STDDEV, STDVAR):
                delta = value - (mean[g, k] + mean_lost[g, k])
                mean[g, k], mean_lost[g, k] = add(delta / count[g, k], mean[g, k], mean_lost[g, k])
                delta *= value - (mean[g, k] + mean_lost[g, k])
                out[g, k], lost[g, k] = add(delta, out[g, k], lost[g, k])
            found[g, k] = True
    for g in range(shape[0]):
        for k in range(points):
            if not found[g, k]:
                continue
            if function == COUNT:
                out[g, k] = count[g, k]
            elif function == ONE:
                out[g, k] = 1.0
            elif function == AVG and not running[g, k]:
                out[g, k] = out[g, k] / count[g, k] + lost[g, k] / count[g, k]
            else:
                out[g, k] += lost[g, k]
                if function in (STDDEV, STDVAR):
                    out[g, k] /= count[g, k]
                    if function == STDDEV:
                        out[g, k] = math.sqrt(out[g, k])
