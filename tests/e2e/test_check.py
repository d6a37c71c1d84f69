"""`check-config` and `doctor` as people run them: the real program in a folder of its own."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tests.e2e.program import running

from sightline.__main__ import check_config


def sightline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, in an environment without settings."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_") and name != "PORT"
    }
    return subprocess.run(
        [sys.executable, "-m", "sightline", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_good_settings_are_said_to_be_good(tmp_path: Path) -> None:
    """A folder without a file and one with a good file are fine, and the number of scrape jobs is told."""
    assert (sightline(tmp_path, "check-config").returncode, list(tmp_path.iterdir())) == (0, [])
    file = tmp_path / "x.toml"
    file.write_text('[[scrape]]\njob = "node"\ntargets = ["127.0.0.1:9100"]\n')
    done = sightline(tmp_path, "check-config", "x.toml")
    assert (done.returncode, done.stdout) == (0, "ok: x.toml, 1 scrape jobs\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('retenton = "1d"\n[wal]\nfsync = "x"\n', ["did you mean retention?", "wal.fsync"]),
        ('listen = "0.0.0.0:80"\n', ["--listen 0.0.0.0"]),
        ('listen = "nowhere"\n', ["listen = 'nowhere'"]),
        ('[http]\ntoken_file = "gone"\n', ["gone cannot be read"]),
        ('[webhook]\nurl = "ftp://x"\n', ["webhook.url"]),
        ('[reports]\nevery = "daily"\n', ["reports.to is empty"]),
        ('[reports]\nevery = "daily"\nto = ["a@example.org"]\n', ["reports.to needs smtp.host"]),
        ('[reports]\nevery = "daily"\nat = "8"\n', ["reports.at: '8' is no time: write it as 08:00 Europe/Berlin"]),
        ('retention = "1d"\n[reports]\nevery = "weekly"\n', ["reports.every: samples are kept for 1d only"]),
        (
            '[smtp]\nhost = "a"\nfrom = "a@example.org"\n[reports]\nevery = "daily"\nto = ["nobody"]\n',
            ["reports.to: 'nobody' is no address"],
        ),
        (
            '[checks]\nreferences = ["1.1.1.1:443", "example.org"]\n',
            ["checks.references: 'example.org' is no host and port"],
        ),
        ('[checks]\nreferences = ["1.1.1.1:99999"]\n', ["checks.references: '1.1.1.1:99999' has no port"]),
        ('[alerts]\nwebhooks_file = "gone.yml"\n', ["alerts.webhooks_file gone.yml: No such file"]),
        ('[slack]\nwebhook_url = "ftp://x"\n', ["slack.webhook_url"]),
        ("[wal\n", ["sightline.toml"]),
        (
            '[rules]\nfiles = ["wrong.yml"]\n',
            ["wrong.yml:2:18: field x not found"],
        ),
        ('[rules]\nfiles = ["gone.yml"]\n', ["gone.yml: no such file"]),
        ('[rules]\ninterval = "0s"\n', ["rules.interval"]),
        ('[rules]\nradar_window = "1s"\n', ["rules.radar_window"]),
        ('[rules]\nradar_timeout = "0s"\n', ["rules.radar_timeout"]),
        ('[own]\ninterval = "0s"\n[host]\ninterval = "0s"\n', ["own.interval", "host.interval"]),
        (
            '[statsd]\nmappings = ["a -> $1", "b", "c -> d"]\nbuckets = [2, 1]\n[graphite]\nmappings = ["e"]\n',
            ["statsd.mappings: 'a -> $1'", "statsd.mappings: 'b'", "statsd.buckets", "graphite.mappings: 'e'"],
        ),
        ('[alerts]\ncpu_thresholds = ["web"]\n', ["alerts.cpu_thresholds: 'web'"]),
        ("[alerts]\ndisk_thresholds = [" + '"a=1",' * 51 + "]\n", ["51 disk thresholds of hosts are more than 50"]),
        *(
            (f'[{section}]\n{name} = "0s"\n', [f"{section}.{name}"])
            for section, name in [
                ("push", "interval"),
                ("statsd", "flush_interval"),
                ("host", "interval"),
                ("containers", "interval"),
                ("own", "interval"),
                ("alerts", "interval"),
            ]
        ),
    ],
)
def test_bad_settings_are_all_named(
    tmp_path: Path, text: str, said: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything that would stop the start is told, with the exit code 1, by words and by JSON."""
    for name in [name for name in os.environ if name.startswith("SIGHTLINE_") or name == "PORT"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sightline.toml").write_text(text)
    (tmp_path / "wrong.yml").write_text("groups:\n- {rules: [], x: y}\n")
    assert check_config() == 1
    told = capsys.readouterr().err
    assert all(one in told for one in said)
    assert check_config(as_json=True) == 1
    assert len(json.loads(capsys.readouterr().out)["problems"]) == len(said)


def test_a_file_that_cannot_be_read_is_no_traceback(tmp_path: Path) -> None:
    """The program itself ends with the exit code 1 and words alone."""
    (tmp_path / "sightline.toml").write_text("[wal\n")
    done = sightline(tmp_path, "check-config")
    assert done.returncode == 1
    assert "sightline.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_examines_a_running_program(tmp_path: Path) -> None:
    """Beside a running program nothing fails, and the bundle has its health and its own metrics, but nothing of its data."""
    with running(tmp_path / "data") as program:
        port = program.url.rpartition(":")[2]
        (tmp_path / "sightline.toml").write_text(
            f'data = "data"\nlisten = "127.0.0.1:{port}"\n[disk]\nmin_free = "1MiB"\n'
        )
        done = sightline(tmp_path, "doctor", "--bundle", "b.tar.gz", "--log", str(program.log))
    assert done.returncode == 0, done.stdout
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert {"store", "lock", "door", "disk"} <= {line[1] for line in lines if line[0] == "ok"}
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        names = {Path(one.name).name: one.size for one in archive}
    assert names["health.json"] > 0
    assert names["metrics.txt"] > 0
    assert names["logs.txt"] > 0
