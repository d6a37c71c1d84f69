"""Alerts of Opsgenie, at a server on loopback that stands in for it; the shared suite tells the rest."""

from typing import Any

import pytest
from tests.adapters.notices import HASHED_GROUP, ShownTemplates, notice
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.outbound.notifiers.opsgenie import MAX_DETAILS, Opsgenie
from sightline.adapters.outbound.notifiers.over_http import Outgoing
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.receiver import Secret
from sightline.domain.errors import NoticeRefused

pytestmark = pytest.mark.anyio

SOURCE = '{{ template "opsgenie.default.source" . }}'


def channel(receiver: Receiver, **options: Any) -> Opsgenie:
    """A channel to the stand-in."""
    given = {"api_url": receiver.url + "/", "api_key": Secret("genie"), **options}
    return Opsgenie(given, ShownTemplates(), name="opsgenie", http=Outgoing())


async def test_an_alert_has_what_alertmanagers_has(receiver: Receiver) -> None:
    """Where settings say nothing else, Alertmanager's templates, and the labels that all alerts have as details."""
    await channel(receiver).notify(notice())
    assert receiver.paths == ["POST /alerts/v2/alerts"]
    assert receiver.requests[0]["authorization"] == "GenieKey genie"
    assert receiver.bodies == [
        {
            "alias": HASHED_GROUP,
            "message": '{{ template "opsgenie.default.message" . }}',
            "description": '{{ template "opsgenie.default.description" . }}',
            "source": SOURCE,
            "details": {"alertname": "Hot", "severity": "critical"},
        }
    ]


async def test_every_setting_is_told(receiver: Receiver) -> None:
    """All are templates; `teams` are several, and a responder that comes to nothing is left out."""
    await channel(
        receiver,
        message="M [labels]",
        description="D",
        source="S",
        entity="[labels]",
        note="N",
        tags="a, [labels],,b",
        actions="restart, look",
        priority="p1",
        details={"severity": "[labels]"},
        responders=(
            {"name": "dba", "type": "team"},
            {"name": "a, b", "type": "teams"},
            {"username": "ops@example.org", "type": "user"},
            {"name": "", "type": "team"},
        ),
    ).notify(notice())
    said = "firing:alertname=Hot"
    assert receiver.bodies == [
        {
            "alias": HASHED_GROUP,
            "message": f"M {said}",
            "description": "D",
            "source": "S",
            "details": {"alertname": "Hot", "severity": said},
            "responders": [
                {"name": "dba", "type": "team"},
                {"name": "a", "type": "team"},
                {"name": "b", "type": "team"},
                {"username": "ops@example.org", "type": "user"},
            ],
            "tags": ["a", said, "b"],
            "note": "N",
            "priority": "P1",
            "entity": said,
            "actions": ["restart", "look"],
        }
    ]


@pytest.mark.parametrize(("status", "what"), [(Status.RESOLVED, "close"), (Status.ACKNOWLEDGED, "acknowledge")])
async def test_an_alert_is_closed_and_acknowledged_by_its_alias(receiver: Receiver, status: Status, what: str) -> None:
    """With a note that says why."""
    await channel(receiver, message="M [labels]", update_alerts=True).notify(notice(status=status))
    assert receiver.paths == [f"POST /alerts/v2/alerts/{HASHED_GROUP}/{what}?identifierType=alias"]
    assert receiver.bodies == [{"source": SOURCE, "note": f"M {status}:alertname=Hot"}]


async def test_an_open_alert_is_updated_on_request(receiver: Receiver) -> None:
    """Message and description are set anew, each by a request of its own."""
    await channel(receiver, message="M", description="D", update_alerts=True).notify(notice())
    assert receiver.paths == [
        "POST /alerts/v2/alerts",
        f"PUT /alerts/v2/alerts/{HASHED_GROUP}/message?identifierType=alias",
        f"PUT /alerts/v2/alerts/{HASHED_GROUP}/description?identifierType=alias",
    ]
    assert receiver.bodies[1:] == [{"message": "M"}, {"description": "D"}]


async def test_what_opsgenie_would_refuse_is_left_out_or_cut(receiver: Receiver) -> None:
    """A priority that it does not know, too many and too long words, and details beyond what it takes."""
    words = ",".join(f"{number}{'x' * 60}" for number in range(30))
    labels = {f"label_{number}": "v" * 1_000 for number in range(20)}
    await channel(receiver, priority="high", tags=words, actions=words).notify(notice(labels=labels))
    (alert,) = receiver.bodies
    assert "priority" not in alert
    assert (len(alert["tags"]), len(alert["actions"])) == (20, 10)
    assert {len(word) for word in (*alert["tags"], *alert["actions"])} == {50}
    details = alert["details"]
    assert details["alertname"] == "Hot"
    assert MAX_DETAILS - 20 < sum(len(name) + len(text) for name, text in details.items()) <= MAX_DETAILS


async def test_an_empty_key_is_refused(receiver: Receiver) -> None:
    """A template may come to nothing."""
    with pytest.raises(NoticeRefused, match="api_key is empty"):
        await channel(receiver, api_key=Secret(" ")).notify(notice())
