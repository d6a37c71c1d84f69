"""What the write-ahead log records, and how a range of it becomes the one batch that every store receives.

A sample's `seq` is its position in the log. A range [first, end) of positions, once sealed, always yields the same rows in the same
order: that is what makes a repeated insert recognisable.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.extent import extents
from sightline.domain.kernels.gather import settle
from sightline.domain.kernels.place import scatter, tally
from sightline.domain.labels import Labels
from sightline.domain.metrics.marked import numbered, restored
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms
from sightline.domain.metrics.native_histograms import together as all_of
from sightline.domain.metrics.roster import joined as together
from sightline.domain.metrics.roster import taken, texts_of
from sightline.domain.metrics.samples import Ids, Index, Times, Values
from sightline.domain.metrics.span_table import Spans, SpanTable
from sightline.domain.tenancy import Tenant

_Scalar = TypeVar("_Scalar", bound=np.generic)

_ENTRY_BYTES: Final = 800
"""What an entry takes besides its rows: measured with entries of ten samples."""
_SEEN_BYTES: Final = 29
"""What an entry takes for a series that it describes: label sets are the roster's."""
_KEYS_AT_ONCE: Final = 10_000
"""Series of a range that are numbered together: many entries have few."""


@dataclass(frozen=True, eq=False)
class SeriesSeen:
    """That k series exist, and from when to when each was seen.

    labels: k label sets; ids: uint64 (k,). first, last: int64 (k,), ms. fresh: bool (k,), false where the store has the row
    already and the labels stand in the log only to keep a segment readable alone.
    """

    labels: Sequence[Labels]
    ids: Ids
    first: Times
    last: Times
    fresh: NDArray[np.bool_]

    @classmethod
    def of(cls, *rows: tuple[int, Labels, int, int] | tuple[int, Labels, int, int, bool]) -> "SeriesSeen":
        """From rows of id, labels, first, last and, unless it is true, fresh."""
        return cls(
            tuple(row[1] for row in rows),
            np.array([row[0] for row in rows], np.uint64),
            np.array([row[2] for row in rows], np.int64),
            np.array([row[3] for row in rows], np.int64),
            np.array([all(row[4:]) for row in rows], np.bool_),
        )

    def __len__(self) -> int:
        """How many series."""
        return len(self.ids)

    @cached_property
    def texts(self) -> Spans:
        """The canonical bytes of the label sets."""
        return texts_of(self.labels)


NOTHING_SEEN: Final = SeriesSeen.of()


@dataclass(frozen=True, slots=True, eq=False)
class Appended:
    """n samples of k series of one tenant; each series has at least one. Positions are first_seq, first_seq + 1, ...

    ids, metrics: uint64 (k,), per series. index: uint32 (n,) into them. times: int64 (n,), ms. values: float64 (n,), the mark where
    a sample is a native histogram; histograms: one for each mark, in the order of these.
    """

    tenant: Tenant
    first_seq: int
    seen: SeriesSeen
    ids: Ids
    metrics: Ids
    index: Index
    times: Times
    values: Values
    histograms: Histograms = NO_HISTOGRAMS

    @property
    def end_seq(self) -> int:
        """The position after the last sample."""
        return self.first_seq + len(self.times)

    @property
    def weight(self) -> int:
        """About how many bytes of memory the entry takes."""
        columns = 16 * len(self.ids) + 20 * len(self.times) + self.histograms.weight
        return _ENTRY_BYTES + columns + _SEEN_BYTES * len(self.seen)

    def spans(self) -> tuple[Times, Times]:
        """The first and the last time of each series, int64 (k,), ms."""
        return extents(self.index, self.times, len(self.ids))


def joined(entries: Sequence[Appended]) -> Appended:
    """One entry of several of one tenant, each beginning where the one before ends. A series may stand in it twice."""
    before = np.cumsum([0, *(len(entry.ids) for entry in entries[:-1])])
    return Appended(
        entries[0].tenant,
        entries[0].first_seq,
        _seen_together([entry.seen for entry in entries]),
        np.concatenate([entry.ids for entry in entries]),
        np.concatenate([entry.metrics for entry in entries]),
        (
            np.concatenate([entry.index for entry in entries])
            + np.repeat(before, [len(entry.times) for entry in entries])
        ).astype(np.uint32),
        np.concatenate([entry.times for entry in entries]),
        np.concatenate([entry.values for entry in entries]),
        all_of([entry.histograms for entry in entries]),
    )


