"""Containers in a list and one by one; the answers are given here, the Engine itself is tests/e2e/test_containers.py's."""

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.answers import ago, answer, answer_containers, container, stopped
from tests.browser.panels import narrower_than_the_window, panel
from tests.browser.test_accessibility import axe, themed, violations
from tests.browser.test_alerts_page import FIRING, answer_alerts

__all__ = ["axe", "themed"]

LONG: Final = "with-a-name-that-nobody-would-type-twice-but-some-orchestrator-did"
SHOP: Final = [
    container("web-10", cpu_percent=5.0, labels={"team": "front"}),
    container("web-2", cpu_percent=50.0, health="healthy", restarts=3),
    container("sick", health="unhealthy", status="Up 3 hours (unhealthy)", memory_bytes=1 << 20),
    container("busy", cpu_percent=192.0, cpu_percent_of_limit=96.0, image="postgres:18", network_rx_bytes=1),
    stopped("failed", exit_code=137, finished_at=ago(300), status="Exited (137) 5 minutes ago"),
]


def names(page: Page) -> Locator:
    """The containers in sight, in their order."""
    return page.get_by_role("table", name="Containers").get_by_role("rowheader").get_by_role("link")


def row(page: Page, name: str) -> Locator:
    """One container's row."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


@pytest.fixture
def shop(page: Page) -> Page:
    """The list of a few containers, one of which is unwell and one above its threshold."""
    answer_containers(page, SHOP)
    page.goto("/ui/containers")
    expect(names(page).first).to_be_visible()
    return page


def test_trouble_stands_first(shop: Page) -> None:
    """The unhealthy container comes first, then the one above its threshold, then the others by name; stopped ones not at all."""
    expect(names(shop)).to_have_text(["sick", "busy", "web-2", "web-10"])


def test_a_row_tells_how_a_container_is_doing(shop: Page) -> None:
    """State and health as a word, CPU and memory with their limits, restarts, and since when."""
    for text in ("nginx:1.27", "Healthy", "50.0 %", "of 200 %", "64.0 MiB", "of 256 MiB"):
        expect(row(shop, "web-2")).to_contain_text(text)
    expect(row(shop, "web-2")).to_contain_text(re.compile(r"3 h( \d+ min)? ago"))
    expect(row(shop, "web-2").get_by_role("cell").nth(4)).to_have_text("3")
    expect(row(shop, "sick")).to_contain_text("Unhealthy")
    expect(row(shop, "busy")).to_contain_text("Above 90 %")


def test_columns_sort_and_the_order_is_in_the_address(shop: Page) -> None:
    """A column's head sorts by it, largest first, and a reload shows the same order."""
    shop.get_by_role("button", name="CPU").click()
    expect(names(shop)).to_have_text(["busy", "web-2", "sick", "web-10"])
    expect(shop).to_have_url(re.compile(r"[?&]sort=cpu"))
    expect(shop.get_by_role("columnheader", name="CPU")).to_have_attribute("aria-sort", "descending")
    shop.reload()
    expect(names(shop)).to_have_text(["busy", "web-2", "sick", "web-10"])
    shop.get_by_role("button", name="Container", exact=True).click()
    expect(names(shop)).to_have_text(["busy", "sick", "web-2", "web-10"])


def test_search_finds_by_image_and_label(shop: Page) -> None:
    """Typing narrows the list by name, image and labels, and says when nothing is left."""
    field = shop.get_by_label("Find a container")
    field.fill("postgres")
    expect(names(shop)).to_have_text(["busy"])
    field.fill("team=front")
    expect(names(shop)).to_have_text(["web-10"])
    expect(shop).to_have_url(re.compile(r"[?&]find=team%3Dfront"))
    field.fill("nothing like it")
    expect(shop.get_by_role("heading", name="No container matches")).to_be_visible()


def test_stopped_ones_on_demand(shop: Page) -> None:
    """Stopped containers are shown when asked for, with their exit code and without figures."""
    shop.get_by_label("Stopped ones too").check()
    expect(row(shop, "failed")).to_contain_text("Exited (137)")
    expect(row(shop, "failed")).not_to_contain_text("MiB")
    expect(shop).to_have_url(re.compile(r"[?&]stopped=1"))


def test_without_containers_the_page_says_where_they_come_from(page: Page) -> None:
    """An empty list names the setting for another socket."""
    answer_containers(page, [])
    page.goto("/ui/containers")
    expect(page.get_by_role("heading", name="No containers run")).to_be_visible()
    expect(page.get_by_text("containers.host")).to_be_visible()


def test_an_engine_that_says_no_is_quoted(page: Page) -> None:
    """When the engine cannot be used, its reason and the way out are shown with the stable code."""
    problem = "permission denied on /var/run/docker.sock: add the user to the group docker"
    refusal = {"status": "error", "errorType": "unavailable", "error": problem, "code": "unavailable"}
    answer(page, "**/api/containers*", refusal, status=503)
    page.goto("/ui/containers")
    expect(page.get_by_role("heading", name="The container engine does not answer")).to_be_visible()
    expect(page.get_by_text(problem)).to_be_visible()
    expect(page.get_by_text("unavailable", exact=True)).to_be_visible()


