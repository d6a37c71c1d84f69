"""What happened, told to those who listen now. Nothing is kept for those who come later."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sightline.domain.events import Event
from sightline.domain.tenancy import Tenant


class Subscription(Protocol):
    """One listener's end. Events come in the order of publication."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events since the subscription was opened; ends when the bus closes."""
        ...

    def take_dropped(self) -> int:
        """How many events were dropped since the last call because this listener was slow; resets the count."""
        ...


class Bus(Protocol):
    """Publish and subscribe within a tenant.

    A listener hears every event of its tenant and none of another's. Publishing never waits: a listener that is `bound` events
    behind loses its oldest ones, counted, and disturbs nobody else.
    """

    def publish(self, event: Event) -> None:
        """Tell the listeners of the event's tenant; returns at once."""
        ...

    def subscribe(self, tenant: Tenant) -> AbstractAsyncContextManager[Subscription]:
        """Listen from entry to exit of the context."""
        ...
