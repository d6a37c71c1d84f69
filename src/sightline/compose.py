"""The composition root: settings become a running program. The only place that knows which adapter plays which role.

Everything is opened in order, and its undo is registered the moment it exists; stopping runs the undos backwards. A start that
fails half-way undoes what it did. It can start and stop many times in one process.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from sightline import __version__
from sightline.adapters.inbound import jobs
from sightline.adapters.inbound.http.access import check_listener, read_token
from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.serving import bind, serving, url
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.ticker import First, Ticker
from sightline.adapters.outbound.clickhouse.embedded import EngineLimits
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.files.dashboards import DashboardFiles
from sightline.adapters.outbound.files.folder import DataFolder
from sightline.adapters.outbound.files.journal import FileJournal
from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.notifiers.console import ConsoleNotifier
from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.adapters.outbound.sources.host.source import HostSource
from sightline.adapters.outbound.sources.own import OwnMetrics
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.adapters.outbound.system.disk import SystemDisk
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.adapters.wire import dashboard as dashboard_text
from sightline.application.collect import Collect
from sightline.application.define import Codec, DefineDashboards
from sightline.application.evaluate import Evaluate
from sightline.application.flush import Flush, FlushPolicy
from sightline.application.ingest import Ingest, IngestLimits
from sightline.application.notify import Notify
from sightline.application.query import Query, QueryLimits
from sightline.application.record import Record
from sightline.application.recover import Recovered, recover
from sightline.application.retain import Retain
from sightline.application.search import Search, SearchLimits
from sightline.application.tail import Tail as LiveTail
from sightline.domain.alerts.builtin import builtin_rules
from sightline.domain.alerts.cooldown import Pace
from sightline.domain.breaker import BreakerState
from sightline.domain.dashboards.ready_made import READY_MADE
from sightline.domain.errors import SettingsInvalid
from sightline.domain.kernels.compiled import start_compiling
from sightline.domain.labels import LabelLimits
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import LOCAL
from sightline.settings.schema import Settings

_DECODERS: Final = ("sightline.adapters.wire.remote_write_scan",)
"""Modules outside the domain that register kernels."""
_THREADS: Final = 2
_FLUSH_EVERY: Final = 1.0
_NOTIFY_EVERY: Final = 1.0
_WATCH_DISK_EVERY: Final = 5.0
# What stopping gives requests under way, and again the last flush: with the rest it stays below five seconds.
_DRAIN_SECONDS: Final = 2

_log = structlog.get_logger("sightline")


@dataclass(frozen=True, slots=True)
class Running:
    """A started program. `url` is where it listens, port 0 resolved."""

    url: str
    recovered: Recovered


@asynccontextmanager
async def start(settings: Settings) -> AsyncIterator[Running]:
    """Start the program, and stop it when the context ends.

    Raises:
        SettingsInvalid, DataFolderLocked, DataFolderTooNew, StorageFull, Unavailable: it cannot start; nothing is left open.
    """
    async with AsyncExitStack() as stack:
        yield await _open(settings, stack)
        _log.info("stopping")


async def _open(settings: Settings, stack: AsyncExitStack) -> Running:
    host, port = _address(settings.listen)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure)
    door = _door_settings(settings, host)
    listener = stack.enter_context(bind(host, port))
    folder = await asyncio.to_thread(DataFolder.open, settings.data, __version__)
    stack.callback(folder.close)
    threads = stack.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="work"))
    clock, telemetry, bus = SystemClock(), PrometheusTelemetry(), MemoryBus()
    stack.callback(bus.close)

    store = await ClickHouseSeries.open(
        folder.path / "clickhouse",
        retention=settings.retention,
        limits=_engine_limits(settings),
        program=__version__,
    )
    stack.push_async_callback(store.close)
    journal = _journal(settings, folder)
    stack.push_async_callback(journal.close)
    tail = Tail()
    recovered = await asyncio.to_thread(recover, journal, tail)

    retain = Retain(SystemDisk(folder.path), telemetry, settings.disk.min_free)
    await retain.run_once()
    ingest = Ingest(journal, tail, bus, clock, retain, telemetry, _ingest_limits(settings), recovered.position)
    flush = Flush(journal, tail, store, clock, telemetry, _flush_policy(settings), threads, recovered.pending)
    stack.push_async_callback(_drain, ingest, flush)

    reader = TieredSeries(tail, store, threads)
    query = Query(series=reader, clock=clock, telemetry=telemetry, executor=threads, limits=_query_limits(settings))
    notify = Notify([ConsoleNotifier(sys.stderr)], clock, telemetry, Pace(cooldown=settings.alerts.cooldown))
    catalog = MemoryCatalog()
    evaluate = Evaluate(query, catalog, bus, notify, clock, telemetry)
    await evaluate.install(LOCAL, builtin_rules(settings.alerts.cpu_threshold, settings.alerts.memory_threshold))

    dashboards = DefineDashboards(
        catalog,
        DashboardFiles(settings.dashboards.files),
        READY_MADE,
        Codec(dashboard_text.to_json, dashboard_text.from_json),
    )
    stopping = asyncio.Event()
    use_cases = UseCases(
        query=query,
        search=Search(reader, SearchLimits(settings.search.max_results)),
        ingest=ingest,
        alerts=evaluate,
        dashboards=dashboards,
        tail=LiveTail(bus, clock),
        clock=clock,
        telemetry=telemetry,
        rules_every=settings.alerts.interval.seconds,
        readiness=lambda: "stopping" if stopping.is_set() else None,
        health=lambda: _health(flush, retain, journal),
    )
    await stack.enter_async_context(serving(build(use_cases, door), door, listener, drain_seconds=_DRAIN_SECONDS))
    start_compiling(_DECODERS)  # only now, so that it does not hold up the start
    stack.callback(bus.close)  # before the door drains, so that live streams end
    stack.callback(stopping.set)

    host_source = HostSource(clock, settings.host.instance)
    own = OwnMetrics(telemetry, clock, f"{settings.host.instance or socket.gethostname()}:{listener.getsockname()[1]}")
    collect = Collect((host_source, own), ingest, clock, telemetry)
    ticker = await stack.enter_async_context(Ticker(clock, telemetry))
    if settings.host.enabled:
        ticker.every(settings.host.interval.seconds, "collect host", jobs.collecting(collect, host_source))
    ticker.every(settings.own.interval.seconds, "collect own", jobs.collecting(collect, own))
    ticker.every(settings.alerts.interval.seconds, "evaluate alerts", jobs.evaluating(evaluate, Record(ingest)))
    ticker.every(_FLUSH_EVERY, "flush", jobs.flushing(flush))
    ticker.every(_WATCH_DISK_EVERY, "watch disk", retain.run_once, First.LATER)
    for channel, deliver in notify.jobs().items():
        ticker.every(_NOTIFY_EVERY, f"notify {channel}", deliver)
    return Running(url(listener), recovered)


async def _drain(ingest: Ingest, flush: Flush) -> None:
    """Bring to the store what is acknowledged; what does not get there in time waits in the log for the next start."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await ingest.drain()
            await flush.drain()
    except TimeoutError:
        _log.warning("stopped before everything was in the store; the rest is in the write-ahead log")