@dataclass(frozen=True, slots=True)
class Sealed:
    """The bounds [first_seq, end_seq) of a range, written to the log before anything of it reaches a store."""

    range_id: int
    first_seq: int
    end_seq: int


@dataclass(frozen=True, slots=True)
class Flushed:
    """All rows of a sealed range are in every table, durably."""

    range_id: int


Entry = Appended | Sealed | Flushed


@dataclass(frozen=True, slots=True, eq=False)
class SealedRange:
    """What one sealed range brings to a store: of each timestamp of a series the last write alone.

    range_id: of two ranges with a sample of one series and timestamp, the one with the higher id counts.
    tenants: the tenants that occur, in order of name; the uint32 columns `series_tenant` (s,) and `run_tenant` (r,) index into it.
    series_id, series_metric: uint64 (s,). labels: s label sets. first_seen, last_seen: int64 (s,), ms. What the store is to know of
    series, in order of (tenant, metric, id).
    run_metric, run_id: uint64 (r,), the series that have samples, each once, in order of (tenant, metric, id). The samples of run i
    are time[offsets[i]:offsets[i + 1]], int64, ms, strictly ascending, and likewise value, float64. offsets: int64 (r + 1,).
    histograms: one for each mark in `value`, in the order of these.
    """

    range_id: int
    tenants: tuple[Tenant, ...]
    series_tenant: Index
    series_metric: Ids
    series_id: Ids
    labels: Sequence[Labels]
    first_seen: NDArray[np.int64]
    last_seen: NDArray[np.int64]
    run_tenant: Index
    run_metric: Ids
    run_id: Ids
    offsets: NDArray[np.int64]
    time: Times
    value: Values
    histograms: Histograms = NO_HISTOGRAMS

    def __len__(self) -> int:
        """How many samples."""
        return len(self.time)


