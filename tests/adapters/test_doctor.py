"""The doctor: what it finds, what it says to do, and what its bundle keeps to itself."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.answering import Answering, answering

from sightline import __version__
from sightline.adapters.inbound.cli import Exit
from sightline.adapters.inbound.cli.asking import Asking
from sightline.adapters.inbound.cli.doctor.examine import examine, look
from sightline.adapters.inbound.cli.doctor.finding import Finding, Verdict
from sightline.adapters.inbound.cli.doctor.folder import holder
from sightline.adapters.inbound.cli.doctor.installation import Installation
from sightline.adapters.inbound.cli.doctor.machine import check_machine
from sightline.adapters.inbound.cli.doctor.redact import REDACTED, redacted, redacted_text
from sightline.adapters.inbound.cli.program import Ended

Capture = pytest.CaptureFixture[str]
HEALTH: dict[str, Any] = {
    "name": "sightline",
    "status": "pass",
    "ready": True,
    "version": __version__,
    "checks": [{"name": "store", "status": "pass", "message": "ok"}],
}
AWAY = {"name": "store", "status": "fail", "message": "does not take samples"}
SECRET = "hunter2-very-secret"


@pytest.fixture
def server() -> Iterator[Answering]:
    """A program that is well and scrapes nothing."""
    with answering() as found:
        found.body = b'{"status":"success","data":{"activeTargets":[]}}'
        found.by_path = {"/health": json.dumps(HEALTH).encode(), "/metrics": b"sightline_up 1\n"}
        yield found


def installation(folder: Path, url: str = "http://127.0.0.1:1", **changes: Any) -> Installation:
    """An installation whose data lies in the folder `data`."""
    given: dict[str, Any] = {
        "problems": (),
        "settings_file": folder / "sightline.toml",
        "settings": {},
        "data": folder / "data",
        "min_free": 1,
        "listen": "127.0.0.1:0",
        "asking": Asking(url),
        **changes,
    }
    return Installation(**given)


def found(installation: Installation) -> dict[str, Finding]:
    """What the doctor finds, by part."""
    return {one.part: one for one in look(installation)}


def test_a_fresh_installation_is_well(tmp_path: Path, capsys: Capture) -> None:
    """Before the first start nothing fails: the folder is not there yet, and the port is free."""
    assert examine(installation(tmp_path)) == Exit.DONE
    text = capsys.readouterr().out
    assert "the first start makes it" in text
    assert "is free" in text
    assert "fail" not in text


def test_a_running_program_is_asked(tmp_path: Path, server: Answering) -> None:
    """Where the program runs, its version and each part of its health are shown."""
    seen = found(installation(tmp_path, server.url))
    assert (seen["door"].verdict, seen["store"].verdict) == (Verdict.OK, Verdict.OK)
    assert __version__ in seen["door"].text


@pytest.mark.parametrize(
    ("health", "part", "verdict", "said"),
    [
        ({**HEALTH, "version": "0.0.1"}, "door", Verdict.WARN, "0.0.1"),
        ({**HEALTH, "ready": False}, "readiness", Verdict.WARN, "starting or stopping"),
        ({**HEALTH, "checks": [AWAY]}, "store", Verdict.FAIL, "does not take samples"),
        ({"hello": 1}, "door", Verdict.FAIL, "something other than Sightline"),
    ],
)
def test_what_a_program_says_is_judged(
    tmp_path: Path, server: Answering, health: dict[str, Any], part: str, verdict: Verdict, said: str
) -> None:
    """Another version, a start that goes on, a part that is not well and another program are told apart."""
    server.by_path["/health"] = json.dumps(health).encode()
    finding = found(installation(tmp_path, server.url))[part]
    assert finding.verdict is verdict
    assert said in finding.text
    assert finding.remedy


def test_targets_that_are_down_are_named(tmp_path: Path, server: Answering) -> None:
    """Of targets that are down, the doctor says which and why."""
    down = {"health": "down", "scrapeUrl": "http://a:1/metrics", "lastError": "refused"}
    server.by_path["/api/v1/targets"] = json.dumps({"data": {"activeTargets": [down, {"health": "up"}]}}).encode()
    finding = found(installation(tmp_path, server.url))["targets"]
    assert (finding.verdict, finding.text) == (Verdict.WARN, "1 of 2 are down: http://a:1/metrics: refused")


def test_a_port_in_use_is_a_failure(tmp_path: Path, capsys: Capture) -> None:
    """A port that another program holds without speaking HTTP stops the start, so it fails and the exit code is 1."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        assert examine(installation(tmp_path, listen=listen)) == Exit.REFUSED
    assert "cannot be listened on" in capsys.readouterr().out


