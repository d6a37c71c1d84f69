"""The API of incidents."""

from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import Stage
from tests.domain.probes.checks import definition, result

from sightline.domain.probes.result import Verdict
from sightline.domain.tenancy import LOCAL

pytestmark = pytest.mark.anyio

PATH = "/api/v1/incidents"


async def opened(stage: Stage, name: str = "shop") -> int:
    """A check that is down; gives its id."""
    world = stage.checked
    await world.assess.load()
    (check,) = await world.enroll.add(LOCAL, [definition(name)])
    await world.found(check, Verdict.DOWN, trace_id="ab" * 16)
    return check.id


async def test_an_incident_is_told_with_all_that_happened(client: httpx.AsyncClient, stage: Stage) -> None:
    """Its timeline, the trace of the probe that found it, and when it was over."""
    check = await opened(stage)
    (listed,) = (await client.get(PATH, params={"open": "true"})).json()["incidents"]
    found = (await client.get(f"{PATH}/{listed['id']}")).json()
    assert (found["check"], found["kind"], found["ended_at"]) == (check, "down", None)
    assert found["trace_ids"] == ["ab" * 16]
    assert [one["kind"] for one in found["timeline"]] == ["opened"]
    await stage.checked.assess.hear([(LOCAL.tenant, result(Verdict.UP, stage.clock.now() + 1_000, check))])
    await stage.checked.tick()
    assert (await client.get(PATH, params={"open": "true"})).json()["incidents"] == []
    assert (await client.get(f"{PATH}/{listed['id']}")).json()["ended_at"] is not None


async def test_times_are_written_alike(client: httpx.AsyncClient, stage: Stage) -> None:
    """With milliseconds, also those of whole seconds, as everything about checks."""
    stage.clock.skip(999 - stage.clock.now() % 1_000)  # a result is found a millisecond after its check was made
    await opened(stage)
    listed = (await client.get(PATH)).json()["incidents"][0]["started_at"]
    since = (await client.get("/api/v1/checks/1")).json()["status"]["since"]
    assert listed == since == "2025-11-21T04:40:01.000Z"


async def test_people_acknowledge_assign_write_and_explain(client: httpx.AsyncClient, stage: Stage) -> None:
    """Each is a line of the timeline, by whom, and nothing of it is lost when the check moves on."""
    check = await opened(stage)
    one = f"{PATH}/1"
    assert (await client.post(f"{one}/acknowledge")).json()["acknowledged_at"] is not None
    await client.patch(one, json={"assignee": "ann", "post_mortem": "A cable.", "title": "Shop is gone"})
    await client.post(f"{one}/updates", json={"text": "We found it.", "status": "identified"})
    await stage.clock.advance(1)
    await stage.checked.found((await stage.checked.enroll.get(LOCAL, check)), Verdict.DEGRADED)
    found = (await client.get(one)).json()
    assert (found["assignee"], found["post_mortem"], found["title"]) == ("ann", "A cable.", "Shop is gone")
    kinds = [line["kind"] for line in found["timeline"]]
    assert kinds == ["opened", "acknowledged", "assigned", "post_mortem", "update", "transition"]
    assert found["timeline"][4]["status"] == "identified"


async def test_an_incident_of_a_check_ends_with_the_check(client: httpx.AsyncClient, stage: Stage) -> None:
    """Nobody can call it over; one that people began they end."""
    await opened(stage)
    refused = await client.post(f"{PATH}/1/resolve")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    begun = await client.post(PATH, json={"title": "Payments are slow", "text": "We look into it."})
    assert begun.status_code == 201
    assert begun.json()["check"] is None
    over = await client.post(f"{PATH}/{begun.json()['id']}/updates", json={"text": "Done.", "status": "resolved"})
    assert over.json()["ended_at"] is not None
    assert (await client.post(f"{PATH}/{begun.json()['id']}/resolve")).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "x"}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x", "status": "fine"}, "status"),
        ({"title": "x" * 301}, "title"),
        ({"title": "x", "more": 1}, "more"),
    ],
)
async def test_what_is_wrong_is_said_by_its_field(client: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    """And nothing is begun."""
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]
    assert (await client.get(PATH)).json()["incidents"] == []


async def test_incidents_come_in_pages(client: httpx.AsyncClient) -> None:
    """The newest first; before a given one, and at most as many as asked for."""
    for number in range(5):
        await client.post(PATH, json={"title": f"n{number}"})
    first = (await client.get(PATH, params={"limit": 2})).json()["incidents"]
    assert [one["title"] for one in first] == ["n4", "n3"]
    after = (await client.get(PATH, params={"limit": 2, "before": first[-1]["id"]})).json()["incidents"]
    assert [one["title"] for one in after] == ["n2", "n1"]
    assert (await client.get(PATH, params={"before": "x"})).status_code == 400


async def test_incidents_of_one_cause_know_each_other(client: httpx.AsyncClient, stage: Stage) -> None:
    """The first of them is what the others are part of."""
    world = stage.checked
    await world.assess.load()
    checks = await world.enroll.add(LOCAL, [definition(name, url="https://host.example/") for name in "ab"])
    for check in checks:
        await world.found(check, Verdict.DOWN)
    first, second = [(await client.get(f"{PATH}/{number}")).json() for number in (1, 2)]
    assert second["part_of"] == first["id"]
    assert [one["id"] for one in first["related"]] == [second["id"]]
    assert [one["id"] for one in second["related"]] == [first["id"]]


async def test_incidents_of_other_tenants_are_not_there(client: httpx.AsyncClient, stage: Stage) -> None:
    """Neither to see nor to change."""
    await opened(stage)
    other = {"X-Scope-OrgID": "other"}
    assert (await client.get(PATH, headers=other)).json()["incidents"] == []
    assert (await client.get(f"{PATH}/1", headers=other)).status_code == 404
    assert (await client.post(f"{PATH}/1/acknowledge", headers=other)).status_code == 404
