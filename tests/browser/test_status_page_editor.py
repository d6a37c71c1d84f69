"""Status pages as people define them; the answers are given here."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.answers import ago
from tests.browser.panels import narrower_than_the_window
from tests.browser.uptime import answer_checks, answer_pages, check, status_page


def test_without_pages_it_is_said_what_they_are_for(page: Page) -> None:
    """Where there are none, a sentence tells what one does, and a button makes one."""
    answer_checks(page)
    answer_pages(page, [])
    page.goto("/ui/status-pages")
    expect(page.get_by_role("heading", name="There is no status page")).to_be_visible()
    page.get_by_role("link", name="New status page").click()
    expect(page.get_by_role("heading", name="New status page")).to_be_visible()


def test_pages_are_listed_with_who_may_read_them(page: Page) -> None:
    """Public ones lead to what readers see; hidden ones and those with a password say so."""
    answer_checks(page, check(1, "shop"), check(2, "db", "data"))
    hidden = status_page("staff", "Staff", published=False)
    locked = status_page("locked", "Customers", password="***", groups=[{"groups": ["shop"]}])
    answer_pages(page, [status_page("acme", "Acme"), hidden, locked])
    page.goto("/ui/status-pages")
    rows = page.get_by_role("list", name="Status pages").locator("> li")
    expect(rows.nth(0)).to_contain_text("Public")
    expect(rows.nth(0).get_by_role("link", name="/status/acme")).to_have_attribute("href", "/status/acme")
    expect(rows.nth(0)).to_contain_text("2 checks")
    expect(rows.nth(1)).to_contain_text("Hidden")
    expect(rows.nth(1).get_by_role("link", name="/status/staff")).to_have_count(0)
    expect(rows.nth(2)).to_contain_text("Password")
    expect(rows.nth(2)).to_contain_text("1 check")


def test_a_page_is_made(page: Page) -> None:
    """The address follows the title; groups, names and readers are sent as they were written."""
    answer_checks(page, check(1, "shop"), check(2, "db", "data"))
    sent = answer_pages(page, [])
    page.goto("/ui/status-pages/+")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("it cannot be empty").first).to_be_visible()
    page.get_by_label("Title").fill("Acme Söhne")
    expect(page.get_by_label("Address")).to_have_value("acme-sohne")
    expect(page.get_by_text("It shows 2 checks now: shop, db.").or_(page.get_by_text("now: db, shop."))).to_be_visible()
    page.get_by_label("Heading").fill("All of it")
    page.get_by_text("Names for readers").click()
    page.get_by_label("db", exact=True).fill("Orders")
    page.get_by_label("Latency").check()
    page.get_by_label("7d").check()
    page.get_by_label("Only with a password").check()
    page.get_by_label("Password", exact=True).fill("open sesame")
    page.get_by_label("Domains").fill("status.example.org,")
    page.get_by_label("Webhook").check()
    page.get_by_label("They are told after, minutes").fill("5")
    page.get_by_role("button", name="Publish").click()
    expect(page).to_have_url(re.compile("/ui/status-pages/acme-sohne"))
    (made,) = sent
    assert {name: made[name] for name in ("how", "slug", "title", "names", "password", "domains", "notify_after")} == {
        "how": "POST ",
        "slug": "acme-sohne",
        "title": "Acme Söhne",
        "names": {"db": "Orders"},
        "password": "open sesame",
        "domains": ["status.example.org"],
        "notify_after": 300_000,
    }
    assert made["groups"] == [{"name": "All of it", "checks": [], "groups": ["*"], "tags": {}, "collapsed": False}]
    assert (made["shows"]["latency"], made["shows"]["windows"]) == (True, ["7d", "90d"])
    assert made["subscribe"] == ["rss", "email", "webhook"]


def test_an_edit_keeps_what_was_not_changed(page: Page) -> None:
    """The password stays without being shown, and what is saved stands in place of the version that was read."""
    answer_checks(page, check(1, "shop"))
    before = status_page("acme", "Acme", password="***", footer="Imprint", unknown="down")
    sent = answer_pages(page, [before])
    page.goto("/ui/status-pages/acme")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    expect(page.get_by_label("They are told after, minutes")).to_have_value("2")
    page.get_by_label("Announcement").fill("We move.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Readers see it within seconds.")).to_be_visible()
    expect(page.get_by_label("Announcement")).to_have_value("We move.")
    (saved,) = sent
    assert (saved.pop("how"), saved.pop("if_match")) == ("PUT /acme", '"4"')
    group = {"name": "", "checks": [], "groups": ["*"], "tags": {}, "collapsed": False}
    kept = {name: value for name, value in before.items() if name not in {"version", "path"}}
    assert saved == {**kept, "announcement": "We move.", "groups": [group], "notify_after": 120_000}


def test_a_page_of_the_server_is_changed(page: Page) -> None:
    """With the server's own answers: what it tells of a page can be shown, changed and saved, again and again."""
    address = "/api/v1/status-pages/of-the-server"
    said = {"slug": "of-the-server", "title": "Acme", "groups": [{"groups": ["*"]}], "notify_after": "90s"}
    assert page.request.put(address, data=said).ok
    page.goto("/ui/status-pages/of-the-server")
    expect(page.get_by_label("They are told after, minutes")).to_have_value("1.5")
    for text in ("We move.", "We moved."):
        page.get_by_label("Announcement").fill(text)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved. Readers see it within seconds.")).to_be_visible()
    stored = page.request.get(address).json()
    assert (stored["announcement"], stored["notify_after"], stored["version"]) == ("We moved.", "1m30s", 3)
    assert page.request.delete(address).ok


