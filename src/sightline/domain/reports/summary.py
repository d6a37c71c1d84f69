"""What a report says: how rules fired, who was told, and how the evaluation of rules went. All times are wall time in ms."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from sightline.domain.alerts.firing import AlertFiring
from sightline.domain.alerts.radar import FLAPS
from sightline.domain.alerts.rule import ALERT_NAME, SEVERITY
from sightline.domain.alerts.series import STATE
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.reports.uptime import UptimeSummary
from sightline.domain.timerange import TimeRange

MOST_SHOWN: Final = 20
"""Rows of each part of a report; how many there are is told beside."""

_OWN: Final = frozenset({METRIC_NAME, ALERT_NAME, SEVERITY, STATE})


class AlertTally(NamedTuple):
    """How one alert fired within a time.

    fired: how often it began to. firing: for how long, ms, all together; longest: in one stretch. resolved: how often it ended, and
    resolving: how long these stretches were, with what lies before the time. busiest: how often it ended within a day, at most.
    """

    name: str
    severity: str
    labels: Labels
    fired: int
    firing: int
    longest: int
    resolved: int
    resolving: int
    busiest: int
    is_firing: bool


@dataclass(frozen=True, slots=True)
class RuleTally:
    """How the alerts of one name and severity fired; alerts: how many of them. Others as in AlertTally.

    to_resolve: how long an alert took to end, on average, ms; None where none ended. still: how many fire at the end.
    """

    name: str
    severity: str
    alerts: int
    fired: int
    firing: int
    longest: int
    resolved: int
    to_resolve: int | None
    busiest: int
    still: int

    @property
    def flaps(self) -> bool:
        """Whether one of its alerts ended too often within a day."""
        return self.busiest > FLAPS


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling a receiver: notices that it took, decisions not to tell it, and attempts that failed."""

    receiver: str
    told: int
    held: int
    failed: int


@dataclass(frozen=True, slots=True)
class Slow:
    """How long a group of rules took the last time, in seconds. interval: between two evaluations, ms."""

    name: str
    file: str
    took: float
    interval: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A rule whose evaluation fails now. since: None where that is not known."""

    name: str
    problem: str
    since: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A report.

    rules: those that fired, the noisiest first. machines: alerts of machines and containers above what they may use, those that
    fired longest first. notices_since: from when on it is known who was told. slow: groups of rules as they were evaluated
    last, the slowest first. is_partial: whether there were more alerts than are looked at. uptime: how checks were; None where
    there are none.
    """

    within: TimeRange
    rules: Sequence[RuleTally] = ()
    machines: Sequence[AlertTally] = ()
    told: Sequence[Told] = ()
    notices_since: int = 0
    slow: Sequence[Slow] = ()
    failing: Sequence[Failing] = ()
    is_partial: bool = False
    uptime: UptimeSummary | None = None

    @property
    def fired(self) -> int:
        """How often alerts began to fire."""
        return sum(one.fired for one in self.rules)

    @property
    def still(self) -> int:
        """How many alerts fire at the end."""
        return sum(one.still for one in self.rules)

    @property
    def to_resolve(self) -> int | None:
        """How long alerts took to end, on average, ms; None where none ended."""
        resolved = sum(one.resolved for one in self.rules)
        spent = sum((one.to_resolve or 0) * one.resolved for one in self.rules)
        return round(spent / resolved) if resolved else None


def tally(firing: AlertFiring, within: TimeRange, gap: int) -> AlertTally | None:
    """How an alert fired within a time; None where it did not. gap: ms without a sample after which nobody knows how it was."""
    starts, ends = firing.starts, firing.ends
    there = (ends >= within.start) & (starts <= within.end)
    if not there.any():
        return None
    starts, ends, told = starts[there], ends[there], firing.told[there]
    lengths = np.minimum(ends, within.end) - np.maximum(starts, within.start)
    resolved = told & (ends <= within.end)
    labels = firing.labels
    return AlertTally(
        labels.get(ALERT_NAME),
        labels.get(SEVERITY),
        labels.drop(_OWN),
        fired=int((starts >= within.start).sum()),
        firing=int(lengths.sum()),
        longest=int(lengths.max()),
        resolved=int(resolved.sum()),
        resolving=int((ends - starts)[resolved].sum()),
        busiest=firing.busiest,
        is_firing=bool(not told[-1] and ends[-1] >= within.end - gap),
    )


def by_rule(alerts: Iterable[AlertTally]) -> list[RuleTally]:
    """Alerts by name and severity, those that fired most often first, then those that fired longest."""
    groups: dict[tuple[str, str], list[AlertTally]] = defaultdict(list)
    for one in alerts:
        groups[one.name, one.severity].append(one)
    rules = [_rule(name, severity, its) for (name, severity), its in groups.items()]
    return sorted(rules, key=lambda one: (-one.fired, -one.firing, one.name, one.severity))


def _rule(name: str, severity: str, its: Sequence[AlertTally]) -> RuleTally:
    resolved = sum(one.resolved for one in its)
    return RuleTally(
        name,
        severity,
        len(its),
        sum(one.fired for one in its),
        sum(one.firing for one in its),
        max(one.longest for one in its),
        resolved,
        round(sum(one.resolving for one in its) / resolved) if resolved else None,
        max(one.busiest for one in its),
        sum(one.is_firing for one in its),
    )
