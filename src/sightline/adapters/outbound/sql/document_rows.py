"""The rows of documents, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, text

from sightline.adapters.outbound.sql.tables import DOCUMENTS
from sightline.domain.errors import Conflict, NotFound
from sightline.domain.tenancy import Tenant
from sightline.ports.catalog import Change, Document

_PUT: Final = text(
    "INSERT INTO documents (tenant, kind, key, version, body) VALUES (:tenant, :kind, :key, 1, :body) "
    "ON CONFLICT (tenant, kind, key) DO UPDATE SET version = documents.version + 1, body = excluded.body"
)
_REMOVE: Final = text("DELETE FROM documents WHERE tenant = :tenant AND kind = :kind AND key = :key")


class DocumentRows:
    """What SqlCatalog asks of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, tenant: Tenant, kind: str, key: str) -> Document:
        """One document."""
        row = self._connection.execute(DOCUMENTS.select().where(*_named(tenant, kind, key))).first()
        if row is None:
            raise NotFound(f"no {kind} named {key!r}", kind=kind, key=key)
        return Document(row.key, row.version, row.body)

    def all(self, tenant: Tenant, kind: str) -> list[Document]:
        """All of a kind, by code point, whatever collation the database has."""
        rows = self._connection.execute(DOCUMENTS.select().where(*_named(tenant, kind)))
        return sorted((Document(row.key, row.version, row.body) for row in rows), key=lambda one: one.key)

    def put(self, tenant: Tenant, kind: str, key: str, body: bytes, expected: int | None) -> Document:
        """Create or replace; nobody else writes meanwhile, for the transaction holds the file."""
        version = DOCUMENTS.select().with_only_columns(DOCUMENTS.c.version).where(*_named(tenant, kind, key))
        present = self._connection.execute(version).scalar() or 0
        if expected is not None and expected != present:
            message = f"{kind} {key!r} is at version {present}, not {expected}: read it again and repeat the change"
            raise Conflict(message, kind=kind, key=key, version=present)
        content = {"version": present + 1, "body": body}
        if present:
            self._connection.execute(DOCUMENTS.update().where(*_named(tenant, kind, key)).values(**content))
        else:
            self._connection.execute(DOCUMENTS.insert().values(tenant=tenant, kind=kind, key=key, **content))
        return Document(key, present + 1, body)

    def delete(self, tenant: Tenant, kind: str, key: str) -> bool:
        """Whether there was something to remove."""
        return self._connection.execute(DOCUMENTS.delete().where(*_named(tenant, kind, key))).rowcount > 0

    def write(self, changes: Sequence[Change]) -> None:
        """Put and remove, in order; a statement a run of either."""
        for removes, some in groupby(changes, lambda one: one.body is None):
            rows = [{"tenant": one.tenant, "kind": one.kind, "key": one.key, "body": one.body} for one in some]
            self._connection.execute(_REMOVE if removes else _PUT, rows)


def _named(tenant: Tenant, kind: str, key: str | None = None) -> list[ColumnElement[Any]]:
    columns = DOCUMENTS.c
    found: list[ColumnElement[Any]] = [columns.tenant == tenant, columns.kind == kind]
    return found if key is None else [*found, columns.key == key]
