"""Fetch what a plan needs: all selectors' samples, a few at once, within one budget."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sightline.domain.errors import TooManySamples
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.plan import Fetch
from sightline.domain.tenancy import Tenant
from sightline.ports.series import SeriesReader

AT_ONCE: Final = 2
"""Selectors that are read at the same time: the store has three connections, and the third is for others."""


@dataclass(slots=True, eq=False)
class Budget:
    """Samples that a query may still read, of `limit` when it began."""

    limit: int
    left: int

    @classmethod
    def of(cls, limit: int) -> "Budget":
        """A whole one."""
        return cls(limit, limit)

    @property
    def spent(self) -> int:
        """Samples read so far."""
        return self.limit - self.left

    def spend(self, samples: int) -> None:
        """Take samples from it.

        Raises:
            TooManySamples: there are not so many left.
        """
        self.left -= samples
        if self.left < 0:
            raise self.exceeded()

    def exceeded(self) -> TooManySamples:
        """The error for a query that would read more."""
        message = (
            f"query processing would load too many samples into memory: query.max_samples allows {self.limit};"
            " select fewer series or a shorter range"
        )
        return TooManySamples(message, limit=self.limit)


async def fetch(
    series: SeriesReader, tenant: Tenant, fetches: Sequence[Fetch], budget: Budget, at_once: int = AT_ONCE
) -> list[SeriesColumns]:
    """The columns of each fetch, in their order.

    Raises:
        TooManySamples: together they are more than the budget.
        Unavailable: the store is away.
    """
    if not fetches:
        return []
    if len(fetches) == 1:
        return [await _read(series, tenant, fetches[0], budget)]
    gate = asyncio.Semaphore(at_once)

    async def read(one: Fetch) -> SeriesColumns:
        async with gate:
            return await _read(series, tenant, one, budget)

    return await _all(map(read, fetches))


async def _read(series: SeriesReader, tenant: Tenant, one: Fetch, budget: Budget) -> SeriesColumns:
    try:
        if one.digested is None:
            found = await series.select(tenant, one.matchers, one.within, budget.left)
        else:
            windows, statistic = one.digested.windows, one.digested.statistic
            found = await series.digested(tenant, one.matchers, windows, statistic, budget.left)
    except TooManySamples:
        raise budget.exceeded() from None
    budget.spend(found.cost)
    return found


async def _all(reads: Iterable[Coroutine[Any, Any, SeriesColumns]]) -> list[SeriesColumns]:
    """All reads at once; the first failure cancels the others and says enough."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read) for read in reads]
    except ExceptionGroup as group_error:
        raise group_error.exceptions[0] from None
    return [task.result() for task in tasks]
