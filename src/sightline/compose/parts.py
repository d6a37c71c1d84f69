"""What is both asked from outside and run by the ticker."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from sightline.adapters.inbound.http.use_cases import Pages
from sightline.adapters.inbound.lines.graphite import GraphiteLines
from sightline.adapters.inbound.lines.statsd import StatsdLines
from sightline.adapters.outbound.files.dashboards import DashboardFiles
from sightline.adapters.outbound.sources.docker.source import DockerSource, Watched
from sightline.adapters.outbound.sql.catalog import SqlCatalog
from sightline.adapters.outbound.sql.servers import SqlServers
from sightline.adapters.wire import dashboard as dashboard_text
from sightline.adapters.wire import push_group, silence
from sightline.application.define import Codec, DefineDashboards
from sightline.application.delegate import Delegate
from sightline.application.evaluate import Evaluate
from sightline.application.mail import MailReports
from sightline.application.prescribe import PrescribeRules
from sightline.application.push import GroupCodec, Push
from sightline.application.query import Query
from sightline.application.radar import Radar
from sightline.application.read import Read, ReadLimits
from sightline.application.recap import Recap
from sightline.application.register import Register
from sightline.application.reuse import Reuse
from sightline.application.silence import SilenceCodec, Silences
from sightline.application.summarize import Summarize
from sightline.application.watch import QueryRun, Watch
from sightline.compose.alerting import Alerting, make_alerting
from sightline.compose.core import Core
from sightline.compose.limits import label_limits, query_limits
from sightline.compose.lines import graphite_lines, statsd_lines
from sightline.compose.locations import make_delegate
from sightline.compose.pages import make_pages
from sightline.compose.radar import make_radar
from sightline.compose.reports import make_mail, report_limits
from sightline.compose.rules import Rules, make_rules
from sightline.compose.scraping import Scraping, make_scraping
from sightline.compose.uptime import Checking, make_checking, make_watched
from sightline.compose.webhooks import Webhooks
from sightline.domain.alerts.builtin import HostThresholds, container_rules, host_rules
from sightline.domain.alerts.rule import AlertRule
from sightline.domain.containers.thresholds import CPU_LABEL, MEMORY_LABEL, Thresholds
from sightline.domain.dashboards.ready_made import READY_MADE
from sightline.domain.errors import BadData, SettingsInvalid, SightlineError
from sightline.domain.push.groups import PushLimits
from sightline.settings.schema import Settings

_log = structlog.get_logger("sightline")


@dataclass(frozen=True, slots=True)
class Parts:
    """What is both asked from outside and run by the ticker."""

    query: Query
    read: Read
    watch: Watch
    alerting: Alerting
    evaluate: Evaluate
    dashboards: DefineDashboards
    prescribe: PrescribeRules
    servers: Register
    scraping: Scraping
    rules: Rules
    radar: Radar
    docker: DockerSource
    push: Push
    silences: Silences
    graphite: GraphiteLines
    statsd: StatsdLines
    webhooks: Webhooks
    summarize: Summarize
    mail: MailReports | None
    checking: Checking
    pages: Pages
    delegate: Delegate


async def make_parts(settings: Settings, core: Core, stack: AsyncExitStack) -> Parts:
    """Make them, with what undoes them."""
    clock, telemetry = core.clock, core.telemetry
    watch = Watch(clock, telemetry, settings.query.log_slower_than.seconds, _tell_of_slow)
    query = Query(
        series=core.reader,
        clock=clock,
        telemetry=telemetry,
        executor=core.threads,
        limits=query_limits(settings),
        reuse=_reuse(settings, core),
        watch=watch,
    )
    catalog = SqlCatalog(core.database)
    silences = _silences(settings, core, catalog)
    watched = make_watched(settings, core, catalog)
    alerting = await make_alerting(settings, core, silences, watched.hush, stack)
    told = alerting.dispatch
    evaluate = Evaluate(query, catalog, core.bus, told, clock, telemetry, external_url=settings.http.external_url)
    read, rules = _read(settings, core, query), await make_rules(settings, core, query, told)
    radar = make_radar(settings, core, read, evaluate, rules.adopt, built_in_rules(settings))
    own = built_in_rules(settings)
    servers = Register(SqlServers(core.database), clock, label_limits(settings), most=settings.servers.max)
    stack.push_async_callback(_settle, servers)
    checking = await make_checking(settings, core, query, told, catalog, watched, stack)
    recap = Recap(checking.behind_the_door.assess, core.standings, core.incidents, query)
    machines = [rule.name for rule in own]
    summarize = Summarize(
        read, evaluate, rules.adopt, alerting.deliver, clock, report_limits(settings), machines, recap=recap
    )
    alerting.deliver.tell(checking.behind_the_door.assess.noticed)
    pages = make_pages(settings, core, catalog, query, checking.behind_the_door.enroll, checking.maintain)
    stack.push_async_callback(pages.publish.close)
    return Parts(
        query,
        read,
        watch,
        alerting,
        evaluate,
        DefineDashboards(
            catalog,
            DashboardFiles(settings.dashboards.files),
            READY_MADE,
            Codec(dashboard_text.to_json, dashboard_text.from_json),
        ),
        PrescribeRules(catalog, query, radar, clock, built_in_rules(settings), external_url=settings.http.external_url),
        servers,
        await make_scraping(settings, core, stack),
        rules,
        radar,
        DockerSource(watched_containers(settings), clock, telemetry),
        _push(settings, core, catalog),
        silences,
        graphite_lines(settings, core),
        statsd_lines(settings, core),
        Webhooks.of(settings),
        summarize,
        make_mail(settings, core, summarize, catalog),
        checking,
        pages,
        make_delegate(
            core,
            catalog,
            checking.roster,
            checking.behind_the_door.assess,
            core.spans.append,
            checking.vouch.references,
        ),
    )


async def _settle(servers: Register) -> None:
    """Write down when servers were last heard of; a catalog that cannot take it must not hold up the stop."""
    try:
        await servers.settle()
    except SightlineError as error:
        _log.warning("when servers were last heard of could not be written", reason=error.message)


def _read(settings: Settings, core: Core, query: Query) -> Read:
    limits = ReadLimits(
        settings.read.max_samples,
        settings.query.max_samples,
        settings.search.max_results,
        settings.query.timeout.seconds,
    )
    return Read(core.reader, core.clock, core.telemetry, core.threads, query.turns, limits)


def _push(settings: Settings, core: Core, catalog: SqlCatalog) -> Push:
    given = settings.push
    return Push(
        catalog,
        GroupCodec(push_group.to_json, push_group.from_json),
        core.ingest,
        core.clock,
        core.telemetry,
        PushLimits(given.max_groups, given.max_group_samples, given.max_samples),
        label_limits(settings),
    )


def _silences(settings: Settings, core: Core, catalog: SqlCatalog) -> Silences:
    codec = SilenceCodec(silence.to_json, silence.from_json)
    return Silences(catalog, codec, core.clock, most=settings.alerts.max_silences)


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


def _reuse(settings: Settings, core: Core) -> Reuse | None:
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


def host_thresholds(settings: Settings) -> HostThresholds:
    """The thresholds of machines.

    Raises:
        SettingsInvalid: an entry that is no threshold, or too many of them.
    """
    alerts = settings.alerts
    try:
        return HostThresholds(
            Thresholds.of("", alerts.cpu_threshold, alerts.cpu_thresholds, "alerts.cpu_thresholds"),
            Thresholds.of("", alerts.memory_threshold, alerts.memory_thresholds, "alerts.memory_thresholds"),
            Thresholds.of("", alerts.disk_threshold, alerts.disk_thresholds, "alerts.disk_thresholds"),
        )
    except BadData as error:
        raise SettingsInvalid(f"alerts: {error.message}", key="alerts") from None


def built_in_rules(settings: Settings) -> tuple[AlertRule, ...]:
    """The alert rules that come with the program."""
    return (*host_rules(host_thresholds(settings)), *container_rules())


def watched_containers(settings: Settings) -> Watched:
    """Which containers are watched, and against which thresholds."""
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
