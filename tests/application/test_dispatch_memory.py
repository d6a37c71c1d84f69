"""What the pipeline remembers: as long as it makes a difference, and no longer."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.application.alerting_world import ROUTE, AlertingWorld

from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.pipeline.batch import Manners, WhenMuted
from sightline.domain.errors import TooManyAlerts
from sightline.domain.labels import Matcher, MatchOp
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL

pytestmark = pytest.mark.anyio

SOON = replace(ROUTE, group_wait=0, group_interval=1_000)
COOL = Manners(cooldown=300_000)


async def kept(world: AlertingWorld) -> tuple[int, int, int]:
    """How many alerts, places and notices the log has."""
    logged = await world.log.load()
    return len(logged.alerts), len(logged.sent), len(logged.owed)


@pytest.mark.parametrize("restarts", [False, True])
async def test_after_the_cooldown_nothing_is_left(restarts: bool) -> None:  # noqa: FBT001 - parametrised
    """A group that ended is remembered until its alerts may be told again, also by the next run."""
    world = AlertingWorld(SOON, manners={"team": COOL})
    await world.fire("Hot")
    await world.wait(5)
    await world.end("Hot")
    await world.wait(30)
    assert await kept(world) == (0, 1, 0)
    if restarts:
        world.restart()
    await world.wait(240)
    assert await kept(world) == (0, 1, 0)
    await world.wait(60)
    assert await kept(world) == (0, 0, 0)
    assert world.ledger.places() == []


async def test_a_cooldown_holds_over_a_restart() -> None:
    """What was told before the restart is not told again within it."""
    world = AlertingWorld(SOON, manners={"team": COOL})
    await world.fire("Hot")
    await world.wait(5)
    await world.end("Hot")
    await world.wait(5)
    world.restart()
    await world.wait(60)
    await world.fire("Hot")
    await world.wait(200)
    assert world.told() == ["firing Hot", "resolved Hot"]
    await world.wait(60)
    assert world.told() == ["firing Hot", "resolved Hot", "firing Hot"]


async def test_notices_differ_though_what_was_told_is_forgotten() -> None:
    """The same alert that fires again gets a notice that no receiver takes for the one before."""
    world = AlertingWorld(SOON)
    for _ in range(3):
        await world.fire("Hot")
        await world.wait(5)
        await world.end("Hot")
        await world.wait(60)
    ids = [one.id for one in world.channels["team"].taken]
    assert len(ids) == len(set(ids)) == 6


async def test_the_end_of_what_nobody_knows_is_not_taken_in() -> None:
    """Programs post for a while that an alert ended; once that is told it is forgotten."""
    world = AlertingWorld(SOON)
    await world.end("Hot")
    await world.tick()
    assert await kept(world) == (0, 0, 0)
    assert (world.reasons(), world.explain.groups(LOCAL)) == ([], [])


async def test_an_alert_that_a_rule_takes_over_is_counted_where_it_began() -> None:
    """One from outside that a rule of ours has too frees its place when it ends, and the other way round costs nothing."""
    world = AlertingWorld(SOON)
    world.dispatch._max_alerts = 1
    await world.dispatch.load()
    for rule in ("", "hot"):
        await world.dispatch.post(LOCAL, [replace(world.alert("Hot"), rule=rule)])
        await world.dispatch.post(LOCAL, [replace(world.alert("Hot"), rule="" if rule else "hot")])
        await world.wait(5)
        await world.end("Hot")
        await world.wait(30)
        assert world.explain.alerts(LOCAL) == []
    await world.fire("Cold")
    with pytest.raises(TooManyAlerts):
        await world.fire("Wet")


async def test_what_is_posted_again_and_again_takes_no_room() -> None:
    """An alert whose annotations change with every post waits for its group's tick once."""
    world = AlertingWorld(replace(ROUTE, group_interval=3_600_000))
    await world.fire("Hot")
    await world.wait(31)
    for number in range(1_000):
        alert = replace(world.alert("Hot"), annotations=world.alert(f"now {number}").annotations)
        await world.dispatch.post(LOCAL, [alert])
    assert len(world.gather._due) < 5


async def test_a_defect_costs_no_group_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in one group comes out; the others and, later, it itself are looked at."""
    world = AlertingWorld(SOON)

    def broken(_: object) -> Sequence[object]:
        raise KeyError("oops")

    await world.fire("Hot", "Cold")
    with monkeypatch.context() as patch:
        patch.setattr("sightline.application.dispatch.alerts_of", broken)
        for _ in range(2):
            with pytest.raises(KeyError):
                await world.dispatch.run_once()
    await world.wait(20)
    assert sorted(world.told()) == ["firing Cold", "firing Hot"]


async def test_who_takes_an_alert_for_known_hears_when_it_is_not() -> None:
    """After a silence is over the alert that still fires is told again, and can be known again."""
    world = AlertingWorld(SOON, manners={"team": Manners(when_muted=WhenMuted.ACKNOWLEDGE)})
    await world.fire("Hot")
    await world.wait(5)
    for _ in range(2):
        world.silenced[DEFAULT_TENANT, "Hot"] = ("s1",)
        await world.wait(20)
        world.silenced.clear()
        await world.wait(20)
    assert world.told() == ["firing Hot", "acknowledged Hot", "firing Hot", "acknowledged Hot", "firing Hot"]
    await world.end("Hot")
    await world.wait(20)
    assert world.told()[5:] == ["resolved Hot"]


async def test_who_wants_no_resolves_is_told_what_is_known() -> None:
    """Also when something else of the group ends at the same time."""
    world = AlertingWorld(SOON, manners={"team": Manners(sends_resolved=False, when_muted=WhenMuted.ACKNOWLEDGE)})
    up = (Matcher("instance", MatchOp.EQUAL, "b"),)
    world.plan = replace(world.plan, inhibit_rules=(InhibitRule((Matcher("alertname", MatchOp.EQUAL, "Down"),), up),))
    world.restart()
    await world.fire("Hot", instance="a")
    await world.fire("Hot", instance="b")
    await world.wait(5)
    await world.fire("Down", instance="c")
    await world.end("Hot", instance="a")
    await world.wait(20)
    assert [one for one in world.told() if "acknowledged" in one] == ["acknowledged b"]


async def test_who_wants_no_resolves_is_reminded_in_time() -> None:
    """An end that it does not hear does not put off what is due."""
    world = AlertingWorld(
        replace(SOON, group_interval=60_000, repeat_interval=60_000), manners={"team": Manners(sends_resolved=False)}
    )
    await world.fire("Hot", instance="a")
    await world.fire("Hot", instance="b")
    await world.wait(5)
    await world.end("Hot", instance="a")
    await world.wait(60)
    assert world.told() == ["firing a b", "firing b"]
