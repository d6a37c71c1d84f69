import asyncio
from dataclasses import replace

import pytest
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.notifier import MemoryNotifier
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.notify import DECISIONS, HISTORY, Decision, Notify
from sightline.domain.alerts.cooldown import COOLDOWN, RETRY_AFTER
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification
from sightline.domain.errors import NoticeRefused
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant
from sightline.ports.notifier import Notifier

pytestmark = pytest.mark.anyio

INACTIVE, PENDING, FIRING, RESOLVED = AlertState
COOLDOWN_S = COOLDOWN / 1_000


def notice(state: AlertState, instance: str = "web-1", tenant: Tenant = DEFAULT_TENANT) -> Notice:
    """An alert's change to a state."""
    labels = Labels.of(alertname="Hot", instance=instance)
    alert = Alert(tenant, "Hot", labels, Labels(), state, 95.0, 0, 0, Reason.CONDITION_HELD)
    return Notice(alert, PENDING, 0)


class Broken(Notifier):
    """A notifier with a defect: it raises what no notifier may raise."""

    @property
    @override
    def name(self) -> str:
        return "broken"

    @override
    async def notify(self, notification: Notification) -> None:
        raise KeyError(notification.id)


class Refusing(Notifier):
    """A notifier whose far end would refuse again what it refused."""

    @property
    @override
    def name(self) -> str:
        return "refusing"

    @override
    async def notify(self, notification: Notification) -> None:
        raise NoticeRefused("answered 404")


class World:
    """Two channels, a clock, and what the channels took."""

    def __init__(self, *notifiers: Notifier) -> None:
        self.clock = ManualClock()
        self.telemetry = MemoryTelemetry()
        self.one, self.two = MemoryNotifier("one"), MemoryNotifier("two")
        self.notify = Notify([self.one, self.two, *notifiers], self.clock, self.telemetry)
        self.jobs = self.notify.jobs()

    async def deliver(self, *names: str) -> None:
        """Run the jobs of some channels, or of both, without time passing."""
        for name in names or ("one", "two"):
            await self.jobs[name]()

    def heard(self, notifier: MemoryNotifier) -> list[AlertState]:
        """The states that a channel was told."""
        return [AlertState(each.status) for each in notifier.taken]

    def reasons(self, channel: str = "one") -> list[Reason]:
        """Why a channel was told or not, oldest first."""
        return [each.reason for each in reversed(self.notify.history(LOCAL)) if each.channel == channel]


@pytest.fixture
def world() -> World:
    """A world in which all is well."""
    return World()


async def test_every_channel_is_told(world: World) -> None:
    """A firing and a resolve reach each channel, once and in order."""
    world.notify.tell([notice(FIRING)])
    await world.deliver()
    world.notify.tell([notice(RESOLVED)])
    await world.deliver()
    await world.deliver()
    assert world.heard(world.one) == world.heard(world.two) == [FIRING, RESOLVED]


async def test_nobody_is_told_of_pending_or_inactive(world: World) -> None:
    """That something may soon fire, or is forgotten, is not told and leaves no decision."""
    world.notify.tell([notice(PENDING), notice(INACTIVE)])
    await world.deliver()
    assert world.heard(world.one) == []
    assert world.notify.history(LOCAL) == []


async def test_notices_come_in_the_order_of_the_changes(world: World) -> None:
    """Different alerts are told in the order in which they changed."""
    instances = ["c", "a", "b"]
    world.notify.tell(notice(FIRING, instance) for instance in instances)
    await world.deliver()
    assert [each.alerts[0].labels.get("instance") for each in world.one.taken] == instances


async def test_an_alert_that_changed_again_waits_its_turn_again(world: World) -> None:
    """What is decided first is what came first and was not replaced since."""
    world.notify.tell([notice(FIRING, "a"), notice(FIRING, "b"), notice(RESOLVED, "a")])
    await world.deliver("one")
    assert world.reasons() == [Reason.NOTIFIED, Reason.FIRING_NOT_SENT]


async def test_a_firing_within_the_cooldown_is_told_at_its_end(world: World) -> None:
    """An alert that comes back within 5 minutes is told once more when they are over, if it still fires."""
    for state in (FIRING, RESOLVED, FIRING):
        world.notify.tell([notice(state)])
        await world.deliver()
    assert world.heard(world.one) == [FIRING, RESOLVED]
    await world.clock.advance(COOLDOWN_S - 1)
    await world.deliver()
    assert world.heard(world.one) == [FIRING, RESOLVED]
    await world.clock.advance(1)
    await world.deliver()
    assert world.heard(world.one) == [FIRING, RESOLVED, FIRING]
    assert world.reasons() == [Reason.NOTIFIED, Reason.NOTIFIED, Reason.COOLDOWN, Reason.NOTIFIED]


