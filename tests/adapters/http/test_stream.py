"""The stream of reports, with a real client on a real socket."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.stream import frame
from sightline.application.tail import Dropped
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.events import AlertChanged, SamplesStored
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.servers.server import Registration
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]
WEB, DB = "aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-1111-4111-8111-111111111111"


def stream(address: tuple[str, int], query: str = "", tenant: str = "default") -> connect:
    """Connect; the client ignores proxies that the environment may name."""
    url = f"ws://{address[0]}:{address[1]}/api/v1/stream{query}"
    return connect(url, proxy=None, additional_headers={"X-Scope-OrgID": tenant})


async def register(stage: Stage, *servers: str) -> None:
    """Make servers of these ids known."""
    for server in servers:
        await stage.server_list.register(DEFAULT_TENANT, server, Registration(server), NOW)


def series(server: str, name: str = "cpu_usage") -> Labels:
    return Labels.of(__name__=name, server_id=server, hostname="h", core="0")


def stored(*samples: tuple[Labels, float], tenant: Tenant = DEFAULT_TENANT) -> SamplesStored:
    return SamplesStored(tenant, WriteBatch.at(NOW, samples))


async def test_reports_are_told_as_they_come(door: Door, stage: Stage) -> None:
    """Each sample of a server comes in the shape of GET /api/v1/metrics; other sources and tenants stay out."""
    async with door() as address, stream(address) as listener:
        stage.bus.publish(stored((series(DB), 9.0), tenant=Tenant("other")))
        stage.bus.publish(stored((Labels.of(__name__="up", job="a"), 1.0), (series(WEB), 0.25)))
        assert json.loads(await listener.recv()) == {
            "metrics": [
                {
                    "server_id": WEB,
                    "hostname": "h",
                    "metric_type": "cpu",
                    "metric_name": "usage",
                    "labels": {"core": "0"},
                    "value": 0.25,
                    "timestamp": "2025-11-21T04:40:00.123Z",
                }
            ]
        }
        assert stage.telemetry.of(instruments.WEBSOCKETS) == 1


@pytest.mark.parametrize(
    ("query", "heard"),
    [
        (f"?server_id={WEB}", [1, 2]),
        ("?metric_type=ram", [2, 4]),
        (f"?server_id={DB.upper()}&metric_type=ram", [4]),
        ("?server_id=&metric_type=", [1, 2, 3, 4]),
    ],
)
async def test_server_and_type_filter_together(door: Door, stage: Stage, query: str, heard: list[float]) -> None:
    """Both conditions are optional and both must hold."""
    await register(stage, WEB, DB)
    batch = stored((series(WEB), 1.0), (series(WEB, "ram_free"), 2.0), (series(DB), 3.0), (series(DB, "ram_free"), 4.0))
    async with door() as address, stream(address, query) as listener:
        stage.bus.publish(batch)
        assert [one["value"] for one in json.loads(await listener.recv())["metrics"]] == heard


async def test_a_condition_that_cannot_be_met_is_refused(door: Door) -> None:
    """The handshake is answered with the error that a GET would have."""
    async with door() as address:
        for query in ("?server_id=web-1", "?metric_type=a_b"):
            with pytest.raises(InvalidStatus) as refused:
                await stream(address, query)
            body: Any = json.loads(refused.value.response.body or b"")
            assert (refused.value.response.status_code, body["code"]) == (400, "parameter_invalid")


async def test_a_server_that_is_not_there_cannot_be_listened_to(door: Door, stage: Stage) -> None:
    """A mistyped id is a 404 and not a stream that stays silent; so is the server of another tenant."""
    await register(stage, WEB)
    async with door() as address:
        for query, tenant in ((f"?server_id={DB}", "default"), (f"?server_id={WEB}", "other")):
            with pytest.raises(InvalidStatus) as refused:
                await stream(address, query, tenant)
            body: Any = json.loads(refused.value.response.body or b"")
            assert (refused.value.response.status_code, body["code"]) == (404, "not_found")


async def test_both_streams_share_the_seats(door: Door) -> None:
    """http.max_websockets counts all listeners of the door."""
    async with door(max_websockets=1) as address, stream(address):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address[0]}:{address[1]}/ws", proxy=None)
        assert refused.value.response.status_code == 429


async def test_a_plain_request_is_told_that_this_is_a_websocket(client: httpx.AsyncClient) -> None:
    """A GET is answered 400 with how to connect."""
    answer = await client.get("/api/v1/stream")
    assert answer.status_code == 400
    assert "/api/v1/stream is a WebSocket" in answer.json()["error"]


def test_what_was_missed_is_told_and_alerts_are_not() -> None:
    """A slow listener learns how many samples it lost; alerts have a stream of their own."""
    alert = Alert(DEFAULT_TENANT, "r", Labels(), Labels(), AlertState.FIRING, 1.0, NOW, NOW, Reason.CONDITION_HELD)
    assert json.loads(frame(Dropped(3, 1, 0)) or "") == {"dropped": 3}
    assert frame(AlertChanged(DEFAULT_TENANT, Notice(alert, AlertState.PENDING, NOW))) is None
