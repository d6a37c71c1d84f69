"""Metrics in memory: complete, columnar, gone with the process."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import METRIC_NAME, Labels, Matchers, MatchOp, satisfies
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.digest import Digest, Statistic, Windows, undigested
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.marked import histograms_of
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, SAMPLE_BYTES, Histograms, together
from sightline.domain.metrics.resolve import by_labels, last_writes
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import Ids, SeriesColumns, Times, Values
from sightline.domain.metrics.tombstones import Deleted, among
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import HOUR, TimeRange
from sightline.ports.archive import Described, SeriesArchive

_Rows = NDArray[np.intp] | NDArray[np.bool_]


class MemorySeries(SeriesArchive):
    """Every sample since the start. Belongs to one event loop; no call waits."""

    def __init__(self) -> None:
        self._written: set[int] = set()
        self._tenants: dict[Tenant, _Tenant] = {}

    @property
    @override
    def weight(self) -> int:
        return 0

    @override
    async def write(self, batch: SealedRange) -> None:
        if batch.range_id in self._written:
            return
        for number, tenant in enumerate(batch.tenants):
            kept = self._tenants.setdefault(tenant, _Tenant())
            for row in np.flatnonzero(batch.series_tenant == number).tolist():
                kept.see(batch.labels[row], int(batch.series_id[row]), batch.first_seen[row], batch.last_seen[row])
            lengths = np.diff(batch.offsets)
            rows = np.flatnonzero(np.repeat(batch.run_tenant == number, lengths))
            ids, seqs = np.repeat(batch.run_id, lengths)[rows], np.full(len(rows), batch.range_id, np.uint64)
            histograms = histograms_of(batch.value, batch.histograms, rows)
            kept.add(_Run(ids, batch.time[rows], batch.value[rows], seqs, histograms))
            for one in kept.emptied & set(ids.tolist()):
                kept.emptied.remove(one)
        self._written.add(batch.range_id)

    @override
    async def delete(self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange) -> Deleted:
        kept = self._tenants.get(tenant, _Tenant())
        found = {one.id for matchers in matcher_sets for one in kept.matching(matchers)}
        ids = np.sort(np.fromiter(found, np.uint64, len(found)))
        if within.end < within.start or not len(ids):
            return Deleted.nothing()
        kept.delete(ids, within)
        emptied = ids[~among(ids, np.unique(np.concatenate([run.ids for run in kept.runs])))]
        kept.emptied.update(emptied.tolist())
        return Deleted(ids, emptied)

    @override
    async def clean(self) -> bool:
        return False

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        labels = {one.id: one.labels for one in self._tenants.get(tenant, _Tenant()).matching(matchers)}
        return self._read(tenant, labels, within, limit)

    @override
    async def find(self, tenant: Tenant, matchers: Matchers) -> KnownSeries:
        found = list(self._tenants.get(tenant, _Tenant()).matching(matchers))
        return KnownSeries.of([one.labels for one in found], [one.id for one in found])

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        return self._read(tenant, dict(zip(known.ids.tolist(), known.labels, strict=True)), within, limit)

    @override
    async def digested(
        self, tenant: Tenant, matchers: Matchers, windows: Windows, statistic: Statistic, limit: int
    ) -> SeriesColumns:
        return undigested(await self.select(tenant, matchers, windows.within, limit), statistic)

    @override
    async def digest(self, tenant: Tenant, known: KnownSeries, windows: Windows, limit: int) -> Digest:
        found = Digest.empty(len(known), windows.count)
        found.put(known, await self.select_known(tenant, known, windows.within, limit), windows)
        return found

    @override
    async def described(self) -> AsyncIterator[Described]:
        for tenant, kept in tuple(self._tenants.items()):
            series = tuple(kept.by_id.values())
            yield Described(
                [tenant] * len(series),
                np.array([one.id for one in series], np.uint64),
                [one.labels for one in series],
                np.array([one.first_seen for one in series], np.int64),
                np.array([one.last_seen for one in series], np.int64),
            )

    @override
    def emptied(self) -> Mapping[Tenant, Ids]:
        return {
            tenant: np.array(sorted(kept.emptied), np.uint64) for tenant, kept in self._tenants.items() if kept.emptied
        }

    @override
    async def density(self, newest: int, width: int, count: int) -> Sequence[int]:
        times = [run.times for kept in self._tenants.values() for run in kept.runs]
        spans_back = (newest - np.concatenate([np.empty(0, np.int64), *times])) // width
        found: list[int] = np.bincount(np.clip(spans_back, 0, count), minlength=count + 1).tolist()
        return found

    @override
    async def chunks(self, tenant: Tenant) -> int:
        return 0

    @override
    async def runs(self, within: TimeRange) -> Mapping[Tenant, Run]:
        found = {}
        for tenant, kept in self._tenants.items():
            rows = kept.read(np.sort(np.fromiter(kept.by_id, np.uint64, len(kept.by_id))), within)
            if len(rows):
                found[tenant] = Run.of_rows(rows.ids, rows.times, rows.values, rows.histograms)
        return found

    def _read(self, tenant: Tenant, labels: Mapping[int, Labels], within: TimeRange, limit: int) -> SeriesColumns:
        ids = np.sort(np.fromiter(labels, np.uint64, len(labels)))
        found = self._tenants.get(tenant, _Tenant()).read(ids, within)
        if len(found) + found.histograms.weight // SAMPLE_BYTES > limit:
            message = f"the query needs more than {limit} samples: ask for less, or raise query.max_samples"
            raise TooManySamples(message, limit=limit)
        return by_labels(labels, found.ids, found.times, found.values, found.histograms)

    @override
    async def series(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[Labels]:
        return sorted(self._seen(tenant, matcher_sets, within))[:limit]

    @override
    async def label_names(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        found = {name for labels in self._seen(tenant, matcher_sets, within) for name, _ in labels}
        return sorted(found)[:limit]

    @override
    async def label_values(
        self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        found = {labels.get(name) for labels in self._seen(tenant, matcher_sets, within)}
        return sorted(found - {""})[:limit]

    def _seen(self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange) -> set[Labels]:
        kept = self._tenants.get(tenant, _Tenant())
        return {
            one.labels
            for matchers in matcher_sets or ((),)
            for one in kept.matching(matchers)
            if one.first_seen <= within.end and one.last_seen + HOUR >= within.start and one.id not in kept.emptied
        }


@dataclass(slots=True)
class _Series:
    """One series and when it was seen, ms."""

    id: int
    labels: Labels
    first_seen: int
    last_seen: int


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Samples in order of (id, time), each pair once."""

    ids: Ids
    times: Times
    values: Values
    seqs: Ids
    histograms: Histograms

    @classmethod
    def merged(cls, runs: Sequence["_Run"]) -> "_Run":
        """One run of several: of equal keys the highest seq stays."""
        joined = cls(
            np.concatenate([run.ids for run in runs]),
            np.concatenate([run.times for run in runs]),
            np.concatenate([run.values for run in runs]),
            np.concatenate([run.seqs for run in runs]),
            together([run.histograms for run in runs]),
        )
        return joined.take(last_writes(joined.ids, joined.times, joined.seqs))

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: _Rows) -> "_Run":
        """Only these rows."""
        histograms = histograms_of(self.values, self.histograms, rows)
        return _Run(self.ids[rows], self.times[rows], self.values[rows], self.seqs[rows], histograms)

    def of(self, ids: Ids, within: TimeRange) -> "_Run":
        """The samples of these ids, which ascend, in the range."""
        starts = np.searchsorted(self.ids, ids, "left")
        found = self.take(spans(starts, np.searchsorted(self.ids, ids, "right") - starts))
        return found.take((found.times >= within.start) & (found.times <= within.end))


