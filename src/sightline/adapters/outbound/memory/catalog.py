"""Documents in memory; they live as long as the process."""

from collections.abc import Sequence

from typing_extensions import override

from sightline.domain.errors import Conflict, NotFound
from sightline.domain.tenancy import Tenant
from sightline.ports.catalog import Catalog, Change, Document


class MemoryCatalog(Catalog):
    """A dictionary of documents. No method awaits anything, so each is atomic on its event loop."""

    def __init__(self) -> None:
        self._documents: dict[tuple[Tenant, str], dict[str, Document]] = {}

    @override
    async def get(self, tenant: Tenant, kind: str, key: str) -> Document:
        found = self._documents.get((tenant, kind), {}).get(key)
        if found is None:
            raise NotFound(f"no {kind} named {key!r}", kind=kind, key=key)
        return found

    @override
    async def list(self, tenant: Tenant, kind: str) -> list[Document]:
        return [document for _, document in sorted(self._documents.get((tenant, kind), {}).items())]

    @override
    async def put(self, tenant: Tenant, kind: str, key: str, body: bytes, expected: int | None = None) -> Document:
        documents = self._documents.setdefault((tenant, kind), {})
        present = documents[key].version if key in documents else 0
        if expected is not None and expected != present:
            message = f"{kind} {key!r} is at version {present}, not {expected}: read it again and repeat the change"
            raise Conflict(message, kind=kind, key=key, version=present)
        document = Document(key, present + 1, bytes(body))
        documents[key] = document
        return document

    @override
    async def delete(self, tenant: Tenant, kind: str, key: str) -> bool:
        return self._documents.get((tenant, kind), {}).pop(key, None) is not None

    @override
    async def write(self, changes: Sequence[Change]) -> None:
        for one in changes:
            documents = self._documents.setdefault((one.tenant, one.kind), {})
            if one.body is None:
                documents.pop(one.key, None)
                continue
            present = documents.get(one.key)
            documents[one.key] = Document(one.key, 1 if present is None else present.version + 1, bytes(one.body))
