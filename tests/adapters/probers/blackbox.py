"""Debian's blackbox_exporter, for the same targets judged by both."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Metrics = dict[str, float]
"""Values by name, with labels as it writes them."""


class Blackbox:
    """One that runs."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def probe(self, module: str, target: str) -> Metrics:
        """All metrics of one probe."""
        query = urllib.parse.urlencode({"module": module, "target": target})
        with urllib.request.urlopen(f"{self._url}/probe?{query}", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            urllib.request.urlopen(f"{self._url}/-/healthy", timeout=1).close()
        except (urllib.error.URLError, OSError):
            return False
        return True


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running(program: str, folder: Path, modules: Mapping[str, Any]) -> Iterator[Blackbox]:
    """It, with these modules, until the end. What it reads is YAML, of which JSON is a part."""
    (folder / "blackbox.yml").write_text(json.dumps({"modules": modules}))
    port = free_port()
    command = [program, f"--web.listen-address=127.0.0.1:{port}", f"--config.file={folder / 'blackbox.yml'}"]
    with (folder / "blackbox.log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            found, limit = Blackbox(port), time.monotonic() + 30
            while not found.is_up():
                assert process.poll() is None, (folder / "blackbox.log").read_text()
                assert time.monotonic() < limit
            yield found
        finally:
            process.kill()
            process.wait()
