"""The newest samples in the order in which they came, found by series without looking at those of others."""

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.chain import collect, link, weigh
from sightline.domain.kernels.gather import settle
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.samples import Index, Times, Values
from sightline.domain.timerange import TimeRange

_Scalar = TypeVar("_Scalar", bound=np.generic)

_FEWEST: Final = 1024
_ROOM: Final = 4  # how many times what is held there is room for; with less, what is held would be moved more often
_SPARSE: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class ChainsView:
    """A moment of some chains; reading it is safe from any thread while samples are added and dropped.

    heads: int64 (s,), the last piece of each chain. The rest is what `kernels.chain` says.
    """

    heads: NDArray[np.int64]
    first_piece: int
    first_sample: int
    previous: NDArray[np.int64]
    starts: NDArray[np.int64]
    times: Times
    values: Values

    def __bool__(self) -> bool:
        """Whether any of the chains holds a sample."""
        return bool((self.heads >= self.first_piece).any())

    def settled(self, within: TimeRange) -> tuple[NDArray[np.int64], Times, Values]:
        """Offsets, int64 (s + 1,), times and values: each chain in order of time, the last write of a timestamp alone."""
        place = (self.heads, self.first_piece, self.first_sample, self.previous, self.starts)
        offsets = np.zeros(len(self.heads) + 1, np.int64)
        weigh(*place, self.times, within.start, within.end, offsets[1:])
        np.cumsum(offsets, out=offsets)
        times, values = np.empty(offsets[-1], np.int64), np.empty(offsets[-1], np.float64)
        disordered = np.zeros(len(self.heads), np.bool_)
        collect(*place, self.times, self.values, within.start, within.end, offsets, times, values, disordered)
        if disordered.any():
            settle(disordered, offsets, times, values)
        return offsets, times[: offsets[-1]], values[: offsets[-1]]


class Chains:
    """Samples of many series, each series a row. Changed from one thread only.

    A view keeps the columns that it was made of: they are only written behind what it can see, and replaced when room is needed.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._heads = np.empty(0, np.int64)
        self._first_piece = self._end_piece = 0
        self._first_sample = self._end_sample = 0
        self._previous = np.empty(0, np.int64)
        self._starts = np.zeros(1, np.int64)
        self._given = 0  # samples that the memory behind the columns has room for
        self._times = np.empty(0, np.int64)
        self._values = np.empty(0, np.float64)

    def reserve(self, rows: int) -> None:
        """Have room for rows 0, 1, ... rows - 1."""
        if rows > len(self._heads):
            self._heads = lengthened(self._heads, rows, -1)

    def add(self, rows: NDArray[np.int64], index: Index, times: Times, values: Values) -> None:
        """Add n samples; rows (k,): of each series, -1 for one that is not to be found; index (n,): whose a sample is."""
        count = len(times)
        if not count:
            return
        self._make_room(count)
        at = self._end_sample - self._first_sample
        self._times[at : at + count] = times
        self._values[at : at + count] = values
        self._end_piece = link(
            rows, index, self._end_piece, self._end_sample, self._first_piece, self._heads, self._previous, self._starts
        )
        self._end_sample += count

    def drop(self, count: int) -> None:
        """Forget the oldest `count` samples, which are whole additions."""
        pieces = self._end_piece - self._first_piece
        gone = int(np.searchsorted(self._starts[:pieces], self._first_sample + count))
        self._first_piece, self._first_sample = self._first_piece + gone, self._first_sample + count
        self._previous, self._starts = self._previous[gone:], self._starts[gone:]
        self._times, self._values = self._times[count:], self._values[count:]
        self._give_room_back()

    def view(self, rows: NDArray[np.int64]) -> ChainsView:
        """The chains of some rows as they are now; row -1 is an empty one."""
        heads = np.full(len(rows), -1, np.int64)
        there = rows >= 0
        heads[there] = self._heads[rows[there]]
        return ChainsView(
            heads, self._first_piece, self._first_sample, self._previous, self._starts, self._times, self._values
        )

    def _give_room_back(self) -> None:
        """Let columns go that are mostly of samples dropped."""
        samples = self._end_sample - self._first_sample
        pieces = self._end_piece - self._first_piece
        if self._given > _SPARSE * max(samples, _FEWEST):
            self._given = samples
            self._times, self._values = _moved(self._times, samples, samples), _moved(self._values, samples, samples)
            self._previous, self._starts = (
                _moved(self._previous, pieces, pieces),
                _moved(self._starts, pieces + 1, pieces + 1),
            )

    def _make_room(self, count: int) -> None:
        """Have room for so many more samples and as many pieces; columns are replaced, never moved within."""
        samples = self._end_sample - self._first_sample
        if samples + count > len(self._times):
            size = max(_FEWEST, _ROOM * (samples + count))
            self._given = size
            self._times = _moved(self._times, samples, size)
            self._values = _moved(self._values, samples, size)
        pieces = self._end_piece - self._first_piece
        if pieces + count > len(self._previous):
            size = max(_FEWEST, _ROOM * (pieces + count))
            self._previous = _moved(self._previous, pieces, size)
            self._starts = _moved(self._starts, pieces + 1, size + 1)


def _moved(column: NDArray[_Scalar], count: int, size: int) -> NDArray[_Scalar]:
    """A column of `size` rows with the first `count` of another."""
    roomy = np.empty(size, column.dtype)
    roomy[:count] = column[:count]
    return roomy
