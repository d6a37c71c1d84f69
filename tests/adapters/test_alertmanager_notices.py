"""What is sent is what the real Alertmanager sends of the same alerts with the same templates."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from tests.adapters.alertmanager_bodies import notified
from tests.adapters.mail_server import Mail, MailServer, serving
from tests.adapters.webhook_receiver import Receiver, receiving

from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.compose.channels import make_channel
from sightline.domain.alerts.notice_templates import read_templates
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.settings.schema import Settings

pytestmark = pytest.mark.anyio

CONFIG: Final = r"""
route: {receiver: team, group_by: [alertname], group_wait: 500ms}
receivers:
- name: team
  webhook_configs:
  - {url: 'URL/webhook'}
  - {url: 'URL/cut', max_alerts: 2}
  slack_configs:
  - api_url: URL/slack
    channel: '#{{ .CommonLabels.team }}'
    username: me
    title_link: ''
    title: '{{ .CommonAnnotations.summary }}'
    fallback: '{{ .Status }}'
    text: "{{ range .Alerts }}{{ .Labels.instance }}: {{ .Annotations.summary }}\n{{ end }}"
    color: '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
    short_fields: true
    fields: [{title: '{{ len .Alerts.Firing }}', value: ü}, {title: b, value: '<&>', short: false}]
    actions:
    - {type: button, text: Look, url: 'https://x/{{ .GroupLabels.alertname }}', style: primary}
    - {type: button, text: Ack, name: ack, value: '1', confirm: {text: sure, title: '{{ .Receiver }}'}}
    image_url: https://x/i
    link_names: true
  discord_configs:
  - {webhook_url: 'URL/discord', message: '{{ len .Alerts }} ü <b> {{ range .Alerts }}{{ .Labels.instance }}{{ end }}'}
  pagerduty_configs:
  - url: URL/pagerduty
    routing_key: '{{ .GroupLabels.alertname }}'
    description: '{{ .CommonAnnotations.summary }}'
    client: me
    client_url: https://x
    severity: '{{ if .CommonLabels.team }}critical{{ end }}'
    class: '{{ .CommonLabels.team }}'
    component: c
    group: g
    details: {firing: '{{ len .Alerts.Firing }}', mine: 'ü <&> {{ .Receiver }}', resolved: '{{ len .Alerts.Resolved }}'}
    images: [{src: 'https://x/{{ .Status }}', alt: a, href: https://x}, {alt: none}]
    links: [{href: 'https://x/{{ .Receiver }}', text: t}]
  opsgenie_configs:
  - api_url: URL/opsgenie
    api_key: hush
    message: '{{ .CommonAnnotations.summary }}'
    description: 'd {{ .Receiver }}'
    source: 's {{ .Receiver }}'
    details: {mine: '{{ .Receiver }}'}
    responders: [{name: 'x {{ .Receiver }}', type: team}, {id: '1', type: schedule}]
    tags: 'a,{{ .Receiver }}'
    note: n
    priority: P2
    entity: e
    actions: 'b,c'
  telegram_configs:
  - {api_url: 'URL/telegram', bot_token: '7:hush', chat_id: -1001, message: '<b>{{ .CommonLabels.team }}</b> {{ "<&>" }}'}
  email_configs:
  - to: Ops <ops@example.org>, dba@example.org
    from: 'Sightline {{ .CommonLabels.team }} <sightline@example.org>'
    smarthost: MAIL
    hello: me.example
    require_tls: false
    headers: {Subject: 'ü 🔥 {{ .GroupLabels.alertname }} <&>', X-Team: '{{ .CommonLabels.team }}'}
    text: "{{ range .Alerts }}{{ .Labels.instance }} ü\n{{ end }}"
    html: '<p>{{ .CommonLabels.team }} {{ "<&>" }}</p>'
"""
ALERTS: Final = (
    {"instance": "web-1", "team": "ops"},
    {"instance": "web-2", "team": "ops", "job": "node"},
    {"instance": "web-3", "team": "ops", "job": "api"},
)
STARTS: Final = ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.67Z", "2026-01-02T03:04:05.678Z")
LONG: Final = "ünï 🔥 <b> & \x1b " * 400
TAKEN: Final = b'{"ok":true,"result":{"message_id":1,"chat":{"id":-1001}}}'
"""What all services are content with."""
PATHS: Final = ("webhook", "cut", "slack", "discord", "pagerduty", "alerts", "sendMessage")


@contextmanager
def alertmanager(program: str, folder: Path, config: str) -> Iterator[str]:
    """The real program with this configuration: its address."""
    file = folder / "alertmanager.yml"
    file.write_text(config)
    with subprocess.Popen(
        [
            *(
                program,
                f"--config.file={file}",
                f"--storage.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
            ),
            *("--cluster.listen-address=", "--web.external-url=http://am.example"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            found = (re.search(r"Listening.*address=(127\S+)", line) for line in process.stderr)
            yield next(f"http://{one[1]}" for one in found if one)
        finally:
            process.kill()


def config_for(receiver: Receiver, mail: MailServer) -> str:
    """The configuration for these far ends."""
    return CONFIG.replace("URL", receiver.url).replace("MAIL", f"127.0.0.1:{mail.port}")


def seen(mail: Mail) -> tuple[object, ...]:
    """What servers and people see of a message, but when it is and what it is known by."""
    message = mail.message
    headers = [message[name] for name in ("From", "To", "Subject", "X-Team")]
    parts = [(part.get_content_type(), part.get_content().strip()) for part in message.iter_parts()]
    return mail.sender, mail.recipients, mail.greeting, message.get_content_type(), headers, parts


def post(url: str, body: Any) -> None:
    """Post JSON."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30):
        pass


def bodies(receiver: Receiver) -> dict[str, dict[str, Any]]:
    """What came, by the last part of the path."""
    return {path.rpartition("/")[2]: body for path, body in zip(receiver.paths, receiver.bodies, strict=True)}


async def test_bodies_are_those_of_the_real_alertmanager(
    require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """What is sent with all options is the same, over HTTP and as mail."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with (
        receiving() as theirs,
        serving() as their_mail,
        alertmanager(program, tmp_path, config_for(theirs, their_mail)) as address,
    ):
        theirs.body = TAKEN
        alerts = [
            {
                "labels": {"alertname": "Hot", **labels},
                "annotations": {"summary": LONG},
                "generatorURL": "http://g/?a=1&b",
                "startsAt": start,
            }
            for labels, start in zip(ALERTS, STARTS, strict=True)
        ]
        post(f"{address}/api/v2/alerts", alerts)
        assert theirs.wait_for(len(PATHS))
        assert their_mail.wait_for(1)
    expected = bodies(theirs)
    assert set(expected) == set(PATHS)
    whole = expected["webhook"]
    # What services know incidents by is Alertmanager's for the usual tenant alone.
    notification = replace(notified(whole, round(datetime.now(UTC).timestamp() * 1_000)), tenant=DEFAULT_TENANT)
    with receiving() as ours, serving() as our_mail:
        ours.body, ours.headers = TAKEN, {"Content-Type": "application/json"}
        config = read_alertmanager(config_for(ours, our_mail).encode()).config
        assert config is not None
        for delivery in config.receivers["team"].deliveries:
            channel = make_channel(delivery, read_templates(()).templates, name="x", settings=Settings())
            await channel.notify(notification)
    found = bodies(ours)
    assert found["webhook"] == whole
    assert (found["cut"]["truncatedAlerts"], expected["cut"]["truncatedAlerts"]) == (1, 1)
    assert found["cut"].keys() == expected["cut"].keys()
    assert found["slack"] == expected["slack"]
    assert found["discord"] == expected["discord"]
    assert found["pagerduty"] == expected["pagerduty"]
    assert found["alerts"] == expected["alerts"]
    told, telegram = found["sendMessage"], expected["sendMessage"]
    assert (told["text"], str(told["chat_id"])) == (telegram["text"], telegram["chat_id"])
    assert told["parse_mode"] == telegram["parse_mode"]
    assert {path for path in ours.paths if "bot" in path} == {path for path in theirs.paths if "bot" in path}
    assert seen(our_mail.mails[0]) == seen(their_mail.mails[0])
