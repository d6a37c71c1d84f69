"""Things that come one by one, handed on many at a time, so that who takes them works in columns."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

import structlog

from sightline.domain.errors import Overloaded, StorageFull, Unavailable
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

T = TypeVar("T")

DROPPED: Final = Instrument(
    "sightline_batch_items_dropped_total",
    "Results and spans of probes that were lost, because they could not be stored in time or at all.",
    Kind.COUNTER,
    ("what",),
)
EVERY: Final = 0.05
"""Seconds that the first of a batch waits for others."""
MOST: Final = 500
"""How many do not wait for more."""
HELD: Final = 100_000
"""How many are held while nobody takes them."""

_AT_ONCE: Final = 5_000
_RETRY_AFTER: Final = 1.0
_LAST_WORDS: Final = 2.0
"""Seconds that what is left may take at the end."""

_log = structlog.get_logger("sightline.probing")


class Batches(Generic[T]):
    """Hands what is added to `take`, `every` seconds after the first or when `most` are there. Use as an async context.

    One batch is taken at a time, and who adds waits for nothing. What cannot be taken now (Unavailable, Overloaded, StorageFull)
    is kept, in order, and handed over again; beyond `held` the oldest are dropped. What cannot be taken at all is dropped. Both
    are counted. At the end what is left is handed over once more.
    """

    def __init__(
        self,
        what: str,
        take: Callable[[Sequence[T]], Awaitable[object]],
        clock: Clock,
        telemetry: Telemetry,
        *,
        held: int = HELD,
        every: float = EVERY,
        most: int = MOST,
    ) -> None:
        """`what`: results, spans; a label and a word of the log. `every`: seconds that the first of a batch waits for others.

        `most`: how many do not wait for more.
        """
        self._every = every
        self._most = most
        self._what = what
        self._take = take
        self._clock = clock
        self._telemetry = telemetry
        self._held = held
        self._items: deque[T] = deque()
        self._some = asyncio.Event()
        self._many = asyncio.Event()
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def add(self, item: T) -> None:
        """Hand it over soon."""
        self._items.append(item)
        if not self._some.is_set():
            self._some.set()
        elif len(self._items) >= self._most and not self._many.is_set():
            self._many.set()
        if len(self._items) > self._held:
            self._drop(len(self._items) - self._held)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"batches:{self._what}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        last = asyncio.ensure_future(self._hand_over_all())
        await asyncio.wait({last}, timeout=_LAST_WORDS)
        last.cancel()
        await asyncio.gather(last, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            await self._others()
            if not await self._hand_over():
                await self._clock.sleep(_RETRY_AFTER)

    async def _others(self) -> None:
        """Until the first waited long enough, or there are many."""
        if len(self._items) >= self._most:
            return
        timer = self._clock.call_later(self._every, self._many.set)
        try:
            await self._many.wait()
        finally:
            timer.cancel()

    async def _hand_over_all(self) -> None:
        while self._items and await self._hand_over():
            pass

    async def _hand_over(self) -> bool:
        """Whether the next batch is done with, taken or not."""
        batch = [self._items.popleft() for _ in range(min(len(self._items), _AT_ONCE))]
        self._many.clear()
        if not self._items:
            self._some.clear()
        done = False
        try:
            done = await self._taken(batch)
        finally:  # also when cancelled: it may be taken twice, and is never lost
            if not done:
                self._items.extendleft(reversed(batch))
                self._some.set()
        return done

    async def _taken(self, batch: list[T]) -> bool:
        try:
            await self._take(batch)
        except (Unavailable, Overloaded, StorageFull) as error:
            if not self._failing:
                _log.warning(f"{self._what} cannot be stored and are kept", code=error.code, reason=error.message)
            self._failing = True
            return False
        except Exception as error:  # noqa: BLE001 - the outermost loop: whatever a batch brings up costs that batch alone
            self._refused(len(batch), error)
        self._failing = False
        return True

    def _refused(self, count: int, error: Exception) -> None:
        self._telemetry.add(DROPPED, count, (self._what,))
        _log.error(f"{self._what} cannot be stored and are lost", count=count, exc_info=error)

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._items.popleft()
        self._telemetry.add(DROPPED, count, (self._what,))
