"""From alerts to what receivers are told: grouping in time, what keeps alerts from being told, and what follows in any case."""

from dataclasses import replace

import pytest
from tests.application.alerting_world import ROUTE, AlertingWorld

from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.notice import AlertState
from sightline.domain.alerts.notification import Because
from sightline.domain.alerts.pipeline.batch import Manners, WhenMuted
from sightline.domain.alerts.route import WrittenRoute
from sightline.domain.alerts.shown import Processing
from sightline.domain.alerts.time_intervals import Span, TimeInterval
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Matcher, MatchOp
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant

pytestmark = pytest.mark.anyio

COOL = Manners(cooldown=300_000)


def named(value: str) -> Matcher:
    """A matcher of one alert."""
    return Matcher("alertname", MatchOp.EQUAL, value)


async def test_a_new_group_waits_for_further_alerts() -> None:
    """Nobody is told before group_wait is over; then of all that came meanwhile, once."""
    world = AlertingWorld()
    await world.fire("Hot", instance="a")
    await world.wait(29)
    await world.fire("Hot", instance="b")
    assert world.told() == []
    await world.wait(1)
    assert world.told() == ["firing a b"]
    await world.wait(200)
    assert world.told() == ["firing a b"]


async def test_a_group_is_told_of_what_is_new_once_in_its_interval() -> None:
    """What comes after the first notice waits for the next tick of the group."""
    world = AlertingWorld()
    await world.fire("Hot", instance="a")
    await world.wait(31)
    await world.fire("Hot", instance="b")
    await world.wait(290)
    assert world.told() == ["firing a"]
    await world.wait(10)
    assert world.told() == ["firing a", "firing a b"]


async def test_what_differs_in_what_is_grouped_by_is_told_apart() -> None:
    """Each group has its own notices, keys and labels."""
    world = AlertingWorld()
    await world.fire("Hot", "Cold")
    await world.wait(30)
    assert sorted(world.told()) == ["firing Cold", "firing Hot"]
    assert sorted(one.group_key for one in world.channels["team"].taken) == [
        '{}:{alertname="Cold"}',
        '{}:{alertname="Hot"}',
    ]


async def test_an_alert_that_has_waited_elsewhere_is_told_at_once() -> None:
    """One that began longer ago than group_wait does not wait again."""
    world = AlertingWorld()
    await world.dispatch.load()
    late = replace(world.alert("Hot"), starts_at=world.clock.now() - 60_000)
    await world.dispatch.post(LOCAL, [late])
    await world.tick()
    assert world.told() == ["firing Hot"]


async def test_an_alert_of_a_rule_waits_since_it_fires() -> None:
    """That its condition held for long before does not make its group wait less."""
    world = AlertingWorld()
    await world.dispatch.load()
    notice = world.notice("Hot")
    world.dispatch.tell([replace(notice, alert=replace(notice.alert, active_at=notice.at - 600_000))], "the rule")
    await world.wait(29)
    assert world.told() == []
    await world.wait(1)
    assert world.told() == ["firing Hot"]


async def test_a_resolve_follows_a_firing() -> None:
    """Who was told that alerts fire is told that they ended, each once."""
    world = AlertingWorld()
    await world.fire("Hot", instance="a")
    await world.fire("Hot", instance="b")
    await world.wait(31)
    await world.end("Hot", instance="a")
    await world.wait(300)
    await world.end("Hot", instance="b")
    await world.wait(900)
    assert world.told() == ["firing a b", "firing b | resolved a", "resolved b"]
    assert [one.because for one in world.channels["team"].taken] == [
        Because.FIRST,
        Because.SOME_RESOLVED,
        Because.ALL_RESOLVED,
    ]
    assert world.explain.alerts(LOCAL) == []


async def test_who_was_not_told_that_it_fires_is_not_told_that_it_ended() -> None:
    """An alert that ends while its group waits is nobody's business."""
    world = AlertingWorld()
    await world.fire("Hot")
    await world.wait(10)
    await world.end("Hot")
    await world.wait(600)
    assert world.told() == []
    assert world.reasons() == ["firing_was_not_sent"]


async def test_what_goes_on_is_told_again_after_its_interval() -> None:
    """A group that still fires is told again when repeat_interval is over, and not before."""
    world = AlertingWorld(replace(ROUTE, repeat_interval=3_600_000))
    await world.fire("Hot")
    await world.wait(30)
    await world.wait(3_500, step=5)
    assert world.told() == ["firing Hot"]
    await world.wait(400, step=5)
    assert world.told() == ["firing Hot", "firing Hot"]


async def test_an_alert_that_is_not_posted_again_ends_by_itself() -> None:
    """Its end is the time-out that it came with."""
    world = AlertingWorld()
    await world.fire("Hot", ends_at=world.clock.now() + 120_000)
    await world.wait(30)
    await world.wait(600, step=5)
    assert world.told() == ["firing Hot", "resolved Hot"]


