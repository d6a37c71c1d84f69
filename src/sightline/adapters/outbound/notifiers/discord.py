"""Notices to a channel of Discord, by its webhook.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#discord_config,
https://discord.com/developers/docs/resources/webhook#execute-webhook,
https://discord.com/developers/docs/resources/message#embed-object-embed-limits.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import HttpChannel
from sightline.domain.alerts.clipped import clipped
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.said import Said

MAX_TITLE: Final = 256
MAX_DESCRIPTION: Final = 4_096
MAX_CONTENT: Final = 2_000
MAX_USERNAME: Final = 80
"""Characters that Discord takes."""

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {"title": '{{ template "discord.default.title" . }}', "message": '{{ template "discord.default.message" . }}'}
)
_COLOURS: Final = MappingProxyType({Status.FIRING: 0x992D22, Status.RESOLVED: 0x2ECC71, Status.ACKNOWLEDGED: 0x95A5A6})


class Discord(HttpChannel):
    """Posts one message with one embed a notification. options: Alertmanager's.

    Raises:
        SettingsInvalid: on construction, when the address or `http_config` cannot be used.
    """

    ADDRESS = "webhook_url"

    @override
    async def notify(self, notification: Notification) -> None:
        body = message(Said(notification, self._texts, self._options, _DEFAULTS))
        await self._sender.send(await self._sender.value("webhook_url"), body)


def message(said: Said) -> dict[str, Any]:
    """The message for a notification; who speaks is the webhook's own matter unless it is said."""
    embed = {
        "title": clipped(said("title"), MAX_TITLE),
        "description": clipped(said("message"), MAX_DESCRIPTION),
        "color": _COLOURS[said.notification.status],
    }
    who = {"username": clipped(said("username"), MAX_USERNAME), "avatar_url": said("avatar_url")}
    return {
        "content": clipped(said("content"), MAX_CONTENT),
        "embeds": [embed],
        **{name: text for name, text in who.items() if text},
    }
