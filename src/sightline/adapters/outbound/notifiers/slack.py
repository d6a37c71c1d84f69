"""Notices to a channel of Slack: by an incoming webhook, or by `chat.postMessage` with the token of a bot.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#slack_config,
https://api.slack.com/reference/messaging/attachments, https://api.slack.com/messaging/webhooks#handling_errors,
https://api.slack.com/methods/chat.postMessage.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import Answer, HttpChannel
from sightline.domain.alerts.clipped import clipped
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.receiver import Options
from sightline.domain.alerts.said import Said, given, groups

MAX_TITLE: Final = 1_024
"""Characters of a title, as in Alertmanager."""
MAX_TEXT: Final = 40_000
"""Characters of a message, behind which Slack cuts."""

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "color": '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
        **{
            option: f'{{{{ template "slack.default.{option.replace("_", "")}" . }}}}'
            for option in (
                *("username", "title", "title_link", "icon_emoji", "icon_url", "pretext", "text", "fallback"),
                *("callback_id", "footer"),
            )
        },
    }
)
_PEOPLE_KNOW: Final = "warning"
_MARKDOWN_IN: Final = ("fallback", "pretext", "text")
_NOT_NOW: Final = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)


class Slack(HttpChannel):
    """Posts one message with one attachment a notification.

    options: Alertmanager's. `api_url` or `api_url_file` is that of an incoming webhook, or
    https://slack.com/api/chat.postMessage with the bot's token in `http_config.authorization` and a `channel`.

    Raises:
        SettingsInvalid: on construction, when the address or `http_config` cannot be used.
    """

    ADDRESS = "api_url"

    @override
    async def notify(self, notification: Notification) -> None:
        body = message(Said(notification, self._texts, self._options, _DEFAULTS))
        self._judge(await self._sender.send(await self._sender.value("api_url"), body))

    def _judge(self, answer: Answer) -> None:
        """Slack says 200 also of what it does not take: `ok` in a text or in JSON tells whether it did.

        Raises:
            Unavailable: not now.
            NoticeRefused: it would not take it again.
        """
        if answer.media_type != "application/json":
            if answer.text not in {"ok", ""}:
                raise self._sender.refused(f"Slack answered {self._sender.shown(answer.text)!a}, not ok")
            return
        said = answer.json()
        if not isinstance(said, dict):
            raise self._sender.unavailable("Slack answered what is no JSON object")
        if said.get("ok", True) is not True:
            error = self._sender.shown(str(said.get("error", "no reason")))
            if error in _NOT_NOW:
                raise self._sender.unavailable(f"Slack answered {error}", retry_after=answer.retry_after)
            raise self._sender.refused(f"Slack answered {error}: check channel and token")


def message(said: Said) -> dict[str, Any]:
    """The message for a notification, with what Alertmanager leaves out where it is empty left out."""
    options = said.options

    def text(option: str, most: int = MAX_TEXT) -> str:
        return clipped(said(option), most)

    knows = said.notification.status is Status.ACKNOWLEDGED and "color" not in options
    markdown = options.get("mrkdwn_in")
    attachment = {
        **given({"title": text("title", MAX_TITLE), "title_link": text("title_link"), "pretext": text("pretext")}),
        **{option: text(option) for option in ("text", "fallback", "callback_id", "footer")},
        **given({"fields": [_field(said, one) for one in groups(options.get("fields"))]}),
        **given({"actions": [_action(said, one) for one in groups(options.get("actions"))]}),
        **given({option: text(option) for option in ("image_url", "thumb_url")}),
        **given({"color": _PEOPLE_KNOW if knows else text("color")}),
        "mrkdwn_in": list(markdown) if isinstance(markdown, Sequence) and markdown else list(_MARKDOWN_IN),
    }
    return {
        **given({option: text(option) for option in ("channel", "username", "icon_emoji", "icon_url")}),
        **given({"link_names": options.get("link_names") is True}),
        "attachments": [attachment],
    }


def _field(said: Said, field: Options) -> dict[str, Any]:
    short = field.get("short", said.options.get("short_fields", False))
    return {"title": said.of(field.get("title")), "value": said.of(field.get("value")), "short": short is True}


def _action(said: Said, action: Options) -> dict[str, Any]:
    confirm = action.get("confirm")
    words = confirm if isinstance(confirm, Mapping) else {}
    return {
        "type": said.of(action.get("type")),
        "text": said.of(action.get("text")),
        **given({name: said.of(action.get(name)) for name in ("url", "style", "name", "value")}),
        **given({"confirm": given({name: said.of(one) for name, one in words.items()})}),
    }