async def test_an_end_that_is_brought_forward_is_told_in_time() -> None:
    """An alert that is posted to end sooner than was known ends then, not when its group is looked at anyway."""
    world = AlertingWorld(replace(ROUTE, group_wait=0, group_interval=1_000))
    await world.dispatch.load()
    await world.dispatch.post(LOCAL, [replace(world.alert("Hot", ends_at=world.clock.now() + 600_000), timed=True)])
    await world.wait(3)
    await world.fire("Hot", ends_at=world.clock.now() + 500)
    await world.wait(2)
    assert world.told() == ["firing Hot", "resolved Hot"]


async def test_what_is_silenced_no_longer_is_told_soon() -> None:
    """A group of which something is held is looked at more often, where its interval allows."""
    world = AlertingWorld(replace(ROUTE, group_wait=0, group_interval=1_000))
    world.silenced[DEFAULT_TENANT, "Hot"] = ("s1",)
    await world.fire("Hot")
    await world.wait(7)
    world.silenced.clear()
    await world.wait(5)
    assert world.told() == ["firing Hot"]


async def test_a_group_keeps_its_time() -> None:
    """Looks that come late do not put off those that follow."""
    world = AlertingWorld(replace(ROUTE, group_interval=10_000))
    await world.fire("Hot")
    await world.wait(90, step=0.75)
    (group,) = world.gather.groups(DEFAULT_TENANT)
    assert (group.due_at - 30_000) % 10_000 == 0


async def test_silenced_alerts_are_not_told() -> None:
    """And are as soon as the silence is over."""
    world = AlertingWorld()
    world.silenced[DEFAULT_TENANT, "Hot"] = ("s1",)
    await world.fire("Hot")
    await world.wait(30)
    assert world.told() == []
    assert world.reasons() == ["silenced"]
    (shown,) = world.explain.alerts(LOCAL)
    assert (shown.state, shown.silenced_by) == (Processing.SUPPRESSED, ("s1",))
    world.silenced.clear()
    await world.wait(300)
    assert world.told() == ["firing Hot"]


async def test_inhibited_alerts_are_not_told() -> None:
    """While the alert fires that inhibits them, whichever came first."""
    rule = InhibitRule((named("Down"),), (named("Hot"),), ("instance",))
    world = AlertingWorld(inhibit_rules=[rule])
    await world.fire("Hot", instance="a")
    await world.fire("Down", instance="a")
    await world.fire("Hot", instance="b")
    await world.wait(30)
    assert sorted(world.told()) == ["firing a", "firing b"]  # Down of a, and Hot of b alone
    assert {one.labels.get("instance"): one for one in world.channels["team"].taken[1].firing}.keys() <= {"a", "b"}
    hot = [one for one in world.explain.alerts(LOCAL) if one.inhibited_by]
    assert [one.alert.labels.get("instance") for one in hot] == ["a"]


async def test_a_route_is_mute_at_its_times() -> None:
    """Within a mute interval nothing is told, and what still fires is told afterwards."""
    night = TimeInterval(times=(Span(0, 10),))
    route = replace(
        ROUTE, routes=(WrittenRoute(matchers=(named("Hot"),), mute_time_intervals=("night",), group_interval=60_000),)
    )
    world = AlertingWorld(route, intervals={"night": (night,)})
    await world.clock.advance((-world.clock.now() // 1_000) % 86_400)
    await world.fire("Hot", "Cold")
    await world.wait(540, step=5)
    assert world.told() == ["firing Cold"]
    assert "muted_by_time_interval" in world.reasons()
    await world.wait(240, step=5)
    assert world.told() == ["firing Cold", "firing Hot"]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (WhenMuted.HOLD, ["firing Hot", "resolved Hot"]),
        (WhenMuted.ACKNOWLEDGE, ["firing Hot", "acknowledged Hot", "resolved Hot"]),
        (WhenMuted.RESOLVE, ["firing Hot", "resolved Hot"]),
    ],
)
async def test_a_resolve_follows_although_the_alert_was_silenced_meanwhile(how: WhenMuted, expected: list[str]) -> None:
    """Whatever a channel hears when an alert is muted of which it knows, it hears of its end, once."""
    world = AlertingWorld(manners={"team": Manners(when_muted=how)})
    await world.fire("Hot")
    await world.wait(30)
    world.silenced[DEFAULT_TENANT, "Hot"] = ("s1",)
    await world.wait(400)
    assert world.told() == (expected[:1] if how is WhenMuted.HOLD else expected[:2])
    await world.end("Hot")
    await world.wait(600)
    assert world.told() == expected


async def test_a_cooldown_holds_an_alert_that_fires_again() -> None:
    """Between two firing notices lies the cooldown; what still fires then is told."""
    world = AlertingWorld(replace(ROUTE, group_wait=0, group_interval=1_000), manners={"team": COOL})
    await world.fire("Hot")
    await world.wait(10)
    await world.end("Hot")
    await world.wait(10)
    await world.fire("Hot")
    await world.wait(270)
    assert world.told() == ["firing Hot", "resolved Hot"]
    await world.wait(30)
    assert world.told() == ["firing Hot", "resolved Hot", "firing Hot"]
    assert "cooldown" in world.reasons()