def test_what_is_not_saved_is_not_lost_in_silence(page: Page) -> None:
    """Whoever leaves a changed page is asked, by a link, by a button or by going back; and a closed tab asks by the browser."""
    answer_checks(page, check(1, "shop"))
    answer_pages(page, [status_page("acme", "Acme")])
    page.goto("/ui/status-pages")
    page.get_by_role("link", name="Acme", exact=True).click()
    announcement = page.get_by_label("Announcement")
    question = page.get_by_role("alertdialog", name="Leave without saving")
    announcement.fill("We move.")
    page.get_by_role("link", name="Incidents").first.click()
    expect(question.get_by_role("button", name="Go on writing")).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(announcement).to_have_value("We move.")
    page.go_back()
    expect(question).to_be_visible()
    expect(page).to_have_url(re.compile("/ui/status-pages/acme$"))
    question.get_by_role("button", name="Go on writing").click()
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    page.get_by_role("button", name="Back", exact=True).click()
    question.get_by_role("button", name="Lose it").click()
    expect(page).to_have_url(re.compile("/ui/status-pages$"))


def test_whoever_goes_back_all_the_same_gets_there(page: Page) -> None:
    """A step back that was held is taken when what was written may be lost, and nothing is asked once it is as it was."""
    answer_checks(page, check(1, "shop"))
    answer_pages(page, [status_page("acme", "Acme")])
    page.goto("/ui/status-pages")
    page.get_by_role("link", name="Acme", exact=True).click()
    announcement = page.get_by_label("Announcement")
    announcement.fill("We move.")
    announcement.fill("")
    page.go_back()
    expect(page).to_have_url(re.compile("/ui/status-pages$"))
    page.get_by_role("link", name="Acme", exact=True).click()
    announcement.fill("We move.")
    page.go_back()
    page.get_by_role("button", name="Lose it").click()
    expect(page).to_have_url(re.compile("/ui/status-pages$"))
    expect(page.get_by_role("list", name="Status pages")).to_be_visible()


