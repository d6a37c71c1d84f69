from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.application.rule_world import NOW, RuleWorld, of, series
from tests.oracles.native_histogram import Native, columns, natives

from sightline.application import derive
from sightline.application.answer import MAX_QUERIES, MAX_SAMPLES
from sightline.application.derive import GroupState, Health
from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import Overloaded, SightlineError
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.promql.recording import RecordingRule, elements
from sightline.domain.promql.values import Vector
from sightline.domain.tenancy import LOCAL, Principal

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> RuleWorld:
    """Two series a of 1 and 2, at the start and a minute later."""
    found = RuleWorld()
    for at in (0, 60):
        await found.write(at, *of("a", [1.0, 2.0]))
    return found


def health(state: GroupState) -> list[str]:
    """How the rules are doing: ok, unknown, or their error."""
    return [rule.error or rule.health.value for rule in state.rules]


async def test_the_result_of_an_expression_becomes_series(world: RuleWorld) -> None:
    """Under the rule's name and labels, one sample an evaluation, of the instant that was asked for."""
    state = await world.begin(RecordingRule("r", "a * 10", {"team": "x"}), RecordingRule("s", "scalar(sum(a)) + 1"))
    assert health(state) == ["unknown", "unknown"]
    await world.evaluate(state, 10, 70)
    assert await world.stored("r") == {
        'r{i="0",team="x"}': [(10, 10.0), (70, 10.0)],
        'r{i="1",team="x"}': [(10, 20.0), (70, 20.0)],
    }
    assert await world.stored("s") == {"s": [(10, 4.0), (70, 4.0)]}
    assert health(state) == ["ok", "ok"]
    assert state.evaluated_at == NOW
    assert world.counted("sightline_rule_group_last_evaluation_samples") == 3


async def test_histograms_are_recorded(world: RuleWorld) -> None:
    """What an expression makes of native histograms is stored as such, and a later rule sees it."""
    for at in (0, 60):
        one = Native(count=4.0 + at, sum=8.0, positive={1: 4.0 + at}, zero_threshold=0.5)
        row, when = np.zeros(1, np.uint32), np.array([NOW + 1000 * at])
        await world.ingest(LOCAL, WriteBatch((series("h"),), row, when, np.array([MARK]), columns([one])))
    state = await world.begin(
        RecordingRule("r", "sum(h)"), RecordingRule("s", "histogram_count(r)"), RecordingRule("t", "increase(h[2m])")
    )
    await world.evaluate(state, 70)
    assert health(state) == ["ok", "ok", "ok"]
    assert await world.stored("s") == {"s": [(70, 64.0)]}
    found = (await world.query.instant(LOCAL, "r", NOW + 70_000)).value
    assert isinstance(found, Vector)
    assert found.histograms is not None
    assert natives(found.histograms.pool) == [Native(count=64.0, sum=8.0, positive={1: 64.0}, zero_threshold=0.5)]
    told = (await world.query.instant(LOCAL, "histogram_count(t) > 60", NOW + 70_000)).value
    assert isinstance(told, Vector)
    assert len(told.labels) == 1


async def test_a_negative_histogram_is_no_result(world: RuleWorld) -> None:
    """Nothing that counts below zero is stored: the rule fails and says why, as in Prometheus."""
    one = Native(count=4.0, sum=8.0, positive={1: 4.0})
    row, when = np.zeros(1, np.uint32), np.array([NOW])
    await world.ingest(LOCAL, WriteBatch((series("h"),), row, when, np.array([MARK]), columns([one])))
    state = await world.begin(RecordingRule("r", "-h"), RecordingRule("s", "h - h"))
    await world.evaluate(state, 10)
    failed, fine = health(state)
    assert "cannot be stored" in failed
    assert fine == "ok"
    assert await world.stored("r") == {}


async def test_a_later_rule_sees_what_an_earlier_one_wrote(world: RuleWorld) -> None:
    """At the same instant, whether it names the metric or only may select it."""
    state = await world.begin(
        RecordingRule("r", "sum(a)"), RecordingRule("s", "r * 2"), RecordingRule("t", 'sum({__name__=~"r|s"})')
    )
    await world.evaluate(state, 10)
    assert (await world.stored("s"), await world.stored("t")) == ({"s": [(10, 6.0)]}, {"t": [(10, 9.0)]})


