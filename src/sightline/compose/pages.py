"""What publishes status pages, and tells their subscribers."""

import secrets
from typing import Final

from msgspec.structs import replace

from sightline.adapters.inbound.http.use_cases import Pages
from sightline.adapters.outbound.notifiers.email import Email
from sightline.adapters.outbound.notifiers.subscribers import SubscriberMail, SubscriberPost
from sightline.adapters.wire.status.feed import feed_xml
from sightline.adapters.wire.status.html import page_html
from sightline.adapters.wire.status.json import from_stored, page_to_json, view_json
from sightline.adapters.wire.status.letters import confirmation, news_letter
from sightline.application.announce import Announce, Windows
from sightline.application.enroll import Enroll
from sightline.application.figures import TellFigures
from sightline.application.latency import SeriesLatencies
from sightline.application.publish import NoMaintenance, PageCodec, Publish, Render, Sources
from sightline.application.query import Query
from sightline.application.sign import SigningKey
from sightline.application.subscribe import Subscribe, Ways
from sightline.application.unlock import Unlock
from sightline.compose.core import Core
from sightline.compose.mail import mail_options
from sightline.domain.alerts.notice_templates import read_templates
from sightline.ports.catalog import Catalog
from sightline.settings.schema import Settings

TELL_EVERY: Final = 10.0
"""Seconds between two looks at what subscribers are to be told."""


def make_pages(
    settings: Settings, core: Core, catalog: Catalog, query: Query, enroll: Enroll, windows: Windows | None = None
) -> Pages:
    """What stands behind status pages and badges. windows: of maintenance, where there are any.

    Raises:
        SettingsInvalid: an address of mail or a network is none.
    """
    clock, place = core.clock, settings.http.external_url
    planned = NoMaintenance() if windows is None else Announce(windows)
    sources = Sources(enroll, core.standings, core.incidents, planned, SeriesLatencies(query))
    ways = Ways(
        subscriber_mail(settings),
        subscriber_post(settings),
        lambda page, news, leave: news_letter(page, news, leave, place),
        lambda page, _, link: confirmation(page, link, clock.now()),
        place,
    )
    forms: dict[str, Render] = {"html": page_html, "json": view_json, "feed": feed_xml}
    codec = PageCodec(page_to_json, from_stored)
    publish = Publish(catalog, codec, sources, clock, forms, secrets.token_bytes, ways.offered, core.bus)
    signing = SigningKey(catalog, secrets.token_bytes)
    figures = TellFigures(publish, sources, core.probe_history, clock, everybody=settings.checks.public_badges)
    return Pages(publish, Unlock(signing, clock), Subscribe(publish, catalog, signing, clock, ways), figures)


def subscriber_mail(settings: Settings) -> SubscriberMail | None:
    """What mails subscribers; None where there is no server of mail, or nobody said whom mail is from.

    Raises:
        SettingsInvalid: a setting cannot be used.
    """
    smtp = settings.smtp
    if not smtp.host or not smtp.from_:
        return None
    options = mail_options(replace(smtp, to=(smtp.from_,)), "smtp.from")  # each letter names its own reader
    return SubscriberMail(Email(options, read_templates(()).templates, name="subscribers").send)


def subscriber_post(settings: Settings) -> SubscriberPost:
    """What posts to subscribers' webhooks.

    Raises:
        SettingsInvalid: a network is none.
    """
    return SubscriberPost(settings.status_pages.webhook_networks)
