"""What a status page says at an instant: the whole truth, worst first, and nothing that nobody knows painted as well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sightline.domain.probes.check import Check
from sightline.domain.probes.incident import Entry, EntryKind, Incident, IncidentKind
from sightline.domain.probes.state import CheckState, Transition
from sightline.domain.probes.status_page import MAX_SHOWN, PageGroup, StatusPage
from sightline.domain.probes.uptime import (
    FAILING,
    DayRange,
    Uptime,
    days,
    spans,
    windows,
)
from sightline.domain.timerange import DAY, TimeRange


class Overall(StrEnum):
    """How all that a page shows is, taken together; the worse ones come later."""

    OPERATIONAL = "operational"
    NOTHING = "nothing"
    """There is nothing on the page that is watched."""
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"
    """Of some nobody knows, and nothing is known to be wrong."""
    INCIDENT = "incident"
    """People say that something is wrong, and no check does."""
    DEGRADED = "degraded"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    """More than half of what is watched fails."""


HEADLINES: Final[Mapping[Overall, str]] = {
    Overall.OPERATIONAL: "All systems operational",
    Overall.NOTHING: "Nothing is watched here yet",
    Overall.MAINTENANCE: "Maintenance is under way",
    Overall.UNKNOWN: "The state of some systems is unknown",
    Overall.INCIDENT: "An incident is being handled",
    Overall.DEGRADED: "Some systems are slow or impaired",
    Overall.PARTIAL_OUTAGE: "Partial outage",
    Overall.MAJOR_OUTAGE: "Major outage",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A stretch of maintenance. id: of its window. checks: ids that it covers. recurring: whether it comes again and again."""

    id: str
    title: str
    start: int
    end: int
    checks: frozenset[int]
    description: str = ""
    recurring: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A check on a page. since: when it came to that state, ms, or None before it had any. days: oldest first.

    latency: seconds, means of equal parts of the last day, oldest first, None where there are none; empty where it is not shown.
    """

    id: int
    name: str
    state: CheckState
    since: int | None
    days: Sequence[Uptime]
    windows: Mapping[str, Uptime]
    latency: Sequence[float | None] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its lines."""

    group: PageGroup
    lines: Sequence[Line]

    @property
    def states(self) -> list[CheckState]:
        """The states of its lines."""
        return [one.state for one in self.lines]


@dataclass(frozen=True, slots=True)
class ShownIncident:
    """An incident as readers see it. affects: names of checks. updates: newest first, public ones alone.

    title: as it is now. lasting_title: as it is, or was, for as long as the incident lasts.
    """

    incident: Incident
    title: str
    lasting_title: str
    affects: Sequence[str]
    updates: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a view is made of, beside its page and checks. Transitions are by check, latencies too.

    alive_at: when the monitor was last there, where that is longer ago than it should be; None while it is there.
    """

    transitions: Mapping[int, Sequence[Transition]]
    incidents: Sequence[tuple[Incident, Sequence[Entry]]] = ()
    planned: Sequence[Planned] = ()
    latencies: Mapping[int, Sequence[float | None]] = field(default_factory=dict)
    alive_at: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What a page says at `at`, ms. left_out: how many checks are not shown for want of room. unknown_since: the earliest."""

    page: StatusPage
    at: int
    overall: Overall
    sections: Sequence[Section]
    ranges: Sequence[DayRange]
    incidents: Sequence[ShownIncident]
    planned: Sequence[Planned]
    names: Mapping[int, str]
    unknown_since: int | None = None
    alive_at: int | None = None
    left_out: int = 0

    @property
    def open_incidents(self) -> list[ShownIncident]:
        """Those that last still."""
        return [one for one in self.incidents if one.incident.ended_at is None]

    @property
    def past_incidents(self) -> list[ShownIncident]:
        """Those that are over."""
        return [one for one in self.incidents if one.incident.ended_at is not None]

    @property
    def headline(self) -> str:
        """The most important, in words."""
        if self.overall is Overall.UNKNOWN and self.alive_at is not None:
            return "The state is unknown: the monitor itself is away"
        states = [state for section in self.sections for state in section.states]
        if self.overall is Overall.UNKNOWN and all(one in (CheckState.UNKNOWN, CheckState.PAUSED) for one in states):
            return "The state of all systems is unknown"
        return HEADLINES[self.overall]


def overall(states: Iterable[CheckState], *, has_incident: bool = False) -> Overall:
    """All states taken together; paused checks are as if they were not there. has_incident: people say that one lasts."""
    watched = [state for state in states if state is not CheckState.PAUSED]
    failing = sum(state in FAILING for state in watched)
    if failing:
        return Overall.MAJOR_OUTAGE if 2 * failing > len(watched) else Overall.PARTIAL_OUTAGE
    if CheckState.DEGRADED in watched:
        return Overall.DEGRADED
    if has_incident:
        return Overall.INCIDENT
    if CheckState.UNKNOWN in watched:
        return Overall.UNKNOWN
    if CheckState.MAINTENANCE in watched:
        return Overall.MAINTENANCE
    return Overall.OPERATIONAL if watched else Overall.NOTHING


