"""How uvicorn is to run the door: what it may hold, how long it waits, and who writes the log."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from sightline.adapters.inbound.http.asgi import App
from sightline.adapters.inbound.http.settings import DoorSettings

MAX_HEAD_BYTES: Final = 64 * 1024
"""Bytes that a request's line and headers may have together."""

_MAX_FRAME_BYTES: Final = 64 * 1024  # listeners have nothing to say, so a large frame from one is a mistake
_PING_SECONDS: Final = 20.0
_KEEP_ALIVE_SECONDS: Final = 75
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def config(app: App, settings: DoorSettings, *, host: str, port: int, drain_seconds: int) -> uvicorn.Config:
    """The server's settings. drain_seconds: what requests under way get once it is told to stop."""
    patience = {"patience": settings.read_timeout}
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="none",
        lifespan="off",
        http=type("Http", (ImpatientHttp,), patience),
        ws=type("WebSocket", (ImpatientWebSocket,), patience),
        ws_max_size=_MAX_FRAME_BYTES,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        # Compression contexts cost 300 kB a listener, and frames are small.
        ws_per_message_deflate=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
    )


class ImpatientHttp(HttpToolsProtocol):
    """Hangs up on who takes too long over a request's head, makes it too large, or does not take what we send.

    Uvicorn alone waits for ever for the first byte, keeps whatever comes, and waits for ever for a reader.
    """

    patience: ClassVar[float] = 30.0
    """Seconds."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it so
        super().connection_made(transport)
        self._in_head = True
        self._head_bytes = 0
        self._head_watch = _Watch(self.loop, self.patience, transport.close)
        self._write_watch = _Watch(self.loop, self.patience, transport.abort)
        self._head_watch.start()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._head_watch.stop()
        self._write_watch.stop()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            self._head_watch.start()
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._head_watch.stop()
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_watch.start()

    @override
    def resume_writing(self) -> None:
        self._write_watch.stop()
        super().resume_writing()


class ImpatientWebSocket(WebSocketsSansIOProtocol):
    """Hangs up on a listener that takes nothing: uvicorn's own ping cannot close a connection whose buffer is full.

    It also takes a refusal for an end of the handshake, which uvicorn logs as a mistake of ours.
    """

    patience: ClassVar[float] = 30.0
    """Seconds."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._write_watch = _Watch(self.loop, self.patience, self.transport.abort)

    @override
    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._write_watch.stop()
        super().connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_watch.start()

    @override
    def resume_writing(self) -> None:
        self._write_watch.stop()
        super().resume_writing()


class _Watch:
    """Does something after some seconds, unless it is stopped before; starting it again changes nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, action: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._action = action
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._action)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
