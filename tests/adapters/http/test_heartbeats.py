"""Heartbeats over HTTP: as they stand, ping keys, and Healthchecks' management API."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import Stage

from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import DAY

Caller = Callable[..., httpx.AsyncClient]
CHECKS = "/api/v3/checks/"


def told(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_heartbeat_tells_how_it_stands_and_where_it_is_pinged(client: httpx.AsyncClient, stage: Stage) -> None:
    """From its definition on a heartbeat has the addresses of all three protocols, and what is due."""
    await stage.checked.assess.load()
    written = {"name": "Nightly backup", "type": "heartbeat", "group": "jobs", "period": "1h", "grace": "5m"}
    made = told(await client.post("/api/v1/checks", json=written), 201)
    assert made["options"]["token"] == "***"
    (found,) = told(await client.get("/api/v1/heartbeats"))["heartbeats"]
    assert (found["id"], found["state"], found["due_at"], found["slug"]) == (made["id"], "new", None, "nightly-backup")
    assert (await client.get(found["push_url"])).json() == {"ok": True}
    assert (await client.get(found["ping_url"] + "/start")).text == "OK"
    one = told(await client.get(f"/api/v1/heartbeats/{made['id']}"))
    assert (one["state"], one["is_running"], one["pings"]) == ("up", True, 2)
    assert (one["due_at"], one["missed_at"]) == ("2025-11-21T05:40:00.123Z", "2025-11-21T04:45:00.123Z")
    assert one["endpoint_url"].endswith("/api/v1/endpoints/jobs_nightly-backup/external")
    assert told(await client.get("/api/v1/heartbeats/999"), 404)["code"] == "not_found"


async def test_what_pings_said_can_be_read(client: httpx.AsyncClient, stage: Stage) -> None:
    """Each ping is listed with who sent it; its body is read as it came, as plain text."""
    check = told(await client.post(CHECKS, json={"name": "a"}), 201)
    await client.post(check["ping_url"] + "/3", content=b"<script>\xff")
    (one,) = await stage.checked.enroll.all(LOCAL)
    (ping,) = told(await client.get(f"/api/v1/heartbeats/{one.id}/pings"))["pings"]
    assert (ping["kind"], ping["exit_status"], ping["number"], ping["method"]) == ("fail", 3, 1, "POST")
    answer = await client.get(ping["body_url"])
    assert (answer.content, answer.headers["content-type"].partition(";")[0]) == (b"<script>\xff", "text/plain")
    assert (await client.get(f"/api/v1/heartbeats/{one.id}/pings/2/body")).status_code == 404


async def test_ping_keys_are_made_and_deleted(client: httpx.AsyncClient) -> None:
    """A key opens the door until it is deleted; another tenant sees none of it."""
    made = told(await client.post("/api/v1/ping-keys", json={"name": "cron of web-1"}), 201)
    assert len(made["key"]) == 32
    assert told(await client.get("/api/v1/ping-keys"))["ping_keys"] == [made]
    other = {"X-Scope-OrgID": "other"}
    assert told(await client.get("/api/v1/ping-keys", headers=other))["ping_keys"] == []
    assert (await client.delete(f"/api/v1/ping-keys/{made['id']}", headers=other)).status_code == 404
    assert (await client.get(f"/ping/{made['key']}/a?create=1")).status_code == 201
    assert (await client.delete(f"/api/v1/ping-keys/{made['id']}")).status_code == 204
    assert (await client.get(f"/ping/{made['key']}/a")).status_code == 404
    assert told(await client.post("/api/v1/ping-keys", json={"name": " x"}), 400)["code"] == "field_invalid"


async def test_checks_are_managed_as_by_healthchecks(client: httpx.AsyncClient) -> None:
    """A check is made, read, changed, paused, resumed and deleted with the fields that Healthchecks has."""
    written = {"name": "Backups", "tags": "prod www web-1 env:x", "timeout": 3600, "grace": 60, "channels": "*"}
    made = told(await client.post(CHECKS, json=written), 201)
    assert {name: made[name] for name in ("name", "timeout", "grace", "status", "started", "n_pings", "slug")} == {
        "name": "Backups",
        "timeout": 3600,
        "grace": 60,
        "status": "new",
        "started": False,
        "n_pings": 0,
        "slug": "",
    }
    assert set(made["tags"].split()) == {"prod", "www", "web-1", "env:x"}
    assert "schedule" not in made
    one = made["update_url"]
    assert one == f"http://localhost:8080/api/v3/checks/{made['uuid']}"
    assert told(await client.get(one)) == made
    changed = told(await client.post(one, json={"schedule": "0 4 * * *", "tz": "Europe/Berlin", "desc": "x"}))
    assert (changed["schedule"], changed["tz"], changed["desc"]) == ("0 4 * * *", "Europe/Berlin", "x")
    assert (changed["tags"], changed["uuid"]) == (made["tags"], made["uuid"])
    assert "timeout" not in changed
    await client.get(made["ping_url"])
    found = told(await client.get(one))
    assert (found["status"], found["last_ping"], found["next_ping"]) == (
        "up",
        "2025-11-21T04:40:00+00:00",
        "2025-11-22T03:00:00+00:00",
    )
    assert told(await client.post(made["pause_url"]))["status"] == "paused"
    assert told(await client.post(made["resume_url"]))["status"] == "new"
    assert told(await client.delete(one))["uuid"] == made["uuid"]
    assert told(await client.get(one), 404) == {"error": "not found"}


async def test_unique_names_the_check_that_is_meant(client: httpx.AsyncClient) -> None:
    """With unique a check that is there is changed and answered 200; without a match it is made."""
    first = told(await client.post(CHECKS, json={"name": "a", "tags": "x y", "timeout": 60, "unique": ["name"]}), 201)
    again = told(await client.post(CHECKS, json={"name": "a", "timeout": 120, "unique": ["name"]}))
    assert (again["uuid"], again["timeout"], set(again["tags"].split())) == (first["uuid"], 120, {"x", "y"})
    same = told(await client.post(CHECKS, json={"tags": "y x", "timeout": 120, "unique": ["tags", "timeout"]}))
    assert same["uuid"] == first["uuid"]
    told(await client.post(CHECKS, json={"name": "b", "slug": "s", "unique": ["name", "slug"]}), 201)
    assert told(await client.post(CHECKS, json={"name": "b", "unique": ["name", "slug"]}), 409)["error"]
    found = told(await client.get(CHECKS, params={"slug": "s"}))["checks"]
    assert [one["name"] for one in found] == ["b"]
    found = told(await client.get(f"{CHECKS}?tag=x&tag=y"))["checks"]
    assert [one["name"] for one in found] == ["a"]


async def test_nothing_said_makes_a_check_of_a_day(client: httpx.AsyncClient) -> None:
    """An empty body makes a check with Healthchecks' defaults."""
    made = told(await client.post(CHECKS), 201)
    assert (made["timeout"], made["grace"]) == (86_400, 3_600)


