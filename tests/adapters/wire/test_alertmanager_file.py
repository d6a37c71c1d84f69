"""Alertmanager's configuration file: what is read of it, and what is objected to."""

import json
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.adapters.wire.yaml_tree import MAX_REPEATED
from sightline.domain.alerts.alertmanager import AlertmanagerConfig
from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.matchers import parse_matchers
from sightline.domain.alerts.receiver import Integration, Secret
from sightline.domain.alerts.time_intervals import Span, TimeInterval
from sightline.domain.labels import Labels

FILE = """
global:
  smtp_smarthost: mail.example:587
  smtp_from: alerts@example
  smtp_auth_password: hush1
  slack_api_url: https://hooks.example/hush2
  http_config: {proxy_url: 'http://u:hush3@proxy.example', basic_auth: {username: me, password_file: /p}}
templates: ['templates/*.tmpl']
time_intervals:
- name: offhours
  time_intervals:
  - {times: [{start_time: '00:00', end_time: '09:00'}, {start_time: 17:00, end_time: 24:00}], location: Europe/Berlin}
  - {weekdays: [saturday, sunday], days_of_month: ['-1'], months: ['june:august'], years: [2026]}
mute_time_intervals: [{name: old}]
route:
  receiver: all
  group_by: [team, alertname]
  group_wait: 0s
  routes:
  - match: {severity: critical}
    match_re: {team: web|db}
    matchers: ['zone=eu', '{a!~"b",c="d"}']
    receiver: pager
    continue: yes
    repeat_interval: 1d
    mute_time_intervals: [offhours, old]
    routes: [{group_by: ['...'], active_time_intervals: [offhours]}]
receivers:
- name: all
  email_configs: [{to: a@example, headers: {Subject: x}, require_tls: false}]
  slack_configs: [{channel: '#a', send_resolved: true, fields: [{title: t, value: v, short: true}]}]
- name: pager
  webhook_configs: [{url: 'https://hook.example/hush4', max_alerts: 2, http_config: {bearer_token: hush5}}]
  pagerduty_configs: [{routing_key_file: /key, details: {a: b}, images: [{src: s}]}]
  opsgenie_configs: [{api_key: hush6, responders: [{name: n, type: Team}]}]
  telegram_configs: [{bot_token: hush7, chat_id: -5, parse_mode: ''}]
  discord_configs: [{webhook_url: 'https://d.example/hush8'}]
  msteams_configs: [{webhook_url_file: /teams}]
  msteamsv2_configs: [{webhook_url: 'https://t.example/hush9', title: x}]
inhibit_rules:
- source_match: {severity: critical}
  target_match_re: {severity: warning|info}
  source_matchers: [a=b]
  equal: [instance, zone]
"""
RECEIVER = "route: {receiver: a}\nreceivers: [{name: a, %s}]"
ROUTE = "receivers: [{name: a}]\nroute: {receiver: a, routes: [{%s}]}"
INTERVAL = "receivers: [{name: a}]\nroute: {receiver: a}\ntime_intervals: [{name: t, time_intervals: [{%s}]}]"


def config(text: str) -> AlertmanagerConfig:
    """What a file says that has nothing wrong."""
    found = read_alertmanager(dedent(text).encode())
    assert found.problems == ()
    assert found.config is not None
    return found.config


def problems(text: str) -> tuple[str, ...]:
    """What is wrong with a file."""
    found = read_alertmanager(text.encode())
    assert (found.config is None) is bool(found.problems)
    return found.problems


def test_routes_are_read() -> None:
    """Routes have the matchers of all forms, and what they say of groups and times."""
    root = config(FILE).route
    (pager,) = root.routes
    (beneath,) = pager.routes
    assert (root.receiver, root.group_by, root.group_wait) == ("all", ("alertname", "team"), 0)
    assert set(pager.matchers) == set(parse_matchers('severity=critical,team=~"web|db",zone=eu,a!~b,c=d'))
    assert (pager.receiver, pager.continues, pager.repeat_interval) == ("pager", True, 86_400_000)
    assert (pager.mute_time_intervals, beneath.active_time_intervals) == (("offhours", "old"), ("offhours",))
    assert (beneath.receiver, beneath.group_by, beneath.mute_time_intervals) == ("pager", ("...",), ())


