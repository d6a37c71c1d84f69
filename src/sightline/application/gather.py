"""Gather alerts in groups: which alerts are there, which groups they are in, and when each group is to be looked at.

Whoever calls says what time it is: `now` is wall time, `monotonic` is on a clock that never goes back; both in ms.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from sightline.application.ledger import Ledger
from sightline.domain.alerts.inhibition import Inhibition
from sightline.domain.alerts.pipeline.batch import MaintainedBy, SilencedBy, Surroundings, not_maintained
from sightline.domain.alerts.pipeline.group import AlertGroup, group_id, group_key
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.pipeline.sent import Member, Place, Sent, member
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.route import Route
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant
from sightline.ports.clock import Clock
from sightline.ports.notification_log import AlertKey


@dataclass(slots=True, eq=False)
class Gathered:
    """An alert, and the groups that it is in.

    is_outside: whether it counts among those from outside. has_parted: whether it ended and a group let go of it, while others
    still have to tell its end.
    """

    member: Member
    groups: tuple[AlertGroup, ...] = ()
    is_outside: bool = False
    has_parted: bool = False

    @property
    def alert(self) -> PostedAlert:
        """The alert as it is now."""
        return self.member.alert


class Gather:
    """The use case. A group is looked at when it is due, hence once in its interval at most.

    All of this is in memory, and made anew from the log after a restart. What channels were told is read in the ledger: a group
    stays for those that were told of an alert, wherever routes lead it now.
    """

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self._plan = plan
        self._ledger = ledger
        self._alerts: dict[AlertKey, Gathered] = {}
        self._groups: dict[tuple[Tenant, str], AlertGroup] = {}
        self._due: list[tuple[int, int, AlertGroup]] = []
        self._order = count()
        self._outside: dict[Tenant, int] = {}

    # What is there

    @property
    def plan(self) -> Plan:
        """What it goes by."""
        return self._plan

    @property
    def alert_count(self) -> int:
        """How many alerts there are, of all tenants."""
        return len(self._alerts)

    @property
    def group_count(self) -> int:
        """How many groups there are, of all tenants."""
        return len(self._groups)

    def outside(self, tenant: Tenant) -> int:
        """How many alerts of a tenant are from outside."""
        return self._outside.get(tenant, 0)

    def alert(self, tenant: Tenant, labels: Labels) -> Gathered | None:
        """The alert with these labels, if it is there."""
        return self._alerts.get((tenant, labels))

    def alerts(self, tenant: Tenant) -> Iterator[Gathered]:
        """The alerts of a tenant, in no order; goes through those of all."""
        return (one for (whose, _), one in self._alerts.items() if whose == tenant)

    def group(self, place: Place) -> AlertGroup | None:
        """The group that a channel is told of there, if it is still there."""
        return self._groups.get((place.tenant, place.group))

    def groups(self, tenant: Tenant) -> Iterator[AlertGroup]:
        """The groups of a tenant, in no order; goes through those of all."""
        return (group for group in self._groups.values() if group.tenant == tenant)

    def channels(self, group: AlertGroup) -> tuple[Channel, ...]:
        """Who is to be told of a group: the channels of its route, then the others."""
        return (*self._plan.channels_of(group.route), *group.others.values())

    def surroundings(
        self, tenant: Tenant, silenced_by: SilencedBy, now: int, maintained_by: MaintainedBy = not_maintained
    ) -> Surroundings:
        """What is looked at beside a group when it is decided who is told of it."""
        rules = self._plan.inhibit_rules
        firing = (one.alert.labels for one in self.alerts(tenant) if not one.alert.has_ended(now)) if rules else ()
        return Surroundings(Inhibition(rules, firing), silenced_by, self._plan.intervals, now, maintained_by)

    # Taking in

    def enter(self, alert: PostedAlert, now: int, monotonic: int) -> PostedAlert | None:
        """Take in one alert; what is to be kept of it, None where nothing is new."""
        key = (alert.tenant, alert.labels)
        one = self._alerts.get(key)
        if one is None:
            one = self._alerts[key] = Gathered(member(alert), is_outside=not alert.rule)
            one.groups = self._join_groups(alert.tenant, one.member, now, monotonic)
            if one.is_outside:
                self._outside[alert.tenant] = self._outside.get(alert.tenant, 0) + 1
            return alert
        before = one.alert
        alert = alert.after(before)
        one.member = Member(one.member.id, alert)
        if _is_only_longer(before, alert, now):
            for group in one.groups:
                group.members[alert.labels] = one.member
            return None
        for group in one.groups:
            group.put(one.member, now, monotonic)
            self.schedule(group)
        if one.has_parted and not alert.has_ended(now):
            one.has_parted = False
            joined = self._join_groups(alert.tenant, one.member, now, monotonic)
            one.groups = tuple(dict.fromkeys((*joined, *one.groups)))
        return alert

    def adopt(self, plan: Plan, now: int, monotonic: int) -> None:
        """Go by another plan from now on; alerts find their groups anew. `settle_places` is to follow."""
        self._plan = plan
        self._groups.clear()
        self._due.clear()
        for (tenant, _), one in self._alerts.items():
            one.groups = self._join_groups(tenant, one.member, now, monotonic)

    def _join_groups(self, tenant: Tenant, one: Member, now: int, monotonic: int) -> tuple[AlertGroup, ...]:
        found: list[AlertGroup] = []
        for route in self._plan.route.taken(one.alert.labels):
            group = self._group_of(tenant, route, route.group_labels(one.alert.labels), monotonic)
            group.left.discard(one.id)
            group.put(one, now, monotonic)
            self.schedule(group)
            found.append(group)
        return tuple(found)

    def _group_of(self, tenant: Tenant, route: Route, labels: Labels, monotonic: int) -> AlertGroup:
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

    # When groups are looked at

    def schedule(self, group: AlertGroup) -> None:
        """See to it that a group is looked at when it is due."""
        if group.due_at != group.queued_at:
            group.queued_at = group.due_at
            heapq.heappush(self._due, (group.due_at, next(self._order), group))

    def next_due(self) -> int | None:
        """When a group is to be looked at next; None without any."""
        while self._due and not self._is_due(self._due[0][0], self._due[0][2]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def take_due(self, monotonic: int) -> AlertGroup | None:
        """A group that is due by then, the longest first; None without any. Whoever takes it schedules it again."""
        due_at = self.next_due()
        if due_at is None or due_at > monotonic:
            return None
        group = heapq.heappop(self._due)[2]
        group.queued_at = None
        return group

    def _is_due(self, at: int, group: AlertGroup) -> bool:
        """Whether a group is still there, and still to be looked at then."""
        return at == group.queued_at and self._groups.get((group.tenant, group.id)) is group

    # Who was told

    def settle_places(self, is_busy: Callable[[Place], bool], monotonic: int) -> Mapping[Place, int]:
        """Find out who was told what by channels and routes that are no longer there.

        A channel that is gone is told nothing more. One to which routes lead no longer is told of alerts of which it was told until
        they have ended, and of nothing else. is_busy: whether a channel is being told just now. Gives the places where nothing
        fires any more, and the cooldown of each, ms.
        """
        by_id = {(tenant, one.member.id): one for (tenant, _), one in self._alerts.items()}
        over: dict[Place, int] = {}
        for place in self._ledger.places():
            channel = self._plan.channel(place.channel)
            if channel is None:
                self._ledger.drop(place)
            elif (sent := self._ledger.sent(place)).firing:
                self._keep_for(place, sent, lambda *key: by_id.get(key), monotonic)
            else:
                over[place] = channel.manners.cooldown
        for owed in self._ledger.all_owed():
            place = owed.place
            if is_busy(place):
                self._keep_for(place, owed.after, lambda *key: by_id.get(key), monotonic)
            elif (group := self.group(place)) is None or not any(
                one.key == place.channel for one in self._plan.channels_of(group.route)
            ):
                self._ledger.settle(place)
        return over

    def keep_for(self, place: Place, monotonic: int) -> None:
        """See to it that a channel that was told of alerts will be told of their end, wherever they are now."""
        self._keep_for(place, self._ledger.sent(place), self._alert_of, monotonic)

    def _keep_for(
        self, place: Place, sent: Sent, find: Callable[[Tenant, int], Gathered | None], monotonic: int
    ) -> None:
        channel = self._plan.channel(place.channel)
        if channel is None or not sent.firing:
            return
        group = self.group(place)
        there = set() if group is None else {one.id for one in group.members.values()}
        away = [one for one in (find(place.tenant, key) for key in sent.firing if key not in there) if one is not None]
        if group is None:
            if not away:
                return
            about = sent.about
            route = Route(place.group, about.key, "", group_interval=self._plan.route.group_interval)
            group = AlertGroup(place.tenant, route, about.labels, place.group, about.key, monotonic)
            self._groups[place.tenant, place.group] = group
        if channel not in self._plan.channels_of(group.route):
            group.others[channel.key] = channel
        for one in away:
            group.members[one.alert.labels] = one.member
            group.left.add(one.member.id)
            one.groups = (*one.groups, group)
        self.schedule(group)

    def _alert_of(self, tenant: Tenant, key: int) -> Gathered | None:
        """An alert by its id; goes through all of them, so for what is rare."""
        return next((one for one in self.alerts(tenant) if one.member.id == key), None)

    # Letting go

    def part(self, group: AlertGroup, now: int) -> Mapping[Place, int]:
        """Let go of alerts of a group that ended and of whose end nobody is still to be told.

        Gives the places where nothing fires any more, and the cooldown of each, ms.
        """
        cooldowns = {group.place(one): one.manners.cooldown for one in self.channels(group)}
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
        over: dict[Place, int] = {}
        for place, cooldown in cooldowns.items():
            if not self._ledger.sent(place).firing and (not group.members or place.channel in group.others):
                group.others.pop(place.channel, None)
                over[place] = cooldown
        return over

    def close(self, group: AlertGroup) -> None:
        """A group without alerts is there no longer."""
        del self._groups[group.tenant, group.id]

    def _forget(self, one: Gathered) -> None:
        key = (one.alert.tenant, one.alert.labels)
        del self._alerts[key]
        self._ledger.forget(key)
        if one.is_outside:
            self._outside[one.alert.tenant] -= 1


def monotonic_ms(clock: Clock) -> int:
    """What groups are scheduled by: ms on a clock that never goes back."""
    return round(clock.monotonic() * 1_000)


def _is_only_longer(before: PostedAlert, alert: PostedAlert, now: int) -> bool:
    """Whether nothing is new of an alert but until when it is taken to fire."""
    # What a rule of ours says of a value is new with each value, and comes again after a restart.
    says_the_same = bool(alert.rule) or before.annotations == alert.annotations
    is_longer = alert.ends_at is None or (before.ends_at is not None and before.ends_at <= alert.ends_at)
    ends_alike = before.has_ended(now) == alert.has_ended(now) and (is_longer or before.has_ended(now))
    return says_the_same and ends_alike and before.starts_at == alert.starts_at
