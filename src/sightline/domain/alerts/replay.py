"""A rule's alerts over many evaluations at once: the moves of `step`, found in columns.

Between two evaluations in a row nothing happens to an alert unless what is found out about it changes, or one of three times is
over: the rule's `for`, its `keep_firing_for`, and that for which a resolved alert is shown. Both are searched for in arrays, and
only at those instants is `Watched.step` asked what becomes of the alert. Alerts are independent of each other, so each is gone
through by itself.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.alerts.backtest import FailedSteps, Found, PastAlert, Stretch
from sightline.domain.alerts.notice import Alert, AlertState, Notice
from sightline.domain.alerts.rule import Condition
from sightline.domain.alerts.state import RESOLVED_SHOWN
from sightline.domain.alerts.step import MAX_ALERTS, NO_ALERTS, Holding, Unknown, Watched
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Values
from sightline.domain.promql.planes import FLOAT
from sightline.domain.promql.values import Scalar, Value, Vector

Mask = NDArray[np.bool_]
Times = NDArray[np.int64]

_FALSE, _TRUE, _GONE, _MISSING, _FAILED = range(5)
_LASTING: Final = frozenset({AlertState.PENDING, AlertState.FIRING, AlertState.UNKNOWN})
_OWN: Final = frozenset({Treatment.ALERT, Treatment.UNKNOWN})


class Columns(NamedTuple):
    """The elements of a value over p instants: s label sets, float64 (s, p), 0 for a histogram, and bool (s, p), where they are."""

    labels: Sequence[Labels]
    values: Values
    present: Mask

    @classmethod
    def of(cls, value: Value) -> "Columns":
        """Those of a vector; a scalar is one element without labels.

        Raises:
            BadData: a string or a range of samples, of which no alert can be made.
        """
        if isinstance(value, Scalar):
            row = value.values[np.newaxis]
            return cls((Labels(),), row, np.ones(row.shape, np.bool_))
        if not isinstance(value, Vector):
            raise BadData("rule result is not a vector or scalar")
        plane = value.histograms
        values = value.values if plane is None else np.where(plane.index == FLOAT, value.values, 0.0)
        return cls(value.labels, values, value.present)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a rule's expressions gave at p instants in a row.

    times: int64 (p,), ms, ascending. data: of the rule's `data`, None where it has none. presence: whether any selector of the
    expression had a sample, bool (p,); None where that is not asked.
    """

    times: Times
    found: Columns
    data: Columns | None = None
    presence: Mask | None = None


@dataclass(frozen=True, slots=True)
class ReplayLimits:
    """Bounds of one replay. alerts: distinct ones. listed: stretches that are remembered; all are counted."""

    alerts: int = 10_000
    listed: int = 20_000


class _Part(NamedTuple):
    """The instants at which an alert stands for one element, and the element's values at all instants."""

    element: Labels
    values: Values
    present: Mask


@dataclass(slots=True, eq=False)
class _Row:
    """One alert over a slice."""

    parts: list[_Part] = field(default_factory=list)

    def present(self, points: int) -> Mask:
        """Where any element stands for it."""
        found = np.zeros(points, np.bool_)
        for part in self.parts:
            found |= part.present
        return found

    def at(self, number: int) -> tuple[Labels, float]:
        """The element and the value at an instant at which it is there."""
        part = next(one for one in self.parts if one.present[number])
        return part.element, float(part.values[number])


@dataclass(slots=True, eq=False)
class _Slice:
    """What was found out at each of some instants, about all alerts together. whys: of those that failed, by number."""

    times: list[int]
    known: Mapping[Labels, Mask] | None
    missing: Mask
    failed: Mask
    whys: Mapping[int, str]


