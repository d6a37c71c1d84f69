"""Dashboards: looked at, made, changed and shared."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.panels import narrower_than_the_window, panel, rows
from tests.browser.test_accessibility import axe, themed, violations

__all__ = ["axe", "themed"]


@pytest.fixture
def name() -> str:
    """A name that no other test's dashboard has."""
    return f"test-{uuid.uuid4().hex[:8]}"


def saved(base_url: str, name: str, **parts: Any) -> dict[str, Any]:
    """A dashboard of one panel, saved through the API."""
    dashboard = {
        "name": name,
        "title": name,
        "panels": [{"title": "Load", "queries": [{"expr": "node_load1"}]}],
        **parts,
    }
    answer = httpx.put(f"{base_url}/api/v1/dashboards/{name}", json=dashboard)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def stored(base_url: str, name: str) -> dict[str, Any]:
    """The dashboard as the server has it."""
    found: dict[str, Any] = httpx.get(f"{base_url}/api/v1/dashboards/{name}").json()["dashboard"]
    return found


def test_the_host_dashboard_shows_this_machine(page: Page) -> None:
    """The ready-made host dashboard has figures and charts of the host that its variable names."""
    page.goto("/ui/dashboards")
    page.get_by_role("link", name="Host", exact=True).click()
    expect(page.get_by_role("heading", name="Host", level=1)).to_be_visible()
    expect(panel(page, "CPU in use")).to_contain_text(re.compile(r"\d+(\.\d)? %"))
    expect(panel(page, "CPU by mode").get_by_role("button", name="user", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Host")).not_to_have_value("")


def test_a_dashboard_is_made_from_nothing(page: Page, base_url: str, name: str) -> None:
    """A title, a panel with a query, save: the page is there after a reload, for everybody."""
    page.goto("/ui/dashboards")
    page.get_by_role("link", name="New dashboard").click()
    page.get_by_role("textbox", name="Title").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("button", name="Add panel")).to_be_visible()
    page.get_by_role("button", name="Remove CPU in use").click()
    page.get_by_role("button", name="Add panel").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("textbox", name="Title", exact=True).fill("Load of all")
    editor = drawer.get_by_role("textbox", name="Query", exact=True)
    editor.click()
    page.keyboard.type("node_load1")
    page.keyboard.press("Escape")
    drawer.get_by_role("combobox", name="Shown as").select_option("stat")
    expect(drawer.get_by_role("region", name="Load of all")).to_contain_text(re.compile(r"\d"))
    drawer.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    page.reload()
    expect(panel(page, "Load of all")).to_contain_text(re.compile(r"\d"))
    assert [one["title"] for one in stored(base_url, name)["panels"]] == ["Load of all"]


def test_panels_are_ordered_sized_and_brought_back(page: Page, base_url: str, name: str) -> None:
    """Buttons move a panel, a choice sets its width, and a removed one comes back where it was."""
    queries = [{"expr": "node_load1"}]
    saved(base_url, name, panels=[{"title": title, "queries": queries} for title in ("A", "B", "C")])
    page.goto(f"/ui/dashboards/{name}?edit=1")
    page.get_by_role("button", name="Move C earlier").click()
    page.get_by_role("combobox", name="Width of C").select_option("12")
    page.get_by_role("button", name="Remove A").click()
    page.get_by_role("button", name="Bring “A” back").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    assert [(one["title"], one["width"]) for one in stored(base_url, name)["panels"]] == [("A", 6), ("C", 12), ("B", 6)]


def test_a_choice_is_part_of_the_address(page: Page, base_url: str, name: str) -> None:
    """Choosing a variable's value changes the address, and the address makes the choice."""
    variable = {"name": "mode", "metric": "node_cpu_seconds_total", "label": "mode", "all": True}
    queries = [{"expr": 'sum by (mode) (node_cpu_seconds_total{mode=~"$mode"})', "legend": "{{mode}}"}]
    saved(base_url, name, variables=[variable], panels=[{"title": "Modes", "queries": queries, "kind": "table"}])
    page.goto(f"/ui/dashboards/{name}")
    expect(panel(page, "Modes").get_by_role("rowheader", name="idle")).to_be_visible()
    page.get_by_role("combobox", name="mode").select_option("user")
    expect(page).to_have_url(re.compile(r"[?&]var-mode=user\b"))
    expect(panel(page, "Modes").get_by_role("rowheader", name="idle")).to_have_count(0)
    page.reload()
    expect(panel(page, "Modes").get_by_role("rowheader", name="user", exact=True)).to_be_visible()
    expect(panel(page, "Modes").get_by_role("row")).to_have_count(1)


def test_a_conflict_loses_nobodys_work(page: Page, base_url: str, name: str) -> None:
    """Who saves second is told, and can keep the work as a copy."""
    saved(base_url, name)
    page.goto(f"/ui/dashboards/{name}?edit=1")
    page.get_by_role("textbox", name="Description").fill("mine")
    saved(base_url, name, description="theirs")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else saved this dashboard")
    page.get_by_role("button", name="Save mine as a copy").click()
    expect(page).to_have_url(re.compile(rf"/dashboards/{name}-copy"))
    assert stored(base_url, f"{name}-copy")["description"] == "mine"
    assert stored(base_url, name)["description"] == "theirs"


def test_yaml_goes_out_and_comes_in(page: Page, base_url: str, name: str, tmp_path: Path) -> None:
    """An exported dashboard, imported where its name is taken, is another one with the same panels."""
    saved(base_url, name)
    page.goto(f"/ui/dashboards/{name}")
    page.get_by_role("button", name="More about this dashboard").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as YAML").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    page.goto("/ui/dashboards")
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    page.get_by_label("File with a dashboard").set_input_files(file)
    expect(page).to_have_url(re.compile(rf"/dashboards/{name}-2"))
    assert stored(base_url, f"{name}-2")["panels"] == stored(base_url, name)["panels"]


def test_what_is_no_dashboard_is_refused_with_the_reason(page: Page, tmp_path: Path) -> None:
    """Importing another file says what is wrong with it and changes nothing."""
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"name": "other", "rows": []}))
    page.goto("/ui/dashboards")
    page.get_by_label("File with a dashboard").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("rows")


