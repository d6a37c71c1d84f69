"""Tombstones: what was deleted and still lies in the store, and what of it is left to see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.samples import Ids, Times
from sightline.domain.timerange import TimeRange

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Deleted:
    """What a delete did. emptied: uint64 (e,), ascending, the ids of series of which no sample is left."""

    ids: Ids
    emptied: Ids

    @classmethod
    def nothing(cls) -> "Deleted":
        """No series matched."""
        none = np.empty(0, np.uint64)
        return cls(none, none)


@dataclass(frozen=True, slots=True, eq=False)
class Tombstone:
    """One delete: of these series, uint64 (k,) ascending, the samples in the range that came in sealed ranges below `before`.

    number: which delete. metrics: uint64 (k,), those of the series.
    """

    number: int
    ids: Ids
    metrics: Ids
    within: TimeRange
    before: int

    def covers(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of some ids (n,) are of its series."""
        return among(ids, self.ids)

    def meets(self, within: TimeRange) -> bool:
        """Whether it deletes anything in a range."""
        return self.within.start <= within.end and self.within.end >= within.start


@dataclass(frozen=True, slots=True, eq=False)
class Visible:
    """What of some chunks is left: of the chunk rows[i] the samples from lows[i] to highs[i], both included, ms. All (p,).

    A chunk with a hole in it comes twice.
    """

    rows: Rows
    lows: Times
    highs: Times


def among(ids: Ids, some: Ids) -> NDArray[np.bool_]:
    """Which of the ids (n,) are among some, which ascend."""
    if not len(some):
        return np.zeros(len(ids), np.bool_)
    found: NDArray[np.bool_] = some[np.minimum(np.searchsorted(some, ids), len(some) - 1)] == ids
    return found


def visible(
    tombstones: Sequence[Tombstone], ids: Ids, seqs: Ids, firsts: Times, lasts: Times, within: TimeRange
) -> Visible:
    """What of c chunks, with samples from `firsts` to `lasts` (c,), is left within a range.

    ids, seqs: uint64 (c,), whose each is and in which sealed range it came.
    """
    rows = np.arange(len(ids))
    lows, highs = np.full(len(ids), within.start), np.full(len(ids), within.end)
    for one in tombstones:
        if not one.meets(within):
            continue
        start, end = one.within.start, one.within.end
        hit = (np.maximum(lows, firsts[rows]) <= end) & (np.minimum(highs, lasts[rows]) >= start)
        hit &= (seqs[rows] < np.uint64(one.before)) & one.covers(ids[rows])
        if not hit.any():
            continue
        before = hit & (np.maximum(lows, firsts[rows]) < start)
        after = hit & (np.minimum(highs, lasts[rows]) > end)
        kept = ~hit
        lows, highs, rows = (
            np.concatenate([lows[kept], lows[before], np.full(after.sum(), end + 1)]),
            np.concatenate([highs[kept], np.full(before.sum(), start - 1), highs[after]]),
            np.concatenate([rows[kept], rows[before], rows[after]]),
        )
    return Visible(rows, lows, highs)
