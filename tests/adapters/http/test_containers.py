"""Containers over HTTP."""

import httpx
import msgspec
import numpy as np
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.domain.containers.container import Container, Health, Processors, State
from sightline.domain.containers.observed import Alarms, Load, Observed
from sightline.domain.containers.thresholds import Threshold
from sightline.domain.containers.usage import CpuTime, Memory, Traffic, Usage
from sightline.domain.labels import Labels
from sightline.domain.promql.values import Vector

pytestmark = pytest.mark.anyio

WEB = Container(
    "ab" * 32,
    "web",
    "nginx:1.27",
    State.RUNNING,
    Health.HEALTHY,
    started_at=NOW - 300_000,
    restarts=1,
    labels={"team": "shop"},
    processors=Processors(limit=0.5),
)
DONE = Container("cd" * 32, "done", "bb:1", State.EXITED, finished_at=NOW - 7_200_000, exit_code=137)
ALARMS = Alarms(Threshold(50.0), Threshold(None))


def load() -> Load:
    """A quarter of a CPU, and 300 of 1000 bytes."""

    def read(at: int) -> Usage:
        traffic = (Traffic("eth0", rx_bytes=5, tx_bytes=6), Traffic("eth1", rx_bytes=10, tx_bytes=20))
        return Usage(at, CpuTime(used=at, machine=at * 8, cpus=2), Memory(400, 300, 1000), traffic)

    return Load.of(NOW, WEB, read(2_000), read(1_000))


async def test_a_container_with_all_its_figures(client: httpx.AsyncClient, stage: Stage) -> None:
    """Identity, how it is doing, what it uses of what it may use, and its thresholds."""
    stage.containers.set([Observed(WEB, ALARMS, load()), Observed(DONE, ALARMS)])
    answer = await client.get("/api/containers")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == [
        {
            "id": "ab" * 32,
            "name": "web",
            "image": "nginx:1.27",
            "state": "running",
            "status": "Up 5 minutes (healthy)",
            "health": "healthy",
            "started_at": "2025-11-21T04:35:00.123Z",
            "finished_at": None,
            "exit_code": 0,
            "restarts": 1,
            "cpu_percent": 25.0,
            "cpu_percent_of_limit": 50.0,
            "cpu_limit": 0.5,
            "memory_bytes": 300,
            "memory_limit_bytes": 1000,
            "memory_percent": 30.0,
            "network_rx_bytes": 15,
            "network_tx_bytes": 26,
            "cpu_threshold": 50.0,
            "memory_threshold": None,
            "timestamp": "2025-11-21T04:40:00.123Z",
            "labels": {"team": "shop"},
        }
    ]


async def test_stopped_containers_come_on_request_without_figures(client: httpx.AsyncClient, stage: Stage) -> None:
    """`all=1` adds them; what is not known is null and not zero."""
    stage.containers.set([Observed(DONE, ALARMS)])
    assert (await client.get("/api/containers")).json() == []
    assert (await client.get("/api/containers?all=0")).json() == []
    (found,) = (await client.get("/api/containers?all=1")).json()
    assert (found["status"], found["exit_code"]) == ("Exited (137) 2 hours ago", 137)
    assert (found["cpu_percent"], found["memory_bytes"], found["timestamp"]) == (None, None, None)


async def test_an_engine_that_cannot_be_asked_is_told_with_its_reason(client: httpx.AsyncClient, stage: Stage) -> None:
    """503, and the message says what to do."""
    stage.containers.unavailable("permission denied at /var/run/docker.sock: add the user to the group docker")
    answer = await client.get("/api/containers")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "group docker" in answer.json()["error"]


async def test_a_history_is_points_oldest_first(client: httpx.AsyncClient, stage: Stage) -> None:
    """Each with its time; instants without any figure are left out."""
    stage.containers.set([Observed(WEB, ALARMS, load())])
    values = np.arange(11.0).reshape(1, -1)
    present = np.zeros((1, 11), np.bool_)
    present[0, [2, 9]] = True
    stage.value = Vector((Labels(),), values, present)
    answer = await client.get(f"/api/metrics?container_id=web&from={NOW / 1000 - 51.123}&to={NOW / 1000 - 1}")
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "timestamp": "2025-11-21T04:39:19.123Z",
            "cpu_percent": 2.0,
            "memory_bytes": 2,
            "memory_percent": 2.0,
            "network_rx_bytes": 2,
            "network_tx_bytes": 2,
        },
        {
            "timestamp": "2025-11-21T04:39:54.123Z",
            "cpu_percent": 9.0,
            "memory_bytes": 9,
            "memory_percent": 9.0,
            "network_rx_bytes": 9,
            "network_tx_bytes": 9,
        },
    ]
    texts = sorted(call[2] for call in stage.calls if call[0] == "range")
    assert texts[0] == 'max(avg_over_time(container_cpu_percent{job="docker",name="web"}[15s]))'
    assert texts[-1] == 'sum(container_network_transmit_bytes_total{job="docker",name="web"})'


async def test_a_history_is_of_the_last_hour_unless_told_otherwise(client: httpx.AsyncClient, stage: Stage) -> None:
    """In 300 steps, to this moment."""
    stage.containers.set([Observed(WEB, ALARMS)])
    assert (await client.get("/api/metrics", params={"container_id": "abab"})).status_code == 200
    (grid,) = {call[3] for call in stage.calls if call[0] == "range"}
    assert (grid.start, grid.end, grid.step) == (NOW - 3_600_000, NOW, 12_000)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "parameter_invalid"),
        ("?container_id=", 400, "parameter_invalid"),
        ("?container_id=nobody", 404, "not_found"),
        ("?container_id=web&from=yesterday", 400, "parameter_invalid"),
        ("?container_id=web&from=10&to=5", 400, "parameter_invalid"),
    ],
)
async def test_a_history_that_cannot_be_given_says_why(
    client: httpx.AsyncClient, stage: Stage, query: str, status: int, code: str
) -> None:
    """A missing or odd parameter is named; an unknown container is not found."""
    stage.containers.set([Observed(WEB, ALARMS)])
    answer = await client.get(f"/api/metrics{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_ambiguous_beginning_of_an_id_is_refused(client: httpx.AsyncClient, stage: Stage) -> None:
    """The message names some of those that are meant."""
    others = [Container(f"abc{n}".ljust(64, "0"), f"other-{n}", "bb:1", State.RUNNING) for n in range(2)]
    stage.containers.set([Observed(one, ALARMS) for one in others])
    answer = await client.get("/api/metrics?container_id=abc")
    assert answer.status_code == 400
    assert "2 ids begin with 'abc'" in answer.json()["error"]


async def test_all_takes_a_switch(client: httpx.AsyncClient) -> None:
    """Anything else is refused by name."""
    answer = await client.get("/api/containers?all=perhaps")
    assert (answer.status_code, msgspec.json.decode(answer.content)["code"]) == (400, "parameter_invalid")
