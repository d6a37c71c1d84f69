"""The table `histograms` beside `chunks`: written before the samples that mark them, and read only where marks occur."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.decoding import too_many
from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.encoding import Chunked
from sightline.adapters.outbound.clickhouse.histogram_rows import HistogramRows, Stored
from sightline.adapters.outbound.clickhouse.statements import Param, numbers, statement, text
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.native_histograms import SAMPLE_BYTES, Histograms, mark_mask
from sightline.domain.metrics.resolve import last_writes
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import Ids, SeriesColumns, Times
from sightline.domain.metrics.tombstones import Tombstone, among
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange

SLACK: Final = 1_000_000
"""Samples beyond the limit that histograms may weigh: some are read that do not count."""

Bounds = Callable[[TimeRange], dict[str, Param]]


class HistogramTable:
    """The table. Changed by one task at a time."""

    def __init__(self, engine: Embedded, bounds: Bounds) -> None:
        """`bounds` gives a range as parameters of statements. Until `load` it counts as empty."""
        self._engine = engine
        self._bounds = bounds
        self._is_used = False

    async def load(self) -> None:
        """See whether there is anything in it; as long as there is not, nothing else asks it."""
        found = await self._engine.read(statement("histograms_any"))
        self._is_used = bool(found["histograms"][0].as_py())

    async def write(self, chunked: Chunked) -> None:
        """Store the histograms of a range; durable on return. Once more changes nothing: equal rows become one."""
        self._is_used = True
        for block in (await asyncio.to_thread(HistogramRows.of, chunked)).inserts():
            await self._engine.insert(statement("histograms_insert"), block)

    async def beside(self, tenant: Tenant, known: KnownSeries, found: SeriesColumns, limit: int) -> SeriesColumns:
        """An answer with the histograms that its samples mark. A mark that has none is no sample.

        Raises:
            TooManySamples: they weigh more than so many samples.
        """
        if not self._is_used or not (marks := np.flatnonzero(mark_mask(found.values))).size:
            return found
        rows = np.searchsorted(found.offsets, marks, "right") - 1
        ids, times = found.ids[rows], found.times[marks]
        some = {"tenant": text(tenant), "metrics": numbers(known.metrics), "ids": numbers(np.unique(ids).tolist())}
        within = TimeRange(int(times.min()), int(times.max()))

        def made(table: pa.Table) -> SeriesColumns:
            places, histograms = _at(Stored.of(table), ids, times)
            if (places >= 0).all():
                return replace(found, histograms=histograms)
            keep = np.ones(len(found.values), np.bool_)
            keep[marks[places < 0]] = False
            return replace(_only(found, keep), histograms=histograms)

        return await self._engine.read_into(
            made, statement("histograms_select"), {**some, **self._bounds(within)}, WeightBudget(limit)
        )

    async def beside_runs(self, runs: Mapping[Tenant, Run]) -> dict[Tenant, Run]:
        """As `beside`, of runs, which hold all samples of some times."""
        marked = [run for run in runs.values() if len(run.marks)] if self._is_used else []
        if not marked:
            return dict(runs)
        within = TimeRange(min(run.first for run in marked), max(run.last for run in marked))

        def made(table: pa.Table) -> dict[Tenant, Run]:
            names: Any = table["tenant"].combine_chunks().dictionary_encode() if table.num_rows else None
            found = Stored.of(table)
            return {tenant: _with(run, found.only(_rows_of(tenant, names, found))) for tenant, run in runs.items()}

        return await self._engine.read_into(made, statement("histograms_within"), self._bounds(within))

    async def density(self, parameters: Mapping[str, Param]) -> pa.Table | None:
        """How many samples they weigh, as `chunks_density` tells of samples; None without any."""
        if not self._is_used:
            return None
        return await self._engine.read(statement("histograms_density"), parameters)

    async def clean(self, tenant: Tenant, part: Tombstone, parameters: Mapping[str, Param]) -> None:
        """Rewrite what a tombstone touches, once the samples of it are rewritten; its marks are gone by then."""
        if not self._is_used:
            return
        left = await self._engine.read_into(
            lambda table: _left(Stored.of(table), tenant, part), statement("histograms_holed"), parameters
        )
        for block in left.inserts():
            await self._engine.insert(statement("histograms_insert"), block)
        await self._engine.command(statement("histograms_delete"), parameters)


class WeightBudget:
    """Ends a query of histograms as soon as they weigh more than a limit of samples, and some, may."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._weight = 0

    def __call__(self, rows: pa.RecordBatch) -> None:
        """Count a batch.

        Raises:
            TooManySamples: it is too much.
        """
        self._weight += int(array(rows["weight"]).sum())
        if self._weight // SAMPLE_BYTES > self._limit + SLACK:
            raise too_many(self._limit)


