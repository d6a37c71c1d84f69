"""Uptime checks as people see, write and try them."""

import re
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.answers import ago, answer
from tests.browser.panels import narrower_than_the_window, panel
from tests.browser.test_accessibility import axe, themed, violations
from tests.serving import serving
from typing_extensions import override

__all__ = ["axe", "themed"]

LONG: Final = "A check of a service with a very long name that goes on and on and on for ever and ever " * 2
OPTIONS: Final = {"method": "GET", "accepted": ["200-299"], "tls": {"verify": True}}
RESULT: Final = {"reason": "ok", "message": "", "location": "local", "latency_ms": 12.5, "attempts": 1}


class Answers(BaseHTTPRequestHandler):
    """Says that all is well."""

    def do_GET(self) -> None:
        """Answer with JSON."""
        content = b'{"status": "up"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is to be read of it."""


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """Something that answers, by its URL."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Answers)) as server:
        yield f"http://127.0.0.1:{server.server_port}/health"


@pytest.fixture
def name(base_url: str) -> Iterator[str]:
    """A name that no other test's check has; the check is gone afterwards."""
    name = f"Check {uuid.uuid4().hex[:8]}"
    yield name
    for check in httpx.get(f"{base_url}/api/v1/checks", params={"search": name}).json()["checks"]:
        httpx.delete(f"{base_url}/api/v1/checks/{check['id']}")


def saved(base_url: str, name: str, url: str, **parts: Any) -> int:
    """A check, saved through the API; its id."""
    body = {"name": name, "type": "http", "url": url, **parts}
    response = httpx.post(f"{base_url}/api/v1/checks", json=body)
    assert response.status_code == 201, response.text
    found: int = response.json()["id"]
    return found


def stored(base_url: str, check_id: int) -> dict[str, Any]:
    """The check as the server has it."""
    found: dict[str, Any] = httpx.get(f"{base_url}/api/v1/checks/{check_id}").json()
    return found


def shown(check_id: int, name: str, state: str = "up", **parts: Any) -> dict[str, Any]:
    """A check as the server shows it."""
    status: dict[str, Any] = {
        "state": state,
        "since": ago(120),
        "reason": "verdict",
        "probe_reason": "ok" if state == "up" else "connection_refused",
        "message": "" if state == "up" else "127.0.0.1:81 refuses the connection",
        "failing_locations": [],
        "last_at": ago(3),
        "latency_ms": 12.5,
        "status_code": 200,
        "expires_at": None,
        "certificate": None,
        "incident_id": None,
        "locations": [],
    }
    return {
        "id": check_id,
        "name": name,
        "type": "http",
        "url": f"https://{check_id}.example.com/health",
        "enabled": True,
        "interval": "1m",
        "group": "",
        "tags": {},
        "conditions": [],
        "description": "",
        "runbook_url": "",
        "options": OPTIONS,
        "version": 1,
        **parts,
        "status": {**status, **parts.get("status", {})},
    }


def answer_checks(page: Page, checks: list[dict[str, Any]]) -> None:
    """Let these be all checks, each with a strip of ten probes of which the last was down."""
    answer(page, "**/api/v1/checks?view=list", {"checks": checks})
    results = [{**RESULT, "ts": ago(at * 60), "verdict": "up" if at else "down"} for at in range(10)]
    strips = [{"id": one["id"], "results": results, "uptime": {"24h": 0.99999, "30d": 1}} for one in checks]
    answer(page, "**/api/v1/checks/strips?*", {"strips": strips})


def rows(page: Page) -> Locator:
    """The checks of the list, without the head and the headings of groups."""
    return page.get_by_role("table", name="Checks").get_by_role("row").filter(has=page.get_by_role("link"))


