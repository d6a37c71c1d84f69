"""Status pages as HTML, JSON, RSS and badges: whole, true, and safe to embed."""

import json
import re
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any
from xml.parsers.expat import ParserCreate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.application.status_world import NOW, PAGE, StatusWorld
from tests.domain.probes.test_status_page import check, moved, seen
from typing_extensions import override

from sightline.adapters.wire.status import badge
from sightline.adapters.wire.status.bars import bars
from sightline.adapters.wire.status.feed import feed_at
from sightline.adapters.wire.status.html import login_html, page_html
from sightline.adapters.wire.status.words import length
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.status_page import PageGroup, Shows
from sightline.domain.probes.status_view import Planned
from sightline.domain.probes.uptime import Uptime, last_days, share
from sightline.domain.timerange import DAY, HOUR, MINUTE

VOID = frozenset({"meta", "link", "input", "br"})
EVIL = "<script>alert(1)</script>\"&'\x00"


class Strict(HTMLParser):
    """Collects what is wrong with a page, its tags and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        self.wrong += self.open

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @override
    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def parse_xml(text: str) -> None:
    """Fail where a text is no XML."""
    parser = ParserCreate()
    parser.Parse(text)
    parser.Parse("", True)  # noqa: FBT003 - expat's own signature


async def full(**changes: Any) -> StatusWorld:
    """A page with everything on it, every text of which is hostile; `changes` are of the page."""
    world = StatusWorld()
    for name, state in (("a", CheckState.UP), ("b", CheckState.DOWN), (EVIL, CheckState.UNKNOWN)):
        number = world.enroll(name, description=EVIL, group="g")
        await world.move(number, CheckState.UP, 20 * DAY)
        await world.move(number, CheckState.DOWN, 5 * DAY)
        await world.move(number, CheckState.UP, 5 * DAY - HOUR)
        await world.move(number, state, MINUTE)
        world.measured.seconds[number] = [None, 0.2, 0.4, None, 0.1]
    incident = await world.incident(2, HOUR)
    await world.update(incident, EVIL)
    await world.incident(None, 3 * DAY, HOUR, title=EVIL)
    world.plans.standing = [Planned("w", EVIL, NOW - HOUR, NOW + HOUR, frozenset({1}), EVIL)]
    page = replace(
        PAGE,
        title=EVIL,
        description=EVIL,
        announcement=EVIL,
        footer=EVIL,
        link="https://acme.example.org/?a=1&b=2",
        accent="#123456",
        shows=Shows(latency=True, windows=("24h", "90d")),
        groups=(PageGroup(name=EVIL, checks=("a", "b")), PageGroup(name="Rest", groups=("*",), collapsed=True)),
        **changes,
    )
    await world.page(page)
    return world


async def test_a_page_is_whole_html() -> None:
    """Every element ends, no script is there, nothing comes from elsewhere, and what people wrote is text."""
    text = await (await full(theme="dark")).read()
    found = Strict(text)
    assert found.wrong == []
    tags = {tag for tag, _ in found.tags}
    assert "script" not in tags
    assert "data-theme=dark" in text
    sources = [value for _, attributes in found.tags for name, value in attributes.items() if name in {"src", "href"}]
    assert all(
        str(one).startswith(("/status/acme", "https://acme.example.org/", "data:image/svg+xml")) for one in sources
    )
    assert "&lt;script&gt;" in text
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


async def test_fields_have_labels_and_pictures_words() -> None:
    """For those who do not see."""
    text = await (await full()).read()
    found = Strict(text)
    labels = {attributes.get("for") for tag, attributes in found.tags if tag == "label"}
    fields = {attributes["id"] for tag, attributes in found.tags if tag == "input"}
    assert fields == labels != set()
    pictures = [attributes for tag, attributes in found.tags if tag == "svg"]
    assert all(one.get("aria-hidden") == "true" or one.get("aria-label") for one in pictures)


async def test_json_says_what_the_page_says() -> None:
    """States, days, incidents with their updates, and maintenance."""
    said = json.loads(await (await full()).read(form="json"))
    assert (said["status"], said["headline"]) == ("partial_outage", "Partial outage")
    first, rest = said["groups"]
    assert [one["state"] for one in (*first["checks"], *rest["checks"])] == ["up", "down", "unknown"]
    days = first["checks"][0]["days"]
    assert (len(days), days[0]["worst"], days[-6]["worst"], days[-1]["worst"]) == (90, None, "down", "up")
    assert first["checks"][0]["latency_ms"] == [None, 200.0, 400.0, None, 100.0]
    assert [one["ended_at"] is None for one in said["incidents"]] == [True, False]
    assert [one["running"] for one in said["maintenance"]] == [True]


async def test_a_feed_is_rss() -> None:
    """Its items are told apart for good, newest first, with times of RFC 822 and absolute links."""
    world = await full()
    text = feed_at((await world.read(form="feed")).encode(), 'https://acme.example.org/status/a"b&c').decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"')
    parse_xml(text)
    assert "<script>" not in text
    ids = re.findall(r'<guid isPermaLink="false">([^<]+)</guid>', text)
    assert ids == [
        "sightline:acme:incident:1:0",
        "sightline:acme:incident:1",
        f"sightline:acme:maintenance:w:{NOW - HOUR}",
        "sightline:acme:incident:2:resolved",
        "sightline:acme:incident:2",
    ]
    times = [parsedate_to_datetime(one) for one in re.findall(r"<pubDate>([^<]+)</pubDate>", text)]
    assert times == sorted(times, reverse=True)
    links = re.findall(r"<link>([^<]+)</link>", text)
    assert links[0] == "https://acme.example.org/status/a&quot;b&amp;c"
    assert all(one.startswith(f"{links[0]}#") for one in links[1:])
    assert f'href="{links[0]}/feed.xml"' in text


def test_days_alike_are_one_shape() -> None:
    """A page of hundreds of checks stays small, and every day is told all the same."""
    ranges = last_days(NOW)
    text = bars(ranges, [Uptime()] * 60 + [Uptime({CheckState.UP: DAY})] * 30)
    assert text.count("<rect") == 2
    assert re.findall(r"<title>[^<]*: ([^<]*)</title>", text) == ["not watched yet", "operational"]
    assert 'aria-label="Last 90 days: outages on 0 of 30 watched days"' in text


@given(st.lists(st.dictionaries(st.sampled_from(CheckState), st.integers(1, DAY)), min_size=90, max_size=90))
def test_no_gap_is_drawn_as_well(days: list[dict[CheckState, int]]) -> None:
    """A day that is not well all of the time is never a whole green bar, and what is drawn fills the bar."""
    ranges = last_days(NOW)
    its = [Uptime(lengths) for lengths in days]
    text = bars(ranges, its)
    drawn = 0
    for width, fill in re.findall(r'width="(\d+)" height="30" fill="url\(#d-(\w+)\)"', text):
        if fill == "up":
            drawn += (int(width) + 3) // 10
    assert drawn == sum(set(one.lengths) == {CheckState.UP} for one in its)
    for group in re.findall(r"<g>.*?</g>", text):
        heights = [float(one) for one in re.findall(r'height="([\d.]+)"', group)]
        assert sum(heights) == pytest.approx(30, abs=0.5)
        assert heights[-1] >= 30 * 0.29


def test_what_is_told_of_uptime_is_never_rounded_up_to_all() -> None:
    """A second in a quarter is not a hundred per cent."""
    assert share(1.0) == "100 %"
    assert share(1 - 1 / (90 * 86_400)) == "99.99 %"
    assert share(0.99994) == "99.99 %"
    assert share(0.5) == "50.00 %"
    assert share(None) == "no data"


def test_lengths_are_in_their_largest_unit() -> None:
    """Rounded down, with a plural where there are several."""
    assert [length(one) for one in (0, 1_000, 90_000, 2 * HOUR, 3 * DAY)] == [
        "less than a second",
        "1 second",
        "1 minute",
        "2 hours",
        "3 days",
    ]


def test_a_page_says_since_when_nothing_is_known() -> None:
    """Of the monitor itself, and of single checks."""
    away = seen([check(1, "a")], moves=[moved(1, CheckState.UP)], alive_at=NOW - HOUR)
    assert "Nothing is known since <time" in page_html(away).decode()
    some = seen([check(1, "a"), check(2, "b")], moves=[moved(1, CheckState.UP), moved(2, CheckState.UNKNOWN, HOUR)])
    assert "Of 1 system nothing is known since" in page_html(some).decode()


def test_a_page_says_how_many_of_its_systems_are_down() -> None:
    """In front, for nobody counts hundreds of lines; where all are well, or there is one alone, its own line says it."""
    down, up = moved(1, CheckState.DOWN), moved(2, CheckState.UP)
    some = page_html(seen([check(1, "a"), check(2, "b")], moves=[down, up])).decode()
    assert "<p>1 of 2 systems is down. As of <time" in some
    lost = page_html(seen([check(1, "a"), check(2, "b")], moves=[down, moved(2, CheckState.UNREACHABLE)])).decode()
    assert "<p>2 of 2 systems are down or unreachable. As of" in lost
    assert "<p>As of" in page_html(seen([check(1, "a")], moves=[down])).decode()
    assert "<p>As of" in page_html(seen([check(2, "b")], moves=[up])).decode()


def test_a_login_tells_nothing_of_the_page() -> None:
    """But its title; a wrong password is said to be wrong."""
    text = login_html(replace(PAGE, description="inner", announcement="inner"), "No.").decode()
    assert Strict(text).wrong == []
    assert "inner" not in text
    assert "aria-invalid=true" in text


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(badge.STYLES))
def test_a_badge_is_whole(label: str, text: str, style: str) -> None:
    """Whatever it says, in every style."""
    drawn = badge.svg(badge.Badge(label, text, badge.GREEN, style=style)).decode()
    found = Strict(drawn)
    assert found.wrong == []
    assert (drawn[:4], drawn[-6:]) == ("<svg", "</svg>")
    parse_xml(drawn)


def test_badges_are_coloured_as_others_have_them() -> None:
    """Latencies by Gatus' bounds; certificates by the days that they hold."""
    shades = [badge.of_latency(one) for one in (50, 51, 200, 300, 500, 750, 751)]
    assert shades == ["#40cc11", "#94cc11", "#94cc11", "#ccd311", "#ccb311", "#cc8111", "#c7130a"]
    assert badge.of_latency(None) == badge.of_uptime(None) == badge.of_days(None) == badge.GREY
    assert [badge.of_days(one) for one in (31, 20, 3)] == [badge.GREEN, badge.AMBER, badge.RED]
