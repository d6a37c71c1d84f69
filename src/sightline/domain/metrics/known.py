"""Series that a query has found, before any sample is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.gather import find
from sightline.domain.labels import Labels, metric_id
from sightline.domain.metrics.label_sets import LabelSets
from sightline.domain.metrics.roster import Named, Roster
from sightline.domain.metrics.samples import Ids, Index

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Wanted:
    """s series by their ids, distinct, in the order in which an answer shall have them.

    ids: uint64 (s,).
    """

    ids: Ids

    def __len__(self) -> int:
        """How many series."""
        return len(self.ids)

    @cached_property
    def _by_id(self) -> Rows:
        return np.argsort(self.ids)

    @cached_property
    def ascending(self) -> Ids:
        """uint64 (s,), the ids in ascending order."""
        return self.ids[self._by_id]

    def rows_in(self, ids: Ids) -> Rows:
        """int64 (s,), where each series stands among `ids`, which ascend; -1 where it does not."""
        rows = np.empty(len(self.ids), np.int64)
        find(self.ascending, self._by_id, ids, rows)
        return rows


@dataclass(frozen=True, eq=False)
class KnownSeries(Wanted):
    """Series in ascending order of labels. Shared between queries: nobody writes into it.

    labels: s label sets. named: the same in a roster, where that is where they were found. _some: the rows that `label_sets` was
    last asked for, and what it gave.
    """

    labels: tuple[Labels, ...]
    named: Named | None = None
    _some: list[tuple[Rows, LabelSets]] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def of(cls, labels: Sequence[Labels], ids: Sequence[int]) -> "KnownSeries":
        """From label sets and their ids, in any order."""
        pairs = sorted(zip(labels, ids, strict=True))
        return cls(np.array([number for _, number in pairs], np.uint64), tuple(one for one, _ in pairs))

    def of_rows(self, rows: NDArray[np.intp]) -> "KnownSeries":
        """Some of the series, (k,) ascending."""
        return KnownSeries(self.ids[rows], tuple([self.labels[row] for row in rows.tolist()]))

    def numbers_in(self, roster: Roster) -> Index:
        """The numbers of the series in a roster, uint32 (s,), in ascending order of ids."""
        return roster.numbers(self.labels if self.named is None else self.named)[self._by_id]

    @cached_property
    def metrics(self) -> tuple[int, ...]:
        """The ids of the metrics that the series belong to."""
        return tuple(sorted(metric_id(name) for name in {one.name for one in self.labels}))

    @cached_property
    def _all(self) -> LabelSets:
        return LabelSets(self.labels)

    def label_sets(self, rows: Rows) -> LabelSets:
        """The labels of some of the series, int64 (k,) ascending; the same object as long as it is the same series."""
        if len(rows) == len(self):
            return self._all
        if self._some and np.array_equal(self._some[0][0], rows):
            return self._some[0][1]
        made = LabelSets([self.labels[row] for row in rows.tolist()])
        self._some[:] = [(rows, made)]
        return made


NO_SERIES: Final = KnownSeries(np.empty(0, np.uint64), ())
