"""Mappings of other programs' JSON, and selectors."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.alertmanager_posted import AlertBounds
from sightline.adapters.wire.hooked import Arrival
from sightline.adapters.wire.json_selector import MAX_STEPS, MISSING, parse_selector
from sightline.adapters.wire.webhook_mapping import MAX_MAPPINGS, WebhookMapping, read_mapped, read_mappings
from sightline.domain.errors import BadData, SightlineError
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import DAY

NOW = 1_763_700_000_000
ARRIVAL = Arrival(DEFAULT_TENANT, NOW)
FILE = """
webhooks:
  uptime:
    alerts: $.events[*]
    labels:
      alertname: '@.check.name'
      severity: critical
      price: $$5
      site: $.site['the name']
    labels_from: '@.tags'
    annotations: {summary: '@.msg', first: '@.list[0]', last: '@.list[-1]', nowhere: '@.nowhere'}
    status: '@.up'
    firing: ['false', DOWN]
    resolved: ['TRUE']
    ignored: [maintenance]
    starts: '@.from'
    ends: '@.until'
    generator_url: '@.link'
    fingerprint: '@.id'
"""
EVENT: dict[str, Any] = {
    "check": {"name": "shop"},
    "up": False,
    "msg": "timeout",
    "tags": {"team": "web", "weight": 1.5, "nothing": None, "severity": "low"},
    "list": [1, 2.0, True],
    "from": 1_763_699_990,
    "link": "https://a.example/1",
    "id": 17,
}


def mapping(text: str = FILE) -> WebhookMapping:
    """The only mapping of a file that can be used."""
    read = read_mappings(text.encode())
    assert read.problems == ()
    return next(iter(read.mappings.values()))


def body(*events: Any, **fields: Any) -> bytes:
    """A body with events."""
    return json.dumps({"site": {"the name": "Ålesund"}, "events": events, **fields}).encode()


def test_a_body_is_mapped() -> None:
    """Every field comes from where the mapping says, in the form that labels and annotations have."""
    (alert,) = read_mapped(body(EVENT), mapping(), ARRIVAL).alerts
    assert dict(alert.labels) == {
        "alertname": "shop",
        "fingerprint": "17",
        "price": "$5",
        "severity": "critical",
        "site": "Ålesund",
        "team": "web",
        "weight": "1.5",
    }
    assert dict(alert.annotations) == {"summary": "timeout", "first": "1", "last": "true"}
    assert (alert.starts_at, alert.ends_at, alert.timed) == (1_763_699_990_000, NOW + 7 * DAY, True)
    assert (alert.generator_url, alert.updated_at) == ("https://a.example/1", NOW)


@pytest.mark.parametrize(
    ("changes", "ends_at"),
    [
        ({"up": "Down"}, NOW + 7 * DAY),
        ({"up": True}, NOW),
        ({"up": True, "until": "2025-11-21T04:39:59Z"}, NOW - 1_000),
        ({"up": True, "until": NOW + 5_000}, NOW),
        ({"up": False, "until": NOW / 1_000 + 5}, NOW + 5_000),
    ],
)
def test_the_status_says_whether_it_fires(changes: dict[str, Any], ends_at: int) -> None:
    """An alert fires or ended by its status, in any case of letters, and ends when it says so, but not later than now."""
    (alert,) = read_mapped(body({**EVENT, **changes}), mapping(), ARRIVAL).alerts
    assert alert.ends_at == ends_at


def test_some_are_passed_over() -> None:
    """What is to be ignored is counted, and the others are taken."""
    found = read_mapped(body(EVENT, {**EVENT, "up": "Maintenance"}), mapping(), ARRIVAL)
    assert (len(found.alerts), found.left_out) == (1, 1)
    assert read_mapped(body(), mapping(), ARRIVAL).alerts == []


def test_without_a_status_alerts_fire_until_they_end() -> None:
    """Without a status an alert fires unless its end is over; without `alerts` the body is the alert."""
    plain = mapping("webhooks: {a: {labels: {alertname: Disk}, ends: $.ends}}")
    assert not read_mapped(b"{}", plain, ARRIVAL).alerts[0].has_ended(NOW)
    assert read_mapped(b'{"ends": 1700000000}', plain, ARRIVAL).alerts[0].has_ended(NOW)
    many = mapping("webhooks: {a: {alerts: $.list, labels: {alertname: '@.n'}}}")
    assert len(read_mapped(b'{"list": [{"n": "a"}, {"n": 2}]}', many, ARRIVAL).alerts) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"up": "sideways"},
            "alerts[1].status: 'sideways' is none of firing, resolved and ignored: name it in one of them",
        ),
        ({"up": None}, "alerts[1].status: leads nowhere"),
        ({"check": {}}, "alerts[1].labels.alertname: @.check.name leads nowhere"),
        ({"check": {"name": ""}}, "alerts[1].labels.alertname: @.check.name leads nowhere"),
        ({"check": {"name": []}}, "alerts[1].labels.alertname: @.check.name is a list, and one value is wanted"),
        ({"tags": {"a": {}}}, "alerts[1].labels_from.a: @.tags is an object, and one value is wanted"),
        ({"tags": 1}, "alerts[1].labels_from: @.tags is no object of names and texts"),
        ({"from": "yesterday"}, "alerts[1].starts: 'yesterday' is no time: write it as 2026-11-21T01:43:11Z"),
        ({"from": 1e300}, "alerts[1].starts: 1e+300 is no time: write seconds or milliseconds since 1970, or RFC 3339"),
        ({"from": "nan"}, "alerts[1].starts: nan is no time: write seconds or milliseconds since 1970, or RFC 3339"),
        ({"tags": {"": "x"}}, 'alerts[1]: invalid label set: invalid name ""'),
        ({"msg": "x" * 65_536}, "alerts[1]: the labels and annotations of the alert 'shop' have more bytes than"),
    ],
)
def test_what_does_not_fit_is_told_by_its_path(changes: dict[str, Any], said: str) -> None:
    """Where one alert of a body does not fit, none is taken, and the message says which and where."""
    with pytest.raises(BadData) as caught:
        read_mapped(body(EVENT, {**EVENT, **changes}), mapping(), ARRIVAL)
    assert caught.value.message.startswith(said)


def test_bodies_are_bounded() -> None:
    """More alerts than the limit are refused, and so is what is no JSON, or leads nowhere."""
    few = Arrival(DEFAULT_TENANT, NOW, bounds=AlertBounds(alerts=2))
    with pytest.raises(BadData, match=r"3 alerts in one request, and alerts\.request_alerts allows 2"):
        read_mapped(body(EVENT, EVENT, EVENT, EVENT), mapping(), few)
    plain = mapping("webhooks: {a: {alerts: $.list, labels: {alertname: x}}}")
    for text, said in ((b"{", "no JSON"), (b"\xff", "no JSON"), (b"[" * 100_000, "deeply"), (b"{}", "leads nowhere")):
        with pytest.raises(BadData, match=said):
            read_mapped(text, plain, ARRIVAL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("webhooks: {a: {labels: {x: y}}}", "1:15: a.labels: alertname is missing, which names the alert"),
        ("webhooks: {a: {labels: {alertname: $.}}}", "1:36: a.labels.alertname: '$.' is no selector from '.' on"),
        ("webhooks: {a: {labels: {alertname: '$.x[*]'}}}", "1:36: a.labels.alertname: [*] leads to several values"),
        ("webhooks: {a: {alerts: '@.x', labels_from: $.x}}", "1:24: a.alerts: begins with $"),
        ("webhooks: {A: {labels_from: $.x}}", "1:15: 'A' is no name"),
        ("webhooks: {a: {labels_from: x}}", "1:29: a.labels_from: 'x' is no selector: it begins with $"),
        ("webhooks: {a: {labels_from: $.x, firing: [Up], resolved: [up]}}", "1:15: a: 'up' stands in two of firing"),
        ("webhooks: {a: {labels_from: $.x, state: up}}", "1:41: field state not found in a"),
        ("hooks: {}", "1:8: field hooks not found in the file; there are webhooks"),
        ("webhooks: [", "2:1: not YAML"),
        (f"webhooks: {{a: {{labels_from: $.x{'.y' * MAX_STEPS}}}}}", "1:29: a.labels_from: '$.x.y"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(text: str, said: str) -> None:
    """What is wrong with a file of mappings is told with line and column, and nothing of it is used."""
    read = read_mappings(text.encode())
    assert not read.mappings
    assert any(one.startswith(said) for one in read.problems), read.problems


def test_mappings_are_bounded() -> None:
    """A file may name so many webhooks and no more."""
    text = "webhooks:\n" + "".join(f"  a{n}: {{labels_from: $.x}}\n" for n in range(MAX_MAPPINGS + 1))
    assert read_mappings(text.encode()).problems == (
        f"{MAX_MAPPINGS + 2}:9: more than {MAX_MAPPINGS} webhooks: use fewer",
    )
    assert read_mappings(b"").mappings == {}


def test_selectors_lead_to_places() -> None:
    """Names, names in quotes, indexes from both ends and the wildcard lead where RFC 9535 says."""
    tree = {"a": [{"b": 1}, {"b": None}, {"c": 3}], "x.y": {"": 4}}
    found = {
        "$": [tree],
        "$.a[0].b": [1],
        "$.a[-1].c": [3],
        "$.a[*].b": [1, None],
        "$['x.y']['']": [4],
        '$["a"][2]["c"]': [3],
        "$.a[3]": [],
        "$.a.b": [],
        "$[0]": [],
        "$.x[*]": [],
    }
    assert {text: list(parse_selector(text).every(tree)) for text in found} == found
    assert parse_selector("$.a[1].b").one(tree) is None
    assert parse_selector("$.a[9]").one(tree) is MISSING
    assert parse_selector("@.b").one(tree, {"b": 7}) == 7


@given(st.one_of(st.text(max_size=60), st.text("$@.[]*'\"a0-", max_size=30)))
def test_any_text_is_a_selector_or_is_told_not_to_be(text: str) -> None:
    """A text is a selector, or is refused; no other error comes out."""
    try:
        selector = parse_selector(text)
    except BadData:
        return
    assert selector.text == text
    list(selector.every({"a": [0, {"a": 0}]}, ["a"]))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("check", "up", "msg", "tags", "list", "from", "until", "link", "id")


@given(st.lists(st.dictionaries(st.sampled_from(_FIELDS), _JSON) | _JSON, max_size=3))
def test_any_json_is_mapped_or_refused(events: list[Any]) -> None:
    """Whatever JSON comes, its alerts can be posted, or an error of ours says what does not fit."""
    merged = [{**EVENT, **one} if isinstance(one, dict) else one for one in events if not isinstance(one, list)]
    try:
        found = read_mapped(body(*merged), mapping(), ARRIVAL)
    except SightlineError:
        return
    assert len(found.alerts) + found.left_out == len(merged)
    for alert in found.alerts:
        assert alert.labels.get("alertname")
        assert alert.ends_at is not None
        assert alert.starts_at <= alert.ends_at
