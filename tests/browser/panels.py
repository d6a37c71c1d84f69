"""How tests find things on a host's page."""

from playwright.sync_api import Locator, Page


def panel(page: Page, title: str) -> Locator:
    """One titled box of the page."""
    return page.get_by_role("region", name=title, exact=True)


def rows(page: Page, title: str) -> Locator:
    """The legend of a chart: a row for every series."""
    return panel(page, title).get_by_role("rowgroup").get_by_role("row")


def narrower_than_the_window(page: Page) -> bool:
    """Whether nothing sticks out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
