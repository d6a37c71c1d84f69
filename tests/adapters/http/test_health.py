"""Health, readiness, metrics, and what the door counts."""

import httpx
import pytest
from tests.adapters.http.stage import Stage

from sightline.adapters.inbound.http import instruments


@pytest.mark.parametrize("path", ["/-/healthy", "/healthz", "/livez"])
async def test_alive_is_alive_whatever_is_wrong(client: httpx.AsyncClient, stage: Stage, path: str) -> None:
    """Liveness depends on nothing."""
    stage.not_ready = "starting"
    stage.checks = {"store": "away"}
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (200, "Sightline is healthy.\n")


@pytest.mark.parametrize("path", ["/-/ready", "/readyz", "/ready"])
async def test_readiness_says_why_not(client: httpx.AsyncClient, stage: Stage, path: str) -> None:
    """Not ready is a 503 with the reason; ready is a 200."""
    stage.not_ready = "replaying the log"
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (503, "Sightline is not ready: replaying the log\n")
    stage.not_ready = None
    assert (await client.get(path)).status_code == 200


async def test_health_lists_its_checks(client: httpx.AsyncClient, stage: Stage) -> None:
    """Health passes when all checks do, and always answers 200, in the words of InfluxDB 2."""
    answer = await client.get("/health")
    assert answer.json() == {
        "name": "sightline",
        "message": "ready for queries and writes",
        "status": "pass",
        "version": "1.2.3",
        "ready": True,
        "checks": [{"name": "store", "status": "pass", "message": "ok"}],
    }
    stage.not_ready = "replaying the log"
    assert (await client.get("/health")).json()["message"] == "not ready: replaying the log"
    stage.checks = {"store": "does not take samples", "log": "ok"}
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "fail")
    assert answer.json()["message"] == "store does not take samples"
    assert answer.json()["checks"][0] == {"name": "store", "status": "fail", "message": "does not take samples"}


@pytest.mark.parametrize("path", ["/health", "/-/healthy", "/-/ready", "/ui/", "/api/v1/query?query=up"])
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    """HEAD has the status and headers of GET and no body."""
    got, asked = await client.get(path), await client.head(path)
    assert asked.content == b""
    assert asked.status_code == got.status_code
    assert dict(asked.headers) == dict(got.headers)


async def test_metrics_are_in_the_text_format(client: httpx.AsyncClient) -> None:
    """The page of our own metrics has the content type that scrapers expect."""
    answer = await client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "sightline_tests_total 1" in answer.text


async def test_requests_are_counted_by_route_and_never_by_path(client: httpx.AsyncClient, stage: Stage) -> None:
    """Paths that callers choose do not become label values."""
    await client.get("/api/v1/label/job/values")
    await client.get("/api/v1/label/instance/values")
    await client.get("/api/v1/query")
    await client.get("/no/such/place")
    await client.get("/health", headers={"Host": "evil.example"})
    count = stage.telemetry.of
    assert count(instruments.REQUESTS, "/api/v1/label/{name}/values", "200") == 2
    assert count(instruments.REQUESTS, "/api/v1/query", "400") == 1
    assert count(instruments.REQUESTS, "unmatched", "404") == 1
    assert count(instruments.REQUESTS, "unmatched", "403") == 1
    assert count(instruments.SECONDS, "/api/v1/label/{name}/values") == 2