@dataclass(slots=True)
class _Tenant:
    """One tenant's series by id and by metric name, and its samples in runs, the largest first.

    emptied: the ids of series of which a delete left nothing.
    """

    by_id: dict[int, _Series] = field(default_factory=dict)
    by_name: dict[str, dict[int, _Series]] = field(default_factory=dict)
    runs: list[_Run] = field(default_factory=list)
    emptied: set[int] = field(default_factory=set)

    def see(self, labels: Labels, id_: int, first_seen: int, last_seen: int) -> None:
        """Note that a series exists and widen the time it was seen."""
        known = self.by_id.get(id_)
        if known is None:
            known = self.by_id[id_] = _Series(id_, labels, int(first_seen), int(last_seen))
            self.by_name.setdefault(labels.name, {})[id_] = known
        known.first_seen = min(known.first_seen, int(first_seen))
        known.last_seen = max(known.last_seen, int(last_seen))

    def add(self, rows: _Run) -> None:
        """Take rows with each key once; runs merge as they reach the size of their elder, so there are few of them."""
        self.runs.append(rows.take(last_writes(rows.ids, rows.times, rows.seqs)))
        while len(self.runs) > 1 and len(self.runs[-2]) <= 2 * len(self.runs[-1]):
            self.runs[-2:] = [_Run.merged(self.runs[-2:])]

    def delete(self, ids: Ids, within: TimeRange) -> None:
        """Forget the samples of these ids, which ascend, in a range."""
        for at, run in enumerate(self.runs):
            gone = among(run.ids, ids) & (run.times >= within.start) & (run.times <= within.end)
            self.runs[at] = run.take(~gone)

    def matching(self, matchers: Matchers) -> Iterator[_Series]:
        """The series that satisfy all matchers."""
        names = [one.value for one in matchers if one.name == METRIC_NAME and one.op is MatchOp.EQUAL]
        some = self.by_name.get(names[0], {}) if names and names[0] else self.by_id
        return (one for one in some.values() if satisfies(one.labels, matchers))

    def read(self, ids: Ids, within: TimeRange) -> _Run:
        """The samples of these ids, which ascend, in the range: in order of (id, time), each pair once."""
        none = np.empty(0, np.uint64)
        empty = _Run(none, np.empty(0, np.int64), np.empty(0, np.float64), none, NO_HISTOGRAMS)
        return _Run.merged([empty, *(run.of(ids, within) for run in self.runs)])
