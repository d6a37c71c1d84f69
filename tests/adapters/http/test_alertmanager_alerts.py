"""Alerts by Alertmanager's API: what is taken in of a request, and what is shown of it to whom."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime

import httpx
from tests.adapters.http.alertmanager_api import ALERTS, instant, posted, silence
from tests.adapters.http.stage import NOW, Stage

from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.shown import ShownAlert
from sightline.domain.errors import StorageFull
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import HOUR, MINUTE, SECOND

Caller = Callable[..., httpx.AsyncClient]


async def test_times_that_are_not_given_are_filled_in(client: httpx.AsyncClient, stage: Stage) -> None:
    """Without a start an alert starts now or at its end, and without an end it times out after resolve_timeout."""
    written = [
        {"labels": {"alertname": "none"}},
        {"labels": {"alertname": "start"}, "startsAt": instant(NOW - HOUR)},
        {"labels": {"alertname": "end"}, "endsAt": instant(NOW + HOUR)},
        {"labels": {"alertname": "both"}, "startsAt": instant(NOW - HOUR), "endsAt": instant(NOW)},
    ]
    assert (await client.post("/api/v2/alerts", json=written)).status_code == 200
    found = {name: (one.starts_at - NOW, (one.ends_at or 0) - NOW, one.timed) for name, one in posted(stage).items()}
    assert found == {
        "none": (0, 5 * MINUTE, True),
        "start": (-HOUR, 5 * MINUTE, True),
        "end": (HOUR, HOUR, False),
        "both": (-HOUR, 0, False),
    }
    assert {one.updated_at for one in posted(stage).values()} == {NOW}


async def test_what_can_be_taken_of_a_request_is(client: httpx.AsyncClient, stage: Stage) -> None:
    """Alerts that are wrong are named together, and the others are taken in."""
    written = [{"labels": {}}, {"labels": {"alertname": "good"}}, {"labels": {"a": "b"}, "annotations": {"": "x"}}]
    answer = await client.post("/api/v2/alerts", json=written)
    assert (answer.status_code, answer.json()) == (
        400,
        'at least one label pair required; invalid annotations: invalid name ""',
    )
    assert set(posted(stage)) == {"good"}


async def test_names_of_labels_are_utf8(client: httpx.AsyncClient, stage: Stage) -> None:
    """As in later Alertmanagers a name may have any characters, and can be asked and silenced for."""
    written = [{"labels": {"alertname": "x", "été": "1", "a.b": "2"}}]
    assert (await client.post("/api/v2/alerts", json=written)).status_code == 200
    found = await client.get("/api/v2/alerts", params={"filter": '"été"="1"'})
    assert found.json()[0]["labels"] == {"alertname": "x", "a.b": "2", "été": "1"}
    made = silence(matchers=[{"name": "a.b", "value": "2", "isRegex": False}])
    silence_id = (await client.post("/api/v2/silences", json=made)).json()["silenceID"]
    found = await client.get("/api/v2/alerts", params={"filter": 'a.b="2"'})
    assert found.json()[0]["status"]["silencedBy"] == [silence_id]


async def test_a_flood_is_bounded(caller: Caller, stage: Stage) -> None:
    """Too many alerts in a request or in all, and too long ones, are refused by the name of the bound."""
    async with caller(max_request_alerts=3, max_alert_bytes=100) as client:
        many = await client.post("/api/v2/alerts", json=[{"labels": {"a": str(one)}} for one in range(4)])
        assert many.status_code == 400
        assert "alerts.request_alerts allows 3" in many.json()
        long = await client.post("/api/v2/alerts", json=[{"labels": {"a": "b"}, "annotations": {"c": "é" * 60}}])
        assert long.status_code == 400
        assert "alerts.max_alert_bytes = 100" in long.json()
        assert posted(stage) == {}
        stage.pipeline.most = 2
        over = await client.post("/api/v2/alerts", json=[{"labels": {"alertname": str(one)}} for one in range(3)])
        assert (over.status_code, over.json()["code"]) == (429, 429)
        assert "alerts.max_outside" in over.json()["message"]
        known = await client.post("/api/v2/alerts", json=[{"labels": {"alertname": "0"}}])
        assert known.status_code == 200
    async with caller(max_body_bytes=20) as client:
        large = await client.post("/api/v2/alerts", json=[{"labels": {"alertname": "x" * 30}}])
        assert (large.status_code, large.json()["code"]) == (413, 413)


async def test_compressed_bodies_are_read(client: httpx.AsyncClient, stage: Stage) -> None:
    """A body may be gzip, and of any length within the bounds."""
    text = json.dumps([{"labels": {"alertname": f"a{number}"}} for number in range(3_000)])
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert (
        await client.post("/api/v2/alerts", content=gzip.compress(text.encode()), headers=headers)
    ).status_code == 200
    assert len(posted(stage)) == 3_000
    assert len((await client.get("/api/v2/alerts")).json()) == 3_000
    assert len((await client.get("/api/v2/alerts/groups")).json()) == 3_000


async def test_forms_are_not_taken_for_json(client: httpx.AsyncClient) -> None:
    """What any web page could send is refused, as Alertmanager does."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("alerts", "silences"):
        answer = await client.post(f"/api/v2/{path}", content="[]", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, 415)


async def test_an_alert_is_taken_only_when_it_is_kept(client: httpx.AsyncClient, stage: Stage) -> None:
    """A sender hears that alerts cannot be taken now."""
    stage.pipeline.fails = StorageFull("the disk is at its watermark")
    answer = await client.post("/api/v2/alerts", json=ALERTS)
    assert (answer.status_code, answer.json()["code"]) == (503, 503)


