"""Alerts after a restart."""

import pytest
from tests.application.rule_world import NOW, RuleWorld, of, series
from typing_extensions import override

from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application import restore
from sightline.application.derive import GroupState
from sightline.domain.alerts.notice import Alert, AlertState
from sightline.domain.alerts.outage import Outages
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import HOUR, MINUTE, TimeRange
from sightline.ports.series import SeriesReader

pytestmark = pytest.mark.anyio

RULE = AlertingRule("Hot", "a > 1", for_ms=30 * MINUTE, labels={"value": "{{ $labels.i }}!"})
MIN = 60  # seconds


@pytest.fixture
async def world() -> RuleWorld:
    """Nothing yet."""
    return RuleWorld()


async def run(world: RuleWorld, state: GroupState, first: int, last: int) -> None:
    """Evaluate every minute, both ends included, while a{i="1"} is 2."""
    for minute in range(first, last + 1):
        await move(world, minute)
        await world.write(minute * MIN, *of("a", [1.0, 2.0]))
        await world.evaluate(state, minute * MIN)


async def move(world: RuleWorld, minute: int) -> None:
    """Go on to a minute after the start."""
    await world.clock.advance((NOW - world.clock.now()) / 1000 + minute * MIN)


async def restarted(
    world: RuleWorld, rule: AlertingRule = RULE, offset: int = 0, alerts: SeriesReader | None = None
) -> GroupState:
    """The group after a restart."""
    world.restart_rules(alerts)
    return await world.begin(rule, offset=offset, starting=True)


def alert_of(state: GroupState) -> Alert:
    """The one alert."""
    (found,) = state.rules[0].alerts.values()
    return found


def since(state: GroupState) -> int:
    """When the alert became active, minutes after the start."""
    return (alert_of(state).active_at - NOW) // MINUTE


async def test_what_is_left_of_for_is_what_was_left_before(world: RuleWorld) -> None:
    """A restart takes its time, and that does not count; from the third evaluation on alerts are written again."""
    state = await world.begin(RULE)
    await run(world, state, 0, 10)
    state = await restarted(world)
    await run(world, state, 15, 15)
    assert since(state) == 15
    await run(world, state, 16, 16)
    assert since(state) == 6
    await run(world, state, 17, 35)
    assert alert_of(state).state is AlertState.PENDING
    await run(world, state, 36, 36)
    assert alert_of(state).state is AlertState.FIRING
    (samples,) = (await world.stored("ALERTS_FOR_STATE")).values()
    assert [(at // MIN, value) for at, value in samples] == [
        *((at, NOW / 1000) for at in range(11)),
        *((at, NOW / 1000 + 6 * MIN) for at in range(17, 37)),
    ]


async def test_an_alert_that_would_have_fired_meanwhile_fires_after_the_grace_period(world: RuleWorld) -> None:
    """Whoever is told has the time to see that all is well again."""
    state = await world.begin(RULE)
    await run(world, state, 0, 25)
    state = await restarted(world)
    await run(world, state, 40, 50)
    assert alert_of(state).state is AlertState.PENDING
    await run(world, state, 51, 51)
    assert alert_of(state).state is AlertState.FIRING


async def test_an_alert_that_fired_fires_on(world: RuleWorld) -> None:
    """At the first evaluation after it was looked up, and since when it did before."""
    state = await world.begin(RULE)
    await run(world, state, 0, 32)
    assert alert_of(state).state is AlertState.FIRING
    state = await restarted(world)
    await run(world, state, 60, 62)
    assert (alert_of(state).state, since(state)) == (AlertState.FIRING, 0)
    assert (await world.stored("ALERTS"))['ALERTS{alertname="Hot",alertstate="firing",i="1",value="1!"}'][-1] == (
        62 * MIN,
        1.0,
    )


async def test_the_offset_of_samples_is_no_outage(world: RuleWorld) -> None:
    """Samples of an evaluation are earlier than it was, and that is added again."""
    state = await world.begin(RULE, offset=MIN)
    await run(world, state, 0, 11)
    state = await restarted(world, offset=MIN)
    await run(world, state, 12, 13)
    assert since(state) == 3


async def test_after_longer_than_the_tolerance_alerts_begin_anew(world: RuleWorld) -> None:
    """An hour, the second evaluation included."""
    for last, expected in ((92, 0), (93, 92)):
        world = RuleWorld()
        state = await world.begin(RULE)
        await run(world, state, 0, 32)
        state = await restarted(world)
        await run(world, state, last - 1, last)
        assert since(state) == expected


async def test_a_short_for_begins_anew_and_is_written_at_once(world: RuleWorld) -> None:
    """It is over sooner than the grace period."""
    rule = AlertingRule("Hot", "a > 1", for_ms=9 * MINUTE)
    state = await world.begin(rule)
    await run(world, state, 0, 5)
    state = await restarted(world, rule)
    await run(world, state, 6, 8)
    assert since(state) == 6
    (samples,) = (await world.stored("ALERTS_FOR_STATE")).values()
    assert [at // MIN for at, _ in samples] == list(range(9))


async def test_an_alert_that_had_ended_begins_anew(world: RuleWorld) -> None:
    """What was marked is over, however short ago."""
    state = await world.begin(RULE)
    await run(world, state, 0, 5)
    await move(world, 6)
    await world.write(6 * MIN, (series("a", i="1"), 0.0))
    await world.evaluate(state, 6 * MIN)
    state = await restarted(world)
    await run(world, state, 7, 8)
    assert since(state) == 7


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 1e300, 2e9])
async def test_what_is_no_time_of_before_is_left_out(world: RuleWorld, value: float) -> None:
    """Anybody may write series of that name."""
    labels = Labels.of(__name__="ALERTS_FOR_STATE", alertname="Hot", i="1", value="1!")
    await world.write(0, (labels, value))
    state = await restarted(world)
    await run(world, state, 1, 3)
    assert since(state) == 1


