"""A server that is gone, and a door that is locked."""

import json
import re

from playwright.sync_api import Page, Route, expect
from tests.browser.panels import panel, rows


def test_what_was_read_stays_marked_and_the_page_heals(host_page: Page) -> None:
    """While the server is gone the figures stay with a mark that they are stale, and its return takes the mark away."""
    before = rows(host_page, "CPU by mode").count()
    host_page.route("**/api/**", lambda route: route.abort())
    mark = host_page.get_by_text("Server not reachable.")
    expect(mark).to_be_visible()
    expect(host_page.get_by_role("status").filter(has=mark)).to_contain_text(re.compile(r"stale, as of \d\d:\d\d:\d\d"))
    expect(host_page.get_by_text(re.compile("^Stale, updated"))).to_be_visible()
    assert rows(host_page, "CPU by mode").count() == before
    host_page.unroute("**/api/**")
    expect(mark).to_be_hidden()
    expect(host_page.get_by_text(re.compile("^Updated "))).to_be_visible()


def test_a_refused_query_marks_its_chart(host_page: Page) -> None:
    """A chart whose query is refused keeps its figures and says that they no longer move."""
    answer = json.dumps({"status": "error", "errorType": "execution", "error": "Too busy.", "code": "overloaded"})

    def refuse_cpu(route: Route) -> None:
        if "node_cpu_seconds_total" in route.request.url:
            route.fulfill(status=503, body=answer, content_type="application/json")
        else:
            route.fallback()

    host_page.route("**/api/v1/query_range*", refuse_cpu)
    box = panel(host_page, "CPU by mode")
    expect(box.get_by_text("Not updating")).to_be_visible()
    expect(box.get_by_role("button", name="user", exact=True)).to_be_visible()
    host_page.unroute("**/api/v1/query_range*")
    expect(box.get_by_text("Not updating")).to_be_hidden()


def test_without_the_socket_the_page_polls(page: Page) -> None:
    """Where the socket cannot open, a quiet line says so and figures still move."""
    page.route_web_socket(re.compile("/ws"), lambda socket: socket.close())
    page.goto("/ui/hosts")
    if page.locator("tbody th a").first.is_visible():
        page.locator("tbody th a").first.click()
    expect(page.get_by_text("Live updates interrupted, reconnecting.")).to_be_visible()
    legend = rows(page, "CPU by mode")
    expect(legend.first).to_contain_text(re.compile(r"\d"))
    expect(legend).not_to_have_text(legend.all_inner_texts())


def test_a_locked_server_asks_for_a_token(page: Page) -> None:
    """A 401 brings the form, a wrong token is refused in words, and the right one is sent and opens the page."""

    def guard(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer right":
            route.fallback()
            return
        answer = {
            "status": "error",
            "errorType": "unauthorized",
            "error": "A token is needed.",
            "code": "unauthenticated",
        }
        route.fulfill(status=401, body=json.dumps(answer), content_type="application/json")

    page.route("**/api/**", guard)
    page.goto("/ui/alerts")
    field = page.get_by_label("Access token", exact=True)
    field.fill("wrong")
    page.get_by_role("button", name="Open Sightline").click()
    expect(page.get_by_text("This token is not accepted (unauthenticated).")).to_be_visible()
    field.fill("right")
    field.press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Alerts")).first).to_be_visible()


def test_before_the_first_sample_the_page_waits(page: Page) -> None:
    """A server that has no host yet says what will be here and that it comes by itself."""
    nothing = json.dumps({"status": "success", "data": []})
    page.route("**/api/v1/label/**", lambda route: route.fulfill(body=nothing, content_type="application/json"))
    page.goto("/ui/hosts")
    expect(page.get_by_role("heading", name="Waiting for the first samples…")).to_be_visible()
    page.unroute("**/api/v1/label/**")
    expect(page.get_by_role("heading", name="Waiting for the first samples…")).to_be_hidden()
