"""Alerts in a chat of Telegram, told by a bot.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#telegram_config,
https://core.telegram.org/bots/api#sendmessage, https://core.telegram.org/bots/api#responseparameters.
"""

from types import MappingProxyType
from typing import Any, Final

from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import Answer, HttpChannel, Outgoing
from sightline.domain.alerts.clipped import clipped
from sightline.domain.alerts.clipped_html import clipped_html, without_tags
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.receiver import Options
from sightline.domain.errors import NoticeRefused, SettingsInvalid

URL: Final = "https://api.telegram.org"
MESSAGE: Final = '{{ template "telegram.default.message" . }}'
MAX_MESSAGE: Final = 4_096
"""Characters of a message that Telegram takes."""

_HTML: Final = "HTML"
_UNREADABLE: Final = "can't parse entities"


class Telegram(HttpChannel):
    """Sends one message a notification.

    options: Alertmanager's. A message whose tags or marks Telegram cannot read is sent once more as plain text, for a notice must
    not be lost.

    Raises:
        SettingsInvalid: on construction, when `api_url`, `chat_id` or `http_config` cannot be used.
    """

    ADDRESS = "api_url"
    USUAL = MappingProxyType({"api_url": URL, "message": MESSAGE, "parse_mode": _HTML})

    def __init__(self, options: Options, texts: NoticeTexts, *, name: str, http: Outgoing) -> None:
        super().__init__(options, texts, name=name, http=http, asked=_seconds)
        if not options.get("chat_id"):
            raise SettingsInvalid(f"{name}.chat_id is needed: the number of the chat", key=f"{name}.chat_id")

    @override
    async def notify(self, notification: Notification) -> None:
        token = (await self._sender.value("bot_token")).strip()
        if not token:
            raise self._sender.refused("bot_token is empty")
        url = f"{(await self._sender.value('api_url')).rstrip('/')}/bot{token}/sendMessage"
        mode, template = str(self._options["parse_mode"]), str(self._options["message"])
        is_html = mode == _HTML
        text = self._texts.html(template, notification) if is_html else self._texts.text(template, notification)
        try:
            await self._sender.send(url, self._message(_cut(text, mode), mode))
        except NoticeRefused as refused:
            if not mode or _UNREADABLE not in refused.message:
                raise
            plain = without_tags(text) if is_html else text
            await self._sender.send(url, self._message(_cut(plain, ""), ""))

    def _message(self, text: str, mode: str) -> dict[str, Any]:
        thread = self._options.get("message_thread_id")
        return {
            "chat_id": self._options["chat_id"],
            "text": text,
            **({"parse_mode": mode} if mode else {}),
            **({"message_thread_id": thread} if thread else {}),
            "disable_notification": self._options.get("disable_notifications") is True,
            "link_preview_options": {"is_disabled": True},
        }


def _cut(text: str, mode: str) -> str:
    """As much of a text as Telegram takes, in which no tag, entity or escape is cut in two."""
    if mode == _HTML:
        return clipped_html(text, MAX_MESSAGE)
    cut = clipped(text, MAX_MESSAGE)
    if not mode or cut == text:
        return cut
    kept = cut[:-1]
    escapes = len(kept) - len(kept.rstrip("\\"))
    # An odd number of backslashes at the end would escape the ellipsis.
    return f"{kept[:-1] if escapes % 2 else kept}{cut[-1]}"


def _seconds(answer: Answer) -> float | None:
    """How long Telegram asks to wait, which it says in the body."""
    said = answer.json()
    parameters = said.get("parameters") if isinstance(said, dict) else None
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(seconds) if isinstance(seconds, int | float) else None
