"""Give the newest sample of each series, for another server that takes a part of what we have."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.known import NO_SERIES, KnownSeries
from sightline.domain.metrics.newest import Newest, newest
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import MINUTE, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesReader

BLOCK_SERIES: Final = 20_000
"""Series that are read at a time: with a sample every 15 s, 6 MB."""
MAX_SAMPLES: Final = 8_000_000
"""Samples that are read at a time: 128 MB."""
_AT_ONCE: Final = 2  # blocks that are read at once, whoever asks
_SMALLER: Final = 8  # how much less is read at a time where that was too much
_QUICK_SERIES: Final = 1_000

_Result = TypeVar("_Result")


class Federate:
    """The use case. Answers for the principal's tenant alone. lookback: ms after which a sample is no present value any more."""

    def __init__(
        self,
        reader: SeriesReader,
        clock: Clock,
        *,
        lookback: int = 5 * MINUTE,
        block: int = BLOCK_SERIES,
        max_samples: int = MAX_SAMPLES,
    ) -> None:
        """block, max_samples: how many series and samples are there at once."""
        self._reader = reader
        self._clock = clock
        self._lookback = lookback
        self._block = block
        self._max_samples = max_samples
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, principal: Principal, matcher_sets: Sequence[Matchers]) -> AsyncGenerator[Newest, None]:
        """The newest samples of what any of the sets selects, at one instant, in order of metric names, block after block.

        Raises:
            TooManySamples: one series alone has too many, or all together where they cannot be read some at a time.
            Unavailable: the store is away.
        """
        now = self._clock.now()
        within = TimeRange(now - self._lookback, now)
        found = [await self._reader.find(principal.tenant, matchers) for matchers in matcher_sets]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            yield await self._unknown(principal, matcher_sets, within)
            return
        series, order = await _off_loop(sum(map(len, known)), lambda: _ordered(known))
        count = self._block
        while len(order):
            some = series.of_rows(np.sort(order[:count]))
            try:
                async with self._turns:
                    columns = await self._reader.select_known(principal.tenant, some, within, self._max_samples)
            except TooManySamples:
                if count == 1:
                    raise
                count = max(1, count // _SMALLER)
                continue
            order = order[count:]
            yield await _off_loop(len(columns), partial(newest, columns))

    async def _unknown(self, principal: Principal, matcher_sets: Sequence[Matchers], within: TimeRange) -> Newest:
        """Where series can only be found together with their samples."""
        found: dict[Labels, tuple[int, float]] = {}
        for matchers in matcher_sets:
            async with self._turns:
                columns = await self._reader.select(principal.tenant, matchers, within, self._max_samples)
            some = await asyncio.to_thread(newest, columns)
            found.update(zip(some.labels, zip(some.times.tolist(), some.values.tolist(), strict=True), strict=True))
        labels = sorted(found, key=lambda one: (one.name, one))
        times, values = [found[one][0] for one in labels], [found[one][1] for one in labels]
        return Newest(tuple(labels), np.array(times, np.int64), np.array(values, np.float64))


async def _off_loop(series: int, work: Callable[[], _Result]) -> _Result:
    """Work that takes about a microsecond a series, in a thread where that is long."""
    return work() if series <= _QUICK_SERIES else await asyncio.to_thread(work)


def _ordered(found: Sequence[KnownSeries]) -> tuple[KnownSeries, NDArray[np.intp]]:
    """The series of any of the answers, each once, and their rows in order of metric names."""
    series = _union(found)
    names = [one.name for one in series.labels]
    return series, np.array(sorted(range(len(names)), key=names.__getitem__), np.intp)


def _union(found: Sequence[KnownSeries]) -> KnownSeries:
    """The series of any of the answers, each once."""
    if len(found) == 1:
        return found[0]
    if not found:
        return NO_SERIES
    ids, first = np.unique(np.concatenate([one.ids for one in found]), return_index=True)
    labels = [label for one in found for label in one.labels]
    return KnownSeries.of([labels[row] for row in first.tolist()], ids.tolist())
