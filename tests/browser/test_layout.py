"""The UI on a phone and on a wall, by day and by night."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.panels import narrower_than_the_window


@pytest.mark.parametrize("width", [360, 390, 1280, 2560, 3840])
def test_nothing_scrolls_sideways(host_page: Page, width: int) -> None:
    """From a small phone to a 4K screen the host's page fits the window's width."""
    host_page.set_viewport_size({"width": width, "height": 900})
    expect(host_page.get_by_role("heading", name="CPU by mode")).to_be_visible()
    host_page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")


def test_alerts_fit_a_phone(page: Page) -> None:
    """The alerts page fits 360 pixels."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/ui/alerts")
    expect(page.get_by_role("heading", name="Alerts", exact=False).first).to_be_visible()
    assert narrower_than_the_window(page)


def test_checks_fit_a_phone(page: Page) -> None:
    """The list of checks, or the offer of a first one, fits 360 pixels."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/ui/checks")
    expect(page.get_by_role("heading", name=re.compile("^(Checks|Nothing is checked yet)")).first).to_be_visible()
    assert narrower_than_the_window(page)


def test_a_phone_navigates_at_the_bottom(page: Page) -> None:
    """On a phone the navigation is a bar at the bottom."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/ui/alerts")
    box = page.get_by_role("navigation", name="Main").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    assert box["width"] == pytest.approx(390, abs=16)


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_theme_follows_the_system(browser: Browser, base_url: str, scheme: str, *, is_dark: bool) -> None:
    """Without a choice of one's own the UI is as light or dark as the system."""
    context = browser.new_context(base_url=base_url, color_scheme="dark" if is_dark else "light")
    page = context.new_page()
    page.goto("/ui/alerts")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
    brightness = page.evaluate("parseInt(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])")
    assert (brightness < 64) is is_dark
    context.close()


def test_the_theme_can_be_chosen_and_is_kept(page: Page) -> None:
    """A chosen theme outlives a reload."""
    page.goto("/ui/alerts")
    switch = page.get_by_role("button", name=re.compile("^Theme: "))
    switch.click()
    expect(switch).to_have_accessible_name("Theme: light")
    switch.click()
    expect(switch).to_have_accessible_name("Theme: dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_the_keyboard_reaches_the_content(page: Page) -> None:
    """The first tab stop skips to the content."""
    page.goto("/ui/alerts")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
