"""Alerts in their groups, filtered, and why people were told; the answers are given here."""

import re

from playwright.sync_api import Locator, Page, expect
from tests.browser.alerting import LAGGING, SILENCE, answer_why, channel, group, told_alert
from tests.browser.answers import answer
from tests.browser.panels import narrower_than_the_window
from tests.browser.test_alerts_page import FIRING, answer_alerts
from tests.browser.uptime import WINDOW, answer_checks, check

WEB = {"alertname": "Slow", "instance": "web-1", "severity": "critical", "team": "web"}


def rows(page: Page) -> Locator:
    """The alerts that are shown."""
    return page.get_by_role("list", name="Alerts").get_by_role("listitem").filter(has=page.get_by_role("button"))


def answer_some(page: Page) -> None:
    """Let a rule's alert fire, one of another program be silenced, and a third be inhibited."""
    lagging = told_alert(LAGGING, silencedBy=[SILENCE])
    slow = told_alert(WEB, "web", inhibitedBy=["0f1e6f0b9b92f97d"])
    answer_alerts(page, [FIRING], [group(lagging, team="db"), group(slow, receiver="web", team="web")])


def test_alerts_of_rules_and_of_elsewhere_stand_together(page: Page) -> None:
    """What fires stands first; what is held says by what, and who would be told."""
    answer_some(page)
    page.goto("/ui/alerts")
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(0)).to_contain_text("Firing")
    expect(rows(page).nth(1)).to_contain_text("Inhibited")
    for text in ("Silenced", "ReplicaLags", "db-2 lags behind", "team=db"):
        expect(rows(page).nth(2)).to_contain_text(text)
    expect(rows(page).nth(2).get_by_role("link", name="Its silence")).to_have_attribute(
        "href", re.compile(f"/ui/silences/{SILENCE}")
    )


def test_an_alert_of_a_check_leads_to_it_and_to_the_window_that_holds_it(page: Page) -> None:
    """It stands once in the list, without a value, and counts in the navigation; its drawer says who is left alone, and why."""
    labels = {"alertname": "CheckDown", "app": "front", "check": "shop", "severity": "critical", "type": "http"}
    down = {**FIRING, "labels": labels, "annotations": {"summary": "shop is down: refused"}, "value": "NaN"}
    held = told_alert(labels, mutedBy=["maintenance: upgrade"])
    answer_alerts(page, [down], [group(held, check="shop")])
    answer_checks(page, check(7, "shop"))
    answer(page, "**/api/v1/windows", {"windows": [{"id": WINDOW, "name": "upgrade"}]})
    answer_why(page, held, channel("db/slack/0", told=False, reason="in_maintenance", by=["upgrade"]))
    page.goto("/ui/alerts")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("In maintenance")
    expect(rows(page)).not_to_contain_text("Value")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Alerts")).to_contain_text("1 firing")
    expect(rows(page).get_by_role("link", name="shop", exact=True)).to_have_attribute(
        "href", re.compile("/ui/checks/7")
    )
    expect(rows(page).get_by_role("link", name="upgrade")).to_have_attribute(
        "href", re.compile(f"/maintenance/{WINDOW}")
    )
    rows(page).get_by_role("button", name="CheckDown", exact=True).click()
    drawer = page.get_by_role("dialog", name="Alert CheckDown shop")
    expect(drawer).to_contain_text("In maintenance by upgrade")
    expect(drawer).to_contain_text("A maintenance window covers what it is about")


def test_filters_stand_in_the_address(page: Page) -> None:
    """Matchers, words, state, receiver and severity leave what is asked for, and outlive a reload."""
    answer_some(page)
    page.goto("/ui/alerts")
    field = page.get_by_role("searchbox", name="Find alerts")
    field.fill('team=~"d.*"')
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(field).to_have_value('team=~"d.*"')
    expect(rows(page)).to_have_count(1)
    field.fill("slow web-1")
    expect(rows(page)).to_contain_text(["Inhibited"])
    field.fill("team=")
    expect(rows(page)).to_contain_text(["HighCpuUsage"])
    field.fill("")
    page.get_by_role("group", name="State").get_by_role("button", name="Silenced 1").click()
    expect(rows(page)).to_contain_text(["ReplicaLags"])
    page.get_by_role("group", name="State").get_by_role("button", name="All 3").click()
    page.get_by_label("Receiver").select_option("web")
    expect(rows(page)).to_contain_text(["Slow"])
    page.get_by_label("Severity").select_option("warning")
    expect(page.get_by_role("heading", name="No alert matches")).to_be_visible()
    page.get_by_role("button", name="Show all alerts").click()
    expect(rows(page)).to_have_count(3)


def test_what_cannot_be_read_is_said(page: Page) -> None:
    """A matcher that is not finished says what is missing, and hides nothing."""
    answer_some(page)
    page.goto("/ui/alerts")
    page.get_by_role("searchbox", name="Find alerts").fill('team=~"("')
    expect(page.get_by_text("The regex of team cannot be read: (")).to_be_visible()
    expect(rows(page)).to_have_count(3)


