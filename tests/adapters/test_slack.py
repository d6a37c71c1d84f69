"""Notices to a channel of Slack: what is sent, and what answers mean."""

import pytest
from tests.adapters.plain_texts import PlainTexts
from tests.adapters.webhook_receiver import Receiver
from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import Outgoing
from sightline.adapters.outbound.notifiers.slack import Slack
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.alerts.trial import trial
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable

pytestmark = pytest.mark.anyio

NOTICE = trial("team", 3_000)


class Echo(PlainTexts):
    """Says templates as they are, and texts with a mark."""

    @override
    def text(self, template: str, notification: Notification) -> str:
        return f"{template}!" if "{{" not in template else template


def slack(receiver: Receiver, options: Options | None = None) -> Slack:
    """The channel to what stands in for Slack."""
    return Slack({"api_url": Secret(receiver.url), **(options or {})}, Echo(), name="slack", http=Outgoing())


async def test_what_is_not_given_is_alertmanagers(receiver: Receiver) -> None:
    """Without options the templates of Alertmanager say everything."""
    await slack(receiver).notify(NOTICE)

    def default(name: str) -> str:
        return f'{{{{ template "slack.default.{name}" . }}}}'

    assert receiver.bodies == [
        {
            "username": default("username"),
            "icon_emoji": default("iconemoji"),
            "icon_url": default("iconurl"),
            "attachments": [
                {
                    "title": default("title"),
                    "title_link": default("titlelink"),
                    "pretext": default("pretext"),
                    "text": default("text"),
                    "fallback": default("fallback"),
                    "callback_id": default("callbackid"),
                    "footer": default("footer"),
                    "color": '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
                    "mrkdwn_in": ["fallback", "pretext", "text"],
                }
            ],
        }
    ]


async def test_every_option_is_said(receiver: Receiver) -> None:
    """Options are templates, those within fields and actions too; what is empty is left out where Alertmanager leaves it out."""
    options: Options = {
        **{
            name: name
            for name in (
                *("channel", "username", "icon_emoji", "color", "title", "pretext", "text", "fallback"),
                *("callback_id", "footer", "image_url", "thumb_url"),
            )
        },
        "title_link": "",
        "icon_url": "",
        "link_names": True,
        "short_fields": True,
        "mrkdwn_in": ("text",),
        "fields": ({"title": "a", "value": "b"}, {"title": "c", "value": "d", "short": False}),
        "actions": (
            {"type": "button", "text": "Runbook", "url": "https://x", "confirm": {"text": "sure", "ok_text": "ok"}},
            {"type": "button", "text": "Ack", "name": "n", "value": "v", "style": "danger"},
        ),
    }
    await slack(receiver, options).notify(NOTICE)
    assert receiver.bodies == [
        {
            "channel": "channel!",
            "username": "username!",
            "icon_emoji": "icon_emoji!",
            "link_names": True,
            "attachments": [
                {
                    **{
                        name: f"{name}!"
                        for name in (
                            *("title", "pretext", "text", "fallback", "callback_id", "footer"),
                            *("image_url", "thumb_url", "color"),
                        )
                    },
                    "mrkdwn_in": ["text"],
                    "fields": [
                        {"title": "a!", "value": "b!", "short": True},
                        {"title": "c!", "value": "d!", "short": False},
                    ],
                    "actions": [
                        {
                            "type": "button!",
                            "text": "Runbook!",
                            "url": "https://x!",
                            "confirm": {"text": "sure!", "ok_text": "ok!"},
                        },
                        {"type": "button!", "text": "Ack!", "style": "danger!", "name": "n!", "value": "v!"},
                    ],
                }
            ],
        }
    ]


async def test_that_people_know_has_a_colour_of_its_own(receiver: Receiver) -> None:
    """Neither that of what fires nor that of what is over, unless the colour is said."""
    known = Notification(
        **{name: getattr(NOTICE, name) for name in NOTICE.__dataclass_fields__ if name != "status"},
        status=Status.ACKNOWLEDGED,
    )
    await slack(receiver).notify(known)
    await slack(receiver, {"color": "#123456"}).notify(known)
    assert [body["attachments"][0]["color"] for body in receiver.bodies] == ["warning", "#123456!"]


@pytest.mark.parametrize(
    ("media_type", "body", "error", "said"),
    [
        ("text/html", b"ok", None, ""),
        ("text/plain", b"", None, ""),
        ("application/json", b'{"ok": true}', None, ""),
        ("application/json; charset=utf-8", b'{"success": true}', None, ""),
        ("text/plain", b"invalid_payload", NoticeRefused, "'invalid_payload', not ok"),
        ("application/json", b'{"ok": false, "error": "channel_not_found"}', NoticeRefused, "channel_not_found: check"),
        ("application/json", b'{"ok": false}', NoticeRefused, "no reason"),
        ("application/json", b'{"ok": false, "error": "ratelimited"}', Unavailable, "ratelimited"),
        ("application/json", b"<html>", Unavailable, "no JSON object"),
        ("application/json", b"[]", Unavailable, "no JSON object"),
        ("application/json", b"[" * 60_000, Unavailable, "no JSON object"),
    ],
)
async def test_what_a_200_means(
    receiver: Receiver, media_type: str, body: bytes, error: type[Exception] | None, said: str
) -> None:
    """Slack says in the body whether it took the message, as a text to webhooks and as JSON to bots."""
    receiver.headers = {"Content-Type": media_type, "Retry-After": "3"}
    receiver.body = body
    if error is None:
        await slack(receiver).notify(NOTICE)
        return
    with pytest.raises(error, match=said) as caught:
        await slack(receiver).notify(NOTICE)
    if said == "ratelimited":
        assert isinstance(caught.value, Unavailable)
        assert caught.value.detail == {"retry_after": 3.0}


def test_an_address_is_needed() -> None:
    """Without one, or the file with one, there is no channel."""
    with pytest.raises(SettingsInvalid, match=r"slack\.api_url is needed, or api_url_file"):
        Slack({}, Echo(), name="slack", http=Outgoing())
