"""Queries of the whole program: asked again, shown while they run, logged when they are slow, ended when nobody waits."""

import socket
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
from tests.e2e.program import Program, running, until

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

QUIET = ("--set", "host.enabled=false", "--set", "containers.enabled=false")
SERIES = tuple(Labels.of(__name__="busy_total", n=f"{n:03}") for n in range(20))
STEP = 1_000


def written(start: int, count: int, value: float = 1.0) -> WriteBatch:
    """Counters that rise by `value`, one sample a second."""
    times = start + STEP * np.arange(count)
    return WriteBatch(
        SERIES,
        np.repeat(np.arange(len(SERIES), dtype=np.uint32), count),
        np.tile(times, len(SERIES)),
        np.tile(np.arange(count) * value, len(SERIES)),
    )


def outcomes(program: Program) -> dict[str, float]:
    """How often an earlier answer could be used."""
    found = program.get("/api/v1/query", query="sightline_query_cache_requests_total")["data"]["result"]
    return {one["metric"]["outcome"]: float(one["value"][1]) for one in found}


def test_a_query_asked_again_sees_all_that_was_acknowledged(tmp_path: Path) -> None:
    """A step later, after a late sample and after a second write of a timestamp the answer is what a whole evaluation gives."""
    # Answers are kept once it is settled whether kernels run as machine code, which rounds otherwise than their twins.
    environment = {"SIGHTLINE_JIT": "off"}
    with running(tmp_path / "data", *QUIET, "--set", "own.interval=200ms", environment=environment) as program:
        start = int(time.time()) * 1000 - 900_000
        program.write(written(start, 600))

        def ask(first: int, **more: str) -> object:
            end = first + 400 * STEP
            grid = {"start": str(first / 1000), "end": str(end / 1000), "step": str(STEP / 1000)}
            return program.get("/api/v1/query_range", query="rate(busy_total[30s])", **grid, **more)["data"]

        late = written(start + 300_500, 1, 77.0)
        for first, more in (
            (start + 50_000, None),
            (start + 50_000, None),
            (start + 51_000, None),
            (start + 51_000, late),
            (start + 60_000, written(start + 445_000, 1, 78.0)),
            (start + 60_000, written(start + 445_000, 1, 79.0)),
        ):
            if more is not None:
                program.write(more)
            assert ask(first) == ask(first, nocache="1")
        until(lambda: outcomes(program).get("extended", 0) >= 3)
        assert outcomes(program)["hit"] >= 1


def test_slow_queries_are_logged_and_shown(tmp_path: Path) -> None:
    """What took longer than it may stands in the log, in one line, and in the API, with who asked."""
    with running(
        tmp_path / "data", *QUIET, "--set", "query.log_slower_than=1ms", "--set", "log.format=json"
    ) as program:
        start = int(time.time()) * 1000 - 900_000
        program.write(written(start, 600))
        program.get(
            "/api/v1/query_range", query="sum(rate(busy_total[5m]))", start=start / 1000, end=start / 1000 + 800, step=1
        )
        (slow,) = [one for one in program.get("/api/v1/status/slow_queries")["data"] if "busy" in one["query"]]
        assert (slow["kind"], slow["series"], slow["samples"], slow["outcome"]) == ("range", 20, 12_000, "ok")
        assert slow["client"].startswith("Python-urllib")
        lines = [line for line in program.log.read_text().splitlines() if "slow query" in line]
        assert sum("sum(rate(busy_total[5m]))" in line for line in lines) == 1
        assert active(program) == []


def test_a_query_ends_when_its_client_leaves(tmp_path: Path) -> None:
    """A client that hangs up in the middle of an evaluation ends it."""
    with running(tmp_path / "data", *QUIET, "--set", "query.log_slower_than=1ms") as program:
        start = int(time.time()) * 1000 - 900_000
        program.write(written(start, 600))
        # 20 series at a million instants, each of which goes through 800 samples: minutes.
        endless = "sum(quantile_over_time(0.5, rate(busy_total[1m])[800s:1ms])) + sum(busy_total)"
        grid = {"start": start / 1000 + 800, "end": start / 1000 + 900, "step": 1}
        address = urlsplit(program.url)
        with socket.create_connection((address.hostname, address.port)) as client:
            query = urlencode({"query": endless, **grid})
            client.sendall(f"GET /api/v1/query_range?{query} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            until(lambda: [one["series"] for one in active(program)] == [20])
        until(lambda: active(program) == [])
        (gone,) = [one for one in program.get("/api/v1/status/slow_queries")["data"] if "quantile" in one["query"]]
        assert gone["outcome"] == "canceled"


def active(program: Program) -> list[dict[str, object]]:
    """The queries that run."""
    found: list[dict[str, object]] = program.get("/api/v1/status/active_queries")["data"]
    return [one for one in found if "busy" in str(one["query"])]
