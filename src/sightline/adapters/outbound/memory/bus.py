"""Publish and subscribe within this process."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from typing_extensions import override

from sightline.domain.events import Event
from sightline.domain.tenancy import Tenant
from sightline.ports.bus import Bus, Subscription

DEFAULT_BOUND: Final = 1_024
"""How many events a listener may be behind before it loses its oldest."""


class MemoryBus(Bus):
    """Listeners of one event loop. Publish from that loop's thread only; no tasks run behind it.

    bound: how many events a listener may be behind before it loses its oldest.
    """

    def __init__(self, bound: int = DEFAULT_BOUND) -> None:
        self._bound = bound
        self._closed = False
        self._listeners: dict[Tenant, list[MemorySubscription]] = {}

    @override
    def publish(self, event: Event) -> None:
        for listener in self._listeners.get(event.tenant, ()):
            listener.offer(event)

    @override
    @asynccontextmanager
    async def subscribe(self, tenant: Tenant) -> AsyncIterator["MemorySubscription"]:
        listener = MemorySubscription(self._bound)
        if self._closed:
            listener.close()
        self._listeners.setdefault(tenant, []).append(listener)
        try:
            yield listener
        finally:
            listener.close()
            left = self._listeners[tenant]
            left.remove(listener)
            if not left:
                del self._listeners[tenant]

    @property
    def listeners(self) -> int:
        """How many listen now, all tenants together."""
        return sum(map(len, self._listeners.values()))

    def close(self) -> None:
        """End every subscription once it has yielded what it holds; those opened later end at once."""
        self._closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.close()


class MemorySubscription(Subscription):
    """One listener's queue; made by `MemoryBus.subscribe`."""

    def __init__(self, bound: int) -> None:
        self._events: deque[Event] = deque(maxlen=bound)
        self._news = asyncio.Event()
        self._dropped = 0
        self._closed = False

    # An iterator of its own, not a generator: a generator that a listener abandons is finished by a task nobody awaits.
    @override
    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    @override
    def take_dropped(self) -> int:
        dropped, self._dropped = self._dropped, 0
        return dropped

    def offer(self, event: Event) -> None:
        """Queue one event, in place of the oldest when the bound is reached; nothing after the close."""
        if self._closed:
            return
        if len(self._events) == self._events.maxlen:
            self._dropped += 1
        self._events.append(event)
        self._news.set()

    def close(self) -> None:
        """Take nothing more and end the iteration once what is queued was yielded."""
        self._closed = True
        self._news.set()
