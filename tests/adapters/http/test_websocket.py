"""The live stream, with a real client on a real socket."""

import asyncio
import base64
import json
import logging
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tests.adapters.http.stage import NOW, Stage, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.events import AlertChanged, SamplesStored
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]
TOKEN = b"0123456789abcdef0123456789abcdef"
SUBPROTOCOL = "bearer." + base64.urlsafe_b64encode(TOKEN).decode().rstrip("=")
HELLO = {"type": "hello", "version": "1.2.3", "tenant": "default"}
UP, DOWN = Labels.of(__name__="up", job="a"), Labels.of(__name__="down", job="a")


def live(address: tuple[str, int], query: str = "", **options: Any) -> connect:
    """Connect to the stream; the client ignores proxies that the environment may name."""
    return connect(f"ws://{address[0]}:{address[1]}/ws{query}", proxy=None, **options)


async def frame(listener: ClientConnection) -> Any:
    """The next frame."""
    return json.loads(await listener.recv())


def stored(time: int, *samples: tuple[Labels, float], tenant: Tenant = DEFAULT_TENANT) -> SamplesStored:
    """What ingest publishes."""
    return SamplesStored(tenant, WriteBatch.at(time, samples))


async def refused(connecting: connect) -> tuple[int, Any]:
    """The status and body with which a connection is refused."""
    with pytest.raises(InvalidStatus) as caught:
        await connecting
    response = caught.value.response
    return response.status_code, json.loads(response.body or b"")


async def test_samples_are_told_with_their_labels(door: Door, stage: Stage) -> None:
    """After the hello, stored samples come as series with pairs of seconds and text."""
    async with door() as address, live(address) as listener:
        assert await frame(listener) == HELLO
        stage.bus.publish(stored(NOW, (UP, 1.0), (DOWN, 0.25)))
        assert await frame(listener) == {
            "type": "samples",
            "series": [
                {"metric": {"__name__": "up", "job": "a"}, "values": [[NOW / 1000, "1"]]},
                {"metric": {"__name__": "down", "job": "a"}, "values": [[NOW / 1000, "0.25"]]},
            ],
        }


async def test_only_what_is_asked_for_comes(door: Door, stage: Stage) -> None:
    """Selectors choose series, tenants are apart, and what comes close together comes in one frame."""
    async with door() as address, live(address, '?match[]=up{job="a"}&match[]=other') as listener:
        await frame(listener)
        stage.bus.publish(stored(NOW, (UP, 9.0), tenant=Tenant("other")))
        stage.bus.publish(stored(NOW, (DOWN, 0.0)))
        stage.bus.publish(stored(NOW, (DOWN, 0.0), (UP, 1.0)))
        stage.bus.publish(stored(NOW + 5000, (UP, 2.0), (DOWN, 0.0)))
        told = await frame(listener)
        assert told["series"] == [
            {"metric": {"__name__": "up", "job": "a"}, "values": [[NOW / 1000, "1"], [NOW / 1000 + 5, "2"]]}
        ]
        stage.bus.publish(stored(NOW + 9000, (UP, 3.0)))
        waiting = asyncio.create_task(frame(listener))
        await stage.clock.until_sleeping()
        assert not waiting.done()
        await stage.clock.advance(0.25)
        assert (await waiting)["series"][0]["values"] == [[NOW / 1000 + 9, "3"]]


async def test_alert_changes_are_told_with_their_reason(door: Door, stage: Stage) -> None:
    """A change of an alert comes as the alert, where it came from, where it went, and why."""
    alert = Alert(
        DEFAULT_TENANT,
        "cpu",
        Labels.of(alertname="Cpu"),
        Labels(),
        AlertState.FIRING,
        91,
        NOW,
        NOW,
        Reason.CONDITION_HELD,
    )
    async with door() as address, live(address, "?match[]=nothing") as listener:
        await frame(listener)
        stage.bus.publish(AlertChanged(DEFAULT_TENANT, Notice(alert, AlertState.PENDING, NOW)))
        told = await frame(listener)
        assert told["type"] == "alert"
        assert told["alert"]["labels"] == {"alertname": "Cpu"}
        assert told["transition"] == {"from": "pending", "to": "firing", "reason": "condition_held_for_duration"}


@pytest.mark.parametrize("query", ["?match[]=up%7B", "?match[]=rate(up[5m])", "?match[]=%ff"])
async def test_a_bad_selector_is_refused_before_the_accept(door: Door, query: str) -> None:
    """A selector that does not parse is an HTTP 400 with the reason."""
    async with door() as address:
        status, body = await refused(live(address, query))
        assert status == 400
        assert body["errorType"] == "bad_data"


async def test_other_paths_are_no_stream(door: Door) -> None:
    """A WebSocket anywhere else is a 404."""
    async with door() as (host, port):
        status, body = await refused(connect(f"ws://{host}:{port}/api/v1/tail", proxy=None))
        assert (status, body["code"]) == (404, "not_found")
        assert "/ws and /api/v1/stream" in body["error"]


