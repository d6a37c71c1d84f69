"""The rows of incidents and their timelines, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, or_

from sightline.adapters.outbound.sql.tables import INCIDENT_ENTRIES, INCIDENTS, is_id
from sightline.domain.probes.incident import Entry, EntryKind, Incident
from sightline.domain.probes.refusal import no_incident, version_differs
from sightline.domain.tenancy import Tenant
from sightline.ports.incidents import Wanted

_INCIDENT: Final = msgspec.json.Decoder(Incident)


class IncidentRows:
    """What SqlIncidents asks of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, tenant: Tenant, incident: Incident, entries: Sequence[Entry]) -> Incident:
        """Insert a row and its lines."""
        insert = INCIDENTS.insert().values(tenant=tenant, version=1, **_said(incident)).returning(INCIDENTS.c.id)
        opened = replace(incident, id=self._connection.execute(insert).scalar_one(), version=1)
        self._add(opened.id, entries)
        return opened

    def save(self, tenant: Tenant, incident: Incident, entries: Sequence[Entry], expected: int | None) -> Incident:
        """Update a row, and insert lines; nobody else writes meanwhile, for the transaction holds the file."""
        present = self.get(tenant, incident.id)
        if expected is not None and expected != present.version:
            raise version_differs("incident", incident.id, present.version, expected)
        saved = replace(incident, version=present.version + 1)
        change = INCIDENTS.update().where(INCIDENTS.c.id == saved.id)
        self._connection.execute(change.values(version=saved.version, **_said(saved)))
        self._add(saved.id, entries)
        return saved

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

    def _add(self, incident_id: int, entries: Sequence[Entry]) -> None:
        if rows := [{"incident_id": incident_id, **_line(entry)} for entry in entries]:
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
