"""Work that is done at once, or in a thread."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from sightline.application.offload import QUICK_SECONDS, SMALL_BYTES, Offload

SIZE = 16 * SMALL_BYTES
"""Of work that is quick or not, as it turns out."""


class Processor:
    """Work that takes so much of the processor, and where it was done; it is a fake."""

    def __init__(self) -> None:
        self.used = 0.0
        self.offload = Offload(lambda: self.used)

    async def is_at_once(self, size: int, seconds: float) -> bool:
        """Whether work is done by the thread that asks for it."""

        def work() -> int:
            self.used += seconds
            return threading.get_ident()

        return await self.offload.run(size, work) == threading.get_ident()


async def test_little_work_is_done_at_once_whatever_it_takes() -> None:
    """It cannot take long, and what it takes says nothing about more of it."""
    processor = Processor()
    assert await processor.is_at_once(SMALL_BYTES, 1.0)
    assert await processor.is_at_once(0, 0.0)


async def test_much_work_is_done_at_once_where_such_work_was_quick() -> None:
    """Before that is known, and soon after it was slow once, it is done in a thread."""
    processor = Processor()
    assert not await processor.is_at_once(SIZE, QUICK_SECONDS / 4)
    for _ in range(10):
        await processor.is_at_once(SIZE, QUICK_SECONDS / 4)
    assert await processor.is_at_once(SIZE, QUICK_SECONDS / 4)
    assert not await processor.is_at_once(8 * SIZE, QUICK_SECONDS)
    assert await processor.is_at_once(SIZE, 5 * QUICK_SECONDS)
    assert not await processor.is_at_once(SIZE, QUICK_SECONDS / 4)


async def test_none_waits_on_the_loop_for_what_a_thread_holds() -> None:
    """While slow work is under way, what is quick goes to a thread as well."""
    processor, may_end = Processor(), threading.Event()
    slow = asyncio.ensure_future(processor.offload.run(100 * SIZE, may_end.wait))
    await asyncio.sleep(0)
    try:
        assert not await processor.is_at_once(1, 0.0)
    finally:
        may_end.set()
    assert await slow
    assert await processor.is_at_once(1, 0.0)


@pytest.mark.parametrize("size", [1, SIZE])
async def test_what_fails_is_raised_and_over(size: int) -> None:
    """Work that raises does so at who asked for it, and leaves nothing under way."""
    processor = Processor()
    failing: Callable[[], None] = {}.popitem  # type: ignore[assignment]
    with pytest.raises(KeyError):
        await processor.offload.run(size, failing)
    assert await processor.is_at_once(1, 0.0)
