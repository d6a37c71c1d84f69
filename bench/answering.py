"""A web server that answers every request alike, as cheaply as can be: what probes ask, in a process of its own."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

import uvloop
from bench.server import Failed
from typing_extensions import override

_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
_BACKLOG: Final = 4096


class _Answering(asyncio.Protocol):
    """One connection, which is closed after the answer as it would be after a probe anyhow."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)
            self._transport.close()


async def _serve() -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(_Answering, "127.0.0.1", 0, backlog=_BACKLOG)
    loop.add_reader(sys.stdin, stop.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()


@contextmanager
def answering() -> Iterator[int]:
    """Such a server; gives its port, and stops it when the context ends."""
    command = [sys.executable, "-m", "bench.answering"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            said = process.stdout.readline() if process.stdout is not None else b""
            if not said:
                raise Failed("the web server that is probed does not start")
            yield int(said)
        finally:
            process.communicate(timeout=10)  # the end of its input stops it


if __name__ == "__main__":
    uvloop.run(_serve())
