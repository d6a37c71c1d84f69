"""The clocks of the operating system."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from typing_extensions import override

from sightline.ports.clock import Clock, Timer

_NS_PER_MS: Final = 1_000_000


class SystemClock(Clock):
    """Wall and monotonic time of this machine; sleeps on the running asyncio loop."""

    @override
    def now(self) -> int:
        return time.time_ns() // _NS_PER_MS

    @override
    def monotonic(self) -> float:
        return time.monotonic()

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    @override
    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)
