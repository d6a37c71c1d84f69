"""Sums of many series of one kind, in columns: a row a series."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.samples import Index, Values

_FEWEST: Final = 64
_LE: Final = "le"
MAX_MEMBERS: Final = 200_000
"""Of all sets together, between two flushes."""


class Bank(Protocol):
    """Rows that are added, changed, shown, and dropped together."""

    def series(self, labels: Labels) -> tuple[Labels, ...]:
        """The series that a row of these labels shows."""
        ...

    def grow(self, rows: int) -> None:
        """Have that many rows; new ones are empty."""
        ...

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Drop all rows but these, in order."""
        ...

    def shown(self, rows: int) -> Values:
        """The values of the first `rows` rows, one after another, each in the order of its series."""
        ...


class Counters(Bank):
    """Totals."""

    def __init__(self) -> None:
        self.totals = np.zeros(_FEWEST)

    def add(self, rows: Index, values: Values, weights: Values) -> None:
        """Values, each as often as it weighs."""
        np.add.at(self.totals, rows, values * weights)

    @override
    def series(self, labels: Labels) -> tuple[Labels, ...]:
        return (labels,)

    @override
    def grow(self, rows: int) -> None:
        if rows > len(self.totals):
            self.totals = lengthened(self.totals, 2 * rows)

    @override
    def keep(self, rows: NDArray[np.intp]) -> None:
        kept = self.totals[rows]
        self.totals = np.zeros(max(_FEWEST, len(rows)))
        self.totals[: len(rows)] = kept

    @override
    def shown(self, rows: int) -> Values:
        return self.totals[:rows].copy()


class Gauges(Counters):
    """Last values."""

    def put(self, rows: Index, values: Values, signed: NDArray[np.bool_]) -> None:
        """Values in place of those before, or, where they have a sign, on top of them."""
        if not signed.any():
            self.totals[rows] = values  # of several for one row the last stays
            return
        for row, value, is_change in zip(rows.tolist(), values.tolist(), signed.tolist(), strict=True):
            self.totals[row] = self.totals[row] + value if is_change else value


class Timers(Bank):
    """Cumulative histograms, sums and counts. bounds: upper ones, ascending, without the infinite one."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = np.array(bounds, np.float64)
        self._texts = [*(_text(bound) for bound in bounds), "+Inf"]
        self.counts = np.zeros((_FEWEST, len(bounds) + 1))
        self.sums = np.zeros(_FEWEST)

    def add(self, rows: Index, values: Values, weights: Values) -> None:
        """Values, each as often as it weighs."""
        np.add.at(self.counts, (rows, np.searchsorted(self._bounds, values)), weights)
        np.add.at(self.sums, rows, values * weights)

    @override
    def series(self, labels: Labels) -> tuple[Labels, ...]:
        name = labels.name
        buckets = (Labels.of(labels, **{METRIC_NAME: f"{name}_bucket", _LE: text}) for text in self._texts)
        parts = (Labels.of(labels, **{METRIC_NAME: f"{name}_{part}"}) for part in ("sum", "count"))
        return *buckets, *parts

    @override
    def grow(self, rows: int) -> None:
        if rows > len(self.sums):
            grown = np.zeros((2 * rows, self.counts.shape[1]))
            grown[: len(self.sums)] = self.counts
            self.counts, self.sums = grown, lengthened(self.sums, 2 * rows)

    @override
    def keep(self, rows: NDArray[np.intp]) -> None:
        counts, sums = self.counts[rows], self.sums[rows]
        size = max(_FEWEST, len(rows))
        self.counts, self.sums = np.zeros((size, self.counts.shape[1])), np.zeros(size)
        self.counts[: len(rows)], self.sums[: len(rows)] = counts, sums

    @override
    def shown(self, rows: int) -> Values:
        cumulative = np.cumsum(self.counts[:rows], axis=1)
        return np.column_stack([cumulative, self.sums[:rows], cumulative[:, -1:]]).reshape(-1)


class Sets(Bank):
    """Members since the last flush."""

    def __init__(self) -> None:
        self._members: list[set[bytes]] = []
        self._count = 0

    def add(self, rows: Index, members: Sequence[bytes]) -> int:
        """Members, each of its row; gives how many were too many."""
        left_out = 0
        for row, member in zip(rows.tolist(), members, strict=True):
            found = self._members[row]
            if member in found:
                continue
            if self._count < MAX_MEMBERS:
                found.add(member)
                self._count += 1
            else:
                left_out += 1
        return left_out

    def begin(self) -> None:
        """A flush is over: all are empty."""
        self._members = [set() for _ in self._members]
        self._count = 0

    @override
    def series(self, labels: Labels) -> tuple[Labels, ...]:
        return (labels,)

    @override
    def grow(self, rows: int) -> None:
        self._members += [set() for _ in range(rows - len(self._members))]

    @override
    def keep(self, rows: NDArray[np.intp]) -> None:
        self._members = [self._members[row] for row in rows.tolist()]
        self._count = sum(map(len, self._members))

    @override
    def shown(self, rows: int) -> Values:
        return np.array([len(found) for found in self._members[:rows]], np.float64)


def _text(bound: float) -> str:
    """A bound as Prometheus' clients write it."""
    return repr(float(bound))
