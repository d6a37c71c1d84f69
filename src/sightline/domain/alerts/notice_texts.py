"""What channels say, from templates that people write."""

from typing import Protocol

from sightline.domain.alerts.notification import Notification


class NoticeTexts(Protocol):
    """Expands templates over a notification, in Alertmanager's language.

    Neither raises for what a template does: what is wrong with one stands in the text, for a notice must not be lost.
    """

    def text(self, template: str, notification: Notification) -> str:
        """Plain text."""
        ...

    def html(self, template: str, notification: Notification) -> str:
        """HTML, in which what alerts say is escaped."""
        ...
