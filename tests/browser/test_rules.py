"""Rules as people see, write and try them."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.answers import ago, answer
from tests.browser.panels import narrower_than_the_window, panel
from tests.browser.test_accessibility import axe, themed, violations

__all__ = ["axe", "themed"]

FILE: Final = "/etc/rules/node.yml"


@pytest.fixture
def name(base_url: str) -> Iterator[str]:
    """A name that no other test's rule has; the rule is gone afterwards."""
    name = f"Rule{uuid.uuid4().hex[:8]}"
    yield name
    httpx.delete(f"{base_url}/api/v1/alert-rules/{name}")


def saved(base_url: str, name: str, **parts: Any) -> None:
    """A rule that never fires, saved through the API."""
    rule = {"name": name, "condition": {"query": "node_load1", "comparison": ">", "value": 100_000}, **parts}
    response = httpx.post(f"{base_url}/api/v1/alert-rules", json=rule)
    assert response.status_code == 201, response.text


def stored(base_url: str, name: str) -> dict[str, Any]:
    """The rule as the server has it."""
    found: dict[str, Any] = httpx.get(f"{base_url}/api/v1/alert-rules/{name}").json()["rule"]
    return found


def of_file(name: str, **parts: Any) -> dict[str, Any]:
    """A quiet rule of a file."""
    return {
        "type": "alerting",
        "name": name,
        "state": "inactive",
        "query": "node_load1 > 4",
        "duration": 90,
        "keepFiringFor": 0,
        "labels": {"severity": "page", "team": "ops"},
        "annotations": {"summary": "Load {{ $value }}"},
        "health": "ok",
        "evaluationTime": 0.0042,
        "lastEvaluation": ago(10),
        **parts,
    }


def answer_rules(page: Page, rules: list[dict[str, Any]], problems: tuple[str, ...] = ()) -> None:
    """Let these be all rules, in one group of one file."""
    groups = [{"name": "hosts", "file": FILE, "interval": 15, "rules": rules}] if rules else []
    answer(page, "**/api/v1/rules?*", {"status": "success", "data": {"groups": groups}, "warnings": list(problems)})
    answer(page, "**/api/v1/alert-rules", {"rules": []})


def answer_radar(page: Page, findings: dict[str, list[dict[str, Any]]]) -> None:
    """Let the radar have found something of rules, by their names."""
    found = [
        {"file": FILE, "group": "hosts", "name": name, "type": "alerting", "yieldsNothing": True, "findings": its}
        for name, its in findings.items()
    ]
    look = {"start": ago(600), "end": ago(0), "rules": 9, "looked": 9, "partial": False, "found": found}
    answer(page, "**/api/v1/radar", {"status": "success", "data": look})


def rows(page: Page) -> Locator:
    """The rules of the list, without the head."""
    return page.get_by_role("table", name="Rules").get_by_role("row").filter(has=page.get_by_role("rowheader"))


def write(page: Page, label: str, text: str) -> None:
    """Put a query into an editor, in place of what is there."""
    page.get_by_role("textbox", name=label, exact=True).click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Escape")


def test_the_rules_of_the_program_are_listed(page: Page) -> None:
    """They stand in the list with their severity, their condition and when they were evaluated."""
    page.goto("/ui/rules")
    row = rows(page).filter(has_text="HighMemoryUsage")
    for text in ("warning · Built in", "node_memory_MemAvailable_bytes", "for "):
        expect(row).to_contain_text(text)
    expect(row).to_contain_text(re.compile(r"(\d+ s ago|just now)"))


def test_what_fires_and_what_fails_stands_first(page: Page) -> None:
    """A rule says why it fails; one that fires stands above it, and quiet ones below."""
    failing = of_file("Broken", health="err", lastError="many-to-many matching", code="query_vector_matching")
    answer_rules(page, [of_file("Calm"), failing, of_file("Zulu", state="firing")], ("web.yml:3:1: no expr",))
    answer_radar(page, {})
    page.goto("/ui/rules")
    expect(rows(page).get_by_role("link")).to_have_text(["Zulu", "Broken", "Calm"])
    expect(rows(page).nth(0)).to_contain_text("Firing")
    expect(rows(page).nth(1)).to_contain_text("many-to-many matching")
    expect(page.get_by_text("web.yml:3:1: no expr")).to_be_visible()


