"""From samples to a vector through the windows of a selector, and from a vector back to samples: what a subquery gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels import reduce
from sightline.domain.metrics.native_histograms import MARK, NO_HISTOGRAMS, Histograms, ResetHint, mark_mask
from sightline.domain.metrics.runs import GatheredColumns, Scratch
from sightline.domain.metrics.samples import STALE, SeriesColumns, Times, Values, stale_mask
from sightline.domain.promql.plan import Instants
from sightline.domain.promql.planes import FLOAT
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import SECOND, Grid, TimeRange

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Csr = tuple[Rows, Times, Values]
"""Series in compressed rows: int64 (s + 1,) offsets into the times and values."""

# So many samples and values are worked on at a time that they stay in a core's cache: 16 and 9 bytes each.
_BLOCK_SAMPLES: Final = 32_768
_BLOCK_VALUES: Final = 65_536
# A part of the instants is so many at least, and so many windows long, unless that leaves too few parts to share.
_FEWEST_INSTANTS: Final = 32
_FEWEST_WINDOWS: Final = 4
_FEWEST_PARTS: Final = 4
# So many samples, each counted in every window it is in, take a moment: then it is looked up whether anybody still waits.
_MOMENT: Final = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class Windowed:
    """A function of the windows over some samples, before any of them is looked at.

    columns: s series. at, width: the windows, ms. kernel: one of kernels/window.py and its kin; constants, scalars: what it takes
    between width and outputs, the scalars being float64 (p,), one for each instant. keeps_stale: whether stale markers are samples
    to the kernel; otherwise they are left out. is_anew: whether the kernel goes through each window anew.
    """

    columns: SeriesColumns
    at: Instants
    width: int
    kernel: Callable[..., None]
    constants: tuple[object, ...] = ()
    scalars: tuple[Values, ...] = ()
    keeps_stale: bool = False
    is_anew: bool = False

    @property
    def is_large(self) -> bool:
        """Whether the matrix of all values is larger than a cache, and has instants enough to be shared among threads."""
        return self.at.points >= _FEWEST_INSTANTS and len(self.columns) * self.at.points >= 2 * _BLOCK_VALUES

    def vector(self, resources: Resources) -> Vector:
        """The value of each series at each instant, rows spread among threads."""
        source = _source(self.columns)
        out = np.empty((len(self.columns), self.at.points))
        present = np.empty(out.shape, np.bool_)

        def part(first: int, after: int) -> None:
            room = Scratch()
            for low, high in _blocks(source.offsets, first, after, self.at.points):
                self._fill(source.part(low, high, room), self.at, 0, resources, out[low:high], present[low:high])

        resources.run(len(self.columns), part)
        return Vector(self.columns.labels, out, present)

    def folded(self, group: Rows, groups: int, function: int, resources: Resources) -> tuple[Values, Mask]:
        """The series folded into groups, instant by instant, instants spread among threads; see kernels/reduce.py.

        Equal to the fold of `vector` bit for bit, as each group takes its rows in the same order; but the vector, which may be
        hundreds of MB, is never there as a whole. Returns values and presence, (groups, p).
        """
        out = np.empty((groups, self.at.points))
        found = np.empty(out.shape, np.bool_)

        def part(first: int, after: int) -> None:
            at = Instants(self.at.start + first * self.at.step, self.at.step, after - first)
            source = _source(self.columns, TimeRange(at.start - self.width + 1, at.last))
            state, room = reduce.state(function, groups, at.points), Scratch()
            block = np.empty((_most_rows(at.points), at.points))
            there = np.empty(block.shape, np.bool_)
            for low, high in _blocks(source.offsets, 0, len(self.columns), at.points):
                values, present = block[: high - low], there[: high - low]
                self._fill(source.part(low, high, room), at, first, resources, values, present)
                reduce.accumulate(values, present, group[low:high], function, 0, at.points, state)
            out[:, first:after], found[:, first:after] = reduce.finished(function, state)

        # Two parts that meet both read the samples of a window, so that more parts are not always better.
        shared = self.width // max(1, self.at.step)
        fewest = min(_FEWEST_WINDOWS * shared, self.at.points // _FEWEST_PARTS)
        resources.run(self.at.points, part, fewest=max(_FEWEST_INSTANTS, fewest))
        return out, found

    def _fill(self, samples: Csr, at: Instants, first: int, resources: Resources, out: Values, present: Mask) -> None:
        """Run the kernel at these instants, of which the first is the first-th, some of them at a time where that takes long."""
        offsets, times, values = samples
        size = self._at_once(offsets, at)
        if size >= at.points:
            resources.check()
            self._run(samples, at, slice(first, first + at.points), out, present)
            return
        for row in range(len(offsets) - 1):
            for begin in range(0, at.points, size):
                resources.check()
                end = min(begin + size, at.points)
                part = Instants(at.start + begin * at.step, at.step, end - begin)
                seen = _seen((offsets[row : row + 2], times, values), part, self.width)
                place = slice(row, row + 1), slice(begin, end)
                self._run(seen, part, slice(first + begin, first + end), out[place], present[place])

    def _at_once(self, offsets: Rows, at: Instants) -> int:
        """How many instants take a moment."""
        if not self.is_anew:
            return at.points
        samples = int(offsets[-1] - offsets[0])
        return max(1, _MOMENT // (samples * self.width // (at.last - at.start + self.width) + 1))

    def _run(self, samples: Csr, at: Instants, instants: slice, out: Values, present: Mask) -> None:
        if not self.keeps_stale:
            samples = _without_stale(*samples)
        scalars = (one[instants] for one in self.scalars)
        self.kernel(*samples, at.start, at.step, self.width, *self.constants, *scalars, out, present)


class _Source(Protocol):
    """Samples that can be read part by part."""

    @property
    def offsets(self) -> Rows: ...

    def part(self, first: int, after: int, room: Scratch, /) -> Csr: ...


@dataclass(frozen=True, slots=True)
class _Whole:
    """Columns that lie in one piece: a part is a view."""

    columns: SeriesColumns

    @property
    def offsets(self) -> Rows:
        return self.columns.offsets

    def part(self, first: int, after: int, _room: Scratch, /) -> Csr:
        return self.columns.offsets[first : after + 1], self.columns.times, self.columns.values


def _source(columns: SeriesColumns, within: TimeRange | None = None) -> _Source:
    """How to read these columns; of those that are still to be copied, only what lies in the range."""
    if not isinstance(columns, GatheredColumns):
        return _Whole(columns)
    return columns.slices if within is None else columns.slices.within(within)


def _seen(samples: Csr, at: Instants, width: int) -> Csr:
    """Of one series the samples that windows see, which are not copied."""
    offsets, times, values = samples
    own = times[offsets[0] : offsets[1]]
    bounds = np.searchsorted(own, [at.start - width, at.last], "right")
    return np.ascontiguousarray(offsets[0] + bounds, np.int64), times, values


def _most_rows(points: int) -> int:
    return max(1, _BLOCK_VALUES // max(1, points))


def _blocks(offsets: Rows, first: int, after: int, points: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows, [first, after) together, each with about as much as a cache holds."""
    most = _most_rows(points)
    while first < after:
        full = int(np.searchsorted(offsets, offsets[first] + _BLOCK_SAMPLES, "right")) - 1
        end = min(after, max(first + 1, min(full, first + most)))
        yield first, end
        first = end