def test_deleting_asks_by_name(page: Page, base_url: str, name: str) -> None:
    """A dashboard is deleted by a button that names it, and its address then says so."""
    saved(base_url, name)
    page.goto(f"/ui/dashboards/{name}")
    page.get_by_role("button", name="More about this dashboard").click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name=f"Delete {name}").click()
    expect(page).to_have_url(re.compile(r"/ui/dashboards$"))
    page.goto(f"/ui/dashboards/{name}")
    expect(page.get_by_role("heading", name=f"There is no dashboard named {name}")).to_be_visible()


def test_a_query_that_fails_spoils_no_other_panel(page: Page, base_url: str, name: str) -> None:
    """A panel whose query is refused says so with the code, beside panels that work."""
    bad = {"title": "Bad", "queries": [{"expr": "node_load1 + on () node_cpu_seconds_total"}], "kind": "stat"}
    good = {"title": "Good", "queries": [{"expr": "node_load1"}], "kind": "stat"}
    saved(base_url, name, panels=[bad, good])
    page.goto(f"/ui/dashboards/{name}")
    expect(panel(page, "Bad").get_by_role("alert")).to_contain_text("query_vector_matching")
    expect(panel(page, "Good")).to_contain_text(re.compile(r"\d"))


def test_a_panel_is_seen_alone_and_in_explore(page: Page, base_url: str, name: str) -> None:
    """A panel's menu leads to its own address, and to its query in Explore."""
    saved(base_url, name)
    page.goto(f"/ui/dashboards/{name}")
    page.get_by_role("button", name="What to do with Load").click()
    expect(page.get_by_role("link", name="Open in Explore")).to_have_attribute(
        "href", re.compile(r"/ui/explore\?.*q=node_load1")
    )
    page.get_by_role("button", name="View alone").click()
    expect(page).to_have_url(re.compile(r"[?&]panel=1\b"))
    page.get_by_role("button", name=f"All panels of {name}").click()
    expect(page).not_to_have_url(re.compile(r"panel="))


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_nothing_scrolls_sideways(page: Page, width: int) -> None:
    """List and dashboard fit the window."""
    page.set_viewport_size({"width": width, "height": 900})
    for address, heading in (("/ui/dashboards", "Dashboards"), ("/ui/dashboards/host", "Host")):
        page.goto(address)
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        assert narrower_than_the_window(page)


