"""Incidents as people read them, answer them and write them; the answers are given here."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.answers import ago, answer
from tests.browser.panels import narrower_than_the_window
from tests.browser.uptime import (
    TRACE,
    answer_checks,
    answer_incident,
    answer_incidents,
    check,
    entry,
    incident,
    told,
)

OVER = {"started_at": ago(7_200), "ended_at": ago(3_600)}


def test_without_incidents_the_page_says_what_they_are(page: Page) -> None:
    """Where there were none, a sentence tells what they are, and one can write one."""
    answer_checks(page)
    answer_incidents(page, [])
    page.goto("/ui/incidents")
    expect(page.get_by_role("heading", name="There was no incident yet")).to_be_visible()
    page.get_by_role("link", name="Write an incident").click()
    expect(page.get_by_role("heading", name="Write an incident")).to_be_visible()


def test_open_incidents_come_first_with_what_follows_from_them(page: Page) -> None:
    """What follows stands beneath its cause, what is over beneath what lasts, each with its check."""
    answer_checks(page, check(1, "database"), check(2, "api"), check(3, "dns"))
    follows = incident(2, "api", part_of=1, kind="unreachable")
    answer_incidents(page, [incident(1, "database", assignee="ada"), follows, incident(3, "dns", **OVER)])
    page.goto("/ui/incidents")
    opened = page.get_by_role("region", name="Open incidents")
    for text in ("database is down", "for 10 min", "ada", "Down"):
        expect(opened.locator("article").first).to_contain_text(text)
    expect(page.get_by_role("list", name="What follows from database is down")).to_contain_text("api is down")
    over = page.get_by_role("region", name="Over incidents")
    expect(over).to_contain_text("after 1 h")
    over.get_by_role("link", name="dns", exact=True).click()
    expect(page).to_have_url(re.compile("/ui/checks/3"))


def test_what_is_shown_stands_in_the_address(page: Page) -> None:
    """Only open ones, and those of one check, are shown again after a reload."""
    answer_checks(page, check(1, "database"), check(3, "dns"))
    answer_incidents(page, [incident(1, "database"), incident(3, "dns", **OVER)])
    page.goto("/ui/incidents")
    page.get_by_role("button", name="Open 1").click()
    expect(page.get_by_role("region", name="Over incidents")).to_have_count(0)
    page.get_by_label("Check").select_option("dns")
    expect(page.get_by_role("heading", name="Nothing is wrong now")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Nothing is wrong now")).to_be_visible()
    expect(page).to_have_url(re.compile("show=open.*check=3"))


def test_older_incidents_are_a_page_further(page: Page) -> None:
    """Fifty are shown; the next page begins where they end, and one leads back to the newest."""
    answer_checks(page, check(1, "dns"))
    answer_incidents(page, [incident(one, f"host-{one}", **OVER) for one in range(1, 121)])
    page.goto("/ui/incidents")
    expect(page.get_by_role("article")).to_have_count(50)
    page.get_by_role("link", name="Older incidents").click()
    expect(page.get_by_role("link", name="host-70 is down")).to_be_visible()
    page.get_by_role("link", name="Newest").click()
    expect(page.get_by_role("link", name="host-120 is down")).to_be_visible()


def test_the_timeline_shows_when_checks_were_not_well(page: Page) -> None:
    """A lane for each check; a press on a stretch goes to its time."""
    answer_checks(page, check(1, "database"))
    answer_incidents(page, [incident(1, "database")])
    page.goto("/ui/incidents")
    stretch = page.get_by_role("figure", name="Timeline of incidents").get_by_role(
        "button", name="database: Down since"
    )
    stretch.click()
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))


def test_an_incident_tells_all_that_belongs_to_it(page: Page) -> None:
    """Its lines the newest first, its check, cause, traces, and its time in Explore."""
    answer_checks(page, check(1, "database"))
    lines = [
        entry("notice", "console: told", 590),
        entry("update", "We look", 60, who="ada", status="identified", public=True),
    ]
    its = incident(1, "database", trace_ids=[TRACE])
    answer_incident(page, told(its, *lines, related=[incident(2, "api", part_of=1)]))
    page.goto("/ui/incidents/1")
    expect(page.get_by_role("heading", name="database is down")).to_be_visible()
    shown = page.get_by_role("list", name="Timeline, the newest first").get_by_role("listitem")
    for text in ("Identified, ada", "Public", "We look"):
        expect(shown.first).to_contain_text(text)
    expect(shown.last).to_contain_text("up → down: status is 503")
    aside = page.get_by_role("complementary")
    for text in ("Status not accepted: shop.example.org", TRACE, "api is down"):
        expect(aside).to_contain_text(text)
    expect(aside.get_by_role("link", name="database", exact=True)).to_have_attribute("href", "/ui/checks/1")
    explore = aside.get_by_role("link", name="See them in Explore").get_attribute("href") or ""
    assert re.search(r"q=probe_success%7Bcheck%3D%22database%22%7D&from=\d+&to=\d+", explore)


def test_people_answer_an_incident(page: Page) -> None:
    """Acknowledging, assigning, renaming and an update are each sent as they were written."""
    answer_checks(page, check(1, "database"))
    sent = answer_incident(page, told(incident(1, "database")))
    page.goto("/ui/incidents/1")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Assignee").fill("grace")
    page.get_by_role("button", name="Assign").click()
    page.get_by_role("textbox", name="Update").fill("A disk is full")
    page.get_by_role("combobox", name="Status").select_option("Identified")
    page.get_by_label("On status pages").uncheck()
    page.get_by_role("button", name="Add update").click()
    expect(page.get_by_role("textbox", name="Update")).to_have_value("")
    page.get_by_role("button", name="More about this incident").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Title").fill("Orders wait")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Title")).to_have_count(0)
    assert sent == [
        {"to": "1/acknowledge"},
        {"to": "1", "assignee": "grace"},
        {"to": "1/updates", "text": "A disk is full", "status": "identified", "public": False},
        {"to": "1", "title": "Orders wait"},
    ]


def test_a_post_mortem_does_not_replace_what_somebody_else_wrote(page: Page) -> None:
    """What changed while one wrote is told, and nothing is saved over it unasked."""
    answer_checks(page, check(1, "database"))
    answer_incident(page, told(incident(1, "database", post_mortem="It broke.", **OVER)))
    page.goto("/ui/incidents/1")
    page.get_by_role("button", name="Edit").click()
    sent = answer_incident(page, told(incident(1, "database", post_mortem="Theirs.", **OVER)))
    page.get_by_role("textbox", name="Post-mortem").fill("It broke, and why.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody else changed").first).to_be_visible()
    assert sent == []
    page.get_by_role("button", name="Save mine in its place").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("textbox", name="Post-mortem")).to_have_count(0)
    assert sent == [{"to": "1", "post_mortem": "It broke, and why."}]


def test_a_refusal_is_said_and_the_text_stays(page: Page) -> None:
    """What the server does not take stands beneath the form with its code."""
    answer_checks(page, check(1, "database"))
    answer_incident(page, told(incident(1, "database")))
    refusal = {"status": "error", "errorType": "bad_data", "error": "text: is too long", "code": "field_invalid"}
    answer(page, "**/api/v1/incidents/1/updates", refusal, status=400)
    page.goto("/ui/incidents/1")
    page.get_by_role("textbox", name="Update").fill("A disk is full")
    page.get_by_role("button", name="Add update").click()
    expect(page.get_by_role("alert")).to_contain_text("text: is too long field_invalid")
    expect(page.get_by_role("textbox", name="Update")).to_have_value("A disk is full")


def test_an_incident_is_written_by_people(page: Page) -> None:
    """A title is needed; what is sent begins an incident that one sees then."""
    made = told(incident(7, "x", check=None, kind="manual", title="Orders wait"))
    answer_incident(page, made)
    sent: list[str] = []

    def begin(request: object) -> None:
        sent.append(getattr(request, "post_data", "") or "")

    page.on("request", lambda request: begin(request) if request.method == "POST" else None)
    answer(page, "**/api/v1/incidents", made, status=201)
    page.goto("/ui/incidents/+")
    page.get_by_role("button", name="Begin incident").click()
    expect(page.get_by_text("it cannot be empty")).to_be_visible()
    page.get_by_label("Title").fill("Orders wait")
    page.get_by_label("First update").fill("We look into it")
    page.get_by_role("button", name="Begin incident").click()
    expect(page.get_by_role("heading", name="Orders wait")).to_be_visible()
    expect(page.get_by_role("button", name="Resolve")).to_be_visible()
    assert sent == ['{"title":"Orders wait","text":"We look into it","status":"investigating","public":true}']


def test_an_incident_that_is_not_there_says_so(page: Page) -> None:
    """The address of no incident leads to a sentence."""
    page.goto("/ui/incidents/999999999")
    expect(page.get_by_role("heading", name="There is no such incident")).to_be_visible()


@pytest.mark.parametrize("path", ["/ui/incidents", "/ui/incidents/1", "/ui/incidents/+"])
def test_incidents_fit_a_phone(page: Page, path: str) -> None:
    """With long names the list, an incident and the form fit 360 pixels."""
    name = "a-long-name" * 12
    answer_checks(page, check(1, name))
    its = incident(1, name, details="d" * 200, cause=f"refused {name}", assignee=name, trace_ids=[TRACE])
    answer_incidents(page, [its, incident(2, name, part_of=1)])
    answer_incident(page, told(its, entry("update", "t" * 300, who=name), related=[incident(2, name, part_of=1)]))
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    expect(page.get_by_role("heading").first).to_be_visible()
    assert narrower_than_the_window(page)
