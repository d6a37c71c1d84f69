"""The notification log in the catalog database."""

from typing import TYPE_CHECKING

from typing_extensions import override

from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.ports.notification_log import LogChanges, Logged, NotificationLog

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sightline.adapters.outbound.sql.notification_rows import NotificationRows


class SqlNotificationLog(NotificationLog):
    """One row an alert, and one for each group that a channel was told of or is owed."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    @override
    async def load(self) -> Logged:
        return await self._database.run(lambda connection: _rows(connection).all())

    @override
    async def save(self, changes: LogChanges) -> None:
        if changes:
            await self._database.run(lambda connection: _rows(connection).change(changes))


def _rows(connection: "Connection") -> "NotificationRows":
    from sightline.adapters.outbound.sql.notification_rows import NotificationRows

    return NotificationRows(connection)
