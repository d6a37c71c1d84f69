"""Deletes: tombstones that reads honour at once, and the rewriting of chunks that makes them needless.

See docs/adr/0013-tombstones.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.decoding import Chunks
from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.encoding import MAX_ROWS, Chunked
from sightline.adapters.outbound.clickhouse.histograms import HistogramTable
from sightline.adapters.outbound.clickhouse.native import Block, int64, uint64, words
from sightline.adapters.outbound.clickhouse.statements import Param, numbers, statement, text
from sightline.domain.labels import metric_id
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import Ids
from sightline.domain.metrics.tombstones import Deleted, Tombstone, among, visible
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, TimeRange

_AT_ONCE: Final = 20_000  # series whose chunks are rewritten together
_NONE: Final = np.empty(0, np.uint64)

Bounds = Callable[[TimeRange], dict[str, Param]]
HasSamples = Callable[[KnownSeries, Sequence[Tombstone]], Awaitable[Ids]]
"""Which of some series have a sample that the tombstones leave: their ids."""


class Deletes:
    """What was deleted and is still in the tables. Changed by one task at a time; looked at from one thread."""

    def __init__(self, engine: Embedded, bounds: Bounds, histograms: HistogramTable) -> None:
        """`bounds` gives a range as parameters of statements."""
        self._engine = engine
        self._histograms = histograms
        self._bounds = bounds
        self._tombstones: dict[Tenant, tuple[Tombstone, ...]] = {}
        self._emptied: dict[Tenant, Ids] = {}

    async def load(self) -> None:
        """Read what earlier runs left."""
        self._tombstones = _tombstones(await self._engine.read(statement("tombstones_select")))
        self._emptied = _by_tenant(await self._engine.read(statement("emptied_select")))

    def of(self, tenant: Tenant, within: TimeRange) -> Sequence[Tombstone]:
        """A tenant's tombstones that meet a range; mostly none."""
        if not self._tombstones:
            return ()
        return [one for one in self._tombstones.get(tenant, ()) if one.meets(within)]

    @property
    def tombstones(self) -> Mapping[Tenant, Sequence[Tombstone]]:
        """Those of each tenant that has some."""
        return self._tombstones

    @property
    def all_emptied(self) -> Mapping[Tenant, Ids]:
        """What `emptied` gives, of each tenant that has some."""
        return self._emptied

    def emptied(self, tenant: Tenant) -> Ids:
        """The ids, ascending, of series that are to be seen again only once they get a sample."""
        return self._emptied.get(tenant, _NONE)

    def revive(self, batch: SealedRange) -> None:
        """A range was stored: series that have samples in it are no longer empty."""
        if not self._emptied:
            return
        for number, tenant in enumerate(batch.tenants):
            emptied = self._emptied.get(tenant, _NONE)
            left = emptied[~among(emptied, np.unique(batch.run_id[batch.run_tenant == number]))]
            if len(left):
                self._emptied[tenant] = left
            elif len(emptied):
                del self._emptied[tenant]

    async def add(
        self, tenant: Tenant, known: KnownSeries, within: TimeRange, before: int, has_samples: HasSamples
    ) -> Deleted:
        """Delete the samples of some series within a range that came in sealed ranges below `before`; durable on return."""
        after = max((one.number for some in self._tombstones.values() for one in some), default=-1) + 1
        whole = await asyncio.to_thread(_whole, after, known, within, before)
        touched, emptied = await self._effect(tenant, known, whole, has_samples)
        made = _cut(whole, touched)
        for one in made:
            await self._engine.insert(statement("tombstones_insert"), partial(_tombstone_rows, tenant, one))
        for one in _cut(whole, emptied):
            await self._engine.insert(statement("emptied_insert"), partial(_emptied_rows, tenant, one))
        if made:
            self._tombstones[tenant] = (*self._tombstones.get(tenant, ()), *made)
        if emptied.any():
            self._emptied[tenant] = np.union1d(self.emptied(tenant), whole.ids[emptied])
        return Deleted(whole.ids, whole.ids[emptied])

    async def _effect(
        self, tenant: Tenant, known: KnownSeries, whole: Tombstone, has_samples: HasSamples
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which of a tombstone's series have chunks that it touches, and which have nothing left with it."""
        tombstones = (*self._tombstones.get(tenant, ()), whole)
        touched, left, unsure = await self._engine.read_into(
            partial(_effect_of, tombstones), statement("chunks_extent"), _of_series(tenant, whole)
        )
        if len(unsure):
            some = known.of_rows(np.flatnonzero(np.isin(known.ids, unsure)))
            left |= among(whole.ids, np.sort(await has_samples(some, tombstones)))
        return touched, ~left

    async def clean(self, tenant: Tenant, tombstone: Tombstone) -> Tombstone:
        """Rewrite the chunks that a tombstone touches of its first few thousand series; gives the part that is done.

        Reads go on as before, until `drop`. A crash in between leaves samples twice at the worst, which reads take for once.
        """
        part = replace(tombstone, ids=tombstone.ids[:_AT_ONCE], metrics=tombstone.metrics[:_AT_ONCE])
        parameters = {**_of_series(tenant, part), **self._bounds(part.within), "before": part.before}
        rewritten = await self._engine.read_into(
            partial(_rewritten, tenant, part), statement("chunks_holed"), parameters
        )
        if rewritten is not None:
            await self._engine.insert_absent(None, statement("chunks_insert"), rewritten.parts)
        await self._engine.command(statement("chunks_delete"), parameters)
        await self._histograms.clean(tenant, part, parameters)
        await self._engine.command(
            statement("tombstones_delete"), {**_of_series(tenant, part), "number": tombstone.number}
        )
        return part

    def drop(self, tenant: Tenant, tombstone: Tombstone, part: Tombstone) -> None:
        """Forget the part of a tombstone that was cleaned."""
        rest = replace(tombstone, ids=tombstone.ids[len(part.ids) :], metrics=tombstone.metrics[len(part.ids) :])
        kept = [rest if one is tombstone else one for one in self._tombstones.get(tenant, ())]
        left = tuple(one for one in kept if len(one.ids))
        if left:
            self._tombstones[tenant] = left
        else:
            self._tombstones.pop(tenant, None)


def _whole(number: int, known: KnownSeries, within: TimeRange, before: int) -> Tombstone:
    order = np.argsort(known.ids)
    metrics = np.array([metric_id(labels.name) for labels in known.labels], np.uint64)[order]
    return Tombstone(number, known.ids[order], metrics, within, before)


def _effect_of(tombstones: Sequence[Tombstone], rows: pa.Table) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Ids]:
    """Of the last tombstone's series, by its chunks: which it touches, which have samples left, and those that may have some."""
    whole = tombstones[-1]
    touched, left = np.zeros((2, len(whole.ids)), np.bool_)
    if not rows.num_rows:
        return touched, left, _NONE
    ids, seqs, firsts = (array(rows[name]) for name in ("id", "seq", "start"))
    lasts = firsts + array(rows["span"]).astype(np.int64)
    places = np.searchsorted(whole.ids, ids)
    touched[places[(firsts <= whole.within.end) & (lasts >= whole.within.start)]] = True
    seen = visible(tombstones, ids, seqs, firsts, lasts, ALL_TIME)
    # The first and the last sample of a chunk are known; whether there is any between two tombstones is not.
    sure = (seen.lows <= firsts[seen.rows]) | (seen.highs >= lasts[seen.rows])
    left[places[seen.rows[sure]]] = True
    return touched, left, np.setdiff1d(whole.ids[places[seen.rows[~sure]]], whole.ids[left])