def test_a_drawer_closes_by_a_press_beside_it(page: Page, base_url: str, name: str) -> None:
    """A press beside it or Escape closes it and gives the focus back; who marks text within may let go beside it."""
    saved(base_url, name)
    page.goto(f"/ui/dashboards/{name}?edit=1")
    opener = page.get_by_role("button", name="Add panel")
    opener.click()
    drawer = page.get_by_role("dialog")
    title = drawer.get_by_role("textbox", name="Title", exact=True)
    title.fill("Load")
    place = title.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 40, place["y"] + 10)
    page.mouse.down()
    page.mouse.move(40, place["y"] + 10)
    page.mouse.up()
    expect(title).to_have_value("Load")
    page.mouse.click(40, 400)
    expect(drawer).to_have_count(0)
    expect(opener).to_be_focused()
    opener.click()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(opener).to_be_focused()


def test_axe_finds_nothing(themed: Page, axe: str, base_url: str, name: str) -> None:
    """List, dashboard, editing and the drawer have no violations, light and dark."""
    saved(base_url, name)
    themed.goto("/ui/dashboards")
    expect(themed.get_by_role("list", name="Dashboards")).to_be_visible()
    assert violations(themed, axe) == []
    themed.goto("/ui/dashboards/host")
    expect(panel(themed, "CPU in use")).to_contain_text("%")
    assert violations(themed, axe) == []
    themed.goto(f"/ui/dashboards/{name}?edit=1&panel=1")
    expect(themed.get_by_role("dialog")).to_be_visible()
    assert violations(themed, axe) == []


def test_many_mistakes_in_files_leave_room_for_the_dashboards(page: Page) -> None:
    """The problems of a few files are shown at once; of many their number, and all of them on demand."""
    problems = [f"/etc/sightline/{letter}.yaml: title: a dashboard needs a title" for letter in "abcde"]

    def mistaken(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "problems": problems})

    page.route("**/api/v1/dashboards", mistaken)
    page.goto("/ui/dashboards")
    expect(page.get_by_text("5 problems with dashboards in files")).to_be_visible()
    expect(page.get_by_text(problems[4])).to_be_hidden()
    page.get_by_text("5 problems with dashboards in files").click()
    expect(page.get_by_text(problems[4])).to_be_visible()
    problems[3:] = []
    page.reload()
    expect(page.get_by_text(problems[2])).to_be_visible()


def test_names_written_out_stack_as_they_are_written(page: Page) -> None:
    """The memory of the host dashboard lies from used at the bottom to free at the top, not in the order of the alphabet."""
    page.goto("/ui/dashboards/host")
    names = rows(page, "Memory").get_by_role("button")
    expect(names).to_have_text(["used", "cache", "free"])


def test_the_bar_says_new_for_a_dashboard_that_is_begun(page: Page) -> None:
    """The address of a new dashboard is a sign, what one reads is a word."""
    page.goto("/ui/dashboards/+")
    expect(page.get_by_label("You are here")).to_have_text(re.compile("New$"))
    expect(page).to_have_title("New · Dashboards · Sightline")
