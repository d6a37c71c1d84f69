"""Killed at any moment under load, the program has every acknowledged sample, once."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest
from tests.e2e.program import Program, running
from typing_extensions import override

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

WRITERS, SERIES, SAMPLES = 3, 10, 5
FLAGS = (
    "--set",
    "host.enabled=false",
    "--set",
    "flush.age=300ms",
    "--set",
    "flush.rows=2000",
    "--set",
    "wal.segment_bytes=200KiB",
)

COUNT_ROWS = """
import asyncio, pathlib, sys
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.domain.timerange import ALL_TIME
async def main():
    store = await ClickHouseSeries.open(pathlib.Path(sys.argv[1]))
    stored = await store._engine.read("SELECT toInt64(sum(samples)) AS rows FROM chunks")
    found = await store.runs(ALL_TIME)
    print(stored.column("rows")[0].as_py(), sum(run.samples for run in found.values()))
    await store.close()
asyncio.run(main())
"""


class Writer(threading.Thread):
    """Writes batches one after another and remembers which were acknowledged, until the program is gone."""

    def __init__(self, program: Program, name: str, first: int, base: int) -> None:
        super().__init__(name=name)
        self.program, self.number, self.base = program, first, base
        self.acknowledged: list[int] = []

    @override
    def run(self) -> None:
        """Write as fast as it goes."""
        try:
            while True:
                if self.program.write(batch(self.name, self.number, self.base)) == 204:
                    self.acknowledged.append(self.number)
                self.number += 1
        except OSError:
            return


def batch(writer: str, number: int, base: int) -> WriteBatch:
    """Batch `number` of a writer: its own timestamps, and values that tell series and number."""
    labels = tuple(Labels.of(__name__="load", writer=writer, series=str(s)) for s in range(SERIES))
    series = np.repeat(np.arange(SERIES, dtype=np.uint32), SAMPLES)
    times = base + number * SAMPLES + np.tile(np.arange(SAMPLES, dtype=np.int64), SERIES)
    return WriteBatch(labels, series, times, (series * 1_000_000 + times - base).astype(np.float64))


def wait_until(moment: float) -> None:
    """Let the load run up to a moment that is meant to be random."""
    threading.Event().wait(max(0.0, moment - time.monotonic()))


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=[pytest.mark.nightly, pytest.mark.timeout(900)])])
def test_kills_at_random_moments_under_load_lose_nothing_and_double_nothing(kills: int, tmp_path: Path) -> None:
    """After each kill -9 everything acknowledged so far is answered, value by value, and in the end stands in the store once."""
    random, folder = Random(20), tmp_path / "data"
    base = int(time.time() * 1000) - 3_600_000
    acknowledged: dict[str, list[int]] = {f"w{i}": [] for i in range(WRITERS)}
    following = dict.fromkeys(acknowledged, 0)
    for _ in range(kills):
        with running(folder, *FLAGS) as program:
            check(program, acknowledged, base)
            writers = [Writer(program, name, following[name], base) for name in acknowledged]
            for writer in writers:
                writer.start()
            wait_until(time.monotonic() + random.uniform(0.2, 1.2))
            program.kill()
            for writer in writers:
                writer.join()
                acknowledged[writer.name] += writer.acknowledged
                following[writer.name] = writer.number + 1
    assert all(acknowledged.values())
    with running(folder, *FLAGS) as program:
        check(program, acknowledged, base)
        assert program.stop() == 0
    counted = subprocess.run(
        [sys.executable, "-c", COUNT_ROWS, str(folder / "clickhouse")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    rows, keys = map(int, counted.stdout.split())
    assert rows == keys
    assert rows >= sum(map(len, acknowledged.values())) * SERIES * SAMPLES


def check(program: Program, acknowledged: dict[str, list[int]], base: int) -> None:
    """Every acknowledged sample is answered with its own value."""
    for writer, numbers in acknowledged.items():
        answer = program.get("/api/v1/query", query=f'load{{writer="{writer}"}}[2h]', time=time.time())
        found = {
            (int(one["metric"]["series"]), round(float(at) * 1000) - base): float(value)
            for one in answer["data"]["result"]
            for at, value in one["values"]
        }
        wanted = {
            (s, number * SAMPLES + i): float(s * 1_000_000 + number * SAMPLES + i)
            for number in numbers
            for s in range(SERIES)
            for i in range(SAMPLES)
        }
        missing = {key: value for key, value in wanted.items() if found.get(key) != value}
        assert not missing
