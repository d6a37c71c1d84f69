"""Channels as settings and receivers name them."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.adapters.mail_server import serving
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.compose.channels import CHANNELS, make_channel, notifiers
from sightline.domain.alerts.notice_templates import read_templates
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.trial import trial
from sightline.domain.errors import NoticeRefused, SettingsInvalid
from sightline.domain.labels import Labels
from sightline.settings.schema import Alerts, Apprise, Discord, Ntfy, Settings, Slack, Smtp, Webhook

pytestmark = pytest.mark.anyio

NOTICE = trial("team", 3_000, external_url="https://s.example")
FILE = """
route: {{receiver: team}}
receivers:
- name: team
  webhook_configs: [{{url: '{url}/webhook', max_alerts: 1}}]
  slack_configs: [{{api_url: '{url}/slack', channel: '#ops', title: 'all {{{{ len .Alerts }}}}'}}]
  discord_configs: [{{webhook_url: '{url}/discord'}}]
  msteams_configs: [{{webhook_url: '{url}/msteams'}}]
  msteamsv2_configs: [{{webhook_url: '{url}/msteamsv2'}}]
  pagerduty_configs: [{{url: '{url}/pagerduty', routing_key: hush}}]
"""


def test_without_settings_there_is_the_console_alone() -> None:
    """Nothing is sent anywhere unless somebody says so."""
    assert [one.name for one in notifiers(Settings())] == ["console"]


async def test_an_address_is_enough(receiver: Receiver) -> None:
    """With an address and nothing else Slack and Discord are told in words, and say when people know."""
    found = notifiers(Settings(slack=Slack(receiver.url), discord=Discord(receiver.url), webhook=Webhook(receiver.url)))
    assert [one.name for one in found] == ["console", "webhook", "slack", "discord"]
    for one in found[2:]:
        await one.notify(NOTICE)
        await one.notify(replace(NOTICE, status=Status.ACKNOWLEDGED))
    slack, known, discord, _ = receiver.bodies
    said = "This is a test of the receiver team: Nothing is wrong: somebody wanted to know whether notices arrive.\n"
    assert slack["attachments"][0]["title"] == "[FIRING:1] SightlineTest (info)"
    assert slack["attachments"][0]["text"] == said
    assert slack["attachments"][0]["color"] == "danger"
    assert known["attachments"][0]["title"] == "[ACKNOWLEDGED] SightlineTest (info)"
    assert discord["embeds"][0]["title"] == "[FIRING:1] SightlineTest (info)"
    assert discord["embeds"][0]["description"] == said


async def test_without_a_summary_labels_are_said(receiver: Receiver) -> None:
    """Of each alert there is a line, and of one that is over that it is."""
    firing = replace(NOTICE.alerts[0], annotations=Labels())
    ended = replace(firing, labels=Labels.of(alertname="Hot"), starts_at=1_000, ends_at=2_000)
    (slack,) = notifiers(Settings(slack=Slack(receiver.url)))[1:]
    await slack.notify(replace(NOTICE, alerts=(firing, ended)))
    assert receiver.bodies[0]["attachments"][0]["text"] == "SightlineTest info\nResolved: Hot\n"


async def test_mail_has_both_texts() -> None:
    """With a server and a recipient and nothing else mail is sent, from whom we say we are, as plain text and HTML."""
    with serving() as server:
        smtp = Smtp("127.0.0.1", server.port, to=("ops@example.org",), username="me@example.org", require_tls=False)
        found = notifiers(Settings(smtp=smtp))
        assert [one.name for one in found] == ["console", "email"]
        await found[1].notify(NOTICE)
        (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("me@example.org", ["ops@example.org"])
    assert mail.message["Subject"] == "[FIRING:1] SightlineTest (info)"
    assert [part.get_content_type() for part in mail.message.iter_parts()] == ["text/plain", "text/html"]
    assert all("This is a test of the receiver team" in part.get_content() for part in mail.message.iter_parts())


async def test_ntfy_and_apprise_are_told(receiver: Receiver, tmp_path: Path) -> None:
    """With a topic, and with addresses, in words; the token stands in a file."""
    file = tmp_path / "token"
    file.write_text("tk_1\n")
    apprise = Apprise((receiver.url.replace("http", "json", 1),))
    found = notifiers(Settings(ntfy=Ntfy(receiver.url, "ops", file), apprise=apprise))
    assert [one.name for one in found] == ["console", "ntfy", "apprise-1"]
    for one in found[1:]:
        await one.notify(NOTICE)
    told, by_apprise = receiver.bodies
    assert (told["topic"], told["title"], told["priority"]) == ("ops", "[FIRING:1] SightlineTest (info)", 2)
    assert receiver.requests[0]["authorization"] == "Bearer tk_1"
    assert by_apprise["title"] == told["title"]
    said = "This is a test of the receiver team: Nothing is wrong: somebody wanted to know whether notices arrive."
    assert (told["message"], by_apprise["message"]) == (said, said)


@pytest.mark.parametrize(
    ("smtp", "message"),
    [
        (Smtp(to=("ops@example.org",), from_="a@example.org"), r"smtp\.to needs smtp\.host"),
        (Smtp("h", to=("ops",), from_="a@example.org"), r"smtp\.to: 'ops' is no address"),
        (Smtp("h", to=("ops@example.org",)), r"smtp\.from: there is no address"),
        (Smtp("h", to=("ops@example.org",), username="me"), r"smtp\.from: 'me' is no address"),
        (
            Smtp("h", to=("a@b.c",), from_="a@b.c", password="hush", password_file=Path("f")),
            r"smtp\.password and smtp\.password_file: give one",
        ),
    ],
)
def test_mail_that_cannot_be_sent_is_refused_at_once(smtp: Smtp, message: str) -> None:
    """The setting is named."""
    with pytest.raises(SettingsInvalid, match=message):
        notifiers(Settings(smtp=smtp))


def test_a_server_of_mail_alone_sends_nothing() -> None:
    """SMTP_HOST may be there for another program."""
    assert [one.name for one in notifiers(Settings(smtp=Smtp("smtp.example.org")))] == ["console"]


async def test_receivers_of_alertmanager_are_told(receiver: Receiver) -> None:
    """Each way that a configuration file names has its channel, and says what the file's templates say."""
    config = read_alertmanager(FILE.format(url=receiver.url).encode()).config
    assert config is not None
    texts = read_templates(()).templates
    deliveries = config.receivers["team"].deliveries
    assert {one.integration for one in deliveries} <= set(CHANNELS)
    for delivery in deliveries:
        await make_channel(delivery, texts, name=delivery.integration, settings=Settings()).notify(NOTICE)
    by_path = dict(zip(receiver.paths, receiver.bodies, strict=True))
    assert set(by_path) == {f"POST /alerts/{one.integration}" for one in deliveries}
    slack = by_path["POST /alerts/slack"]
    assert (slack["channel"], slack["attachments"][0]["title"]) == ("#ops", "all 1")
    assert "# Alerts Firing:" in by_path["POST /alerts/msteams"]["text"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (Settings(slack=Slack("hush")), "slack.webhook_url"),
        (Settings(discord=Discord("ftp://hush")), "discord.webhook_url"),
        (Settings(webhook=Webhook("hush")), "webhook.url"),
    ],
)
def test_what_is_no_address_is_refused(settings: Settings, key: str) -> None:
    """The setting is named, and what it says is not shown."""
    with pytest.raises(SettingsInvalid, match=f"{key} is not an address") as caught:
        notifiers(settings)
    assert caught.value.detail == {"key": key}
    assert "hush" not in caught.value.message


async def test_metadata_of_clouds_can_be_allowed(receiver: Receiver) -> None:
    """The setting that a refusal names turns the guard off."""
    url = "http://169.254.169.254/alerts"
    with pytest.raises(NoticeRefused, match=r"alerts\.allow_metadata_addresses"):
        await notifiers(Settings(webhook=Webhook(url)))[1].notify(NOTICE)
    hook = f"{{url: '{url}', http_config: {{proxy_url: '{receiver.url}'}}}}"
    proxied = f"{{route: {{receiver: a}}, receivers: [{{name: a, webhook_configs: [{hook}]}}]}}"
    config = read_alertmanager(proxied.encode()).config
    assert config is not None
    delivery, texts = config.receivers["a"].deliveries[0], read_templates(()).templates
    with pytest.raises(NoticeRefused, match=r"alerts\.allow_metadata_addresses"):
        await make_channel(delivery, texts, name="a", settings=Settings()).notify(NOTICE)
    allowed = Settings(alerts=Alerts(allow_metadata_addresses=True))
    await make_channel(delivery, texts, name="a", settings=allowed).notify(NOTICE)
    assert receiver.paths == [f"POST {url}"]