def test_alerts_are_grouped_as_people_are_told(page: Page) -> None:
    """Each group has its labels and its receiver; alerts of which nobody is told stand apart."""
    answer_some(page)
    page.goto("/ui/alerts")
    page.get_by_label("Grouped").select_option("told")
    expect(page).to_have_url(re.compile("group=told"))
    expect(page.get_by_role("list", name="Alerts of team=db, db").get_by_role("listitem").first).to_contain_text(
        "Silenced"
    )
    expect(page.get_by_role("heading", name="team=web")).to_be_visible()
    expect(page.get_by_role("heading", name="Nobody is told of these yet")).to_be_visible()


def test_two_thousand_alerts_are_drawn_a_few_at_a_time(page: Page) -> None:
    """Of many alerts of a rule ten are drawn until more are asked for, and filters look at all."""
    many = [told_alert({"alertname": "Slow", "instance": f"node-{i:04}", "team": "web"}, "web") for i in range(2_000)]
    answer_alerts(page, [], [group(*many, receiver="web", team="web")])
    page.goto("/ui/alerts")
    expect(page.get_by_role("heading", name="Alerts 2,000 active")).to_be_visible()
    expect(rows(page)).to_have_count(10)
    page.get_by_role("button", name="Show more").click()
    expect(rows(page)).to_have_count(110)
    expect(page.get_by_text("110 of 2,000 alerts")).to_be_visible()
    page.get_by_role("searchbox", name="Find alerts").fill('instance="node-1999"')
    expect(rows(page)).to_have_count(1)


def test_the_way_of_an_alert_is_told_step_by_step(page: Page) -> None:
    """The answer comes first; then routes, what holds it, its group, and each channel with its outcome in words."""
    lagging = told_alert(LAGGING, silencedBy=[SILENCE])
    answer_alerts(page, [], [group(lagging, team="db")])
    answer_why(
        page,
        lagging,
        channel("db/slack/0"),
        channel("db/email/1", kind="email", told=False, reason="silenced", by=[SILENCE], lastToldAt=None),
        channel(
            "db/webhook/2",
            kind="webhook",
            told=False,
            owed=True,
            reason="new_alerts",
            problem="503 from db.example.org",
        ),
    )
    page.goto("/ui/alerts?alert=0f1e6f0b9b92f97d")
    drawer = page.get_by_role("dialog", name="Alert ReplicaLags db-2")
    verdict = "1 of 3 channels was told that it fires, 1 is still owed, 1 was not told: a silence holds it."
    expect(drawer.get_by_text(verdict)).to_be_visible()
    way = drawer.get_by_role("list", name="The way of this alert")
    steps = [one.split("\n")[0] for one in way.locator("h4").all_inner_texts()]
    assert steps == [
        "The alert fires",
        "Routes take it",
        "Something holds it",
        "Told to db together with alerts that have",
        "3 channels",
    ]
    expect(way.get_by_role("list", name="What holds it").get_by_role("link")).to_have_attribute(
        "href", re.compile(f"/ui/silences/{SILENCE}")
    )
    expect(way).to_contain_text(re.compile("looked at next in (29|30|2\\d) s"))
    channels = way.get_by_role("list", name="Channels of db").get_by_role("listitem")
    expect(channels).to_contain_text(["Told", "Not told", "Still owed"])
    expect(channels.nth(1)).to_contain_text("Mail")
    expect(channels.nth(1)).to_contain_text("A silence holds it.")
    expect(channels.nth(2)).to_contain_text("503 from db.example.org")


def test_a_pending_alert_is_told_to_nobody_yet(page: Page) -> None:
    """The drawer of one that does not fire says why nobody is told, without asking."""
    answer_alerts(page, [{**FIRING, "state": "pending"}])
    page.goto("/ui/alerts")
    rows(page).get_by_role("button", name="HighCpuUsage", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Nobody yet: its condition must hold")


def test_an_alert_that_ended_meanwhile_says_so(page: Page) -> None:
    """The address of an alert that is not there leads to a sentence, not to an empty drawer."""
    answer_alerts(page, [])
    page.goto("/ui/alerts?alert=0000000000000000")
    expect(page.get_by_role("dialog").get_by_role("heading", name="This alert is not there any more")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_keyboard_opens_and_closes_an_alert(page: Page) -> None:
    """Enter on an alert's name opens its drawer; Escape closes it and gives the focus back."""
    lagging = told_alert(LAGGING)
    answer_alerts(page, [], [group(lagging, team="db")])
    answer_why(page, lagging, channel("db/slack/0"))
    page.goto("/ui/alerts")
    name = rows(page).get_by_role("button", name="ReplicaLags", exact=True)
    name.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(name).to_be_focused()


def test_the_drawer_fits_a_phone(page: Page) -> None:
    """With long names the list and the drawer fit 360 pixels."""
    labels = {**LAGGING, "instance": "a-very-long-name-of-a-host-" * 4, "cluster": "x" * 80}
    lagging = told_alert(labels)
    answer_alerts(page, [], [group(lagging, team="db")])
    answer_why(page, lagging, channel("db/slack/0"))
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/ui/alerts")
    expect(rows(page)).to_have_count(1)
    assert narrower_than_the_window(page)
    rows(page).get_by_role("button", name="Who was told?").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The only channel was told")
    assert dialog.evaluate("element => element.scrollWidth <= element.clientWidth")
