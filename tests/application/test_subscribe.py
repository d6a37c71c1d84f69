"""Whoever asks to be told of a page, confirms it, hears of each thing once, and leaves."""

import json
from collections.abc import Mapping
from hashlib import sha256
from hmac import digest
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace
from tests.application.status_world import PAGE, PLACE, Mailbox, Posted, StatusWorld
from typing_extensions import override

from sightline.application.directory import Published
from sightline.application.subscribe import CONFIRM_WITHIN, GIVEN_UP_AFTER, SIGNATURE, Ways, signature
from sightline.domain.errors import BadData, InvalidField, NotFound, NoticeRefused, Overloaded, Unavailable
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.status_view import Planned
from sightline.domain.reports.letter import Letter
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import DAY, HOUR, MINUTE

ANN = "ann@example.org"
HOOK = "https://hooks.example.org/x"


@pytest.fixture
async def world() -> StatusWorld:
    """A page with one check that is up."""
    found = StatusWorld()
    await found.move(found.enroll("Website"), CheckState.UP, DAY)
    await found.publish.put(LOCAL, PAGE, None)
    return found


async def page_of(world: StatusWorld) -> Published:
    """The page."""
    published = await world.publish.directory.find("acme")
    assert published is not None
    return published


def token_of(link: str) -> str:
    """The token in a link."""
    return parse_qs(urlsplit(link).query)["token"][0]


async def asked(world: StatusWorld, to: str = ANN, channel: str = "email", caller: str = "1") -> str:
    """Ask to be told; gives the token of the link that came, or nothing."""
    await world.subscribe.ask(await page_of(world), channel, to, caller)
    await world.subscribe.settle()
    if channel == "webhook":
        return token_of(json.loads(world.posted.messages[-1][1])["confirm_url"]) if world.posted.messages else ""
    letters = [letter for who, letter, _ in world.mailbox.letters if who == to]
    link = next((line for line in letters[-1].text.splitlines() if "/confirm?" in line), "") if letters else ""
    return token_of(link) if link else ""


async def subscribed(world: StatusWorld, to: str = ANN, channel: str = "email", caller: str = "1") -> None:
    """Ask, confirm, and forget what came."""
    await world.subscribe.confirm(await page_of(world), await asked(world, to, channel, caller))
    world.mailbox.letters.clear()
    world.posted.messages.clear()


async def later(world: StatusWorld, milliseconds: int = 3 * MINUTE) -> int:
    """Time goes by, and whoever is owed something is told; gives how many were."""
    world.clock.skip(milliseconds)
    await world.alive()
    return await world.subscribe.run_once()


async def test_nobody_is_subscribed_who_did_not_confirm(world: StatusWorld) -> None:
    """A link is mailed, and nothing is kept until it is used; using it twice is as good as once."""
    token = await asked(world)
    assert await world.subscribe.all(LOCAL, "acme") == []
    for _ in range(2):
        title, _ = await world.subscribe.confirm(await page_of(world), token)
        assert title == "Subscribed"
    (one,) = await world.subscribe.all(LOCAL, "acme")
    assert (one.channel, one.to) == ("email", ANN)


async def test_the_answer_does_not_tell_who_is_subscribed(world: StatusWorld) -> None:
    """It is the same for strangers, for those who are told already, and where no mail can be sent."""
    published = await page_of(world)
    first = await world.subscribe.ask(published, "email", ANN, "1")
    await subscribed(world, caller="2")
    world.mailbox.fails[ANN] = NoticeRefused("no such mailbox")
    world.clock.skip(HOUR)
    assert await world.subscribe.ask(published, "email", ANN, "3") == first
    await world.subscribe.settle()


async def test_links_hold_for_a_day_and_for_their_page(world: StatusWorld) -> None:
    """Those of another page, for something else, or of nobody, are refused."""
    token = await asked(world)
    other = await world.publish.put(LOCAL, replace(PAGE, slug="other"), None)
    for published, shown in ((other, token), (await page_of(world), "x.y"), (await page_of(world), "")):
        with pytest.raises(BadData, match="holds no longer"):
            await world.subscribe.confirm(published, shown)
    with pytest.raises(BadData, match="not whole"):
        await world.subscribe.leave(await page_of(world), token)
    world.clock.skip(CONFIRM_WITHIN)
    with pytest.raises(BadData, match="holds no longer"):
        await world.subscribe.confirm(await page_of(world), token)