def test_checks_are_listed_by_group_and_the_worst_first(page: Page) -> None:
    """With their state in words, the last probes, latency and uptime, which is never rounded up to all."""
    checks = [
        shown(1, "Front", group="Shop"),
        shown(2, "Pay", "down", group="Shop"),
        shown(3, "Alone"),
        shown(4, "Door", "paused", group="Access", enabled=False),
    ]
    answer_checks(page, checks)
    page.goto("/ui/checks")
    expect(rows(page).get_by_role("link")).to_have_text(["Door", "Pay", "Front", "Alone"])
    for text in ("Down", "refuses the connection", "12.5 ms", "99.99 %", "100 %"):
        expect(rows(page).nth(1)).to_contain_text(text)
    strip = rows(page).nth(1).get_by_role("img")
    expect(strip).to_have_accessible_name("Pay: of the last 10 probes 1 down")
    expect(page.get_by_role("rowheader").filter(has_text="Shop").first).to_contain_text("1 not well")


def test_filters_stand_in_the_address(page: Page) -> None:
    """State, group, tag and words narrow the list, and a link with them shows the same."""
    checks = [
        shown(at, f"One {at}", "down" if at % 2 else "up", group=f"G{at % 3}", tags={"t": "x"}) for at in range(1, 9)
    ]
    answer_checks(page, checks)
    page.goto("/ui/checks")
    page.get_by_role("group", name="State").get_by_role("button", name="4 Down").click()
    expect(rows(page)).to_have_count(4)
    page.get_by_label("Group").select_option("G1")
    expect(rows(page).get_by_role("link")).to_have_text(["One 1", "One 7"])
    page.get_by_label("Tag").select_option("t:x")
    page.get_by_role("searchbox", name="Find a check").fill("one 7")
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"state=down.*group=G1.*tag=t%3Ax.*find=one"))
    page.reload()
    expect(rows(page).get_by_role("link")).to_have_text(["One 7"])
    page.get_by_role("searchbox", name="Find a check").fill("nothing")
    page.get_by_role("button", name="Show all checks").click()
    expect(rows(page)).to_have_count(8)


def test_no_checks_say_what_to_do(page: Page) -> None:
    """The first one is offered, and the commands that import others."""
    answer_checks(page, [])
    page.goto("/ui/checks")
    expect(page.get_by_role("heading", name="Nothing is checked yet")).to_be_visible()
    for name in ("kuma", "gatus", "blackbox"):
        expect(page.get_by_text(f"--format {name}")).to_be_visible()
    page.get_by_role("link", name="Make the first check").click()
    expect(page.get_by_role("dialog", name="New check")).to_be_visible()


def test_ten_thousand_checks_cost_what_thirty_do(page: Page) -> None:
    """Only the rows in sight exist, and strips are asked for these alone."""
    answer_checks(page, [shown(at, f"Check {at:05d}") for at in range(1, 10_001)])
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/strips" in one.url else None)
    page.goto("/ui/checks")
    expect(page.get_by_role("heading", name="Checks 10,000")).to_be_visible()
    expect(rows(page).first).to_be_visible()
    assert rows(page).count() < 45
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    expect(rows(page).first).to_contain_text("99.99 %")
    assert len(asked) <= 4
    page.get_by_role("searchbox", name="Find a check").fill("07777")
    expect(rows(page).get_by_role("link")).to_have_text(["Check 07777"])


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_list_fits_the_window(page: Page, width: int) -> None:
    """With names and groups that never end nothing sticks out."""
    answer_checks(page, [shown(at, f"{at} {LONG}", "down", group=LONG, tags={"name": "v" * 80}) for at in range(1, 60)])
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/ui/checks")
    expect(rows(page).first).to_be_visible()
    assert narrower_than_the_window(page)


