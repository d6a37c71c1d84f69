"""What stands behind the door."""

import asyncio
from collections.abc import Mapping
from functools import partial
from secrets import token_hex

from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.lines.complaints import Complaints
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.adapters.wire.otlp_metrics import OtlpMetricsDecoder
from sightline.adapters.wire.otlp_series import Naming
from sightline.application.absorb import Absorb
from sightline.application.accumulate import Accumulate
from sightline.application.count import Count
from sightline.application.federate import Federate
from sightline.application.inspect import Inspect
from sightline.application.metadata import MetricMetadata
from sightline.application.recall import Recall
from sightline.application.register import Register
from sightline.application.reload import each_of
from sightline.application.report import Report
from sightline.application.search import Search, SearchLimits
from sightline.application.snapshot import Snapshot
from sightline.application.tail import Tail as LiveTail
from sightline.compose.backtest import make_backtest
from sightline.compose.core import Core
from sightline.compose.declaring import make_declare
from sightline.compose.limits import label_limits
from sightline.compose.parts import Parts
from sightline.compose.webhooks import make_sns
from sightline.domain.breaker import BreakerState
from sightline.settings.schema import Settings


def make_use_cases(settings: Settings, core: Core, parts: Parts, stopping: asyncio.Event) -> UseCases:
    """What stands behind the door."""
    return UseCases(
        query=parts.query,
        read=parts.read,
        delete=core.delete,
        snapshot=Snapshot(core.flush, core.clock, core.copy, lambda: token_hex(8)),
        search=Search(core.reader, SearchLimits(settings.search.max_results)),
        ingest=core.ingest,
        offload=core.offload,
        push=parts.push,
        absorb=_absorb(settings, core, parts.scraping.metadata),
        exemplars=core.exemplars,
        alerts=parts.evaluate,
        backtest=make_backtest(settings, core, parts.query, parts.alerting, parts.silences),
        dashboards=parts.dashboards,
        prescribed=parts.prescribe,
        uptime=parts.checking.behind_the_door,
        windows=parts.checking.maintain,
        heartbeats=parts.checking.heartbeats,
        pages=parts.pages,
        declare=make_declare(
            parts.checking.behind_the_door.enroll,
            parts.prescribe,
            parts.dashboards,
            parts.checking.maintain,
            parts.pages.publish,
        ),
        delegate=parts.delegate,
        servers=parts.servers,
        report=Report(parts.servers, core.ingest, label_limits(settings)),
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
        radar=parts.radar,
        silences=parts.silences,
        alert_pipeline=parts.alerting.dispatch,
        explain=parts.alerting.explain,
        deliver=parts.alerting.deliver,
        summarize=parts.summarize,
        sns=make_sns(settings, core.clock),
        webhooks=lambda: parts.webhooks.mappings,
        reload=each_of(parts.alerting.reload, partial(_read_webhooks, parts), parts.rules.loop.reload),
        readiness=lambda: "stopping" if stopping.is_set() else None,
        health=lambda: _health(core, parts),
    )


async def _read_webhooks(parts: Parts) -> None:
    """Read the mappings of webhooks again; those that cannot be used leave the others in place."""
    parts.webhooks.mappings = parts.webhooks.read()


def _absorb(settings: Settings, core: Core, metadata: MetricMetadata) -> Absorb:
    """What takes in what OpenTelemetry's exporters bring."""
    otlp = settings.otlp
    naming = Naming(
        frozenset(otlp.promote_resource_attributes), otlp.scope_labels, otlp.keep_identifying_resource_attributes
    )
    decoder = OtlpMetricsDecoder(naming, max_samples=settings.intake.request_samples)
    accumulate = Accumulate(core.ingest, core.reader, core.clock, core.telemetry, otlp.max_delta_series)
    complaints = Complaints("otlp", core.clock, what="points")
    return Absorb(decoder.decode, core.ingest, accumulate, core.exemplars, metadata, core.offload, complaints.wrong)


def _recall(settings: Settings, servers: Register, reader: TieredSeries, clock: SystemClock) -> Recall:
    return Recall(servers, reader, clock, settings.retention, settings.search.max_results, settings.query.max_samples)


def _health(core: Core, parts: Parts) -> Mapping[str, str]:
    """Each part with `ok`, or what is wrong with it."""
    away = core.flush.breaker is not BreakerState.CLOSED
    return {
        "log": core.journal.failure or "ok",
        "store": f"does not take samples: {core.flush.problem}" if away else "ok",
        "disk": "at its watermark: samples are refused" if core.retain.full else "ok",
        "rules": parts.rules.loop.problem or "ok",
        "alerting": "; ".join(filter(None, (parts.alerting.problem, *parts.silences.problems))) or "ok",
        "checks": parts.checking.problem or "ok",
    }
