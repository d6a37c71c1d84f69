"""Status pages in a browser: read on any screen, in either theme, by keyboard, without scripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page, expect
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]

LONG = "cluster-7.eu-central-1.internal.example.org/a-very-long-path-of-a-service-that-nobody-would-shorten-" + "x" * 60
PLACE = "/status/browser"


@pytest.fixture(scope="module", params=["light", "dark"])
def opened(request: pytest.FixtureRequest, browser: Browser, base_url: str) -> Iterator[BrowserContext]:
    """A profile in each theme without scripts of pages, with a page of some checks, one of which nobody answers."""
    context = browser.new_context(base_url=base_url, color_scheme=request.param)
    define(context.request, base_url)
    yield context
    context.close()


def define(api: APIRequestContext, base_url: str) -> None:
    """Checks and a page, unless they are there."""
    for name, url in (("Site", f"{base_url}/livez"), (LONG, f"{base_url}/livez"), ("Gone", "http://127.0.0.1:9/")):
        api.post("/targets", data={"name": f"Status {name}"[:200], "type": "http", "url": url, "interval": "2s"})
    groups: list[dict[str, Any]] = [
        {"name": "Shop", "checks": ["Status Site", f"Status {LONG}"[:200]]},
        {"name": "Behind", "checks": ["Status Gone"], "collapsed": True},
    ]
    page = {
        "slug": "browser",
        "title": "Acme status",
        "description": "How Acme does.",
        "announcement": "We move on Sunday.",
        "groups": groups,
        "shows": {"latency": True, "windows": ["24h", "90d"]},
    }
    api.put("/api/v1/status-pages/browser", data=page)


def reading(context: BrowserContext, width: int = 1280) -> Page:
    """The page, once the check that nobody answers is down."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(PLACE)
    for _ in range(30):
        if page.get_by_role("heading", name="Partial outage").is_visible():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    return page


def test_a_status_page_is_accessible(opened: BrowserContext, axe: str) -> None:
    """A page with what is well and what is not has no violations."""
    page = reading(opened)
    expect(page.get_by_role("heading", name="Partial outage")).to_be_visible()
    assert violations(page, axe) == []


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_it_fits_every_screen(opened: BrowserContext, width: int) -> None:
    """Nothing has to be scrolled sideways, long names too."""
    page = reading(opened, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_is_read_by_keyboard(opened: BrowserContext) -> None:
    """What is folded opens by the keyboard; a group in which something fails is open already."""
    page = reading(opened)
    behind = page.locator("details.group")
    expect(behind).to_have_attribute("open", "")
    behind.locator("> summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Status Gone", exact=True)).not_to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Status Gone", exact=True)).to_be_visible()


def test_it_needs_no_scripts(browser: Browser, opened: BrowserContext, base_url: str) -> None:
    """With scripts switched off it says the same."""
    reading(opened)
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(PLACE)
    expect(page.get_by_role("heading", name="Partial outage")).to_be_visible()
    expect(page.get_by_role("img", name="Last 90 days").first).to_be_visible()
    context.close()


def test_a_protected_page_opens_with_its_password(browser: Browser, base_url: str, axe: str) -> None:
    """The form is accessible, says when a password is wrong, and leads to the page."""
    context = browser.new_context(base_url=base_url)
    page = {"slug": "closed", "title": "Closed", "password": "sesame", "groups": [{"groups": ["*"]}]}
    context.request.put("/api/v1/status-pages/closed", data=page)
    seen = context.new_page()
    seen.goto("/status/closed")
    assert violations(seen, axe) == []
    seen.get_by_label("Password").fill("wrong")
    seen.keyboard.press("Enter")
    expect(seen.get_by_role("alert")).to_have_text("This is not the password.")
    seen.get_by_label("Password").fill("sesame")
    seen.get_by_role("button", name="Open").click()
    expect(seen.get_by_role("region", name="Overall state")).to_be_visible()
    context.request.delete("/api/v1/status-pages/closed")
    context.close()