async def test_only_what_begins_with_the_program_is_looked_up(world: RuleWorld) -> None:
    """A group that comes later, or a rule that is added, begins anew; one that is changed meanwhile still goes on."""
    state = await world.begin(RULE)
    await run(world, state, 0, 10)
    world.restart_rules()
    later = await world.begin(RULE)
    await run(world, later, 11, 12)
    assert since(later) == 11

    world = RuleWorld()
    state = await world.begin(RULE)
    await run(world, state, 0, 10)
    state = await restarted(world)
    await run(world, state, 11, 11)
    state = await world.begin(AlertingRule("Hot", "a > 1.5", RULE.for_ms, labels=RULE.labels), before=state)
    await run(world, state, 12, 12)
    assert since(state) == 2


async def test_a_rule_that_fails_at_first_is_looked_up_later(world: RuleWorld) -> None:
    """Only evaluations that succeed count, and a store that is away is asked again."""
    state = await world.begin(RULE)
    await run(world, state, 0, 10)
    state = await restarted(world, alerts=AwayOnce(world))
    await run(world, state, 11, 11)
    await run(world, state, 12, 12)
    assert (state.rules[0].code, since(state)) == ("unavailable", 11)
    await run(world, state, 13, 14)
    assert (state.rules[0].code, since(state)) == ("", 3)
    assert alert_of(state).state is AlertState.PENDING


class AwayOnce(TieredSeries):
    """The series of a world, whose store is away when it is first asked."""

    is_away = True

    def __init__(self, world: RuleWorld) -> None:
        super().__init__(world.tail, world.store, world.threads, world.hot, world.index)

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        if self.is_away:
            self.is_away = False
            raise Unavailable("the store is away")
        return await super().select(tenant, matchers, within, limit)


async def test_too_many_samples_are_not_read(world: RuleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts begin anew, once the rule has said so and what can be done."""
    state = await world.begin(RULE)
    await run(world, state, 0, 10)
    monkeypatch.setattr(restore, "MAX_SAMPLES", 5)
    state = await restarted(world)
    await run(world, state, 11, 12)
    assert "rules.for_outage_tolerance" in state.rules[0].error
    await run(world, state, 13, 13)
    assert (state.rules[0].code, since(state)) == ("", 11)
    assert len(next(iter((await world.stored("ALERTS_FOR_STATE")).values()))) == 12


def test_the_defaults_are_those_of_prometheus() -> None:
    """An hour, and ten minutes."""
    assert (Outages().tolerance, Outages().grace) == (HOUR, 10 * MINUTE)
