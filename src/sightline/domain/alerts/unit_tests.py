"""Unit tests of rules: series to begin with, alerts and samples that are to come of them, and how what comes differs.

Source: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.domain.alerts.notice import Alert, AlertState
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, mark_mask
from sightline.domain.metrics.samples import Values
from sightline.domain.promql.native_text import texts
from sightline.domain.promql.numerals import shortest
from sightline.domain.promql.recording import Elements

NOTHING: Final = "nothing"
"""What is said of a side on which a thing is not there."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class InputSeries:
    """A series and its values at instants one interval apart: float64 (n,), the mark where there is a histogram.

    there: bool (n,), which of them are samples. histograms: one for each mark.
    """

    labels: Labels
    values: Values
    there: NDArray[np.bool_]
    histograms: Histograms = NO_HISTOGRAMS


class ExpectedAlert(NamedTuple):
    """An alert that fires: its labels, `alertname` among them, and its annotations."""

    labels: Labels
    annotations: Labels


class ExpectedSample(NamedTuple):
    """An element of an expression's value: its labels, and the number or the one histogram that it is."""

    labels: Labels
    value: float | Histograms


@dataclass(frozen=True, slots=True)
class AlertTest:
    """Which alerts of a name fire. place: line and column in the file; at: ms after the start."""

    place: str
    at: int
    name: str
    expected: tuple[ExpectedAlert, ...]


@dataclass(frozen=True, slots=True)
class SampleTest:
    """What an expression's value is. place: line and column in the file; at: ms after the start."""

    place: str
    at: int
    expr: str
    expected: tuple[ExpectedSample, ...]


@dataclass(frozen=True, slots=True)
class TestGroup:
    """Tests over the same series. name: may be empty. start: wall time, ms. interval: between two values of a series, ms.

    external_url: what templates know under that name.
    """

    __test__ = False  # it is none of pytest's

    place: str
    name: str
    start: int
    interval: int
    series: tuple[InputSeries, ...]
    alerts: tuple[AlertTest, ...]
    samples: tuple[SampleTest, ...]
    external_url: str = ""

    @property
    def length(self) -> int:
        """When the last test is, ms after the start."""
        return max([0, *(test.at for test in self.alerts), *(test.at for test in self.samples)])

    @property
    def count(self) -> int:
        """How many tests."""
        return len(self.alerts) + len(self.samples)


@dataclass(frozen=True, slots=True)
class UnitTests:
    """What a file says. rule_files: paths and patterns. interval: between two evaluations of the rules, ms.

    order: groups of rules in the order in which they are evaluated. is_fuzzy: numbers that differ in the last
    bit are equal. warnings: what is said to no effect.
    """

    rule_files: tuple[str, ...]
    interval: int
    order: tuple[str, ...] = ()
    is_fuzzy: bool = False
    groups: tuple[TestGroup, ...] = ()
    warnings: tuple[str, ...] = ()


class Difference(NamedTuple):
    """One thing that is other than it should be: what, and both sides of it as texts."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed, or a rule that could not be evaluated. at: ms after the start; error: why nothing could be compared."""

    place: str
    group: str
    what: str
    at: int
    differences: tuple[Difference, ...] = ()
    error: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of a file's tests. count: how many there are; passed: how many of them passed."""

    count: int = 0
    passed: int = 0
    failures: list[Failure] = field(default_factory=list)


def alert_differences(test: AlertTest, alerts: Iterable[Alert]) -> tuple[Difference, ...]:
    """How the alerts that fire differ from those that should; alerts of other names and states are not looked at."""
    firing = [
        (alert.labels, alert.annotations)
        for alert in alerts
        if alert.state is AlertState.FIRING and alert.labels.get(ALERT_NAME) == test.name
    ]
    wanted, found = _by_labels(test.expected), _by_labels(firing)
    differences: list[Difference] = []
    for labels in sorted(wanted.keys() | found.keys()):
        for ours, theirs in _unequal(wanted.get(labels, ()), found.get(labels, ())):
            if ours is None or theirs is None:
                told = NOTHING if ours is None else "firing", NOTHING if theirs is None else "firing"
                differences.append(Difference(str(labels), *told))
                continue
            differences += (
                Difference(f"{labels} {name}", _text(ours, name), _text(theirs, name))
                for name in sorted({name for name, _ in (*ours, *theirs)})
                if ours.get(name) != theirs.get(name)
            )
    return tuple(differences)


def sample_differences(test: SampleTest, found: Elements, *, is_fuzzy: bool) -> tuple[Difference, ...]:
    """How the elements of a value differ from those that should be there."""
    marks = mark_mask(found.values)
    places = np.cumsum(marks) - 1
    own: list[tuple[Labels, float | Histograms]] = []
    for row, number in enumerate(found.there.tolist()):
        native = found.histograms.take(np.array([places[row]])) if marks[row] else None
        own.append((found.labels[number], float(found.values[row]) if native is None else native))
    wanted, there = _by_labels(test.expected), _by_labels(own)
    differences: list[Difference] = []
    for labels in sorted(wanted.keys() | there.keys()):
        pairs = zip_longest(wanted.get(labels, ()), there.get(labels, ()))
        differences += (
            Difference(str(labels), _value(ours), _value(theirs))
            for ours, theirs in pairs
            if not _alike(ours, theirs, is_fuzzy=is_fuzzy)
        )
    return tuple(differences)


def _by_labels(pairs: Iterable[tuple[Labels, _T]]) -> Mapping[Labels, list[_T]]:
    found: dict[Labels, list[_T]] = {}
    for labels, one in pairs:
        found.setdefault(labels, []).append(one)
    return found


def _unequal(wanted: Sequence[Labels], found: Sequence[Labels]) -> Iterable[tuple[Labels | None, Labels | None]]:
    """What is left of two lists without what both have, side by side."""
    missing, more = [*wanted], list[Labels]()
    for one in found:
        if one in missing:
            missing.remove(one)
        else:
            more.append(one)
    return zip_longest(missing, more)


def _alike(one: float | Histograms | None, other: float | Histograms | None, *, is_fuzzy: bool) -> bool:
    """Whether two values are equal; NaNs are, and what histograms say of resets does not count."""
    if isinstance(one, float) and isinstance(other, float):
        return _equal(one, other, is_fuzzy=is_fuzzy)
    if not isinstance(one, Histograms) or not isinstance(other, Histograms):
        return one is other
    (ours,), (theirs,) = texts(one), texts(other)
    return bool(one.schema[0] == other.schema[0]) and ours == theirs


def _equal(one: float, other: float, *, is_fuzzy: bool) -> bool:
    if one == other or (math.isnan(one) and math.isnan(other)):
        return True
    return is_fuzzy and math.nextafter(one, other) == other


def _value(value: float | Histograms | None) -> str:
    if value is None:
        return NOTHING
    return texts(value)[0] if isinstance(value, Histograms) else shortest(value)


def _text(annotations: Labels, name: str) -> str:
    found = annotations.get(name)
    return f'"{found}"' if found else NOTHING
