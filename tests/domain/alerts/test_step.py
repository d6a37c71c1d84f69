from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.alert_states import FAILED, FALSE, NO_DATA, TRUE, state_after

from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.rule import AlertingRule, AlertRule
from sightline.domain.alerts.state import MOVES, RESOLVED_SHOWN
from sightline.domain.alerts.step import (
    MAX_ALERTS,
    NO_ALERTS,
    RULE_REMOVED,
    Alerts,
    Holding,
    Step,
    Unknown,
    Watched,
)
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

RULE = AlertRule(
    name="Hot",
    expr="temperature > 90",
    for_ms=10_000,
    annotations={"summary": "{{ $labels.instance }} at {{ $value }}"},
    data="temperature",
)
WATCHED = Watched.of(DEFAULT_TENANT, RULE)
ONE = Labels.of(__name__="temperature", instance="one")
TWO = Labels.of(__name__="temperature", instance="two")
KEY = WATCHED.texts.identity(ONE)
OTHER = WATCHED.texts.identity(TWO)
NOTHING = Holding({}, frozenset())
COLD = Holding({}, frozenset({KEY}))
QUERY_FAILED = Unknown("too slow")
MISSING = Holding({}, missing=True)
OWN = WATCHED.texts.identity(Labels())


def hot(value: float = 95.0) -> Holding:
    """The condition holds for one instance."""
    return Holding({KEY: value}, frozenset({KEY}))


def play(found: Iterable[Holding | Unknown], every: int = 5_000, watched: Watched[Any] = WATCHED) -> list[Step]:
    """Evaluate at 0, `every`, ... with what is found each time."""
    steps: list[Step] = []
    alerts: Alerts = NO_ALERTS
    for number, each in enumerate(found):
        steps.append(watched.step(alerts, each, number * every))
        alerts = steps[-1].alerts
    return steps


def path(steps: Iterable[Step]) -> list[tuple[AlertState, AlertState, Reason]]:
    """Every change: from, to, why."""
    return [(notice.previous, notice.alert.state, notice.alert.reason) for step in steps for notice in step.changes]


def test_an_alert_of_which_nothing_changed_is_the_same() -> None:
    """No object is made anew; a value that reads otherwise is a change, though it be equal."""
    steps = play([hot(0.0), hot(0.0), hot(-0.0), hot(0.0), hot(0.0), hot(1.0)], every=4_000)
    kept = [after.alerts[KEY] is before.alerts[KEY] for before, after in pairwise(steps)]
    assert kept == [True, False, False, True, False]
    assert steps[2].alerts[KEY].annotations == Labels.of(summary="one at -0")


INACTIVE, PENDING, FIRING, RESOLVED, UNKNOWN = AlertState


def test_an_alert_waits_as_pending_and_then_fires() -> None:
    """With `for` of 10 s and an evaluation every 5 s an alert is pending twice and fires the third time."""
    steps = play([hot(95), hot(96), hot(97), hot(98)])
    assert [step.alerts[KEY].state for step in steps] == [PENDING, PENDING, FIRING, FIRING]
    assert path(steps) == [
        (INACTIVE, PENDING, Reason.CONDITION_TRUE),
        (PENDING, FIRING, Reason.CONDITION_HELD),
    ]
    assert steps[3].alerts[KEY] == Alert(
        tenant=DEFAULT_TENANT,
        rule="Hot",
        labels=Labels.of(alertname="Hot", severity="warning", instance="one"),
        annotations=Labels.of(summary="one at 98"),
        state=FIRING,
        value=98.0,
        active_at=0,
        changed_at=10_000,
        reason=Reason.CONDITION_HELD,
    )


def test_an_alert_without_a_duration_fires_at_once() -> None:
    """With `for` of 0 the first evaluation fires, without a stop at pending."""
    at_once = Watched.of(DEFAULT_TENANT, AlertRule(name="Hot", expr="temperature > 90"))
    assert path(play([hot()], watched=at_once)) == [(INACTIVE, FIRING, Reason.CONDITION_TRUE)]


def test_a_condition_that_does_not_last_never_fires() -> None:
    """A pending alert whose condition becomes false is gone, with the reason."""
    steps = play([hot(), hot(), COLD])
    assert path(steps)[1:] == [(PENDING, INACTIVE, Reason.CONDITION_FALSE_BEFORE_FIRING)]
    assert steps[-1].alerts == {}


