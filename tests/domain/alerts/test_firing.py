"""When alerts fired, by their series."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.firing import Busiest, Fired, firing_matchers
from sightline.domain.alerts.rule import AlertingRule, AlertRule, Severity
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.timerange import DAY, HOUR, MINUTE, TimeRange

GAP = 5 * MINUTE
END = float(STALE)
HOT = Labels.of(__name__="ALERTS", alertname="Hot", alertstate="firing", room="a")
COLD = Labels.of(__name__="ALERTS", alertname="Hot", alertstate="firing", room="b")


def fired(*series: tuple[Labels, list[tuple[int, float]]]) -> Fired:
    """What is told of series, whose times are in minutes."""
    columns = [(labels, [MINUTE * at for at, _ in told], [value for _, value in told]) for labels, told in series]
    return Fired.of(SeriesColumns.of(columns), GAP)


def stretches(found: Fired) -> list[tuple[int, int]]:
    """In minutes."""
    return list(zip((found.starts // MINUTE).tolist(), (found.ends // MINUTE).tolist(), strict=True))


def test_an_alert_fires_until_a_marker_ends_it_or_nothing_is_known() -> None:
    """A marker ends a stretch where it stands and counts as an end; a gap ends it at the last sample and does not."""
    found = fired((HOT, [(0, 1.0), (1, 1.0), (2, END), (4, 1.0), (20, 1.0), (21, END), (22, END)]))
    assert stretches(found) == [(0, 2), (4, 4), (20, 21)]
    assert found.busiest == Busiest(Labels.of(room="a"), 2)


def test_a_marker_alone_is_no_firing() -> None:
    """What begins with the end of something earlier has not fired."""
    assert not fired((HOT, [(0, END)]))
    assert not Fired.never()


def test_alerts_that_fire_at_once_count_once() -> None:
    """The share of a time is that in which any of them fires."""
    found = fired(
        (HOT, [(at, 1.0) for at in range(31)]),
        (COLD, [(at, 1.0) for at in range(20, 41)]),
    )
    assert found.share(TimeRange(0, 80 * MINUTE)) == 0.5
    assert found.share(TimeRange(10 * MINUTE, 30 * MINUTE)) == 1.0
    assert stretches(found.merged()) == [(0, 40)]


def test_the_alert_that_ends_most_often_is_named() -> None:
    """Ends are counted within a day, for each alert apart, and over parts of an answer."""
    step = 4 * HOUR // MINUTE
    often = fired((HOT, [(step * n + one, END if one else 1.0) for n in range(12) for one in (0, 1)]))
    rarely = fired((COLD, [(0, 1.0), (1, END)]))
    assert Fired.together([rarely, often]).busiest == Busiest(Labels.of(room="a"), DAY // (4 * HOUR))
    assert Fired.together([]).busiest is None


@given(
    st.lists(
        st.dictionaries(st.integers(0, 60), st.sampled_from([1.0, END]), min_size=1, max_size=25).map(
            lambda one: sorted(one.items())
        ),
        min_size=1,
        max_size=3,
    )
)
def test_the_share_is_that_of_every_instant_looked_at(series: list[list[tuple[int, float]]]) -> None:
    """An alert fires at an instant when a sample before it is followed by another, or a marker, within the gap."""
    found = fired(*((HOT.drop(["room"]), told) for told in series))

    def fires(half: int) -> bool:
        """Whether any fires at so many half minutes and a bit."""
        for told in series:
            before = max(((at, value) for at, value in told if 2 * at <= half), default=None)
            after = min((at for at, _ in told if 2 * at > half), default=None)
            if before and after is not None and before[1] == 1.0 and after - before[0] <= GAP // MINUTE:
                return True
        return False

    assert found.share(TimeRange(0, 60 * MINUTE)) == pytest.approx(sum(map(fires, range(120))) / 120)


def test_the_series_of_a_rule_are_found_by_what_is_fixed() -> None:
    """Its name, severity and plain labels, but no templates."""
    rule = AlertRule("Hot", "a > 1", severity=Severity.CRITICAL, labels={"team": "x", "who": "{{ $labels.room }}"})
    matchers = firing_matchers(rule)
    assert satisfies(Labels.of({**dict(HOT), "severity": "critical", "team": "x", "who": "a"}), matchers)
    assert not satisfies(Labels.of({**dict(HOT), "severity": "critical", "team": "y"}), matchers)
    assert not satisfies(Labels.of({**dict(HOT), "alertstate": "pending"}), firing_matchers(AlertingRule("Hot", "a")))
    assert satisfies(HOT, firing_matchers(AlertingRule("Hot", "a")))