def _of_series(tenant: Tenant, tombstone: Tombstone) -> dict[str, Param]:
    metrics = numbers(np.unique(tombstone.metrics).tolist())
    return {"tenant": text(tenant), "metrics": metrics, "ids": numbers(tombstone.ids.tolist())}


def _cut(whole: Tombstone, rows: NDArray[np.bool_]) -> list[Tombstone]:
    """Some of a tombstone's series, as many at a time as are sure to be stored all or none."""
    found = np.flatnonzero(rows)
    parts = [found[start : start + MAX_ROWS] for start in range(0, len(found), MAX_ROWS)]
    return [
        replace(whole, number=whole.number + at, ids=whole.ids[part], metrics=whole.metrics[part])
        for at, part in enumerate(parts)
    ]


def _tombstone_rows(tenant: Tenant, one: Tombstone) -> Block:
    count = len(one.ids)
    return Block.of(
        words("tenant", np.zeros(count, np.uint32), (tenant,)),
        uint64("number", np.full(count, one.number, np.uint64)),
        uint64("metric", one.metrics),
        uint64("id", one.ids),
        int64("first", np.full(count, one.within.start)),
        int64("last", np.full(count, one.within.end)),
        uint64("before", np.full(count, one.before, np.uint64)),
    )


def _emptied_rows(tenant: Tenant, one: Tombstone) -> Block:
    count = len(one.ids)
    return Block.of(
        words("tenant", np.zeros(count, np.uint32), (tenant,)),
        uint64("metric", one.metrics),
        uint64("id", one.ids),
        uint64("before", np.full(count, one.before, np.uint64)),
    )


