"""What is sent is what the real Alertmanager sends of the same alerts with the same templates."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from tests.adapters.alertmanager_bodies import notified
from tests.adapters.webhook_receiver import Receiver, receiving

from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.compose.channels import make_channel
from sightline.domain.alerts.notice_templates import read_templates
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
"""
ALERTS: Final = (
    {"instance": "web-1", "team": "ops"},
    {"instance": "web-2", "team": "ops", "job": "node"},
    {"instance": "web-3", "team": "ops", "job": "api"},
)
LONG: Final = "ünï 🔥 <b> & \x1b " * 400
PATHS: Final = ("webhook", "cut", "slack", "discord")


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
    """Webhooks, cut ones too, messages of Slack with all options, and those of Discord are the same."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with receiving() as theirs, alertmanager(program, tmp_path, CONFIG.replace("URL", theirs.url)) as address:
        theirs.body = b"ok"
        alerts = [
            {
                "labels": {"alertname": "Hot", **labels},
                "annotations": {"summary": LONG},
                "generatorURL": "http://g/?a=1&b",
            }
            for labels in ALERTS
        ]
        post(f"{address}/api/v2/alerts", alerts)
        assert theirs.wait_for(len(PATHS))
    expected = bodies(theirs)
    assert set(expected) == set(PATHS)
    # Times are ms here.
    whole = json.loads(re.sub(r"(:\d\d\.\d{3})\d+Z", r"\1Z", json.dumps(expected["webhook"])))
    notification = notified(whole, round(datetime.now(UTC).timestamp() * 1_000))
    with receiving() as ours:
        ours.body = b"ok"
        config = read_alertmanager(CONFIG.replace("URL", ours.url).encode()).config
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
