"""The first page: whether something is wrong, where, and since when."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.answers import (
    ago,
    answer,
    answer_containers,
    answer_query,
    answer_servers,
    answer_targets,
    container,
    server,
    stopped,
    target,
)
from tests.browser.panels import narrower_than_the_window, panel, rows
from tests.browser.test_accessibility import axe, themed, violations
from tests.browser.test_alerts_page import FIRING, RULE, answer_alerts, answer_rules
from tests.browser.test_checks import shown
from tests.browser.uptime import answer_checks

__all__ = ["axe", "themed"]


def quiet(page: Page) -> None:
    """Let all be well: nothing fires, nothing is down, no disk is full."""
    answer_alerts(page, [])
    answer_rules(page, [RULE])
    answer_containers(page, [container("web-1")])
    answer_checks(page, shown(1, "shop"))
    answer_servers(page, [server("db-1", 5)])
    answer_targets(page, [target("node", "192.0.2.1:9100")])
    answer_query(page, "filesystem", [])


def wrong(page: Page) -> Locator:
    """The lines of what is wrong."""
    return page.get_by_role("list", name="What is wrong").get_by_role("listitem")


def test_the_entry_page_is_the_overview(page: Page) -> None:
    """The root leads to the overview, which shows live CPU, memory, disk and network of the only host."""
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/ui/overview$"))
    for name in ("CPU", "Memory", "Disk space", "Network"):
        expect(page.get_by_role("group", name=name, exact=True)).to_contain_text(re.compile(r"\d"))
    for name in ("CPU by mode", "Memory", "Network traffic", "Disk traffic"):
        expect(panel(page, name)).to_contain_text(re.compile(r"\d (%|[KMGT]?i?B)|two reports"))


def test_the_overviews_figures_move(page: Page) -> None:
    """The figures of the only host's CPU change by themselves."""
    page.goto("/ui/overview")
    legend = rows(page, "CPU by mode")
    expect(legend.first).to_contain_text(re.compile(r"\d"))
    expect(legend).not_to_have_text(legend.all_inner_texts())


def test_calm_is_said_with_what_is_watched(page: Page) -> None:
    """When all is well the headline says so, and the line below what that rests on."""
    quiet(page)
    page.goto("/ui/overview")
    expect(page.get_by_role("heading", name="Nothing is wrong", exact=True)).to_be_visible()
    expect(
        page.get_by_text(re.compile("Watching .*1 container, 1 check, 1 target, 1 server and 1 rule"))
    ).to_be_visible()
    expect(wrong(page)).to_have_count(0)


def test_what_is_wrong_stands_first_with_where_and_since_when(page: Page) -> None:
    """Alerts, checks, targets, containers and servers in trouble are lines of one list, the worst first, each with its page."""
    quiet(page)
    down = {**FIRING, "labels": {"alertname": "CheckDown", "check": "pay", "severity": "critical"}}
    answer_alerts(page, [{**FIRING, "activeAt": ago(65)}, {**down, "activeAt": ago(120)}])
    answer_checks(page, shown(1, "shop"), shown(2, "pay", "down"))
    answer_targets(page, [target("node", "192.0.2.1:9100", "the connection was refused"), target("node", "up:9100")])
    answer_containers(page, [container("web-1"), container("sick", health="unhealthy", status="Up (unhealthy)")])
    answer_servers(page, [server("db-1", 600), server("db-2", 5)])
    page.goto("/ui/overview")
    expect(page.get_by_role("heading", name="4 things are wrong")).to_be_visible()
    expect(wrong(page)).to_have_count(5)
    expect(wrong(page)).to_contain_text(["pay", "harbour", "192.0.2.1:9100", "sick", "db-1"])
    expect(wrong(page)).to_contain_text(["Down", "Firing", "Down", "Unhealthy", "Silent"])
    expect(wrong(page).nth(0)).to_contain_text(
        "Check of https://2.example.com/health: 127.0.0.1:81 refuses the connection"
    )
    expect(wrong(page).nth(1)).to_contain_text(
        re.compile(r"HighCpuUsage: CPU use of harbour is above 90 %for 1 min \d+ s")
    )
    expect(wrong(page).nth(2)).to_contain_text("Target of node: the connection was refused")
    expect(wrong(page).nth(4)).to_contain_text(re.compile("for 10 min"))
    addresses = [line.get_by_role("link").get_attribute("href") for line in wrong(page).all()]
    assert addresses == ["/ui/checks/2", "/ui/hosts/harbour", "/ui/targets", "/ui/containers/sick", "/ui/servers/db-1"]