def test_what_the_radar_found_is_told_with_the_nearest_name(page: Page) -> None:
    """A rule that watches nothing has a badge and the explanation, and the choice of suspect rules has it alone."""
    said = "node_lod1 matches no series: there is no such metric now; nearest: node_load1"
    finding = {"reason": "selector_matches_nothing", "message": said}
    never = {"reason": "never_fired", "message": "no alert of it fired in 7d"}
    answer_rules(page, [of_file("Calm"), of_file("Dead")])
    answer_radar(page, {"Dead": [finding], "Calm": [never]})
    page.goto("/ui/rules")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Suspect 1").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("Watches nothing")
    expect(rows(page).first).to_contain_text(said)
    expect(page).to_have_url(re.compile("show=found"))


def test_no_rules_say_what_to_do(page: Page) -> None:
    """An empty list names both ways to a rule."""
    answer_rules(page, [])
    answer_radar(page, {})
    page.goto("/ui/rules")
    expect(page.get_by_role("heading", name="No rules yet")).to_be_visible()
    expect(page.get_by_text("rules.files")).to_be_visible()
    page.get_by_role("link", name="New rule").click()
    expect(page.get_by_role("heading", name="New rule")).to_be_visible()


def test_a_thousand_rules_cost_what_thirty_do(page: Page) -> None:
    """Only the rows in sight exist, the page itself does not scroll, and words find a rule."""
    answer_rules(page, [of_file(f"Rule{at:04d}") for at in range(1000)])
    answer_radar(page, {})
    page.goto("/ui/rules")
    expect(page.get_by_role("heading", name="Rules 1,000")).to_be_visible()
    expect(rows(page).first).to_be_visible()
    assert rows(page).count() < 40
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    page.get_by_role("searchbox", name="Find a rule").fill("0777 team=ops")
    expect(rows(page).get_by_role("link")).to_have_text(["Rule0777"])


def test_the_list_fits_a_phone(page: Page) -> None:
    """With long names nothing sticks out."""
    answer_rules(page, [of_file("ARuleWithAVeryLongNameThatGoesOnForEverAndEver" * 2)])
    answer_radar(page, {})
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/ui/rules")
    expect(rows(page)).to_have_count(1)
    assert narrower_than_the_window(page)


def test_a_rule_is_written_tried_and_saved(page: Page, base_url: str, name: str) -> None:
    """A misspelt metric is told with the nearest name; once mended the rule is replayed, saved, and stands in the list."""
    page.goto("/ui/rules")
    page.get_by_role("link", name="New rule").click()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    write(page, "Query", "node_lod1")
    page.get_by_role("textbox", name="Threshold").fill("-1")
    page.get_by_role("textbox", name="Annotations: summary").fill("Load of {{ $labels.instance }}: {{ $value }}")
    expect(page.get_by_text(re.compile("node_lod1 matches no series.*nearest: .*node_load1"))).to_be_visible()
    write(page, "Query", "node_load1")
    page.get_by_role("textbox", name="Holds for").fill("0")
    expect(page.get_by_text("matches no series")).to_have_count(0)
    expect(page.get_by_text("The condition holds for 1 element now.")).to_be_visible()
    preview = page.get_by_role("region", name="Preview of an alert")
    expect(preview).to_contain_text(re.compile(r"Load of .+: \d"))
    expect(page.get_by_role("region", name=re.compile("^Would have fired once"))).to_be_visible()
    expect(page.get_by_role("figure", name="Alerts of the backtest").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("list", name="Firings").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(f"/ui/rules/{name}"))
    found = stored(base_url, name)
    assert (found["expr"], found["data"], found["for_ms"]) == ("node_load1 > -1", "node_load1", 0)
    page.get_by_role("navigation", name="You are here").get_by_role("link", name="Rules").click()
    page.get_by_role("searchbox", name="Find a rule").fill(name)
    expect(rows(page)).to_contain_text(["Catalog"])


