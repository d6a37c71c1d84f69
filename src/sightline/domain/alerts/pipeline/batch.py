"""One group on its way to one channel, as the stages hand it on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from sightline.domain.alerts.inhibition import Inhibition
from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.sent import Member, Sent
from sightline.domain.alerts.route import Route
from sightline.domain.alerts.time_intervals import TimeIntervals
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant


class WhenMuted(StrEnum):
    """What a channel hears of an alert of which it was told and that something mutes since: nothing yet, or one of these at once.

    Whatever it is, a channel that was told that an alert fires is told that it ended, once.
    """

    HOLD = "hold"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Manners:
    """How a channel is told. cooldown: ms, the least time from hearing that an alert fires to hearing that it fires again."""

    sends_resolved: bool = True
    when_muted: WhenMuted = WhenMuted.HOLD
    cooldown: int = 0


class Hold(NamedTuple):
    """Why an alert is not told.

    by: ids of silences, fingerprints of alerts, or names of time intervals or maintenance windows.
    """

    reason: Reason
    by: tuple[str, ...] = ()


Holds = Mapping[int, Hold]
"""By ids of alerts."""


SilencedBy = Callable[[Labels], tuple[str, ...]]
"""Gives the ids of the silences that an alert satisfies."""
Silencing = Callable[[Tenant], SilencedBy]
"""What a tenant silences now."""
MaintainedBy = Callable[[Labels], tuple[str, ...]]
"""Gives the names of the maintenance windows that cover the check that an alert is about."""
Maintaining = Callable[[Tenant], MaintainedBy]
"""What a tenant has in maintenance now."""


def not_maintained(_: Labels) -> tuple[str, ...]:
    """Where nothing is in maintenance."""
    return ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the stages look at beside the group."""

    inhibition: Inhibition
    silenced_by: SilencedBy
    intervals: TimeIntervals
    now: int
    maintained_by: MaintainedBy = not_maintained


Mute = Callable[[Route, tuple[Member, ...], Surroundings], Holds]
"""A stage that holds alerts of a group whoever is to be told: gives those among the members that it holds."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a channel would be told.

    muted: what the mutes hold. firing, resolved: alerts that it would be told of. silently: those of `sent.firing` of which it
    hears nothing now, and which stay as they are. known: those that it is told are known. held: alerts that were taken out, and
    why. reason: why it is told, or why not. tell: which of the two. again_at: wall time, ms, when a stage will say something else
    though nothing happens; None without.
    """

    route: Route
    manners: Manners
    sent: Sent
    now: int
    muted: Holds
    firing: tuple[Member, ...] = ()
    resolved: tuple[Member, ...] = ()
    known: tuple[Member, ...] = ()
    silently: tuple[Member, ...] = ()
    held: Holds = field(default_factory=dict)
    reason: Reason = Reason.NOTHING_NEW
    tell: bool = False
    again_at: int | None = None

    def holding(self, holds: Holds) -> "Batch":
        """The same, with what was taken out."""
        return replace(self, held={**self.held, **holds}) if holds else self


Stage = Callable[[Batch], Batch]
"""A stage that decides what one channel hears."""


def sooner(one: int | None, other: int) -> int:
    """The earlier of two instants, the first of which may be none."""
    return other if one is None else min(one, other)
