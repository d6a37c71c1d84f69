"""The composition root: settings become a running program. The only place that knows which adapter plays which role.

Everything is opened in order, and its undo is registered the moment it exists; stopping runs the undos backwards. A start that
fails half-way undoes what it did. It can start and stop many times in one process.
"""

import asyncio
import gc
import math
import platform
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import structlog

from sightline import __version__
from sightline.adapters.inbound import jobs
from sightline.adapters.inbound.cli.doctor.redact import redacted
from sightline.adapters.inbound.grpc.serving import Listening
from sightline.adapters.inbound.grpc.serving import serving as serving_grpc
from sightline.adapters.inbound.grpc.settings import GrpcSettings
from sightline.adapters.inbound.http.access import Access, check_listener, read_token
from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.asgi import App
from sightline.adapters.inbound.http.serving import bind, serving, url
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import Program, UseCases
from sightline.adapters.inbound.lag import measuring_lag
from sightline.adapters.inbound.lines.graphite import GraphiteLines
from sightline.adapters.inbound.lines.sockets import LineListener, Networks, networks
from sightline.adapters.inbound.lines.sockets import bind as bind_lines
from sightline.adapters.inbound.lines.sockets import check_open as check_lines
from sightline.adapters.inbound.lines.statsd import StatsdLines
from sightline.adapters.inbound.rule_groups import RuleLoop
from sightline.adapters.inbound.scraping import ScrapeLoop
from sightline.adapters.inbound.ticker import First, Ticker
from sightline.adapters.outbound.clickhouse.embedded import EngineLimits
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.files.dashboards import DashboardFiles
from sightline.adapters.outbound.files.folder import DataFolder
from sightline.adapters.outbound.files.journal import FileJournal
from sightline.adapters.outbound.files.rules import RuleFiles
from sightline.adapters.outbound.files.targets import TargetFiles
from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.scraper import MemoryScraper
from sightline.adapters.outbound.notifiers.console import ConsoleNotifier
from sightline.adapters.outbound.notifiers.webhook import WebhookNotifier, WebhookSettings
from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.adapters.outbound.sources.docker.source import DockerSource, Watched
from sightline.adapters.outbound.sources.host.described import METADATA as HOST_METADATA
from sightline.adapters.outbound.sources.host.source import HostSource
from sightline.adapters.outbound.sources.own import OwnMetrics
from sightline.adapters.outbound.sql.catalog import SqlCatalog
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.servers import SqlServers
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.adapters.outbound.system.disk import SystemDisk
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.adapters.wire import dashboard as dashboard_text
from sightline.adapters.wire import push_group
from sightline.adapters.wire.dotted_names import DottedNames, MappingMalformed
from sightline.adapters.wire.exposition_decoder import ExpositionDecoder
from sightline.adapters.wire.family_decoder import MetricFamilyDecoder
from sightline.adapters.wire.graphite import GraphiteDecoder
from sightline.adapters.wire.otlp_metrics import OtlpMetricsDecoder
from sightline.adapters.wire.otlp_series import Naming
from sightline.adapters.wire.statsd import StatsdDecoder
from sightline.application.absorb import Absorb
from sightline.application.accumulate import Accumulate
from sightline.application.adopt import Adopt
from sightline.application.collect import Collect
from sightline.application.count import Count
from sightline.application.define import Codec, DefineDashboards
from sightline.application.delete import Delete
from sightline.application.derive import Derive
from sightline.application.discover import Discover, ReadTargets
from sightline.application.evaluate import Evaluate
from sightline.application.exemplify import Exemplify
from sightline.application.federate import Federate
from sightline.application.flush import Flush, FlushPolicy
from sightline.application.follow import Follow
from sightline.application.ingest import Ingest, IngestLimits
from sightline.application.inspect import Inspect
from sightline.application.metadata import MetricMetadata
from sightline.application.notify import Notify
from sightline.application.push import GroupCodec, Push
from sightline.application.query import Query, QueryLimits
from sightline.application.read import Read, ReadLimits
from sightline.application.recall import Recall
from sightline.application.record import Record
from sightline.application.recover import Recovered, recover
from sightline.application.register import Register
from sightline.application.reload import Reload
from sightline.application.report import Report
from sightline.application.retain import Retain
from sightline.application.reuse import Reuse
from sightline.application.scrape import Scrape
from sightline.application.search import Search, SearchLimits
from sightline.application.snapshot import Snapshot
from sightline.application.tail import Tail as LiveTail
from sightline.application.watch import QueryRun, Watch
from sightline.domain.alerts.builtin import builtin_rules, container_rules
from sightline.domain.alerts.cooldown import Pace
from sightline.domain.alerts.group import Defaults
from sightline.domain.breaker import BreakerState
from sightline.domain.containers.thresholds import CPU_LABEL, MEMORY_LABEL, Thresholds
from sightline.domain.dashboards.ready_made import READY_MADE
from sightline.domain.errors import SettingsInvalid, SightlineError
from sightline.domain.kernels.compiled import start_compiling
from sightline.domain.labels import LabelLimits
from sightline.domain.metrics.exemplar_ring import ExemplarRing
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.metrics.hot import HotTier
from sightline.domain.metrics.index import LabelIndex
from sightline.domain.metrics.roster import Rosters
from sightline.domain.metrics.tail import Tail
from sightline.domain.promql.parse import TextLimits
from sightline.domain.push.groups import PushLimits
from sightline.domain.statsd.aggregates import Aggregates
from sightline.domain.tenancy import LOCAL, Principal
from sightline.ports.notifier import Notifier
from sightline.ports.rulebook import RulesRead
from sightline.ports.scraper import Scraper
from sightline.ports.telemetry import Instrument, Kind
from sightline.settings.schema import Settings
from sightline.settings.shown import plain

