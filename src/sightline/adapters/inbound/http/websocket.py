"""The live stream at /ws: JSON text frames, each as small a burden as it can be to everybody else.

{"type":"hello","version":"...","tenant":"..."}
{"type":"samples","series":[{"metric":{...},"values":[[1763700000.123,"0.52"],...]},...]}
{"type":"alert","alert":{...},"transition":{"from":"...","to":"...","reason":"..."}}
{"type":"dropped","samples":n,"alerts":n,"events":n}
"""

import asyncio
from contextlib import suppress
from typing import Any, Final

import msgspec

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.access import BEARER_SUBPROTOCOL, SUBPROTOCOL, offered_subprotocols
from sightline.adapters.inbound.http.alerts import alert_object
from sightline.adapters.inbound.http.answers import series_rows
from sightline.adapters.inbound.http.asgi import Receive, Scope, Send
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.selectors import selectors
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.application.tail import Dropped, Feed, LiveSamples, Update
from sightline.domain.errors import Overloaded
from sightline.domain.events import AlertChanged
from sightline.domain.tenancy import Principal

PATH: Final = "/ws"
GOING_AWAY: Final = 1001
# Making a frame of so many samples takes about a millisecond; a larger one is made in a thread.
_INLINE_SAMPLES: Final = 1_000


class Live:
    """The listeners of one door."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one listener until it leaves or the bus closes; errors before the accept are the dispatcher's to render."""
        matcher_sets = selectors(Parameters.of(scope["query_string"]).every("match[]"))
        if self._open >= self._settings.max_websockets:
            raise Overloaded(f"{self._open} listeners are connected, as many as http.max_websockets allows")
        principal: Principal = scope["user"]
        self._count(+1)
        try:
            async with self._use_cases.tail(principal, matcher_sets) as feed:
                with suppress(OSError):  # what a server raises when the listener has gone
                    await self._serve(scope, receive, send, feed)
        finally:
            self._count(-1)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, feed: Feed) -> None:
        await send({"type": "websocket.accept", "subprotocol": chosen_subprotocol(offered_subprotocols(scope))})
        hello = {"type": "hello", "version": self._settings.version, "tenant": scope["user"].tenant}
        await send({"type": "websocket.send", "text": msgspec.json.encode(hello).decode()})
        telling = asyncio.create_task(self._tell(send, feed))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
                await send({"type": "websocket.close", "code": GOING_AWAY, "reason": "the server stops"})
        finally:
            telling.cancel()
            leaving.cancel()
            await asyncio.gather(telling, leaving, return_exceptions=True)

    async def _tell(self, send: Send, feed: Feed) -> None:
        async for updates in feed:
            for update in updates:
                if isinstance(update, Dropped):
                    self._use_cases.telemetry.add(instruments.WEBSOCKET_DROPPED, update.samples)
                # Returns when the client's buffer has room: a slow client waits here, and its feed drops what is too old.
                await send({"type": "websocket.send", "text": await _text(update)})

    def _count(self, change: int) -> None:
        self._open += change
        self._use_cases.telemetry.set(instruments.WEBSOCKETS, self._open)


def chosen_subprotocol(offered: list[str]) -> str | None:
    """Browsers want one of those they offered to be chosen, and leave when none is."""
    if SUBPROTOCOL in offered:
        return SUBPROTOCOL
    return next((one for one in offered if one.startswith(BEARER_SUBPROTOCOL)), None)


async def _left(receive: Receive) -> None:
    """Return when the client is gone; what it says is not listened to."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _text(update: Update) -> str:
    if isinstance(update, LiveSamples) and len(update.times) > _INLINE_SAMPLES:
        return await asyncio.to_thread(frame, update)
    return frame(update)


def frame(update: Update) -> str:
    """One update as its frame."""
    if isinstance(update, LiveSamples):
        rows = series_rows(update.labels, update.offsets, update.times, update.values)
        return (b'{"type":"samples","series":[' + b"".join(rows) + b"]}").decode()
    told: dict[str, Any]
    if isinstance(update, AlertChanged):
        alert = update.notice.alert
        moved = {"from": update.notice.previous, "to": alert.state, "reason": alert.reason}
        told = {"type": "alert", "alert": alert_object(alert), "transition": moved}
    else:
        told = {"type": "dropped", "samples": update.samples, "alerts": update.alerts, "events": update.events}
    return msgspec.json.encode(told).decode()
