import numpy as np
import pytest

from sightline.domain.alerts import series
from sightline.domain.alerts.notice import Alert, AlertState, Reason
from sightline.domain.alerts.series import AlertSeries, for_state_of, series_of
from sightline.domain.alerts.step import Alerts
from sightline.domain.labels import Labels
from sightline.domain.metrics.roster import Roster
from sightline.domain.tenancy import DEFAULT_TENANT


def alert(state: AlertState = AlertState.FIRING, active_at: int = 0, **labels: str) -> Alert:
    """An alert Hot."""
    its = Labels.of(alertname="Hot", **labels)
    return Alert(DEFAULT_TENANT, "Hot", its, Labels(), state, 1.0, active_at, 0, Reason.CONDITION_TRUE)


def of(*alerts: Alert) -> Alerts:
    """Alerts by their labels."""
    return {one.labels: one for one in alerts}


def told(its: AlertSeries, alerts: Alerts, roster: Roster) -> dict[str, float]:
    """The samples by the text of their series."""
    numbers, values = its.columns(alerts, roster)
    return dict(zip(map(str, roster.named(numbers)), values.tolist(), strict=True))


def test_active_alerts_have_two_series() -> None:
    """The state's is 1, the other tells whole seconds; what is resolved has none."""
    alerts = of(
        alert(AlertState.PENDING, 61_999, i="1"),
        alert(AlertState.FIRING, 5_000, i="2"),
        alert(AlertState.RESOLVED, 5_000, i="3"),
    )
    assert told(AlertSeries(), alerts, Roster()) == {
        'ALERTS{alertname="Hot",alertstate="pending",i="1"}': 1.0,
        'ALERTS{alertname="Hot",alertstate="firing",i="2"}': 1.0,
        'ALERTS_FOR_STATE{alertname="Hot",i="1"}': 61.0,
        'ALERTS_FOR_STATE{alertname="Hot",i="2"}': 5.0,
    }
    assert told(AlertSeries(), {}, Roster()) == {}


def test_the_state_stands_over_a_label_of_that_name() -> None:
    """Two alerts that differ in it alone are one series of ALERTS, and two that tell the time."""
    alerts = of(alert(alertstate="pending"), alert(alertstate="firing", active_at=9_000))
    assert told(AlertSeries(), alerts, Roster()) == {
        'ALERTS{alertname="Hot",alertstate="firing"}': 1.0,
        'ALERTS_FOR_STATE{alertname="Hot",alertstate="pending"}': 0.0,
        'ALERTS_FOR_STATE{alertname="Hot",alertstate="firing"}': 9.0,
    }
    one = alert(alertstate="x")
    assert (series_of(one).get("alertstate"), for_state_of(one).get("alertstate")) == ("firing", "x")


def test_series_are_named_once_for_as_long_as_the_roster_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes and goes, and however often: the numbers are those of the roster."""
    monkeypatch.setattr(series, "_SPARE", 100)
    its, first, second = AlertSeries(), Roster(), Roster()
    second.numbers([Labels.of(__name__="other")])
    for roster in (first, second):
        for turn in range(20):
            alerts = of(*(alert(i=str(number)) for number in range(10 * turn, 10 * turn + 9)))
            numbers, _ = its.columns(alerts, roster)
            assert len(np.unique(numbers)) == len(numbers) == 18
            assert set(roster.named(numbers)) == {*map(series_of, alerts.values()), *map(for_state_of, alerts.values())}
    assert sum(map(len, its._numbers.values())) < 260  # of 360 that were named