def test_a_firing_alert_resolves_and_keeps_its_last_true_value() -> None:
    """Once the condition is false a firing alert is resolved; its value is the last for which it was true."""
    steps = play([hot(), hot(), hot(97), COLD])
    assert path(steps)[-1] == (FIRING, RESOLVED, Reason.CONDITION_FALSE)
    assert (steps[-1].alerts[KEY].value, steps[-1].alerts[KEY].changed_at) == (97.0, 15_000)


@pytest.mark.parametrize(
    ("found", "state", "reason"),
    [
        (COLD, RESOLVED, Reason.CONDITION_FALSE),
        (NOTHING, RESOLVED, Reason.NO_DATA),
        (Holding({}), RESOLVED, Reason.CONDITION_FALSE),
        (QUERY_FAILED, FIRING, Reason.QUERY_FAILED),
        (RULE_REMOVED, RESOLVED, Reason.RULE_REMOVED),
    ],
    ids=["false", "no data", "cannot tell", "query failed", "rule removed"],
)
def test_false_and_gone_and_failed_are_told_apart(found: Holding | Unknown, state: AlertState, reason: Reason) -> None:
    """What an alert is told by an empty result depends on why it is empty."""
    alert = play([hot(), hot(), hot(), found])[-1].alerts[KEY]
    assert (alert.state, alert.reason) == (state, reason)


def test_a_failed_query_does_not_interrupt_the_duration() -> None:
    """An alert stays pending through a failed query and fires when its condition is seen to have held."""
    steps = play([hot(), QUERY_FAILED, hot()])
    assert [step.alerts[KEY].state for step in steps] == [PENDING, PENDING, FIRING]
    assert steps[1].alerts[KEY].reason is Reason.QUERY_FAILED
    assert steps[1].changes == ()


def test_a_resolved_alert_stays_visible_for_fifteen_minutes() -> None:
    """It is shown as resolved until 15 minutes have passed and then forgotten, failed queries or not."""
    minute = 60_000
    rest: list[Holding | Unknown] = [COLD, QUERY_FAILED] * 8
    steps = play([hot(), hot(), *rest], every=minute)
    resolved_at = next(step.changes[0].at for step in steps if step.changes and step.changes[0].alert.state is RESOLVED)
    for number, step in enumerate(steps[2:], start=2):
        assert (KEY in step.alerts) == (number * minute - resolved_at < RESOLVED_SHOWN)
    assert path(steps)[-1] == (RESOLVED, INACTIVE, Reason.RETENTION_OVER)


def test_an_alert_that_fired_for_hours_resolves_like_any_other() -> None:
    """Only how long an alert has been resolved makes it expire, not how long it was anything else."""
    steps = play([hot(), hot(), COLD, hot(), COLD], every=4 * RESOLVED_SHOWN)
    assert [notice.alert.state for step in steps for notice in step.changes] == [
        PENDING,
        FIRING,
        RESOLVED,
        PENDING,
        INACTIVE,
    ]


def test_a_condition_that_comes_back_waits_again() -> None:
    """A resolved alert whose condition is true again is pending from then on."""
    steps = play([hot(), hot(), hot(), COLD, hot(99)])
    assert path(steps)[-1] == (RESOLVED, PENDING, Reason.CONDITION_TRUE_AGAIN)
    assert steps[-1].alerts[KEY].active_at == 20_000


def test_alerts_of_one_rule_are_independent() -> None:
    """One element's alert moves by what was found about it alone, and changes come in order of labels."""
    both = Holding({OTHER: 91.0, KEY: 92.0}, frozenset({KEY, OTHER}))
    only_other = Holding({OTHER: 91.0}, frozenset({KEY, OTHER}))
    steps = play([both, only_other, only_other])
    assert [notice.alert.labels for notice in steps[0].changes] == [KEY, OTHER]
    assert steps[1].alerts.keys() == {OTHER}
    assert steps[2].alerts[OTHER].state is FIRING


def test_unchanged_alerts_are_shared() -> None:
    """An alert about which nothing changed is the same object after a step."""
    steps = play([hot(), QUERY_FAILED, QUERY_FAILED])
    assert steps[1].alerts[KEY] is steps[2].alerts[KEY]


