"""Graphite's lines beside a VictoriaMetrics, which takes them too."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.program import until

from sightline.adapters.inbound.lines.sockets import bind
from sightline.adapters.wire.dotted_names import DottedNames
from sightline.adapters.wire.graphite import GraphiteDecoder, Reason
from sightline.domain.metrics.roster import Roster

Samples = dict[str, list[tuple[int, float]]]


def free_port() -> int:
    """One that nobody has, for connections and for datagrams."""
    sockets = bind("127.0.0.1", 0, "test")
    port: int = sockets[0].getsockname()[1]
    for one in sockets:
        one.close()
    return port


@contextmanager
def victoria_metrics(program: str, folder: Path) -> Iterator[tuple[str, int]]:
    """A real one; gives its URL and where it takes lines."""
    port, lines = free_port(), free_port()
    command = [
        program,
        f"-storageDataPath={folder}",
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-graphiteListenAddr=127.0.0.1:{lines}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(f"{url}/health"))
        yield url, lines
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    """Whether somebody does."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def stored(url: str) -> Samples:
    """What it has, series named as ours are."""
    urllib.request.urlopen(f"{url}/internal/force_flush", timeout=10).close()
    found: Samples = {}
    with urllib.request.urlopen(f"{url}/api/v1/export?match[]=%7B__name__!=%22%22%7D", timeout=10) as answer:
        for line in answer.read().splitlines():
            row = json.loads(line)
            name = row["metric"].pop("__name__").replace(".", "_").replace("-", "_")
            labels = ",".join(f'{label}="{value}"' for label, value in sorted(row["metric"].items()))
            values = [float(value) if value is not None else float("nan") for value in row["values"]]
            key = f"{name}{{{labels}}}" if labels else name
            found[key] = sorted(zip(row["timestamps"], values, strict=True))
    return found


def test_the_same_series_come_of_the_same_lines(require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """Names but for their dots, tags, times and values are equal, and what brings nothing there brings nothing here."""
    now = int(time.time())
    good = [f"servers.web-{number % 7}.cpu {number / 8} {now - number}" for number in range(300)]
    good += [f"disk.used;host=h{number % 3};path=/v{number} {number}e9 {now}" for number in range(50)]
    good += [f"u;a=;b=1 1 {now}", f"twice;a=1;a=2 5 {now}", f"sp  1  {now}", f"neg -1.5e-7 {now}", f"big 1e300 {now}"]
    bad = ["bad", f"b c {now}", "b 1 x", f"b nan {now}", f";a=1 1 {now}"]
    block = "\n".join([*good[:100], *bad, *good[100:], ""]).encode()
    program = require_binary("victoria-metrics", "victoria-metrics")
    with victoria_metrics(program, tmp_path / "vm") as (url, port):
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(block)
        until(lambda: sum(map(len, stored(url).values())) >= len(good))
        theirs = stored(url)
    found = GraphiteDecoder(DottedNames()).decode(block, now * 1000, Roster())
    ours: Samples = {}
    for series, at, value in zip(
        found.batch.series.tolist(), found.batch.times.tolist(), found.batch.values.tolist(), strict=True
    ):
        ours.setdefault(str(found.batch.labels[series]), []).append((at, value))
    assert {name: sorted(samples) for name, samples in ours.items()} == theirs
    assert found.left_out == {Reason.FIELDS: 1, Reason.VALUE: 2, Reason.TIME: 1, Reason.PATH: 1}
