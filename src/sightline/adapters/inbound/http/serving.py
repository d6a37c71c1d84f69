"""Run the door in the present event loop, from a bound socket to a drained stop."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from typing_extensions import override

from sightline.adapters.inbound.http.asgi import App
from sightline.adapters.inbound.http.server import config
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import SettingsInvalid

_BACKLOG = 2048


@asynccontextmanager
async def serving(
    app: App, settings: DoorSettings, listener: socket.socket, *, drain_seconds: int
) -> AsyncIterator[None]:
    """Serve while the context is entered. Leaving it takes no new requests and gives those under way `drain_seconds`."""
    server = _Server(config(app, settings, host=settings.host, port=0, drain_seconds=drain_seconds))
    task = asyncio.create_task(server.serve([listener]), name="http")
    try:
        await server.listening.wait()
        yield
    finally:
        server.should_exit = True
        await task


def bind(host: str, port: int, setting: str = "listen") -> socket.socket:
    """A listening socket; port 0 takes a free one. Callers wait in its backlog until it is served. setting: what says where.

    Raises:
        SettingsInvalid: the address cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        message = f"{setting} = {host}:{port}: {error.strerror}"
        if error.errno == errno.EADDRINUSE:
            flag = "--listen" if setting == "listen" else f"--set {setting}"
            message += f"; stop what uses the port, or choose another with {flag} (port 0 takes a free one)"
        raise SettingsInvalid(message, key=setting) from None
    listener.settimeout(0)
    return listener


def url(listener: socket.socket) -> str:
    """Where a bound socket is reached, with its real port."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves signals to whoever runs the program."""

    def __init__(self, settings: uvicorn.Config) -> None:
        super().__init__(settings)
        self.listening = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.listening.set()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
