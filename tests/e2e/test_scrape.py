"""Targets scraped by the real program: beside a real Prometheus, and bad ones beside good ones."""

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

from tests.e2e.program import Program, running, until
from tests.serving import serving
from typing_extensions import override

QUIET = ("--set", "host.enabled=false")
MOVING = {"scrape_duration_seconds", "scrape_series_added"}
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: {job}
    static_configs: [{{targets: ["{address}"], labels: {{env: test}}}}]
    metric_relabel_configs:
      - {{source_labels: [__name__], regex: "go_memstats_.*", action: drop}}
      - {{source_labels: [device], regex: "(.+)", target_label: dev}}
"""
SIGHTLINE = """
[[scrape]]
job = "{job}"
interval = "1s"
timeout = "1s"
targets = ["{address}"]
labels = {{ env = "test" }}

[[scrape.metric_relabel]]
source_labels = ["__name__"]
regex = "go_memstats_.*"
action = "drop"

[[scrape.metric_relabel]]
source_labels = ["device"]
regex = "(.+)"
target_label = "dev"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def pages(answers: dict[str, Callable[[BaseHTTPRequestHandler], None]]) -> Iterator[str]:
    """A server with one answer for each path; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers[self.path](self)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            return

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"127.0.0.1:{server.server_port}"


def showing(body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """A page of the text format."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain; version=0.0.4")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def process(*command: str, log: Path) -> Iterator[None]:
    """A program that is stopped in the end."""
    with log.open("w") as file:
        started = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            yield
        finally:
            started.terminate()
            started.wait(30)


@contextmanager
def prometheus(program: str, folder: Path, config: str) -> Iterator[str]:
    """A Prometheus with this configuration; gives its URL."""
    port = free_port()
    (folder / "prometheus.yml").write_text(config)
    with process(
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        log=folder / "prometheus.log",
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def sightline(folder: Path, config: str) -> Iterator[Program]:
    """The real program with this settings file."""
    (folder / "sightline.toml").write_text(config)
    with running(folder / "data", "--config", str(folder / "sightline.toml"), *QUIET) as program:
        yield program


def series(url: str, job: str) -> dict[tuple[tuple[str, str], ...], str]:
    """Every series of a job, and its present value as text."""
    query = urllib.parse.urlencode({"query": f'{{job="{job}"}}', "time": time.time()})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=30) as answer:
            found = json.loads(answer.read())["data"]["result"]
    except OSError:
        return {}  # not up yet
    return {tuple(sorted(one["metric"].items())): one["value"][1] for one in found}


def name_of(labels: tuple[tuple[str, str], ...]) -> str:
    return dict(labels)["__name__"]


def test_a_recorded_page_is_stored_as_prometheus_stores_it(
    tmp_path: Path, require_binary: Callable[[str, str], str], recorded_data: Path
) -> None:
    """Every series that Prometheus has of node_exporter's page is there with the same labels and the same value, and no other."""
    body = (recorded_data / "exposition" / "node_exporter_e2e-output.txt").read_bytes()
    program = require_binary("prometheus", "prometheus")
    with pages({"/metrics": showing(body)}) as address:
        config = {"job": "recorded", "address": address}
        with (
            prometheus(program, tmp_path, PROMETHEUS.format(**config)) as theirs,
            sightline(tmp_path, SIGHTLINE.format(**config)) as ours,
        ):
            until(lambda: len(series(theirs, "recorded")) > 2000 and len(series(ours.url, "recorded")) > 2000)
            expected, found = series(theirs, "recorded"), series(ours.url, "recorded")
    assert set(found) == set(expected)
    different = {
        labels: (value, expected[labels])
        for labels, value in found.items()
        if value != expected[labels] and name_of(labels) not in MOVING
    }
    assert different == {}


def test_node_exporter_is_stored_as_prometheus_stores_it(
    tmp_path: Path, require_binary: Callable[[str, str], str]
) -> None:
    """Label sets agree, and so do the values of everything that stands still."""
    exporter = require_binary("prometheus-node-exporter", "prometheus-node-exporter")
    address = f"127.0.0.1:{free_port()}"
    config = {"job": "exporter", "address": address}
    still = {"node_uname_info", "node_memory_MemTotal_bytes", "node_boot_time_seconds", "node_os_info", "up"}
    with (
        process(exporter, f"--web.listen-address={address}", log=tmp_path / "exporter.log"),
        prometheus(require_binary("prometheus", "prometheus"), tmp_path, PROMETHEUS.format(**config)) as theirs,
        sightline(tmp_path, SIGHTLINE.format(**config)) as ours,
    ):

        def agree() -> bool:
            expected, found = series(theirs, "exporter"), series(ours.url, "exporter")
            stands = {labels: value for labels, value in expected.items() if name_of(labels) in still}
            return len(expected) > 200 and set(found) == set(expected) and stands.items() <= found.items()

        until(agree, 60)


