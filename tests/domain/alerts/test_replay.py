"""A rule replayed in columns does what it does step by step."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.domain.alerts.backtest import FailedSteps, Stretch
from sightline.domain.alerts.notice import AlertState, Notice
from sightline.domain.alerts.replay import Columns, Evaluated, Replay, ReplayLimits
from sightline.domain.alerts.rule import AlertingRule, AlertRule
from sightline.domain.alerts.step import NO_ALERTS, Alerts, Holding, Unknown, Watched
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, SightlineError, Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.promql.values import Scalar, String, Vector
from sightline.domain.tenancy import DEFAULT_TENANT

PENDING, FIRING = AlertState.PENDING, AlertState.FIRING
MINUTE = 60_000
ELEMENTS = (Labels.of(__name__="m", i="a"), Labels.of(__name__="m", i="b"), Labels())
SHOWN = frozenset({AlertState.PENDING, AlertState.FIRING, AlertState.UNKNOWN})


@dataclass(frozen=True)
class History:
    """What expressions gave at each instant: values (s, p) with None where there is none; failed: where the query did."""

    every: int
    values: Sequence[Sequence[float | None]]
    data: Sequence[Sequence[bool]] | None
    there: Sequence[bool] | None
    failed: frozenset[int]

    @property
    def points(self) -> int:
        """Instants."""
        return len(self.values[0])


def columns(values: Sequence[Sequence[float | None]], points: slice) -> Columns:
    """Elements over some of the instants."""
    part = [row[points] for row in values]
    filled = np.array([[0.0 if one is None else one for one in row] for row in part])
    return Columns(ELEMENTS[: len(values)], filled, np.array([[one is not None for one in row] for row in part]))


def replayed(
    watched: Watched[Any], history: History, cuts: Sequence[int], limit: int = 0
) -> tuple[Replay, list[Notice]]:
    """Give a history in slices that end at `cuts`; instants that failed are given alone."""
    replay, notices = Replay(watched, limit=limit), list[Notice]()
    inside = (one for one in cuts if one < history.points)
    edges = sorted({0, history.points, *inside, *history.failed, *(one + 1 for one in history.failed)})
    for start, end in pairwise(edges):
        if start in history.failed:
            notices += replay.failed(start * history.every, "too slow")
            continue
        points = slice(start, end)
        data = None
        if history.data is not None:
            data = columns([[1.0 if one else None for one in row] for row in history.data], points)
        there = None if history.there is None else np.array(history.there[points])
        times = np.arange(start, end, dtype=np.int64) * history.every
        notices += replay.evaluated(Evaluated(times, columns(history.values, points), data, there))
    return replay, notices


def stepped(watched: Watched[Any], history: History, limit: int = 0) -> tuple[list[Alerts], list[Notice]]:
    """The same one evaluation after another."""
    alerts, all_of, notices = NO_ALERTS, list[Alerts](), list[Notice]()
    for number in range(history.points):
        step = watched.step(alerts, found_at(watched, history, number, limit), number * history.every)
        alerts = step.alerts
        notices += step.changes
        all_of.append(alerts)
    return all_of, notices


def found_at(watched: Watched[Any], history: History, number: int, limit: int) -> Holding | Unknown:
    """What an evaluation finds."""
    if number in history.failed:
        return Unknown("too slow")
    elements = [(ELEMENTS[row], value) for row, its in enumerate(history.values) if (value := its[number]) is not None]
    try:
        found = watched.holding(elements)
    except SightlineError as error:
        return Unknown(error.message)
    if limit and len(found.true) > limit:
        return Unknown(f"exceeded limit of {limit} with {len(found.true)} alerts")
    if history.data is not None:
        known = frozenset(watched.texts.identity(ELEMENTS[row]) for row, its in enumerate(history.data) if its[number])
        return Holding(found.true, known, found.elements, missing=not found.true and not known)
    if history.there is not None:
        return Holding(found.true, None, found.elements, missing=not found.true and not history.there[number])
    return found


def told(notices: Sequence[Notice]) -> list[Notice]:
    """Those that the pipeline takes to people, in order."""
    return [one for one in notices if one.alert.state in {AlertState.FIRING, AlertState.RESOLVED}]


def states(replay: Replay, at: int) -> dict[Labels, AlertState]:
    """Where alerts stand at an instant, by what is remembered of them."""
    return {
        alert.labels: stretch.state
        for alert in replay.result().alerts
        for stretch in alert.stretches
        if stretch.start <= at and (stretch.end is None or at < stretch.end)
    }


@st.composite
def histories(draw: st.DrawFn, values: Sequence[float | None]) -> History:
    """Up to 40 instants of up to three series, that come and go in runs."""
    points = draw(st.integers(1, 40))

    def row(of: Sequence[Any]) -> list[Any]:
        runs = draw(st.lists(st.tuples(st.sampled_from(of), st.integers(1, 12)), min_size=1, max_size=12))
        long = [one for one, length in runs for _ in range(length)]
        return (long * points)[:points]

    rows = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(("none", "data", "presence")))
    return History(
        draw(st.sampled_from((15_000, MINUTE, 5 * MINUTE))),
        [row(values) for _ in range(rows)],
        [row((True, False)) for _ in range(rows)] if kind == "data" else None,
        row((True, False)) if kind == "presence" else None,
        draw(st.frozensets(st.integers(0, points - 1), max_size=3)),
    )


VALUES = (None, 1.0, 2.0, -0.0, 0.0, math.nan)
CUTS = st.lists(st.integers(0, 40), max_size=4)
DURATIONS = st.sampled_from((0, 1, 30_000, MINUTE, 90_000, 3 * MINUTE, 10 * MINUTE))
RULES = st.one_of(
    st.builds(
        AlertingRule,
        st.just("Hot"),
        st.just("m"),
        DURATIONS,
        DURATIONS,
        st.sampled_from(({}, {"v": "{{ $value }}"}, {"i": "all"})),
        st.just({"summary": "{{ $labels.i }} at {{ $value }}"}),
        st.sampled_from(Treatment),
        st.sampled_from(Treatment),
    ),
    st.builds(
        AlertRule,
        name=st.just("Hot"),
        expr=st.just("m"),
        for_ms=DURATIONS,
        annotations=st.just({"summary": "{{ $labels.i }} at {{ $value }}"}),
        no_data=st.sampled_from(Treatment),
        query_failed=st.sampled_from(Treatment),
    ),
)


FAILS_IN_TWO_WAYS = History(
    15_000, [[None, 1.0, 1.0, None], [1.0] * 4, [None, None, 1.0, None]], None, None, frozenset()
)
"""With one alert allowed there are two, and then three."""
TELLS_OF_FAILURES = AlertRule(name="Hot", expr="m", for_ms=0, query_failed=Treatment.ALERT)


@given(RULES, histories(VALUES), CUTS, st.sampled_from((0, 0, 1)))
@example(TELLS_OF_FAILURES, FAILS_IN_TWO_WAYS, [], 1)
def test_it_does_what_is_done_step_by_step(
    rule: AlertRule | AlertingRule, history: History, cuts: list[int], limit: int
) -> None:
    """At every instant alerts stand where `step` leaves them, and who is told hears the same, to the letter, however it is cut."""
    watched = Watched.of(DEFAULT_TENANT, rule)
    replay, notices = replayed(watched, history, cuts, limit)
    alerts, changes = stepped(Watched.of(DEFAULT_TENANT, rule), history, limit)
    assert list(map(repr, told(notices))) == list(map(repr, told(changes)))  # a NaN equals itself so
    for number, wanted in enumerate(alerts):
        found = states(replay, number * history.every)
        assert found == {labels: one.state for labels, one in wanted.items() if one.state in SHOWN}


def simple(*values: float | None, every: int = MINUTE) -> History:
    """One series, and nothing else is known."""
    return History(every, [values], None, None, frozenset())


def rule(**said: Any) -> Watched[AlertingRule]:
    """A rule of a file."""
    return Watched.of(DEFAULT_TENANT, AlertingRule("Hot", "m", **said))


def stretches(replay: Replay) -> Mapping[str, Sequence[Stretch]]:
    """By the label `i`."""
    return {one.labels.get("i"): one.stretches for one in replay.result().alerts}


def test_an_alert_waits_fires_is_kept_and_ends() -> None:
    """`for` of 2 m and `keep_firing_for` of 2 m, evaluated each minute."""
    history = simple(1, 1, 1, 1, None, 1, None, None, None, None)
    replay, notices = replayed(rule(for_ms=2 * MINUTE, keep_firing_ms=2 * MINUTE), history, [])
    assert stretches(replay) == {"a": [Stretch(PENDING, 0, 2 * MINUTE), Stretch(FIRING, 2 * MINUTE, 8 * MINUTE)]}
    assert [(one.at, one.alert.state.value) for one in told(notices)] == [
        (2 * MINUTE, "firing"),
        (8 * MINUTE, "resolved"),
    ]
    assert replay.result().firings == 1


def test_what_goes_on_has_no_end() -> None:
    """An alert that fires at the last instant has a stretch without an end."""
    replay, _ = replayed(rule(), simple(None, 1, 1), [])
    assert stretches(replay) == {"a": [Stretch(FIRING, MINUTE)]}


def test_stretches_beyond_the_bound_are_counted() -> None:
    """No more are remembered than the limit says."""
    replay = Replay(rule(for_ms=MINUTE), limits=ReplayLimits(listed=2))
    values = columns([[1.0, None] * 5], slice(None))
    replay.evaluated(Evaluated(np.arange(10, dtype=np.int64) * MINUTE, values))
    found = replay.result()
    assert ([len(one.stretches) for one in found.alerts], found.left_out) == ([2], 3)


def test_more_alerts_than_the_bound_are_refused() -> None:
    """A label that follows the value may make an alert of every sample; the message says what to do."""
    replay = Replay(rule(labels={"v": "{{ $value }}"}), limits=ReplayLimits(alerts=3))
    values = columns([[1.0, 2.0, 3.0, 4.0]], slice(None))
    with pytest.raises(Unprocessable, match=r"more than 3 alerts.*backtest.max_alerts"):
        replay.evaluated(Evaluated(np.arange(4, dtype=np.int64) * MINUTE, values))


def test_failures_of_the_same_reason_are_told_together() -> None:
    """They have a beginning, an end and a number."""
    replay, _ = replayed(rule(), History(MINUTE, [[1.0] * 6], None, None, frozenset({1, 2, 4})), [])
    assert replay.result().failures == [FailedSteps(MINUTE, 4 * MINUTE, 3, "too slow")]


def test_two_elements_that_are_one_alert_fail_the_instant() -> None:
    """As in operation: the evaluation fails, and what fires goes on."""
    replay, _ = replayed(
        rule(labels={"i": "all"}), History(MINUTE, [[1, 1, 1], [None, 2, None]], None, None, frozenset()), []
    )
    assert "two elements of the result are the same alert" in replay.result().failures[0].error
    assert stretches(replay) == {"all": [Stretch(FIRING, 0)]}


def test_a_scalar_is_one_element_and_a_string_none() -> None:
    """As alerts have it."""
    found = Columns.of(Scalar(np.array([1.0, 2.0])))
    assert (found.labels, found.values.tolist(), found.present.tolist()) == ((Labels(),), [[1.0, 2.0]], [[True, True]])
    with pytest.raises(BadData):
        Columns.of(String("x"))
    vector = Vector((ELEMENTS[0],), np.ones((1, 2)), np.ones((1, 2), np.bool_))
    assert Columns.of(vector).values is vector.values