def test_a_check_is_written_tried_and_made(page: Page, base_url: str, name: str, target: str) -> None:
    """A trial says why a condition does not hold; mended, the check is made, and its page shows what it finds."""
    page.goto("/ui/checks?edit=%2B")
    drawer = page.get_by_role("dialog", name="New check")
    drawer.get_by_role("textbox", name="Name", exact=True).fill(name)
    drawer.get_by_role("textbox", name="URL").fill(target)
    drawer.get_by_role("button", name="Add condition").click()
    condition = drawer.get_by_role("textbox", name="Condition 1")
    condition.fill('json("$.status") == "down"')
    drawer.get_by_role("button", name="Try it now").click()
    found = drawer.get_by_role("region", name="Found")
    expect(found).to_contain_text("Condition not met")
    expect(found).to_contain_text('"status": "up"')
    expect(found.get_by_role("list", name="Phases")).to_contain_text("Processing")
    expect(drawer.get_by_text("Does not hold:")).to_be_visible()
    condition.fill('json("$.status") == "up"')
    drawer.get_by_role("button", name="Try it now").click()
    expect(found).to_contain_text("Up")
    drawer.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_role("table", name="Last results").get_by_text("Up").first).to_be_visible()
    check_id = int(page.url.split("?")[0].rsplit("/", 1)[1])
    assert stored(base_url, check_id)["conditions"] == ['json("$.status") == "up"']


def test_what_is_wrong_stands_at_its_field(page: Page) -> None:
    """In the server's words, as one types; a new check complains of nothing that is not written yet."""
    page.goto("/ui/checks?edit=%2B")
    drawer = page.get_by_role("dialog", name="New check")
    drawer.get_by_role("textbox", name="Every", exact=True).fill("10ms")
    expect(drawer.get_by_text("wants at least 1s, not '10ms'")).to_be_visible()
    expect(drawer.get_by_text("is missing")).to_have_count(0)
    drawer.get_by_role("button", name="Add condition").click()
    drawer.get_by_role("textbox", name="Condition 1").fill("statu == 200")
    expect(drawer.get_by_text("did you mean status?")).to_be_visible()
    expect(drawer.get_by_role("textbox", name="Every", exact=True)).to_have_attribute("aria-invalid", "true")
    drawer.get_by_role("button", name="Create").click()
    expect(drawer.get_by_text("is missing").first).to_be_visible()


@pytest.mark.parametrize("kind", ["tcp", "dns", "icmp", "tls", "heartbeat", "mail", "postgres", "promql", "composed"])
def test_every_kind_has_its_fields(page: Page, base_url: str, name: str, kind: str) -> None:
    """What the form of a kind sends, the server takes."""
    url = {"tcp": "127.0.0.1:9", "tls": "127.0.0.1:9", "dns": "localhost", "icmp": "127.0.0.1"}.get(kind, "127.0.0.1:9")
    page.goto("/ui/checks?edit=%2B")
    drawer = page.get_by_role("dialog", name="New check")
    drawer.get_by_label("Type").select_option(kind)
    drawer.get_by_role("textbox", name="Name", exact=True).fill(name)
    if kind == "promql":
        drawer.get_by_role("textbox", name="Expression").fill("up")
    elif kind == "composed":
        other = saved(base_url, f"{name} other", "http://127.0.0.1:9/", enabled=False)
        drawer.get_by_role("textbox", name="Checks").fill(stored(base_url, other)["name"])
    elif kind != "heartbeat":
        drawer.get_by_role("textbox", name=re.compile("^(Address|Host|Name asked for)$")).fill(url)
    drawer.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_a_check_is_changed_paused_copied_and_deleted(page: Page, base_url: str, name: str, target: str) -> None:
    """Deleting asks for its name."""
    check_id = saved(base_url, name, target, tags={"team": "shop"})
    page.goto(f"/ui/checks/{check_id}")
    page.get_by_role("link", name="Edit").click()
    drawer = page.get_by_role("dialog", name=name)
    drawer.get_by_role("textbox", name="Every", exact=True).fill("30s")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_have_count(0)
    expect(page.get_by_text("every 30s")).to_be_visible()
    assert stored(base_url, check_id)["tags"] == {"team": "shop"}
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert stored(base_url, check_id)["enabled"] is False
    more = page.get_by_role("button", name="More about this check")
    more.click()
    page.get_by_role("button", name="Duplicate").click()
    copy = page.get_by_role("dialog", name="New check")
    expect(copy.get_by_role("textbox", name="Name", exact=True)).to_have_value(f"{name} 2")
    expect(copy.get_by_role("textbox", name="Tags: team")).to_have_value("shop")
    page.goto(f"/ui/checks/{check_id}")
    more.click()
    page.get_by_role("button", name="Delete…").click()
    question = page.get_by_role("alertdialog", name="Delete check")
    expect(question.get_by_role("button", name="Delete")).to_be_disabled()
    question.get_by_role("textbox").fill(name)
    question.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile(r"/ui/checks(\?|$)"))
    assert httpx.get(f"{base_url}/api/v1/checks/{check_id}").status_code == 404


