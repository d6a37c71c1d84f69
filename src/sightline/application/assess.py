"""Assess checks: from what probes find, at all locations, to how each check stands, and what follows from that."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

from typing_extensions import override

from sightline.application.alarm import Alarm
from sightline.application.attend import Attend
from sightline.application.chronicle import Chronicle, Move
from sightline.application.deliver import Decision as Decided
from sightline.application.enroll import Enroll, Enrolled
from sightline.application.keep import Keep
from sightline.application.sample import Sample
from sightline.application.settle import Settle
from sightline.domain.alerts.notice import Alert
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import NotFound
from sightline.domain.events import CheckMoved, ProbesFinished
from sightline.domain.probes.alert import RULE_PREFIX
from sightline.domain.probes.check import Check
from sightline.domain.probes.incident import Entry, EntryKind
from sightline.domain.probes.monitor import Beat, Gap, gap, stop
from sightline.domain.probes.needs import Needers
from sightline.domain.probes.outcome import NOBODY_CAN_TELL, Reason
from sightline.domain.probes.result import Result
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import CheckState, StateEvent, StateReason, Transition
from sightline.domain.probes.voice import Decision, silent_after
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import SECOND
from sightline.ports.bus import Bus
from sightline.ports.clock import Clock
from sightline.ports.probe_history import Standings
from sightline.ports.telemetry import Instrument, Kind, Telemetry

RESULTS: Final = Instrument(
    "sightline_probe_results_total",
    "Results of probes by verdict, those of other locations included.",
    Kind.COUNTER,
    ("verdict",),
)
STATES: Final = Instrument("sightline_checks", "Checks by state, all tenants together.", Kind.GAUGE, ("state",))
GAPS: Final = Instrument(
    "sightline_monitor_gaps_total", "Stretches in which the monitor did not look, by reason.", Kind.COUNTER, ("reason",)
)
_HOLD: Final = 2 * SECOND
"""On top of the longest probe of what a check depends on, before an alert about it begins."""
_MAY_FAIL: Final = frozenset(CheckState) - {CheckState.DOWN, CheckState.PAUSED}
"""States in which it is worth a probe whether it is down by now; what was unreachable may be down once it is not."""
_FAILED: Final = frozenset({StateEvent.FAILED, StateEvent.FAILED_BEHIND})
_NO_LOOK: Final = -1
_AT_ONCE: Final = 100
"""Results that are heard before others have the loop: 5 ms where all of them are news."""
_DIGITS: Final = 19
"""Of the longest id."""

_Row = tuple[Tenant, Result]


class KnowWindows(Protocol):
    """The part of maintenance that assessing needs."""

    @property
    def generation(self) -> int:
        """Grows with every change of windows."""
        ...

    def next_change(self, at: int, /) -> int | None:
        """When, after `at` (ms), a window begins or ends; None where none will."""
        ...

    def covers(self, tenant: Tenant, check: Check, at: int, /) -> bool:
        """Whether a check is in maintenance."""
        ...


class NoWindows(KnowWindows):
    """Nothing is in maintenance."""

    generation = 0

    @override
    def next_change(self, at: int, /) -> int | None:
        """Never."""
        return None

    @override
    def covers(self, tenant: Tenant, check: Check, at: int, /) -> bool:
        """Never."""
        return False


def _nobody(_: Sequence[int]) -> None:
    """Where nobody probes on request."""


class Assess:
    """The use case. `load` comes first; what comes in before that is not taken.

    A transition takes effect at once: alerts and listeners learn of it, and `settle` brings it to the store. last_gap: the last
    stretch in which the monitor did not look, since the start or just before.
    """

    def __init__(
        self,
        enroll: Enroll,
        keep: Keep,
        settle: Settle,
        chronicle: Chronicle,
        alarm: Alarm,
        attend: Attend,
        standings: Standings,
        sample: Sample,
        bus: Bus,
        clock: Clock,
        telemetry: Telemetry,
        *,
        windows: KnowWindows | None = None,
        urge: Callable[[Sequence[int]], None] = _nobody,
    ) -> None:
        """urge: has checks probed soon, by id."""
        self._enroll = enroll
        self._keep = keep
        self._settle = settle
        self._chronicle = chronicle
        self._alarm = alarm
        self._attend = attend
        self._stored = standings
        self._sample = sample
        self._bus = bus
        self._clock = clock
        self._telemetry = telemetry
        self._windows: KnowWindows = windows if windows is not None else NoWindows()
        self._windows_seen = _NO_LOOK
        self._windows_change: int | None = None
        self._urge = urge
        self._standings: dict[int, Standing] = {}
        self._enrolled: dict[int, Enrolled] = {}
        self._children = Needers()
        self._wholes = Needers()
        self._new: set[int] = set()
        self._beat: Beat | None = None
        self._loading = asyncio.Lock()
        self._loaded = False
        self.last_gap: Gap | None = None

    # What others ask

    def standing(self, tenant: Tenant, check: int) -> Standing:
        """How a check stands.

        Raises:
            NotFound: the tenant has no such check, or it is not followed yet.
        """
        enrolled = self._enrolled.get(check)
        if enrolled is None or enrolled.tenant != tenant:
            raise NotFound(f"there is no check with the id {check}", id=check)
        return self._standings[check]

    def standings(self, tenant: Tenant) -> list[Standing]:
        """How all the tenant's checks stand, in ascending order of id."""
        return [self._standings[key] for key, one in sorted(self._enrolled.items()) if one.tenant == tenant]

    def named(self, tenant: Tenant, names: Iterable[str]) -> list[Standing]:
        """How checks of these names stand, in their order; those that the tenant lacks, or that are not followed, are left out."""
        found = (self._enroll.named(tenant, name) for name in names)
        return [its for one in found if one is not None and (its := self._standings.get(one.check.id)) is not None]

    def alerts(self, principal: Principal) -> list[Alert]:
        """The alerts of the tenant's checks: those that fire, that wait to, and that ended lately."""
        return self._alarm.alerts(principal.tenant, self._clock.now())

    def active_alerts(self) -> list[Alert]:
        """The alerts of all tenants' checks that fire, or wait to."""
        return self._alarm.active()

    # What comes in

    async def load(self) -> None:
        """Take up how checks stood when the program stopped, and follow every change of them from now on.

        The time from then until now is unknown, where it was long enough for anybody to notice.

        Raises:
            Unavailable: the store cannot be reached.
        """
        async with self._loading:
            if not self._loaded:
                await self._load()

    async def _load(self) -> None:
        await self._enroll.load()
        await self._chronicle.load()
        await self._attend.load()
        latest = {(tenant, one.check): one for tenant, one in await self._stored.current()}
        away = stop(await self._stored.alive_at(), self._clock.now())
        for enrolled in self._enroll.roster.values():
            known = latest.get((enrolled.tenant, enrolled.check.id))
            self._follow(enrolled, known)
            if known is not None:
                self._settle.repair(Move(enrolled, known))
        for check in set(self._chronicle.lasting) - set(self._enrolled):
            self._settle.gone(check, self._clock.now())
        self._enroll.watch(self._take_up)
        self._loaded = True
        if away is not None:
            self._doubt(away)
        self._beat = self._now()

    async def take(self, results: Sequence[_Row]) -> None:
        """Take in results that somebody is told are stored: when this returns, they are.

        Raises:
            SightlineError: they are not all stored; those that are will not count twice when they come again.
        """
        rows = list[_Row]()
        for some in _slices(results):
            asked_for = self._asked_for(some)
            await self._sample.store(self._there(_telling(asked_for)))
            rows += asked_for
        for some in _slices(rows):
            self._hear(some)
            await asyncio.sleep(0)
        await self._keep.store(_telling(rows))
        await self.settle()

    async def hear(self, results: Sequence[_Row]) -> None:
        """Take in results of our own probes; what cannot be stored now is stored later, or counted as lost."""
        for some in _slices(results):
            asked_for = self._asked_for(some)
            rows = _telling(asked_for)
            self._keep.add(rows)
            self._hear(asked_for)
            await self._sample.offer(self._there(rows))
            await asyncio.sleep(0)

    def left(self, tenant: Tenant, location: str) -> None:
        """A location is no more: what it said of the tenant's checks counts no longer, and nobody waits for it."""
        monotonic, now = self._monotonic(), self._clock.now()
        self._attend.left(tenant, location)
        for check, standing in self._standings.items():
            if self._enrolled[check].tenant == tenant and standing.voices.pop(location, None) is not None:
                self._decide(check, now, monotonic)

    async def tick(self) -> None:
        """What follows from time alone: the monitor's own gaps, windows, silent locations, alerts that were held.

        To be called every second. What moved is stored by `settle`, apart: a store that takes long must not look like a monitor
        that stands still.

        Raises:
            Unavailable: checks are not read yet, and cannot be.
        """
        if not self._loaded:
            await self.load()
        beat, before = self._now(), self._beat
        self._beat = beat
        amiss = gap(before, beat) if before is not None else None
        if amiss is not None:
            self._doubt(amiss)
        self._look_at_windows(beat.wall)
        self._look_for_silence(beat)
        self._release(beat.monotonic)
        self._count()

    async def settle(self) -> None:
        """Store what moved, and that the monitor is there; nothing before it is known how checks stood.

        Raises:
            Unavailable, StorageFull: the store does not take what moved; it will be stored later.
        """
        if self._loaded:
            await self._settle.run_once()
            await self._attend.store()

    def noticed(self, decision: Decided, alerts: Sequence[PostedAlert]) -> None:
        """A channel was told of alerts, or could not be: where they are about checks, their incidents say so."""
        checks = {check for one in alerts if (check := self._told_of(one)) is not None}
        if checks:
            text = f"{decision.channel.key}: " + (
                "told" if decision.told else decision.problem or decision.reason.value
            )
            self._settle.say(sorted(checks), Entry(decision.at, EntryKind.NOTICE, text))

    def _told_of(self, alert: PostedAlert) -> int | None:
        """The check that an alert is about; None of others, be their rule called as if it were a check."""
        number = alert.rule.removeprefix(RULE_PREFIX)
        if number == alert.rule or not (number.isascii() and number.isdecimal()):
            return None
        enrolled = self._enrolled.get(int(number[:_DIGITS]))
        return enrolled.check.id if enrolled is not None and enrolled.tenant == alert.tenant else None

    # Results

    def _asked_for(self, results: Sequence[_Row]) -> list[_Row]:
        """Those of checks that are there and switched on; of others nobody wants to hear."""
        found, asked_for = self._enrolled, list[_Row]()
        for tenant, one in results:
            its = found.get(one.check)
            if its is None or its.tenant != tenant or not its.check.definition.enabled:
                continue
            if one.reason is not Reason.STALLED:
                asked_for.append((tenant, one))
        return asked_for

    def _fall_silent(self, standing: Standing, result: Result, monotonic: int, now: int) -> None:
        """A location cannot tell; where no other can, the check is unknown, in the words of this one."""
        if not standing.fall_silent(result, monotonic, now) or self._is_open(standing, monotonic):
            return
        root = self._behind(result.check)
        decision = standing.decide(monotonic, behind=root is not None)
        if decision.event is StateEvent.LOST:
            reason = StateReason.MONITOR_CUT_OFF if result.reason is Reason.CUT_OFF else decision.reason
            decision = replace(decision, reason=reason, message=result.message)
        self._move(result.check, decision, min(_end_of(result), now), root)

    def _there(self, rows: Sequence[_Row]) -> list[tuple[Enrolled, Result]]:
        """What checks say by now of which there are results; others were deleted since they came in."""
        return [(self._enrolled[one.check], one) for _, one in rows if one.check in self._enrolled]

    def _hear(self, rows: Sequence[_Row]) -> None:
        """Take in results, in their order. What says that nobody can tell is none: its location is as good as silent."""
        monotonic, now = self._monotonic(), self._clock.now()
        by_tenant: defaultdict[Tenant, list[Result]] = defaultdict(list)
        for tenant, result in rows:
            standing = self._standings.get(result.check)  # None: deleted since it came in
            if result.reason in NOBODY_CAN_TELL:
                if standing is not None:
                    self._fall_silent(standing, result, monotonic, now)
                continue
            self._telemetry.add(RESULTS, labels=(result.verdict.value,))
            by_tenant[tenant].append(result)
            if standing is not None and standing.hear(result, monotonic, now):
                self._attend_to(standing, result, monotonic)
                self._decide(result.check, min(_end_of(result), now), monotonic)
        for tenant, results in by_tenant.items():
            self._bus.publish(ProbesFinished(tenant, tuple(results)))

    def _attend_to(self, standing: Standing, result: Result, monotonic: int) -> None:
        """Remember whence checks are probed."""
        definition = standing.check.definition
        if definition.is_probed:
            tenant = self._enrolled[result.check].tenant
            self._attend.heard(tenant, result.location, monotonic + silent_after(definition))

    # Deciding

    def _decide(self, check: int, at: int, monotonic: int) -> None:
        """Let a check stand as its locations say."""
        standing = self._standings[check]
        if not self._is_open(standing, monotonic):
            root = self._behind(check)
            self._move(check, standing.decide(monotonic, behind=root is not None), at, root)

    def _is_open(self, standing: Standing, monotonic: int) -> bool:
        """Whether locations that were heard before a restart are waited for."""
        return standing.is_open(monotonic, self._places(standing.check.id))

    def _places(self, check: int) -> int:
        """How many places probe checks of the tenant of one."""
        return self._attend.count(self._enrolled[check].tenant)

    def _move(self, check: int, decision: Decision, at: int, root: int | None = None) -> None:
        """Let a check stand as decided, and tell of it."""
        standing, enrolled = self._standings[check], self._enrolled[check]
        transition = standing.move(decision, at)
        if transition is None:
            if standing.state is CheckState.MAINTENANCE and decision.event in _FAILED:
                self._put_behind(check, at)
            return
        trace = decision.decisive.trace_id if decision.decisive is not None else ""
        self._settle.add((Move(enrolled, transition, trace, root),))
        self._alarm.moved(enrolled, transition, self._hold_until(enrolled, transition))
        self._bus.publish(CheckMoved(enrolled.tenant, transition))
        if wholes := self._wholes.of(check):
            self._urge(wholes)
        if transition.state in {CheckState.DOWN, CheckState.UNREACHABLE}:
            self._put_behind(check, transition.at)

    def _behind(self, check: int) -> int | None:
        """The check that is down and without which this one cannot be reached, the farthest one; None where there is none."""
        seen, todo, found, monotonic = {check}, list(self._enrolled[check].needs), None, self._monotonic()
        while todo:
            need = todo.pop()
            if need in seen or need not in self._enrolled:
                continue
            seen.add(need)
            standing = self._standings[need]
            if standing.is_failing(monotonic, self._places(need)):
                found = found if standing.state is CheckState.UNREACHABLE else need
                todo += self._enrolled[need].needs
        return found

    def _put_behind(self, check: int, at: int) -> None:
        """What depends on a check that is down was not down by itself."""
        for child in self._children.of(check):
            standing = self._standings.get(child)  # None: it is being deleted
            if standing is not None and standing.state is CheckState.DOWN:
                self._decide(child, at, self._monotonic())

    def _hold_until(self, enrolled: Enrolled, transition: Transition) -> int | None:
        """Until when an alert waits for what the check depends on to be probed, which is asked for at once."""
        if transition.state is not CheckState.DOWN:
            return None
        needs = [one for one in enrolled.needs if one in self._enrolled and self._standings[one].state in _MAY_FAIL]
        if not needs:
            return None
        self._urge(needs)
        return self._monotonic() + max(self._enrolled[one].check.definition.longest for one in needs) + _HOLD

    def _release(self, monotonic: int) -> None:
        for check, until in self._alarm.held.items():
            if monotonic >= until:
                self._alarm.release(check)

    # Time alone

    def _doubt(self, amiss: Gap) -> None:
        """Nobody can tell how checks were meanwhile; how they are now, the next probes tell."""
        self._telemetry.add(GAPS, labels=(amiss.reason.value,))
        self.last_gap = amiss
        self._windows_seen = (
            _NO_LOOK  # a clock that was set back may be within one that is over, or before one that began
        )
        length = max(0, amiss.until - amiss.since) // SECOND
        decision = Decision(StateEvent.LOST, amiss.reason, message=f"nobody looked for {length} s")
        for check in self._enrolled:
            self._standings[check].set_back(amiss.until)
            self._move(check, decision, amiss.since)

    def _look_at_windows(self, now: int) -> None:
        windows = self._windows
        due = self._windows_change is not None and now >= self._windows_change
        new, self._new = self._new, set()
        if windows.generation != self._windows_seen or due:
            self._windows_seen, self._windows_change = windows.generation, windows.next_change(now)
            new = set(self._enrolled)
        for check in sorted(new & self._enrolled.keys()):
            self._look_at_window(check, self._enrolled[check], now)

    def _look_at_window(self, check: int, enrolled: Enrolled, now: int) -> None:
        state = self._standings[check].state
        is_covered = self._windows.covers(enrolled.tenant, enrolled.check, now)
        if is_covered and state is not CheckState.MAINTENANCE:
            self._move(check, Decision(StateEvent.MAINTENANCE_BEGAN, StateReason.WINDOW), now)
        elif not is_covered and state is CheckState.MAINTENANCE:
            self._move(check, Decision(StateEvent.MAINTENANCE_ENDED, StateReason.WINDOW_OVER), now)
            self._decide(check, now, self._monotonic())

    def _look_for_silence(self, beat: Beat) -> None:
        """Locations that were not heard for too long count no more."""
        for check, standing in self._standings.items():
            if standing.silent_at is not None and standing.silent_at <= beat.monotonic:
                standing.look_for_silence(beat.monotonic)
                self._decide(check, beat.wall, beat.monotonic)

    def _count(self) -> None:
        counts = dict.fromkeys(CheckState, 0)
        for standing in self._standings.values():
            counts[standing.state] += 1
        for state, number in counts.items():
            self._telemetry.set(STATES, number, (state.value,))

    # Changes of checks

    async def _take_up(self, changed: frozenset[int]) -> None:
        for check in sorted(changed):
            enrolled, before = self._enroll.roster.get(check), self._enrolled.get(check)
            if enrolled is None:
                await self._forget(check)
            elif before is None:
                self._follow(enrolled, None)
            else:
                await self._redefine(before, enrolled)

    def _follow(self, enrolled: Enrolled, known: Transition | None) -> None:
        check, now = enrolled.check, self._clock.now()
        self._note(check.id, enrolled)
        self._new.add(check.id)
        standing = Standing.new(check, now)
        self._standings[check.id] = standing
        if known is None:
            self._settle.add((Move(enrolled, standing.latest),))
            return
        standing.latest = known
        if known.state is not CheckState.UP:
            self._alarm.claim(enrolled, known, now)
            self._alarm.moved(enrolled, known)  # where its alert did not survive the end of the last run
        self._switch(enrolled, now)

    def _switch(self, enrolled: Enrolled, now: int) -> None:
        """Pause or resume where that was said."""
        check, is_on = enrolled.check.id, enrolled.check.definition.enabled
        is_paused = self._standings[check].state is CheckState.PAUSED
        if is_on and is_paused:
            self._standings[check].voices.clear()
            self._move(check, Decision(StateEvent.RESUMED, StateReason.SWITCHED_ON), now)
        elif not is_on and not is_paused:
            self._move(check, Decision(StateEvent.PAUSED, StateReason.SWITCHED_OFF), now)

    async def _redefine(self, before: Enrolled, enrolled: Enrolled) -> None:
        check, now = enrolled.check.id, self._clock.now()
        self._note(check, enrolled)
        standing = self._standings[check]
        standing.redefine(enrolled.check, self._monotonic())
        await self._sample.redefined(before, enrolled)
        self._alarm.redefined(enrolled, standing.latest, now)
        self._switch(enrolled, now)
        self._look_at_window(check, enrolled, now)

    async def _forget(self, check: int) -> None:
        enrolled = self._enrolled.get(check)
        if enrolled is None:
            return
        self._note(check, None)
        standing, now = self._standings.pop(check), self._clock.now()
        gone = Transition(check, now, standing.state, CheckState.PAUSED, StateReason.SWITCHED_OFF)
        self._alarm.end(enrolled.tenant, gone)
        await self._sample.end(enrolled)
        self._settle.gone(check, now)

    def _note(self, check: int, enrolled: Enrolled | None) -> None:
        """A check says this now, None when it is gone: who needs whom, and what is a part of what."""
        before = self._enrolled.get(check)
        if enrolled is not None:
            self._enrolled[check] = enrolled
        else:
            self._enrolled.pop(check, None)
        for needers, was, now in (
            (self._children, before.needs if before else (), enrolled.needs if enrolled else ()),
            (self._wholes, before.parts if before else (), enrolled.parts if enrolled else ()),
        ):
            needers.change(check, was, now)

    def _now(self) -> Beat:
        return Beat(self._clock.now(), self._monotonic())

    def _monotonic(self) -> int:
        return int(self._clock.monotonic() * SECOND)


def _telling(rows: Sequence[_Row]) -> list[_Row]:
    """Those that say how a check is."""
    return [row for row in rows if row[1].reason not in NOBODY_CAN_TELL]


def _slices(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    for first in range(0, len(rows), _AT_ONCE):
        yield rows[first : first + _AT_ONCE]


def _end_of(result: Result) -> int:
    """When a result was there, ms."""
    return result.at + int(result.seconds * SECOND)
