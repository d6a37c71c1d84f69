"""Status pages in a browser: read on any screen, in either theme, by keyboard, without scripts."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.application.status_world import NOW, PAGE, StatusWorld
from tests.browser.test_accessibility import axe, violations

from sightline.domain.probes.state import CheckState
from sightline.domain.probes.status_page import PageGroup, Shows
from sightline.domain.probes.status_view import Planned
from sightline.domain.timerange import DAY, HOUR, MINUTE

__all__ = ["axe"]

LONG = "cluster-7.eu-central-1.internal.example.org/a-very-long-path-of-a-service-that-nobody-would-shorten-" + "x" * 60
PLACE = "/status/acme"
STATES = (
    ("Site", CheckState.UP),
    (LONG, CheckState.DEGRADED),
    ("Gone", CheckState.DOWN),
    ("Moving", CheckState.MAINTENANCE),
    ("Lost", CheckState.UNKNOWN),
    ("Off", CheckState.PAUSED),
)


async def written() -> str:
    """A page with a check in every state, incidents with updates, and maintenance."""
    world = StatusWorld()
    for name, state in STATES:
        number = world.enroll(name)
        await world.move(number, CheckState.UP, 60 * DAY)
        for back in (40, 12, 3):
            await world.move(number, state, back * DAY)
            await world.move(number, CheckState.UP, back * DAY - 5 * HOUR)
        await world.move(number, state, 20 * MINUTE)
        world.measured.seconds[number] = [0.1, 0.2, None, 0.15]
    await world.update(await world.incident(3, 20 * MINUTE), "We look into it.")
    await world.incident(1, 3 * DAY, HOUR)
    moving = frozenset({4})
    world.plans.standing = [
        Planned("a", "Move", NOW - HOUR, NOW + HOUR, moving),
        Planned("b", "", NOW + DAY, NOW + 2 * DAY, moving),
    ]
    groups = (PageGroup(name="Shop", checks=("Site", LONG)), PageGroup(name="Behind", groups=("*",), collapsed=True))
    shows = Shows(latency=True, windows=("24h", "7d", "90d"))
    said = {
        "title": "Acme status",
        "description": "How Acme does.",
        "announcement": "We move on Sunday.",
        "accent": "#7a3cff",
    }
    return await world.page(replace(PAGE, groups=groups, shows=shows, **said))


@pytest.fixture(scope="module")
def text() -> str:
    """The page, made in a thread, for the browser's driver has this one's event loop."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, written()).result()


@pytest.fixture(params=["light", "dark"])
def opened(request: pytest.FixtureRequest, browser: Browser, base_url: str, text: str) -> Iterator[BrowserContext]:
    """A profile in each theme that gets the page."""
    context = browser.new_context(base_url=base_url, color_scheme=request.param)
    context.route(f"**{PLACE}", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    yield context
    context.close()


def reading(context: BrowserContext, width: int = 1280) -> Page:
    """The page on a screen so wide."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(PLACE)
    expect(page.get_by_role("heading", name="Partial outage")).to_be_visible()
    return page


def test_a_status_page_is_accessible(opened: BrowserContext, axe: str) -> None:
    """A page with a check in every state has no violations."""
    assert violations(reading(opened), axe) == []


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
    expect(page.get_by_role("heading", name="Gone", exact=True)).not_to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Gone", exact=True)).to_be_visible()


def test_it_needs_no_scripts(browser: Browser, base_url: str, text: str) -> None:
    """With scripts switched off it says the same."""
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    context.route(f"**{PLACE}", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    page = reading(context)
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
