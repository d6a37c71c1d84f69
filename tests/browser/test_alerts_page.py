"""Alerts as people see them; the answers are given here, so that a busy machine changes nothing."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.browser.answers import answer
from tests.browser.panels import narrower_than_the_window

FIRING = {
    "labels": {"alertname": "HighCpuUsage", "severity": "critical", "instance": "harbour"},
    "annotations": {"summary": "CPU use of harbour is above 90 %", "description": "It has been so for a minute."},
    "state": "firing",
    "activeAt": "2026-01-01T00:00:00Z",
    "value": "9.1e+01",
    "reason": "held_long_enough",
}


def answer_alerts(page: Page, alerts: list[dict[str, Any]], groups: list[dict[str, Any]] | None = None) -> None:
    """Let the server say that rules have these alerts, and that people are told of these groups."""
    answer(page, "**/api/v1/alerts*", {"status": "success", "data": {"alerts": alerts}})
    answer(page, "**/api/v2/alerts/groups*", groups or [])


RULE = {
    "type": "alerting",
    "name": "HighCpuUsage",
    "state": "inactive",
    "query": "cpu > 72.5",
    "duration": 90,
    "labels": {"severity": "critical"},
    "annotations": {},
    "threshold": {"query": "cpu", "comparison": ">", "value": 72.5},
    "alerts": [],
    "health": "ok",
    "evaluationTime": 0.0042,
    "lastEvaluation": "2026-01-01T00:00:00Z",
}


def answer_rules(page: Page, rules: list[dict[str, Any]]) -> None:
    """Let the server say that these rules exist."""
    body = json.dumps(
        {
            "status": "success",
            "data": {"groups": [{"name": "alerts", "file": "catalog", "interval": 5, "rules": rules}]},
        }
    )
    page.route("**/api/v1/rules*", lambda route: route.fulfill(body=body, content_type="application/json"))


def test_quiet_is_said_calmly(page: Page) -> None:
    """Without alerts the page says that nothing fires."""
    answer_alerts(page, [])
    answer_rules(page, [RULE])
    page.goto("/ui/alerts")
    expect(page.get_by_role("heading", name="Nothing is firing", exact=True)).to_be_visible()


def test_the_rules_are_counted_by_how_they_stand(page: Page) -> None:
    """The page says how many rules watch, and leads to them."""
    answer_alerts(page, [])
    answer_rules(page, [RULE, {**RULE, "name": "Hot", "state": "firing"}, {**RULE, "name": "Cold"}])
    page.goto("/ui/alerts")
    for text in ("3 rules watch", "1 firing", "2 inactive"):
        expect(page.get_by_text(text, exact=True)).to_be_visible()
    page.get_by_role("link", name="See the rules").click()
    expect(page.get_by_role("heading", name="Rules", level=1)).to_be_visible()


def test_a_failing_rule_is_no_reason_for_calm(page: Page) -> None:
    """A rule that cannot be evaluated says why, and the page does not say that all is well."""
    failing = {
        **RULE,
        "name": "Zebra",
        "health": "err",
        "lastError": "the query took too long",
        "code": "query_timeout",
        "failingSince": "2026-01-01T00:00:00Z",
    }
    answer_alerts(page, [])
    answer_rules(page, [RULE, failing])
    page.goto("/ui/alerts")
    expect(page.get_by_role("heading", name="Nothing is firing, but a rule fails")).to_be_visible()
    row = page.get_by_role("list", name="Rules that fail").get_by_role("listitem")
    expect(row).to_have_count(1)
    for text in ("Zebra", "the query took too long", "query_timeout"):
        expect(row).to_contain_text(text)


def test_without_the_rules_the_alerts_still_show(page: Page) -> None:
    """When the rules cannot be read, a line says so with the code, and the alerts stand above it."""
    answer_alerts(page, [FIRING])
    body = json.dumps({"status": "error", "errorType": "internal", "error": "Too busy.", "code": "overloaded"})
    page.route("**/api/v1/rules*", lambda route: route.fulfill(status=503, body=body, content_type="application/json"))
    page.goto("/ui/alerts")
    expect(page.get_by_text("The rules cannot be read: Too busy. overloaded")).to_be_visible()
    expect(page.get_by_role("list", name="Alerts").get_by_role("listitem")).to_have_count(1)


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


def answer_history(page: Page, alerts: list[tuple[dict[str, str], float, float]]) -> float:
    """Let alerts have been in a state from and to so many seconds ago; gives the present moment."""
    now = float(page.evaluate("Date.now() / 1000"))

    def give(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        start, end, step = (float(asked[name][0]) for name in ("start", "end", "step"))
        times = [start + i * step for i in range(int((end - start) / step) + 1)]
        result: list[dict[str, Any]] = [
            {"metric": {"__name__": "ALERTS", **labels}, "values": values}
            for labels, begun, over in alerts
            if (values := [[t, "1"] for t in times if now - begun <= t < now - over])
        ]
        content = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        route.fulfill(body=json.dumps(content), content_type="application/json")

    page.route("**/api/v1/query_range*", give)
    return now


def series(alertname: str, alertstate: str, instance: str = "harbour") -> dict[str, str]:
    """The labels of an alert's series in one state."""
    return {"alertname": alertname, "alertstate": alertstate, "instance": instance, "severity": "critical"}


