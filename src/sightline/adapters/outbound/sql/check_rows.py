"""The rows of checks, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam

from sightline.adapters.outbound.sql.tables import TARGETS, is_id
from sightline.domain.errors import Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.refusal import name_taken, no_check, version_differs
from sightline.domain.tenancy import Tenant
from sightline.ports.checks import Rewrite

_ASKED_AT_ONCE: Final = 1_000
"""Ids or names in one statement: each is a parameter, of which SQLite takes 32,766 and PostgreSQL 65,535."""
_DEFINITION: Final = msgspec.json.Decoder(Definition)

_Asked = TypeVar("_Asked")


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

    def put(self, tenant: Tenant, changes: Sequence[Rewrite], at: int) -> list[Check]:
        """Update rows."""
        present = self._present(tenant, [one.check for one in changes])
        for one in changes:
            if one.expected is not None and one.expected != present[one.check].version:
                raise version_differs("check", one.check, present[one.check].version, one.expected)
        self._refuse_taken(
            tenant, [one.definition.name for one in changes], frozenset(one.name for one in present.values())
        )
        self._free_names(present, changes)
        changed = [
            Check(one.check, one.definition, its.created_at, at, its.version + 1)
            for one in changes
            for its in (present[one.check],)
        ]
        rows = [
            {"its_id": one.id, "updated_at": at, "version": one.version, **_said(one.definition)} for one in changed
        ]
        if rows:
            self._connection.execute(TARGETS.update().where(TARGETS.c.id == bindparam("its_id")), rows)
        return changed

    def delete(self, tenant: Tenant, check_id: int) -> bool:
        """Whether there was something to remove."""
        if not is_id(check_id):
            return False
        gone = TARGETS.delete().where(TARGETS.c.tenant == tenant, TARGETS.c.id == check_id)
        return self._connection.execute(gone).rowcount > 0

    def _present(self, tenant: Tenant, ids: Sequence[int]) -> dict[int, Check]:
        """A tenant's checks, all that are asked for."""
        found: dict[int, Check] = {}
        for some in _some_at_once([number for number in ids if is_id(number)]):
            rows = TARGETS.select().where(TARGETS.c.tenant == tenant, TARGETS.c.id.in_(some))
            found |= {row.id: _check(row) for row in self._connection.execute(rows)}
        for number in ids:
            if number not in found:
                raise no_check(number)
        return found

    def _free_names(self, present: dict[int, Check], changes: Sequence[Rewrite]) -> None:
        """Names are told apart row by row: what takes the name of another that changes with it waits until that has gone."""
        given_up = {one.name: one.id for one in present.values()}
        in_the_way = [given_up.get(one.definition.name, one.check) for one in changes]
        rows = [
            {"its_id": number, "name": f"\x01{number}"}
            for number, one in zip(in_the_way, changes, strict=True)
            if number != one.check
        ]
        if rows:
            self._connection.execute(TARGETS.update().where(TARGETS.c.id == bindparam("its_id")), rows)

    def _refuse_taken(self, tenant: Tenant, names: Sequence[str], own: frozenset[str] = frozenset()) -> None:
        """own: names that are given up."""
        taken: set[str] = set()
        for some in _some_at_once([name for name in names if name not in own]):
            known = TARGETS.select().with_only_columns(TARGETS.c.name)
            rows = known.where(TARGETS.c.tenant == tenant, TARGETS.c.name.in_(some))
            taken.update(self._connection.execute(rows).scalars())
        for name in names:
            if name in taken:
                raise name_taken(name)
            taken.add(name)


def _some_at_once(asked: Sequence[_Asked]) -> Iterator[Sequence[_Asked]]:
    for first in range(0, len(asked), _ASKED_AT_ONCE):
        yield asked[first : first + _ASKED_AT_ONCE]


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
