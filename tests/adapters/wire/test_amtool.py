"""amtool, Alertmanager's own tool, thinks of configuration files and routes what Sightline does."""

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.adapters.wire.test_alertmanager_file import FILE

from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.domain.labels import Labels

BASE = "route: {receiver: a}\nreceivers: [{name: a}]\n"
RECEIVER = "route: {receiver: a}\nreceivers: [{name: a, %s}]"
ROUTE = "receivers: [{name: a}, {name: b}]\nroute: {receiver: a, routes: [{%s}]}"
TOP = "receivers: [{name: a}, {name: b}]\nroute: {receiver: a, %s}"
INTERVAL = "receivers: [{name: a}]\nroute: {receiver: a}\ntime_intervals: [{name: t, time_intervals: [{%s}]}]"
# Debian's amtool knows the classic syntax alone: what only the UTF-8 one reads is not among these.
MATCHERS = (
    *(
        "",
        "{}",
        "foo",
        "foo=",
        "=foo",
        "foo=bar",
        'foo = bar, dings != "bums"',
        '{a=~"b.*",c!~"d"}',
        "a=b,",
        "a=b,,c=d",
    ),
    *(",", "a==b", "a=b}", "{a=b", 'a="b', 'a=b"c', 'a="b\\"', 'a="b\\\\"', "a=~[", "a=~(", "a=[0-9]"),
    *(
        "a=~foo|bar",
        "a=b c",
        "a=b\\c",
        'a="x\\ny"',
        'a="x,y",b=z',
        "a:b=c",
        "a=~(?P<x>y)",
        "a=~x{1001}",
        "a=~\\d",
        "a=~(?i)x",
    ),
)
URLS = (
    *(
        "http://x:1/a b?c d#e",
        "http://u:p@x",
        "http://[::1]:9093/a",
        "http://é",
        "http://x?%zz",
        "http://a<b",
        "http://x:",
    ),
    *(
        "http://",
        "//x",
        "http://x:y",
        "http://[::1",
        "http://x#%zz",
        "http://a|b",
        "http://a{b}",
        "http://u:p w@x",
        " http://x",
    ),
)
NOTHING = ("null", "~", "''")
SHARED = (
    "receivers: [{name: a}, {name: b}]\nroute:\n  receiver: a\n  routes:\n  - &x {receiver: b, matchers: [a=b]}\n  - %s"
)
LONE = tuple(
    text % f"{field}: {value}"
    for value in NOTHING
    for text, fields in (
        (f"{BASE}%s", ("global", "inhibit_rules", "time_intervals", "mute_time_intervals", "templates")),
        (
            f"{BASE}global: {{%s}}",
            (
                *("resolve_timeout", "http_config", "smtp_from", "smtp_smarthost", "smtp_hello", "smtp_require_tls"),
                *("slack_api_url", "slack_api_url_file", "pagerduty_url", "opsgenie_api_key", "smtp_auth_password"),
            ),
        ),
        (
            ROUTE,
            (
                *("receiver", "group_by", "match", "match_re", "matchers", "continue", "routes", "group_wait"),
                *("group_interval", "repeat_interval", "mute_time_intervals", "active_time_intervals"),
            ),
        ),
        (ROUTE % "group_by: [a], match: {%s}", ("a",)),
        (ROUTE % "group_by: [a], match_re: {%s}", ("a",)),
        (
            f"{BASE}inhibit_rules: [{{source_matchers: [a=b], %s}}]",
            ("equal", "source_match", "target_match_re", "target_matchers"),
        ),
        (INTERVAL, ("times", "weekdays", "days_of_month", "months", "years", "location")),
        (RECEIVER, ("webhook_configs", "email_configs")),
        (
            RECEIVER % "webhook_configs: [{url: 'http://x', %s}]",
            ("send_resolved", "http_config", "max_alerts"),
        ),
        (
            RECEIVER % "webhook_configs: [{url: 'http://x', http_config: {%s}}]",
            ("basic_auth", "authorization", "oauth2", "bearer_token", "tls_config", "follow_redirects", "proxy_url"),
        ),
        (
            RECEIVER % "webhook_configs: [{url: 'http://x', http_config: {tls_config: {%s}}}]",
            ("min_version", "insecure_skip_verify", "ca_file"),
        ),
        (RECEIVER % "webhook_configs: [{%s}]", ("url",)),
        (RECEIVER % "email_configs: [{from: y, smarthost: 'z:1', %s}]", ("to",)),
        (
            RECEIVER % "email_configs: [{to: x, from: y, smarthost: 'z:1', %s}]",
            ("headers", "html", "require_tls", "tls_config", "hello"),
        ),
        (RECEIVER % "slack_configs: [{api_url: 'http://x', %s}]", ("channel", "fields", "short_fields", "mrkdwn_in")),
        (RECEIVER % "pagerduty_configs: [{routing_key: x, %s}]", ("details", "images", "url", "client")),
        (RECEIVER % "telegram_configs: [{chat_id: 5, %s}]", ("bot_token",)),
        (RECEIVER % "telegram_configs: [{bot_token: x, %s}]", ("chat_id",)),
        (
            RECEIVER % "telegram_configs: [{bot_token: x, chat_id: 5, %s}]",
            ("parse_mode", "disable_notifications", "api_url"),
        ),
    )
    for field in fields
)
"""What is given as nothing, which is another thing than an empty text."""
DOCUMENTS = (
    *LONE,
    *(
        ROUTE % f"continue: {value}"
        for value in (
            *("'true'", '"true"', "'on'", "!!str true", "!foo true", "!!bool 'true'", "!!bool true", "tRue", "TRUE"),
            *("y", "[true]", "{a: true}"),
        )
    ),
    *(
        RECEIVER % f"webhook_configs: [{{url: 'http://x', max_alerts: {value}}}]"
        for value in ("'5'", '"5"', "!!str 5", "!!int '5'", "+5", "5", "-5", "x")
    ),
    *(
        SHARED % more
        for more in (
            *("*x", "{<<: *x}", "{<<: *x, continue: true}", "{<<: *x, receiver: c}", "{<<: [*x, {group_wait: 1s}]}"),
            *("{<<: [*x, {receiver: c}]}", "{<<: [{receiver: c}, *x]}", "{<<: {receiver: c}, receiver: b}", "{<<: []}"),
            *("{'<<': *x}", "{!!merge <<: *x}", "{<<: {foo: bar}}", "{<<: x}", "{<<: }", "{<<: [x]}", "{<<: [[*x]]}"),
            *("&y {<<: *y}", "{<<: {<<: *x, group_wait: 5s}}", "{match: {<<: {a: b}, c: d}}", "{<<: *z}"),
        )
    ),
    *(
        BASE,
        "{}",
        "route: {}\nreceivers: [{name: a}]",
        "route: {receiver: x}\nreceivers: [{name: a}]",
        "receivers: [{name: a}]",
    ),
    *(
        f"{BASE}{more}"
        for more in (
            *(
                "more: 1",
                "templates: ['x/*.tmpl']",
                "templates: ",
                "templates: x",
                "global: ",
                "global: {}",
                "global: {a: b}",
            ),
            *(
                "global: {resolve_timeout: 5m}",
                "global: {resolve_timeout: 5}",
                "global: {slack_api_url: x}",
                "receivers: []",
            ),
            *(
                "global: {slack_api_url: 'http://x', slack_api_url_file: y}",
                "global: {smtp_smarthost: x}",
                "route: {receiver: a}",
            ),
            *("global: {smtp_smarthost: 'x:25'}", "global: {smtp_smarthost: ':25'}", "global: {smtp_smarthost: 'x:'}"),
            *(
                "global: {opsgenie_api_url: 'ftp://x'}",
                "global: {http_config: {basic_auth: {username: x}, bearer_token: y}}",
            ),
            *(
                "global: {http_config: {authorization: {type: Basic}}}",
                "global: {http_config: {authorization: {credentials: x}}}",
            ),
            *(
                "global: {http_config: {oauth2: {client_id: x}}}",
                "global: {http_config: {tls_config: {ca_file: x, foo: y}}}",
            ),
            *("inhibit_rules: [{}]", "inhibit_rules: [{source_match: {a-b: c}}]", "inhibit_rules: [{equal: [a]}]"),
            *(
                "inhibit_rules: [{target_matchers: [a=~x]}]",
                "inhibit_rules: [{foo: x}]",
                "inhibit_rules: {}",
                "inhibit_rules: [x]",
            ),
            *("time_intervals: [{name: x}]", "time_intervals: [{}]", "time_intervals: [{name: x}, {name: x}]"),
            "time_intervals: [{name: x}]\nmute_time_intervals: [{name: x}]",
        )
    ),
    *(
        TOP % more
        for more in (
            *(
                "group_by: []",
                "group_by: [a, a]",
                "group_by: ['...']",
                "group_by: ['...', a]",
                "group_by: ['']",
                "matchers: [a=b]",
            ),
            *(
                "match: {a: b}",
                "match_re: {a: b}",
                "continue: true",
                "continue: false",
                "mute_time_intervals: [x]",
                "foo: x",
            ),
            *(
                "group_wait: 0s",
                "group_wait: 5",
                "group_wait: 0",
                "group_wait: ",
                "group_wait: -5s",
                "group_interval: 0s",
            ),
            *(
                "repeat_interval: 0s",
                "repeat_interval: 1h30m",
                "repeat_interval: 1.5h",
                "routes: {}",
                "active_time_intervals: [x]",
            ),
        )
    ),
    *(
        ROUTE % more
        for more in (
            *(
                "receiver: b",
                "receiver: c",
                "receiver: ",
                "receiver: [b]",
                "match: {a: 1}",
                "match: {a: }",
                "match: {a: [b]}",
            ),
            *(
                "match: {a-b: c}",
                "match_re: {a: '['}",
                "matchers: a=b",
                "continue: on",
                "continue: 1",
                "mute_time_intervals: [x]",
            ),
            *("routes: [{receiver: c}]", "group_interval: 0s", "repeat_interval: 1y", "group_by: [a, b]"),
        )
    ),
    *(RECEIVER % f"webhook_configs: [{{url: '{url}'}}]" for url in URLS),
    *(ROUTE % f"matchers: [{yaml.safe_dump(text, default_style=chr(34), width=1000).strip()}]" for text in MATCHERS),
    *(
        INTERVAL % more
        for more in (
            *(
                "months: ['13']",
                "months: ['may:june']",
                "months: [June]",
                "months: ['may : june']",
                "months: ['8:may']",
            ),
            *(
                "weekdays: [Monday]",
                "weekdays: ['monday:friday']",
                "weekdays: [mon]",
                "weekdays: [':friday']",
                "weekdays: ['1']",
            ),
            *(
                "days_of_month: ['1:-28']",
                "days_of_month: ['-1:-3']",
                "days_of_month: ['5:-25']",
                "days_of_month: ['0']",
            ),
            *(
                "days_of_month: [1, '-5:-1']",
                "days_of_month: ['-3:3']",
                "years: ['+5']",
                "years: ['2020:2019']",
                "years: []",
            ),
            *(
                "years: [2020]",
                "years: [' 2020']",
                "times: [{start_time: 08:00, end_time: 24:00}]",
                "times: [{}]",
                "foo: x",
            ),
            *(
                "times: [{start_time: 8:00, end_time: 9:00}]",
                "times: [{start_time: '09:00', end_time: '09:00'}]",
                "location: ''",
            ),
            *(
                "location: Local",
                "location: Europe",
                "location: Europe/Berlin",
                "location: Nowhere",
                "weekdays: ['a:b:c']",
            ),
        )
    ),
    *(
        RECEIVER % more
        for more in (
            *(
                "webhook_configs: [{}]",
                "webhook_configs: [{url: 'http://x'}]",
                "webhook_configs: [{url: 'http://x y'}]",
                "foo: x",
            ),
            *(
                "webhook_configs: [{url: 'http://x', max_alerts: -1}]",
                "webhook_configs: [{url: 'http://x/%zz'}]",
                "name: b",
            ),
            *("webhook_configs: [{url: 'x'}]", "webhook_configs: [{url: 'HTTP://x?a=b'}]", "webhook_configs: {}"),
            *("telegram_configs: [{bot_token: x, chat_id: -5, parse_mode: Foo}]", "telegram_configs: [{bot_token: x}]"),
            *("telegram_configs: [{bot_token: x, chat_id: -5}]", "email_configs: [{to: x}]", "slack_configs: [{}]"),
            *("email_configs: [{to: x, from: y, smarthost: 'z:1'}]", "email_configs: [{from: y, smarthost: 'z:1'}]"),
            "email_configs: [{to: x, from: y, smarthost: 'z:1', headers: {Subject: a, subject: b}}]",
            *(
                "pagerduty_configs: [{}]",
                "pagerduty_configs: [{routing_key: x, details: {a: 1}}]",
                "pagerduty_configs: [{service_key: x}]",
            ),
            *("opsgenie_configs: [{}]", "opsgenie_configs: [{api_key: x, responders: [{name: x, type: foo}]}]"),
            *("opsgenie_configs: [{api_key: x, responders: [{type: team}]}]", "opsgenie_configs: [{api_key: x}]"),
            *(
                "slack_configs: [{api_url: 'http://x', actions: [{type: a, text: b}]}]",
                "slack_configs: [{api_url: 'http://x'}]",
            ),
            *(
                "slack_configs: [{api_url: 'http://x', fields: [{title: a}]}]",
                "slack_configs: [{api_url_file: x, api_url: 'http://x'}]",
            ),
            *(
                "discord_configs: [{webhook_url: 'http://x'}]",
                "discord_configs: [{}]",
                "discord_configs: [{webhook_url: x}]",
            ),
        )
    ),
)


