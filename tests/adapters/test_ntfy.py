"""Alerts to a topic of ntfy, at a server on loopback that stands in for it; the shared suite tells the rest."""

from dataclasses import replace
from typing import Any

import pytest
from tests.adapters.notices import AT, ShownTemplates, notice
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.outbound.notifiers.ntfy import MAX_MESSAGE, URL, Ntfy, priority
from sightline.adapters.outbound.notifiers.over_http import Outgoing
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.receiver import Secret
from sightline.domain.errors import SettingsInvalid

pytestmark = pytest.mark.anyio


def channel(receiver: Receiver, **options: Any) -> Ntfy:
    """A channel to the stand-in."""
    given = {"url": receiver.url, "topic": "ops", **options}
    return Ntfy(given, ShownTemplates(), name="ntfy", http=Outgoing())


async def test_a_message_says_what_how_loud_and_where(receiver: Receiver) -> None:
    """Title and text, the priority of the severity, a sign, and a link to the web UI."""
    await channel(receiver, title="T [labels]", message="M", token=Secret("tk_1")).notify(notice())
    assert receiver.bodies == [
        {
            "topic": "ops",
            "title": "T firing:alertname=Hot",
            "message": "M",
            "priority": 5,
            "tags": ["rotating_light", "critical"],
            "click": "https://sightline.example/ui/alerts",
        }
    ]
    assert receiver.requests[0]["authorization"] == "Bearer tk_1"


async def test_without_a_token_or_an_address_of_ours_both_are_left_out(receiver: Receiver) -> None:
    """Topics may be open to everybody."""
    await channel(receiver).notify(replace(notice(), external_url=""))
    assert "authorization" not in receiver.requests[0]
    assert "click" not in receiver.bodies[0]


@pytest.mark.parametrize(
    ("severity", "status", "expected"),
    [
        ("critical", Status.FIRING, 5),
        ("Page", Status.FIRING, 5),
        ("error", Status.FIRING, 4),
        ("warning", Status.FIRING, 3),
        ("", Status.FIRING, 3),
        ("info", Status.FIRING, 2),
        ("critical", Status.RESOLVED, 2),
        ("critical", Status.ACKNOWLEDGED, 2),
    ],
)
def test_how_loud_a_message_is(severity: str, status: Status, expected: int) -> None:
    """By the severity of what fires; what is over, or known, makes no sound."""
    assert priority(notice(status=status, labels={"severity": severity})) == expected


def test_the_most_severe_alert_that_fires_counts() -> None:
    """Alerts of one group may differ; those that are over do not count."""
    ended = notice(status=Status.RESOLVED, labels={"severity": "critical"}).alerts
    firing = notice(labels={"severity": "warning"}).alerts + notice(labels={"severity": "info"}).alerts
    assert priority(replace(notice(), alerts=firing + ended, at=AT)) == 3


async def test_a_message_takes_no_more_bytes_than_ntfy_takes(receiver: Receiver) -> None:
    """It is cut between characters."""
    await channel(receiver, message="🔥" * 5_000).notify(notice())
    text = receiver.bodies[0]["message"]
    assert MAX_MESSAGE - 4 < len(text.encode()) <= MAX_MESSAGE
    assert set(text[:-1]) == {"🔥"}
    assert text[-1] == "…"


def test_a_topic_is_needed() -> None:
    """The server is ntfy's own unless settings say otherwise."""
    assert URL == "https://ntfy.sh"
    Ntfy({"topic": "ops"}, ShownTemplates(), name="ntfy", http=Outgoing())
    with pytest.raises(SettingsInvalid, match=r"ntfy\.topic is needed"):
        Ntfy({}, ShownTemplates(), name="ntfy", http=Outgoing())
