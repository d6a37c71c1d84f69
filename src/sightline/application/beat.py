"""Beat: take the pings of jobs, and notice when they do not come."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from msgspec.structs import replace as changed

from sightline.application.enroll import Enroll, Enrolled
from sightline.application.recognize import Recognize
from sightline.application.remember import PulseCodec, Remember
from sightline.domain.errors import BadData, NotFound, Overloaded, SightlineError
from sightline.domain.probes import heartbeat, monitor
from sightline.domain.probes.agenda import Agenda
from sightline.domain.probes.check import Check
from sightline.domain.probes.cron import parse_cron
from sightline.domain.probes.heartbeat import Deadlines, HeartbeatState, Pulse
from sightline.domain.probes.monitor import Gap
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.ping import KEPT, Ping, PingKind
from sightline.domain.probes.result import Result
from sightline.domain.tenancy import Principal, Role, Tenant
from sightline.domain.timerange import DAY, SECOND
from sightline.ports.catalog import Catalog, Change
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

MAX_WAITING: Final = 20_000
"""Pings that wait for their turn to be stored."""
PINGS: Final = Instrument("sightline_pings_total", "Pings of heartbeats that were taken.", Kind.COUNTER, ("kind",))
UNSTORED: Final = Instrument(
    "sightline_heartbeat_writes_failed_total",
    "Writes of states of heartbeats that the catalog did not take.",
    Kind.COUNTER,
)
_AT_ONCE: Final = 200  # heartbeats that are looked at before others have the loop
_NEVER: Final = 36_500 * DAY
_SPREAD: Final = 997_001  # a prime: heartbeats of one interval are told at instants of their own


class HearResults(Protocol):
    """The part of assessing that this needs."""

    @property
    def last_gap(self) -> Gap | None:
        """The last stretch in which nobody was there to take pings."""
        ...

    async def hear(self, results: Sequence[tuple[Tenant, Result]], /) -> None:
        """Take in results; what cannot be stored now is stored later."""
        ...


@dataclass(slots=True)
class _Followed:
    """A heartbeat. tell_at: when its check is told how it stands, as long as nothing happens."""

    tenant: Tenant
    check: Check
    pulse: Pulse
    options: Heartbeat
    tell_at: int = 0


@dataclass(slots=True)
class _Waiting:
    check: int
    ping: Ping
    taken: asyncio.Future[Ping] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Beat:
    """The use case.

    A ping is acknowledged once it and what it changed are stored; pings under way at once share one write. What follows for the
    check is told to assessing then; should the program die in between, the state is told again after the start.

    A heartbeat tells how it stands at every change, and once in its check's interval, so that its series go on. What may have come
    while nobody was there to take it is not called missed before its grace has passed anew; until then nothing is told of it.
    """

    def __init__(
        self,
        enroll: Enroll,
        assess: HearResults,
        catalog: Catalog,
        codec: PulseCodec,
        clock: Clock,
        telemetry: Telemetry,
        *,
        most: int = MAX_WAITING,
        kept: int = KEPT,
    ) -> None:
        """most: pings that may wait to be stored. kept: those of one check that are kept."""
        self._enroll = enroll
        self._assess = assess
        self._remember = Remember(catalog, codec, kept)
        self._clock = clock
        self._telemetry = telemetry
        self._most = most
        self.known = Recognize()
        self._followed: dict[int, _Followed] = {}
        self._agenda = Agenda()
        self._waiting: list[_Waiting] = []
        self._unstored: set[int] = set()
        self._gone: list[tuple[Tenant, int]] = []
        self._gap: Gap | None = None
        self._gap_told: Gap | None = None
        self._last: monitor.Beat | None = None
        self._turn = asyncio.Lock()
        self._taking: asyncio.Task[None] | None = None
        self._is_watching = False
        self._is_read = False

    async def load(self) -> None:
        """Take up how heartbeats stood when the program stopped, unless that is done; assessing comes first.

        Raises:
            Unavailable: the catalog cannot be read.
        """
        if not self._is_read:
            async with self._turn:
                await self._load()

    async def _load(self) -> None:
        if self._is_read:
            return
        await self._enroll.load()
        if not self._is_watching:  # from before the first look on, so that nothing is overlooked
            self._enroll.watch(self._take_up)
            self._is_watching = True
        tenants = {one.tenant for one in self._enroll.roster.values() if _options(one.check) is not None}
        pulses = await self._remember.pulses(tenants)
        self._gap = self._gap_told = self._assess.last_gap
        for one in self._enroll.roster.values():
            if (options := _options(one.check)) is not None:
                self._follow(one, options, pulses.get((one.tenant, one.check.id), Pulse()))
        self._is_read = True

    # What comes in

    async def ping(self, check_id: int, ping: Ping) -> Ping:
        """Take a ping of a heartbeat that was recognized; gives it with its time and number, once it is stored.

        A success or failure resumes a check that is paused, unless that is to be resumed by people.

        Raises:
            NotFound: there is no such heartbeat.
            Overloaded: too many wait.
            Unavailable, StorageFull: it is not stored.
        """
        await self.load()
        if len(self._waiting) >= self._most:
            message = f"{self._most} pings wait to be stored, as many as pings.max_waiting allows: try again"
            raise Overloaded(message, retry_after=1)
        waiting = _Waiting(check_id, replace(ping, at=self._clock.now()))
        self._waiting.append(waiting)
        if self._taking is None or self._taking.done():
            # A task of its own: that one of those who wait goes away must not cost the others theirs.
            self._taking = asyncio.create_task(self._take())
        taken = await waiting.taken
        await self._resume(check_id, taken)
        return taken

    async def sweep(self) -> None:
        """What follows from time alone: what is due, what was missed, and how heartbeats stand. To be called every second.

        Raises:
            Unavailable: the catalog cannot be read.
        """
        await self.load()
        async with self._turn:
            now = self._clock.now()
            self._look_for_gap()
            results: list[tuple[Tenant, Result]] = []
            for number, check in enumerate(self._agenda.take(now), 1):
                if (found := self._passed(self._followed[check], now)) is not None:
                    results.append(found)
                if not number % _AT_ONCE:
                    await asyncio.sleep(0)
            await self._store()
            if results:
                await self._assess.hear(results)

    async def close(self) -> None:
        """Store what time has changed and is not stored yet; pings under way are waited for."""
        if self._taking is not None:
            await asyncio.wait([self._taking])
        async with self._turn:
            await self._store()

    # What others ask

    def next_due(self) -> int | None:
        """When `sweep` has something to do, ms; None while nothing is waited for."""
        return self._agenda.next()

    def stands(self, tenant: Tenant, check_id: int) -> tuple[Pulse, Deadlines]:
        """How a heartbeat stands, and when what is due and missed.

        Raises:
            NotFound: the tenant has no such heartbeat.
        """
        one = self._its(tenant, check_id)
        return one.pulse, heartbeat.deadlines(one.pulse, one.options, self._gap)

    async def pings(self, tenant: Tenant, check_id: int) -> list[Ping]:
        """The pings of a heartbeat that are kept, newest first.

        Raises:
            NotFound: the tenant has no such heartbeat.
            Unavailable: they cannot be read.
        """
        await self.load()
        self._its(tenant, check_id)
        return await self._remember.pings(tenant, check_id)

    async def one_ping(self, tenant: Tenant, check_id: int, number: int) -> Ping:
        """One of them.

        Raises:
            NotFound: there is no such heartbeat or ping, or it is not kept any more.
            Unavailable: it cannot be read.
        """
        await self.load()
        self._its(tenant, check_id)
        return await self._remember.one_ping(tenant, check_id, number)

    # Pings

    async def _take(self) -> None:
        """Store all pings that wait, and what they change, in one write; then tell of it; until none waits."""
        while self._waiting:
            async with self._turn:
                waiting, self._waiting = self._waiting, []
                try:
                    await self._take_all(waiting)
                except SightlineError as error:
                    for one in waiting:
                        _raise_in(one.taken, error)
                finally:
                    for one in waiting:
                        one.taken.cancel()  # those that are not answered by now never will be

    async def _take_all(self, waiting: Sequence[_Waiting]) -> None:
        pulses: dict[int, Pulse] = {}
        results: list[tuple[Tenant, Result]] = []
        changes: list[Change] = []
        taken: list[tuple[_Waiting, Ping]] = []
        for one in waiting:
            its = self._followed.get(one.check)
            if its is None:
                _raise_in(one.taken, NotFound(f"there is no heartbeat with the id {one.check}", id=one.check))
                continue
            before = pulses.get(one.check, its.pulse)
            ping, after = self._heard(its, before, one.ping)
            if ping.kind in {PingKind.SUCCESS, PingKind.FAIL} and (judgement := heartbeat.judged(after)) is not None:
                found, after = heartbeat.result(one.check, after, judgement, ping.at)
                results.append((its.tenant, found))
            pulses[one.check] = after
            changes.append(self._remember.ping(its.tenant, one.check, ping))
            taken.append((one, ping))
        changes += (self._change(self._followed[check], pulse) for check, pulse in pulses.items())
        await self._remember.write(changes)
        for check, pulse in pulses.items():
            self._unstored.discard(check)
            self._followed[check].pulse = pulse
            self._place(self._followed[check])
        for one, ping in taken:
            self._telemetry.add(PINGS, labels=(ping.kind.value,))
            if not one.taken.done():
                one.taken.set_result(ping)
        if results:
            await self._assess.hear(results)

    def _heard(self, its: _Followed, before: Pulse, ping: Ping) -> tuple[Ping, Pulse]:
        """A ping as it is taken, with how long its run took, and how the heartbeat stands after it."""
        passed = heartbeat.at(before, its.options, ping.at, self._gap)
        is_ignored = passed.state is HeartbeatState.PAUSED and its.options.manual_resume
        kind = PingKind.IGNORED if is_ignored else ping.kind
        taken = replace(ping, number=passed.pings + 1, kind=kind)
        after = heartbeat.heard(passed, taken)
        if kind in {PingKind.SUCCESS, PingKind.FAIL}:
            taken = replace(taken, seconds=after.seconds)
        return taken, after

    async def _resume(self, check_id: int, ping: Ping) -> None:
        """Have a check go on that was paused, as the ping says that its job does."""
        its = self._followed.get(check_id)
        if its is None or its.check.definition.enabled or ping.kind not in {PingKind.SUCCESS, PingKind.FAIL}:
            return
        await self._enroll.switch(Principal("ping", its.tenant, Role.WRITER), check_id, enabled=True)
        async with self._turn:
            one = self._followed.get(check_id)
            if one is not None and (found := self._told(one, self._clock.now())) is not None:
                await self._assess.hear([found])

    # Time

    def _look_for_gap(self) -> None:
        """After a stretch in which nobody was there, everything is looked at anew, and what is known is told again.

        Assessing says which there were; what it has not seen yet is seen here, for nothing may be called missed before.
        """
        beat = monitor.Beat(self._clock.now(), int(self._clock.monotonic() * SECOND))
        before, self._last = self._last, beat
        found = monitor.gap(before, beat) if before is not None else None
        told = self._assess.last_gap
        if told is not self._gap_told:
            self._gap_told = found = told
        if found is None:
            return
        self._gap = found
        for one in self._followed.values():
            one.tell_at = beat.wall
            self._place(one)

    def _passed(self, one: _Followed, now: int) -> tuple[Tenant, Result] | None:
        """Let time pass for a heartbeat; gives what is to be told of it."""
        pulse = heartbeat.at(one.pulse, one.options, now, self._gap)
        if pulse is not one.pulse:
            one.pulse = pulse
            self._unstored.add(one.check.id)
        one.tell_at = _next_tell(one.check, now)
        found = self._told(one, now)
        self._place(one)
        return found

    def _told(self, one: _Followed, now: int) -> tuple[Tenant, Result] | None:
        """How a heartbeat stands, as a result; None where nobody can tell."""
        judgement = heartbeat.judged(one.pulse)
        if judgement is None or heartbeat.deadlines(one.pulse, one.options, self._gap).doubted:
            return None
        found, one.pulse = heartbeat.result(one.check.id, one.pulse, judgement, now)
        return one.tenant, found

    async def _store(self) -> None:
        """Store what time has changed; what the catalog does not take now is stored the next time."""
        changes = [
            self._change(one, one.pulse) for key in self._unstored if (one := self._followed.get(key)) is not None
        ]
        for tenant, check in self._gone:
            changes += self._remember.nothing(tenant, check)
        try:
            await self._remember.write(changes)
        except SightlineError:
            self._telemetry.add(UNSTORED)
        else:
            self._unstored.clear()
            self._gone.clear()

    # Changes of checks

    async def _take_up(self, changed: frozenset[int]) -> None:
        async with self._turn:
            for check_id in changed if self._is_read else ():
                enrolled, one = self._enroll.roster.get(check_id), self._followed.get(check_id)
                options = None if enrolled is None else _options(enrolled.check)
                if enrolled is not None and options is not None:
                    self._follow(enrolled, options, Pulse() if one is None else one.pulse)
                elif one is not None:
                    del self._followed[check_id]
                    self._agenda.drop(check_id)
                    self.known.forget(check_id)
                    self._unstored.discard(check_id)
                    self._gone.append((one.tenant, check_id))
            await self._store()

    def _follow(self, enrolled: Enrolled, options: Heartbeat, pulse: Pulse) -> None:
        check = enrolled.check
        self.known.follow(enrolled.tenant, check, options)
        if options.cron:
            try:
                parse_cron(options.cron, options.timezone)
            except BadData:  # such as a zone that this machine does not have: pings are taken, and none is due
                options = changed(options, cron="", period=_NEVER)
        after = heartbeat.switched(pulse, self._clock.now(), enabled=check.definition.enabled)
        if after is not pulse:
            self._unstored.add(check.id)
        one = self._followed[check.id] = _Followed(enrolled.tenant, check, after, options, self._clock.now())
        self._place(one)

    def _place(self, one: _Followed) -> None:
        """Have it looked at when it changes or is to be told, whatever comes first."""
        self._agenda.put(one.check.id, min((one.tell_at, *heartbeat.changes(one.pulse, one.options, self._gap))))

    def _change(self, one: _Followed, pulse: Pulse) -> Change:
        return self._remember.pulse(one.tenant, one.check.id, pulse)

    def _its(self, tenant: Tenant, check_id: int) -> _Followed:
        one = self._followed.get(check_id)
        if one is None or one.tenant != tenant:
            raise NotFound(f"there is no heartbeat with the id {check_id}", id=check_id)
        return one


def _raise_in(future: asyncio.Future[Ping], error: SightlineError) -> None:
    """Let whoever waits learn of an error; where nobody does any more, that is no defect."""
    if not future.done():
        future.set_exception(error)
        future.exception()


def _options(check: Check) -> Heartbeat | None:
    """A heartbeat's; None of another check."""
    options = check.definition.options
    return options if isinstance(options, Heartbeat) else None


def _next_tell(check: Check, now: int) -> int:
    """The next instant after `now` at which it is told how a check stands: once in its interval, each at its own time."""
    interval = check.definition.interval
    phase = check.id * _SPREAD % interval
    return (now - phase) // interval * interval + interval + phase
