"""Chronicle incidents: from transitions of checks, opened, continued and closed, with a line for whatever happened."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sightline.application.enroll import Enrolled
from sightline.domain.events import IncidentChanged
from sightline.domain.probes.cause import TOGETHER, cause_of
from sightline.domain.probes.incident import Entry, EntryKind, Incident, IncidentKind
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.tenancy import Tenant
from sightline.ports.bus import Bus
from sightline.ports.incidents import Incidents
from sightline.ports.telemetry import Instrument, Kind, Telemetry

OPENED: Final = Instrument(
    "sightline_incidents_opened_total", "Incidents that began, by kind.", Kind.COUNTER, ("kind",)
)
LASTING: Final = Instrument("sightline_incidents", "Incidents that last still, all tenants together.", Kind.GAUGE)
MOST_TRACES: Final = 20
"""Traces of failed probes that an incident keeps."""

_KINDS: Final = {
    CheckState.DOWN: IncidentKind.DOWN,
    CheckState.DEGRADED: IncidentKind.DEGRADED,
    CheckState.UNREACHABLE: IncidentKind.UNREACHABLE,
}
_OVER: Final = frozenset({CheckState.UP, CheckState.PAUSED})
_BADNESS: Final = (IncidentKind.DEGRADED, IncidentKind.UNREACHABLE, IncidentKind.DOWN)


@dataclass(frozen=True, slots=True)
class Move:
    """A transition of a check, with the trace of the probe that decided it, if any; root: the check that is behind it."""

    enrolled: Enrolled
    transition: Transition
    trace_id: str = ""
    root: int | None = None


class Chronicle:
    """The use case. A check has at most one incident that lasts; it lasts until the check is up again, or switched off.

    turn: is held by whoever changes an incident.
    """

    def __init__(self, incidents: Incidents, bus: Bus, telemetry: Telemetry) -> None:
        self._incidents = incidents
        self._bus = bus
        self._telemetry = telemetry
        self.turn = asyncio.Lock()
        self._lasting: dict[int, Incident] = {}
        self._tenants: dict[int, Tenant] = {}
        self._causes: dict[tuple[Tenant, str], int] = {}

    @property
    def lasting(self) -> Mapping[int, Incident]:
        """Incidents that last, by check."""
        return self._lasting

    async def load(self) -> None:
        """Take up the incidents that lasted when the program stopped.

        Raises:
            Unavailable: the store cannot be reached.
        """
        for tenant, incident in await self._incidents.lasting():
            if incident.check is not None:
                self._note(tenant, incident)

    async def apply(self, move: Move) -> None:
        """Store what a transition means for the incident of its check.

        Raises:
            Unavailable, StorageFull: nothing is stored; the same transition may be applied again.
        """
        transition, tenant = move.transition, move.enrolled.tenant
        async with self.turn:
            lasting = self._lasting.get(transition.check)
            if lasting is not None:
                await self._continue(tenant, lasting, move)
            elif transition.state in {CheckState.DOWN, CheckState.DEGRADED}:
                await self._open(tenant, move)
            elif transition.state is CheckState.UNREACHABLE:
                await self._mention(tenant, move)
        self._telemetry.set(LASTING, len(self._lasting))

    async def end(self, check: int, at: int, why: str) -> None:
        """Close the incident of a check that is gone; nothing where it has none."""
        async with self.turn:
            incident = self._lasting.get(check)
            if incident is not None:
                entry = Entry(at, EntryKind.RESOLVED, why)
                await self._save(self._tenants[check], replace(incident, ended_at=at), [entry])

    async def say(self, checks: Iterable[int], entry: Entry) -> None:
        """Add a line to the incidents that last of some checks."""
        async with self.turn:
            for incident in [self._lasting[one] for one in checks if one in self._lasting]:
                assert incident.check is not None  # noqa: S101 - it is known by its check
                await self._save(self._tenants[incident.check], incident, [entry])

    def changed(self, tenant: Tenant, incident: Incident) -> None:
        """People changed an incident; where it lasts, it is this that goes on."""
        lasting = self._lasting.get(incident.check) if incident.check is not None else None
        if lasting is not None and lasting.id == incident.id:
            self._note(tenant, incident)
        self._bus.publish(IncidentChanged(tenant, incident))

    async def _open(self, tenant: Tenant, move: Move) -> None:
        transition, check = move.transition, move.enrolled.check
        kind = _KINDS[transition.state]
        cause = cause_of(check.definition, transition.probe_reason)
        opened = Incident(
            id=0,
            check=transition.check,
            kind=kind,
            started_at=transition.at,
            cause=cause,
            title=f"{check.name} is {kind.value}",
            details=transition.message,
            part_of=self._root(tenant, move, cause),
            trace_ids=(move.trace_id,) if move.trace_id else (),
        )
        found = await self._incidents.open(tenant, opened, [Entry(transition.at, EntryKind.OPENED, told(transition))])
        self._telemetry.add(OPENED, labels=(kind.value,))
        self._note(tenant, found)
        self._bus.publish(IncidentChanged(tenant, found))

    def _root(self, tenant: Tenant, move: Move, cause: str) -> int | None:
        """The incident that another follows from: that of what it depends on, or a recent one of the same cause."""
        behind = self._lasting.get(move.root) if move.root is not None else None
        first = self._lasting.get(self._causes.get((tenant, cause), -1))
        if behind is None and first is not None and move.transition.at - first.started_at <= TOGETHER:
            behind = first
        if behind is None or behind.check == move.transition.check:
            return None
        return behind.part_of or behind.id

    async def _continue(self, tenant: Tenant, incident: Incident, move: Move) -> None:
        transition = move.transition
        entries = [Entry(transition.at, EntryKind.TRANSITION, told(transition))]
        traces = tuple(filter(None, dict.fromkeys((move.trace_id, *incident.trace_ids))))[:MOST_TRACES]
        incident = replace(incident, trace_ids=traces)
        if transition.state in _OVER:
            is_up = transition.state is CheckState.UP
            entries.append(Entry(transition.at, EntryKind.RESOLVED, "up again" if is_up else "switched off"))
            incident = replace(incident, ended_at=transition.at)
        elif transition.state in _KINDS:
            kind = max(incident.kind, _KINDS[transition.state], key=_BADNESS.index)
            check = move.enrolled.check
            title = f"{check.name} is {kind.value}" if kind is not incident.kind else incident.title
            incident = replace(incident, kind=kind, title=title, details=incident.details or transition.message)
            if transition.state is CheckState.UNREACHABLE:
                incident = await self._put_beneath(tenant, incident, move.root)
        await self._save(tenant, incident, entries)

    async def _put_beneath(self, tenant: Tenant, incident: Incident, root: int | None) -> Incident:
        """An incident that began before that of what is behind it becomes a part of it, and not the other way round."""
        behind = self._lasting.get(root) if root is not None else None
        if behind is None or behind.id == incident.id:
            return incident
        if behind.part_of == incident.id:
            await self._save(tenant, replace(behind, part_of=None), [])
            return replace(incident, part_of=behind.id)
        return replace(incident, part_of=behind.part_of or behind.id)

    async def _mention(self, tenant: Tenant, move: Move) -> None:
        """What cannot be reached has no incident of its own; it stands in that of what it depends on."""
        behind = self._lasting.get(move.root) if move.root is not None else None
        if behind is not None:
            text = f"{move.enrolled.check.name} cannot be reached: it depends on this"
            await self._save(tenant, behind, [Entry(move.transition.at, EntryKind.TRANSITION, text)])

    async def _save(self, tenant: Tenant, incident: Incident, entries: list[Entry]) -> None:
        saved = await self._incidents.save(tenant, incident, entries)
        self._note(tenant, saved)
        self._bus.publish(IncidentChanged(tenant, saved))

    def _note(self, tenant: Tenant, incident: Incident) -> None:
        assert incident.check is not None  # noqa: S101 - those that people wrote of no check are not followed
        if incident.ended_at is None:
            self._lasting[incident.check], self._tenants[incident.check] = incident, tenant
            first = self._lasting.get(self._causes.get((tenant, incident.cause), -1))
            if first is None or first.started_at > incident.started_at:
                self._causes[tenant, incident.cause] = incident.check
            return
        self._lasting.pop(incident.check, None)
        self._tenants.pop(incident.check, None)
        if self._causes.get((tenant, incident.cause)) == incident.check:
            self._causes.pop((tenant, incident.cause))


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
