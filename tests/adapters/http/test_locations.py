"""Locations over HTTP: for people, for locations, and by the adapter that locations call with."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from tests.adapters.http.stage import NOW, REFERENCES, Stage

from sightline.adapters.outbound.center import HttpCenter
from sightline.adapters.wire.probe_exchange import pack, pack_lost
from sightline.domain.errors import (
    BadData,
    Forbidden,
    Overloaded,
    SettingsInvalid,
    StorageFull,
    Unauthenticated,
    Unavailable,
)
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import BearerAuth, Http
from sightline.domain.probes.parcel import Bearing, Lost, Packed
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL

pytestmark = pytest.mark.anyio

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]
TOKEN = b"0123456789abcdef"
CHECK = Check(7, Definition(name="a", url="http://x.test", options=Http(auth=BearerAuth("s3cret"))), 1, 2, 3)
RESULT = Result(check=7, location="oslo", at=NOW - 5, seconds=0.25, verdict=Verdict.UP, status=200)


def enroll(stage: Stage, *checks: Check) -> None:
    """These are the checks from now on."""
    stage.followed.replace([(DEFAULT_TENANT, one, Judge.of(one.definition)) for one in checks])


async def test_locations_are_added_shown_described_and_removed(client: httpx.AsyncClient, stage: Stage) -> None:
    """The key is in the answers that make one, and in no other."""
    enroll(stage, CHECK)
    added = await client.post("/api/v1/locations", json={"name": "oslo", "description": "by the sea"})
    assert (added.status_code, added.headers["location"]) == (201, "/api/v1/locations/oslo")
    shown = {
        "name": "oslo",
        "description": "by the sea",
        "created_at": "2025-11-21T04:40:00.123Z",
        "keyed_at": "2025-11-21T04:40:00.123Z",
        "checks": 1,
        "heard_at": None,
        "clock_skew_ms": None,
        "waiting": 0,
        "version": "",
        "cut_off": False,
        "lost": None,
    }
    assert added.json() == {**shown, "key": "slp_00000000000000000000"}
    assert (await client.get("/api/v1/locations")).json() == {"locations": [shown]}
    described = await client.patch("/api/v1/locations/oslo", json={"description": "inland"})
    assert described.json() == {**shown, "description": "inland"}
    rekeyed = await client.post("/api/v1/locations/oslo/key")
    assert rekeyed.json()["key"] == "slp_00000000000000000001"
    assert "key" not in (await client.get("/api/v1/locations/oslo")).json()
    assert (await client.delete("/api/v1/locations/oslo")).status_code == 204
    assert (await client.get("/api/v1/locations/oslo")).status_code == 404


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"name": "a b"}, 400, "field_invalid"),
        ({"name": "oslo", "description": "x" * 501}, 400, "field_invalid"),
        ({"name": "oslo", "colour": "red"}, 400, "field_invalid"),
        ({}, 400, "field_invalid"),
        ({"name": "taken"}, 409, "conflict"),
    ],
)
async def test_what_cannot_be_is_refused(
    client: httpx.AsyncClient, sent: dict[str, str], status: int, code: str
) -> None:
    """With its code."""
    await client.post("/api/v1/locations", json={"name": "taken"})
    answer = await client.post("/api/v1/locations", json=sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_key_does_for_its_own_paths_alone(caller: Callable[..., httpx.AsyncClient], stage: Stage) -> None:
    """A token does not do for them, nor does the key for others; both headers do."""
    enroll(stage, CHECK)
    async with caller(token=TOKEN) as client:
        token = {"Authorization": f"Bearer {TOKEN.decode()}"}
        added = await client.post("/api/v1/locations", json={"name": "oslo"}, headers=token)
        key = {"Authorization": f"Bearer {added.json()['key']}"}
        path = "/api/v1/probe/config?location=oslo"
        for headers, status in (({}, 401), (token, 401), (key, 200), ({"X-Probe-Key": added.json()["key"]}, 200)):
            assert (await client.get(path, headers=headers)).status_code == status
        assert (await client.get("/api/v1/locations", headers=key)).status_code == 401
        assert (await client.get("/api/v1/probe/config?location=rome", headers=key)).status_code == 403
        assert (await client.get("/api/v1/probe/config", headers=key)).status_code == 403


async def test_a_location_gets_its_orders_with_their_secrets(door: Door, stage: Stage) -> None:
    """Orders that are known are not sent again."""
    enroll(stage, CHECK)
    async with door() as address, _center(address, await _key(stage)) as center:
        briefing = await center.orders("", 0)
        assert briefing.orders is not None
        assert briefing.orders.checks == (CHECK,)
        assert briefing.now == NOW
        assert (await center.orders(briefing.orders.tag, 0)).orders is None
        enroll(stage)
        changed = await center.orders(briefing.orders.tag, 0)
        assert changed.orders is not None
        assert changed.orders.checks == ()


async def test_references_and_whether_they_are_reached_are_exchanged(door: Door, stage: Stage) -> None:
    """Down with the orders, and up with what was found."""
    enroll(stage, CHECK)
    async with door() as address, _center(address, await _key(stage)) as center:
        briefing = await center.orders("", 0)
        assert briefing.orders is not None
        assert briefing.orders.references == REFERENCES
        for is_cut_off in (True, False):
            await center.push((), Bearing(is_cut_off=is_cut_off))
            heard = (await stage.delegate.one(LOCAL, "oslo")).heard
            assert heard is not None
            assert heard.bearing.is_cut_off is is_cut_off


async def test_what_a_location_had_no_room_for_is_told(door: Door, stage: Stage, client: httpx.AsyncClient) -> None:
    """In the log, of the location, and beside the results of what is probed from there."""
    check_id = (await client.post("/api/v1/checks", json={"name": "a", "url": "http://x.test"})).json()["id"]
    enroll(stage, CHECK)
    with capture_logs() as logged:
        async with door() as address, _center(address, await _key(stage)) as center:
            await center.push((pack_lost(Lost(NOW - 60_000, NOW, 12)),), Bearing())
    assert [(one["location"], one["results"]) for one in logged if one["log_level"] == "warning"] == [("oslo", 12)]
    assert (await client.get("/api/v1/locations/oslo")).json()["lost"]["count"] == 12
    shown = (await client.get(f"/api/v1/checks/{check_id}/results")).json()
    start, end = "2025-11-21T04:39:00.123Z", "2025-11-21T04:40:00.123Z"
    assert shown["lost"] == [{"location": "oslo", "start": start, "end": end, "results": 12}]
    assert (await client.get(f"/api/v1/checks/{check_id}/results?location=rome")).json()["lost"] == []


@pytest.mark.parametrize("count", [1, 50])
async def test_what_a_location_found_is_taken(door: Door, stage: Stage, count: int) -> None:
    """Small and large, and once when it is sent twice."""
    enroll(stage, CHECK)
    parcel = pack("p1", [RESULT] * count, [])
    async with door() as address, _center(address, await _key(stage)) as center:
        for _ in range(2):
            receipt = await center.push((parcel,), Bearing(skew=12, waiting=3, version="9"))
            assert (receipt.taken, receipt.refused, receipt.now) == (count, 0, NOW)
        await center.push((), Bearing())
    assert stage.results == [(DEFAULT_TENANT, RESULT)] * count


@pytest.mark.parametrize(
    ("fails", "error"),
    [
        (Unavailable("away"), Unavailable),
        (StorageFull("full"), Unavailable),
        (Overloaded("busy", retry_after=7), Overloaded),
        (LookupError("a defect"), Unavailable),
    ],
)
async def test_what_is_not_taken_is_told_in_kind(
    door: Door, stage: Stage, fails: Exception, error: type[Exception]
) -> None:
    """A location knows whether to try again."""
    enroll(stage, CHECK)
    async with door() as address, _center(address, await _key(stage)) as center:
        stage.fails = fails
        with pytest.raises(error) as told:
            await center.push((pack("p1", [RESULT], []),), Bearing())
        if error is Overloaded:
            assert told.value.detail["retry_after"] == 7  # type: ignore[attr-defined] # an error of the tree


async def test_wrong_keys_and_bodies_are_told_in_kind(door: Door, stage: Stage) -> None:
    """What would be refused again is told from a key that is not, or no longer, good."""
    enroll(stage, CHECK)
    key = await _key(stage)
    async with door() as address:
        async with _center(address, "slp_wrong") as center:
            with pytest.raises(Unauthenticated, match="not valid"):
                await center.orders("", 0)
        async with _center(address, key, "rome") as center:
            with pytest.raises(Forbidden, match="'oslo', not 'rome'"):
                await center.orders("", 0)
        async with _center(address, key) as center:
            for body in (b'{"results":[{}]}', b'{"id":1}', b'{"results":[' + b",".join([b"1"] * 5) + b"]}"):
                with pytest.raises(BadData):
                    await center.push((Packed("p", body, 1, 0, 0),), Bearing())


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """The message says where it was looked for; trust in what is no certificate is refused at once."""
    async with _center(("127.0.0.1", 1), "k") as center:
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 cannot be reached"):
            await center.orders("", 0)
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsInvalid, match="--ca-file"):
        async with HttpCenter("https://x.test", "k", "oslo", "9", ca_file=tmp_path / "ca.pem"):
            pass


async def _key(stage: Stage) -> str:
    return (await stage.delegate.add(LOCAL, "oslo"))[1]


def _center(address: tuple[str, int], key: str, location: str = "oslo") -> Any:
    return HttpCenter(f"http://{address[0]}:{address[1]}/", key, location, "9")
