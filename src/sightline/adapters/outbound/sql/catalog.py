"""Documents in the catalog database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.tenancy import Tenant
from sightline.ports.catalog import Catalog, Change, Document

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sightline.adapters.outbound.sql.document_rows import DocumentRows


class SqlCatalog(Catalog):
    """One row a document."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    @override
    async def get(self, tenant: Tenant, kind: str, key: str) -> Document:
        return await self._database.run(lambda connection: _rows(connection).get(tenant, kind, key))

    @override
    async def list(self, tenant: Tenant, kind: str) -> list[Document]:
        return await self._database.run(lambda connection: _rows(connection).all(tenant, kind))

    @override
    async def put(self, tenant: Tenant, kind: str, key: str, body: bytes, expected: int | None = None) -> Document:
        owned = bytes(body)
        return await self._database.run(lambda connection: _rows(connection).put(tenant, kind, key, owned, expected))

    @override
    async def delete(self, tenant: Tenant, kind: str, key: str) -> bool:
        return await self._database.run(lambda connection: _rows(connection).delete(tenant, kind, key))

    @override
    async def write(self, changes: Sequence[Change]) -> None:
        if changes:
            await self._database.run(lambda connection: _rows(connection).write(changes))


def _rows(connection: "Connection") -> "DocumentRows":
    from sightline.adapters.outbound.sql.document_rows import DocumentRows

    return DocumentRows(connection)
