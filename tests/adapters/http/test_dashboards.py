"""The dashboards API."""

from typing import Any

import httpx
import pytest
import yaml

pytestmark = pytest.mark.anyio

PATH = "/api/v1/dashboards"
MINE: dict[str, Any] = {
    "name": "mine",
    "title": "Mine",
    "panels": [{"title": "Load", "queries": [{"expr": "node_load1", "legend": "{{instance}}"}], "width": 12}],
}


async def saved(client: httpx.AsyncClient, dashboard: dict[str, Any] = MINE, **headers: str) -> httpx.Response:
    """Put a dashboard under its own name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.put(f"{PATH}/{dashboard['name']}", json=dashboard, headers=named)


async def test_what_comes_with_the_program_is_listed(client: httpx.AsyncClient) -> None:
    """A new installation has ready-made dashboards."""
    listed = (await client.get(PATH)).json()
    assert listed["problems"] == []
    origins = {one["name"]: one["origin"] for one in listed["dashboards"]}
    assert (origins["host"], origins["sightline"]) == ("ready-made", "ready-made")


async def test_a_dashboard_is_saved_read_and_deleted(client: httpx.AsyncClient) -> None:
    """What was put is got, at version 1, until it is deleted."""
    put = await saved(client)
    assert (put.status_code, put.json()["version"], put.json()["origin"]) == (200, 1, "saved")
    got = (await client.get(f"{PATH}/mine")).json()
    assert got == put.json()
    assert got["dashboard"]["panels"][0]["queries"] == [{"expr": "node_load1", "legend": "{{instance}}"}]
    assert (await client.delete(f"{PATH}/mine")).status_code == 204
    gone = await client.get(f"{PATH}/mine")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


async def test_yaml_goes_in_and_comes_out(client: httpx.AsyncClient) -> None:
    """The YAML of a dashboard, put again, is the same dashboard."""
    await saved(client)
    text = (await client.get(f"{PATH}/mine", params={"format": "yaml"})).content
    assert yaml.safe_load(text) == MINE
    again = await client.put(f"{PATH}/mine", content=text, headers={"content-type": "application/yaml"})
    assert (again.status_code, again.json()["version"]) == (200, 2)


async def test_a_change_that_was_not_seen_is_not_overwritten(client: httpx.AsyncClient) -> None:
    """If-Match refuses a save over another version, If-None-Match a save over any."""
    await saved(client)
    assert (await saved(client, if_match='"1"')).json()["version"] == 2
    late = await saved(client, if_match='"1"')
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert (await saved(client, if_none_match="*")).status_code == 409


async def test_what_comes_with_the_program_stays(client: httpx.AsyncClient) -> None:
    """Ready-made dashboards can be neither replaced nor deleted, and the message says what to do."""
    taken = await saved(client, {**MINE, "name": "host"})
    assert (taken.status_code, "another name" in taken.json()["error"]) == (409, True)
    assert (await client.delete(f"{PATH}/host")).status_code == 409


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Not a name"}, "name"),
        ({"title": " "}, "title"),
        ({"panels": [{"title": "", "queries": [{"expr": "up"}]}]}, "panels[0].title"),
        ({"panels": [{"title": "A", "queries": []}]}, "panels[0].queries"),
        ({"panels": [{"title": "A", "queries": [{"expr": "up"}, {"expr": "sum(("}]}]}, "panels[0].queries[1].expr"),
        ({"panels": [{"title": "A", "queries": [{"expr": 'up{a="$b"}'}]}]}, "there is no variable $b"),
        ({"panels": [{"title": "A", "queries": [{"expr": "up"}], "width": 13}]}, "panels[0].width"),
        ({"range": "soon"}, "range"),
        ({"variables": [{"name": "1", "metric": "up", "label": "job"}]}, "variables[0].name"),
        ({"color": "red"}, "color"),
        ({"panels": "none"}, "panels"),
    ],
)
async def test_what_could_not_be_shown_is_refused_where_it_is(
    client: httpx.AsyncClient, change: dict[str, Any], said: str
) -> None:
    """A dashboard that is wrong names the field, and nothing is saved."""
    refused = await client.put(f"{PATH}/{(MINE | change)['name']}", json=MINE | change)
    assert refused.status_code == 400
    assert said in refused.json()["error"]
    assert (await client.get(f"{PATH}/mine")).status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        b"a: &a [1, 1]\nb: *a\n",
        b"[" * 20_000,
        b"name: \xff\n",
        b"\x00",
        b"- just\n- a list\n",
        b"!!python/object/apply:os.system ['true']",
        b"",
    ],
)
async def test_yaml_that_is_no_dashboard_is_refused(client: httpx.AsyncClient, text: bytes) -> None:
    """References, bottomless nesting, foreign types and other text get a 400 with a code."""
    refused = await client.put(f"{PATH}/mine", content=text, headers={"content-type": "application/yaml"})
    assert (refused.status_code, refused.json()["code"]) == (400, "body_malformed")


async def test_other_content_and_too_much_of_it_are_refused(client: httpx.AsyncClient) -> None:
    """An unknown type and a body above the bound have answers of their own."""
    other = await client.put(f"{PATH}/mine", content=b"x", headers={"content-type": "text/html"})
    assert other.status_code == 415
    large = await client.put(
        f"{PATH}/mine", content=b" " * ((1 << 20) + 1), headers={"content-type": "application/json"}
    )
    assert large.status_code == 413
    renamed = await client.put(f"{PATH}/yours", json=MINE)
    assert (renamed.status_code, "two must be the same" in renamed.json()["error"]) == (400, True)
