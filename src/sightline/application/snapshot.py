"""Copy all that is stored, as it is at one moment, into a folder that another program can be started on."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime

from sightline.application.flush import Flush
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock


class Snapshot:
    """The use case. copy: makes the copy of that name, whole or not at all. token: gives sixteen digits that nobody gave before."""

    def __init__(
        self, flush: Flush, clock: Clock, copy: Callable[[str], Awaitable[None]], token: Callable[[], str]
    ) -> None:
        self._flush = flush
        self._clock = clock
        self._copy = copy
        self._token = token
        self._turn = asyncio.Lock()

    async def __call__(self, *, skip_head: bool = False) -> str:
        """Make a copy; returns its name. It has every sample that was acknowledged before, of all tenants.

        skip_head: leave out what is not in the store yet.

        Raises:
            Unavailable, StorageFull: there is no copy.
        """
        async with self._turn:
            name = f"{_moment(self._clock.now())}-{self._token()}"
            still: AbstractAsyncContextManager[None] = nullcontext() if skip_head else self._flush.still()
            async with still:
                await self._copy(name)
        return name


def _moment(now: int) -> str:
    """As the names of Prometheus' snapshots begin: `20261121T070000Z`."""
    return f"{datetime.fromtimestamp(now / SECOND, UTC):%Y%m%dT%H%M%SZ}"
