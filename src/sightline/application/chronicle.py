"""Chronicle incidents: from transitions of checks, opened, continued and closed, with a line for whatever happened."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sightline.application.enroll import Enrolled
from sightline.domain.events import IncidentChanged
from sightline.domain.probes.cause import TOGETHER, cause_of
from sightline.domain.probes.course import OPENS, continued, opened, unreachable
from sightline.domain.probes.incident import Entry, EntryKind, Incident
from sightline.domain.probes.state import CheckState, Transition
from sightline.domain.tenancy import Tenant
from sightline.ports.bus import Bus
from sightline.ports.incidents import Incidents, Written
from sightline.ports.telemetry import Instrument, Kind, Telemetry

OPENED: Final = Instrument(
    "sightline_incidents_opened_total", "Incidents that began, by kind.", Kind.COUNTER, ("kind",)
)
LASTING: Final = Instrument("sightline_incidents", "Incidents that last still, all tenants together.", Kind.GAUGE)

_Cause = tuple[Tenant, str]
_Heads = Mapping[_Cause, Iterable[int]]
"""Checks whose incidents of a cause last and are no parts of others, in the order in which these were opened."""


@dataclass(frozen=True, slots=True)
class Move:
    """A transition of a check, with the trace of the probe that decided it, if any; root: the check that is behind it."""

    enrolled: Enrolled
    transition: Transition
    trace_id: str = ""
    root: int | None = None


class Chronicle:
    """The use case. A check has at most one incident that lasts; it lasts until the check is up again, or switched off.

    Whatever is stored by one call is stored in one transaction. turn: is held by whoever changes an incident.
    """

    def __init__(self, incidents: Incidents, bus: Bus, telemetry: Telemetry) -> None:
        self._incidents = incidents
        self._bus = bus
        self._telemetry = telemetry
        self.turn = asyncio.Lock()
        self._lasting: dict[int, Incident] = {}
        self._tenants: dict[int, Tenant] = {}
        self._heads: dict[_Cause, dict[int, None]] = {}

    @property
    def lasting(self) -> Mapping[int, Incident]:
        """Incidents that last, by check."""
        return self._lasting

    async def load(self) -> None:
        """Take up the incidents that lasted when the program stopped.

        Raises:
            Unavailable: the store cannot be reached.
        """
        for tenant, incident in sorted(await self._incidents.lasting(), key=lambda one: (one[1].started_at, one[1].id)):
            if incident.check is not None:
                self._note(tenant, incident)

    async def apply(self, moves: Sequence[Move]) -> list[Move]:
        """Store what transitions mean for the incidents of their checks, in their order; those to be applied next come back.

        These follow from an incident that is only now stored; the first is never among them.

        Raises:
            Unavailable, StorageFull: nothing is stored; the same transitions may be applied again.
        """
        async with self.turn:
            draft = _Draft(self._lasting, self._heads)
            later = [move for move in moves if not draft.add(move)]
            await self._store(draft.changes)
        self._telemetry.set(LASTING, len(self._lasting))
        return later

    async def end(self, gone: Iterable[tuple[int, int]], why: str) -> None:
        """Close the incidents of checks that are gone, each since a time (ms); nothing where a check has none.

        Raises:
            Unavailable, StorageFull: nothing is stored.
        """
        async with self.turn:
            ended = [(self._lasting[check], at) for check, at in dict(gone).items() if check in self._lasting]
            await self._store(
                [
                    self._change(replace(incident, ended_at=at), Entry(at, EntryKind.RESOLVED, why))
                    for incident, at in ended
                ]
            )

    async def say(self, lines: Iterable[tuple[int, Entry]]) -> None:
        """Add lines to the incidents that last of some checks.

        Raises:
            Unavailable, StorageFull: nothing is stored.
        """
        async with self.turn:
            said = [(self._lasting[check], entry) for check, entry in lines if check in self._lasting]
            await self._store([self._change(incident, entry) for incident, entry in said])

    def changed(self, tenant: Tenant, incident: Incident) -> None:
        """People changed an incident; where it lasts, it is this that goes on."""
        lasting = self._lasting.get(incident.check) if incident.check is not None else None
        if lasting is not None and lasting.id == incident.id:
            self._note(tenant, incident)
        self._bus.publish(IncidentChanged(tenant, incident))

    def _change(self, incident: Incident, entry: Entry) -> Written:
        return Written(self._tenants[_check_of(incident)], incident, (entry,))

    async def _store(self, changes: Sequence[Written]) -> None:
        if not changes:
            return
        stored = await self._incidents.write(changes)
        for change, incident in zip(changes, stored, strict=True):
            self._note(change.tenant, incident)
            if not change.incident.id:
                self._telemetry.add(OPENED, labels=(incident.kind.value,))
        last = {incident.id: (change.tenant, incident) for change, incident in zip(changes, stored, strict=True)}
        for tenant, incident in last.values():
            self._bus.publish(IncidentChanged(tenant, incident))

    def _note(self, tenant: Tenant, incident: Incident) -> None:
        check, cause = _check_of(incident), (tenant, incident.cause)
        if incident.ended_at is None:
            self._lasting[check], self._tenants[check] = incident, tenant
        else:
            self._lasting.pop(check, None)
            self._tenants.pop(check, None)
        heads = self._heads.setdefault(cause, {})
        if incident.ended_at is None and incident.part_of is None:
            heads.setdefault(check)
        else:
            heads.pop(check, None)
        if not heads:
            del self._heads[cause]


class _Draft:
    """What one transaction is to store. It has incidents as they will be then; of one that is new nobody knows the id before.

    unsaid: checks of whose incidents nothing more can be said in this one, for their id or what comes before is not stored yet.
    """

    def __init__(self, lasting: Mapping[int, Incident], heads: _Heads) -> None:
        self._lasting = lasting
        self._heads = heads
        self._drawn: dict[int, Incident | None] = {}
        self._opened: dict[_Cause, int] = {}
        self._unsaid: set[int] = set()
        self.changes: list[Written] = []

    def add(self, move: Move) -> bool:
        """Take in what a transition means; false where that is for the next transaction."""
        involved = {move.transition.check, *(() if move.root is None else (move.root,))}
        if self._unsaid.isdisjoint(involved) and self._take(move):
            return True
        self._unsaid |= involved  # what comes after it must not be stored before it
        if move.transition.state in OPENS:
            self._opened.setdefault(_cause_of(move), move.transition.check)
        return False

    def _take(self, move: Move) -> bool:
        transition, tenant, check = move.transition, move.enrolled.tenant, move.enrolled.check
        lasting = self._of(transition.check)
        if lasting is not None:
            incident, entries = continued(lasting, check, transition, move.trace_id)
            if transition.state is CheckState.UNREACHABLE:
                incident = self._put_beneath(tenant, incident, move.root)
            self._put(tenant, incident, entries)
        elif transition.state in OPENS:
            return self._open(move)
        elif transition.state is CheckState.UNREACHABLE and (behind := self._of(move.root)) is not None:
            # What cannot be reached has no incident of its own; it stands in that of what it depends on.
            self._put(tenant, behind, [unreachable(check, transition)])
        return True

    def _open(self, move: Move) -> bool:
        check, transition = move.enrolled.check, move.transition
        cause = _cause_of(move)
        first = self._first(cause, transition.at)
        if first in self._unsaid:
            return False
        incident, entries = opened(check, transition, move.trace_id, self._root(move, self._of(first)))
        self._put(move.enrolled.tenant, incident, entries)
        self._opened.setdefault(cause, check.id)
        return True

    def _first(self, cause: _Cause, at: int) -> int | None:
        """The check of the incident that one of the cause which begins at `at` (ms) is a part of, or may be; None without one.

        That incident lasts, began shortly before, and is no part of another: so a group does not grow for as long as it is fed.
        """
        for check in self._heads.get(cause, ()):
            if check in self._unsaid:
                return check
            head = self._of(check)
            if head is not None and head.part_of is None and at - head.started_at <= TOGETHER:
                return check
        return self._opened.get(cause)

    def _root(self, move: Move, first: Incident | None) -> int | None:
        """The incident that another follows from: that of what it depends on, or `first`, a recent one of the same cause."""
        behind = self._of(move.root) or first
        if behind is None or behind.check == move.transition.check:
            return None
        return behind.part_of or behind.id

    def _put_beneath(self, tenant: Tenant, incident: Incident, root: int | None) -> Incident:
        """An incident that began before that of what is behind it becomes a part of it, and not the other way round."""
        behind = self._of(root)
        if behind is None or behind.id == incident.id:
            return incident
        if behind.part_of == incident.id:
            self._put(tenant, replace(behind, part_of=None), [])
            return replace(incident, part_of=behind.id)
        return replace(incident, part_of=behind.part_of or behind.id)

    def _of(self, check: int | None) -> Incident | None:
        """The incident of a check as it will last."""
        if check is None:
            return None
        return self._drawn[check] if check in self._drawn else self._lasting.get(check)

    def _put(self, tenant: Tenant, incident: Incident, entries: Sequence[Entry]) -> None:
        self.changes.append(Written(tenant, incident, tuple(entries)))
        self._drawn[_check_of(incident)] = incident if incident.ended_at is None else None
        if not incident.id:
            self._unsaid.add(_check_of(incident))


def _cause_of(move: Move) -> _Cause:
    return move.enrolled.tenant, cause_of(move.enrolled.check.definition, move.transition.probe_reason)


def _check_of(incident: Incident) -> int:
    if incident.check is None:
        raise ValueError("an incident that people wrote of no check follows no check")
    return incident.check
