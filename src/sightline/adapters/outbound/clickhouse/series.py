"""The series port on ClickHouse."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from typing_extensions import override

from sightline.adapters.outbound.clickhouse.answers import array, column
from sightline.adapters.outbound.clickhouse.bounds import BoundsBudget, told
from sightline.adapters.outbound.clickhouse.database import ClickHouseDatabase
from sightline.adapters.outbound.clickhouse.decoding import Budget, Chunks
from sightline.adapters.outbound.clickhouse.deletes import Deletes
from sightline.adapters.outbound.clickhouse.embedded import Embedded, EngineLimits
from sightline.adapters.outbound.clickhouse.encoding import MAX_ROWS, Chunked, Encoded
from sightline.adapters.outbound.clickhouse.histograms import HistogramTable
from sightline.adapters.outbound.clickhouse.matching import conditions
from sightline.adapters.outbound.clickhouse.native import Block, instants, maps, uint64, words
from sightline.adapters.outbound.clickhouse.recent import Piece, RecentChunks
from sightline.adapters.outbound.clickhouse.schema import Retention
from sightline.adapters.outbound.clickhouse.statements import MATCHERS, Param, numbers, statement, text
from sightline.adapters.outbound.clickhouse.times import FIRST, held
from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.digest import Digest, Statistic, Windows, undigested
from sightline.domain.metrics.hot import ALWAYS
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import NO_SERIES, KnownSeries
from sightline.domain.metrics.merge import merge
from sightline.domain.metrics.roster import texts_of
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import Ids, SeriesColumns
from sightline.domain.metrics.tombstones import Deleted, Tombstone
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, DAY, HOUR, TimeRange
from sightline.ports.archive import Described, SeriesArchive

_T = TypeVar("_T")

DEFAULT_RETENTION: Final = 15 * DAY
_QUICK_COUNT: Final = 1_000_000  # samples that are read to see whether a delete left any
_QUICK_LOOKS: Final = 1_000  # series in pieces of memory: about a millisecond


def _nothing(_step: str) -> None:
    pass


class ClickHouseSeries(SeriesArchive):
    """Series, and their samples in chunks, see docs/adr/0003-metric-tables.md. Made by `open` or `on`.

    after_step: told the name of each step of a write once it is done (`series`, `histograms` where there are some, `samples`), so
    that tests can crash in between.
    recent_bytes: memory for the chunks that were written last.
    """

    def __init__(self, engine: Embedded, after_step: Callable[[str], None] = _nothing, recent_bytes: int = 0) -> None:
        self._engine = engine
        self._after_step = after_step
        self._newest: int | None = None
        self._recent = RecentChunks(recent_bytes)
        self._histograms = HistogramTable(engine, _bounds)
        self._deletes = Deletes(engine, _bounds, self._histograms)
        self._deleting, self._cleaning = asyncio.Lock(), asyncio.Lock()

    @property
    @override
    def weight(self) -> int:
        return self._recent.weight

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        retention: int | None = DEFAULT_RETENTION,
        limits: EngineLimits | None = None,
        program: str = "",
        after_step: Callable[[str], None] = _nothing,
        recent_bytes: int = 0,
    ) -> "ClickHouseSeries":
        """Open a database of which samples are all, created or migrated where needed.

        retention: how long samples are kept, ms; None is for ever. program: the version that opens it. recent_bytes: memory for the
        chunks that were written last.

        Raises:
            DataFolderTooNew: written by a newer version.
            Unavailable, StorageFull, SettingsInvalid: the engine does not start.
        """
        database = await ClickHouseDatabase.open(folder, Retention(samples=retention), limits, program)
        try:
            return await cls.on(database, after_step, recent_bytes)
        except BaseException:
            await database.close()
            raise

    @classmethod
    async def on(
        cls, database: ClickHouseDatabase, after_step: Callable[[str], None] = _nothing, recent_bytes: int = 0
    ) -> "ClickHouseSeries":
        """The store in a database that is open, which others use as well and somebody else closes.

        Raises:
            Unavailable: it cannot be read.
        """
        store = cls(database.engine, after_step, recent_bytes)
        await store._histograms.load()
        await store._deletes.load()
        return store

    async def close(self) -> None:
        """Close the database, where nobody else uses it."""
        await self._engine.close()

    async def copy_to(self, folder: Path) -> None:
        """As the database's."""
        await ClickHouseDatabase(self._engine).copy_to(folder)

    @override
    async def write(self, batch: SealedRange) -> None:
        for first in range(0, len(batch.series_id), MAX_ROWS):
            # The table merges repeated rows of a series, so that a replay needs no look.
            some = slice(first, first + MAX_ROWS)
            await self._engine.insert(statement("series_insert"), partial(_series_rows, batch, some))
        self._after_step("series")
        if len(batch):
            await self._write_chunks(batch)
            self._deletes.revive(batch)
        self._after_step("samples")

    async def _write_chunks(self, batch: SealedRange) -> None:
        # Ranges are numbered in the order in which they are sealed: only one up to the newest may be here in part.
        newest = await self._newest_range()
        look = statement("chunks_present") if batch.range_id <= newest else None
        self._newest = max(batch.range_id, newest)
        written: list[Encoded] = []
        chunked = Chunked.of(batch)
        if len(batch.histograms):
            await self._histograms.write(chunked)
            self._after_step("histograms")
        try:
            parts = partial(chunked.parts, written.append)
            await self._engine.insert_absent(look, statement("chunks_insert"), parts)
        except BaseException:  # what of it was stored is not known
            self._recent.miss(int(batch.time.max()))
            raise
        if look:
            self._recent.miss(int(batch.time.max()))
        else:
            self._recent.take(written)

    async def _newest_range(self) -> int:
        """The highest id of a range of which something may be stored, -1 without any."""
        if self._newest is None:
            rows = await self._engine.read(statement("chunks_newest"))
            self._newest = int(rows["newest"][0].as_py())
            self._recent.begin(ALWAYS if self._newest < 0 else int(rows["latest"][0].as_py()) + 1)
        return self._newest

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        return await self.select_known(tenant, await self.find(tenant, matchers), within, limit)

    @override
    async def find(self, tenant: Tenant, matchers: Matchers) -> KnownSeries:
        condition, parameters = conditions((matchers,))
        sql = statement("series_resolve").replace(MATCHERS, condition)
        return await self._engine.read_into(_resolved, sql, {"tenant": text(tenant), **parameters})

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        return await self._whole(tenant, known, within, limit, self._deletes.of(tenant, within))

    async def _whole(
        self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int, tombstones: Sequence[Tombstone]
    ) -> SeriesColumns:
        """Samples and the histograms that they mark."""
        found = await self._select(tenant, known, within, limit, tombstones)
        return await self._histograms.beside(tenant, known, found, limit)

    async def _select(
        self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int, tombstones: Sequence[Tombstone]
    ) -> SeriesColumns:
        if not len(known):
            return SeriesColumns.empty()

        def made(rows: pa.Table) -> SeriesColumns:
            return _columns(Chunks(rows, within, tombstones), known, limit)

        if (recent := self._recent.pieces(tenant, within)) is not None:
            return await _remembered(recent, known, within, made)
        return await self._engine.read_into(
            made,
            statement("chunks_select"),
            {**_wanted(tenant, known), **_bounds(within)},
            Budget(within, limit, tombstones),
        )

    @override
    async def delete(self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange) -> Deleted:
        async with self._deleting:
            found = [await self.find(tenant, matchers) for matchers in matcher_sets]
            known = found[0] if len(found) == 1 else await asyncio.to_thread(_union, found)
            if not len(known) or within.end < within.start:
                return Deleted.nothing()
            before = await self._newest_range() + 1

            async def has_samples(some: KnownSeries, tombstones: Sequence[Tombstone]) -> Ids:
                try:
                    return (await self._select(tenant, some, ALL_TIME, _QUICK_COUNT, tombstones)).ids
                except TooManySamples:
                    return some.ids  # that some has none is seen when it is deleted again

            return await self._deletes.add(tenant, known, within, before, has_samples)

    @override
    async def clean(self) -> bool:
        async with self._cleaning:
            for tenant, tombstones in self._deletes.tombstones.items():
                oldest = tombstones[0]
                done = await self._deletes.clean(tenant, oldest)
                self._recent.forget(oldest.within.end)
                self._deletes.drop(tenant, oldest, done)
                break
        return bool(self._deletes.tombstones)

    @override
    async def digested(
        self, tenant: Tenant, matchers: Matchers, windows: Windows, statistic: Statistic, limit: int
    ) -> SeriesColumns:
        known = await self.find(tenant, matchers)
        if not Digest.fits(len(known), windows, limit):
            return undigested(await self.select_known(tenant, known, windows.within, limit), statistic)
        told = await self.digest(tenant, known, windows, limit)
        found = told.columns(known, windows, statistic)
        if not (rest := told.needing_samples(statistic)).any():
            return found
        samples = await self.select_known(tenant, known.of_rows(np.flatnonzero(rest)), windows.within, limit)
        return merge(found, samples)

    @override
    async def digest(self, tenant: Tenant, known: KnownSeries, windows: Windows, limit: int) -> Digest:
        within = windows.within
        tombstones = self._deletes.of(tenant, within)
        if not len(known):
            return Digest.empty(0, windows.count)
        found, untold = await self._engine.read_into(
            lambda rows: _told(rows, known, windows),
            statement("chunks_bounds"),
            {**_wanted(tenant, known), **_bounds(within)},
            BoundsBudget(limit),
        )
        for one in tombstones:
            untold = np.union1d(untold, np.flatnonzero(one.covers(known.ids)))
        if len(untold):
            found.forget(untold)
            rest = await self._select(tenant, known.of_rows(untold), within, limit, tombstones)
            found.put(known, rest, windows)
        return found

    @override
    async def described(self) -> AsyncIterator[Described]:
        yield await self._engine.read_into(_described, statement("series_described"))

    @override
    def emptied(self) -> Mapping[Tenant, Ids]:
        return self._deletes.all_emptied

    @override
    async def density(self, newest: int, width: int, count: int) -> Sequence[int]:
        parameters: dict[str, Param] = {"newest": newest, "width": width, "count": count}
        found = _spread(await self._engine.read(statement("chunks_density"), parameters), count)
        if (histograms := await self._histograms.density(parameters)) is None:
            return found
        return [samples + more for samples, more in zip(found, _spread(histograms, count), strict=True)]

    @override
    async def chunks(self, tenant: Tenant) -> int:
        rows = await self._engine.read(statement("chunks_count"), {"tenant": text(tenant)})
        return int(rows["chunks_there"][0].as_py())

    @override
    async def runs(self, within: TimeRange) -> Mapping[Tenant, Run]:
        deleted = dict(self._deletes.tombstones)
        found = await self._engine.read_into(
            lambda rows: _runs(rows, within, deleted), statement("chunks_within"), _bounds(within)
        )
        return await self._histograms.beside_runs(found)

    @override
    async def series(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[Labels]:
        return await self._search(_listed, "series_list", tenant, matcher_sets, within, {"limit": limit})

    @override
    async def label_names(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        return await self._search(_texts, "label_names", tenant, matcher_sets, within, {"limit": limit})

    @override
    async def label_values(
        self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        more: dict[str, Param] = {"limit": limit, "name": text(name)}
        return await self._search(_texts, "label_values", tenant, matcher_sets, within, more)

    async def _search(
        self,
        make: Callable[[pa.Table], _T],
        name: str,
        tenant: Tenant,
        matcher_sets: Sequence[Matchers],
        within: TimeRange,
        more: Mapping[str, Param],
    ) -> _T:
        condition, parameters = conditions(matcher_sets)
        if len(emptied := self._deletes.emptied(tenant)):
            condition += " AND id NOT IN {emptied:Array(UInt64)}"
            parameters["emptied"] = numbers(emptied.tolist())
        sql = statement(name).replace(MATCHERS, condition)
        return await self._engine.read_into(
            make, sql, {"tenant": text(tenant), **_bounds(within), **parameters, **more}
        )


def _bounds(within: TimeRange) -> dict[str, Param]:
    """Start and end as the engine can hold them, and since when a chunk may begin that reaches into the range."""
    there = held(within)
    return {"early": max(there.start - HOUR, FIRST), "start": there.start, "end": there.end}


def _series_rows(batch: SealedRange, some: slice) -> Block:
    return Block.of(
        words("tenant", batch.series_tenant[some], batch.tenants),
        uint64("metric", batch.series_metric[some]),
        uint64("id", batch.series_id[some]),
        maps("labels", texts_of(batch.labels[some])),
        instants("first_seen", batch.first_seen[some]),
        instants("last_seen", batch.last_seen[some]),
    )


def _resolved(rows: pa.Table) -> KnownSeries:
    if not rows.num_rows:
        return NO_SERIES
    return KnownSeries.of(_labels(rows["label_set"]), array(rows["id"]).tolist())


def _union(found: Sequence[KnownSeries]) -> KnownSeries:
    """The series of several answers, each once."""
    labels = {number: own for one in found for own, number in zip(one.labels, one.ids.tolist(), strict=True)}
    return KnownSeries.of(list(labels.values()), list(labels))


def _listed(rows: pa.Table) -> list[Labels]:
    return _labels(rows["label_set"]) if rows.num_rows else []


def _texts(rows: pa.Table) -> list[str]:
    """The only column."""
    texts: list[Any] = rows[0].to_pylist() if rows.num_rows else []
    return texts


def _labels(column: Any) -> list[Labels]:
    """Label sets of a map column; an object per label set, as every answer has, but none per row besides."""
    found: list[Labels] = []
    for chunk in column.chunks:
        offsets = chunk.offsets.to_pylist()
        names = chunk.keys[: offsets[-1]].to_pylist()
        values = chunk.items[: offsets[-1]].to_pylist()
        pairs = list(zip(names, values, strict=True))
        found.extend(Labels(pairs[start:end]) for start, end in pairwise(offsets))
    return found


def _wanted(tenant: Tenant, known: KnownSeries) -> dict[str, Param]:
    return {"tenant": text(tenant), "metrics": numbers(known.metrics), "ids": numbers(known.ids.tolist())}


def _places(ids: Ids, known: KnownSeries) -> NDArray[np.intp]:
    """Which of the known series each chunk (c,) belongs to."""
    by_id = np.argsort(known.ids)
    return by_id[np.searchsorted(known.ids[by_id], ids)]


def _columns(chunks: Chunks, known: KnownSeries, limit: int) -> SeriesColumns:
    offsets, times, values = chunks.samples(_places(chunks.ids, known), len(known), limit)
    rows = np.flatnonzero(np.diff(offsets))
    if len(rows) == len(known):
        return SeriesColumns(known.labels, known.ids.copy(), offsets, times, values)
    labels = tuple([known.labels[row] for row in rows.tolist()])
    return SeriesColumns(labels, known.ids[rows], np.append(offsets[rows], offsets[-1]), times, values)


async def _remembered(
    pieces: Sequence[Piece], known: KnownSeries, within: TimeRange, made: Callable[[pa.Table], SeriesColumns]
) -> SeriesColumns:
    """What the chunks that were written last hold of some series; what takes longer than a thread costs is done in one."""

    def found() -> SeriesColumns:
        return made(pa.Table.from_batches([piece.found(known, within) for piece in pieces]))

    if not pieces:
        return SeriesColumns.empty()
    return found() if len(pieces) * len(known) <= _QUICK_LOOKS else await asyncio.to_thread(found)


def _told(rows: pa.Table, known: KnownSeries, windows: Windows) -> tuple[Digest, NDArray[np.intp]]:
    places = _places(array(rows["id"]), known) if rows.num_rows else np.empty(0, np.intp)
    return told(rows, places, len(known), windows)


def _spread(rows: pa.Table, count: int) -> list[int]:
    """Samples by spans, from how many there are in chunks that reach from one span to another."""
    found = np.zeros(count + 1, np.int64)
    if rows.num_rows:
        columns = (array(rows[name]).tolist() for name in ("latest", "oldest", "samples_there"))
        for latest, oldest, samples in zip(*columns, strict=True):
            share, rest = divmod(int(samples), oldest + 1 - latest)
            found[latest : oldest + 1] += share
            found[latest] += rest
    counts: list[int] = found.tolist()
    return counts


def _described(rows: pa.Table) -> Described:
    if not rows.num_rows:
        none = np.empty(0, np.int64)
        return Described([], np.empty(0, np.uint64), [], none, none)
    names: list[Any] = rows["tenant"].to_pylist()
    return Described(
        [Tenant(name) for name in names],
        array(rows["id"]),
        _labels(rows["label_set"]),
        array(rows["first"]),
        array(rows["last"]),
    )


def _runs(rows: pa.Table, within: TimeRange, deleted: Mapping[Tenant, Sequence[Tombstone]]) -> dict[Tenant, Run]:
    if not rows.num_rows:
        return {}
    named: Any = rows["tenant"].combine_chunks().dictionary_encode()
    if deleted:
        return _runs_without(rows, named, within, deleted)
    chunks, tenant = Chunks(rows, within), array(named.indices)
    order = np.lexsort((chunks.ids, tenant))
    tenants, ids = tenant[order], chunks.ids[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (tenants[1:] != tenants[:-1]) | (ids[1:] != ids[:-1])
    places = np.empty(len(order), np.intp)
    places[order] = np.cumsum(new) - 1
    tenants, ids = tenants[new], ids[new]
    offsets, times, values = chunks.samples(places, len(ids))
    found = {}
    for number, name in enumerate(named.dictionary.to_pylist()):
        first, after = np.searchsorted(tenants, [number, number + 1])
        low, high = offsets[first], offsets[after]
        if low < high:
            own = offsets[first : after + 1] - low
            found[Tenant(name)] = Run.of_pieces(ids[first:after], own, times[low:high], values[low:high])
    return found


def _runs_without(
    rows: pa.Table, named: Any, within: TimeRange, deleted: Mapping[Tenant, Sequence[Tombstone]]
) -> dict[Tenant, Run]:
    """As `_runs`, tenant by tenant, without what was deleted."""
    indices, found = array(named.indices), dict[Tenant, Run]()
    for number, name in enumerate(named.dictionary.to_pylist()):
        tenant = Tenant(name)
        own = rows.take(column(pa.int64(), np.flatnonzero(indices == number)))
        chunks = Chunks(own, within, deleted.get(tenant, ()))
        ids, places = np.unique(chunks.ids, return_inverse=True)
        offsets, times, values = chunks.samples(places, len(ids))
        if len(times):
            found[tenant] = Run.of_pieces(ids, offsets, times, values)
    return found