def test_bad_targets_are_down_with_a_reason_and_good_ones_on_time(tmp_path: Path) -> None:
    """Hanging, endless, lying, torn, looping and absent targets are each their own `up 0`; the one beside them is scraped on."""
    release = threading.Event()

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/plain; version=0.0.4")
        handler.end_headers()
        try:
            while not release.is_set():
                handler.wfile.write(b"a 1\n" * 1000)
        except OSError:
            return

    def hanging(_: BaseHTTPRequestHandler) -> None:
        release.wait(60)

    def lying(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(b"<html>")

    def looping(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", handler.path)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    answers = {
        "/good": showing(b"beat 1\n"),
        "/endless": endless,
        "/hanging": hanging,
        "/lying": lying,
        "/torn": showing(b"whole 1\nhal"),
        "/looping": looping,
    }
    expected = {
        "/endless": "body_size_limit",
        "/hanging": "timeout of 2s",
        "/lying": "text/html",
        "/torn": "line 2",
        "/looping": "redirects",
        "/absent": "refuses the connection",
    }
    with pages(answers) as address:
        jobs = [
            f'[[scrape]]\njob = "{path}"\ninterval = "2s"\ntimeout = "2s"\nbody_size_limit = "1MB"\n'
            f'metrics_path = "{path}"\ntargets = ["{address if path in answers else "127.0.0.1:1"}"]\n'
            for path in ("/good", *expected)
        ]
        try:
            with sightline(tmp_path, "\n".join(jobs)) as program:

                def state() -> dict[str, dict[str, Any]]:
                    active = program.get("/api/v1/targets")["data"]["activeTargets"]
                    return {one["scrapePool"]: one for one in active}

                until(lambda: all(one["health"] != "unknown" for one in state().values()))
                found = state()
                assert {path: said for path, said in expected.items() if said not in found[path]["lastError"]} == {}, (
                    found
                )
                assert found["/good"]["health"] == "up"
                ups = program.get("/api/v1/query", query="up")["data"]["result"]
                assert {one["metric"]["job"]: one["value"][1] for one in ups} == {
                    "/good": "1",
                    **dict.fromkeys(expected, "0"),
                }
                count = 'count_over_time(beat{job="/good"}[1h])'
                until(lambda: int(program.get("/api/v1/query", query=count)["data"]["result"][0]["value"][1]) >= 4)
        finally:
            release.set()


def test_targets_of_a_file_come_and_go_while_the_program_runs(tmp_path: Path) -> None:
    """What is written into a target file is scraped soon, what is taken out is marked stale, and a restart doubles nothing."""
    targets = tmp_path / "targets.json"
    targets.write_text("[]")
    config = '[[scrape]]\njob = "files"\ninterval = "1s"\ntimeout = "1s"\nfiles = ["targets.json"]\n'
    with pages({"/metrics": showing(b"seen 1\n")}) as address:
        with sightline(tmp_path, config) as program:
            assert program.get("/api/v1/targets")["data"]["activeTargets"] == []
            targets.write_text(json.dumps([{"targets": [address], "labels": {"env": "file"}}]))
            until(lambda: bool(program.get("/api/v1/query", query='seen{env="file"}')["data"]["result"]))
            assert program.get("/api/v1/scrape_pools")["data"] == {"scrapePools": ["files"]}
            program.stop()
        with sightline(tmp_path, config) as program:
            until(lambda: bool(program.get("/api/v1/query", query="up{env='file'}")["data"]["result"]))
            assert len(program.get("/api/v1/series", **{"match[]": "seen"})["data"]) == 1
            targets.write_text("[]")
            until(lambda: not program.get("/api/v1/query", query='seen{env="file"}')["data"]["result"])
            assert program.get("/api/v1/targets")["data"]["activeTargets"] == []