def test_errors_stand_at_their_place(page: Page) -> None:
    """A duration, an expression and a template that cannot be read are told where they are written, and nothing can be saved."""
    page.goto("/ui/rules/+")
    page.get_by_role("button", name="Expression", exact=True).click()
    write(page, "Expression", "sum(node_load1 >")
    expect(page.get_by_role("group", name="Condition").get_by_role("alert")).to_contain_text("line 1, column")
    expect(page.get_by_role("button", name="Create")).to_be_disabled()
    page.get_by_role("textbox", name="Holds for").fill("5 minutes")
    expect(page.get_by_text("is not a duration")).to_be_visible()
    page.get_by_role("textbox", name="Holds for").fill("5m")
    write(page, "Expression", "node_load1 > 4")
    page.get_by_role("textbox", name="Annotations: summary").fill("{{ $value")
    expect(page.get_by_role("group", name="Annotations")).to_contain_text("annotation 'summary'")


def test_what_is_missing_is_said_once_one_tries_to_save(page: Page) -> None:
    """A new rule complains of nothing; asked to be saved, it says what it lacks."""
    page.goto("/ui/rules/+")
    write(page, "Query", "node_load1")
    expect(page.get_by_text("A rule needs a name")).to_have_count(0)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("A rule needs a name")).to_be_visible()
    expect(page.get_by_text("A number, such as 90 or 0.5")).to_be_visible()


def test_a_name_that_is_taken_is_told(page: Page) -> None:
    """Before the server has to refuse it."""
    page.goto("/ui/rules/+")
    page.get_by_role("textbox", name="Name", exact=True).fill("HighMemoryUsage")
    expect(page.get_by_text("A rule of this name is there already")).to_be_visible()


def test_a_change_is_told_with_what_it_would_do(page: Page, base_url: str, name: str) -> None:
    """Of a saved rule both counts of firings stand beside each other, and giving the change up takes them away."""
    saved(base_url, name)
    page.goto(f"/ui/rules/{name}")
    expect(page.get_by_role("region", name="Would not have fired")).to_be_visible()
    table = page.get_by_role("table", name="What the change would do")
    expect(table).to_have_count(0)
    page.get_by_role("textbox", name="Threshold").fill("-1")
    row = table.get_by_role("row").filter(has_text="Firings")
    expect(row.get_by_role("cell")).to_have_text(["0", "1", "1 in place of 0"])
    page.get_by_role("button", name="Discard changes").click()
    expect(table).to_have_count(0)
    expect(page.get_by_role("textbox", name="Threshold")).to_have_value("100000")


def test_somebody_elses_change_is_not_overwritten_unasked(page: Page, base_url: str, name: str) -> None:
    """Who saves later is told, keeps what was written, and may save it all the same."""
    saved(base_url, name)
    page.goto(f"/ui/rules/{name}")
    page.get_by_role("textbox", name="Threshold").fill("7")
    rule = {"name": name, "expr": "node_load1 > 5", "data": "node_load1"}
    assert httpx.put(f"{base_url}/api/v1/alert-rules/{name}", json=rule).status_code == 200
    page.get_by_role("button", name="Save", exact=True).click()
    told = page.get_by_role("alert").filter(has_text="Somebody else changed this rule meanwhile")
    expect(told).to_contain_text("conflict")
    assert stored(base_url, name)["expr"] == "node_load1 > 5"
    told.get_by_role("button", name="Save mine over theirs").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert stored(base_url, name)["expr"] == "node_load1 > 7"


