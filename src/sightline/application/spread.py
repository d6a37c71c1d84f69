"""Divide work over rows among the threads of a pool, without ever waiting for a thread that is busy elsewhere."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future

_PARTS_PER_THREAD = 8


class PoolSpread:
    """A `Spread` over an executor.

    The calling thread works too and takes part after part until none is left; helpers from the pool take one part at a time and
    then queue again, so that whoever else waits for a thread gets it in between. A helper that has not begun by the end is called
    off, so evaluations that run in the very same pool cannot block one another.
    """

    def __init__(self, executor: Executor, threads: int = 2) -> None:
        self._executor = executor
        self._threads = threads

    def __call__(self, rows: int, work: Callable[[int, int], None], *, fewest: int = 64) -> None:
        """Call work(first, after) for parts that together make all rows: of one size, `fewest` or more, but for the last."""
        count = min(self._threads * _PARTS_PER_THREAD, rows // fewest)
        size = -(-rows // max(1, count))
        if rows <= size:
            if rows:
                work(0, rows)
            return
        parts = iter(range(0, rows, size))
        lock = threading.Lock()
        helpers: list[Future[None]] = []

        def take() -> int | None:
            with lock:
                return next(parts, None)

        def drain() -> None:
            while (first := take()) is not None:
                work(first, min(first + size, rows))

        def assist() -> None:
            first = take()
            if first is not None:
                work(first, min(first + size, rows))
                call()

        def call() -> None:
            with lock:
                if not is_over:
                    helpers.append(self._executor.submit(assist))

        is_over = False
        for _ in range(self._threads - 1):
            call()
        try:
            drain()
        finally:
            with lock:  # nobody begins another part, or queues again
                parts = iter(())
                is_over = True
            _join(helpers)
            # Helpers refer to one another: what is worked on shall not wait for the collector with them.
            work = _nothing


def _nothing(_first: int, _after: int) -> None:
    pass


def _join(helpers: list[Future[None]]) -> None:
    """Wait for the helpers that have begun; raise what one of them raised."""
    for helper in helpers:
        if not helper.cancel():
            helper.result()