async def test_who_wants_no_resolves_gets_none() -> None:
    """And is told again when the alert fires again."""
    world = AlertingWorld(
        replace(ROUTE, group_wait=0, group_interval=1_000), manners={"team": Manners(sends_resolved=False)}
    )
    for _ in range(2):
        await world.fire("Hot")
        await world.wait(5)
        await world.end("Hot")
        await world.wait(20)
    assert world.told() == ["firing Hot", "firing Hot"]


async def test_after_a_restart_nobody_is_told_twice() -> None:
    """What was told is in the log, and what is posted again is not new."""
    world = AlertingWorld()
    await world.fire("Hot")
    await world.wait(30)
    world.restart()
    await world.fire("Hot")
    await world.wait(600)
    assert world.told() == ["firing Hot"]


async def test_a_resolve_follows_over_a_restart() -> None:
    """An alert that nobody posts any more after a restart has ended when the usual time for that is over."""
    world = AlertingWorld()
    await world.fire("Hot")
    await world.wait(30)
    world.restart()
    await world.wait(1_000)
    assert world.told() == ["firing Hot", "resolved Hot"]


async def test_what_was_posted_is_told_after_a_restart() -> None:
    """An alert that was taken in and not yet told is not lost."""
    world = AlertingWorld()
    await world.fire("Hot")
    await world.wait(5)
    world.restart()
    await world.wait(60)
    assert world.told() == ["firing Hot"]


async def test_what_was_owed_is_told_after_a_restart_under_the_same_id() -> None:
    """A notice that was decided and not delivered is delivered by the next run."""
    world = AlertingWorld()
    world.channels["team"].fail(1_000)
    await world.fire("Hot")
    await world.clock.advance(30)
    await world.dispatch.run_once()
    (owed,) = world.ledger.all_owed()
    world.restart()
    world.channels["team"].fail(0)
    await world.tick()
    assert [one.id for one in world.channels["team"].taken] == [owed.notification.id]


async def test_alerts_that_the_log_does_not_take_are_refused() -> None:
    """Whoever posted them learns that they may be lost."""
    world = AlertingWorld()
    await world.dispatch.load()
    world.log.is_away = True
    with pytest.raises(Unavailable):
        await world.fire("Hot")


async def test_another_plan_takes_over() -> None:
    """After a reload alerts go where the new routes lead, and who was told before is told of the end."""
    world = AlertingWorld(manners={"team": Manners(), "other": Manners()})
    await world.fire("Hot")
    await world.wait(30)
    plan = replace(world.plan, route=replace(world.plan.route, id="{x}", key="{x}", receiver="other"))
    world.deliver.adopt(plan, world.channels)
    await world.dispatch.adopt(plan)
    await world.wait(31)
    assert (world.told(), world.told("other")) == (["firing Hot"], ["firing Hot"])
    await world.end("Hot")
    await world.wait(400)
    assert (world.told(), world.told("other")) == (["firing Hot", "resolved Hot"],) * 2


async def test_tenants_are_apart() -> None:
    """The same labels of two tenants are two alerts, and each sees its own."""
    world, other = AlertingWorld(), Principal("someone", Tenant("other"))
    await world.fire("Hot")
    await world.dispatch.post(other, [world.alert("Hot")])
    await world.wait(30)
    assert sorted(one.tenant for one in world.channels["team"].taken) == ["default", "other"]
    assert len(world.explain.alerts(LOCAL)) == len(world.explain.groups(other)) == 1


async def test_groups_are_shown_with_their_alerts() -> None:
    """By receiver and labels, with what becomes of each alert."""
    world = AlertingWorld()
    await world.fire("Hot", instance="a")
    (group,) = world.explain.groups(LOCAL)
    assert (group.receiver, dict(group.labels)) == ("team", {"alertname": "Hot"})
    assert [one.state for one in group.alerts] == [Processing.ACTIVE]


async def test_a_rule_goes_on_with_its_alerts_after_a_restart() -> None:
    """What fired and was told goes on firing until its rule says otherwise, however long that takes."""
    world = AlertingWorld()
    await world.dispatch.load()
    world.dispatch.tell([world.notice("Hot")], "the rule")
    await world.wait(30)
    world.restart()
    await world.dispatch.load()
    (alert,) = world.dispatch.claim(DEFAULT_TENANT, "the rule")
    assert alert.ends_at is None
    assert world.dispatch.claim(DEFAULT_TENANT, "the rule") == []
    await world.wait(1_200, step=5)
    assert world.told() == ["firing Hot"]
    world.dispatch.tell([world.notice("Hot", AlertState.RESOLVED)], "the rule")
    await world.wait(300)
    assert world.told() == ["firing Hot", "resolved Hot"]


async def test_what_a_rule_says_is_what_is_told_later() -> None:
    """A notice about an alert that goes on has its present annotations."""
    world = AlertingWorld(replace(ROUTE, repeat_interval=600_000))
    await world.dispatch.load()
    world.dispatch.tell([world.notice("Hot", summary="91 %")], "the rule")
    await world.wait(30)
    world.dispatch.tell([world.notice("Hot", summary="95 %")], "the rule")
    await world.wait(900, step=5)
    assert [one.alerts[0].annotations.get("summary") for one in world.channels["team"].taken] == ["91 %", "95 %"]
