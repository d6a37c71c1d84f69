"""The newest samples before the older ones, behind one port.

The tail has what the store does not have yet, the hot tier a copy of the newest that it has, the index the names of all series.
A read that lies above the tenant's horizon never reaches the store; one that begins below it asks the store for that part alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from sightline.domain.errors import TooManySamples, Unavailable
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.metrics.digest import Digest, Statistic, Windows, parted, undigested
from sightline.domain.metrics.hot import HotTier, slices
from sightline.domain.metrics.index import LabelIndex, Matched
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.merge import merge
from sightline.domain.metrics.runs import Gathering, Part, Run, columns
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.tail import Tail, TailSamples
from sightline.domain.metrics.tombstones import Deleted
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import HOUR, MINUTE, TimeRange
from sightline.ports.archive import Described, SeriesArchive
from sightline.ports.census import Census
from sightline.ports.series import SeriesStore
from sightline.ports.telemetry import Instrument, Kind, Telemetry

_HOT_BYTES: Final = Instrument("sightline_hot_bytes", "Memory of the newest samples kept for queries.", Kind.GAUGE)
_CHUNK_BYTES: Final = Instrument(
    "sightline_hot_chunk_bytes", "Memory of the chunks written last, kept for queries.", Kind.GAUGE
)
_INDEX_BYTES: Final = Instrument(
    "sightline_index_bytes", "About how much memory the index of labels takes.", Kind.GAUGE
)
_INDEX_GIVEN_UP: Final = Instrument(
    "sightline_index_given_up_tenants", "Tenants with more series than index.max_bytes holds.", Kind.GAUGE
)

_T = TypeVar("_T", bound=str | Labels)
_Result = TypeVar("_Result")

# What is done at once rather than in a thread takes up to about a millisecond, a thread half of one to take it over.
_QUICK_VALUES: Final = 1_000
_QUICK_SEARCHES: Final = 5_000
_QUICK_SAMPLES: Final = 100_000
_QUICK_SERIES: Final = 1_000
_TURN: Final = 5_000  # series that are new to the index, before others have a turn
_KNOWN_TURN: Final = 10_000  # series that it mostly knows
# How far back the hot tier is refilled at most, and in steps of what.
_SPAN: Final = 15 * MINUTE
_SPANS: Final = 96


class TieredSeries(SeriesStore, Census):
    """A store behind a tail, a hot tier and an index.

    Which of two writes of a timestamp counts follows from the tiers alone: what is in the tail was written after what is in the
    store, or is the same. All that a read needs from memory is taken in one moment, before the store is asked: rows that get
    to the store in between are then seen twice, which settles itself, rather than not at all.

    `write` is called by one task at a time.
    """

    def __init__(
        self,
        tail: Tail,
        store: SeriesArchive,
        threads: Executor,
        hot: HotTier | None = None,
        index: LabelIndex | None = None,
    ) -> None:
        """Searching and merging run in `threads`. The tail tells `index.learn` of its series. Neither is used until `refill`."""
        self._tail = tail
        self._store = store
        self._threads = threads
        self._hot = hot or HotTier()
        self._index = index or LabelIndex()
        self._is_filled = False
        self._changing = asyncio.Lock()  # what is read back while something is deleted could bring that back

    @override
    async def write(self, batch: SealedRange) -> None:
        await self._store.write(batch)
        for start in range(0, len(batch.labels), _KNOWN_TURN):
            self._index.take(batch, slice(start, start + _KNOWN_TURN))
            await asyncio.sleep(0)
        self._index.reveal(batch)
        self._hot.take(batch)
        while (wanted := self._hot.next_merge()) is not None:
            self._hot.finish(wanted, await self._in_thread(wanted.made))

    @override
    async def delete(self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange) -> Deleted:
        """All that the tail holds is written after the delete: whoever asks has it written before what shall be deleted."""
        async with self._changing:
            deleted = await self._store.delete(tenant, matcher_sets, within)
            self._hot.delete(tenant, deleted.ids, within)
            self._index.hide(tenant, deleted.emptied)
        return deleted

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        await self._ask_regexes(tenant, (matchers,))
        if not self._index.covers(tenant):
            return await self._select_unknown(tenant, matchers, within, limit)
        return await self.select_known(tenant, self._index.find(tenant, matchers), within, limit)

    @override
    async def find(self, tenant: Tenant, matchers: Matchers) -> KnownSeries | None:
        await self._ask_regexes(tenant, (matchers,))
        return self._index.find(tenant, matchers) if self._index.covers(tenant) else None

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        if not len(known) or within.end < within.start:
            return SeriesColumns.empty()
        recent, hot = self._tail.samples(tenant, known), self._hot.view(tenant)
        parts = [(run, TimeRange(max(within.start, hot.horizon), within.end)) for run in hot.runs]
        if within.start < hot.horizon:
            below = TimeRange(within.start, min(within.end, hot.horizon - 1))
            older = await self._store.select_known(tenant, known, below, limit)
            if older.samples:
                parts.insert(0, (Run.of_columns(older), below))
        found = await self._gathered(parts, recent, known, within)
        return _limited(found, limit)

    @override
    async def digested(
        self, tenant: Tenant, matchers: Matchers, windows: Windows, statistic: Statistic, limit: int
    ) -> SeriesColumns:
        await self._ask_regexes(tenant, (matchers,))
        if not self._index.covers(tenant):
            return undigested(await self._select_unknown(tenant, matchers, windows.within, limit), statistic)
        known = self._index.find(tenant, matchers)
        all_here = not windows.before(self._hot.view(tenant).horizon).count
        if all_here or not len(known) or not Digest.fits(len(known), windows, limit):
            return undigested(await self.select_known(tenant, known, windows.within, limit), statistic)
        # What the tail has of these windows is looked at before the store is asked: what leaves it meanwhile is there by then.
        recent = self._tail.samples(tenant, known)
        early, late = await self._in_thread(lambda: parted(recent.run(windows.within), windows, known))
        if not early.count:
            return undigested(await self.select_known(tenant, known, windows.within, limit), statistic)
        told = await self._store.digest(tenant, known, early, limit)
        late |= told.needing_samples(statistic)
        found = await self._in_thread(lambda: told.columns(known, early, statistic, ~late))
        rest = TimeRange(early.end + 1, windows.end)
        for some, within in ((known.of_rows(np.flatnonzero(late)), early.within), (known, rest)):
            samples = await self.select_known(tenant, some, within, limit)
            found = _limited(await self._in_thread(partial(_merged, found, samples, statistic)), limit)
        return found

    @override
    async def series(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[Labels]:
        async def ask() -> list[Labels]:
            return await self._store.series(tenant, matcher_sets, within, limit)

        return await self._listed(tenant, matcher_sets, within, limit, ask, lambda found: found, Matched.labels)

    @override
    async def label_names(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        async def ask() -> list[str]:
            return await self._store.label_names(tenant, matcher_sets, within, limit)

        def names(found: Iterable[Labels]) -> Iterable[str]:
            return (name for labels in found for name, _ in labels)

        return await self._listed(tenant, matcher_sets, within, limit, ask, names, Matched.names)

    @override
    async def label_values(
        self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        async def ask() -> list[str]:
            return await self._store.label_values(tenant, name, matcher_sets, within, limit)

        def values(found: Iterable[Labels]) -> Iterable[str]:
            return filter(None, (labels.get(name) for labels in found))

        def of_matched(matched: Matched, chosen: NDArray[np.bool_]) -> list[str]:
            return matched.values(name, chosen)

        return await self._listed(tenant, matcher_sets, within, limit, ask, values, of_matched)

    @override
    async def cardinality(self, tenant: Tenant, limit: int) -> Cardinality:
        if not self._index.is_complete:
            raise Unavailable("the series are still being read after the start: ask again in a moment")
        if not self._index.covers(tenant):
            raise Unavailable("there are more series than index.max_bytes holds, so that they cannot be counted")
        counts, (first, last) = self._index.counts(tenant), self._tail.extent(tenant)
        chunks = await self._store.chunks(tenant)
        return await self._in_thread(lambda: counts.cardinality(limit, chunks, first, last))

    async def refill(self, newest: int) -> None:
        """Bring series and the newest samples back from the store, after a start; what is brought is used at once.

        newest: the present, ms. Until it is done, the store answers for what is not here yet; once it is, this does nothing.

        Raises:
            Unavailable: the store is away; to be called again.
        """
        if self._is_filled:
            return
        if not self._index.is_complete:
            async with self._changing:
                async for some in self._store.described():
                    await self._see(some)
                for tenant, ids in self._store.emptied().items():
                    self._index.hide(tenant, ids)
                self._index.complete()
        density = await self._store.density(newest, _SPAN, _SPANS)
        for first in slices(density, newest, _SPAN, *self._hot.refill_rows):
            if self._hot.given_up:
                break
            after = self._hot.horizon
            if first < after:
                self._hot.admit(first)
                async with self._changing:
                    self._hot.take_older(await self._store.runs(TimeRange(first, after - 1)), first)
        self._is_filled = True

    async def measure(self, telemetry: Telemetry) -> None:
        """Tell what is kept in memory."""
        telemetry.set(_HOT_BYTES, self._hot.weight)
        telemetry.set(_CHUNK_BYTES, self._store.weight)
        telemetry.set(_INDEX_BYTES, self._index.weight)
        telemetry.set(_INDEX_GIVEN_UP, self._index.given_up)

    async def _see(self, some: Described) -> None:
        for start in range(0, len(some.ids), _TURN):
            rows = slice(start, start + _TURN)
            tenants, labels = some.tenants[rows], some.labels[rows]
            for tenant in set(tenants):
                own = np.array([row for row, name in enumerate(tenants) if name == tenant], np.intp)
                its = labels if len(own) == len(labels) else [labels[row] for row in own.tolist()]
                seen = (some.first_seen[rows][own], some.last_seen[rows][own])
                self._index.see(tenant, some.ids[rows][own], its, *seen)
            await asyncio.sleep(0)

    async def _ask_regexes(self, tenant: Tenant, matcher_sets: Sequence[Matchers]) -> None:
        """Evaluate regexes that have many values before them in a thread; the index does so with few."""
        regexes = self._index.regexes(tenant, matcher_sets)
        if sum(len(one.values) for one in regexes) > _QUICK_VALUES:
            for one in regexes:
                await self._in_thread(one.evaluate)
                one.remember()

    async def _gathered(
        self, parts: Sequence[Part], recent: TailSamples, known: KnownSeries, within: TimeRange
    ) -> SeriesColumns:
        """The parts of the store and of the hot tier, and the tail on top."""

        def gather() -> Gathering:
            newest = recent.run(within) if recent else None
            return Gathering((*parts, (newest, within)) if newest is not None else parts, known)

        quick = len(known) * (len(parts) + 1) <= _QUICK_SEARCHES
        gathering = gather() if quick else await self._in_thread(gather)
        if gathering.is_ordered or gathering.samples <= _QUICK_SAMPLES:
            return columns(known, gathering)
        return await self._in_thread(lambda: columns(known, gathering))

    async def _select_unknown(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        """Where the index does not know all series: the store and the tail each find theirs."""
        view = self._tail.view(tenant, (matchers,))
        older = await self._store.select(tenant, matchers, within, limit)
        if not view.chains:
            return older
        return _limited(await self._in_thread(lambda: merge(older, view.columns(within))), limit)

    async def _listed(
        self,
        tenant: Tenant,
        matcher_sets: Sequence[Matchers],
        within: TimeRange,
        limit: int,
        ask: Callable[[], Awaitable[list[_T]]],
        items: Callable[[Iterable[Labels]], Iterable[_T]],
        of_matched: Callable[[Matched, NDArray[np.bool_]], Iterable[_T]],
    ) -> list[_T]:
        """What is made of the series seen in the range: those of the index or, without it, of the store and of the tail."""
        await self._ask_regexes(tenant, matcher_sets)
        if self._index.covers(tenant):
            matched = self._index.match(tenant, matcher_sets)
            first, last = self._tail.spans(tenant, matched.named)
            # The store is told of a series every hour.
            seen = (matched.first <= within.end) & (matched.last >= within.start - HOUR)
            seen |= (first <= within.end) & (last >= within.start)
            return sorted(of_matched(matched, seen))[:limit]
        view = self._tail.view(tenant, matcher_sets)
        older = await ask()

        def union() -> list[_T]:
            return sorted({*older, *items(view.series(within))})[:limit]

        return union() if len(view.labels) <= _QUICK_SERIES else await self._in_thread(union)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _merged(digested: SeriesColumns, samples: SeriesColumns, statistic: Statistic) -> SeriesColumns:
    return merge(digested, undigested(samples, statistic))


def _limited(found: SeriesColumns, limit: int) -> SeriesColumns:
    if found.cost > limit:
        message = f"the query needs more than {limit} samples: narrow its range or matchers, or raise query.max_samples"
        raise TooManySamples(message, limit=limit)
    return found