_KERNELS: Final = (
    "sightline.adapters.wire.family_scan",
    "sightline.adapters.wire.histogram_encode",
    "sightline.adapters.wire.histogram_scan",
    "sightline.adapters.wire.influx_exact",
    "sightline.adapters.wire.influx_scan",
    "sightline.adapters.wire.otlp_histograms",
    "sightline.adapters.wire.otlp_keys",
    "sightline.adapters.wire.otlp_scan",
    "sightline.adapters.wire.remote_read_chunks",
    "sightline.adapters.wire.remote_read_histograms",
    "sightline.adapters.wire.remote_read_samples",
    "sightline.adapters.wire.remote_write2_scan",
    "sightline.adapters.wire.remote_write2_symbols",
    "sightline.adapters.wire.remote_write_exemplars",
    "sightline.adapters.wire.remote_write_scan",
    "sightline.adapters.wire.remote_write_text",
    "sightline.adapters.outbound.clickhouse.map_column",
    "sightline.adapters.inbound.http.points",
)
"""Modules outside the domain that register kernels."""
_CATALOG: Final = "catalog.sqlite"
_TABLES: Final = "clickhouse"
"""What a data folder holds beside the log."""
_THREADS: Final = 2
_COLLECT: Final = (10_000, 20, 100)
"""Allocations before a garbage collection of the youngest objects, and how many of those before one of the older two ages."""
_STARTED_AFTER: Final = 4.0
"""Seconds until everything that is loaded after the door is open is there, the kernels last."""
# Of appends to the log: a report of one sample costs a fifth when five go out together, and none waits longer than this for it.
_PACE: Final = 0.0008
_BUILD: Final = Instrument(
    "sightline_build_info", "Which version runs, and on which Python; always 1.", Kind.GAUGE, ("version", "python")
)
_NATIVE: Final = "prometheus.listen"
_OTLP_HTTP: Final = "otlp.http_listen"
_OTLP_GRPC: Final = "otlp.grpc_listen"
_FLUSH_EVERY: Final = 1.0
_NOTIFY_EVERY: Final = 1.0
_REFILL_EVERY: Final = 30.0  # once done it is not done again
_WATCH_DISK_EVERY: Final = 5.0
_SETTLE_EVERY: Final = 10.0
_CLEAN_EVERY: Final = 600.0
# What stopping gives requests under way, and again the last flush: with the rest it stays below five seconds.
_DRAIN_SECONDS: Final = 2

_log = structlog.get_logger("sightline")


@dataclass(frozen=True, slots=True)
class Running:
    """A started program. url: where it listens, port 0 resolved. also: where else. reload: reads again what may change.

    grpc: where it listens for gRPC, soon after the start; None where it does not.
    """

    url: str
    recovered: Recovered
    reload: Callable[[], Awaitable[None]]
    also: tuple[str, ...] = ()
    grpc: Listening | None = None


