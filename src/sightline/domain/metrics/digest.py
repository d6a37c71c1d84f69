"""What windows of samples hold in few numbers: enough for count, present, min and max over time, with no sample at hand."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.over_time import COUNT, MAX, MIN, over_time
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import STALE, SeriesColumns, Values, stale_mask
from sightline.domain.timerange import TimeRange

_MANY: Final = 8  # of so many series one has newer samples: then it is sooner read than told
_CELL_SAMPLES: Final = 2
"""So many samples take as much memory as the three numbers of a series and window, and some for working on them."""


class Statistic(StrEnum):
    """Which of its numbers is wanted of a window."""

    COUNT = "count"
    LEAST = "least"
    GREATEST = "greatest"


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows (start + i * width, start + (i + 1) * width], i < count; left-open, right-closed, one after the other, in ms."""

    start: int
    width: int
    count: int

    @property
    def end(self) -> int:
        """Where the last one ends."""
        return self.start + self.width * self.count

    @property
    def within(self) -> TimeRange:
        """The times of all of them."""
        return TimeRange(self.start + 1, self.end)

    def before(self, instant: int) -> "Windows":
        """Those that end before an instant, ms."""
        return replace(self, count=min(max(0, (instant - 1 - self.start) // self.width), self.count))


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """Of each of s series in each of w windows, (s, w); stale markers are no samples.

    counts: int64, how many samples. least, greatest: float64, as PromQL's min_over_time and max_over_time have them: NaN only where
    all are; 0 where there is none. marked: bool (s,), the series with native histograms, which count and are neither least nor
    greatest of anything: the other two do not tell of these series.
    """

    counts: NDArray[np.int64]
    least: Values
    greatest: Values
    marked: NDArray[np.bool_]

    @staticmethod
    def fits(series: int, windows: Windows, limit: int) -> bool:
        """Whether it takes no more memory than `limit` samples do."""
        return series * windows.count * _CELL_SAMPLES <= limit

    @classmethod
    def empty(cls, series: int, windows: int) -> "Digest":
        """No samples."""
        shape = (series, windows)
        return cls(np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape), np.zeros(series, np.bool_))

    def forget(self, rows: NDArray[np.intp]) -> None:
        """Say of some series, (k,), that they have no samples."""
        for numbers in (self.counts, self.least, self.greatest, self.marked):
            numbers[rows] = 0

    def put(self, known: KnownSeries, columns: SeriesColumns, windows: Windows) -> None:
        """Replace what it says of the series of `columns`, which are some of `known`, by what their samples say.

        Of native histograms the marks are enough.
        """
        stale = stale_mask(columns.values)
        fresh = np.concatenate(([0], np.cumsum(~stale)))
        offsets, times, values = fresh[columns.offsets], columns.times[~stale], columns.values[~stale]
        order = np.argsort(columns.ids)
        at = known.rows_in(columns.ids[order])
        rows = np.flatnonzero(at >= 0)
        picked = order[at[rows]]
        for function, to in ((COUNT, self.counts), (MIN, self.least), (MAX, self.greatest)):
            out = np.zeros((len(columns), windows.count))
            present = np.zeros(out.shape, np.bool_)
            first = windows.start + windows.width
            over_time(offsets, times, values, first, windows.width, windows.width, function, out, present)
            to[rows] = np.where(present, out, 0)[picked]
        marks = np.append(0, np.cumsum(mark_mask(columns.values)))[columns.offsets]
        self.marked[rows] = (np.diff(marks) > 0)[picked]

    def needing_samples(self, statistic: Statistic) -> NDArray[np.bool_]:
        """Which series, bool (s,), `columns` leaves out because their samples alone tell."""
        return self.marked & (statistic is not Statistic.COUNT)

    def columns(
        self, known: KnownSeries, windows: Windows, statistic: Statistic, rows: NDArray[np.bool_] | None = None
    ) -> SeriesColumns:
        """A statistic of each window that holds samples, as one sample at the window's end; series without any are left out.

        rows: bool (s,), the series that are wanted; all when it is None. Those of `needing_samples` do not come.
        """
        wanted = ~self.needing_samples(statistic) if rows is None else rows & ~self.needing_samples(statistic)
        there = (self.counts > 0) & wanted[:, np.newaxis]
        counts = there.sum(axis=1)
        some = np.flatnonzero(counts)
        kept = there[some]
        of = {Statistic.COUNT: self.counts, Statistic.LEAST: self.least, Statistic.GREATEST: self.greatest}[statistic]
        ends = windows.start + windows.width * np.arange(1, windows.count + 1, dtype=np.int64)
        return SeriesColumns(
            known.label_sets(some),
            known.ids[some],
            np.append(0, np.cumsum(counts[some])),
            np.broadcast_to(ends, kept.shape)[kept],
            of[some][kept].astype(np.float64),
        )


def undigested(columns: SeriesColumns, statistic: Statistic) -> SeriesColumns:
    """Samples that stand beside those of `Digest.columns`: each is its own least and greatest, and counts one."""
    if statistic is not Statistic.COUNT or not columns.samples:
        return columns
    values = np.where(stale_mask(columns.values), STALE, 1.0)
    return SeriesColumns(columns.labels, columns.ids, columns.offsets, columns.times, values)


def parted(newer: Run | None, windows: Windows, known: KnownSeries) -> tuple[Windows, NDArray[np.bool_]]:
    """Which windows are best told by a digest that knows nothing of some newer samples, and which series have such samples there.

    Gives the first windows, up to one in which many series have newer samples, and bool (s,), the series that have some before.
    """
    late = np.zeros(len(known), np.bool_)
    if newer is None:
        return windows, late
    row = np.repeat(np.arange(len(newer.ids)), newer.ends - newer.starts)
    times = newer.times[spans(newer.starts, newer.ends - newer.starts)]
    window = (times - windows.start - 1) // windows.width
    touched = np.unique(row * windows.count + window) % windows.count
    crowded = np.flatnonzero(np.bincount(touched, minlength=windows.count) * _MANY > len(known))
    early = replace(windows, count=int(crowded[0]) if len(crowded) else windows.count)
    of = known.rows_in(newer.ids)
    late[of >= 0] = np.isin(of[of >= 0], row[window < early.count])
    return early, late
