from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.wall_clock import utc

from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.cron import parse_cron
from sightline.domain.probes.options import Http
from sightline.domain.probes.recurrence import parse_rrule
from sightline.domain.probes.window import Coverage, Once, Repeated, Scope, Window, check_window
from sightline.domain.timerange import DAY, HOUR, MINUTE, TimeRange

ALL = Scope(everything=True)


def ms(text: str) -> int:
    return int(utc(text).timestamp()) * 1000


def text(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, utc("2026-01-01").tzinfo).strftime("%d %H:%M")


def check(name: str = "shop", group: str = "", **tags: str) -> Check:
    return Check(1, Definition(name=name, options=Http(), group=group, tags=tags), 0, 0)


def once(start: str, end: str, **said: object) -> Window:
    return Window(name="w", timing=Once(ms(start), ms(end)), scope=ALL, **said)  # type: ignore[arg-type]


def nightly(zone: str = "Europe/Berlin", cron: str = "0 2 * * *", hours: int = 3, **said: int) -> Window:
    return Window(name="w", timing=Repeated(parse_cron(cron, zone), hours * HOUR, **said), scope=ALL)


def test_a_window_that_comes_once_is_active_from_its_start_until_before_its_end() -> None:
    """A one-off window is active within its bounds alone, and tells when that changes."""
    window = once("2026-05-01T10:00", "2026-05-01T12:00")
    start, end = ms("2026-05-01T10:00"), ms("2026-05-01T12:00")
    assert [window.active(at) for at in (start - 1, start, end - 1, end)] == [False, True, True, False]
    assert [window.next_change(at) for at in (0, start, end)] == [start, end, None]
    assert list(window.spans(TimeRange(start + 1, start + 2))) == [TimeRange(start, end)]
    assert list(window.spans(TimeRange(end, end + 5))) == []


def test_one_that_is_switched_off_is_never_active() -> None:
    """A disabled window has no stretches and nothing changes."""
    window = once("2026-05-01T10:00", "2026-05-01T12:00", enabled=False)
    assert not window.active(ms("2026-05-01T11:00"))
    assert window.next_change(0) is None
    assert list(window.spans(TimeRange(0, ms("2027-01-01T00:00")))) == []


def test_a_nightly_window_lasts_its_whole_time_when_clocks_are_changed_within() -> None:
    """Three hours from 2 o'clock are three hours in the nights in which clocks are changed too."""
    spring = list(nightly().spans(TimeRange(ms("2026-03-28T00:00"), ms("2026-03-30T12:00"))))
    assert [(text(one.start), text(one.end)) for one in spring] == [
        ("28 01:00", "28 04:00"),
        ("29 01:00", "29 04:00"),  # at 3 by the clock on the wall, for there is no 2
        ("30 00:00", "30 03:00"),
    ]
    autumn = list(nightly().spans(TimeRange(ms("2026-10-24T12:00"), ms("2026-10-26T12:00"))))
    assert [(text(one.start), text(one.end)) for one in autumn] == [("25 00:00", "25 03:00"), ("26 01:00", "26 04:00")]


def test_a_window_begins_neither_before_its_first_time_nor_after_its_last() -> None:
    """`since` and `until` bound when stretches begin, not when they end."""
    window = nightly("UTC", since=ms("2026-05-02T02:00"), until=ms("2026-05-04T02:00"))
    found = list(window.spans(TimeRange(ms("2026-05-01T00:00"), ms("2026-05-09T00:00"))))
    assert [text(one.start) for one in found] == ["02 02:00", "03 02:00"]
    assert window.active(ms("2026-05-03T04:59"))
    assert window.next_change(ms("2026-05-03T05:00")) is None


def test_stretches_that_touch_are_one() -> None:
    """Where one stretch begins before the last is over, they are told as one."""
    window = nightly("UTC", "0 0,2 * * *", 3)
    found = list(window.spans(TimeRange(ms("2026-05-01T00:00"), ms("2026-05-02T23:00"))))
    assert [(text(one.start), text(one.end)) for one in found] == [("01 00:00", "01 05:00"), ("02 00:00", "02 05:00")]


def test_ending_a_stretch_leaves_the_next_one() -> None:
    """A window that people end begins again when it is time; one that comes once does not."""
    window = nightly("UTC").ended(ms("2026-05-01T03:00"))
    assert not window.active(ms("2026-05-01T03:00"))
    assert window.active(ms("2026-05-01T02:59"))
    assert text(window.next_change(ms("2026-05-01T03:00"))) == "02 02:00"
    assert window.active(ms("2026-05-02T04:59"))
    assert list(nightly("UTC").ended(ms("2026-05-01T02:00")).spans(TimeRange(0, 0))) == []
    single = once("2026-05-01T10:00", "2026-05-01T12:00").ended(ms("2026-05-01T11:00"))
    assert (single.active(ms("2026-05-01T11:00")), single.next_change(ms("2026-05-01T11:00"))) == (False, None)


