"""Answers given in the server's place, so that a page shows a situation that would take long to come about."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, Route


def ago(seconds: float) -> str:
    """A moment that many seconds back, as the API writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def answer(page: Page, pattern: str, content: Any, status: int = 200) -> None:
    """Let the server answer requests whose address matches with this JSON."""
    body = json.dumps(content)
    page.route(pattern, lambda route: route.fulfill(status=status, body=body, content_type="application/json"))


def answer_containers(page: Page, containers: list[dict[str, Any]]) -> None:
    """Let these containers exist; those that do not run are told of on demand only, as the API does."""

    def give(route: Route) -> None:
        everything = "all=1" in route.request.url
        shown = [one for one in containers if everything or one["state"] not in {"created", "exited", "dead"}]
        route.fulfill(body=json.dumps(shown), content_type="application/json")

    page.route("**/api/containers*", give)


def answer_servers(page: Page, servers: list[dict[str, Any]]) -> None:
    """Let these servers be registered."""
    answer(page, "**/api/v1/servers", {"servers": servers})


def answer_targets(page: Page, targets: list[dict[str, Any]]) -> None:
    """Let these targets be scraped."""
    answer(page, "**/api/v1/targets*", {"status": "success", "data": {"activeTargets": targets, "droppedTargets": []}})


def answer_query(page: Page, part: str, series: list[tuple[dict[str, str], float]]) -> None:
    """Let every instant query that holds a text give these values."""

    def give(route: Route) -> None:
        if part not in route.request.url:
            route.fallback()
            return
        now = datetime.now(UTC).timestamp()
        result = [{"metric": labels, "value": [now, str(value)]} for labels, value in series]
        content = {"status": "success", "data": {"resultType": "vector", "result": result}}
        route.fulfill(body=json.dumps(content), content_type="application/json")

    page.route("**/api/v1/query?*", give)


def container(name: str, **parts: Any) -> dict[str, Any]:
    """A container that runs well, or differs in some parts."""
    return {
        "id": name.encode().hex().ljust(64, "0")[:64],
        "name": name,
        "image": "nginx:1.27",
        "state": "running",
        "status": "Up 3 hours",
        "health": "none",
        "started_at": ago(10_800),
        "finished_at": None,
        "exit_code": 0,
        "restarts": 0,
        "cpu_percent": 12.5,
        "cpu_percent_of_limit": 6.25,
        "cpu_limit": 2.0,
        "memory_bytes": 64 << 20,
        "memory_limit_bytes": 256 << 20,
        "memory_percent": 25.0,
        "network_rx_bytes": None,
        "network_tx_bytes": None,
        "cpu_threshold": 90,
        "memory_threshold": 85,
        "timestamp": ago(2),
        "labels": {"com.docker.compose.project": "shop"},
        **parts,
    }


def stopped(name: str, **parts: Any) -> dict[str, Any]:
    """A container that has ended: nothing is measured of it."""
    unknown = (
        "cpu_percent",
        "cpu_percent_of_limit",
        "cpu_limit",
        "memory_bytes",
        "memory_limit_bytes",
        "memory_percent",
    )
    return container(name, state="exited", timestamp=None, **dict.fromkeys(unknown), **parts)


def server(hostname: str, seen: float | None, **parts: Any) -> dict[str, Any]:
    """A registered server that was last seen so many seconds ago, or never."""
    return {
        "id": f"00000000-0000-4000-8000-{hostname.encode().hex()[:12]:0>12}",
        "hostname": hostname,
        "ip_address": "192.0.2.7",
        "os": "Debian 13",
        "labels": {"env": "prod"},
        "agent_version": "2.4.1",
        "last_seen": None if seen is None else ago(seen),
        "created_at": ago(86_400),
        "updated_at": ago(3_600),
        **parts,
    }


def target(job: str, instance: str, problem: str = "") -> dict[str, Any]:
    """A scraped target that is up, or down with its last error."""
    return {
        "labels": {"job": job, "instance": instance},
        "discoveredLabels": {},
        "scrapePool": job,
        "scrapeUrl": f"http://{instance}/metrics",
        "globalUrl": f"http://{instance}/metrics",
        "lastError": problem,
        "lastScrape": ago(5),
        "lastScrapeDuration": 0.012,
        "health": "down" if problem else "up",
        "scrapeInterval": "15s",
        "scrapeTimeout": "10s",
    }
