"""A real Prometheus takes over from Sightline what it scrapes at /federate."""

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from tests.e2e.program import Program, running, until

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch

CONFIG = """
scrape_configs:
  - job_name: federate
    scrape_interval: 1s
    honor_labels: true
    metrics_path: /federate
    params: {{"match[]": ['{{job=~"shop|cafe"}}', 'loose', 'odd_name']}}
    static_configs: [{{targets: ["{target}"]}}]
"""
SERIES = {
    Labels.of(__name__="up", job="shop", instance="a:1"): 1.0,
    Labels.of(__name__="requests_total", job="shop", instance="a:1", code="200"): 123456789.125,
    Labels.of(__name__="requests_total", job="cafe", code='5"0\\0\n', Zone="é"): 1e-300,
    Labels.of(__name__="loose"): float("inf"),
    Labels.of({"__name__": "odd_name", "dotted.label": "x"}): -0.5,
}


@pytest.fixture(scope="module")
def sightline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program that holds a sample of each series, and one series that has ended."""
    with running(tmp_path_factory.mktemp("sightline") / "data") as program:
        gone = Labels.of(__name__="gone", job="shop")
        labels, values = (*SERIES, gone), np.array([*SERIES.values(), STALE])
        now = np.full(len(labels), round(time.time() * 1000), np.int64)
        assert program.write(WriteBatch(labels, np.arange(len(labels), dtype=np.uint32), now, values)) == 204
        yield program


@pytest.fixture(scope="module")
def prometheus(
    sightline: Program, tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]
) -> Iterator[str]:
    """A Prometheus that scrapes nothing but Sightline's /federate."""
    program, folder = require_binary("prometheus", "prometheus"), tmp_path_factory.mktemp("prometheus")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "prom.yml").write_text(CONFIG.format(target=sightline.url.removeprefix("http://")))
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
            until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def answers(port: int) -> bool:
    """Whether it is ready for queries, which is later than that it listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def held(url: str) -> dict[tuple[tuple[str, str], ...], list[Any]]:
    """By labels, the samples of everything that was federated, times and all; without a job that of the scrape counts."""
    found = {}
    for selector in ('{job=~"shop|cafe"}', "loose", "odd_name"):
        text = urllib.parse.urlencode({"query": f"{selector}[10m]"})
        with urllib.request.urlopen(f"{url}/api/v1/query?{text}", timeout=10) as answer:
            for one in json.loads(answer.read())["data"]["result"]:
                # That version knows no dots in names, so that it is given underscores.
                labels = {"job": "federate"} | {name.replace(".", "_"): value for name, value in one["metric"].items()}
                found[tuple(sorted(labels.items()))] = one["values"]
    return found


def test_prometheus_holds_what_it_took_over(sightline: Program, prometheus: str) -> None:
    """Every series comes with the same labels, value and time, none with the instance of the scrape; what has ended does not."""
    until(lambda: len(held(prometheus)) == len(SERIES), 20)
    ours = held(sightline.url)
    assert len(ours) == len(SERIES)
    assert held(prometheus) == ours


def test_promtool_finds_nothing_wrong_with_the_page(
    sightline: Program, require_binary: Callable[[str, str], str]
) -> None:
    """`promtool check metrics` reads what is federated; all it misses is the help, which such a page does not have."""
    promtool = require_binary("promtool", "prometheus")
    with urllib.request.urlopen(f"{sightline.url}/federate?match[]=loose", timeout=10) as answer:
        page = answer.read()
    done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, timeout=30, check=False)
    assert done.stderr.decode().strip() == "loose no help text"
