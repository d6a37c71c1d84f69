"""Evaluate a group of rules: store what they yield, which of alerting rules is how their alerts stand once they were moved."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.application.answer import Ask
from sightline.application.evaluate import TakeChanges, holding
from sightline.application.query import Prepared
from sightline.application.restore import Restore
from sightline.domain.alerts.group import Rule, RuleGroup
from sightline.domain.alerts.posted import firing_again
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.alerts.series import AlertSeries
from sightline.domain.alerts.step import NO_ALERTS, RULE_REMOVED, Alerts, Holding, Unknown, Watched
from sightline.domain.errors import BadData, SightlineError, Unprocessable
from sightline.domain.events import AlertChanged
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import is_partial
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, together
from sightline.domain.metrics.roster import Named, Roster
from sightline.domain.metrics.samples import STALE, Index, Values, WriteBatch
from sightline.domain.metrics.span_table import Spans
from sightline.domain.promql.recording import RecordingRule, elements
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.bus import Bus
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

_BY_GROUP: Final = ("rule_group",)

EVALUATIONS: Final = Instrument(
    "sightline_rule_group_evaluations_total", "Evaluations of rules in files, by their group.", Kind.COUNTER, _BY_GROUP
)
FAILURES: Final = Instrument(
    "sightline_rule_group_evaluation_failures_total",
    "Evaluations of rules in files that failed, by their group.",
    Kind.COUNTER,
    _BY_GROUP,
)
SAMPLES: Final = Instrument(
    "sightline_rule_group_last_evaluation_samples",
    "Samples that the last evaluation of a rule group yielded, two for each alert among them.",
    Kind.GAUGE,
    _BY_GROUP,
)
LAST: Final = Instrument(
    "sightline_rule_group_last_evaluation_timestamp_seconds",
    "When a rule group was last evaluated.",
    Kind.GAUGE,
    _BY_GROUP,
)
LAST_DURATION: Final = Instrument(
    "sightline_rule_group_last_duration_seconds",
    "How long the last evaluation of a rule group took.",
    Kind.GAUGE,
    _BY_GROUP,
)
DURATION: Final = Instrument(
    "sightline_rule_group_duration_seconds",
    "How long evaluations of rule groups took.",
    Kind.HISTOGRAM,
    (),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)

# Naming a series that was not there before takes some 5 us; more of them must not hold up the event loop.
_FEW: Final = 1_000
# All elements are named when at least one in so many is there.
_MOST: Final = 4
_NO_NUMBERS: Final = np.empty(0, np.uint32)
_NO_VALUES: Final = np.empty(0)
# After a start not all is there at once of what expressions need, so that alerts of before are looked up after the second
# evaluation, as Prometheus does.
_AWAITED: Final = 2


class PreparedQueries(Protocol):
    """The part of the query use case that groups need."""

    async def prepare(self, texts: Iterable[str], /) -> Prepared:
        """Get texts ready that are asked together again and again."""
        ...

    def asking(self, principal: Principal, prepared: Prepared, at: int, /) -> Ask:
        """What answers them at one instant, ms."""
        ...


class IngestSeries(Protocol):
    """The part of the ingest use case that groups need."""

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Store a batch under the principal's tenant.

        Raises:
            SightlineError: the batch cannot be taken in.
        """
        ...

    def roster(self, tenant: Tenant, /) -> Roster:
        """Where series may be named, which spares intake looking at their labels."""
        ...


class Health(StrEnum):
    """How a rule is doing, in Prometheus' words."""

    UNKNOWN = "unknown"
    OK = "ok"
    ERR = "err"


@dataclass(slots=True, eq=False)
class _Naming:
    """The series that some elements become; `numbers` are theirs in the roster, for as long as the elements are the same object."""

    elements: Sequence[Labels]
    roster: Roster
    numbers: Index


