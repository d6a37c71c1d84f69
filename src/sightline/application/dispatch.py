"""Bring alerts to those who are to be told of them: the pipeline of `domain.alerts.pipeline.stages`, at work.

Alerts of our rules and from outside are the same here. What is to be told is owed to channels, and `Deliver` hands it over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from sightline.application.gather import Gather, monotonic_ms
from sightline.application.ledger import Ledger
from sightline.domain.alerts.notice import AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.pipeline.batch import Batch, Maintaining, Silencing, Surroundings, not_maintained
from sightline.domain.alerts.pipeline.group import LOOK_AGAIN, LOOK_AGAIN_HELD, AlertGroup
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.pipeline.sent import About, Owed, Place, Sent
from sightline.domain.alerts.pipeline.stages import after, alerts_of, because_of, consider, held, status_of
from sightline.domain.alerts.posted import PostedAlert, posted
from sightline.domain.errors import TooManyAlerts
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

MAX_ALERTS: Final = 100_000
"""How many alerts from outside a tenant may have at once."""
_AT_ONCE: Final = 200
"""Groups that are looked at before others have their turn on the event loop."""

GROUPS: Final = Instrument("sightline_alert_groups", "Groups of alerts that are told together.", Kind.GAUGE)
HELD: Final = Instrument(
    "sightline_alerts_in_pipeline", "Alerts that fire or whose end is still to be told.", Kind.GAUGE
)


async def _at_once() -> None:
    """Where nothing has to be waited for."""


class Dispatch:
    """The use case. `load` comes first; what is posted before that waits for it.

    Alerts are gathered in groups; when a group is due it is decided for every channel of its route what it does not know yet, and
    that is owed to it. What must outlive the program is in the ledger before a channel is told.
    """

    def __init__(
        self,
        gather: Gather,
        ledger: Ledger,
        silencing: Silencing,
        clock: Clock,
        telemetry: Telemetry,
        *,
        maintaining: Maintaining = lambda _: not_maintained,
        ready: Callable[[], Awaitable[None]] = _at_once,
        external_url: str = "",
        max_alerts: int = MAX_ALERTS,
        look_again: int = LOOK_AGAIN,
    ) -> None:
        """ready: returns when it is known what is silenced and what is in maintenance.

        external_url: where people reach this program, if anybody said. look_again: as `AlertGroup.flushed` has it.
        """
        self._gather = gather
        self._ledger = ledger
        self._silencing = silencing
        self._maintaining = maintaining
        self._ready = ready
        self._clock = clock
        self._telemetry = telemetry
        self._external_url = external_url
        self._max_alerts = max_alerts
        self._look_again = look_again
        self._fading: dict[Place, int] = {}
        self._fade_at = 0
        self._early: list[PostedAlert] = []
        self._of_last_run: dict[tuple[Tenant, str], list[Labels]] = {}
        self._loaded = asyncio.Event()
        self._busy: Callable[[Place], bool] = lambda _: False
        self._said: Callable[[Channel, AlertGroup, Batch], None] = lambda *_: None

    @property
    def receivers(self) -> Sequence[str]:
        """The names of receivers, in the order of the configuration."""
        return tuple(self.plan.channels)

    @property
    def config_text(self) -> str:
        """The configuration, as YAML without secrets."""
        return self.plan.text

    @property
    def resolve_timeout(self) -> int:
        """After how long, ms, an alert that was posted without an end is taken to have ended."""
        return self.plan.resolve_timeout

    @property
    def plan(self) -> Plan:
        """What it goes by."""
        return self._gather.plan

    def join(self, busy: Callable[[Place], bool], said: Callable[[Channel, AlertGroup, Batch], None]) -> None:
        """Who delivers: whether a channel is being told of a group just now, and who remembers what was decided."""
        self._busy, self._said = busy, said

    async def load(self) -> None:
        """Take up what was there before the program started. Alerts that fired have the usual time to be posted again.

        Raises:
            Unavailable: the log cannot be read; nothing is let in before it can.
        """
        if self._loaded.is_set():
            return
        await self._ready()
        logged = await self._ledger.load()
        now, monotonic = self._times()
        latest = now + self.resolve_timeout
        for alert in logged.alerts:
            is_over = alert.has_ended(alert.updated_at)
            ends_at = alert.ends_at if is_over or alert.ends_at is None else max(alert.ends_at, latest)
            timed = not is_over and alert.ends_at is None
            known = replace(alert, ends_at=latest if timed else ends_at, timed=timed or alert.timed)
            self._gather.enter(known, now, monotonic)
            if alert.rule:
                self._of_last_run.setdefault((alert.tenant, alert.rule), []).append(alert.labels)
        self._fading.update(self._gather.settle_places(self._busy, monotonic))
        self._loaded.set()
        self._take_in(self._early)
        self._early.clear()

    async def adopt(self, plan: Plan) -> None:
        """Go by another plan from now on; alerts find their groups anew."""
        now, monotonic = self._times()
        self._gather.adopt(plan, now, monotonic)
        self._fading.update(self._gather.settle_places(self._busy, monotonic))

    async def post(self, principal: Principal, alerts: Iterable[PostedAlert]) -> None:
        """Take in alerts of the principal's tenant; when it returns they are in the log.

        Raises:
            TooManyAlerts: there is no room for all; those that are known, and as many others as there is room for, are taken in.
            Unavailable, StorageFull: the log does not take them; whoever posts them is to do so again.
        """
        await self._loaded.wait()
        refused, tenant, now = 0, principal.tenant, self._clock.now()
        for alert in alerts:
            is_known = self._gather.alert(tenant, alert.labels) is not None
            if not is_known and not alert.has_ended(now) and self._gather.outside(tenant) >= self._max_alerts:
                refused += 1
            else:
                self._take_in((replace(alert, tenant=tenant),))
        await self._ledger.save()
        if refused:
            raise TooManyAlerts(
                f"{self._max_alerts} alerts from outside are there, and {refused} more were not taken in: find out who sends so"
                " many, or raise alerts.max_outside",
                limit=self._max_alerts,
            )

    def tell(self, notices: Iterable[Notice], rule: str = "") -> None:
        """Take in what became of alerts of a rule of ours, at once; it is saved with the next look at what is due."""
        link = f"{self._external_url.rstrip('/')}/ui/alerts" if self._external_url else ""
        alerts = [posted(one, rule, link) for one in notices if one.alert.state in _TOLD]
        if self._loaded.is_set():
            self._take_in(alerts)
        else:
            self._early += alerts

    def claim(self, tenant: Tenant, rule: str) -> Sequence[PostedAlert]:
        """Alerts of a rule of ours that fired before the program started; from now on they end when the rule says so."""
        now, monotonic = self._times()
        known = (self._gather.alert(tenant, labels) for labels in self._of_last_run.pop((tenant, rule), ()))
        its = [one.alert for one in known if one is not None and one.alert.rule == rule and one.alert.timed]
        firing = [replace(alert, ends_at=None, timed=False) for alert in its if not alert.has_ended(now)]
        for alert in firing:
            self._gather.enter(alert, now, monotonic)
        return firing

    async def run_once(self) -> None:
        """Look at every group that is due, and owe channels what they are to be told.

        Raises:
            Unavailable, StorageFull: the log does not take what changed; it will be saved later.
        """
        await self.load()
        around: dict[Tenant, Surroundings] = {}
        plan, monotonic, looked_at = self.plan, monotonic_ms(self._clock), 0
        while (group := self._gather.take_due(monotonic)) is not None:
            surroundings = around.get(group.tenant)
            if surroundings is None:
                surroundings = around[group.tenant] = self._surroundings(group.tenant)
            try:
                self._look_at(group, surroundings, monotonic)
            except Exception:  # a defect of ours goes on to the outermost loop, and costs no other group its turn
                group.flushed(monotonic)
                self._gather.schedule(group)
                raise
            looked_at += 1
            if looked_at % _AT_ONCE == 0:
                await asyncio.sleep(0)
                if self.plan is not plan:
                    plan, around = self.plan, {}
        self._fade(monotonic)
        self._telemetry.set(GROUPS, self._gather.group_count)
        self._telemetry.set(HELD, self._gather.alert_count)
        await self._ledger.save()

    def next_look(self) -> int | None:
        """When a group is to be looked at next, ms on the clock that never goes back; None without any."""
        return self._gather.next_due()

    def settled(self, place: Place) -> None:
        """A channel was told of a group, or not: what else there is of it is looked at with the next tick."""
        monotonic = monotonic_ms(self._clock)
        self._gather.keep_for(place, monotonic)
        group = self._gather.group(place)
        if group is not None:
            group.owes(monotonic)
            self._gather.schedule(group)

    def _take_in(self, alerts: Iterable[PostedAlert]) -> None:
        now, monotonic = self._times()
        for alert in alerts:
            if alert.has_ended(now) and self._gather.alert(alert.tenant, alert.labels) is None:
                continue  # nobody knows of it, so nobody need hear that it is over
            entered = self._gather.enter(alert, now, monotonic)
            if entered is not None:
                self._ledger.keep(entered)

    def _surroundings(self, tenant: Tenant) -> Surroundings:
        now = self._clock.now()
        return self._gather.surroundings(tenant, self._silencing(tenant), now, self._maintaining(tenant))

    def _look_at(self, group: AlertGroup, around: Surroundings, monotonic: int) -> None:
        """Decide for every channel of a group."""
        now, holds = around.now, held(group, around)
        again_at = [now + LOOK_AGAIN_HELD] if holds else []
        is_busy = False
        for channel in self._gather.channels(group):
            place = group.place(channel)
            if self._busy(place):
                is_busy = True
                continue
            batch = consider(group, channel, holds, self._ledger.sent(place), now)
            self._act(channel, group, batch)
            if batch.again_at is not None:
                again_at.append(batch.again_at)
        if not is_busy:
            self._fading.update(self._gather.part(group, now))
        again_at += [one.alert.ends_at for one in group.members.values() if one.alert.ends_at is not None]
        if not group.members:
            self._gather.close(group)
            return
        group.flushed(monotonic, min(again_at) - now if again_at else None, self._look_again)
        if is_busy:
            group.owes(monotonic)
        self._gather.schedule(group)

    def _act(self, channel: Channel, group: AlertGroup, batch: Batch) -> None:
        """Owe a channel what was decided, or nothing."""
        self._said(channel, group, batch)
        place = group.place(channel)
        about = batch.sent.about if group.is_other(channel) else About(group.route.receiver, group.key, group.labels)
        if batch.tell:
            then = replace(after(batch), about=about)
            owed = self._ledger.owed(place)
            if owed is None or _told_by(owed.after) != _told_by(then):
                self._ledger.owe(Owed(place, self._notification(place, group, batch, about), then))
            return
        self._ledger.settle(place)
        then = replace(after(batch), about=about)
        if batch.reason is Reason.NO_RESOLVES_WANTED or then.acknowledged != batch.sent.acknowledged:
            self._ledger.told(place, then)

    def _notification(self, place: Place, group: AlertGroup, batch: Batch, about: About) -> Notification:
        alerts = alerts_of(batch)
        told = (batch.firing, batch.known, batch.resolved)
        ids = "|".join(",".join(str(one.id) for one in members) for members in told)
        # The instant tells it from one about the same alerts after all that was told of the group has been forgotten.
        named = blake2b(f"{place}{batch.sent.count} {batch.now} {ids}".encode(), digest_size=16).hexdigest()
        return Notification(
            id=named,
            tenant=group.tenant,
            receiver=about.receiver,
            group_key=about.key,
            group_labels=about.labels,
            status=status_of(batch),
            alerts=alerts,
            at=batch.now,
            external_url=self._external_url,
            because=because_of(batch),
        )

    def _fade(self, monotonic: int) -> None:
        """Forget what channels were told where it makes no difference any more."""
        if monotonic < self._fade_at:
            return
        self._fade_at, now = monotonic + LOOK_AGAIN, self._clock.now()
        for place, cooldown in list(self._fading.items()):
            sent = self._ledger.sent(place)
            is_over = sent.is_forgettable(now, cooldown)
            if is_over and not self._busy(place):
                self._ledger.drop(place)
            if is_over or sent.firing:
                del self._fading[place]

    def _times(self) -> tuple[int, int]:
        """Wall time, and that on a clock that never goes back; both in ms."""
        return self._clock.now(), monotonic_ms(self._clock)


_TOLD: Final = frozenset({AlertState.FIRING, AlertState.RESOLVED})


def _told_by(then: Sent) -> tuple[object, ...]:
    """What a channel knows of alerts, whenever it heard it."""
    return then.firing.keys(), then.resolved.keys(), then.acknowledged
