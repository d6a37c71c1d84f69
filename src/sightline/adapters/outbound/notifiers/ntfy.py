"""Alerts to a topic of ntfy, which shows them on phones and desktops.

Sources: https://docs.ntfy.sh/publish/#publish-as-json, https://docs.ntfy.sh/publish/#message-priority,
https://docs.ntfy.sh/publish/#limitations. Alertmanager has no such channel, so that its files cannot name it: settings do.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import HttpChannel, Outgoing
from sightline.domain.alerts.clipped import clipped, clipped_bytes
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.receiver import Options, text_of
from sightline.domain.alerts.said import Said
from sightline.domain.errors import SettingsInvalid

URL: Final = "https://ntfy.sh"
MAX_TITLE: Final = 250
"""Characters of a title; phones show fewer."""
MAX_MESSAGE: Final = 4_096
"""Bytes of a message; ntfy would make an attachment of what is longer."""

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {"title": '{{ template "__subject" . }}', "message": '{{ template "opsgenie.default.description" . }}'}
)
_PRIORITIES: Final = MappingProxyType(
    {
        **dict.fromkeys(("critical", "emergency", "fatal", "page", "disaster"), 5),
        **dict.fromkeys(("error", "major", "high"), 4),
        **dict.fromkeys(("info", "informational", "low", "none"), 2),
    }
)
_USUAL: Final = 3
_QUIET: Final = 2
"""Of what fires no longer, or people know of: phones make no sound."""
_TAGS: Final = MappingProxyType(
    {Status.FIRING: "rotating_light", Status.RESOLVED: "white_check_mark", Status.ACKNOWLEDGED: "eyes"}
)
"""Short names of the signs that stand before the title."""


class Ntfy(HttpChannel):
    """Publishes one message a notification.

    options: `url` of the server, `topic`, `token` or `token_file` where the topic is protected, `title` and `message`, which are
    templates, and `timeout` and `http_config` as Alertmanager has them. The priority is that of the most severe alert.

    Raises:
        SettingsInvalid: on construction, when `url`, `topic` or `http_config` cannot be used.
    """

    ADDRESS = "url"
    USUAL = MappingProxyType({"url": URL})

    def __init__(self, options: Options, texts: NoticeTexts, *, name: str, http: Outgoing) -> None:
        super().__init__(options, texts, name=name, http=http)
        self._topic = text_of(options.get("topic"))
        if not self._topic:
            raise SettingsInvalid(f"{name}.topic is needed: the name under which phones subscribe", key=f"{name}.topic")

    @override
    async def notify(self, notification: Notification) -> None:
        token = await self._sender.value("token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = message(Said(notification, self._texts, self._options, _DEFAULTS), self._topic)
        await self._sender.send(await self._sender.value("url"), body, headers=headers)


def message(said: Said, topic: str) -> dict[str, Any]:
    """The message for a notification."""
    notification = said.notification
    severity = notification.common_labels.get("severity")
    found = {
        "topic": topic,
        "title": clipped(said("title").strip(), MAX_TITLE),
        "message": clipped_bytes(said("message").strip(), MAX_MESSAGE),
        "priority": priority(notification),
        "tags": [_TAGS[notification.status], *([severity] if severity else [])],
    }
    if notification.external_url:
        found["click"] = f"{notification.external_url.rstrip('/')}/ui/alerts"
    return found


def priority(notification: Notification) -> int:
    """From 2 to 5, the loudest, by the label `severity` of the alerts that fire."""
    if notification.status is not Status.FIRING:
        return _QUIET
    severities = (alert.labels.get("severity").lower() for alert in notification.firing)
    return max((_PRIORITIES.get(severity, _USUAL) for severity in severities), default=_USUAL)