def test_the_holder_of_the_folder_is_named(tmp_path: Path) -> None:
    """A folder that a process holds while nobody answers is a warning with its id; the doctor holds nothing itself."""
    folder = tmp_path / "data"
    folder.mkdir()
    assert holder(folder) is None
    with (folder / "lock").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        assert holder(folder) is None
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finding = found(installation(tmp_path))["lock"]
        assert (finding.verdict, "4711" in finding.text) == (Verdict.WARN, True)


def test_room_and_times_of_the_folder_are_judged(tmp_path: Path) -> None:
    """Too little room fails, and files from the future betray a clock that was set back."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "format.json").write_text('{"format": 1, "written_by": "0.1.0"}')
    assert "format 1 written by 0.1.0" in found(installation(tmp_path))["data folder"].text
    assert found(installation(tmp_path, min_free=1 << 60))["disk"].verdict is Verdict.FAIL
    os.utime(folder / "format.json", (4e9, 4e9))
    assert found(installation(tmp_path))["clock"].verdict is Verdict.WARN


def test_problems_of_the_settings_come_first(tmp_path: Path, capsys: Capture) -> None:
    """What is wrong with the settings fails and is told before everything else."""
    asking = Asking("http://127.0.0.1:1", as_json=True)
    assert examine(installation(tmp_path, problems=("retenton is not a setting",), asking=asking)) == Exit.REFUSED
    first = json.loads(capsys.readouterr().out)["findings"][0]
    assert (first["part"], first["verdict"], first["text"]) == ("settings", "fail", "retenton is not a setting")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DOCKER_HOST": "unix:///nowhere/docker.sock"}, "/nowhere/docker.sock, which is not there"),
        ({"DOCKER_HOST": "tcp://10.0.0.1:2375"}, "over the network"),
    ],
)
def test_the_container_engine_is_looked_for(environment: dict[str, str], said: str) -> None:
    """The engine is sought where Docker's own client would seek it."""
    [finding] = [one for one in check_machine(environment) if one.part == "containers"]
    assert said in finding.text


def test_machine_code_can_be_off() -> None:
    """Kernels that are switched off are a warning that names the switch."""
    [finding] = [one for one in check_machine({"SIGHTLINE_JIT": "off"}) if one.part == "kernels"]
    assert (finding.verdict, "SIGHTLINE_JIT" in finding.text) == (Verdict.WARN, True)


