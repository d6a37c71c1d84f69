"""Runs: samples sorted by series and time, in columns. Several of them are read as one answer, the later run on top."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from sightline.domain.kernels.gather import append, bound
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.known import KnownSeries, Rows, Wanted
from sightline.domain.metrics.label_sets import LabelSets
from sightline.domain.metrics.marked import settled
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, SAMPLE_BYTES, Histograms, mark_mask, picked
from sightline.domain.metrics.samples import Ids, SeriesColumns, Times, Values
from sightline.domain.metrics.tombstones import among
from sightline.domain.timerange import TimeRange

_BEFORE_ALL: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Run:
    """n samples of k series; never changed.

    ids: uint64 (k,), ascending. starts, ends: int64 (k,), the bounds of each series in the columns.
    times: int64 (n,), ms, strictly ascending within a series. values: float64 (n,).
    first, last: the time of the oldest and of the newest sample, ms. histograms: one for each mark in `values`, in the order of
    these, also of marks that no series has any more.
    """

    ids: Ids
    starts: Rows
    ends: Rows
    times: Times
    values: Values
    first: int
    last: int
    histograms: Histograms = NO_HISTOGRAMS

    @classmethod
    def of_rows(cls, ids: Ids, times: Times, values: Values, histograms: Histograms = NO_HISTOGRAMS) -> "Run":
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
            histograms,
        )

    @classmethod
    def of_pieces(
        cls,
        ids: Ids,
        offsets: NDArray[np.int64],
        times: Times,
        values: Values,
        histograms: Histograms = NO_HISTOGRAMS,
    ) -> "Run":
        """From n > 0 samples of k distinct series in any order, series i at offsets[i]:offsets[i + 1]. Keeps the columns."""
        order = np.argsort(ids)
        order = order[offsets[order] < offsets[order + 1]]
        first, last = int(times.min()), int(times.max())
        return cls(ids[order], offsets[order], offsets[order + 1], times, values, first, last, histograms)

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
            columns.histograms,
        )

    def without(self, ids: Ids, within: TimeRange) -> "list[Run]":
        """What is left, oldest samples first, when those of some series, (d,) ascending, in a range are taken out.

        The columns of samples stay as they are; only the bounds of series are moved, and a hole makes two runs.
        """
        rows = np.flatnonzero(among(self.ids, ids))
        if not len(rows) or not self.meets(within):
            return [self]
        low, high = _bounds(rows, self.starts, self.ends, self.times, within)
        rows, low, high = (column[low < high] for column in (rows, low, high))
        ends = self.ends[rows]
        before, after = self.ends.copy(), high
        before[rows] = low
        kept, later = np.flatnonzero(before > self.starts), np.flatnonzero(ends > after)
        found = []
        if len(kept):
            found.append(replace(self, ids=self.ids[kept], starts=self.starts[kept], ends=before[kept]))
        if len(later):
            found.append(replace(self, ids=self.ids[rows[later]], starts=after[later], ends=ends[later]))
        return found

    @property
    def samples(self) -> int:
        """How many samples the columns hold."""
        return len(self.times)

    @property
    def weight(self) -> int:
        """How many bytes of memory it takes."""
        columns = (self.ids, self.starts, self.ends, self.times, self.values)
        return sum(column.nbytes for column in columns) + self.histograms.weight

    @cached_property
    def marks(self) -> Rows:
        """Where in the columns histograms stand, ascending."""
        return np.flatnonzero(mark_mask(self.values))

    @cached_property
    def weights(self) -> Rows:
        """What its first 0, 1, ... histograms weigh together, bytes."""
        return np.append(0, np.cumsum(self.histograms.weights))

    def meets(self, within: TimeRange) -> bool:
        """Whether some sample may lie in the range."""
        return self.first <= within.end and self.last >= within.start

    def lies(self, within: TimeRange) -> bool:
        """Whether every sample lies in the range."""
        return within.start <= self.first and self.last <= within.end


Part = tuple[Run, TimeRange]
"""A run, and the range of it that counts."""


class Scratch:
    """Room for copies of samples that is used again and again: memory that is new costs more than what is copied into it."""

    def __init__(self) -> None:
        self._times, self._values = np.empty(0, np.int64), np.empty(0, np.float64)

    def columns(self, count: int) -> tuple[Times, Values]:
        """Room for so many samples, the same as the last time."""
        if count > len(self._times):
            self._times, self._values = np.empty(count, np.int64), np.empty(count, np.float64)
        return self._times[:count], self._values[:count]


@dataclass(frozen=True, eq=False)
class Slices:
    """Where the samples of s series lie in the columns of runs, oldest write first. Only `part` copies samples.

    bounds: for each run int64 (s,) twice, where each series begins in its columns and ends.
    """

    runs: Sequence[Run]
    bounds: Sequence[tuple[Rows, Rows]]
    series: int

    @cached_property
    def offsets(self) -> Rows:
        """int64 (s + 1,): where each series would begin if they stood one after the other."""
        lengths = np.zeros(self.series + 1, np.int64)
        for low, high in self.bounds:
            lengths[1:] += high - low
        return np.cumsum(lengths)

    @cached_property
    def histograms(self) -> Histograms:
        """One for each mark among the samples, series by series as `part` gives them."""
        if not self._marked:
            return NO_HISTOGRAMS
        starts, lengths = np.empty((2, self.series, len(self._marked)), np.int64)
        before = 0
        for place, (run, first, after) in enumerate(self._marked):
            starts[:, place], lengths[:, place] = before + first, after - first
            before += len(run.histograms)
        return picked([run.histograms for run, _, _ in self._marked], spans(starts.reshape(-1), lengths.reshape(-1)))

    @property
    def histograms_weight(self) -> int:
        """About how many bytes `histograms` take, without making them."""
        return sum(int((run.weights[after] - run.weights[first]).sum()) for run, first, after in self._marked)

    @cached_property
    def _marked(self) -> list[tuple[Run, Rows, Rows]]:
        """Runs with histograms, and of each series which of these are its first one and the one after its last."""
        return [
            (run, np.searchsorted(run.marks, low), np.searchsorted(run.marks, high))
            for run, (low, high) in zip(self.runs, self.bounds, strict=True)
            if len(run.histograms)
        ]

    def of(self, rows: Rows) -> "Slices":
        """Of some of the series alone."""
        return Slices(self.runs, [(low[rows], high[rows]) for low, high in self.bounds], len(rows))

    def within(self, within: TimeRange) -> "Slices":
        """What of it lies in a range."""
        rows = np.arange(self.series)
        met = [(run, bounds) for run, bounds in zip(self.runs, self.bounds, strict=True) if run.meets(within)]
        bounds = [
            (low, high) if run.lies(within) else _bounds(rows, low, high, run.times, within) for run, (low, high) in met
        ]
        return Slices([run for run, _ in met], bounds, self.series)

    def without(self, some: NDArray[np.bool_]) -> "Slices":
        """The same with nothing left of those series that are marked, bool (s,)."""
        bounds = [(np.where(some, 0, low), np.where(some, 0, high)) for low, high in self.bounds]
        return Slices(self.runs, bounds, self.series)

    def part(self, first: int, after: int, room: Scratch) -> tuple[Rows, Times, Values]:
        """Copies of the samples of the series first <= s < after, in `room`: offsets, int64 (after - first + 1,), times, values."""
        offsets = self.offsets[first : after + 1] - self.offsets[first]
        times, values = room.columns(int(offsets[-1]))
        cursors = offsets[:-1].copy()
        for run, (low, high) in zip(self.runs, self.bounds, strict=True):
            append(low[first:after], high[first:after], run.times, run.values, cursors, times, values)
        return offsets, times, values


class Gathering:
    """What parts of runs, oldest write first, hold of some series.

    Making it costs a search per series and run, and no sample is copied.
    """

    def __init__(self, parts: Sequence[Part], wanted: Wanted) -> None:
        parts = [(run, within) for run, within in parts if run.meets(within)]
        self._ids = wanted.ids
        newest, self._disordered = np.full(len(wanted), _BEFORE_ALL), np.zeros(len(wanted), np.bool_)
        bounds = [
            _bounds(wanted.rows_in(run.ids), run.starts, run.ends, run.times, within, newest, self._disordered)
            for run, within in parts
        ]
        self._slices = Slices([run for run, _ in parts], bounds, len(wanted))
        self.samples = int(self._slices.offsets[-1])
        """How many samples there are, repeated writes of one timestamp counted."""
        self.is_ordered = not self._disordered.any()
        """Whether of each series every run holds later times than the runs before, so that nothing has to be settled."""

    def ordered(self) -> Slices:
        """The samples with each series in order of time and the last write of a timestamp alone.

        Series of which runs overlap are copied for that.
        """
        if self.is_ordered:
            return self._slices
        rows = np.flatnonzero(self._disordered)
        some = self._slices.of(rows)
        offsets, times, values = some.part(0, len(rows), Scratch())
        values, histograms = settled(np.ones(len(rows), np.bool_), offsets, times, values, some.histograms)
        times = times[: offsets[-1]]
        low, high = np.zeros((2, len(self._disordered)), np.int64)
        low[rows], high[rows] = offsets[:-1], offsets[1:]
        rest = self._slices.without(self._disordered)
        first, last = int(times.min()), int(times.max())
        own = Run(self._ids[rows], offsets[:-1], offsets[1:], times, values, first, last, histograms)
        return Slices([*rest.runs, own], [*rest.bounds, (low, high)], rest.series)


def _bounds(
    rows: Rows,
    starts: Rows,
    ends: Rows,
    times: Times,
    within: TimeRange,
    newest: Times | None = None,
    disordered: NDArray[np.bool_] | None = None,
) -> tuple[Rows, Rows]:
    """Where the series at these rows of a run begin and end within a range; see `bound` for the last two, which may be left out."""
    low, high = np.empty((2, len(rows)), np.int64)
    if newest is None or disordered is None:
        newest, disordered = np.full(len(rows), _BEFORE_ALL), np.empty(len(rows), np.bool_)
    bound(rows, starts, ends, times, within.start, within.end, low, high, newest, disordered)
    return low, high


class GatheredColumns(SeriesColumns):
    """An answer whose samples still lie in runs, which never change: `times`, `values` and `histograms` copy when asked for.

    What is large is better read part by part from `slices`, so that copies stay in the processor's cache.
    """

    def __init__(self, labels: LabelSets, ids: Ids, slices: Slices) -> None:
        """Of s series with at least one sample each, in ascending order of labels; the slices are ordered."""
        for name, value in (("labels", labels), ("ids", ids), ("offsets", slices.offsets), ("slices", slices)):
            object.__setattr__(self, name, value)  # frozen, and whoever copies sets the rest

    slices: Slices

    @cached_property
    def _columns(self) -> tuple[Times, Values]:
        return self.slices.part(0, len(self), Scratch())[1:]

    @property
    @override
    def times(self) -> Times:
        return self._columns[0]

    @property
    @override
    def values(self) -> Values:
        return self._columns[1]

    @property
    @override
    def histograms(self) -> Histograms:
        return self.slices.histograms

    @property
    @override
    def samples(self) -> int:
        return int(self.offsets[-1])

    @property
    @override
    def cost(self) -> int:
        return self.samples + self.slices.histograms_weight // SAMPLE_BYTES


def columns(known: KnownSeries, gathering: Gathering) -> SeriesColumns:
    """The gathered samples of these series as an answer; series without a sample are left out."""
    slices = gathering.ordered()
    rows = np.flatnonzero(np.diff(slices.offsets))
    if not len(rows):
        return SeriesColumns.empty()
    some = slices if len(rows) == slices.series else slices.of(rows)
    return GatheredColumns(known.label_sets(rows), known.ids[rows], some)


def merged(runs: Sequence[Run], within: TimeRange) -> Run | None:
    """One run of what several, oldest write first, hold within a range; None when that is nothing."""
    ids = runs[0].ids
    if not all(run.ids is ids or np.array_equal(run.ids, ids) for run in runs):
        ids = np.unique(np.concatenate([run.ids for run in runs]))
    slices = Gathering([(run, within) for run in runs], Wanted(ids)).ordered()
    offsets, times, values = slices.part(0, len(ids), Scratch())
    if not len(times):
        return None
    first, last = int(times.min()), int(times.max())
    return Run(ids, offsets[:-1], offsets[1:], times, values, first, last, slices.histograms)
