"""The samples that are acknowledged but not yet in the store: what makes them visible to queries at once."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sightline.domain.labels import METRIC_NAME, Labels, Matchers, MatchOp, satisfies
from sightline.domain.metrics.journal import Appended
from sightline.domain.metrics.samples import Ids, SeriesColumns
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange


@dataclass(slots=True)
class _Held:
    """A series with samples in the tail: when they were taken (ms) and the position after the last."""

    labels: Labels
    first_time: int
    last_time: int
    end_seq: int


@dataclass(slots=True)
class _TenantTail:
    """One tenant's entries in order of position, and the series they hold."""

    entries: deque[Appended] = field(default_factory=deque)
    series: dict[int, _Held] = field(default_factory=dict)
    by_name: dict[str, set[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class TailView:
    """What the tail held of a selection at one moment; reading it is safe from any thread while the tail moves on."""

    ids: Ids
    labels: tuple[Labels, ...]
    entries: tuple[Appended, ...]

    def columns(self, within: TimeRange) -> SeriesColumns:
        """The samples within the range, in ascending order of labels, the last write of a timestamp alone."""
        if not self.entries:
            return SeriesColumns.empty()
        by_id = np.argsort(self.ids)
        rows = [self._rows(entry, self.ids[by_id], by_id, within) for entry in self.entries]
        series, times, values = (np.concatenate(column) for column in zip(*rows, strict=True))
        # Rows stand in order of position and lexsort is stable, so the last of equal keys is the last write.
        order = np.lexsort((times, series))
        series, times = series[order], times[order]
        last = np.ones(len(order), np.bool_)
        last[:-1] = (series[1:] != series[:-1]) | (times[1:] != times[:-1])
        series, times, values = series[last], times[last], values[order][last]
        present, counts = np.unique(series, return_counts=True)
        offsets = np.zeros(len(present) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        return SeriesColumns(tuple(self.labels[i] for i in present), self.ids[present], offsets, times, values)

    @staticmethod
    def _rows(
        entry: Appended, ids: Ids, position: np.ndarray, within: TimeRange
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The wanted rows of one entry: positions of series in `labels`, times, values."""
        at = np.minimum(np.searchsorted(ids, entry.ids), len(ids) - 1)
        wanted = np.where(ids[at] == entry.ids, position[at], -1)
        series = wanted[entry.index]
        keep = (series >= 0) & (entry.times >= within.start) & (entry.times <= within.end)
        return series[keep], entry.times[keep], entry.values[keep]


class Tail:
    """Entries of all tenants between the store and now, in order of position. Changed from one thread only."""

    def __init__(self) -> None:
        """Start empty."""
        self._tenants: dict[Tenant, _TenantTail] = {}
        self._rows = 0

    @property
    def rows(self) -> int:
        """How many samples are held."""
        return self._rows

    def add(self, entry: Appended, labels: Sequence[Labels | None]) -> None:
        """Take an entry; `labels` are those of its `ids`, in their order. A series without labels is kept, but not found."""
        held = self._tenants.setdefault(entry.tenant, _TenantTail())
        held.entries.append(entry)
        self._rows += len(entry.times)
        firsts, lasts = entry.spans()
        for one, label, first, last in zip(entry.ids.tolist(), labels, firsts.tolist(), lasts.tolist(), strict=True):
            known = held.series.get(one)
            if label is None:
                continue
            if known is None:
                held.series[one] = _Held(label, first, last, entry.end_seq)
                held.by_name.setdefault(label.name, set()).add(one)
            else:
                known.first_time = min(known.first_time, first)
                known.last_time = max(known.last_time, last)
                known.end_seq = entry.end_seq

    def entries(self, first_seq: int, end_seq: int) -> list[Appended]:
        """The entries of all tenants with positions in [first_seq, end_seq), in order of position."""
        found = [
            entry
            for held in self._tenants.values()
            for entry in held.entries
            if first_seq <= entry.first_seq and entry.end_seq <= end_seq
        ]
        return sorted(found, key=lambda entry: entry.first_seq)

    def drop(self, end_seq: int) -> None:
        """Forget everything below a position: the store has it."""
        for tenant, held in list(self._tenants.items()):
            while held.entries and held.entries[0].end_seq <= end_seq:
                self._rows -= len(held.entries.popleft().times)
            if not held.entries:
                del self._tenants[tenant]
                continue
            for one in [one for one, series in held.series.items() if series.end_seq <= end_seq]:
                name = held.series.pop(one).labels.name
                held.by_name[name].discard(one)
                if not held.by_name[name]:
                    del held.by_name[name]

    def view(self, tenant: Tenant, matchers: Matchers) -> TailView:
        """What the tail holds now of the series that satisfy all matchers, in ascending order of labels."""
        held = self._tenants.get(tenant)
        if held is None:
            return TailView(np.empty(0, np.uint64), (), ())
        found = sorted((series.labels, one) for one, series in self._matching(held, matchers))
        ids = np.array([one for _, one in found], np.uint64)
        return TailView(ids, tuple(labels for labels, _ in found), tuple(held.entries) if found else ())

    def series(self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange) -> set[Labels]:
        """The label sets held now that satisfy any of the matcher sets (all, when there is none) and were seen in the range."""
        held = self._tenants.get(tenant)
        if held is None:
            return set()
        return {
            series.labels
            for matchers in matcher_sets or [()]
            for _, series in self._matching(held, matchers)
            if series.first_time <= within.end and series.last_time >= within.start
        }

    @staticmethod
    def _matching(held: _TenantTail, matchers: Matchers) -> Iterable[tuple[int, _Held]]:
        names = [m.value for m in matchers if m.name == METRIC_NAME and m.op is MatchOp.EQUAL]
        candidates = held.by_name.get(names[0], ()) if names else held.series
        return ((one, held.series[one]) for one in candidates if satisfies(held.series[one].labels, matchers))