@pytest.fixture(scope="module")
def amtool(require_binary: Callable[[str, str], str]) -> str:
    """The tool."""
    return require_binary("amtool", "prometheus-alertmanager")


def test_amtool_finds_the_same_files_right(amtool: str, tmp_path: Path) -> None:
    """Amtool takes the files that Sightline takes, and refuses those that it refuses."""
    own = {}
    newer = re.compile(r" *msteams(v2)?_configs: .*\n")
    for number, text in enumerate(
        (*DOCUMENTS, newer.sub("", FILE).replace(", basic_auth: {username: me, password_file: /p}", ""))
    ):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        own[str(path)] = (not read_alertmanager(text.encode()).problems, text)
    done = subprocess.run([amtool, "check-config", *own], capture_output=True, text=True, timeout=60, check=False)
    theirs = re.findall(r"Checking '([^']+)'  (SUCCESS|FAILED)", done.stdout)
    assert len(theirs) == len(own)
    assert [(own[path][1], verdict) for path, verdict in theirs if own[path][0] is not (verdict == "SUCCESS")] == []


def tree(draw: random.Random, depth: int) -> dict[str, Any]:
    """A route with matchers in all forms, and those beneath it."""
    found: dict[str, Any] = {"receiver": f"r{draw.randrange(30)}", "continue": draw.random() < 0.4}
    if draw.random() < 0.7:
        name, value = draw.choice("abc"), draw.choice("012")
        operator = draw.choice(["=", "!=", "=~", "!~", "="])
        found |= draw.choice(
            [
                {"match": {name: value}},
                {"match_re": {name: f"{value}|9.*"}},
                {"matchers": [f'{name}{operator}"{value}|1"', f"{draw.choice('abcd')}!~x.+"]},
                {"matchers": [f"{{{name} {operator} {value},}}"]},
            ]
        )
    if depth:
        found["routes"] = [tree(draw, depth - 1) for _ in range(draw.randrange(4))]
    return found


def test_amtool_routes_alike(amtool: str, tmp_path: Path) -> None:
    """Amtool routes alerts to the receivers that Sightline does, in the same order."""
    draw = random.Random(26)
    path = tmp_path / "am.yml"
    several = 0
    for _ in range(40):
        root = {"receiver": "top", "routes": [tree(draw, 2) for _ in range(4)]}
        receivers = [{"name": "top"}, *({"name": f"r{number}"} for number in range(30))]
        text = yaml.safe_dump({"route": root, "receivers": receivers})
        path.write_text(text)
        alert = {name: draw.choice("0129") for name in "abcd" if draw.random() < 0.7}
        config = read_alertmanager(text.encode()).config
        assert config is not None
        own = [route.receiver for route in config.route.taken(Labels.of(alert))]
        command = [
            amtool,
            "config",
            "routes",
            "test",
            f"--config.file={path}",
            *(f"{name}={value}" for name, value in alert.items()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip().split(",") == own, (text, alert)
        several += len(own) > 1
    assert several > 5
