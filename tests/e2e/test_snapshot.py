"""A snapshot of the real program, and a program that is started on it."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.e2e.program import Program, running

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.timerange import DAY, MINUTE

SETTINGS = ("http.admin=true", "host.enabled=false", "containers.enabled=false", "retention=90d", "flush.rows=1000")
FLAGS = tuple(word for setting in SETTINGS for word in ("--set", setting))
SERIES = tuple(Labels.of(__name__="demo", row=str(row)) for row in range(50))


def batch(now: int, value: float) -> WriteBatch:
    """Samples of today and of fifty days ago, which lie in different months."""
    times = np.concatenate([now - 50 * DAY + MINUTE * np.arange(20), now - MINUTE * np.arange(20)[::-1]])
    series = np.repeat(np.arange(len(SERIES), dtype=np.uint32), len(times))
    return WriteBatch(SERIES, series, np.tile(times, len(SERIES)), np.full(len(series), value))


def admin(program: Program, path: str, method: str = "POST") -> Any:
    """What the administration answers."""
    request = urllib.request.Request(f"{program.url}/api/v1/admin/tsdb/{path}", b"", method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        body = answer.read()
        return json.loads(body) if body else None


def rows(program: Program, now: int, tenant: str = "default") -> list[tuple[str, list[Any]]]:
    """Every sample of the metric."""
    found = program.get("/api/v1/query", tenant, query="demo[80d]", time=now / 1000 + 60)["data"]["result"]
    return [(one["metric"]["row"], one["values"]) for one in found]


def test_a_program_started_on_a_snapshot_has_every_sample(tmp_path: Path) -> None:
    """All that was acknowledged before is there, of each tenant, with what people defined; what came later, or went, is not."""
    folder = tmp_path / "data"
    with running(folder, *FLAGS) as program:
        now = int(program.get("/api/v1/query", query="time()")["data"]["result"][0] * 1000) // MINUTE * MINUTE
        assert program.write(batch(now, 1.0)) == 204
        assert program.write(batch(now, 2.0), tenant="other") == 204
        server = json.dumps({"hostname": "web-1"}).encode()
        request = urllib.request.Request(f"{program.url}/api/v1/servers", server, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status in {200, 201}
        admin(program, "delete_series?match%5B%5D=demo%7Brow%3D%221%22%7D")
        before = rows(program, now), rows(program, now, "other")
        assert [len(its) for its in before] == [49, 50]
        assert {len(values) for its in before for _, values in its} == {40}
        name = admin(program, "snapshot", "PUT")["data"]["name"]
        # What happens afterwards is no concern of the copy.
        admin(program, "delete_series?match%5B%5D=demo")
        admin(program, "clean_tombstones")
        assert rows(program, now) == []
        second = admin(program, "snapshot?skip_head=true")["data"]["name"]
        assert {one.name for one in (folder / "snapshots").iterdir()} == {name, second}
        assert not (folder / "clickhouse" / "shadow" / "snapshot").exists()
        with running(folder / "snapshots" / name, *FLAGS) as copy:
            assert (rows(copy, now), rows(copy, now, "other")) == before
            assert len(copy.get("/api/v1/series", **{"match[]": "demo"})["data"]) == 49
            assert [one["hostname"] for one in copy.get("/api/v1/servers")["servers"]] == ["web-1"]
            assert copy.write(batch(now, 3.0)) == 204
            assert {value for _, values in rows(copy, now) for _, value in values} == {"3"}
            assert copy.stop() == 0
        assert rows(program, now) == []
        assert rows(program, now, "other") == before[1]
        assert program.stop() == 0


def test_a_snapshot_is_refused_where_it_is_not_allowed(tmp_path: Path) -> None:
    """503 without http.admin, and nothing is made."""
    with running(tmp_path / "data") as program:
        with pytest.raises(urllib.error.HTTPError) as refused:
            admin(program, "snapshot")
        assert refused.value.code == 503
        refused.value.close()
    assert not (tmp_path / "data" / "snapshots").exists()
