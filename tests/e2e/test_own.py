"""Sightline observes itself: its metrics are stored, and its dashboard shows them."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial

import pytest
from tests.e2e.program import Program, running, until

from sightline.domain.dashboards.ready_made import SIGHTLINE

INTERVALS = {"$__rate_interval": "5s", "$__interval": "1s", "$__range": "1m"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program that stores its own metrics every second."""
    flags = ("--set", "own.interval=1s", "--set", "flush.age=1s", "--set", "host.interval=1s")
    with running(tmp_path_factory.mktemp("own") / "data", *flags) as started:
        yield started


def shows(program: Program, expr: str) -> bool:
    """Whether an expression of a panel has a value that can be drawn."""
    for name, value in INTERVALS.items():
        expr = expr.replace(name, value)
    result = program.get("/api/v1/query", query=expr)["data"]["result"]
    return any(one["value"][1] not in {"NaN", "+Inf"} for one in result)


def test_every_panel_has_data(program: Program) -> None:
    """Whatever the dashboard of the program itself asks, the program that runs has something to show for it."""
    old = urllib.request.Request(f"{program.url}/api/v1/import/prometheus", b"m 1 1000\n", method="POST")
    with (
        pytest.raises(urllib.error.HTTPError),
        urllib.request.urlopen(old, timeout=30),
    ):  # for a panel tells of refusals
        pass
    for panel in SIGHTLINE.panels:
        for query in panel.queries:
            until(partial(shows, program, query.expr))


def test_what_is_measured_is_stored(program: Program) -> None:
    """Every family of /metrics is a series of job `sightline` too, the version and the lag of the loop among them."""
    with urllib.request.urlopen(f"{program.url}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    families = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}
    assert {"sightline_build_info", "sightline_event_loop_lag_seconds", "process_cpu_seconds_total"} <= families

    def stored() -> set[str]:
        found = program.get("/api/v1/label/__name__/values", **{"match[]": '{job="sightline"}'})["data"]
        return {name.removesuffix("_bucket") for name in found}

    until(lambda: families <= stored())
