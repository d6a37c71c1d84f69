"""Which checks a status page shows, and what it says of them all together."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.incident import Entry, EntryKind, Incident, IncidentKind
from sightline.domain.probes.options import Http
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.probes.status_news import NewsKind, news
from sightline.domain.probes.status_page import PageGroup, Shows, StatusPage, address_of, check_page, placed
from sightline.domain.probes.status_view import Circumstances, Overall, Planned, View, overall, view
from sightline.domain.probes.uptime import last_days
from sightline.domain.timerange import DAY, HOUR, MINUTE

NOW = 1_763_700_000_000
PAGE = StatusPage(slug="acme", title="Acme", groups=(PageGroup(groups=("*",)),))
UP, DOWN, UNKNOWN = CheckState.UP, CheckState.DOWN, CheckState.UNKNOWN


def check(number: int, name: str, **said: Any) -> Check:
    """A check."""
    return Check(number, Definition(name=name, options=Http(), **said), NOW, NOW)


def moved(number: int, state: CheckState, ago: int = DAY) -> Transition:
    """A check went to a state some ms ago."""
    return Transition(number, NOW - ago, UNKNOWN, state, StateReason.VERDICT)


def seen(checks: Sequence[Check], page: StatusPage = PAGE, **around: Any) -> View:
    """What a page says; transitions as a list."""
    moves: dict[int, list[Transition]] = {}
    for one in around.pop("moves", ()):
        moves.setdefault(one.check, []).append(one)
    return view(page, placed(page, checks), Circumstances(moves, **around), last_days(NOW), NOW)


def test_checks_are_placed_where_they_are_first_taken() -> None:
    """Named ones come first and in order, then selected ones by what they are called; each is shown once."""
    checks = [
        check(1, "shop", group="web"),
        check(2, "blog", group="web"),
        check(3, "db", tags={"team": "core"}),
        check(4, "api", group="web", tags={"team": "core"}),
        check(5, "lone"),
    ]
    page = replace(
        PAGE,
        names={"blog": "Our blog"},
        groups=(
            PageGroup(name="First", checks=("db", "gone", "db")),
            PageGroup(name="Web of core", groups=("web",), tags={"team": "core"}),
            PageGroup(name="Web", checks=("shop",), groups=("web",)),
            PageGroup(name="None", tags={"team": "nobody"}),
            PageGroup(name="Rest", groups=("*",)),
        ),
    )
    found = [(group.name, [page.called(one) for one in its]) for group, its in placed(page, checks)]
    assert found == [("First", ["db"]), ("Web of core", ["api"]), ("Web", ["shop", "Our blog"]), ("Rest", ["lone"])]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"slug": "No"}, "slug"),
        ({"slug": "a.json"}, "slug"),
        ({"title": " "}, "title"),
        ({"footer": "x" * 5001}, "footer"),
        ({"groups": ()}, "groups"),
        ({"groups": (PageGroup(name="x"),)}, r"groups\[0\]"),
        ({"groups": (PageGroup(checks=("x",)),) * 101}, "groups"),
        ({"domains": ("ok.example.org", "https://x.org")}, r"domains\[1\]"),
        ({"accent": "red"}, "accent"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"password": "x" * 1001}, "password"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_its_field(changes: dict[str, Any], place: str) -> None:
    """The message begins with the field."""
    check_page(PAGE)
    with pytest.raises(InvalidField, match=f"^{place}: "):
        check_page(replace(PAGE, **changes))


def test_a_page_is_found_at_its_domain_first() -> None:
    """Without a domain it is where people reach the program; where nobody said, it has no address."""
    assert (
        address_of(replace(PAGE, domains=("status.acme.org",)), "https://m.org")
        == "https://status.acme.org/status/acme"
    )
    assert address_of(PAGE, "https://m.org/") == "https://m.org/status/acme"
    assert address_of(PAGE, "") == ""


@given(states=st.lists(st.sampled_from(CheckState)), has_incident=st.booleans())
def test_all_is_well_only_where_everything_is(*, states: list[CheckState], has_incident: bool) -> None:
    """Nothing that is unknown, failing, impaired or maintained is called operational, nor a page where people say otherwise."""
    said = overall(states, has_incident=has_incident)
    watched = [state for state in states if state is not CheckState.PAUSED]
    assert (said is Overall.OPERATIONAL) == (bool(watched) and set(watched) == {UP} and not has_incident)
    assert (said is Overall.NOTHING) == (not watched and not has_incident)
    failing = [state for state in watched if state in (DOWN, CheckState.UNREACHABLE)]
    assert (said in (Overall.MAJOR_OUTAGE, Overall.PARTIAL_OUTAGE)) == bool(failing)


def test_an_outage_is_major_when_more_than_half_fails() -> None:
    """Half is partial; paused checks are as if they were not there."""
    assert overall([DOWN, UP]) is Overall.PARTIAL_OUTAGE
    assert overall([DOWN, DOWN, UP]) is Overall.MAJOR_OUTAGE
    assert overall([DOWN, CheckState.PAUSED]) is Overall.MAJOR_OUTAGE


def test_a_monitor_that_is_away_knows_nothing() -> None:
    """What was up when it was last there is unknown since then, and the headline says why."""
    found = seen([check(1, "a"), check(2, "b")], moves=[moved(1, UP), moved(2, UP)], alive_at=NOW - HOUR)
    (section,) = found.sections
    assert [(one.state, one.since) for one in section.lines] == [(UNKNOWN, NOW - HOUR)] * 2
    assert found.overall is Overall.UNKNOWN
    assert found.headline == "The state is unknown: the monitor itself is away"


def test_a_state_lasts_since_it_began() -> None:
    """Another reason for the same state is no new beginning; a check without any state is unknown since nobody knows when."""
    moves = [moved(1, UP, DAY), moved(1, DOWN, 3 * HOUR), moved(1, DOWN, HOUR)]
    found = seen([check(1, "a"), check(2, "new")], moves=moves)
    assert [(one.state, one.since) for one in found.sections[0].lines] == [(DOWN, NOW - 3 * HOUR), (UNKNOWN, None)]


def test_incidents_are_told_in_words_for_the_public() -> None:
    """Details of probes are not shown; what follows from another is named there; private, foreign and old ones are left out."""

    def incident(number: int, of: int | None, ago: int = HOUR, **said: Any) -> tuple[Incident, list[Entry]]:
        kind = said.pop("kind", IncidentKind.DOWN)
        return Incident(id=number, check=of, kind=kind, started_at=NOW - ago, **said), []

    lines = [
        Entry(NOW - 9, EntryKind.UPDATE, "we look", public=True, status="investigating"),
        Entry(NOW - 8, EntryKind.UPDATE, "secret"),
        Entry(NOW - 7, EntryKind.UPDATE, "found", public=True, status="identified"),
    ]
    first = incident(1, 1, title="connect to 10.0.0.1: refused", details="secret")
    manual = incident(9, None, kind=IncidentKind.MANUAL, title="Mail is late", ended_at=NOW - MINUTE)
    found = seen(
        [check(1, "a"), check(2, "b")],
        moves=[moved(1, DOWN), moved(2, CheckState.UNREACHABLE)],
        incidents=[
            (first[0], lines),
            incident(2, 2, part_of=1, kind=IncidentKind.UNREACHABLE),
            incident(3, 1, public=False),
            incident(4, 77),
            incident(5, 1, ago=40 * DAY, ended_at=NOW - 30 * DAY),
            manual,
        ],
    )
    assert [(one.title, one.affects) for one in found.incidents] == [("Mail is late", ()), ("a is down", ("a", "b"))]
    assert [one.text for one in found.incidents[1].updates] == ["found", "we look"]
    assert [one.incident.id for one in found.open_incidents] == [1]
    assert [one.incident.id for one in found.past_incidents] == [9]


def test_news_are_told_once_they_are_news() -> None:
    """An incident is news when it lasted, people wrote of it or it ended; one that was over soon never is."""
    page = replace(PAGE, notify_after=5 * MINUTE)
    blip = Incident(id=1, check=1, kind=IncidentKind.DOWN, started_at=NOW - HOUR, ended_at=NOW - HOUR + MINUTE)
    fresh = Incident(id=2, check=1, kind=IncidentKind.DOWN, started_at=NOW - MINUTE)
    spoken = Incident(id=3, check=1, kind=IncidentKind.DOWN, started_at=NOW - 2 * MINUTE)
    over = Incident(id=4, check=1, kind=IncidentKind.DOWN, started_at=NOW - HOUR, ended_at=NOW - MINUTE)
    update = Entry(NOW - 1, EntryKind.UPDATE, "we look", public=True, status="investigating")
    found = seen(
        [check(1, "a")], page, moves=[moved(1, UP)], incidents=[(blip, []), (fresh, []), (spoken, [update]), (over, [])]
    )
    keys = [(one.key, one.kind) for one in news(found, ())]
    assert keys == [
        ("i4o0", NewsKind.OPENED),
        ("i3o0", NewsKind.OPENED),
        (f"i4r{NOW - MINUTE}", NewsKind.RESOLVED),
        ("i3u0", NewsKind.UPDATED),
    ]
    again = seen([check(1, "a")], page, moves=[moved(1, UP)], incidents=[(Incident(**_but(over, ended_at=None)), [])])
    assert [one.key for one in news(again, {"i4o0", "i4r17"})] == ["i4o1"]


def test_news_say_what_was_so_when_it_happened() -> None:
    """Of an incident that is over by now the beginning is told as it was, as is what people wrote meanwhile."""
    over = Incident(id=4, check=1, kind=IncidentKind.DOWN, started_at=NOW - HOUR, ended_at=NOW - MINUTE)
    updates = [Entry(NOW - at, EntryKind.UPDATE, "it was the disk", public=True) for at in (2 * MINUTE, MINUTE, 0)]
    found = seen([check(1, "a")], moves=[moved(1, UP)], incidents=[(over, updates)])
    assert [(one.kind, one.title) for one in news(found, ())] == [
        (NewsKind.OPENED, "a is down"),
        (NewsKind.UPDATED, "a is down"),
        (NewsKind.UPDATED, "a was down"),
        (NewsKind.RESOLVED, "a was down"),
        (NewsKind.UPDATED, "a was down"),
    ]


def _but(incident: Incident, **changes: Any) -> dict[str, Any]:
    return {name: changes.get(name, getattr(incident, name)) for name in incident.__slots__}


def test_maintenance_is_announced_a_day_ahead() -> None:
    """And when it begins; recurring maintenance only stands on the page."""

    def planned(number: str, start: int, **said: Any) -> Planned:
        return Planned(number, "Move", NOW + start, NOW + start + HOUR, frozenset({1}), **said)

    plans = [planned("a", 2 * DAY), planned("b", HOUR), planned("c", -MINUTE), planned("d", HOUR, recurring=True)]
    found = seen(
        [check(1, "a")], moves=[moved(1, UP)], planned=[*plans, Planned("e", "", NOW, NOW + 1, frozenset({9}))]
    )
    assert [one.id for one in found.planned] == ["c", "b", "d", "a"]
    assert [(one.key[:1] + one.key[-1:], one.kind) for one in news(found, ())] == [
        ("mb", NewsKind.BEGAN),
        ("ma", NewsKind.ANNOUNCED),
    ]


def test_a_page_has_room_for_a_thousand_checks() -> None:
    """Further ones are counted, not hidden in silence; what is not shown is not worked out."""
    checks = [check(number, f"c{number}") for number in range(1_005)]
    found = seen(checks, replace(PAGE, shows=Shows(bars=False, windows=())))
    assert (len(found.names), found.left_out) == (1_000, 5)
    assert found.sections[0].lines[0].days == ()