def seal(range_id: int, entries: Iterable[Appended]) -> SealedRange:
    """Make the rows of a range from its log entries; the same entries always give the same rows in the same order."""
    parts = sorted(entries, key=lambda entry: entry.first_seq)
    tenants = tuple(sorted({part.tenant for part in parts}))
    position = {tenant: number for number, tenant in enumerate(tenants)}
    keys, places = _distinct_series(parts, position)
    offsets, times, values, histograms = _placed(parts, places, len(keys.id))
    seen = _merged_series(parts, position)
    return SealedRange(
        range_id,
        tenants,
        seen.tenant,
        seen.metric,
        seen.id,
        seen.labels,
        seen.first,
        seen.last,
        keys.tenant,
        keys.metric,
        keys.id,
        offsets,
        times,
        values,
        histograms,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _SeriesKeys:
    """The series of a range, each once, in order of (tenant, metric, id): columns (s,), tenants as their numbers."""

    tenant: Index
    metric: Ids
    id: Ids


def _distinct_series(
    parts: Sequence[Appended], position: dict[Tenant, int]
) -> tuple[_SeriesKeys, list[NDArray[np.uint32]]]:
    """The series of all parts, and for each part the places (k,) of its series among them.

    Most parts have the same series: they are numbered as they come, and only what is distinct is sorted.
    """
    table = SpanTable()
    numbers = [table.put(Spans.of_ids(keys)) for keys in _keys(parts, position)]
    distinct = table.ids(3)
    order = np.lexsort((distinct[:, 2], distinct[:, 1], distinct[:, 0]))
    place = np.empty(len(order), np.uint32)
    place[order] = np.arange(len(order), dtype=np.uint32)
    places = place[_joined(numbers, np.int64)]
    ends = accumulate(len(part.ids) for part in parts)
    own = [places[end - len(part.ids) : end] for end, part in zip(ends, parts, strict=True)]
    tenant, metric, ids = distinct[order].T
    return _SeriesKeys(tenant.astype(np.uint32), metric.copy(), ids.copy()), own


def _keys(parts: Sequence[Appended], position: dict[Tenant, int]) -> Iterator[NDArray[np.uint64]]:
    """Tenant, metric and id of each series of the parts in their order, uint64 (k, 3), of some parts at a time."""
    some: list[Appended] = []
    held = 0
    for part in (*parts, None):
        if some and (part is None or held + len(part.ids) > _KEYS_AT_ONCE):
            tenants = np.repeat([position[one.tenant] for one in some], [len(one.ids) for one in some])
            columns = tenants, np.concatenate([one.metrics for one in some]), np.concatenate([one.ids for one in some])
            yield np.stack(columns, axis=1, dtype=np.uint64, casting="unsafe")
            some, held = [], 0
        if part is not None:
            some.append(part)
            held += len(part.ids)


def _placed(
    parts: Sequence[Appended], places: Sequence[NDArray[np.uint32]], series: int
) -> tuple[NDArray[np.int64], Times, Values, Histograms]:
    """Offsets, times, values and histograms: samples by series and time, the last write of a timestamp alone.

    A series' samples nearly always come in order of time, so that putting each where its series is, in linear time, is enough.
    """
    offsets = np.zeros(series + 1, np.int64)
    for part, place in zip(parts, places, strict=True):
        tally(part.index, place, offsets[1:])
    np.cumsum(offsets, out=offsets)
    times, values = np.empty(offsets[-1], np.int64), np.empty(offsets[-1], np.float64)
    cursors, disordered = offsets[:-1].copy(), np.zeros(series, np.bool_)
    histograms = [part.histograms for part in parts]
    own = [part.values for part in parts]
    moved = numbered([len(part.times) for part in parts]) if any(map(len, histograms)) else own
    for part, place, column in zip(parts, places, moved, strict=True):
        scatter(part.index, place, part.times, column, offsets, cursors, times, values, disordered)
    if disordered.any():
        settle(disordered, offsets, times, values)
    times, values = times[: offsets[-1]], values[: offsets[-1]]
    if moved is own:
        return offsets, times, values, NO_HISTOGRAMS
    return offsets, times, *restored(values, own, histograms)


def _joined(parts: Sequence[NDArray[_Scalar]], dtype: type[_Scalar]) -> NDArray[_Scalar]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _last_of_each(*keys: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which rows of sorted key columns are the last of their key."""
    last = np.ones(len(keys[0]), np.bool_)
    if len(last) > 1:
        last[:-1] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return last


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """The fresh series of a range in order of (tenant, metric, id): columns (s,), tenants as their numbers, times in ms."""

    tenant: Index
    metric: Ids
    id: Ids
    labels: Sequence[Labels]
    first: Times
    last: Times


def _merged_series(parts: Sequence[Appended], position: dict[Tenant, int]) -> _Spans:
    """Each fresh series once, with the whole time in which it was seen."""
    parts = [part for part in parts if part.seen.fresh.any()]
    fresh = [np.flatnonzero(part.seen.fresh) for part in parts]
    tenant = _joined(
        [np.full(len(rows), position[part.tenant], np.uint32) for rows, part in zip(fresh, parts, strict=True)],
        np.uint32,
    )
    metric = _joined(
        [_metrics_of(part, part.seen.ids[rows]) for rows, part in zip(fresh, parts, strict=True)], np.uint64
    )
    ids = _joined([part.seen.ids[rows] for rows, part in zip(fresh, parts, strict=True)], np.uint64)
    first = _joined([part.seen.first[rows] for rows, part in zip(fresh, parts, strict=True)], np.int64)
    last = _joined([part.seen.last[rows] for rows, part in zip(fresh, parts, strict=True)], np.int64)
    labels = together([taken(part.seen.labels, rows) for rows, part in zip(fresh, parts, strict=True)])
    # In NumPy, which lets other threads run: a list of 250,000 keys sorts for 0.3 s without a turn for anyone.
    order = np.lexsort((ids, metric, tenant))
    ends = np.flatnonzero(_last_of_each(tenant[order], metric[order], ids[order]))
    starts = np.append(0, ends[:-1] + 1)[: len(ends)]
    first, last = first[order], last[order]
    kept = order[ends]
    return _Spans(
        tenant[kept],
        metric[kept],
        ids[kept],
        taken(labels, kept),
        np.minimum.reduceat(first, starts) if len(starts) else first,
        np.maximum.reduceat(last, starts) if len(starts) else last,
    )


def _metrics_of(part: Appended, ids: Ids) -> Ids:
    """The metric of each series (k,) of an entry."""
    order = np.argsort(part.ids)
    metrics: Ids = part.metrics[order[np.searchsorted(part.ids, ids, sorter=order)]]
    return metrics


def _seen_together(parts: Sequence[SeriesSeen]) -> SeriesSeen:
    parts = [part for part in parts if len(part)]
    if not parts:
        return NOTHING_SEEN
    return SeriesSeen(
        together([part.labels for part in parts]),
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.last for part in parts]),
        np.concatenate([part.fresh for part in parts]),
    )
