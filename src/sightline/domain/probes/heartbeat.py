"""Heartbeats: where a check stands that waits for pings, when the next is due, and when it counts as missed.

A heartbeat is late from the instant at which a ping was due, and down when its grace has passed too. Late is still up, as in
Healthchecks: it is shown, and nobody is told. A run that began and does not end within the grace is missed likewise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Final

from sightline.domain.probes.cron import Cron
from sightline.domain.probes.monitor import Gap
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.outcome import Reason
from sightline.domain.probes.ping import Ping, PingKind, complaint, measured
from sightline.domain.probes.result import HERE, Judgement, Result, Verdict
from sightline.domain.timerange import SECOND, format_duration

MAX_RUNS: Final = 100
"""Runs of one check that are under way at once; of more the oldest are forgotten."""


class HeartbeatState(StrEnum):
    """Where a heartbeat stands; whether a run is under way is told beside."""

    NEW = "new"
    """No ping came yet, or none since it was resumed."""
    UP = "up"
    LATE = "late"
    """A ping is due, and the grace has not passed."""
    DOWN = "down"
    PAUSED = "paused"


class HeartbeatEvent(StrEnum):
    """What moves a heartbeat."""

    SUCCEEDED = "succeeded"
    STARTED = "started"
    FAILED = "failed"
    LOGGED = "logged"
    DUE = "due"
    MISSED = "missed"
    PAUSED = "paused"
    RESUMED = "resumed"


TRANSITIONS: Final[dict[tuple[HeartbeatState, HeartbeatEvent], HeartbeatState]] = {
    **{(state, event): state for state, event in product(HeartbeatState, HeartbeatEvent)},
    **{(state, HeartbeatEvent.SUCCEEDED): HeartbeatState.UP for state in HeartbeatState},
    **{(state, HeartbeatEvent.FAILED): HeartbeatState.DOWN for state in HeartbeatState},
    (HeartbeatState.UP, HeartbeatEvent.DUE): HeartbeatState.LATE,
    (HeartbeatState.NEW, HeartbeatEvent.MISSED): HeartbeatState.DOWN,
    (HeartbeatState.UP, HeartbeatEvent.MISSED): HeartbeatState.DOWN,
    (HeartbeatState.LATE, HeartbeatEvent.MISSED): HeartbeatState.DOWN,
    **{(state, HeartbeatEvent.PAUSED): HeartbeatState.PAUSED for state in HeartbeatState},
    (HeartbeatState.PAUSED, HeartbeatEvent.RESUMED): HeartbeatState.NEW,
}
"""Every state and every event. A new heartbeat can only miss the end of a run that began."""
_EVENTS: Final = {
    PingKind.SUCCESS: HeartbeatEvent.SUCCEEDED,
    PingKind.START: HeartbeatEvent.STARTED,
    PingKind.FAIL: HeartbeatEvent.FAILED,
    PingKind.LOG: HeartbeatEvent.LOGGED,
    PingKind.IGNORED: HeartbeatEvent.LOGGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How a heartbeat stands. Times are wall time, ms.

    since: when it came to stand so. reason, message: why. pings: how many ever came. last_ping: the last success or failure; what
    is due is counted from it. runs: those under way, the oldest first, each with its name and start. seconds: how long the last
    run took. told_at: of the last result that was made of it: results go forward, whatever clocks do.
    """

    state: HeartbeatState = HeartbeatState.NEW
    since: int = 0
    reason: Reason = Reason.OK
    message: str = ""
    pings: int = 0
    last_ping: int | None = None
    last_kind: PingKind | None = None
    runs: tuple[tuple[str, int], ...] = ()
    seconds: float | None = None
    told_at: int = 0

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return bool(self.runs)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When a ping is due, and when it counts as missed, ms; None never. is_run: whether it is the end of a run that is missed.

    doubted: whether one that was due may have come while nobody was there to take it.
    """

    due: int | None = None
    missed: int | None = None
    is_run: bool = False
    doubted: bool = False


def heard(pulse: Pulse, ping: Ping) -> Pulse:
    """How a heartbeat stands after a ping, which has its number and time."""
    event = _EVENTS[ping.kind]
    after = _moved(replace(pulse, pings=ping.number), event, ping.at)
    if event is HeartbeatEvent.STARTED:
        others = tuple(run for run in pulse.runs if run[0] != ping.run)
        return replace(after, runs=(*others, (ping.run, ping.at))[-MAX_RUNS:], last_kind=ping.kind)
    if event is HeartbeatEvent.LOGGED:
        return after
    started_at = dict(pulse.runs).get(ping.run)
    failed = event is HeartbeatEvent.FAILED
    # What does not say which run it ends ends all of them, and so does a failure.
    runs = () if failed or not ping.run else tuple(run for run in pulse.runs if run[0] != ping.run)
    return replace(
        after,
        last_ping=ping.at,
        last_kind=ping.kind,
        runs=runs,
        seconds=measured(ping, started_at),
        reason=Reason.FAILED if failed else Reason.OK,
        message=complaint(ping) if failed else "",
    )


def deadlines(pulse: Pulse, options: Heartbeat, gap: Gap | None = None) -> Deadlines:
    """When a ping is due, and when it is missed. gap: the last stretch in which pings could not be taken.

    What would have been missed in the gap, or so soon after that its sender may not have tried again, is missed when the grace
    has passed from the gap's end; until then nobody can tell.
    """
    if pulse.state in {HeartbeatState.DOWN, HeartbeatState.PAUSED}:
        return Deadlines()
    due = _due(pulse, options)
    missed = None if due is None else due + options.grace
    is_run = False
    if pulse.runs:
        end = pulse.runs[0][1] + options.grace
        is_run = missed is None or end < missed
        missed = end if missed is None else min(missed, end)
    if gap is None or missed is None or missed < gap.since or (pulse.last_ping or 0) >= gap.until:
        return Deadlines(due, missed, is_run)
    # Only what could have come in the gap can have been lost there.
    expected = missed - options.grace if due is None else min(due, missed - options.grace)
    doubted = expected <= gap.until
    return Deadlines(due, max(missed, gap.until + options.grace) if doubted else missed, is_run, doubted)


def at(pulse: Pulse, options: Heartbeat, now: int, gap: Gap | None = None) -> Pulse:
    """How a heartbeat stands at an instant, ms, without another ping."""
    lines = deadlines(pulse, options, gap)
    if lines.missed is not None and lines.missed <= now:
        moved = _moved(pulse, HeartbeatEvent.MISSED, lines.missed)
        return replace(moved, runs=(), reason=Reason.MISSED, message=_missing(options, lines, gap))
    if lines.due is not None and lines.due <= now and pulse.state is HeartbeatState.UP:
        late = format_duration(options.grace)
        message = f"a ping is due, and may be {late} late"
        return replace(_moved(pulse, HeartbeatEvent.DUE, lines.due), reason=Reason.LATE, message=message)
    return pulse


def switched(pulse: Pulse, now: int, *, enabled: bool) -> Pulse:
    """How a heartbeat stands after it was paused or resumed, or is as it was."""
    moved = _moved(pulse, HeartbeatEvent.RESUMED if enabled else HeartbeatEvent.PAUSED, now)
    return moved if moved is pulse else replace(moved, runs=(), reason=Reason.OK, message="")


def judged(pulse: Pulse) -> Judgement | None:
    """What a heartbeat's state means for its check; None where it says nothing: nothing came yet, or it is paused."""
    if pulse.state in {HeartbeatState.NEW, HeartbeatState.PAUSED}:
        return None
    verdict = Verdict.DOWN if pulse.state is HeartbeatState.DOWN else Verdict.UP
    return Judgement(verdict, pulse.reason, pulse.message)


