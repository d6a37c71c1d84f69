"""Whether one channel is told of a change of one alert, now, later or not.

Three promises, to each channel by itself: between two notices that an alert fires lies at least the cooldown; a
notice that it resolved follows only a notice that it fires that the channel took; and whatever is true is told in the
end. So a firing that falls into the cooldown, or that the channel did not take, stays owed and is told when its time
comes, unless the alert resolved first.

Times here are ms on a clock that never goes back: a wall clock set back by an hour must not silence a channel for an
hour.
"""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from sightline.domain.alerts.notice import AlertState, Notice, Reason
from sightline.domain.timerange import MINUTE, SECOND

COOLDOWN: Final = 5 * MINUTE
RETRY_AFTER: Final = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, in ms.

    cooldown: the least time between two notices that an alert fires. retry_after: until a refused notice is tried
    again.
    """

    cooldown: int = COOLDOWN
    retry_after: int = RETRY_AFTER


@dataclass(frozen=True, slots=True)
class Standing:
    """What one channel knows of one alert.

    fired_at: when it last took a firing notice. open: whether it took no resolve since then. owed: the newest change
    that it has not been told of, to be decided at `due_at`.
    """

    fired_at: int | None = None
    open: bool = False
    owed: Notice | None = None
    due_at: int = 0


class Verdict(NamedTuple):
    """Tell the notice or not, and why; `standing` is what follows from not telling it."""

    tell: bool
    reason: Reason
    standing: Standing


NEVER_TOLD: Final = Standing()


def worth_telling(notice: Notice) -> bool:
    """Whether people are told of such a change at all: that an alert fires, and that it fires no longer."""
    return notice.alert.state in {AlertState.FIRING, AlertState.RESOLVED}


def owe(standing: Standing, notice: Notice, now: int) -> Standing:
    """A change came that is worth telling; it takes the place of an older one that was still owed."""
    return replace(standing, owed=notice, due_at=now)


def decide(standing: Standing, notice: Notice, now: int, pace: Pace) -> Verdict:
    """Decide about the notice that is owed and due."""
    if notice.alert.state is AlertState.RESOLVED:
        if standing.open:
            return Verdict(tell=True, reason=Reason.NOTIFIED, standing=standing)
        return Verdict(tell=False, reason=Reason.FIRING_NOT_SENT, standing=replace(standing, owed=None))
    if standing.fired_at is not None and now - standing.fired_at < pace.cooldown:
        held = replace(standing, due_at=standing.fired_at + pace.cooldown)
        return Verdict(tell=False, reason=Reason.COOLDOWN, standing=held)
    return Verdict(tell=True, reason=Reason.NOTIFIED, standing=standing)


def told(standing: Standing, notice: Notice, now: int) -> Standing:
    """The channel took the notice; a newer one that came meanwhile stays owed."""
    owed = None if standing.owed is notice else standing.owed
    if notice.alert.state is AlertState.FIRING:
        return replace(standing, fired_at=now, open=True, owed=owed)
    return replace(standing, open=False, owed=owed)


def refused(standing: Standing, notice: Notice, now: int, pace: Pace) -> Standing:
    """The channel did not take the notice; it stays owed unless a newer one came meanwhile."""
    return replace(standing, due_at=now + pace.retry_after) if standing.owed is notice else standing


def forgettable(standing: Standing, now: int, pace: Pace) -> bool:
    """Whether the channel would be treated the same if it had never been told anything."""
    cooled = standing.fired_at is None or now - standing.fired_at >= pace.cooldown
    return cooled and not standing.open and standing.owed is None
