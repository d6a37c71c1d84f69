"""How uvicorn is to run the door: what it may hold, how long it waits, and who writes the log."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final, cast

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from sightline.adapters.inbound.http import whole
from sightline.adapters.inbound.http.asgi import App, Scope
from sightline.adapters.inbound.http.errors import Refusal
from sightline.adapters.inbound.http.settings import DoorSettings

MAX_HEAD_BYTES: Final = 64 * 1024
"""Bytes that a request's line and headers may have together."""

_MAX_FRAME_BYTES: Final = 64 * 1024  # listeners have nothing to say, so a large frame from one is a mistake
_PING_SECONDS: Final = 20.0
_KEEP_ALIVE_SECONDS: Final = 75
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_NOT_HTTP: Final = Refusal(
    "bad_data", "this is no request of HTTP/1.1: its method, line, headers or chunks cannot be read"
)


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
        self._is_between = True  # nothing was read of the next request
        self._begun = 0
        self._heads: dict[bytes, whole.Head] = {}
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
        before: RequestResponseCycle | None = self.cycle
        is_first = self._is_between and (before is None or before.response_complete)
        if is_first and self._heads:
            head, body = whole.split(data)
            known = self._heads.get(head)
            if known is not None and known.length == len(body):
                self._take_again(known, body)
                return
        if self._in_head:
            self._head_bytes += len(data)
            self._head_watch.start()
        self._begun = 0
        super().data_received(data)
        # Who asks but once has no use of it.
        if is_first and before is not None and self._is_between and self._begun == 1:
            self._remember(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _take_again(self, known: whole.Head, body: bytes) -> None:
        """Start a request whose head was parsed before, as the parser's callbacks would."""
        self._head_watch.stop()
        self._unset_keepalive_if_required()
        scope: Any = {**known.scope, "state": self.app_state.copy()}
        self.scope, self.headers, self.expect_100_continue = scope, scope["headers"], False
        self.cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        whole.offer(scope, self.cycle, body)
        self._start_asgi_task(self.cycle, self.app)

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        whole.offer_answer(cycle)
        super()._start_asgi_task(cycle, app)

    def _remember(self, data: bytes) -> None:
        """Remember the head of a request that was read whole; its task has not run yet, so that the scope is untouched."""
        learnt = whole.learn(data, cast("Scope", self.scope))
        if learnt is not None:
            if len(self._heads) >= whole.MAX_HEADS:
                self._heads.clear()
            self._heads[learnt[0]] = learnt[1]

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_between = False
        self._begun += 1

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._head_watch.stop()
        super().on_headers_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        body = _NOT_HTTP.body()
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % len(body) + body)
        self.transport.close()

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = self._is_between = True

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
