"""The samples of a sliding window: what an instant selector sees, and how fast they change: rate, increase, delta, irate, idelta.

Shapes shared by all kernels here and in over_time.py, for s series and p instants:
offsets: int64 (s + 1,), times: int64 (n,) ms, values: float64 (n,): series in compressed rows, times strictly increasing in each.
start, step: the instants are start + k * step for k < p, in ms; width: the window of instant t is (t - width, t], open on the left.
out: float64 (s, p) and present: bool (s, p) receive the result; where present is false, out holds 0.

Stale markers: `last` ends a series at one; the other kernels expect them to be removed beforehand.
Semantics are those of Prometheus 3 (promql/functions.go); time is linear in samples plus steps, plus the resets in each window.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel, subroutine
from sightline.domain.kernels.slide import FIRST, ONE

Offsets = NDArray[np.int64]
Times = NDArray[np.int64]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

# The stale marker of metrics/samples.py, which stands above the kernels.
_STALE: Final = np.int64(0x7FF0000000000002)
PAIR: Final = 2
"""How many samples a change takes."""
# Beyond this many average intervals from the edge of the window a series is taken to begin or end within the window.
_EXTRAPOLATION: Final = 1.1


def bounds(
    offsets: Offsets, times: Times, start: int, step: int, points: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of every series and instant the first sample of its window and the one after its last: int64 (s, p), positions in `times`."""
    ends = start + step * np.arange(points, dtype=np.int64)
    first = np.empty((len(offsets) - 1, points), np.int64)
    after = np.empty_like(first)
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        own = times[begin:end]
        first[row] = begin + np.searchsorted(own, ends - width, side="right")
        after[row] = begin + np.searchsorted(own, ends, side="right")
    return first, after


def _last_numpy(
    offsets: Offsets, times: Times, values: Values, start: int, step: int, width: int, out: Values, present: Mask
) -> None:
    first, after = bounds(offsets, times, start, step, out.shape[1], width)
    out[:] = 0
    np.greater(after, first, out=present)
    found = values[after[present] - 1]
    fresh = found.view(np.int64) != _STALE
    present[present] = fresh
    out[present] = found[fresh]


@kernel(f"void({INTS}, {INTS}, {FLOATS}, int64, int64, int64, float64[:, ::1], boolean[:, ::1])", twin=_last_numpy)
def last(
    offsets: Offsets, times: Times, values: Values, start: int, step: int, width: int, out: Values, present: Mask
) -> None:
    """The newest sample of each window, nothing where that is the stale marker: an instant selector with lookback `width`."""
    bits = values.view(np.int64)
    for row in range(len(offsets) - 1):
        end = offsets[row + 1]
        after = offsets[row]
        begin = after
        for k in range(out.shape[1]):
            t = start + k * step
            while after < end and times[after] <= t:
                after += 1
            fresh = after > begin and times[after - 1] > t - width and bits[after - 1] != _STALE
            present[row, k] = fresh
            out[row, k] = values[after - 1] if fresh else 0.0


@np.errstate(all="ignore")
def _rate_numpy(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    counter: bool,
    per_second: bool,
    out: Values,
    present: Mask,
) -> None:
    first, after = bounds(offsets, times, start, step, out.shape[1], width)
    out[:] = 0
    np.greater(after - first, 1, out=present)
    low, high = first[present], after[present] - 1
    ends = np.broadcast_to(start + step * np.arange(out.shape[1], dtype=np.int64), out.shape)[present]
    change = values[high] - values[low]
    if counter:
        change += _reset_sums(values, low, high)
    interval = (times[high] - times[low]) / 1000
    average = interval / (high - low)
    to_start = (times[low] - (ends - width)) / 1000
    to_end = (ends - times[high]) / 1000
    to_start = np.where(to_start >= average * _EXTRAPOLATION, average / 2, to_start)
    to_end = np.where(to_end >= average * _EXTRAPOLATION, average / 2, to_end)
    if counter:
        to_zero = np.where((change > 0) & (values[low] >= 0), interval * (values[low] / change), to_start)
        to_start = np.where(to_zero < to_start, to_zero, to_start)
    factor = (interval + to_start + to_end) / interval
    out[present] = change * (factor / (width / 1000) if per_second else factor)


def _reset_sums(values: Values, low: NDArray[np.int64], high: NDArray[np.int64]) -> Values:
    """For each window [low, high] of positions, the sum of the values that a counter lost by resets in it."""
    sums = np.zeros(len(low))
    if len(values) < PAIR:
        return sums
    at = np.flatnonzero(values[1:] < values[:-1]) + 1
    begin, end = np.searchsorted(at, low, side="right"), np.searchsorted(at, high, side="right")
    some = end > begin
    if some.any():
        edges = np.column_stack((begin[some], end[some])).ravel()
        sums[some] = np.add.reduceat(np.append(values[at - 1], 0.0), edges)[::2]
    return sums


