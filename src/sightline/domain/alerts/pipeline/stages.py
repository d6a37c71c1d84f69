"""The way of an alert from its posting to a channel: every stage, in order.

    route        which routes it takes                                        `route.Route.taken`
    group        with which alerts it is told, and when                       `pipeline.group.AlertGroup`
    MUTES        what keeps it from being told, whoever would be              each gives what it holds, with reasons
    TELLS        what one channel hears, by what it heard before              each takes a batch and gives one
    deliver      attempts, rate, circuit, fallback                            `application.deliver.Deliver`

The first mute that holds an alert gives the reason.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.notification import Because, Status, in_order
from sightline.domain.alerts.pipeline.batch import Batch, Hold, Holds, Mute, Stage, Surroundings, WhenMuted
from sightline.domain.alerts.pipeline.cool_down import cool_down
from sightline.domain.alerts.pipeline.deduplicate import deduplicate
from sightline.domain.alerts.pipeline.follow import follow
from sightline.domain.alerts.pipeline.group import AlertGroup
from sightline.domain.alerts.pipeline.inhibit import inhibit
from sightline.domain.alerts.pipeline.maintenance import leave_alone
from sightline.domain.alerts.pipeline.mute import mute
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.alerts.pipeline.sent import Member, Sent
from sightline.domain.alerts.pipeline.silence import silence
from sightline.domain.alerts.pipeline.times import mute_by_time
from sightline.domain.alerts.posted import PostedAlert

MUTES: Final[tuple[Mute, ...]] = (mute_by_time, leave_alone, inhibit, silence)
TELLS: Final[tuple[Stage, ...]] = (mute, follow, cool_down, deduplicate)


_BECAUSE: Final = {
    Reason.NEW_ALERTS: Because.NEW_ALERTS,
    Reason.RESOLVES: Because.SOME_RESOLVED,
    Reason.REPEATED: Because.REPEATED,
    Reason.MUTED_AFTER_TELLING: Because.MUTED,
    Reason.NO_LONGER_MUTED: Because.UNMUTED,
}


def held(group: AlertGroup, around: Surroundings) -> Holds:
    """What is held of a group whoever is to be told: each alert by the first mute that does, or because its route is gone."""
    members = tuple(group.members.values())
    together = [stage(group.route, members, around) for stage in reversed(MUTES)]
    muted = {one: hold for holds in together for one, hold in holds.items()}
    return {**muted, **_left(one for one in members if one.id in group.left)} if group.left else muted


def _left(members: Iterable[Member]) -> Holds:
    """What is held of alerts from which no route leads to a channel any more: all of it."""
    return {one.id: Hold(Reason.ROUTE_GONE) for one in members}


def consider(group: AlertGroup, channel: Channel, holds: Holds, sent: Sent, now: int) -> Batch:
    """What a channel hears of a group now. holds: as `held` gives them. sent: what it was told of the group."""
    members, manners = tuple(group.members.values()), channel.manners
    if group.is_other(channel):
        manners, holds = replace(manners, when_muted=WhenMuted.HOLD), _left(members)
    firing, resolved = list[Member](), list[Member]()
    for one in members:
        (resolved if one.alert.has_ended(now) else firing).append(one)
    batch = Batch(group.route, manners, sent, now, holds, tuple(firing), tuple(resolved))
    for stage in TELLS:
        batch = stage(batch)
    return batch


def alerts_of(batch: Batch) -> tuple[PostedAlert, ...]:
    """The alerts that a notification has."""
    resolved = batch.resolved if batch.manners.sends_resolved else ()
    return in_order(one.alert for one in (*batch.firing, *batch.known, *resolved))


def status_of(batch: Batch) -> Status:
    """What a notification says of its group."""
    if batch.firing:
        return Status.FIRING
    return Status.ACKNOWLEDGED if batch.known else Status.RESOLVED


def because_of(batch: Batch) -> Because:
    """What happened that a notification tells of."""
    if batch.reason is Reason.NEW_ALERTS and not batch.sent.firing:
        return Because.FIRST
    if batch.reason is Reason.RESOLVES and not batch.firing:
        return Because.ALL_RESOLVED
    return _BECAUSE[batch.reason]


def after(batch: Batch) -> Sent:
    """What the channel will have been told once it took this, or once it is clear that it wants to hear nothing."""
    sent, told_at = batch.sent, batch.now if batch.tell else batch.sent.at
    firing = {one.id: sent.firing[one.id] for one in (*batch.silently, *batch.known) if one.id in sent.firing}
    firing |= {one.id: batch.now if batch.tell else sent.firing.get(one.id, batch.now) for one in batch.firing}
    recent = {
        one: fired
        for one, fired in sent.resolved.items()
        if one not in firing and batch.now - fired < batch.manners.cooldown
    }
    ended = {one.id: sent.firing[one.id] for one in batch.resolved}
    known = {one.id for one in batch.known} | {one.id for one in batch.silently if _is_known(batch, one)}
    return Sent(told_at, firing, {**recent, **ended}, frozenset(known), sent.count + batch.tell)


def _is_known(batch: Batch, one: Member) -> bool:
    """Whether a channel that hears nothing of an alert now is to hear of it as soon as it may."""
    return one.id in batch.sent.acknowledged or batch.held[one.id].reason is Reason.IN_MAINTENANCE
