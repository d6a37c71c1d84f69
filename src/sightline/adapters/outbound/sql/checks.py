"""Checks in the catalog database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.probes.check import Check, Definition
from sightline.domain.tenancy import Tenant
from sightline.ports.checks import Checks, Rewrite

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sightline.adapters.outbound.sql.check_rows import CheckRows


class SqlChecks(Checks):
    """One row a check."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    @override
    async def everyone(self) -> list[tuple[Tenant, Check]]:
        return await self._database.run(lambda connection: _rows(connection).everyone())

    @override
    async def all(self, tenant: Tenant) -> list[Check]:
        return await self._database.run(lambda connection: _rows(connection).all(tenant))

    @override
    async def get(self, tenant: Tenant, check_id: int) -> Check:
        return await self._database.run(lambda connection: _rows(connection).get(tenant, check_id))

    @override
    async def add(self, tenant: Tenant, definitions: list[Definition], at: int) -> list[Check]:
        owned = list(definitions)
        return await self._database.run(lambda connection: _rows(connection).add(tenant, owned, at))

    @override
    async def put(self, tenant: Tenant, changes: Sequence[Rewrite], at: int) -> list[Check]:
        owned = list(changes)
        return await self._database.run(lambda connection: _rows(connection).put(tenant, owned, at))

    @override
    async def delete(self, tenant: Tenant, check_id: int) -> bool:
        return await self._database.run(lambda connection: _rows(connection).delete(tenant, check_id))


def _rows(connection: "Connection") -> "CheckRows":
    from sightline.adapters.outbound.sql.check_rows import CheckRows

    return CheckRows(connection)