async def test_an_alert_that_flaps_within_the_cooldown_is_told_once(world: World) -> None:
    """Firing again and resolving again within the cooldown is told on no channel, then or later."""
    for state in (FIRING, RESOLVED, FIRING, RESOLVED):
        world.notify.tell([notice(state)])
        await world.deliver()
    await world.clock.advance(2 * COOLDOWN_S)
    await world.deliver()
    assert world.heard(world.one) == [FIRING, RESOLVED]
    assert world.reasons()[-1] is Reason.FIRING_NOT_SENT


async def test_a_wall_clock_set_back_does_not_prolong_the_cooldown(world: World) -> None:
    """The cooldown is measured on the clock that never goes back."""
    for state in (FIRING, RESOLVED, FIRING):
        world.notify.tell([notice(state)])
        await world.deliver()
    world.clock.jump(-86_400_000)
    await world.clock.advance(COOLDOWN_S)
    await world.deliver()
    assert world.heard(world.one) == [FIRING, RESOLVED, FIRING]


async def test_a_refusal_is_tried_again_after_one_and_two_seconds(world: World) -> None:
    """Two refusals cost 1 s and 2 s, and the third attempt succeeds."""
    world.one.fail(2)
    world.notify.tell([notice(FIRING)])
    job = asyncio.ensure_future(world.jobs["one"]())
    await world.clock.advance(2.999)
    assert world.heard(world.one) == []
    await world.clock.advance(0.001)
    assert world.heard(world.one) == [FIRING]
    await job
    assert world.notify.history(LOCAL) == [
        Decision(notice(FIRING), "one", told=True, reason=Reason.NOTIFIED, at=world.clock.now(), attempts=3)
    ]


async def test_a_channel_that_is_away_is_told_when_it_is_back(world: World) -> None:
    """After three refusals the notice stays owed, is tried again 30 s later, and says in between why it was not told."""
    world.one.fail(3)
    world.notify.tell([notice(FIRING)])
    job = asyncio.ensure_future(world.jobs["one"]())
    await world.clock.advance(3)
    await job
    (decision,) = world.notify.history(LOCAL)
    assert (decision.told, decision.reason, decision.attempts) == (False, Reason.CHANNEL_FAILED, 3)
    assert decision.problem
    await world.clock.advance(29)
    await world.deliver("one")
    assert world.heard(world.one) == []
    await world.clock.advance(1)
    await world.deliver("one")
    assert world.heard(world.one) == [FIRING]


async def test_a_channel_that_is_away_delays_no_other(world: World) -> None:
    """While one channel is between two attempts, another one has been told."""
    world.one.fail(3)
    world.notify.tell([notice(FIRING)])
    slow = asyncio.ensure_future(world.jobs["one"]())
    await world.clock.until_sleeping()
    await world.deliver("two")
    assert world.heard(world.two) == [FIRING]
    assert not slow.done()
    await world.clock.advance(3)
    await slow


async def test_a_refused_notice_holds_up_no_other_of_its_channel(world: World) -> None:
    """After one notice was refused three times, the others of that run get one attempt each, without a pause."""
    world.one.fail(4)
    world.notify.tell(notice(FIRING, instance) for instance in "abcd")
    job = asyncio.ensure_future(world.jobs["one"]())
    await world.clock.advance(3)
    assert job.done()
    assert [each.alerts[0].labels.get("instance") for each in world.one.taken] == ["c", "d"]


async def test_an_alert_that_resolved_while_its_channel_was_away_is_not_told_there(world: World) -> None:
    """Each channel hears a resolve only if it heard of the firing."""
    world.one.fail(3)
    world.notify.tell([notice(FIRING)])
    job = asyncio.ensure_future(world.jobs["one"]())
    await world.clock.advance(3)
    await job
    await world.deliver("two")
    world.notify.tell([notice(RESOLVED)])
    await world.deliver()
    assert world.heard(world.one) == []
    assert world.reasons("one") == [Reason.CHANNEL_FAILED, Reason.FIRING_NOT_SENT]
    assert world.heard(world.two) == [FIRING, RESOLVED]


