"""Explain what becomes of alerts: which are there, which are told together, and why people are told of one, or are not.

Nothing is remembered for it: it is decided anew what would be told now, as `Dispatch` decides it.
"""

from collections.abc import Iterable, Sequence

from sightline.application.gather import Gather, Gathered, monotonic_ms
from sightline.application.ledger import Ledger
from sightline.domain.alerts.notification import fingerprint
from sightline.domain.alerts.pipeline.batch import Maintaining, Silencing, Surroundings, not_maintained
from sightline.domain.alerts.pipeline.group import AlertGroup
from sightline.domain.alerts.pipeline.sent import Member
from sightline.domain.alerts.pipeline.stages import consider, held
from sightline.domain.alerts.pipeline.times import time_hold
from sightline.domain.alerts.pipeline.why import ChannelWhy, GroupWhy, Why
from sightline.domain.alerts.shown import ShownAlert, ShownGroup
from sightline.domain.errors import NotFound
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.clock import Clock


class Explain:
    """The use case. It answers at once and changes nothing."""

    def __init__(
        self,
        gather: Gather,
        ledger: Ledger,
        silencing: Silencing,
        clock: Clock,
        *,
        maintaining: Maintaining = lambda _: not_maintained,
    ) -> None:
        self._gather = gather
        self._ledger = ledger
        self._silencing = silencing
        self._maintaining = maintaining
        self._clock = clock

    def alerts(self, principal: Principal) -> Sequence[ShownAlert]:
        """The alerts of the principal's tenant that fire, by their labels, and what becomes of each."""
        around = self._surroundings(principal.tenant)
        firing = (one for one in self._gather.alerts(principal.tenant) if not one.alert.has_ended(around.now))
        return [_shown(one, one.groups, around) for one in sorted(firing, key=lambda one: one.alert.labels)]

    def groups(self, principal: Principal) -> Sequence[ShownGroup]:
        """The groups of the principal's tenant, by receiver and labels; one that has no alert that fires is not there."""
        around = self._surroundings(principal.tenant)
        found: list[ShownGroup] = []
        for group in self._gather.groups(principal.tenant):
            firing = (
                self._gather.alert(group.tenant, labels)
                for labels, one in sorted(group.members.items())
                if one.id not in group.left and not one.alert.has_ended(around.now)
            )
            shown = tuple(_shown(one, (group,), around) for one in firing if one is not None)
            if shown:
                found.append(ShownGroup(group.key, group.labels, group.route.receiver, shown))
        return sorted(found, key=lambda group: (group.labels, group.receiver, group.key))

    def why(self, principal: Principal, name: str) -> Why:
        """The way of an alert of the principal's tenant through the pipeline, as it would be now. name: its fingerprint.

        Raises:
            NotFound: no such alert fires.
        """
        alerts = self._gather.alerts(principal.tenant)
        one = next((one for one in alerts if fingerprint(one.alert.labels) == name), None)
        if one is None:
            raise NotFound(f"no alert with the fingerprint {name[:40]!r} is there: it may have ended", fingerprint=name)
        around = self._surroundings(principal.tenant)
        return Why(
            _shown(one, one.groups, around),
            tuple(self._gather.plan.route.decide(one.alert.labels)),
            tuple(self._why_group(group, one.member, around) for group in one.groups),
        )

    def _why_group(self, group: AlertGroup, one: Member, around: Surroundings) -> GroupWhy:
        holds = held(group, around)
        channels: list[ChannelWhy] = []
        for channel in self._gather.channels(group):
            place = group.place(channel)
            sent = self._ledger.sent(place)
            batch = consider(group, channel, holds, sent, around.now)
            reason, by = batch.held.get(one.id, (batch.reason, ()))
            is_owed = self._ledger.owed(place) is not None
            channels.append(ChannelWhy(channel, one.id in sent.firing, reason, by, sent.at or None, is_owed))
        look_at = around.now + max(0, group.due_at - monotonic_ms(self._clock))
        receiver = group.route.receiver or next((one.receiver for one in group.others.values()), "")
        return GroupWhy(group.key, group.labels, receiver, look_at, tuple(channels))

    def _surroundings(self, tenant: Tenant) -> Surroundings:
        now = self._clock.now()
        return self._gather.surroundings(tenant, self._silencing(tenant), now, self._maintaining(tenant))


def _shown(one: Gathered, groups: Iterable[AlertGroup], around: Surroundings) -> ShownAlert:
    """An alert as people see it. groups: those whose times mute it."""
    labels = one.alert.labels
    muted = tuple(
        name
        for group in groups
        if (hold := time_hold(group.route, around.intervals, around.now)) is not None
        for name in hold.by
    )
    return ShownAlert(
        one.alert,
        tuple(dict.fromkeys(group.route.receiver for group in one.groups if one.member.id not in group.left)),
        around.silenced_by(labels),
        tuple(fingerprint(why.source) for why in around.inhibition.reasons(labels)),
        tuple(dict.fromkeys(muted)),
        around.maintained_by(labels),
    )
