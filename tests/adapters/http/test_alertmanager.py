"""Alertmanager's API: as a real Alertmanager answers, and as amtool asks."""

import asyncio
import gzip
import json
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
import pytest
from tests.adapters.http.real_alertmanager import alertmanager
from tests.adapters.http.stage import NOW, Stage
from tests.adapters.http.stage import until as arrived

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.shown import ShownAlert
from sightline.domain.errors import StorageFull
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import HOUR, MINUTE, SECOND

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]
Caller = Callable[..., httpx.AsyncClient]

_SILENCE: Final[dict[str, Any]] = {
    "matchers": [{"name": "instance", "value": "db2", "isRegex": False}],
    "startsAt": "2016-11-21T01:00:00Z",
    "endsAt": "2037-11-21T01:00:00Z",
    "createdBy": "lab",
    "comment": "maintenance",
}
_ALERTS: Final = [
    {"labels": {"alertname": "DbDown", "instance": "db1", "severity": "critical", "team": "db"}},
    {"labels": {"alertname": "DbDown", "instance": "db2", "severity": "critical", "team": "db", "zone": ""}},
    {
        "labels": {"alertname": "DiskFull", "instance": "db1", "severity": "warning", "team": "db"},
        "annotations": {"summary": "disk full"},
        "generatorURL": "http://src/1",
    },
    {"labels": {"alertname": "Slow", "instance": "w1", "team": "web"}, "endsAt": "2036-11-21T01:00:00.5Z"},
    {
        "labels": {"alertname": "Over", "team": "web"},
        "startsAt": "2016-01-01T00:00:00Z",
        "endsAt": "2016-01-02T00:00:00Z",
    },
    {"labels": {"alertname": "Zero"}, "startsAt": "0001-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z"},
    {"labels": {"alertname": "Null"}, "annotations": None, "startsAt": None, "endsAt": None, "generatorURL": None},
]
_QUERIES: Final = (
    "/api/v2/alerts",
    "/api/v2/alerts?filter=alertname%3D%22DbDown%22",
    "/api/v2/alerts?filter=team%3D~%22d.%22&filter=severity!%3D%22warning%22",
    "/api/v2/alerts?silenced=false&inhibited=false",
    "/api/v2/alerts?active=false",
    "/api/v2/alerts?active=nonsense&silenced=0",
    "/api/v2/alerts?receiver=page.",
    "/api/v2/alerts?receiver=pa",
    "/api/v2/alerts/groups",
    "/api/v2/alerts/groups?silenced=false&receiver=pager",
    "/api/v2/alerts/groups?filter=alertname%3DSlow",
    "/api/v2/receivers",
    "/api/v2/silences",
    "/api/v2/silences?filter=instance%3D%22db2%22",
    "/api/v2/silences?filter=instance%3D~%22db.%22",
    "/api/v2/silences?filter=other%3D%22db2%22",
    "/api/v2/status",
)
_WRONG: Final[tuple[dict[str, Any], ...]] = (
    {"matchers": []},
    {"matchers": None},
    {"comment": None},
    {"createdBy": None},
    {"endsAt": None},
    {"startsAt": None},
    {"startsAt": "x"},
    {"matchers": [{"name": "a", "value": "", "isRegex": False}]},
    {"matchers": [{"name": "a", "value": ".*", "isRegex": True}]},
    {"matchers": [{"name": "a", "value": "b", "isRegex": False, "isEqual": False}]},
    {"matchers": [{"name": "a", "value": "(", "isRegex": True}]},
    {"matchers": [{"name": "", "value": "b", "isRegex": False}]},
    {"matchers": [{"name": "a", "value": "b"}]},
    {"matchers": [{"value": "b", "isRegex": True}]},
    {"matchers": [{"name": "b", "isRegex": True}]},
    {"startsAt": "2036-11-21T01:00:00Z", "endsAt": "2035-11-21T01:00:00Z"},
    {"startsAt": "2036-11-21T01:00:00Z", "endsAt": "2036-11-21T01:00:00Z"},
    {"endsAt": "2017-11-21T01:00:00Z"},
    {"endsAt": "0001-01-01T00:00:00Z"},
    {"id": "xx"},
    {"id": str(uuid.UUID(int=7))},
)
_REFUSED: Final[tuple[tuple[str, str, str | None], ...]] = (
    *(("GET", f"/api/v2/{path}", None) for path in ("alerts?receiver=(", "alerts/groups?receiver=(", "silence/xx")),
    ("GET", f"/api/v2/silence/{uuid.UUID(int=7)}", None),
    ("DELETE", "/api/v2/silence/xx", None),
    ("POST", "/api/v2/alerts", "{"),
    ("POST", "/api/v2/alerts", "{}"),
    ("POST", "/api/v2/alerts", "[1]"),
    ("POST", "/api/v2/alerts", ""),
    ("POST", "/api/v2/alerts", "[]"),
    ("POST", "/api/v2/alerts", "null"),
    ("POST", "/api/v2/alerts", "[{}]"),
    ("POST", "/api/v2/alerts", '[{"labels":null}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"a":""}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"a":1}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"":"x"}},{"labels":{}},{"labels":{"a":"b"},"annotations":{"":"1"}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"a":"b"},"startsAt":"2026-11-21T01:00:00Z","endsAt":"2026-11-20T01:00:00Z"}]'),
    *(("POST", "/api/v2/alerts", json.dumps([{"labels": {"a": "b"}, "startsAt": text, "endsAt": "2036-11-21T01:00:00Z"}]))
      for text in ("x", "2026-11-21", "2026-11-21T25:00:00Z", "2026-11-21t01:00:00z", "2026-11-21T01:00", "2026-11-21 01:00:00",
                   "2026-11-21T01:00:00.123456789+01:00", "2026-11-21T01:00:00+0100", "2026-11-21T01:00:00,5Z")),
    *(("POST", "/api/v2/alerts", json.dumps([{"labels": {"a": "b"}, "generatorURL": text}]))
      for text in ("", "x", "/x", "http://x", "//x", "a:b", "?x", "%zz", "http://a b", "http://%zz", "http://a/b?c=d e%")),
    ("POST", "/api/v2/silences", ""),
    ("POST", "/api/v2/silences", "{"),
    ("POST", "/api/v2/silences", "[]"),
    ("POST", "/api/v2/silences", "{}"),
    *(("POST", "/api/v2/silences", json.dumps({**_SILENCE, **changes})) for changes in _WRONG),
)  # fmt: skip