def check(settings: Settings) -> None:
    """Refuse settings that fit one by one and would still not start; opens nothing.

    Raises:
        SettingsInvalid: as `start` would.
    """
    host, _ = _address(settings.listen)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure)
    _native_address(settings)
    _otlp_address(settings, _OTLP_HTTP, settings.otlp.http_listen)
    _otlp_address(settings, _OTLP_GRPC, settings.otlp.grpc_listen)
    for listener in _line_settings(settings):
        listener.address()
    _names(settings.graphite.mappings, "graphite.mappings")
    _names(settings.statsd.mappings, "statsd.mappings")
    _buckets(settings)
    _door_settings(settings, host)
    _notifiers(settings)
    _watched(settings)
    _require_rules(_rule_files(settings).read_now())


@asynccontextmanager
async def start(settings: Settings, leave: Callable[[], None] = lambda: None) -> AsyncIterator[Running]:
    """Start the program, and stop it when the context ends. leave: called when somebody asks that it be stopped.

    Raises:
        SettingsInvalid, DataFolderLocked, DataFolderTooNew, StorageFull, Unavailable: it cannot start; nothing is left open.
    """
    async with AsyncExitStack() as stack:
        yield await _open(settings, stack, leave)
        _log.info("stopping")


def _collect_rarely(stack: AsyncExitStack) -> None:
    """Full garbage collections stop everything: 0.7 s with 250,000 series, every half minute under Python's own thresholds."""
    stack.callback(gc.set_threshold, *gc.get_threshold())
    gc.set_threshold(*_COLLECT)
    # What a start leaves stays: going through it once took 80 ms, a quarter of a minute later.
    stack.callback(gc.unfreeze)
    stack.callback(asyncio.get_running_loop().call_later(_STARTED_AFTER, gc.freeze).cancel)


async def _open(settings: Settings, stack: AsyncExitStack, leave: Callable[[], None]) -> Running:
    host, port = _address(settings.listen)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure)
    door = _door_settings(settings, host)
    listener = stack.enter_context(bind(host, port))
    listeners = [listener]
    if native := _native_address(settings):
        listeners.append(stack.enter_context(bind(*native, _NATIVE)))
    listeners += _otlp_listener(settings, stack)
    lines = [(one, one.bound(stack)) for one in _line_settings(settings)]
    _collect_rarely(stack)
    core = await _core(settings, stack)
    parts = await _parts(settings, core, stack)
    stopping = asyncio.Event()
    use_cases = _use_cases(settings, core, parts, stopping)
    reload = Reload(use_cases.reload, core.clock, core.telemetry)
    program = _program(settings, core, reload)
    use_cases = replace(use_cases, reload=reload, leave=leave, program=program)
    await _serve(build(use_cases, door), door, listeners, stack)
    start_compiling(_KERNELS)  # only now, so that it does not hold up the start
    stack.callback(core.bus.close)  # before the door drains, so that live streams end
    stack.callback(stopping.set)
    stack.push_async_callback(parts.statsd.end)
    for given, sockets in lines:
        await _take_lines(given, sockets, core, parts, stack)
    await _start_jobs(settings, core, parts, listener.getsockname()[1], stack)
    listening = await _serve_grpc(settings, door, use_cases, stack)
    return Running(url(listener), core.recovered, reload, tuple(map(url, listeners[1:])), listening)


def _introduce(telemetry: PrometheusTelemetry) -> None:
    """Say which version runs."""
    telemetry.set(_BUILD, 1, (__version__, platform.python_version()))


async def _serve(app: App, door: DoorSettings, listeners: Sequence[socket.socket], stack: AsyncExitStack) -> None:
    """Open the door at every address."""
    for listener in listeners:
        await stack.enter_async_context(serving(app, door, listener, drain_seconds=_DRAIN_SECONDS))
    for listener in listeners[1:]:
        _log.info("also listening", url=url(listener))


async def _serve_grpc(
    settings: Settings, door: DoorSettings, use_cases: UseCases, stack: AsyncExitStack
) -> Listening | None:
    """Open the door for exporters that speak gRPC, unless the settings say no."""
    address = _otlp_address(settings, _OTLP_GRPC, settings.otlp.grpc_listen)
    if address is None:
        return None
    access = Access(replace(door, host=address[0]))

    def admit(metadata: Mapping[str, str]) -> Principal:
        headers = [(name.encode(), str(value).encode()) for name, value in metadata.items()]
        return access.principal({"type": "http", "path": "", "query_string": b"", "headers": headers})

    grpc = GrpcSettings(
        host=address[0],
        port=address[1],
        absorb=use_cases.absorb,
        admit=admit,
        telemetry=use_cases.telemetry,
        max_message_bytes=settings.http.max_decompressed_bytes,
        max_inflight_bytes=settings.http.max_inflight_bytes,
        drain_seconds=_DRAIN_SECONDS,
    )
    return await stack.enter_async_context(serving_grpc(grpc))


