"""What the program says of itself."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
import yaml
from tests.adapters.http.stage import NOW, Stage

from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import Program
from sightline.application.reload import Reloaded
from sightline.domain.errors import Unavailable
from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.tenancy import Principal

SETTINGS = {
    "data": "here",
    "http.insecure": False,
    "http.allowed_hosts": ["a", "b"],
    "query.timeout": "2m",
    "http.token_file": None,
    "alerts.cpu_threshold": 90.0,
    "scrape": [{"job": "node"}],
}


class Census:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.fails = False

    async def cardinality(self, principal: Principal, limit: int) -> Cardinality:
        """Two series."""
        self.asked.append((principal.tenant, limit))
        if self.fails:
            raise Unavailable("not now")
        return Cardinality(2, 3, 7, 5, 9, (("up", 2),), (("job", 2),), (("__name__", 4),), (("__name__=up", 2),))


@pytest.fixture
def census() -> Census:
    """What counts."""
    return Census()


@pytest.fixture
def told(stage: Stage, settings: DoorSettings, census: Census) -> httpx.AsyncClient:
    """A client of a program that says something of itself, and could not be read again."""
    program = Program(
        started=NOW - 1_000,
        folder="/srv",
        machine="box",
        retention="15d",
        settings=lambda: SETTINGS,
        reloaded=lambda: Reloaded(NOW - 123, "a rule does not parse"),
    )
    app: Any = build(replace(stage.use_cases(), program=program, count=census), settings)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080")


async def test_settings_are_shown_as_yaml(told: httpx.AsyncClient) -> None:
    """The tables of the settings are those of the file, values keep their types."""
    text = (await told.get("/api/v1/status/config")).json()["data"]["yaml"]
    assert yaml.load(text, yaml.CSafeLoader) == {
        "data": "here",
        "http": {"insecure": False, "allowed_hosts": ["a", "b"], "token_file": None},
        "query": {"timeout": "2m"},
        "alerts": {"cpu_threshold": 90.0},
        "scrape": [{"job": "node"}],
    }


async def test_flags_are_flat_and_text(told: httpx.AsyncClient) -> None:
    """Every setting that is no table stands there by its key, as a command line would have it."""
    assert (await told.get("/api/v1/status/flags")).json()["data"] == {
        "data": "here",
        "http.insecure": "false",
        "http.allowed_hosts": "a,b",
        "query.timeout": "2m",
        "http.token_file": "",
        "alerts.cpu_threshold": "90.0",
    }


async def test_the_runtime_says_since_when(told: httpx.AsyncClient) -> None:
    """Start, present time, retention and how reading again went are told."""
    assert (await told.get("/api/v1/status/runtimeinfo")).json()["data"] == {
        "startTime": "2025-11-21T04:39:59.123Z",
        "CWD": "/srv",
        "hostname": "box",
        "serverTime": "2025-11-21T04:40:00.123Z",
        "reloadConfigSuccess": False,
        "lastConfigTime": "2025-11-21T04:40:00Z",
        "storageRetention": "15d",
    }


async def test_a_failed_reload_is_a_notification(told: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    """What could not be read again is told; without that there is nothing to tell."""
    assert (await told.get("/api/v1/notifications")).json()["data"] == [
        {
            "text": "Configuration reload has failed.",
            "date": "2025-11-21T04:40:00Z",
            "active": True,
            "reason": "a rule does not parse",
        }
    ]
    assert (await client.get("/api/v1/notifications")).json() == {"status": "success", "data": []}


async def test_series_are_counted_for_the_tenant(told: httpx.AsyncClient, census: Census) -> None:
    """The figures have Prometheus' names; ten names a list unless another number is asked for."""
    assert (await told.get("/api/v1/status/tsdb")).json()["data"] == {
        "headStats": {"numSeries": 2, "numLabelPairs": 3, "chunkCount": 7, "minTime": 5, "maxTime": 9},
        "seriesCountByMetricName": [{"name": "up", "value": 2}],
        "labelValueCountByLabelName": [{"name": "job", "value": 2}],
        "memoryInBytesByLabelName": [{"name": "__name__", "value": 4}],
        "seriesCountByLabelValuePair": [{"name": "__name__=up", "value": 2}],
    }
    await told.get("/api/v1/status/tsdb", params={"limit": 3}, headers={"X-Scope-OrgID": "b"})
    assert census.asked == [("default", 10), ("b", 3)]
    census.fails = True
    assert (await told.get("/api/v1/status/tsdb")).status_code == 503


async def test_no_samples_have_no_times(client: httpx.AsyncClient) -> None:
    """Without samples the times are the bounds of 64 bits, the wrong way round, as Prometheus has them."""
    head = (await client.get("/api/v1/status/tsdb")).json()["data"]["headStats"]
    assert (head["minTime"], head["maxTime"], head["numSeries"]) == (2**63 - 1, -(2**63), 0)


async def test_nothing_is_left_to_replay(client: httpx.AsyncClient) -> None:
    """Whoever waits for the log to be read need not wait."""
    assert (await client.get("/api/v1/status/walreplay")).json()["data"] == {"min": 0, "max": 0, "current": 0}


async def test_there_are_no_alertmanagers(client: httpx.AsyncClient) -> None:
    """Both lists are there, and empty."""
    expected: dict[str, list[str]] = {"activeAlertmanagers": [], "droppedAlertmanagers": []}
    assert (await client.get("/api/v1/alertmanagers")).json()["data"] == expected


async def test_features_are_named_by_category(client: httpx.AsyncClient) -> None:
    """What can be done is true, what the settings do not allow is false."""
    found = (await client.get("/api/v1/features")).json()["data"]
    assert found["promql_functions"]["rate"] is True
    assert found["promql_functions"]["histogram_avg"] is True
    assert found["promql_operators"]["topk"] is True
    assert found["api"]["lifecycle"] is False


async def test_buildinfo_has_no_features(client: httpx.AsyncClient) -> None:
    """Grafana takes who lists features there for another product."""
    assert "features" not in (await client.get("/api/v1/status/buildinfo")).json()["data"]
