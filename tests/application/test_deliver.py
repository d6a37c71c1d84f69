"""Handing notifications over: attempts, circuit, rate, fallback, and channels that share nothing."""

import asyncio
from dataclasses import replace

import pytest
from tests.application.alerting_world import ROUTE, AlertingWorld
from typing_extensions import override

from sightline.adapters.outbound.memory.notification_log import MemoryNotificationLog
from sightline.adapters.outbound.memory.notifier import MemoryNotifier
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.pipeline.batch import Manners
from sightline.domain.alerts.route import WrittenRoute
from sightline.domain.breaker import BreakerState
from sightline.domain.errors import NoticeRefused, Unavailable
from sightline.domain.tenancy import LOCAL
from sightline.ports.notification_log import LogChanges

pytestmark = pytest.mark.anyio

AT_ONCE = replace(ROUTE, group_wait=0, group_interval=1_000)
BOTH = replace(AT_ONCE, routes=(WrittenRoute("team", continues=True), WrittenRoute("other", continues=True)))


class Scripted(MemoryNotifier):
    """Raises what it was told to, one after another, and then takes everything."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__("team")
        self.errors = list(errors)
        self.attempts = 0

    @override
    async def notify(self, notification: Notification) -> None:
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        await super().notify(notification)


def scripted(world: AlertingWorld, *errors: Exception) -> Scripted:
    """A channel of that kind in the place of the one that is there."""
    found = Scripted(*errors)
    world.channels["team"] = found
    world.deliver.adopt(world.plan, world.channels)
    return found


async def start(world: AlertingWorld) -> None:
    """Begin to deliver what is due, without waiting for it."""
    await world.dispatch.run_once()
    await world.deliver.run_once()
    await asyncio.sleep(0)


async def test_a_channel_is_tried_again_after_one_and_two_seconds() -> None:
    """Two failures cost 1 s and 2 s, and the third attempt succeeds."""
    world = AlertingWorld(AT_ONCE)
    world.channels["team"].fail(2)
    await world.fire("Hot")
    await start(world)
    await world.clock.advance(2.999)
    assert world.told() == []
    await world.clock.advance(0.001)
    await world.deliver.settle()
    assert world.told() == ["firing Hot"]
    (decision,) = world.deliver.history(LOCAL)
    assert (decision.told, decision.attempts) == (True, 3)


async def test_what_a_channel_does_not_take_stays_owed() -> None:
    """After three attempts it waits half a minute, and says in between why nobody was told."""
    world = AlertingWorld(AT_ONCE)
    far_end = scripted(world, *(Unavailable("no answer") for _ in range(3)))
    await world.fire("Hot")
    await start(world)
    await world.clock.advance(3)
    await world.deliver.settle()
    assert (far_end.attempts, world.reasons()) == (3, ["channel_failed"])
    assert world.deliver.channels()[0].problem == "no answer"
    await world.wait(29)
    assert far_end.attempts == 3
    await world.wait(2)
    assert world.told() == ["firing Hot"]
    assert world.deliver.channels()[0].problem == ""


async def test_a_channel_says_how_long_to_wait() -> None:
    """When it asks for more than the pause between attempts, it is left alone for as long as it asks."""
    world = AlertingWorld(AT_ONCE)
    far_end = scripted(world, Unavailable("slow down", retry_after=120.0))
    await world.fire("Hot")
    await world.tick()
    await world.wait(118)
    assert far_end.attempts == 1
    await world.wait(3)
    assert world.told() == ["firing Hot"]


async def test_what_is_refused_is_not_tried_at_once_again() -> None:
    """A refusal is one attempt, and each time it waits twice as long."""
    world = AlertingWorld(AT_ONCE)
    far_end = scripted(world, *(NoticeRefused("no such channel") for _ in range(3)))
    await world.fire("Hot")
    await world.tick()
    assert far_end.attempts == 1
    await world.wait(31)
    assert far_end.attempts == 2
    await world.wait(58)
    assert far_end.attempts == 2
    await world.wait(4)
    assert far_end.attempts == 3


async def test_after_five_failures_the_circuit_opens() -> None:
    """Then nothing is tried for half a minute, and after that once; when that goes well all is told."""
    world = AlertingWorld(replace(AT_ONCE, group_by=("...",)))
    far_end = scripted(world, *(Unavailable("down") for _ in range(5)))
    await world.fire("Hot", "Cold", "Wet")
    await start(world)
    await world.clock.advance(3)
    await world.deliver.settle()
    assert far_end.attempts == 5
    assert world.deliver.channels()[0].circuit is BreakerState.OPEN
    await world.wait(20)
    assert far_end.attempts == 5
    await world.wait(15)
    assert sorted(world.told()) == ["firing Cold", "firing Hot", "firing Wet"]
    assert world.deliver.channels()[0].circuit is BreakerState.CLOSED


async def test_a_fallback_takes_over() -> None:
    """While a channel does not take notices the fallback is told, and who was told by it is told of the end."""
    world = AlertingWorld(AT_ONCE, manners={"team": Manners(), "other": Manners()}, fallback="other")
    world.channels["team"].fail(3)
    await world.fire("Hot")
    await start(world)
    await world.clock.advance(3)
    await world.deliver.settle()
    assert (world.told(), world.told("other")) == ([], ["firing Hot"])
    assert (world.reasons(), world.reasons("other")) == (["channel_failed"], ["fallback_was_told"])
    await world.end("Hot")
    await world.wait(30)
    assert (world.told(), world.told("other")) == ([], ["firing Hot", "resolved Hot"])


async def test_a_channel_that_a_fallback_stood_in_for_is_told_when_it_is_back() -> None:
    """What still fires then is told to both, and to both that it ended; the fallback hears it once, over a restart too."""
    world = AlertingWorld(AT_ONCE, manners={"team": Manners(), "other": Manners()}, fallback="other")
    world.channels["team"].fail(6)
    await world.fire("Hot")
    await start(world)
    await world.go_on(20)
    world.restart()
    await world.fire("Hot")
    await start(world)
    await world.go_on(60)
    assert (world.told(), world.told("other")) == (["firing Hot"], ["firing Hot"])
    await world.end("Hot")
    await world.go_on(60)
    assert (world.told(), world.told("other")) == (["firing Hot", "resolved Hot"],) * 2
    assert world.ledger.places() == []


async def test_a_fallback_is_not_told_again_and_again() -> None:
    """An alert that comes and goes while its channel is away is told to the fallback once within the cooldown."""
    world = AlertingWorld(AT_ONCE, manners={"team": Manners(), "other": Manners(cooldown=300_000)}, fallback="other")
    world.channels["team"].fail(1_000)
    await world.fire("Hot")
    await world.go_on(60)
    await world.end("Hot")
    await world.go_on(60)
    await world.fire("Hot")
    await world.go_on(120)
    assert world.told("other") == ["firing Hot", "resolved Hot"]
    await world.go_on(240)
    assert world.told("other") == ["firing Hot", "resolved Hot", "firing Hot"]


async def test_a_channel_that_is_away_delays_no_other() -> None:
    """While one channel is between two attempts, another one has been told."""
    world = AlertingWorld(BOTH, manners={"team": Manners(), "other": Manners()})
    world.channels["team"].fail(3)
    await world.fire("Hot")
    await start(world)
    await asyncio.sleep(0)
    assert (world.told(), world.told("other")) == ([], ["firing Hot"])
    await world.clock.advance(3)
    await world.deliver.settle()


async def test_an_alert_that_resolves_while_its_channel_is_away_is_not_told() -> None:
    """Who never heard of it need not hear that it is over."""
    world = AlertingWorld(AT_ONCE)
    world.channels["team"].fail(3)
    await world.fire("Hot")
    await start(world)
    await world.clock.advance(3)
    await world.deliver.settle()
    await world.end("Hot")
    await world.wait(60)
    assert world.told() == []
    assert world.ledger.all_owed() == []


async def test_an_alert_that_resolves_during_an_attempt_is_told_both() -> None:
    """What changes while a notice is on its way is told after it."""
    world = AlertingWorld(AT_ONCE)
    world.channels["team"].fail(1)
    await world.fire("Hot")
    await start(world)
    await world.end("Hot")
    await world.dispatch.run_once()
    await world.clock.advance(1)
    await world.deliver.settle()
    await world.wait(5)
    assert world.told() == ["firing Hot", "resolved Hot"]


async def test_a_channel_is_not_flooded() -> None:
    """What is more than a minute's share waits, and nothing of it is lost."""
    world = AlertingWorld(replace(AT_ONCE, group_by=("...",)), per_minute=10)
    await world.fire(*(f"A{number:02}" for number in range(25)))
    await world.tick()
    assert len(world.told()) == 10
    assert "rate_limited" in world.reasons()
    await world.wait(61)
    assert len(world.told()) == 20
    await world.wait(60)
    assert len(set(world.told())) == len(world.told()) == 25


