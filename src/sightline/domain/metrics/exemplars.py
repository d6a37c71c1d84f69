"""Exemplars: single measurements that stand for what a series counts, with labels of their own that lead to a trace.

Source: https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Index, Times, Values

MAX_CHARACTERS: Final = 128
"""Characters that the names and values of an exemplar's own labels may have together."""


@dataclass(frozen=True, slots=True, eq=False)
class ExemplarBatch:
    """What one request or one scrape brings: n exemplars of k series, each series' in the order in which they count.

    series: k label sets; those that a roster has numbered come as its `Named`. owners: uint32 (n,), whose each is.
    labels: n own label sets, as their canonical bytes. values: float64 (n,). times: int64 (n,), ms.
    timed: bool (n,), whether the time came with the exemplar; otherwise it is that of the sample it came with.
    unreadable: how many more were left out because their own labels are no label set.
    """

    series: Sequence[Labels]
    owners: Index
    labels: Sequence[bytes]
    values: Values
    times: Times
    timed: NDArray[np.bool_]
    unreadable: int = 0

    def __len__(self) -> int:
        """How many exemplars."""
        return len(self.times)

    @classmethod
    def empty(cls) -> "ExemplarBatch":
        """No exemplars."""
        return cls(
            (), np.empty(0, np.uint32), (), np.empty(0, np.float64), np.empty(0, np.int64), np.empty(0, np.bool_)
        )


NO_EXEMPLARS: Final = ExemplarBatch.empty()


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One exemplar as it is read back; time in ms."""

    labels: Labels
    value: float
    time: int


@dataclass(frozen=True, slots=True)
class SeriesExemplars:
    """The exemplars of one series, oldest first."""

    labels: Labels
    exemplars: tuple[Exemplar, ...]
