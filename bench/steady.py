"""Requests at a steady rate, whatever the answers take: a client that waits would hide what a slow server costs.

A request is due at its own moment, and its latency counts from then on, so that a queue before the server is part of it.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Final, cast

import uvloop
from bench.result import percentile
from typing_extensions import override

_TURN: Final = 0.0005
"""Seconds between two looks at what is due."""
_PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Steady:
    """What became of the requests of one run: latencies in ms, those of failures left out. rate: sent requests a second."""

    sent: int
    succeeded: int
    rate: float
    p50: float
    p95: float
    p99: float

    @property
    def success(self) -> float:
        """Percent of the requests that succeeded."""
        return 100 * self.succeeded / max(1, self.sent)


def send_steadily(port: int, request: bytes, *, rate: float, seconds: float, connections: int = 32) -> Steady:
    """Send one prepared HTTP request again and again, `rate` times a second, over some connections that stay open.

    A request that finds all connections busy waits for one, and its latency with it. Succeeded means a status from 200 to 299.
    """
    return uvloop.run(_send(port, request, rate, seconds, connections))


class _Client(asyncio.Protocol):
    """One connection with one request under way at most; answers must carry Content-Length or be empty."""

    def __init__(self, run: "_Run") -> None:
        self._run = run
        self._buffer = b""
        self._due = 0.0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._run.idle.append(self)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._buffer = b""
        self._run.answered(time.perf_counter() - self._due, ok=head[9:10] == b"2")
        self._run.idle.append(self)
        self._run.drain()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._run.idle:
            self._run.idle.remove(self)


class _Run:
    """The requests of one run, those that wait for a connection among them."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.idle: deque[_Client] = deque()
        self.waiting: deque[float] = deque()
        self.latencies: list[float] = []
        self.failed = 0

    def answered(self, seconds: float, *, ok: bool) -> None:
        if ok:
            self.latencies.append(seconds)
        else:
            self.failed += 1

    def drain(self) -> None:
        while self.waiting and self.idle:
            self.idle.popleft().send(self.request, self.waiting.popleft())


async def _send(port: int, request: bytes, rate: float, seconds: float, connections: int) -> Steady:
    run = _Run(request)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: _Client(run), "127.0.0.1", port) for _ in range(connections)]
    started, sent = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < seconds:
        while sent < passed * rate:
            run.waiting.append(started + sent / rate)
            sent += 1
        run.drain()
        await asyncio.sleep(_TURN)
    deadline = time.perf_counter() + _PATIENCE
    while len(run.latencies) + run.failed < sent and time.perf_counter() < deadline:  # noqa: ASYNC110 - an event an answer would cost more
        await asyncio.sleep(_TURN)
    for transport, _ in opened:
        transport.close()
    latencies = sorted(1000 * one for one in run.latencies) or [float("inf")]
    return Steady(
        sent,
        len(run.latencies),
        sent / seconds,
        percentile(latencies, 0.5),
        percentile(latencies, 0.95),
        percentile(latencies, 0.99),
    )


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0