def test_elements_that_are_one_alert_fail_the_rule() -> None:
    """Two elements that differ only in their metric name are refused, not mixed."""
    with pytest.raises(Unprocessable, match="same alert"):
        WATCHED.holding([(ONE, 91.0), (Labels.of(__name__="heat", instance="one"), 92.0)])


def test_more_alerts_than_the_bound_fail_the_rule() -> None:
    """A rule whose result has more elements than the bound is refused with the bound in the message."""
    elements = [(Labels.of(instance=str(number)), 1.0) for number in range(MAX_ALERTS + 1)]
    assert len(WATCHED.holding(elements[:-1]).true) == MAX_ALERTS
    with pytest.raises(Unprocessable, match=str(MAX_ALERTS)):
        WATCHED.holding(elements)


FINDINGS: dict[str, Holding | Unknown] = {
    TRUE: hot(),
    FALSE: COLD,
    NO_DATA: NOTHING,
    FAILED: QUERY_FAILED,
}
HISTORIES = st.lists(
    st.tuples(st.sampled_from([1, 4_999, 5_000, 10_000, 400_000]), st.sampled_from(list(FINDINGS))), max_size=40
)


@given(HISTORIES, st.sampled_from([0, 1, 5_000, 10_000, 60_000]))
def test_steps_lead_where_the_whole_history_says(history: list[tuple[int, str]], for_ms: int) -> None:
    """After any sequence of evaluations the state is the one worked out from the whole history at once."""
    watched = Watched.of(DEFAULT_TENANT, AlertRule(name="Hot", expr="x", for_ms=for_ms, data="x"))
    now, alerts, seen = 0, NO_ALERTS, []
    for pause, found in history:
        now += pause
        seen.append((now, found))
        alerts = watched.step(alerts, FINDINGS[found], now).alerts
        state = alerts[KEY].state if KEY in alerts else INACTIVE
        assert state is state_after(seen, for_ms)


@given(HISTORIES)
def test_changes_are_moves_of_the_table(history: list[tuple[int, str]]) -> None:
    """Every notice is a move that the table has, from the state that the one before led to; `for` is always honoured."""
    now, alerts, last = 0, NO_ALERTS, INACTIVE
    allowed = {(key[0], move) for key, move in MOVES.items()}
    for pause, found in history:
        now += pause
        step = WATCHED.step(alerts, FINDINGS[found], now)
        alerts = step.alerts
        for notice in step.changes:
            check(notice, last, now)
            assert (last, (notice.alert.state, notice.alert.reason)) in allowed
            last = notice.alert.state


def check(notice: Notice, last: AlertState, now: int) -> None:
    """A notice is about this moment and a true change, and a firing one has waited."""
    assert notice.previous is last
    assert notice.alert.state is not last
    assert notice.at == notice.alert.changed_at == now
    if notice.alert.state is FIRING:
        assert now - notice.alert.active_at >= RULE.for_ms


def test_texts_are_those_of_the_rule_as_it_is_now() -> None:
    """When a rule's text changes, its alerts say the new text at the next evaluation."""
    before = play([hot()])[-1].alerts
    changed = Watched(DEFAULT_TENANT, RULE, AlertRule(name="Hot", expr="x", annotations={"summary": "new"}).texts())
    assert changed.step(before, hot(), 5_000).alerts[KEY].annotations == Labels.of(summary="new")


KEEPING = AlertingRule("Hot", "temperature > 90", for_ms=5_000, keep_firing_ms=10_000)
KEPT = Watched.of(DEFAULT_TENANT, KEEPING)


def test_an_alert_keeps_firing_for_as_long_as_its_rule_says() -> None:
    """From the first evaluation that finds it false, and anew each time its condition was true again."""
    key = KEPT.texts.identity(ONE)
    hot, cold = Holding({key: 95.0}), Holding({})
    steps = play([hot, hot, cold, cold, hot, cold, cold, cold], watched=KEPT)
    states = [step.alerts[key].state.value for step in steps]
    assert states == ["pending", "firing", "firing", "firing", "firing", "firing", "firing", "resolved"]
    assert [step.alerts[key].reason for step in steps[2:4]] == [Reason.KEPT_FIRING] * 2
    assert steps[4].alerts[key].reason is Reason.CONDITION_HELD
    assert steps[7].alerts[key].reason is Reason.CONDITION_FALSE


