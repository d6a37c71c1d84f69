"""A real Alertmanager, started by tests."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.adapters.http.alert_pipeline import CONFIG
from tests.e2e.program import until


@contextmanager
def alertmanager(program: str, folder: Path, config: str = CONFIG) -> Iterator[str]:
    """A real one with that configuration; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    (folder / "am.yml").write_text(config)
    flags = [
        "--config.file=am.yml",
        f"--storage.path={folder}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with (folder / "am.log").open("w") as log:
        process = subprocess.Popen([program, *flags], cwd=folder, stdout=log, stderr=log)
    try:
        until(lambda: "Listening on" in (folder / "am.log").read_text())
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)
