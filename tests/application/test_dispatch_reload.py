"""Whatever leads elsewhere after a reload or a restart, who was told of alerts is told of their end, and of nothing else."""

import asyncio
from dataclasses import replace

import pytest
from tests.application.alerting_world import ROUTE, AlertingWorld

from sightline.domain.alerts.pipeline.batch import Manners
from sightline.domain.alerts.pipeline.plan import Plan
from sightline.domain.alerts.route import WrittenRoute, route_tree
from sightline.domain.alerts.time_intervals import Span, TimeInterval
from sightline.domain.labels import Matcher, MatchOp
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant

pytestmark = pytest.mark.anyio

SOON = replace(ROUTE, group_wait=0, group_interval=1_000)
BOTH = {"team": Manners(), "other": Manners()}


async def reload(world: AlertingWorld, plan: Plan, how: str = "reload") -> None:
    """Go by another plan, at once or with the next start; whoever posts alerts posts them again."""
    world.plan = plan
    if how == "restart":
        firing = [shown.alert for shown in world.explain.alerts(LOCAL)]
        world.restart()
        await world.dispatch.load()
        await world.dispatch.post(LOCAL, firing)
        return
    world.deliver.adopt(plan, world.channels)
    await world.dispatch.adopt(plan)


@pytest.mark.parametrize("how", ["reload", "restart"])
async def test_a_route_has_another_receiver(how: str) -> None:
    """The group keeps its name; the receiver before and the one now each hear of the end."""
    world = AlertingWorld(SOON, manners=BOTH)
    await world.fire("Hot")
    await world.wait(5)
    await reload(world, replace(world.plan, route=replace(world.plan.route, receiver="other")), how)
    await world.wait(20)
    assert (world.told(), world.told("other")) == (["firing Hot"], ["firing Hot"])
    await world.end("Hot")
    await world.wait(30)
    assert (world.told(), world.told("other")) == (["firing Hot", "resolved Hot"],) * 2
    assert [(one.receiver, one.status) for one in world.channels["team"].taken] == [
        ("team", "firing"),
        ("team", "resolved"),
    ]
    assert world.ledger.places() == []


@pytest.mark.parametrize("how", ["reload", "restart"])
async def test_a_route_groups_by_other_labels(how: str) -> None:
    """An alert that leaves its group is ended there too, while others stay in it."""
    world = AlertingWorld(SOON)
    await world.fire("Hot")
    await world.fire("Hot", instance="a")
    await world.wait(5)
    assert world.told() == ["firing a Hot"]
    await reload(world, replace(world.plan, route=replace(world.plan.route, group_by=("alertname", "instance"))), how)
    await world.wait(30)
    await world.end("Hot", instance="a")
    await world.wait(30)
    assert world.told()[1] == "firing a"
    assert sorted(world.told()[2:]) == ["firing Hot | resolved a", "resolved a"]
    assert {one.group_key for one in world.channels["team"].taken if one.resolved} == {
        '{}:{alertname="Hot"}',
        '{}:{alertname="Hot", instance="a"}',
    }
    await world.end("Hot")
    await world.wait(30)
    assert world.told()[-1] == "resolved Hot"
    assert world.ledger.places() == []


async def test_a_group_that_is_kept_for_its_end_takes_new_alerts() -> None:
    """One that no alert led to after the reload and to which a new one leads tells of both."""
    world = AlertingWorld(SOON)
    await world.fire("Hot", instance="a")
    await world.wait(5)
    await reload(world, replace(world.plan, route=replace(world.plan.route, group_by=("alertname", "instance"))))
    await world.wait(20)
    await world.fire("Hot")
    await world.wait(20)
    assert world.told() == ["firing a", "firing a", "firing Hot"]
    await world.end("Hot")
    await world.end("Hot", instance="a")
    await world.wait(30)
    assert sorted(world.told()[3:]) == ["resolved a", "resolved a Hot"]


async def test_tenants_stay_apart_over_a_restart() -> None:
    """What one tenant's alert becomes says nothing of another's of the same labels."""
    world, other = AlertingWorld(SOON, manners=BOTH), Principal("someone", Tenant("other"))
    await world.fire("Hot")
    await world.dispatch.post(other, [world.alert("Hot")])
    await world.wait(5)
    await reload(world, replace(world.plan, route=replace(world.plan.route, id="{x}", key="{x}")), "reload")
    await world.wait(20)
    await world.end("Hot")
    await world.wait(30)
    assert [one.tenant for one in world.channels["team"].taken if one.resolved] == [DEFAULT_TENANT] * 2


async def test_what_is_owed_where_no_route_leads_is_not_told() -> None:
    """A notice that its channel did not take before the routes changed is told by the new routes alone."""
    world = AlertingWorld(SOON, manners=BOTH)
    world.channels["team"].fail(1_000)
    await world.fire("Hot")
    await world.go_on(10)
    assert len(world.ledger.all_owed()) == 1
    await reload(world, replace(world.plan, route=replace(world.plan.route, receiver="other")))
    world.channels["team"].fail(0)
    await world.go_on(60)
    assert (world.told(), world.told("other")) == ([], ["firing Hot"])


async def test_what_is_on_its_way_during_a_reload_is_ended() -> None:
    """A channel that takes a notice after routes led elsewhere is told of the end."""
    world = AlertingWorld(SOON, manners=BOTH)
    world.channels["team"].fail(1)
    await world.fire("Hot")
    await world.dispatch.run_once()
    await world.deliver.run_once()
    await world.clock.advance(0)
    await reload(world, replace(world.plan, route=replace(world.plan.route, receiver="other")))
    await world.go_on(5)
    await world.end("Hot")
    await world.go_on(30)
    assert (world.told(), world.told("other")) == (["firing Hot", "resolved Hot"],) * 2


async def test_a_plan_that_comes_amid_a_round_holds_from_then_on() -> None:
    """Groups that are looked at after the reload are mute when it says so."""
    world = AlertingWorld(replace(SOON, group_by=("...",)))
    await world.fire(*(f"A{number:03}" for number in range(500)))
    looking = asyncio.create_task(world.dispatch.run_once())
    await asyncio.sleep(0)
    route = replace(ROUTE, group_by=("...",), group_wait=0, routes=(WrittenRoute(mute_time_intervals=("ever",)),))
    ever = TimeInterval(times=(Span(0, 1_440),))
    await reload(world, replace(world.plan, route=route_tree(route), intervals={"ever": (ever,)}))
    await looking
    assert len(world.ledger.all_owed()) == 0
    await world.wait(5)
    assert world.told() == []


async def test_an_alert_that_fires_again_is_told_on_every_route() -> None:
    """Also where one route is through with it while another still has to tell that it ended."""
    hot = (Matcher("alertname", MatchOp.EQUAL, "Hot"),)
    route = replace(SOON, routes=(WrittenRoute("team", continues=True), WrittenRoute("other", matchers=hot)))
    world = AlertingWorld(route, manners=BOTH)
    await world.fire("Hot")
    await world.go_on(5)
    world.channels["other"].fail(1_000)
    await world.end("Hot")
    await world.go_on(10)
    assert (world.told(), world.told("other")) == (["firing Hot", "resolved Hot"], ["firing Hot"])
    await world.fire("Hot")
    await world.go_on(10)
    assert world.told() == ["firing Hot", "resolved Hot", "firing Hot"]
    world.channels["other"].fail(0)
    await world.end("Hot")
    await world.go_on(100)
    assert world.told("other") == ["firing Hot", "resolved Hot"]
