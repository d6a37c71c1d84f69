"""Notifications for tests of single channels, and texts in which templates show through."""

from collections.abc import Mapping

from typing_extensions import override

from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

AT = 1_700_000_000_000
"""When notifications are, unless a test says otherwise: wall time, ms."""

HASHED_GROUP = "0908bcea8bb9f1f5cf8e9a9b88f05812a95cd38ad40cc702f01311b49a0a0285"
"""What sha256sum says of the key of a notification's group, unless a test says otherwise."""


class ShownTemplates(NoticeTexts):
    """Every text is its template with `[labels]` replaced by the notification's status and group; `html` marks what it made."""

    @override
    def text(self, template: str, notification: Notification) -> str:
        labels = ",".join(f"{name}={value}" for name, value in notification.group_labels)
        return template.replace("[labels]", f"{notification.status}:{labels}")

    @override
    def html(self, template: str, notification: Notification) -> str:
        return self.text(template.replace("[html]", "<b>&amp;</b>"), notification)


def notice(
    rule: str = "Hot", status: Status = Status.FIRING, at: int = AT, labels: Mapping[str, str] | None = None
) -> Notification:
    """A notification about one alert."""
    all_labels = Labels.of({"alertname": rule, "severity": "critical", **(labels or {})})
    ended = at if status is Status.RESOLVED else None
    alert = PostedAlert(DEFAULT_TENANT, all_labels, Labels.of(summary="too hot"), at - 60_000, ended, at)
    return Notification(
        id=f"ops/{rule}/{at}",
        tenant=DEFAULT_TENANT,
        receiver="ops",
        group_key=f'{{}}:{{alertname="{rule}"}}',
        group_labels=Labels.of(alertname=rule),
        status=status,
        alerts=(alert,),
        at=at,
        external_url="https://sightline.example",
    )