async def test_a_defect_of_a_channel_comes_out_and_the_notice_stays_owed() -> None:
    """An error that no channel may raise goes to the outermost loop; the notice is tried again."""
    world = AlertingWorld(AT_ONCE)
    scripted(world, KeyError("oops"))
    await world.fire("Hot")
    with pytest.raises(ExceptionGroup):
        await world.tick()
    await world.wait(35)
    assert world.told() == ["firing Hot"]


async def test_a_defect_of_one_channel_delays_no_other() -> None:
    """The round in which it comes out starts what the others are owed."""
    world = AlertingWorld(BOTH, manners={"team": Manners(), "other": Manners()})
    scripted(world, KeyError("oops"))
    await world.fire("Hot")
    await start(world)
    await world.clock.advance(1)
    await world.fire("Hot", instance="b")
    await world.dispatch.run_once()
    with pytest.raises(ExceptionGroup):
        await world.deliver.run_once()
    await world.deliver.settle()
    assert world.told("other") == ["firing Hot", "firing b Hot"]


async def test_a_log_that_is_away_after_a_delivery_is_no_defect_of_the_channel() -> None:
    """What was told is remembered, told once, and in the log as soon as that is back."""
    world = AlertingWorld(AT_ONCE)
    world.channels["team"].fail(1)
    await world.fire("Hot")
    await start(world)
    world.log.is_away = True
    await world.clock.advance(1)
    await world.deliver.settle()
    assert world.told() == ["firing Hot"]
    with pytest.raises(Unavailable):
        await world.deliver.run_once()
    world.log.is_away = False
    await world.wait(5)
    world.restart()
    await world.fire("Hot")
    await world.wait(60)
    assert world.told() == ["firing Hot"]


