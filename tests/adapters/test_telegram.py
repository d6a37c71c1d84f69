"""Alerts in a chat of Telegram, at a server on loopback that stands in for it; the shared suite tells the rest."""

from typing import Any

import pytest
from tests.adapters.notices import ShownTemplates, notice
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.outbound.notifiers.over_http import Outgoing
from sightline.adapters.outbound.notifiers.telegram import MESSAGE, Telegram
from sightline.domain.alerts.receiver import Secret
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable

pytestmark = pytest.mark.anyio

UNREADABLE = b'{"ok":false,"error_code":400,"description":"Bad Request: can\'t parse entities: Unsupported start tag"}'


def channel(receiver: Receiver, http: Outgoing | None = None, **options: Any) -> Telegram:
    """A channel to the stand-in."""
    given = {"api_url": receiver.url, "bot_token": Secret("7:AAA"), "chat_id": -1001, **options}
    return Telegram(given, ShownTemplates(), name="telegram", http=http or Outgoing())


async def test_a_message_has_what_alertmanagers_has(receiver: Receiver) -> None:
    """Where settings say nothing else: Alertmanager's template, as HTML, with a sound and without previews of links."""
    await channel(receiver).notify(notice())
    assert receiver.paths == ["POST /alerts/bot7:AAA/sendMessage"]
    assert receiver.bodies == [
        {
            "chat_id": -1001,
            "text": MESSAGE,
            "parse_mode": "HTML",
            "disable_notification": False,
            "link_preview_options": {"is_disabled": True},
        }
    ]


async def test_every_setting_is_told(receiver: Receiver) -> None:
    """The text is escaped for the parse mode of HTML alone."""
    await channel(
        receiver, message="[html] [labels]", message_thread_id=7, disable_notifications=True, parse_mode="MarkdownV2"
    ).notify(notice())
    await channel(receiver, message="[html]").notify(notice())
    await channel(receiver, message="[html]", parse_mode="").notify(notice())
    marked, html, plain = receiver.bodies
    assert (marked["text"], marked["parse_mode"]) == ("[html] firing:alertname=Hot", "MarkdownV2")
    assert (marked["message_thread_id"], marked["disable_notification"]) == (7, True)
    assert (html["text"], html["parse_mode"]) == ("<b>&amp;</b>", "HTML")
    assert plain["text"] == "[html]"
    assert "parse_mode" not in plain


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"ok":false,"error_code":429,"parameters":{"retry_after":35}}', 35.0),
        (b'{"ok":false,"error_code":429,"parameters":{"retry_after":99999}}', 60.0),
        (b'{"ok":false,"error_code":429,"parameters":{"retry_after":-1}}', 0.0),
        (b'{"ok":false,"error_code":429,"parameters":{"retry_after":"soon"}}', None),
        (b'{"ok":false,"error_code":429,"parameters":[]}', None),
        (b"[]", None),
        (b"too many", None),
    ],
)
async def test_how_long_to_wait_stands_in_the_body(receiver: Receiver, body: bytes, seconds: float | None) -> None:
    """It is in the error's detail, no longer than the limit; what is no wait is none."""
    receiver.status, receiver.body = 429, body
    with pytest.raises(Unavailable) as caught:
        await channel(receiver, Outgoing(max_retry_after=60)).notify(notice())
    assert caught.value.detail == ({} if seconds is None else {"retry_after": seconds})


async def test_what_telegram_cannot_read_is_sent_as_plain_text(receiver: Receiver) -> None:
    """Once more, without marks; what it does not take for another reason is not."""
    receiver.status, receiver.body = 400, UNREADABLE
    with pytest.raises(NoticeRefused, match="can't parse entities"):
        await channel(receiver, message="<b>&lt;1 &amp; 2</b> <x").notify(notice())
    assert len(receiver.requests) == 2
    receiver.body = b'{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}'
    with pytest.raises(NoticeRefused, match="chat not found"):
        await channel(receiver).notify(notice())
    assert len(receiver.requests) == 3


async def test_plain_text_is_what_the_marks_were_around(receiver: Receiver) -> None:
    """Tags go and entities are what they stand for."""
    receiver.first = [(400, UNREADABLE)]
    await channel(receiver, message="<b>&lt;1 &amp; 2</b> <x").notify(notice())
    (body,) = receiver.bodies
    assert body["text"] == "<1 & 2 <x"
    assert "parse_mode" not in body


async def test_a_long_message_is_cut_where_telegram_can_read_it(receiver: Receiver) -> None:
    """Tags are closed, and no escape reaches the ellipsis."""
    await channel(receiver, message=f"<b>{'x' * 5_000}</b>").notify(notice())
    await channel(receiver, message="x" * 4_094 + "\\." * 100, parse_mode="MarkdownV2").notify(notice())
    html, marked = (body["text"] for body in receiver.bodies)
    assert len(html) == 4_096
    assert html.endswith("x…</b>")
    assert marked == "x" * 4_094 + "…"


async def test_an_empty_token_is_refused(receiver: Receiver) -> None:
    """A channel without a bot cannot speak."""
    with pytest.raises(NoticeRefused, match="bot_token is empty"):
        await channel(receiver, bot_token=Secret(" ")).notify(notice())


def test_a_chat_is_needed(receiver: Receiver) -> None:
    """Settings are refused without one."""
    with pytest.raises(SettingsInvalid, match=r"telegram\.chat_id is needed"):
        channel(receiver, chat_id=0)
