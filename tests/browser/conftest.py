"""A real browser before a running Sightline."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.browser.panels import panel

# A report comes every 5 s and a rate needs two of them, on a machine that has other things to do.
PATIENCE_MS: Final = 30_000

# Chromium without a sandbox (tests run as root), a GPU or conversations with its maker.
CHROMIUM_OPTIONS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def sightline_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Sightline with its web UI listens: SIGHTLINE_TEST_URL, or one that is started for these tests."""
    named = os.environ.get("SIGHTLINE_TEST_URL")
    if named:
        yield named.rstrip("/")
        return
    folder = tmp_path_factory.mktemp("sightline")
    command = [sys.executable, "-m", "sightline", "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True) as program,
    ):
        assert program.stdout is not None
        greetings = (re.search(r"running at (http://\S+)", line) for line in program.stdout)
        greeting = next((match for match in greetings if match), None)
        if greeting is None:
            pytest.fail(f"Sightline did not start: {(folder / 'log').read_text()[-2000:]}")
        yield greeting[1].rstrip("/")
        program.terminate()


@pytest.fixture(scope="session")
def base_url(sightline_url: str) -> str:
    """What paths like /ui/alerts are relative to."""
    return sightline_url


@pytest.fixture(scope="session")
def browser(require_binary: Callable[[str, str], str]) -> Iterator[Browser]:
    """One Chromium for all tests."""
    program = require_binary("chromium-headless-shell", "chromium-headless-shell")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser, base_url: str) -> Iterator[BrowserContext]:
    """A browser profile of the test's own: 1280 by 900 pixels, light."""
    opened = browser.new_context(base_url=base_url, viewport={"width": 1280, "height": 900}, color_scheme="light")
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A blank page; at its end no script of ours may have failed on it."""
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    assert faults == []


@pytest.fixture
def host_page(page: Page) -> Page:
    """The page of a host, with its first chart drawn."""
    page.goto("/ui/hosts")
    first = page.get_by_role("link", name="Hosts").first
    expect(first).to_be_visible()
    # With several hosts the list comes first, with a single one its page.
    row = page.locator("tbody th a").first
    heading = page.get_by_role("heading", name="CPU by mode")
    expect(row.or_(heading).first).to_be_visible()
    if not heading.is_visible():
        row.click()
    expect(panel(page, "CPU by mode").get_by_role("button", name="user", exact=True)).to_be_visible()
    return page
