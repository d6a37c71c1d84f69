"""What the HTTP door needs from the application; compose hands it over."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from typing_extensions import override

from sightline.adapters.network.sns import Sns
from sightline.adapters.wire.webhook_mapping import WebhookMapping
from sightline.application.absorb import Absorb
from sightline.application.assess import Assess
from sightline.application.backtest import Asked
from sightline.application.beat import Beat
from sightline.application.chronicle import Chronicle
from sightline.application.declare import Declare
from sightline.application.define import Defined, Listing
from sightline.application.delegate import Delegate
from sightline.application.delete import Delete
from sightline.application.deliver import ChannelStatus, Decision
from sightline.application.derive import GroupState
from sightline.application.enroll import Enroll
from sightline.application.evaluate import RuleStatus
from sightline.application.examine import Examine
from sightline.application.federate import Federate
from sightline.application.figures import TellFigures
from sightline.application.inspect import History
from sightline.application.issue import PingKeys
from sightline.application.maintain import Maintain
from sightline.application.metadata import Described
from sightline.application.offload import Offload
from sightline.application.prescribe import Judged, Prescribed
from sightline.application.publish import Publish
from sightline.application.push import Push
from sightline.application.query import QueryOptions
from sightline.application.radar import Sweep
from sightline.application.read import Read
from sightline.application.recall import Recall
from sightline.application.register import Register
from sightline.application.reload import Reloaded
from sightline.application.report import Report
from sightline.application.respond import Respond
from sightline.application.review import Review
from sightline.application.scrape import Followed
from sightline.application.search import Found
from sightline.application.silence import Silences
from sightline.application.snapshot import Snapshot
from sightline.application.subscribe import Subscribe
from sightline.application.summarize import Summarize
from sightline.application.tail import Tail
from sightline.application.unlock import Unlock
from sightline.application.watch import Watch
from sightline.domain.alerts.backtest import Backtest
from sightline.domain.alerts.notice import Alert
from sightline.domain.alerts.pipeline.why import Why
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.rule import AlertRule
from sightline.domain.alerts.shown import ShownAlert, ShownGroup
from sightline.domain.containers.observed import Observed
from sightline.domain.dashboards.dashboard import Dashboard
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.metrics.exemplars import ExemplarBatch, SeriesExemplars
from sightline.domain.metrics.left_out import LeftOut, Taken
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.probes.result import HERE
from sightline.domain.promql.values import Answer
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.scrape.target import JobTargets
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import Grid, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.spans import Spans
from sightline.ports.telemetry import Telemetry


class Querying(Protocol):
    """PromQL."""

    async def instant(self, principal: Principal, text: str, at: int, options: QueryOptions) -> Answer:
        """The expression's value at one instant, ms."""
        ...

    async def range(self, principal: Principal, text: str, grid: Grid, options: QueryOptions) -> Answer:
        """The expression's value at every instant of the grid."""
        ...


class Searching(Protocol):
    """What there is to ask about. No matcher sets mean all series; a limit of None means the search's own."""

    async def label_names(
        self, principal: Principal, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int | None
    ) -> Found[str]:
        """The names of labels."""
        ...

    async def label_values(
        self, principal: Principal, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int | None
    ) -> Found[str]:
        """The values of one label."""
        ...

    async def series(
        self, principal: Principal, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int | None
    ) -> Found[Labels]:
        """The label sets."""
        ...


class Ingesting(Protocol):
    """Intake."""

    async def __call__(self, principal: Principal, batch: WriteBatch) -> int:
        """Store a batch; when this returns it is acknowledged."""
        ...

    async def partly(self, principal: Principal, batch: WriteBatch, unread: Sequence[LeftOut] = ()) -> Taken:
        """Likewise; what cannot be stored is part of the answer, behind what a decoder could not read."""
        ...

    def roster(self, tenant: Tenant) -> Roster:
        """Where a decoder may name the series of what it is to store for a tenant."""
        ...


class Exemplifying(Protocol):
    """Exemplars."""

    async def keep(self, principal: Principal, batch: ExemplarBatch) -> int:
        """Take exemplars in, and tell how many are there now; what cannot be kept is counted and fails nothing."""
        ...

    async def find(self, principal: Principal, text: str, within: TimeRange) -> list[SeriesExemplars] | None:
        """Those of the series that a query selects; None where it selects none."""
        ...


class Alerting(Protocol):
    """What is wrong now."""

    def alerts(self, principal: Principal) -> list[Alert]:
        """The alerts that are not inactive."""
        ...

    def rules(self, principal: Principal) -> list[RuleStatus]:
        """How the rules that were evaluated are doing, by name."""
        ...


