"""Why people were, or were not, told of an alert: its way through the pipeline as it would be now."""

from dataclasses import dataclass

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.alerts.route import RouteDecision
from sightline.domain.alerts.shown import ShownAlert
from sightline.domain.labels import Labels


@dataclass(frozen=True, slots=True)
class ChannelWhy:
    """What a channel hears of an alert. Times: wall time, ms.

    told: whether it takes the alert to fire. reason: why it hears of it, or does not, when its group is looked at next; by: what
    holds it. told_at: when it was last told of the group, None for never. is_owed: a notification waits to be delivered.
    """

    channel: Channel
    told: bool
    reason: Reason
    by: tuple[str, ...]
    told_at: int | None
    is_owed: bool


@dataclass(frozen=True, slots=True)
class GroupWhy:
    """A group that an alert is in. look_at: wall time, ms, when it is looked at next."""

    key: str
    labels: Labels
    receiver: str
    look_at: int
    channels: tuple[ChannelWhy, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """An alert's whole way."""

    alert: ShownAlert
    routes: tuple[RouteDecision, ...]
    groups: tuple[GroupWhy, ...]
