"""Scrape targets as people see them: a program that scrapes one that answers and one that does not."""

import re
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.answers import answer, answer_targets, target
from tests.browser.panels import narrower_than_the_window
from tests.browser.test_accessibility import axe, themed, violations
from tests.e2e.program import running

__all__ = ["axe", "themed"]

LONG: Final = "with-a-name-that-nobody-would-type-twice-but-some-orchestrator-did"


@pytest.fixture(scope="module")
def dead_port() -> Iterator[int]:
    """A port that is taken, but at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def scraping(tmp_path_factory: pytest.TempPathFactory, sightline_url: str, dead_port: int) -> Iterator[str]:
    """Where a Sightline listens that scrapes another one and a dead port, each as a job of its own."""
    folder = tmp_path_factory.mktemp("scraping")
    alive = urlsplit(sightline_url).netloc
    (folder / "sightline.toml").write_text(
        f'[[scrape]]\njob = "sightline"\ninterval = "1s"\ntargets = ["{alive}"]\nlabels = {{ stage = "test" }}\n'
        f'[[scrape]]\njob = "node"\ninterval = "1s"\ntargets = ["127.0.0.1:{dead_port}"]\n'
    )
    with running(folder / "data", "--set", "host.enabled=false", "--set", "containers.enabled=false") as program:
        yield program.url
        assert program.stop() == 0


def row(page: Page, address: str) -> Locator:
    """One target's row."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=address, exact=True))


def addresses(page: Page) -> Locator:
    """The targets in sight, in their order."""
    return page.get_by_role("rowheader").get_by_role("link")


def test_targets_stand_by_job_those_in_trouble_first(
    page: Page, scraping: str, sightline_url: str, dead_port: int
) -> None:
    """A job is a table that says how many of its targets are up; a target tells its state, last scrape and samples."""
    page.goto(f"{scraping}/ui/targets")
    expect(page.get_by_role("heading", name=re.compile("^(node|sightline)"))).to_have_text(
        [re.compile(r"node.*0 of 1 up.*every 1s"), re.compile(r"sightline.*1 of 1 up.*every 1s")]
    )
    alive = row(page, urlsplit(sightline_url).netloc)
    expect(alive).to_contain_text("Up")
    expect(alive).to_contain_text("stage=test")
    expect(alive.get_by_role("cell").nth(1)).to_have_text(re.compile("s ago|just now"))
    expect(alive.get_by_role("cell").nth(2)).to_have_text(re.compile(r"\d m?s"))
    expect(alive.get_by_role("cell").nth(3)).to_have_text(re.compile(r"\d"))
    dead = row(page, f"127.0.0.1:{dead_port}")
    expect(dead).to_contain_text("Down")
    expect(dead).to_contain_text("refuses the connection")
    expect(page.get_by_text("1 down", exact=True)).to_be_visible()


def test_a_state_is_chosen_in_the_address(page: Page, scraping: str, sightline_url: str, dead_port: int) -> None:
    """Choosing those that are not up leaves them alone, and a reload shows the same."""
    page.goto(f"{scraping}/ui/targets")
    page.get_by_role("button", name="Not up").click()
    expect(addresses(page)).to_have_text([f"127.0.0.1:{dead_port}"])
    expect(page).to_have_url(re.compile(r"[?&]state=down"))
    page.reload()
    expect(addresses(page)).to_have_text([f"127.0.0.1:{dead_port}"])
    page.get_by_role("button", name="Up", exact=True).click()
    expect(addresses(page)).to_have_text([urlsplit(sightline_url).netloc])


def test_search_finds_by_label_and_error(page: Page, scraping: str, sightline_url: str, dead_port: int) -> None:
    """Typing narrows the targets by labels and last error, and says when nothing is left."""
    page.goto(f"{scraping}/ui/targets")
    field = page.get_by_label("Find a target")
    field.fill("stage=test")
    expect(addresses(page)).to_have_text([urlsplit(sightline_url).netloc])
    field.fill("refuses")
    expect(addresses(page)).to_have_text([f"127.0.0.1:{dead_port}"])
    field.fill("nothing like it")
    expect(page.get_by_role("heading", name="No target matches")).to_be_visible()


def test_a_target_leads_to_its_past(page: Page, scraping: str, dead_port: int) -> None:
    """A target's address opens Explore with whether it was up."""
    page.goto(f"{scraping}/ui/targets")
    addresses(page).get_by_text(f"127.0.0.1:{dead_port}").click()
    expect(page).to_have_url(re.compile("/ui/explore"))
    query = f'up{{job="node",instance="127.0.0.1:{dead_port}"}}'
    expect(page.get_by_role("textbox", name="Query A in PromQL")).to_have_text(query)


def test_the_overview_tells_which_target_is_down(page: Page, scraping: str, dead_port: int) -> None:
    """A target that does not answer is among what is wrong, without a host that reports, and leads to the targets."""
    page.goto(f"{scraping}/")
    line = (
        page.get_by_role("list", name="What is wrong").get_by_role("listitem").filter(has_text=f"127.0.0.1:{dead_port}")
    )
    expect(line).to_contain_text("Target of node")
    expect(page.get_by_text("No host reports yet.")).to_be_visible()
    line.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/ui/targets$"))


def test_left_out_targets_on_demand(page: Page) -> None:
    """Targets that relabelling left out are counted, and show what they were called when opened."""
    dropped = [{"discoveredLabels": {"__address__": f"192.0.2.{i}:9100", "job": "node"}} for i in range(3)]
    found = {"activeTargets": [target("node", "a:9100")], "droppedTargets": dropped}
    answer(page, "**/api/v1/targets*", {"status": "success", "data": found})
    page.goto("/ui/targets")
    summary = page.get_by_text(re.compile("^Left out by relabelling"))
    expect(summary).to_contain_text("3")
    summary.click()
    expect(page.get_by_text("__address__=192.0.2.2:9100")).to_be_visible()


def test_without_targets_the_page_has_a_first_one_to_copy(page: Page) -> None:
    """Before anything is scraped the page offers the settings of a first target, and copies them."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer_targets(page, [])
    page.goto("/ui/targets")
    expect(page.get_by_role("heading", name="Nothing is scraped yet")).to_be_visible()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("[[scrape]]\njob = ")


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_targets_fit(page: Page, width: int) -> None:
    """Many targets with very long names and errors fit the window's width."""
    many = [
        target(LONG, f"{LONG}-{i}.example.org:9100", f"{LONG} did not answer" if i % 9 == 0 else "") for i in range(200)
    ]
    answer_targets(page, many)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/ui/targets")
    expect(addresses(page)).to_have_count(200)
    assert narrower_than_the_window(page)


def test_targets_are_accessible(themed: Page, axe: str) -> None:
    """The targets, and the page without any, have no violations."""
    answer_targets(themed, [target("node", "a:9100", "the connection was refused"), target("node", "b:9100")])
    themed.goto("/ui/targets")
    expect(addresses(themed)).to_have_count(2)
    assert violations(themed, axe) == []
    answer_targets(themed, [])
    themed.reload()
    expect(themed.get_by_role("heading", name="Nothing is scraped yet")).to_be_visible()
    assert violations(themed, axe) == []