def test_a_target_tells_since_when_it_is_down(page: Page) -> None:
    """The moment at which a target that is down last answered is asked for."""
    quiet(page)
    answer_targets(page, [target("node", "a:9100", "the connection was refused")])
    from_now = page.evaluate("Date.now() / 1000") - 180
    answer_query(page, "max_over_time", [({"job": "node", "instance": "a:9100"}, from_now)])
    page.goto("/ui/overview")
    expect(wrong(page)).to_contain_text(re.compile("for 3 min"))


def test_many_of_a_kind_are_one_line(page: Page) -> None:
    """A rack that went dark is one thing, not forty."""
    quiet(page)
    answer_targets(page, [target("node", f"192.0.2.{i}:9100", "no answer within 10 s") for i in range(1, 41)])
    page.goto("/ui/overview")
    expect(page.get_by_role("heading", name="1 thing is wrong")).to_be_visible()
    expect(wrong(page)).to_contain_text(["40 targets"])
    expect(wrong(page)).to_contain_text(["and 37 more"])


def test_a_failed_container_is_news_for_an_hour(page: Page) -> None:
    """A container that exited with an error lately is listed; one that did long ago, or ended well, is not."""
    quiet(page)
    ended = [
        stopped("fresh", exit_code=137, finished_at=ago(120), status="Exited (137) 2 minutes ago"),
        stopped("old", exit_code=1, finished_at=ago(7_200), status="Exited (1) 2 hours ago"),
        stopped("done", finished_at=ago(60), status="Exited (0) 1 minute ago"),
    ]
    answer_containers(page, [container("web-1"), *ended])
    page.goto("/ui/overview")
    expect(page.get_by_role("heading", name="1 thing to look at")).to_be_visible()
    expect(wrong(page)).to_contain_text(["fresh"])


def test_what_cannot_be_read_is_no_reason_for_calm(page: Page) -> None:
    """When the alerts cannot be read, the page says so in place of saying that nothing is wrong, and shows the rest."""
    quiet(page)
    refusal = {"status": "error", "errorType": "internal", "error": "The catalog is locked.", "code": "catalog_locked"}
    answer(page, "**/api/v1/alerts*", refusal, status=503)
    page.goto("/ui/overview")
    expect(page.get_by_role("heading", name="Not everything can be checked")).to_be_visible()
    expect(page.get_by_text("Cannot be read: alerts", exact=True)).to_be_visible()
    expect(panel(page, "Scrape targets")).to_contain_text("1 of 1 up")


def test_several_hosts_are_rows(page: Page) -> None:
    """With more hosts than one each is a row that leads to its page, and one that stopped reporting is wrong."""
    quiet(page)
    now = page.evaluate("Date.now() / 1000")
    answer(page, "**/api/v1/label/instance/values*", {"status": "success", "data": ["harbour", "quay"]})
    answer_query(page, "query=node_time_seconds", [({"instance": "harbour"}, now)])
    answer_query(page, "max_over_time", [({"instance": "quay"}, now - 240)])
    page.goto("/ui/overview")
    table = page.get_by_role("table", name="Hosts")
    expect(table.get_by_role("rowheader")).to_contain_text(["quay", "harbour"])
    expect(table.get_by_role("rowheader")).to_contain_text(["Silent", re.compile("ago|now")])
    expect(wrong(page)).to_contain_text(["quay"])
    expect(wrong(page)).to_contain_text([re.compile("Silent.*for 4 min")])
    table.get_by_role("link", name="quay").click()
    expect(page).to_have_url(re.compile(r"/ui/hosts/quay$"))


def test_the_cards_count_and_lead_on(page: Page) -> None:
    """Containers by use, checks by state, targets by job and servers by their last report are counted, with their pages."""
    quiet(page)
    answer_containers(
        page, [container("small", cpu_percent=1.0), container("large", cpu_percent=180.0), stopped("gone")]
    )
    answer_servers(page, [server("db-1", 600), server("db-2", 5), server("new", None)])
    well = [shown(number, f"shop {number}") for number in range(3, 11)]
    answer_checks(page, *well, shown(1, "door", "paused", enabled=False), shown(2, "pay", "down"))
    page.goto("/ui/overview")
    containers = panel(page, "Containers")
    expect(containers).to_contain_text("2 running")
    expect(containers).to_contain_text("1 stopped")
    expect(containers.get_by_role("list", name="Most CPU").get_by_role("link")).to_have_text(["large", "small"])
    checks = panel(page, "Checks")
    expect(checks).to_contain_text("8 of 10 up1 down1 paused")
    names = ["pay", "door", *(f"shop {number}" for number in range(3, 9))]
    expect(checks.get_by_role("list", name="Checks").get_by_role("link")).to_have_text(names)
    expect(checks).to_contain_text("and 2 more")
    expect(panel(page, "Servers over REST")).to_contain_text("1 of 3 reporting")
    expect(panel(page, "Servers over REST").get_by_role("listitem")).to_contain_text(["db-1", "new", "db-2"])
    expect(panel(page, "Scrape targets").get_by_role("listitem")).to_have_text(["node1 of 1"])
    containers.get_by_role("link", name="large").first.click()
    expect(page).to_have_url(re.compile(r"/ui/containers/large$"))


