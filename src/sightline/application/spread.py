"""Divide work over rows among the threads of a pool, without ever waiting for a thread that is busy elsewhere."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future

_PARTS_PER_THREAD = 8
_FEWEST_ROWS = 64


class PoolSpread:
    """A `Spread` over an executor.

    The calling thread works too and takes part after part until none is left; helpers from the pool do the same when they get to
    run. A helper that has not begun by then is called off, so evaluations that run in the very same pool cannot block one another.
    """

    def __init__(self, executor: Executor, threads: int = 2) -> None:
        self._executor = executor
        self._threads = threads

    def __call__(self, rows: int, work: Callable[[int, int], None]) -> None:
        """Call work(first, after) for parts that together make all rows."""
        size = max(_FEWEST_ROWS, -(-rows // (self._threads * _PARTS_PER_THREAD)))
        if rows <= size:
            if rows:
                work(0, rows)
            return
        parts = iter(range(0, rows, size))
        lock = threading.Lock()

        def take() -> int | None:
            with lock:
                return next(parts, None)

        def drain() -> None:
            while (first := take()) is not None:
                work(first, min(first + size, rows))

        helpers = [self._executor.submit(drain) for _ in range(self._threads - 1)]
        try:
            drain()
        finally:
            with lock:  # after a failure nobody begins another part
                parts = iter(())
            _join(helpers)


def _join(helpers: list[Future[None]]) -> None:
    """Wait for the helpers that have begun; raise what one of them raised."""
    for helper in helpers:
        if not helper.cancel():
            helper.result()
