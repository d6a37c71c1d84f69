"""Stage: alerts that are told together, and when.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route (group_by, group_wait, group_interval).
"""

from dataclasses import dataclass, field
from typing import Final

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.alerts.pipeline.sent import Member, Place
from sightline.domain.alerts.route import Route
from sightline.domain.go_literals import quoted
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import SECOND

LOOK_AGAIN: Final = 15 * SECOND
"""How often a group is looked at in which nothing changed: silences, times and other alerts may have."""
LOOK_AGAIN_HELD: Final = 5 * SECOND
"""The same where something is held, which is to be told soon after it no longer is."""


def group_key(route: Route, labels: Labels) -> str:
    """What receivers know a group by, letter by letter as Alertmanager has it."""
    return f"{route.key}:{_written(labels)}"


def group_id(route: Route, labels: Labels) -> str:
    """What names a group for good, also where several routes have the same matchers."""
    return f"{route.id}:{_written(labels)}"


def _written(labels: Labels) -> str:
    return f"{{{', '.join(sorted(f'{name}={quoted(value)}' for name, value in labels))}}}"


@dataclass(slots=True, eq=False)
class AlertGroup:
    """Alerts of a tenant that take the same route and agree in what it groups by.

    members: by labels. due_at: when it is next looked at; flushed_at: when that happened last, None before the first time; both in
    ms on a clock that never goes back. left: ids of members that are here only for those that were told of them, for their route
    leads elsewhere now. others: channels, by key, that were told of members though they are not the route's: it told others before,
    or they stood in for one. said: the last reason for not telling a channel, by its key.
    """

    tenant: Tenant
    route: Route
    labels: Labels
    id: str
    key: str
    due_at: int
    flushed_at: int | None = None
    members: dict[Labels, Member] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    others: dict[str, Channel] = field(default_factory=dict)
    said: dict[str, Reason] = field(default_factory=dict)
    queued_at: int | None = None

    def place(self, channel: Channel) -> Place:
        """Where what a channel was told of it is remembered."""
        return Place(channel.key, self.tenant, self.id)

    def is_other(self, channel: Channel) -> bool:
        """Whether a channel only hears the end of what it was told."""
        return channel.key in self.others

    def put(self, member: Member, now: int, monotonic: int) -> None:
        """Take in an alert, or what is new of it. now: wall time, ms."""
        self.members[member.alert.labels] = member
        if self.flushed_at is None:
            if member.alert.fired_at + self.route.group_wait < now:
                self.due_at = min(self.due_at, monotonic)
        else:
            self.due_at = min(self.due_at, self._tick(monotonic))

    def flushed(self, monotonic: int, again_in: int | None = None, look_again: int = LOOK_AGAIN) -> None:
        """It was looked at, for what was due.

        again_in: ms until something will be said of it though nothing happens. look_again: ms until it is looked at in any case.
        """
        # Looks that come a little late do not shift those that follow.
        self.flushed_at = self.due_at if 0 <= monotonic - self.due_at < self.route.group_interval else monotonic
        wait = look_again if again_in is None else min(look_again, max(1, again_in))
        self.due_at = self._tick(monotonic + wait)

    def owes(self, monotonic: int) -> None:
        """Something of it is still to be done: look again at the next tick."""
        self.due_at = min(self.due_at, self._tick(monotonic))

    def _tick(self, monotonic: int) -> int:
        """The next of the instants that lie whole intervals after the last look."""
        if self.flushed_at is None:
            return self.due_at
        interval = max(1, self.route.group_interval)
        passed = -(-(monotonic - self.flushed_at) // interval)
        return self.flushed_at + max(1, passed) * interval
