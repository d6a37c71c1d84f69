"""Maintenance windows as people plan them; the answers are given here."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.answers import ago, answer
from tests.browser.panels import narrower_than_the_window
from tests.browser.uptime import WINDOW, answer_checks, answer_windows, check, window

ACTIVE = {"id": "now", "active": True, "active_until": ago(-90_000), "next_start": None}


def test_without_windows_the_page_says_what_they_are_for(page: Page) -> None:
    """Where there are none, a sentence tells what one does, and a button opens the editor."""
    answer_checks(page)
    answer_windows(page, [])
    page.goto("/ui/maintenance")
    expect(page.get_by_role("heading", name="No maintenance is planned")).to_be_visible()
    page.get_by_role("link", name="Plan maintenance").click()
    expect(page.get_by_role("dialog", name="Plan maintenance").get_by_label("Name")).to_be_focused()


def test_windows_stand_by_how_they_are(page: Page) -> None:
    """Active ones say when they end, planned ones in words when they recur and what they cover."""
    answer_checks(page, check(1, "shop"), check(2, "db", "data"))
    answer_windows(page, [window("Nights"), window("Move", **ACTIVE), window("Old", id="o", enabled=False)])
    page.goto("/ui/maintenance")
    expect(page.get_by_role("region", name="Active now")).to_contain_text("in 1 d")
    planned = page.get_by_role("region", name="Planned")
    for text in ("Every Sunday at 02:00 for 2 hours (Europe/Berlin)", "in 2 h", "group shop", "1 check now"):
        expect(planned).to_contain_text(text)
    expect(page.get_by_role("region", name="Switched off")).to_contain_text("Old")


def test_an_active_window_is_ended(page: Page) -> None:
    """One press ends it now."""
    answer_checks(page)
    sent = answer_windows(page, [window("Move", **ACTIVE)])
    page.goto("/ui/maintenance")
    with page.expect_response("**/end"):
        page.get_by_role("button", name="End now Move").click()
    assert sent == [{"how": "POST /now/end", "if_match": ""}]


def test_a_window_that_recurs_is_planned(page: Page) -> None:
    """Days, time and scope are sent as a cron expression; when it would be active is told before."""
    answer_checks(page, check(1, "shop", team="web"), check(2, "db", "data"))
    sent = answer_windows(page, [])
    page.goto("/ui/maintenance/+")
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill("Patches")
    form.get_by_role("button", name="On weekdays").click()
    form.get_by_role("button", name="Wednesday").click()
    form.get_by_label("Begins at").fill("03:30")
    form.get_by_label("Time zone").fill("Europe/Berlin")
    form.get_by_role("button", name="Some", exact=True).click()
    form.get_by_role("button", name="Plan it").click()
    expect(form.get_by_role("alert")).to_have_text("Name a check, a group or a tag")
    form.get_by_label("Tags").fill("team:web")
    form.get_by_label("Tags").press("Enter")
    expect(form.get_by_text("It would cover 1 of 2 checks now: shop.")).to_be_visible()
    expect(form.get_by_role("region", name="When it would be active")).to_contain_text("2 h, in")
    form.get_by_role("button", name="Plan it").click()
    expect(form).to_have_count(0)
    assert sent == [
        {
            "how": "POST ",
            "if_match": "",
            "name": "Patches",
            "description": "",
            "enabled": True,
            "public": True,
            "scope": {"all": False, "checks": [], "groups": [], "tags": ["team:web"]},
            "cron": "30 3 * * SUN,WED",
            "duration": "2h",
            "timezone": "Europe/Berlin",
        }
    ]


def test_an_edit_keeps_what_was_not_changed(page: Page) -> None:
    """What a window says is sent back as it was, in place of the version that was read."""
    answer_checks(page)
    before = window("Nights", rrule="FREQ=MONTHLY;BYDAY=1SU", cron=None, starts_at="2026-05-03T00:00:00.000Z")
    sent = answer_windows(page, [before])
    page.goto(f"/ui/maintenance/{WINDOW}")
    expect(page.get_by_text("Every month on the first Sunday", exact=True)).to_be_visible()
    page.get_by_label("Description").fill("Disks")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    (saved,) = sent
    assert (saved["how"], saved["if_match"], saved["description"]) == (f"PUT /{WINDOW}", '"3"', "Disks")
    kept = ("name", "scope", "rrule", "starts_at", "duration", "timezone", "public", "enabled")
    assert {name: saved[name] for name in kept} == {name: before[name] for name in kept}


def test_a_window_is_deleted_by_name(page: Page) -> None:
    """Deleting asks first, and says what it deletes."""
    answer_checks(page)
    sent = answer_windows(page, [window("Nights")])
    page.goto(f"/ui/maintenance/{WINDOW}")
    page.get_by_role("button", name="Delete…").click()
    question = page.get_by_role("alertdialog", name="Delete maintenance window")
    question.get_by_role("button", name="Keep it").click()
    assert sent == []
    page.get_by_role("button", name="Delete…").click()
    question.get_by_role("button", name="Delete Nights").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [one["how"] for one in sent] == [f"DELETE /{WINDOW}"]


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("Name", "", "It needs a name"),
        ("From", "soon", "Write it as 2026-11-21 14:00"),
        ("Until", "2020-01-01", "ends_at: it must be after starts_at"),
    ],
)
def test_what_is_wrong_is_said(page: Page, field: str, text: str, said: str) -> None:
    """The form says what cannot be; what only the server knows is said in its words."""
    answer_checks(page)
    answer_windows(page, [])
    refusal: dict[str, Any] = {
        "status": "error",
        "error": "ends_at: it must be after starts_at",
        "code": "field_invalid",
    }
    if "ends_at" in said:
        page.route(
            "**/windows/preview",
            lambda route: route.fulfill(status=400, body=json.dumps(refusal), content_type="application/json"),
        )
    page.goto("/ui/maintenance/+")
    page.get_by_label(field, exact=True).fill(text)
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_text(said).first).to_be_visible()


def test_a_conflict_is_said(page: Page) -> None:
    """What somebody else saved meanwhile is not overwritten."""
    answer_checks(page)
    answer_windows(page, [window("Nights")])
    refusal = {"status": "error", "error": "it is at version 4, not 3: read it again", "code": "conflict"}
    answer(page, f"**/api/v1/windows/{WINDOW}", refusal, status=409)
    page.goto(f"/ui/maintenance/{WINDOW}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("it is at version 4, not 3: read it again conflict")


@pytest.mark.parametrize("path", ["/ui/maintenance", f"/ui/maintenance/{WINDOW}"])
def test_maintenance_fits_a_phone(page: Page, path: str) -> None:
    """With long names the list and the editor fit 360 pixels."""
    name = "a-long-name" * 12
    answer_checks(page, check(1, name, name))
    answer_windows(page, [window(name, scope={"all": False, "checks": [name], "groups": [name], "tags": [name]})])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    expect(page.get_by_role("heading").first).to_be_visible()
    assert narrower_than_the_window(page)
