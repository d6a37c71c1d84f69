"""Rehearse rules: load series, evaluate the groups step by step as in operation, compare what comes of it with what should."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from sightline.application.derive import Derive, GroupState, Health, IngestSeries
from sightline.domain.alerts.group import RuleGroup
from sightline.domain.alerts.unit_tests import (
    AlertTest,
    Failure,
    Outcome,
    SampleTest,
    TestGroup,
    UnitTests,
    alert_differences,
    sample_differences,
)
from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import mark_mask, together
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.promql.recording import elements
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import LOCAL, Principal

STORE_EVERY: Final = 50
"""Evaluations after which samples are brought to the store: 500 take 9 s without it, for what is new is searched whole."""
BATCH: Final = 50_000
"""Samples that are loaded at once."""

Reached = Callable[[int], None]
"""Is told, again and again, what instant a group of tests has reached, ms after its start."""


class InstantQueries(Protocol):
    """The part of the query use case that tests of expressions need."""

    async def instant(self, principal: Principal, text: str, at: int, /) -> Answer:
        """The value of an expression at an instant, ms."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """An empty program of its own, for one group of tests.

    move: sets its clock to an instant, ms since 1970. store: brings what intake has taken to where it is read fast.
    """

    query: InstantQueries
    ingest: IngestSeries
    derive: Derive
    move: Callable[[int], None]
    store: Callable[[], Awaitable[None]]


class Rehearse:
    """The use case: the tests of one group, on a stage.

    The rules are evaluated at the start and every interval after it up to the last test. Samples are there from their time on, so
    that no rule sees what is to come. A rule that fails ends the group: what was not compared by then has not passed.
    """

    def __init__(self, stage: Stage, reached: Reached) -> None:
        self._stage = stage
        self._reached = reached

    async def __call__(self, tests: UnitTests, group: TestGroup, rules: Sequence[RuleGroup]) -> Outcome:
        """Run all tests of a group. rules: the groups of rules in the order of evaluation."""
        outcome = Outcome(group.count)
        loads = _Loads(group)
        states = [await self._stage.derive.begin(one) for one in rules]
        waiting = sorted(group.alerts, key=lambda test: test.at)
        for number, at in enumerate(range(0, group.length + 1, tests.interval), 1):
            self._stage.move(group.start + at)
            if number % STORE_EVERY == 0:
                await self._stage.store()
            self._reached(at)
            if not (await self._load(loads, at, group, outcome) and await self._evaluate(states, at, group, outcome)):
                return outcome
            while waiting and waiting[0].at < at + tests.interval:
                self._compare_alerts(waiting.pop(0), states, group, outcome)
        for test in group.samples:
            await self._compare_samples(test, tests, group, outcome)
        return outcome

    async def _load(self, loads: "_Loads", at: int, group: TestGroup, outcome: Outcome) -> bool:
        """Take in the samples up to an instant; whether intake takes them."""
        try:
            for batch in loads.until(at):
                await self._stage.ingest(LOCAL, batch)
        except SightlineError as error:
            outcome.failures.append(Failure(group.place, group.name, "input_series", at, error=error.message))
            return False
        return True

    async def _evaluate(self, states: Sequence[GroupState], at: int, group: TestGroup, outcome: Outcome) -> bool:
        """Evaluate all rules at an instant; whether all of them could be."""
        for state in states:
            await self._stage.derive.once(state, group.start + at)
        failed = [
            Failure(group.place, group.name, f"rule {rule.name} of group {state.group.name}", at, error=rule.error)
            for state in states
            for rule in state.rules
            if rule.health is Health.ERR
        ]
        outcome.failures += failed
        return not failed

    @staticmethod
    def _compare_alerts(test: AlertTest, states: Sequence[GroupState], group: TestGroup, outcome: Outcome) -> None:
        alerts = (alert for state in states for rule in state.rules for alert in rule.alerts.values())
        differences = alert_differences(test, alerts)
        outcome.passed += not differences
        if differences:
            failure = Failure(test.place, group.name, f"alert {test.name}", test.at, differences)
            outcome.failures.append(failure)

    async def _compare_samples(self, test: SampleTest, tests: UnitTests, group: TestGroup, outcome: Outcome) -> None:
        try:
            found = elements((await self._stage.query.instant(LOCAL, test.expr, group.start + test.at)).value)
        except SightlineError as error:
            outcome.failures.append(Failure(test.place, group.name, test.expr, test.at, error=error.message))
            return
        differences = sample_differences(test, found, is_fuzzy=tests.is_fuzzy)
        outcome.passed += not differences
        if differences:
            outcome.failures.append(Failure(test.place, group.name, test.expr, test.at, differences))


class _Loads:
    """The samples of a group of tests in order of time, and how far they are loaded."""

    def __init__(self, group: TestGroup) -> None:
        self._group = group
        self._next = 0
        self._labels: tuple[Labels, ...] = tuple(one.labels for one in group.series)
        steps = [np.flatnonzero(one.there) for one in group.series]
        none = np.empty(0, np.int64)
        series = np.repeat(np.arange(len(steps)), [len(own) for own in steps]).astype(np.uint32)
        step = np.concatenate([none, *steps])
        # Histograms stay where they are, series by series; `which` says which of them a sample is.
        self._pool = together([one.histograms for one in group.series])
        values = np.concatenate([np.empty(0), *(one.values[own] for one, own in zip(group.series, steps, strict=True))])
        order = np.argsort(step, kind="stable")
        self._series, self._values = series[order], values[order]
        self._times = step[order] * group.interval
        self._which = (np.cumsum(mark_mask(values)) - 1)[order]

    def until(self, at: int) -> Iterator[WriteBatch]:
        """The samples up to an instant, ms after the start, that have not been given yet."""
        end = int(np.searchsorted(self._times, at, "right"))
        for first in range(self._next, end, BATCH):
            rows = slice(first, min(end, first + BATCH))
            values = self._values[rows]
            used, series = np.unique(self._series[rows], return_inverse=True)
            yield WriteBatch(
                [self._labels[number] for number in used.tolist()],
                series.astype(np.uint32),
                self._group.start + self._times[rows],
                values,
                self._pool.take(self._which[rows][mark_mask(values)]),
            )
        self._next = end
