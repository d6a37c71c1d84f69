"""Deletes through the door: who may, what is asked for, and what is refused."""

from collections.abc import Callable

import httpx
import pytest
from tests.adapters.http.stage import Stage
from tests.contracts.ranges import Ledger, Write

from sightline.domain.errors import StorageFull
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import ALL_TIME

Caller = Callable[..., httpx.AsyncClient]
SNAPSHOT = "/api/v1/admin/tsdb/snapshot"
DELETE, CLEAN = "/api/v1/admin/tsdb/delete_series", "/api/v1/admin/tsdb/clean_tombstones"


@pytest.fixture(autouse=True)
async def samples(stage: Stage) -> None:
    """Three series with samples at 0, 1, 2 and 3 s."""
    series = [Labels.of(__name__="up", job=job) for job in "abc"]
    writes = [Write(DEFAULT_TENANT, labels, [(1_000 * at, 1.0) for at in range(4)]) for labels in series]
    await stage.series_store.write(Ledger().sealed(writes))


async def left(stage: Stage) -> dict[str, list[int]]:
    """The seconds that each job still has samples at."""
    found = await stage.series_store.select(DEFAULT_TENANT, (), ALL_TIME, 100)
    bounds = zip(found.labels, found.offsets, found.offsets[1:], strict=False)
    return {labels.get("job"): (found.times[start:end] // 1_000).tolist() for labels, start, end in bounds}


@pytest.mark.parametrize("path", [DELETE, CLEAN, SNAPSHOT])
async def test_it_is_off_unless_it_is_set(stage: Stage, client: httpx.AsyncClient, path: str) -> None:
    """503 as Prometheus answers, with the setting's name; nothing is deleted."""
    answer = await client.post(path, params={"match[]": "up"})
    assert (answer.status_code, answer.json()["code"]) == (503, "admin_disabled")
    assert answer.json()["error"].startswith("admin APIs disabled: set http.admin")
    assert len(await left(stage)) == 3
    assert stage.calls == []


@pytest.mark.parametrize("admin", [True, False])
async def test_features_tell_of_it(caller: Caller, admin: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """By Prometheus' name, on or off."""
    async with caller(admin=admin) as client:
        assert (await client.get("/api/v1/features")).json()["data"]["api"]["admin"] is admin


@pytest.mark.parametrize(("given", "status"), [("", 200), ("true", 200), ("0", 200), ("perhaps", 400)])
async def test_a_snapshot_is_made_under_a_new_name(stage: Stage, caller: Caller, given: str, status: int) -> None:
    """The answer names it, by its moment and a token; a wrong parameter makes none."""
    async with caller(admin=True) as client:
        answer = await client.put(SNAPSHOT, params={"skip_head": given})
    assert answer.status_code == status
    name = "20251121T044000Z-0123456789abcdef"
    assert stage.calls == ([("copy", name)] if status == 200 else [])
    assert status != 200 or answer.json() == {"status": "success", "data": {"name": name}}


async def test_a_snapshot_that_fails_is_told(stage: Stage, caller: Caller) -> None:
    """With the failure's own status and words."""
    stage.fails = StorageFull("no room")
    async with caller(admin=True) as client:
        answer = await client.post(SNAPSHOT)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_series_are_deleted(stage: Stage, caller: Caller, method: str) -> None:
    """All of what any selector matches, or a time of it, by query or by form; the answer is 204 without a body."""
    async with caller(admin=True) as client:
        answer = await client.request(method, DELETE, params={"match[]": ['up{job="a"}', 'up{job=~"b"}'], "start": "2"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert await left(stage) == {"a": [0, 1], "b": [0, 1], "c": [0, 1, 2, 3]}
        form = {"match[]": 'up{job!="b"}', "start": "1970-01-01T00:00:01Z", "end": "2.5"}
        assert (await client.request(method, DELETE, data=form)).status_code == 204
        assert await left(stage) == {"a": [0], "b": [0, 1], "c": [0, 3]}
        assert (await client.request(method, CLEAN)).status_code == 204
        assert (await client.request(method, DELETE, params={"match[]": "up"})).status_code == 204
        assert await left(stage) == {}


@pytest.mark.parametrize(
    "parameters",
    [{}, {"match[]": ""}, {"match[]": "up["}, {"match[]": "{}"}, {"match[]": '{job=~".*"}'}, {"match[]": "rate(up[5m])"},
     {"match[]": "up", "start": "yesterday"}, {"match[]": "up", "start": "3", "end": "2"}],
)  # fmt: skip
async def test_what_is_refused_deletes_nothing(stage: Stage, caller: Caller, parameters: dict[str, str]) -> None:
    """400 with the parameter's name; above all nothing that would match every series by oversight."""
    async with caller(admin=True) as client:
        answer = await client.post(DELETE, params=parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_invalid")
    assert len(await left(stage)) == 3


async def test_tenants_are_apart(stage: Stage, caller: Caller) -> None:
    """Who deletes under another tenant deletes what that one has."""
    async with caller(admin=True) as client:
        answer = await client.post(DELETE, params={"match[]": "up"}, headers={"X-Scope-OrgID": "other"})
    assert answer.status_code == 204
    assert len(await left(stage)) == 3