class Ruling(Protocol):
    """Rules that stand in files."""

    def groups(self, principal: Principal) -> list[GroupState]:
        """Their groups, and how they are doing, by file and name."""
        ...

    def alerts(self, principal: Principal) -> list[Alert]:
        """The alerts of their rules that are not inactive."""
        ...

    def problems(self, principal: Principal) -> Sequence[str]:
        """What is wrong with the files."""
        ...


class NoRules(Ruling):
    """No files at all."""

    @override
    def groups(self, principal: Principal) -> list[GroupState]:
        return []

    @override
    def alerts(self, principal: Principal) -> list[Alert]:
        return []

    @override
    def problems(self, principal: Principal) -> Sequence[str]:
        return ()


class AlertPipeline(Protocol):
    """What takes alerts in, whoever makes them, and tells receivers of them."""

    @property
    def receivers(self) -> Sequence[str]:
        """The names of receivers, in the order of the configuration."""
        ...

    @property
    def config_text(self) -> str:
        """The configuration that routes alerts, as YAML."""
        ...

    @property
    def resolve_timeout(self) -> int:
        """After how long, ms, an alert that was posted without an end is taken to have ended."""
        ...

    async def post(self, principal: Principal, alerts: Sequence[PostedAlert]) -> None:
        """Take alerts in; when this returns they survive a restart.

        Raises:
            TooManyAlerts: there is no room for all; those that are known, and as many others as there is room for, are taken.
            StorageFull, Unavailable: not now.
        """
        ...


class Explaining(Protocol):
    """What becomes of the alerts that were taken in, and why people are told of one."""

    def alerts(self, principal: Principal) -> Sequence[ShownAlert]:
        """The alerts of the principal's tenant, those that ended lately too; at once."""
        ...

    def groups(self, principal: Principal) -> Sequence[ShownGroup]:
        """Its groups, each with its alerts in the order of a notification; at once."""
        ...

    def why(self, principal: Principal, name: str) -> Why:
        """The way of one of the tenant's alerts. name: its fingerprint.

        Raises:
            NotFound: no such alert is there.
        """
        ...


class Delivering(Protocol):
    """What hands notifications over to channels."""

    def history(self, principal: Principal) -> Sequence[Decision]:
        """The latest decisions about the principal's tenant, newest first."""
        ...

    def channels(self) -> Sequence[ChannelStatus]:
        """How the channels do."""
        ...

    async def test(self, principal: Principal, key: str) -> None:
        """Tell a channel that this is a test, past all that it is owed.

        Raises:
            NotFound: there is no such channel.
            NoticeRefused, Unavailable: it does not take it.
        """


class Backtesting(Protocol):
    """Rules replayed over stored samples."""

    async def __call__(self, principal: Principal, asked: Asked) -> Backtest:
        """What a rule would have done."""
        ...


class Dashboarding(Protocol):
    """Pages of panels."""

    async def list(self, principal: Principal) -> Listing:
        """Every dashboard that the principal may see."""
        ...

    async def get(self, principal: Principal, name: str) -> Defined:
        """One dashboard."""
        ...

    async def put(self, principal: Principal, dashboard: Dashboard, expected: int | None) -> Defined:
        """Save a dashboard in place of the expected version."""
        ...

    async def delete(self, principal: Principal, name: str) -> None:
        """Remove a saved dashboard."""
        ...


class Prescribing(Protocol):
    """Alert rules, as people save them."""

    async def list(self, principal: Principal) -> list[Prescribed]:
        """All of them, by name."""
        ...

    async def get(self, principal: Principal, name: str) -> Prescribed:
        """One rule."""
        ...

    async def put(self, principal: Principal, rule: AlertRule, expected: int | None) -> Prescribed:
        """Save a rule in place of the expected version."""
        ...

    async def enable(self, principal: Principal, name: str, *, enabled: bool) -> Prescribed:
        """Have a rule evaluated, or no longer."""
        ...

    async def restore(self, principal: Principal, name: str) -> Prescribed:
        """Have a rule that comes with the program say again what it said."""
        ...

    async def delete(self, principal: Principal, name: str) -> None:
        """Remove a rule."""
        ...

    async def judge(self, principal: Principal, rule: AlertRule) -> Judged:
        """Say what is wrong with a rule."""
        ...


class Targeting(Protocol):
    """What is scraped."""

    def followed(self, principal: Principal) -> list[Followed]:
        """The targets, and how they are doing."""
        ...

    def by_job(self, principal: Principal) -> dict[str, JobTargets]:
        """What was found of each job, dropped targets too."""
        ...


