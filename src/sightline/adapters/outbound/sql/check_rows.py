"""The rows of checks, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, Select

from sightline.adapters.outbound.sql.tables import TARGETS, is_id
from sightline.domain.errors import Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.refusal import name_taken, no_check, version_differs
from sightline.domain.tenancy import Tenant

_DEFINITION: Final = msgspec.json.Decoder(Definition)


class CheckRows:
    """What SqlChecks asks of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def everyone(self) -> list[tuple[Tenant, Check]]:
        """Every row."""
        rows = self._connection.execute(TARGETS.select().order_by(TARGETS.c.id))
        return [(Tenant(row.tenant), _check(row)) for row in rows]

    def all(self, tenant: Tenant) -> list[Check]:
        """All of a tenant."""
        rows = TARGETS.select().where(TARGETS.c.tenant == tenant).order_by(TARGETS.c.id)
        return [_check(row) for row in self._connection.execute(rows)]

    def get(self, tenant: Tenant, check_id: int) -> Check:
        """One check."""
        row = self._connection.execute(_identified(tenant, check_id)).first() if is_id(check_id) else None
        if row is None:
            raise no_check(check_id)
        return _check(row)

    def add(self, tenant: Tenant, definitions: list[Definition], at: int) -> list[Check]:
        """Insert rows whose names are free; nobody else writes meanwhile, for the transaction holds the file."""
        if not definitions:
            return []
        self._refuse_taken(tenant, [definition.name for definition in definitions])
        rows = [
            {"tenant": tenant, "created_at": at, "updated_at": at, "version": 1, **_said(definition)}
            for definition in definitions
        ]
        insert = TARGETS.insert().returning(TARGETS.c.id, sort_by_parameter_order=True)
        ids = self._connection.execute(insert, rows).scalars()
        return [Check(number, definition, at, at) for number, definition in zip(ids, definitions, strict=True)]

    def put(self, tenant: Tenant, check_id: int, definition: Definition, at: int, expected: int | None) -> Check:
        """Update a row."""
        present = self.get(tenant, check_id)
        if expected is not None and expected != present.version:
            raise version_differs("check", check_id, present.version, expected)
        if definition.name != present.name:
            self._refuse_taken(tenant, [definition.name])
        changed = Check(check_id, definition, present.created_at, at, present.version + 1)
        said = {"updated_at": at, "version": changed.version, **_said(definition)}
        self._connection.execute(TARGETS.update().where(TARGETS.c.id == check_id).values(**said))
        return changed

    def delete(self, tenant: Tenant, check_id: int) -> bool:
        """Whether there was something to remove."""
        if not is_id(check_id):
            return False
        gone = TARGETS.delete().where(TARGETS.c.tenant == tenant, TARGETS.c.id == check_id)
        return self._connection.execute(gone).rowcount > 0

    def _refuse_taken(self, tenant: Tenant, names: Iterable[str]) -> None:
        known = TARGETS.select().with_only_columns(TARGETS.c.name).where(TARGETS.c.tenant == tenant)
        taken = set(self._connection.execute(known).scalars())
        for name in names:
            if name in taken:
                raise name_taken(name)
            taken.add(name)


def _identified(tenant: Tenant, check_id: int) -> Select[Any]:
    return TARGETS.select().where(TARGETS.c.tenant == tenant, TARGETS.c.id == check_id)


def _said(definition: Definition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "url": definition.url,
        "type": definition.kind,
        "enabled": definition.enabled,
        "body": msgspec.json.encode(definition).decode(),
    }


def _check(row: Row[Any]) -> Check:
    try:
        definition = _DEFINITION.decode(row.body)
    except msgspec.DecodeError as error:
        message = f"the check {row.name!r} (id {row.id}) in the catalog cannot be read: {error}; restore the catalog"
        raise Unavailable(message, id=row.id) from None
    return Check(row.id, definition, row.created_at, row.updated_at, row.version)
