"""A notification log that is gone with the program."""

from collections.abc import Mapping
from typing import TypeVar

from typing_extensions import override

from sightline.domain.alerts.pipeline.sent import Owed, Place, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import Unavailable
from sightline.ports.notification_log import AlertKey, LogChanges, Logged, NotificationLog

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class MemoryNotificationLog(NotificationLog):
    """Keeps what it is given; can be told to be away."""

    def __init__(self) -> None:
        self.is_away = False
        self._alerts: dict[AlertKey, PostedAlert] = {}
        self._sent: dict[Place, Sent] = {}
        self._owed: dict[Place, Owed] = {}

    @override
    async def load(self) -> Logged:
        self._require_there()
        return Logged(tuple(self._alerts.values()), dict(self._sent), tuple(self._owed.values()))

    @override
    async def save(self, changes: LogChanges) -> None:
        self._require_there()
        _change(self._alerts, changes.alerts)
        _change(self._sent, changes.sent)
        _change(self._owed, changes.owed)

    def _require_there(self) -> None:
        if self.is_away:
            raise Unavailable("the notification log was told to be away")


def _change(kept: dict[_Key, _Value], changes: Mapping[_Key, _Value | None]) -> None:
    for key, value in changes.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
