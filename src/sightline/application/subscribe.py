"""Subscribe people and programs to status pages, and tell them what happens, each thing once.

Whoever asks to be told confirms it first, by a link that only they get. Nothing is kept before that, so that nobody can fill the
catalog or find out who is subscribed: the answer is always the same.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

import msgspec

from sightline.application.directory import Published
from sightline.application.publish import Publish
from sightline.application.sign import SigningKey
from sightline.domain.errors import (
    BadData,
    Conflict,
    InvalidField,
    NotFound,
    NoticeRefused,
    Overloaded,
    Unavailable,
)
from sightline.domain.probes.attempts import Attempts
from sightline.domain.probes.sealed import opened, seal
from sightline.domain.probes.status_news import News, news
from sightline.domain.probes.status_page import SUBSCRIBER_KIND, TOLD_KIND, Channel, StatusPage, address_of
from sightline.domain.reports.letter import Letter
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, HOUR
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

MAX_SUBSCRIBERS: Final = 5_000
"""Of one page."""
CONFIRM_WITHIN: Final = DAY
"""For how long (ms) a link to confirm with holds."""
TOGETHER: Final = 10
"""Subscribers who are told at the same time; so many may hear of something twice when the program ends in between."""
GIVEN_UP_AFTER: Final = 6 * HOUR
"""For how long (ms) those are tried again who could not be told."""
SIGNATURE: Final = "X-Sightline-Signature"
"""Of a webhook's body: `sha256=` and the HMAC, in hexadecimal, with the secret that came with the confirmation."""

_CONFIRM: Final = "confirm"
_LEAVE: Final = "leave"
_INCIDENT: Final = re.compile(r"(?<=\d)[oru].*")
"""What follows an incident in the key of news of it."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Whoever is told. id: made of the address. at: when it was confirmed, ms."""

    id: str
    channel: Channel
    to: str
    at: int


class Mail(Protocol):
    """Letters to single people."""

    def checked(self, text: str) -> str:
        """An address as it is kept.

        Raises:
            BadData: it is none, or there are several.
        """
        ...

    async def send(self, to: str, letter: Letter, leave: str) -> None:
        """Hand a letter over. leave: the link by which the reader is told no more; empty where there is none.

        Raises:
            Unavailable, NoticeRefused: nobody has it.
        """
        ...


class Post(Protocol):
    """Messages to programs of strangers, whose addresses may lead to no network of ours."""

    def checked(self, url: str) -> str:
        """An address as it is kept.

        Raises:
            BadData: it is none that may be told.
        """
        ...

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Hand a message over.

        Raises:
            Unavailable, NoticeRefused: it was not taken.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ways:
    """How people are told; None: they cannot be.

    write: makes the letter of news, with the link that ends them; confirm: the letter to an address, with the link to confirm with.
    external_url: where people reach this program; pages with a domain of their own do not need it.
    """

    mail: Mail | None
    post: Post | None
    write: Callable[[StatusPage, News, str], Letter]
    confirm: Callable[[StatusPage, str, str], Letter]
    external_url: str = ""

    def offered(self, page: StatusPage) -> tuple[Channel, ...]:
        """Those ways to be told that a page names and that there are."""
        there = {"rss"}
        if address_of(page, self.external_url):  # messages have links
            there |= {name for name, way in (("email", self.mail), ("webhook", self.post)) if way is not None}
        return tuple(one for one in page.subscribe if one in there)


