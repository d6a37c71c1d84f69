"""The checks that are probed, in memory, and when they changed."""

import asyncio
from collections.abc import Sequence

from sightline.application.probe import Judges
from sightline.domain.probes.check import Check
from sightline.domain.tenancy import Tenant

Enrolled = tuple[Tenant, Check, Judges]
"""A check, whose it is, and what says whether it is well."""


class Roster:
    """Holds the checks as they are now; who waits for a change is woken by the next `replace`."""

    def __init__(self) -> None:
        self._checks: Sequence[Enrolled] = ()
        self._generation = 0
        self._changed = asyncio.Event()

    @property
    def generation(self) -> int:
        """Another number whenever something changed."""
        return self._generation

    def checks(self) -> Sequence[Enrolled]:
        """All of them, in any order; those that are not probed, or not from here, may be among them."""
        return self._checks

    def replace(self, checks: Sequence[Enrolled]) -> None:
        """These are the checks from now on; those that did not change are the same objects, or of the same version and time."""
        self._checks = checks
        self._generation += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, since: int) -> None:
        """Return when the generation is not `since`."""
        while self._generation == since:
            await self._changed.wait()
