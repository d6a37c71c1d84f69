"""When the alerts of a rule fired, by the series ALERTS: how much of the time, and how often they ended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sightline.domain.alerts.notice import AlertState
from sightline.domain.alerts.rule import ALERT_NAME, SEVERITY, AlertingRule, AlertRule
from sightline.domain.alerts.series import ALERTS, STATE
from sightline.domain.labels import METRIC_NAME, Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.samples import SeriesColumns, Times, stale_mask
from sightline.domain.timerange import DAY, TimeRange

_OWN: Final = frozenset({METRIC_NAME, ALERT_NAME, STATE})
_NO_TIMES: Final = np.empty(0, np.int64)


class AlertFiring(NamedTuple):
    """When one alert fired: stretches from starts to ends, int64 (n,), ms, and whether a marker says that it ended, bool (n,)."""

    labels: Labels
    starts: Times
    ends: Times
    told: NDArray[np.bool_]

    @property
    def busiest(self) -> int:
        """How often it ended within a day, at most."""
        return _most_within(self.ends[self.told], DAY)


class Busiest(NamedTuple):
    """The alert that ended most often within a day: its labels, and how often."""

    labels: Labels
    ends: int


@dataclass(frozen=True, slots=True, eq=False)
class Fired:
    """The firing of some alerts.

    starts, ends: int64 (n,), ms: stretches in which an alert was firing, those of all alerts together. busiest: None where no
    alert ended.
    """

    starts: Times
    ends: Times
    busiest: Busiest | None = None

    @classmethod
    def never(cls) -> Self:
        """No alert fired."""
        return cls(_NO_TIMES, _NO_TIMES)

    @classmethod
    def of(cls, columns: SeriesColumns, gap: int) -> Self:
        """From series ALERTS of firing alerts.

        gap: ms; without a sample for longer than that, nobody knows how the alert was. What ends so does not count as an end:
        perhaps it was the program that stopped.
        """
        busiest = None
        starts, ends = [], []
        for one in firings(columns, gap):
            starts.append(one.starts)
            ends.append(one.ends)
            most = one.busiest
            if most and (busiest is None or most > busiest.ends):
                busiest = Busiest(one.labels.drop(_OWN), most)
        return cls(np.concatenate([_NO_TIMES, *starts]), np.concatenate([_NO_TIMES, *ends]), busiest)

    @classmethod
    def together(cls, parts: Iterable["Fired"]) -> Self:
        """The firing of all alerts of several parts, no alert in two of them."""
        every = list(parts)
        busiest = max((one.busiest for one in every if one.busiest), key=lambda one: one.ends, default=None)
        starts, ends = ([_NO_TIMES, *(getattr(one, side) for one in every)] for side in ("starts", "ends"))
        return cls(np.concatenate(starts), np.concatenate(ends), busiest)

    def __bool__(self) -> bool:
        """Whether any alert fired at all."""
        return len(self.starts) > 0

    def merged(self) -> "Fired":
        """The same with stretches that overlap or touch as one: no more than fit into the time."""
        if not len(self.starts):
            return self
        order = np.argsort(self.starts, kind="stable")
        starts, reached = self.starts[order], np.maximum.accumulate(self.ends[order])
        first = np.r_[True, starts[1:] > reached[:-1]]
        return Fired(starts[first], reached[np.r_[first[1:], True]], self.busiest)

    def share(self, within: TimeRange) -> float:
        """In which part of a time any alert was firing, 0 to 1."""
        merged = self.merged()
        lengths = np.minimum(merged.ends, within.end) - np.maximum(merged.starts, within.start)
        return float(np.maximum(lengths, 0).sum()) / max(1, within.end - within.start)


def firings(columns: SeriesColumns, gap: int) -> Iterator[AlertFiring]:
    """Of each series ALERTS of a firing alert, when it fired; gap as for `Fired.of`."""
    ended = stale_mask(columns.values)
    for row, labels in enumerate(columns.labels):
        its = slice(columns.offsets[row], columns.offsets[row + 1])
        yield AlertFiring(labels, *_stretches(columns.times[its], ended[its], gap))


class _Stretches(NamedTuple):
    """Stretches of one series; told: bool (n,), whether a marker says that it ended."""

    starts: Times
    ends: Times
    told: NDArray[np.bool_]


def _stretches(times: Times, ended: NDArray[np.bool_], gap: int) -> _Stretches:
    """The stretches of a series with samples at `times` (n,), of which some are markers of an end."""
    far = np.diff(times) > gap
    there = ~ended
    starts = there & np.r_[True, far | ended[:-1]][: len(times)]
    last = there & np.r_[far | ended[1:], True][: len(times)]
    rows = np.flatnonzero(last)
    told = np.r_[ended[1:] & ~far, False][: len(times)][rows]
    return _Stretches(times[starts], times[rows + told], told)


def _most_within(times: Times, length: int) -> int:
    """How many of ascending instants lie within any stretch of that length at most."""
    if not len(times):
        return 0
    after = np.searchsorted(times, times + length, side="left")
    return int((after - np.arange(len(times))).max())


def firing_matchers(rule: AlertRule | AlertingRule) -> Matchers:
    """What selects the series ALERTS of a rule's firing alerts: its name, and those of its labels that are no templates.

    Rules of one name and the same labels are not told apart.
    """
    fixed = {name: text for name, text in rule.labels.items() if name not in _OWN and "{{" not in text}
    if isinstance(rule, AlertRule):
        fixed[SEVERITY] = rule.severity.value
    wanted = {METRIC_NAME: ALERTS, ALERT_NAME: rule.name, STATE: AlertState.FIRING.value, **fixed}
    return tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in wanted.items())
