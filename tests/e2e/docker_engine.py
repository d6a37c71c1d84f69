"""A Docker Engine of our own: its own socket and folder, no network, one image made of busybox."""

import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.program import until

LIMIT = 60.0
"""Seconds that anything may take."""
IMAGE = "bb:1"
_COMMANDS = ("sh", "sleep", "dd", "cat", "true", "false")


class DockerEngine:
    """A running Engine, spoken to by Docker's own client."""

    def __init__(self, client: str, socket: Path) -> None:
        self._client = client
        self.address = f"unix://{socket}"

    def call(self, *arguments: str, given: bytes = b"") -> str:
        """One command; gives what it wrote."""
        done = subprocess.run(
            [self._client, "-H", self.address, *arguments], input=given, capture_output=True, timeout=LIMIT, check=False
        )
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode().strip()

    def run(self, name: str, command: str, *options: str) -> str:
        """A container in the background that runs a line of shell; gives its id."""
        return self.call("run", "-d", "--network", "none", "--name", name, *options, IMAGE, "sh", "-c", command)

    def prove(self) -> None:
        """Run a container that does nothing; where this machine lets none run, whoever asked skips with its words."""
        try:
            self.call("run", "--rm", "--network", "none", IMAGE, "true")
        except AssertionError as failure:
            pytest.skip(f"containers cannot run here: {failure}")

    def remove_all(self) -> None:
        """End and remove every container."""
        there = self.call("ps", "-aq").split()
        if there:
            self.call("rm", "-f", *there)


@contextmanager
def docker_engine(folder: Path, require_binary: Callable[[str, str], str]) -> Iterator[DockerEngine]:
    """An Engine in that folder, stopped in the end with all that it started."""
    daemon, client = require_binary("dockerd", "docker.io"), require_binary("docker", "docker.io")
    busybox = Path(require_binary("busybox", "busybox-static"))
    require_binary("iptables", "iptables")
    if os.geteuid():
        pytest.skip("a Docker Engine needs root")
    socket = folder / "d.sock"
    options: list[str | Path] = [
        "-H",
        f"unix://{socket}",
        "--data-root",
        folder / "data",
        "--exec-root",
        folder / "exec",
    ]
    options += ["--pidfile", folder / "d.pid", "--bridge", "none", "--iptables=false", "--ip-masq=false"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([daemon, *options], stdout=log, stderr=log)
    engine = DockerEngine(client, socket)
    try:
        until(lambda: process.poll() is not None or socket.exists(), LIMIT)
        if process.poll() is not None:
            pytest.skip(f"dockerd cannot run here: {(folder / 'log').read_text().splitlines()[-1]}")
        engine.call("import", "--change", "ENV PATH=/bin", "-", IMAGE, given=_root(busybox))
        engine.prove()
        try:
            yield engine
        finally:
            engine.remove_all()
    finally:
        process.terminate()
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(LIMIT)


def _root(busybox: Path) -> bytes:
    """The file system of the image: busybox, under the names of its commands."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(busybox.resolve(), "bin/busybox")
        for name in _COMMANDS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return out.getvalue()