def _rows_of(tenant: Tenant, names: Any, found: Stored) -> NDArray[np.bool_]:
    """Which histograms a tenant has."""
    if names is None or tenant not in (known := names.dictionary.to_pylist()):
        return np.zeros(len(found.ids), np.bool_)
    is_its: NDArray[np.bool_] = array(names.indices) == known.index(tenant)
    return is_its[found.rows]


def _at(stored: Stored, ids: Ids, times: Times) -> tuple[NDArray[np.intp], Histograms]:
    """For marks (m,) which of the stored histograms are theirs, the last that were written, -1 for none; and these in order."""
    order = last_writes(stored.ids, stored.times, stored.seqs)
    if not len(order):
        return np.full(len(ids), -1), stored.histograms
    owners, instants = np.unique(stored.ids[order]), np.unique(stored.times)
    held = _keys(stored.ids[order], stored.times[order], owners, instants)
    wanted = _keys(ids, times, owners, instants)
    found = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    known = (stored.ids[order[found]] == ids) & (stored.times[order[found]] == times)
    places = np.where(known, order[found], -1)
    return places, stored.histograms.take(places[known])


def _keys(ids: Ids, times: Times, owners: Ids, instants: Times) -> NDArray[np.intp]:
    """A number for each series and time, ascending as these do."""
    return np.searchsorted(owners, ids) * len(instants) + np.searchsorted(instants, times)


def _only(found: SeriesColumns, keep: NDArray[np.bool_]) -> SeriesColumns:
    """An answer without some of its samples, and without series that have none left."""
    offsets = np.append(0, np.cumsum(keep))[found.offsets]
    rows = np.flatnonzero(np.diff(offsets))
    labels = tuple([found.labels[row] for row in rows.tolist()])
    return SeriesColumns(
        labels, found.ids[rows], np.append(offsets[rows], offsets[-1]), found.times[keep], found.values[keep]
    )


def _with(run: Run, stored: Stored) -> Run:
    """A run, whose samples are all of its series, with the histograms of its marks."""
    order = np.argsort(run.starts)
    ids = np.repeat(run.ids[order], (run.ends - run.starts)[order])
    places, histograms = _at(stored, ids[run.marks], run.times[run.marks])
    if (places >= 0).all():
        return replace(run, histograms=histograms)
    keep = np.ones(len(ids), np.bool_)
    keep[run.marks[places < 0]] = False
    return Run.of_rows(ids[keep], run.times[keep], run.values[keep], histograms)


def _left(stored: Stored, tenant: Tenant, tombstone: Tombstone) -> HistogramRows:
    """What a tombstone leaves of rows: of each what lies before it, and what lies behind it."""
    within = tombstone.within
    kept = np.flatnonzero(
        ~(
            among(stored.ids, tombstone.ids)
            & (stored.times >= within.start)
            & (stored.times <= within.end)
            & (stored.seqs < np.uint64(tombstone.before))
        )
    )
    piece = 2 * stored.rows[kept] + (stored.times[kept] > within.end)
    starts = np.flatnonzero(np.append(True, piece[1:] != piece[:-1])[: len(piece)])
    ids = stored.ids[kept][starts]
    return HistogramRows(
        (tenant,),
        np.zeros(len(starts), np.uint32),
        tombstone.metrics[np.searchsorted(tombstone.ids, ids)],
        ids,
        stored.seqs[kept][starts],
        np.append(starts, len(kept)),
        stored.times[kept],
        stored.histograms.take(kept),
    )