async def test_a_refusal_is_no_mistake_of_ours(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """The server's log stays silent about a connection that was refused."""
    async with door() as address:
        assert (await refused(live(address, "?match[]=up%7B")))[0] == 400
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_names_and_tenants_are_checked(door: Door) -> None:
    """A foreign Host, a foreign Origin, even for reading, and a bad tenant are refused."""
    async with door() as address:
        port = address[1]
        for headers, expected in (
            ({"Origin": "http://evil.example"}, (403, "forbidden")),
            ({"Origin": f"http://127.0.0.1:{port + 1}"}, (403, "forbidden")),
            ({"X-Scope-OrgID": "a/b"}, (400, "tenant_invalid")),
        ):
            status, body = await refused(live(address, additional_headers=headers))
            assert (status, body["code"]) == expected
        async with live(address, additional_headers={"Origin": f"http://127.0.0.1:{port}"}) as listener:
            assert await frame(listener) == HELLO


async def test_the_token_comes_as_header_or_subprotocol(door: Door) -> None:
    """Without the token the stream is a 401; browsers show it as a subprotocol and get a chosen one back."""
    async with door(token=TOKEN) as address:
        for offered in (None, ["sightline.v1", "bearer.d3Jvbmc"], ["bearer.!"]):
            status, body = await refused(live(address, subprotocols=offered))
            assert (status, body["code"]) == (401, "unauthenticated")
        async with live(address, additional_headers={"Authorization": f"Bearer {TOKEN.decode()}"}) as listener:
            assert listener.subprotocol is None
            assert await frame(listener) == HELLO
        async with live(address, subprotocols=["sightline.v1", SUBPROTOCOL]) as listener:
            assert listener.subprotocol == "sightline.v1"
        async with live(address, subprotocols=[SUBPROTOCOL]) as listener:
            assert listener.subprotocol == SUBPROTOCOL


async def test_the_number_of_listeners_is_bounded(door: Door, stage: Stage) -> None:
    """One more than allowed is a 429; a listener that leaves makes room and leaves nothing behind."""
    async with door(max_websockets=1) as address:
        async with live(address) as first:
            await frame(first)
            assert stage.telemetry.of(instruments.WEBSOCKETS) == 1
            status, body = await refused(live(address))
            assert (status, body["code"]) == (429, "intake_overloaded")
        await until(lambda: not stage.bus.listeners)
        assert stage.telemetry.of(instruments.WEBSOCKETS) == 0
        async with live(address) as second:
            assert await frame(second) == HELLO


async def test_the_end_of_the_bus_is_the_end_of_the_stream(door: Door, stage: Stage) -> None:
    """When the program stops, listeners are told that the server goes away."""
    async with door() as address, live(address) as listener:
        await frame(listener)
        stage.bus.close()
        with pytest.raises(ConnectionClosed) as caught:
            await listener.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001


async def test_a_failure_ends_the_stream_and_is_not_shown(
    door: Door, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """When telling fails, the listener is told that the server did, and the log has the cause."""
    broken: Any = object()
    async with door() as address, live(address) as listener:
        await frame(listener)
        stage.bus.publish(AlertChanged(DEFAULT_TENANT, broken))
        with pytest.raises(ConnectionClosed) as caught:
            await listener.recv()
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, "its log has the cause" in caught.value.rcvd.reason) == (1011, True)
    said = capsys.readouterr()
    assert (said.out + said.err).count("connection failed") == 1
    assert stage.telemetry.of(instruments.WEBSOCKETS) == 0


async def test_a_server_that_cannot_answer_closes(stage: Stage, settings: DoorSettings) -> None:
    """Where the server has no responses for WebSockets, a refusal is a close with the code for a broken rule."""
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/ws", "query_string": b"match[]=%7B", "headers": [(b"host", b"localhost")]}
    await build(stage.use_cases(), settings)(scope, receive, send)
    assert [(message["type"], message["code"]) for message in told] == [("websocket.close", 1008)]
    assert "match[]" in told[0]["reason"]


LONG = Labels.of(__name__="up", long="x" * 4_000_000)
"""A series whose sample makes a frame that no connection holds on its way."""


def stuck_listener(address: tuple[str, int]) -> socket.socket:
    """A listener that connects and then reads nothing."""
    stuck = socket.create_connection(address)
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.sendall(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    return stuck


async def test_a_listener_that_does_not_read_disturbs_nobody(door: Door, stage: Stage) -> None:
    """While one listener is stuck, another hears everything."""
    async with door() as address:
        with stuck_listener(address):
            async with live(address, max_size=None) as reader:
                await frame(reader)
                await until(lambda: stage.bus.listeners == 2)
                for number in range(4):
                    stage.bus.publish(stored(NOW + number, (LONG, 1.0), (UP, number)))
                    told = asyncio.create_task(frame(reader))
                    await stage.clock.advance(0.25)
                    heard = {one["metric"].get("job"): one["values"] for one in (await told)["series"]}
                    assert heard["a"] == [[(NOW + number) / 1000, str(number)]]
        await until(lambda: not stage.bus.listeners)


async def test_a_listener_that_never_reads_is_hung_up_on(door: Door, stage: Stage) -> None:
    """Who takes nothing for the read timeout loses the connection and its place, though it is still there."""
    async with door(read_timeout=0.5) as address:
        with stuck_listener(address):
            await until(lambda: stage.bus.listeners == 1)
            for number in range(4):
                stage.bus.publish(stored(NOW + number, (LONG, 1.0)))
                await stage.clock.advance(0.25)
            await until(lambda: not stage.bus.listeners)
    assert stage.telemetry.of(instruments.WEBSOCKETS) == 0
