"""Deletes in the real program: at once, for good, and of nothing else."""

import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.e2e.program import Program, running

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.timerange import HOUR, MINUTE

ADMIN = ("--set", "http.admin=true", "--set", "host.enabled=false", "--set", "containers.enabled=false")
SERIES = tuple(Labels.of(__name__="kept" if row % 2 else "gone", row=str(row)) for row in range(6))


def batch(now: int, value: float, labels: tuple[Labels, ...] = SERIES) -> WriteBatch:
    """Two hours of samples a minute apart, until now."""
    times = now - MINUTE * np.arange(120)[::-1]
    series = np.repeat(np.arange(len(labels), dtype=np.uint32), len(times))
    return WriteBatch(labels, series, np.tile(times, len(labels)), np.full(len(series), value))


def post(program: Program, path: str, **parameters: Any) -> int:
    """The status of a POST of the administration."""
    query = urllib.parse.urlencode(parameters, doseq=True)
    request = urllib.request.Request(f"{program.url}/api/v1/admin/tsdb/{path}?{query}", b"", method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def counts(program: Program, now: int) -> dict[str, int]:
    """How many samples each series has, by an instant query and by a range query, which are equal."""
    expression = '{__name__=~"gone|kept"}'
    found = program.get("/api/v1/query", query=f"{expression}[3h]", time=now / 1000)["data"]["result"]
    held = {one["metric"]["row"]: len(one["values"]) for one in found}
    grid: dict[str, Any] = {"start": now / 1000 - 7200 + 60, "end": now / 1000, "step": 60}
    for _ in range(2):  # the second time from an earlier answer
        query = f"sum by (row) (count_over_time({expression}[1m]))"
        ranged = program.get("/api/v1/query_range", query=query, **grid)["data"]["result"]
        assert {one["metric"]["row"]: len(one["values"]) for one in ranged} == held
    return held


def listed(program: Program) -> tuple[list[str], list[str]]:
    """The rows and names of series that are listed."""
    names = program.get("/api/v1/label/__name__/values", **{"match[]": '{row=~".+"}'})["data"]
    rows = program.get("/api/v1/series", **{"match[]": '{row=~".+"}'})["data"]
    return sorted(one["row"] for one in rows), names


@pytest.mark.parametrize("flush", ["30000", "1000"])
def test_deletes_hold_at_once_and_for_good(tmp_path: Path, flush: str) -> None:
    """In queries, cached ones too, and lists; after kill -9 and a restart; and again once everything is rewritten."""
    folder = tmp_path / "data"
    with running(folder, *ADMIN, "--set", f"flush.rows={flush}") as program:
        now = int(program.get("/api/v1/query", query="time()")["data"]["result"][0] * 1000) // HOUR * HOUR
        assert program.write(batch(now, 1.0)) == 204
        assert program.write(batch(now, 1.0), tenant="other") == 204
        assert counts(program, now) == dict.fromkeys("012345", 120)
        assert post(program, "delete_series", **{"match[]": ["gone", '{row="1"}']}) == 204
        assert counts(program, now) == dict.fromkeys("35", 120)
        half = (now - HOUR) / 1000
        assert post(program, "delete_series", **{"match[]": '{row="3"}', "start": half, "end": half + 1800}) == 204
        expected = {"3": 120 - 31, "5": 120}
        assert counts(program, now) == expected
        assert listed(program) == (["3", "5"], ["kept"])
        program.kill()

    with running(folder, *ADMIN) as program:
        assert counts(program, now) == expected
        assert listed(program) == (["3", "5"], ["kept"])
        other = program.get("/api/v1/query", tenant="other", query="gone[3h]", time=now / 1000)["data"]["result"]
        assert [len(one["values"]) for one in other] == [120] * 3
        # What comes now is kept, at times that were deleted.
        assert program.write(batch(now, 2.0, SERIES[:1])) == 204
        assert counts(program, now) == {"0": 120, **expected}
        assert post(program, "clean_tombstones") == 204
        assert counts(program, now) == {"0": 120, **expected}
        program.kill()

    with running(folder, *ADMIN) as program:
        assert counts(program, now) == {"0": 120, **expected}
        assert listed(program) == (["0", "3", "5"], ["gone", "kept"])
        assert program.stop() == 0