async def test_addresses_and_ways_are_checked(world: StatusWorld) -> None:
    """What is no address is refused, and so is a way that the page does not offer."""
    published = await page_of(world)
    with pytest.raises(InvalidField, match=r"^email: "):
        await world.subscribe.ask(published, "email", "nobody", "1")
    with pytest.raises(InvalidField, match=r"^webhook: "):
        await world.subscribe.ask(published, "webhook", "http://x", "1")
    closed = await world.publish.put(LOCAL, replace(PAGE, slug="closed", subscribe=("rss",)), None)
    with pytest.raises(BadData, match="does not tell anybody by email"):
        await world.subscribe.ask(closed, "email", ANN, "1")


async def test_asking_is_limited(world: StatusWorld) -> None:
    """By who asks and by page; an address gets one link in ten minutes, and who asks does not learn that."""
    published = await page_of(world)
    for _ in range(5):
        await world.subscribe.ask(published, "email", ANN, "1")
    await world.subscribe.settle()
    assert len(world.mailbox.letters) == 1
    with pytest.raises(Overloaded):
        await world.subscribe.ask(published, "email", "bob@example.org", "1")
    for number in range(55):
        await world.subscribe.ask(published, "email", f"p{number}@example.org", f"c{number}")
    with pytest.raises(Overloaded):
        await world.subscribe.ask(published, "email", "bob@example.org", "new")
    await world.subscribe.settle()


async def test_each_thing_is_told_once(world: StatusWorld) -> None:
    """An incident when it lasted, each update, and its end; nothing of it again, not after a restart either."""
    await subscribed(world)
    incident = await world.incident(1, 0)
    assert await later(world, MINUTE) == 0
    assert await later(world) == 1
    incident = await world.update(incident, "We look into it")
    assert await later(world) == 1
    await world.update(incident, "It was the disk", "resolved", ended_at=world.clock.now())
    assert await later(world) == 2
    again = StatusWorld(
        world.clock, world.catalog, world.checks, world.standings, world.incidents, mailbox=world.mailbox
    )
    assert await later(again) == 0
    subjects = [letter.subject for _, letter, _ in world.mailbox.letters]
    assert subjects == [
        "[Acme] Incident: Website is down",
        "[Acme] Update: Website is down",
        "[Acme] Update: Website was down",
        "[Acme] Resolved: Website was down",
    ]
    assert "It was the disk" in world.mailbox.letters[2][1].text


async def test_what_was_before_is_owed_to_nobody(world: StatusWorld) -> None:
    """Whoever subscribes in the middle of an incident hears of what comes then."""
    incident = await world.incident(1, HOUR)
    await subscribed(world)
    assert await later(world) == 0
    await world.update(incident, "Soon")
    assert await later(world) == 1


async def test_who_cannot_be_told_now_is_told_later(world: StatusWorld) -> None:
    """The others are not told twice meanwhile; who would never take it, and who could not for hours, is left."""
    for number, name in enumerate(("ann", "bob", "cat")):
        await subscribed(world, f"{name}@example.org", caller=str(number))
    world.mailbox.fails = {"bob@example.org": Unavailable("later"), "cat@example.org": NoticeRefused("gone")}
    await world.incident(1, 0)
    assert await later(world) == 1
    assert await later(world) == 0
    world.mailbox.fails.clear()
    assert await later(world) == 1
    assert sorted(to for to, _, _ in world.mailbox.letters) == ["ann@example.org", "bob@example.org"]
    world.mailbox.fails = {f"{name}@example.org": Unavailable("later") for name in ("ann", "bob", "cat")}
    await world.incident(None, 0, title="Other")
    assert await later(world) == 0
    assert await later(world, GIVEN_UP_AFTER + 1) == 0
    world.mailbox.fails.clear()
    assert await later(world) == 0


async def test_a_crash_in_the_middle_tells_few_twice(world: StatusWorld) -> None:
    """Who has it is written down ten at a time: those whose turn it was not are told, and most others are not again."""
    for number in range(25):
        await subscribed(world, f"p{number}@example.org", caller=f"c{number}")
        world.clock.skip(HOUR)

    class Crashing(Mailbox):
        """Ends the program at the fifteenth letter."""

        @override
        async def send(self, to: str, letter: Letter, leave: str) -> None:
            if len(self.letters) >= 14:
                raise RuntimeError("killed")
            await super().send(to, letter, leave)

    world.mailbox = crashing = Crashing()
    dying = StatusWorld(world.clock, world.catalog, world.checks, world.standings, world.incidents, mailbox=crashing)
    await world.incident(1, 0)
    with pytest.raises(RuntimeError):
        await later(dying)
    again = StatusWorld(world.clock, world.catalog, world.checks, world.standings, world.incidents)
    assert await later(again) == 15
    told = [to for to, _, _ in (*crashing.letters, *again.mailbox.letters)]
    assert len(set(told)) == 25
    assert len(told) <= 25 + 10


