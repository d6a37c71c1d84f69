"""What Alertmanager's API brings and shows: instants, alerts, silences."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.alertmanager_posted import AlertBounds, ReadAlerts, read_alerts
from sightline.adapters.wire.alertmanager_silences import read_silence, silence_object
from sightline.adapters.wire.alertmanager_times import parse_instant
from sightline.adapters.wire.instants import MAX_INSTANT, MIN_INSTANT, instant_text
from sightline.adapters.wire.time_interval import Interval, interval_of, written_interval
from sightline.domain.alerts.time_intervals import Span, TimeInterval, parse_location
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

NOW = 1_763_700_000_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("a0:\u0000é", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "", "name"]), inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.sampled_from(
    ["", "x", "2026-11-21T01:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "http://a"]
)


def read(body: bytes) -> ReadAlerts:
    """As one tenant's, now."""
    return read_alerts(body, DEFAULT_TENANT, NOW, 300_000, AlertBounds())


@given(st.integers(MIN_INSTANT, MAX_INSTANT))
def test_an_instant_is_read_as_it_was_written(at: int) -> None:
    """All instants of the years 1 to 9999 can be written and are the same again."""
    assert parse_instant(instant_text(at)) == at


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-1439, 1439))  # noqa: DTZ001 - the zone follows
def test_zones_count(local: datetime, minutes: int) -> None:
    """An instant in another zone is the same instant."""
    zoned = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_instant(zoned.isoformat()) == (zoned - epoch) // timedelta(milliseconds=1)


@given(st.text("0123456789-:TZ+. ", max_size=30) | st.text(max_size=10))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    """Whatever the text, it is an instant that can be written again, or it is none."""
    try:
        found = parse_instant(text)
    except BadData as error:
        assert "parsing time" in error.message  # noqa: PT017 - both ends are fine
    else:
        assert parse_instant(instant_text(found)) == found


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "labels": st.dictionaries(st.sampled_from(["alertname", "é", ""]), TEXTS, max_size=3) | JSON,
                "annotations": st.dictionaries(st.text(max_size=3), TEXTS, max_size=2) | JSON,
                "startsAt": TEXTS | JSON,
                "endsAt": TEXTS | JSON,
                "generatorURL": TEXTS | JSON,
            },
        ),
        max_size=3,
    )
    | JSON
)
def test_whatever_is_posted_is_taken_or_refused(tree: object) -> None:
    """What is taken is an alert of a tenant with sorted labels, none of them empty, that does not end before it starts."""
    try:
        found = read(msgspec.json.encode(tree))
    except BadData:
        return
    for alert in found.alerts:
        assert alert.labels
        for pairs in (alert.labels, alert.annotations):
            assert pairs == Labels.of(pairs)
            assert all(name and value for name, value in pairs)
        assert alert.starts_at <= (alert.ends_at or 0)
        instant_text(alert.starts_at)
    assert isinstance(tree, list | None)
    assert len(found.alerts) <= len(tree or ())


@given(st.binary(max_size=20))
def test_bytes_that_are_no_json_are_refused(body: bytes) -> None:
    """No bytes do anything but be refused or be read."""
    for reads in (read, lambda one: read_silence(one, lambda _: ())):
        try:
            reads(body)
        except BadData:
            continue


def test_of_many_problems_the_first_are_told() -> None:
    """The answer stays short, and says how many more there are."""
    problems = read(msgspec.json.encode([{"labels": {}}] * 100)).problems
    assert problems.count("at least one label pair required") == 20
    assert problems.endswith("and 80 more alerts cannot be taken")


def spans(first: int, last: int) -> st.SearchStrategy[tuple[Span, ...] | None]:
    """Ranges within these bounds, or none given."""
    one = st.integers(first, last).flatmap(lambda start: st.builds(Span, st.just(start), st.integers(start, last)))
    return st.none() | st.lists(one, min_size=1, max_size=3).map(tuple)


INTERVALS = st.builds(
    TimeInterval,
    times=spans(0, 1439),
    weekdays=spans(0, 6),
    days_of_month=spans(1, 31) | st.just((Span(-3, -1), Span(20, -1), Span(-31, -31))),
    months=spans(1, 12),
    years=spans(2026, 2030),
    zone=st.sampled_from([parse_location(name) for name in ("", "Local", "Europe/Berlin", "Etc/GMT+3")]),
)


@given(INTERVALS)
def test_an_interval_is_read_as_it_was_written(interval: TimeInterval) -> None:
    """Through JSON and back it is the same."""
    written = msgspec.json.decode(msgspec.json.encode(written_interval(interval)), type=Interval)
    assert interval_of(written, "here") == interval


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.sampled_from(["", "x"]) | JSON,
            "matchers": st.lists(
                st.fixed_dictionaries(
                    {"name": st.just("a"), "value": st.sampled_from(["", "b", "("]), "isRegex": st.booleans()},
                    optional={"isEqual": st.none() | st.booleans()},
                ),
                max_size=2,
            )
            | JSON,
            "startsAt": TEXTS | JSON,
            "endsAt": TEXTS | JSON,
            "createdBy": TEXTS | JSON,
            "comment": TEXTS | JSON,
            "recurrence": st.just([{"weekdays": ["sunday"]}]) | JSON,
        },
    )
)
def test_a_silence_is_shown_as_it_can_be_posted(tree: object) -> None:
    """What is shown of a silence, posted again, is that silence."""
    try:
        found = read_silence(msgspec.json.encode(tree), lambda _: ())
    except BadData:
        return
    again = read_silence(msgspec.json.encode(silence_object(found, NOW)), lambda _: ())
    if not found.recurrence and found.ends_at is not None:
        assert again == found
    assert (again.matchers, again.starts_at, again.recurrence) == (found.matchers, found.starts_at, found.recurrence)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59.999Z", "9999-12-31T00:00:00Z"])
def test_an_end_that_was_shown_for_none_is_none(text: str) -> None:
    """Where a silence recurs, the end of all years is no end."""
    written = {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}],
        "startsAt": "2026-11-21T01:00:00Z",
        "endsAt": text,
        "createdBy": "",
        "comment": "",
    }
    assert read_silence(msgspec.json.encode(written), lambda _: ()).ends_at is not None
    recurring = msgspec.json.encode({**written, "recurrence": [{}]})
    assert read_silence(recurring, lambda _: ()).ends_at is None