class Subscribe:
    """The use case."""

    def __init__(self, publish: Publish, catalog: Catalog, signing: SigningKey, clock: Clock, ways: Ways) -> None:
        self._publish = publish
        self._catalog = catalog
        self._signing = signing
        self._clock = clock
        self._ways = ways
        self._of_caller = Attempts(5, 600.0)
        self._of_address = Attempts(1, 600.0)
        self._of_page = Attempts(60, 30.0)
        self._sending: set[asyncio.Task[None]] = set()

    async def ask(self, published: Published, channel: str, to: str, caller: str) -> tuple[str, str]:
        """Send somebody a link to confirm with; gives what the caller is told, which is the same whoever that is.

        Raises:
            InvalidField: the address is none.
            BadData: the page does not offer that.
            Overloaded: too many asked.
        """
        page = published.page
        if channel not in self._ways.offered(page):
            raise BadData(f"this page does not tell anybody by {channel}")
        try:
            to = self._checked(channel, to)
        except BadData as error:
            raise InvalidField(f"{channel}: {error.message}", field=channel) from None
        now = self._clock.monotonic()
        wait = self._of_caller.take(caller, now) or self._of_page.take(page.slug, now)
        if wait:
            raise Overloaded("too many asked to be told: try again later", retry_after=wait)
        if not self._of_address.take(f"{page.slug} {to}", now):
            sending = asyncio.create_task(self._send_link(page, channel, to), name="link to confirm with")
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        where = "in your mailbox" if channel == "email" else "in a message to your address"
        return (
            "Almost there",
            f"If {to} can be told, a link to confirm with is on its way. Look {where}; it holds for a day.",
        )

    async def confirm(self, published: Published, token: str) -> tuple[str, str]:
        """Subscribe whom a link was sent to; twice is as good as once.

        Raises:
            BadData: the link is none of ours, or holds no longer.
            Conflict: there are as many subscribers as there may be.
        """
        page = published.page
        said = opened(await self._signing.get(), _CONFIRM, token, self._clock.now())
        if said is None or said[0] != page.slug:
            raise BadData("this link holds no longer: ask for another on the page")
        _, channel, to = said
        key = _key(page.slug, channel, to)
        known = await self._of(published)
        if all(one.id != key for one in known):
            if len(known) >= MAX_SUBSCRIBERS:
                raise Conflict(f"{len(known)} are told already, as many as can be: follow the RSS feed")
            with suppress(Unavailable):
                await self._begin(published)
            body = json.dumps({"channel": channel, "to": to, "at": self._clock.now()}).encode()
            await self._catalog.put(published.tenant, SUBSCRIBER_KIND, key, body)
        return "Subscribed", f"{to} is told of incidents and maintenance from now on."

    async def leave(self, published: Published, token: str) -> tuple[str, str]:
        """Tell somebody no more.

        Raises:
            BadData: the link is none of ours.
        """
        page = published.page
        said = opened(await self._signing.get(), _LEAVE, token, self._clock.now())
        if said is None or said[0] != page.slug:
            raise BadData("this link is not whole: copy it from the message once more")
        await self._catalog.delete(published.tenant, SUBSCRIBER_KIND, said[1])
        return "Unsubscribed", "You are told no more."

    async def all(self, principal: Principal, slug: str) -> list[Subscriber]:
        """Whoever is told of a page.

        Raises:
            NotFound: there is no such page.
        """
        return await self._of(await self._publish.get(principal, slug))

    async def remove(self, principal: Principal, slug: str, subscriber: str) -> None:
        """Tell somebody no more.

        Raises:
            NotFound: nobody of that id is told.
        """
        if not subscriber.startswith(f"{slug}/") or not await self._catalog.delete(
            principal.tenant, SUBSCRIBER_KIND, subscriber
        ):
            raise NotFound(f"nobody with the id {subscriber[:80]!r} is told of {slug[:80]!r}")

    async def run_once(self) -> int:
        """Tell whoever is to be told of whatever happened; gives how many messages were handed over.

        What cannot be done now is done the next time.
        """
        await self._publish.directory.refresh()
        told = 0
        for published in list(self._publish.directory.known()):
            if published.page.published and (who := await self._of(published)):
                with suppress(Unavailable):  # nothing is known of that page now
                    told += await self._tell_of(published, who)
        return told

    async def settle(self) -> None:
        """Wait for links that are on their way."""
        await asyncio.gather(*self._sending)

    async def _tell_of(self, published: Published, who: Sequence[Subscriber]) -> int:
        state = await self._begin(published)
        view = await self._publish.shown(published)
        every = news(view, frozenset(state["told"]))
        count = 0
        for one in every:
            if one.key not in state["told"]:
                count += await self._tell(published, one, who, state)
        there = {one.key for one in every} | {f"i{one.incident.id}" for one in view.incidents}
        kept = [key for key in state["told"] if key in there or _INCIDENT.sub("", key) in there]
        under_way = {key: its for key, its in state["under_way"].items() if key in there}
        if kept != state["told"] or under_way.keys() != state["under_way"].keys():
            await self._save(published, {"told": kept, "under_way": under_way})
        return count

    async def _begin(self, published: Published) -> dict[str, Any]:
        """What was told of a page. What was before anybody was to be told of anything is owed to nobody."""
        state = await self._state(published)
        if state is None:
            view = await self._publish.shown(published)
            state = {"told": [one.key for one in news(view, ())], "under_way": {}}
            await self._save(published, state)
        return state

    async def _tell(self, published: Published, one: News, who: Sequence[Subscriber], state: dict[str, Any]) -> int:
        """Tell all of one thing, some at a time; who has it is written down after each time.

        What is told is written down before anybody hears it: whoever is told it again, or late, is told the same.
        """
        progress = state["under_way"].get(one.key)
        if progress is None:
            progress = {"after": "", "again": [], "since": self._clock.now(), "news": msgspec.to_builtins(one)}
            state["under_way"][one.key] = progress
            await self._save(published, state)
        elif "news" in progress:
            one = msgspec.convert(progress["news"], News)
        again = set(progress["again"])
        left = iter([each for each in who if each.id > progress["after"] or each.id in again])
        count = 0
        while some := list(islice(left, TOGETHER)):
            done = await asyncio.gather(*(self._tell_one(published.page, one, each) for each in some))
            again -= {each.id for each in some}
            again |= {each.id for each, taken in zip(some, done, strict=True) if taken is None}
            count += sum(taken is True for taken in done)
            progress["after"] = max(progress["after"], some[-1].id)
            progress["again"] = sorted(again)
            await self._save(published, state)
        if not again or self._clock.now() - progress["since"] > GIVEN_UP_AFTER:
            del state["under_way"][one.key]
            state["told"].append(one.key)
            await self._save(published, state)
        return count

    async def _tell_one(self, page: StatusPage, one: News, who: Subscriber) -> bool | None:
        """True: told. False: would never take it. None: not now."""
        place = address_of(page, self._ways.external_url)
        key = await self._signing.get()
        leave = f"{place}/unsubscribe?token={seal(key, _LEAVE, [page.slug, who.id])}"
        try:
            if who.channel == "email" and self._ways.mail is not None:
                await self._ways.mail.send(who.to, self._ways.write(page, one, leave), leave)
            elif who.channel == "webhook" and self._ways.post is not None:
                body = _message(page, one, place, leave)
                headers = {
                    "Idempotency-Key": f"{page.slug}-{one.key}",
                    SIGNATURE: signature(_secret(key, who.id), body),
                }
                await self._ways.post.send(who.to, body, headers)
        except NoticeRefused:
            return False
        except Unavailable:
            return None
        return True

    async def _send_link(self, page: StatusPage, channel: str, to: str) -> None:
        """What goes wrong here is nobody's business but the operator's: the caller must not learn who can be reached."""
        key = await self._signing.get()
        place = address_of(page, self._ways.external_url)
        link = (
            f"{place}/confirm?token={seal(key, _CONFIRM, [page.slug, channel, to], self._clock.now() + CONFIRM_WITHIN)}"
        )
        work: Awaitable[None]
        if channel == "email" and self._ways.mail is not None:
            work = self._ways.mail.send(to, self._ways.confirm(page, to, link), "")
        elif self._ways.post is not None:
            secret = _secret(key, _key(page.slug, channel, to))
            said = {"event": "confirm", "page": page.slug, "confirm_url": link, "secret": secret.hex()}
            work = self._ways.post.send(to, json.dumps(said).encode(), {})
        else:
            return
        try:
            await work
        except (Unavailable, NoticeRefused):
            return

    def _checked(self, channel: str, to: str) -> str:
        way = self._ways.mail if channel == "email" else self._ways.post
        return way.checked(to) if way is not None else to

    async def _of(self, published: Published) -> list[Subscriber]:
        """Those of a page, by id."""
        prefix = f"{published.page.slug}/"
        found = []
        for one in await self._catalog.list(published.tenant, SUBSCRIBER_KIND):
            if one.key.startswith(prefix):
                said = json.loads(one.body)
                found.append(Subscriber(one.key, said["channel"], said["to"], said["at"]))
        return found

    async def _state(self, published: Published) -> dict[str, Any] | None:
        try:
            body = (await self._catalog.get(published.tenant, TOLD_KIND, published.page.slug)).body
        except NotFound:
            return None
        state: dict[str, Any] = json.loads(body)
        return state

    async def _save(self, published: Published, state: Mapping[str, Any]) -> None:
        await self._catalog.put(published.tenant, TOLD_KIND, published.page.slug, json.dumps(state).encode())


def signature(secret: bytes, body: bytes) -> str:
    """What a webhook's body is signed with."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


def _message(page: StatusPage, one: News, place: str, leave: str) -> bytes:
    """What programs are told."""
    said = {
        "event": one.kind,
        "id": one.key,
        "page": {"slug": page.slug, "title": page.title, "url": place},
        "at": one.at,
        "title": one.title,
        "status": one.status,
        "text": one.text,
        "affects": list(one.affects),
        "url": f"{place}#{one.anchor}",
        "unsubscribe_url": leave,
    }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _key(slug: str, channel: str, to: str) -> str:
    """What a subscriber is known by: the same for the same address."""
    return f"{slug}/{hashlib.sha256(f'{channel} {to}'.encode()).hexdigest()[:24]}"


def _secret(key: bytes, subscriber: str) -> bytes:
    """What a webhook's messages are signed with; another for each."""
    return hmac.digest(key, f"webhook {subscriber}".encode(), hashlib.sha256)
