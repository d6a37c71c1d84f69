"""The clocks of the operating system."""

import asyncio
import time
from typing import Final

from typing_extensions import override

from sightline.ports.clock import Clock

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
