"""Checks over memory adapters, for tests of what becomes of their results."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tests.application.heard import Heard
from tests.domain.probes.checks import definition, result
from typing_extensions import override

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.checks import MemoryChecks
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.incidents import MemoryIncidents
from sightline.adapters.outbound.memory.probe_history import MemoryProbeHistory
from sightline.adapters.outbound.memory.standings import MemoryStandings
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.alarm import Alarm, TakeNotices
from sightline.application.assess import Assess, KnowWindows
from sightline.application.attend import Attend
from sightline.application.chronicle import Chronicle
from sightline.application.enroll import Enroll
from sightline.application.issue import with_token
from sightline.application.keep import Keep
from sightline.application.respond import Respond
from sightline.application.review import Review
from sightline.application.sample import Sample
from sightline.application.settle import Settle
from sightline.domain.alerts.notice import AlertState
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.errors import Unavailable
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.probes.check import Check
from sightline.domain.probes.incident import Incident
from sightline.domain.probes.result import HERE, Result, Verdict
from sightline.domain.probes.state import CheckState, Transition
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import ALL_TIME, SECOND
from sightline.ports.incidents import Wanted, Written


class Samples:
    """Intake that keeps what it is given. is_away: takes nothing. amid: what happens, once, while it takes something."""

    def __init__(self) -> None:
        self.batches: list[WriteBatch] = []
        self.is_away = False
        self.amid: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        if self.is_away:
            raise Unavailable(f"nothing is taken in for {principal.tenant}")
        amid, self.amid = self.amid, None
        if amid is not None:
            await amid()
        self.batches.append(batch)
        return len(self.batches)


class FlakyStandings(MemoryStandings):
    """Standings that can be away. gate: takes nothing before that opens. came: that something was brought."""

    is_away = False
    gate: asyncio.Event | None = None

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()

    @override
    async def record(self, transitions: Sequence[tuple[Tenant, Transition]], alive_at: int) -> None:
        self.came.set()
        if self.is_away:
            raise Unavailable("the catalog is away")
        if self.gate is not None:
            await self.gate.wait()
        await super().record(transitions, alive_at)


class FlakyIncidents(MemoryIncidents):
    """Incidents that can be away. writes: transactions that they took. most: that they take before they are away.

    gate: what was written is answered for once that opens. written: that something was.
    """

    is_away = False
    writes = 0
    most = 1_000_000
    gate: asyncio.Event | None = None

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    @override
    async def write(self, changes: Sequence[Written]) -> list[Incident]:
        if self.is_away or self.writes >= self.most:
            raise Unavailable("the catalog is away")
        self.writes += 1
        written = await super().write(changes)
        self.written.set()
        if self.gate is not None:
            await self.gate.wait()
        return written


class Windows(KnowWindows):
    """Maintenance of some checks, by name. asked: of which checks it was asked, by name, in order."""

    def __init__(self) -> None:
        self.covered: frozenset[str] = frozenset()
        self.asked: list[str] = []
        self._generation = 0

    @property
    @override
    def generation(self) -> int:
        return self._generation

    def cover(self, *names: str) -> None:
        """These are in maintenance from now on, and no others."""
        self.covered = frozenset(names)
        self._generation += 1

    @override
    def next_change(self, at: int, /) -> int | None:
        return None

    @override
    def covers(self, tenant: Tenant, check: Check, at: int, /) -> bool:
        self.asked.append(check.name)
        return check.name in self.covered


class UptimeWorld:
    """Checks, and everything that follows from their results. urged: checks that were to be probed soon."""

    def __init__(
        self,
        clock: ManualClock | None = None,
        pipeline: TakeNotices | None = None,
        windows: KnowWindows | None = None,
    ) -> None:
        """pipeline: where alerts go, in place of `heard`; windows: maintenance, in place of `windows`."""
        self.clock = clock or ManualClock()
        self.takes, self.maintained = pipeline, windows
        self.telemetry, self.bus = MemoryTelemetry(), MemoryBus()
        self.checks, self.incidents, self.standings = MemoryChecks(), FlakyIncidents(), FlakyStandings()
        self.history, self.documents = MemoryProbeHistory(), MemoryCatalog()
        self.samples, self.heard, self.windows = Samples(), Heard(), Windows()
        self.urged: list[int] = []
        self.start()

    def start(self) -> None:
        """Begin a run: what was only in memory is gone."""
        self.enroll = Enroll(self.checks, self.clock, complete=with_token)
        self.keep = Keep(self.history, self.telemetry)
        self.chronicle = Chronicle(self.incidents, self.bus, self.telemetry)
        self.alarm = Alarm(self.takes or self.heard, self.bus)
        self.settle = Settle(self.standings, self.chronicle, self.clock)
        self.assess = Assess(
            self.enroll,
            self.keep,
            self.settle,
            self.chronicle,
            self.alarm,
            Attend(self.documents, self.clock),
            self.standings,
            Sample(self.samples, self.clock, self.telemetry),
            self.bus,
            self.clock,
            self.telemetry,
            windows=self.maintained or self.windows,
            urge=self.urged.extend,
        )
        self.review = Review(self.enroll, self.assess, self.keep, self.history, self.standings, self.clock)
        self.respond = Respond(self.incidents, self.chronicle, self.clock)

    async def with_checks(self, *names: str, **given: object) -> list[Check]:
        """Start, with checks of these names."""
        await self.assess.load()
        return await self.enroll.add(LOCAL, [definition(name, **given) for name in names])

    async def found(self, check: Check, verdict: Verdict, location: str = HERE, **given: object) -> None:
        """A probe of our own found that just now."""
        one = result(verdict, self.clock.now(), check.id, location, **given)
        await self.assess.hear([(LOCAL.tenant, one)])
        await self.tick()

    async def tick(self) -> None:
        """What happens every second."""
        await self.assess.tick()
        await self.assess.settle()

    async def passed(self, seconds: float) -> None:
        """Time went by, with a tick each second."""
        for _ in range(int(seconds)):
            await self.clock.advance(1)
            await self.tick()

    def state(self, check: Check) -> CheckState:
        """Where a check stands."""
        return self.assess.standing(LOCAL.tenant, check.id).state

    async def all_incidents(self) -> list[Incident]:
        """The oldest first."""
        return list(reversed(await self.incidents.find(LOCAL.tenant, Wanted(ALL_TIME))))

    async def stored(self, check: Check) -> list[Transition]:
        """The transitions of a check that the store knows."""
        return await self.standings.between(LOCAL.tenant, [check.id], ALL_TIME)

    def told(self) -> list[tuple[str, str, AlertState]]:
        """What the pipeline was told: the alert's name, the check's, and whether it fires."""
        return [
            (one.alert.labels.get(ALERT_NAME), one.alert.labels.get("check"), one.alert.state)
            for one in self.heard.notices
        ]

    @property
    def now(self) -> int:
        """Wall time, ms."""
        return self.clock.now()


def results_of(world: UptimeWorld, check: Check, *verdicts: Verdict) -> list[tuple[Tenant, Result]]:
    """Results a second apart, as another location brings them."""
    return [
        (LOCAL.tenant, result(verdict, world.now + place * SECOND, check.id, "fra"))
        for place, verdict in enumerate(verdicts)
    ]
