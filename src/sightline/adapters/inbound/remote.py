"""Time as a caller of a location: it asks for orders, probes, and remits what it finds, whatever the network does meanwhile."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final, Self

import structlog

from sightline.application.align import AlignedClock
from sightline.application.obey import Obey
from sightline.application.race import race
from sightline.application.remit import HEARTBEAT, Remit
from sightline.domain.errors import Forbidden, SightlineError, Unauthenticated

_FIRST: Final = 1.0
_LONGEST: Final = 60.0
"""Seconds between two tries after a failure: from the first, twice as long each time, to the longest."""
_TOLD: Final = 1_000
"""ms of clock skew from which on it is told."""
_LAST_WORDS: Final = 3.0
"""Seconds that what is left may take at the end."""

_log = structlog.get_logger("sightline.probe")


class RemoteLoop:
    """Runs a location. Use as an async context.

    Probing begins when the first orders are there, and goes on under the last ones while the server is away. After a failure the
    next try waits longer each time, and not just as long as that of other locations. At the end what is left is remitted, as far
    as that takes a moment; an outbox that is a file keeps the rest.
    """

    def __init__(
        self, obey: Obey, remit: Remit, loop: AbstractAsyncContextManager[object], clock: AlignedClock
    ) -> None:
        """`loop`: probes what the orders say, as long as it is entered."""
        self._obey = obey
        self._remit = remit
        self._loop = loop
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Raises Unauthenticated and Forbidden where the server knows this key or this location not: nothing began then."""
        try:
            await self._ask()
        except (Unauthenticated, Forbidden):
            raise
        except SightlineError as error:
            _log.warning("the server does not answer; trying again", code=error.code, reason=error.message)
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._hand_over())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def last_words(self) -> None:
        """Remit what is left, once nothing more comes."""
        last = asyncio.ensure_future(self._remit.once())
        await asyncio.wait({last}, timeout=_LAST_WORDS)
        last.cancel()
        await asyncio.gather(last, return_exceptions=True)

    async def _ask(self) -> None:
        if not await self._obey.once():
            return
        skew = self._clock.skew or 0
        if abs(skew) >= _TOLD:
            _log.warning("this machine's clock differs from the server's, whose time results bear", ahead_ms=skew)
        if self._obey.unread:
            _log.warning("checks that this version cannot probe are left out", checks=", ".join(self._obey.unread))

    async def _follow(self) -> None:
        """Probe what the orders say, from the first on."""
        await self._again_and_again(self._ask, "orders cannot be fetched; the last ones go on", until=self._has_orders)
        async with self._loop:
            await self._again_and_again(self._ask, "orders cannot be fetched; the last ones go on")

    def _has_orders(self) -> bool:
        return self._obey.has_orders

    async def _hand_over(self) -> None:
        await self._again_and_again(self._remit_some, "results cannot be handed over, and are kept")

    async def _remit_some(self) -> None:
        """When there is something, or it is time to say that there is nothing."""
        await race(self._remit.some(), self._clock.sleep(HEARTBEAT))
        await self._remit.once()

    async def _again_and_again(
        self, work: Callable[[], Awaitable[None]], problem: str, until: Callable[[], bool] = lambda: False
    ) -> None:
        pause, failed = _FIRST, False
        while not until():
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the outermost loop: a defect costs a try and is logged, and a location probes on
                if not failed:
                    _complain(problem, error)
                failed = True
                asked = float(error.detail.get("retry_after", 0.0)) if isinstance(error, SightlineError) else 0.0
                # Not all locations at once where the server comes back.
                await self._clock.sleep(max(asked, pause * (0.5 + secrets.randbelow(1_000) / 2_000)))
                pause = min(2 * pause, _LONGEST)
            else:
                if failed:
                    _log.info("the server answers again")
                pause, failed = _FIRST, False


def _complain(problem: str, error: Exception) -> None:
    if isinstance(error, SightlineError):
        _log.warning(problem, code=error.code, reason=error.message)
    else:
        _log.error(problem, exc_info=error)
