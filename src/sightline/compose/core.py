"""Storage, and the way into and out of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import structlog

from sightline import __version__
from sightline.adapters.outbound.clickhouse.database import ClickHouseDatabase
from sightline.adapters.outbound.clickhouse.probe_history import ClickHouseProbeHistory
from sightline.adapters.outbound.clickhouse.schema import Retention
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.clickhouse.spans import ClickHouseSpans
from sightline.adapters.outbound.files.folder import DataFolder
from sightline.adapters.outbound.files.journal import FileJournal
from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.adapters.outbound.sql.checks import SqlChecks
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.incidents import SqlIncidents
from sightline.adapters.outbound.sql.standings import SqlStandings
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.adapters.outbound.system.disk import SystemDisk
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application.delete import Delete
from sightline.application.exemplify import Exemplify
from sightline.application.flush import Flush
from sightline.application.ingest import Ingest
from sightline.application.offload import Offload
from sightline.application.recover import Recovered, recover
from sightline.application.retain import Retain
from sightline.compose.limits import engine_limits, flush_policy, ingest_limits, label_limits, text_limits
from sightline.domain.metrics.exemplar_ring import ExemplarRing
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.metrics.hot import HotTier
from sightline.domain.metrics.index import LabelIndex
from sightline.domain.metrics.roster import Rosters
from sightline.domain.metrics.tail import Tail
from sightline.settings.schema import Settings

_log = structlog.get_logger("sightline")

_CATALOG: Final = "catalog.sqlite"
_TABLES: Final = "clickhouse"
"""What a data folder holds beside the log."""
_THREADS: Final = 2
_DECODING_THREADS: Final = 4
# What stopping gives requests under way, and again the last flush: with the rest it stays below five seconds.
DRAIN_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Core:
    """What everything else stands on: storage, and the way into and out of it."""

    clock: SystemClock
    telemetry: PrometheusTelemetry
    bus: MemoryBus
    threads: ThreadPoolExecutor
    database: SqlDatabase
    journal: FileJournal
    retain: Retain
    freshness: Freshness
    ingest: Ingest
    offload: Offload
    exemplars: Exemplify
    reader: TieredSeries
    flush: Flush
    delete: Delete
    copy: Callable[[str], Awaitable[None]]
    recovered: Recovered
    checks: SqlChecks
    standings: SqlStandings
    incidents: SqlIncidents
    probe_history: ClickHouseProbeHistory
    spans: ClickHouseSpans


async def open_core(settings: Settings, stack: AsyncExitStack) -> Core:
    """Open the data folder and take up where the last run ended."""
    folder = await asyncio.to_thread(DataFolder.open, settings.data, __version__)
    stack.callback(folder.close)
    database = await SqlDatabase.open(folder.path / _CATALOG)
    stack.push_async_callback(database.close)
    threads = stack.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="work"))
    clock, telemetry, bus = SystemClock(), PrometheusTelemetry(), MemoryBus()
    stack.callback(bus.close)
    retention = Retention(settings.retention, settings.checks.retention, settings.traces.retention)
    tables = await ClickHouseDatabase.open(folder.path / _TABLES, retention, engine_limits(settings), __version__)
    stack.push_async_callback(tables.close)
    store = await ClickHouseSeries.on(tables, recent_bytes=settings.hot.chunk_bytes)
    journal = _journal(settings, folder)
    stack.push_async_callback(journal.close)
    rosters = Rosters()
    index, hot = LabelIndex(settings.index.max_bytes, rosters), HotTier(settings.hot.max_bytes)
    tail = Tail(index.learn, rosters)
    recovered = await asyncio.to_thread(recover, journal, tail)
    retain = Retain(SystemDisk(folder.path), telemetry, settings.disk.min_free)
    await retain.run_once()
    freshness = Freshness()
    ingest = Ingest(
        journal,
        tail,
        bus,
        clock,
        retain,
        telemetry,
        ingest_limits(settings),
        recovered.position,
        freshness=freshness,
        rosters=rosters,
    )
    decoding = stack.enter_context(ThreadPoolExecutor(_DECODING_THREADS, thread_name_prefix="decode"))
    reader = TieredSeries(tail, store, threads, hot, index)
    sealing = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="seal"))  # which no query can keep waiting
    flush = Flush(journal, tail, reader, clock, telemetry, flush_policy(settings), sealing, recovered.pending)
    stack.push_async_callback(_drain, ingest, flush)
    exemplars = Exemplify(
        ExemplarRing(settings.exemplars.max),
        telemetry,
        label_limits(settings),
        text_limits(settings),
        clock=clock,
        ahead=ingest_limits(settings).ahead,
    )
    delete = Delete(reader, flush, freshness, clock, store.clean)

    async def copy(name: str) -> None:
        with folder.snapshot(name) as fresh:
            await database.copy_to(fresh / _CATALOG)
            await tables.copy_to(fresh / _TABLES)

    return Core(
        clock,
        telemetry,
        bus,
        threads,
        database,
        journal,
        retain,
        freshness,
        ingest,
        Offload(time.thread_time, decoding),
        exemplars,
        reader,
        flush,
        delete,
        copy,
        recovered,
        SqlChecks(database),
        SqlStandings(database),
        SqlIncidents(database),
        ClickHouseProbeHistory(tables),
        ClickHouseSpans(tables),
    )


async def _drain(ingest: Ingest, flush: Flush) -> None:
    """Bring to the store what is acknowledged; what does not get there in time waits in the log for the next start."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await ingest.drain()
            await flush.drain()
    except TimeoutError:
        _log.warning("stopped before everything was in the store; the rest is in the write-ahead log")


def _journal(settings: Settings, folder: DataFolder) -> FileJournal:
    return FileJournal(
        folder.path / "wal",
        fsync=settings.wal.fsync.interval,
        segment_bytes=settings.wal.segment_bytes,
        max_bytes=settings.wal.max_bytes,
    )