@dataclass(frozen=True, slots=True)
class _Core:
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
    exemplars: Exemplify
    reader: TieredSeries
    flush: Flush
    delete: Delete
    copy: Callable[[str], Awaitable[None]]
    recovered: Recovered


async def _core(settings: Settings, stack: AsyncExitStack) -> _Core:
    """Open the data folder and take up where the last run ended."""
    folder = await asyncio.to_thread(DataFolder.open, settings.data, __version__)
    stack.callback(folder.close)
    database = await SqlDatabase.open(folder.path / _CATALOG)
    stack.push_async_callback(database.close)
    threads = stack.enter_context(ThreadPoolExecutor(_THREADS, thread_name_prefix="work"))
    clock, telemetry, bus = SystemClock(), PrometheusTelemetry(), MemoryBus()
    stack.callback(bus.close)
    store = await ClickHouseSeries.open(
        folder.path / _TABLES,
        retention=settings.retention,
        limits=_engine_limits(settings),
        program=__version__,
        recent_bytes=settings.hot.chunk_bytes,
    )
    stack.push_async_callback(store.close)
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
        _ingest_limits(settings),
        recovered.position,
        freshness=freshness,
        rosters=rosters,
    )
    reader = TieredSeries(tail, store, threads, hot, index)
    sealing = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="seal"))  # which no query can keep waiting
    flush = Flush(journal, tail, reader, clock, telemetry, _flush_policy(settings), sealing, recovered.pending)
    stack.push_async_callback(_drain, ingest, flush)
    exemplars = Exemplify(
        ExemplarRing(settings.exemplars.max), telemetry, _label_limits(settings), _text_limits(settings)
    )
    delete = Delete(reader, flush, freshness, clock, store.clean)

    async def copy(name: str) -> None:
        with folder.snapshot(name) as fresh:
            await database.copy_to(fresh / _CATALOG)
            await store.copy_to(fresh / _TABLES)

    return _Core(
        clock,
        telemetry,
        bus,
        threads,
        database,
        journal,
        retain,
        freshness,
        ingest,
        exemplars,
        reader,
        flush,
        delete,
        copy,
        recovered,
    )


@dataclass(frozen=True, slots=True)
class _Scraping:
    """What scrapes: the targets, what they say of their metrics, and the loop, which still has to be entered."""

    follow: Follow
    metadata: MetricMetadata
    loop: ScrapeLoop


