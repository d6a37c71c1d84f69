"""What probes checks, and what follows from that."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from sightline import __version__
from sightline.adapters.inbound.batches import Batches
from sightline.adapters.inbound.http.use_cases import Heartbeats, Uptime
from sightline.adapters.inbound.probing import ProbeLoop
from sightline.adapters.inbound.scouting import scouting
from sightline.adapters.inbound.ticker import First, Ticker
from sightline.adapters.wire import pulse, window
from sightline.application.alarm import Alarm
from sightline.application.assess import Assess
from sightline.application.attend import Attend
from sightline.application.beat import Beat
from sightline.application.chronicle import Chronicle
from sightline.application.conclude import ComposedProber, PromqlProber
from sightline.application.dispatch import Dispatch
from sightline.application.enroll import Enroll
from sightline.application.examine import Examine
from sightline.application.hush import Hush
from sightline.application.issue import PingKeys, with_token
from sightline.application.keep import Keep
from sightline.application.maintain import Maintain, WindowCodec
from sightline.application.probe import Probe
from sightline.application.query import Query
from sightline.application.remember import PulseCodec
from sightline.application.respond import Respond
from sightline.application.review import Review
from sightline.application.roster import Roster
from sightline.application.sample import Sample
from sightline.application.settle import Settle
from sightline.application.vouch import Vouch
from sightline.compose.core import Core
from sightline.compose.probers import open_probers
from sightline.compose.references import make_vouch, references_of
from sightline.domain.errors import SightlineError
from sightline.domain.probes.result import Result
from sightline.domain.probes.stalls import Stalls
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import SECOND
from sightline.domain.traces.span import Span
from sightline.ports.catalog import Catalog
from sightline.ports.prober import Prober
from sightline.settings.schema import Settings

_log = structlog.get_logger("sightline.checks")

Tell = Callable[[tuple[Tenant, Result]], None]

_KEEP_EVERY: Final = 5.0
# An insertion costs 15 ms of CPU, and 20 us more for each row.
_AT_ONCE: Final = 10_000
_TICK_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Checking:
    """What probes checks; `run` starts it."""

    behind_the_door: Uptime
    maintain: Maintain
    heartbeats: Heartbeats
    keep: Keep
    settle: Settle
    loop: ProbeLoop
    results: Batches[tuple[Tenant, Result]]
    spans: Batches[tuple[Tenant, Span]]
    stalls: Stalls
    roster: Roster
    vouch: Vouch

    @property
    def problem(self) -> str:
        """What is wrong with it; empty when nothing is."""
        unstored = f"what moved cannot be stored: {self.settle.problem}" if self.settle.problem else ""
        return "; ".join(filter(None, (unstored, *self.maintain.problems)))

    async def run(self, ticker: Ticker, stack: AsyncExitStack) -> None:
        """Begin to probe."""
        assess = self.behind_the_door.assess
        try:
            await self.maintain.load()
            await assess.load()
            await self.heartbeats.keys.load()
            await self.heartbeats.beat.load()
        except SightlineError as error:
            _log.error("checks cannot be read; nothing is probed before they can", reason=error.message)
        if assess.last_gap is not None:
            away = (assess.last_gap.until - assess.last_gap.since) / SECOND
            _log.warning("nobody looked after checks for a while", seconds=round(away), reason=assess.last_gap.reason)
        ticker.every(_KEEP_EVERY, "store results of probes", self.keep.run_once, First.LATER)
        ticker.every(_TICK_EVERY, "assess checks", assess.tick)
        ticker.every(_TICK_EVERY, "store how checks stand", assess.settle)
        ticker.every(_TICK_EVERY, "look after heartbeats", self.heartbeats.beat.sweep)
        stack.push_async_callback(self._leave)
        await stack.enter_async_context(self.results)
        await stack.enter_async_context(self.spans)
        await stack.enter_async_context(scouting(self.vouch))
        await stack.enter_async_context(self.loop)

    async def _leave(self) -> None:
        """Store what is left; a store that cannot take it must not hold up the stop."""
        try:
            await self.heartbeats.beat.close()
            await self.keep.run_once()
            await self.behind_the_door.assess.settle()
        except SightlineError as error:
            _log.warning("the last results of probes could not be stored", reason=error.message)


@dataclass(frozen=True, slots=True)
class Watched:
    """What people want watched, and when not to be disturbed about it."""

    enroll: Enroll
    maintain: Maintain
    hush: Hush


def make_watched(settings: Settings, core: Core, catalog: Catalog) -> Watched:
    """Make it; it is read when somebody needs it."""
    enroll = Enroll(core.checks, core.clock, most=settings.checks.max, complete=with_token)
    maintain = Maintain(catalog, WindowCodec(window.to_document, window.from_document), core.clock)
    maintain.follow(enroll)
    return Watched(enroll, maintain, Hush(enroll, maintain, core.clock))


async def make_checking(
    settings: Settings,
    core: Core,
    query: Query,
    pipeline: Dispatch,
    catalog: Catalog,
    watched: Watched,
    stack: AsyncExitStack,
) -> Checking:
    """Make it, with what undoes it."""
    clock, telemetry = core.clock, core.telemetry
    enroll, maintain = watched.enroll, watched.maintain
    history, incidents, standings = core.probe_history, core.incidents, core.standings
    keep = Keep(history, telemetry)
    chronicle = Chronicle(incidents, core.bus, telemetry)
    settle = Settle(standings, chronicle, clock)
    roster = Roster()
    assess = Assess(
        enroll,
        keep,
        settle,
        chronicle,
        Alarm(pipeline, core.bus),
        Attend(catalog, clock),
        standings,
        Sample(core.ingest, clock, telemetry),
        core.bus,
        clock,
        telemetry,
        windows=maintain,
        urge=lambda ids: _hurry(loop, enroll, ids),
    )
    watched.hush.follow(assess)
    probers: dict[str, Prober] = {**await open_probers(settings, clock, stack)}
    probers |= _by_kind((PromqlProber(query, clock), ComposedProber(assess)))
    results = Batches("results of probes", assess.hear, clock, telemetry)
    spans = Batches("spans of probes", core.spans.append, clock, telemetry, every=_KEEP_EVERY, most=_AT_ONCE)
    location, stalls = settings.checks.location, Stalls()
    probe = Probe(probers, clock, telemetry, _new_id, spans.add, location=location, version=__version__, stalls=stalls)
    vouch = make_vouch(settings, results.add, clock, telemetry, location)
    vouch.refer(references_of(settings))
    loop = ProbeLoop(
        roster,
        probe,
        partial(_tell, enroll, vouch.take, results.add),
        clock,
        telemetry,
        location=location,
        max_concurrent=settings.checks.max_concurrent,
    )
    loop.tell_of_gone(vouch.forget)
    enroll.watch(partial(_take_up, enroll, roster))
    review = Review(enroll, assess, keep, history, standings, clock)
    behind = Uptime(
        enroll=enroll,
        assess=assess,
        review=review,
        respond=Respond(incidents, chronicle, clock),
        examine=Examine(probers, clock),
        chronicle=chronicle,
        spans=core.spans,
        location=location,
    )
    codec = PulseCodec(pulse.encode_pulse, pulse.decode_pulse, pulse.encode_ping, pulse.decode_ping)
    pings = settings.pings
    beat = Beat(enroll, assess, catalog, codec, clock, telemetry, most=pings.max_waiting, kept=pings.kept)
    heartbeats = Heartbeats(beat, PingKeys(catalog, clock, most=pings.max_keys))
    return Checking(behind, maintain, heartbeats, keep, settle, loop, results, spans, stalls, roster, vouch)


def _new_id(size: int) -> str:
    """So many random bytes in hexadecimal, for traces: not for secrets, and at a fifth of what these cost, 0.3 us."""
    return random.getrandbits(8 * size).to_bytes(size, "big").hex()


async def _take_up(enroll: Enroll, roster: Roster, changed: frozenset[int]) -> None:
    """Have the schedule follow what people changed."""
    there = [one for check in sorted(changed) if (one := enroll.roster.get(check)) is not None]
    roster.change([(one.tenant, one.check, one.judge) for one in there], changed - enroll.roster.keys())


def _tell(enroll: Enroll, vouch: Tell, tell: Tell, row: tuple[Tenant, Result]) -> None:
    """What asks nobody out there fails whether or not anything out there can be reached."""
    one = enroll.roster.get(row[1].check)
    (vouch if one is None or one.check.definition.is_probed else tell)(row)


def _hurry(loop: ProbeLoop, enroll: Enroll, checks: Sequence[int]) -> None:
    for check in checks:
        if (one := enroll.roster.get(check)) is not None:
            loop.hurry(one.tenant, check)


def _by_kind(probers: Iterable[Prober]) -> Mapping[str, Prober]:
    return {kind: prober for prober in probers for kind in prober.kinds}
