"""The real program as a process of its own, started, asked, killed and stopped by tests."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from sightline.adapters.wire.remote_write import encode
from sightline.domain.metrics.samples import WriteBatch

_STARTED = re.compile(r"running at (http://\S+)")
_LIMIT = 30.0
# The ports that exporters know are one test's alone, if at all.
_FLAGS = ("--listen", "127.0.0.1:0", "--set", "otlp.http_listen=", "--set", "otlp.grpc_listen=")


class Program:
    """One run of `sightline serve` on a data folder."""

    def __init__(self, folder: Path, *flags: str, environment: dict[str, str] | None = None) -> None:
        self.log = folder.with_suffix(".log")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sightline", "serve", "--data", str(folder), *_FLAGS, *flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=folder.parent,
                env={**os.environ, **(environment or {})},
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        found = _STARTED.search(first)
        if found is None:
            self.process.wait(_LIMIT)
            raise AssertionError(f"did not start: {first}{self.log.read_text()}")
        self.url = found[1]

    def get(self, path: str, tenant: str = "default", **parameters: Any) -> Any:
        """A GET of the API; gives the decoded JSON."""
        query = f"?{urllib.parse.urlencode(parameters, doseq=True)}" if parameters else ""
        request = urllib.request.Request(f"{self.url}{path}{query}", headers={"X-Scope-OrgID": tenant})
        with urllib.request.urlopen(request, timeout=_LIMIT) as answer:
            return msgspec.json.decode(answer.read())

    def write(self, batch: WriteBatch, tenant: str = "default") -> int:
        """Remote-write a batch; gives the status."""
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
            "X-Scope-OrgID": tenant,
        }
        request = urllib.request.Request(f"{self.url}/api/v1/write", encode(batch), headers, method="POST")
        with urllib.request.urlopen(request, timeout=_LIMIT) as answer:
            return int(answer.status)

    def kill(self) -> None:
        """End it by SIGKILL, as nothing can prevent."""
        self.process.kill()
        self.process.wait(_LIMIT)
        self._close()

    def stop(self) -> int:
        """End it by SIGTERM; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(_LIMIT)
        self._close()
        return code

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def running(folder: Path, *flags: str, environment: dict[str, str] | None = None) -> Iterator[Program]:
    """A program that is stopped in the end, whatever happens."""
    program = Program(folder, *flags, environment=environment)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.kill()
        program._close()


def until(condition: Callable[[], bool], limit: float = _LIMIT) -> None:
    """Ask again and again until a condition holds; for what happens in another process, where no event can be awaited."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true within {limit:g} s")
        threading.Event().wait(0.05)