def test_what_is_not_there_yet_says_how_it_comes(page: Page) -> None:
    """Without containers, checks, targets and servers the cards say what would be there and lead to how."""
    quiet(page)
    answer_containers(page, [])
    answer_checks(page)
    answer_targets(page, [])
    answer_servers(page, [])
    page.goto("/ui/overview")
    expect(panel(page, "Containers")).to_contain_text("appear by themselves")
    expect(panel(page, "Checks").get_by_role("link", name="How to watch a first address")).to_be_visible()
    expect(panel(page, "Servers over REST").get_by_role("link", name="How to send a first report")).to_be_visible()
    panel(page, "Scrape targets").get_by_role("link", name="How to add a first one").click()
    expect(page.get_by_role("heading", name="Nothing is scraped yet")).to_be_visible()


def test_what_was_read_stays_when_the_server_goes(page: Page) -> None:
    """While the server is gone what was wrong stays in sight, under the line that says that it is stale."""
    quiet(page)
    answer_alerts(page, [FIRING])
    page.goto("/ui/overview")
    expect(wrong(page)).to_have_count(1)
    page.route("**/api/**", lambda route: route.abort())
    expect(page.get_by_text("Server not reachable.")).to_be_visible()
    expect(wrong(page)).to_have_count(1)
    expect(page.get_by_role("heading", name="1 thing is wrong")).to_be_visible()


def test_pages_move_without_a_host(page: Page) -> None:
    """Where no host reports, and the socket so says nothing, what a page shows is read again all the same."""
    page.clock.install()
    page.route_web_socket(re.compile("/ws"), lambda _: None)
    page.goto("/ui/overview")
    expect(page.get_by_role("button", name="Live, hold still")).to_be_visible()
    expect(page.get_by_role("group", name="CPU", exact=True)).to_contain_text(re.compile(r"\d %"))
    with page.expect_request(re.compile("/api/v1/query_range")):
        page.clock.run_for(16_000)


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_the_overview_fits(page: Page, width: int) -> None:
    """With trouble and long names the overview fits the window's width."""
    quiet(page)
    long = "with-a-name-that-nobody-would-type-twice-but-some-orchestrator-did"
    answer_containers(page, [container(f"web-{long}", health="unhealthy", image=f"registry.example.org/{long}:latest")])
    answer_targets(page, [target(long, f"{long}.example.org:9100", f"{long} did not answer")])
    answer_servers(page, [server(f"{long}.example.org", 900)])
    answer_checks(page, shown(1, long, "down", url=f"https://{long}.example.org/{long}"))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/ui/overview")
    expect(wrong(page)).to_have_count(4)
    assert narrower_than_the_window(page)


def test_a_phone_shows_where_one_is(page: Page) -> None:
    """The bar of a phone scrolls to the section that is open."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/ui/dashboards")
    current = page.get_by_role("navigation", name="Main").get_by_role("link", name="Dashboards")
    expect(current).to_have_attribute("aria-current", "page")
    expect(current).to_be_in_viewport(ratio=0.99)


def test_the_overview_is_accessible(themed: Page, axe: str) -> None:
    """The overview with trouble of every kind has no violations."""
    quiet(themed)
    answer_alerts(themed, [FIRING, {**FIRING, "state": "pending"}])
    answer_containers(themed, [container("web-1"), container("busy", cpu_percent_of_limit=96.0)])
    answer_servers(themed, [server("db-1", 600), server("new", None)])
    answer_targets(themed, [target("node", "a:9100", "the connection was refused")])
    states = ("down", "degraded", "unreachable", "unknown", "paused", "maintenance", "up")
    answer_checks(themed, *(shown(number, f"shop {number}", state) for number, state in enumerate(states)))
    themed.goto("/ui/overview")
    expect(wrong(themed)).to_have_count(6)
    expect(rows(themed, "CPU by mode").first).to_be_visible()
    assert violations(themed, axe) == []


def test_the_rows_of_hosts_are_accessible(themed: Page, axe: str) -> None:
    """The overview with several hosts, before they have samples, has no violations."""
    quiet(themed)
    answer(themed, "**/api/v1/label/instance/values*", {"status": "success", "data": ["harbour", "quay"]})
    themed.goto("/ui/overview")
    expect(themed.get_by_role("table", name="Hosts")).to_be_visible()
    assert violations(themed, axe) == []
