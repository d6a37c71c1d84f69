"""Run a gRPC server in the present event loop, from an address to a drained stop."""

import asyncio
import errno
import importlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog

from sightline.adapters.inbound.grpc.settings import GrpcSettings

_log: Final = structlog.get_logger("sightline.grpc")


@dataclass(slots=True)
class Listening:
    """Where a server listens, once it does."""

    address: asyncio.Future[str | None]

    async def wait(self) -> str | None:
        """Host and port; None where the port was taken."""
        return await asyncio.shield(self.address)


@asynccontextmanager
async def serving(settings: GrpcSettings) -> AsyncIterator[Listening]:
    """Serve while the context is entered, from soon after that on: gRPC takes a tenth of a second to load, which nothing waits for.

    A port that is taken is said in the log, and nothing is served.
    """
    listening = Listening(asyncio.get_running_loop().create_future())
    opening = asyncio.create_task(_opened(settings), name="grpc")
    opening.add_done_callback(lambda task: _tell(task, listening))
    try:
        yield listening
    finally:
        opening.cancel()
        server = (await asyncio.gather(opening, return_exceptions=True))[0]
        if server is not None and not isinstance(server, BaseException):
            await server[0].stop(settings.drain_seconds)


async def _opened(settings: GrpcSettings) -> tuple[Any, str] | None:
    """A server that listens, and where; None where the port is taken."""
    if (reason := _taken(settings.host, settings.port)) is not None:
        _log.warning(
            "not listening", setting="otlp.grpc_listen", address=f"{settings.host}:{settings.port}", reason=reason
        )
        return None
    grpc = await asyncio.to_thread(importlib.import_module, "grpc.aio")
    module = importlib.import_module("sightline.adapters.inbound.grpc.otlp")
    server = grpc.server(
        handlers=(module.OtlpCalls(settings),),
        options=(
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            ("grpc.so_reuseport", 0),  # otherwise two programs would share a port and each get half
        ),
    )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = server.add_insecure_port(f"{host}:{settings.port}")
    await server.start()
    _log.info("also listening", grpc=f"{host}:{port}")
    return server, f"{host}:{port}"


def _tell(opening: asyncio.Task[tuple[Any, str] | None], listening: Listening) -> None:
    if opening.cancelled() or opening.exception() is not None:
        if not opening.cancelled():
            _log.error("not listening", setting="otlp.grpc_listen", reason=str(opening.exception()))
        listening.address.cancel()
        return
    opened = opening.result()
    listening.address.set_result(None if opened is None else opened[1])


def _taken(host: str, port: int) -> str | None:
    """Why a port cannot be listened on, as gRPC would say in lines of its own; None where it can."""
    if port == 0:
        return None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except OSError as error:
        return "another program uses the port" if error.errno == errno.EADDRINUSE else str(error.strerror)
    return None