@pytest.mark.parametrize(
    "written",
    [
        {"timeout": 59},
        {"grace": 31_536_001},
        {"timeout": "60"},
        {"schedule": "whenever"},
        {"tz": "Moon", "schedule": "* * * * *"},
        {"slug": "Not A Slug"},
        {"unique": ["desc"]},
        {"subject": "ok"},
        {"methods": "POST"},
        {"filter_body": True},
    ],
)
async def test_what_cannot_be_is_refused(client: httpx.AsyncClient, written: dict[str, Any]) -> None:
    """A field that cannot be is named in the error, in Healthchecks' shape."""
    refused = told(await client.post(CHECKS, json={"name": "a", **written}), 400)
    assert set(refused) == {"error"}
    assert any(name in refused["error"] for name in written)


async def test_pings_and_flips_are_told(client: httpx.AsyncClient, stage: Stage) -> None:
    """The log of pings has their durations, and flips say when a check went up and down."""
    await stage.checked.assess.load()
    made = told(await client.post(CHECKS, json={"name": "a"}), 201)
    one = made["update_url"]
    for signal, seconds in (("/start", 2), ("", 60), ("/fail", 60), ("", 60)):
        await client.post(made["ping_url"] + signal, content=b"said")
        await stage.clock.advance(seconds)
        await stage.checked.tick()
    pings = told(await client.get(f"{one}/pings/"))["pings"]
    assert [ping["type"] for ping in pings] == ["success", "fail", "success", "start"]
    assert (pings[2]["duration"], "duration" in pings[1]) == (2.0, False)
    assert (await client.get(pings[0]["body_url"])).text == "said"
    flips = told(await client.get(f"{one}/flips/"))
    assert [flip["up"] for flip in flips] == [1, 0, 1]
    assert len(told(await client.get(f"{one}/flips/?seconds=130"))) == 2
    assert told(await client.get(f"{one}/flips/?seconds=x"), 400)["error"].startswith("seconds")
    assert told(await client.get(f"{one}/flips/", params={"start": (stage.clock.now() + DAY) / 1000})) == []


async def test_the_api_key_is_the_token(caller: Caller) -> None:
    """X-Api-Key lets in who has the token, and nobody else; elsewhere it does not count."""
    async with caller(token=b"0123456789abcdef") as client:
        key = {"X-Api-Key": "0123456789abcdef"}
        assert told(await client.get(CHECKS, headers=key)) == {"checks": []}
        assert set(told(await client.get(CHECKS), 401)) == {"error"}
        assert (await client.get(CHECKS, headers={"X-Api-Key": "wrong"})).status_code == 401
        assert (await client.get("/api/v1/heartbeats", headers=key)).status_code == 401
