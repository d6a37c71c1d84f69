"""Settings as they are shown to whoever may look at them."""

from pathlib import Path

from sightline.adapters.inbound.cli.doctor.redact import redacted
from sightline.settings.schema import keys
from sightline.settings.shown import plain
from sightline.settings.sources import load

FILE = """
retention = "30d"
[http]
allowed_hosts = ["a.example.org", "b"]
[alerts]
cpu_threshold = 80
[webhook]
url = "https://hooks.example.org/services/hidden-path"
headers = ["X-Api: hidden-header"]
[slack]
webhook_url = "https://hooks.slack.com/services/hidden-slack"
[discord]
webhook_url = "https://discord.com/api/webhooks/1/hidden-discord"
[smtp]
from = "sightline@example.org"
password = "hidden-mail-password"
password_file = "/etc/sightline/smtp.password"
[ntfy]
topic = "hidden-topic"
[apprise]
urls = ["tgram://hidden-bot/hidden-chat", "discord://hidden/hidden"]
[[scrape]]
job = "node"
targets = ["host:9100"]
[scrape.params]
token = ["hidden-parameter"]
[scrape.basic_auth]
username = "me"
password = "hidden-password"
[[scrape]]
job = "shop"
targets = ["host:80"]
bearer_token = "hidden-token"
"""


def test_every_setting_has_a_plain_value(tmp_path: Path) -> None:
    """Numbers and truth values stay what they are, lengths of time and sizes are text as people write them, lists are lists."""
    (tmp_path / "sightline.toml").write_text(FILE)
    shown = plain(load({}, {}, tmp_path))
    assert set(shown) == {key.name for key in keys()} | {"scrape"}
    assert (shown["retention"], shown["wal.fsync"], shown["hot.max_bytes"]) == ("30d", "1s", "256MiB")
    assert (shown["alerts.cpu_threshold"], shown["query.max_points"], shown["http.insecure"]) == (80.0, 11_000, False)
    assert (shown["http.allowed_hosts"], shown["http.token_file"]) == (["a.example.org", "b"], None)
    assert [job["job"] for job in shown["scrape"]] == ["node", "shop"]


def test_what_is_secret_is_not_shown(tmp_path: Path) -> None:
    """Passwords, tokens, headers, parameters and the path of a webhook are taken out, what stands around them is not."""
    (tmp_path / "sightline.toml").write_text(FILE)
    shown = redacted(plain(load({}, {}, tmp_path)))
    assert "hidden" not in str(shown)
    assert shown["webhook.url"] == "https://hooks.example.org/<redacted>"
    assert shown["slack.webhook_url"] == "https://hooks.slack.com/<redacted>"
    assert shown["discord.webhook_url"] == "https://discord.com/<redacted>"
    assert (shown["smtp.from"], shown["smtp.password"]) == ("sightline@example.org", "<redacted>")
    assert shown["smtp.password_file"] == "/etc/sightline/smtp.password"
    assert (shown["ntfy.topic"], shown["apprise.urls"]) == ("<redacted>", ["<redacted>"] * 2)
    assert shown["scrape"][0]["basic_auth"]["username"] == "me"
