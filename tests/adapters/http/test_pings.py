"""Pings at the addresses of Healthchecks, Uptime Kuma and Gatus."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from tests.adapters.http.stage import NOW, Stage

from sightline.adapters.inbound.http import instruments
from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.application.issue import PingKeys, with_token
from sightline.domain.errors import Conflict, Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.heartbeat import HeartbeatState
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.ping import MAX_BODY, Ping, PingKind
from sightline.domain.probes.state import CheckState
from sightline.domain.tenancy import LOCAL, Principal, Tenant

Caller = Callable[..., httpx.AsyncClient]
TOKEN = "0b4b8a54-6a0f-4d3a-9c0e-2f7a54f0c1de"
RUN = "728b3763-ad80-4113-9fc0-f33f0dc0f5f0"


async def made(stage: Stage, name: str = "Nightly backup", principal: Principal = LOCAL, **options: Any) -> Check:
    """A heartbeat."""
    await stage.checked.assess.load()
    written = Definition(name=name, group=options.pop("group", ""), options=Heartbeat(**options))
    return (await stage.checked.enroll.add(principal, [with_token(written)]))[0]


async def last(stage: Stage, check: Check) -> Ping:
    """The newest ping of a heartbeat."""
    return (await stage.beat.pings(LOCAL.tenant, check.id))[0]


def state(stage: Stage, check: Check) -> HeartbeatState:
    """How it stands."""
    return stage.beat.stands(LOCAL.tenant, check.id)[0].state


async def test_a_ping_by_uuid_is_answered_as_healthchecks_does(client: httpx.AsyncClient, stage: Stage) -> None:
    """GET, HEAD and POST are taken, answered OK with the limit of a body, and kept with who sent them."""
    check = await made(stage, token=TOKEN)
    for method in ("GET", "HEAD", "POST"):
        answer = await client.request(method, f"/ping/{TOKEN}", headers={"User-Agent": "cron\x01"})
        assert (answer.status_code, answer.text) == (200, "" if method == "HEAD" else "OK")
        assert answer.headers["ping-body-limit"] == "100000"
        assert answer.headers["content-type"].startswith("text/plain")
    ping = await last(stage, check)
    assert (ping.number, ping.kind, ping.agent, ping.remote) == (3, PingKind.SUCCESS, "cron", "127.0.0.1")
    assert state(stage, check) is HeartbeatState.UP
    assert stage.checked.state(check) is CheckState.UP


@pytest.mark.parametrize(
    ("signal", "kind", "status"),
    [
        ("start", PingKind.START, None),
        ("fail", PingKind.FAIL, None),
        ("log", PingKind.LOG, None),
        ("0", PingKind.SUCCESS, 0),
        ("1", PingKind.FAIL, 1),
        ("255", PingKind.FAIL, 255),
        ("", PingKind.SUCCESS, None),
    ],
)
@pytest.mark.parametrize("by_slug", [False, True])
async def test_signals_stand_behind_the_address(
    client: httpx.AsyncClient, stage: Stage, signal: str, kind: PingKind, status: int | None, *, by_slug: bool
) -> None:
    """Start, fail, log and the exit status of a job are told by the address, by UUID and by slug."""
    check = await made(stage, token=TOKEN)
    key = await stage.ping_keys.add(LOCAL, "cron")
    first = f"/ping/{key.key}/nightly-backup" if by_slug else f"/ping/{TOKEN}"
    answer = await client.post(f"{first}/{signal}", params={"rid": RUN.upper()}, content=b"said\xff")
    assert (answer.status_code, answer.text) == (200, "OK")
    ping = await last(stage, check)
    assert (ping.kind, ping.exit_status, ping.run, ping.body) == (kind, status, RUN, b"said\xff")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/ping/5b4b8a54-6a0f-4d3a-9c0e-2f7a54f0c1de", 404, "not found"),
        (f"/ping/{TOKEN}/256", 400, "invalid url format"),
        (f"/ping/{TOKEN}/begin", 404, "not found"),
        (f"/ping/{TOKEN}/start/now", 404, "not found"),
        (f"/ping/{TOKEN}?rid=7", 400, "invalid uuid format"),
        ("/ping/nobodyskey/slug", 404, "not found"),
        ("/ping/nobodyskey/slug?create=1", 404, "not found"),
        ("/ping/a/b/c/d", 404, "not found"),
        ("/ping//", 404, "not found"),
    ],
)
async def test_addresses_that_lead_nowhere_are_told_so(
    client: httpx.AsyncClient, stage: Stage, path: str, status: int, text: str
) -> None:
    """What is no ping of ours is answered in Healthchecks' words, and changes nothing."""
    check = await made(stage, token=TOKEN)
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (status, text)
    await stage.beat.load()
    assert state(stage, check) is HeartbeatState.NEW