async def test_an_earlier_rule_sees_what_a_later_one_wrote_the_time_before(world: RuleWorld) -> None:
    """As it would in Prometheus."""
    state = await world.begin(RecordingRule("s", "r"), RecordingRule("r", "time() - 1.7e9"))
    await world.evaluate(state, 10, 70)
    assert await world.stored("s") == {"s": [(70, 10.0)]}


async def test_rules_are_evaluated_in_the_past_by_the_offset(world: RuleWorld) -> None:
    """The query and the samples alike."""
    state = await world.begin(RecordingRule("r", "timestamp(a) * 0 + time() - 1.7e9"), offset=30)
    await world.evaluate(state, 70)
    assert await world.stored("r") == {'r{i="0"}': [(40, 40.0)], 'r{i="1"}': [(40, 40.0)]}


async def test_a_series_that_vanishes_is_marked(world: RuleWorld) -> None:
    """At the first evaluation that does not have it, once, and it goes on when it comes back."""
    state = await world.begin(RecordingRule("r", "a > 1"))
    await world.evaluate(state, 60)
    await world.write(100, (series("a", i="1"), 0.0))
    await world.evaluate(state, 120, 180)
    await world.write(200, (series("a", i="1"), 5.0))
    await world.evaluate(state, 240)
    assert await world.stored("r") == {'r{i="1"}': [(60, 2.0), (120, None), (240, 5.0)]}


