"""Checks, incidents, maintenance windows and status pages, as tests have the server tell of them."""

import json
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page, Route
from tests.browser.answers import ago, answer

WINDOW = "0b4b8a54-6a0f-4d3a-9c0e-2f7a54f0c1de"
TRACE = "315fbad0d95869391caa70b0342addcc"


def check(check_id: int, name: str, group: str = "shop", **tags: str) -> dict[str, Any]:
    """A check as pages that only name it read it."""
    return {"id": check_id, "name": name, "group": group, "tags": tags}


def answer_checks(page: Page, *checks: dict[str, Any]) -> None:
    """Let there be these checks."""
    answer(page, "**/api/v1/checks?view=list", {"checks": list(checks)})


def incident(incident_id: int, name: str, **parts: Any) -> dict[str, Any]:
    """An incident of the check of this name, open for ten minutes, or different in some parts."""
    return {
        "id": incident_id,
        "check": incident_id,
        "kind": "down",
        "title": f"{name} is down",
        "details": "status is 503, which is not accepted",
        "cause": "status_not_accepted shop.example.org",
        "started_at": ago(600),
        "ended_at": None,
        "part_of": None,
        "assignee": "",
        "acknowledged_at": None,
        "post_mortem": "",
        "public": True,
        "trace_ids": [],
        "version": 1,
        **parts,
    }


def entry(kind: str, text: str = "", seconds: float = 300, **parts: Any) -> dict[str, Any]:
    """A line of a timeline, so many seconds ago."""
    return {"at": ago(seconds), "kind": kind, "text": text, "who": "", "public": False, "status": "", **parts}


def told(its: dict[str, Any], *timeline: dict[str, Any], related: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """An incident with its timeline."""
    opened = entry("opened", "up → down: status is 503", 600)
    return {**its, "timeline": [opened, *timeline], "related": list(related)}


def answer_incidents(page: Page, incidents: list[dict[str, Any]]) -> None:
    """Let there be these incidents, found as the API finds them: by what lasts, by check, and page by page."""

    def give(route: Route) -> None:
        query = dict(one.split("=", 1) for one in route.request.url.partition("?")[2].split("&"))
        found = sorted(incidents, key=lambda one: -int(one["id"]))
        found = [one for one in found if "open" not in query or one["ended_at"] is None]
        found = [one for one in found if query.get("check", str(one["check"])) == str(one["check"])]
        found = [one for one in found if one["id"] < int(query.get("before", "1000000"))]
        content = {"incidents": found[: int(query["limit"])]}
        route.fulfill(body=json.dumps(content), content_type="application/json")

    page.route("**/api/v1/incidents?*", give)


def answer_incident(page: Page, its: dict[str, Any]) -> list[dict[str, Any]]:
    """Let there be this incident; what is sent to it is written down, with where it was sent."""
    sent: list[dict[str, Any]] = []

    def give(route: Route) -> None:
        if route.request.method != "GET":
            where = route.request.url.rpartition("/incidents/")[2]
            sent.append({"to": where, **json.loads(route.request.post_data or "{}")})
        route.fulfill(body=json.dumps(its), content_type="application/json")

    page.route(f"**/api/v1/incidents/{its['id']}", give)
    page.route(f"**/api/v1/incidents/{its['id']}/*", give)
    return sent


def window(name: str, **parts: Any) -> dict[str, Any]:
    """A window of every Sunday night that is not active, or different in some parts."""
    return {
        "id": WINDOW,
        "name": name,
        "description": "",
        "enabled": True,
        "public": True,
        "scope": {"all": False, "checks": [], "groups": ["shop"], "tags": []},
        "cron": "0 2 * * SUN",
        "duration": "2h",
        "timezone": "Europe/Berlin",
        "version": 3,
        "active": False,
        "active_until": None,
        "next_start": ago(-7_230),
        "next_end": ago(-14_430),
        **parts,
    }


def answer_windows(page: Page, windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let there be these windows; what is sent to them is written down, with how and where."""
    sent: list[dict[str, Any]] = []

    def give(route: Route) -> None:
        method, path = route.request.method, route.request.url.rpartition("/windows")[2]
        if method == "GET":
            content: Any = {"at": ago(0), "windows": windows}
        elif path == "/preview":
            content = {"stretches": [{"start": ago(-3_600), "end": ago(-10_800)}]}
        else:
            version = route.request.headers.get("if-match", "")
            sent.append({"how": f"{method} {path}", "if_match": version, **json.loads(route.request.post_data or "{}")})
            content = {}
        route.fulfill(body=json.dumps(content), content_type="application/json")

    page.route("**/api/v1/windows**", give)
    return sent


def status_page(slug: str, title: str, **parts: Any) -> dict[str, Any]:
    """A public page of all checks, or one different in some parts."""
    return {
        "slug": slug,
        "title": title,
        "description": "",
        "groups": [{"groups": ["*"]}],
        "names": {},
        "shows": {
            "uptime": True,
            "bars": True,
            "latency": False,
            "incidents": 14,
            "maintenance": True,
            "windows": ["90d"],
        },
        "published": True,
        "password": "",
        "domains": [],
        "theme": "auto",
        "accent": "",
        "link": "",
        "announcement": "",
        "footer": "",
        "unknown": "ignore",
        "timezone": "UTC",
        "subscribe": ["rss", "email"],
        "notify_after": "2m",
        "version": 4,
        "path": f"/status/{slug}",
        **parts,
    }


def answer_pages(
    page: Page, pages: list[dict[str, Any]], subscribers: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Let there be these status pages; what is sent to them is written down, with how and where."""
    sent: list[dict[str, Any]] = []
    by_slug = {one["slug"]: one for one in pages}

    def give(route: Route) -> None:
        method, path = route.request.method, route.request.url.rpartition("/status-pages")[2]
        slug = path.strip("/")
        if method != "GET":
            said = json.loads(route.request.post_data or "{}")
            sent.append({"how": f"{method} {path}", "if_match": route.request.headers.get("if-match", ""), **said})
            made = {**said, "notify_after": "2m", "version": 9, "path": f"/status/{said.get('slug')}"}
            route.fulfill(body=json.dumps(made), content_type="application/json")
        elif slug.endswith("subscribers"):
            route.fulfill(body=json.dumps({"subscribers": list(subscribers)}), content_type="application/json")
        elif slug in by_slug:
            route.fulfill(body=json.dumps(by_slug[slug]), content_type="application/json")
        elif slug:
            missing = {"status": "error", "errorType": "not_found", "error": "no such page", "code": "not_found"}
            route.fulfill(status=404, body=json.dumps(missing), content_type="application/json")
        else:
            route.fulfill(body=json.dumps({"status_pages": pages}), content_type="application/json")

    page.route("**/api/v1/status-pages**", give)
    return sent
