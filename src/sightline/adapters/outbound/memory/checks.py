"""Checks in memory; they live as long as the process."""

from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.refusal import name_taken, no_check, version_differs
from sightline.domain.tenancy import Tenant
from sightline.ports.checks import Checks, Rewrite


class MemoryChecks(Checks):
    """A dictionary of checks by id, in ascending order. No method awaits anything, so each is atomic on its event loop."""

    def __init__(self) -> None:
        self._checks: dict[int, tuple[Tenant, Check]] = {}
        self._ids: dict[tuple[Tenant, str], int] = {}
        self._newest = 0

    @override
    async def everyone(self) -> list[tuple[Tenant, Check]]:
        return list(self._checks.values())

    @override
    async def all(self, tenant: Tenant) -> list[Check]:
        return [check for owner, check in self._checks.values() if owner == tenant]

    @override
    async def get(self, tenant: Tenant, check_id: int) -> Check:
        owner, check = self._checks.get(check_id, (None, None))
        if check is None or owner != tenant:
            raise no_check(check_id)
        return check

    @override
    async def add(self, tenant: Tenant, definitions: list[Definition], at: int) -> list[Check]:
        self._require_free(tenant, [definition.name for definition in definitions])
        found = [Check(number, definition, at, at) for number, definition in enumerate(definitions, self._newest + 1)]
        self._newest += len(found)
        self._keep(tenant, found)
        return found

    @override
    async def put(self, tenant: Tenant, changes: Sequence[Rewrite], at: int) -> list[Check]:
        present = [await self.get(tenant, one.check) for one in changes]
        for check, one in zip(present, changes, strict=True):
            if one.expected is not None and one.expected != check.version:
                raise version_differs("check", check.id, check.version, one.expected)
        own = frozenset(check.name for check in present)
        self._require_free(tenant, [one.definition.name for one in changes], own)
        changed = [
            replace(check, definition=one.definition, updated_at=at, version=check.version + 1)
            for check, one in zip(present, changes, strict=True)
        ]
        for name in own:
            del self._ids[tenant, name]
        self._keep(tenant, changed)
        return changed

    @override
    async def delete(self, tenant: Tenant, check_id: int) -> bool:
        owner, check = self._checks.get(check_id, (None, None))
        if check is None or owner != tenant:
            return False
        del self._checks[check_id], self._ids[tenant, check.name]
        return True

    def _keep(self, tenant: Tenant, checks: Sequence[Check]) -> None:
        self._checks.update({check.id: (tenant, check) for check in checks})
        self._ids.update({(tenant, check.name): check.id for check in checks})

    def _require_free(self, tenant: Tenant, names: Sequence[str], own: frozenset[str] = frozenset()) -> None:
        """own: names that are given up."""
        given: set[str] = set()
        for name in names:
            if name in given or (name not in own and (tenant, name) in self._ids):
                raise name_taken(name)
            given.add(name)
