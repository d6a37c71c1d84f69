"""Put a report together: how rules fired by the series ALERTS, who was told, how rules are evaluated, and how checks did."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from sightline.application.deliver import HISTORY, Decision
from sightline.application.derive import GroupState
from sightline.application.evaluate import RuleStatus
from sightline.application.read import Piece
from sightline.domain.alerts.firing import firings
from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.series import ALERTS, STATE
from sightline.domain.errors import InvalidParameter
from sightline.domain.labels import METRIC_NAME, Matcher, MatchOp
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.selection import Selection
from sightline.domain.reports.summary import AlertTally, Failing, Slow, Summary, Told, by_rule, tally
from sightline.domain.reports.uptime import UptimeSummary
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, HOUR, TimeRange, format_duration
from sightline.ports.clock import Clock

MAX_ALERTS: Final = 100_000
"""Alerts that one report looks at; of further ones it says that there are more."""
USUAL: Final = 7 * DAY
"""The time that a report is about where nobody says, ms."""

_FAILED: Final = frozenset({Reason.CHANNEL_FAILED, Reason.CIRCUIT_OPEN})
_FIRING: Final = (
    Matcher(METRIC_NAME, MatchOp.EQUAL, ALERTS),
    Matcher(STATE, MatchOp.EQUAL, AlertState.FIRING.value),
)


class Reading(Protocol):
    """Stored series."""

    def streamed(
        self, principal: Principal, selection: Selection, make: Callable[[SeriesColumns], list[AlertTally]], /
    ) -> AsyncGenerator[Piece[list[AlertTally]], None]:
        """What `make` makes of the selected series, some at a time."""
        ...


class Rules(Protocol):
    """Rules of people and of the program."""

    def rules(self, principal: Principal, /) -> list[RuleStatus]:
        """How they are doing."""
        ...


class RuleFiles(Protocol):
    """Rules of files."""

    def groups(self, principal: Principal, /) -> list[GroupState]:
        """Their groups, and how they are doing."""
        ...


class History(Protocol):
    """Who was told of what."""

    def history(self, principal: Principal, /) -> Sequence[Decision]:
        """The latest decisions, newest first."""
        ...


class RecapChecks(Protocol):
    """How checks did."""

    async def __call__(self, principal: Principal, within: TimeRange, /) -> UptimeSummary | None:
        """In a time; None where there are none."""
        ...


@dataclass(frozen=True, slots=True)
class ReportLimits:
    """Bounds, ms. retention: the longest time that a report can be about. lookback: after which nobody knows how an alert was."""

    retention: int = 15 * DAY
    lookback: int = 300_000


class Summarize:
    """The use case. Decisions about telling people are remembered in memory; a report says from when on it knows them."""

    def __init__(
        self,
        read: Reading,
        rules: Rules,
        files: RuleFiles,
        notices: History,
        clock: Clock,
        limits: ReportLimits | None = None,
        machines: Sequence[str] = (),
        *,
        recap: RecapChecks | None = None,
    ) -> None:
        """machines: names of the rules whose alerts are about machines and containers. recap: what tells of checks."""
        self._read = read
        self._rules = rules
        self._files = files
        self._notices = notices
        self._clock = clock
        self._limits = limits or ReportLimits()
        self._machines = frozenset(machines)
        self._recap = recap
        self._started = clock.now()

    async def __call__(self, principal: Principal, period: int | None = None, end: int | None = None) -> Summary:
        """A report about a time, ms, that ends at `end`, or now.

        Raises:
            InvalidParameter: the time is shorter than an hour, or longer than samples are kept.
            ReadTooLarge, QueryTimeout, TooManyQueries, Unavailable: as reading says.
        """
        length = min(USUAL, self._limits.retention) if period is None else period
        if not HOUR <= length <= max(HOUR, self._limits.retention):
            kept = format_duration(self._limits.retention)
            raise InvalidParameter(
                f"period: wants a time between 1h and {kept}, as long as samples are kept", parameter="period"
            )
        end = self._clock.now() if end is None else end
        within = TimeRange(end - length, end)
        groups = self._files.groups(principal)
        alerts, is_partial = await self._alerts(principal, within, groups)
        machines = [one for one in alerts if one.name in self._machines]
        told, since = self._told(principal, within)
        return Summary(
            within,
            by_rule(alerts),
            sorted(machines, key=lambda one: (-one.firing, one.name, one.labels)),
            told,
            since,
            _slow(groups),
            [*_failing(self._rules.rules(principal)), *_failing_in(groups)],
            is_partial,
            None if self._recap is None else await self._recap(principal, within),
        )

    async def _alerts(
        self, principal: Principal, within: TimeRange, groups: Sequence[GroupState]
    ) -> tuple[list[AlertTally], bool]:
        """How alerts fired, and whether there are more than are looked at."""
        slowest = max((state.group.interval for state in groups), default=0)
        gap = max(self._limits.lookback, 2 * slowest)

        def make(columns: SeriesColumns) -> list[AlertTally]:
            found = (tally(one, within, gap) for one in firings(columns, gap))
            return [one for one in found if one is not None]

        alerts: list[AlertTally] = []
        # What fired already when the time began is told apart by its earlier samples.
        selection = Selection(_FIRING, TimeRange(within.start - gap, within.end))
        async with aclosing(self._read.streamed(principal, selection, make)) as pieces:
            async for piece in pieces:
                alerts += piece.made
                if len(alerts) > MAX_ALERTS:
                    return alerts[:MAX_ALERTS], True
        return alerts, False

    def _told(self, principal: Principal, within: TimeRange) -> tuple[list[Told], int]:
        """What became of telling receivers, by name, and from when on that is known."""
        decisions = self._notices.history(principal)
        since = decisions[-1].at if len(decisions) >= HISTORY else self._started
        counts: dict[str, list[int]] = {}
        for one in decisions:
            if within.start <= one.at <= within.end:
                which = 0 if one.told else 2 if one.reason in _FAILED else 1
                counts.setdefault(one.channel.receiver, [0, 0, 0])[which] += 1
        return [Told(receiver, *its) for receiver, its in sorted(counts.items())], max(within.start, since)


def _slow(groups: Sequence[GroupState]) -> list[Slow]:
    found = [
        Slow(state.group.name, state.group.file, state.took, state.group.interval)
        for state in groups
        if state.evaluated_at is not None
    ]
    return sorted(found, key=lambda one: (-one.took, one.file, one.name))


def _failing(rules: Sequence[RuleStatus]) -> list[Failing]:
    return [Failing(one.name, one.problem, one.failing_since) for one in rules if one.problem]


def _failing_in(groups: Sequence[GroupState]) -> list[Failing]:
    return [Failing(one.name, one.error, one.failing_since) for state in groups for one in state.rules if one.error]
