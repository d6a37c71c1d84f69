"""The API of checks, and its short form."""

from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import Stage
from tests.domain.probes.checks import definition, result

from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.result import Verdict
from sightline.domain.tenancy import LOCAL

pytestmark = pytest.mark.anyio

PATH = "/api/v1/checks"
SHOP: dict[str, Any] = {"name": "shop", "url": "https://shop.example.com/health", "type": "http", "interval": "30s"}


async def made(client: httpx.AsyncClient, stage: Stage, **changed: Any) -> dict[str, Any]:
    """A check, followed."""
    await stage.checked.assess.load()
    answer = await client.post(PATH, json={**SHOP, **changed})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def probed(stage: Stage, check: dict[str, Any], *verdicts: Verdict) -> None:
    """Probes found that, a second apart."""
    for verdict in verdicts:
        one = result(verdict, stage.clock.now(), check["id"], status=200 if verdict is Verdict.UP else None)
        await stage.clock.advance(1)
        await stage.checked.assess.hear([(LOCAL.tenant, one)])
    await stage.checked.tick()


async def test_a_target_is_made_with_the_fewest_words(client: httpx.AsyncClient, stage: Stage) -> None:
    """Name, address and type; what is not said has its default."""
    await stage.checked.assess.load()
    answer = await client.post("/targets", json={"name": "shop", "url": "https://shop.example.com", "type": "http"})
    assert answer.status_code == 201
    found = answer.json()
    assert (found["id"], found["interval"], found["timeout"], found["enabled"]) == (1, "60s", "10s", True)
    assert (await client.get("/targets")).json() == [found]
    assert answer.headers["location"] == f"{PATH}/1"


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({"url": "https://a.example"}, "name"),
        ({"name": "a", "url": "https://a.example", "type": "htttp"}, "type"),
        ({"name": "a", "url": "https://a.example", "interval": "10ms"}, "interval"),
        ({"name": "a", "url": "nowhere", "type": "http"}, "url"),
        ({"name": "a", "url": "https://a.example", "conditions": ["status = 200"]}, "conditions[0]"),
        ({"name": "a", "url": "https://a.example", "depends_on": ["b"]}, "depends_on[0]"),
        ({"name": "a", "url": "https://a.example", "intervall": "60s"}, "intervall"),
    ],
)
async def test_what_is_wrong_with_a_target_is_said_by_its_field(
    client: httpx.AsyncClient, target: dict[str, Any], field: str
) -> None:
    """A field, and words about it; nothing is stored."""
    answer = await client.post("/targets", json=target)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] == "field_invalid"
    assert answer.json()["error"].startswith(field)
    assert (await client.get("/targets")).json() == []


