"""The command `locations`, and the flags of `probe`."""

import json
from pathlib import Path

import pytest
from tests.adapters.answering import Answering

import sightline.__main__  # noqa: F401 - adds the commands that read settings
from sightline.adapters.inbound.cli import Exit, run
from sightline.compose.probe import Remote, read_key, size_of, start_probe
from sightline.domain.errors import SettingsInvalid
from sightline.settings.schema import Settings

Capture = pytest.CaptureFixture[str]

ONE = {
    "name": "oslo",
    "description": "by the sea",
    "checks": 12,
    "heard_at": "2026-11-21T10:00:00.123Z",
    "clock_skew_ms": -90_000,
    "waiting": 3,
    "version": "1.2.3",
}


@pytest.mark.parametrize("command", [["locations"], ["locations", "list"]])
def test_locations_are_listed(server: Answering, capsys: Capture, command: list[str]) -> None:
    """With what was last heard of each."""
    quiet = {**ONE, "name": "rome", "heard_at": None, "clock_skew_ms": None, "waiting": 0, "version": ""}
    server.body = json.dumps({"locations": [{**ONE, "cut_off": True}, quiet]}).encode()
    assert run(command) == Exit.DONE
    assert capsys.readouterr().out == (
        "oslo\t12\t2026-11-21 10:00:00Z, cut off\t3\t-90 s\t1.2.3\tby the sea\nrome\t12\tnot since the start\t0\t\t\tby the sea\n"
    )


def test_a_key_is_printed_alone(server: Answering, capsys: Capture) -> None:
    """So that it can go into a file; that it is shown once is told beside."""
    server.body = json.dumps({"name": "oslo", "key": "slp_abc"}).encode()
    assert run(["locations", "add", "oslo", "--description", "by the sea"]) == Exit.DONE
    assert run(["locations", "key", "oslo"]) == Exit.DONE
    printed = capsys.readouterr()
    assert printed.out == "slp_abc\nslp_abc\n"
    assert printed.err.count("shown this once") == 2
    assert [*zip(server.methods, (one.path for one in server.asked), strict=True)] == [
        ("POST", "/api/v1/locations"),
        ("POST", "/api/v1/locations/oslo/key"),
    ]


def test_a_location_is_removed(server: Answering) -> None:
    """By its name, whatever characters that has."""
    server.status, server.body = 204, b""
    assert run(["locations", "remove", "a/b"]) == Exit.DONE
    assert [*zip(server.methods, (one.path for one in server.asked), strict=True)] == [
        ("DELETE", "/api/v1/locations/a%2Fb")
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--key", "k", "--server", "http://192.0.2.1"], "is not encrypted"),
        (["--key", "k", "--server", "sightline.example.com"], "is no address"),
        (["--key", "k", "--server", "https://me:pw@x.test"], "not sent"),
        (["--server", "https://x.test"], "give the location's key"),
        (["--key", "a b", "--server", "https://x.test"], "one word"),
        (["--key-file", "/nowhere/key", "--server", "https://x.test"], "cannot be read"),
        (["--key", "k", "--server", "https://x.test", "--buffer-size", "many"], "--buffer-size"),
        (["--key", "k", "--server", "https://x.test", "--buffer-size", "1kB"], "too small"),
        (["--key", "k", "--server", "https://x.test", "--set", "checks"], "write --set key=value"),
    ],
)
def test_what_a_location_cannot_use_is_refused_at_once(
    flags: list[str], message: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With what to do about it, and exit code 2."""
    # A program sets up its process's log, which here is that of all tests and outlives the streams of this one.
    monkeypatch.setattr("sightline.log.configure", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SIGHTLINE_KEY", raising=False)
    assert run(["probe", "--location", "oslo", *flags]) == Exit.USAGE
    told = capsys.readouterr().err
    assert message in told
    assert "pw" not in told


def test_a_key_is_given_or_stands_in_a_file(tmp_path: Path) -> None:
    """What is given wins, and white space around it is nothing."""
    (tmp_path / "key").write_text("slp_abc\n")
    assert read_key(None, tmp_path / "key") == "slp_abc"
    assert read_key(" slp_def ", tmp_path / "key") == "slp_def"
    assert size_of("2MiB") == 2 << 20


@pytest.mark.anyio
@pytest.mark.parametrize("server", ["http://[::1", "http://x.test:port", "ftp://x.test", "http://"])
async def test_an_address_that_is_none_is_refused(server: str) -> None:
    """Before anything is opened."""
    with pytest.raises(SettingsInvalid, match="is no address"):
        async with start_probe(Settings(), Remote(server, "k", "oslo")):
            pass
