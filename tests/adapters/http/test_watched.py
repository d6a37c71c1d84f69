"""Queries that run, and slow ones, as they are shown."""

import httpx
from tests.adapters.http.stage import NOW, Stage

from sightline.application.watch import Question
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import Grid

QUESTION = Question(LOCAL.tenant, "range", 'up{job="a"}', Grid(NOW - 60_000, NOW, 15_000), "curl/8")


async def test_running_queries_are_shown(client: httpx.AsyncClient, stage: Stage) -> None:
    """Each with what it asks, who asked, and how far it is; other tenants see nothing of it."""
    with stage.watch.over(QUESTION) as run:
        with stage.watch.timed(run, "fetching"):
            await stage.clock.advance(1.5)
        run.samples, run.series = 100, 2
        found = (await client.get("/api/v1/status/active_queries")).json()
        assert found == {
            "status": "success",
            "data": [
                {
                    "id": "0000000000000001",
                    "duration": "1.500s",
                    "kind": "range",
                    "query": 'up{job="a"}',
                    "start": NOW - 60_000,
                    "end": NOW,
                    "step": 15_000,
                    "started": NOW,
                    "client": "curl/8",
                    "series": 2,
                    "samples": 100,
                    "seconds": {"total": 1.5, "waiting": 0, "fetching": 1.5, "evaluating": 0},
                    "outcome": "running",
                }
            ],
        }
        other = await client.get("/api/v1/status/active_queries", headers={"X-Scope-OrgID": "other"})
        assert other.json()["data"] == []
    assert (await client.get("/api/v1/status/active_queries")).json()["data"] == []
    assert (await client.get("/api/v1/status/slow_queries")).json()["data"] == []


async def test_slow_queries_are_shown(client: httpx.AsyncClient, stage: Stage) -> None:
    """The latest first, with how they ended."""
    for seconds in (6, 7):
        with stage.watch.over(QUESTION):
            await stage.clock.advance(seconds)
    found = (await client.get("/api/v1/status/slow_queries")).json()["data"]
    assert [(one["duration"], one["outcome"]) for one in found] == [("7.000s", "ok"), ("6.000s", "ok")]


async def test_the_client_is_named(client: httpx.AsyncClient, stage: Stage) -> None:
    """What a client calls itself goes with its query, the beginning of it."""
    await client.get("/api/v1/query?query=up", headers={"user-agent": "Grafana/12" + "x" * 500})
    assert stage.calls[-1][-1].client == ("Grafana/12" + "x" * 500)[:200]
