"""Documents that people or the program define: rules now; checks, silences, dashboards later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.tenancy import Tenant


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document: `body` is JSON text as bytes; `version` starts at 1 and grows by 1 with every put."""

    key: str
    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """A document that is put, whatever version is there, or where the body is None removed, if it is there."""

    tenant: Tenant
    kind: str
    key: str
    body: bytes | None


class Catalog(Protocol):
    """Small documents by (tenant, kind, key), with optimistic concurrency.

    What another tenant put is never seen. A put that returned survives a restart, where the adapter keeps anything at all.
    """

    async def get(self, tenant: Tenant, kind: str, key: str) -> Document:
        """One document.

        Raises:
            NotFound: no such document.
        """
        ...

    async def list(self, tenant: Tenant, kind: str) -> list[Document]:
        """All documents of a kind, in ascending order of key."""
        ...

    async def put(self, tenant: Tenant, kind: str, key: str, body: bytes, expected: int | None = None) -> Document:
        """Create or replace. `expected` is the version that must be there now (0: none); None replaces whatever is there.

        Raises:
            Conflict: another version is there.
        """
        ...

    async def delete(self, tenant: Tenant, kind: str, key: str) -> bool:
        """Remove; false when there was nothing."""
        ...

    async def write(self, changes: Sequence[Change]) -> None:
        """Make many changes in one write, in the order given, all or none; for the price of about one put."""
        ...
