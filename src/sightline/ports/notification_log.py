"""What has to be known of alerts and notifications after a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sightline.domain.alerts.pipeline.sent import Owed, Place, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant

AlertKey = tuple[Tenant, Labels]
"""Whose alert, and which."""


@dataclass(frozen=True, slots=True)
class Logged:
    """All that a log holds: alerts, what channels were told, and what they are owed."""

    alerts: Sequence[PostedAlert] = ()
    sent: Mapping[Place, Sent] = field(default_factory=dict)
    owed: Sequence[Owed] = ()


@dataclass(frozen=True, slots=True)
class LogChanges:
    """What is new of each; None where it is gone."""

    alerts: dict[AlertKey, PostedAlert | None] = field(default_factory=dict)
    sent: dict[Place, Sent | None] = field(default_factory=dict)
    owed: dict[Place, Owed | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.alerts or self.sent or self.owed)

    def __or__(self, later: "LogChanges") -> "LogChanges":
        """These, and later ones over them."""
        return LogChanges(self.alerts | later.alerts, self.sent | later.sent, self.owed | later.owed)


class NotificationLog(Protocol):
    """Keeps alerts, what channels were told, and what they are owed, one of each by its key."""

    async def load(self) -> Logged:
        """All of it; the order does not matter.

        Raises:
            Unavailable: it cannot be read.
        """
        ...

    async def save(self, changes: LogChanges) -> None:
        """Change all of these or none; what was saved survives a loss of power, where the adapter keeps anything at all.

        Raises:
            Unavailable, StorageFull: nothing was changed.
        """
        ...
