import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

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
