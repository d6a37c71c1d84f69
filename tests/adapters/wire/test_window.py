"""Maintenance windows as people write them."""

import msgspec
import pytest

from sightline.adapters.wire import window as wire
from sightline.domain.errors import InvalidField, MalformedBody
from sightline.domain.probes.window import Once, Repeated
from sightline.domain.tenancy import Tenant

ALL = b'"scope":{"all":true}'


def body(**said: object) -> bytes:
    return msgspec.json.encode({"name": "w", "scope": {"all": True}, **said})


WRITTEN = [
    body(starts_at="2026-05-01T22:00:00Z", ends_at="2026-05-02T00:00:00Z"),
    body(starts_at="2026-05-01T22:00", duration="2h", timezone="Europe/Berlin", enabled=False, public=False),
    body(cron="0 2 * * SUN", duration="90m", timezone="America/New_York", description="patches"),
    body(cron="0 2 * * *", duration="1h", starts_at="2026-05-01T00:00:00.500Z", ends_at="2027-05-01T00:00:00Z"),
    body(rrule="RRULE:FREQ=MONTHLY;BYDAY=1SU", starts_at="2026-01-04T01:00:00+01:00", duration="4h"),
    body(
        scope={"checks": ["a", "b", "a"], "groups": ["g"], "tags": ["env:prod", "team"]},
        cron="0 2 * * *",
        duration="1d",
    ),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_shown_can_be_written_again(text: bytes) -> None:
    """A window as it is shown is the same window, and so is one that was kept."""
    window = wire.from_json(text)
    assert wire.from_json(msgspec.json.encode(wire.shown(window))) == window
    tenant, kept = wire.from_document(wire.to_document(Tenant("t"), window.ended(5)))
    assert (tenant, kept) == (Tenant("t"), window.ended(5))


def test_times_without_an_offset_are_meant_by_the_clock_of_the_zone() -> None:
    """22:00 in Berlin in summer is 20:00 in UTC."""
    window = wire.from_json(WRITTEN[1])
    assert window.timing == Once(1_777_665_600_000, 1_777_672_800_000)
    assert wire.shown(window)["starts_at"] == "2026-05-01T20:00:00.000Z"


def test_yaml_says_the_same() -> None:
    """A window in YAML is read as one in JSON, its times with and without quotes."""
    text = b"""
name: w
scope: {tags: ["env:prod"]}
starts_at: 2026-05-01T22:00:00Z
rrule: FREQ=WEEKLY;BYDAY=FR
duration: 2h
timezone: Europe/Berlin
"""
    window = wire.from_yaml(text)
    assert isinstance(window.timing, Repeated)
    assert window.timing.since == 1_777_672_800_000
    assert wire.from_yaml(text.replace(b"2026-05-01T22:00:00Z", b'"2026-05-01T22:00:00Z"')) == window


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"{" + ALL + b"}", "name"),
        (b'{"name":"w"}', "scope"),
        (body(start="now"), "start"),
        (body(scope={"all": True, "everything": 1}), "scope.everything"),
        (body(scope={"checks": [" "]}), "scope.checks[0]"),
        (body(scope={}, cron="0 2 * * *", duration="1h"), "scope"),
        (body(), "starts_at"),
        (body(starts_at="tomorrow", ends_at="2026-05-02T00:00:00Z"), "starts_at"),
        (body(starts_at="1969-05-01T22:00:00Z", duration="1h"), "starts_at"),
        (body(starts_at="2026-05-01T22:00:00Z"), "ends_at"),
        (body(starts_at="2026-05-01T22:00:00Z", ends_at="2026-05-02T00:00:00Z", duration="1h"), "ends_at"),
        (body(starts_at="2026-05-01T22:00:00Z", ends_at="2026-05-01T00:00:00Z"), "ends_at"),
        (body(starts_at="2026-05-01T22:00:00Z", duration="soon"), "duration"),
        (body(cron="0 2 * * *"), "duration"),
        (body(cron="0 2 * * *", rrule="FREQ=DAILY", duration="1h"), "rrule"),
        (body(rrule="FREQ=DAILY", duration="1h"), "starts_at"),
        (body(rrule="FREQ=HOURLY", duration="1h", starts_at="2026-05-01T22:00:00Z"), "rrule"),
        (body(cron="every day", duration="1h"), "cron"),
        (body(cron="0 2 * * *", duration="1h", timezone="Moon"), "timezone"),
        (body(enabled="yes", cron="0 2 * * *", duration="1h"), "enabled"),
    ],
)
def test_what_cannot_be_is_said_by_its_field(text: bytes, field: str) -> None:
    """A field that is missing, unknown, of another type or impossible is named."""
    with pytest.raises(InvalidField) as refused:
        wire.from_json(text)
    assert refused.value.detail["field"] == field


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    """Anything but JSON is a malformed body."""
    with pytest.raises((MalformedBody, InvalidField)):
        wire.from_json(text)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"- a", b"a: &a [*a]", b"&a [" * 1000])
def test_what_is_no_yaml_is_refused(text: bytes) -> None:
    """Anything but YAML is a malformed body, or not a window."""
    with pytest.raises((MalformedBody, InvalidField)):
        wire.from_yaml(text)
