"""The newest samples before the older ones, behind one port: the tail answers for what the store does not have yet."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from typing_extensions import override

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.merge import merge
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.tail import Tail, TailView
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange
from sightline.ports.series import SeriesReader

_T = TypeVar("_T", bound=str | Labels)


class TieredSeries(SeriesReader):
    """A reader over a tail and a store.

    The tail is looked at before the store: rows that reach the store in between are then seen twice, which the merge resolves,
    rather than not at all. Tail rows are never older writes than those that were stored at that moment, so they win.
    """

    def __init__(self, tail: Tail, store: SeriesReader, threads: Executor) -> None:
        """Searching the tail and merging run in `threads`."""
        self._tail = tail
        self._store = store
        self._threads = threads

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        view = self._tail.view(tenant, (matchers,))
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
        view = self._tail.view(tenant, matcher_sets)
        older = await self._store.series(tenant, matcher_sets, within, limit)
        return await self._union(older, view, lambda: view.series(within), limit)

    @override
    async def label_names(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        view = self._tail.view(tenant, matcher_sets)
        older = await self._store.label_names(tenant, matcher_sets, within, limit)
        return await self._union(
            older, view, lambda: (name for labels in view.series(within) for name, _ in labels), limit
        )

    @override
    async def label_values(
        self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        view = self._tail.view(tenant, matcher_sets)
        older = await self._store.label_values(tenant, name, matcher_sets, within, limit)
        return await self._union(
            older, view, lambda: filter(None, (labels.get(name) for labels in view.series(within))), limit
        )

    async def _union(self, older: list[_T], view: TailView, newer: Callable[[], Iterable[_T]], limit: int) -> list[_T]:
        def union() -> list[_T]:
            return sorted({*older, *newer()})[:limit]

        if not view.entries:
            return older
        return await asyncio.get_running_loop().run_in_executor(self._threads, union)
