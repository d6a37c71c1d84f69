"""All that clients of StatsD measured, by series: what the next flush stores."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import Labels
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.samples import STALE, Values, WriteBatch
from sightline.domain.statsd.banks import Bank, Counters, Gauges, Sets, Timers
from sightline.domain.statsd.measured import Head, Kind, Measured

_BEGUN: Final = -(1 << 62)
_FROM_ZERO: Final = frozenset({Kind.COUNTER, Kind.TIMER})
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of timers, those of Prometheus' clients."""


class Unsummed(StrEnum):
    """Why a value is left out."""

    CONFLICT = "conflict"
    """Its series is one of another kind already."""
    SERIES = "series"
    """There are as many series as may be."""
    MEMBERS = "members"
    """Sets are full."""


@dataclass(slots=True)
class _Rows:
    """The rows of one bank.

    series: of each row. touched: when it was last changed, seconds; begins: where its zero is still to be stored, ms;
    both (rows,) and longer. flushed: how many rows the last flush had.
    """

    bank: Bank
    labels: list[Labels]
    series: list[tuple[Labels, ...]]
    touched: NDArray[np.float64]
    begins: NDArray[np.int64]
    flushed: int = 0


class Aggregates:
    """Sums values up. Times are seconds of a clock that does not go back, but for those of samples, ms.

    Counters and timers begin with a zero at the time of the flush before, so that their first values are an increase.

    idle: series that are not changed for so long end. most: series there may be; a timer is as many as it shows.
    began: since when values are summed up, ms.
    """

    def __init__(self, *, idle: float, most: int, began: int, bounds: Sequence[float] = BUCKETS) -> None:
        self._idle = idle
        self._most = most
        self._last = began
        self._counters, self._gauges, self._timers, self._sets = Counters(), Gauges(), Timers(bounds), Sets()
        banks: list[Bank] = [self._counters, self._gauges, self._timers, self._sets]
        self._rows = [_Rows(bank, [], [], np.zeros(0), np.zeros(0, np.int64)) for bank in banks]
        self._places: dict[tuple[Kind, Labels], int] = {}
        self._heads: dict[int, tuple[Head, int]] = {}  # by identity; each is kept, so that no other gets its identity
        self._series: set[Labels] = set()
        self._ended: list[Labels] = []

    def __len__(self) -> int:
        """How many series."""
        return len(self._series)

    def add(self, measured: Measured, now: float) -> Mapping[Unsummed, int]:
        """Sum values up; gives how many were left out, by the reason."""
        left_out: Counter[Unsummed] = Counter()
        places = [self._known(head, now) for head in measured.heads]
        rows = np.array([-1 if isinstance(place, Unsummed) else place for place in places], np.int64)[measured.which]
        kinds = np.array([head.kind for head in measured.heads], np.int64)[measured.which]
        weights = np.array([head.weight for head in measured.heads], np.float64)[measured.which]
        if (rows < 0).any():
            counts = np.bincount(measured.which, minlength=len(places)).tolist()
            for place, count in zip(places, counts, strict=True):
                if isinstance(place, Unsummed):
                    left_out[place] += count
        for kind in Kind:
            ours = kinds == kind
            at = np.flatnonzero(ours & (rows >= 0))
            if not len(at):
                continue
            some, values = rows[at].astype(np.uint32), measured.values[at]
            self._rows[kind].touched[some] = now
            if kind is Kind.COUNTER:
                self._counters.add(some, values, weights[at])
            elif kind is Kind.GAUGE:
                self._gauges.put(some, values, measured.signed[at])
            elif kind is Kind.TIMER:
                self._timers.add(some, values, weights[at])
            else:
                known = rows[ours] >= 0
                members = [one for one, is_known in zip(measured.members, known.tolist(), strict=True) if is_known]
                if too_many := self._sets.add(some, members):
                    left_out[Unsummed.MEMBERS] += too_many
        return left_out

    def flush(self, now: float, time: int) -> WriteBatch:
        """What there is to store at `time`, ms: zeros where series begin, every series, and the end of those idle too long.

        Zeros come again until they are `stored`.
        """
        for kind, rows in zip(Kind, self._rows, strict=True):
            self._expire(kind, rows, now)
        labels: list[Labels] = []
        values: list[Values] = []
        zeros: list[NDArray[np.int64]] = []
        zero_times: list[NDArray[np.int64]] = []
        for kind, rows in zip(Kind, self._rows, strict=True):
            first, count = len(labels), len(rows.labels)
            labels += [one for series in rows.series for one in series]
            values.append(rows.bank.shown(count))
            begins = rows.begins[:count]
            new = np.flatnonzero((begins > _BEGUN) & (begins < time)) if kind in _FROM_ZERO else np.empty(0, np.int64)
            if len(new):
                width = len(rows.series[0])
                zeros.append((first + new[:, None] * width + np.arange(width)).reshape(-1))
                zero_times.append(np.repeat(begins[new], width))
            rows.flushed = count
        labels += self._ended
        values.append(np.full(len(self._ended), STALE))
        self._ended = []
        self._sets.begin()
        self._last = time
        count, before = len(labels), sum(map(len, zeros))
        return WriteBatch(
            tuple(labels),
            np.concatenate([*zeros, np.arange(count)]).astype(np.uint32),
            np.concatenate([*zero_times, np.full(count, time, np.int64)]),
            np.concatenate([np.zeros(before), *values]),
        )

    def stored(self) -> None:
        """What the last flush gave is stored."""
        for rows in self._rows:
            rows.begins[: rows.flushed] = _BEGUN

    def _known(self, head: Head, now: float) -> int | Unsummed:
        """The row of a head, at once where this very object came before: to hash labels takes a microsecond."""
        known = self._heads.get(id(head))
        if known is not None:
            return known[1]
        place = self._place(head, now)
        if not isinstance(place, Unsummed):
            if len(self._heads) >= 2 * self._most:
                self._heads = {}
            self._heads[id(head)] = head, place
        return place

    def _place(self, head: Head, now: float) -> int | Unsummed:
        """The row of a head, a new one where there is none."""
        key = head.kind, head.labels
        known = self._places.get(key)
        if known is not None:
            return known
        rows = self._rows[head.kind]
        series = rows.bank.series(head.labels)
        if any(one in self._series for one in series):
            return Unsummed.CONFLICT
        if len(self._series) + len(series) > self._most:
            return Unsummed.SERIES
        place = len(rows.labels)
        rows.bank.grow(place + 1)
        if place >= len(rows.touched):
            rows.touched = lengthened(rows.touched, 2 * place + 1)
            rows.begins = lengthened(rows.begins, 2 * place + 1)
        rows.touched[place] = now
        rows.begins[place] = self._last
        rows.labels.append(head.labels)
        rows.series.append(series)
        self._places[key] = place
        self._series.update(series)
        return place

    def _expire(self, kind: Kind, rows: _Rows, now: float) -> None:
        live = rows.touched[: len(rows.labels)] > now - self._idle
        if live.all():
            return
        for place in np.flatnonzero(~live).tolist():
            del self._places[kind, rows.labels[place]]
            self._series.difference_update(rows.series[place])
            self._ended += rows.series[place]
        self._heads = {}
        kept = np.flatnonzero(live)
        rows.bank.keep(kept)
        rows.labels = [rows.labels[place] for place in kept.tolist()]
        rows.series = [rows.series[place] for place in kept.tolist()]
        rows.touched, rows.begins = rows.touched[kept], rows.begins[kept]
        self._places.update({(kind, labels): place for place, labels in enumerate(rows.labels)})
