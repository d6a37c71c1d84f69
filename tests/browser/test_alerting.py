"""From an alert to those who are told, with a server of the tests' own and a receiver on loopback: nothing is made up here."""

import re
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.adapters.webhook_receiver import Receiver, receiving
from tests.e2e.program import Program, running

CONFIG = """
route:
  receiver: nobody
  routes:
    - matchers: [team="web"]
      receiver: web
    - matchers: [team=~"db.*"]
      receiver: db
      group_by: [team]
      group_wait: 0s
      group_interval: 1s
receivers:
  - name: nobody
  - name: web
    webhook_configs: [{{url: "{refusing}"}}]
  - name: db
    webhook_configs: [{{url: "{url}"}}]
"""


class House(NamedTuple):
    """The program, and who is told."""

    program: Program
    receiver: Receiver

    def post(self, team: str) -> None:
        """Post an alert that fires."""
        labels = {"alertname": "ReplicaLags", "team": team, "instance": f"{team}-2", "severity": "warning"}
        body = msgspec.json.encode([{"labels": labels, "annotations": {"summary": f"{team}-2 lags behind"}}])
        asked = urllib.request.Request(
            f"{self.program.url}/api/v2/alerts", body, {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert answer.status == 200

    def open(self, page: Page, path: str) -> None:
        """Show a page of this program."""
        page.goto(f"{self.program.url}/ui{path}")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A Sightline that tells one receiver of the team db, and another that takes nothing of the team web."""
    folder = tmp_path_factory.mktemp("alerting")
    with receiving() as receiver, receiving() as refusing:
        refusing.status, refusing.body = 400, b"no such channel"
        config = folder / "alertmanager.yml"
        config.write_text(CONFIG.format(url=receiver.url, refusing=refusing.url))
        with running(folder / "data", "--alertmanager-config", str(config)) as program:
            yield House(program, receiver)


def alert(page: Page, team: str) -> Locator:
    """The row of the alert that was posted for a team."""
    return page.get_by_role("list", name="Alerts").get_by_role("listitem").filter(has_text=f"{team}-2 lags behind")


def test_an_alert_is_silenced_from_its_row_and_the_silence_ended_and_had_back(page: Page, house: House) -> None:
    """The form has the alert's labels and says what it would hold; then the alert is silenced, until the silence expires."""
    house.post("db-silenced")
    house.open(page, "/alerts?find=team%3Ddb-silenced")
    row = alert(page, "db-silenced")
    expect(row).to_contain_text("Firing")
    row.get_by_role("link", name="Silence ReplicaLags db-silenced-2").click()

    expect(page.get_by_role("heading", name="New silence")).to_be_visible()
    shown = page.get_by_role("group", name="Matchers")
    for number, (name, value) in enumerate(
        [("alertname", "ReplicaLags"), ("instance", "db-silenced-2"), ("severity", "warning"), ("team", "db-silenced")],
        1,
    ):
        expect(shown.get_by_label(f"Label {number}", exact=True)).to_have_value(name)
        expect(shown.get_by_label(f"Value {number}", exact=True)).to_have_value(value)
    expect(page.get_by_text("It would hold 1 alert now")).to_be_visible()
    page.get_by_role("button", name="1 hour").click()
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text("Others want to know whom to ask")).to_be_visible()
    page.get_by_label("Author").fill("ada")
    page.get_by_label("Comment").fill("The replica is rebuilt")
    page.get_by_role("button", name="Silence", exact=True).click()

    active = page.get_by_role("list", name="Active silences").get_by_role("listitem").filter(has_text="rebuilt")
    expect(active).to_contain_text("by ada")
    expect(active).to_contain_text("59 min")
    active.get_by_role("link", name="1 alert").click()
    expect(alert(page, "db-silenced")).to_contain_text("Silenced")

    alert(page, "db-silenced").get_by_role("link", name="Its silence").click()
    expect(page.get_by_label("Comment")).to_have_value("The replica is rebuilt")
    page.get_by_label("Comment").fill("The replica is rebuilt, and slowly")
    page.get_by_role("button", name="Save").click()
    expect(active).to_contain_text("and slowly")

    active.get_by_role("button", name="Expire").click()
    expect(page.get_by_text("has ended.")).to_be_visible()
    expect(active).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(active).to_have_count(1)


def test_an_alert_says_who_was_told_and_why(page: Page, house: House) -> None:
    """The drawer has an address of its own and shows the way from routes to the channel that took the notice."""
    house.post("db-told")
    house.open(page, "/alerts?find=team%3Ddb-told")
    alert(page, "db-told").get_by_role("button", name="Who was told?").click()
    drawer = page.get_by_role("dialog", name="Alert ReplicaLags db-told-2")
    expect(drawer.get_by_text("The only channel was told that it fires.")).to_be_visible()
    expect(drawer.get_by_role("list", name="Routes that it takes")).to_contain_text('{team=~"db.*"} leads to db')
    expect(drawer).to_contain_text('it lacks team="web"')
    told = drawer.get_by_role("list", name="Channels of db").get_by_role("listitem")
    expect(told).to_contain_text(re.compile("Told.*Webhook.*db/webhook/0"))
    expect(drawer).to_contain_text("No silence, no other alert, no time of the week, no maintenance.")
    page.reload()
    expect(drawer.get_by_text("The only channel was told that it fires.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page).not_to_have_url(re.compile("alert="))
    house.open(page, "/notifications?receiver=db")
    line = page.get_by_role("list", name="Notifications of Today").get_by_role("listitem").filter(has_text="db-told-2")
    expect(line.first).to_contain_text("Told")
    expect(line.first).to_contain_text("db by Webhook db/webhook/0")


def test_an_alert_that_nobody_takes_says_so(page: Page, house: House) -> None:
    """A receiver without channels, or one that refuses, is told apart from one that was told."""
    house.post("storage")
    house.open(page, "/alerts?find=team%3Dstorage")
    alert(page, "storage").get_by_role("button", name="Who was told?").click()
    expect(page.get_by_role("dialog").get_by_text("No channel leads anywhere: nobody can be told.")).to_be_visible()


def test_a_test_reaches_a_receiver(page: Page, house: House) -> None:
    """A channel that takes the test says so, and the receiver got it."""
    before = len(house.receiver.bodies)
    house.open(page, "/receivers")
    channel = page.get_by_role("list", name="Channels of db").get_by_role("listitem")
    expect(channel).to_contain_text("Works")
    channel.get_by_role("button", name="Send a test").click()
    expect(channel.get_by_role("status")).to_contain_text("It took the test.")
    assert len(house.receiver.bodies) > before
    expect(page.get_by_label("Configuration", exact=True)).to_contain_text("webhook_configs")


def test_a_channel_that_refuses_a_test_says_why(page: Page, house: House) -> None:
    """What the other end answers stands beside the button, with the stable code."""
    house.open(page, "/receivers")
    channel = page.get_by_role("list", name="Channels of web").get_by_role("listitem")
    channel.get_by_role("button", name="Send a test").click()
    expect(channel.get_by_role("status")).to_contain_text("400")
    expect(channel.get_by_role("status").locator("code")).to_have_text(re.compile("^[a-z_]+$"))
    expect(page.get_by_text("No channel: alerts that are routed here are told to nobody.")).to_be_visible()


def test_a_silence_that_recurs_is_made_and_said_in_words(page: Page, house: House) -> None:
    """Windows of the week are saved, read back and said; without an end it is pending for ever."""
    house.open(page, "/silences/+?match=team%3D%22backup%22")
    page.get_by_label("Only at certain times, again and again").check()
    page.get_by_role("button", name="Saturday").click()
    page.get_by_label("Starts at").fill("22:00")
    page.get_by_label("Ends at").fill("06:00")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    evening = "Every Saturday and Sunday from 22:00 to 24:00 (Europe/Berlin)"
    words = f"{evening}, and every Monday and Sunday from 00:00 to 06:00 (Europe/Berlin)"
    expect(page.get_by_text(words)).to_be_visible()
    page.get_by_label("Author").fill("grace")
    page.get_by_label("Comment").fill("The weekly backup")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("heading", name="Silences")).to_be_visible()
    found = page.get_by_role("listitem").filter(has_text="The weekly backup")
    if not found.is_visible():  # between its windows it is not among the active ones
        page.get_by_role("button", name="Pending").click()
    expect(found).to_contain_text(words)
    expect(found).to_contain_text("never")


def test_what_the_server_refuses_is_said_in_its_words(page: Page, house: House) -> None:
    """A regex that only the server knows to be wrong is told while one types, and nothing is saved."""
    house.open(page, "/silences/+?match=team%3D%22x%22")
    page.get_by_label("Operator 1").select_option("=~")
    page.get_by_label("Value 1").fill("(?<=a)b")
    expect(
        page.get_by_role("status")
        .filter(has_text="(?<=a)b")
        .or_(page.get_by_role("status").filter(has_text="regex"))
        .first
    ).to_be_visible()
