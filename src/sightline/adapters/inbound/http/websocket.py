"""The live stream at /ws: JSON text frames, each as small a burden as it can be to everybody else.

{"type":"hello","version":"...","tenant":"..."}
{"type":"samples","series":[{"metric":{...},"values":[[1763700000.123,"0.52"],...]},...]}
{"type":"alert","alert":{...},"transition":{"from":"...","to":"...","reason":"..."}}
{"type":"dropped","samples":n,"alerts":n,"events":n}
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
from sightline.domain.labels import Matchers
from sightline.domain.tenancy import Principal
from sightline.ports.telemetry import Telemetry

PATH: Final = "/ws"
GOING_AWAY: Final = 1001
# Making a frame of so many samples takes about a millisecond; a larger one is made in a thread.
_INLINE_SAMPLES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is said on a stream.

    selected: the matcher sets that somebody's parameters ask for; none selects everything. frame: an update as text; None when it
    is not told here. greets: whether a hello comes first.
    """

    selected: Callable[[Principal, Parameters], Awaitable[Sequence[Matchers]]]
    frame: Callable[[Update], str | None]
    greets: bool = True


class Seats:
    """How many listeners there may be, all streams of a door together."""

    def __init__(self, most: int, telemetry: Telemetry) -> None:
        self._most = most
        self._telemetry = telemetry
        self._taken = 0

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a seat.

        Raises:
            Overloaded: all are taken.
        """
        if self._taken >= self._most:
            raise Overloaded(f"{self._taken} listeners are connected, as many as http.max_websockets allows")
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        self._taken += change
        self._telemetry.set(instruments.WEBSOCKETS, self._taken)


class Live:
    """The listeners of one stream."""

    def __init__(
        self, use_cases: UseCases, settings: DoorSettings, seats: Seats, dialect: Dialect | None = None
    ) -> None:
        """The dialect is that of /ws, when none is given."""
        self._use_cases = use_cases
        self._settings = settings
        self._seats = seats
        self._dialect = dialect or Dialect(_selected, frame)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one listener until it leaves or the bus closes; errors before the accept are the dispatcher's to render."""
        principal: Principal = scope["user"]
        matcher_sets = await self._dialect.selected(principal, Parameters.of(scope["query_string"]))
        with self._seats.take():
            async with self._use_cases.tail(principal, matcher_sets) as feed:
                with suppress(OSError):  # what a server raises when the listener has gone
                    await self._serve(scope, receive, send, feed)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, feed: Feed) -> None:
        await send({"type": "websocket.accept", "subprotocol": chosen_subprotocol(offered_subprotocols(scope))})
        if self._dialect.greets:
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
                if (text := await self._text(update)) is not None:
                    # Returns when the client's buffer has room: a slow client waits here, and its feed drops what is too old.
                    await send({"type": "websocket.send", "text": text})

    async def _text(self, update: Update) -> str | None:
        if isinstance(update, LiveSamples) and len(update.times) > _INLINE_SAMPLES:
            return await asyncio.to_thread(self._dialect.frame, update)
        return self._dialect.frame(update)


def chosen_subprotocol(offered: list[str]) -> str | None:
    """Browsers want one of those they offered to be chosen, and leave when none is."""
    if SUBPROTOCOL in offered:
        return SUBPROTOCOL
    return next((one for one in offered if one.startswith(BEARER_SUBPROTOCOL)), None)


async def _selected(_: Principal, given: Parameters) -> Sequence[Matchers]:
    return selectors(given.every("match[]"))


async def _left(receive: Receive) -> None:
    """Return when the client is gone; what it says is not listened to."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


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
