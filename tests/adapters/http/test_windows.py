"""Maintenance windows over HTTP."""

from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import Stage

from sightline.domain.tenancy import DEFAULT_TENANT

PATH = "/api/v1/windows"
NIGHTLY = {
    "name": "patches",
    "scope": {"tags": ["env:prod"]},
    "cron": "0 2 * * *",
    "duration": "2h",
    "timezone": "Europe/Berlin",
}


def told(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_window_is_made_read_changed_and_deleted(client: httpx.AsyncClient) -> None:
    """A window comes with its id, its version, and when it begins and ends next."""
    made = told(await client.post(PATH, json=NIGHTLY), 201)
    assert made["version"] == 1
    assert {name: made[name] for name in NIGHTLY if name != "scope"} == {
        k: v for k, v in NIGHTLY.items() if k != "scope"
    }
    assert (made["active"], made["next_start"], made["next_end"]) == (
        False,
        "2025-11-22T01:00:00.000Z",
        "2025-11-22T03:00:00.000Z",
    )
    one = f"{PATH}/{made['id']}"
    answer = await client.get(one)
    assert (told(answer), answer.headers["etag"]) == (made, '"1"')
    changed = {**NIGHTLY, "enabled": False}
    assert told(await client.put(one, json=changed, headers={"If-Match": '"1"'}))["version"] == 2
    assert told(await client.put(one, json=changed, headers={"If-Match": '"1"'}), 409)["code"] == "conflict"
    assert (await client.delete(one)).status_code == 204
    assert told(await client.get(one), 404)["code"] == "not_found"


async def test_what_is_shown_is_taken_back(client: httpx.AsyncClient) -> None:
    """What a reader got may be changed and put, with all that was shown beside."""
    made = told(await client.post(PATH, json=NIGHTLY), 201)
    again = told(await client.put(f"{PATH}/{made['id']}", json={**made, "description": "x"}))
    assert {**again, "version": 1, "description": ""} == made


async def test_windows_are_listed_as_they_stand_at_an_instant(client: httpx.AsyncClient) -> None:
    """A list tells of now or another time, and of all or of those that are active then."""
    await client.post(PATH, json=NIGHTLY)
    await client.post(PATH, json={**NIGHTLY, "name": "a", "cron": "0 12 * * *"})
    found = told(await client.get(PATH))
    assert [one["name"] for one in found["windows"]] == ["a", "patches"]
    night = told(await client.get(PATH, params={"at": "2025-11-22T02:00:00Z", "active": "true"}))
    assert [(one["name"], one["active_until"]) for one in night["windows"]] == [("patches", "2025-11-22T03:00:00.000Z")]
    assert told(await client.get(PATH, params={"at": "never"}), 400)["code"] == "parameter_invalid"


async def test_a_window_in_yaml_is_taken(client: httpx.AsyncClient) -> None:
    """Who keeps windows in YAML need not turn them into JSON, and what says nothing of itself may be either."""
    text = "name: w\nscope: {all: true}\ncron: 0 2 * * *\nduration: 1h\n"
    told(await client.post(PATH, content=text, headers={"Content-Type": "application/yaml"}), 201)
    told(
        await client.post(PATH, content='{"name": "v", "scope": {"all": true}, "cron": "0 2 * * *", "duration": "1h"}'),
        201,
    )
    refused = await client.post(PATH, content=text, headers={"Content-Type": "text/plain"})
    assert told(refused, 415)["code"] == "media_type_unsupported"


async def test_an_active_window_is_ended(client: httpx.AsyncClient, stage: Stage) -> None:
    """A window that is active is ended at once; ended once more it is a conflict."""
    body = {"name": "now", "scope": {"all": True}, "starts_at": "2025-11-21T04:00:00Z", "duration": "3h"}
    made = told(await client.post(PATH, json=body), 201)
    assert made["active"]
    ended = told(await client.post(f"{PATH}/{made['id']}/end"))
    assert (ended["active"], ended["next_start"]) == (False, None)
    assert told(await client.post(f"{PATH}/{made['id']}/end"), 409)["code"] == "conflict"
    assert told(await client.post(f"{PATH}/else/end"), 404)["code"] == "not_found"
    assert stage.windows.current(DEFAULT_TENANT).active == ()


async def test_a_window_is_previewed(client: httpx.AsyncClient) -> None:
    """Before it is stored a window tells when it would be active; one that cannot be is refused, and nothing is there after."""
    found = told(await client.post(f"{PATH}/preview", json=NIGHTLY))["stretches"]
    assert len(found) == 5
    assert found[0] == {"start": "2025-11-22T01:00:00.000Z", "end": "2025-11-22T03:00:00.000Z"}
    once = {"name": "now", "scope": {"all": True}, "starts_at": "2025-11-21T04:00:00Z", "duration": "3h"}
    assert told(await client.post(f"{PATH}/preview", json=once))["stretches"] == [
        {"start": "2025-11-21T04:00:00.000Z", "end": "2025-11-21T07:00:00.000Z"}
    ]
    assert told(await client.post(f"{PATH}/preview", json={**NIGHTLY, "cron": "never"}), 400)["code"] == "field_invalid"
    assert told(await client.get(PATH))["windows"] == []


async def test_windows_of_other_tenants_are_not_seen(client: httpx.AsyncClient) -> None:
    """A tenant sees its own windows alone."""
    made = told(await client.post(PATH, json=NIGHTLY), 201)
    other = {"X-Scope-OrgID": "other"}
    assert told(await client.get(PATH, headers=other))["windows"] == []
    assert told(await client.get(f"{PATH}/{made['id']}", headers=other), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("change", "field"), [({"cron": "x"}, "cron"), ({"scope": {}}, "scope"), ({"colour": "red"}, "colour")]
)
async def test_what_cannot_be_is_refused_with_its_field(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    """A field that cannot be is named in the message."""
    refused = told(await client.post(PATH, json={**NIGHTLY, **change}), 400)
    assert refused["code"] == "field_invalid"
    assert field in refused["error"]