def test_somebody_elses_change_is_not_overwritten_unasked(page: Page, base_url: str, name: str, target: str) -> None:
    """Who saves later is told, keeps what was written, and may save it all the same."""
    check_id = saved(base_url, name, target)
    page.goto(f"/ui/checks/{check_id}?edit={check_id}")
    drawer = page.get_by_role("dialog", name=name)
    drawer.get_by_role("textbox", name="Group").fill("Mine")
    httpx.patch(f"{base_url}/api/v1/checks/{check_id}", json={"group": "Theirs"})
    drawer.get_by_role("button", name="Save").click()
    expect(drawer.get_by_role("alert").filter(has_text="conflict")).to_be_visible()
    assert stored(base_url, check_id)["group"] == "Theirs"
    drawer.get_by_role("button", name="Save mine over theirs").click()
    expect(drawer).to_have_count(0)
    assert stored(base_url, check_id)["group"] == "Mine"


def test_what_was_written_is_not_lost_by_escape(page: Page) -> None:
    """Closing asks where there is something to lose."""
    page.goto("/ui/checks?edit=%2B")
    drawer = page.get_by_role("dialog", name="New check")
    drawer.get_by_role("textbox", name="Name", exact=True).fill("x")
    page.keyboard.press("Escape")
    question = drawer.get_by_role("alertdialog", name="Leave without saving")
    expect(question).to_be_visible()
    question.get_by_role("button", name="Lose it").click()
    expect(drawer).to_have_count(0)


def test_the_page_of_a_check_tells_its_story(page: Page, base_url: str, name: str) -> None:
    """What is wrong, since when, its incident, where it was probed from, and the single results with their traces."""
    check_id = saved(base_url, name, "http://127.0.0.1:9/", interval="1s", timeout="1s")
    page.goto(f"/ui/checks/{check_id}")
    expect(page.get_by_role("link", name=re.compile(r"^Incident \d+$"))).to_have_attribute(
        "href", re.compile("/ui/incidents/")
    )
    expect(panel(page, "Incidents").get_by_role("listitem")).to_have_count(1)
    expect(panel(page, "Locations")).to_contain_text("Down")
    expect(
        page.get_by_role("figure", name=f"How {name} stood").get_by_role("button", name=re.compile("^Down"))
    ).to_be_visible()
    results = page.get_by_role("table", name="Last results")
    expect(results.get_by_role("button", name="Copy trace").first).to_be_visible()
    expect(page.get_by_label("Uptime").get_by_text("0.00 %").first).to_be_visible()
    expect(page.get_by_role("navigation", name="You are here")).to_contain_text(name)
    page.get_by_role("button", name="Probe now").click()
    expect(page.get_by_role("dialog").get_by_role("region", name="Found")).to_contain_text("Down")


def test_a_heartbeat_says_where_to_report(page: Page, base_url: str, name: str) -> None:
    """Its address is there to copy, and pings are listed as they come."""
    check_id = saved(base_url, name, "", type="heartbeat", options={"period": "1h"})
    page.goto(f"/ui/checks/{check_id}")
    line = page.get_by_label("The line that reports").inner_text()
    url = line.split()[-1]
    assert httpx.post(f"{base_url}{url[url.index('/ping/') :]}/1", content=b"disk full").status_code == 200
    expect(page.get_by_role("table", name="Pings").get_by_text("Failed (1)")).to_be_visible()
    expect(page.get_by_text("Down", exact=True).first).to_be_visible()


