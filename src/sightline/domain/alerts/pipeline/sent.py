"""What a channel was told of a group so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels, series_id
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import SECOND

_LATE: Final = 10 * SECOND
"""A notification that took longer counts from when it was taken, so that no reminder follows on its heels."""


class Member(NamedTuple):
    """An alert of a group, and the id of its labels, by which logs know it."""

    id: int
    alert: PostedAlert


class Place(NamedTuple):
    """A channel and a group of a tenant that it is told of. group: names the route and the labels for good."""

    channel: str
    tenant: Tenant
    group: str


class About(NamedTuple):
    """How receivers know a group, for what has to be told of it when no route leads there any more."""

    receiver: str
    key: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class Sent:
    """What a channel was told of a group, by ids of alerts; times are wall time in ms.

    at: when it was told last. firing: those that it takes to fire, and when it last heard so. resolved: those of which it heard
    that they ended, and when it last heard that they fire. acknowledged: those of `firing` that it takes for known, or about which
    it was left alone during maintenance; it hears of them again when that is over. count: how often it was told, which tells
    notifications apart.
    """

    at: int = 0
    firing: Mapping[int, int] = field(default_factory=dict)
    resolved: Mapping[int, int] = field(default_factory=dict)
    acknowledged: frozenset[int] = frozenset()
    count: int = 0
    about: About = About("", "", Labels())  # noqa: RUF009 - immutable

    def heard(self, now: int) -> "Sent":
        """The same where the channel heard it only `now`, some time after it was decided at `at`."""
        firing = {one: now if at == self.at else at for one, at in self.firing.items()}
        return replace(self, firing=firing, at=now if abs(now - self.at) >= _LATE else self.at)

    def is_forgettable(self, now: int, cooldown: int) -> bool:
        """Whether the channel would be treated the same if it had never been told anything."""
        return not self.firing and all(now - fired >= cooldown for fired in self.resolved.values())


NOTHING_SENT: Final = Sent()


@dataclass(frozen=True, slots=True)
class Owed:
    """A notification that a channel has still to take, and what it will have been told then."""

    place: Place
    notification: Notification
    after: Sent


def member(alert: PostedAlert) -> Member:
    """An alert with its id."""
    return Member(series_id(alert.labels), alert)
