"""axe-core finds nothing to complain about."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.alerting import (
    LAGGING,
    SILENCE,
    answer_notices,
    answer_receivers,
    answer_silences,
    answer_why,
    channel,
    group,
    notice,
    receiver_channel,
    silence,
    told_alert,
)
from tests.browser.answers import ago
from tests.browser.panels import rows
from tests.browser.test_alerts_page import FIRING, answer_alerts, answer_history, series
from tests.browser.uptime import (
    TRACE,
    WINDOW,
    answer_checks,
    answer_incident,
    answer_incidents,
    answer_pages,
    answer_windows,
    check,
    entry,
    incident,
    status_page,
    told,
    window,
)

AXE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, from the web UI's development packages."""
    if not AXE.is_file():
        pytest.fail("axe-core is not installed: run `npm ci` in web/")
    return AXE.read_text()


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, base_url: str) -> Any:
    """A page in each theme, without motion."""
    context = browser.new_context(base_url=base_url, color_scheme=request.param, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def violations(page: Page, axe: str) -> list[str]:
    """What axe says against the page as it stands."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {json.dumps(node['any'][:1])[:200]}"
        for one in found
        for node in one["nodes"]
    ]


def test_a_hosts_page(themed: Page, axe: str) -> None:
    """A host's page with data has no violations."""
    answer_alerts(themed, [])
    themed.goto("/ui/hosts")
    if themed.locator("tbody th a").first.is_visible():
        themed.locator("tbody th a").first.click()
    expect(rows(themed, "CPU by mode").first).to_be_visible()
    assert violations(themed, axe) == []


def test_the_alerts_page(themed: Page, axe: str) -> None:
    """The alerts page with a firing and a pending alert has no violations."""
    answer_alerts(themed, [FIRING, {**FIRING, "state": "pending"}])
    themed.goto("/ui/alerts")
    expect(themed.get_by_role("list", name="Alerts")).to_be_visible()
    expect(themed.get_by_role("link", name="See the rules")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_timeline_of_alerts(themed: Page, axe: str) -> None:
    """The timeline with pending and firing stretches has no violations."""
    answer_alerts(themed, [])
    answer_history(themed, [(series("Hot", "pending"), 400, 300), (series("Hot", "firing"), 300, -60)])
    themed.goto("/ui/alerts")
    expect(themed.get_by_role("figure", name="Timeline of alerts")).to_be_visible()
    assert violations(themed, axe) == []


def test_nothing_firing(themed: Page, axe: str) -> None:
    """The calm alerts page has no violations."""
    answer_alerts(themed, [])
    themed.goto("/ui/alerts")
    expect(themed.get_by_role("heading", name="Nothing is firing")).to_be_visible()
    assert violations(themed, axe) == []


@pytest.mark.parametrize("grouping", ["rule", "told", "none"])
def test_alerts_in_groups(themed: Page, axe: str, grouping: str) -> None:
    """Alerts in any grouping, held and not, have no violations."""
    held = told_alert(LAGGING, silencedBy=[SILENCE])
    answer_alerts(themed, [FIRING], [group(held, told_alert({**LAGGING, "instance": "db-3"}), team="db")])
    themed.goto(f"/ui/alerts?group={grouping}")
    expect(themed.get_by_text("Silenced", exact=True)).to_be_visible()
    assert violations(themed, axe) == []


def test_why_people_were_told(themed: Page, axe: str) -> None:
    """The drawer of an alert with its whole way has no violations."""
    held = told_alert(LAGGING, mutedBy=["nights", "maintenance: upgrade"])
    answer_alerts(themed, [], [group(held, team="db")])
    owed = channel("db/webhook/1", told=False, owed=True, problem="503")
    answer_why(themed, held, channel("db/slack/0"), owed, channel("db/email/2", told=False, reason="cooldown"))
    themed.goto("/ui/alerts?alert=0f1e6f0b9b92f97d")
    expect(themed.get_by_role("dialog").get_by_text("1 of 3 channels")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_silences(themed: Page, axe: str) -> None:
    """The list of silences has no violations."""
    answer_silences(themed, [silence("Disks")])
    themed.goto("/ui/silences")
    expect(themed.get_by_text("Disks")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_form_of_a_silence(themed: Page, axe: str) -> None:
    """The form with a window and with everything wrong has no violations."""
    answer_alerts(themed, [])
    themed.goto("/ui/silences/+?match=team%3D")
    themed.get_by_label("Only at certain times, again and again").check()
    themed.get_by_role("button", name="Silence", exact=True).click()
    expect(themed.get_by_text("Others want to know why")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_notifications(themed: Page, axe: str) -> None:
    """The log has no violations."""
    answer_notices(
        themed, [notice("new_alerts", 9, told=True), notice("channel_failed", 99, told=False, problem="503")]
    )
    themed.goto("/ui/notifications")
    expect(themed.get_by_text("alerts are new")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_receivers(themed: Page, axe: str) -> None:
    """Receivers with a channel that works and one that does not have no violations."""
    broken = receiver_channel("db/slack/1", circuit="open", owed=2, problem="503")
    answer_receivers(themed, {"db": [receiver_channel("db/slack/0"), broken], "nobody": []})
    themed.goto("/ui/receivers")
    expect(themed.get_by_text("Spared after failures")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_incidents(themed: Page, axe: str) -> None:
    """Incidents of all kinds, with what follows from them and their timeline, have no violations."""
    answer_checks(themed, check(1, "database"))
    others = [incident(2, "api", part_of=1, kind="unreachable"), incident(3, "dns", kind="degraded", assignee="ada")]
    over = incident(4, "ntp", started_at=ago(900), ended_at=ago(300), part_of=9)
    answer_incidents(themed, [incident(1, "database"), *others, over, incident(5, "x", check=None, kind="manual")])
    themed.goto("/ui/incidents")
    expect(themed.get_by_role("figure", name="Timeline of incidents")).to_be_visible()
    assert violations(themed, axe) == []


def test_an_incident(themed: Page, axe: str) -> None:
    """An incident with every kind of line, a post-mortem in the making and traces has no violations."""
    answer_checks(themed, check(1, "database"))
    kinds = ["transition", "notice", "acknowledged", "assigned", "update", "post_mortem", "resolved", "reopened"]
    its = incident(1, "database", trace_ids=[TRACE], public=False, part_of=9)
    answer_incident(themed, told(its, *(entry(one, "t", who="ada") for one in kinds), related=[incident(2, "api")]))
    themed.goto("/ui/incidents/1")
    themed.get_by_role("button", name="Write it").click()
    assert violations(themed, axe) == []
    themed.goto("/ui/incidents/+")
    themed.get_by_role("button", name="Begin incident").click()
    expect(themed.get_by_text("it cannot be empty")).to_be_visible()
    assert violations(themed, axe) == []


@pytest.mark.parametrize("kind", ["Once", "On weekdays", "By cron", "By rule"])
def test_maintenance_and_its_editor(themed: Page, axe: str, kind: str) -> None:
    """Windows and the editor of one, whichever way it recurs, have no violations."""
    answer_checks(themed, check(1, "shop"))
    active = window("Move", id="now", active=True, active_until=ago(-600), next_start=None)
    answer_windows(themed, [window("Nights"), active, window("Old", id="o", enabled=False)])
    themed.goto("/ui/maintenance")
    expect(themed.get_by_role("region", name="Planned")).to_be_visible()
    assert violations(themed, axe) == []
    themed.goto(f"/ui/maintenance/{WINDOW}")
    themed.get_by_role("button", name=kind, exact=True).click()
    themed.get_by_role("button", name="Delete…").click()
    expect(themed.get_by_role("region", name="When it would be active")).to_be_visible()
    assert violations(themed, axe) == []


def test_status_pages_and_their_editor(themed: Page, axe: str) -> None:
    """The list of pages, and the editor with badges and subscribers, have no violations."""
    answer_checks(themed, check(1, "shop"), check(2, "db", team="data"))
    reader = {"id": "s1", "channel": "email", "to": "ada@example.org", "since": ago(7_200)}
    whole = status_page("acme", "Acme", domains=["status.example.org"], names={"db": "Orders"}, accent="#1f5fbf")
    answer_pages(themed, [whole, status_page("staff", "Staff", published=False)], [reader])
    themed.goto("/ui/status-pages")
    expect(themed.get_by_role("list", name="Status pages")).to_be_visible()
    assert violations(themed, axe) == []
    themed.goto("/ui/status-pages/acme")
    themed.get_by_label("Only with a password").check()
    expect(themed.get_by_text("ada@example.org")).to_be_visible()
    assert violations(themed, axe) == []


def test_an_unknown_host(themed: Page, axe: str) -> None:
    """The page of an unknown host has no violations."""
    themed.goto("/ui/hosts/no-such-host")
    expect(themed.get_by_role("heading", name="This host is not known")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_open_range_picker(themed: Page, axe: str) -> None:
    """The time range's menu has no violations."""
    themed.goto("/ui/alerts")
    themed.get_by_role("button", name="Time range").click()
    expect(themed.get_by_label("From", exact=True)).to_be_visible()
    assert violations(themed, axe) == []


def test_a_server_that_is_gone(themed: Page, axe: str) -> None:
    """The page that cannot reach its server has no violations."""
    themed.route("**/api/**", lambda route: route.abort())
    themed.goto("/ui/alerts")
    expect(themed.get_by_text("Server not reachable.")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_token_form(themed: Page, axe: str) -> None:
    """The form for a token has no violations."""
    answer = json.dumps(
        {"status": "error", "errorType": "unauthorized", "error": "A token is needed.", "code": "unauthenticated"}
    )
    themed.route("**/api/**", lambda route: route.fulfill(status=401, body=answer, content_type="application/json"))
    themed.goto("/ui/")
    expect(themed.get_by_label("Access token", exact=True)).to_be_visible()
    assert violations(themed, axe) == []


def test_explore_with_its_metrics(themed: Page, axe: str) -> None:
    """Explore with a chart, a table, a wrong query and the metric browser has no violations."""
    themed.goto("/ui/explore?q=node_cpu_seconds_total&q=rate%28node_load1%29&view=both&browse=node_cpu_seconds_total")
    expect(rows(themed, "Chart").first).to_be_visible()
    expect(themed.get_by_role("table", name="Results")).to_be_visible()
    expect(themed.get_by_text("query_malformed")).to_be_visible()
    expect(themed.get_by_role("complementary", name="Metrics").get_by_role("button", name="Rate it")).to_be_visible()
    assert violations(themed, axe) == []


def test_explore_before_its_first_question(themed: Page, axe: str) -> None:
    """Explore with its examples, completion open and the history open has no violations."""
    themed.goto("/ui/explore")
    field = themed.get_by_role("textbox", name="Query A in PromQL")
    expect(field).to_be_focused()
    themed.keyboard.type("node_load")
    expect(themed.get_by_role("option").first).to_be_visible()
    assert violations(themed, axe) == []
    themed.keyboard.press("Escape")
    themed.get_by_role("button", name="History").click()
    expect(themed.get_by_text("Queries you run are kept here")).to_be_visible()
    assert violations(themed, axe) == []


def test_explores_metrics_on_a_phone(themed: Page, axe: str) -> None:
    """The drawer of metrics on a phone has no violations."""
    themed.set_viewport_size({"width": 390, "height": 844})
    themed.goto("/ui/explore?browse=")
    expect(themed.get_by_role("dialog", name="Metrics").get_by_role("listitem").first).to_be_visible()
    assert violations(themed, axe) == []