class Inspecting(Protocol):
    """Containers."""

    def containers(self, principal: Principal, *, stopped: bool) -> list[Observed]:
        """Those there are now."""
        ...

    async def history(self, principal: Principal, which: str, within: TimeRange) -> History:
        """What one of them used over time."""
        ...


class Describing(Protocol):
    """What metrics mean."""

    async def by_metric(
        self, principal: Principal, metric: str = "", limit: int | None = None, per_metric: int | None = None
    ) -> dict[str, list[Metadata]]:
        """The descriptions of each metric family."""
        ...

    def push(self, principal: Principal, said: Mapping[str, Metadata]) -> None:
        """Keep what a sender says of metrics."""
        ...

    def by_target(self, principal: Principal, metric: str = "") -> list[Described]:
        """What each target says of its metrics."""
        ...


class Counting(Protocol):
    """How many series there are."""

    async def cardinality(self, principal: Principal, limit: int) -> Cardinality:
        """What the principal's tenant has, and the `limit` names of each kind that there is most of."""
        ...


class Looking(Protocol):
    """Rules that watch nothing or say nothing."""

    @property
    def timeout(self) -> float:
        """Seconds that a look may take."""
        ...

    async def look(self, principal: Principal, window: int | None) -> Sweep:
        """Look at all rules, and at their firing in a window, ms; None for the usual one."""
        ...


async def _nothing_to_reload() -> None:
    """Where nothing is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What the program says of itself.

    started: when it was started, ms. folder: where it was. machine: on which host. retention: how long samples are kept, as text.
    settings: every setting by its dotted key as a plain value, secrets taken out. reloaded: how reading again went the last time.
    """

    started: int = 0
    folder: str = ""
    machine: str = ""
    retention: str = ""
    settings: Callable[[], Mapping[str, Any]] = dict
    reloaded: Callable[[], Reloaded] = lambda: Reloaded(0)


@dataclass(frozen=True, slots=True)
class Pages:
    """What stands behind status pages and badges."""

    publish: Publish
    unlock: Unlock
    subscribe: Subscribe
    figures: TellFigures


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """What takes pings, and who may send them."""

    beat: Beat
    keys: PingKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """Checks, and what is known of them. location: what the program's own place is called."""

    enroll: Enroll
    assess: Assess
    review: Review
    respond: Respond
    examine: Examine
    chronicle: Chronicle
    spans: Spans
    location: str = HERE


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Everything behind the door.

    readiness: why requests cannot be served yet; None once they can.
    offload: where decoding goes that is not quick.
    health: each part of the program by name, with `ok` or what is wrong with it; never waits.
    rules_every: seconds between two evaluations of the alert rules.
    pages: status pages and badges; None: there are none.
    declare: exports what people define, and makes it as declared; None: nothing is declared.
    summarize: puts reports together.
    sns: finds whether messages of CloudWatch are Amazon's.
    webhooks: mappings of other programs' JSON to alerts, by name.
    windows: maintenance windows; None: there are none. heartbeats: likewise what takes pings.
    reload: reads again what may change while the program runs; raises SettingsInvalid when it cannot be used.
    leave: has the program stop, as a signal would.
    """

    query: Querying
    read: Read
    delete: Delete
    snapshot: Snapshot
    search: Searching
    ingest: Ingesting
    offload: Offload
    push: Push
    absorb: Absorb
    exemplars: Exemplifying
    alerts: Alerting
    silences: Silences
    alert_pipeline: AlertPipeline
    explain: Explaining
    deliver: Delivering
    summarize: Summarize
    sns: Sns
    backtest: Backtesting
    dashboards: Dashboarding
    prescribed: Prescribing
    servers: Register
    report: Report
    recall: Recall
    targets: Targeting
    uptime: Uptime
    delegate: Delegate
    containers: Inspecting
    metadata: Describing
    count: Counting
    federate: Federate
    radar: Looking
    tail: Tail
    watch: Watch
    clock: Clock
    telemetry: Telemetry
    readiness: Callable[[], str | None]
    health: Callable[[], Mapping[str, str]]
    rules_every: float = 5.0
    rules: Ruling = field(default_factory=NoRules)
    pages: Pages | None = None
    declare: Declare | None = None
    webhooks: Callable[[], Mapping[str, WebhookMapping]] = dict
    windows: Maintain | None = None
    heartbeats: Heartbeats | None = None
    program: Program = field(default_factory=Program)
    reload: Callable[[], Awaitable[None]] = _nothing_to_reload
    leave: Callable[[], None] = lambda: None