@dataclass(frozen=True, slots=True)
class _Rules:
    """What evaluates rule files: the groups that there are, and the loop, which still has to be entered."""

    adopt: Adopt
    loop: RuleLoop


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is both asked from outside and run by the ticker."""

    query: Query
    watch: Watch
    notify: Notify
    evaluate: Evaluate
    dashboards: DefineDashboards
    servers: Register
    scraping: _Scraping
    rules: _Rules
    docker: DockerSource
    push: Push
    graphite: GraphiteLines
    statsd: StatsdLines


async def _parts(settings: Settings, core: _Core, stack: AsyncExitStack) -> _Parts:
    clock, telemetry = core.clock, core.telemetry
    watch = Watch(clock, telemetry, settings.query.log_slower_than.seconds, _tell_of_slow)
    query = Query(
        series=core.reader,
        clock=clock,
        telemetry=telemetry,
        executor=core.threads,
        limits=_query_limits(settings),
        reuse=_reuse(settings, core),
        watch=watch,
    )
    notify = Notify(_notifiers(settings), clock, telemetry, Pace(cooldown=settings.alerts.cooldown))
    catalog = SqlCatalog(core.database)
    servers = Register(SqlServers(core.database), clock, _label_limits(settings), most=settings.servers.max)
    stack.push_async_callback(_settle, servers)
    return _Parts(
        query,
        watch,
        notify,
        Evaluate(query, catalog, core.bus, notify, clock, telemetry),
        DefineDashboards(
            catalog,
            DashboardFiles(settings.dashboards.files),
            READY_MADE,
            Codec(dashboard_text.to_json, dashboard_text.from_json),
        ),
        servers,
        await _scraping(settings, core, stack),
        await _rules(settings, core, query, notify),
        DockerSource(_watched(settings), clock, telemetry),
        _push(settings, core, catalog),
        _graphite(settings, core),
        _statsd(settings, core),
    )


def _use_cases(settings: Settings, core: _Core, parts: _Parts, stopping: asyncio.Event) -> UseCases:
    """What stands behind the door."""
    return UseCases(
        query=parts.query,
        read=_read(settings, core, parts.query),
        delete=core.delete,
        snapshot=Snapshot(core.flush, core.clock, core.copy, lambda: token_hex(8)),
        search=Search(core.reader, SearchLimits(settings.search.max_results)),
        ingest=core.ingest,
        push=parts.push,
        absorb=_absorb(settings, core, parts.scraping.metadata),
        exemplars=core.exemplars,
        alerts=parts.evaluate,
        dashboards=parts.dashboards,
        servers=parts.servers,
        report=Report(parts.servers, core.ingest, _label_limits(settings)),
        recall=_recall(settings, parts.servers, core.reader, core.clock),
        targets=parts.scraping.follow,
        containers=Inspect(parts.docker, parts.query, core.reader),
        metadata=parts.scraping.metadata,
        tail=LiveTail(core.bus, core.clock),
        watch=parts.watch,
        clock=core.clock,
        telemetry=core.telemetry,
        rules_every=settings.alerts.interval.seconds,
        count=Count(core.reader),
        federate=Federate(core.reader, core.clock, lookback=settings.query.lookback),
        rules=parts.rules.adopt,
        reload=parts.rules.loop.reload,
        readiness=lambda: "stopping" if stopping.is_set() else None,
        health=lambda: _health(core, parts.rules.loop),
    )


def _absorb(settings: Settings, core: _Core, metadata: MetricMetadata) -> Absorb:
    """What takes in what OpenTelemetry's exporters bring."""
    otlp = settings.otlp
    naming = Naming(
        frozenset(otlp.promote_resource_attributes), otlp.scope_labels, otlp.keep_identifying_resource_attributes
    )
    decoder = OtlpMetricsDecoder(naming, max_samples=settings.intake.request_samples)
    accumulate = Accumulate(core.ingest, core.reader, core.clock, core.telemetry, otlp.max_delta_series)
    return Absorb(decoder.decode, core.ingest, accumulate, core.exemplars, metadata)


async def _start_jobs(settings: Settings, core: _Core, parts: _Parts, port: int, stack: AsyncExitStack) -> None:
    """Everything that happens by itself, again and again."""
    _introduce(core.telemetry)
    await stack.enter_async_context(measuring_lag(core.clock, core.telemetry))
    clock, evaluate, docker = core.clock, parts.evaluate, parts.docker
    host = HostSource(clock, settings.host.instance)
    own = OwnMetrics(core.telemetry, clock, f"{settings.host.instance or socket.gethostname()}:{port}")
    collect = Collect((host, own, docker), core.ingest, clock, core.telemetry)
    ticker = await stack.enter_async_context(Ticker(clock, core.telemetry))
    if settings.host.enabled:
        ticker.every(settings.host.interval.seconds, "collect host", jobs.collecting(collect, host))
    if settings.containers.enabled:
        await stack.enter_async_context(docker)
        ticker.every(settings.containers.interval.seconds, "collect containers", jobs.collecting(collect, docker))
    ticker.every(settings.own.interval.seconds, "collect own", jobs.collecting(collect, own))
    # The catalog's driver takes half a second to load: not before the door is open and samples come in.
    await evaluate.install(LOCAL, builtin_rules(settings.alerts.cpu_threshold, settings.alerts.memory_threshold))
    await evaluate.install(LOCAL, container_rules())
    if settings.statsd.listen:
        ticker.every(settings.statsd.flush_interval.seconds, "store StatsD's sums", parts.statsd.flush, First.LATER)
    ticker.every(settings.push.interval.seconds, "store pushed groups", parts.push.repeat)
    ticker.every(settings.alerts.interval.seconds, "evaluate alerts", jobs.evaluating(evaluate, Record(core.ingest)))
    ticker.every(_REFILL_EVERY, "refill memory", lambda: core.reader.refill(clock.now()))
    ticker.every(settings.own.interval.seconds, "measure memory", lambda: core.reader.measure(core.telemetry))
    ticker.every(_FLUSH_EVERY, "flush", jobs.flushing(core.flush))
    ticker.every(_CLEAN_EVERY, "clean up deletes", jobs.cleaning(core.delete), First.LATER)
    ticker.every(_WATCH_DISK_EVERY, "watch disk", core.retain.run_once, First.LATER)
    ticker.every(_SETTLE_EVERY, "write last seen", parts.servers.settle, First.LATER)
    for channel, deliver in parts.notify.jobs().items():
        ticker.every(_NOTIFY_EVERY, f"notify {channel}", jobs.notifying(parts.notify, channel, deliver))
    await stack.enter_async_context(parts.scraping.loop)
    await stack.enter_async_context(parts.rules.loop)


