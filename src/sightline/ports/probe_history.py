"""What probes found and how checks stood, kept for looking back."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sightline.domain.probes.result import Brief, Result
from sightline.domain.probes.state import Transition
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange


class ProbeHistory(Protocol):
    """Results of single probes, by check and time. Kept for a retention of their own, then forgotten.

    Errors: Unavailable when it cannot be reached, StorageFull when it has no room; nothing of that call is stored then.
    """

    async def append(self, results: Sequence[tuple[Tenant, Result]]) -> None:
        """Store results, of any checks and tenants; they are there for readers, and survive a kill, when this returns.

        A result that is there already (same tenant, check, location and time) is replaced, so that a call may be repeated.
        """
        ...

    async def latest(
        self, tenant: Tenant, check: int, limit: int, within: TimeRange, location: str = ""
    ) -> list[Result]:
        """The newest results of a check within a time, at most `limit`, newest first and those of one time by location.

        Of one location, or (empty) of all.
        """
        ...

    async def newest(self, tenant: Tenant, since: Mapping[int, int], limit: int) -> Mapping[int, list[Brief]]:
        """The newest results of several checks in one read: of each at most `limit`, none before its time (ms).

        since: by check. In the order of `latest`; a check that has none in that time is left out.
        """
        ...


class Standings(Protocol):
    """How checks stood: transitions, and until when the monitor was there to see. Errors as of ProbeHistory."""

    async def record(self, transitions: Sequence[tuple[Tenant, Transition]], alive_at: int) -> None:
        """Store transitions, and that the monitor was alive at `alive_at` (ms); all or nothing. No transitions: that alone.

        A transition of a check at the same time replaces the one that is there.
        """
        ...

    async def alive_at(self) -> int | None:
        """When the monitor was last alive, ms; None where it never was."""
        ...

    async def current(self) -> list[tuple[Tenant, Transition]]:
        """The newest transition of every check."""
        ...

    async def between(self, tenant: Tenant, checks: Sequence[int], within: TimeRange) -> list[Transition]:
        """Transitions of checks within a time, and of each the last one before it, in ascending order of check and time."""
        ...

    async def forget(self, before: int) -> int:
        """Remove transitions before a time (ms), but for the last of these of each check, which holds on; tells how many."""
        ...
