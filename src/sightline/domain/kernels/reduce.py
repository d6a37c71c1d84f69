"""Aggregation across series: rows of a matrix folded into groups, instant by instant.

Shapes for s series, p instants, g groups: values float64 (s, p) and present bool (s, p); group int64 (s,), the group of each row.

A fold goes on from block to block of rows: `state` begins it, `accumulate` takes rows into it, `finished` says what came out. How
the rows are cut into blocks makes no difference, to the last bit.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import INTS, kernel, subroutine
from sightline.domain.kernels.summation import add

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Groups = NDArray[np.int64]
State = NDArray[np.float64]
"""float64 (planes, g, p): the total or the extreme so far, what the total's additions lost, the count of values; of AVG whether the
total has become a running mean, of STDDEV and STDVAR the mean and what its additions lost, the total being of squared distances."""

SUM: Final = 0
AVG: Final = 1
MIN: Final = 2
MAX: Final = 3
COUNT: Final = 4
STDDEV: Final = 5
STDVAR: Final = 6
ONE: Final = 7

_PLANES: Final = {AVG: 4, STDDEV: 5, STDVAR: 5}
_FEWEST_PLANES: Final = 3
_INF: Final = math.inf


def state(function: int, groups: int, points: int) -> State:
    """The state of a fold before the first row."""
    return np.zeros((_PLANES.get(function, _FEWEST_PLANES), groups, points))


@np.errstate(all="ignore")
def finished(function: int, folded: State) -> tuple[Matrix, Mask]:
    """What has been folded: values, float64 (g, p), and where there is one, bool (g, p); elsewhere the value is 0."""
    total, lost, count = folded[:3]
    found = count > 0
    if function in {COUNT, ONE}:
        return (count.copy() if function == COUNT else found.astype(np.float64)), found
    if function in {MIN, MAX}:
        return np.where(found, total, 0.0), found
    out = total + lost
    if function == AVG:
        out = np.where(folded[3] > 0, out, total / count + lost / count)
    elif function in {STDDEV, STDVAR}:
        out /= count
        if function == STDDEV:
            out = np.sqrt(out)
    return np.where(found, out, 0.0), found


def fold(values: Matrix, present: Mask, group: Groups, groups: int, function: int) -> tuple[Matrix, Mask]:
    """One of SUM, AVG, MIN, MAX, COUNT, STDDEV, STDVAR, ONE over the present values of each group and instant, at once."""
    folded = state(function, groups, values.shape[1])
    accumulate(values, present, group, function, 0, values.shape[1], folded)
    return finished(function, folded)


@np.errstate(all="ignore")
def _accumulate_numpy(
    values: Matrix, present: Mask, group: Groups, function: int, first: int, after: int, folded: State
) -> None:
    values, present, folded = values[:, first:after], present[:, first:after], folded[:, :, first:after]
    total, before = folded[0], folded[2].copy()
    count = folded[2]
    np.add.at(count, group, present.astype(np.float64))
    if function in {MIN, MAX}:
        best = np.where(before > 0, total, np.nan)
        operation = np.fmin if function == MIN else np.fmax
        operation.at(best, group, np.where(present, values, np.nan))
        total[:] = np.where(count > 0, best, 0.0)
    elif function == SUM:
        np.add.at(total, group, np.where(present, values, 0.0))
    elif function == AVG:
        _accumulate_means(values, present, group, before, folded)
    elif function in {STDDEV, STDVAR}:
        _accumulate_squares(values, present, group, before, folded)


def _accumulate_means(values: Matrix, present: Mask, group: Groups, before: Matrix, folded: State) -> None:
    total, lost, count, running = folded
    own = np.where(present, values, 0.0)
    raised = total.copy()
    np.add.at(raised, group, own)
    runs = (running > 0) | np.isinf(raised)
    mean = np.where(running > 0, total + lost, np.where(before > 0, (total + lost) / before, 0.0))
    scaled = np.zeros(total.shape)  # scaled down, a sum stays finite whenever the mean is
    np.add.at(scaled, group, own * 2.0**-64)
    joined = mean * (before / count) + scaled / count * 2.0**64
    total[:] = np.where(runs & (count > 0), joined, raised)
    lost[runs] = 0.0
    running[:] = runs


def _accumulate_squares(values: Matrix, present: Mask, group: Groups, before: Matrix, folded: State) -> None:
    """Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979)."""
    total, _, count, mean, mean_lost = folded
    own = np.zeros(total.shape)
    np.add.at(own, group, np.where(present, values, 0.0))
    added = count - before
    own = np.where(added > 0, own / added, 0.0)
    squares = np.zeros(total.shape)
    np.add.at(squares, group, np.where(present, (values - own[group]) ** 2, 0.0))
    apart = np.where(added > 0, own - (mean + mean_lost), 0.0)
    share = np.where(count > 0, added / count, 0.0)
    total += squares + apart**2 * before * share
    mean += apart * share


@kernel(
    "void(Array(float64, 2, 'C', True), Array(boolean, 2, 'C', True), "
    f"{INTS}, int64, int64, int64, float64[:, :, ::1])",
    twin=_accumulate_numpy,
)
def accumulate(
    values: Matrix, present: Mask, group: Groups, function: int, first: int, after: int, folded: State
) -> None:
    """Take rows into a fold by `function`, at the instants first <= k < after; the other instants stay as they are.

    Sums are compensated. MIN and MAX are NaN only when all values are. An AVG whose sum overflows goes on as a running mean.
    """
    for row in range(values.shape[0]):
        g = group[row]
        own = values[row, first:after]
        there = present[row, first:after]
        total = folded[0, g, first:after]
        lost = folded[1, g, first:after]
        count = folded[2, g, first:after]
        if function == SUM:
            sum_row(own, there, total, lost)
        elif function == MIN:
            for k in range(len(own)):
                better = (count[k] == 0.0) | (own[k] < total[k]) | (total[k] != total[k])
                total[k] = own[k] if there[k] & better else total[k]
        elif function == MAX:
            for k in range(len(own)):
                better = (count[k] == 0.0) | (own[k] > total[k]) | (total[k] != total[k])
                total[k] = own[k] if there[k] & better else total[k]
        elif function == AVG:
            average_row(own, there, total, lost, count, folded[3, g, first:after])
        elif function in (STDDEV, STDVAR):
            square_row(own, there, total, lost, count, folded[3, g, first:after], folded[4, g, first:after])
        for k in range(len(own)):
            count[k] += 1.0 if there[k] else 0.0


@subroutine
def sum_row(own: Matrix, there: Mask, total: Matrix, lost: Matrix) -> None:
    """Add the present values of a row to compensated sums; without a branch, so that several are added at a time."""
    for k in range(len(own)):
        raised, rest = add(own[k], total[k], lost[k])
        total[k] = raised if there[k] else total[k]
        lost[k] = rest if there[k] else lost[k]


@subroutine
def average_row(own: Matrix, there: Mask, total: Matrix, lost: Matrix, count: Matrix, running: Matrix) -> None:
    """Take the present values of a row into means: sums, until one would overflow; from then on that is a running mean."""
    overflows = False
    for k in range(len(own)):
        overflows |= (running[k] > 0.0) | (abs(total[k] + own[k]) == _INF)
    if not overflows:
        sum_row(own, there, total, lost)
        return
    for k in range(len(own)):
        if not there[k]:
            continue
        n = count[k] + 1.0
        if running[k] == 0.0:
            raised, rest = add(own[k], total[k], lost[k])
            if n == 1.0 or abs(raised) != _INF:
                total[k], lost[k] = raised, rest
            else:
                running[k] = 1.0
                total[k] /= n - 1.0
                lost[k] /= n - 1.0
        if running[k] > 0.0:
            weight = (n - 1.0) / n
            total[k], lost[k] = add(own[k] / n, weight * total[k], weight * lost[k])


@subroutine
def square_row(
    own: Matrix, there: Mask, total: Matrix, lost: Matrix, count: Matrix, mean: Matrix, mean_lost: Matrix
) -> None:
    """Take the present values of a row into sums of squared distances from the mean, by Welford's method with compensated sums."""
    for k in range(len(own)):
        if not there[k]:
            continue
        delta = own[k] - (mean[k] + mean_lost[k])
        mean[k], mean_lost[k] = add(delta / (count[k] + 1.0), mean[k], mean_lost[k])
        total[k], lost[k] = add(delta * (own[k] - (mean[k] + mean_lost[k])), total[k], lost[k])
