"""Notices to Discord and Microsoft Teams: what is sent, and what answers mean."""

import json
from dataclasses import replace

import pytest
from tests.adapters.plain_texts import PlainTexts
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.outbound.notifiers.discord import Discord
from sightline.adapters.outbound.notifiers.msteams import MAX_MESSAGE, MsTeams, MsTeamsV2
from sightline.adapters.outbound.notifiers.over_http import Outgoing
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.alerts.trial import trial
from sightline.domain.errors import NoticeRefused, Unavailable
from sightline.domain.labels import Labels

pytestmark = pytest.mark.anyio

NOTICE = trial("team", 3_000)
TEXTS: Options = {name: name for name in ("title", "text", "summary", "message", "content", "username", "avatar_url")}
LONG = '🔥"\x01' * 50_000


def options(receiver: Receiver, **further: str) -> Options:
    """The address, and every text."""
    return {**TEXTS, "webhook_url": Secret(receiver.url), **further}


async def test_an_embed_for_discord(receiver: Receiver) -> None:
    """One embed has title, text and the colour of the status; content and who speaks are said where they are given."""
    for status in Status:
        channel = Discord(options(receiver), PlainTexts(), name="discord", http=Outgoing())
        await channel.notify(replace(NOTICE, status=status))
    assert [body["embeds"][0]["color"] for body in receiver.bodies] == [0x992D22, 0x2ECC71, 0x95A5A6]
    assert receiver.bodies[0] == {
        "content": "content",
        "embeds": [{"title": "title", "description": "message", "color": 0x992D22}],
        "username": "username",
        "avatar_url": "avatar_url",
    }
    bare: Options = {"webhook_url": Secret(receiver.url)}
    await Discord(bare, PlainTexts(), name="discord", http=Outgoing()).notify(NOTICE)
    assert set(receiver.bodies[-1]) == {"content", "embeds"}
    assert receiver.bodies[-1]["content"] == ""


async def test_a_message_card_for_teams(receiver: Receiver) -> None:
    """A connector gets a MessageCard with title, summary, text and the colour of the status."""
    for status in Status:
        channel = MsTeams(options(receiver), PlainTexts(), name="msteams", http=Outgoing())
        await channel.notify(replace(NOTICE, status=status))
    assert [body["themeColor"] for body in receiver.bodies] == ["8C1A1A", "2DC72D", "808080"]
    assert receiver.bodies[0] == {
        "@context": "http://schema.org/extensions",
        "@type": "MessageCard",
        "title": "title",
        "summary": "summary",
        "text": "text",
        "themeColor": "8C1A1A",
    }


async def test_an_adaptive_card_for_teams(receiver: Receiver) -> None:
    """A workflow gets an Adaptive Card with a heading in the colour of the status, and the text."""
    for status in Status:
        channel = MsTeamsV2(options(receiver), PlainTexts(), name="msteamsv2", http=Outgoing())
        await channel.notify(replace(NOTICE, status=status))
    cards = [body["attachments"][0]["content"] for body in receiver.bodies]
    assert [card["body"][0]["color"] for card in cards] == ["Attention", "Good", "Warning"]
    assert [block["text"] for block in cards[0]["body"]] == ["title", "text"]
    assert receiver.bodies[0]["type"] == "message"
    assert receiver.bodies[0]["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"


@pytest.mark.parametrize("kind", [MsTeams, MsTeamsV2])
async def test_a_card_is_no_larger_than_teams_takes(receiver: Receiver, kind: type[MsTeams | MsTeamsV2]) -> None:
    """Whatever alerts say, a message has less than 28 kB, and what was cut ends in an ellipsis."""
    alert = replace(NOTICE.alerts[0], annotations=Labels.of(summary=LONG))
    bare: Options = {"webhook_url": Secret(receiver.url)}
    await kind(bare, PlainTexts(), name="teams", http=Outgoing()).notify(replace(NOTICE, alerts=(alert,)))
    text = json.dumps(receiver.bodies[0], ensure_ascii=False, separators=(",", ":"))
    assert 20_000 < len(text.encode()) < MAX_MESSAGE
    assert text.count("…") == len(kind.defaults)


@pytest.mark.parametrize(("status", "error"), [(429, Unavailable), (503, Unavailable), (413, NoticeRefused)])
async def test_a_connector_that_could_not_hand_over(receiver: Receiver, status: int, error: type[Exception]) -> None:
    """A connector says 200 and in a text that Teams did not take the message."""
    receiver.body = (
        f"Webhook message delivery failed with error: ... endpoint returned HTTP error {status} with ...".encode()
    )
    with pytest.raises(error, match=f"Teams answered its connector {status}"):
        await MsTeams(options(receiver), PlainTexts(), name="msteams", http=Outgoing()).notify(NOTICE)
