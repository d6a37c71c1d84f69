"""The newest samples in the order in which they came, found by series without looking at those of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.chain import collect, link, weigh
from sightline.domain.kernels.gather import settle
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, mark_mask, picked, together
from sightline.domain.metrics.samples import Index, Times, Values
from sightline.domain.metrics.sliding import Sliding
from sightline.domain.timerange import TimeRange

_PART_BYTES: Final = 4 << 20
"""Of histograms that are put together: what takes longer than a millisecond would hold up whoever adds."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Histograms that came one after another; samples: int64 (h,), the numbers of their marks among all samples ever."""

    samples: NDArray[np.int64]
    histograms: Histograms


@dataclass(frozen=True, slots=True, eq=False)
class ChainsView:
    """A moment of some chains; reading it is safe from any thread while samples are added and dropped.

    heads: int64 (s,), the last piece of each chain. held: how many samples all chains have. parts: the histograms among them. The
    rest is what `kernels.chain` says.
    """

    heads: NDArray[np.int64]
    first_piece: int
    first_sample: int
    held: int
    previous: NDArray[np.int64]
    starts: NDArray[np.int64]
    times: Times
    values: Values
    parts: Sequence[_Part]

    def __bool__(self) -> bool:
        """Whether any of the chains holds a sample."""
        return bool((self.heads >= self.first_piece).any())

    def settled(self, within: TimeRange) -> tuple[NDArray[np.int64], Times, Values, Histograms]:
        """Offsets, int64 (s + 1,), times, values, histograms: each chain in order of time, the last write of a timestamp alone."""
        offsets = np.zeros(len(self.heads) + 1, np.int64)
        place = (self.heads, self.first_piece, self.first_sample, self.previous, self.starts, self.times)
        weigh(*place, within.start, within.end, offsets[1:])
        np.cumsum(offsets, out=offsets)
        bounds = offsets.copy()
        times, values = self._collected(within, offsets, self.values)
        if not self.parts or not mark_mask(values).any():
            return offsets, times, values, NO_HISTOGRAMS
        numbers = np.arange(self.held, dtype=np.int64)
        times, found = self._collected(within, bounds, numbers.view(np.float64))
        rows = found.view(np.int64)
        values = self.values[rows]
        every = np.concatenate([part.samples for part in self.parts])
        marked = np.searchsorted(every, self.first_sample + rows[mark_mask(values)])
        return offsets, times, values, picked([part.histograms for part in self.parts], marked)

    def _collected(self, within: TimeRange, offsets: NDArray[np.int64], column: Values) -> tuple[Times, Values]:
        """Times, and what the column has at the samples; offsets, which give room to each chain, are moved together."""
        times, found = np.empty(offsets[-1], np.int64), np.empty(offsets[-1], np.float64)
        disordered = np.zeros(len(self.heads), np.bool_)
        place = (self.heads, self.first_piece, self.first_sample, self.previous, self.starts, self.times)
        collect(*place, column, within.start, within.end, offsets, times, found, disordered)
        if disordered.any():
            settle(disordered, offsets, times, found)
        return times[: offsets[-1]], found[: offsets[-1]]


class Chains:
    """Samples of many series, each series a row. Changed from one thread only.

    A view keeps the columns that it was made of: they are only written behind what it can see.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._heads = np.empty(0, np.int64)
        self._first_piece = self._end_piece = 0
        self._first_sample = self._end_sample = 0
        self._previous, self._starts = Sliding(np.empty(0, np.int64)), Sliding(np.zeros(1, np.int64))
        self._times, self._values = Sliding(np.empty(0, np.int64)), Sliding(np.empty(0, np.float64))
        self._parts: list[_Part] = []

    def reserve(self, rows: int) -> None:
        """Have room for rows 0, 1, ... rows - 1."""
        if rows > len(self._heads):
            self._heads = lengthened(self._heads, rows, -1)

    def add(
        self,
        rows: NDArray[np.int64],
        index: Index,
        times: Times,
        values: Values,
        histograms: Histograms = NO_HISTOGRAMS,
    ) -> None:
        """Add n samples; rows (k,): of each series, -1 for one that is not to be found; index (n,): whose a sample is."""
        count = len(times)
        if not count:
            return
        pieces, samples = self._end_piece - self._first_piece, self._end_sample - self._first_sample
        self._previous.make_room(pieces, count)
        self._starts.make_room(pieces + 1, count)
        for column, new in ((self._times, times), (self._values, values)):
            column.make_room(samples, count)
            column.rows[samples : samples + count] = new
        previous, starts = self._previous.rows, self._starts.rows
        self._end_piece = link(
            rows, index, self._end_piece, self._end_sample, self._first_piece, self._heads, previous, starts
        )
        if len(histograms):
            self._take(_Part(self._end_sample + np.flatnonzero(mark_mask(values)), histograms))
        self._end_sample += count

    def _take(self, part: _Part) -> None:
        """Keep histograms, in parts that are few and never change."""
        self._parts.append(part)
        while len(self._parts) > 1:
            last, before = self._parts[-1].histograms.weight, self._parts[-2].histograms.weight
            if before > 2 * last or before + last > _PART_BYTES:
                return
            two = self._parts[-2:]
            joined = together([one.histograms for one in two])
            self._parts[-2:] = [_Part(np.concatenate([one.samples for one in two]), joined)]

    def drop(self, count: int) -> None:
        """Forget the oldest `count` samples, which are whole additions."""
        pieces = self._end_piece - self._first_piece
        gone = int(np.searchsorted(self._starts.rows[:pieces], self._first_sample + count))
        self._first_piece, self._first_sample = self._first_piece + gone, self._first_sample + count
        self._previous.forget(gone)
        self._starts.forget(gone)
        self._times.forget(count)
        self._values.forget(count)
        self._parts = [part for part in self._parts if part.samples[-1] >= self._first_sample]

    def view(self, rows: NDArray[np.int64]) -> ChainsView:
        """The chains of some rows as they are now; row -1 is an empty one."""
        heads = np.full(len(rows), -1, np.int64)
        there = rows >= 0
        heads[there] = self._heads[rows[there]]
        return ChainsView(
            heads,
            self._first_piece,
            self._first_sample,
            self._end_sample - self._first_sample,
            self._previous.rows,
            self._starts.rows,
            self._times.rows,
            self._values.rows,
            tuple(self._parts),
        )