def test_only_a_firing_alert_is_kept() -> None:
    """A pending one ends at once."""
    key = KEPT.texts.identity(ONE)
    steps = play([Holding({key: 95.0}), Holding({})], watched=KEPT)
    assert steps[1].alerts == {}


def test_a_failed_query_does_not_count_against_the_keeping() -> None:
    """The time goes on, and what is found after it decides."""
    key = KEPT.texts.identity(ONE)
    hot, cold = Holding({key: 95.0}), Holding({})
    steps = play([hot, hot, cold, QUERY_FAILED, cold], watched=KEPT)
    assert [step.alerts[key].state.value for step in steps] == ["pending", "firing", "firing", "firing", "resolved"]


def test_annotations_are_of_the_element_and_not_of_the_alert() -> None:
    """The labels that templates see are those of the result, metric name included, whatever the rule puts in their place."""
    texts = {"a": "{{ $labels }} {{ $labels.host }} {{ $labels.alertname }}"}
    rule = AlertingRule("Hot", "x", labels={"host": "other"}, annotations=texts)
    watched = Watched.of(DEFAULT_TENANT, rule)
    step = watched.step({}, watched.holding([(Labels.of(__name__="x", host="one"), 1.0)]), 1_000)
    (alert,) = step.alerts.values()
    assert alert.labels == Labels.of(alertname="Hot", host="other")
    assert alert.annotations.get("a") == "map[__name__:x host:one] one "


def treating(no_data: Treatment = Treatment.OK, query_failed: Treatment = Treatment.KEEP) -> Watched[AlertRule]:
    """The rule with other treatments, and an annotation that does not depend on elements."""
    annotations = {**RULE.annotations, "runbook": "https://wiki/hot", "where": "{{ $labels.instance }}"}
    changed = msgspec.structs.replace(RULE, no_data=no_data, query_failed=query_failed, annotations=annotations)
    return Watched.of(DEFAULT_TENANT, changed)


def states(steps: Iterable[Step], labels: Labels = KEY) -> list[AlertState]:
    """The states of one alert, inactive where it is not there."""
    return [step.alerts[labels].state if labels in step.alerts else INACTIVE for step in steps]


LACKS = [
    (MISSING, "no_data", "there is no data to judge"),
    (QUERY_FAILED, "query_failed", "its query failed: too slow"),
]


@pytest.mark.parametrize(("lack", "field", "why"), LACKS, ids=["no data", "query failed"])
def test_a_lack_of_an_answer_fires_where_the_rule_says_so(lack: Holding | Unknown, field: str, why: str) -> None:
    """An alert with the labels of the rule alone waits for its `for`, says why, and resolves with the first answer."""
    watched = treating(**{field: Treatment.ALERT})
    steps = play([lack, lack, lack, COLD], watched=watched)
    assert states(steps, OWN) == [PENDING, PENDING, FIRING, RESOLVED]
    alert = steps[2].alerts[OWN]
    assert alert.labels == Labels.of(alertname="Hot", severity="warning")
    assert alert.annotations == Labels.of(summary=f"Hot: {why}", runbook="https://wiki/hot")
    assert alert.reason.value == field


@pytest.mark.parametrize(("lack", "field"), [each[:2] for each in LACKS], ids=["no data", "query failed"])
def test_a_lack_of_an_answer_is_shown_as_unknown_where_the_rule_says_so(lack: Holding | Unknown, field: str) -> None:
    """The rule's own alert is unknown at once, an element's that waits as well, and both end with the next answer."""
    watched = treating(**{field: Treatment.UNKNOWN})
    steps = play([hot(), lack, COLD], watched=watched)
    assert states(steps) == [PENDING, UNKNOWN, INACTIVE]
    assert states(steps, OWN) == [INACTIVE, UNKNOWN, INACTIVE]


@pytest.mark.parametrize("lack", [MISSING, QUERY_FAILED], ids=["no data", "query failed"])
def test_an_alert_that_fires_goes_on_while_nothing_is_known(lack: Holding | Unknown) -> None:
    """It is neither told again nor called resolved, and resolves once its condition is seen to be false."""
    watched = treating(Treatment.UNKNOWN, Treatment.UNKNOWN)
    steps = play([hot(), hot(), hot(), lack, COLD], watched=watched)
    assert states(steps) == [PENDING, PENDING, FIRING, FIRING, RESOLVED]
    assert [notice.alert.labels for notice in steps[3].changes] == [OWN]


