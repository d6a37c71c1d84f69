"""Targets to scrape, all in one process: a port each, bodies made beforehand, and a note of when they were asked."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Final, cast

import numpy as np
import uvloop
from typing_extensions import override

_VARIANTS: Final = 8


def bodies(series: int) -> list[bytes]:
    """Bodies of so many series in the text format, whose values change from one to the next."""
    random = np.random.default_rng(7)
    found = []
    values = random.integers(0, 1_000_000, series)
    for _ in range(_VARIANTS):
        values = values + random.integers(0, 41, series)
        lines = ["# HELP bench_requests_total Requests.", "# TYPE bench_requests_total counter"]
        lines += [
            f'bench_requests_total{{path="/api/v1/items/{number}",method="GET",code="200"}} {value}'
            for number, value in enumerate(values.tolist())
        ]
        found.append(("\n".join(lines) + "\n").encode())
    return found


class _Target(asyncio.Protocol):
    """One connection of a scraper."""

    answers: tuple[bytes, ...] = ()
    asked: list[float]

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET") and b"\r\n\r\n" in data:
            self._transport.write(self.answers[len(self.asked) % len(self.answers)])
            self.asked.append(time.time())


async def _serve(first: int, count: int, series: int) -> str:
    """Serve until standard input closes; gives a line of moments for each target."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n"
    answers = tuple(head.format(len(body)).encode() + body for body in bodies(series))
    loop = asyncio.get_running_loop()
    asked: list[list[float]] = [[] for _ in range(count)]
    for number in range(count):
        kind = type("Target", (_Target,), {"answers": answers, "asked": asked[number]})
        await loop.create_server(kind, "127.0.0.1", first + number)
    stop = asyncio.Event()
    loop.add_reader(sys.stdin, stop.set)
    print("ready", flush=True)
    await stop.wait()
    return "\n".join(" ".join(f"{one:.6f}" for one in times) for times in asked)


if __name__ == "__main__":
    seen = uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
    Path(sys.argv[4]).write_text(seen, encoding="utf-8")
