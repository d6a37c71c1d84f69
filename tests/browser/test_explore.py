"""Explore: any question of the metrics, as a person would ask it."""

import json
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from tests.browser.panels import narrower_than_the_window, panel, rows

CPU: Final = 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))'
MANY: Final = 10_000


def explore(page: Page, *queries: str, **options: str) -> None:
    """Open the page with these queries in its address."""
    text = urlencode([*(("q", query) for query in queries), *options.items()])
    page.goto(f"/ui/explore?{text}" if text else "/ui/explore")


def editor(page: Page, letter: str = "A") -> Locator:
    """The field of a query."""
    return page.get_by_role("textbox", name=f"Query {letter} in PromQL")


def row(page: Page, letter: str) -> Locator:
    """A query with its buttons and what is told of it."""
    return page.get_by_role("listitem", name=f"Query {letter}", exact=True)


def write(page: Page, text: str, letter: str = "A") -> None:
    """Replace a query's text, without running it."""
    editor(page, letter).click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def expect_asked(page: Page, *queries: str) -> None:
    """The queries stand in the address, in this order and first of all."""
    expect(page).to_have_url(
        re.compile(r"\?" + re.escape(urlencode([("q", query) for query in queries])) + r"(?!&q=)(&|$)")
    )


def answer(page: Page, path: str, data: Any, **more: Any) -> None:
    """Let the page see this in place of the server's answer."""
    body = json.dumps({"status": "success", "data": data, **more})
    page.route(f"**/api/v1/{path}", lambda route: route.fulfill(body=body, content_type="application/json"))


def vector(count: int) -> dict[str, Any]:
    """An instant answer of so many series."""
    result = [
        {"metric": {"__name__": "made_up", "instance": f"host-{i}", "job": "fleet"}, "value": [1_700_000_000, str(i)]}
        for i in range(count)
    ]
    return {"resultType": "vector", "result": result}


def test_a_metric_is_completed_run_and_drawn(page: Page) -> None:
    """Typing offers the metrics there are, Enter takes one, and Enter again draws it and puts it into the address."""
    explore(page)
    expect(editor(page)).to_be_focused()
    page.keyboard.type("node_loa")
    offered = page.get_by_role("option", name=re.compile("node_load15"))
    expect(offered).to_be_visible()
    page.keyboard.type("d15")
    expect(page.get_by_role("option", name=re.compile("node_load5"))).to_have_count(0)
    offered.click()
    page.keyboard.press("Enter")
    expect(panel(page, "Chart").get_by_role("button", name="node_load15")).to_be_visible()
    expect_asked(page, "node_load15")
    expect(row(page, "A")).to_contain_text(re.compile(r"1 series · [\d,]+ samples? · "))


def test_label_values_are_completed_where_they_belong(page: Page) -> None:
    """Inside the braces of a metric its labels are offered, and their values after the sign."""
    explore(page)
    expect(editor(page)).to_be_focused()
    page.keyboard.type("node_cpu_seconds_total{mo")
    page.get_by_role("option", name="mode", exact=True).click()
    page.keyboard.type('="io')
    expect(page.get_by_role("option", name="iowait")).to_be_visible()


def test_a_shared_address_shows_the_same(page: Page, context: BrowserContext) -> None:
    """Queries, legend, unit, stacking, step, view and range come back from the address alone, in another window too."""
    explore(
        page, CPU, "node_load1", legend="mode {{mode}}", unit="percent", stack="1", step="30s", view="both", range="1h"
    )
    expect(rows(page, "Chart").filter(has_text="mode user")).to_be_visible()
    other = context.new_page()
    other.goto(page.url)
    expect(editor(other)).to_have_text(CPU)
    expect(editor(other, "B")).to_have_text("node_load1")
    expect(rows(other, "Chart").filter(has_text="mode user")).to_be_visible()
    expect(panel(other, "Chart")).to_contain_text("a point every 30s")
    expect(other.get_by_label("Unit")).to_have_value("percent")
    expect(other.get_by_label("Stacked")).to_be_checked()
    expect(other.get_by_role("button", name="Both")).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_role("button", name="Time range: Last hour")).to_be_visible()
    other.close()


