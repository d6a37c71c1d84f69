"""A program that runs: start it in a folder, wait until it serves, watch it, stop it."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final

from bench.connection import Connection
from bench.process import Process
from bench.programs import Program

_READY_WITHIN: Final = 60.0
_QUIET_SHARE: Final = 0.05
_QUIET_SPAN: Final = 0.5
_QUIET_WITHIN: Final = 15.0
_OURS: Final = ("SIGHTLINE_", "PORT", "CPU_THRESHOLD", "MEMORY_THRESHOLD")  # settings of whoever runs the benchmark


class Failed(Exception):
    """A measurement could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running program. ready_after: seconds from its start to its first ready answer."""

    program: Program
    process: Process
    port: int
    folder: Path
    ready_after: float

    def connect(self) -> Connection:
        """A new connection to it."""
        return Connection(self.port)

    def settle(self) -> None:
        """Wait until it has nothing to do: half a second below 5 % of a core; measure all the same after 15 s."""
        deadline = time.monotonic() + _QUIET_WITHIN
        used = self.process.cpu_seconds()
        while time.monotonic() < deadline:
            time.sleep(_QUIET_SPAN)
            before, used = used, self.process.cpu_seconds()
            if used - before < _QUIET_SHARE * _QUIET_SPAN:
                return

    def metric(self, name: str, labels: str = "") -> float:
        """The sum of a metric of its own over its series whose labels, as written, have `labels` in them; 0 without any."""
        with self.connect() as connection:
            text = connection.get("/metrics").body.decode()
        lines = (line.rpartition(" ") for line in text.splitlines())
        return sum(float(value) for series, _, value in lines if series.split("{")[0] == name and labels in series)

    def disk_bytes(self) -> tuple[int, int]:
        """What its data take on the disk: all of them, and its write-ahead log alone."""
        return disk_bytes(self.folder / "data"), disk_bytes(self.folder / "data" / "wal")


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sightline-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(program: Program, folder: Path, flags: Sequence[str] = (), port: int | None = None) -> Iterator[Server]:
    """Start it and stop it in the end, whatever happens.

    The folder may hold data of an earlier run; without a port it takes a free one.

    Raises:
        Failed: it ended, or did not become ready.
    """
    port = port or free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    process = Process([*program.command(folder, port), *flags], folder, folder / "log", environment)
    try:
        _await_ready(program, process, port)
        yield Server(program, process, port, folder, time.monotonic() - process.started)
    finally:
        process.stop()


def disk_bytes(folder: Path) -> int:
    """What the files of a folder take on the disk."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await_ready(program: Program, process: Process, port: int) -> None:
    while time.monotonic() < process.started + _READY_WITHIN:
        if not process.alive:
            raise Failed(f"{program.name} ended while it started: {process.said()}")
        try:
            with Connection(port) as connection:
                if connection.get(program.ready).status == 200:  # noqa: PLR2004 - OK
                    return
        except (OSError, HTTPException):
            pass
        time.sleep(0.005)
    raise Failed(f"{program.name} was not ready within {_READY_WITHIN:g} s: {process.said()}")