def test_a_check_that_is_not_there(page: Page) -> None:
    """A link that is old says so."""
    page.goto("/ui/checks/999999")
    expect(page.get_by_role("heading", name="This check is not there")).to_be_visible()
    page.goto("/ui/checks/shop")
    expect(page.get_by_role("heading", name="There is no such check")).to_be_visible()


def test_a_server_that_is_gone(page: Page) -> None:
    """What is known stays in sight; a page that knows nothing says so."""
    answer_checks(page, [shown(1, "Front")])
    page.goto("/ui/checks")
    expect(rows(page)).to_have_count(1)
    page.route("**/api/**", lambda route: route.abort())
    expect(page.get_by_text("Server not reachable.")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(page.get_by_role("alert").filter(has_text="The server does not answer.")).to_be_visible()


def test_the_list_is_accessible(themed: Page, axe: str) -> None:
    """Checks in all states have no violations."""
    states = ("up", "degraded", "down", "unreachable", "unknown", "paused", "maintenance")
    answer_checks(
        themed, [shown(at, f"One {at}", state, group="G" if at % 2 else "") for at, state in enumerate(states, 1)]
    )
    themed.goto("/ui/checks")
    expect(rows(themed)).to_have_count(7)
    assert violations(themed, axe) == []


def test_an_empty_list_is_accessible(themed: Page, axe: str) -> None:
    """The offer of a first check has no violations."""
    answer_checks(themed, [])
    themed.goto("/ui/checks")
    expect(themed.get_by_role("heading", name="Nothing is checked yet")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_editor_is_accessible(themed: Page, axe: str, target: str) -> None:
    """With a trial, an error and everything unfolded there are no violations."""
    themed.goto("/ui/checks?edit=%2B")
    drawer = themed.get_by_role("dialog", name="New check")
    drawer.get_by_role("textbox", name="URL").fill(target)
    drawer.get_by_role("button", name="Add condition").click()
    drawer.get_by_role("textbox", name="Condition 1").fill("status == 201")
    drawer.get_by_role("button", name="Add header").click()
    drawer.get_by_role("button", name="Add tag").click()
    for summary in ("More about how it is asked", "What can be said"):
        drawer.get_by_text(summary).click()
    drawer.get_by_label("Authentication").select_option("basic")
    drawer.get_by_role("button", name="Try it now").click()
    expect(drawer.get_by_role("region", name="Found")).to_be_visible()
    drawer.get_by_role("textbox", name="Every", exact=True).fill("soon")
    expect(drawer.get_by_role("textbox", name="Every", exact=True)).to_have_attribute("aria-invalid", "true")
    assert violations(themed, axe) == []


def test_the_page_of_a_check_is_accessible(themed: Page, axe: str, base_url: str, name: str) -> None:
    """A check that is down has no violations, nor has the question whether to delete it."""
    check_id = saved(base_url, name, "http://127.0.0.1:9/", tags={"team": "shop"}, description="The shop.")
    themed.goto(f"/ui/checks/{check_id}")
    expect(panel(themed, "Incidents").get_by_role("listitem")).to_have_count(1)
    expect(themed.get_by_role("table", name="Last results")).to_be_visible()
    themed.get_by_role("button", name="More about this check").click()
    themed.get_by_role("button", name="Delete…").click()
    expect(themed.get_by_role("alertdialog")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_page_of_a_heartbeat_is_accessible(themed: Page, axe: str, base_url: str, name: str) -> None:
    """With its address and no ping yet it has no violations."""
    check_id = saved(base_url, name, "", type="heartbeat")
    themed.goto(f"/ui/checks/{check_id}")
    expect(themed.get_by_label("The line that reports")).to_be_visible()
    assert violations(themed, axe) == []