WINDOWS = [
    nightly("UTC"),
    nightly("Europe/Berlin", "*/30 2,3 * * 0,6", 2),
    nightly("America/New_York", "15 1-3 * * *", 1).ended(ms("2026-03-08T07:20")),
    once("2026-03-01T10:00", "2026-04-01T12:00"),
    Window(
        name="r",
        timing=Repeated(
            parse_rrule("FREQ=WEEKLY;BYDAY=SU,TU;INTERVAL=2", ms("2026-01-01T01:45"), "Europe/Berlin"), 26 * HOUR
        ),
        scope=ALL,
    ),
]


@given(which=st.sampled_from(WINDOWS), minute=st.integers(0, 14 * 24 * 60))
def test_nothing_changes_before_the_next_change(which: Window, minute: int) -> None:
    """Up to what `next_change` tells, a window stays active or not; `stretch`, `spans` and `active` agree."""
    at = ms("2026-03-01T00:00") + minute * MINUTE
    change = which.next_change(at)
    assert change is not None
    assert change > at
    for between in range(at, min(change, at + 2 * DAY), 17 * MINUTE):
        assert which.active(between) == which.active(at)
    spans = list(which.spans(TimeRange(at, at + DAY)))
    assert which.active(at) == (bool(spans) and spans[0].start <= at)
    assert all(one.end < two.start for one, two in pairwise(spans))
    for offset in range(0, DAY, 41 * MINUTE):
        inside = any(one.start <= at + offset < one.end for one in spans)
        assert which.active(at + offset) == inside


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (ALL, True),
        (Scope(checks=("shop",)), True),
        (Scope(checks=("other",)), False),
        (Scope(groups=("web",)), True),
        (Scope(groups=("db",), tags=("env:prod",)), True),
        (Scope(tags=("env",)), True),
        (Scope(tags=("env:dev", "team")), False),
    ],
)
def test_a_scope_is_checks_groups_or_tags(scope: Scope, *, expected: bool) -> None:
    """A window covers a check that is named, in one of its groups, or has one of its tags."""
    window = Window(name="w", timing=Once(0, 10), scope=scope, id="1")
    shop = check("shop", "web", env="prod")
    assert window.covers(shop, 5) is expected
    assert not window.covers(shop, 10)
    assert bool(Coverage([window], 5).windows(shop)) is expected
    assert Coverage([window], 10).windows(shop) == ()


@given(
    scopes=st.lists(
        st.builds(
            Scope,
            everything=st.booleans(),
            checks=st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
            groups=st.lists(st.sampled_from("gh"), max_size=2).map(tuple),
            tags=st.lists(st.sampled_from(["k", "k:v", "l:w"]), max_size=2).map(tuple),
        ),
        max_size=6,
    ),
    name=st.sampled_from("abcd"),
    group=st.sampled_from(["", "g", "h"]),
    tags=st.dictionaries(st.sampled_from("kl"), st.sampled_from("vw")),
)
def test_a_coverage_finds_the_windows_that_cover_a_check(
    scopes: list[Scope], name: str, group: str, tags: dict[str, str]
) -> None:
    """What is looked up by names, groups and tags is what each window says when it is asked."""
    windows = [
        Window(name=f"w{number}", timing=Once(number % 3, 10), scope=scope, id=str(number))
        for number, scope in enumerate(scopes)
    ]
    one = check(name, group, **tags)
    coverage = Coverage(windows, 1)
    assert coverage.windows(one) == tuple(window for window in windows if window.covers(one, 1))
    assert coverage.until == min((at for window in windows if (at := window.next_change(1)) is not None), default=None)


def test_a_coverage_made_from_an_earlier_one_says_the_same() -> None:
    """What has not changed is taken from before; what has, or was edited, is looked at again."""
    windows = [replace(one, id=str(number)) for number, one in enumerate(WINDOWS)]
    before = Coverage(windows, ms("2026-03-01T00:00"), 1)
    windows[3] = replace(windows[3], enabled=False)
    at = ms("2026-03-03T02:30")
    kept, anew = Coverage(windows, at, 2, before), Coverage(windows, at)
    assert (kept.active, kept.until, kept.generation) == (anew.active, anew.until, 2)
    assert kept.active != before.active


@pytest.mark.parametrize(
    ("window", "field"),
    [
        (once("2026-05-01T10:00", "2026-05-01T10:00"), "ends_at"),
        (nightly(hours=0), "duration"),
        (nightly(hours=24 * 32), "duration"),
        (nightly(since=5, until=5), "ends_at"),
        (nightly(cron="*/30 * * * *"), "cron"),
        (Window(name="", timing=Once(0, 1), scope=ALL), "name"),
        (Window(name=" w", timing=Once(0, 1), scope=ALL), "name"),
        (Window(name="w", timing=Once(0, 1), scope=Scope()), "scope"),
        (Window(name="w", timing=Once(0, 1), scope=Scope(everything=True, checks=("a",))), "scope"),
        (Window(name="w", timing=Once(0, 1), scope=ALL, description="x" * 10_001), "description"),
    ],
)
def test_a_window_that_cannot_be_is_refused(window: Window, field: str) -> None:
    """Whatever is wrong with a window is said by the name of the field."""
    with pytest.raises(InvalidField) as refused:
        check_window(window)
    assert refused.value.detail["field"] == field
