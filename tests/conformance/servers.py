"""A real Prometheus for a while, and how either server is asked."""

import http.client
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.e2e.program import until

from sightline.adapters.wire.remote_write import encode
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.timerange import Grid

Rows = dict[Labels, dict[int, float]]


@dataclass(frozen=True)
class Answer:
    """What a server says: rows in its order, the text of a string, or the error.

    kind: resultType, or errorType. Warnings and infos are not Prometheus 2's yet.
    """

    status: int
    kind: str
    rows: Rows
    text: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it was refused."""
        return self.status != 200


class Server:
    """A server at an address, asked over one connection."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._connection = http.client.HTTPConnection(self._address.netloc, timeout=30)

    def write(self, batch: WriteBatch) -> None:
        """Send samples by remote write."""
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        status, body = self.post("/api/v1/write", encode(batch), headers)
        assert status in {200, 204}, body

    def ask(self, text: str, grid: Grid, *, is_range: bool) -> Answer:
        """The answer to a query at every instant of the grid, or at its only one."""
        form: dict[str, str | float] = {"query": text}
        if is_range:
            form |= {"start": grid.start / 1000, "end": grid.end / 1000, "step": grid.step / 1000}
        else:
            form["time"] = grid.start / 1000
        path = "/api/v1/query_range" if is_range else "/api/v1/query"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-store"}
        status, body = self.post(path, urlencode(form).encode(), headers)
        return _read(status, json.loads(body))

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of the reply to any request."""
        self._connection.request("POST", path, body, headers)
        reply = self._connection.getresponse()
        return reply.status, reply.read()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _read(status: int, body: dict[str, Any]) -> Answer:
    if status != 200:
        assert body["status"] == "error"
        return Answer(status, body["errorType"], {}, body["error"])
    kind, result = body["data"]["resultType"], body["data"]["result"]
    if kind == "string":
        return Answer(status, kind, {}, result[1])
    if kind == "scalar":
        return Answer(status, kind, {Labels(): _samples([result])})
    rows = {Labels.of(row["metric"]): _samples(row["values"] if kind == "matrix" else [row["value"]]) for row in result}
    assert len(rows) == len(result), "two series of the same labels"
    return Answer(status, kind, rows)


def _samples(pairs: list[tuple[float, str]]) -> dict[int, float]:
    return {round(at * 1000): float(value) for at, value in pairs}


@contextmanager
def prometheus(program: str, folder: Path, *flags: str) -> Iterator[str]:
    """The address of a Prometheus without data that takes remote writes. flags: more of the program's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text("")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen(
        [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
            "--web.enable-remote-write-receiver",
            "--log.level=error",
            *flags,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _is_ready(address, server))
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(20)


def _is_ready(address: str, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, "Prometheus did not start"
    with closing(http.client.HTTPConnection(address, timeout=5)) as connection:
        try:
            connection.request("GET", "/-/ready")
        except OSError:
            return False
        return connection.getresponse().status == 200
