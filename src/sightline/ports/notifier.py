"""How people are told."""

from typing import Protocol

from sightline.domain.alerts.notification import Notification


class Notifier(Protocol):
    """One channel.

    `notify` returns when the channel took the notification, which may then be delivered more than once but not lost. Errors:
    Unavailable when the channel did not take it, and NoticeRefused when it would not take it the next moment either; the caller
    decides about trying again. What a channel is told again has the same `id`.
    """

    @property
    def name(self) -> str:
        """What the channel is called in settings, logs and reasons."""
        ...

    async def notify(self, notification: Notification) -> None:
        """Hand over what the receiver is told about one group."""
        ...