def test_what_was_unknown_waits_anew() -> None:
    """Nobody saw whether the condition held meanwhile, so `for` begins when it is seen to be true."""
    steps = play([hot(), QUERY_FAILED, hot(), hot(), hot()], watched=treating(query_failed=Treatment.UNKNOWN))
    assert states(steps) == [PENDING, UNKNOWN, PENDING, PENDING, FIRING]


def test_an_element_that_is_gone_counts_as_true_where_the_rule_says_so() -> None:
    """An alert that waits goes on to fire though its own data ended; others' data is no reason for one of the whole rule."""
    gone = Holding({}, frozenset({OTHER}))
    steps = play([hot(), gone, gone], watched=treating(Treatment.ALERT))
    assert states(steps) == [PENDING, PENDING, FIRING]
    assert states(steps, OWN) == [INACTIVE] * 3


@pytest.mark.parametrize("treatment", [Treatment.ALERT, Treatment.UNKNOWN, Treatment.KEEP])
def test_a_resolved_alert_whose_element_is_gone_does_not_come_back(treatment: Treatment) -> None:
    """An element that resolved and is gone is shown for its time and then forgotten."""
    steps = play([hot(), hot(), hot(), COLD, *[NOTHING] * 3], every=RESOLVED_SHOWN // 2, watched=treating(treatment))
    assert states(steps)[-3:] == [RESOLVED, INACTIVE, INACTIVE]


def test_a_failed_query_ends_alerts_where_the_rule_says_so() -> None:
    """Treated as `ok`, it is as good as a condition that is false, and the reason says what it was."""
    steps = play([hot(), hot(), hot(), QUERY_FAILED], watched=treating(query_failed=Treatment.OK))
    assert path(steps)[-1] == (FIRING, RESOLVED, Reason.QUERY_FAILED)


def test_without_data_an_alert_stays_where_the_rule_says_so() -> None:
    """Treated as `keep`, what fires goes on firing until its condition is seen to be false."""
    steps = play([hot(), hot(), hot(), MISSING, MISSING, COLD], watched=treating(Treatment.KEEP))
    assert states(steps)[2:] == [FIRING, FIRING, FIRING, RESOLVED]
    assert states(steps, OWN) == [INACTIVE] * 6


def test_alerts_of_elements_that_are_gone_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more of them are kept than a rule may have alerts; those beyond end as if there were nothing to keep."""
    monkeypatch.setattr("sightline.domain.alerts.step.MAX_ALERTS", 100)
    watched = Watched.of(DEFAULT_TENANT, AlertRule(name="Hot", expr="x", data="x", no_data=Treatment.KEEP))
    found = [Holding({Labels.of(i=f"{batch}-{one}"): 1.0 for one in range(60)}, frozenset()) for batch in range(3)]
    steps = play([*found, MISSING], watched=watched)
    assert sum(alert.state is FIRING for alert in steps[-1].alerts.values()) == 100


@given(HISTORIES, st.sampled_from(Treatment), st.sampled_from(Treatment))
def test_every_treatment_moves_by_the_table(
    history: list[tuple[int, str]], no_data: Treatment, query_failed: Treatment
) -> None:
    """Every notice is a move of the table from where the alert was, firing waits for `for`, and a resolve follows a firing."""
    watched, now, alerts = treating(no_data, query_failed), 0, NO_ALERTS
    last: dict[Labels, AlertState] = {}
    found: Mapping[str, Holding | Unknown] = {**FINDINGS, NO_DATA: MISSING}
    allowed = {(key[0], move) for key, move in MOVES.items()}
    for pause, what in history:
        now += pause
        step = watched.step(alerts, found[what], now)
        alerts = step.alerts
        for notice in step.changes:
            before = last.get(notice.alert.labels, INACTIVE)
            check(notice, before, now)
            assert (before, (notice.alert.state, notice.alert.reason)) in allowed
            assert notice.alert.state is not RESOLVED or before is FIRING
            last[notice.alert.labels] = notice.alert.state
        assert {labels: alert.state for labels, alert in alerts.items()} == {
            labels: state for labels, state in last.items() if state is not INACTIVE
        }
