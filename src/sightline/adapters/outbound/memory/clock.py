"""A clock that stands still until it is told to go on."""

import asyncio
import heapq
from collections.abc import Callable
from typing import Final

from typing_extensions import override

from sightline.ports.clock import Clock, Timer

_NS_PER_SECOND: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
# How often woken tasks get the loop before time goes on. asyncio cannot say that a loop is idle; a task that needs more
# turns than this between two sleeps is simply later in its own work, never woken out of order.
_TURNS: Final = 32


class ManualClock(Clock):
    """Time that moves only by `advance` and `jump`: whatever waits for it runs at once and always in the same order.

    start: the wall time to begin with, ms since 1970 UTC. Monotonic time begins at 0.
    Time is counted in whole nanoseconds: ten advances by 0.1 s wake a sleeper of 1 s.
    """

    def __init__(self, start: int = 1_700_000_000_000) -> None:
        self._wall = start
        self._elapsed = 0
        self._slept = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._fell_asleep = asyncio.Event()

    @override
    def now(self) -> int:
        return self._wall + self._elapsed // _NS_PER_MS

    @override
    def monotonic(self) -> float:
        return self._elapsed / _NS_PER_SECOND

    @override
    async def sleep(self, seconds: float) -> None:
        span = round(seconds * _NS_PER_SECOND)
        if span <= 0:
            await asyncio.sleep(0)
            return
        await self._woken_after(span)

    @override
    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        woken = self._woken_after(round(seconds * _NS_PER_SECOND))
        woken.add_done_callback(lambda _: None if woken.cancelled() else call())
        return woken

    def _woken_after(self, span: int) -> asyncio.Future[None]:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._slept += 1  # tells sleepers of one deadline apart: who slept first wakes first
        heapq.heappush(self._sleepers, (self._elapsed + span, self._slept, woken))
        self._fell_asleep.set()
        return woken

    async def advance(self, seconds: float) -> None:
        """Move both times forward by `seconds` >= 0 and wake whom that passes, in order of their deadlines.

        Each deadline is an instant of its own: those woken run, and may sleep again within the span, before time moves.
        """
        if not seconds >= 0:
            raise ValueError(f"monotonic time never goes back: {seconds} s")
        await self._settle()
        target = self._elapsed + round(seconds * _NS_PER_SECOND)
        while self._sleepers and self._sleepers[0][0] <= target:
            self._elapsed, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():  # a cancelled sleeper stays in the heap until its time has come
                woken.set_result(None)
                await self._settle()
        self._elapsed = target
        await self._settle()

    def jump(self, milliseconds: int) -> None:
        """Set the wall time forward or back, as an operator or NTP may; monotonic time and sleepers notice nothing."""
        self._wall += milliseconds

    def skip(self, milliseconds: int) -> None:
        """Move both times forward by `milliseconds` >= 0 at once; whoever sleeps wakes when they are next advanced."""
        if milliseconds < 0:
            raise ValueError(f"monotonic time never goes back: {milliseconds} ms")
        self._elapsed += milliseconds * _NS_PER_MS

    @property
    def sleeping(self) -> int:
        """How many tasks sleep now, and calls are to come."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def until_sleeping(self, count: int = 1) -> None:
        """Return when at least `count` tasks sleep: for work in threads, which `advance` cannot wait for."""
        while self.sleeping < count:
            self._fell_asleep.clear()
            await self._fell_asleep.wait()

    @staticmethod
    async def _settle() -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
