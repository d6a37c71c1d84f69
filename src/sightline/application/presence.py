"""Which series there are, and when there were any, without reading samples: each question asked of the store once."""

import asyncio
from collections.abc import Sequence
from typing import Final

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import METRIC_NAME, Matchers
from sightline.domain.metrics.samples import stale_mask
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import HOUR, TimeRange
from sightline.ports.series import SeriesReader

MOST_NAMES: Final = 100_000
"""Names of metrics or labels, or values of a label, that are looked through for the nearest; others are never told."""
LAST_SAMPLES: Final = 1_000_000
"""Samples that are read to tell when the last one came; where there are more of them the hour is told: 16 MB."""


class Presence:
    """One tenant's series at one moment; what was answered is remembered, so an instance is for one piece of work.

    Times are those of the series port, give or take an hour. Errors: those of the series port.
    """

    def __init__(self, series: SeriesReader, tenant: Tenant, now: int, retention: int) -> None:
        """Look from `now` as far back as samples are kept; both in ms."""
        self._series = series
        self._tenant = tenant
        self.now = now
        self._kept = TimeRange(now - retention, now)
        self._there: dict[tuple[Matchers, TimeRange], bool] = {}
        self._listed: dict[tuple[str, Matchers, TimeRange], Sequence[str]] = {}

    async def has(self, matchers: Matchers, within: TimeRange) -> bool:
        """Whether there are series that satisfy all matchers."""
        asked = matchers, within
        if asked not in self._there:
            self._there[asked] = await self._any(matchers, within)
        return self._there[asked]

    async def labels(self, matchers: Matchers, within: TimeRange) -> Sequence[str]:
        """The names of the labels that matching series have."""
        return await self._series.label_names(self._tenant, (matchers,), within, MOST_NAMES)

    async def values(self, name: str, matchers: Matchers, within: TimeRange) -> Sequence[str]:
        """The values that a label has on matching series."""
        asked = name, matchers, within
        if asked not in self._listed:
            found = await self._series.label_values(self._tenant, name, (matchers,), within, MOST_NAMES)
            self._listed[asked] = found
        return self._listed[asked]

    async def last_seen(self, matchers: Matchers) -> int | None:
        """When the last sample of matching series came, ms; None where none is kept. Where they are many, to the hour."""
        first, after = self._kept.start, self._kept.end
        if not await self._any(matchers, self._kept):
            return None
        while after - first > HOUR:
            middle = (first + after) // 2
            if await self._any(matchers, TimeRange(middle, self._kept.end)):
                first = middle
            else:
                after = middle
        around = TimeRange(first - HOUR, min(after + HOUR, self._kept.end))
        try:
            found = await self._series.select(self._tenant, matchers, around, LAST_SAMPLES)
        except TooManySamples:
            return first
        times = found.times[~stale_mask(found.values)]
        return int(times.max()) if len(times) else first

    async def _any(self, matchers: Matchers, within: TimeRange) -> bool:
        # Every series has a name, and telling one is quicker than making label sets.
        found = await self._series.label_values(self._tenant, METRIC_NAME, (matchers,), within, 1)
        await asyncio.sleep(0)  # an answer from memory waits for nothing, and there are many questions
        return bool(found)