def _health(flush: Flush, retain: Retain, journal: FileJournal) -> Mapping[str, str]:
    """Each part with `ok`, or what is wrong with it."""
    away = flush.breaker is not BreakerState.CLOSED
    return {
        "log": journal.failure or "ok",
        "store": f"does not take samples: {flush.problem}" if away else "ok",
        "disk": "at its watermark: samples are refused" if retain.full else "ok",
    }


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise SettingsInvalid(f"listen = {listen!r} is not an address and port such as 127.0.0.1:8080", key="listen")
    return host.strip("[]"), int(port)


def _door_settings(settings: Settings, host: str) -> DoorSettings:
    http = settings.http
    return DoorSettings(
        host=host,
        token=None if http.token_file is None else read_token(http.token_file),
        allowed_hosts=http.allowed_hosts,
        allowed_origins=http.allowed_origins,
        max_body_bytes=http.max_body_bytes,
        max_decompressed_bytes=http.max_decompressed_bytes,
        max_request_samples=settings.intake.request_samples,
        max_form_bytes=http.max_form_bytes,
        max_inflight_bytes=http.max_inflight_bytes,
        read_timeout=http.read_timeout.seconds,
        max_websockets=http.max_websockets,
        version=__version__,
    )


def _journal(settings: Settings, folder: DataFolder) -> FileJournal:
    return FileJournal(
        folder.path / "wal",
        fsync=settings.wal.fsync.interval,
        segment_bytes=settings.wal.segment_bytes,
        max_bytes=settings.wal.max_bytes,
    )


def _engine_limits(settings: Settings) -> EngineLimits:
    return EngineLimits(query_memory=int(settings.query.memory), query_seconds=settings.query.timeout.seconds)


def _ingest_limits(settings: Settings) -> IngestLimits:
    intake = settings.intake
    return IngestLimits(
        labels=LabelLimits(intake.labels, intake.label_name_bytes, intake.label_value_bytes),
        retention=settings.retention,
        ahead=intake.ahead,
        unflushed_samples=intake.unflushed_samples,
    )


def _flush_policy(settings: Settings) -> FlushPolicy:
    return FlushPolicy(settings.flush.rows, settings.flush.bytes, settings.flush.age.seconds)


def _query_limits(settings: Settings) -> QueryLimits:
    query = settings.query
    return QueryLimits(
        max_points=query.max_points,
        max_samples=query.max_samples,
        timeout=query.timeout.seconds,
        concurrency=query.concurrency,
        queue=query.queue,
        lookback=query.lookback,
        max_length=query.max_length,
        max_depth=query.max_depth,
    )
