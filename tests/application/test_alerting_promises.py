"""Whatever happens, in whatever order: what channels are told of alerts keeps its promises, and in the end is all that is true."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.application.alerting_world import ROUTE, AlertingWorld
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.notifier import MemoryNotifier
from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.pipeline.batch import Manners, WhenMuted
from sightline.domain.alerts.pipeline.plan import Plan
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.route import WrittenRoute, route_tree
from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL

MANNERS = {
    "team": Manners(cooldown=20_000),
    "other": Manners(when_muted=WhenMuted.RESOLVE),
    "spare": Manners(when_muted=WhenMuted.ACKNOWLEDGE, cooldown=20_000),
}
SOON = replace(ROUTE, group_wait=2_000, group_interval=3_000)
DOWN = InhibitRule(
    (Matcher("alertname", MatchOp.EQUAL, "Down"),), (Matcher("alertname", MatchOp.EQUAL, "Hot"),), ("instance",)
)
ROUTES = (
    SOON,
    replace(SOON, receiver="other"),
    replace(SOON, group_by=("alertname", "instance")),
    replace(SOON, routes=(WrittenRoute("team", continues=True), WrittenRoute("other", ("...",), continues=True))),
)
NAMES, INSTANCES = ("Hot", "Down"), ("a", "b")


class Heard(MemoryNotifier):
    """A channel that checks what it is told against what it was told before."""

    def __init__(self, name: str, clock: ManualClock) -> None:
        super().__init__(name)
        self.clock, self.cooldown = clock, MANNERS[name].cooldown
        self.ids: set[str] = set()
        self.fired_at: dict[tuple[str, str, Labels], int] = {}
        self.firing: set[tuple[str, str, Labels]] = set()
        self.broken: list[str] = []

    @override
    async def notify(self, notification: Notification) -> None:
        await super().notify(notification)
        if notification.id in self.ids:
            return  # receivers know by it that they have heard this
        self.ids.add(notification.id)
        now, about = self.clock.now(), (notification.receiver, notification.group_key)
        if not notification.alerts:
            self.broken.append("a notice about nothing")
        for alert in notification.firing:
            one = (*about, alert.labels)
            again = one in self.fired_at and one not in self.firing
            if again and now - self.fired_at[one] < self.cooldown:
                self.broken.append(f"{one} fires again within the cooldown")
            self.fired_at[one] = now
            self.firing.add(one)
        for alert in notification.resolved:
            one = (*about, alert.labels)
            if one not in self.firing:
                self.broken.append(f"{one} resolves and was not told to fire")
            self.firing.discard(one)


class Alerting(RuleBasedStateMachine):
    """Everything that can happen to the pipeline, a step at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = AlertingWorld(SOON, manners=MANNERS, inhibit_rules=[DOWN], fallback="spare")
        self.channels = {name: Heard(name, self.world.clock) for name in MANNERS}
        self.world.channels = dict(self.channels)
        self.world.restart()
        self.firing: dict[tuple[str, str], int] = {}
        self.run(self.world.dispatch.load())

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it; what the log does not take now is to come later."""
        with suppress(SightlineError):
            self.runner.run(work)

    @override
    def teardown(self) -> None:
        try:
            self.calm_down()
        finally:
            self.run(self.world.deliver.close())
            self.runner.close()

    @rule(name=st.sampled_from(NAMES), instance=st.sampled_from(INSTANCES))
    def fire(self, name: str, instance: str) -> None:
        """An alert begins, or goes on."""
        self.firing.setdefault((name, instance), self.world.clock.now())
        self.run(self.post())

    @rule(name=st.sampled_from(NAMES), instance=st.sampled_from(INSTANCES))
    def end(self, name: str, instance: str) -> None:
        """An alert ends."""
        if self.firing.pop((name, instance), None) is not None:
            self.run(self.world.end(name, instance=instance))

    @rule(name=st.sampled_from(NAMES))
    def silence(self, name: str) -> None:
        """Somebody knows of it."""
        self.world.silenced[DEFAULT_TENANT, name] = ("s1",)

    @rule(name=st.sampled_from(NAMES))
    def unsilence(self, name: str) -> None:
        """Nobody does any more."""
        self.world.silenced.pop((DEFAULT_TENANT, name), None)

    @rule(seconds=st.sampled_from([1, 3, 10, 40]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.run(self.go_on(seconds))

    @rule(name=st.sampled_from(sorted(MANNERS)), times=st.sampled_from([0, 1, 4, 1_000]))
    def fail(self, name: str, times: int) -> None:
        """A channel goes away for a while, or is back."""
        self.channels[name].fail(times)

    @rule(is_away=st.booleans())
    def lose_the_log(self, is_away: bool) -> None:  # noqa: FBT001 - drawn
        """The log goes away, or is back."""
        self.world.log.is_away = is_away

    @rule()
    def restart(self) -> None:
        """The program is killed and starts again."""
        self.run(self.world.deliver.close())
        self.world.restart()
        self.run(self.world.dispatch.run_once())

    @rule(route=st.sampled_from(ROUTES))
    def reload(self, route: WrittenRoute) -> None:
        """The program goes by other routes."""
        self.adopt(replace(self.world.plan, route=route_tree(route)))

    @invariant()
    def keeps_promises(self) -> None:
        """No channel was told anything that does not follow from what it was told before."""
        assert {name: channel.broken for name, channel in self.channels.items() if channel.broken} == {}

    @invariant()
    def remembers_no_more_than_there_is(self) -> None:
        """Groups and alerts are bounded by what was posted."""
        assert self.world.gather.alert_count <= len(NAMES) * len(INSTANCES)

    def adopt(self, plan: Plan) -> None:
        """Go by another plan."""
        self.world.plan = plan
        self.world.deliver.adopt(plan, self.world.channels)
        self.run(self.world.dispatch.adopt(plan))

    async def post(self) -> None:
        """Post what fires, as Prometheus does again and again."""
        await self.world.dispatch.load()
        await self.world.dispatch.post(LOCAL, [self.alert(*one) for one in self.firing])

    def alert(self, name: str, instance: str) -> PostedAlert:
        """An alert as it is posted."""
        alert = self.world.alert(name, instance=instance)
        return replace(alert, starts_at=self.firing[name, instance])

    async def go_on(self, seconds: int) -> None:
        """Let time pass."""
        for _ in range(seconds):
            await self.world.clock.advance(1)
            for work in (self.post, self.world.dispatch.run_once, self.world.deliver.run_once):
                with suppress(SightlineError):
                    await work()
            await self.world.clock.advance(0)

    def calm_down(self) -> None:
        """Everything works and nothing happens any more: then every channel was told what is true."""
        for channel in self.channels.values():
            channel.fail(0)
        self.world.log.is_away = False
        self.world.silenced.clear()
        self.run(self.go_on(400))
        self.all_is_told()
        self.firing.clear()
        self.run(self.go_on(0))
        for name in NAMES:
            for instance in INSTANCES:
                self.run(self.world.end(name, instance=instance))
        self.run(self.go_on(100))
        self.keeps_promises()
        assert not any(channel.firing for channel in self.channels.values())
        assert self.world.explain.alerts(LOCAL) == []
        assert self.world.ledger.places() == []
        logged = self.runner.run(self.world.log.load())
        assert (logged.alerts, logged.sent, logged.owed) == ((), {}, ())

    def all_is_told(self) -> None:
        """Who is to be told of what fires takes it to fire, and nobody anything else."""
        for name, instance in self.firing:
            labels = Labels.of(alertname=name, instance=instance)
            if name == "Hot" and ("Down", instance) in self.firing:
                continue
            for route in self.world.plan.route.taken(labels):
                heard = {one[2] for one in self.channels[route.receiver].firing if one[0] == route.receiver}
                assert labels in heard, f"{route.receiver} was not told of {labels}"
        firing = {Labels.of(alertname=name, instance=instance) for name, instance in self.firing}
        for channel in self.channels.values():
            assert {labels for _, _, labels in channel.firing} <= firing


TestAlerting = Alerting.TestCase
TestAlerting.settings = settings(  # each example goes through some ten minutes, a second at a time
    max_examples=settings().max_examples // 2, stateful_step_count=30
)
