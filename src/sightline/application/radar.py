"""Look for rules that watch nothing or say nothing: whose series are not there, that never fired, always fired, or flap."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, Protocol

from sightline.application.deadline import within
from sightline.application.derive import GroupState
from sightline.application.evaluate import RuleStatus
from sightline.application.presence import Presence
from sightline.application.read import Piece
from sightline.application.suspect import suspects_of
from sightline.domain.alerts.firing import Fired, firing_matchers
from sightline.domain.alerts.group import Rule
from sightline.domain.alerts.radar import Finding, Habit, Reason, Suspect, habits
from sightline.domain.alerts.rule import AlertingRule, AlertRule
from sightline.domain.errors import InvalidParameter, QueryTimeout, SightlineError, TooManyQueries, Unavailable
from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.selection import Selection
from sightline.domain.promql.durations import on_grid
from sightline.domain.promql.nodes import Node
from sightline.domain.promql.parse import parse
from sightline.domain.promql.places import placed, yields_nothing
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, MIN_TIME, MINUTE, SECOND, Grid, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesReader
from sightline.ports.telemetry import Instrument, Kind, Telemetry

DEAD: Final = Instrument(
    "sightline_rules_dead",
    "Rules of which the radar found something when it last looked, by reason.",
    Kind.GAUGE,
    ("reason",),
)
CHECK_SECONDS: Final = 5.0
"""What looking at one rule may take where somebody waits to save it; findings that come later are left to the radar."""
MOST_WAITING: Final = 4
"""Looks that wait for another to end; further ones are refused."""
SHORTEST: Final = MINUTE
"""The shortest time in which firing is looked at, ms."""
_OF_OWN: Final = frozenset({Reason.ALWAYS_FIRED, Reason.FLAPS})


class DocumentRules(Protocol):
    """The part of the evaluate use case that tells of its rules."""

    def rules(self, principal: Principal, /) -> list[RuleStatus]:
        """How they are doing."""
        ...


class FileRules(Protocol):
    """The part of the adopt use case that tells of its rules."""

    def groups(self, principal: Principal, /) -> list[GroupState]:
        """Their groups."""
        ...


class Streaming(Protocol):
    """The part of the read use case that gives what ALERTS tells."""

    def streamed(
        self, principal: Principal, selection: Selection, make: Callable[[SeriesColumns], Fired], /
    ) -> AsyncGenerator[Piece[Fired], None]:
        """What is made of the selected series, some at a time."""
        ...


class Counting(Protocol):
    """The part of the count use case that tells since when there are samples."""

    async def cardinality(self, principal: Principal, limit: int, /) -> Cardinality:
        """How many series, and when the first of them was seen."""
        ...


@dataclass(frozen=True, slots=True)
class RadarLimits:
    """Bounds of the radar.

    window: the time that is looked at where nobody says another, ms (`rules.radar_window`). timeout: seconds that looking at all
    rules may take (`rules.radar_timeout`). retention: how long samples are kept, ms. lookback: of instant selectors, ms. every: how
    often rules of documents are evaluated, ms.
    """

    window: int = 7 * DAY
    timeout: float = 30.0
    retention: int = 15 * DAY
    lookback: int = 5 * MINUTE
    every: int = 5 * SECOND


class RuleName(NamedTuple):
    """Which rule it is; file and group are empty for those of documents, number is its place in the group."""

    file: str
    group: str
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of one rule.

    yields_nothing: whether it surely yields nothing while its selectors match nothing. problem: why it could not be looked at.
    """

    rule: RuleName
    is_recording: bool
    findings: tuple[Finding, ...]
    yields_nothing: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at the rules of a tenant.

    within: the time of which firing was looked at. rules: how many there are; judged: those that were looked at, all of them unless
    the time was over before.
    """

    within: TimeRange
    rules: int
    judged: tuple[Judged, ...]

    @property
    def is_partial(self) -> bool:
        """Whether rules were left out."""
        return len(self.judged) < self.rules


@dataclass(frozen=True, slots=True)
class News:
    """A look, and the findings that are new since the one before, each with its rule."""

    sweep: Sweep
    findings: tuple[tuple[RuleName, Finding], ...]


@dataclass(frozen=True, slots=True)
class _Subject:
    """A rule to be looked at. every, offset: of its evaluations, ms."""

    name: RuleName
    rule: Rule | AlertRule
    every: int
    offset: int = 0


@dataclass(slots=True)
class _Remembered:
    """What repeated looks know of before. next: the rule at which to begin."""

    judged: dict[RuleName, Judged] = field(default_factory=dict)
    next: int = 0


class Radar:
    """The use case. Answers for the principal's tenant alone; looks at all rules of one tenant at a time."""

    def __init__(
        self,
        documents: DocumentRules,
        files: FileRules,
        series: SeriesReader,
        read: Streaming,
        count: Counting,
        clock: Clock,
        telemetry: Telemetry,
        limits: RadarLimits | None = None,
        *,
        own: Iterable[str] = (),
    ) -> None:
        """own: documents that come with the program: that what they watch is not there says nothing, nor that they never fire."""
        self._documents = documents
        self._files = files
        self._series = series
        self._read = read
        self._count = count
        self._clock = clock
        self._telemetry = telemetry
        self._limits = limits or RadarLimits()
        self._own = frozenset(RuleName("", "", 0, name) for name in own)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._remembered: dict[str, _Remembered] = {}

    @property
    def timeout(self) -> float:
        """Seconds that looking at all rules may take."""
        return self._limits.timeout

    async def look(self, principal: Principal, window: int | None = None) -> Sweep:
        """Look at all rules. window: ms, None for the usual one; at most as long as samples are kept.

        Raises:
            InvalidParameter: a window below a minute.
            TooManyQueries: others wait already.
            Unavailable: the store is away.
        """
        return await self._look(principal, window, 0)

    async def look_again(self, principal: Principal) -> News:
        """Look at all rules, and tell what is new; a look that the last one left out rules of begins with these.

        Raises:
            TooManyQueries: others wait already.
            Unavailable: the store is away.
        """
        known = self._remembered.setdefault(principal.tenant, _Remembered())
        sweep = await self._look(principal, None, known.next)
        known.next = (known.next + len(sweep.judged)) % max(1, sweep.rules)
        names = {subject.name for subject in self._subjects(principal)}
        before = known.judged
        known.judged = {name: one for name, one in before.items() if name in names}
        known.judged.update((one.rule, one) for one in sweep.judged if not one.problem)
        for reason in Reason:
            its = [one for one in known.judged.values() if any(each.reason is reason for each in one.findings)]
            self._telemetry.set(DEAD, len(its), (reason.value,))
        new = [
            (one.rule, finding)
            for one in sweep.judged
            for finding in one.findings
            if one.rule not in before or _what(finding) not in map(_what, before[one.rule].findings)
        ]
        return News(sweep, tuple(new))

    async def check(
        self, principal: Principal, rule: Rule | AlertRule, beside: Iterable[Rule] = ()
    ) -> tuple[Suspect, ...]:
        """What is found of the selectors of a rule that is about to be saved; it stands in no save's way, so it raises nothing.

        beside: rules that are saved together with it. Where the store is away, or takes too long, nothing is found.
        """
        presence = self._presence(principal)
        recorded = self._recorded(principal) | {one.record for one in beside if isinstance(one, RecordingRule)}
        with suppress(SightlineError):
            work = suspects_of(placed(_root(rule, presence.now), self._limits.lookback), presence, 0, recorded)
            return tuple([one for _, one in await within(self._clock, CHECK_SECONDS, work, _expired)])
        return ()

    async def _look(self, principal: Principal, window: int | None, first: int) -> Sweep:
        if window is not None and window < SHORTEST:
            raise InvalidParameter("window is a time of a minute at least, such as 7d", parameter="window")
        length = min(window or self._limits.window, self._limits.retention)
        if self._waiting >= MOST_WAITING:
            raise TooManyQueries(f"{MOST_WAITING} looks at rules wait already: ask again when they are done")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._sweep(principal, length, first)
        finally:
            self._turn.release()

    async def _sweep(self, principal: Principal, length: int, first: int) -> Sweep:
        started = self._clock.monotonic()
        presence, subjects = self._presence(principal), self._subjects(principal)
        time = TimeRange(presence.now - length, presence.now)
        since = await self._since(principal, presence, time)
        look = _Look(time, since, presence, self._recorded(principal))
        judged: list[Judged] = []
        for subject in (*subjects[first:], *subjects[:first]):
            left = self._limits.timeout - (self._clock.monotonic() - started)
            if left <= 0:
                break
            judged.append(await self._judged(principal, subject, look, left))
        return Sweep(time, len(subjects), tuple(judged))

    def _subjects(self, principal: Principal) -> list[_Subject]:
        """All rules that can be read: of files, then of documents."""
        found = [
            _Subject(
                RuleName(state.group.file, state.group.name, number, one.name),
                one.rule,
                state.group.interval,
                state.group.query_offset,
            )
            for state in self._files.groups(principal)
            for number, one in enumerate(state.rules)
        ]
        found += [
            _Subject(RuleName("", "", 0, one.name), one.rule, self._limits.every)
            for one in self._documents.rules(principal)
            if one.rule is not None
        ]
        return found

    def _recorded(self, principal: Principal) -> frozenset[str]:
        """The metrics that rules record."""
        return frozenset().union(*(state.group.writes for state in self._files.groups(principal)))

    def _presence(self, principal: Principal) -> Presence:
        return Presence(self._series, principal.tenant, self._clock.now(), self._limits.retention)

    async def _since(self, principal: Principal, presence: Presence, window: TimeRange) -> int:
        """From when on there are samples, ms: the end of the window where there are none."""
        try:
            first = (await self._count.cardinality(principal, 1)).first
        except Unavailable:  # they are too many to be counted, or not known yet
            first = window.start if await presence.has((), TimeRange(MIN_TIME, window.start)) else None
        return window.end if first is None else first

    async def _judged(self, principal: Principal, subject: _Subject, look: "_Look", seconds: float) -> Judged:
        """Everything about one rule that can be found out in time."""
        is_recording = isinstance(subject.rule, RecordingRule)
        try:
            return await within(self._clock, seconds, self._found(principal, subject, look), _expired)
        except Unavailable:
            raise
        except SightlineError as error:
            return Judged(subject.name, is_recording, (), problem=error.message)

    async def _found(self, principal: Principal, subject: _Subject, look: "_Look") -> Judged:
        rule, root = subject.rule, _root(subject.rule, look.presence.now)
        every = placed(root, self._limits.lookback)
        suspects = await suspects_of(every, look.presence, subject.offset, look.recorded)
        missing = {one for one, suspect in suspects if not suspect.matches}
        there = {one.selector for one in every if one not in missing}
        empty = {one.selector for one in missing} - there
        found: list[Finding] = [one for _, one in suspects]
        if not isinstance(rule, RecordingRule):
            found += await self._habits(principal, rule, subject.every, look)
        if subject.name in self._own:
            return Judged(
                subject.name, is_recording=False, findings=tuple(one for one in found if one.reason in _OF_OWN)
            )
        return Judged(subject.name, isinstance(rule, RecordingRule), tuple(found), yields_nothing(root, empty))

    async def _habits(
        self, principal: Principal, rule: AlertingRule | AlertRule, every: int, look: "_Look"
    ) -> list[Habit]:
        matchers, parts = firing_matchers(rule), list[Fired]()
        if await look.presence.has(matchers, look.within):
            make = partial(_fired, gap=max(self._limits.lookback, 2 * every))
            async with aclosing(self._read.streamed(principal, Selection(matchers, look.within), make)) as pieces:
                async for piece in pieces:
                    parts.append(piece.made)
        return habits(Fired.together(parts), look.within, look.since)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at all rules has in common. since: from when on there are samples, ms. recorded: metrics of recording rules."""

    within: TimeRange
    since: int
    presence: Presence
    recorded: frozenset[str]


def _root(rule: Rule | AlertRule, now: int) -> Node:
    return on_grid(parse(rule.expr), Grid.instant(now), is_range=False)


def _fired(columns: SeriesColumns, gap: int) -> Fired:
    return Fired.of(columns, gap).merged()


def _what(finding: Finding) -> tuple[object, ...]:
    """What makes a finding the same one the next day."""
    return (finding.reason, finding.selector, finding.matcher) if isinstance(finding, Suspect) else (finding.reason,)


def _expired() -> QueryTimeout:
    return QueryTimeout("looking at rules took longer than it may (rules.radar_timeout)")