async def test_a_change_during_an_attempt_is_not_lost(world: World) -> None:
    """An alert that resolves while its firing is being handed over is told to have resolved afterwards."""
    world.one.fail(1)
    world.notify.tell([notice(FIRING)])
    job = asyncio.ensure_future(world.jobs["one"]())
    await world.clock.until_sleeping()
    world.notify.tell([notice(RESOLVED)])
    await world.clock.advance(1)
    await job
    await world.deliver("one")
    assert world.heard(world.one) == [FIRING, RESOLVED]


async def test_two_runs_of_one_channel_do_not_tell_twice(world: World) -> None:
    """A run that starts while another is on the way waits for it."""
    world.one.fail(1)
    world.notify.tell([notice(FIRING)])
    runs = [asyncio.ensure_future(world.jobs["one"]()) for _ in range(2)]
    await world.clock.advance(1)
    await asyncio.gather(*runs)
    assert world.heard(world.one) == [FIRING]


async def test_a_defect_of_a_notifier_comes_out_and_the_notice_stays_owed() -> None:
    """An error that no notifier may raise ends the run, is kept as a failure, and touches no other channel."""
    world = World(Broken())
    world.notify.tell([notice(FIRING)])
    with pytest.raises(KeyError):
        await world.deliver("broken")
    await world.deliver()
    assert world.reasons("broken") == [Reason.CHANNEL_FAILED]
    assert world.heard(world.one) == [FIRING]
    await world.clock.advance(30)
    with pytest.raises(KeyError):
        await world.deliver("broken")


async def test_tenants_have_their_own_cooldown_and_history(world: World) -> None:
    """The same labels in two tenants are two alerts, and each tenant sees decisions about its own alone."""
    other = Tenant("other")
    world.notify.tell([notice(FIRING), notice(FIRING, tenant=other)])
    await world.deliver("one")
    assert world.heard(world.one) == [FIRING, FIRING]
    for tenant in (DEFAULT_TENANT, other):
        decisions = world.notify.history(replace(LOCAL, tenant=tenant))
        assert [each.notice.alert.tenant for each in decisions] == [tenant]
    assert world.notify.history(Principal("x", Tenant("third"))) == []


async def test_the_history_is_bounded_and_newest_first(world: World) -> None:
    """Only the latest decisions are remembered."""
    world.notify.tell(notice(FIRING, str(number)) for number in range(HISTORY + 5))
    await world.deliver("one")
    history = world.notify.history(LOCAL)
    assert len(history) == HISTORY
    assert history[0].notice.alert.labels.get("instance") == str(HISTORY + 4)


async def test_decisions_are_counted_by_channel_and_reason(world: World) -> None:
    """Our own metrics say how often each channel was told and why not."""
    for state in (FIRING, RESOLVED, FIRING, RESOLVED):
        world.notify.tell([notice(state)])
        await world.deliver("one")
    (family,) = [each for each in world.telemetry.families() if each.instrument == DECISIONS]
    assert {(point.labels, point.value) for point in family.points} == {
        ((("channel", "one"), ("reason", "notified")), 2.0),
        ((("channel", "one"), ("reason", "cooldown")), 1.0),
        ((("channel", "one"), ("reason", "firing_was_not_sent")), 1.0),
    }


async def test_what_is_over_is_forgotten(world: World) -> None:
    """After the cooldown nothing is remembered of alerts that resolved, so memory does not grow with time."""
    for number in range(50):
        world.notify.tell([notice(FIRING, str(number))])
        await world.deliver()
        world.notify.tell([notice(RESOLVED, str(number))])
        await world.deliver()
        await world.clock.advance(COOLDOWN_S)
    await world.deliver()
    assert world.notify.remembered == 0


async def test_a_refusal_is_not_tried_again_at_once() -> None:
    """A channel that would refuse the same again is asked once a run, without a pause, and the notice stays owed."""
    world = World(Refusing())
    world.notify.tell([notice(FIRING)])
    await world.deliver("refusing")
    assert world.clock.monotonic() == ManualClock().monotonic()
    await world.deliver("refusing")
    [decision] = world.notify.history(LOCAL)
    assert (decision.told, decision.reason, decision.attempts) == (False, Reason.CHANNEL_FAILED, 1)
    assert decision.problem == "answered 404"
    await world.clock.advance(RETRY_AFTER / 1_000)
    await world.deliver("refusing")
    assert [each.attempts for each in world.notify.history(LOCAL)] == [1, 1]