def test_back_returns_to_the_query_before(page: Page) -> None:
    """Every run is a step in the browser's history."""
    explore(page, "node_load1")
    write(page, "node_load5")
    expect(row(page, "A")).to_contain_text("Changed. Enter runs it.")
    page.keyboard.press("Control+Enter")
    expect(panel(page, "Chart").get_by_role("button", name="node_load5")).to_be_visible()
    page.go_back()
    expect(editor(page)).to_have_text("node_load1")
    expect(panel(page, "Chart").get_by_role("button", name="node_load1")).to_be_visible()


def test_shift_enter_writes_a_new_line(page: Page) -> None:
    """A long query may stand on several lines, and runs as one."""
    explore(page)
    expect(editor(page)).to_be_focused()
    page.keyboard.insert_text("node_load1")
    page.keyboard.press("Shift+Enter")
    page.keyboard.insert_text("+ 0")
    page.keyboard.press("Enter")
    expect(row(page, "A")).to_contain_text("1 series")
    expect_asked(page, "node_load1\n+ 0")


def test_a_wrong_query_is_told_and_leaves_the_others_alone(page: Page) -> None:
    """The server's message stands under its editor with place and code, while another query is drawn."""
    explore(page, "rate(node_load1)", "node_load5")
    wrong = row(page, "A").get_by_role("alert")
    expect(wrong).to_contain_text("Expected type range vector")
    expect(wrong).to_contain_text("query_malformed")
    expect(panel(page, "Chart").get_by_role("button", name="node_load5")).to_be_visible()
    expect(row(page, "B").get_by_role("alert")).to_have_count(0)
    wrong.get_by_role("button", name="Column 6").click()
    expect(editor(page)).to_be_focused()


def test_queries_are_added_hidden_and_removed(page: Page) -> None:
    """Each query can be doubled, hidden and taken away, all of it in the address."""
    explore(page, "node_load1")
    page.get_by_role("button", name="Duplicate query A").click()
    expect(editor(page, "B")).to_have_text("node_load1")
    write(page, "node_load15", "B")
    page.keyboard.press("Enter")
    expect(rows(page, "Chart")).to_have_count(2)
    page.get_by_role("button", name="Hide query A").click()
    expect(rows(page, "Chart")).to_have_count(1)
    expect(row(page, "A")).to_contain_text("Hidden, not asked.")
    expect(page).to_have_url(re.compile(r"[?&]hide=1\b"))
    page.get_by_role("button", name="Remove query A").click()
    expect(editor(page)).to_have_text("node_load15")
    expect(editor(page, "B")).to_have_count(0)
    expect_asked(page, "node_load15")


def test_dragging_zooms_and_a_double_click_goes_back(page: Page) -> None:
    """The chart zooms the page's time range as those of a host do, and keeps the queries."""
    explore(page, "node_load1")
    chart = panel(page, "Chart")
    expect(chart.get_by_role("button", name="node_load1")).to_be_visible()
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.99, middle, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]q=node_load1&from=\d+&to=\d+"))
    expect(chart.locator("[data-outdated]")).to_have_count(0)
    page.mouse.dblclick(box["x"] + box["width"] / 2, middle)
    expect(page).to_have_url(re.compile(r"/ui/explore\?q=node_load1$"))


