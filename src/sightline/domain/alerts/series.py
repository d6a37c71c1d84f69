"""Alerts as series: ALERTS tells which of them are pending or firing, ALERTS_FOR_STATE since when their condition holds.

Source: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from sightline.domain.alerts.notice import Alert, AlertState
from sightline.domain.alerts.step import Alerts
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import Index, Values
from sightline.domain.metrics.span_table import Spans
from sightline.domain.timerange import SECOND

ALERTS: Final = "ALERTS"
FOR_STATE: Final = "ALERTS_FOR_STATE"
STATE: Final = "alertstate"
"""The metrics' names, and the label that tells the state, as Prometheus has them."""
METRICS: Final = frozenset({ALERTS, FOR_STATE})

ACTIVE: Final = frozenset({AlertState.PENDING, AlertState.FIRING})
"""The states in which an alert has series."""

# Numbers of alerts that are gone are forgotten once there are more of them than that, and than alerts.
_SPARE: Final = 1_000


class AlertColumns(NamedTuple):
    """One sample a series: numbers in a roster, uint32 (n,), distinct, and values (n,)."""

    numbers: Index
    values: Values


class AlertSeries:
    """The series of one rule's alerts; those that were named are remembered for as long as the roster is the same."""

    def __init__(self) -> None:
        """Start without any."""
        self._roster: Roster | None = None
        self._numbers: dict[AlertState | None, dict[Labels, int]] = {}

    def columns(self, alerts: Alerts, roster: Roster) -> AlertColumns:
        """The samples of alerts as they stand: of each that is active 1 under its state, and the time it is active since, s."""
        if roster is not self._roster:
            self._roster, self._numbers = roster, {}
        active = [alert for alert in alerts.values() if alert.state in ACTIVE]
        shown: list[int] = []
        for state in ACTIVE:
            its = [alert.labels for alert in active if alert.state is state]
            shown += self._named(state, its, partial(_shown, state), roster)
        since = self._named(None, [alert.labels for alert in active], _since, roster)
        # Two alerts that differ in a label `alertstate` of their own are one series.
        states = np.unique(np.array(shown, np.uint32))
        times = np.array([alert.active_at for alert in active], np.int64) // SECOND
        numbers = np.concatenate([states, np.array(since, np.uint32)])
        return AlertColumns(numbers, np.concatenate([np.ones(len(states)), times.astype(np.float64)]))

    def _named(
        self, state: AlertState | None, alerts: Sequence[Labels], form: Callable[[Labels], Labels], roster: Roster
    ) -> list[int]:
        """The numbers of the series that alerts have in one form, in order."""
        known = self._numbers.setdefault(state, {})
        if len(known) > 2 * len(alerts) + _SPARE:
            known = self._numbers[state] = {labels: known[labels] for labels in alerts if labels in known}
        fresh = [labels for labels in alerts if labels not in known]
        if fresh:
            numbers = roster.numbers_of(Spans.of([form(labels).canonical() for labels in fresh]))
            known.update(zip(fresh, numbers.tolist(), strict=True))
        return [known[labels] for labels in alerts]


def series_of(alert: Alert) -> Labels:
    """The series that stands for an alert in its present state."""
    return _shown(alert.state, alert.labels)


def for_state_of(alert: Alert) -> Labels:
    """The series that tells since when an alert's condition holds."""
    return _since(alert.labels)


def _shown(state: AlertState, labels: Labels) -> Labels:
    return _over(labels, ((METRIC_NAME, ALERTS), (STATE, state.value)))


def _since(labels: Labels) -> Labels:
    return _over(labels, ((METRIC_NAME, FOR_STATE),))


def _over(labels: Labels, pairs: Iterable[tuple[str, str]]) -> Labels:
    return Labels.of({**dict(labels), **dict(pairs)})