@dataclass(slots=True, eq=False)
class RuleState:
    """A rule of a group, how it is doing, and what it did last.

    code, error: of its failure, empty when it is well. failing_since, evaluated_at: wall time, ms; None when it is well, and before
    the first evaluation. took: seconds. written: the series of its last result. alerts: those of an alerting rule. series:
    theirs. awaited: evaluations that have to succeed until since when they are active is taken from before the start; until then
    none of them are written, for that would be lost. source: names the rule for good where its alerts are told.
    """

    rule: Rule
    watched: Watched[AlertingRule] | None = None
    health: Health = Health.UNKNOWN
    code: str = ""
    error: str = ""
    failing_since: int | None = None
    evaluated_at: int | None = None
    took: float = 0.0
    written: Named | None = None
    alerts: Alerts = field(default_factory=lambda: NO_ALERTS)
    series: AlertSeries = field(default_factory=AlertSeries)
    naming: _Naming | None = None
    awaited: int = 0
    source: str = ""

    @property
    def name(self) -> str:
        """What it records, or what its alerts are called."""
        return self.rule.record if isinstance(self.rule, RecordingRule) else self.rule.name

    @property
    def identity(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """What makes it the same rule in another version of its file, as Prometheus has it: kind, name and labels."""
        return type(self.rule).__name__, self.name, tuple(sorted(self.rule.labels.items()))


@dataclass(slots=True, eq=False)
class GroupState:
    """A group that is evaluated, and how it is doing.

    evaluated_at: wall time of the last evaluation, ms, None before the first. took: seconds. stretches: rules that are asked
    together. owed: series whose rule is no longer there and that are not yet marked as ended.
    """

    group: RuleGroup
    rules: tuple[RuleState, ...]
    stretches: tuple[tuple[range, Prepared], ...]
    evaluated_at: int | None = None
    took: float = 0.0
    owed: list[Named] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Yield:
    """What a rule yielded: numbers (n,) and values (n,) of its series, and the numbers of those that ended.

    histograms: one for each mark among the values.
    """

    state: RuleState
    numbers: Index
    values: Values
    ended: Index
    histograms: Histograms = NO_HISTOGRAMS


class Derive:
    """The use case. Everything is stored under the program's own principal.

    Rules are evaluated one after another; a later one sees the samples of an earlier one. Those that do not read each other's are
    asked together and stored together. The failure of one disturbs no other: it is counted and remembered, nothing of it is stored,
    and the rule says what becomes of its alerts meanwhile.
    """

    def __init__(
        self,
        query: PreparedQueries,
        ingest: IngestSeries,
        restore: Restore,
        bus: Bus,
        notify: TakeChanges,
        clock: Clock,
        telemetry: Telemetry,
        *,
        principal: Principal = LOCAL,
        external_url: str = "",
    ) -> None:
        """external_url: where people reach this program, for templates."""
        self._query = query
        self._ingest = ingest
        self._restore = restore
        self._bus = bus
        self._notify = notify
        self._clock = clock
        self._telemetry = telemetry
        self._principal = principal
        self._external_url = external_url

    @property
    def tenant(self) -> Tenant:
        """Whose rules they are."""
        return self._principal.tenant

    async def begin(self, group: RuleGroup, before: GroupState | None = None, *, starting: bool = False) -> GroupState:
        """Get a group ready.

        before: its state under another version, which must not be evaluated any more; it is taken over. starting: the program
        has just started, so that alerts go on which it had before.
        """
        rules = tuple(self._rule(rule, group) for rule in group.rules)
        stretches = [
            (each, await self._query.prepare([rules[at].rule.expr for at in each])) for each in group.stretches()
        ]
        state = GroupState(group, rules, tuple(stretches))
        for rule in rules if starting else ():
            if rule.watched is None:
                continue
            before_start = self._notify.claim(self.tenant, rule.source)
            rule.alerts = {one.labels: firing_again(one, rule.name) for one in before_start}
            if self._restore.concerns(rule.watched.rule):
                rule.awaited = _AWAITED
        for instrument in (EVALUATIONS, FAILURES):
            self._telemetry.add(instrument, 0, (group.key,))
        if before is not None:
            state.evaluated_at, state.took, state.owed = before.evaluated_at, before.took, [*before.owed]
            gone = _taken_over(before.rules, rules)
            state.owed += [rule.written for rule in gone if rule.written is not None]
            self._retire(gone)
        return state

    async def once(self, state: GroupState, slot: int) -> None:
        """Evaluate a group for an instant, ms. What fails is counted and told in `state`.

        Raises:
            ExceptionGroup: some rules met errors that are no SightlineError, hence defects of ours; all was done for the others.
        """
        state.evaluated_at, began = self._clock.now(), self._clock.monotonic()
        at, key = slot - state.group.query_offset, (state.group.key,)
        written, defects, yielded = list[Index](), list[Exception](), 0
        for numbers, prepared in state.stretches:
            ask = self._query.asking(self._principal, prepared, at)
            yields = []
            for rule in (state.rules[number] for number in numbers):
                # Gathered to take any exception as what it is here: the answer of one rule.
                (outcome,) = await asyncio.gather(self._evaluate(state, rule, ask, slot), return_exceptions=True)
                if isinstance(outcome, BaseException):
                    self._fail(rule, outcome)
                    if isinstance(outcome, Exception) and not isinstance(outcome, SightlineError):
                        defects.append(outcome)
                else:
                    yields.append(outcome)
            yielded += await self._store(yields, at, written)
        await self._settle(state, at, written)
        state.took = self._clock.monotonic() - began
        self._telemetry.add(EVALUATIONS, len(state.rules), key)
        self._telemetry.add(FAILURES, sum(rule.health is Health.ERR for rule in state.rules), key)
        self._telemetry.set(SAMPLES, yielded, key)
        self._telemetry.set(LAST, state.evaluated_at / 1000, key)
        self._telemetry.set(LAST_DURATION, state.took, key)
        self._telemetry.observe(DURATION, state.took)
        if defects:
            raise ExceptionGroup("rules met defects", defects)

    def retire(self, state: GroupState) -> None:
        """End the alerts of a group that is there no longer."""
        self._retire(state.rules)

    async def end(self, state: GroupState, at: int, others: Iterable[GroupState]) -> None:
        """Mark the series of a group that is gone as ended at `at`, ms, but those that other groups write by now.

        Raises:
            SightlineError: intake does not take the markers.
        """
        left = [*state.owed, *(rule.written for rule in state.rules if rule.written is not None)]
        taken = [self._numbers(rule.written) for other in others for rule in other.rules if rule.written is not None]
        await self._mark(left, at, taken)

    def _rule(self, rule: Rule, group: RuleGroup) -> RuleState:
        if isinstance(rule, RecordingRule):
            return RuleState(rule)
        source = f"{group.key};{rule.name};{Labels.of(rule.labels)}"
        return RuleState(rule, Watched.of(self.tenant, rule, self._external_url), source=source)

    async def _evaluate(self, state: GroupState, rule: RuleState, ask: Ask, slot: int) -> _Yield:
        """What a rule yields; the alerts of an alerting one are moved."""
        rule.evaluated_at, began = self._clock.now(), self._clock.monotonic()
        group = state.group
        try:
            if rule.watched is None:
                return await self._recorded(rule, ask, group.limit)
            found = await holding(rule.watched, rule.alerts, ask)
            _require_few(len(found.true), group.limit, "alerts")
            self._move([(rule, found)], slot)
            if not rule.awaited:
                return await self._shown(rule)
            await self._go_on(rule, rule.watched, slot, group.query_offset)
            return _Yield(rule, _NO_NUMBERS, _NO_VALUES, _NO_NUMBERS)
        except BaseException as error:
            self._move([(rule, Unknown(error.message if isinstance(error, SightlineError) else ""))], slot)
            raise
        finally:
            rule.took = self._clock.monotonic() - began

    async def _go_on(self, rule: RuleState, watched: Watched[AlertingRule], slot: int, offset: int) -> None:
        """Count an evaluation, the last of which has alerts of before the start go on; while the store is away, try again."""
        if rule.awaited == 1:
            try:
                rule.alerts = await self._restore(watched, rule.alerts, slot, offset)
            except Unprocessable:
                rule.awaited = 0
                raise
        rule.awaited -= 1

    async def _shown(self, rule: RuleState) -> _Yield:
        """The series of a rule's alerts."""
        roster, alerts = self._ingest.roster(self.tenant), rule.alerts
        if len(alerts) <= _FEW:
            numbers, values = rule.series.columns(alerts, roster)
        else:
            numbers, values = await asyncio.to_thread(rule.series.columns, alerts, roster)
        return _Yield(rule, numbers, values, self._ended(rule, numbers))

    async def _recorded(self, rule: RuleState, ask: Ask, limit: int) -> _Yield:
        answer = await ask(rule.rule.expr)
        found = elements(answer.value)
        numbers = await self._named(rule, found.labels, found.there)
        ordered = np.sort(numbers)
        if len(ordered) and bool((ordered[1:] == ordered[:-1]).any()):
            raise Unprocessable("vector contains metrics with the same labelset after applying rule labels")
        _require_few(len(numbers), limit, "series")
        return _Yield(rule, numbers, found.values, self._ended(rule, ordered), found.histograms)

    def _ended(self, rule: RuleState, numbers: Index) -> Index:
        """The series that a rule wrote the time before and does not write now."""
        before = _NO_NUMBERS if rule.written is None else self._numbers(rule.written)
        return np.setdiff1d(before, numbers, assume_unique=True)

    async def _named(self, rule: RuleState, found: Sequence[Labels], there: NDArray[np.intp]) -> Index:
        """The numbers of the series that the elements which are there become; remembered while the elements are the same."""
        roster, known = self._ingest.roster(self.tenant), rule.naming
        if known is not None and known.elements is found and known.roster is roster:
            return known.numbers[there]
        if len(found) > _FEW and len(there) * _MOST < len(
            found
        ):  # such as what topk leaves: the others are not worth a name
            return await self._numbered(rule, roster, [found[row] for row in there.tolist()])
        rule.naming = _Naming(found, roster, await self._numbered(rule, roster, found))
        return rule.naming.numbers[there]

    @staticmethod
    async def _numbered(rule: RuleState, roster: Roster, found: Sequence[Labels]) -> Index:
        def number() -> Index:
            if not isinstance(rule.rule, RecordingRule):
                raise BadData(f"{rule.name} records nothing")
            return roster.numbers_of(Spans.of([one.canonical() for one in rule.rule.named(found)]))

        return number() if len(found) <= _FEW else await asyncio.to_thread(number)

    def _numbers(self, series: Named) -> Index:
        """The numbers of series in the roster of today."""
        return self._ingest.roster(self.tenant).numbers(series)

    async def _store(self, yields: Sequence[_Yield], at: int, written: list[Index]) -> int:
        """Store what rules yielded, together if that can be; returns the number of samples, and adds the series to `written`."""
        if not yields:
            return 0
        refused = await self._take_in(yields, at, written)
        if refused is None:
            return sum(self._stored(each, written) for each in yields)
        if len(yields) > 1:  # perhaps for the sake of one of them
            return sum([await self._store([each], at, written) for each in yields])
        if is_partial(refused):
            self._stored(yields[0], written)
        self._fail(yields[0].state, refused)
        return 0

    def _stored(self, each: _Yield, written: list[Index]) -> int:
        each.state.written = self._ingest.roster(self.tenant).named(each.numbers)
        _mend(each.state)
        written.append(each.numbers)
        return len(each.numbers)

    async def _take_in(self, yields: Sequence[_Yield], at: int, written: Sequence[Index]) -> SightlineError | None:
        # Markers first, for of two samples of one time the later counts: another rule may go on with a series.
        ended = np.setdiff1d(_joined([each.ended for each in yields]), _joined(written))
        numbers = _joined([ended, *(each.numbers for each in yields)])
        values = np.concatenate([np.full(len(ended), STALE), *(each.values for each in yields)])
        return await self._ingested(numbers, values, at, together([each.histograms for each in yields]))

    async def _ingested(
        self, numbers: Index, values: Values, at: int, histograms: Histograms = NO_HISTOGRAMS
    ) -> SightlineError | None:
        """Store one sample for each series; gives what intake objects to."""
        if not len(numbers):
            return None
        labels = self._ingest.roster(self.tenant).named(numbers)
        rows, times = np.arange(len(numbers), dtype=np.uint32), np.full(len(numbers), at, np.int64)
        try:
            await self._ingest(self._principal, WriteBatch(labels, rows, times, values, histograms))
        except SightlineError as error:
            return error
        return None

    async def _settle(self, state: GroupState, at: int, written: Sequence[Index]) -> None:
        """Mark the series of rules that are no longer in the group; what intake refuses stays owed."""
        try:
            await self._mark(state.owed, at, written)
        except SightlineError:
            return
        state.owed = []

    async def _mark(self, series: Sequence[Named], at: int, taken: Sequence[Index]) -> None:
        ended = np.setdiff1d(_joined([self._numbers(each) for each in series]), _joined(taken))
        refused = await self._ingested(ended, np.full(len(ended), STALE), at)
        if refused is not None:
            raise refused

    def _retire(self, rules: Iterable[RuleState]) -> None:
        self._move([(rule, RULE_REMOVED) for rule in rules], self._clock.now())

    def _move(self, found: Iterable[tuple[RuleState, Holding | Unknown]], now: int) -> None:
        """Move the alerts of alerting rules, and tell of what changed."""
        for rule, its in found:
            if rule.watched is None:
                continue
            step = rule.watched.step(rule.alerts, its, now)
            rule.alerts = step.alerts
            for notice in step.changes:
                self._bus.publish(AlertChanged(notice.alert.tenant, notice))
            self._notify.tell([*step.changes, *step.restated], rule.source)

    def _fail(self, rule: RuleState, error: BaseException) -> None:
        rule.health = Health.ERR
        rule.code = error.code if isinstance(error, SightlineError) else SightlineError.code
        rule.error = error.message if isinstance(error, SightlineError) else type(error).__name__
        if rule.failing_since is None:
            rule.failing_since = rule.evaluated_at


def _require_few(count: int, limit: int, what: str) -> None:
    if limit and count > limit:
        raise Unprocessable(f"exceeded limit of {limit} with {count} {what}", limit=limit)


def _mend(rule: RuleState) -> None:
    rule.health, rule.code, rule.error, rule.failing_since = Health.OK, "", "", None


def _taken_over(before: Sequence[RuleState], rules: Sequence[RuleState]) -> list[RuleState]:
    """Give rules what the same ones of an earlier version know, the first of equals to the first; returns those without an heir."""
    waiting: dict[object, list[RuleState]] = {}
    for rule in before:
        waiting.setdefault(rule.identity, []).append(rule)
    for rule in rules:
        same = waiting.get(rule.identity)
        if same:
            old = same.pop(0)
            rule.written, rule.alerts, rule.awaited = old.written, old.alerts, old.awaited
    return [rule for left in waiting.values() for rule in left]


def _joined(parts: Sequence[Index]) -> Index:
    return np.concatenate([_NO_NUMBERS, *parts])
