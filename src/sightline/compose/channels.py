"""The channels on which people are told. A new one is a line in CHANNELS."""

import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from sightline.adapters.network.http_config import header_problem
from sightline.adapters.outbound.notifiers.apprise import AppriseChannel
from sightline.adapters.outbound.notifiers.console import ConsoleNotifier
from sightline.adapters.outbound.notifiers.discord import Discord
from sightline.adapters.outbound.notifiers.email import Email
from sightline.adapters.outbound.notifiers.msteams import MsTeams, MsTeamsV2
from sightline.adapters.outbound.notifiers.ntfy import Ntfy
from sightline.adapters.outbound.notifiers.opsgenie import Opsgenie
from sightline.adapters.outbound.notifiers.over_http import Outgoing, host_of
from sightline.adapters.outbound.notifiers.pagerduty import PagerDuty
from sightline.adapters.outbound.notifiers.slack import Slack
from sightline.adapters.outbound.notifiers.telegram import Telegram
from sightline.adapters.outbound.notifiers.webhook import Webhook
from sightline.compose.mail import mail_options
from sightline.domain.alerts.notice_templates import read_templates
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.receiver import Delivery, Integration, Option, Options, Secret
from sightline.domain.errors import SettingsInvalid
from sightline.ports.notifier import Notifier
from sightline.settings.schema import Settings


class Make(Protocol):
    """Makes a channel. options: by Alertmanager's names. name: what the channel is called.

    Raises:
        SettingsInvalid: the options cannot be used.
    """

    def __call__(self, options: Options, texts: NoticeTexts, *, name: str, http: Outgoing) -> Notifier:
        """The channel, which has opened nothing."""
        ...


def _email(options: Options, texts: NoticeTexts, *, name: str, http: Outgoing) -> Notifier:
    """Mail does not go over HTTP, and is guarded all the same."""
    return Email(options, texts, name=name, allow_metadata_addresses=http.allow_metadata_addresses)


CHANNELS: Final[Mapping[Integration, Make]] = MappingProxyType(
    {
        Integration.WEBHOOK: Webhook,
        Integration.SLACK: Slack,
        Integration.DISCORD: Discord,
        Integration.MSTEAMS: MsTeams,
        Integration.MSTEAMSV2: MsTeamsV2,
        Integration.EMAIL: _email,
        Integration.PAGERDUTY: PagerDuty,
        Integration.OPSGENIE: Opsgenie,
        Integration.TELEGRAM: Telegram,
    }
)
"""What delivers for each integration."""

# Alertmanager's own text for Slack is empty, and that for Discord lists every label.
_SAID: Final = (
    '{{ range .Alerts }}{{ if eq .Status "resolved" }}Resolved: {{ end }}'
    '{{ with .Annotations.summary }}{{ . }}{{ else }}{{ join " " .Labels.SortedPairs.Values }}{{ end }}'
    "{{ with .Annotations.description }}: {{ . }}{{ end }}\n{{ end }}"
)
"""A line an alert, for those who name an address and write no templates."""


def make_channel(delivery: Delivery, texts: NoticeTexts, *, name: str, settings: Settings) -> Notifier:
    """The channel for one way to a receiver.

    Raises:
        SettingsInvalid: its options cannot be used.
    """
    return CHANNELS[delivery.integration](delivery.options, texts, name=name, http=outgoing(settings))


def outgoing(settings: Settings) -> Outgoing:
    """What channels over HTTP have in common."""
    alerts = settings.alerts
    return Outgoing(
        max_retry_after=alerts.max_retry_after.seconds, allow_metadata_addresses=alerts.allow_metadata_addresses
    )


def notifiers(settings: Settings) -> list[Notifier]:
    """The channels that settings name, without any receivers.

    Raises:
        SettingsInvalid: what a setting says cannot be used.
    """
    named = {
        Integration.WEBHOOK: _webhook(settings),
        Integration.SLACK: _service("api_url", settings.slack.webhook_url, "slack.webhook_url", "text"),
        Integration.DISCORD: _service("webhook_url", settings.discord.webhook_url, "discord.webhook_url", "message"),
        Integration.EMAIL: mail_options(settings.smtp),
    }
    texts = read_templates(()).templates
    return [
        ConsoleNotifier(sys.stderr),
        *(
            make_channel(Delivery(integration, options), texts, name=integration, settings=settings)
            for integration, options in named.items()
            if options
        ),
        *_beyond_alertmanager(settings, texts),
    ]


def _beyond_alertmanager(settings: Settings, texts: NoticeTexts) -> Iterator[Notifier]:
    """Channels that Alertmanager's files cannot name, for it would refuse them."""
    ntfy = settings.ntfy
    if ntfy.topic:
        token = {} if ntfy.token_file is None else {"token_file": str(ntfy.token_file)}
        server = _service("url", ntfy.url, "ntfy.url")
        options: Options = {"topic": ntfy.topic, "message": _SAID, "timeout": int(ntfy.timeout), **server, **token}
        yield Ntfy(options, texts, name="ntfy", http=outgoing(settings))
    timeout = int(settings.apprise.timeout)
    # A channel for each, so that one that fails delays no other.
    for number, url in enumerate(settings.apprise.urls, 1):
        told: Options = {"url": Secret(url), "message": _SAID, "timeout": timeout}
        yield AppriseChannel(told, texts, name=f"apprise-{number}")


def _service(option: str, url: str, key: str, text: str = "") -> Options:
    """What a service needs that is told at an address alone. text: the option for what alerts say, where it is not known better.

    Raises:
        SettingsInvalid: it is no address; it is not shown.
    """
    if not url:
        return {}
    if not host_of(url):
        raise SettingsInvalid(f"{key} is not an address: write it as the service shows it, https://...", key=key)
    said = {text: _SAID} if text else {}
    return {option: Secret(url), "http_config": {"proxy_from_environment": True}, **said}


def _webhook(settings: Settings) -> Options:
    given = settings.webhook
    if not given.url:
        return {}
    http: dict[str, Option] = {"proxy_from_environment": True, "http_headers": _headers(given.headers)}
    if given.token_file is not None:
        http["authorization"] = {"credentials_file": str(given.token_file)}
    return {"url": Secret(given.url), "timeout": int(given.timeout), "http_config": http}


def _headers(lines: tuple[str, ...]) -> dict[str, Option]:
    """Headers written as `Name: value`.

    Raises:
        SettingsInvalid: not a header, or one that is not the user's to set; the value is not shown.
    """
    found: dict[str, Option] = {}
    for line in lines:
        name, colon, value = (part.strip() for part in line.partition(":"))
        problem = header_problem(name, (value,)) if colon else "a header has a name"
        if problem:
            raise SettingsInvalid(f"webhook.headers: write each as Name: value; {problem}", key="webhook.headers")
        found[name] = {"secrets": (Secret(value),)}
    return found
