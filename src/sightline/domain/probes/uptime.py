"""How long checks were well: what transitions amount to over times, windows and days.

All lengths are whole milliseconds. A range's time goes from its start to its end, and what holds from an instant on holds up to
the next. Nothing is counted before the first probe of a check: there was no check, or nothing that anybody could know of it.

Two figures are told of a time. **Raw** is what a reader saw: well over all time in which the check was to be probed, so that
being unknown and maintenance count against it. **Corrected** is what the check itself is answerable for: well over the time in
which somebody could tell and nobody had planned otherwise; unknown, maintenance and pauses are left out of it, and a policy may
count the unknown as up or as down. Neither figure is there (None) where no time counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final

from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.timerange import DAY, SECOND, TimeRange

WELL: Final = (CheckState.UP, CheckState.DEGRADED)
"""What counts as up: it answers, be it badly."""
FAILING: Final = (CheckState.DOWN, CheckState.UNREACHABLE)
BADNESS: Final = (
    CheckState.UP,
    CheckState.PAUSED,
    CheckState.MAINTENANCE,
    CheckState.UNKNOWN,
    CheckState.DEGRADED,
    CheckState.UNREACHABLE,
    CheckState.DOWN,
)
"""All states from the best to the worst: what is not known is worse than what is well, and better than what is known to fail."""
WINDOWS: Final[Mapping[str, int]] = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY}
"""The usual times up to now, ms."""
DAYS: Final = 90
"""Days that a status page shows."""
AWAY_AFTER: Final = 90 * SECOND
"""Without a sign of the monitor for so long (ms) nothing is known."""

_PERCENT: Final = 100
_ALMOST: Final = 99.995
_RANK: Final = {state: rank for rank, state in enumerate(BADNESS)}


class UnknownPolicy(StrEnum):
    """How corrected uptime counts time of which nobody can tell how it was."""

    IGNORE = "ignore"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Span:
    """A check was in one state for one reason from `start` up to, not including, `end`; ms."""

    start: int
    end: int
    state: CheckState
    reason: StateReason


@dataclass(frozen=True, slots=True)
class Uptime:
    """How the time of a range was spent. lengths: ms by state, without zeros. outages: stretches of failing that touch it."""

    lengths: Mapping[CheckState, int] = field(default_factory=dict)
    outages: int = 0

    def length(self, *states: CheckState) -> int:
        """How long it was in any of some states, ms."""
        return sum(self.lengths.get(state, 0) for state in states)

    @property
    def known(self) -> int:
        """How long there was a check at all, ms."""
        return sum(self.lengths.values())

    @property
    def seconds(self) -> dict[CheckState, float]:
        """Seconds by state, without zeros, the worst first."""
        ordered = sorted(self.lengths, key=_RANK.__getitem__, reverse=True)
        return {state: self.lengths[state] / SECOND for state in ordered}

    @property
    def worst(self) -> CheckState | None:
        """The worst state of the range; None where there was no check."""
        return worst(self.lengths)

    @property
    def raw(self) -> float | None:
        """Well over all time but pauses, 0 to 1."""
        return _ratio(self.length(*WELL), self.known - self.length(CheckState.PAUSED))

    def corrected(self, unknown: UnknownPolicy = UnknownPolicy.IGNORE) -> float | None:
        """Well over time in which somebody could tell, 0 to 1."""
        well, failing = self.length(*WELL), self.length(*FAILING)
        match unknown:
            case UnknownPolicy.UP:
                well += self.length(CheckState.UNKNOWN)
            case UnknownPolicy.DOWN:
                failing += self.length(CheckState.UNKNOWN)
            case UnknownPolicy.IGNORE:
                pass
        return _ratio(well, well + failing)


@dataclass(frozen=True, slots=True)
class DayRange:
    """A day of a time zone, from `start` up to, not including, `end`; ms."""

    date: date
    start: int
    end: int


def worst(states: Iterable[CheckState]) -> CheckState | None:
    """The worst of some states; None of none."""
    return max(states, key=_RANK.__getitem__, default=None)


def by_check(transitions: Iterable[Transition]) -> dict[int, list[Transition]]:
    """Transitions in ascending order of check and time, as stores give them, apart by check."""
    return {check: list(its) for check, its in groupby(transitions, lambda one: one.check)}


def last_seen(alive_at: int | None, now: int) -> int | None:
    """Until when the monitor was there to see, as `spans` has it: None while it gives signs. alive_at: of its last one, ms."""
    return alive_at if alive_at is not None and now - alive_at > AWAY_AFTER else None


def spans(transitions: Sequence[Transition], within: TimeRange, seen_until: int | None = None) -> list[Span]:
    """The states of one check within a range, in order and without gaps from its first probe on.

    transitions: those within the range and the last one before it, in ascending order of time. seen_until: when the monitor was
    last there to see, ms; what comes later is unknown, whatever was before, unless the check is paused. None: it still is there.
    """
    found = []
    for one, following in pairwise([*transitions, None]):
        if one is None or one.reason is StateReason.NOT_PROBED:
            continue
        start = max(one.at, within.start)
        end = min(within.end, within.end if following is None else following.at)
        seen = end if seen_until is None or one.state is CheckState.PAUSED else max(start, min(end, seen_until))
        if start < seen:
            found.append(Span(start, seen, one.state, one.reason))
        if max(start, seen) < end:
            found.append(Span(seen, end, CheckState.UNKNOWN, StateReason.MONITOR_STOPPED))
    return found


def uptime(during: Iterable[Span], within: TimeRange) -> Uptime:
    """How one check's time within a range was spent. during: its spans in order; what lies outside the range is cut off."""
    lengths: dict[CheckState, int] = {}
    outages, failed_until = 0, None
    for one in during:
        start, end = max(one.start, within.start), min(one.end, within.end)
        if start >= end:
            continue
        lengths[one.state] = lengths.get(one.state, 0) + end - start
        if one.state in FAILING:
            outages += failed_until != start  # down and unreachable in turn are one outage
            failed_until = end
    return Uptime(lengths, outages)


