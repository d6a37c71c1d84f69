"""Stand-ins for what is behind the door: canned answers in, what was asked out."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from tests.adapters.http.alert_pipeline import StandInPipeline
from tests.application.alerting_world import AlertingWorld
from tests.application.status_world import StatusWorld
from tests.application.uptime_world import UptimeWorld
from typing_extensions import override

from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.serving import bind, serving, url
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import (
    AlertPipeline,
    Delivering,
    Explaining,
    Heartbeats,
    Pages,
    Uptime,
    UseCases,
)
from sightline.adapters.network.sns import Sns
from sightline.adapters.outbound.files.dashboards import DashboardFiles
from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.containers import MemoryContainers
from sightline.adapters.outbound.memory.journal import MemoryJournal
from sightline.adapters.outbound.memory.prober import MemoryProber
from sightline.adapters.outbound.memory.scraper import MemoryScraper
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.servers import MemoryServers
from sightline.adapters.outbound.memory.spans import MemorySpans
from sightline.adapters.wire import pulse, push_group, silence, window
from sightline.adapters.wire.dashboard import from_json, to_json
from sightline.adapters.wire.otlp_metrics import OtlpMetricsDecoder
from sightline.adapters.wire.probe_exchange import checks_to_json
from sightline.adapters.wire.webhook_mapping import WebhookMapping
from sightline.application.absorb import Absorb
from sightline.application.accumulate import Accumulate
from sightline.application.admit import Turns
from sightline.application.backtest import RunBacktest
from sightline.application.beat import Beat
from sightline.application.define import Codec, DefineDashboards
from sightline.application.delegate import Delegate
from sightline.application.delete import Delete
from sightline.application.derive import GroupState
from sightline.application.discover import Discover
from sightline.application.evaluate import RuleStatus
from sightline.application.examine import Examine
from sightline.application.exemplify import Exemplify
from sightline.application.federate import Federate
from sightline.application.flush import Flush, FlushPolicy
from sightline.application.follow import Follow
from sightline.application.inspect import Inspect
from sightline.application.issue import PingKeys
from sightline.application.maintain import Maintain, WindowCodec
from sightline.application.metadata import MetricMetadata
from sightline.application.offload import Offload
from sightline.application.prescribe import PrescribeRules
from sightline.application.push import GroupCodec, Push
from sightline.application.query import DEFAULT_OPTIONS, QueryOptions
from sightline.application.radar import Sweep
from sightline.application.read import Read, ReadLimits
from sightline.application.recall import Recall
from sightline.application.recap import Recap
from sightline.application.register import Register
from sightline.application.remember import PulseCodec
from sightline.application.report import Report
from sightline.application.roster import Roster as Checked
from sightline.application.scrape import Scrape
from sightline.application.search import Found
from sightline.application.silence import SilenceCodec, Silences
from sightline.application.snapshot import Snapshot
from sightline.application.summarize import Summarize
from sightline.application.tail import Tail
from sightline.application.watch import Watch
from sightline.compose.declaring import make_declare
from sightline.compose.theatre import theatre
from sightline.domain.alerts.builtin import host_rules
from sightline.domain.alerts.notice import Alert
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.radar import Suspect
from sightline.domain.alerts.route import WrittenRoute, route_tree
from sightline.domain.alerts.rule import AlertRule
from sightline.domain.dashboards.ready_made import READY_MADE
from sightline.domain.errors import Unavailable
from sightline.domain.labels import LabelLimits, Labels, Matchers
from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.metrics.exemplar_ring import ExemplarRing
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.metrics.left_out import LeftOut, Taken
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.metrics.tail import Tail as SeriesTail
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result
from sightline.domain.promql.values import Answer, Value, Vector
from sightline.domain.push.groups import PushLimits
from sightline.domain.scrape.job import ScrapeJob
from sightline.domain.tenancy import DEFAULT_TENANT, Principal, Tenant
from sightline.domain.timerange import DAY, Grid, TimeRange
from sightline.ports.telemetry import Family, Instrument, Kind, Point, Telemetry

NOW = 1_763_700_000_123
REFERENCES = (Reference("127.0.0.1", 1),)
"""Of a place that is cut off."""


PLAN = Plan(route_tree(WrittenRoute("ops", ("...",))), {"ops": (Channel("ops/email/0", "ops", "email"),)})


@dataclass
class Counters(Telemetry):
    """Remembers counts and gauges by name and labels."""

    values: dict[tuple[str, tuple[str, ...]], float] = field(default_factory=dict)

    @override
    def add(self, instrument: Instrument, amount: float = 1, labels: Any = ()) -> None:
        key = (instrument.name, tuple(labels))
        self.values[key] = self.values.get(key, 0) + amount

    @override
    def set(self, instrument: Instrument, value: float, labels: Any = ()) -> None:
        self.values[instrument.name, tuple(labels)] = value

    @override
    def observe(self, instrument: Instrument, value: float, labels: Any = ()) -> None:
        self.add(instrument, 1, labels)

    @override
    def families(self) -> list[Family]:
        instrument = Instrument("sightline_tests_total", "Tests.", Kind.COUNTER)
        return [Family(instrument, (Point("sightline_tests_total", (), 1),))]

    def of(self, instrument: Instrument, *labels: str) -> float:
        """The present value."""
        return self.values.get((instrument.name, labels), 0)


class AtOnce(Executor):
    """Does what it is given before it returns, so that no thread is left behind."""

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass
class RuleBooks:
    """Rules in files."""

    standing: list[GroupState] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def groups(self, principal: Principal) -> list[GroupState]:
        """All of them, of the default tenant."""
        return self.standing if principal.tenant == DEFAULT_TENANT else []

    def alerts(self, principal: Principal) -> list[Alert]:
        """Theirs."""
        return [alert for state in self.groups(principal) for rule in state.rules for alert in rule.alerts.values()]

    def problems(self, principal: Principal) -> list[str]:
        """What is wrong."""
        return self.wrong


@dataclass
class Stage:
    """Everything behind the door, open to the tests. `fails` is raised by every use case."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    bus: MemoryBus = field(default_factory=MemoryBus)
    telemetry: Counters = field(default_factory=Counters)
    containers: MemoryContainers = field(default_factory=MemoryContainers)
    fails: BaseException | None = None
    waits: asyncio.Event | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    value: Value | None = None
    warnings: tuple[str, ...] = ()
    found: Found[Any] = field(default_factory=lambda: Found([], 10, truncated=False))
    standing: list[Alert] = field(default_factory=list)
    evaluated: list[RuleStatus] = field(default_factory=list)
    books: RuleBooks = field(default_factory=RuleBooks)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    stored: list[tuple[Principal, WriteBatch]] = field(default_factory=list)
    left_out: tuple[LeftOut, ...] = ()
    refused: tuple[int, ...] = ()
    unread: list[LeftOut] = field(default_factory=list)
    fails_after: tuple[int, BaseException] | None = None
    rosters: dict[Tenant, Roster] = field(default_factory=dict)
    read_limits: ReadLimits = field(default_factory=ReadLimits)
    sweep: Sweep = field(default_factory=lambda: Sweep(TimeRange(NOW - 7 * DAY, NOW), 0, ()))
    not_ready: str | None = None
    checks: dict[str, str] = field(default_factory=lambda: {"store": "ok"})
    internet: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    topics: tuple[str, ...] = ()
    mappings: dict[str, WebhookMapping] = field(default_factory=dict)
    spans: MemorySpans = field(default_factory=MemorySpans)
    results: list[tuple[Tenant, Result]] = field(default_factory=list)
    results_came: asyncio.Event = field(default_factory=asyncio.Event)
    keys: Iterator[int] = field(default_factory=count)

    async def _told(self, *call: Any) -> None:
        self.calls.append(call)
        self.called.set()
        if self.fails is not None:
            raise self.fails
        if self.waits is not None:
            try:
                await self.waits.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise

    def _answer(self, grid: Grid) -> Answer:
        value = self.value
        if value is None:
            labels = (Labels.of(__name__="up", job="node"),)
            value = Vector(labels, np.ones((1, grid.points)), np.ones((1, grid.points), np.bool_))
        return Answer(grid, value, self.warnings)

    async def take_results(self, results: Sequence[tuple[Tenant, Result]]) -> None:
        """What locations bring."""
        await self._told("take_results", results)
        self.results.extend(results)
        self.results_came.set()

    async def instant(
        self, principal: Principal, text: str, at_ms: int, options: QueryOptions = DEFAULT_OPTIONS
    ) -> Answer:
        """Query."""
        await self._told("instant", principal, text, at_ms, options)
        return self._answer(Grid.instant(at_ms))

    async def range(self, principal: Principal, text: str, grid: Grid, options: QueryOptions) -> Answer:
        """Query."""
        await self._told("range", principal, text, grid, options)
        return self._answer(grid)

    async def label_names(
        self, principal: Principal, sets: list[Matchers], within: TimeRange, limit: Any
    ) -> Found[Any]:
        """Search."""
        await self._told("label_names", principal, sets, within, limit)
        return self.found

    async def label_values(
        self, principal: Principal, name: str, sets: list[Matchers], within: TimeRange, limit: Any
    ) -> Found[Any]:
        """Search."""
        await self._told("label_values", principal, name, sets, within, limit)
        return self.found

    async def series(self, principal: Principal, sets: list[Matchers], within: TimeRange, limit: Any) -> Found[Any]:
        """Search."""
        await self._told("series", principal, sets, within, limit)
        return self.found

    async def __call__(self, principal: Principal, batch: WriteBatch) -> int:
        """Ingest."""
        await self._told("ingest", principal)
        self.stored.append((principal, batch))
        return len(batch)

    async def partly(self, principal: Principal, batch: WriteBatch, unread: Sequence[LeftOut] = ()) -> Taken:
        """Ingest; `left_out` is said to be left out, though it is not, and of the number of samples `refused` are taken away."""
        self.unread += unread
        if self.fails_after is not None and len(self.stored) == self.fails_after[0]:
            error, self.fails_after = self.fails_after[1], None
            raise error
        if not len(batch):
            return Taken(0, left_out=tuple(unread))
        stored = await self(principal, batch) - len(self.refused)
        return Taken(stored, len(batch.histograms), (*unread, *self.left_out), np.array(self.refused, np.int64))

    def within_bounds(self, batch: WriteBatch) -> tuple[WriteBatch, list[LeftOut], None]:
        """Ingest, of which all is."""
        return batch, [], None

    def roster(self, tenant: Tenant) -> Roster:
        """Ingest."""
        return self.rosters.setdefault(tenant, Roster())

    async def copy(self, name: str) -> None:
        """Snapshot."""
        await self._told("copy", name)

    def alerts(self, principal: Principal) -> list[Alert]:
        """Evaluate."""
        return [alert for alert in self.standing if alert.tenant == principal.tenant]

    def rules(self, principal: Principal) -> list[RuleStatus]:
        """Evaluate."""
        return [status for status in self.evaluated if status.tenant == principal.tenant]

    async def cardinality(self, principal: Principal, limit: int) -> Cardinality:
        """Count."""
        await self._told("cardinality", principal, limit)
        return Cardinality(0, 0, 0, None, None, (), (), (), ())

    @property
    def timeout(self) -> float:
        """Radar."""
        return 30.0

    async def look(self, principal: Principal, window: int | None) -> Sweep:
        """Radar."""
        await self._told("look", principal, window)
        return self.sweep

    async def check(self, principal: Principal, rule: AlertRule) -> tuple[Suspect, ...]:
        """Radar."""
        await self._told("check", principal, rule.expr)
        return ()

    async def fetch(self, url: str) -> bytes:
        """What addresses of the `internet` answer; no other machine is asked."""
        self.fetched.append(url)
        if url not in self.internet:
            raise Unavailable("that host did not answer")
        return self.internet[url]

    def __post_init__(self) -> None:
        codec = GroupCodec(push_group.to_json, push_group.from_json)
        self.push = Push(MemoryCatalog(), codec, self, self.clock, self.telemetry, PushLimits(), LabelLimits())
        self.silences = Silences(MemoryCatalog(), SilenceCodec(silence.to_json, silence.from_json), self.clock)
        self.windows = Maintain(MemoryCatalog(), WindowCodec(window.to_document, window.from_document), self.clock)
        self.pipeline = StandInPipeline(self.silences, self.clock)
        self.alert_pipeline: AlertPipeline = self.pipeline
        self.explain: Explaining = self.pipeline
        self.deliver: Delivering = AlertingWorld().deliver
        self.watch = Watch(self.clock, self.telemetry)
        self.world = StatusWorld(self.clock)
        self.offload = Offload(time.thread_time)
        self.server_list = MemoryServers()
        self.servers = Register(self.server_list, self.clock, LabelLimits())
        self.series_store = MemorySeries()
        journal = MemoryJournal()
        self.flush = Flush(
            journal, SeriesTail(), self.series_store, self.clock, self.telemetry, FlushPolicy(), AtOnce()
        )
        self.turns = Turns(self.telemetry, small=4, large=1, queue=10)
        self.scraper = MemoryScraper(self.clock)
        self.metadata = MetricMetadata(self.telemetry)
        self.exemplars = Exemplify(ExemplarRing(), self.telemetry)
        self.scrape = Scrape(self.scraper, self, self.metadata, self.clock, self.telemetry)
        self.targets = self.scraping()
        self.checked = UptimeWorld(self.clock)
        self.spans = MemorySpans()
        self.beat = self.beating()
        self.ping_keys = PingKeys(MemoryCatalog(), self.clock)
        self.prober = MemoryProber(self.clock)
        probers = dict.fromkeys(self.prober.kinds, self.prober)
        self.followed = Checked()
        self.delegate = Delegate(
            MemoryCatalog(),
            self.followed,
            self.take_results,
            self.spans.append,
            checks_to_json,
            self.clock,
            self.telemetry,
            lambda: f"slp_{next(self.keys):020}",
            REFERENCES,
        )
        self.checks_api = Uptime(
            enroll=self.checked.enroll,
            assess=self.checked.assess,
            review=self.checked.review,
            respond=self.checked.respond,
            examine=Examine(probers, self.clock),
            chronicle=self.checked.chronicle,
            spans=self.spans,
        )

    def tell(self, world: AlertingWorld) -> None:
        """Have the real pipeline in place of the stand-in."""
        self.alert_pipeline, self.explain, self.deliver = world.dispatch, world.explain, world.deliver

    def beating(self) -> Beat:
        """Heartbeats, in a catalog of their own."""
        codec = PulseCodec(pulse.encode_pulse, pulse.decode_pulse, pulse.encode_ping, pulse.decode_ping)
        checked = self.checked
        return Beat(checked.enroll, checked.assess, MemoryCatalog(), codec, self.clock, self.telemetry)

    def scraping(self, *jobs: ScrapeJob) -> Follow:
        """Targets of these jobs, which nobody scrapes but the test."""
        return Follow(Discover(jobs, {}, self.telemetry), self.scrape)

    def _reading(self) -> Read:
        return Read(self.series_store, self.clock, self.telemetry, AtOnce(), self.turns, self.read_limits)

    def _recap(self) -> Recap:
        stage: Any = self
        return Recap(self.checked.assess, self.checked.standings, self.checked.incidents, stage)

    def use_cases(self) -> UseCases:
        """As compose would hand them over."""
        stage: Any = self
        dashboards = DefineDashboards(MemoryCatalog(), DashboardFiles(()), READY_MADE, Codec(to_json, from_json))
        prescribed = PrescribeRules(MemoryCatalog(), stage, stage, self.clock, host_rules())
        enroll, windows, publish = self.checks_api.enroll, self.windows, self.world.publish
        return UseCases(
            query=stage,
            read=self._reading(),
            delete=Delete(self.series_store, self.flush, Freshness(), self.clock, self.series_store.clean),
            snapshot=Snapshot(self.flush, self.clock, self.copy, lambda: "0123456789abcdef"),
            search=stage,
            ingest=stage,
            offload=self.offload,
            absorb=Absorb(
                OtlpMetricsDecoder().decode,
                stage,
                Accumulate(stage, self.series_store, self.clock, self.telemetry),
                self.exemplars,
                self.metadata,
                self.offload,
            ),
            push=self.push,
            exemplars=self.exemplars,
            alerts=stage,
            uptime=self.checks_api,
            delegate=self.delegate,
            backtest=RunBacktest(stage, lambda _: PLAN, lambda _: (), theatre, self.clock, retention=30 * DAY),
            dashboards=dashboards,
            prescribed=prescribed,
            declare=make_declare(enroll, prescribed, dashboards, windows, publish),
            servers=self.servers,
            report=Report(self.servers, stage, LabelLimits()),
            recall=Recall(self.servers, self.series_store, self.clock, 15 * DAY, max_results=10),
            targets=self.targets,
            containers=Inspect(self.containers, stage, self.series_store),
            metadata=self.metadata,
            count=stage,
            federate=Federate(self.series_store, self.clock),
            radar=stage,
            tail=Tail(self.bus, self.clock),
            watch=self.watch,
            clock=self.clock,
            telemetry=self.telemetry,
            rules=self.books,
            silences=self.silences,
            alert_pipeline=self.alert_pipeline,
            explain=self.explain,
            deliver=self.deliver,
            summarize=Summarize(self._reading(), stage, self.books, self.deliver, self.clock, recap=self._recap()),
            pages=Pages(self.world.publish, self.world.unlock, self.world.subscribe, self.world.figures),
            sns=Sns(self.fetch, self.clock, self.topics),
            webhooks=lambda: self.mappings,
            windows=self.windows,
            heartbeats=Heartbeats(self.beat, self.ping_keys),
            readiness=lambda: self.not_ready,
            health=lambda: self.checks,
        )


def calling(stage: Stage, settings: DoorSettings) -> httpx.AsyncClient:
    """A client of a door with these settings, in process."""
    app: Any = build(stage.use_cases(), settings)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080")


@asynccontextmanager
async def listening(stage: Stage, settings: DoorSettings) -> AsyncIterator[tuple[str, int]]:
    """The door on a real socket; gives host and port."""
    listener = bind("127.0.0.1", 0)
    async with serving(build(stage.use_cases(), settings), settings, listener, drain_seconds=1):
        found = urlsplit(url(listener))
        yield str(found.hostname), int(found.port or 0)


async def until(condition: Callable[[], bool]) -> None:
    """Return when something has come about that nothing announces; the test's own timeout is the bound."""
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)
