"""The checks that people defined, wherever they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.probes.check import Check, Definition
from sightline.domain.tenancy import Tenant


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a check, by its id, says from now on. expected: the version that must be there now; None replaces whatever is there."""

    check: int
    definition: Definition
    expected: int | None = None


class Checks(Protocol):
    """Checks by (tenant, id), each name once in a tenant. Ids start at 1, grow, and are never given again, to no tenant.

    What belongs to another tenant is never seen. What was stored survives a restart, where the adapter keeps anything at all.
    Errors: Unavailable when the store cannot be reached, StorageFull when it has no room; nothing is stored then.
    """

    async def everyone(self) -> list[tuple[Tenant, Check]]:
        """All checks of all tenants, in ascending order of id; for the program itself."""
        ...

    async def all(self, tenant: Tenant) -> list[Check]:
        """A tenant's checks, in ascending order of id."""
        ...

    async def get(self, tenant: Tenant, check_id: int) -> Check:
        """One check.

        Raises:
            NotFound: no such check.
        """
        ...

    async def add(self, tenant: Tenant, definitions: list[Definition], at: int) -> list[Check]:
        """Store new checks at `at` (ms), all or none; in the order given.

        Raises:
            Conflict: a name is taken, or given twice.
        """
        ...

    async def put(self, tenant: Tenant, changes: Sequence[Rewrite], at: int) -> list[Check]:
        """Replace what checks say at `at` (ms), all or none; in the order given, each check once. Names may be exchanged.

        Raises:
            NotFound: no such check.
            Conflict: another version is there, or a name is given twice, or is that of a check that keeps it.
        """
        ...

    async def delete(self, tenant: Tenant, check_id: int) -> bool:
        """Remove; false when there was nothing. What was found of it stays until its retention is over."""
        ...
