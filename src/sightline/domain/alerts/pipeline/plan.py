"""Who is told of what: all that the pipeline goes by, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.pipeline.batch import Manners
from sightline.domain.alerts.route import Route
from sightline.domain.alerts.time_intervals import TimeIntervals
from sightline.domain.timerange import MINUTE

RESOLVE_TIMEOUT: Final = 5 * MINUTE
"""After how long an alert that is not posted again has ended, where nobody said when."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to a receiver. key: names it for good. kind: as people know it, such as `slack`."""

    key: str
    receiver: str
    kind: str
    manners: Manners = Manners()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes, receivers and what keeps them from being told.

    channels: by names of receivers, each of which has some or none. resolve_timeout: ms. fallback: the receiver that is told where
    another one's channel does not take what it is told; empty without. text: the configuration as it was written.
    """

    route: Route
    channels: Mapping[str, tuple[Channel, ...]]
    inhibit_rules: tuple[InhibitRule, ...] = ()
    intervals: TimeIntervals = field(default_factory=dict)
    resolve_timeout: int = RESOLVE_TIMEOUT
    fallback: str = ""
    text: str = ""

    def channel(self, key: str) -> Channel | None:
        """The channel of that key, if it is there."""
        return next((one for channels in self.channels.values() for one in channels if one.key == key), None)

    @property
    def mutes(self) -> bool:
        """Whether anything may keep an alert from being told that is no alert of the group itself: other alerts, or the time."""
        by_time = any(one.mute_time_intervals or one.active_time_intervals for one in self.route.walk())
        return by_time or bool(self.inhibit_rules)

    def channels_of(self, route: Route) -> tuple[Channel, ...]:
        """The channels that a route tells."""
        return self.channels.get(route.receiver, ())
