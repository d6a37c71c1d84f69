"""Time as a caller of probes: each check on its own schedule, all of them from one heap."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self

import structlog

from sightline.adapters.inbound.rounds import Place, Rounds
from sightline.application.probe import Judges, Probe
from sightline.application.roster import Roster
from sightline.domain.probes.allowance import Allowance
from sightline.domain.probes.check import Check
from sightline.domain.probes.location import phase, scheduled_at
from sightline.domain.probes.result import HERE, Result
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

LATENESS: Final = Instrument(
    "sightline_check_lateness_seconds",
    "How long after its time a check was probed.",
    Kind.HISTOGRAM,
    (),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 5.0, 15.0, 60.0),
)
SKIPPED: Final = Instrument(
    "sightline_check_skipped_total",
    "Times at which a check was not probed because its probe before still went on, or waited for a place.",
    Kind.COUNTER,
)
UNDER_WAY: Final = Instrument("sightline_check_probes_under_way", "Probes that are under way now.", Kind.GAUGE)
WAITING: Final = Instrument(
    "sightline_check_probes_waiting",
    "Checks that are due, and wait because `checks.max_concurrent` probes are under way.",
    Kind.GAUGE,
)
SCHEDULED: Final = Instrument("sightline_checks_scheduled", "Checks that are probed from here.", Kind.GAUGE)
MAX_CONCURRENT: Final = 2_000
"""Probes that may be under way at once, unless settings say otherwise."""

# Whoever took so long will again: dead hosts take their timeout each time, and must not take all places.
_SLOW: Final = 1.0
# New checks are probed at once, and many of them (an import) a few hundred a second.
_AT_ONCE: Final = 0.002

_log = structlog.get_logger("sightline.probing")


def _nobody(_tenant: Tenant, _check: int) -> None:
    """Where nobody keeps what was found."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A check on the schedule. slow: whether its last probe took long. busy: whether one is under way, or waits for a place."""

    tenant: Tenant
    check: Check
    judge: Judges
    slow: bool = False
    busy: bool = False


