"""Settings: one precedence, and errors that name the key."""

import ast
import re
from pathlib import Path

import pytest

from sightline.domain.errors import SettingsInvalid
from sightline.settings.quantities import Duration, Fsync, Size
from sightline.settings.schema import keys
from sightline.settings.sources import load

DOCS = Path(__file__).parents[1] / "docs" / "guide" / "settings.md"


def test_flags_beat_environment_beats_dotenv_beats_file_beats_default(tmp_path: Path) -> None:
    """Each layer wins over the weaker ones, key by key."""
    (tmp_path / "sightline.toml").write_text(
        'retention = "1d"\n[wal]\nfsync = "always"\n[flush]\nage = "1s"\n[query]\nlookback="1m"'
    )
    (tmp_path / ".env").write_text(
        "SIGHTLINE_FLUSH_AGE=2s\nSIGHTLINE_RETENTION=2d\nSIGHTLINE_QUERY_LOOKBACK=2m\nOTHER=1\n"
    )
    found = load({"retention": "4d"}, {"SIGHTLINE_RETENTION": "3d", "SIGHTLINE_QUERY_LOOKBACK": "3m"}, tmp_path)
    assert found.retention == Duration.parse("4d")
    assert found.query.lookback == Duration.parse("3m")
    assert found.flush.age == Duration.parse("2s")
    assert found.wal.fsync.interval == "always"
    assert found.wal.max_bytes == 1 << 30


def test_dashboards_in_files_are_found_from_the_settings_file(tmp_path: Path) -> None:
    """Paths in a settings file are relative to its folder, wherever the program is started."""
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc" / "sightline.toml"
    file.write_text('[dashboards]\nfiles = ["dashboards/*.yaml", "/elsewhere/a.yaml"]')
    found = load({"config": str(file)}, {}, tmp_path)
    assert found.dashboards.files == (str(tmp_path / "etc" / "dashboards" / "*.yaml"), "/elsewhere/a.yaml")


def test_names_that_other_products_use_are_understood(tmp_path: Path) -> None:
    """PORT, CPU_THRESHOLD and MEMORY_THRESHOLD work without a prefix, and the prefixed name wins."""
    found = load({}, {"PORT": "9999", "CPU_THRESHOLD": "75.5", "MEMORY_THRESHOLD": "60"}, tmp_path)
    assert (found.listen, found.alerts.cpu_threshold, found.alerts.memory_threshold) == ("127.0.0.1:9999", 75.5, 60.0)
    found = load({}, {"CPU_THRESHOLD": "75", "SIGHTLINE_ALERTS_CPU_THRESHOLD": "70"}, tmp_path)
    assert found.alerts.cpu_threshold == 70.0


def test_webhooks_of_services_are_found_as_others_name_them(tmp_path: Path) -> None:
    """SLACK_WEBHOOK_URL and DISCORD_WEBHOOK_URL count, and the settings' own names before them."""
    theirs = {"SLACK_WEBHOOK_URL": "https://s.example/1", "DISCORD_WEBHOOK_URL": "https://d.example/1"}
    found = load({}, theirs, tmp_path)
    assert (found.slack.webhook_url, found.discord.webhook_url) == ("https://s.example/1", "https://d.example/1")
    found = load({}, {**theirs, "SIGHTLINE_SLACK_WEBHOOK_URL": "https://s.example/2"}, tmp_path)
    assert found.slack.webhook_url == "https://s.example/2"


def test_the_server_of_mail_is_found_as_others_name_it(tmp_path: Path) -> None:
    """SMTP_HOST and SMTP_PORT count, and the settings' own names before them."""
    theirs = {"SMTP_HOST": "smtp.gmail.com", "SMTP_PORT": "465"}
    found = load({}, theirs, tmp_path).smtp
    assert (found.host, found.port) == ("smtp.gmail.com", 465)
    found = load({}, {**theirs, "SIGHTLINE_SMTP_PORT": "2525", "SIGHTLINE_SMTP_FROM": "a@example.org"}, tmp_path).smtp
    assert (found.port, found.from_) == (2525, "a@example.org")
    assert load({"smtp.from": "b@example.org"}, {}, tmp_path).smtp.from_ == "b@example.org"


def test_what_clusters_tell_of_a_service_called_smtp_is_no_port(tmp_path: Path) -> None:
    """Kubernetes sets SMTP_PORT to an address, which must not stop the start; anything else that is no port does."""
    assert load({}, {"SMTP_PORT": "tcp://10.0.0.11:25"}, tmp_path).smtp.port == 587
    with pytest.raises(SettingsInvalid, match=r"smtp\.port"):
        load({}, {"SMTP_PORT": "many"}, tmp_path)