def _tenant_runs(rows: pa.Table) -> Iterator[tuple[Tenant, slice]]:
    """The rows of each tenant in a table that is in order of tenant."""
    named: Any = rows["tenant"].combine_chunks().dictionary_encode()
    indices = array(named.indices)
    starts = np.flatnonzero(np.append(True, indices[1:] != indices[:-1]))
    names = named.dictionary.to_pylist()
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(indices)], strict=True):
        yield Tenant(names[indices[start]]), slice(start, end)


def _tombstones(rows: pa.Table) -> dict[Tenant, tuple[Tombstone, ...]]:
    if not rows.num_rows:
        return {}
    columns = {name: array(rows[name]) for name in ("number", "metric", "id", "first", "last", "before")}
    found: dict[Tenant, tuple[Tombstone, ...]] = {}
    for tenant, its in _tenant_runs(rows):
        own = {name: column[its] for name, column in columns.items()}
        starts = np.flatnonzero(np.append(True, np.diff(own["number"]) != 0))
        found[tenant] = tuple(
            Tombstone(
                int(own["number"][start]),
                own["id"][start:end],
                own["metric"][start:end],
                TimeRange(int(own["first"][start]), int(own["last"][start])),
                int(own["before"][start]),
            )
            for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(own["number"])], strict=True)
        )
    return found


def _by_tenant(rows: pa.Table) -> dict[Tenant, Ids]:
    if not rows.num_rows:
        return {}
    ids = array(rows["id"])
    return {tenant: np.unique(ids[its]) for tenant, its in _tenant_runs(rows)}


def _rewritten(tenant: Tenant, tombstone: Tombstone, rows: pa.Table) -> Chunked | None:
    """What a tombstone leaves of chunks, as chunks of the same sealed ranges; None when that is nothing."""
    chunks = Chunks(rows, ALL_TIME, (tombstone,))
    offsets, times, values = chunks.samples(np.arange(len(chunks.ids)), len(chunks.ids))
    full = np.flatnonzero(np.diff(offsets))
    if not len(full):
        return None
    ids, nothing = chunks.ids[full], np.empty(0, np.int64)
    batch = SealedRange(
        0,
        (tenant,),
        np.empty(0, np.uint32),
        _NONE,
        _NONE,
        (),
        nothing,
        nothing,
        np.zeros(len(full), np.uint32),
        tombstone.metrics[np.searchsorted(tombstone.ids, ids)],
        ids,
        np.append(offsets[full], offsets[-1]),
        times,
        values,
    )
    found = Chunked.of(batch)
    return replace(found, seqs=chunks.seqs[full][found.runs])
