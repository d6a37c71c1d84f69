"""What a rule would have done over a past time: when its alerts would have fired, and who would have been told."""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.notification import Status
from sightline.domain.labels import Labels
from sightline.domain.timerange import Grid


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which an alert stood in one state: from `start` until before `end`, ms; None where it goes on after the range."""

    state: AlertState
    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An alert of the rule, and the times in which it was pending, firing or unknown, one after another."""

    labels: Labels
    stretches: Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class Told:
    """A receiver would have been told of a group.

    kinds: of the receiver's channels that are told, such as `slack`. reason: why just then. firing, resolved: labels of the alerts
    that it is told of. summary: what is said of the first of them.
    """

    at: int
    receiver: str
    kinds: tuple[str, ...]
    group_key: str
    group_labels: Labels
    status: Status
    reason: Reason
    firing: tuple[Labels, ...]
    resolved: tuple[Labels, ...]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A receiver would not have been told of an alert from `start` until before `end`, ms, None where that goes on.

    by: ids of silences, fingerprints of alerts or names of time intervals, where the reason has such.
    """

    start: int
    end: int | None
    receiver: str
    labels: Labels
    reason: Reason
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How often a receiver would have been told. kinds: of the channels that it was told by."""

    receiver: str
    kinds: tuple[str, ...]
    notifications: int


@dataclass(frozen=True, slots=True)
class FailedSteps:
    """Instants in a row, from `first` to `last`, ms, at which the rule would have failed for the same reason."""

    first: int
    last: int
    count: int
    error: str


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a rule's alerts. firings: how often one began to fire. left_out: stretches that are counted and not listed."""

    alerts: Sequence[PastAlert] = ()
    firings: int = 0
    left_out: int = 0
    failures: Sequence[FailedSteps] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """Who would have been told, and who not.

    counts: by receiver, the one that is told most first. notifications, held: in order of time; of those that are not listed,
    `left_out` is the number. ended_at: where looking at groups was given up, ms; None where all of the range was gone through.
    """

    notifications: Sequence[Told] = ()
    held: Sequence[HeldBack] = ()
    counts: Sequence[Count] = ()
    left_out: int = 0
    ended_at: int | None = None

    @property
    def total(self) -> int:
        """How many notifications there would have been, listed or not."""
        return sum(one.notifications for one in self.counts)


@dataclass(frozen=True, slots=True)
class Backtest:
    """A rule replayed over stored samples.

    grid: the instants at which it was evaluated. steps: evaluations of single series, of all that its expression gave anywhere in
    the time. warnings: what to know of the result.
    """

    rule: str
    grid: Grid
    steps: int
    found: Found
    telling: Telling
    warnings: Sequence[str] = ()