def test_a_table_sorts_filters_and_is_copied(page: Page, context: BrowserContext) -> None:
    """The table shows what differs, sorts by a column, filters by words and copies what is in sight."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    explore(page, "node_cpu_seconds_total", view="table")
    table = page.get_by_role("table", name="Results")
    expect(table.get_by_role("columnheader", name="mode")).to_be_visible()
    expect(panel(page, "Table")).to_contain_text("All have node_cpu_seconds_total{")
    page.get_by_label("Filter rows").fill("mode=i")
    table.get_by_role("button", name="mode").click()
    expect(table.get_by_role("columnheader", name="mode")).to_have_attribute("aria-sort", "ascending")
    expect(table.get_by_role("row").nth(1)).to_contain_text("idle")
    page.get_by_role("button", name="Copy CSV").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("__name__,cpu,instance,job,mode,time,value\r\n")
    assert ",user," not in copied


def test_ten_thousand_rows_stay_light(page: Page) -> None:
    """Of ten thousand rows only those in sight exist, and the last can be scrolled to."""
    answer(page, "query?*", vector(MANY))
    explore(page, "made_up", view="table")
    expect(panel(page, "Table")).to_contain_text("10,000 rows")
    table = page.get_by_role("table", name="Results")
    assert table.get_by_role("row").count() < 60
    table.evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(table.get_by_role("cell", name=f"host-{MANY - 1}")).to_be_visible()
    expect(row(page, "A")).to_contain_text("Too many series to read.")


def test_one_row_is_one_row(page: Page) -> None:
    """A single row is counted in the singular."""
    answer(page, "query?*", vector(1))
    explore(page, "made_up", view="table")
    expect(panel(page, "Table").get_by_text("1 row", exact=True)).to_be_visible()


def test_a_scalar_and_a_string_are_shown_as_they_are(page: Page) -> None:
    """What has no labels needs no table."""
    explore(page, "2 * 21", view="table")
    expect(panel(page, "Table")).to_contain_text("42")
    explore(page, '"as it is"', view="table")
    expect(panel(page, "Table")).to_contain_text("as it is")


def test_a_range_of_samples_is_offered_as_a_table(page: Page) -> None:
    """A range vector cannot be drawn: the page says so and shows its samples instead."""
    explore(page, "node_load1[1m]")
    row(page, "A").get_by_role("button", name="Show it as a table").click()
    table = page.get_by_role("table", name="Results")
    expect(table.get_by_role("columnheader", name="Time")).to_be_visible()
    expect(table.get_by_role("row").nth(1)).to_be_visible()


def test_the_servers_remarks_are_shown(page: Page) -> None:
    """Warnings and infos of an answer stand under its query."""
    remarks = {"warnings": ["half of it is missing"], "infos": ["might not be a counter"]}
    answer(page, "query?*", vector(2), **remarks)
    explore(page, "made_up", view="table")
    expect(row(page, "A")).to_contain_text("Warning: half of it is missing")
    expect(row(page, "A")).to_contain_text("Note: might not be a counter")


def test_a_metric_is_found_narrowed_and_rated(page: Page) -> None:
    """The metric browser finds by parts of a name, shows labels with counts, and asks for the rate of what was picked."""
    explore(page)
    page.get_by_role("button", name="Metrics", exact=True).click()
    browser = page.get_by_role("complementary", name="Metrics")
    browser.get_by_label("Search metrics").fill("cpu seconds")
    browser.get_by_role("button", name="node_cpu_seconds_total").click()
    expect(page).to_have_url(re.compile(r"browse=node_cpu_seconds_total"))
    expect(browser).to_contain_text("counter")
    browser.get_by_role("button", name=re.compile("^user")).click()
    browser.get_by_role("button", name="Rate it").click()
    expect(editor(page)).to_have_text('rate(node_cpu_seconds_total{mode="user"}[1m])')
    expect(rows(page, "Chart").first).to_be_visible()
    page.go_back()
    page.go_back()
    expect(browser.get_by_label("Search metrics")).to_be_visible()
    browser.get_by_role("button", name="Close metrics").click()
    expect(browser).to_have_count(0)


def test_on_a_phone_the_metrics_are_a_drawer(page: Page) -> None:
    """Where there is no room beside the queries, picking a metric closes the drawer over them."""
    page.set_viewport_size({"width": 390, "height": 844})
    explore(page)
    page.get_by_role("button", name="Metrics", exact=True).click()
    drawer = page.get_by_role("dialog", name="Metrics")
    drawer.get_by_label("Search metrics").fill("load15")
    drawer.get_by_role("button", name="node_load15").click()
    drawer.get_by_role("button", name="Run", exact=True).click()
    expect(drawer).to_have_count(0)
    expect(panel(page, "Chart").get_by_role("button", name="node_load15")).to_be_visible()
    assert narrower_than_the_window(page)


def test_history_and_stars_are_kept(page: Page) -> None:
    """What was run is found again after a reload, and a star keeps a query above the rest."""
    explore(page, "node_load1")
    page.get_by_role("button", name="Star query A").click()
    write(page, "node_load5")
    page.keyboard.press("Enter")
    expect(panel(page, "Chart").get_by_role("button", name="node_load5")).to_be_visible()
    page.goto("/ui/explore")
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("region", name="Starred")).to_contain_text("node_load1")
    page.get_by_role("region", name="Recent").get_by_role("button", name=re.compile("^node_load5")).click()
    expect(editor(page)).to_have_text("node_load5")


def test_an_example_answers_on_a_fresh_install(page: Page) -> None:
    """The empty page offers questions that this host's own metrics answer."""
    explore(page)
    page.get_by_role("button", name=re.compile("^Where the CPU's time goes")).click()
    expect(panel(page, "Chart").get_by_role("button", name="user", exact=True)).to_be_visible()
    expect(page.get_by_label("Stacked")).to_be_checked()


