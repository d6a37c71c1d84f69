"""Alerts as incidents of PagerDuty, at a server on loopback that stands in for it; the shared suite tells the rest."""

from dataclasses import replace
from typing import Any

import pytest
from tests.adapters.notices import HASHED_GROUP, ShownTemplates, notice
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.outbound.notifiers.over_http import Outgoing
from sightline.adapters.outbound.notifiers.pagerduty import DETAILS, MAX_EVENT, V1_URL, V2_URL, PagerDuty
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.receiver import Secret
from sightline.domain.errors import NoticeRefused
from sightline.domain.tenancy import Tenant

pytestmark = pytest.mark.anyio


def channel(receiver: Receiver, **options: Any) -> PagerDuty:
    """A channel of version 2, unless a service key is given."""
    given = {"url": receiver.url, **options}
    if "service_key" not in options:
        given.setdefault("routing_key", Secret("R0"))
    return PagerDuty(given, ShownTemplates(), name="pagerduty", http=Outgoing(), v1_url=receiver.url)


async def test_an_event_has_what_alertmanagers_has(receiver: Receiver) -> None:
    """Where settings say nothing else, Alertmanager's templates; the key of the incident is the digest of the group's."""
    await channel(receiver).notify(notice())
    (event,) = receiver.bodies
    client = '{{ template "pagerduty.default.client" . }}'
    assert event == {
        "routing_key": "R0",
        "dedup_key": HASHED_GROUP,
        "event_action": "trigger",
        "payload": {
            "summary": '{{ template "pagerduty.default.description" .}}',
            "source": client,
            "severity": "error",
            "custom_details": dict(DETAILS),
        },
        "client": client,
        "client_url": '{{ template "pagerduty.default.clientURL" . }}',
    }


async def test_every_setting_is_told(receiver: Receiver) -> None:
    """All are templates; images and links without an address are left out."""
    await channel(
        receiver,
        routing_key=Secret("[labels]"),
        severity="Critical",
        source="web-1",
        component="c",
        group="g",
        client="Sightline",
        client_url="https://s.example",
        description="D [labels]",
        details={"team": "[labels]", "firing": ""},
        images=({"src": "https://s.example/a.png", "alt": "[labels]", "href": ""}, {"alt": "nothing"}),
        links=({"href": "https://s.example/b", "text": "B"}, {"href": "", "text": "nothing"}),
        **{"class": "k"},
    ).notify(notice())
    (event,) = receiver.bodies
    said = "firing:alertname=Hot"
    assert event["routing_key"] == said
    assert event["payload"] == {
        "summary": f"D {said}",
        "source": "web-1",
        "severity": "critical",
        "class": "k",
        "component": "c",
        "group": "g",
        "custom_details": {**DETAILS, "team": said, "firing": ""},
    }
    assert (event["client"], event["client_url"]) == ("Sightline", "https://s.example")
    assert event["images"] == [{"src": "https://s.example/a.png", "alt": said}]
    assert event["links"] == [{"href": "https://s.example/b", "text": "B"}]


@pytest.mark.parametrize(
    ("status", "action"),
    [(Status.FIRING, "trigger"), (Status.ACKNOWLEDGED, "acknowledge"), (Status.RESOLVED, "resolve")],
)
async def test_what_happens_to_the_incident(receiver: Receiver, status: Status, action: str) -> None:
    """All three go by one key, in both versions."""
    await channel(receiver).notify(notice(status=status))
    await channel(receiver, service_key=Secret("S0")).notify(notice(status=status))
    v2, v1 = receiver.bodies
    assert v2["event_action"] == v1["event_type"] == action
    assert v2["dedup_key"] == v1["incident_key"]
    assert v1["service_key"] == "S0"
    assert set(v1["details"]) == set(DETAILS)


async def test_a_severity_that_pagerduty_does_not_know_is_an_error(receiver: Receiver) -> None:
    """It would otherwise refuse the event."""
    await channel(receiver, severity="page").notify(notice())
    assert receiver.bodies[0]["payload"]["severity"] == "error"


async def test_incidents_of_tenants_are_apart(receiver: Receiver) -> None:
    """Groups of two tenants may have the same key, and what ends for one does not end for the other."""
    for tenant in ("default", "team-a", "team-b"):
        await channel(receiver).notify(replace(notice(), tenant=Tenant(tenant)))
    keys = [event["dedup_key"] for event in receiver.bodies]
    assert keys[0] == HASHED_GROUP
    assert len(set(keys)) == 3


@pytest.mark.parametrize("key", ["routing_key", "service_key"])
async def test_an_event_is_no_larger_than_pagerduty_takes(receiver: Receiver, key: str) -> None:
    """Details are cut, each to its share, however many bytes their characters take."""
    details = {f"n{number}": '"ü🔥\n' * 100_000 for number in range(20)}
    await channel(receiver, details=details, **{key: Secret("K0")}).notify(notice())
    (event,) = receiver.bodies
    size = int(receiver.requests[0]["content-length"])
    assert MAX_EVENT * 0.8 < size <= MAX_EVENT
    found = event["details"] if key == "service_key" else event["payload"]["custom_details"]
    assert all(found[name].endswith("…") for name in details)


async def test_an_empty_key_is_refused(receiver: Receiver) -> None:
    """A template may come to nothing."""
    with pytest.raises(NoticeRefused, match="routing_key is empty"):
        await channel(receiver, routing_key=Secret(" ")).notify(notice())


def test_where_events_go() -> None:
    """To PagerDuty, unless settings say otherwise."""
    assert V2_URL == "https://events.pagerduty.com/v2/enqueue"
    assert V1_URL.startswith("https://events.pagerduty.com/")
    PagerDuty({"routing_key": Secret("R0")}, ShownTemplates(), name="pagerduty", http=Outgoing())
