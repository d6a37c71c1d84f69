"""Write bodies to a server over several connections, as a patient client does."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

from bench.connection import Connection
from bench.samples import Request
from bench.server import Failed, Server

CONNECTIONS: Final = 4

_GIVE_UP: Final = 120.0
_PAUSE: Final = 0.1  # between tries when the server does not say how long to wait


@dataclass(frozen=True, slots=True)
class Sent:
    """seconds: from the first byte to the last acknowledgement. refused: answers 429 and 503, each tried again."""

    samples: int
    seconds: float
    refused: int


def send(server: Server, requests: Sequence[Request], connections: int = CONNECTIONS) -> Sent:
    """Write all requests; those of one part of the series in their order.

    Raises:
        Failed: an answer that no client would try again.
    """
    waiting: SimpleQueue[Request] = SimpleQueue()
    for request in requests:
        waiting.put(request)
    parts = {request.part: threading.Lock() for request in requests}
    started = time.monotonic()

    def work() -> int:
        refused = 0
        with server.connect() as connection:
            while True:
                try:
                    request = waiting.get_nowait()
                except Empty:
                    return refused
                with parts[request.part]:
                    refused += _write(connection, request, started + _GIVE_UP)

    with ThreadPoolExecutor(connections) as threads:
        workers = [threads.submit(work) for _ in range(connections)]
        refused = sum(worker.result() for worker in workers)
    return Sent(sum(request.samples for request in requests), time.monotonic() - started, refused)


def _write(connection: Connection, request: Request, deadline: float) -> int:
    """Write until it is taken; gives how often it was refused for the time being."""
    refused = 0
    while True:
        answer = connection.write(request.body)
        if answer.status in {200, 204}:
            return refused
        if answer.status not in {429, 503} or time.monotonic() > deadline:
            raise Failed(f"a write was answered {answer.status}: {answer.body[:200]!r}")
        refused += 1
        time.sleep(answer.retry_after or _PAUSE)