class Replay:
    """The alerts of one rule. Slices of the range are given in order of time; what is left of one goes on in the next.

    Nothing of it waits or asks. Not thread-safe.
    """

    def __init__(self, watched: Watched[Any], *, limit: int = 0, limits: ReplayLimits = ReplayLimits()) -> None:
        """limit: of the rule's group: alerts that it may have at once, 0 for any number."""
        self._watched = watched
        self._rule: Condition = watched.rule
        self._limit = limit
        self._limits = limits
        self._alerts: dict[Labels, Alert] = {}
        self._stretches: dict[Labels, list[Stretch]] = {}
        self._open: dict[Labels, tuple[AlertState, int]] = {}
        self._failures: list[FailedSteps] = []
        self._own = watched.texts.identity(Labels(), float("nan"))
        self._listed = 0
        self._counted = 0
        self._firings = 0
        self.steps = 0

    def evaluated(self, found: Evaluated) -> list[Notice]:
        """Go through a slice; gives what changed, in order of time and labels.

        Raises:
            Unprocessable: the rule has more alerts than a replay may have.
        """
        rows, points = self._rows(found.found), len(found.times)
        masks = {labels: row.present(points) for labels, row in rows.items()}
        part = self._slice(found, rows, masks)
        self.steps += points * max(1, len(found.found.labels))
        changes: list[Notice] = []
        none = np.zeros(points, np.bool_)
        watched = dict.fromkeys([*rows, *self._alerts, *([self._own] if self._minds_all(part) else ())])
        for labels in watched:
            present = masks.get(labels, none)
            self._go_through(labels, rows.get(labels), self._signs(labels, present, part), part, changes)
        self._require_few()
        changes.sort(key=lambda notice: (notice.at, notice.alert.labels))
        return changes

    def failed(self, at: int, why: str) -> list[Notice]:
        """The rule could not be evaluated at an instant, ms; gives what changed."""
        no = np.zeros(1, np.bool_)
        part = _Slice([at], None, no, ~no, {0: why})
        changes: list[Notice] = []
        for labels in dict.fromkeys([*self._alerts, *([self._own] if self._minds_all(part) else ())]):
            self._go_through(labels, None, self._signs(labels, no, part), part, changes)
        self._note_failures(part)
        return sorted(changes, key=lambda notice: notice.alert.labels)

    def result(self) -> Found:
        """What became of all alerts, by their labels; what still goes on has no end."""
        found: list[PastAlert] = []
        for labels, stretches in sorted(self._stretches.items()):
            going_on = self._open.get(labels)
            left = [*stretches, *([Stretch(*going_on)] if going_on is not None else ())]
            if left:
                found.append(PastAlert(labels, left))
        return Found(found, self._firings, self._counted - self._listed, self._failures)

    # Into rows

    def _rows(self, found: Columns) -> dict[Labels, _Row]:
        """The alerts that the elements stand for, those of one alert together."""
        rows: dict[Labels, _Row] = {}
        for number in np.flatnonzero(found.present.any(axis=1)).tolist():
            element, values, present = found.labels[number], found.values[number], found.present[number]
            for value, where in self._told_apart(values, present):
                identity = self._watched.texts.identity(element, value)
                rows.setdefault(identity, _Row()).parts.append(_Part(element, values, where))
            if len(rows) > self._limits.alerts:
                raise self._too_many()
        return rows

    def _told_apart(self, values: Values, present: Mask) -> Iterable[tuple[float, Mask]]:
        """A value and where it is, for each that may make another alert of an element: one is enough where labels do not use it."""
        if self._watched.texts.is_steady:
            return ((0.0, present),)
        there = np.flatnonzero(present)
        # Bit by bit, for a zero with a minus reads otherwise, and a NaN equals nothing.
        _, first, number = np.unique(values[there].view(np.int64), return_index=True, return_inverse=True)
        if len(first) > self._limits.alerts:
            raise self._too_many()
        order, ends = np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))
        found: list[tuple[float, Mask]] = []
        for rows in np.split(order, ends[:-1]):
            where = np.zeros(len(present), np.bool_)
            where[there[rows]] = True
            found.append((float(values[there[rows[0]]]), where))
        return found

    def _slice(self, found: Evaluated, rows: Mapping[Labels, _Row], masks: Mapping[Labels, Mask]) -> _Slice:
        points = len(found.times)
        counts = np.zeros(points, np.int64)
        for present in masks.values():
            counts += present
        whys = self._whys(rows, counts)
        known, missing = None, np.zeros(points, np.bool_)
        if found.data is not None:
            known = self._known(found.data)
            missing = (counts == 0) & ~found.data.present.any(axis=0)
        elif found.presence is not None:
            missing = (counts == 0) & ~found.presence
        failed = np.zeros(points, np.bool_)
        failed[list(whys)] = True
        part = _Slice(found.times.tolist(), known, missing, failed, whys)
        self._note_failures(part)
        return part

    def _whys(self, rows: Mapping[Labels, _Row], counts: NDArray[np.int64]) -> dict[int, str]:
        """Why an evaluation fails though its query does not, by number of the instant; as `Watched.holding` has it."""
        found: dict[int, str] = {}
        name = self._rule.name
        if self._limit:
            for number in np.flatnonzero(counts > self._limit).tolist():
                found[number] = f"exceeded limit of {self._limit} with {counts[number]} alerts"
        for number in np.flatnonzero(counts > MAX_ALERTS).tolist():
            found[number] = (
                f"alert rule {name}: {counts[number]} elements are more than the {MAX_ALERTS} alerts "
                "one rule may have; aggregate or narrow its expression"
            )
        for labels, row in rows.items():
            if len(row.parts) > 1:
                twice = np.sum([part.present for part in row.parts], axis=0) > 1
                for number in np.flatnonzero(twice).tolist():
                    found[number] = f"alert rule {name}: two elements of the result are the same alert {labels}"
        return found

    def _known(self, data: Columns) -> dict[Labels, Mask]:
        """Where there is data for an alert."""
        found: dict[Labels, Mask] = {}
        for number, labels in enumerate(data.labels):
            identity = self._watched.texts.identity(labels)
            before = found.get(identity)
            found[identity] = data.present[number] if before is None else before | data.present[number]
        return found

    def _minds_all(self, part: _Slice) -> bool:
        """Whether the rule as a whole has an alert at any of these instants for want of an answer."""
        return bool(
            (self._rule.no_data in _OWN and part.missing.any())
            or (self._rule.query_failed in _OWN and part.failed.any())
        )

    def _signs(self, labels: Labels, present: Mask, part: _Slice) -> NDArray[np.int8]:
        """What is found out about an alert at each instant, int8 (p,)."""
        signs = np.zeros(len(part.times), np.int8)
        if part.known is not None:
            known = part.known.get(labels)
            signs[slice(None) if known is None else ~known] = _GONE
        signs[part.missing] = _MISSING
        signs[present] = _TRUE
        signs[part.failed] = _FAILED
        return signs

    # Through the instants

    def _go_through(
        self, labels: Labels, row: _Row | None, signs: NDArray[np.int8], part: _Slice, changes: list[Notice]
    ) -> None:
        """Move one alert from change to change."""
        starts = [0, *(np.flatnonzero(signs[1:] != signs[:-1]) + 1).tolist()]
        its = signs[starts].tolist()
        ends = [*starts[1:], len(signs)]
        last, times = len(starts) - 1, part.times
        for run, (sign, start, end) in enumerate(zip(its, starts, ends, strict=True)):
            alert = self._alerts.get(labels)
            if alert is None and sign != _TRUE and labels != self._own:
                continue
            if (
                alert is None
                and sign == _TRUE
                and run < last
                and times[end - 1] - times[start] < self._rule.for_ms
                and self._ends_waiting(its[run + 1])
            ):
                self._remember(labels, Stretch(AlertState.PENDING, times[start], times[end]))
                continue
            self._run(labels, row, sign, start, end, part, changes)

    def _run(
        self, labels: Labels, row: _Row | None, sign: int, start: int, end: int, part: _Slice, changes: list[Notice]
    ) -> None:
        """Move an alert through instants at all of which the same is found out about it."""
        times, number = part.times, start
        while True:
            alert = self._step(labels, row, sign, number, part, changes)
            if alert is None:
                return
            again = self._turns_at(alert, times[number])
            following = end if again is None else bisect_left(times, again, number + 1, end)
            if following >= end:
                break
            number = following
        # What is told when it ends is what was last seen while it was true, or why its query failed last.
        if sign in {_TRUE, _FAILED} and number < end - 1:
            self._step(labels, row, sign, end - 1, part, changes)

    def _step(
        self, labels: Labels, row: _Row | None, sign: int, number: int, part: _Slice, changes: list[Notice]
    ) -> Alert | None:
        """Move an alert at one instant, as the table says."""
        before = self._alerts.get(labels)
        now = part.times[number]
        found: Holding | Unknown
        if sign == _TRUE and row is not None:
            element, value = row.at(number)
            found = Holding({labels: value}, elements={labels: element})
        elif sign == _FAILED:
            found = Unknown(part.whys.get(number, ""))
        else:
            known = None if part.known is None else frozenset({labels} if sign == _FALSE else ())
            found = Holding({}, known, missing=sign == _MISSING)
        step = self._watched.step(NO_ALERTS if before is None else {labels: before}, found, now)
        alert = step.alerts.get(labels)
        changes += (notice for notice in step.changes if notice.alert.labels == labels)
        if alert is None:
            self._alerts.pop(labels, None)
        else:
            self._alerts[labels] = alert
        if alert is not before:
            self._follow(labels, AlertState.INACTIVE if alert is None else alert.state, now)
        return alert

    def _turns_at(self, alert: Alert, now: int) -> int | None:
        """When an alert may move though what is found out about it stays the same, ms; None without such a time ahead."""
        at: int | None = None
        if alert.state is AlertState.PENDING:
            at = alert.active_at + self._rule.for_ms
        elif alert.state is AlertState.FIRING and alert.ended_at is not None:
            at = alert.ended_at + self._rule.keep_firing_ms
        elif alert.state is AlertState.RESOLVED:
            at = alert.changed_at + RESOLVED_SHOWN
        return at if at is not None and at > now else None

    def _ends_waiting(self, sign: int) -> bool:
        """Whether an alert that is pending ends at once with what is found out next."""
        if sign == _FAILED:
            return self._rule.query_failed is Treatment.OK
        return sign == _FALSE or self._rule.no_data is Treatment.OK

    # What is remembered

    def _follow(self, labels: Labels, state: AlertState, now: int) -> None:
        """Note the stretch that ends with a change of state, and the one that begins."""
        began = self._open.get(labels)
        if began is not None:
            if began[0] is state:
                return
            del self._open[labels]
            self._remember(labels, Stretch(began[0], began[1], now))
        if state in _LASTING:
            self._open[labels] = (state, now)
            self._stretches.setdefault(labels, [])
            self._firings += state is AlertState.FIRING

    def _remember(self, labels: Labels, stretch: Stretch) -> None:
        self._counted += 1
        its = self._stretches.setdefault(labels, [])
        if self._listed < self._limits.listed:
            self._listed += 1
            its.append(stretch)

    def _note_failures(self, part: _Slice) -> None:
        for number in np.flatnonzero(part.failed).tolist():
            at, why = part.times[number], part.whys[number]
            before = self._failures[-1] if self._failures else None
            if before is not None and before.error == why:
                self._failures[-1] = FailedSteps(before.first, at, before.count + 1, why)
            elif len(self._failures) < self._limits.listed:
                self._failures.append(FailedSteps(at, at, 1, why))

    def _require_few(self) -> None:
        if len(self._stretches) > self._limits.alerts:
            raise self._too_many()

    def _too_many(self) -> Unprocessable:
        message = (
            f"alert rule {self._rule.name}: it would have more than {self._limits.alerts} alerts over this time: narrow or"
            " aggregate its expression, take a shorter time, or raise backtest.max_alerts"
        )
        return Unprocessable(message, limit=self._limits.alerts)
