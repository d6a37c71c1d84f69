"""Silences as people see and make them; the answers are given here."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.alerting import LAGGING, SILENCE, answer_silences, group, silence, told_alert
from tests.browser.answers import ago, answer
from tests.browser.panels import narrower_than_the_window
from tests.browser.test_alerts_page import answer_alerts

NIGHTS = {"weekdays": ["sunday"], "times": [{"start_time": "02:00", "end_time": "04:00"}], "location": "Europe/Berlin"}


def test_without_silences_the_page_says_what_they_are_for(page: Page) -> None:
    """Where there are none, a sentence tells what one does, and a button makes one."""
    answer_silences(page, [])
    page.goto("/ui/silences")
    expect(page.get_by_role("heading", name="Nothing is silenced")).to_be_visible()
    page.get_by_role("link", name="New silence").click()
    expect(page.get_by_role("heading", name="New silence")).to_be_visible()
    expect(page.get_by_label("Label 1")).to_have_value("alertname")


def test_silences_stand_by_their_state(page: Page) -> None:
    """Active ones say what they hold, pending ones when they recur, expired ones can be made again."""
    answer_alerts(page, [], [group(told_alert(LAGGING, silencedBy=[SILENCE]), team="db")])
    pending = silence("The backup", "pending", id="p", endsAt="9999-12-31T23:59:59.999Z", recurrence=[NIGHTS])
    answer_silences(page, [silence("Disks"), pending, silence("Last week", "expired", id="e", endsAt=ago(600))])
    page.goto("/ui/silences")
    active = page.get_by_role("list", name="Active silences").get_by_role("listitem")
    for text in ('team="db"', "Disks", "by ada", "in 59 min", "1 alert"):
        expect(active.first).to_contain_text(text)
    page.get_by_role("button", name="Pending 1").click()
    expect(page.get_by_text("Every Sunday from 02:00 to 04:00 (Europe/Berlin)")).to_be_visible()
    expect(page.get_by_role("list", name="Pending silences")).to_contain_text("never")
    page.get_by_role("button", name="Expired 1").click()
    page.get_by_role("link", name="Again").click()
    expect(page.get_by_label("Value 1")).to_have_value("db")
    expect(page.get_by_label("Comment")).to_have_value("Last week")


def test_silences_are_found_by_what_they_say(page: Page) -> None:
    """Matchers, authors and comments are searched."""
    answer_silences(page, [silence("Disks"), silence("Deployment", id="d", createdBy="grace")])
    page.goto("/ui/silences")
    page.get_by_role("searchbox", name="Find a silence").fill("GRACE")
    expect(
        page.get_by_role("list", name="Active silences").get_by_role("listitem").filter(has_text="by")
    ).to_have_count(1)
    page.get_by_role("searchbox", name="Find a silence").fill("nothing like it")
    expect(page.get_by_role("heading", name="No silence matches")).to_be_visible()


def test_an_edit_keeps_what_was_not_changed(page: Page) -> None:
    """Windows, start and matchers are sent as they were; the new end is sent with the silence's id."""
    before = silence("The backup", recurrence=[NIGHTS])
    answer_silences(page, [before])
    answer_alerts(page, [])
    answer(page, "**/api/v2/alerts?*", [])
    page.goto(f"/ui/silences/{SILENCE}")
    expect(page.get_by_text("It would hold no alert now")).to_be_visible()
    page.get_by_role("button", name="1 week").click()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Save").click()
    saved: dict[str, Any] = json.loads(sent.value.post_data or "")
    assert {name: saved[name] for name in ("id", "startsAt", "matchers", "recurrence", "comment", "createdBy")} == {
        name: before[name] for name in ("id", "startsAt", "matchers", "recurrence", "comment", "createdBy")
    }
    assert saved["endsAt"] != before["endsAt"]


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("Until", "tomorrow", "Write it as 2026-11-21 14:30"),
        ("Until", "2020-01-01 00:00", "It would be over already"),
        ("From", "soon", "Write it as 2026-11-21 14:00"),
        ("Value 1", "", "all alerts would be silenced"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(page: Page, field: str, text: str, said: str) -> None:
    """A form that cannot be saved says why and sends nothing."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    answer_alerts(page, [])
    page.goto("/ui/silences/+?match=team%3Ddb&comment=why")
    page.get_by_label("Author").fill("ada")
    page.get_by_label(field, exact=True).fill(text)
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text(said)).to_be_visible()
    assert sent == []


def test_what_was_written_is_not_lost_unasked(page: Page) -> None:
    """Who leaves a silence that was begun is asked, and who leaves one as it was is not."""
    answer_silences(page, [])
    page.goto("/ui/silences")
    page.get_by_role("link", name="New silence").first.click()
    page.get_by_role("button", name="Cancel").click()
    expect(page).to_have_url(re.compile("/ui/silences$"))
    page.get_by_role("link", name="New silence").first.click()
    comment = page.get_by_label("Comment")
    comment.fill("we move")
    page.get_by_role("button", name="Cancel").click()
    question = page.get_by_role("alertdialog", name="Leave without saving")
    question.get_by_role("button", name="Go on writing").click()
    expect(comment).to_have_value("we move")
    page.get_by_role("link", name="Incidents").first.click()
    question.get_by_role("button", name="Lose it").click()
    expect(page).to_have_url(re.compile("/ui/incidents$"))


def test_a_refusal_of_the_server_is_said(page: Page) -> None:
    """What the server answers to a silence that it does not take stands above the buttons, and the form stays."""
    answer_alerts(page, [])
    answer(page, "**/api/v2/alerts?*", [])
    answer(page, "**/api/v2/silences*", "there are 10000 silences, and may be no more", status=400)
    page.goto("/ui/silences/+?match=team%3Ddb&comment=why")
    page.get_by_label("Author").fill("ada")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("there are 10000 silences")
    expect(page.get_by_label("Author")).to_have_value("ada")


def test_a_silence_that_is_gone_says_so(page: Page) -> None:
    """The address of a silence that is not kept any more leads to a sentence."""
    answer_silences(page, [])
    page.goto("/ui/silences/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("heading", name="This silence is not there any more")).to_be_visible()


def test_many_silences_are_drawn_a_few_at_a_time(page: Page) -> None:
    """Of hundreds fifty are drawn until more are asked for."""
    answer_silences(page, [silence(f"Rack {i}", id=f"id-{i}") for i in range(300)])
    page.goto("/ui/silences")
    shown = page.get_by_role("list", name="Active silences").locator("> li")
    expect(shown).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(shown).to_have_count(250)


@pytest.mark.parametrize("path", ["/ui/silences", f"/ui/silences/{SILENCE}"])
def test_silences_fit_a_phone(page: Page, path: str) -> None:
    """With long matchers the list and the form fit 360 pixels."""
    matchers = [{"name": "instance", "value": "a-long-name" * 12, "isRegex": True, "isEqual": False}]
    answer_silences(page, [silence("c" * 120, matchers=matchers, recurrence=[NIGHTS])])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    expect(page.get_by_role("heading", name=re.compile("Silences|Edit silence"))).to_be_visible()
    assert narrower_than_the_window(page)
