"""The pipeline over memory adapters: what is posted, and what channels are told."""

from collections.abc import Iterable, Mapping, Sequence

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.notification_log import MemoryNotificationLog
from sightline.adapters.outbound.memory.notifier import MemoryNotifier
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.deliver import Deliver
from sightline.application.dispatch import Dispatch
from sightline.application.explain import Explain
from sightline.application.gather import Gather
from sightline.application.ledger import Ledger
from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.pipeline.batch import MaintainedBy, Maintaining, Manners, SilencedBy, not_maintained
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.route import WrittenRoute, route_tree
from sightline.domain.alerts.time_intervals import TimeIntervals
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Tenant

ROUTE = WrittenRoute("team", ("alertname",), group_wait=30_000, group_interval=300_000, repeat_interval=4 * 3_600_000)
SECONDS = 1_000


class AlertingWorld:
    """A dispatcher, what explains it, a deliverer and the channels that they tell; everything restarts over the same log."""

    def __init__(
        self,
        route: WrittenRoute = ROUTE,
        *,
        manners: Mapping[str, Manners] | None = None,
        inhibit_rules: Sequence[InhibitRule] = (),
        intervals: TimeIntervals | None = None,
        fallback: str = "",
        per_minute: int = 600,
    ) -> None:
        """manners: of the channel of each receiver; without any there is one of `team`."""
        self.clock, self.telemetry, self.log = ManualClock(), MemoryTelemetry(), MemoryNotificationLog()
        self.silenced: dict[tuple[Tenant, str], tuple[str, ...]] = {}
        self.maintaining: Maintaining = lambda _: not_maintained
        self.per_minute = per_minute
        manners = {"team": Manners()} if manners is None else manners
        self.channels = {name: MemoryNotifier(name) for name in manners}
        self.plan = Plan(
            route_tree(route),
            {name: (Channel(name, name, "memory", how),) for name, how in manners.items()},
            tuple(inhibit_rules),
            intervals or {},
            fallback=fallback,
        )
        self.restart()

    def restart(self) -> None:
        """Forget everything but the log."""
        self.ledger = Ledger(self.log)
        self.gather = Gather(self.plan, self.ledger)
        around = self.silencing, self.clock
        self.dispatch = Dispatch(self.gather, self.ledger, *around, self.telemetry, maintaining=self._maintained)
        self.explain = Explain(self.gather, self.ledger, *around, maintaining=self._maintained)
        self.deliver = Deliver(self.ledger, self.clock, self.telemetry, lambda: 0.0, per_minute=self.per_minute)
        self.deliver.adopt(self.plan, self.channels)
        self.deliver.join(self.dispatch.settled)
        self.dispatch.join(self.deliver.is_busy, self.deliver.said)

    def silencing(self, tenant: Tenant) -> SilencedBy:
        """What is silenced now."""
        return lambda labels: self.silenced.get((tenant, labels.get("alertname")), ())

    def _maintained(self, tenant: Tenant) -> MaintainedBy:
        return self.maintaining(tenant)

    async def fire(self, *names: str, ends_at: int | None = None, **labels: str) -> None:
        """Post alerts that begin now, each with one more label."""
        await self.dispatch.load()
        await self.dispatch.post(LOCAL, [self.alert(name, ends_at=ends_at, **labels) for name in names])

    async def end(self, *names: str, **labels: str) -> None:
        """Post that alerts end now."""
        await self.fire(*names, ends_at=self.clock.now(), **labels)

    def alert(self, name: str, ends_at: int | None = None, **labels: str) -> PostedAlert:
        """An alert that begins now, unless it goes on."""
        now = self.clock.now()
        starts_at = now if ends_at is None or ends_at > now else now - 1
        found = Labels.of({"alertname": name, **labels})
        return PostedAlert(DEFAULT_TENANT, found, Labels.of(summary=f"{name}!"), starts_at, ends_at, now)

    def notice(self, name: str, state: AlertState = AlertState.FIRING, summary: str = "") -> Notice:
        """That an alert of a rule of ours moved, now."""
        labels, now = Labels.of(alertname=name), self.clock.now()
        reason = Reason.CONDITION_HELD if state is AlertState.FIRING else Reason.CONDITION_FALSE
        alert = Alert(DEFAULT_TENANT, name, labels, Labels.of(summary=summary), state, 93.0, now - 1, now, reason)
        return Notice(alert, AlertState.PENDING, now)

    async def tick(self) -> None:
        """Let both do what is due, and wait for it."""
        await self.dispatch.run_once()
        await self.deliver.run_once()
        await self.deliver.settle()

    async def wait(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, a step at a time."""
        passed = 0.0
        while passed < seconds:
            await self.clock.advance(min(step, seconds - passed))
            passed += step
            await self.tick()

    async def go_on(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, also for deliveries that wait between two attempts."""
        passed = 0.0
        while passed < seconds:
            await self.clock.advance(min(step, seconds - passed))
            passed += step
            await self.dispatch.run_once()
            await self.deliver.run_once()
            await self.clock.advance(0)

    def told(self, receiver: str = "team") -> list[str]:
        """What a receiver was told, each as `firing Hot Cold | resolved Warm`."""
        return [
            " | ".join(
                f"{word} {' '.join(_names(alerts))}"
                for word, alerts in ((one.status.value if one.firing else "", one.firing), ("resolved", one.resolved))
                if alerts
            )
            for one in self.channels[receiver].taken
        ]

    def reasons(self, receiver: str = "team") -> list[str]:
        """Why a receiver was told or not, oldest first."""
        return [one.reason.value for one in reversed(self.deliver.history(LOCAL)) if one.channel.key == receiver]


def _names(alerts: Iterable[PostedAlert]) -> list[str]:
    return [alert.labels.get("instance") or alert.labels.get("alertname") for alert in alerts]