async def test_a_slug_may_be_made_by_its_first_ping_and_may_be_ambiguous(
    client: httpx.AsyncClient, stage: Stage
) -> None:
    """With create=1 a check is made and its ping answered 201; a slug of two checks is a conflict."""
    await made(stage, token=TOKEN)
    key = (await stage.ping_keys.add(LOCAL, "")).key
    answer = await client.get(f"/ping/{key}/web-1_certs")
    assert (answer.status_code, answer.text) == (404, "not found")
    answer = await client.get(f"/ping/{key}/web-1_certs/start", params={"create": "1"})
    assert (answer.status_code, answer.text) == (201, "Created")
    answer = await client.get(f"/ping/{key}/web-1_certs", params={"create": "1"})
    assert (answer.status_code, answer.text) == (200, "OK")
    check = await stage.checked.enroll.by_name(LOCAL, "web-1_certs")
    assert (await last(stage, check)).number == 2
    await made(stage, "other", slug="nightly-backup")
    answer = await client.get(f"/ping/{key}/nightly-backup")
    assert (answer.status_code, answer.text) == (409, "ambiguous slug")


async def test_a_key_opens_the_checks_of_its_tenant_alone(client: httpx.AsyncClient, stage: Stage) -> None:
    """The key of another tenant finds nothing, and makes checks of its own."""
    other = Principal("else", Tenant("other"))
    check = await made(stage, slug="job")
    key = (await stage.ping_keys.add(other, "theirs")).key
    assert (await client.get(f"/ping/{key}/job")).status_code == 404
    assert (await client.get(f"/ping/{key}/new", params={"create": "1"})).status_code == 201
    assert [one.name for one in await stage.checked.enroll.all(other)] == ["new"]
    assert state(stage, check) is HeartbeatState.NEW


async def test_a_body_is_cut_and_a_huge_one_is_refused(client: httpx.AsyncClient, stage: Stage) -> None:
    """The first 100,000 bytes are kept; what nobody would send is not even read."""
    check = await made(stage, token=TOKEN)
    assert (await client.post(f"/ping/{TOKEN}", content=b"a" * (MAX_BODY + 1))).status_code == 200
    assert (await last(stage, check)).body == b"a" * MAX_BODY
    answer = await client.post(f"/ping/{TOKEN}", content=b"a" * ((1 << 20) + 1))
    assert answer.status_code == 413
    assert "pings.max_body_bytes" in answer.text


async def test_the_limits_of_a_body_are_settings(caller: Caller, stage: Stage) -> None:
    """Senders are told how much of it is kept."""
    check = await made(stage, token=TOKEN)
    async with caller(max_ping_bytes=20, kept_ping_bytes=10) as client:
        answer = await client.post(f"/ping/{TOKEN}", content=b"a" * 20)
        assert (answer.status_code, answer.headers["ping-body-limit"]) == (200, "10")
        assert (await last(stage, check)).body == b"a" * 10
        assert (await client.post(f"/ping/{TOKEN}", content=b"a" * 21)).status_code == 413


async def test_there_are_so_many_keys_and_no_more() -> None:
    """Of each tenant; which setting says how many is told."""
    keys = PingKeys(MemoryCatalog(), ManualClock(), most=1)
    await keys.add(LOCAL, "one")
    with pytest.raises(Conflict, match=r"there are 1 ping keys, as many as pings.max_keys allows"):
        await keys.add(LOCAL, "two")
    await keys.add(Principal("else", Tenant("other")), "theirs")


async def test_pings_need_no_token_and_the_address_without_one_is_what_it_was(caller: Caller, stage: Stage) -> None:
    """Where the API wants a token pings do not; /ping alone still answers Influx' clients."""
    check = await made(stage, token=TOKEN)
    async with caller(token=b"0123456789abcdef") as client:
        assert (await client.get(f"/ping/{TOKEN}")).status_code == 200
        assert (await client.get(f"/api/push/{TOKEN}")).status_code == 200
        assert (await client.get("/api/v1/checks")).status_code == 401
        assert (await client.get("/ping")).status_code == 204
        refused = await client.post(
            "/api/v1/endpoints/_x/external", headers={"Authorization": "Bearer 0123456789abcdef"}
        )
        assert refused.status_code == 401
    assert (await last(stage, check)).number == 2


