"""The checks that are probed, in memory, and when they changed."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sightline.application.probe import Judges
from sightline.domain.probes.check import Check
from sightline.domain.tenancy import Tenant

Rostered = tuple[Tenant, Check, Judges]
"""A check, whose it is, and what says whether it is well."""

_REMEMBERED: Final = 1_000
"""Changes of which it is known what they changed; who is farther behind looks at everything."""


class Roster:
    """Holds the checks as they are now, by id; who waits for a change is woken by the next one, and may ask what changed."""

    def __init__(self) -> None:
        self._checks: dict[int, Rostered] = {}
        self._changes: deque[Sequence[int]] = deque(maxlen=_REMEMBERED)
        self._generation = 0
        self._changed = asyncio.Event()

    @property
    def generation(self) -> int:
        """A number that is one higher after each change."""
        return self._generation

    def checks(self) -> Collection[Rostered]:
        """All of them, in any order; those that are not probed, or not from here, may be among them."""
        return self._checks.values()

    def find(self, check_id: int) -> Rostered | None:
        """One of them; None where it is there no more."""
        return self._checks.get(check_id)

    def since(self, generation: int) -> Collection[int] | None:
        """Checks that changed, came or went since a generation, in that order; None where any may have."""
        missed = self._generation - generation
        if missed > len(self._changes):
            return None
        recent = list(self._changes)[len(self._changes) - missed :]
        return dict.fromkeys(check_id for ids in recent for check_id in ids)

    def replace(self, checks: Iterable[Rostered]) -> None:
        """These are the checks from now on; those that did not change are the same objects, or of the same version and time."""
        self._checks = {one[1].id: one for one in checks}
        self._changes.clear()
        self._wake()

    def change(self, checks: Iterable[Rostered], gone: Iterable[int]) -> None:
        """These came or changed, and those went; all others stay as they are."""
        changed = {one[1].id: one for one in checks}
        self._checks |= changed
        left = [one for one in gone if self._checks.pop(one, None) is not None]
        self._changes.append((*changed, *left))
        self._wake()

    async def changed(self, since: int) -> None:
        """Return when the generation is not `since`."""
        while self._generation == since:
            await self._changed.wait()

    def _wake(self) -> None:
        self._generation += 1
        self._changed.set()
        self._changed = asyncio.Event()