def test_theirs_can_be_taken(page: Page, base_url: str, name: str) -> None:
    """The page then shows what is saved."""
    saved(base_url, name)
    page.goto(f"/ui/rules/{name}")
    page.get_by_role("textbox", name="Threshold").fill("7")
    rule = {"name": name, "expr": "node_load1 > 5", "data": "node_load1"}
    assert httpx.put(f"{base_url}/api/v1/alert-rules/{name}", json=rule).status_code == 200
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Show theirs, lose mine").click()
    expect(page.get_by_role("textbox", name="Threshold")).to_have_value("5")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()


def test_a_rule_is_switched_off_and_deleted(page: Page, base_url: str, name: str) -> None:
    """Off, it stays in the list; deleting asks first."""
    saved(base_url, name)
    page.goto(f"/ui/rules/{name}")
    more = page.get_by_role("button", name="More about this rule")
    before = more.element_handle()
    more.click()
    page.get_by_role("button", name="Switch off").click()
    page.wait_for_function("element => !element.isConnected", arg=before)  # the form is made anew
    more.click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    assert stored(base_url, name)["enabled"] is False
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("alertdialog").get_by_role("button", name=f"Delete {name}").click()
    expect(page).to_have_url(re.compile(r"/ui/rules(\?|$)"))
    assert httpx.get(f"{base_url}/api/v1/alert-rules/{name}").status_code == 404


def test_a_condition_keeps_its_meaning_in_the_other_form(page: Page) -> None:
    """A query, a comparison and a number become an expression and come back; more than that stays an expression."""
    page.goto("/ui/rules/+")
    write(page, "Query", "node_load1 + node_load5")
    page.get_by_role("textbox", name="Threshold").fill("4")
    page.get_by_role("button", name="Expression", exact=True).click()
    expect(page.get_by_role("textbox", name="Expression")).to_have_text("(node_load1 + node_load5) > 4")
    page.get_by_role("button", name="Simple").click()
    expect(page.get_by_role("textbox", name="Threshold")).to_have_value("4")
    page.get_by_role("button", name="Expression", exact=True).click()
    write(page, "Expression", "node_load1 > 4 and up")
    expect(page.get_by_role("button", name="Simple")).to_be_disabled()


def test_a_rule_of_a_file_is_shown_tried_and_copied(page: Page) -> None:
    """It says where it stands, is replayed as the file has it, and a copy begins with what it says."""
    answer_rules(page, [of_file("LoadHigh")])
    answer_radar(page, {})
    asked: list[dict[str, Any]] = []
    page.on("request", lambda one: asked.append(json.loads(one.post_data or "")) if "backtest" in one.url else None)
    page.goto("/ui/rules")
    rows(page).get_by_role("link").click()
    expect(page.get_by_text(FILE)).to_be_visible()
    expect(page.get_by_role("region", name=re.compile("^Would "))).to_be_visible()
    rule = {"alert": "LoadHigh", "expr": "node_load1 > 4", "for": "1m30s", "keep_firing_for": "0s"}
    assert rule.items() <= asked[0]["rule"].items()
    assert asked[0]["interval"] == "15s"
    page.get_by_role("button", name="Copy to the catalog").click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("LoadHigh")
    expect(page.get_by_role("textbox", name="Threshold")).to_have_value("4")
    expect(page.get_by_role("textbox", name="Labels: team")).to_have_value("ops")
    expect(page.get_by_role("textbox", name="Labels: severity")).to_have_count(0)
    expect(page.get_by_role("button", name="Create")).to_be_enabled()


