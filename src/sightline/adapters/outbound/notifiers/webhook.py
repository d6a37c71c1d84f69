"""Alerts as HTTP POSTs, in the shape of Alertmanager's webhook, version 4, so that its receivers work with us.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import HttpChannel, Outgoing
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification, Status, fingerprint
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.receiver import Options

NEVER: Final = "0001-01-01T00:00:00Z"
"""The end of what goes on."""
IDEMPOTENCY: Final = "Idempotency-Key"
"""The header by which a receiver knows a notification that it was told before."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID: Final = 200


class Webhook(HttpChannel):
    """Posts one body a notification. Any 2xx means taken.

    options: Alertmanager's: `url` or `url_file`, `max_alerts`, `timeout`, `http_config`. The body has no texts of templates.

    Raises:
        SettingsInvalid: on construction, when the address or `http_config` cannot be used.
    """

    ADDRESS = "url"

    def __init__(self, options: Options, texts: NoticeTexts, *, name: str, http: Outgoing) -> None:
        super().__init__(options, texts, name=name, http=http)
        most = options.get("max_alerts")
        self._most = most if isinstance(most, int) else 0

    @override
    async def notify(self, notification: Notification) -> None:
        headers = {"X-Scope-OrgID": notification.tenant, IDEMPOTENCY: idempotency_key(notification.id)}
        body = message(notification, self._most)
        await self._sender.send(await self._sender.value("url"), body, headers=headers)


def message(notification: Notification, most: int = 0) -> dict[str, Any]:
    """The body of a notification.

    most: alerts that are told of, 0 all of them. As in Alertmanager, what is common to the alerts, and the status, is that of those
    that are told of. That people know is told by `acknowledged`, which Alertmanager has not.
    """
    told = notification if not most else replace(notification, alerts=notification.alerts[:most])
    return {
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": len(notification.alerts) - len(told.alerts),
        "status": "firing" if told.firing else "resolved",
        "receiver": notification.receiver,
        "groupLabels": dict(notification.group_labels),
        "commonLabels": dict(told.common_labels),
        "commonAnnotations": dict(told.common_annotations),
        "externalURL": notification.external_url,
        "alerts": [_alert(alert, notification.at) for alert in told.alerts],
        **({"notification_reason": notification.because.value} if notification.because is not None else {}),
        **({"acknowledged": True} if notification.status is Status.ACKNOWLEDGED else {}),
    }


def idempotency_key(text: str) -> str:
    """The id of a notification as a header can hold it: the same for the same, and another for another."""
    quoted = quote(text, safe="/:{}=,@+ ")
    return quoted if len(quoted) <= _ID else sha256(quoted.encode()).hexdigest()


def _alert(alert: PostedAlert, at: int) -> dict[str, Any]:
    has_ended = alert.has_ended(at)
    return {
        "status": "resolved" if has_ended else "firing",
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": _rfc3339(alert.starts_at),
        "endsAt": _rfc3339(alert.ends_at) if has_ended and alert.ends_at is not None else NEVER,
        "generatorURL": alert.generator_url,
        "fingerprint": fingerprint(alert.labels),
    }


def _rfc3339(milliseconds: int) -> str:
    """As Go writes it: without zeros at the end of the fraction."""
    instant = _EPOCH + timedelta(milliseconds=milliseconds)
    text = instant.isoformat(timespec="milliseconds").removesuffix("+00:00")
    return (text.rstrip("0").rstrip(".") if milliseconds % 1_000 else text.removesuffix(".000")) + "Z"
