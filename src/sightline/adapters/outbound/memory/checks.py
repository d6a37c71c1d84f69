"""Checks in memory; they live as long as the process."""

from collections.abc import Iterable
from dataclasses import replace

from typing_extensions import override

from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.refusal import name_taken, no_check, version_differs
from sightline.domain.tenancy import Tenant
from sightline.ports.checks import Checks


class MemoryChecks(Checks):
    """A dictionary of checks by id, in ascending order. No method awaits anything, so each is atomic on its event loop."""

    def __init__(self) -> None:
        self._checks: dict[int, tuple[Tenant, Check]] = {}
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
        taken = {check.name for check in await self.all(tenant)}
        _refuse_taken(taken, (definition.name for definition in definitions))
        found = [Check(number, definition, at, at) for number, definition in enumerate(definitions, self._newest + 1)]
        self._checks.update({check.id: (tenant, check) for check in found})
        self._newest += len(found)
        return found

    @override
    async def put(
        self, tenant: Tenant, check_id: int, definition: Definition, at: int, expected: int | None = None
    ) -> Check:
        present = await self.get(tenant, check_id)
        if expected is not None and expected != present.version:
            raise version_differs("check", check_id, present.version, expected)
        _refuse_taken({check.name for check in await self.all(tenant) if check.id != check_id}, [definition.name])
        changed = replace(present, definition=definition, updated_at=at, version=present.version + 1)
        self._checks[check_id] = tenant, changed
        return changed

    @override
    async def delete(self, tenant: Tenant, check_id: int) -> bool:
        owner, _ = self._checks.get(check_id, (None, None))
        return owner == tenant and self._checks.pop(check_id, None) is not None


def _refuse_taken(taken: set[str], names: Iterable[str]) -> None:
    for name in names:
        if name in taken:
            raise name_taken(name)
        taken.add(name)
