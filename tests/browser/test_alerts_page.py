"""Alerts as people see them; the answers are given here, so that a busy machine changes nothing."""

import json
import re
from typing import Any

from playwright.sync_api import Page, expect

FIRING = {
    "labels": {"alertname": "HighCpuUsage", "severity": "critical", "instance": "harbour"},
    "annotations": {"summary": "CPU use of harbour is above 90 %", "description": "It has been so for a minute."},
    "state": "firing",
    "activeAt": "2026-01-01T00:00:00Z",
    "value": "9.1e+01",
    "reason": "held_long_enough",
}


def answer_alerts(page: Page, alerts: list[dict[str, Any]]) -> None:
    """Let the server say that these alerts exist."""
    body = json.dumps({"status": "success", "data": {"alerts": alerts}})
    page.route("**/api/v1/alerts*", lambda route: route.fulfill(body=body, content_type="application/json"))


def test_quiet_is_said_calmly(page: Page) -> None:
    """Without alerts the page says that nothing fires and which rules watch."""
    answer_alerts(page, [])
    page.goto("/ui/alerts")
    expect(page.get_by_role("heading", name="Nothing is firing")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"CPU use above 90 %.*memory use above 85 %"))


def test_a_firing_alert_tells_what_where_and_since_when(page: Page) -> None:
    """An alert shows its state in a word, its name, summary, value and host, and the navigation counts it."""
    answer_alerts(page, [FIRING])
    page.goto("/ui/alerts")
    row = page.get_by_role("list", name="Alerts").get_by_role("listitem").first
    for text in ("Firing", "HighCpuUsage", "CPU use of harbour is above 90 %", "91.0", "harbour"):
        expect(row).to_contain_text(text)
    expect(row.locator("time")).to_have_attribute("datetime", "2026-01-01T00:00:00.000Z")
    expect(page.get_by_role("link", name=re.compile("Alerts.*1 firing"))).to_be_visible()


def test_firing_stands_before_pending(page: Page) -> None:
    """Alerts are ordered by urgency."""
    pending = {**FIRING, "state": "pending", "labels": {**FIRING["labels"], "alertname": "Later"}}  # type: ignore[dict-item]
    answer_alerts(page, [pending, FIRING])
    page.goto("/ui/alerts")
    names = page.get_by_role("list", name="Alerts").get_by_role("heading")
    expect(names).to_have_text(["HighCpuUsage", "Later"])


def test_a_refusal_shows_its_code(page: Page) -> None:
    """When the server cannot answer, the page says so with the stable code and offers another try."""
    body = json.dumps(
        {"status": "error", "errorType": "internal", "error": "The catalog is locked.", "code": "catalog_locked"}
    )
    page.route("**/api/v1/alerts*", lambda route: route.fulfill(status=503, body=body, content_type="application/json"))
    page.goto("/ui/alerts")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("The catalog is locked.")
    expect(problem).to_contain_text("catalog_locked")
    page.unroute("**/api/v1/alerts*")
    answer_alerts(page, [])
    problem.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Nothing is firing")).to_be_visible()