def test_the_bundle_has_no_secrets(tmp_path: Path, server: Answering, capsys: Capture) -> None:
    """Whatever secret stands in settings, targets or the log, no file of the bundle holds it, and only its owner may read it."""
    log = tmp_path / "run.log"
    log.write_text(
        f"GET http://me:{SECRET}@host/x?key={SECRET}\nAuthorization: Bearer {SECRET}\npassword={SECRET} end\n"
    )
    targets = {"activeTargets": [{"scrapeUrl": f"http://a/metrics?token={SECRET}", "health": "up"}]}
    targets["activeTargets"][0]["discoveredLabels"] = {"__param_auth": SECRET, "job": "node"}  # type: ignore[assignment] # JSON
    server.by_path["/api/v1/targets"] = json.dumps({"data": targets}).encode()
    settings = {
        "listen": "127.0.0.1:8080",
        "http.token_file": "/etc/sightline/token",
        "webhook.url": f"https://hooks.example/{SECRET}",
        "webhook.headers": f"X-Key: {SECRET}",
        "scrape": [
            {
                "job": "node",
                "basic_auth": {"username": "u", "password": SECRET},
                "bearer_token": SECRET,
                "headers": {"X-A": SECRET},
                "params": {"key": [SECRET]},
                "static": [{"targets": [f"http://u:{SECRET}@b:1"]}],
            }
        ],
    }
    bundle = tmp_path / "bundle.tar.gz"
    assert examine(installation(tmp_path, server.url, settings=settings), bundle, log) == Exit.DONE
    assert "secrets are taken out" in capsys.readouterr().err
    assert bundle.stat().st_mode & 0o777 == 0o600
    with tarfile.open(bundle) as archive:
        files = {Path(one.name).name: archive.extractfile(one) for one in archive}
        texts = {name: file.read().decode() for name, file in files.items() if file is not None}
    assert set(texts) == {
        "README.txt", "findings.json", "versions.json", "settings.json", "health.json", "metrics.txt", "targets.json", "logs.txt",
    }  # fmt: skip
    assert [name for name, text in texts.items() if SECRET in text] == []
    shown = json.loads(texts["settings.json"])
    assert shown["http.token_file"] == "/etc/sightline/token"
    assert shown["webhook.url"] == f"https://hooks.example/{REDACTED}"
    assert shown["scrape"][0]["basic_auth"] == {"username": "u", "password": REDACTED}
    assert texts["logs.txt"].endswith(f"password={REDACTED} end\n")


def test_a_token_that_cannot_be_read_is_a_finding(tmp_path: Path, server: Answering, capsys: Capture) -> None:
    """Without the right to read the token's file the doctor says so, and looks at everything else all the same."""
    asking = Asking(server.url, token_file=tmp_path / "gone", as_json=True)
    assert examine(installation(tmp_path, asking=asking)) == Exit.REFUSED
    found = {one["part"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    assert (found["access"]["verdict"], found["store"]["verdict"]) == ("fail", "ok")


def test_a_bundle_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A place that cannot be written, and a log that cannot be read, are wrong command lines."""
    with pytest.raises(Ended, match="cannot be written") as caught:
        examine(installation(tmp_path), tmp_path / "no" / "bundle.tar.gz")
    assert caught.value.code is Exit.USAGE
    with pytest.raises(Ended, match="cannot be read"):
        examine(installation(tmp_path), tmp_path / "bundle.tar.gz", tmp_path / "gone.log")


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=8))
def test_secrets_are_found_wherever_they_stand(secret: str) -> None:
    """A secret under a secret's name, in an address or as a bearer token is taken out, and the rest stays."""
    shown = redacted({"a": {"api_key": f"k{secret}k", "keep": "me"}, "headers": {"x": f"k{secret}k"}, "n": 1})
    assert shown == {"a": {"api_key": REDACTED, "keep": "me"}, "headers": {"x": REDACTED}, "n": 1}
    assert redacted_text(f"to https://u:k{secret}k@h/p now") == f"to https://{REDACTED}@h/p now"
    assert redacted_text(f"Authorization: Bearer k{secret}k") == f"Authorization: Bearer {REDACTED}"
    assert redacted_text(f'{{"client_secret": "k{secret}k"}}') == f'{{"client_secret": {REDACTED}}}'


def test_an_address_that_was_given_must_answer(tmp_path: Path) -> None:
    """Asked about another address, the doctor does not call it well because the port of the settings is free."""
    command = [sys.executable, "-m", "sightline", "doctor", "--url", "http://127.0.0.1:1"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == Exit.REFUSED
    assert "fail  door         nobody answers at http://127.0.0.1:1\n" in ended.stdout
