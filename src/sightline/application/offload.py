"""Work on bytes: on the event loop as long as it is quick, in a thread otherwise."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, TypeVar

SMALL_BYTES: Final = 8 * 1024
"""Work of at most so much is quick, whatever is known: in machine code it takes half a millisecond though all series be new."""
MOST_BYTES: Final = 256 * 1024
"""Work of more is never quick: what is known of such work may not hold for the next."""
QUICK_SECONDS: Final = 0.001
"""How long others may be kept waiting."""

_Result = TypeVar("_Result")


class Offload:
    """Where work goes that is not quick; all kinds of work share its threads, and may share locks."""

    def __init__(self, cpu_seconds: Callable[[], float], threads: Executor | None = None) -> None:
        """cpu_seconds: how much of the processor the calling thread has used. threads: None for those of the event loop."""
        self.threads = threads
        self.cpu_seconds = cpu_seconds
        self.running: set[object] = set()
        """A token for each work in a thread that is not quick; threads put it in and take it out."""

    def kind(self) -> "Kind":
        """A kind of work, of which nothing is known yet."""
        return Kind(self)


class Kind:
    """One kind of work, which learns from what such work took before how much of it is quick.

    To hand work to a thread costs a quarter of a millisecond, and more where several threads want the interpreter: a thread is for
    what takes longer than that.
    """

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._pace = QUICK_SECONDS / SMALL_BYTES  # seconds a byte

    async def run(self, size: int, work: Callable[[], _Result]) -> _Result:
        """What the work gives, which is about `size` bytes; it raises what the work raises, but no StopIteration.

        While slow work runs in a thread all other goes to threads, too: one may hold a lock that the other needs.
        """
        is_quick = size <= SMALL_BYTES or (size <= MOST_BYTES and size * self._pace <= QUICK_SECONDS)
        if is_quick and not self._offload.running:
            return self._done(size, work)
        done = self._done if is_quick else self._done_slowly
        return await asyncio.get_running_loop().run_in_executor(self._offload.threads, done, size, work)

    def _done_slowly(self, size: int, work: Callable[[], _Result]) -> _Result:
        """Do it in a thread. Who waits for it may leave meanwhile, and what it holds it holds to its end."""
        token = object()
        self._offload.running.add(token)
        try:
            return self._done(size, work)
        finally:
            self._offload.running.discard(token)

    def _done(self, size: int, work: Callable[[], _Result]) -> _Result:
        if not SMALL_BYTES < size <= MOST_BYTES:  # of which nothing is to be learnt
            return work()
        began = self._offload.cpu_seconds()
        has_failed = True
        try:
            result = work()
            has_failed = False
        finally:
            pace = (self._offload.cpu_seconds() - began) / size
            # Half of what was seen: enough to go up at once where it took many times longer, and too little where it took twice.
            pace = (self._pace + pace) / 2
            # What failed may have been quick for that reason alone.
            self._pace = max(self._pace, pace) if has_failed else pace
        return result