def together(uptimes: Iterable[Uptime]) -> Uptime:
    """How the time of several checks was spent, all of it together: who was watched for longer weighs more."""
    lengths: dict[CheckState, int] = {}
    outages = 0
    for one in uptimes:
        outages += one.outages
        for state, length in one.lengths.items():
            lengths[state] = lengths.get(state, 0) + length
    return Uptime(lengths, outages)


def share(part: float | None) -> str:
    """A share of time as per cent, for people; 100 % only where nothing at all was missed."""
    if part is None:
        return "no data"
    percent = part * _PERCENT
    if percent == _PERCENT:
        return "100 %"
    return f"{min(percent, 99.99):.2f} %" if percent < _ALMOST else "99.99 %"


def windows(during: Sequence[Span], now: int, lengths: Mapping[str, int] = WINDOWS) -> dict[str, Uptime]:
    """How the times up to now were spent, by name. during: spans of one check that reach back as far as the longest."""
    return {name: uptime(during, TimeRange(now - length, now)) for name, length in lengths.items()}


def last_days(now: int, zone: tzinfo = UTC, count: int = DAYS) -> list[DayRange]:
    """The last days of a time zone, the oldest first and today, as far as it has come, last; some have 23 or 25 hours.

    Where a clock skips midnight, the day begins when it skips.
    """
    today = datetime.fromtimestamp(now // SECOND, UTC).astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
    starts = [round(datetime.combine(one, time.min, tzinfo=zone).timestamp()) * SECOND for one in dates]
    return [DayRange(one, *bounds) for one, bounds in zip(dates, pairwise([*starts, now]), strict=True)]


def days(during: Sequence[Span], ranges: Sequence[DayRange]) -> list[Uptime]:
    """How each of some days was spent. during: spans of one check in order; ranges: days in order."""
    found, place = [], 0
    whole: dict[tuple[CheckState, int], Uptime] = {}  # most days are alike, and a page shows tens of thousands of them
    for one in ranges:
        while place < len(during) and during[place].end <= one.start:
            place += 1
        if place < len(during) and during[place].start <= one.start and during[place].end >= one.end > one.start:
            key = (during[place].state, one.end - one.start)
            its = whole.get(key)
            if its is None:
                its = whole[key] = Uptime(dict([key]), int(key[0] in FAILING))
            found.append(its)
            continue
        touching = place
        while touching < len(during) and during[touching].start < one.end:
            touching += 1
        found.append(uptime(during[place:touching], TimeRange(one.start, one.end)))
    return found


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None