async def _settle(servers: Register) -> None:
    """Write down when servers were last heard of; a catalog that cannot take it must not hold up the stop."""
    try:
        await servers.settle()
    except SightlineError as error:
        _log.warning("when servers were last heard of could not be written", reason=error.message)


async def _drain(ingest: Ingest, flush: Flush) -> None:
    """Bring to the store what is acknowledged; what does not get there in time waits in the log for the next start."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await ingest.drain()
            await flush.drain()
    except TimeoutError:
        _log.warning("stopped before everything was in the store; the rest is in the write-ahead log")


async def _scraping(settings: Settings, core: _Core, stack: AsyncExitStack) -> _Scraping:
    clock, telemetry = core.clock, core.telemetry
    metadata = MetricMetadata(telemetry, HOST_METADATA)
    scraper = await _scraper(settings, clock, stack)
    scrape = Scrape(scraper, core.ingest, metadata, clock, telemetry, exemplars=core.exemplars)
    follow = Follow(Discover(settings.scrape, _target_files(settings), telemetry), scrape)
    return _Scraping(follow, metadata, ScrapeLoop(follow, scrape, clock, telemetry))


async def _rules(settings: Settings, core: _Core, query: Query, notify: Notify) -> _Rules:
    """What evaluates rule files, all of which can be used.

    Raises:
        SettingsInvalid: one of them cannot.
    """
    files = _rule_files(settings)
    _require_rules(await files.read())
    derive = Derive(query, core.ingest, core.bus, notify, core.clock, core.telemetry)
    adopt = Adopt(files, derive, core.telemetry)
    concurrency = settings.rules.concurrency
    return _Rules(adopt, RuleLoop(adopt, derive, core.clock, core.telemetry, concurrency=concurrency))


def _rule_files(settings: Settings) -> RuleFiles:
    rules = settings.rules
    if rules.interval <= 0:
        raise SettingsInvalid("rules.interval is a time above 0s, such as 1m", key="rules.interval")
    return RuleFiles(rules.files, Defaults(rules.interval, rules.query_offset))


def _require_rules(read: RulesRead) -> None:
    """Refuse rule files that cannot be used."""
    if read.problems:
        raise SettingsInvalid("rule files cannot be used:\n  " + "\n  ".join(read.problems), key="rules.files")


async def _scraper(settings: Settings, clock: SystemClock, stack: AsyncExitStack) -> Scraper:
    if not settings.scrape:
        return MemoryScraper(clock)  # which no target asks
    from sightline.adapters.outbound.scraping.client import HttpScraper  # noqa: PLC0415 - its driver takes 0.4 s to load

    most = settings.intake.request_samples
    decoder, families = ExpositionDecoder(max_samples=most), MetricFamilyDecoder(max_samples=most)
    return await stack.enter_async_context(HttpScraper(decoder, __version__, families=families))


def _target_files(settings: Settings) -> dict[str, ReadTargets]:
    """How the target files of each job are read."""

    def reading(files: TargetFiles) -> ReadTargets:
        return lambda: asyncio.to_thread(files.read)

    return {job.job: reading(TargetFiles(job.files)) for job in settings.scrape if job.files}


def _watched(settings: Settings) -> Watched:
    containers, alerts = settings.containers, settings.alerts
    return Watched(
        host=containers.host,
        tls_folder=containers.tls_folder,
        instance=containers.instance or settings.host.instance,
        labels=containers.labels,
        limit=containers.max_containers,
        cpu=Thresholds.of(CPU_LABEL, alerts.cpu_threshold, containers.cpu_thresholds, "containers.cpu_thresholds"),
        memory=Thresholds.of(
            MEMORY_LABEL, alerts.memory_threshold, containers.memory_thresholds, "containers.memory_thresholds"
        ),
    )


def _health(core: _Core, rules: RuleLoop) -> Mapping[str, str]:
    """Each part with `ok`, or what is wrong with it."""
    away = core.flush.breaker is not BreakerState.CLOSED
    return {
        "log": core.journal.failure or "ok",
        "store": f"does not take samples: {core.flush.problem}" if away else "ok",
        "disk": "at its watermark: samples are refused" if core.retain.full else "ok",
        "rules": rules.problem or "ok",
    }


def _address(listen: str, setting: str = "listen") -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise SettingsInvalid(f"{setting} = {listen!r} is not an address and port such as 127.0.0.1:8080", key=setting)
    return host.strip("[]"), int(port)


def _native_address(settings: Settings) -> tuple[str, int] | None:
    """Where clients of Prometheus find the door too; None where they shall not."""
    if not settings.prometheus.listen:
        return None
    host, port = _address(settings.prometheus.listen, _NATIVE)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure, setting=_NATIVE)
    return host, port


def _otlp_address(settings: Settings, setting: str, listen: str) -> tuple[str, int] | None:
    """Where exporters of OpenTelemetry look for us; None where they shall not find us."""
    if not listen:
        return None
    host, port = _address(listen, setting)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure, setting=setting)
    return host, port


def _otlp_listener(settings: Settings, stack: AsyncExitStack) -> list[socket.socket]:
    """The further address of the HTTP door for exporters; none where the port is taken, as by a collector, which is said."""
    address = _otlp_address(settings, _OTLP_HTTP, settings.otlp.http_listen)
    if address is None:
        return []
    try:
        return [stack.enter_context(bind(*address, _OTLP_HTTP))]
    except SettingsInvalid as error:
        _log.warning("not listening", setting=_OTLP_HTTP, reason=error.message)
        return []


@dataclass(frozen=True, slots=True)
class _LineSettings:
    """A listener for lines that is turned on."""

    name: str
    listen: str
    allow: tuple[str, ...]
    insecure: bool

    def address(self) -> tuple[str, int]:
        """Where it listens.

        Raises:
            SettingsInvalid: nowhere that is an address, or where strangers could send.
        """
        setting = f"{self.name}.listen"
        host, port = _address(self.listen, setting)
        check_lines(host, self.allow, insecure=self.insecure, setting=setting)
        self.allowed()
        return host, port

    def allowed(self) -> Networks:
        """Whose lines it takes."""
        return networks(self.allow, f"{self.name}.allow")

    def bound(self, stack: AsyncExitStack) -> tuple[socket.socket, socket.socket]:
        """Its sockets."""
        sockets = bind_lines(*self.address(), f"{self.name}.listen")
        for one in sockets:
            stack.enter_context(one)
        return sockets


def _line_settings(settings: Settings) -> list[_LineSettings]:
    """The listeners for lines that are turned on."""
    graphite, statsd, insecure = settings.graphite, settings.statsd, settings.http.insecure
    found = [
        _LineSettings("graphite", graphite.listen, graphite.allow, insecure),
        _LineSettings("statsd", statsd.listen, statsd.allow, insecure),
    ]
    return [one for one in found if one.listen]


async def _take_lines(
    given: _LineSettings,
    sockets: tuple[socket.socket, socket.socket],
    core: _Core,
    parts: _Parts,
    stack: AsyncExitStack,
) -> None:
    """Have a listener take lines."""
    take = parts.graphite.take if given.name == "graphite" else parts.statsd.take
    await stack.enter_async_context(LineListener(given.name, sockets, take, core.telemetry, given.allowed()))
    host, port = sockets[0].getsockname()[:2]
    _log.info("also listening", url=f"{given.name}://{host}:{port}")


def _graphite(settings: Settings, core: _Core) -> GraphiteLines:
    names = _names(settings.graphite.mappings, "graphite.mappings")
    return GraphiteLines(GraphiteDecoder(names), core.ingest, core.clock, core.telemetry)


def _statsd(settings: Settings, core: _Core) -> StatsdLines:
    given = settings.statsd
    aggregates = Aggregates(idle=given.idle.seconds, most=given.max_series, bounds=_buckets(settings))
    decoder = StatsdDecoder(_names(given.mappings, "statsd.mappings"))
    return StatsdLines(decoder, aggregates, core.ingest, core.clock, core.telemetry)


def _buckets(settings: Settings) -> tuple[float, ...]:
    bounds = settings.statsd.buckets
    if not bounds or list(bounds) != sorted(set(bounds)) or not all(map(math.isfinite, bounds)):
        raise SettingsInvalid("statsd.buckets are finite numbers in ascending order", key="statsd.buckets")
    return bounds


def _names(mappings: tuple[str, ...], setting: str) -> DottedNames:
    try:
        return DottedNames(mappings)
    except MappingMalformed as error:
        raise SettingsInvalid(f"{setting}: {error}", key=setting) from None


def _program(settings: Settings, core: _Core, reload: Reload) -> Program:
    """What is told of the program."""
    shown: dict[str, Any] = redacted(plain(settings))
    return Program(
        started=core.clock.now(),
        folder=str(Path.cwd()),
        machine=socket.gethostname(),
        retention=str(settings.retention),
        settings=lambda: shown,
        reloaded=lambda: reload.last,
    )


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
        admin=http.admin,
        max_read_queries=settings.read.max_queries,
        max_inflight_bytes=http.max_inflight_bytes,
        read_timeout=http.read_timeout.seconds,
        max_websockets=http.max_websockets,
        lifecycle=http.lifecycle,
        version=__version__,
    )


def _notifiers(settings: Settings) -> list[Notifier]:
    """The channels on which people are told."""
    channels: list[Notifier] = [ConsoleNotifier(sys.stderr)]
    given = settings.webhook
    if given.url:
        address = settings.http.external_url
        webhook = WebhookSettings(given.url, given.timeout.seconds, given.token_file, given.headers, address)
        channels.append(WebhookNotifier(webhook))
    return channels


def _journal(settings: Settings, folder: DataFolder) -> FileJournal:
    return FileJournal(
        folder.path / "wal",
        fsync=settings.wal.fsync.interval,
        segment_bytes=settings.wal.segment_bytes,
        max_bytes=settings.wal.max_bytes,
    )


def _engine_limits(settings: Settings) -> EngineLimits:
    return EngineLimits(query_memory=int(settings.query.memory), query_seconds=settings.query.timeout.seconds)


def _label_limits(settings: Settings) -> LabelLimits:
    intake = settings.intake
    return LabelLimits(intake.labels, intake.label_name_bytes, intake.label_value_bytes)


def _push(settings: Settings, core: _Core, catalog: SqlCatalog) -> Push:
    given = settings.push
    return Push(
        catalog,
        GroupCodec(push_group.to_json, push_group.from_json),
        core.ingest,
        core.clock,
        core.telemetry,
        PushLimits(given.max_groups, given.max_group_samples, given.max_samples),
        _label_limits(settings),
    )


def _text_limits(settings: Settings) -> TextLimits:
    return TextLimits(settings.query.max_length, settings.query.max_depth)


def _recall(settings: Settings, servers: Register, reader: TieredSeries, clock: SystemClock) -> Recall:
    return Recall(servers, reader, clock, settings.retention, settings.search.max_results, settings.query.max_samples)


def _ingest_limits(settings: Settings) -> IngestLimits:
    intake = settings.intake
    return IngestLimits(
        labels=_label_limits(settings),
        retention=settings.retention,
        ahead=intake.ahead,
        unflushed_samples=intake.unflushed_samples,
        pace=_PACE,
    )


def _flush_policy(settings: Settings) -> FlushPolicy:
    return FlushPolicy(settings.flush.rows, settings.flush.bytes, settings.flush.age.seconds)


def _tell_of_slow(query: QueryRun) -> None:
    """A line in the log for a query that took long."""
    question = query.question
    _log.warning(
        "slow query",
        tenant=question.tenant,
        kind=question.kind,
        query=question.text,
        start=question.grid.start,
        end=question.grid.end,
        step=question.grid.step,
        took=round(query.took, 3),
        **{phase: round(seconds, 3) for phase, seconds in query.seconds().items()},
        series=query.series,
        samples=query.samples,
        outcome=query.code,
        client=question.client,
    )


def _reuse(settings: Settings, core: _Core) -> Reuse | None:
    """Where answers of range queries are kept, unless that is turned off."""
    if not settings.query.cache_bytes:
        return None
    return Reuse(
        core.freshness,
        core.clock,
        core.telemetry,
        core.threads,
        max_bytes=int(settings.query.cache_bytes),
        retention=settings.retention,
    )


def _read(settings: Settings, core: _Core, query: Query) -> Read:
    limits = ReadLimits(
        settings.read.max_samples,
        settings.query.max_samples,
        settings.search.max_results,
        settings.query.timeout.seconds,
    )
    return Read(core.reader, core.clock, core.telemetry, core.threads, query.turns, limits)


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
        memory=int(query.memory),
    )
