"""A real Prometheus writes into Sightline, and promtool reads from it."""

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.program import Program, running, until

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: itself
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
remote_write:
  - url: {url}/api/v1/write
"""


@pytest.fixture(scope="module")
def sightline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("sightline")
    with running(folder / "data", "--set", "host.interval=1s", "--set", "flush.age=2s") as program:
        yield program


@pytest.fixture(scope="module")
def prometheus(
    sightline: Program, tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]
) -> Iterator[str]:
    """A Prometheus that scrapes itself every second and writes on."""
    program, folder = require_binary("prometheus", "prometheus"), tmp_path_factory.mktemp("prometheus")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "prom.yml").write_text(CONFIG.format(port=port, url=sightline.url))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prom.yml'}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def ask(url: str, query: str, at: float) -> list[dict[str, object]]:
    """The series of the scraped Prometheus."""
    text = urllib.parse.urlencode({"query": f'{query}{{job="itself"}}', "time": at})
    with urllib.request.urlopen(f"{url}/api/v1/query?{text}", timeout=10) as answer:
        found: list[dict[str, object]] = json.loads(answer.read())["data"]["result"]
    return found


def test_what_prometheus_scrapes_is_answered_by_sightline_alike(sightline: Program, prometheus: str) -> None:
    """Every series that Prometheus has of itself is in Sightline with the same labels and the same value."""
    names = ["up", "scrape_samples_scraped", "go_goroutines", "prometheus_http_requests_total", "go_info"]
    until(lambda: all(ask(sightline.url, name, time.time()) for name in names))
    at = time.time()

    def equal() -> bool:
        ours, theirs = ([ask(url, name, at) for name in names] for url in (sightline.url, prometheus))
        return all(theirs) and ours == theirs

    until(equal)


def test_promtool_queries_sightline(
    sightline: Program, prometheus: str, require_binary: Callable[[str, str], str]
) -> None:
    """`promtool query instant`, `range`, `labels` and `series` read this machine's metrics."""
    promtool = require_binary("promtool", "prometheus")
    until(lambda: sightline.get("/api/v1/query", query="node_load1")["data"]["result"] != [])

    def run(*arguments: str) -> str:
        done = subprocess.run([promtool, "query", *arguments], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "=>" in run("instant", sightline.url, "sum by (mode) (node_cpu_seconds_total)")
    assert "node_load1" in run("range", sightline.url, "node_load1", "--step=1s")
    assert "idle" in run("labels", sightline.url, "mode")
    assert "node_load1" in run("series", sightline.url, "--match=node_load1")


def test_what_is_written_under_one_tenant_is_seen_under_no_other(sightline: Program) -> None:
    """The tenant header of remote write separates, in queries, label values and series."""
    now = np.array([time.time() * 1000], np.int64)
    batch = WriteBatch((Labels.of(__name__="secret", job="shop"),), np.zeros(1, np.uint32), now, np.ones(1))
    assert sightline.write(batch, tenant="shop") == 204
    for tenant, seen in (("shop", True), ("default", False), ("other", False)):
        found = [
            sightline.get("/api/v1/query", tenant, query="secret")["data"]["result"],
            sightline.get("/api/v1/series", tenant, **{"match[]": "secret"})["data"],
            [job for job in sightline.get("/api/v1/label/job/values", tenant)["data"] if job == "shop"],
        ]
        assert [bool(one) for one in found] == [seen] * 3


def test_sigterm_drains_and_ends(tmp_path: Path) -> None:
    """SIGTERM ends the program in good order: exit code 0."""
    with running(tmp_path / "data") as program:
        assert program.stop() == 0
