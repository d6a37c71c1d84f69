"""Over HTTP: who was told of alerts and why, what would be told now, and whether channels work."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from tests.adapters.http.stage import Stage, calling
from tests.application.alerting_world import ROUTE, AlertingWorld

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.wire.instants import instant_text
from sightline.domain.alerts.notification import fingerprint
from sightline.domain.alerts.pipeline.batch import Manners
from sightline.domain.alerts.route import WrittenRoute
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.tenancy import DEFAULT_TENANT

DB = Matcher("team", MatchOp.EQUAL, "db")


@pytest.fixture
def world(stage: Stage) -> AlertingWorld:
    """Two receivers: alerts of one team go to one of them, all others to the other."""
    route = replace(ROUTE, routes=(WrittenRoute("other", matchers=(DB,)),))
    made = AlertingWorld(route, manners={"team": Manners(), "other": Manners(sends_resolved=False)})
    stage.tell(made)
    return made


@pytest.fixture
async def client(stage: Stage, settings: DoorSettings, world: AlertingWorld) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a door behind which that world is."""
    assert stage.explain is world.explain
    async with calling(stage, settings) as opened:
        yield opened


async def test_decisions_are_listed_newest_first(client: httpx.AsyncClient, world: AlertingWorld) -> None:
    """With channel, reason, and the labels of what they are about; a receiver's or an alert's alone on request."""
    world.silenced[DEFAULT_TENANT, "Hot"] = ("s1",)
    await world.fire("Hot", "Cold")
    await world.wait(30)
    found = (await client.get("/api/v1/notices")).json()["data"]["notices"]
    assert {(one["groupLabels"]["alertname"], one["told"], one["reason"]) for one in found} == {
        ("Hot", False, "silenced"),
        ("Cold", True, "notified"),
    }
    (one,) = (await client.get("/api/v1/notices?alertname=Cold&receiver=team")).json()["data"]["notices"]
    assert (one["channel"], one["attempts"], one["alerts"]) == ("team", 1, [{"alertname": "Cold"}])
    assert one["id"]
    assert (await client.get("/api/v1/notices?receiver=nobody")).json()["data"] == {"notices": []}
    assert len((await client.get("/api/v1/notices?limit=1")).json()["data"]["notices"]) == 1


async def test_why_tells_an_alerts_whole_way(client: httpx.AsyncClient, world: AlertingWorld, stage: Stage) -> None:
    """Routes with reasons, the group with its timer, and what each channel hears."""
    world.silenced[DEFAULT_TENANT, "Hot"] = ("s1",)
    await world.fire("Hot", team="web")
    name = fingerprint(Labels.of(alertname="Hot", team="web"))
    found = (await client.get(f"/api/v1/notices/why?fingerprint={name}")).json()["data"]
    assert [(one["receiver"], one["reason"], one["failed"]) for one in found["routes"]] == [
        ("team", "taken", None),
        ("other", "matcher_not_satisfied", 'team="db"'),
    ]
    (group,) = found["groups"]
    assert (group["receiver"], group["labels"]) == ("team", {"alertname": "Hot"})
    assert group["channels"] == [
        {
            "channel": "team",
            "kind": "memory",
            "told": False,
            "reason": "silenced",
            "by": ["s1"],
            "lastToldAt": None,
            "owed": False,
            "problem": "",
        }
    ]
    assert found["alert"]["status"]["silencedBy"] == ["s1"]
    to_come = stage.clock.now() + world.dispatch.resolve_timeout
    assert found["alert"]["endsAt"] == instant_text(to_come), (
        "what fires without an end has it ahead, as in Alertmanager's API"
    )
    world.silenced.clear()
    await world.wait(30)
    found = (await client.get(f"/api/v1/notices/why?fingerprint={name}")).json()["data"]
    (channel,) = found["groups"][0]["channels"]
    assert (channel["told"], channel["reason"]) == (True, "nothing_new")
    assert channel["lastToldAt"] is not None


async def test_an_alert_that_is_not_there_has_no_way(client: httpx.AsyncClient, world: AlertingWorld) -> None:
    """Its fingerprint is unknown, and one has to be given."""
    await world.dispatch.load()
    answer = await client.get("/api/v1/notices/why?fingerprint=0000000000000000")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await client.get("/api/v1/notices/why")).status_code == 400


async def test_receivers_are_listed_with_their_channels(client: httpx.AsyncClient, world: AlertingWorld) -> None:
    """How each does, what it has still to take, and what it said last."""
    world.channels["team"].fail(100)
    await world.fire("Hot")
    await world.clock.advance(30)
    await world.dispatch.run_once()
    found = (await client.get("/api/v1/receivers")).json()["data"]["receivers"]
    assert [(one["name"], one["channels"][0]["owed"], one["channels"][0]["sendsResolved"]) for one in found] == [
        ("team", 1, True),
        ("other", 0, False),
    ]
    assert found[0]["channels"][0]["circuit"] == "closed"


async def test_a_channel_is_told_that_this_is_a_test(client: httpx.AsyncClient, world: AlertingWorld) -> None:
    """The one that is named, at once; what it says when it does not take it is answered."""
    answer = await client.post("/api/v1/receivers/test", json={"channel": "other"})
    assert (answer.status_code, answer.json()["data"]) == (200, {"channel": "other"})
    assert (world.told("team"), world.told("other")) == ([], ["firing SightlineTest"])
    world.channels["other"].fail(1)
    refused = await client.post("/api/v1/receivers/test", json={"channel": "other"})
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert (await client.post("/api/v1/receivers/test", json={"channel": "nobody"})).status_code == 404
    assert (await client.post("/api/v1/receivers/test", json={})).json()["code"] == "field_invalid"