async def test_what_is_told_again_after_a_crash_is_the_same(world: StatusWorld) -> None:
    """Also when the incident is over by then and has another cause: an Idempotency-Key stands for one message."""
    await subscribed(world, HOOK, "webhook")

    class Crashing(Posted):
        """Ends the program once a message was taken."""

        @override
        async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
            await super().send(url, body, headers)
            raise RuntimeError("killed")

    crashing = Crashing()
    parts = (world.clock, world.catalog, world.checks, world.standings, world.incidents)
    incident = await world.incident(1, 0)
    with pytest.raises(RuntimeError):
        await later(StatusWorld(*parts, posted=crashing))
    cause = await world.incident(None, HOUR, title="The line is cut")
    await world.incident(world.enroll("Shop"), 0, part_of=incident.id)
    await world.update(incident, "Done", "resolved", ended_at=world.clock.now(), part_of=None, title=cause.title)
    again = StatusWorld(*parts)
    assert await later(again) > 1
    ((_, body, headers),) = crashing.messages
    assert json.loads(body)["title"] == "Website is down"
    same = [
        (told, its) for _, told, its in again.posted.messages if its["Idempotency-Key"] == headers["Idempotency-Key"]
    ]
    assert same == [(body, headers)]


async def test_each_letter_has_a_way_out(world: StatusWorld) -> None:
    """Its link ends the subscription for good, and so does the operator."""
    await subscribed(world)
    await world.incident(1, 0)
    await later(world)
    ((_, letter, leave),) = world.mailbox.letters
    assert leave in letter.text
    assert leave.startswith(f"{PLACE}/status/acme/unsubscribe?token=")
    title, _ = await world.subscribe.leave(await page_of(world), token_of(leave))
    assert title == "Unsubscribed"
    assert await world.subscribe.all(LOCAL, "acme") == []
    await subscribed(world, "bob@example.org", caller="2")
    (bob,) = await world.subscribe.all(LOCAL, "acme")
    await world.subscribe.remove(LOCAL, "acme", bob.id)
    with pytest.raises(NotFound):
        await world.subscribe.remove(LOCAL, "acme", bob.id)


async def test_webhooks_are_signed_with_what_came_with_the_link(world: StatusWorld) -> None:
    """The address gets a link and a secret first; every message then has a signature that the secret makes."""
    token = await asked(world, HOOK, "webhook")
    secret = bytes.fromhex(json.loads(world.posted.messages[0][1])["secret"])
    await world.subscribe.confirm(await page_of(world), token)
    await world.subscribe.run_once()
    world.posted.messages.clear()
    await world.incident(1, 0)
    assert await later(world) == 1
    ((url, body, headers),) = world.posted.messages
    assert url == HOOK
    assert headers[SIGNATURE] == signature(secret, body) == f"sha256={digest(secret, body, sha256).hex()}"
    said = json.loads(body)
    assert (said["event"], said["title"], said["page"]["slug"]) == ("incident_opened", "Website is down", "acme")
    assert headers["Idempotency-Key"] == f"acme-{said['id']}"


async def test_maintenance_is_told(world: StatusWorld) -> None:
    """A day ahead, and when it begins."""
    await subscribed(world)
    now = world.clock.now()
    world.plans.standing = [Planned("w", "Move", now + HOUR, now + 2 * HOUR, frozenset({1}))]
    assert await later(world) == 1
    assert await later(world) == 0
    assert await later(world, HOUR) == 1
    assert [letter.subject for _, letter, _ in world.mailbox.letters] == [
        "[Acme] Planned maintenance: Move",
        "[Acme] Maintenance has begun: Move",
    ]


async def test_ways_need_an_address_for_their_links(world: StatusWorld) -> None:
    """Without one, and without a server of mail, there is the feed alone."""

    def written(*_: object) -> Letter:
        raise AssertionError("nobody is told of anything here")

    nothing = Ways(None, None, written, written)
    assert nothing.offered(PAGE) == ("rss",)
    lost = Ways(world.mailbox, world.posted, written, written)
    assert lost.offered(PAGE) == ("rss",)
    assert lost.offered(replace(PAGE, domains=("status.acme.org",))) == ("rss", "email", "webhook")