async def test_alerts_of_rules_have_an_end_that_is_ahead(client: httpx.AsyncClient, stage: Stage) -> None:
    """An alert that only its rule ends is shown with an end, for clients need one."""
    labels = Labels.of(alertname="OfRule")
    alert = PostedAlert(DEFAULT_TENANT, labels, Labels(), NOW - HOUR, None, NOW - HOUR, rule="OfRule")
    stage.pipeline.known[DEFAULT_TENANT] = {labels: alert}
    (found,) = (await client.get("/api/v2/alerts")).json()
    assert datetime.fromisoformat(found["endsAt"]).timestamp() * SECOND > NOW + MINUTE


async def test_tenants_see_their_own(client: httpx.AsyncClient) -> None:
    """Alerts and silences of one tenant are not seen, changed or counted by another."""
    other = {"X-Scope-OrgID": "other"}
    await client.post("/api/v2/alerts", json=ALERTS)
    made = (await client.post("/api/v2/silences", json=silence())).json()["silenceID"]
    for path in ("alerts", "alerts/groups", "silences"):
        assert (await client.get(f"/api/v2/{path}", headers=other)).json() == []
    assert (await client.get(f"/api/v2/silence/{made}", headers=other)).status_code == 404
    assert (await client.delete(f"/api/v2/silence/{made}", headers=other)).status_code == 404
    edit = await client.post("/api/v2/silences", json=silence(id=made), headers=other)
    assert (edit.status_code, edit.json()) == (404, "silence not found")


async def test_grafana_knows_which_product_it_is(client: httpx.AsyncClient) -> None:
    """The status stands at the root, and beneath /alertmanager, where Grafana looks for another product, it does not."""
    assert (await client.get("/api/v2/status")).status_code == 200
    beneath = await client.get("/alertmanager/api/v2/status")
    assert (beneath.status_code, beneath.headers["content-type"]) == (404, "application/json")


async def test_all_else_stands_beneath_alertmanager_too(client: httpx.AsyncClient, stage: Stage) -> None:
    """Programs that are given an address with a path post, ask and silence there."""
    assert (await client.post("/alertmanager/api/v2/alerts", json=ALERTS)).status_code == 200
    made = (await client.post("/alertmanager/api/v2/silences", json=silence())).json()["silenceID"]
    for path in ("alerts", "alerts/groups", "receivers", "silences", f"silence/{made}"):
        first, second = await client.get(f"/api/v2/{path}"), await client.get(f"/alertmanager/api/v2/{path}")
        assert first.json() == second.json() != []
    assert (await client.delete(f"/alertmanager/api/v2/silence/{made}")).status_code == 200
    assert (await client.get("/alertmanager/-/healthy")).text == "OK"
    assert (await client.get("/alertmanager/-/ready")).text == "OK"
    stage.not_ready = "stopping"
    assert (await client.get("/alertmanager/-/ready")).status_code == 503
    unknown = await client.get("/alertmanager/nothing")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/json")


async def test_filters_for_muted_and_unprocessed_alerts(client: httpx.AsyncClient, stage: Stage) -> None:
    """What a time interval mutes, and what was not routed yet, can be left out, also where an alert has no receiver yet."""
    labels = Labels.of(alertname="X")
    alert = PostedAlert(DEFAULT_TENANT, labels, Labels(), NOW, NOW + HOUR, NOW)
    muted = ShownAlert(alert, ("default",), muted_by=("nights",))
    waiting = ShownAlert(alert, (), is_processed=False)
    stage.pipeline.shown = [muted, waiting]
    states = [
        ("", ["suppressed", "unprocessed"]),
        ("muted=false", ["unprocessed"]),
        ("unprocessed=false", ["suppressed"]),
        ("receiver=.*", ["suppressed"]),
        ("receiver_matchers=owner%3D%22x%22", []),
        ("receiver_matchers=owner%3D%22%22", ["suppressed", "unprocessed"]),
    ]
    for query, expected in states:
        found = (await client.get(f"/api/v2/alerts?{query}")).json()
        assert sorted(one["status"]["state"] for one in found) == expected, query
    assert (await client.get("/api/v2/receivers?receiver_matchers=owner%3Dx")).json() == []


async def test_maintenance_windows_mute(client: httpx.AsyncClient, stage: Stage) -> None:
    """To clients of Alertmanager they are times that mute, told from others by a word; no silence of theirs is looked for."""
    alert = PostedAlert(DEFAULT_TENANT, Labels.of(alertname="X", check="api"), Labels(), NOW, NOW + HOUR, NOW)
    stage.pipeline.shown = [ShownAlert(alert, ("default",), muted_by=("nights",), maintained_by=("upgrade", "patches"))]
    (shown,) = (await client.get("/api/v2/alerts")).json()
    assert shown["status"] == {
        "state": "suppressed",
        "silencedBy": [],
        "inhibitedBy": [],
        "mutedBy": ["nights", "maintenance: upgrade", "maintenance: patches"],
    }
    stage.pipeline.shown = [ShownAlert(alert, ("default",), maintained_by=("upgrade",))]
    counts = {
        query: len((await client.get(f"/api/v2/alerts?{query}")).json()) for query in ("muted=false", "active=false")
    }
    assert counts == {"muted=false": 0, "active=false": 1}
    assert (await client.get("/api/v2/receivers?receiver_matchers=%7B%7B")).status_code == 400