def view(
    page: StatusPage,
    groups: Sequence[tuple[PageGroup, Sequence[Check]]],
    around: Circumstances,
    ranges: Sequence[DayRange],
    now: int,
) -> View:
    """What a page says. groups: as `placed` gives them; ranges: the days that are shown."""
    sections, room = [], MAX_SHOWN
    for group, checks in groups:
        its = [_line(page, one, around, ranges, now) for one in checks[:room]]
        room -= len(its)
        if its:
            sections.append(Section(group, its))
    names = {line.id: line.name for section in sections for line in section.lines}
    states = [state for section in sections for state in section.states]
    incidents = _incidents(page, around.incidents, names, now)
    lasting = any(one.incident.ended_at is None for one in incidents)
    unknown = [
        line.since for section in sections for line in section.lines if line.state is CheckState.UNKNOWN and line.since
    ]
    return View(
        page,
        now,
        overall(states, has_incident=lasting),
        sections,
        ranges,
        incidents,
        sorted(
            (one for one in around.planned if one.end > now and one.checks & names.keys()), key=lambda one: one.start
        ),
        names,
        min(unknown, default=None),
        around.alive_at,
        sum(len(checks) for _, checks in groups) - len(names),
    )


def _line(page: StatusPage, check: Check, around: Circumstances, ranges: Sequence[DayRange], now: int) -> Line:
    moves = around.transitions.get(check.id, ())
    start = min(ranges[0].start if ranges else now, now - 90 * DAY)
    during = spans(moves, TimeRange(start, now), around.alive_at)
    state, since = CheckState.UNKNOWN, None
    if moves and moves[-1].at <= now:
        state, since = moves[-1].state, _since(moves)
    if around.alive_at is not None and during and during[-1].state is not state:  # the monitor went away later
        state, since = during[-1].state, during[-1].start
    return Line(
        check.id,
        page.called(check),
        state,
        since,
        days(during, ranges) if page.shows.bars else (),
        {name: its for name, its in windows(during, now).items() if name in page.shows.windows},
        around.latencies.get(check.id, ()) if page.shows.latency else (),
        check.definition.description,
    )


def _since(moves: Sequence[Transition]) -> int:
    """When the present state began: another reason for the same state is no new beginning."""
    since = moves[-1].at
    for one in reversed(moves):
        if one.state is not moves[-1].state:
            break
        since = one.at
    return since


def _incidents(
    page: StatusPage, found: Sequence[tuple[Incident, Sequence[Entry]]], names: Mapping[int, str], now: int
) -> list[ShownIncident]:
    """Those that readers see, the latest first; what follows from another that is shown is named there."""
    since = now - max(1, page.shows.incidents) * DAY  # whoever is told of the beginning is told of the end
    mine = {
        one.id: (one, lines)
        for one, lines in found
        if one.public and (one.check is None or one.check in names) and (one.ended_at is None or one.ended_at >= since)
    }
    affects = {key: [names[one.check]] if one.check is not None else [] for key, (one, _) in mine.items()}
    for one, _ in mine.values():
        if one.part_of in mine and one.check is not None:
            affects[one.part_of].append(names[one.check])
    return [
        ShownIncident(
            one,
            _title(one, names, is_over=one.ended_at is not None),
            _title(one, names, is_over=False),
            tuple(dict.fromkeys(affects[one.id])),
            _updates(lines),
        )
        for one, lines in sorted(mine.values(), key=lambda pair: (-pair[0].started_at, -pair[0].id))
        if one.part_of not in mine
    ]


def _title(incident: Incident, names: Mapping[int, str], *, is_over: bool) -> str:
    """What people wrote, or the check's name here and what it is: details of probes are not for the public."""
    if incident.title and incident.kind is IncidentKind.MANUAL:
        return incident.title
    name = names[incident.check] if incident.check is not None else "The monitor"
    said = {
        IncidentKind.DOWN: "was down" if is_over else "is down",
        IncidentKind.DEGRADED: "was impaired" if is_over else "is impaired",
        IncidentKind.UNREACHABLE: "could not be reached" if is_over else "cannot be reached",
        IncidentKind.MANUAL: "has an incident",
    }[incident.kind]
    return f"{name} {said}"


def _updates(lines: Sequence[Entry]) -> list[Entry]:
    shown = [one for one in lines if one.public and one.kind in (EntryKind.UPDATE, EntryKind.POST_MORTEM) and one.text]
    return sorted(shown, key=lambda one: -one.at)