class ProbeLoop:
    """Probes each check of the roster that is probed from here on its own schedule. Use as an async context.

    When in its interval a check is probed depends on its number and the location alone, so that checks are evenly spread and keep
    their place over a restart; one that is new, or was changed, is probed at once too. A check's probes never overlap: times
    that pass meanwhile are skipped and counted. At most `max_concurrent` probes are under way; whoever took long the last time
    leaves a share of these to the others. A probe of a check that is gone or changed is cancelled, and nothing is told of it.
    The schedule is monotonic: setting the wall clock moves nothing.
    """

    def __init__(
        self,
        roster: Roster,
        probe: Probe,
        tell: Callable[[tuple[Tenant, Result]], None],
        clock: Clock,
        telemetry: Telemetry,
        *,
        location: str = HERE,
        max_concurrent: int = MAX_CONCURRENT,
    ) -> None:
        """`tell` takes results, without waiting."""
        self._roster = roster
        self._probe = probe
        self._tell = tell
        self._clock = clock
        self._telemetry = telemetry
        self._forget: Callable[[Tenant, int], None] = _nobody
        self._location = location
        self._allowance: Allowance[Place[_Entry]] = Allowance(max_concurrent)
        self._rounds: Rounds[_Entry] = Rounds(clock, self._begin)
        self._places: dict[int, Place[_Entry]] = {}
        self._cancelled: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        generation = self._roster.generation
        self._adopt(None, starting=True)
        self._watch = asyncio.create_task(self._follow(generation), name="probing:roster")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rounds.stop()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        for place in self._places.values():
            self._leave(place)
        self._places.clear()
        while self._cancelled:
            await asyncio.gather(*self._cancelled, return_exceptions=True)

    def tell_of_gone(self, call: Callable[[Tenant, int], None]) -> None:
        """Have it called when a check is gone, or changed: what was found of it before is of no interest any more."""
        self._forget = call

    def hurry(self, tenant: Tenant, check_id: int) -> bool:
        """Probe a check now, beside its schedule; whether it is probed from here at all. One under way is not begun anew."""
        place = self._places.get(check_id)
        if place is None or place.of.tenant != tenant:
            return False
        if not place.of.busy:
            self._rounds.hurry(place)
        return True

    async def _follow(self, generation: int) -> None:
        while True:
            await self._roster.changed(generation)
            changed, generation = self._roster.since(generation), self._roster.generation
            self._adopt(changed)

    def _adopt(self, changed: Collection[int] | None, *, starting: bool = False) -> None:
        """Take up what changed; None: anything may have."""
        if changed is None:
            changed = dict.fromkeys((*self._places, *(check.id for _, check, _ in self._roster.checks())))
        came = list[_Entry]()
        for check_id in changed:
            entry = self._wanted(check_id)
            if entry is not None and self._knows(entry):
                continue
            if (place := self._places.pop(check_id, None)) is not None:
                self._leave(place)
                self._forget(place.of.tenant, check_id)
            if entry is not None:
                came.append(entry)
        for number, entry in enumerate(came):
            self._join(entry, None if starting else number * _AT_ONCE)
        self._telemetry.set(SCHEDULED, len(self._places))

    def _wanted(self, check_id: int) -> _Entry | None:
        """A check as it is to be probed from here; None where it is not."""
        found = self._roster.find(check_id)
        if found is None or not scheduled_at(found[1].definition, self._location):
            return None
        return _Entry(*found)

    def _knows(self, entry: _Entry) -> bool:
        place = self._places.get(entry.check.id)
        if place is None:
            return False
        known, said = place.of.check, entry.check
        if known is not said and (known.version, known.updated_at) != (said.version, said.updated_at):
            return False
        place.of.check, place.of.judge = said, entry.judge
        return True

    def _join(self, entry: _Entry, soon: float | None) -> None:
        interval = entry.check.definition.interval
        wait = (phase(entry.check, self._location) - self._clock.now()) % interval
        place = self._places[entry.check.id] = self._rounds.join(entry, wait / SECOND, interval / SECOND)
        if soon is not None and soon < wait / SECOND:
            self._rounds.hurry(place, soon)

    def _leave(self, place: Place[_Entry]) -> None:
        self._rounds.leave(place)
        if place.task is not None:
            place.task.cancel()
            self._cancelled.add(place.task)

    def _begin(self, place: Place[_Entry]) -> None:
        """Its time has come: begin where there is room."""
        place.of.busy = True
        if self._allowance.ask(place, slow=place.of.slow):
            self._start(place, slow=place.of.slow)
        else:
            self._telemetry.set(WAITING, self._allowance.waiting)

    def _start(self, place: Place[_Entry], *, slow: bool) -> None:
        task = place.task = asyncio.create_task(self._turn(place))
        # Not at the end of the turn: one that is cancelled before it began has no end.
        task.add_done_callback(partial(self._ended, place, slow=slow))
        self._telemetry.set(UNDER_WAY, self._allowance.under_way)

    async def _turn(self, place: Place[_Entry]) -> None:
        """One probe."""
        entry, began = place.of, self._clock.monotonic()
        self._telemetry.observe(LATENESS, max(0.0, began - place.due))
        result = await self._probe.once(entry.tenant, entry.check, entry.judge)
        entry.slow = self._clock.monotonic() - began >= _SLOW
        self._tell((entry.tenant, result))

    def _ended(self, place: Place[_Entry], task: asyncio.Task[None], *, slow: bool) -> None:
        """A turn is over, however it ended: the check is due again, and who waits may begin."""
        place.task, entry = None, place.of
        entry.busy = False
        self._cancelled.discard(task)
        self._allowance.leave(slow=slow)
        error = None if task.cancelled() else task.exception()
        if not place.left:
            if task.cancelled() or error is not None:
                self._failed(entry, error)
            if skipped := self._rounds.again(place):
                self._telemetry.add(SKIPPED, skipped)
        self._admit()

    def _failed(self, entry: _Entry, error: BaseException | None) -> None:
        """A defect ended the probe, and must be the end of nothing else."""
        kind = type(error).__name__
        _log.error("a probe failed with a defect", check=entry.check.name, exc_info=error)
        message = f"the probe failed with a defect of Sightline ({kind}), which its log tells more of"
        self._tell((entry.tenant, self._probe.failed(entry.check, message)))

    def _admit(self) -> None:
        """Begin those that waited for a place."""
        while self._allowance.waiting and (admitted := self._allowance.following()):
            place, slow = admitted
            if place.left:
                self._allowance.leave(slow=slow)
            else:
                self._start(place, slow=slow)
            self._telemetry.set(WAITING, self._allowance.waiting)
        self._telemetry.set(UNDER_WAY, self._allowance.under_way)
