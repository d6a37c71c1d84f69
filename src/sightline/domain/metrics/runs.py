"""Runs: samples sorted by series and time, in columns. Several of them are read as one answer, the later run on top."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.gather import append, bound, settle
from sightline.domain.metrics.known import KnownSeries, Wanted
from sightline.domain.metrics.samples import Ids, SeriesColumns, Times, Values
from sightline.domain.timerange import TimeRange


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """n samples of k series; never changed.

    ids: uint64 (k,), ascending. starts, ends: int64 (k,), the bounds of each series in the columns.
    times: int64 (n,), ms, strictly ascending within a series. values: float64 (n,).
    first, last: the time of the oldest and of the newest sample, ms.
    """

    ids: Ids
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    times: Times
    values: Values
    first: int
    last: int

    @classmethod
    def of_rows(cls, ids: Ids, times: Times, values: Values) -> "Run":
        """From n rows, n > 0, in which each series stands in one piece and in order of time, each time once. Keeps the columns."""
        starts = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1])))
        ends = np.append(starts[1:], len(ids))
        order = np.argsort(ids[starts])
        return cls(
            ids[starts][order],
            starts[order],
            ends[order],
            np.ascontiguousarray(times),
            np.ascontiguousarray(values),
            int(times.min()),
            int(times.max()),
        )

    @classmethod
    def of_pieces(cls, ids: Ids, offsets: NDArray[np.int64], times: Times, values: Values) -> "Run":
        """From n > 0 samples of k distinct series in any order, series i at offsets[i]:offsets[i + 1]. Keeps the columns."""
        order = np.argsort(ids)
        order = order[offsets[order] < offsets[order + 1]]
        return cls(ids[order], offsets[order], offsets[order + 1], times, values, int(times.min()), int(times.max()))

    @classmethod
    def of_columns(cls, columns: SeriesColumns) -> "Run":
        """From an answer with at least one sample."""
        order = np.argsort(columns.ids)
        return cls(
            columns.ids[order],
            columns.offsets[:-1][order],
            columns.offsets[1:][order],
            columns.times,
            columns.values,
            int(columns.times.min()),
            int(columns.times.max()),
        )

    @property
    def samples(self) -> int:
        """How many samples the columns hold."""
        return len(self.times)

    @property
    def weight(self) -> int:
        """How many bytes of memory it takes."""
        return sum(column.nbytes for column in (self.ids, self.starts, self.ends, self.times, self.values))

    def meets(self, within: TimeRange) -> bool:
        """Whether some sample may lie in the range."""
        return self.first <= within.end and self.last >= within.start


Part = tuple[Run, TimeRange]
"""A run, and the range of it that counts."""


class Gathering:
    """What parts of runs, oldest write first, hold of some series.

    Making it costs a binary search per series and run; only `settled` copies samples.
    """

    def __init__(self, parts: Sequence[Part], wanted: Wanted) -> None:
        parts = [(run, within) for run, within in parts if run.meets(within)]
        self._runs = [run for run, _ in parts]
        self._bounds: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._offsets = np.zeros(len(wanted) + 1, np.int64)
        lengths = np.zeros(len(wanted), np.int64)
        for run, within in parts:
            low, high = np.empty(len(wanted), np.int64), np.empty(len(wanted), np.int64)
            bound(wanted.rows_in(run.ids), run.starts, run.ends, run.times, within.start, within.end, low, high)
            self._bounds.append((low, high))
            lengths += high - low
        np.cumsum(lengths, out=self._offsets[1:])

    @property
    def samples(self) -> int:
        """How many samples there are, repeated writes of one timestamp counted."""
        return int(self._offsets[-1])

    def settled(self) -> tuple[NDArray[np.int64], Times, Values]:
        """Offsets, int64 (s + 1,), times and values: each series in order of time, the last write of a timestamp alone."""
        offsets, count = self._offsets.copy(), self.samples
        times, values = np.empty(count, np.int64), np.empty(count, np.float64)
        cursors, disordered = offsets[:-1].copy(), np.zeros(len(offsets) - 1, np.bool_)
        for run, (low, high) in zip(self._runs, self._bounds, strict=True):
            append(low, high, run.times, run.values, offsets, cursors, times, values, disordered)
        if disordered.any():
            settle(disordered, offsets, times, values)
        return offsets, times[: offsets[-1]], values[: offsets[-1]]


def columns(known: KnownSeries, gathering: Gathering) -> SeriesColumns:
    """The gathered samples of these series as an answer; series without a sample are left out."""
    offsets, times, values = gathering.settled()
    rows = np.flatnonzero(np.diff(offsets))
    if len(rows) == len(known):
        return SeriesColumns(known.labels, known.ids.copy(), offsets, times, values)
    labels = tuple([known.labels[row] for row in rows.tolist()])
    return SeriesColumns(labels, known.ids[rows], np.append(offsets[rows], offsets[-1]), times, values)


def merged(runs: Sequence[Run], within: TimeRange) -> Run | None:
    """One run of what several, oldest write first, hold within a range; None when that is nothing."""
    ids = runs[0].ids
    if not all(run.ids is ids or np.array_equal(run.ids, ids) for run in runs):
        ids = np.unique(np.concatenate([run.ids for run in runs]))
    offsets, times, values = Gathering([(run, within) for run in runs], Wanted(ids)).settled()
    if not len(times):
        return None
    return Run(ids, offsets[:-1], offsets[1:], times, values, int(times.min()), int(times.max()))
