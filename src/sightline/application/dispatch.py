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
from sightline.domain.alerts.pipeline.batch import Batch, Holds, Surroundings, WhenMuted
from sightline.domain.alerts.pipeline.group import LOOK_AGAIN, LOOK_AGAIN_HELD, AlertGroup, group_id, group_key
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.pipeline.sent import About, Member, Owed, Place, Sent, member
from sightline.domain.alerts.pipeline.stages import after, alerts_of, because_of, consider, held, left, status_of
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
    """An alert, and the groups that it is in.

    is_outside: whether it counts among those from outside. has_parted: whether it ended and a group let go of it, while others
    still have to tell its end.
    """

    member: Member
    groups: tuple[AlertGroup, ...] = ()
    is_outside: bool = False
    has_parted: bool = False


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
        look_again: int = LOOK_AGAIN,
    ) -> None:
        """ready: returns when it is known what is silenced. external_url: where people reach this program, if anybody said.

        look_again: as `AlertGroup.flushed` has it.
        """
        self._plan = plan
        self._ledger = ledger
        self._silencing = silencing
        self._ready = ready
        self._clock = clock
        self._telemetry = telemetry
        self._external_url = external_url
        self._max_alerts = max_alerts
        self._look_again = look_again
        self._alerts: dict[AlertKey, _Held] = {}
        self._groups: dict[tuple[Tenant, str], AlertGroup] = {}
        self._due: list[tuple[int, int, AlertGroup]] = []
        self._order = count()
        self._outside: dict[Tenant, int] = {}
        self._fading: dict[Place, int] = {}
        self._fade_at = 0
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
        refused, now = 0, self._clock.now()
        for alert in alerts:
            is_known = (principal.tenant, alert.labels) in self._alerts
            if not is_known and not alert.has_ended(now) and self._outside.get(principal.tenant, 0) >= self._max_alerts:
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
        plan, monotonic, looked_at = self._plan, self._monotonic(), 0
        while self._due and self._due[0][0] <= monotonic:
            due_at, _, group = heapq.heappop(self._due)
            if not self._is_due(due_at, group):
                continue
            group.queued_at = None
            surroundings = around.get(group.tenant)
            if surroundings is None:
                surroundings = around[group.tenant] = self._surroundings(group.tenant)
            try:
                self._look_at(group, surroundings, monotonic)
            except Exception:  # a defect of ours goes on to the outermost loop, and costs no other group its turn
                group.flushed(monotonic)
                self._schedule(group)
                raise
            looked_at += 1
            if looked_at % _AT_ONCE == 0:
                await asyncio.sleep(0)
                if self._plan is not plan:
                    plan, around = self._plan, {}
        self._fade(monotonic)
        self._telemetry.set(GROUPS, len(self._groups))
        self._telemetry.set(HELD, len(self._alerts))
        await self._ledger.save()

    def next_look(self) -> int | None:
        """When a group is to be looked at next, ms on the clock that never goes back; None without any."""
        while self._due and not self._is_due(self._due[0][0], self._due[0][2]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def settled(self, place: Place) -> None:
        """A channel was told of a group, or not: what else there is of it is looked at with the next tick."""
        self._keep_for(place, self._alert_of)
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
            if group.tenant != principal.tenant:
                continue
            shown = [
                self._shown(self._alerts[group.tenant, labels], (group,), around)
                for labels, one in sorted(group.members.items())
                if one.id not in group.left and not one.alert.has_ended(around.now)
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
        holds = self._held(group, around)
        channels: list[ChannelWhy] = []
        for channel, is_other in self._channels(group):
            place = Place(channel.key, group.tenant, group.id)
            batch = self._consider(group, place, channel, holds, around, is_other=is_other)
            sent, hold = batch.sent, batch.held.get(one.id)
            reason, by = (batch.reason, ()) if hold is None else hold
            told_at = sent.at or None
            channels.append(
                ChannelWhy(channel, one.id in sent.firing, reason, by, told_at, self._ledger.owed(place) is not None)
            )
        look_at = around.now + max(0, group.due_at - self._monotonic())
        receiver = group.route.receiver or next((one.receiver for one in group.others.values()), "")
        return GroupWhy(group.key, group.labels, receiver, look_at, tuple(channels))

    # Taking in

    def _take_in(self, alerts: Iterable[PostedAlert]) -> None:
        now = self._clock.now()
        for alert in alerts:
            if alert.has_ended(now) and (alert.tenant, alert.labels) not in self._alerts:
                continue  # nobody knows of it, so nobody need hear that it is over
            entered = self._enter(alert, now)
            if entered is not None:
                self._ledger.keep(entered)

    def _enter(self, alert: PostedAlert, now: int) -> PostedAlert | None:
        """Take in one alert; what is to be kept of it, None where nothing is new."""
        key = (alert.tenant, alert.labels)
        one = self._alerts.get(key)
        if one is None:
            one = self._alerts[key] = _Held(member(alert), is_outside=not alert.rule)
            one.groups = self._join_groups(alert.tenant, one.member, now)
            if one.is_outside:
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
        if one.has_parted and not alert.has_ended(now):
            one.has_parted = False
            one.groups = tuple(dict.fromkeys((*self._join_groups(alert.tenant, one.member, now), *one.groups)))
        return alert

    def _join_groups(self, tenant: Tenant, one: Member, now: int) -> tuple[AlertGroup, ...]:
        monotonic = self._monotonic()
        found: list[AlertGroup] = []
        for route in self._plan.route.taken(one.alert.labels):
            group = self._group(tenant, route, route.group_labels(one.alert.labels), monotonic)
            group.left.discard(one.id)
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
        elif not group.route.receiver:  # it was kept for those that were told of it
            group.route = route
            for channel in self._plan.channels_of(route):
                group.others.pop(channel.key, None)
        return group

    def _is_due(self, at: int, group: AlertGroup) -> bool:
        """Whether a group is still there, and still to be looked at then."""
        return at == group.queued_at and self._groups.get((group.tenant, group.id)) is group

    def _schedule(self, group: AlertGroup) -> None:
        if group.due_at != group.queued_at:
            group.queued_at = group.due_at
            heapq.heappush(self._due, (group.due_at, next(self._order), group))

    def _settle_places(self) -> None:
        """Find out who was told what by channels and routes that are no longer there.

        A channel that is gone is told nothing more. One to which routes lead no longer is told of alerts of which it was told until
        they have ended, and of nothing else.
        """
        by_id = {(tenant, one.member.id): one for (tenant, _), one in self._alerts.items()}
        for place in self._ledger.places():
            channel = self._plan.channel(place.channel)
            if channel is None:
                self._ledger.drop(place)
            elif self._ledger.sent(place).firing:
                self._keep_for(place, lambda *key: by_id.get(key))
            else:
                self._fading[place] = channel.manners.cooldown
        for owed in self._ledger.all_owed():
            place = owed.place
            if self._busy(place):
                self._keep_for(place, lambda *key: by_id.get(key), owed.after)
            elif (group := self._groups.get((place.tenant, place.group))) is None or not any(
                one.key == place.channel for one in self._plan.channels_of(group.route)
            ):
                self._ledger.settle(place)

    def _keep_for(self, place: Place, find: Callable[[Tenant, int], _Held | None], sent: Sent | None = None) -> None:
        """See to it that a channel that was told of alerts will be told of their end, wherever they are now."""
        sent = self._ledger.sent(place) if sent is None else sent
        channel = self._plan.channel(place.channel)
        if channel is None or not sent.firing:
            return
        group = self._groups.get((place.tenant, place.group))
        there = set() if group is None else {one.id for one in group.members.values()}
        away = [one for one in (find(place.tenant, key) for key in sent.firing if key not in there) if one is not None]
        if group is None:
            if not away:
                return
            about = sent.about
            route = Route(place.group, about.key, "", group_interval=self._plan.route.group_interval)
            group = AlertGroup(place.tenant, route, about.labels, place.group, about.key, self._monotonic())
            self._groups[place.tenant, place.group] = group
        if channel not in self._plan.channels_of(group.route):
            group.others[channel.key] = channel
        for one in away:
            group.members[one.member.alert.labels] = one.member
            group.left.add(one.member.id)
            one.groups = (*one.groups, group)
        self._schedule(group)

    def _alert_of(self, tenant: Tenant, key: int) -> _Held | None:
        """An alert by its id; goes through all of them, so for what is rare."""
        return next((one for (whose, _), one in self._alerts.items() if whose == tenant and one.member.id == key), None)

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
        now, holds = around.now, self._held(group, around)
        again_at = [now + LOOK_AGAIN_HELD] if holds else []
        is_busy = False
        for channel, is_other in self._channels(group):
            place = Place(channel.key, group.tenant, group.id)
            if self._busy(place):
                is_busy = True
                continue
            batch = self._consider(group, place, channel, holds, around, is_other=is_other)
            self._act(place, channel, group, batch, is_other=is_other)
            if batch.again_at is not None:
                again_at.append(batch.again_at)
        if not is_busy:
            self._part(group, now)
        again_at += [one.alert.ends_at for one in group.members.values() if one.alert.ends_at is not None]
        if not group.members:
            del self._groups[group.tenant, group.id]
            return
        group.flushed(monotonic, min(again_at) - now if again_at else None, self._look_again)
        if is_busy:
            group.owes(monotonic)
        self._schedule(group)

    @staticmethod
    def _held(group: AlertGroup, around: Surroundings) -> Holds:
        members = tuple(group.members.values())
        holds = held(group.route, members, around)
        return {**holds, **left(one for one in members if one.id in group.left)} if group.left else holds

    def _consider(
        self, group: AlertGroup, place: Place, channel: Channel, holds: Holds, around: Surroundings, *, is_other: bool
    ) -> Batch:
        members, manners = tuple(group.members.values()), channel.manners
        if is_other:
            manners, holds = replace(manners, when_muted=WhenMuted.HOLD), left(members)
        return consider(group.route, manners, members, holds, self._ledger.sent(place), around.now)

    def _channels(self, group: AlertGroup) -> list[tuple[Channel, bool]]:
        """Who is to be told of a group, and whether they only hear the end of what they were told."""
        return [
            *((one, False) for one in self._plan.channels_of(group.route)),
            *((one, True) for one in group.others.values()),
        ]

    def _act(self, place: Place, channel: Channel, group: AlertGroup, batch: Batch, *, is_other: bool) -> None:
        """Owe a channel what was decided, or nothing."""
        self._said(channel, group, batch)
        about = batch.sent.about if is_other else About(group.route.receiver, group.key, group.labels)
        if batch.tell:
            then = replace(after(batch), about=about)
            owed = self._ledger.owed(place)
            if owed is None or _told_by(owed.after) != _told_by(then):
                self._ledger.owe(Owed(place, self._notification(place, group, batch, about), then))
            return
        self._ledger.settle(place)
        if batch.reason is Reason.NO_RESOLVES_WANTED:
            self._ledger.told(place, replace(after(batch), about=about))

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

    def _part(self, group: AlertGroup, now: int) -> None:
        """Let go of alerts that ended and of whose end nobody is still to be told."""
        cooldowns = {Place(one.key, group.tenant, group.id): one.manners.cooldown for one, _ in self._channels(group)}
        thought = {one for place in cooldowns for one in self._ledger.sent(place).firing}
        for labels, one in list(group.members.items()):
            if one.id in thought or not (one.id in group.left or one.alert.has_ended(now)):
                continue
            del group.members[labels]
            group.left.discard(one.id)
            entry = self._alerts[group.tenant, labels]
            entry.groups = tuple(other for other in entry.groups if other is not group)
            entry.has_parted = True
            if not entry.groups:
                self._forget(entry)
        for place, cooldown in cooldowns.items():
            if not self._ledger.sent(place).firing and (not group.members or place.channel in group.others):
                group.others.pop(place.channel, None)
                self._fading[place] = cooldown

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

    def _forget(self, one: _Held) -> None:
        alert = one.member.alert
        del self._alerts[alert.tenant, alert.labels]
        self._ledger.forget((alert.tenant, alert.labels))
        if one.is_outside:
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
            tuple(dict.fromkeys(group.route.receiver for group in one.groups if one.member.id not in group.left)),
            around.silenced_by(labels),
            tuple(fingerprint(why.source) for why in around.inhibition.reasons(labels)),
            tuple(dict.fromkeys(muted)),
        )

    def _monotonic(self) -> int:
        """Ms on a clock that never goes back."""
        return round(self._clock.monotonic() * 1_000)


_TOLD: Final = frozenset({AlertState.FIRING, AlertState.RESOLVED})


def _told_by(then: Sent) -> tuple[object, ...]:
    """What a channel knows of alerts, whenever it heard it."""
    return then.firing.keys(), then.resolved.keys(), then.acknowledged


def _is_only_longer(before: PostedAlert, alert: PostedAlert, now: int) -> bool:
    """Whether nothing is new of an alert but until when it is taken to fire."""
    # What a rule of ours says of a value is new with each value, and comes again after a restart.
    says_the_same = bool(alert.rule) or before.annotations == alert.annotations
    is_longer = alert.ends_at is None or (before.ends_at is not None and before.ends_at <= alert.ends_at)
    ends_alike = before.has_ended(now) == alert.has_ended(now) and (is_longer or before.has_ended(now))
    return says_the_same and ends_alike and before.starts_at == alert.starts_at
