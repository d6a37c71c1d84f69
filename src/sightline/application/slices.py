"""Read series some at a time, where the samples of all would be too many to hold at once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

import numpy as np

from sightline.domain.errors import TooManySamples
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.plan import Fetch
from sightline.domain.tenancy import Tenant
from sightline.ports.series import SeriesReader

SLICE_SAMPLES: Final = 8_000_000
"""The most samples of a slice, 128 MB. A month of 1,000 series takes 3.0-4.3 s so, 3.7-4.2 with half, 6.0 with a quarter."""

_FIRST: Final = 16  # series, of which nothing is known yet
_GROWTH: Final = 8
_FULL: Final = 0.8  # of what a slice may have, for series differ
_AT_ONCE: Final = 2  # slices: one is worked on while the next one is read


class Slices:
    """The samples of a fetch, some series at a time.

    known: all its series. limit: samples that may be there at once. most: of a slice. by_labels: series come in order of labels,
    and not of ids, as they lie in the store.
    """

    def __init__(
        self,
        series: SeriesReader,
        tenant: Tenant,
        fetch: Fetch,
        known: KnownSeries,
        limit: int,
        *,
        most: int = SLICE_SAMPLES,
        by_labels: bool = False,
    ) -> None:
        self._series = series
        self._tenant = tenant
        self._fetch = fetch
        self._known = known
        self._alone = limit // _AT_ONCE
        self._most = min(most, self._alone)
        self._by_labels = by_labels

    async def give(self, take: Callable[[SeriesColumns], Awaitable[None]]) -> None:
        """Give them to `take`, slice after slice, each series in one piece; the next slice is read meanwhile.

        Raises:
            TooManySamples: one series alone has more than half of what may be there.
            Unavailable: the store is away.
            Whatever `take` raises.
        """
        async with aclosing(self.each()) as slices:
            ahead = asyncio.ensure_future(anext(slices, None))
            try:
                while (found := await ahead) is not None:
                    ahead = asyncio.ensure_future(anext(slices, None))
                    await take(found)
                    del found  # before the one after the next is read
            finally:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def each(self) -> AsyncGenerator[SeriesColumns, None]:
        """The slices one after another, each with as many series as fit by what the last ones had.

        Raises:
            TooManySamples, Unavailable: as `give`.
        """
        rows = np.arange(len(self._known)) if self._by_labels else np.argsort(self._known.ids)
        count = _FIRST
        while len(rows):
            count = min(count, len(rows))
            some = self._known.of_rows(np.sort(rows[:count]))
            most = self._most if count > 1 else self._alone
            try:
                found = await self._series.select_known(self._tenant, some, self._fetch.within, most)
            except TooManySamples:
                if count == 1:
                    raise
                count = max(1, count // _GROWTH)
                continue
            each = max(1.0, found.samples / count)
            yield found
            del found
            rows = rows[count:]
            count = max(1, min(_GROWTH * count, int(_FULL * self._most / each)))
