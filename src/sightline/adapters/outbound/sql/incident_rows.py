"""The rows of incidents and their timelines, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, bindparam, or_

from sightline.adapters.outbound.sql.tables import INCIDENT_ENTRIES, INCIDENTS, is_id
from sightline.domain.probes.incident import Entry, EntryKind, Incident
from sightline.domain.probes.refusal import no_incident, version_differs
from sightline.domain.tenancy import Tenant
from sightline.ports.incidents import Wanted, Written

_ASKED_AT_ONCE: Final = 1_000
"""Ids in one statement: each is a parameter, of which SQLite takes 32,766 and PostgreSQL 65,535."""
_INCIDENT: Final = msgspec.json.Decoder(Incident)


class IncidentRows:
    """What SqlIncidents asks of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, changes: Sequence[Written]) -> list[Incident]:
        """Insert and update rows, and insert lines; nobody else writes meanwhile, for the transaction holds the file."""
        versions = self._versions([one.incident.id for one in changes if one.incident.id])
        new = iter(self._insert([one for one in changes if not one.incident.id]))
        found, saved = list[Incident](), list[Incident]()
        for change in changes:
            if not change.incident.id:
                found.append(next(new))
                continue
            number = change.incident.id
            tenant, present = versions.get(number, (None, 0))
            if tenant != change.tenant:
                raise no_incident(number)
            if change.expected is not None and change.expected != present:
                raise version_differs("incident", number, present, change.expected)
            versions[number] = change.tenant, present + 1
            saved.append(replace(change.incident, version=present + 1))
            found.append(saved[-1])
        self._update({one.id: one for one in saved}.values())
        self._add([(one.id, entry) for one, change in zip(found, changes, strict=True) for entry in change.entries])
        return found

    def _versions(self, ids: Sequence[int]) -> dict[int, tuple[Tenant, int]]:
        """Whose incidents are, and at what version, by id."""
        asked, own = sorted({number for number in ids if is_id(number)}), INCIDENTS.c
        found: dict[int, tuple[Tenant, int]] = {}
        for first in range(0, len(asked), _ASKED_AT_ONCE):
            some = own.id.in_(asked[first : first + _ASKED_AT_ONCE])
            rows = self._connection.execute(
                INCIDENTS.select().with_only_columns(own.id, own.tenant, own.version).where(some)
            )
            found |= {row.id: (Tenant(row.tenant), row.version) for row in rows}
        return found

    def _insert(self, changes: Sequence[Written]) -> list[Incident]:
        if not changes:
            return []
        rows = [{"tenant": one.tenant, "version": 1, **_said(one.incident)} for one in changes]
        insert = INCIDENTS.insert().returning(INCIDENTS.c.id, sort_by_parameter_order=True)
        ids = self._connection.execute(insert, rows).scalars()
        return [replace(one.incident, id=number, version=1) for number, one in zip(ids, changes, strict=True)]

    def _update(self, incidents: Iterable[Incident]) -> None:
        rows = [{"its_id": one.id, "version": one.version, **_said(one)} for one in incidents]
        if rows:
            self._connection.execute(INCIDENTS.update().where(INCIDENTS.c.id == bindparam("its_id")), rows)

    def get(self, tenant: Tenant, incident_id: int) -> Incident:
        """One incident."""
        own = INCIDENTS.select().where(INCIDENTS.c.tenant == tenant, INCIDENTS.c.id == incident_id)
        row = self._connection.execute(own).first() if is_id(incident_id) else None
        if row is None:
            raise no_incident(incident_id)
        return _incident(row)

    def timeline(self, tenant: Tenant, incident_id: int) -> list[Entry]:
        """The lines of one."""
        if not is_id(incident_id):
            return []
        lines = INCIDENT_ENTRIES.select().join(INCIDENTS).where(INCIDENTS.c.tenant == tenant)
        own = lines.where(INCIDENTS.c.id == incident_id).order_by(INCIDENT_ENTRIES.c.id)
        return [_entry(row) for row in self._connection.execute(own)]

    def find(self, tenant: Tenant, wanted: Wanted) -> list[Incident]:
        """Those that are wanted, newest first."""
        if wanted.within.end < wanted.within.start or wanted.limit < 1:
            return []
        rows = INCIDENTS.select().where(INCIDENTS.c.tenant == tenant, *_conditions(wanted))
        found = self._connection.execute(
            rows.order_by(INCIDENTS.c.id.desc()).limit(wanted.limit if is_id(wanted.limit) else None)
        )
        return [_incident(row) for row in found]

    def lasting(self) -> list[tuple[Tenant, Incident]]:
        """All without an end."""
        rows = INCIDENTS.select().where(INCIDENTS.c.ended_at.is_(None)).order_by(INCIDENTS.c.id)
        return [(Tenant(row.tenant), _incident(row)) for row in self._connection.execute(rows)]

    def _add(self, lines: Sequence[tuple[int, Entry]]) -> None:
        if rows := [{"incident_id": number, **_line(entry)} for number, entry in lines]:
            self._connection.execute(INCIDENT_ENTRIES.insert(), rows)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    own, within = INCIDENTS.c, wanted.within
    lasts = own.ended_at.is_(None)
    found = [own.started_at <= within.end, lasts if wanted.open_only else or_(lasts, own.ended_at >= within.start)]
    if wanted.checks:
        found.append(own.target_id.in_([check for check in wanted.checks if is_id(check)]))
    if wanted.before is not None and (wanted.before < 1 or is_id(wanted.before)):
        found.append(own.id < max(wanted.before, 0))
    return found


def _said(incident: Incident) -> dict[str, Any]:
    return {
        "target_id": incident.check,
        "started_at": incident.started_at,
        "ended_at": incident.ended_at,
        "kind": incident.kind.value,
        "details": incident.details,
        "body": msgspec.json.encode(incident).decode(),
    }


def _incident(row: Row[Any]) -> Incident:
    return replace(_INCIDENT.decode(row.body), id=row.id, version=row.version)


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "kind": entry.kind.value,
        "text": entry.text,
        "who": entry.who,
        "public": entry.public,
        "status": entry.status,
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.at, EntryKind(row.kind), row.text, row.who, row.public, row.status, row.id)
