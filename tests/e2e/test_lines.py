"""Graphite's and StatsD's lines sent to the real program."""

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.e2e.program import Program, running, until


def free_port() -> int:
    """One that nobody has, for connections and for datagrams."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def flags(graphite: int, statsd: int, flush: str) -> list[str]:
    """What opens both listeners."""
    given = {
        "host.enabled": "false",
        "graphite.listen": f"127.0.0.1:{graphite}",
        "graphite.mappings": 'servers.*.cpu -> cpu{host="$1"}',
        "statsd.listen": f"127.0.0.1:{statsd}",
        "statsd.flush_interval": flush,
    }
    return [word for key, value in given.items() for word in ("--set", f"{key}={value}")]


def datagram(port: int, text: bytes) -> None:
    """Send one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(text, ("127.0.0.1", port))


def values(program: Program, query: str) -> list[str]:
    """The values of an instant query."""
    return [one["value"][1] for one in program.get("/api/v1/query", query=query)["data"]["result"]]


def test_lines_are_stored_and_outlive_a_stop(tmp_path: Path) -> None:
    """Lines over TCP and UDP can be queried, and what came last is stored when the program stops."""
    graphite, statsd = free_port(), free_port()
    with running(tmp_path / "data", *flags(graphite, statsd, "100ms")) as program:
        with socket.create_connection(("127.0.0.1", graphite)) as sender:
            sender.sendall(b"servers.web-1.cpu 42 -1\ndisk.used;host=a 7")
        datagram(graphite, b"disk.free;host=a 5 N\n")
        datagram(statsd, b"hits:2|c|@0.5|#route:a\ntook:320|ms\n")
        for query, value in (
            ('cpu{host="web-1"}', "42"),
            ('disk_used{host="a"}', "7"),
            ('disk_free{host="a"}', "5"),
            ('hits{route="a"}', "4"),
            ('took_bucket{le="0.5"}', "1"),
        ):
            until(lambda query=query, value=value: values(program, query) == [value])  # type: ignore[misc]
        assert program.stop() == 0
    with running(tmp_path / "data", *flags(graphite, statsd, "1h")) as program:
        datagram(statsd, b"late:3|c\n")
        with socket.create_connection(("127.0.0.1", statsd)) as sender:
            sender.sendall(b"late:4|c\n")
        until(lambda: 'sightline_statsd_values_total{outcome="ok"} 2' in page(program))
        assert program.stop() == 0
    with running(tmp_path / "data", *flags(graphite, statsd, "1h")) as program:
        until(lambda: values(program, "late") == ["7"])


def page(program: Program) -> str:
    """The program's own metrics."""
    with urllib.request.urlopen(f"{program.url}/metrics", timeout=30) as answer:
        text: str = answer.read().decode()
    return text


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("graphite.listen=0.0.0.0:2003", "graphite.allow"),
        ("statsd.listen=8125", "statsd.listen"),
        ("statsd.mappings=a -> $1", "statsd.mappings"),
        ("statsd.buckets=2,1", "statsd.buckets"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, flag: str, said: str) -> None:
    """The program does not start, and the message names the setting."""
    command = [sys.executable, "-m", "sightline", "serve", "--data", str(tmp_path / "data"), "--set", flag]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert found.returncode != 0
    assert said in found.stderr + found.stdout