def test_a_containers_past_is_shown_while_the_engine_is_away(page: Page) -> None:
    """The engine's words stand in place of what it would say, above the charts of what is stored."""
    problem = "the container engine at /var/run/docker.sock cannot be reached: is it running?"
    refusal = {"status": "error", "errorType": "unavailable", "error": problem, "code": "unavailable"}
    answer(page, "**/api/containers*", refusal, status=503)
    page.goto("/ui/containers/busy")
    expect(page.get_by_role("heading", name="busy", exact=True)).to_be_visible()
    expect(page.get_by_text(problem)).to_be_visible()
    expect(panel(page, "Memory")).to_be_visible()


def alert_of(one: dict[str, Any]) -> dict[str, Any]:
    """A firing alert about a container."""
    labels = {"alertname": "HighContainerCpu", "severity": "critical", "instance": "harbour", "id": one["id"]}
    summary = {"summary": f"CPU of {one['name']} 96.0 % of its limit"}
    return {**FIRING, "labels": {**labels, "name": one["name"]}, "annotations": summary}


def test_a_containers_page_has_its_alerts_and_charts(page: Page) -> None:
    """From the list to a container: what it is, what is wrong with it, its thresholds and its charts."""
    busy = SHOP[3]
    answer_containers(page, SHOP)
    answer_alerts(page, [alert_of(busy), FIRING])
    page.goto("/ui/containers")
    names(page).get_by_text("busy", exact=True).click()
    expect(page).to_have_url(re.compile(r"/ui/containers/busy$"))
    expect(page.get_by_role("heading", name="busy", exact=True)).to_be_visible()
    for text in ("postgres:18", busy["id"][:12], "2.00 CPUs", "256 MiB memory", "CPU above 90 %, memory above 85 %"):
        expect(page.get_by_role("main")).to_contain_text(text)
    alerts = page.get_by_role("list", name="Alerts of this container").get_by_role("listitem")
    expect(alerts).to_have_count(1)
    expect(alerts).to_contain_text("CPU of busy 96.0 % of its limit")
    for title in ("CPU", "Memory", "Network", "Disk traffic", "Held back by the CPU limit", "Restarts"):
        expect(panel(page, title)).to_be_visible()


def test_a_container_without_a_network_of_its_own_says_so(page: Page) -> None:
    """Where there is no network to measure, its page says so in place of an empty chart."""
    answer_containers(page, SHOP)
    page.goto("/ui/containers/web-2")
    expect(page.get_by_text("no network of its own", exact=True)).to_be_visible()
    expect(panel(page, "Memory")).to_be_visible()
    expect(panel(page, "Network")).to_have_count(0)


def test_an_alert_leads_to_its_container(page: Page) -> None:
    """An alert about a container links to that container's page."""
    answer_containers(page, SHOP)
    answer_alerts(page, [alert_of(SHOP[3])])
    page.goto("/ui/alerts")
    page.get_by_role("list", name="Alerts").get_by_role("link", name="busy", exact=True).click()
    expect(page).to_have_url(re.compile(r"/ui/containers/busy$"))


def test_a_container_that_is_gone_still_has_its_past(page: Page) -> None:
    """The page of a container that no longer exists says so and still offers its charts."""
    answer_containers(page, SHOP)
    page.goto("/ui/containers/removed")
    expect(page.get_by_text("Gone", exact=True)).to_be_visible()
    expect(panel(page, "CPU")).to_contain_text("No samples of this container in this time range.")
    page.get_by_role("main").get_by_role("link", name="All containers").click()
    expect(names(page).first).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_containers_fit(page: Page, width: int) -> None:
    """Five hundred containers with very long names fit the window's width, and so does the page of one."""
    answer_containers(page, [container(f"{LONG}-{i}", image=f"registry.example.org/{LONG}:1") for i in range(500)])
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/ui/containers?stopped=1")
    expect(names(page)).to_have_count(500)
    assert narrower_than_the_window(page)
    page.goto(f"/ui/containers/{LONG}-7")
    expect(page.get_by_role("heading", name=f"{LONG}-7")).to_be_visible()
    assert narrower_than_the_window(page)


def test_containers_are_accessible(themed: Page, axe: str) -> None:
    """The list with stopped containers, and the page of one with an alert, have no violations."""
    answer_containers(themed, SHOP)
    answer_alerts(themed, [alert_of(SHOP[3])])
    themed.goto("/ui/containers?stopped=1")
    expect(row(themed, "failed")).to_be_visible()
    assert violations(themed, axe) == []
    themed.goto("/ui/containers/busy")
    expect(themed.get_by_role("list", name="Alerts of this container")).to_be_visible()
    expect(panel(themed, "Restarts")).to_contain_text("No samples")
    assert violations(themed, axe) == []