def a_backtest(alerts: int) -> dict[str, Any]:
    """What came of a backtest in which every alert fired once, and two receivers were told."""
    now = time.time()

    def at(seconds: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - seconds))

    labels = [{"alertname": "X", "instance": f"node-{number}"} for number in range(alerts)]
    stretches = [
        {"state": "pending", "start": at(500), "end": at(400)},
        {"state": "firing", "start": at(400), "end": None},
    ]
    notice = {"at": at(400), "kinds": ["webhook"], "groupKey": "g", "groupLabels": {}, "status": "firing"}
    return {
        "rule": "X",
        "start": at(900),
        "end": at(0),
        "interval": 5.0,
        "instants": 181,
        "steps": 181,
        "took": 0.1,
        "firings": alerts,
        "notificationCount": 12,
        "counts": [
            {"receiver": "ops", "kinds": ["webhook"], "notifications": 3},
            {"receiver": "team-a", "kinds": ["webhook"], "notifications": 9},
        ],
        "alerts": [{"labels": one, "stretches": stretches} for one in labels],
        "notifications": [
            {**notice, "receiver": "team-a", "reason": "new_alerts", "summary": "Bad", "firing": [one], "resolved": []}
            for one in labels[:12]
        ],
        "held": [],
        "failures": [],
        "warnings": [],
    }


def test_a_backtest_sums_up_who_would_have_been_told(page: Page) -> None:
    """In a sentence; of very many alerts and firings the page stays readable, and one alert can be looked at alone."""
    answer(page, "**/api/v1/backtest/alert-rule", a_backtest(1000))
    page.goto("/ui/rules/HighMemoryUsage?range=15m")
    told = "Would have fired 1,000 times and notified 12 times: 9 to team-a, 3 to ops"
    expect(page.get_by_role("region", name=told)).to_be_visible()
    strips = page.get_by_role("figure", name="Alerts of the backtest").get_by_role("button", name="instance=")
    expect(strips).to_have_count(8)
    page.get_by_role("button", name="Show 200 of 1,000").click()
    expect(strips).to_have_count(200)
    assert page.get_by_role("list", name="Firings").get_by_role("listitem").count() < 40
    strips.nth(1).focus()
    page.keyboard.press("Enter")
    expect(strips.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(panel(page, "Notifications")).to_contain_text("team-a")


def test_a_backtest_that_is_refused_says_why(page: Page) -> None:
    """With the stable code, while the form stays usable."""
    refusal = {"error": "The query reads too many samples.", "code": "query_samples_limit"}
    answer(page, "**/api/v1/backtest/alert-rule", refusal, 422)
    page.goto("/ui/rules/HighMemoryUsage")
    expect(page.get_by_role("alert")).to_contain_text("The query reads too many samples. query_samples_limit")
    expect(page.get_by_role("textbox", name="Threshold")).to_be_editable()


def test_a_rule_that_is_not_there(page: Page) -> None:
    """A link that is old says so."""
    page.goto("/ui/rules/NoSuchRule")
    expect(page.get_by_role("heading", name="There is no rule named NoSuchRule")).to_be_visible()


def test_the_list_is_accessible(themed: Page, axe: str) -> None:
    """The list of rules, with a finding and a failure, has no violations."""
    failing = of_file("Broken", health="err", lastError="many-to-many matching")
    answer_rules(themed, [of_file("Calm"), failing, of_file("Dead"), of_file("Zulu", state="firing")], ("a.yml: bad",))
    answer_radar(themed, {"Dead": [{"reason": "flaps", "message": "its alert ended 31 times within a day"}]})
    themed.goto("/ui/rules")
    expect(themed.get_by_text("Flaps")).to_be_visible()
    assert violations(themed, axe) == []


def test_the_editor_is_accessible(themed: Page, axe: str, base_url: str, name: str) -> None:
    """A rule with a change, its backtest and a template that cannot be read have no violations."""
    saved(base_url, name)
    themed.goto(f"/ui/rules/{name}")
    themed.get_by_role("textbox", name="Threshold").fill("-1")
    expect(themed.get_by_role("table", name="What the change would do")).to_be_visible()
    expect(themed.locator("[data-outdated]")).to_have_count(0)
    assert violations(themed, axe) == []
    themed.get_by_role("textbox", name="Annotations: summary").fill("{{ $value")
    expect(themed.get_by_role("group", name="Annotations")).to_contain_text("annotation 'summary'")
    expect(themed.locator("[data-outdated]")).to_have_count(0)
    assert violations(themed, axe) == []