def result(check: int, pulse: Pulse, judgement: Judgement, now: int) -> tuple[Result, Pulse]:
    """What is told of a check at an instant, and the pulse that remembers that it was. The last run's time is told again."""
    told_at = max(now, pulse.told_at + 1)
    made = Result(
        check=check,
        location=HERE,
        at=told_at,
        seconds=pulse.seconds or 0.0,
        verdict=judgement.verdict,
        reason=judgement.reason,
        message=judgement.message,
    )
    return made, replace(pulse, told_at=told_at)


def changes(pulse: Pulse, options: Heartbeat, gap: Gap | None = None) -> Iterator[int]:
    """The instants, ms, at which it will stand otherwise without another ping."""
    lines = deadlines(pulse, options, gap)
    if lines.missed is not None:
        yield lines.missed
    if lines.due is not None and pulse.state is HeartbeatState.UP:
        yield lines.due


def _moved(pulse: Pulse, event: HeartbeatEvent, now: int) -> Pulse:
    state = TRANSITIONS[pulse.state, event]
    return pulse if state is pulse.state else replace(pulse, state=state, since=now)


def _due(pulse: Pulse, options: Heartbeat) -> int | None:
    if pulse.last_ping is None or pulse.state is HeartbeatState.NEW:
        return None
    if not options.cron:
        return pulse.last_ping + options.period
    return _next_due(options.cron, options.timezone, pulse.last_ping)


def _missing(options: Heartbeat, lines: Deadlines, gap: Gap | None) -> str:
    grace = format_duration(options.grace)
    message = (
        f"a run that began did not end within {grace}" if lines.is_run else f"no ping came, {grace} after it was due"
    )
    if lines.doubted and gap is not None:
        away = format_duration(max(SECOND, (gap.until - gap.since) // SECOND * SECOND))
        message += f"; one may have been lost while pings could not be taken for {away}"
    return message


@lru_cache(maxsize=65_536)
def _next_due(cron: str, zone: str, last_ping: int) -> int | None:
    """What a schedule says, remembered: it takes 60 us, and ten thousand heartbeats are asked again and again."""
    return Cron(cron, zone).next(last_ping)