def strips(page: Page) -> Locator:
    """The alerts of the timeline."""
    return page.get_by_role("figure", name="Timeline of alerts").get_by_role("listitem")


def test_the_timeline_tells_what_was_when(page: Page) -> None:
    """Each alert is a strip with its pending and firing stretches, which say from when to when; what lasts comes first."""
    answer_history(
        page,
        [
            (series("Early", "pending"), 600, 540),
            (series("Early", "firing"), 540, 300),
            (series("Late", "firing"), 200, -60),
        ],
    )
    page.goto("/ui/alerts")
    expect(strips(page)).to_contain_text(["Late harbour", "Early harbour"])
    stretches = strips(page).nth(1).get_by_role("button")
    told = [
        re.compile(r"^Early harbour: Pending from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d to \d\d:\d\d:\d\d, (5\d s|1 min.*)$"),
        re.compile(r"^Early harbour: Firing from .*, [34] min.*$"),
    ]
    for stretch, words in zip(stretches.all(), told, strict=True):
        expect(stretch).to_have_accessible_name(words)
    pending, firing = (stretch.bounding_box() for stretch in stretches.all())
    assert pending is not None
    assert firing is not None
    assert pending["x"] + pending["width"] == pytest.approx(firing["x"], abs=2)
    assert firing["width"] > 3 * pending["width"]


def test_a_click_on_a_stretch_zooms_to_it(page: Page) -> None:
    """Choosing a stretch makes its time the page's range, with a margin on either side."""
    now = answer_history(page, [(series("Early", "firing"), 600, 300)])
    page.goto("/ui/alerts")
    strips(page).get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"[?&]from=\d+&to=\d+"))
    found = {name: float(value[0]) for name, value in parse_qs(urlsplit(page.url).query).items()}
    assert (found["from"], found["to"]) == pytest.approx((now - 675, now - 225), abs=10)
    expect(strips(page).get_by_role("button")).to_be_visible()


def test_a_time_without_alerts_says_so(page: Page) -> None:
    """Where nothing was pending or firing, a sentence says so and names the time."""
    answer_history(page, [])
    page.goto("/ui/alerts?range=3h")
    expect(page.get_by_text("No alert was pending or firing in this time: last 3 hours.")).to_be_visible()


def test_more_alerts_than_one_reads_are_cut(page: Page) -> None:
    """Of very many alerts the latest fifty are shown, and the others counted."""
    answer_history(page, [(series("Hot", "firing", f"node-{i}"), 300 + 10 * i, -60) for i in range(60)])
    page.goto("/ui/alerts")
    expect(strips(page)).to_have_count(50)
    expect(page.get_by_text("The latest 50 of 60 alerts")).to_be_visible()


def test_the_timeline_fits_a_phone(page: Page) -> None:
    """With long names the timeline fits 360 pixels."""
    answer_history(
        page, [(series("AnAlertWithAVeryLongName", "firing", "some.host.with-a-long-name.example.org"), 600, -60)]
    )
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/ui/alerts")
    expect(strips(page)).to_have_count(1)
    assert narrower_than_the_window(page)


def test_the_alerts_of_the_server_have_a_past(page: Page) -> None:
    """The query of the timeline is one that the server answers."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "ALERTS" in request.url else None)
    page.goto("/ui/alerts")
    expect(page.get_by_text("No alert was pending or firing").or_(strips(page).first)).to_be_visible()
    assert asked
    assert page.request.get(asked[0]).ok