def _without_stale(offsets: Rows, times: Times, values: Values) -> Csr:
    begin, end = offsets[0], offsets[-1]
    stale = stale_mask(values[begin:end])
    if not stale.any():
        return offsets, times, values
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(~stale)))
    return before[offsets - begin], times[begin:end][~stale], values[begin:end][~stale]


def columns_of(vector: Vector, grid: Grid) -> SeriesColumns:
    """The elements of a vector as samples at the instants of its grid; series without any are left out, ids are all 0."""
    count = vector.present.sum(axis=1)
    rows = np.flatnonzero(count)
    there = vector.present[rows]
    return SeriesColumns(
        tuple(vector.labels[row] for row in rows.tolist()),
        np.zeros(len(rows), np.uint64),
        np.concatenate((np.zeros(1, np.int64), np.cumsum(count[rows]))),
        np.broadcast_to(grid.times(), there.shape)[there],
        *_samples(vector, rows, there),
    )


def _samples(vector: Vector, rows: Rows, there: Mask) -> tuple[Values, Histograms]:
    """The elements of some rows that are there, as samples."""
    values = vector.values[rows][there]
    if vector.histograms is None:
        return values, NO_HISTOGRAMS
    index = vector.histograms.index[rows][there]
    values[index != FLOAT] = MARK
    found = vector.histograms.pool.take(index[index != FLOAT])
    # What they say of the one before is not about the one that stands before them here.
    hints = np.where(found.reset == ResetHint.GAUGE, found.reset, np.uint8(ResetHint.UNKNOWN))
    return values, replace(found, reset=hints)


def timestamps(columns: SeriesColumns) -> SeriesColumns:
    """The columns with each value replaced by its sample's time in seconds; stale markers stay."""
    values = np.where(stale_mask(columns.values), STALE, columns.times / SECOND)
    return SeriesColumns(columns.labels, columns.ids, columns.offsets, columns.times, values)


def kept(columns: SeriesColumns, keep: NDArray[np.bool_]) -> SeriesColumns:
    """The columns of the samples marked, without series that have none left."""
    before = np.concatenate(([0], np.cumsum(keep)))
    offsets = before[columns.offsets]
    rows = np.flatnonzero(np.diff(offsets))
    return SeriesColumns(
        tuple(columns.labels[row] for row in rows),
        columns.ids[rows],
        np.ascontiguousarray(np.append(offsets[rows], offsets[-1])),
        columns.times[keep],
        columns.values[keep],
        _histograms(columns, np.flatnonzero(keep)),
    )


def in_order(columns: SeriesColumns) -> SeriesColumns:
    """The series in ascending order of labels."""
    order = sorted(range(len(columns)), key=columns.labels.__getitem__)
    if not order:
        return columns
    rows = np.array(order)
    begin, count = columns.offsets[rows], np.diff(columns.offsets)[rows]
    after = np.cumsum(count)
    samples = np.repeat(begin - (after - count), count) + np.arange(int(after[-1]))
    return SeriesColumns(
        tuple(columns.labels[row] for row in order),
        columns.ids[rows],
        np.concatenate((np.zeros(1, np.int64), after)),
        columns.times[samples],
        columns.values[samples],
        _histograms(columns, samples),
    )


def _histograms(columns: SeriesColumns, samples: Rows) -> Histograms:
    """Those of some samples."""
    if not len(columns.histograms):
        return columns.histograms
    marks = mark_mask(columns.values)
    return columns.histograms.take((np.cumsum(marks) - 1)[samples[marks[samples]]])
