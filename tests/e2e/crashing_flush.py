"""Processes that store three months of samples and die after a named step of a flush, and others that finish what they left.

python crashing_flush.py FOLDER STEP...     for each step, in a folder of its own: ingest, flush, and die by SIGKILL after the
                                            step; then recover and flush everything

Prints by step how the two lives ended and what is stored, as JSON. Each life is a fork: modules are loaded once for all.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.files.journal import FileJournal
from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.disk import MemoryDisk
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application.flush import Flush, FlushPolicy
from sightline.application.ingest import Ingest, IngestLimits
from sightline.application.recover import recover
from sightline.application.retain import Retain
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.native_histograms import MARK, Buckets, Histograms, mark_mask
from sightline.domain.metrics.samples import Values, WriteBatch
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import ALL_TIME, DAY

SERIES, DAYS, BATCHES = 20, 92, 6
START = 1_750_000_000_000  # 15 June 2025, so that 92 days touch four months


def batch(number: int) -> WriteBatch:
    """Every series once a day; the value tells series, day and batch, so that nothing can stand in for anything else.

    Every fourth series is one of native histograms, which have this as their count and twice as their sum.
    """
    labels = tuple(Labels.of(__name__=f"m{s % 3}", series=str(s), batch=str(number)) for s in range(SERIES))
    series = np.repeat(np.arange(SERIES, dtype=np.uint32), DAYS)
    days = np.tile(np.arange(DAYS, dtype=np.int64), SERIES)
    values = (series * 1_000_000 + days * 1000 + number).astype(np.float64)
    native = series % 4 == 0
    counts = values[native]
    buckets = Buckets(np.arange(len(counts) + 1), (days[native] % 9).astype(np.int32), counts)
    zeros = np.zeros(len(counts))
    histograms = Histograms(
        np.full(len(counts), 3, np.int8),
        np.zeros(len(counts), np.uint8),
        zeros,
        zeros,
        counts,
        2 * counts,
        buckets,
        Buckets.none(len(counts)),
        np.zeros(len(counts) + 1, np.int64),
        np.empty(0),
    )
    return WriteBatch(labels, series, START + days * DAY, np.where(native, MARK, values), histograms)


def told(values: Values, histograms: Histograms) -> list[float]:
    """The numbers that samples tell, in ascending order."""
    found = values.copy()
    assert (histograms.positive.counts == histograms.count).all()
    found[mark_mask(values)] = histograms.sum / 2
    return sorted(found.tolist())


async def run(folder: Path, die_after: str | None) -> None:
    """One life of the process."""

    def after_step(step: str) -> None:
        if step == die_after:
            os.kill(os.getpid(), signal.SIGKILL)

    keep = 100 * 365 * DAY
    store = await ClickHouseSeries.open(folder / "clickhouse", retention=keep, after_step=after_step)
    journal = FileJournal(folder / "wal", segment_bytes=100_000)
    tail, telemetry, clock = Tail(), MemoryTelemetry(), SystemClock()
    found = recover(journal, tail)
    with ThreadPoolExecutor(2) as threads:
        retain = Retain(MemoryDisk(), telemetry, 0)
        limits = IngestLimits(retention=keep)
        ingest = Ingest(journal, tail, MemoryBus(), clock, retain, telemetry, limits, found.position)
        policy = FlushPolicy(rows=2 * SERIES * DAYS)
        flush = Flush(journal, tail, store, clock, telemetry, policy, threads, found.pending, after_step)
        if die_after is not None:
            for number in range(BATCHES):
                await ingest(Principal("test", Tenant("ab"[number % 2])), batch(number))
        await flush.drain()
        reader = TieredSeries(tail, store, threads)
        seen = {tenant: await contents(reader, Tenant(tenant)) for tenant in "ab"}
        rows = (await store._engine.read("SELECT toInt64(sum(samples)) AS rows FROM chunks")).column("rows")[0].as_py()
        sql = "SELECT toInt64(sum(length(times))) AS rows FROM histograms FINAL"
        histograms = (await store._engine.read(sql)).column("rows")[0].as_py()
        outcome = {
            "seen": seen,
            "rows": rows,
            "histograms": histograms,
            "waiting": tail.rows,
            "pending": len(found.pending),
        }
        (folder / "outcome.json").write_text(json.dumps(outcome))
    await journal.close()
    await store.close()


async def contents(reader: TieredSeries, tenant: Tenant) -> list[float]:
    """All values of a tenant, sorted."""
    anything = (Matcher("series", MatchOp.NOT_EQUAL, ""),)
    found = await reader.select(tenant, anything, ALL_TIME, 10**7)
    return told(found.values, found.histograms)


def live(folder: Path, die_after: str | None) -> None:
    """All that a process does."""
    asyncio.run(run(folder, die_after))


def life(folder: Path, die_after: str | None) -> int | None:
    """One life in a process of its own; gives its exit code, or less than zero for the signal that it died of."""
    process = multiprocessing.get_context("fork").Process(target=live, args=(folder, die_after))
    process.start()
    process.join()
    return process.exitcode


def lives(folder: Path) -> dict[str, object]:
    """A life that dies and one that finishes; what the second found is told when it came to its end."""
    folder.mkdir()
    codes = life(folder, folder.name), life(folder, None)
    outcome = folder / "outcome.json"
    return {"codes": codes, "found": json.loads(outcome.read_text()) if outcome.exists() else None}


if __name__ == "__main__":
    json.dump({step: lives(Path(sys.argv[1]) / step) for step in sys.argv[2:]}, sys.stdout)
