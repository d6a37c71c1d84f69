"""The newest samples before the older ones, behind one port: the tail answers for what the store does not have yet."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from typing_extensions import override

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.merge import merge
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange
from sightline.ports.series import SeriesReader


class TieredSeries(SeriesReader):
    """A reader over a tail and a store.

    The tail is looked at before the store: rows that reach the store in between are then seen twice, which the merge resolves,
    rather than not at all. Tail rows are never older writes than stored ones, so they win.
    """

    def __init__(self, tail: Tail, store: SeriesReader, threads: Executor) -> None:
        """Merging runs in `threads`."""
        self._tail = tail
        self._store = store
        self._threads = threads

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        view = self._tail.view(tenant, matchers)
        older = await self._store.select(tenant, matchers, within, limit)
        if not view.entries:
            return older
        merged = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: merge(older, view.columns(within))
        )
        if merged.samples > limit:
            message = (
                f"the query needs more than {limit} samples: narrow its range or matchers, or raise query.max_samples"
            )
            raise TooManySamples(message, limit=limit)
        return merged

    @override
    async def series(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[Labels]:
        newer = self._tail.series(tenant, matcher_sets, within)
        older = await self._store.series(tenant, matcher_sets, within, limit)
        return sorted(newer.union(older))[:limit]

    @override
    async def label_names(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        newer = {name for labels in self._tail.series(tenant, matcher_sets, within) for name, _ in labels}
        older = await self._store.label_names(tenant, matcher_sets, within, limit)
        return sorted(newer.union(older))[:limit]

    @override
    async def label_values(
        self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        newer = {labels.get(name) for labels in self._tail.series(tenant, matcher_sets, within)} - {""}
        older = await self._store.label_values(tenant, name, matcher_sets, within, limit)
        return sorted(newer.union(older))[:limit]
