import gc
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest
from typing_extensions import override

from sightline.application.spread import PoolSpread


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    """Two threads."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.mark.parametrize("rows", [0, 1, 64, 65, 1000, 12_345])
def test_all_rows_are_worked_on_once(executor: ThreadPoolExecutor, rows: int) -> None:
    """The parts make the whole, whoever did them."""
    done = [0] * rows

    def work(first: int, after: int) -> None:
        for row in range(first, after):
            done[row] += 1

    PoolSpread(executor)(rows, work)
    assert done == [1] * rows


@pytest.mark.parametrize(("rows", "fewest", "size"), [(360, 80, 90), (360, 32, 33), (360, 200, 360), (10_000, 64, 625)])
def test_parts_are_of_one_size(executor: ThreadPoolExecutor, rows: int, fewest: int, size: int) -> None:
    """There are as many parts as keep the threads busy, and none but the last is smaller than it shall be."""
    sizes: list[int] = []
    PoolSpread(executor)(rows, lambda first, after: sizes.append(after - first), fewest=fewest)
    assert sum(sizes) == rows
    assert sorted(sizes)[1:] == [size] * (len(sizes) - 1)
    assert len(sizes) == -(-rows // size)


def test_the_pool_helps(executor: ThreadPoolExecutor) -> None:
    """Two parts run at the same time: each waits for the other to have begun."""
    both = threading.Barrier(2, timeout=30)
    met = threading.Event()

    def work(_first: int, _after: int) -> None:
        if not met.is_set():
            both.wait()
            met.set()

    PoolSpread(executor)(1000, work)
    assert met.is_set()


def test_a_busy_pool_is_not_waited_for(executor: ThreadPoolExecutor) -> None:
    """When all threads of the pool are taken, by evaluations that spread likewise, each does its own work."""
    spread = PoolSpread(executor)
    begun = threading.Barrier(2, timeout=30)

    def evaluation() -> int:
        begun.wait()
        rows: list[int] = []
        spread(1000, lambda first, after: rows.extend(range(first, after)))
        return len(set(rows))

    running = [executor.submit(evaluation) for _ in range(2)]
    assert [one.result(30) for one in running] == [1000, 1000]


def test_what_a_part_raises_is_raised_and_nothing_more_begins(executor: ThreadPoolExecutor) -> None:
    """The first failure ends the work, in whichever thread it happened."""
    started: list[int] = []

    def work(first: int, _after: int) -> None:
        started.append(first)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        PoolSpread(executor)(10_000, work)
    assert len(started) <= 2


class Steps(Executor):
    """An executor that does one thing at a time, when it is told to, in the order in which things were submitted."""

    def __init__(self) -> None:
        self.queue: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.queue.append((future, lambda: fn(*args, **kwargs)))
        return future

    def step(self) -> None:
        """Do the first thing that was submitted."""
        future, work = self.queue.popleft()
        if future.set_running_or_notify_cancel():
            future.set_result(work())


def test_who_waits_for_a_thread_gets_it_between_two_parts() -> None:
    """A helper takes one part and queues again, behind what came meanwhile."""
    executor, done = Steps(), list[str]()

    def work(first: int, _after: int) -> None:
        done.append("a part")
        if first == 0:  # the caller is with its first part while the helper works
            for _ in range(3):
                executor.step()
        elif len(done) == 2:
            executor.submit(done.append, "somebody else")

    PoolSpread(executor)(1000, work)
    assert done[:4] == ["a part", "a part", "somebody else", "a part"]


def test_what_was_worked_on_is_let_go(executor: ThreadPoolExecutor) -> None:
    """The memory of the work is free when it is done, and not when the collector comes by."""

    class Samples:
        def work(self, first: int, after: int) -> None:
            pass

    samples = Samples()
    there = weakref.ref(samples)
    gc.disable()
    try:
        PoolSpread(executor)(1_000, samples.work)
        del samples
        executor.submit(int).result()
        assert there() is None
    finally:
        gc.enable()
