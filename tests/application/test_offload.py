"""Work that is done at once, or in a thread."""

import asyncio
import threading
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from sightline.application.offload import MOST_BYTES, QUICK_SECONDS, SMALL_BYTES, Offload

pytestmark = pytest.mark.anyio

SIZE = 4 * SMALL_BYTES
"""Of work that is quick or not, as it turns out."""


class Processor:
    """Work that takes so much of the processor, and where it was done; it is a fake."""

    def __init__(self, threads: Executor | None = None) -> None:
        self.used = 0.0
        self.offload = Offload(lambda: self.used, threads)
        self.kind = self.offload.kind()

    async def is_at_once(self, size: int, seconds: float) -> bool:
        """Whether work is done by the thread that asks for it."""

        def work() -> int:
            self.used += seconds
            return threading.get_ident()

        return await self.kind.run(size, work) == threading.get_ident()

    async def learn(self, size: int, seconds: float) -> None:
        """Do such work often."""
        for _ in range(20):
            await self.is_at_once(size, seconds)


async def test_little_work_is_done_at_once_whatever_it_takes() -> None:
    """It cannot take long, and what it takes says nothing about more of it."""
    processor = Processor()
    assert await processor.is_at_once(SMALL_BYTES, 1.0)
    assert await processor.is_at_once(0, 0.0)
    assert not await processor.is_at_once(SIZE, 0.0)


async def test_much_work_is_done_at_once_where_such_work_was_quick() -> None:
    """Before that is known, and soon after it was slow once, it is done in a thread."""
    processor = Processor()
    assert not await processor.is_at_once(SIZE, QUICK_SECONDS / 4)
    await processor.learn(SIZE, QUICK_SECONDS / 4)
    assert await processor.is_at_once(SIZE, QUICK_SECONDS / 4)
    assert not await processor.is_at_once(8 * SIZE, QUICK_SECONDS)
    assert await processor.is_at_once(SIZE, QUICK_SECONDS)
    assert await processor.is_at_once(SIZE, 5 * QUICK_SECONDS)
    assert not await processor.is_at_once(SIZE, QUICK_SECONDS / 4)


async def test_very_much_work_is_never_done_at_once() -> None:
    """However quick such work was, and what it took says nothing about less of it."""
    processor = Processor()
    await processor.learn(SIZE, 0.0)
    await processor.learn(MOST_BYTES, 0.0)
    assert await processor.is_at_once(MOST_BYTES, 0.0)
    assert not await processor.is_at_once(MOST_BYTES + 1, 10 * QUICK_SECONDS)
    assert await processor.is_at_once(SIZE, 0.0)


async def test_what_fails_says_nothing_of_what_does_not() -> None:
    """Work that is refused soon does not make other work quick; where it took long, others take long."""
    processor = Processor()

    def refused() -> None:
        raise KeyError

    def refused_late() -> None:
        processor.used += 1.0
        raise KeyError

    for _ in range(20):
        with pytest.raises(KeyError):
            await processor.kind.run(SIZE, refused)
    assert not await processor.is_at_once(SIZE, 0.0)
    await processor.learn(SIZE, 0.0)
    with pytest.raises(KeyError):
        await processor.kind.run(SIZE, refused_late)
    assert not await processor.is_at_once(SIZE, 0.0)


async def test_none_waits_on_the_loop_for_what_a_thread_holds() -> None:
    """While slow work runs, even if nobody waits for it any more, work of any kind that is quick goes to a thread as well."""
    threads, runs, may_end = ThreadPoolExecutor(2), threading.Event(), threading.Event()
    processor = Processor(threads)

    def work() -> bool:
        runs.set()
        return may_end.wait(60)

    slow = asyncio.ensure_future(processor.offload.kind().run(100 * SIZE, work))
    await asyncio.to_thread(runs.wait, 60)
    try:
        assert not await processor.is_at_once(1, 0.0)
        slow.cancel()
        await asyncio.wait({slow})
        assert not await processor.is_at_once(1, 0.0)
    finally:
        may_end.set()
        threads.shutdown()
    assert await processor.is_at_once(1, 0.0)


async def test_each_kind_of_work_has_its_own_pace() -> None:
    """What is known of one says nothing of another."""
    processor = Processor()
    await processor.learn(SIZE, 0.0)
    processor.kind = processor.offload.kind()
    assert not await processor.is_at_once(SIZE, 0.0)


async def test_threads_may_be_given() -> None:
    """So that work waits for no other than its own."""

    def name() -> str:
        return threading.current_thread().name

    with ThreadPoolExecutor(1, thread_name_prefix="own") as threads:
        assert (await Offload(lambda: 0.0, threads).kind().run(SIZE, name)).startswith("own")
