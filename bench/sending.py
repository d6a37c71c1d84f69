"""Write bodies to a server over several connections, as a patient client does."""

import math
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Final

from bench.connection import Connection
from bench.samples import Request
from bench.server import Failed, Server

CONNECTIONS: Final = 4

_GIVE_UP: Final = 120.0
_AHEAD: Final = 8  # requests: Prometheus refuses what is an hour older than its newest sample
_LOOKS: Final = 0.001
_PAUSE: Final = 0.1  # between tries when the server does not say how long to wait


@dataclass(frozen=True, slots=True)
class Sent:
    """seconds: from the first byte to the last acknowledgement. refused: answers 429 and 503, each tried again."""

    samples: int
    seconds: float
    refused: int


@dataclass(slots=True)
class _Part:
    """One slice of the series.

    left: what is still to be written, each with its moment in seconds after the start. taken: how many requests were written;
    infinite once nothing more will be.
    """

    left: deque[tuple[float, Request]] = field(default_factory=deque)
    taken: float = 0.0


def send(
    server: Server, requests: Sequence[Request], connections: int = CONNECTIONS, rate: float | None = None
) -> Sent:
    """Write all requests; those of one part of the series in their order, one at a time, no part far ahead of another.

    rate: samples a second that are not to be exceeded; None for as fast as the server takes them.

    Raises:
        Failed: an answer that no client would try again.
    """
    parts = _parts(requests, rate)
    ready: SimpleQueue[_Part] = SimpleQueue()
    for part in parts:
        ready.put(part)
    started = time.monotonic()

    def work() -> int:
        refused = 0
        with server.connect() as connection:
            while True:
                try:
                    part = ready.get_nowait()
                except Empty:  # all that is left is being written by the others
                    return refused
                if part.taken - min(one.taken for one in parts) >= _AHEAD:
                    ready.put(part)
                    time.sleep(_LOOKS)
                    continue
                due, request = part.left.popleft()
                time.sleep(max(0.0, started + due - time.monotonic()))
                try:
                    refused += _write(connection, request, started + due + _GIVE_UP)
                except (Failed, OSError, HTTPException):
                    part.taken = math.inf  # the others need not wait for it
                    raise
                part.taken = part.taken + 1 if part.left else math.inf
                if part.left:
                    ready.put(part)

    with ThreadPoolExecutor(connections) as threads:
        workers = [threads.submit(work) for _ in range(connections)]
        refused = sum(worker.result() for worker in workers)
    return Sent(sum(request.samples for request in requests), time.monotonic() - started, refused)


@contextmanager
def aside(server: Server, write: Callable[..., object], *arguments: object) -> Iterator[Callable[[], bool]]:
    """Write in a process of its own as long as the block, so that it and the queries do not wait for one interpreter.

    Gives whether it still does.

    Raises:
        Failed: it could not go on.
    """
    writer = multiprocessing.get_context("fork").Process(target=write, args=(server, *arguments), daemon=True)
    writer.start()
    try:
        yield writer.is_alive
        if writer.exitcode:
            raise Failed(f"{server.program.name} did not take the samples")
    finally:
        writer.kill()
        writer.join()


def _parts(requests: Sequence[Request], rate: float | None) -> list[_Part]:
    """The parts in the order in which they are first written."""
    parts: dict[int, _Part] = {}
    samples = 0
    for request in requests:
        parts.setdefault(request.part, _Part()).left.append((samples / rate if rate else 0.0, request))
        samples += request.samples
    return list(parts.values())


def _write(connection: Connection, request: Request, deadline: float) -> int:
    """Write until it is taken; gives how often it was refused for the time being."""
    refused = 0
    while True:
        answer = connection.write(request.body, request.door)
        if answer.status in {200, 204}:
            return refused
        if answer.status not in {429, 503} or time.monotonic() > deadline:
            raise Failed(f"a write was answered {answer.status}: {answer.body[:200]!r}")
        refused += 1
        time.sleep(answer.retry_after or _PAUSE)