def test_nothing_found_says_so(page: Page) -> None:
    """A query that matches nothing is no error, and the page says what to do."""
    explore(page, "no_such_metric")
    expect(panel(page, "Chart")).to_contain_text("No series match in this time range.")


def test_a_lost_server_keeps_what_was_found(page: Page) -> None:
    """When the server goes, the chart stays, the notice tells, and a new query says why it has no answer."""
    explore(page, "node_load1")
    expect(panel(page, "Chart").get_by_role("button", name="node_load1")).to_be_visible()
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Server not reachable.")).to_be_visible()
    expect(panel(page, "Chart").get_by_role("button", name="node_load1")).to_be_visible()
    write(page, "node_load5")
    page.keyboard.press("Enter")
    expect(panel(page, "Chart")).to_contain_text("server_unreachable")


def test_without_its_chunk_the_editor_is_plain_text(page: Page) -> None:
    """When the editor cannot be loaded, a query can still be typed and run."""

    def refuse(route: Route) -> None:
        route.abort()

    page.route(re.compile(r"/assets/CodeMirrorEditor-.*\.js"), refuse)
    explore(page)
    editor(page).fill("node_load1")
    editor(page).press("Enter")
    expect(panel(page, "Chart").get_by_role("button", name="node_load1")).to_be_visible()


def test_what_is_typed_before_the_editor_is_there_is_kept(page: Page) -> None:
    """On a slow line the field takes letters at once, and the editor goes on from the caret when it comes."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/CodeMirrorEditor-*.js", hold)
    explore(page)
    expect(editor(page)).to_be_focused()
    page.keyboard.type("node_load")
    page.keyboard.press("Home")
    page.keyboard.type("sum(")
    expect(editor(page)).to_have_js_property("value", "sum(node_load")
    held[0].continue_()
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.type("1 + ")
    expect(editor(page)).to_have_text("sum(1 + node_load")


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_it_fits_every_screen(page: Page, width: int) -> None:
    """Nothing sticks out to the side, with long names and both views."""
    page.set_viewport_size({"width": width, "height": 900})
    explore(page, '{__name__=~"node_.+"}', CPU, view="both")
    expect(rows(page, "Chart").first).to_be_visible()
    expect(panel(page, "Table")).to_contain_text("rows")
    assert narrower_than_the_window(page)


def test_other_pages_do_not_load_the_editor(page: Page) -> None:
    """The editor is a chunk of its own that only a page with a query fetches."""
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(Path(urlsplit(request.url).path).name))
    page.goto("/ui/alerts")
    expect(page.get_by_role("link", name="See the rules")).to_be_visible()
    assert not [name for name in loaded if name.startswith(("CodeMirrorEditor", "ExplorePage"))]


def test_the_server_objects_while_one_types(page: Page) -> None:
    """A query that does not parse is marked where the server says, before it is run."""

    def object_to_it(route: Route) -> None:
        said = {
            "status": "error",
            "errorType": "bad_data",
            "error": "1:6: parse error: not so",
            "code": "query_malformed",
        }
        route.fulfill(status=400, body=json.dumps(said), content_type="application/json")

    page.route("**/api/v1/format_query?*", object_to_it)
    explore(page)
    expect(editor(page)).to_be_focused()
    page.keyboard.insert_text("rate(nonsense")
    marked = page.locator(".cm-lintRange-error")
    expect(marked).to_have_text("nonsense")
    marked.hover()
    expect(page.get_by_text("Not so")).to_be_visible()