def test_the_container_engine_is_found_as_dockers_own_client_finds_it(tmp_path: Path) -> None:
    """DOCKER_HOST and DOCKER_CERT_PATH count, and the settings' own names before them."""
    docker = {"DOCKER_HOST": "tcp://10.0.0.5:2376", "DOCKER_CERT_PATH": "/keys"}
    found = load({}, docker, tmp_path).containers
    assert (found.host, found.tls_folder) == ("tcp://10.0.0.5:2376", Path("/keys"))
    own = {
        "SIGHTLINE_CONTAINERS_HOST": "unix:///run/docker.sock",
        "SIGHTLINE_CONTAINERS_CPU_THRESHOLDS": "web-*=50,b=off",
    }
    found = load({}, {**docker, **own}, tmp_path).containers
    assert (found.host, found.cpu_thresholds) == ("unix:///run/docker.sock", ("web-*=50", "b=off"))


@pytest.mark.parametrize(
    ("flags", "environment", "said"),
    [
        ({}, {"SIGHTLINE_WAL_FSINC": "1s"}, "did you mean SIGHTLINE_WAL_FSYNC"),
        ({"retenton": "1d"}, {}, "did you mean retention"),
        ({"retention": "fortnight"}, {}, "retention = 'fortnight' does not fit.*not a duration"),
        ({"wal.max_bytes": "many"}, {}, "not a size"),
        ({"wal.fsync": "sometimes"}, {}, "wal.fsync"),
        ({"alerts.cpu_threshold": 900}, {}, "<= 100"),
        ({"flush.rows": 10**7}, {}, "<= 4000000"),
        ({"host.enabled": "perhaps"}, {}, "host.enabled"),
        ({"config": "/nowhere/sightline.toml"}, {}, "no such settings file"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_source(
    flags: dict[str, object], environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    """Unknown keys, values that do not fit and missing files are refused at start."""
    with pytest.raises(SettingsInvalid, match=said):
        load(flags, environment, tmp_path)


@pytest.mark.parametrize("content", ["retention = ", "[wal]\nfsinc = '1s'", "wal = 1", "\xff\xfe"])
def test_a_broken_file_is_refused_with_its_name(content: str, tmp_path: Path) -> None:
    """Bad TOML, unknown keys and wrong shapes in the file are told with its path."""
    (tmp_path / "sightline.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingsInvalid, match=r"sightline\.toml"):
        load({}, {}, tmp_path)


def test_texts_and_numbers_come_out_as_they_went_in(tmp_path: Path) -> None:
    """Durations, sizes, lists, paths and switches are read from text."""
    found = load(
        {}, {"SIGHTLINE_HTTP_ALLOWED_HOSTS": "a.example, b.example", "SIGHTLINE_HTTP_INSECURE": "true"}, tmp_path
    )
    assert found.http.allowed_hosts == ("a.example", "b.example")
    assert found.http.insecure is True
    assert str(Size.parse("512MiB")) == "512MiB"
    assert (Size.parse("10MB"), Size.parse("7"), str(Size(7))) == (10_000_000, 7, "7B")
    assert (Fsync.parse("500ms").interval, str(Duration(90_000))) == (0.5, "1m30s")


def test_the_documentation_lists_every_setting_with_its_default() -> None:
    """docs/guide/settings.md has one row a setting: key, default, environment variable, meaning."""
    text = DOCS.read_text(encoding="utf-8")
    for key in keys():
        default = f"`{key.default}`" if key.default else "none"
        assert f"| `{key.name}` | {default} | {key.description} |" in text


def test_every_setting_that_a_message_names_exists() -> None:
    """Who is told to change a setting finds it, in every text of the program."""
    known = {key.name for key in keys()}
    tables = "|".join(sorted({name.partition(".")[0] for name in known if "." in name}))
    named = re.compile(rf"(?<![\w./`])(?:{tables})\.[a-z]\w+")
    texts = [
        (path.name, node.value)
        for path in (Path(__file__).parents[1] / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    # Kinds of ASGI messages, a page, and what Alertmanager calls its templates.
    spoken = {"http.request", "http.disconnect", "http.response", "index.html", "slack.default", "discord.default"}
    unknown = [(file, one) for file, text in texts for one in named.findall(text) if one not in known | spoken]
    assert unknown == []
