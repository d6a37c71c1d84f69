"""The address bar is the document."""

import re

from playwright.sync_api import Page, expect
from tests.browser.panels import panel


def test_a_chosen_range_survives_a_reload(host_page: Page) -> None:
    """The time range stands in the address, and loading it again shows the same."""
    host_page.get_by_role("button", name="Time range").click()
    host_page.get_by_role("button", name="1 hour", exact=True).click()
    expect(host_page).to_have_url(re.compile(r"[?&]range=1h\b"))
    host_page.reload()
    expect(host_page.get_by_role("button", name="Time range: Last hour")).to_be_visible()


def test_the_range_comes_along_to_other_pages(host_page: Page) -> None:
    """Going to another page keeps the time range."""
    here = host_page.url
    host_page.goto(f"{here}?range=3h")
    host_page.get_by_role("link", name="Alerts").first.click()
    expect(host_page).to_have_url(re.compile(r"/ui/alerts\?range=3h$"))


def test_dragging_zooms_and_a_double_click_goes_back(host_page: Page) -> None:
    """Dragging over a chart makes its stretch the page's range, and a double click returns to the one before."""
    before = host_page.url
    chart = panel(host_page, "CPU by mode")
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    host_page.mouse.move(box["x"] + box["width"] * 0.8, middle)
    host_page.mouse.down()
    host_page.mouse.move(box["x"] + box["width"] * 0.99, middle, steps=4)
    host_page.mouse.up()
    expect(host_page).to_have_url(re.compile(r"[?&]from=\d+&to=\d+"))
    expect(host_page.get_by_text("Paused")).to_be_visible()
    # There may be no samples yet in that stretch: the way back is the same.
    expect(chart.locator(".u-over").or_(chart.get_by_text("No samples in this time range."))).to_be_visible()
    expect(chart.locator("[data-outdated]")).to_have_count(0)
    host_page.mouse.dblclick(box["x"] + box["width"] / 2, middle)
    expect(host_page).to_have_url(before)


def test_a_stretch_without_samples_says_so(host_page: Page) -> None:
    """A time range from before the first sample shows that nothing is there, and offers the way back."""
    host_page.goto(f"{host_page.url}?from=1000000000&to=1000000900")
    box = panel(host_page, "CPU by mode")
    expect(box).to_contain_text("No samples in this time range.")
    box.get_by_role("button", name="Back to the range before").click()
    expect(box.get_by_role("button", name="user", exact=True)).to_be_visible()


def test_holding_still_is_part_of_the_address(host_page: Page) -> None:
    """Switching live off stands in the address too."""
    host_page.get_by_role("button", name="Live, hold still").click()
    expect(host_page).to_have_url(re.compile(r"[?&]live=0"))
    host_page.reload()
    expect(host_page.get_by_role("button", name="Paused, follow the present")).to_be_visible()


def test_an_address_that_leads_nowhere_says_so(page: Page) -> None:
    """A path without a page offers the way to the overview."""
    page.goto("/ui/nowhere")
    expect(page.get_by_role("heading", name="There is no page at this address")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Go to the overview")).to_be_visible()
