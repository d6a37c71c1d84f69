"""What windows of samples hold in few numbers: enough for count, present, min and max over time, with no sample at hand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.over_time import COUNT, MAX, MIN, over_time
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns, Values, stale_mask


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


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """Of each of s series in each of w windows, (s, w); stale markers are no samples.

    counts: int64, how many samples. least, greatest: float64, as PromQL's min_over_time and max_over_time have them: NaN only where
    all are; 0 where there is none.
    """

    counts: NDArray[np.int64]
    least: Values
    greatest: Values

    @classmethod
    def empty(cls, series: int, windows: int) -> "Digest":
        """No samples."""
        shape = (series, windows)
        return cls(np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape))

    def put(self, known: KnownSeries, columns: SeriesColumns, windows: Windows) -> None:
        """Replace what it says of the series of `columns`, which are some of `known`, by what their samples say."""
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
