"""Killed at any moment, the program has every ping that it acknowledged, and heartbeats stand as they did."""

import http.client
import json
import threading
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.program import Program, running, until
from typing_extensions import override

FLAGS = ("--set", "host.enabled=false", "--set", "own.interval=1h")
SENDERS = 4


class Sender(threading.Thread):
    """Pings one after another, and counts what was acknowledged, until the program is gone."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.parts = urlsplit(url)
        self.acknowledged = 0

    @override
    def run(self) -> None:
        """Ping as fast as it goes."""
        connection = http.client.HTTPConnection(str(self.parts.hostname), self.parts.port, timeout=30)
        try:
            while True:
                connection.request("POST", self.parts.path, body=b"said")
                answer = connection.getresponse()
                self.acknowledged += (answer.status, answer.read()) == (200, b"OK")
        except (OSError, http.client.HTTPException):
            connection.close()


def made(program: Program, name: str) -> dict[str, Any]:
    """A heartbeat, made as scripts for Healthchecks make them."""
    body = json.dumps({"name": name, "timeout": 3600, "grace": 60}).encode()
    request = urllib.request.Request(f"{program.url}/api/v3/checks/", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def test_every_acknowledged_ping_survives_a_kill(tmp_path: Path) -> None:
    """What was answered OK is counted after a kill and a start, and the heartbeat is up and due as it was."""
    folder = tmp_path / "data"
    with running(folder, *FLAGS) as program:
        check, other = made(program, "backup"), made(program, "never pinged")
        senders = [Sender(check["ping_url"]) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        until(lambda: sum(sender.acknowledged for sender in senders) > 200)
        program.kill()
    for sender in senders:
        sender.join()
    acknowledged = sum(sender.acknowledged for sender in senders)
    with running(folder, *FLAGS) as program:
        found = program.get(urlsplit(check["update_url"]).path)
        # What was under way at the kill may have been stored, and nobody been told.
        assert acknowledged <= found["n_pings"] <= acknowledged + SENDERS
        assert found["status"] == "up"
        pings = program.get(f"{urlsplit(check['update_url']).path}/pings")["pings"]
        assert [one["n"] for one in pings] == list(range(found["n_pings"], found["n_pings"] - 100, -1))
        assert program.get(urlsplit(other["update_url"]).path)["status"] == "new"
        until(lambda: program.get("/status", target_id=1)["state"] == "up")
        assert program.stop() == 0
