"""Notices to a channel of Microsoft Teams: as a MessageCard to a connector, or as an Adaptive Card to a workflow.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#msteams_config and #msteamsv2_config,
https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using (also limits and errors).
"""

import re
from abc import abstractmethod
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar, Final

from typing_extensions import override

from sightline.adapters.network.statuses import is_server_failure
from sightline.adapters.outbound.notifiers.over_http import Answer, HttpChannel
from sightline.domain.alerts.clipped import clipped_json
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.said import Said

MAX_MESSAGE: Final = 28_000
"""Bytes of a message. Of these its texts take:"""
MAX_TITLE: Final = 1_500
MAX_SUMMARY: Final = 1_500
MAX_TEXT: Final = 22_000

# A connector says 200 also of what Teams did not take from it.
_NOT_TAKEN: Final = re.compile(r"returned HTTP error (\d{3})", re.ASCII)


class _Teams(HttpChannel):
    """Posts one card a notification.

    Raises:
        SettingsInvalid: on construction, when the address or `http_config` cannot be used.
    """

    defaults: ClassVar[Mapping[str, str]]

    ADDRESS = "webhook_url"

    @override
    async def notify(self, notification: Notification) -> None:
        body = self._card(Said(notification, self._texts, self._options, self.defaults))
        self._judge(await self._sender.send(await self._sender.value("webhook_url"), body))

    @abstractmethod
    def _card(self, said: Said) -> dict[str, Any]:
        """The body."""

    def _judge(self, answer: Answer) -> None:
        failure = _NOT_TAKEN.search(answer.text)
        if failure is None:
            return
        status = int(failure[1])
        problem = f"Teams answered its connector {status}"
        if status == HTTPStatus.TOO_MANY_REQUESTS or is_server_failure(status):
            raise self._sender.unavailable(problem, retry_after=answer.retry_after)
        raise self._sender.refused(problem)


class MsTeams(_Teams):
    """A MessageCard to an incoming webhook of a connector. options: Alertmanager's `msteams_config`."""

    defaults = MappingProxyType(
        {option: f'{{{{ template "msteams.default.{option}" . }}}}' for option in ("title", "summary", "text")}
    )
    _colours: Final = MappingProxyType(
        {Status.FIRING: "8C1A1A", Status.RESOLVED: "2DC72D", Status.ACKNOWLEDGED: "808080"}
    )

    @override
    def _card(self, said: Said) -> dict[str, Any]:
        return {
            "@context": "http://schema.org/extensions",
            "@type": "MessageCard",
            "title": clipped_json(said("title"), MAX_TITLE),
            "summary": clipped_json(said("summary"), MAX_SUMMARY),
            "text": clipped_json(said("text"), MAX_TEXT),
            "themeColor": self._colours[said.notification.status],
        }


class MsTeamsV2(_Teams):
    """An Adaptive Card to a workflow (`When a Teams webhook request is received`). options: Alertmanager's `msteamsv2_config`."""

    defaults = MappingProxyType(
        {option: f'{{{{ template "msteamsv2.default.{option}" . }}}}' for option in ("title", "text")}
    )
    _colours: Final = MappingProxyType(
        {Status.FIRING: "Attention", Status.RESOLVED: "Good", Status.ACKNOWLEDGED: "Warning"}
    )

    @override
    def _card(self, said: Said) -> dict[str, Any]:
        title = {
            "type": "TextBlock",
            "text": clipped_json(said("title"), MAX_TITLE),
            "weight": "Bolder",
            "size": "Medium",
            "wrap": True,
            "style": "heading",
            "color": self._colours[said.notification.status],
        }
        text = {"type": "TextBlock", "text": clipped_json(said("text"), MAX_TEXT), "wrap": True}
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.2",
            "body": [title, text],
            "msteams": {"width": "full"},
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        return {"type": "message", "attachments": [attachment]}
