"""Servers that report over REST: registered and heard of, in a list and one by one."""

import json
import re
import uuid
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.answers import answer_servers, server
from tests.browser.panels import narrower_than_the_window, panel
from tests.browser.test_accessibility import axe, themed, violations
from tests.browser.test_alerts_page import FIRING, answer_alerts

__all__ = ["axe", "themed"]


@pytest.fixture
def hostname() -> str:
    """A name that no other test's server has."""
    return f"test-{uuid.uuid4().hex[:8]}"


def register(base_url: str, hostname: str) -> str:
    """Register a server; gives its id."""
    about = {"hostname": hostname, "ip_address": "192.0.2.7", "os": "Debian 13", "agent_version": "2.4.1"}
    answer = httpx.post(f"{base_url}/api/v1/servers", json={**about, "labels": {"env": "prod"}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def report(base_url: str, server_id: str) -> None:
    """Send a report of two metrics, one of them for two cores."""
    metrics: list[dict[str, Any]] = [
        {"metric_type": "cpu", "metric_name": "usage_percent", "value": 30.5, "labels": {"core": "0"}},
        {"metric_type": "cpu", "metric_name": "usage_percent", "value": 60.5, "labels": {"core": "1"}},
        {"metric_type": "memory", "metric_name": "used_bytes", "value": 3 << 30},
    ]
    answer = httpx.post(f"{base_url}/api/v1/ingest", json={"server_id": server_id, "metrics": metrics})
    assert answer.status_code == 202, answer.text


def names(page: Page) -> Locator:
    """The servers in sight, in their order."""
    return page.get_by_role("table", name="Servers").get_by_role("rowheader").get_by_role("link")


def row(page: Page, name: str) -> Locator:
    """One server's row."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_a_server_that_reports_is_listed(page: Page, base_url: str, hostname: str) -> None:
    """A registered server waits for its first report, and appears as reporting by itself when that has come."""
    number = register(base_url, hostname)
    page.goto(f"/ui/servers?find={hostname}")
    for text in ("192.0.2.7, Debian 13", "No report yet", "2.4.1", "env=prod"):
        expect(row(page, hostname)).to_contain_text(text)
    report(base_url, number)
    expect(row(page, hostname)).to_contain_text("Reporting")
    expect(row(page, hostname)).to_contain_text(re.compile("s ago|just now"))


def test_a_servers_page_has_all_it_reports(page: Page, base_url: str, hostname: str) -> None:
    """From the list to a server: who it is, the latest value of each series, and a chart of each metric."""
    report(base_url, register(base_url, hostname))
    page.goto(f"/ui/servers?find={hostname}")
    names(page).click()
    expect(page).to_have_url(re.compile(rf"/ui/servers/{hostname}$"))
    expect(page.get_by_role("heading", name=hostname)).to_be_visible()
    for text in ("192.0.2.7", "Debian 13", "agent 2.4.1", "last report", "env=prod"):
        expect(page.get_by_role("main")).to_contain_text(text)
    latest = page.get_by_role("table", name="Latest values").get_by_role("row")
    expect(latest).to_contain_text([re.compile("Metric"), "core=0", "core=1", "memory_used_bytes"])
    expect(latest).to_contain_text([re.compile("Value"), "30.5 %", "60.5 %", "3.00 GiB"])
    for series in ("core=0", "core=1"):
        expect(panel(page, "cpu_usage_percent").get_by_role("button", name=series, exact=True)).to_be_visible()


def test_before_its_first_report_a_servers_page_says_what_to_send(page: Page, base_url: str, hostname: str) -> None:
    """The page of a server that never reported names the call and the id that it takes."""
    number = register(base_url, hostname)
    page.goto(f"/ui/servers/{hostname}")
    expect(page.get_by_role("heading", name="Registered, but without a report")).to_be_visible()
    expect(page.get_by_label("Command for a first report")).to_contain_text(f'"server_id": "{number}"')
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    expect(page.get_by_text("POST /api/v1/ingest")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(number)


def test_an_unknown_server_is_said_to_be_unknown(page: Page) -> None:
    """The page of a server that is not registered says so and leads to those that are."""
    page.goto("/ui/servers/no-such-server")
    expect(page.get_by_role("heading", name="This server is not registered")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="All servers").click()
    expect(page).to_have_url(re.compile(r"/ui/servers$"))


def test_the_first_commands_make_a_first_server(page: Page, base_url: str, hostname: str) -> None:
    """Without a server the page has two commands for its own address; what they send is accepted."""
    answer_servers(page, [])
    page.goto("/ui/servers")
    text = page.get_by_label("Commands for a first server").inner_text()
    assert re.findall(r"http\S+", text) == [f"{base_url}/api/v1/servers", f"{base_url}/api/v1/ingest"]
    first, second = re.findall(r"-d '(.*?)'(?: \||\n|$)", text.replace("'$SERVER'", "$SERVER"), re.DOTALL)
    registered = httpx.post(f"{base_url}/api/v1/servers", json={**json.loads(first), "hostname": hostname})
    sent = json.loads(second.replace("$SERVER", registered.json()["id"]))
    answer = httpx.post(f"{base_url}/api/v1/ingest", json=sent)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    page.unroute("**/api/v1/servers")
    expect(page.get_by_role("link", name=hostname)).to_be_visible()


def test_the_commands_can_be_copied(page: Page) -> None:
    """A button puts the commands on the clipboard and says so."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer_servers(page, [])
    page.goto("/ui/servers")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "/api/v1/ingest" in page.evaluate("navigator.clipboard.readText()")


def test_silent_servers_stand_first(page: Page) -> None:
    """A server that has not reported for five minutes is called silent, counted, and listed before the others."""
    answer_servers(page, [server("a-1", 5), server("b-1", 301), server("c-1", None)])
    page.goto("/ui/servers")
    expect(names(page)).to_have_text(["b-1", "c-1", "a-1"])
    expect(row(page, "b-1")).to_contain_text("Silent")
    expect(page.get_by_text("1 silent", exact=True)).to_be_visible()


def test_search_finds_by_label(page: Page) -> None:
    """Typing narrows the list by what servers say of themselves, and says when nothing is left."""
    answer_servers(page, [server("web-1", 5), server("db-1", 5, labels={"env": "test"})])
    page.goto("/ui/servers")
    field = page.get_by_label("Find a server")
    field.fill("env=test")
    expect(names(page)).to_have_text(["db-1"])
    expect(page).to_have_url(re.compile(r"[?&]find=env%3Dtest"))
    field.fill("nothing like it")
    expect(page.get_by_role("heading", name="No server matches")).to_be_visible()


def test_a_servers_page_has_its_alerts(page: Page) -> None:
    """Alerts about a server's series stand at the top of its page."""
    one = server("web-1", 5)
    answer_servers(page, [one])
    labels = {"alertname": "Hot", "server_id": one["id"], "hostname": "web-1"}
    answer_alerts(page, [{**FIRING, "labels": labels}, FIRING])
    page.goto("/ui/servers/web-1")
    alerts = page.get_by_role("list", name="Alerts of this server").get_by_role("listitem")
    expect(alerts).to_have_count(1)
    expect(alerts).to_contain_text("Hot")


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_servers_fit(page: Page, width: int) -> None:
    """Many servers with very long names fit the window's width; beyond 200 one searches."""
    long = "with-a-name-that-nobody-would-type-twice-but-some-orchestrator-did.example.org"
    answer_servers(page, [server(f"edge-{i}.{long}", 5, labels={"where": long}) for i in range(250)])
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/ui/servers")
    expect(names(page)).to_have_count(200)
    expect(page.get_by_text("The first 200 of 250.")).to_be_visible()
    assert narrower_than_the_window(page)


def test_servers_are_accessible(themed: Page, axe: str, base_url: str, hostname: str) -> None:
    """The list, the page of a server that reports, and the page without any server have no violations."""
    report(base_url, register(base_url, hostname))
    themed.goto(f"/ui/servers?find={hostname}")
    expect(row(themed, hostname)).to_contain_text("Reporting")
    assert violations(themed, axe) == []
    themed.goto(f"/ui/servers/{hostname}")
    expect(panel(themed, "cpu_usage_percent").get_by_role("button", name="core=0", exact=True)).to_be_visible()
    assert violations(themed, axe) == []
    answer_servers(themed, [])
    themed.goto("/ui/servers")
    expect(themed.get_by_label("Commands for a first server")).to_be_visible()
    assert violations(themed, axe) == []
