"""Samples of wanted series out of sorted runs: find the part of each run, put the parts one after the other, settle repeats."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, UINTS, kernel

Ids = NDArray[np.uint64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SPARSE: Final = 8  # how many times more ids than wanted ones make searching quicker than walking


def _find_numpy(wanted: Ids, places: Ints, ids: Ids, rows: Ints) -> None:
    rows[:] = -1
    if len(ids):
        at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
        rows[places] = np.where(ids[at] == wanted, at, -1)


@kernel(f"void({UINTS}, {INTS}, {UINTS}, int64[::1])", twin=_find_numpy)
def find(wanted: Ids, places: Ints, ids: Ids, rows: Ints) -> None:
    """Where each of s wanted ids stands among k ids; both ascend.

    places: int64 (s,), for which series each wanted id stands. rows: int64 (s,), written at its place; -1 where it does not occur.
    """
    at = 0
    few = len(ids) > _SPARSE * len(wanted)
    for i in range(len(wanted)):
        one = wanted[i]
        if few:
            end = len(ids)
            while at < end:
                middle = (at + end) // 2
                if ids[middle] < one:
                    at = middle + 1
                else:
                    end = middle
        else:
            while at < len(ids) and ids[at] < one:
                at += 1
        rows[places[i]] = at if at < len(ids) and ids[at] == one else -1


def _bound_numpy(
    rows: Ints,
    starts: Ints,
    ends: Ints,
    times: Ints,
    first: int,
    last: int,
    low: Ints,
    high: Ints,
    newest: Ints,
    disordered: Flags,
) -> None:
    for series, row in enumerate(rows.tolist()):
        if row < 0:
            low[series] = high[series] = 0
            continue
        own = times[starts[row] : ends[row]]
        low[series] = starts[row] + np.searchsorted(own, first, "left")
        high[series] = max(low[series], starts[row] + np.searchsorted(own, last, "right"))
    there = np.flatnonzero(high > low)
    disordered[there] |= times[low[there]] <= newest[there]
    newest[there] = np.maximum(newest[there], times[high[there] - 1])


@kernel(
    f"void({INTS}, {INTS}, {INTS}, {INTS}, int64, int64, int64[::1], int64[::1], int64[::1], boolean[::1])",
    twin=_bound_numpy,
)
def bound(
    rows: Ints,
    starts: Ints,
    ends: Ints,
    times: Ints,
    first: int,
    last: int,
    low: Ints,
    high: Ints,
    newest: Ints,
    disordered: Flags,
) -> None:
    """For each of s wanted series, the part [low, high) of a run that lies in [first, last], ms.

    rows: int64 (s,), the run's row of the series, -1 when it has none. starts, ends: int64 (k,), the bounds of each row in
    `times`, int64, which ascend within a row. low, high: int64 (s,), written; equal where nothing lies in the range.
    newest: int64 (s,), the newest time that earlier runs gave a series; moved on. disordered: bool (s,), set where the part does
    not lie after that.
    """
    for series in range(len(rows)):
        row = rows[series]
        if row < 0:
            low[series] = 0
            high[series] = 0
            continue
        a = starts[row]
        b = ends[row]
        if a < b and times[a] < first:
            low_end = b
            while a < low_end:
                middle = (a + low_end) // 2
                if times[middle] < first:
                    a = middle + 1
                else:
                    low_end = middle
        if a < b and times[b - 1] > last:
            high_start = a
            while high_start < b:
                middle = (high_start + b) // 2
                if times[middle] <= last:
                    high_start = middle + 1
                else:
                    b = middle
        low[series] = a
        high[series] = b
        if a < b:
            if times[a] <= newest[series]:
                disordered[series] = True
            newest[series] = max(newest[series], times[b - 1])


def _append_numpy(
    low: Ints, high: Ints, times: Ints, values: Floats, cursors: Ints, out_times: Ints, out_values: Floats
) -> None:
    for series in np.flatnonzero(high > low).tolist():
        a, b, at = low[series], high[series], cursors[series]
        out_times[at : at + b - a] = times[a:b]
        out_values[at : at + b - a] = values[a:b]
        cursors[series] = at + b - a


@kernel(
    f"void({INTS}, {INTS}, {INTS}, {FLOATS}, int64[::1], int64[::1], float64[::1])",
    twin=_append_numpy,
)
def append(
    low: Ints, high: Ints, times: Ints, values: Floats, cursors: Ints, out_times: Ints, out_values: Floats
) -> None:
    """Copy the part [low, high) of a run's columns behind what each of s series has already.

    cursors: int64 (s,), where the next sample of each series goes; moved on.
    """
    for series in range(len(low)):
        a = low[series]
        b = high[series]
        if a >= b:
            continue
        at = cursors[series]
        cursors[series] = at + b - a
        # Views, whose positions cannot be negative: then several samples are copied at a time.
        to_times = out_times[at : at + b - a]
        own_times = times[a:b]
        for i in range(len(own_times)):
            to_times[i] = own_times[i]
        to_values = out_values[at : at + b - a]
        own_values = values[a:b]
        for i in range(len(own_values)):
            to_values[i] = own_values[i]


def _settle_numpy(disordered: Flags, offsets: Ints, times: Ints, values: Floats) -> None:
    row = np.repeat(np.arange(len(disordered)), np.diff(offsets))
    order = np.lexsort((times, row))  # stable: of equal times the later part stands last
    row, time = row[order], times[order]
    kept = np.ones(len(order), np.bool_)
    if len(order) > 1:
        kept[:-1] = (row[1:] != row[:-1]) | (time[1:] != time[:-1])
    value = values[order][kept]
    offsets[1:] = np.cumsum(np.bincount(row[kept], minlength=len(disordered)))
    times[: offsets[-1]] = time[kept]
    values[: offsets[-1]] = value


@kernel(
    "void(Array(boolean, 1, 'C', True), int64[::1], int64[::1], float64[::1])",
    twin=_settle_numpy,
)
def settle(disordered: Flags, offsets: Ints, times: Ints, values: Floats) -> None:
    """Bring s series to strictly ascending times, in place; of equal times the one that stood last stays.

    disordered: bool (s,), which series need it. offsets: int64 (s + 1,), moved together; columns are good up to offsets[s].
    """
    written = 0
    for series in range(len(disordered)):
        a = offsets[series]
        b = offsets[series + 1]
        offsets[series] = written
        if disordered[series]:
            order = np.argsort(times[a:b], kind="mergesort")
            own_times = times[a:b][order]
            own_values = values[a:b][order]
            for i in range(b - a):
                if i + 1 < b - a and own_times[i + 1] == own_times[i]:
                    continue
                times[written] = own_times[i]
                values[written] = own_values[i]
                written += 1
        else:
            for source in range(a, b):
                times[written] = times[source]
                values[written] = values[source]
                written += 1
    offsets[len(disordered)] = written