def test_groups_are_added_moved_and_taken_away(page: Page) -> None:
    """The order of groups is the order of the page; an empty one is not saved."""
    answer_checks(page, check(1, "shop"), check(2, "db", "data"))
    sent = answer_pages(page, [status_page("acme", "Acme", groups=[{"name": "Rest", "groups": ["*"]}])])
    page.goto("/ui/status-pages/acme")
    page.get_by_role("button", name="Add a group").click()
    page.get_by_role("button", name="Move group 2 up").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A group that takes no check").first).to_be_visible()
    first = page.get_by_role("group", name="Group 1", exact=True)
    first.get_by_label("Checks", exact=True).fill("db")
    first.get_by_label("Checks", exact=True).press("Enter")
    expect(page.get_by_role("group", name="Rest")).to_contain_text("It shows 1 check now: shop.")
    page.get_by_role("button", name="Save").click()
    with page.expect_request(lambda request: request.method == "PUT"):
        page.get_by_role("button", name="Save").click()
    assert [one["checks"] for one in sent[0]["groups"]] == [["db"], []]


def test_badges_are_ready_to_copy(page: Page) -> None:
    """A badge of a check is shown, with what one puts into a readme."""
    answer_checks(page, check(7, "shop"))
    answer_pages(page, [status_page("acme", "Acme")])
    page.goto("/ui/status-pages/acme")
    page.get_by_label("Badge").select_option("Uptime, 30 days")
    markdown = page.get_by_role("textbox", name="Markdown")
    expect(markdown).to_contain_text("/badge/7/uptime/30d.svg)](")
    expect(markdown).to_contain_text("/status/acme)")
    expect(page.get_by_role("button", name="Copy HTML")).to_be_visible()


def test_subscribers_are_listed_and_removed(page: Page) -> None:
    """Who is told of the page, since when; people can take them away."""
    answer_checks(page, check(1, "shop"))
    reader = {"id": "s1", "channel": "email", "to": "ada@example.org", "since": ago(7_200)}
    sent = answer_pages(page, [status_page("acme", "Acme")], [reader])
    page.goto("/ui/status-pages/acme")
    expect(page.get_by_text("ada@example.org")).to_be_visible()
    with page.expect_response("**/subscribers/s1"):
        page.get_by_role("button", name="Remove ada@example.org").click()
    assert [one["how"] for one in sent] == ["DELETE /acme/subscribers/s1"]


def test_a_page_is_deleted_by_name(page: Page) -> None:
    """Deleting asks first, and says what it deletes."""
    answer_checks(page, check(1, "shop"))
    sent = answer_pages(page, [status_page("acme", "Acme")])
    page.goto("/ui/status-pages/acme")
    page.get_by_role("button", name="More about this status page").click()
    page.get_by_role("button", name="Delete…").click()
    question = page.get_by_role("alertdialog", name="Delete status page")
    question.get_by_role("button", name="Delete Acme").click()
    expect(page).to_have_url(re.compile("/ui/status-pages$"))
    assert [one["how"] for one in sent] == ["DELETE /acme"]


def test_a_page_that_is_gone_says_so(page: Page) -> None:
    """The address of no page leads to a sentence."""
    answer_checks(page)
    answer_pages(page, [])
    page.goto("/ui/status-pages/gone")
    expect(page.get_by_role("heading", name="There is no such status page")).to_be_visible()


@pytest.mark.parametrize("path", ["/ui/status-pages", "/ui/status-pages/acme"])
def test_status_pages_fit_a_phone(page: Page, path: str) -> None:
    """With long names the list and the editor fit 360 pixels."""
    name = "a-long-name" * 12
    answer_checks(page, check(1, name, name))
    group = {"name": name, "checks": [name], "groups": [name], "tags": {name: name}}
    answer_pages(
        page, [status_page("acme", name, groups=[group], names={name: name}, domains=[f"{'a' * 60}.example.org"])]
    )
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    expect(page.get_by_role("heading").first).to_be_visible()
    assert narrower_than_the_window(page)