class SlowLog(MemoryNotificationLog):
    """Takes changes once it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()
        self.may.set()

    @override
    async def save(self, changes: LogChanges) -> None:
        await self.may.wait()
        await super().save(changes)


async def test_nothing_is_handed_over_that_the_log_does_not_know() -> None:
    """What is decided while the log is busy with something else waits for it."""
    world = AlertingWorld(replace(AT_ONCE, group_by=("...",)))
    world.log = log = SlowLog()
    world.restart()
    await world.fire("Hot")
    await world.dispatch.run_once()
    await world.fire("Cold")
    world.ledger.keep(world.alert("Hot"))
    log.may.clear()
    delivering, dispatching = (
        asyncio.create_task(world.deliver.run_once()),
        asyncio.create_task(world.dispatch.run_once()),
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(world.ledger.all_owed()) == 2
    log.may.set()
    await delivering
    await world.deliver.settle()
    assert world.told() == ["firing Hot"]
    await dispatching
    await world.tick()
    assert world.told() == ["firing Hot", "firing Cold"]


async def test_what_is_on_its_way_when_its_channel_goes_is_stopped_with_the_program() -> None:
    """A reload without the channel leaves no task behind that nobody waits for."""
    world = AlertingWorld(AT_ONCE, manners={"team": Manners(), "other": Manners()})
    world.channels["team"].fail(1_000)
    await world.fire("Hot")
    await start(world)
    (before,) = [task for task in asyncio.all_tasks() if task.get_name() == "deliver:team"]
    world.deliver.adopt(replace(world.plan, channels={"other": world.plan.channels["other"]}), world.channels)
    await world.deliver.close()
    assert before.cancelled()


async def test_what_a_channel_is_told_late_counts_from_then() -> None:
    """The cooldown lies between what it heard, not between what was decided."""
    world = AlertingWorld(AT_ONCE, manners={"team": Manners(cooldown=300_000)})
    world.channels["team"].fail(6)
    await world.fire("Hot")
    while not world.told():
        await world.go_on(1)
    assert world.clock.monotonic() > 60
    await world.end("Hot")
    await world.go_on(5)
    await world.fire("Hot")
    await world.go_on(290)
    assert world.told() == ["firing Hot", "resolved Hot"]
    await world.go_on(10)
    assert world.told() == ["firing Hot", "resolved Hot", "firing Hot"]


async def test_what_waited_is_forgotten_with_what_was_owed() -> None:
    """A channel that never comes back does not make the program remember ever more."""
    world = AlertingWorld(replace(AT_ONCE, group_by=("...",)))
    world.channels["team"].fail(1_000)
    await world.fire(*(f"A{number}" for number in range(20)))
    await world.go_on(10)
    await world.end(*(f"A{number}" for number in range(20)))
    await world.go_on(60)
    assert [len(line.waits) for line in world.deliver._lines.values()] == [0]
