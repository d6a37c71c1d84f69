"""What a host's page shows, and that it moves."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Request, expect
from tests.browser.panels import panel, rows
from tests.browser.test_alerts_page import RULE, answer_rules

ABOVE_ZERO: Final = {"query": "", "comparison": ">", "value": 0}


@pytest.mark.parametrize("title", ["CPU", "Memory", "Disk space", "Network"])
def test_a_tile_shows_a_figure(host_page: Page, title: str) -> None:
    """CPU, memory, disk space and network each have a tile with a number."""
    tile = host_page.get_by_role("group", name=title, exact=True)
    expect(tile).to_contain_text(re.compile(r"\d"))


@pytest.mark.parametrize(
    ("title", "series"),
    [
        ("CPU by mode", "user"),
        ("Load average", "15 min"),
        ("Memory", "Cache and buffers"),
    ],
)
def test_a_chart_lists_its_series(host_page: Page, title: str, series: str) -> None:
    """A chart's legend names its series with their last, least, greatest and mean values."""
    box = panel(host_page, title)
    expect(box.get_by_role("button", name=series, exact=True)).to_be_visible()
    expect(box.get_by_role("columnheader")).to_have_text(["Series", "Last", "Min", "Max", "Mean"])
    expect(box.get_by_role("rowgroup").get_by_role("row").first).to_contain_text(re.compile(r"\d"))


@pytest.mark.parametrize("title", ["Network traffic", "Disk traffic", "Disk utilisation", "Disk space"])
def test_devices_are_shown_or_said_to_be_missing(host_page: Page, title: str) -> None:
    """Network, disks and filesystems show their figures, or a sentence says that the host has none."""
    box = panel(host_page, title)
    expect(box).to_contain_text(re.compile(r"\d (%|[KMGT]?i?B)|two reports|No filesystem reports here"))


def test_values_move(host_page: Page) -> None:
    """The figures of the CPU change by themselves."""
    legend = rows(host_page, "CPU by mode")
    before = legend.all_inner_texts()
    expect(legend).not_to_have_text(before)


def test_the_header_says_how_fresh_the_page_is(host_page: Page) -> None:
    """The header counts the seconds since the host last reported."""
    expect(host_page.get_by_text(re.compile(r"^Updated (\d+ s ago|just now)$"))).to_be_visible()


def test_only_the_tail_is_fetched(host_page: Page) -> None:
    """Once the chart is there, a live tick asks for at most a minute of it."""

    def asks_for_cpu(request: Request) -> bool:
        return "/api/v1/query_range" in request.url and "node_cpu_seconds_total" in request.url

    with host_page.expect_request(asks_for_cpu) as asked:
        pass
    start, end = (float(re.findall(rf"[?&]{name}=([\d.]+)", asked.value.url)[0]) for name in ("start", "end"))
    assert end - start <= 60


def test_a_legend_row_isolates_its_series(host_page: Page) -> None:
    """Choosing a series in the legend leaves it alone in the chart, and choosing it again brings the others back."""
    box = panel(host_page, "CPU by mode")
    user, system = (box.get_by_role("button", name=name, exact=True) for name in ("user", "system"))
    user.click()
    expect(user).to_have_attribute("aria-pressed", "true")
    expect(system).to_have_attribute("aria-pressed", "false")
    user.click()
    expect(system).to_have_attribute("aria-pressed", "true")


def test_an_unknown_host_is_said_to_be_unknown(page: Page) -> None:
    """The page of a host that never reported says so and offers those that did."""
    page.goto("/ui/hosts/no-such-host")
    expect(page.get_by_role("heading", name="This host is not known")).to_be_visible()
    page.get_by_role("main").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="CPU by mode")).to_be_visible()


def tile(page: Page, name: str) -> Locator:
    """One of the figures at the top."""
    return page.get_by_role("group", name=name, exact=True)


def test_figures_are_judged_by_the_rules_of_the_server(page: Page, host_page: Page) -> None:
    """A figure above its rule's threshold says so, as bad as the rule's severity, and one without a rule is not judged."""
    memory = {**RULE, "name": "HighMemoryUsage", "labels": {"severity": "warning"}, "threshold": ABOVE_ZERO}
    answer_rules(page, [memory])
    host_page.reload()
    expect(tile(host_page, "Memory")).to_contain_text("Above 0 %")
    expect(tile(host_page, "Memory")).to_have_attribute("data-tone", "warning")
    expect(tile(host_page, "CPU")).to_contain_text(re.compile(r"\d %"))
    expect(tile(host_page, "CPU")).not_to_contain_text(re.compile("Normal|Above"))


def test_without_the_rules_figures_are_not_judged(page: Page, host_page: Page) -> None:
    """When the rules cannot be read, the figures stand without a verdict and nothing else is amiss."""
    page.route("**/api/v1/rules*", lambda route: route.fulfill(status=503, body="{}", content_type="application/json"))
    host_page.reload()
    for name in ("CPU", "Memory"):
        expect(tile(host_page, name)).to_contain_text(re.compile(r"\d %"))
        expect(tile(host_page, name)).not_to_contain_text(re.compile("Normal|Above"))
    expect(host_page.get_by_role("alert")).to_have_count(0)


def test_the_figure_of_the_cpu_is_that_of_the_alert(host_page: Page) -> None:
    """The page asks for the very expression that the built-in rule compares with its threshold, for its host alone."""
    groups = host_page.request.get("/api/v1/rules?rule_name[]=HighCpuUsage").json()["data"]["groups"]
    (rule,) = groups[0]["rules"]

    def asks_for_it(request: Request) -> bool:
        asked = parse_qs(urlsplit(request.url).query).get("query", [""])[0]
        everywhere = re.sub(r'instance="[^"]*",?', "", asked).replace("{}", "")
        return bool(everywhere == rule["threshold"]["query"])

    with host_page.expect_request(asks_for_it):
        pass