def test_time_intervals_are_read() -> None:
    """Time intervals of both sections are there by their names."""
    intervals = config(FILE).time_intervals
    nights, summer = intervals["offhours"]
    assert intervals["old"] == ()
    assert nights.times == (Span(0, 539), Span(1020, 1439))
    assert str(nights.zone) == "Europe/Berlin"
    assert summer == TimeInterval(None, (Span(6, 6), Span(0, 0)), (Span(-1, -1),), (Span(6, 8),), (Span(2026, 2026),))


def test_inhibition_rules_are_read() -> None:
    """Both sides of an inhibition rule take all forms of matchers."""
    expected = InhibitRule(
        parse_matchers("severity=critical,a=b"), parse_matchers('severity=~"warning|info"'), ("instance", "zone")
    )
    assert config(FILE).inhibit_rules == (expected,)


def test_receivers_take_from_global_what_they_do_not_say() -> None:
    """A receiver has its settings, and those of the section global where it has none of its own."""
    found = config(FILE)
    deliveries = {one.integration: one.options for receiver in found.receivers.values() for one in receiver.deliveries}
    assert set(deliveries) == set(Integration)
    email = deliveries[Integration.EMAIL]
    assert (email["smarthost"], email["from"], email["require_tls"]) == ("mail.example:587", "alerts@example", False)
    assert (email["hello"], email["auth_password"]) == ("localhost", Secret("hush1"))
    slack = deliveries[Integration.SLACK]
    assert (slack["api_url"], slack["http_config"]) == (
        Secret("https://hooks.example/hush2"),
        found.settings["http_config"],
    )
    assert slack["fields"] == ({"title": "t", "value": "v", "short": True},)
    assert deliveries[Integration.WEBHOOK]["http_config"] == {
        "follow_redirects": True,
        "enable_http2": True,
        "bearer_token": Secret("hush5"),
    }
    assert deliveries[Integration.TELEGRAM]["api_url"] == "https://api.telegram.org"
    assert deliveries[Integration.TELEGRAM]["chat_id"] == -5
    assert (found.templates, found.settings["resolve_timeout"]) == (("templates/*.tmpl",), 300_000)


def test_secrets_are_not_shown() -> None:
    """What is secret is in no repr, and can be revealed."""
    found = config(FILE)
    assert "hush" not in repr(found)
    assert "hush" not in str(found)
    key = found.receivers["pager"].deliveries[2].options["api_key"]
    assert isinstance(key, Secret)
    assert key.reveal() == "hush6"


