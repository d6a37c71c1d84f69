"""A channel that keeps what it was given."""

from collections import deque
from typing import Final

from typing_extensions import override

from sightline.domain.alerts.notification import Notification
from sightline.domain.errors import Unavailable
from sightline.ports.notifier import Notifier

DEFAULT_KEPT: Final = 1_000


class MemoryNotifier(Notifier):
    """Keeps the last `kept` notifications in the order they came; can be told to fail, as a channel on a bad day would."""

    def __init__(self, name: str = "memory", kept: int = DEFAULT_KEPT) -> None:
        self._name = name
        self._taken: deque[Notification] = deque(maxlen=kept)
        self._failures = 0

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def notify(self, notification: Notification) -> None:
        if self._failures > 0:
            self._failures -= 1
            raise Unavailable(f"channel {self._name} was told to fail")
        self._taken.append(notification)

    @property
    def taken(self) -> tuple[Notification, ...]:
        """What was handed over, oldest first."""
        return tuple(self._taken)

    def fail(self, times: int) -> None:
        """Refuse the next `times` notifications; 0 ends an outage."""
        self._failures = times
