"""The rows of the notification log, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, bindparam

from sightline.adapters.outbound.sql.tables import NOTIFICATION_LOG
from sightline.adapters.wire import notification_log_text as text
from sightline.domain.alerts.pipeline.sent import Owed, Place, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.tenancy import Tenant
from sightline.ports.notification_log import LogChanges, Logged

_ALERT: Final = "alert"
_SENT: Final = "sent"
_OWED: Final = "owed"


class NotificationRows:
    """What SqlNotificationLog asks of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Logged:
        """Every row."""
        alerts, sent, owed = list[PostedAlert](), dict[Place, Sent](), list[Owed]()
        for row in self._connection.execute(NOTIFICATION_LOG.select()):
            tenant = Tenant(row.tenant)
            if row.kind == _ALERT:
                alerts.append(text.alert_from_json(tenant, row.body))
                continue
            place = Place(row.channel, tenant, row.key.decode())
            if row.kind == _SENT:
                sent[place] = text.sent_from_json(row.body)
            else:
                owed.append(text.owed_from_json(place, row.body))
        return Logged(alerts, sent, owed)

    def change(self, changes: LogChanges) -> None:
        """Put what is new in place of what was there."""
        rows = [*_alerts(changes), *_places(changes)]
        columns = NOTIFICATION_LOG.c
        names = ("kind", "tenant", "channel", "key")
        gone = NOTIFICATION_LOG.delete().where(*(columns[name] == bindparam(f"its_{name}") for name in names))
        self._connection.execute(gone, [{f"its_{name}": row[name] for name in names} for row in rows])
        if fresh := [row for row in rows if row["body"] is not None]:
            self._connection.execute(NOTIFICATION_LOG.insert(), fresh)


def _alerts(changes: LogChanges) -> Iterable[dict[str, Any]]:
    for (tenant, labels), alert in changes.alerts.items():
        body = None if alert is None else text.alert_to_json(alert)
        yield {"kind": _ALERT, "tenant": tenant, "channel": "", "key": labels.canonical(), "body": body}


def _places(changes: LogChanges) -> Iterable[dict[str, Any]]:
    for place, sent in changes.sent.items():
        yield _row(_SENT, place, None if sent is None else text.sent_to_json(sent))
    for place, owed in changes.owed.items():
        yield _row(_OWED, place, None if owed is None else text.owed_to_json(owed))


def _row(kind: str, place: Place, body: bytes | None) -> dict[str, Any]:
    return {"kind": kind, "tenant": place.tenant, "channel": place.channel, "key": place.group.encode(), "body": body}
