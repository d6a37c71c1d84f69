"""Texts of notices without a language of templates: what tests of channels give them."""

from typing_extensions import override

from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification


class PlainTexts(NoticeTexts):
    """Says of every template with `{{` the status, the labels and annotations of all alerts; other templates are themselves."""

    @override
    def text(self, template: str, notification: Notification) -> str:
        if "{{" not in template:
            return template
        alerts = (
            f"{dict(each.labels)} {' '.join(value for _, value in each.annotations)}" for each in notification.alerts
        )
        return f"[{notification.status.upper()}] {' '.join(alerts)}"

    @override
    def html(self, template: str, notification: Notification) -> str:
        return self.text(template, notification)