@subroutine
def find_falls(values: Values, places: NDArray[np.uint64]) -> int:
    """Write the positions of the values that are less than the one before into `places`; returns how many there are."""
    falls = 0
    for i in range(1, len(values)):  # most series have none, which is seen several values at a time
        falls += values[i] < values[i - 1]
    if not falls:
        return 0
    found = 0
    for i in range(1, len(values)):
        if values[i] < values[i - 1]:
            places[found] = i
            found += 1
    return found


@kernel(
    f"void({INTS}, {INTS}, {FLOATS}, int64, int64, int64, boolean, boolean, float64[:, ::1], boolean[:, ::1])",
    twin=_rate_numpy,
)
def rate(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    counter: bool,
    per_second: bool,
    out: Values,
    present: Mask,
) -> None:
    """Change over the window, extrapolated to its edges: rate (both flags), increase (counter alone), delta (neither).

    A counter that falls was reset and began again at 0. There is a result where a window holds two samples or more.

    Windows are found one after the other, and then extrapolated without a branch, so that several are at a time. It is done in
    seconds, for in ms some roundings differ from Prometheus', and with them whether a sample is near enough to the edge.
    """
    seconds = width / 1000.0 if per_second else 1.0
    points = out.shape[1]
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    resets = np.empty(longest if counter else 0, np.uint64)
    # Of each window the first value, the change, and in ms how far apart first and last are and how far from its edges.
    firsts, changes, counts = np.zeros(points), np.zeros(points), np.zeros(points)
    spans, befores, behinds = np.zeros(points), np.zeros(points), np.zeros(points)
    for row in range(len(offsets) - 1):
        own_times = times[offsets[row] : offsets[row + 1]]
        own = values[offsets[row] : offsets[row + 1]]
        found = find_falls(own, resets) if counter else 0
        end, low, after = np.uint64(len(own)), FIRST, FIRST
        reset = 0
        for k in range(points):
            t = start + k * step
            while after < end and own_times[after] <= t:
                after += ONE
            while low < after and own_times[low] <= t - width:
                low += ONE
            there = after > low + ONE  # a change takes two samples
            present[row, k] = there
            counts[k] = after - low - ONE if there else 0.0
            if not there:
                continue
            high = after - ONE
            change = own[high] - own[low]
            if found:
                while reset < found and resets[reset] <= low:
                    reset += 1
                i = reset
                while i < found and resets[i] <= high:
                    change += own[resets[i] - ONE]
                    i += 1
            firsts[k] = own[low]
            changes[k] = change
            spans[k] = own_times[high] - own_times[low]
            befores[k] = own_times[low] - (t - width)
            behinds[k] = t - own_times[high]
        for k in range(points):
            interval, before, behind = spans[k] / 1000.0, befores[k] / 1000.0, behinds[k] / 1000.0
            average = interval / counts[k]
            to_start = average / 2 if before >= average * _EXTRAPOLATION else before
            to_end = average / 2 if behind >= average * _EXTRAPOLATION else behind
            if counter:
                # A counter cannot have been below zero, so it began no earlier than its slope would reach zero.
                to_zero = interval * (firsts[k] / changes[k])
                is_later = (changes[k] > 0) & (firsts[k] >= 0) & (to_zero < to_start)
                to_start = to_zero if is_later else to_start
            factor = (interval + to_start + to_end) / interval / seconds
            out[row, k] = changes[k] * factor if counts[k] > 0.0 else 0.0


@np.errstate(all="ignore")
def _instant_rate_numpy(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    counter: bool,
    out: Values,
    present: Mask,
) -> None:
    first, after = bounds(offsets, times, start, step, out.shape[1], width)
    out[:] = 0
    np.greater(after - first, 1, out=present)
    high = after[present] - 1
    change = values[high] - values[high - 1]
    if counter:
        change = np.where(values[high] < values[high - 1], values[high], change)
        change /= (times[high] - times[high - 1]) / 1000
    out[present] = change


@kernel(
    f"void({INTS}, {INTS}, {FLOATS}, int64, int64, int64, boolean, float64[:, ::1], boolean[:, ::1])",
    twin=_instant_rate_numpy,
)
def instant_rate(
    offsets: Offsets,
    times: Times,
    values: Values,
    start: int,
    step: int,
    width: int,
    counter: bool,
    out: Values,
    present: Mask,
) -> None:
    """Change between the last two samples of each window: per second and with resets (irate), or plain (idelta)."""
    for row in range(len(offsets) - 1):
        begin = offsets[row]
        end = offsets[row + 1]
        after = begin
        for k in range(out.shape[1]):
            t = start + k * step
            while after < end and times[after] <= t:
                after += 1
            if after - begin < PAIR or times[after - PAIR] <= t - width:
                present[row, k] = False
                out[row, k] = 0.0
                continue
            change = values[after - 1] - values[after - 2]
            if counter:
                if values[after - 1] < values[after - 2]:
                    change = values[after - 1]
                change /= (times[after - 1] - times[after - 2]) / 1000.0
            present[row, k] = True
            out[row, k] = change
