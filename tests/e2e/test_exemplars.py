"""Exemplars beside a real Prometheus: scraped by both, and written on by it."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.e2e.program import Program, running, until
from tests.e2e.test_scrape import QUIET, free_port, pages, process, sightline

OWN = """
[[scrape]]
job = "traced"
interval = "1s"
timeout = "1s"
targets = ["{address}"]

[[scrape.metric_relabel]]
source_labels = ["__name__"]
regex = "dropped_total"
action = "drop"
"""
THEIRS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: traced
    static_configs: [{{targets: ["{address}"]}}]
    metric_relabel_configs:
      - {{source_labels: [__name__], regex: dropped_total, action: drop}}
remote_write:
  - url: {url}/api/v1/write
    send_exemplars: true
"""
PAGE = """# TYPE took_seconds histogram
took_seconds_bucket{{le="0.5"}} {stage} # {{trace_id="{stage:032x}",span_id="{stage:016x}"}} {value!r} {at}
took_seconds_bucket{{le="1.0"}} {stage} # {{trace_id="é"}} 0.67 {begun}
took_seconds_bucket{{le="+Inf"}} {stage} # {{}} 1e+30 {at}
took_seconds_count {stage}
took_seconds_sum 5
# TYPE calls counter
calls_total{{path="a # b"}} {stage} # {{trace_id="{long}"}} 1.0 {begun}
calls_total{{path="{{}}"}} {stage} # {{trace_id="{too_long}"}} 1.0 {begun}
calls_total{{path="back"}} {stage} # {{trace_id="back-{stage}"}} 1.0 {back}
# TYPE dropped counter
dropped_total {stage} # {{trace_id="dropped"}} 1.0 {begun}
# EOF
"""
STAGES = 3
QUERIES = (
    "took_seconds_bucket",
    'histogram_quantile(0.9, sum by (le) (rate(took_seconds_bucket{le!="+Inf"}[5m])))',
    "calls_total + on () group_left took_seconds_bucket",
    '{job="traced"}',
    "dropped_total",
    "test",
)


def page(begun: int, stage: int) -> bytes:
    """Exemplars that go on from stage to stage, stay, go backwards and are too long."""
    own = {"value": 0.1 * stage, "at": begun + stage, "back": begun - stage, "long": "é" * 120, "too_long": "é" * 121}
    return PAGE.format(stage=stage, begun=begun, **own).encode()


def asked(url: str, query: str, tenant: str = "default", **more: Any) -> Any:
    """The exemplars that an answer holds."""
    text = urllib.parse.urlencode({"query": query, **more})
    request = urllib.request.Request(f"{url}/api/v1/query_exemplars?{text}", headers={"X-Scope-OrgID": tenant})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["data"]


def is_at(url: str, stage: int) -> bool:
    """Whether a program has scraped the page of a stage."""
    text = urllib.parse.urlencode({"query": "took_seconds_count"})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{text}", timeout=30) as answer:
            found = json.loads(answer.read())["data"]["result"]
    except OSError:
        return False  # not up yet
    return [one["value"][1] for one in found] == [str(stage)]


def test_exemplars_are_those_that_prometheus_has(tmp_path: Path, require_binary: Callable[[str, str], str]) -> None:
    """What Sightline scrapes, and what Prometheus scrapes and writes on, are the exemplars that Prometheus itself answers with."""
    begun = int(time.time()) - 60
    stage = 1

    def show(handler: BaseHTTPRequestHandler) -> None:
        body = page(begun, stage)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with (
        pages({"/metrics": show}) as address,
        sightline(tmp_path, OWN.format(address=address)) as ours,
        running(tmp_path / "written", *QUIET) as written,
    ):
        port = free_port()
        (tmp_path / "prometheus.yml").write_text(THEIRS.format(address=address, url=written.url))
        with process(
            require_binary("prometheus", "prometheus"),
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--enable-feature=exemplar-storage",
            log=tmp_path / "prometheus.log",
        ):
            theirs = f"http://127.0.0.1:{port}"
            for stage in range(1, STAGES + 1):
                for url in (theirs, ours.url, written.url):
                    until(partial(is_at, url, stage))
            _compare((ours, written), theirs, begun)
        assert asked(ours.url, "took_seconds_bucket", tenant="other") == []


def _compare(programs: tuple[Program, Program], theirs: str, begun: int) -> None:
    expected = {query: asked(theirs, query) for query in QUERIES}
    counts = {query: sum(len(one["exemplars"]) for one in found) for query, found in expected.items()}
    assert counts == dict(zip(QUERIES, (7, 4, 9, 9, 0, 0), strict=True))
    for ours in programs:
        until(partial(_answers, ours.url, expected))
    for within in (
        {"start": begun, "end": begun + 1},
        {"start": begun + 1.5},
        {"end": begun - 1},
        {"start": 1000 * begun, "end": 1000 * begun + 5000},
    ):
        found = asked(theirs, QUERIES[3], **within)
        assert [asked(ours.url, QUERIES[3], **within) for ours in programs] == [found, found]


def _answers(url: str, expected: dict[str, Any]) -> bool:
    return {query: asked(url, query) for query in expected} == expected


def test_exemplars_can_be_turned_off(tmp_path: Path) -> None:
    """With exemplars.max = 0 samples are scraped and no exemplar is kept."""

    def show(handler: BaseHTTPRequestHandler) -> None:
        body = page(1_763_700_000, 1)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/openmetrics-text; version=1.0.0")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with pages({"/metrics": show}) as address:
        config = f"[exemplars]\nmax = 0\n{OWN.format(address=address)}"
        with sightline(tmp_path, config) as ours:
            until(lambda: is_at(ours.url, 1))
            assert asked(ours.url, QUERIES[3]) == []
            refused = f"{ours.url}/metrics"

            def counted() -> bool:
                with urllib.request.urlopen(refused, timeout=30) as answer:
                    return b'sightline_exemplars_refused_total{reason="off"}' in answer.read()

            until(counted)
