"""Bring alerts to those who are to be told of them: the pipeline of `domain.alerts.pipeline.stages`, at work.

Alerts of our rules and from outside are the same here. What is to be told is owed to channels, and `Deliver` hands it over.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import count
from typing import Final

from sightline.application.ledger import Ledger
from sightline.domain.alerts.inhibition import Inhibition
from sightline.domain.alerts.notice import AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification, fingerprint
from sightline.domain.alerts.pipeline.batch import Batch, Surroundings
from sightline.domain.alerts.pipeline.group import AlertGroup, group_id, group_key
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.pipeline.sent import About, Member, Owed, Place, member
from sightline.domain.alerts.pipeline.stages import after, alerts_of, consider, held, left, status_of
from sightline.domain.alerts.pipeline.times import time_hold
from sightline.domain.alerts.pipeline.why import ChannelWhy, GroupWhy, Why
from sightline.domain.alerts.posted import PostedAlert, posted
from sightline.domain.alerts.route import Route
from sightline.domain.alerts.shown import ShownAlert, ShownGroup
from sightline.domain.errors import NotFound, TooManyAlerts
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.clock import Clock
from sightline.ports.notification_log import AlertKey
from sightline.ports.telemetry import Instrument, Kind, Telemetry

MAX_ALERTS: Final = 100_000
"""How many alerts from outside a tenant may have at once."""
_AT_ONCE: Final = 200
"""Groups that are looked at before others have their turn on the event loop."""

GROUPS: Final = Instrument("sightline_alert_groups", "Groups of alerts that are told together.", Kind.GAUGE)
HELD: Final = Instrument(
    "sightline_alerts_in_pipeline", "Alerts that fire or whose end is still to be told.", Kind.GAUGE
)

SilencedBy = Callable[[Labels], tuple[str, ...]]
"""Gives the ids of the silences that an alert satisfies."""
Silencing = Callable[[Tenant], SilencedBy]
"""What a tenant silences now."""


async def _at_once() -> None:
    """Where nothing has to be waited for."""


@dataclass(slots=True, eq=False)
class _Held:
    """An alert, and the groups that it is in."""

    member: Member
    groups: tuple[AlertGroup, ...] = ()


class Dispatch:
    """The use case. `load` comes first; what is posted before that waits for it.

    A group is looked at when it is due, hence once in its interval at most, and every channel of its route is owed what it does not
    know yet. All of this is in memory; what must outlive the program is in the ledger before a channel is told.
    """

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        silencing: Silencing,
        clock: Clock,
        telemetry: Telemetry,
        *,
        ready: Callable[[], Awaitable[None]] = _at_once,
        external_url: str = "",
        max_alerts: int = MAX_ALERTS,
    ) -> None:
        """ready: returns when it is known what is silenced. external_url: where people reach this program, if anybody said."""
        self._plan = plan
        self._ledger = ledger
        self._silencing = silencing
        self._ready = ready
        self._clock = clock
        self._telemetry = telemetry
        self._external_url = external_url
        self._max_alerts = max_alerts
        self._alerts: dict[AlertKey, _Held] = {}
        self._groups: dict[tuple[Tenant, str], AlertGroup] = {}
        self._due: list[tuple[int, int, AlertGroup]] = []
        self._order = count()
        self._outside: dict[Tenant, int] = {}
        self._early: list[PostedAlert] = []
        self._loaded = asyncio.Event()
        self._busy: Callable[[Place], bool] = lambda _: False
        self._said: Callable[[Channel, AlertGroup, Batch], None] = lambda *_: None

    @property
    def receivers(self) -> Sequence[str]:
        """The names of receivers, in the order of the configuration."""
        return tuple(self._plan.channels)

    @property
    def config_text(self) -> str:
        """The configuration, as YAML without secrets."""
        return self._plan.text

    @property
    def resolve_timeout(self) -> int:
        """After how long, ms, an alert that was posted without an end is taken to have ended."""
        return self._plan.resolve_timeout

    @property
    def plan(self) -> Plan:
        """What it goes by."""
        return self._plan

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
        now = self._clock.now()
        latest = now + self._plan.resolve_timeout
        for alert in logged.alerts:
            is_over = alert.has_ended(alert.updated_at)
            ends_at = alert.ends_at if is_over or alert.ends_at is None else max(alert.ends_at, latest)
            timed = not is_over and alert.ends_at is None
            self._enter(replace(alert, ends_at=latest if timed else ends_at, timed=timed or alert.timed), now)
        self._settle_places()
        self._loaded.set()
        self._take_in(self._early)
        self._early.clear()

    async def adopt(self, plan: Plan) -> None:
        """Go by another plan from now on; alerts find their groups anew."""
        self._plan = plan
        self._groups.clear()
        self._due.clear()
        now = self._clock.now()
        for key, one in list(self._alerts.items()):
            one.groups = self._join_groups(key[0], one.member, now)
        self._settle_places()

    async def post(self, principal: Principal, alerts: Iterable[PostedAlert]) -> None:
        """Take in alerts of the principal's tenant; when it returns they are in the log.

        Raises:
            TooManyAlerts: there is no room for all; those that are known, and as many others as there is room for, are taken in.
            Unavailable, StorageFull: the log does not take them; whoever posts them is to do so again.
        """
        await self._loaded.wait()
        refused = 0
        for alert in alerts:
            is_known = (principal.tenant, alert.labels) in self._alerts
            if not is_known and self._outside.get(principal.tenant, 0) >= self._max_alerts:
                refused += 1
            else:
                self._take_in((replace(alert, tenant=principal.tenant),))
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
        now = self._clock.now()
        found = [
            one.member.alert
            for (whose, _), one in self._alerts.items()
            if whose == tenant and one.member.alert.rule == rule and one.member.alert.timed
        ]
        firing = [replace(alert, ends_at=None, timed=False) for alert in found if not alert.has_ended(now)]
        for alert in firing:
            self._enter(alert, now)
        return firing

    async def run_once(self) -> None:
        """Look at every group that is due, and owe channels what they are to be told.

        Raises:
            Unavailable, StorageFull: the log does not take what changed; it will be saved later.
        """
        await self.load()
        around: dict[Tenant, Surroundings] = {}
        monotonic, looked_at = self._monotonic(), 0
        while self._due and self._due[0][0] <= monotonic:
            due_at, _, group = heapq.heappop(self._due)
            if due_at != group.due_at or self._groups.get((group.tenant, group.id)) is not group:
                continue
            surroundings = around.get(group.tenant)
            if surroundings is None:
                surroundings = around[group.tenant] = self._surroundings(group.tenant)
            self._look_at(group, surroundings, monotonic)
            looked_at += 1
            if looked_at % _AT_ONCE == 0:
                await asyncio.sleep(0)
        self._telemetry.set(GROUPS, len(self._groups))
        self._telemetry.set(HELD, len(self._alerts))
        await self._ledger.save()

    def settled(self, place: Place) -> None:
        """A channel was told of a group: what else there is of it is looked at with the next tick."""
        group = self._groups.get((place.tenant, place.group))
        if group is not None:
            group.owes(self._monotonic())
            self._schedule(group)

    def alerts(self, principal: Principal) -> Sequence[ShownAlert]:
        """The alerts of the principal's tenant that fire, by their labels, and what becomes of each."""
        around = self._surroundings(principal.tenant)
        return [
            self._shown(one, one.groups, around)
            for (tenant, _), one in sorted(self._alerts.items(), key=lambda item: item[0])
            if tenant == principal.tenant and not one.member.alert.has_ended(around.now)
        ]

    def groups(self, principal: Principal) -> Sequence[ShownGroup]:
        """The groups of the principal's tenant, by receiver and labels; one that has no alert that fires is not there."""
        around = self._surroundings(principal.tenant)
        found: list[ShownGroup] = []
        for group in self._groups.values():
            if group.tenant != principal.tenant or group.is_left:
                continue
            shown = [
                self._shown(self._alerts[group.tenant, labels], (group,), around)
                for labels, one in sorted(group.members.items())
                if not one.alert.has_ended(around.now)
            ]
            if shown:
                found.append(ShownGroup(group.key, group.labels, group.route.receiver, tuple(shown)))
        return sorted(found, key=lambda group: (group.labels, group.receiver, group.key))

    def why(self, principal: Principal, name: str) -> Why:
        """The way of an alert of the principal's tenant through the pipeline, as it would be now. name: its fingerprint.

        Raises:
            NotFound: no such alert fires.
        """
        key = next((key for key in self._alerts if key[0] == principal.tenant and fingerprint(key[1]) == name), None)
        if key is None:
            raise NotFound(f"no alert with the fingerprint {name[:40]!r} is there: it may have ended", fingerprint=name)
        one, around = self._alerts[key], self._surroundings(principal.tenant)
        return Why(
            self._shown(one, one.groups, around),
            tuple(self._plan.route.decide(key[1])),
            tuple(self._why_group(group, one.member, around) for group in one.groups),
        )

    def _why_group(self, group: AlertGroup, one: Member, around: Surroundings) -> GroupWhy:
        members = tuple(group.members.values())
        holds = left(members) if group.is_left else held(group.route, members, around)
        channels: list[ChannelWhy] = []
        for channel in self._plan.channels_of(group.route):
            place = Place(channel.key, group.tenant, group.id)
            sent = self._ledger.sent(place)
            batch = consider(group.route, channel.manners, members, holds, sent, around.now)
            hold = batch.held.get(one.id)
            reason, by = (batch.reason, ()) if hold is None else hold
            told_at = sent.at or None
            channels.append(
                ChannelWhy(channel, one.id in sent.firing, reason, by, told_at, self._ledger.owed(place) is not None)
            )
        look_at = around.now + max(0, group.due_at - self._monotonic())
        return GroupWhy(group.key, group.labels, group.route.receiver, look_at, tuple(channels))

    # Taking in

    def _take_in(self, alerts: Iterable[PostedAlert]) -> None:
        now = self._clock.now()
        for alert in alerts:
            entered = self._enter(alert, now)
            if entered is not None:
                self._ledger.keep(entered)

    def _enter(self, alert: PostedAlert, now: int) -> PostedAlert | None:
        """Take in one alert; what is to be kept of it, None where nothing is new."""
        key = (alert.tenant, alert.labels)
        one = self._alerts.get(key)
        if one is None:
            one = self._alerts[key] = _Held(member(alert))
            one.groups = self._join_groups(alert.tenant, one.member, now)
            if not alert.rule:
                self._outside[alert.tenant] = self._outside.get(alert.tenant, 0) + 1
            return alert
        before = one.member.alert
        alert = alert.after(before)
        one.member = Member(one.member.id, alert)
        if _is_only_longer(before, alert, now):
            for group in one.groups:
                group.members[alert.labels] = one.member
            return None
        monotonic = self._monotonic()
        for group in one.groups:
            group.put(one.member, now, monotonic)
            self._schedule(group)
        return alert

    def _join_groups(self, tenant: Tenant, one: Member, now: int) -> tuple[AlertGroup, ...]:
        monotonic = self._monotonic()
        found: list[AlertGroup] = []
        for route in self._plan.route.taken(one.alert.labels):
            group = self._group(tenant, route, route.group_labels(one.alert.labels), monotonic)
            group.put(one, now, monotonic)
            self._schedule(group)
            found.append(group)
        return tuple(found)

    def _group(self, tenant: Tenant, route: Route, labels: Labels, monotonic: int) -> AlertGroup:
        name = group_id(route, labels)
        group = self._groups.get((tenant, name))
        if group is None:
            due_at = monotonic + route.group_wait
            group = AlertGroup(tenant, route, labels, name, group_key(route, labels), due_at)
            self._groups[tenant, name] = group
        return group

    def _schedule(self, group: AlertGroup) -> None:
        heapq.heappush(self._due, (group.due_at, next(self._order), group))

    def _settle_places(self) -> None:
        """Find out who was told what by channels and routes that are no longer there.

        A channel that is gone is told nothing more. A group to which no route leads is kept for its channel until all of which that
        was told has ended.
        """
        there = {one.key: one for channels in self._plan.channels.values() for one in channels}
        by_id = {one.member.id: one for one in self._alerts.values()}
        for place in self._ledger.places():
            channel, sent = there.get(place.channel), self._ledger.sent(place)
            if channel is None:
                self._ledger.drop(place)
                self._ledger.settle(place)
                continue
            group = self._groups.get((place.tenant, place.group))
            if not sent.firing or (group is not None and channel in self._plan.channels_of(group.route)):
                continue
            self._keep_for(place, sent.about, [by_id[one] for one in sent.firing if one in by_id])

    def _keep_for(self, place: Place, about: About, alerts: Sequence[_Held]) -> None:
        if not alerts or (place.tenant, place.group) in self._groups:
            return
        route = Route(place.group, about.key, about.receiver)
        group = AlertGroup(place.tenant, route, about.labels, place.group, about.key, self._monotonic(), is_left=True)
        self._groups[place.tenant, place.group] = group
        for one in alerts:
            group.members[one.member.alert.labels] = one.member
            one.groups = (*one.groups, group)
        self._schedule(group)

    # Looking at groups

    def _surroundings(self, tenant: Tenant) -> Surroundings:
        now = self._clock.now()
        rules = self._plan.inhibit_rules
        firing = (
            (
                labels
                for (whose, labels), one in self._alerts.items()
                if whose == tenant and not one.member.alert.has_ended(now)
            )
            if rules
            else ()
        )
        return Surroundings(Inhibition(rules, firing), self._silencing(tenant), self._plan.intervals, now)

    def _look_at(self, group: AlertGroup, around: Surroundings, monotonic: int) -> None:
        """Decide for every channel of a group."""
        members, now = tuple(group.members.values()), around.now
        holds = left(members) if group.is_left else held(group.route, members, around)
        again_at: list[int] = []
        is_busy = False
        for channel in self._plan.channels_of(group.route):
            place = Place(channel.key, group.tenant, group.id)
            if self._busy(place):
                is_busy = True
                continue
            batch = consider(group.route, channel.manners, members, holds, self._ledger.sent(place), now)
            self._act(place, channel, group, batch)
            if batch.again_at is not None:
                again_at.append(batch.again_at)
        if not is_busy:
            self._part(group, now)
        again_at += [one.alert.ends_at for one in group.members.values() if one.alert.ends_at is not None]
        if not group.members:
            del self._groups[group.tenant, group.id]
            return
        group.flushed(monotonic, min(again_at) - now if again_at else None)
        if is_busy:
            group.owes(monotonic)
        self._schedule(group)

    def _act(self, place: Place, channel: Channel, group: AlertGroup, batch: Batch) -> None:
        """Owe a channel what was decided, or nothing."""
        self._said(channel, group, batch)
        about = About(group.route.receiver, group.key, group.labels)
        if batch.tell:
            then = replace(after(batch), about=about)
            owed = self._ledger.owed(place)
            if owed is None or (owed.after.firing.keys(), owed.after.resolved.keys()) != (
                then.firing.keys(),
                then.resolved.keys(),
            ):
                self._ledger.owe(Owed(place, self._notification(place, group, batch), then))
            return
        self._ledger.settle(place)
        if batch.reason is Reason.NO_RESOLVES_WANTED:
            self._ledger.told(place, replace(after(batch), about=about))

    def _notification(self, place: Place, group: AlertGroup, batch: Batch) -> Notification:
        alerts = alerts_of(batch)
        told = "".join(f"{one.id}{'-' if one in batch.resolved else '+'}" for one in (*batch.firing, *batch.resolved))
        named = blake2b(f"{place}{batch.sent.count}{batch.sent.at}{told}".encode(), digest_size=16).hexdigest()
        return Notification(
            id=named,
            tenant=group.tenant,
            receiver=group.route.receiver,
            group_key=group.key,
            group_labels=group.labels,
            status=status_of(batch),
            alerts=alerts,
            at=batch.now,
            external_url=self._external_url,
        )

    def _part(self, group: AlertGroup, now: int) -> None:
        """Let go of alerts that ended and of whose end nobody is still to be told."""
        places = [Place(one.key, group.tenant, group.id) for one in self._plan.channels_of(group.route)]
        thought = {one for place in places for one in self._ledger.sent(place).firing}
        for labels, one in list(group.members.items()):
            if one.id in thought or not (group.is_left or one.alert.has_ended(now)):
                continue
            del group.members[labels]
            entry = self._alerts[group.tenant, labels]
            entry.groups = tuple(other for other in entry.groups if other is not group)
            if not entry.groups:
                self._forget(entry.member.alert)
        if not group.members:
            for place in places:
                manners = next(c.manners for c in self._plan.channels_of(group.route) if c.key == place.channel)
                if self._ledger.sent(place).is_forgettable(now, manners.cooldown):
                    self._ledger.drop(place)

    def _forget(self, alert: PostedAlert) -> None:
        del self._alerts[alert.tenant, alert.labels]
        self._ledger.forget((alert.tenant, alert.labels))
        if not alert.rule:
            self._outside[alert.tenant] -= 1

    def _shown(self, one: _Held, groups: tuple[AlertGroup, ...], around: Surroundings) -> ShownAlert:
        labels = one.member.alert.labels
        muted = tuple(
            name
            for group in groups
            if (hold := time_hold(group.route, around.intervals, around.now)) is not None
            for name in hold.by
        )
        return ShownAlert(
            one.member.alert,
            tuple(dict.fromkeys(group.route.receiver for group in one.groups if not group.is_left)),
            around.silenced_by(labels),
            tuple(fingerprint(why.source) for why in around.inhibition.reasons(labels)),
            tuple(dict.fromkeys(muted)),
        )

    def _monotonic(self) -> int:
        """Ms on a clock that never goes back."""
        return round(self._clock.monotonic() * 1_000)


_TOLD: Final = frozenset({AlertState.FIRING, AlertState.RESOLVED})


def _is_only_longer(before: PostedAlert, alert: PostedAlert, now: int) -> bool:
    """Whether nothing is new of an alert but until when it is taken to fire."""
    # What a rule of ours says of a value is new with each value, and comes again after a restart.
    says_the_same = bool(alert.rule) or before.annotations == alert.annotations
    return says_the_same and before.has_ended(now) == alert.has_ended(now) and before.starts_at == alert.starts_at
