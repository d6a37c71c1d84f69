"""A real Prometheus scrapes native histograms and exemplars, and writes them into Sightline."""

import json
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.program import Program, running, until
from tests.oracles import client_messages as client
from tests.oracles.native_histogram import Native
from tests.serving import serving
from typing_extensions import override

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{target}"]}}]
remote_write:
  - url: {url}/api/v1/write
    send_exemplars: true
    send_native_histograms: true
    metadata_config: {{send: true, send_interval: 1s}}
"""
SCRAPE = """
[[scrape]]
job = "shop"
interval = "1s"
targets = ["{target}"]
scrape_native_histograms = true
"""
LATENCY = Native(
    schema=3,
    count=1234.0,
    sum=-17.25,
    zero_threshold=2.0**-128,
    zero_count=4.0,
    positive={-5: 100.0, -4: 1.0, 0: 900.0, 12: 200.0},
    negative={3: 29.0},
)


class Shop(BaseHTTPRequestHandler):
    """An exporter that speaks protobuf alone; its histogram is gone once `closed` is set."""

    closed = threading.Event()

    def do_GET(self) -> None:
        """Answer a scrape."""
        families: list[dict[str, Any]] = [
            {
                "name": "orders",
                "help": "Orders taken.",
                "type": client.COUNTER,
                "metric": [{"counter": {"value": 7.0, "exemplar": exemplar()}}],
            }
        ]
        if not self.closed.is_set():
            told = client.native(LATENCY)
            families.append(
                {
                    "name": "latency_seconds",
                    "help": "How long it took.",
                    "type": client.HISTOGRAM,
                    "metric": [{"label": client.pairs(path="/buy"), "histogram": told}],
                }
            )
        body = client.page(*families)
        self.send_response(200)
        self.send_header("Content-Type", client.CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def exemplar() -> dict[str, Any]:
    """One of now."""
    now = time.time_ns()
    return {
        "label": client.pairs(trace_id="abcdef"),
        "value": 0.5,
        "timestamp": {"seconds": now // 10**9, "nanos": now % 10**9},
    }


@contextmanager
def exporting() -> Iterator[str]:
    """The exporter; gives host and port."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Shop)) as server:
        yield f"127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def sightline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Without sources of its own, and with a store that is written soon."""
    with running(tmp_path_factory.mktemp("sightline") / "data", "--set", "flush.age=2s") as program:
        yield program


@pytest.fixture(scope="module")
def prometheus(
    sightline: Program, tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]
) -> Iterator[str]:
    """A Prometheus that scrapes the exporter every second and writes on; gives its address."""
    program, folder = require_binary("prometheus", "prometheus"), tmp_path_factory.mktemp("prometheus")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with exporting() as target:
        (folder / "prom.yml").write_text(CONFIG.format(target=target, url=sightline.url))
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command(program, folder, port), stdout=log, stderr=log)
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(30)


def command(program: str, folder: Path, port: int) -> list[str]:
    """How Prometheus is started."""
    return [
        program,
        f"--config.file={folder / 'prom.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=native-histograms,exemplar-storage",
    ]


def ask(url: str, path: str, **parameters: Any) -> Any:
    """What an API says; nothing while it is not there."""
    text = urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(f"{url}/api/v1/{path}?{text}", timeout=10) as answer:
            return json.loads(answer.read())["data"]
    except OSError:
        return None


def latest(url: str, at: float) -> Any:
    """The histogram at a time, as the API writes it."""
    found = ask(url, "query", query='latency_seconds{path="/buy"}', time=at)
    return found["result"] if found else []


def test_histograms_exemplars_and_metadata_arrive(sightline: Program, prometheus: str) -> None:
    """What Prometheus has scraped Sightline answers alike: histograms, exemplars, descriptions, and the end of a series."""
    Shop.closed.clear()
    until(lambda: bool(latest(sightline.url, time.time())) and bool(latest(prometheus, time.time())))
    at = time.time()
    theirs = latest(prometheus, at)
    assert theirs[0]["histogram"][1]["count"] == "1234"
    until(lambda: latest(sightline.url, at) == theirs)

    def exemplars() -> bool:
        span = {"query": "orders", "start": at - 60, "end": at}
        ours, told = (ask(url, "query_exemplars", **span) for url in (sightline.url, prometheus))
        return bool(told) and ours == told

    until(exemplars)
    until(lambda: "latency_seconds" in ask(sightline.url, "metadata"))
    assert ask(sightline.url, "metadata")["latency_seconds"] == ask(prometheus, "metadata")["latency_seconds"]
    Shop.closed.set()
    until(lambda: latest(prometheus, time.time()) == [])
    until(lambda: latest(sightline.url, time.time()) == [])
    assert latest(sightline.url, at) == theirs


def test_what_sightline_scrapes_is_what_prometheus_has(tmp_path: Path, prometheus: str) -> None:
    """Scraped by Sightline itself, the same target gives the same histogram, its exemplars and metadata."""
    Shop.closed.clear()
    with exporting() as target:
        (tmp_path / "sightline.toml").write_text(SCRAPE.format(target=target))
        with running(tmp_path / "data", "--set", "host.enabled=false") as program:
            until(lambda: bool(latest(program.url, time.time())))
            until(lambda: bool(latest(prometheus, time.time())))
            ours, theirs = (latest(url, time.time())[0]["histogram"][1] for url in (program.url, prometheus))
            assert ours == theirs
            span = {"query": "orders", "start": time.time() - 60, "end": time.time()}
            until(lambda: bool(ask(program.url, "query_exemplars", **span)))
            assert ask(program.url, "metadata")["latency_seconds"][0]["help"] == "How long it took."
