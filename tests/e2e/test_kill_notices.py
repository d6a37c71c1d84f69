"""Killed between an alert's firing and its delivery, or before the delivery is remembered, the program loses no notice."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.e2e.program import Program, running, until
from tests.serving import serving
from typing_extensions import override

RULES = """
groups:
- name: always
  interval: 1s
  rules:
  - {alert: Hot, expr: vector(1), labels: {severity: page}, annotations: {summary: It is hot}}
"""
CONFIG = """
route: {receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers:
- name: team
  webhook_configs: [{url: URL}]
"""


class Door(ThreadingHTTPServer):
    """A receiver that refuses while `is_down`, and kills `victim`, where there is one, before it answers.

    tried, taken: the keys and statuses of notices.
    """

    daemon_threads = True
    is_down = False
    victim: Program | None = None
    tried: list[tuple[str, str]]
    taken: list[tuple[str, str]]


class Handler(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    server: Door

    def do_POST(self) -> None:
        """Keep it; the program may be gone when it is answered."""
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        one = (self.headers["Idempotency-Key"], body["status"])
        self.server.tried.append(one)
        if not self.server.is_down:
            self.server.taken.append(one)
        victim, self.server.victim = self.server.victim, None
        if victim is not None:
            victim.kill()
            return
        self.send_response(503 if self.server.is_down else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Door]:
    """A receiver that listens until the end."""
    door = Door(("127.0.0.1", 0), Handler)
    door.tried, door.taken = [], []
    with serving(door):
        yield door


def flags(folder: Path, door: Door) -> tuple[str, ...]:
    """What makes the program evaluate the rule and tell the receiver."""
    (folder / "rules.yml").write_text(RULES)
    (folder / "config.yml").write_text(CONFIG.replace("URL", f"http://127.0.0.1:{door.server_address[1]}/"))
    files = ("--alertmanager-config", str(folder / "config.yml"), "--rules", str(folder / "rules.yml"))
    return (*files, "--set", "host.enabled=false", "--set", "alerts.cooldown=0s")


def test_killed_before_it_is_delivered_a_notice_arrives_once(tmp_path: Path) -> None:
    """A receiver that was down when the program was killed gets, after the next start, the notice it was owed."""
    with receiving() as door:
        options = flags(tmp_path, door)
        door.is_down = True
        with running(tmp_path / "data", *options) as program:
            until(lambda: bool(door.tried))
            program.kill()
        door.is_down = False
        with running(tmp_path / "data", *options) as program:
            until(lambda: bool(door.taken))
            told_again(program, tmp_path, door)
        assert door.taken[0] == door.tried[0]
        assert [status for _, status in door.taken] == ["firing", "resolved"]


def test_killed_before_it_is_remembered_a_notice_comes_again_under_its_name(tmp_path: Path) -> None:
    """A receiver that took a notice as the program was killed gets it once more, with the same Idempotency-Key."""
    with receiving() as door:
        options = flags(tmp_path, door)
        door.is_down = True
        with running(tmp_path / "data", *options) as program:
            until(lambda: bool(door.tried))
            door.victim, door.is_down = program, False
            until(lambda: program.process.poll() is not None)
        assert len(door.taken) == 1
        with running(tmp_path / "data", *options) as program:
            until(lambda: len(door.taken) == 2)
            told_again(program, tmp_path, door)
        assert door.taken[0] == door.taken[1]
        assert [status for _, status in door.taken] == ["firing", "firing", "resolved"]


def told_again(program: Program, folder: Path, door: Door) -> None:
    """The alert ends with its rule: that is told next, and nothing else in between."""
    (folder / "rules.yml").write_text(RULES.replace("vector(1)", "vector(1) > 1"))
    program.process.send_signal(signal.SIGHUP)
    until(lambda: door.taken[-1][1] == "resolved")
