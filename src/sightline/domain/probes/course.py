"""The course of an incident: how transitions of its check open it, carry it on and end it, in what words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sightline.domain.probes.cause import cause_of
from sightline.domain.probes.check import Check
from sightline.domain.probes.incident import Entry, EntryKind, Incident, IncidentKind
from sightline.domain.probes.state import CheckState, StateReason, Transition

MOST_TRACES: Final = 20
"""Traces of failed probes that an incident keeps."""
KINDS: Final[Mapping[CheckState, IncidentKind]] = {
    CheckState.DOWN: IncidentKind.DOWN,
    CheckState.DEGRADED: IncidentKind.DEGRADED,
    CheckState.UNREACHABLE: IncidentKind.UNREACHABLE,
}
"""What an incident is about while its check stands so."""
OPENS: Final = frozenset({CheckState.DOWN, CheckState.DEGRADED})
"""States that open an incident where none lasts."""
ENDS: Final = frozenset({CheckState.UP, CheckState.PAUSED})
"""States that end one."""
_BADNESS: Final = (IncidentKind.DEGRADED, IncidentKind.UNREACHABLE, IncidentKind.DOWN)


def opened(check: Check, transition: Transition, trace_id: str, part_of: int | None) -> tuple[Incident, list[Entry]]:
    """The incident that begins with a transition, without an id, and its first line."""
    kind = KINDS[transition.state]
    incident = Incident(
        id=0,
        check=transition.check,
        kind=kind,
        started_at=transition.at,
        cause=cause_of(check.definition, transition.probe_reason),
        title=f"{check.name} is {kind.value}",
        details=transition.message,
        part_of=part_of,
        trace_ids=(trace_id,) if trace_id else (),
    )
    return incident, [Entry(transition.at, EntryKind.OPENED, told(transition))]


def continued(incident: Incident, check: Check, transition: Transition, trace_id: str) -> tuple[Incident, list[Entry]]:
    """An incident after a transition, and the lines that this adds: it ends, or goes on and is as bad as it ever was."""
    entries = [Entry(transition.at, EntryKind.TRANSITION, told(transition))]
    traces = tuple(filter(None, dict.fromkeys((trace_id, *incident.trace_ids))))[:MOST_TRACES]
    incident = replace(incident, trace_ids=traces)
    if transition.state in ENDS:
        is_up = transition.state is CheckState.UP
        entries.append(Entry(transition.at, EntryKind.RESOLVED, "up again" if is_up else "switched off"))
        return replace(incident, ended_at=transition.at), entries
    if transition.state in KINDS:
        kind = max(incident.kind, KINDS[transition.state], key=_BADNESS.index)
        title = f"{check.name} is {kind.value}" if kind is not incident.kind else incident.title
        incident = replace(incident, kind=kind, title=title, details=incident.details or transition.message)
    return incident, entries


def unreachable(check: Check, transition: Transition) -> Entry:
    """The line of what is behind a check that cannot be reached."""
    return Entry(transition.at, EntryKind.TRANSITION, f"{check.name} cannot be reached: it depends on this")


_WORDS: Final = {
    StateReason.NOBODY_HEARD: "no location was heard",
    StateReason.MONITOR_STOPPED: "the monitor was stopped",
    StateReason.MONITOR_STALLED: "the monitor stood still",
    StateReason.MONITOR_CUT_OFF: "the monitor was cut off from everything",
    StateReason.CLOCK_JUMPED: "the clock of the monitor jumped",
    StateReason.SWITCHED_OFF: "switched off",
    StateReason.SWITCHED_ON: "switched on",
    StateReason.WINDOW: "maintenance began",
    StateReason.WINDOW_OVER: "maintenance ended",
    StateReason.DEPENDENCY: "something that it depends on is down",
    StateReason.PARTIAL: "down from some locations",
}


def told(transition: Transition) -> str:
    """A transition in words."""
    found = transition.message or transition.probe_reason if transition.probe_reason != "ok" else ""
    why = ": ".join(filter(None, (_WORDS.get(transition.reason, ""), found)))
    where = f" (from {', '.join(transition.locations)})" if transition.locations else ""
    return f"{transition.previous.value} → {transition.state.value}" + (f": {why}" if why else "") + where