def comparable(answer: Any) -> Any:
    """An answer without what differs from run to run."""
    if isinstance(answer, dict):
        kept = {name: comparable(value) for name, value in answer.items() if name not in {"mutedBy", "original"}}
        if "versionInfo" in kept:
            kept["versionInfo"] = dict.fromkeys(kept["versionInfo"])
        return kept
    if isinstance(answer, list):
        return [comparable(one) for one in answer]
    if isinstance(answer, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer):
        return "id"
    if isinstance(answer, str) and re.fullmatch(r"(19[67]|20[12])\d-.*T.*\.\d{3}Z", answer):
        return "when"
    return answer


async def test_a_real_alertmanager_answers_alike(
    client: httpx.AsyncClient, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """After the same alerts and silences every question has the answer of an Alertmanager, but for times and ids."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with alertmanager(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            for one in (real, client):
                assert (await one.post("/api/v2/alerts", json=_ALERTS)).status_code == 200
                made = await one.post("/api/v2/silences", json=_SILENCE)
                assert (made.status_code, set(made.json())) == (200, {"silenceID"})
            await settled(real)
            for query in _QUERIES:
                theirs, ours = await real.get(query), await client.get(query)
                assert ours.status_code == theirs.status_code == 200, query
                assert comparable(ours.json()) == comparable(theirs.json()), query


async def settled(real: httpx.AsyncClient) -> None:
    """Return when a real one has sorted all its alerts into groups."""
    with anyio.fail_after(20):
        while True:
            groups = (await real.get("/api/v2/alerts/groups")).json()
            if sum(len(one["alerts"]) for one in groups) == 6:
                return


async def test_a_real_alertmanager_refuses_alike(
    client: httpx.AsyncClient, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """What an Alertmanager refuses is refused with the same status and the same kind of body, and mostly in the same words."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    other_words: list[tuple[str | None, Any]] = []
    with alertmanager(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            for method, path, text in _REFUSED:
                sent: dict[str, Any] = (
                    {"content": text, "headers": {"Content-Type": "application/json"}} if text is not None else {}
                )
                theirs, ours = [await one.request(method, path, **sent) for one in (real, client)]
                assert ours.status_code == theirs.status_code, (method, path, text, ours.text, theirs.text)
                if theirs.content.strip():
                    bodies = theirs.json(), ours.json()
                    assert type(bodies[0]) is type(bodies[1]), (text, bodies)
                    if comparable(bodies[0]) != comparable(bodies[1]):
                        other_words.append((text, bodies))
                elif ours.status_code != 404:  # of which we say what it is
                    assert ours.content == b"", (text, ours.text)
    # What a JSON reader says of JSON that is none is its own, and so is which names labels may have.
    assert {text for text, _ in other_words} <= {"{", "{}", "[1]", "[]", '[{"labels":{"a":1}}]'}, other_words


def shape(tree: Any) -> Any:
    """The names and kinds of an answer; of lists those of all elements together."""
    if isinstance(tree, dict):
        return {name: shape(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return sorted({json.dumps(shape(one), sort_keys=True) for one in tree})
    return type(tree).__name__


async def test_recorded_answers_have_this_shape(client: httpx.AsyncClient, recorded_data: Path) -> None:
    """What an Alertmanager once answered has the fields that are answered here, but for those that later ones have."""
    folder = recorded_data / "alertmanager"
    assert (await client.post("/api/v2/alerts", json=_ALERTS)).status_code == 200
    made = (await client.post("/api/v2/silences", json=silence())).json()
    assert shape(made) == shape(json.loads((folder / "am_post_silence.json").read_text()))
    bad = await client.post("/api/v2/silences", json=silence(startsAt="x"))
    assert bad.json() == json.loads((folder / "am_post_silence_bad.json").read_text())
    for path in ("receivers", "silences", "status"):
        ours = (await client.get(f"/api/v2/{path}")).json()
        assert shape(ours) == shape(json.loads((folder / f"am_get_{path}.json").read_text())), path
    for path in ("alerts", "alerts/groups"):
        ours = (await client.get(f"/api/v2/{path}")).json()
        theirs = json.loads((folder / f"am_get_{path.replace('/', '_')}.json").read_text())
        if path == "alerts":
            ours, theirs = ({"alerts": all_of} for all_of in (ours, theirs))
        for names in ("alerts", "receiver"):
            assert fields(ours, names) == fields(theirs, names), path


def fields(tree: Any, name: str) -> set[str]:
    """The names of fields of all objects beneath a name, and those of the objects beneath these."""
    return {found for one in within(tree, name) for found in (*one, *one.get("status", ()))} - {"mutedBy"}


def within(tree: Any, name: str) -> Iterator[dict[str, Any]]:
    """All objects beneath a name."""
    for one in tree if isinstance(tree, list) else [tree]:
        found = one.get(name, [])
        yield from found if isinstance(found, list) else [found]


def posted(stage: Stage) -> dict[str, PostedAlert]:
    """What was taken in, by alertname."""
    return {one.labels.get("alertname"): one for one in stage.pipeline.known.get(DEFAULT_TENANT, {}).values()}


def instant(at: int) -> str:
    """An instant as it is sent."""
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat()


def silence(**changes: Any) -> dict[str, Any]:
    """A silence as it is sent, of one hour from now."""
    return {**_SILENCE, "startsAt": instant(NOW), "endsAt": instant(NOW + HOUR), **changes}


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
    answer = await client.post("/api/v2/alerts", json=_ALERTS)
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
    await client.post("/api/v2/alerts", json=_ALERTS)
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
    assert (await client.post("/alertmanager/api/v2/alerts", json=_ALERTS)).status_code == 200
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


@pytest.mark.parametrize("missing", ["silences", "alert_pipeline", "explain"])
async def test_without_a_pipeline_there_is_no_such_api(stage: Stage, settings: DoorSettings, missing: str) -> None:
    """Where nothing takes alerts in, neither the paths nor their description are there."""
    without: dict[str, Any] = {missing: None}
    app: Any = build(replace(stage.use_cases(), **without), settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080") as client:
        assert (await client.get("/api/v2/alerts")).status_code == 404
        assert "/api/v2/alerts" not in (await client.get("/openapi.json")).json()["paths"]


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
    assert (await client.get("/api/v2/receivers?receiver_matchers=%7B%7B")).status_code == 400


async def test_a_silence_recurs(client: httpx.AsyncClient, stage: Stage) -> None:
    """A silence of windows has no end of its own, silences within them alone, and stays so when it is edited by who knows none."""
    windows = [
        {"weekdays": ["sunday"], "times": [{"start_time": "02:00", "end_time": "04:00"}], "location": "Europe/Berlin"}
    ]
    # The first Sunday after: 2025-11-23, one hour ahead of UTC.
    sunday = int(datetime(2025, 11, 23, 1, 30, tzinfo=UTC).timestamp()) * SECOND
    await client.post(
        "/api/v2/alerts", json=[{"labels": {"instance": "db2"}, "endsAt": instant(sunday + 30 * 24 * HOUR)}]
    )
    made = {**silence(recurrence=windows), "endsAt": None}
    silence_id = (await client.post("/api/v2/silences", json=made)).json()["silenceID"]
    shown = (await client.get(f"/api/v2/silence/{silence_id}")).json()
    assert (shown["status"], shown["recurrence"]) == ({"state": "pending"}, windows)
    for week in range(3):
        for offset, state in ((-31 * MINUTE, "active"), (0, "suppressed"), (2 * HOUR, "active")):
            stage.clock.jump(sunday + week * 7 * 24 * HOUR + offset - stage.clock.now())
            (alert,) = (await client.get("/api/v2/alerts")).json()
            assert alert["status"]["state"] == state, (week, offset)
    edit = {name: shown[name] for name in ("id", "matchers", "startsAt", "endsAt", "createdBy")} | {"comment": "new"}
    assert (await client.post("/api/v2/silences", json=edit)).json()["silenceID"] == silence_id
    again = (await client.get(f"/api/v2/silence/{silence_id}")).json()
    assert (again["comment"], again["recurrence"], again["endsAt"]) == ("new", windows, shown["endsAt"])
    without = await client.post("/api/v2/silences", json={**edit, "recurrence": []})
    assert without.json()["silenceID"] == silence_id
    assert "recurrence" not in (await client.get(f"/api/v2/silence/{silence_id}")).json()


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ([{"weekdays": ["funday"]}], "recurrence[0].weekdays: 'funday' is none of"),
        ([{}, {"times": [{"start_time": "04:00", "end_time": "02:00"}]}], "recurrence[1].times: start_time 04:00"),
        ([{"location": "Atlantis"}], "recurrence[0].location: 'Atlantis' is no time zone"),
        ([{"years": ["2026"] * 101}], "recurrence[0].years: 101 ranges"),
        ([{}] * 101, "recurrence has 101 intervals"),
    ],
)
async def test_windows_that_cannot_be_are_refused(client: httpx.AsyncClient, windows: Any, said: str) -> None:
    """The message leads to what is wrong with a window."""
    answer = await client.post("/api/v2/silences", json=silence(recurrence=windows))
    assert answer.status_code == 400
    assert said in answer.json()


async def test_windows_have_known_fields_alone(client: httpx.AsyncClient) -> None:
    """A field of a window that is misspelt is not passed over, for it would silence more."""
    answer = await client.post("/api/v2/silences", json=silence(recurrence=[{"weekday": ["sunday"]}]))
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert "weekday" in answer.json()["message"]


_EDITS: Final[tuple[dict[str, Any], ...]] = (
    {"comment": "other"},
    {"endsAt": 2},
    {"matchers": [{"name": "a", "value": "b.*", "isRegex": True}]},
    {"startsAt": -1},
    {"startsAt": 1, "endsAt": 3},
    {"startsAt": 2},
    {"matchers": [{"name": "c", "value": "d", "isRegex": False, "isEqual": True}]},
    {"createdBy": "bob"},
    {"startsAt": -1},
    {"expire": True},
    {"comment": "again"},
    {"startsAt": 1, "endsAt": 3},
    {"expire": True},
)
"""One after another, of the same silence; times are hours from now."""


async def edits(asked: httpx.AsyncClient, sync: Callable[[], object]) -> list[Any]:
    """What becomes of a silence by all edits: whether each leaves it its id, and then the states of all there are."""
    now = time.time()
    silence_id = ""
    told: list[Any] = []
    given = {**_SILENCE, "startsAt": instant(int(now * SECOND)), "endsAt": instant(int(now + 3600) * SECOND)}
    for changes in ({}, *_EDITS):
        sync()
        if "expire" in changes:
            assert (await asked.delete(f"/api/v2/silence/{silence_id}")).status_code == 200
        else:
            given |= {"id": silence_id}
            given |= {
                name: instant(int((now + 3600 * value) * SECOND)) if name.endswith("At") else value
                for name, value in changes.items()
            }
            answer = await asked.post("/api/v2/silences", json=given)
            assert answer.status_code == 200, (changes, answer.text)
            found = answer.json()["silenceID"]
            told.append((changes, "the same" if found == silence_id else "another"))
            silence_id = found
            shown = (await asked.get(f"/api/v2/silence/{silence_id}")).json()
            given |= {"startsAt": shown["startsAt"]}
        await passed()
        sync()
        silences = (await asked.get("/api/v2/silences")).json()
        told.append(sorted((one["status"]["state"], one["comment"], one["createdBy"]) for one in silences))
        told += [one["startsAt"] == one["endsAt"] for one in silences if one["id"] == silence_id]
    return told


async def passed() -> None:
    """Return when a few milliseconds are over, for a silence that ends is over only after that instant."""
    last = time.monotonic() + 0.003
    while time.monotonic() < last:  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)


async def test_edits_have_the_outcome_that_they_have_there(
    client: httpx.AsyncClient, stage: Stage, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Each edit leaves a silence the same or makes another, as with a real Alertmanager."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with alertmanager(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            theirs = await edits(real, lambda: None)
    ours = await edits(client, lambda: stage.clock.jump(time.time_ns() // 1_000_000 - stage.clock.now()))
    assert ours == theirs


async def amtool(program: str, address: tuple[str, int], *words: str) -> str:
    """What amtool prints."""
    command = [program, f"--alertmanager.url=http://{address[0]}:{address[1]}", *words]
    done = await anyio.run_process(command, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.decode()


async def test_amtool_asks_and_silences(
    door: Door, stage: Stage, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Every command of amtool that asks a server works."""
    program = require_binary("amtool", "prometheus-alertmanager")
    async with door() as address:

        async def run(*words: str) -> str:
            # amtool has its own clock, by which the door has to go.
            stage.clock.jump(time.time_ns() // 1_000_000 - stage.clock.now())
            return await amtool(program, address, *words)

        await run("alert", "add", "DbDown", "severity=critical", "instance=db1", "--annotation=summary=away")
        assert "DbDown" in await run("alert", "query", "severity=critical")
        assert "DbDown" not in await run("alert", "query", "severity=warning")
        made = (await run("silence", "add", "DbDown", "instance=~db.+", "-c", "works", "-a", "ada", "-d", "1h")).strip()
        assert str(uuid.UUID(made)) == made
        assert made in await run("silence", "query", "instance=~db.+")
        assert "DbDown" not in await run("alert", "query")
        assert "DbDown" in await run("alert", "query", "--silenced")
        await run("silence", "update", made, "-c", "longer", "-d", "2h")
        assert "longer" in await run("silence", "query", "-o", "extended")
        told = json.loads(await run("silence", "query", "-o", "json"))
        assert [one["id"] for one in told] == [made]
        await run("silence", "expire", made)
        assert made not in await run("silence", "query")
        assert made in await run("silence", "query", "--expired")
        assert "DbDown" in await run("alert", "query")
        (tmp_path / "silences.json").write_text(json.dumps([{**one, "id": ""} for one in told]))
        await run("silence", "import", str(tmp_path / "silences.json"))
        assert "longer" in await run("silence", "query")
        assert "default" in await run("config", "show")
        assert 'severity="critical"' in await run("config", "routes", "show")
        assert "pager" in await run("config", "routes", "test", "severity=critical")
        assert "disabled" in await run("cluster", "show")
        beneath = f"--alertmanager.url=http://{address[0]}:{address[1]}/alertmanager"
        assert "longer" in (await anyio.run_process([program, beneath, "silence", "query"])).stdout.decode()


PROMETHEUS: Final = """\
global: {{evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["{host}:{port}"]}}]
    - path_prefix: /alertmanager
      static_configs: [{{targets: ["{host}:{port}"]}}]
"""
RULES: Final = """\
groups:
  - name: g
    rules:
      - alert: Always
        expr: label_replace(vector(1), "n", "one", "", "") or label_replace(vector(1), "n", "two", "", "")
        annotations: {summary: "{{ $labels.n }}"}
"""


async def test_a_real_prometheus_posts(
    door: Door, stage: Stage, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Alerts of a Prometheus' rules arrive at both places with their annotations and an end that is ahead."""
    program = require_binary("prometheus", "prometheus")
    stage.clock.jump(time.time_ns() // 1_000_000 - NOW)
    (tmp_path / "rules.yml").write_text(RULES)
    # What fires before it knows where to post is posted again after a minute, unless told otherwise.
    flags = ("--config.file=prom.yml", "--web.listen-address=127.0.0.1:0", "--rules.alert.resend-delay=1s")

    def has_arrived(path: str) -> bool:
        return stage.telemetry.of(instruments.REQUESTS, path, "200") > 0

    async with door() as (host, port):
        (tmp_path / "prom.yml").write_text(PROMETHEUS.format(host=host, port=port))
        process = await anyio.open_process([program, *flags], cwd=tmp_path, stdout=None, stderr=subprocess.DEVNULL)
        try:
            await arrived(lambda: has_arrived("/api/v2/alerts") and has_arrived("/alertmanager/api/v2/alerts"))
        finally:
            process.terminate()
            await process.wait()
    assert len(stage.pipeline.known[DEFAULT_TENANT]) == 2
    for labels, alert in stage.pipeline.known[DEFAULT_TENANT].items():
        assert labels.get("alertname") == "Always"
        assert alert.annotations == Labels.of(summary=labels.get("n"))
        assert not alert.timed
        assert (alert.ends_at or 0) > alert.starts_at
        assert alert.generator_url.startswith("http://")
