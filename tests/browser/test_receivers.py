"""Who is told, and what they were told lately; the answers are given here."""

from playwright.sync_api import Page, expect
from tests.browser.alerting import answer_notices, answer_receivers, notice, receiver_channel
from tests.browser.answers import answer
from tests.browser.panels import narrower_than_the_window


def test_a_channel_tells_how_it_does(page: Page) -> None:
    """A channel that is spared says what it is owed, what it last said, and what it hears of resolved and muted alerts."""
    broken = receiver_channel(
        "db/pagerduty/0",
        kind="pagerduty",
        circuit="open",
        owed=3,
        problem="503 from events.example.org",
        sendsResolved=False,
        whenMuted="resolve",
    )
    answer_receivers(page, {"db": [broken, receiver_channel("db/slack/1", circuit="half_open")]})
    page.goto("/ui/receivers")
    channels = page.get_by_role("list", name="Channels of db").get_by_role("listitem")
    first, second = channels.nth(0), channels.nth(1)
    for text in (
        "PagerDuty",
        "db/pagerduty/0",
        "Spared after failures",
        "It is still owed 3 notices.",
        "Does not hear when alerts end. When one is muted that it knows of, it hears that it is over.",
        "Last problem: 503 from events.example.org",
    ):
        expect(first).to_contain_text(text)
    expect(second).to_contain_text("Being tried again")
    expect(page.get_by_label("Configuration", exact=True)).to_contain_text("receiver: db")


def test_without_receivers_the_page_says_how_to_have_some(page: Page) -> None:
    """Where nobody can be told, a sentence says what to set."""
    answer_receivers(page, {})
    page.goto("/ui/receivers")
    expect(page.get_by_role("heading", name="Nobody is told of alerts")).to_be_visible()
    expect(page.get_by_text("--alertmanager-config FILE")).to_be_visible()


def test_receivers_fit_a_phone(page: Page) -> None:
    """With long keys and problems the page fits 360 pixels."""
    answer_receivers(page, {"r" * 60: [receiver_channel("k" * 90, problem="p" * 200, circuit="open")]})
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/ui/receivers")
    expect(page.get_by_role("button", name="Send a test")).to_be_visible()
    assert narrower_than_the_window(page)


def test_the_log_reads_as_sentences(page: Page) -> None:
    """Each decision says when, who, by what and why in words, with what was wrong and how often it was tried."""
    failed = notice("channel_failed", 300, told=False, attempts=3, problem="503 from hooks.example.org")
    answer_notices(page, [notice("new_alerts", 30, told=True), failed, notice("of_the_future", 400, told=False)])
    page.goto("/ui/notifications")
    rows = page.get_by_role("main").get_by_role("listitem").filter(has_text="db by Slack")
    expect(rows).to_contain_text(["alerts are new", "it did not take the notice", "of the future"])
    for text in ("Told", "ReplicaLags", "db-2", "team=db"):
        expect(rows.nth(0)).to_contain_text(text)
    for text in ("Not told", "3 attempts", "503 from hooks.example.org"):
        expect(rows.nth(1)).to_contain_text(text)
    page.get_by_role("button", name="Not told", exact=True).click()
    expect(rows).to_have_count(2)


def test_the_log_is_asked_for_a_receiver_and_an_alert(page: Page) -> None:
    """Choosing a receiver and an alert asks the server for theirs, and stands in the address."""
    answer_notices(page, [notice("new_alerts", 30, told=True)])
    page.goto("/ui/notifications")
    page.get_by_label("Receiver").select_option("db")
    with page.expect_request("**/api/v1/notices?*receiver=db*alertname=ReplicaLags*"):
        page.get_by_label("Alert", exact=True).select_option("ReplicaLags")
    expect(page.get_by_role("main").get_by_text("alerts are new")).to_be_visible()


def test_an_empty_log_says_what_would_be_in_it(page: Page) -> None:
    """Before anything was told, the page says so and leads to a test."""
    answer_notices(page, [])
    page.goto("/ui/notifications")
    expect(page.get_by_role("heading", name="Nobody was told of anything yet")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="send it a test")).to_be_visible()


def test_a_refusal_shows_its_code(page: Page) -> None:
    """When the log cannot be read, the page says so with the stable code."""
    refused = {
        "status": "error",
        "errorType": "unavailable",
        "error": "The catalog is locked.",
        "code": "catalog_locked",
    }
    answer(page, "**/api/v1/notices?*", refused, status=503)
    page.goto("/ui/notifications")
    expect(page.get_by_role("alert")).to_contain_text("catalog_locked")


def test_the_log_fits_a_phone(page: Page) -> None:
    """With long names the log fits 360 pixels, and a thousand lines are drawn a hundred at a time."""
    labels = [{"alertname": "A" * 90, "instance": "i" * 90}]
    answer_notices(
        page, [notice("new_alerts", 30 + i, told=True, alerts=labels, channel="c" * 90) for i in range(1_000)]
    )
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/ui/notifications")
    expect(
        page.get_by_role("main").locator("li li").or_(page.get_by_role("main").locator("section > ul > li"))
    ).not_to_have_count(0)
    assert narrower_than_the_window(page)
    expect(page.get_by_text("100 of 1,000")).to_be_visible()
