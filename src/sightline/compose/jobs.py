"""What happens by itself, again and again."""

import asyncio
import functools
import platform
import socket
from contextlib import AsyncExitStack
from typing import Final

import structlog

from sightline import __version__
from sightline.adapters.inbound import jobs
from sightline.adapters.inbound.lag import measuring_lag
from sightline.adapters.inbound.ticker import First, Ticker
from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.adapters.outbound.sources.host.source import HostSource
from sightline.adapters.outbound.sources.own import OwnMetrics
from sightline.adapters.outbound.system.heap import heap_trimmer
from sightline.application.attest import Attest
from sightline.application.collect import Collect
from sightline.application.record import Record
from sightline.compose.core import Core
from sightline.compose.pages import TELL_EVERY
from sightline.compose.parts import Parts, built_in_rules
from sightline.compose.radar import LOOK_EVERY
from sightline.domain.errors import SightlineError
from sightline.domain.tenancy import LOCAL
from sightline.ports.telemetry import Instrument, Kind
from sightline.settings.schema import Settings

_log = structlog.get_logger("sightline")

_BUILD: Final = Instrument(
    "sightline_build_info", "Which version runs, and on which Python; always 1.", Kind.GAUGE, ("version", "python")
)
_FLUSH_EVERY: Final = 1.0
_TELL_EVERY: Final = 0.25
_REFILL_EVERY: Final = 30.0  # once done it is not done again
_TRIM_EVERY: Final = 60.0
_WATCH_DISK_EVERY: Final = 5.0
_SETTLE_EVERY: Final = 10.0
_CLEAN_EVERY: Final = 600.0
_SWEEP_EVERY: Final = 600.0
_MAIL_EVERY: Final = 60.0


async def start_jobs(settings: Settings, core: Core, parts: Parts, port: int, stack: AsyncExitStack) -> None:
    """Everything that happens by itself, again and again."""
    _introduce(core.telemetry)
    await stack.enter_async_context(measuring_lag(core.clock, core.telemetry, parts.checking.stalls))
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
    await _recall(parts)
    await evaluate.install(LOCAL, built_in_rules(settings))
    if settings.statsd.listen:
        ticker.every(settings.statsd.flush_interval.seconds, "store StatsD's sums", parts.statsd.flush, First.LATER)
    ticker.every(settings.push.interval.seconds, "store pushed groups", parts.push.repeat)
    ticker.every(settings.alerts.interval.seconds, "evaluate alerts", jobs.evaluating(evaluate, Record(core.ingest)))
    assess = parts.checking.behind_the_door.assess
    recording = jobs.recording(assess.active_alerts, Record(core.ingest), clock)
    ticker.every(settings.alerts.interval.seconds, "write alerts of checks", recording)
    ticker.every(_REFILL_EVERY, "refill memory", lambda: core.reader.refill(clock.now()))
    ticker.every(settings.own.interval.seconds, "measure memory", lambda: core.reader.measure(core.telemetry))
    if trim := heap_trimmer():
        ticker.every(_TRIM_EVERY, "return memory", functools.partial(asyncio.to_thread, trim), First.LATER)
    ticker.every(_FLUSH_EVERY, "flush", jobs.flushing(core.flush))
    ticker.every(_CLEAN_EVERY, "clean up deletes", jobs.cleaning(core.delete), First.LATER)
    ticker.every(_SWEEP_EVERY, "forget silences", parts.silences.sweep)
    ticker.every(_WATCH_DISK_EVERY, "watch disk", core.retain.run_once, First.LATER)
    ticker.every(_SETTLE_EVERY, "write last seen", parts.servers.settle, First.LATER)
    telling = jobs.telling(parts.alerting.dispatch, parts.alerting.deliver)
    ticker.every(_TELL_EVERY, "tell of alerts", telling)
    if looking := settings.rules.radar_interval.seconds:
        look = jobs.looking(parts.radar, clock, looking)
        ticker.every(min(looking, LOOK_EVERY), "look for dead rules", look, First.LATER)
    if parts.mail is not None:
        ticker.every(_MAIL_EVERY, "mail reports", jobs.mailing(parts.mail))
    ticker.every(TELL_EVERY, "tell subscribers of status pages", parts.pages.subscribe.run_once, First.LATER)
    attest = Attest(parts.servers, core.ingest, clock)
    ticker.every(settings.own.interval.seconds, "store when servers were heard of", attest.run_once, First.LATER)
    await stack.enter_async_context(parts.scraping.loop)
    await stack.enter_async_context(parts.rules.loop)
    await parts.checking.run(ticker, stack)


async def _recall(parts: Parts) -> None:
    """Take up what was told of alerts, before rules are evaluated; while the catalog is away there is time."""
    try:
        await parts.alerting.dispatch.load()
    except SightlineError as error:
        _log.error("what was told of alerts cannot be read; nobody is told before it can", reason=error.message)


def _introduce(telemetry: PrometheusTelemetry) -> None:
    """Say which version runs."""
    telemetry.set(_BUILD, 1, (__version__, platform.python_version()))