async def test_a_check_is_made_read_changed_and_deleted(client: httpx.AsyncClient, stage: Stage) -> None:
    """What is got may be put again as it is; a version that is gone is not replaced."""
    found = await made(client, stage)
    one = f"{PATH}/{found['id']}"
    assert (await client.get(one)).json() == found
    again = await client.put(one, json=found, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert (await client.put(one, json=found, headers={"If-Match": '"1"'})).status_code == 409
    changed = await client.patch(one, json={"interval": "5s", "timeout": "2s"})
    assert (changed.json()["interval"], changed.json()["url"]) == ("5s", SHOP["url"])
    assert (await client.delete(one)).status_code == 204
    assert (await client.get(one)).status_code == 404


async def test_secrets_are_never_told_and_stay_when_they_come_back_masked(
    client: httpx.AsyncClient, stage: Stage
) -> None:
    """In addresses and in options; listings, single checks and the short form alike."""
    auth = {"type": "basic", "username": "ann", "password": "hunter2"}
    found = await made(client, stage, url="https://bob:hunter3@shop.example.com/", options={"auth": auth})
    told = [await client.get(path) for path in (PATH, f"{PATH}/1", "/targets", "/status?target_id=1")]
    assert all("hunter" not in answer.text for answer in told)
    await client.put(f"{PATH}/1", json=found)
    kept = (await stage.checked.enroll.get(LOCAL, 1)).definition
    assert "hunter3" in kept.url
    assert "hunter2" in repr(kept.options)


async def test_a_status_tells_state_uptime_and_results(client: httpx.AsyncClient, stage: Stage) -> None:
    """The newest result first, with what it took and the code."""
    check = await made(client, stage)
    await probed(stage, check, Verdict.UP, Verdict.DOWN)
    answer = (await client.get("/status", params={"target_id": 1, "limit": 5})).json()
    assert (answer["target_id"], answer["state"]) == (1, "down")
    assert [(one["ok"], one["status_code"], one["latency_ms"]) for one in answer["results"]] == [
        (False, None, 100.0),
        (True, 200, 100.0),
    ]
    assert answer["results"][0]["reason"] == "connection_refused"
    assert 0 < answer["uptime"]["24h"]["corrected"] < 1


async def test_a_list_has_of_each_check_what_a_row_shows(client: httpx.AsyncClient, stage: Stage) -> None:
    """Without definitions and without what opens a door; filters narrow it as they do the whole one."""
    door = "https://me:secret@shop.example.com/health?token=abc"
    one = await made(client, stage, url=door, group="Shop", tags={"team": "a"})
    await made(client, stage, name="other", enabled=False)
    await probed(stage, one, Verdict.DOWN)
    answer = await client.get(PATH, params={"view": "list", "group": "Shop"})
    (listed,) = answer.json()["checks"]
    status = listed.pop("status")
    url = "https://***@shop.example.com/health?token=***"
    assert listed == {
        "id": one["id"],
        "name": "shop",
        "type": "http",
        "url": url,
        "group": "Shop",
        "tags": {"team": "a"},
        "enabled": True,
    }
    whole = (await client.get(f"{PATH}/{one['id']}")).json()["status"]
    assert status == {name: whole[name] for name in status}
    assert (status["state"], status["latency_ms"], status["incident_id"]) == ("down", 100.0, 1)
    refused = await client.get(PATH, params={"view": "short"})
    assert refused.json()["code"] == "parameter_invalid"


@pytest.mark.parametrize("view", ["full", "list"])
async def test_lists_are_read_page_by_page(client: httpx.AsyncClient, stage: Stage, view: str) -> None:
    """Each page says after which check the next one begins, and the last that nothing follows."""
    for number in range(5):
        await made(client, stage, name=f"c{number}")
    names: list[str] = []
    following: int | None = 0
    while following is not None:
        page = (await client.get(PATH, params={"view": view, "limit": 2, "after": following})).json()
        names += [one["name"] for one in page["checks"]]
        following = page["next"]
    assert names == [f"c{number}" for number in range(5)]
    assert (await client.get(PATH, params={"view": view, "after": 5})).json() == {"checks": [], "next": None}


@pytest.mark.parametrize("view", ["full", "list"])
async def test_long_lists_are_compressed_and_whole(client: httpx.AsyncClient, stage: Stage, view: str) -> None:
    """Made in pieces, and the same as one by one."""
    await stage.checked.assess.load()
    await stage.checked.enroll.add(LOCAL, [definition(f"c{number}") for number in range(250)])
    answer = await client.get(PATH, params={"view": view}, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    found = answer.json()["checks"]
    assert [one["name"] for one in found] == [f"c{number}" for number in range(250)]
    if view == "full":
        assert found[200] == (await client.get(f"{PATH}/201")).json()


async def test_strips_tell_the_last_probes_of_several_checks(client: httpx.AsyncClient, stage: Stage) -> None:
    """Of each what was found, newest first, and its uptime; a check that is not there is left out."""
    first, second = await made(client, stage), await made(client, stage, name="blog")
    await probed(stage, first, Verdict.UP, Verdict.UP, Verdict.DOWN)
    await probed(stage, second, Verdict.UP)
    answer = await client.get(f"{PATH}/strips", params={"ids": "1,2,99,1", "limit": 2})
    strips = answer.json()["strips"]
    assert [(one["id"], [result["verdict"] for result in one["results"]]) for one in strips] == [
        (1, ["down", "up"]),
        (2, ["up"]),
    ]
    assert (strips[0]["results"][0]["reason"], strips[0]["results"][0]["latency_ms"]) == ("connection_refused", 100.0)
    assert 0 < strips[0]["uptime"]["24h"] < 1
    assert strips[1]["uptime"]["90d"] is not None


@pytest.mark.parametrize("ids", ["", ",", "1,x", "-1", ",".join(["1"] * 201)])
async def test_strips_of_no_checks_are_refused(client: httpx.AsyncClient, ids: str) -> None:
    """In words that say what is wanted."""
    answer = await client.get(f"{PATH}/strips", params={"ids": ids})
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_invalid")


@pytest.mark.parametrize(("query", "code"), [("", 400), ("target_id=x", 400), ("target_id=99", 404)])
async def test_a_status_of_no_target_is_refused(client: httpx.AsyncClient, query: str, code: int) -> None:
    """In words that say what is wanted."""
    assert (await client.get(f"/status?{query}")).status_code == code


async def test_checks_are_found_by_state_group_tag_and_words(client: httpx.AsyncClient, stage: Stage) -> None:
    """All of these must hold."""
    first = await made(client, stage, group="web", tags={"team": "a"})
    await made(client, stage, name="db", url="db.example.com:5432", type="postgres", group="data")
    await probed(stage, first, Verdict.DOWN)
    for query in ("state=down", "group=web", "tag=team:a", "search=SHOP", "state=down&search=health"):
        found = (await client.get(f"{PATH}?{query}")).json()["checks"]
        assert [one["name"] for one in found] == ["shop"], query
    assert (await client.get(f"{PATH}?state=broken")).status_code == 400
    assert len((await client.get(PATH)).json()["checks"]) == 2


async def test_transitions_and_uptime_are_told(client: httpx.AsyncClient, stage: Stage) -> None:
    """In order, and by window."""
    check = await made(client, stage)
    await probed(stage, check, Verdict.UP, Verdict.DOWN, Verdict.UP)
    found = (await client.get(f"{PATH}/1/transitions")).json()["transitions"]
    assert [one["state"] for one in found] == ["unknown", "up", "down", "up"]
    uptime = (await client.get(f"{PATH}/1/uptime")).json()
    assert list(uptime) == ["24h", "7d", "30d", "90d"]
    assert uptime["24h"]["outages"] == 1
    assert len((await client.get(f"{PATH}/1/results", params={"limit": 2})).json()["results"]) == 2


async def test_a_check_is_paused_and_resumed(client: httpx.AsyncClient, stage: Stage) -> None:
    """By an address of its own; another action is refused by name."""
    await made(client, stage)
    paused = (await client.post(f"{PATH}/1/pause")).json()
    assert (paused["enabled"], paused["status"]["state"]) == (False, "paused")
    resumed = (await client.post(f"{PATH}/1/resume")).json()
    assert (resumed["enabled"], resumed["status"]["state"]) == (True, "unknown")
    assert (await client.post(f"{PATH}/1/explode")).status_code == 404


async def test_a_definition_is_tried_without_being_kept(client: httpx.AsyncClient, stage: Stage) -> None:
    """What was seen, and of each condition whether it holds, and why not."""
    stage.prober.set(SHOP["url"], Outcome(status=200, body=b'{"ok": false}', seconds=0.02))
    tried = await client.post(f"{PATH}/try", json={**SHOP, "conditions": ['json("$.ok") == true', "status == 200"]})
    assert tried.status_code == 200
    found = tried.json()
    assert (found["verdict"], found["reason"]) == ("down", "condition_not_met")
    assert [one["holds"] for one in found["conditions"]] == [False, True]
    assert (found["outcome"]["body"], found["outcome"]["latency_ms"]) == ('{"ok": false}', 20.0)
    assert (await client.get(PATH)).json()["checks"] == []


async def test_what_fails_says_so_when_it_is_tried(client: httpx.AsyncClient, stage: Stage) -> None:
    """A verdict with a reason, no error."""
    stage.prober.set(SHOP["url"], Outcome(reason=Reason.TIMED_OUT, message="no answer within 10 s", seconds=10))
    found = (await client.post(f"{PATH}/try", json=SHOP)).json()
    assert (found["verdict"], found["message"]) == ("down", "no answer within 10 s")


async def test_what_asks_nobody_cannot_be_tried(client: httpx.AsyncClient) -> None:
    """A heartbeat waits for pings."""
    answer = await client.post(f"{PATH}/try", json={"name": "job", "type": "heartbeat"})
    assert answer.status_code == 422


async def test_checks_of_other_tenants_are_not_there(client: httpx.AsyncClient, stage: Stage) -> None:
    """Neither to see nor to change."""
    await made(client, stage)
    other = {"X-Scope-OrgID": "other"}
    assert (await client.get(PATH, headers=other)).json()["checks"] == []
    assert (await client.get(f"{PATH}/1", headers=other)).status_code == 404
    assert (await client.delete(f"{PATH}/1", headers=other)).status_code == 404
    assert (await client.get("/status?target_id=1", headers=other)).status_code == 404


async def test_alerts_of_checks_are_among_all_alerts(client: httpx.AsyncClient, stage: Stage) -> None:
    """In the shape of those of rules, and of the asker's tenant alone."""
    check = await made(client, stage, tags={"team": "web"}, severity="warning")
    await probed(stage, check, Verdict.DOWN)
    (alert,) = (await client.get("/api/v1/alerts")).json()["data"]["alerts"]
    assert alert["labels"] == {
        "alertname": "CheckDown",
        "check": "shop",
        "severity": "warning",
        "target": SHOP["url"],
        "team": "web",
        "type": "http",
    }
    assert (alert["state"], alert["value"], alert["reason"]) == ("firing", "NaN", "condition_true")
    assert alert["annotations"]["summary"].startswith("shop is down")
    assert alert["activeAt"] == alert["changedAt"]
    await probed(stage, check, Verdict.UP)
    (alert,) = (await client.get("/api/v1/alerts")).json()["data"]["alerts"]
    assert alert["state"] == "resolved"
    assert alert["activeAt"] < alert["changedAt"]