def test_a_file_that_alertmanager_used_is_read(recorded_data: Path) -> None:
    """The file of a recording is read, and its alerts go where they went, in groups of the same keys."""
    folder = recorded_data / "alertmanager"
    root = config((folder / "am.yml").read_text()).route
    for path in sorted(folder.glob("hook_*.json")):
        message = json.loads(path.read_text())
        message = message.get("body", message) if isinstance(message, dict) else message[0]
        for alert in message["alerts"]:
            (route,) = root.taken(Labels.of(alert["labels"]))
            assert route.receiver == message["receiver"]
            assert message["groupKey"].startswith(f"{route.key}:")
            group = Labels.of(message["groupLabels"])
            assert route.group_labels(Labels.of(alert["labels"])) == group


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: the file is empty: it needs a route and receivers"),
        ("receivers: []", "1:1: there is no route: alerts need one with a receiver"),
        ("route: {}", "1:8: the route at the top needs a receiver"),
        ("route: {receiver: a}", "1:19: undefined receiver 'a': it is not in receivers"),
        (RECEIVER % "b: 1", "2:26: field b not found in a receiver; there are name, webhook_configs, "),
        (
            RECEIVER % "sns_configs: []",
            "2:36: receiver 'a': sns_configs are not supported; there are webhook_configs, ",
        ),
        (RECEIVER % "webhook_configs: [{}]", "2:41: webhook_config needs url or url_file"),
        (
            RECEIVER % "webhook_configs: [{url: x}]",
            "2:47: webhook_config: url is no URL: write it as https://host/path",
        ),
        (
            RECEIVER % "slack_configs: [{}]",
            "2:39: slack_config needs api_url or api_url_file, or slack_api_url ",
        ),
        (
            RECEIVER % "email_configs: [{to: x, smarthost: 'y:1'}]",
            "2:39: email_config needs from, or smtp_from in global",
        ),
        (
            RECEIVER % "telegram_configs: [{bot_token: x, chat_id: y}]",
            "2:66: telegram_config: chat_id: 'y' is not a whole number",
        ),
        (ROUTE % "group_by: ['...', a]", "2:42: group_by: ... stands for all labels, so it stands alone"),
        (ROUTE % "repeat_interval: 0s", "2:49: repeat_interval cannot be zero"),
        (ROUTE % "group_wait: 5", "2:44: group_wait: '5' is not a duration: "),
        (ROUTE % "matchers: ['a=~[']", "2:43: matchers: error parsing regexp: missing closing ]: `[`"),
        (ROUTE % "matchers: a=b", "2:42: matchers is a list"),
        (ROUTE % "match: {a-b: c}", "2:45: match: 'a-b' is no name of a label"),
        (ROUTE % "mute_time_intervals: [x]", "2:54: undefined time interval 'x': it is not in time_intervals"),
        (ROUTE % "continue: perhaps", "2:42: continue: 'perhaps' is neither true nor false"),
        (INTERVAL % "weekdays: [mon]", "3:57: weekdays: 'mon' is none of sunday, monday, "),
        (INTERVAL % "times: [{start_time: 10:00}]", "3:54: times: both start_time and end_time are needed"),
        (INTERVAL % "location: Nowhere", "3:56: location: 'Nowhere' is no time zone of this machine: "),
        (ROUTE % "continue: 'true'", "2:42: continue: 'true' is a text: write true or false without quotes"),
        (
            RECEIVER % "webhook_configs: [{url: 'http://x', max_alerts: '5'}]",
            "2:71: webhook_config: max_alerts: '5' is a text: write a whole number without quotes",
        ),
        (
            RECEIVER % "webhook_configs: [{url: 'http://x', max_alerts: 017}]",
            "2:71: webhook_config: max_alerts: '017' is ",
        ),
        (ROUTE % "match_re: {a: }", "2:46: match_re.a: there is no regular expression"),
        (ROUTE % "matchers: ''", "2:42: matchers is a list"),
        (ROUTE % "<<: x", "2:36: << takes a mapping or a list of mappings, such as *name of an anchor &name"),
        ("a: [", "2:1: not YAML: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, expected: str) -> None:
    """Each fault is named, with line and column."""
    (found,) = problems(text)
    assert found.startswith(expected)


def test_everything_wrong_is_found_at_once() -> None:
    """A file with many faults is refused with all of them, in their order."""
    found = problems(
        dedent("""\
        route: {receiver: x, matchers: [a=b], continue: true, group_by: [a, a], mute_time_intervals: [t]}
        receivers: [{name: a}, {name: a}, {}]
        time_intervals: [{name: t}, {name: t}]
        inhibit_rules: [{equal: [''], foo: 1}]
        more: 1
        """)
    )
    assert [one.partition(": ")[0] for one in found] == [
        *("1:8", "1:8", "1:8", "1:19", "1:65", "2:31", "2:35", "3:36", "4:25", "4:36", "5:7")
    ]


def test_secrets_are_in_no_message() -> None:
    """What is wrong with a secret is told without it."""
    text = "http_config: {basic_auth: {password: hush, password_file: f}, bearer_token: hush}"
    text = RECEIVER % f"webhook_configs: [{{url: 'ftp://hush', {text}}}]"
    assert len(problems(text)) == 3
    assert "hush" not in "".join(problems(text))


def test_routes_share_what_an_anchor_names() -> None:
    """A merge key brings the fields of another route, except those that the route has; of several the first one counts."""
    found = config("""
        receivers: [{name: a}, {name: b}, {name: c}]
        route:
          receiver: a
          routes:
          - &one {receiver: b, matchers: &these [x=y], group_wait: 1s}
          - {receiver: c, <<: *one}
          - <<: [{group_wait: 2s}, *one]
            continue: yes
          - {matchers: *these}
        """)
    routes = found.route.routes
    assert [route.receiver for route in routes] == ["b", "c", "b", "a"]
    assert [route.group_wait for route in routes] == [1_000, 1_000, 2_000, 30_000]
    assert {route.matchers for route in routes} == {parse_matchers("x=y")}
    assert [route.continues for route in routes] == [False, False, True, False]


def test_null_is_a_setting_that_is_not_given() -> None:
    """It takes the default, or what the section global says."""
    found = config("""
        global: {smtp_hello: null, resolve_timeout: ~, slack_api_url: 'https://x'}
        route: {receiver: a, group_wait: null}
        receivers: [{name: a, slack_configs: [{api_url: null, send_resolved: , http_config: ~}]}]
        """)
    (slack,) = found.receivers["a"].deliveries
    assert (found.settings["smtp_hello"], found.settings["resolve_timeout"]) == ("localhost", 300_000)
    assert slack.options == {"api_url": Secret("https://x"), "http_config": found.settings["http_config"]}
    assert found.route.group_wait == 30_000


def test_routes_are_not_nested_by_aliases_without_end() -> None:
    """Each route in the next one, by its anchor, is as deep as if it were written there."""
    lines = ["r0: &r0 {receiver: a}", *(f"r{n}: &r{n} {{routes: [*r{n - 1}]}}" for n in range(1, 400))]
    assert problems("\n".join([*lines, "receivers: [{name: a}]", "route: *r399"])) == (
        "11:21: nested more than 20 deep",
    )


def test_aliases_do_not_multiply_without_end() -> None:
    """A small file that says by aliases what would be immense is refused."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 15)]
    routes = [
        "r0: &r0 {receiver: a}",
        *(f"r{n}: &r{n} {{routes: [{', '.join([f'*r{n - 1}'] * 10)}]}}" for n in range(1, 9)),
    ]
    found = problems("\n".join([*lines, *routes, "receivers: [{name: a}]", "route: *r8"]))
    assert f"more than {MAX_REPEATED} values" in found[-1]


@given(st.text() | st.text("{}[]:,-&*! \n'\"ab"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is a file, or has problems."""
    found = read_alertmanager(text.encode())
    assert (found.config is None) is bool(found.problems)


FIELDS = st.sampled_from(
    [
        *("global", "route", "receivers", "inhibit_rules", "time_intervals", "templates", "name", "routes", "receiver"),
        *(
            "matchers",
            "match",
            "match_re",
            "group_by",
            "webhook_configs",
            "email_configs",
            "slack_configs",
            "http_config",
        ),
        *(
            "url",
            "to",
            "headers",
            "fields",
            "times",
            "weekdays",
            "months",
            "location",
            "oauth2",
            "tls_config",
            "timeout",
        ),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(FIELDS, VALUES, max_size=6))
def test_any_shape_is_read_or_refused(value: dict[str, object]) -> None:
    """Known fields with any values whatever are read, or have problems, and nothing else happens."""
    found = read_alertmanager(json.dumps(value).encode())
    assert (found.config is None) is bool(found.problems)
