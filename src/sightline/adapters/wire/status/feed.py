"""What happens on a status page as RSS 2.0. Sources: https://www.rssboard.org/rss-specification, RFC 822 for times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from xml.sax.saxutils import escape

from sightline.adapters.wire.status.words import in_xml, length, moment
from sightline.domain.probes.status_view import Planned, ShownIncident, View
from sightline.domain.timerange import SECOND

MOST: Final = 50
"""Items of a feed, the newest."""
CONTENT_TYPE: Final = "application/rss+xml; charset=utf-8"
_PAGE: Final = "\0"
"""Stands for where the page is until a reader asks: no text of XML has it."""


@dataclass(frozen=True, slots=True)
class _Item:
    at: int
    key: str
    anchor: str
    title: str
    text: str


def feed_xml(view: View) -> bytes:
    """The feed, for `feed_at`."""
    page = view.page
    items = sorted(_items(view), key=lambda one: (-one.at, one.key))[:MOST]
    built = max((one.at for one in items), default=view.at)
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>',
        f"<title>{_clean(page.title)}</title><link>{_PAGE}</link>",
        f"<description>{_clean(page.description or f'Incidents and maintenance of {page.title}')}</description>",
        f"<language>en</language><lastBuildDate>{_date(built)}</lastBuildDate><ttl>5</ttl><generator>Sightline</generator>",
        f'<atom:link href="{_PAGE}/feed.xml" rel="self" type="application/rss+xml"/>',
        *(
            f"<item><title>{_clean(one.title)}</title><link>{_PAGE}#{one.anchor}</link>"
            f'<guid isPermaLink="false">sightline:{page.slug}:{one.key}</guid><pubDate>{_date(one.at)}</pubDate>'
            f"<description>{_clean(one.text)}</description></item>"
            for one in items
        ),
        "</channel></rss>\n",
    ]
    return "".join(parts).encode("utf-8", "replace")


def feed_at(feed: bytes, page: str) -> bytes:
    """A feed whose links lead to a page's address, which has no slash at the end."""
    return feed.replace(_PAGE.encode(), escape(page, {'"': "&quot;"}).encode())


def _items(view: View) -> Iterator[_Item]:
    for shown in view.incidents:
        yield from _of_incident(shown, view)
    if view.page.shows.maintenance:
        for planned in view.planned:
            yield _of_planned(planned, view)


def _of_incident(shown: ShownIncident, view: View) -> Iterator[_Item]:
    its = shown.incident
    key, anchor, zone = f"incident:{its.id}", f"incident-{its.id}", view.page.zone
    affects = f" Affected: {', '.join(shown.affects)}." if shown.affects else ""
    yield _Item(its.started_at, key, anchor, shown.title, f"Since {moment(its.started_at, zone)}.{affects}")
    for place, one in enumerate(reversed(shown.updates)):
        word = f"{one.status.capitalize()}: " if one.status else "Update: "
        yield _Item(one.at, f"{key}:{place}", anchor, f"{word}{shown.title}", one.text)
    if its.ended_at is not None:
        lasted = length(max(0, its.ended_at - its.started_at))
        yield _Item(
            its.ended_at, f"{key}:resolved", anchor, f"Resolved: {shown.title}", f"It lasted {lasted}.{affects}"
        )


def _of_planned(planned: Planned, view: View) -> _Item:
    zone = view.page.zone
    names = ", ".join(name for check, name in view.names.items() if check in planned.checks)
    text = f"{moment(planned.start, zone)} to {moment(planned.end, zone)}. Affected: {names}. {planned.description}"
    key = f"maintenance:{planned.id}:{planned.start}"
    # Nobody knows when it was planned; readers go by the guid, and a time ahead of now confuses some of them.
    at = min(planned.start, view.at)
    return _Item(
        at, key, f"maintenance-{planned.id}-{planned.start}", f"Maintenance: {planned.title or 'planned'}", text.strip()
    )


def _date(at: int) -> str:
    return format_datetime(datetime.fromtimestamp(at // SECOND, UTC), usegmt=True)


def _clean(text: str) -> str:
    return escape(in_xml(text))
