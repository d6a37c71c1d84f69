"""Work on bytes: on the event loop as long as it is quick, in a thread otherwise."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar

SMALL_BYTES: Final = 8 * 1024
"""What is quick whatever it is: decoding so much takes half a millisecond even when all its series are new."""
QUICK_SECONDS: Final = 0.001
"""How long others may be kept waiting."""

_Result = TypeVar("_Result")


class Offload:
    """One kind of work, which learns from what such work took before how much of it is quick.

    To hand work to a thread costs a quarter of a millisecond, and more where several threads want the interpreter: a thread is for
    what takes longer than that. Before anything is known, only small work is quick.
    """

    def __init__(self, cpu_seconds: Callable[[], float] = time.thread_time) -> None:
        """`cpu_seconds` tells how much of the processor the calling thread has used."""
        self._cpu_seconds = cpu_seconds
        self._pace = QUICK_SECONDS / SMALL_BYTES  # seconds a byte
        self._slow = 0

    async def run(self, size: int, work: Callable[[], _Result]) -> _Result:
        """What the work gives, which is about `size` bytes; it raises what the work raises.

        While slow work is in a thread all other goes there, too: one may hold a lock that the other needs.
        """
        is_quick = size <= SMALL_BYTES or size * self._pace <= QUICK_SECONDS
        if is_quick and not self._slow:
            return self._done(size, work)
        self._slow += not is_quick
        try:
            return await asyncio.to_thread(self._done, size, work)
        finally:
            self._slow -= not is_quick

    def _done(self, size: int, work: Callable[[], _Result]) -> _Result:
        if size <= SMALL_BYTES:  # which says little about more of it
            return work()
        began = self._cpu_seconds()
        try:
            return work()
        finally:
            pace = (self._cpu_seconds() - began) / size
            # Up at once and down by and by: what kept others waiting must not do so again.
            self._pace = max(pace, (self._pace + pace) / 2)