async def test_no_secret_is_counted_or_logged(
    client: httpx.AsyncClient, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own metrics and the log have the shape of an address, whatever goes wrong with it."""
    await made(stage, token=TOKEN)

    async def broken(*_: object) -> None:
        raise RuntimeError("defect")

    await client.get(f"/ping/{TOKEN}/start")
    await client.get(f"/api/push/{TOKEN}")
    monkeypatch.setattr(stage.beat, "ping", broken)
    with capture_logs() as said:
        assert (await client.get(f"/ping/{TOKEN}")).status_code == 500
    assert TOKEN not in str(stage.telemetry.values)
    assert stage.telemetry.of(instruments.REQUESTS, "/ping/{token}/{signal}", "200") == 1
    assert [one["path"] for one in said] == ["/ping/{token}"]


async def test_what_cannot_be_stored_is_tried_again(
    client: httpx.AsyncClient, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing can be stored a ping is answered 503, with when to come again."""
    await made(stage, token=TOKEN)

    async def away(*_: object) -> None:
        raise Unavailable("the catalog is away")

    monkeypatch.setattr(stage.beat, "ping", away)
    answer = await client.get(f"/ping/{TOKEN}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_kuma_pushes_are_taken(client: httpx.AsyncClient, stage: Stage) -> None:
    """Status, message and ping of a push are what the check says; any method is taken."""
    check = await made(stage, token="kR2Hs9dkW3nC")
    answer = await client.get("/api/push/kR2Hs9dkW3nC?status=up&msg=OK&ping=12.5")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert (await last(stage, check)).seconds == 0.0125
    await client.put("/api/push/kR2Hs9dkW3nC", params={"status": "down", "msg": "disk full", "ping": "x"})
    assert stage.checked.state(check) is CheckState.DOWN
    latest = stage.checked.assess.standing(LOCAL.tenant, check.id).latest
    assert latest.message == "a failure was reported: disk full"
    await client.post("/api/push/kR2Hs9dkW3nC")
    assert stage.checked.state(check) is CheckState.UP
    refused = await client.get("/api/push/kR2Hs9dkW3nX")
    assert (refused.status_code, refused.json()["ok"]) == (404, False)
    await stage.checked.enroll.switch(LOCAL, check.id, enabled=False)
    assert (await client.get("/api/push/kR2Hs9dkW3nC")).status_code == 404


async def test_gatus_endpoints_are_taken(client: httpx.AsyncClient, stage: Stage) -> None:
    """An external endpoint is told by its group and name, and a bearer token of its own."""
    check = await made(stage, "Back up, db/1", group="Core Jobs", token=TOKEN)
    path, let_in = "/api/v1/endpoints/core-jobs_back-up--db-1/external", {"Authorization": f"Bearer {TOKEN}"}
    told = {"success": "true", "duration": "1m1.5s"}
    assert (await client.post(path, params=told, headers=let_in)).status_code == 200
    assert (await last(stage, check)).seconds == 61.5
    told = {"success": "false", "error": "refused"}
    assert (await client.post(path, params=told, headers=let_in)).status_code == 200
    assert (await last(stage, check)).said == "refused"
    assert stage.checked.state(check) is CheckState.DOWN
    for params in ({}, {"success": "yes"}, {"success": "true", "duration": "soon"}):
        assert (await client.post(path, params=params, headers=let_in)).status_code == 400
    assert (await client.post(path, params=told)).status_code == 401
    assert (await client.post(path, params=told, headers={"Authorization": "Bearer x"})).status_code == 401
    assert (await client.post(path.replace("db", "web"), params=told, headers=let_in)).status_code == 404
    assert (await client.get(path, headers=let_in)).status_code == 405


async def test_behind_a_proxy_the_sender_is_named(client: httpx.AsyncClient, stage: Stage) -> None:
    """Where a proxy says who sent a ping that is kept; what is no address is not."""
    check = await made(stage, token=TOKEN)
    headers = {"X-Forwarded-For": "203.0.113.9, 10.0.0.1", "X-Forwarded-Proto": "https"}
    await client.get(f"/ping/{TOKEN}", headers=headers)
    ping = await last(stage, check)
    assert (ping.remote, ping.scheme, ping.at) == ("203.0.113.9", "https", NOW)
    await client.get(f"/ping/{TOKEN}", headers={"X-Forwarded-For": "<script>"})
    assert (await last(stage, check)).remote == "127.0.0.1"
