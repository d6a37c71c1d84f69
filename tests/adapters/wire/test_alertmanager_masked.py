"""A configuration as it is shown has no secrets, and amtool and we ourselves can read it."""

from typing import Final

import pytest
import yaml

from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.adapters.wire.alertmanager_masked import plain_config, without_secrets
from sightline.domain.alerts.route import GROUP_BY_ALL, WrittenRoute, route_tree

FILE: Final = """
global:
  slack_api_url: https://hooks.slack.com/services/T0/B0/sekrit
  smtp_smarthost: mail.test:25
  smtp_from: a@b.test
  smtp_auth_password: "sekrit two"
route:
  receiver: a
receivers:
- name: a
  webhook_configs:
  - url: http://me:sekrit@hooks.test:9999/sekrit
    http_config: {authorization: {credentials: 'sekrit'}}
  slack_configs:
  - channel: '#db'
"""


def test_no_secret_is_shown() -> None:
    """Of addresses it is shown where they lead, of others nothing; the rest stands as it was."""
    read = read_alertmanager(FILE.encode())
    assert read.config is not None
    shown = without_secrets(FILE, read.config)
    assert "sekrit" not in shown
    assert "http://hooks.test:9999/<secret>" in shown
    assert "smtp_auth_password: <secret>" in shown
    assert "smtp_smarthost: mail.test:25" in shown


@pytest.mark.parametrize("password", ["0x1F", "0123", "1_000_777", "yes", "2001-01-01", "1e100", "~x", "'  sekrit  '"])
def test_secrets_that_yaml_takes_for_something_else_are_not_shown(password: str) -> None:
    """A password of digits is a number to YAML, which would write it in another way; what stands beside it stays as it was."""
    text = f"""
route: {{receiver: a}}
receivers:
- name: a
  webhook_configs:
  - {{url: 'http://hooks.test/x', send_resolved: true, max_alerts: 7, http_config: {{basic_auth: {{password: {password}}}}}}}
"""
    read = read_alertmanager(text.encode())
    assert read.config is not None
    shown = yaml.safe_load(without_secrets(text, read.config))["receivers"][0]["webhook_configs"][0]
    assert shown == {
        "url": "http://hooks.test/<secret>",
        "send_resolved": True,
        "max_alerts": 7,
        "http_config": {"basic_auth": {"password": "<secret>"}},
    }


def test_passwords_in_addresses_that_are_no_secrets_are_not_shown() -> None:
    """Where a service is may be seen, and who asks there, and not with which password; what is shared by an anchor too."""
    text = """
global:
  opsgenie_api_url: &here http://me:sekrit@ops.test/
  pagerduty_url: *here
route: {receiver: a}
receivers: [{name: a}]
"""
    read = read_alertmanager(text.encode())
    assert read.config is not None
    shown = yaml.safe_load(without_secrets(text, read.config))["global"]
    assert shown == {"opsgenie_api_url": "http://me:xxxxx@ops.test/", "pagerduty_url": "http://me:xxxxx@ops.test/"}


def test_what_is_shown_can_be_read() -> None:
    """It says the same, but for the secrets."""
    read = read_alertmanager(FILE.encode())
    assert read.config is not None
    again = read_alertmanager(without_secrets(FILE, read.config).encode())
    assert again.problems == ()
    assert again.config is not None
    assert again.config.route == read.config.route


def test_without_a_file_there_is_one_route() -> None:
    """It is shown as a file that would say so."""
    route = route_tree(WrittenRoute("default", (GROUP_BY_ALL,), group_wait=0, group_interval=1_000))
    read = read_alertmanager(plain_config(route, ["default"]).encode())
    assert read.problems == ()
    assert read.config is not None
    assert read.config.route == route