@pytest.mark.parametrize("count", [4, 110])
async def test_few_of_many_series_are_named_as_they_come(
    world: RuleWorld, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there changes from one evaluation to the next, and the right ones are marked."""
    monkeypatch.setattr(derive, "_FEW", 100)
    await world.write(60, *of("b", range(count)))
    state = await world.begin(RecordingRule("r", "topk(1, b)"), RecordingRule("all", "b"))
    await world.evaluate(state, 60)
    await world.write(100, (series("b", i="2"), 1e9))
    await world.evaluate(state, 120)
    last = count - 1
    assert await world.stored("r") == {f'r{{i="{last}"}}': [(60, last), (120, None)], 'r{i="2"}': [(120, 1e9)]}
    assert len(await world.stored("all")) == count


async def test_a_rule_that_fails_disturbs_no_other(world: RuleWorld) -> None:
    """It stores and marks nothing, and says why and since when until it is well again."""
    state = await world.begin(RecordingRule("r", "a"), RecordingRule("bad", "a * on () b"), RecordingRule("s", "a"))
    await world.evaluate(state, 10)
    await world.write(20, *of("b", [1.0, 2.0]))
    await world.clock.advance(20)
    await world.evaluate(state, 20)
    assert [rule.health for rule in state.rules] == [Health.OK, Health.ERR, Health.OK]
    assert state.rules[1].code == "query_vector_matching"
    assert state.rules[1].failing_since == NOW + 20_000
    await world.evaluate(state, 30)
    assert state.rules[1].failing_since == NOW + 20_000
    assert len(await world.stored("s")) == 2
    assert world.counted("sightline_rule_group_evaluation_failures_total") == 2
    assert world.counted("sightline_rule_group_evaluations_total") == 9
    await world.write(40, (series("b", i="0"), float(STALE)), (series("b", i="1"), float(STALE)))
    await world.evaluate(state, 40)
    assert health(state) == ["ok"] * 3
    assert state.rules[1].failing_since is None


async def test_a_rule_that_cannot_be_evaluated_at_all_says_so(world: RuleWorld) -> None:
    """A string cannot be recorded, and that is this rule's own trouble."""
    state = await world.begin(RecordingRule("r", '"text"'), RecordingRule("s", "a"))
    await world.evaluate(state, 10)
    assert health(state) == ["rule result is not a vector or scalar", "ok"]


async def test_labels_that_make_two_series_one_are_an_error(world: RuleWorld) -> None:
    """Nothing is stored of that rule."""
    state = await world.begin(RecordingRule("r", "a", {"i": ""}), RecordingRule("s", "a > 1", {"i": ""}))
    await world.evaluate(state, 10)
    assert health(state) == ["vector contains metrics with the same labelset after applying rule labels", "ok"]
    assert (await world.stored("r"), await world.stored("s")) == ({}, {"s": [(10, 2.0)]})


async def test_a_rule_over_the_limit_stores_nothing(world: RuleWorld) -> None:
    """Nor does it mark anything; an alerting rule's alerts stay as they are."""
    state = await world.begin(RecordingRule("r", "a > 1"), AlertingRule("A", "a > 1"), limit=1)
    await world.evaluate(state, 10)
    await world.write(20, *of("a", [2.0, 3.0]))
    await world.evaluate(state, 20)
    assert health(state) == ["exceeded limit of 1 with 2 series", "exceeded limit of 1 with 2 alerts"]
    assert await world.stored("r") == {'r{i="1"}': [(10, 2.0)]}
    assert [alert.state for alert in state.rules[1].alerts.values()] == [AlertState.FIRING]


async def test_two_rules_of_one_name_go_on_with_each_others_series(world: RuleWorld) -> None:
    """What one no longer has and another has at the same instant is not marked, in whatever order they stand."""
    for first, second in (("a > 1", "a <= 1"), ("a <= 1", "a > 1")):
        found = RuleWorld()
        state = await found.begin(RecordingRule("r", first), RecordingRule("s", "r"), RecordingRule("r", second))
        await found.write(0, (series("a"), 1.0))
        await found.evaluate(state, 0)
        await found.write(30, (series("a"), 5.0))
        await found.evaluate(state, 60)
        assert await found.stored("r") == {"r": [(0, 1.0), (60, 5.0)]}


async def test_what_intake_refuses_is_the_trouble_of_that_rule_alone(world: RuleWorld) -> None:
    """Rules that are stored together are stored one by one when that fails, and the error stays with whom it belongs to."""
    state = await world.begin(RecordingRule("r", "a"), RecordingRule("s", "a", {"x": "y" * 9_000}))
    await world.evaluate(state, 10)
    assert [rule.code for rule in state.rules] == ["", "label_invalid"]
    assert len(await world.stored("r")) == 2


async def test_what_could_not_be_stored_is_tried_again(world: RuleWorld) -> None:
    """A marker that intake refused comes with the next evaluation."""
    state = await world.begin(RecordingRule("r", "a > 1"))
    await world.evaluate(state, 10)
    await world.write(20, (series("a", i="1"), 0.0))

    whole, world.derive._ingest = world.derive._ingest, Refusing(world)
    await world.evaluate(state, 20)
    assert state.rules[0].code == "intake_overloaded"
    world.derive._ingest = whole
    await world.evaluate(state, 30)
    assert await world.stored("r") == {'r{i="1"}': [(10, 2.0), (30, None)]}


class Refusing:
    """Intake that is full."""

    def __init__(self, world: RuleWorld) -> None:
        self.roster = world.ingest.roster

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Take nothing."""
        raise Overloaded("full", retry_after=1)


async def test_a_new_version_goes_on_with_the_series_of_the_old(world: RuleWorld) -> None:
    """The same rule by name and labels marks what its new expression lacks; what a rule that is gone wrote is marked."""
    old = await world.begin(RecordingRule("r", "a"), RecordingRule("gone", "a"), RecordingRule("s", "a", {"l": "1"}))
    await world.evaluate(old, 10)
    new = await world.begin(RecordingRule("s", "a", {"l": "2"}), RecordingRule("r", "a > 1"), before=old)
    await world.evaluate(new, 20, 30)
    assert await world.stored("r") == {
        'r{i="0"}': [(10, 1.0), (20, None)],
        'r{i="1"}': [(10, 2.0), (20, 2.0), (30, 2.0)],
    }
    assert await world.stored("gone") == {
        'gone{i="0"}': [(10, 1.0), (20, None)],
        'gone{i="1"}': [(10, 2.0), (20, None)],
    }
    assert (await world.stored("s"))['s{i="0",l="1"}'] == [(10, 1.0), (20, None)]
    assert new.evaluated_at is not None


async def test_a_series_that_another_rule_takes_over_is_not_marked(world: RuleWorld) -> None:
    """Neither in the group that loses a rule nor when a whole group is gone."""
    old = await world.begin(RecordingRule("r", "a", {"l": "1"}))
    await world.evaluate(old, 10)
    new = await world.begin(RecordingRule("r", "label_replace(a, 'l', '1', '', '')"), before=old)
    await world.evaluate(new, 20)
    assert await world.stored("r") == {f'r{{i="{i}",l="1"}}': [(10, i + 1.0), (20, i + 1.0)] for i in (0, 1)}
    other = await world.begin(RecordingRule("r", "a > 1", {"l": "1"}))
    await world.evaluate(other, 30)
    await world.derive.end(new, NOW + 31_000, [other])
    assert (await world.stored("r"))['r{i="0",l="1"}'] == [(10, 1.0), (20, 1.0), (31, None)]
    assert (await world.stored("r"))['r{i="1",l="1"}'] == [(10, 2.0), (20, 2.0), (30, 2.0)]


async def test_numbers_of_series_may_be_given_anew(world: RuleWorld) -> None:
    """When intake forgets what it knew, series are still told apart."""
    state = await world.begin(RecordingRule("r", "a > 1"))
    await world.evaluate(state, 10)
    world.ingest._rosters.begin_anew()
    world.ingest._tenants = {}
    await world.write(20, (series("a", i="0"), 7.0), (series("a", i="1"), 0.0))
    await world.evaluate(state, 20)
    assert await world.stored("r") == {'r{i="0"}': [(20, 7.0)], 'r{i="1"}': [(10, 2.0), (20, None)]}


async def test_alerts_of_rules_live_as_others_do(world: RuleWorld) -> None:
    """They are pending, fire after their time, and resolve; whoever is to be told is told, under the slot's time."""
    state = await world.begin(AlertingRule("Hot", "a > 1", for_ms=60_000, labels={"severity": "page"}))
    await world.evaluate(state, 0)
    (alert,) = state.rules[0].alerts.values()
    assert (alert.state, alert.active_at) == (AlertState.PENDING, NOW)
    await world.evaluate(state, 60)
    (alert,) = state.rules[0].alerts.values()
    assert (alert.state, alert.labels) == (AlertState.FIRING, Labels.of(alertname="Hot", severity="page", i="1"))
    assert world.heard.states() == [AlertState.PENDING, AlertState.FIRING]
    await world.write(90, (series("a", i="1"), 0.0))
    await world.evaluate(state, 120)
    assert [alert.state for alert in state.rules[0].alerts.values()] == [AlertState.RESOLVED]


async def test_alerts_of_a_rule_that_is_gone_end(world: RuleWorld) -> None:
    """In a new version of the group, and with the group; those of a rule that stays go on."""
    old = await world.begin(AlertingRule("Stays", "a > 1"), AlertingRule("Goes", "a > 1"))
    await world.evaluate(old, 10)
    new = await world.begin(AlertingRule("Stays", "a > 1.5"), before=old)
    assert [alert.state for alert in old.rules[1].alerts.values()] == [AlertState.RESOLVED]
    await world.evaluate(new, 20)
    assert [alert.active_at for alert in new.rules[0].alerts.values()] == [NOW + 10_000]
    world.derive.retire(new)
    assert [alert.state for alert in new.rules[0].alerts.values()] == [AlertState.RESOLVED]


async def test_alerts_are_series(world: RuleWorld) -> None:
    """Under their state and with the time since when they are active, less the offset; a state that is over ends its series."""
    state = await world.begin(
        AlertingRule("Hot", "a > 1", for_ms=60_000, keep_firing_ms=60_000, labels={"team": "x"}),
        RecordingRule("r", "sum(a)"),
        offset=10,
    )
    for at in (10, 70, 130):
        await world.evaluate(state, at)
    await world.write(140, (series("a", i="1"), 0.0))
    await world.evaluate(state, 190, 250, 310)
    assert await world.stored("ALERTS") == {
        'ALERTS{alertname="Hot",alertstate="firing",i="1",team="x"}': [(60, 1.0), (120, 1.0), (180, 1.0), (240, None)],
        'ALERTS{alertname="Hot",alertstate="pending",i="1",team="x"}': [(0, 1.0), (60, None)],
    }
    since = 1_700_000_010.0
    assert await world.stored("ALERTS_FOR_STATE") == {
        'ALERTS_FOR_STATE{alertname="Hot",i="1",team="x"}': [
            *((at, since) for at in (0, 60, 120, 180)),
            (240, None),
        ]
    }
    assert world.counted("sightline_rule_group_last_evaluation_samples") == 1


async def test_a_later_rule_sees_alerts(world: RuleWorld) -> None:
    """At the same instant, as it would see what a recording rule stored."""
    state = await world.begin(
        AlertingRule("Hot", "a > 1"),
        RecordingRule("r", 'count(ALERTS{alertstate="firing"})'),
        RecordingRule("s", "sum(ALERTS_FOR_STATE) - 1.7e9"),
    )
    await world.evaluate(state, 10)
    assert (await world.stored("r"), await world.stored("s")) == ({"r": [(10, 1.0)]}, {"s": [(10, 10.0)]})


async def test_series_of_alerts_end_with_their_rule_and_group(world: RuleWorld) -> None:
    """As those of recording rules do; where the rule stays they go on."""
    old = await world.begin(AlertingRule("Stays", "a > 1"), AlertingRule("Goes", "a > 1"))
    await world.evaluate(old, 10)
    new = await world.begin(AlertingRule("Stays", "a > 1.5"), before=old)
    await world.evaluate(new, 20)
    await world.derive.end(new, NOW + 30_000, [])
    assert await world.stored("ALERTS") == {
        'ALERTS{alertname="Goes",alertstate="firing",i="1"}': [(10, 1.0), (20, None)],
        'ALERTS{alertname="Stays",alertstate="firing",i="1"}': [(10, 1.0), (20, 1.0), (30, None)],
    }
    assert list((await world.stored("ALERTS_FOR_STATE")).values()) == [
        [(10, 1_700_000_010.0), (20, None)],
        [(10, 1_700_000_010.0), (20, 1_700_000_010.0), (30, None)],
    ]


async def test_alerts_that_intake_refuses_are_told_and_their_series_come_later(world: RuleWorld) -> None:
    """The rule fails since then until they are taken in."""
    state = await world.begin(AlertingRule("Hot", "a > 1"))
    whole, world.derive._ingest = world.derive._ingest, Refusing(world)
    await world.evaluate(state, 10)
    await world.clock.advance(10)
    await world.evaluate(state, 20)
    assert (state.rules[0].code, state.rules[0].failing_since) == ("intake_overloaded", NOW)
    assert [alert.state for alert in state.rules[0].alerts.values()] == [AlertState.FIRING]
    world.derive._ingest = whole
    await world.evaluate(state, 30)
    assert health(state) == ["ok"]
    assert list((await world.stored("ALERTS_FOR_STATE")).values()) == [[(30, 1_700_000_010.0)]]


async def test_alerts_of_a_query_that_fails_are_neither_written_nor_ended(world: RuleWorld) -> None:
    """Nothing is known of them."""
    state = await world.begin(AlertingRule("Hot", "a > 1 and a * on () group_left () b"))
    await world.write(0, (series("b"), 1.0))
    await world.evaluate(state, 0)
    await world.write(10, (series("b", x="1"), 1.0))
    await world.evaluate(state, 20)
    assert list((await world.stored("ALERTS")).values()) == [[(0, 1.0)]]


async def test_a_query_that_fails_leaves_alerts_as_they_are(world: RuleWorld) -> None:
    """And the rule says why."""
    state = await world.begin(AlertingRule("Hot", "a > 1 and a * on () group_left () b"))
    await world.write(0, (series("b"), 1.0))
    await world.evaluate(state, 0)
    await world.write(10, (series("b", x="1"), 1.0))
    await world.evaluate(state, 20)
    assert state.rules[0].code == "query_vector_matching"
    assert [alert.state for alert in state.rules[0].alerts.values()] == [AlertState.FIRING]


async def test_a_defect_is_told_after_all_was_done_for_the_others(world: RuleWorld) -> None:
    """It is an error of its rule, and raised for the log."""
    state = await world.begin(RecordingRule("r", "a"), RecordingRule("s", "a"))
    asking = world.query.asking

    def broken(*arguments: object) -> object:
        ask = asking(*arguments)  # type: ignore[arg-type] # passed on as they came
        calls: Iterator[int] = iter(range(9))

        async def answer(text: str) -> object:
            if next(calls) == 0:
                raise ZeroDivisionError
            return await ask(text)

        return answer

    world.query.asking = broken  # type: ignore[method-assign, assignment] # a query that has a defect
    with pytest.raises(ExceptionGroup):
        await world.evaluate(state, 10)
    assert health(state) == ["ZeroDivisionError", "ok"]
    assert len(await world.stored("s")) == 2


EXPRESSIONS = st.sampled_from(
    ["a", "a > 1", "sum(a)", "r0", "r1 * 2", "sum by (i) (r0) + r1", "a or r2", "topk(1, a)", "count(r2)", "vector(1)",
     "a offset 60s", "rate(a[5m]) > 0", "r0 offset 60s", '{__name__=~"r.", i="1"}', "a * on () b", "1 +  scalar(b)"]
)  # fmt: skip
RULES = st.lists(
    st.builds(
        RecordingRule, st.sampled_from(["r0", "r1", "r2"]), EXPRESSIONS, st.sampled_from([{}, {"l": "x"}, {"i": ""}])
    ),
    max_size=6,
)
VALUES = st.lists(st.lists(st.sampled_from([None, 0.0, 1.0, 2.0, 3.0]), min_size=3, max_size=3), min_size=3, max_size=5)


@given(RULES, VALUES)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_groups_do_what_one_rule_after_another_would(
    rules: list[RecordingRule], values: list[list[float | None]]
) -> None:
    """What is asked and stored together is what one sample after the other would have made, markers too."""
    together, alone = RuleWorld(), RuleWorld()
    state = await together.begin(*rules)
    plain = _OneByOne(alone, rules)
    for number, row in enumerate(values):
        at = 60 * number
        samples = [
            (series("b") if i == 2 else series("a", i=str(i)), STALE if one is None else one)
            for i, one in enumerate(row)
        ]
        for world in (together, alone):
            await world.write(at, *samples)
        await together.evaluate(state, at)
        await plain.evaluate(at)
    for name in ("r0", "r1", "r2"):
        assert await together.stored(name) == await alone.stored(name)
    assert [rule.health is Health.ERR for rule in state.rules] == plain.failing


class _OneByOne:
    """The obvious way."""

    def __init__(self, world: RuleWorld, rules: list[RecordingRule]) -> None:
        self.world, self.rules = world, rules
        self.before: list[set[Labels]] = [set() for _ in rules]
        self.failing = [False for _ in rules]

    async def evaluate(self, at: int) -> None:
        """All rules at one instant."""
        written: set[Labels] = set()
        for number, rule in enumerate(self.rules):
            try:
                answer = await self.world.query.instant(LOCAL, rule.expr, NOW + 1000 * at)
            except SightlineError:
                self.failing[number] = True
                continue
            named, there, found, _ = elements(answer.value)
            labels = rule.named([named[row] for row in there])
            self.failing[number] = len(set(labels)) < len(labels)
            if self.failing[number]:
                continue
            for gone in self.before[number] - set(labels) - written:
                await self.world.write(at, (gone, float(STALE)))
            for one, value in zip(labels, found.tolist(), strict=True):
                await self.world.write(at, (one, value))
            written |= set(labels)
            self.before[number] = set(labels)


async def test_no_series_fires_where_files_say_so(world: RuleWorld) -> None:
    """What the expression selects is looked up, so that a condition that is false is told apart from series that are gone."""
    rule = AlertingRule("Hot", "max_over_time(a[1m]) > 5", no_data=Treatment.ALERT)
    state = await world.begin(rule)
    await world.evaluate(state, 60)
    assert state.rules[0].alerts == {}
    await world.evaluate(state, 180)
    (alert,) = state.rules[0].alerts.values()
    assert (alert.state, alert.reason) == (AlertState.FIRING, Reason.NO_DATA)
    assert alert.annotations == Labels.of(summary="Hot: there is no data to judge")
    assert await world.stored("ALERTS") == {'ALERTS{alertname="Hot",alertstate="firing"}': [(180, 1.0)]}


async def test_a_failed_query_is_unknown_where_files_say_so(world: RuleWorld) -> None:
    """It is shown, and no series tells of it."""
    state = await world.begin(AlertingRule("Hot", "a * on () a", query_failed=Treatment.UNKNOWN))
    await world.evaluate(state, 60)
    (alert,) = state.rules[0].alerts.values()
    assert (alert.state, alert.reason) == (AlertState.UNKNOWN, Reason.QUERY_FAILED)
    assert await world.stored("ALERTS") == {}


async def test_templates_ask_queries(world: RuleWorld) -> None:
    """At the evaluation's instant, anew each time, what an earlier rule stored included; a failure is part of the text."""
    rule = AlertingRule(
        "Hot",
        "a > 1",
        labels={"most": '{{ query "max(a)" | first | value }}'},
        annotations={
            "rest": '{{ range query (printf "a < %v" $value) | sortByLabel "i" }}{{ .Labels.i }}={{ .Value }} {{ end }}',
            "sum": '{{ query "r" | first | value }}',
            "wrong": '{{ query "sum(" }}',
        },
    )
    state = await world.begin(RecordingRule("r", "sum(a)"), rule)
    for at, value, rest in ((60, 2.0, "0=1 "), (120, 3.0, "0=1 ")):
        await world.write(at, series_of_one(value))
        await world.evaluate(state, at)
        (alert,) = [one for one in state.rules[1].alerts.values() if one.state is AlertState.FIRING]
        assert alert.labels.get("most") == f"{value:.0f}"
        assert (alert.annotations.get("rest"), alert.annotations.get("sum")) == (rest, f"{value + 1:.0f}")
        assert alert.annotations.get("wrong").startswith("<error expanding template: line 1, column 4, query: ")


async def test_an_answer_that_stays_the_same_restates_nothing(world: RuleWorld) -> None:
    """Though the query is asked anew, and the alert's own value moves."""
    state = await world.begin(
        AlertingRule("Hot", "a > 1", annotations={"least": '{{ query "min(a)" | first | value }}'})
    )
    restated = list[tuple[str, ...]]()
    for at, value, least in ((60, 2.0, 1.0), (120, 3.0, 1.0), (180, 3.0, 0.5)):
        await world.write(at, (series("a", i="0"), least), series_of_one(value))
        await world.evaluate(state, at)
        restated.append(tuple(notice.alert.annotations.get("least") for _, notice in world.heard.restated))
    assert restated == [(), (), ("0.5",)]


async def test_templates_of_a_rule_ask_only_so_many_queries(world: RuleWorld) -> None:
    """Equal ones count once; beyond the bound the text says so."""
    await world.write(60, *of("b", range(MAX_QUERIES + 5)))
    annotations = {"one": '{{ query "sum(b)" | len }}', "each": '{{ printf "b{i=%q}" $labels.i | query | len }}'}
    state = await world.begin(AlertingRule("Hot", "b", annotations=annotations))
    await world.evaluate(state, 60)
    said = [alert.annotations for alert in state.rules[0].alerts.values()]
    assert [each.get("one") for each in said].count("1") == len(said) == MAX_QUERIES + 5
    assert sum(f"more than {MAX_QUERIES} queries" in each.get("each") for each in said) == 6


async def test_a_query_of_a_template_gives_only_so_much(world: RuleWorld) -> None:
    """What gives more is told in place of it."""
    await world.write(60, *of("b", range(MAX_SAMPLES + 1)))
    state = await world.begin(AlertingRule("Hot", "a > 1", annotations={"all": '{{ query "b" | len }}'}))
    await world.evaluate(state, 60)
    (alert,) = state.rules[0].alerts.values()
    assert f"{MAX_SAMPLES} are allowed" in alert.annotations.get("all")


def series_of_one(value: float) -> tuple[Labels, float]:
    """The second of the series a, with another value."""
    return series("a", i="1"), value


async def test_what_was_asked_before_has_no_part_in_the_alert_of_a_whole_rule(world: RuleWorld) -> None:
    """While the query fails nothing is asked for it, and so its labels are the same at every evaluation."""
    labels = {"l": '{{ query "sum(a)" | first | value }}'}
    rule = AlertingRule("Hot", "a > 1 or a * on () b", labels=labels, query_failed=Treatment.ALERT)
    state = await world.begin(rule)
    await world.evaluate(state, 60)
    (alert,) = state.rules[0].alerts
    assert alert.get("l") == "3"
    await world.write(70, (series("b"), 1.0))
    for at in (120, 180):
        await world.evaluate(state, at)
        assert health(state) != ["ok"]
        (own,) = state.rules[0].alerts.keys() - {alert}
        assert "was not asked" in own.get("l")
