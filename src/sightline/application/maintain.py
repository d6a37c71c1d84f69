"""Maintain windows: made, changed and ended by people, and at hand for whoever must know which checks they cover now."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from sightline.application.enroll import Enroll
from sightline.application.hold import Codec, Filing, Hold
from sightline.domain.errors import Conflict, NotFound, SightlineError
from sightline.domain.probes.check import Check
from sightline.domain.probes.window import Coverage, Window, check_window
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

WINDOW_KIND: Final = "maintenance_window"
"""What windows are called in the catalog."""
MAX_WINDOWS: Final = 1_000
"""Of one tenant."""


def _fresh_id() -> str:
    return str(uuid.uuid4())


WindowCodec = Codec[Window]
"""How a tenant's window becomes a document of the catalog, and back."""


class Maintain:
    """The use case. What is asked is answered from memory, once `load` is done; a change that returned survives a restart.

    Changes are made one after another. generation: grows with every change that people make.
    """

    def __init__(
        self,
        catalog: Catalog,
        codec: WindowCodec,
        clock: Clock,
        identify: Callable[[], str] = _fresh_id,
        *,
        most: int = MAX_WINDOWS,
    ) -> None:
        self._windows = Hold(catalog, Filing(WINDOW_KIND, "maintenance window", codec, _id), self._changed)
        self._clock = clock
        self._identify = identify
        self._most = most
        self._coverage: dict[Tenant, Coverage] = {}
        self.generation = 0
        self._names: dict[int, tuple[Tenant, str]] = {}
        self._misnamed: list[tuple[Tenant, str, str]] = []

    async def load(self) -> None:
        """Read the windows of the last run, unless that is done; what is asked is known only then.

        Raises:
            Unavailable: they cannot be read.
        """
        await self._windows.load()

    @property
    def problems(self) -> list[str]:
        """What is stored and cannot be used, or names a check as it was called before; for people."""
        self._misnamed = [one for one in self._misnamed if self._naming(*one[:2])]
        return [*self._windows.unread, *(problem for _, _, problem in self._misnamed)]

    def follow(self, enroll: Enroll) -> None:
        """Have windows go by the new name of a check that is renamed, from now on."""
        self._names = {one.check.id: (one.tenant, one.check.name) for one in enroll.roster.values()}
        enroll.watch(partial(self._take_up, enroll))

    # What others ask

    def current(self, tenant: Tenant) -> Coverage:
        """Which of a tenant's windows are active now, and what they cover; the same as the last time while nothing changes."""
        return self._at(tenant, self._clock.now())

    def covers(self, tenant: Tenant, check: Check, at: int) -> bool:
        """Whether a check is in maintenance at an instant, ms; quick where instants come in order."""
        return tenant in self._windows.tenants and bool(self._at(tenant, at).windows(check))

    def next_change(self, at: int) -> int | None:
        """When, after `at` (ms), a window of any tenant begins or ends; nothing does before. None where none will."""
        untils = (self._at(tenant, at).until for tenant in self._windows.tenants)
        return min((until for until in untils if until is not None), default=None)

    def all(self, principal: Principal) -> list[Window]:
        """The windows of the principal's tenant, by name."""
        return sorted(self._windows.of(principal.tenant).values(), key=lambda one: one.name)

    def one(self, principal: Principal, window_id: str) -> Window:
        """One window.

        Raises:
            NotFound: the tenant has none of that id.
        """
        found = self._windows.of(principal.tenant).get(window_id)
        if found is None:
            raise NotFound(f"there is no maintenance window with the id {window_id[:60]!r}", id=window_id)
        return found

    # What people change

    async def add(self, principal: Principal, window: Window) -> Window:
        """Keep a new window, and give it an id.

        Raises:
            InvalidField: it cannot be so.
            Conflict: its name is taken, or there are as many as there may be.
            StorageFull, Unavailable: nothing is stored.
        """
        check_window(window)
        async with self._windows.turn():
            its = self._windows.of(principal.tenant)
            if len(its) >= self._most:
                message = f"{len(its)} maintenance windows are there, as many as there may be: delete one that is over"
                raise Conflict(message, limit=self._most)
            self._require_free(principal.tenant, window.name)
            now = self._clock.now()
            made = replace(window, id=self._identify(), created_at=now, updated_at=now, version=0, ended_at=None)
            return await self._keep(principal.tenant, made)

    async def put(self, principal: Principal, window_id: str, window: Window, expected: int | None = None) -> Window:
        """Replace what a window says. expected: the version that must be there now; None replaces whatever is there.

        What people ended early stays so, as long as it comes at the same times.

        Raises:
            InvalidField: it cannot be so.
            NotFound: the tenant has none of that id.
            Conflict: another version is there, or the name is taken by another.
            StorageFull, Unavailable: nothing is stored.
        """
        check_window(window)
        async with self._windows.turn():
            before = self.one(principal, window_id)
            if expected is not None and expected != before.version:
                message = f"the maintenance window is at version {before.version}, not {expected}: read it again"
                raise Conflict(message, version=before.version)
            self._require_free(principal.tenant, window.name, window_id)
            ended_at = before.ended_at if window.timing == before.timing else None
            made = replace(
                window, id=window_id, created_at=before.created_at, version=before.version, ended_at=ended_at
            )
            return await self._keep(principal.tenant, replace(made, updated_at=self._clock.now()))

    async def end(self, principal: Principal, window_id: str) -> Window:
        """End a window that is active; one that recurs begins again when it is next due.

        Raises:
            NotFound: the tenant has none of that id.
            Conflict: it is not active now.
            StorageFull, Unavailable: it goes on.
        """
        async with self._windows.turn():
            found, now = self.one(principal, window_id), self._clock.now()
            if not found.active(now):
                raise Conflict(f"the maintenance window {found.name!r} is not active now", id=window_id)
            return await self._keep(principal.tenant, replace(found.ended(now), updated_at=now))

    async def delete(self, principal: Principal, window_id: str) -> None:
        """Remove a window; what it covered is watched as ever.

        Raises:
            NotFound: the tenant has none of that id.
            StorageFull, Unavailable: it stays.
        """
        async with self._windows.turn():
            await self._windows.forget(principal.tenant, self.one(principal, window_id))

    async def _take_up(self, enroll: Enroll, changed: frozenset[int]) -> None:
        for check_id in changed:
            before, enrolled = self._names.pop(check_id, None), enroll.roster.get(check_id)
            if enrolled is None:
                continue
            tenant, name = self._names[check_id] = (enrolled.tenant, enrolled.check.name)
            if before is not None and before[1] != name:
                await self._rename(tenant, before[1], name)

    async def _rename(self, tenant: Tenant, old: str, new: str) -> None:
        """Have a tenant's windows go by the new name of a check."""
        try:
            async with self._windows.turn():
                for one in self._naming(tenant, old):
                    checks = tuple(new if name == old else name for name in one.scope.checks)
                    scope = replace(one.scope, checks=tuple(dict.fromkeys(checks)))
                    await self._keep(tenant, replace(one, scope=scope, updated_at=self._clock.now()))
        except SightlineError as error:  # the check is renamed all the same
            problem = f"maintenance windows still name the check {old!r}, now {new!r}: {error.message}"
            self._misnamed.append((tenant, old, problem))

    def _naming(self, tenant: Tenant, check: str) -> list[Window]:
        """A tenant's windows that name a check."""
        return [one for one in self._windows.of(tenant).values() if check in one.scope.checks]

    async def _keep(self, tenant: Tenant, window: Window) -> Window:
        """Write it down, and see it from now on."""
        return await self._windows.keep(tenant, replace(window, version=window.version + 1))

    def _changed(self, _tenant: Tenant, _before: Window | None, _now: Window | None) -> None:
        self.generation += 1

    def _at(self, tenant: Tenant, at: int) -> Coverage:
        known = self._coverage.get(tenant)
        if known is None or known.generation != self.generation or not known.holds(at):
            windows = self._windows.of(tenant).values()
            known = self._coverage[tenant] = Coverage(windows, at, self.generation, known)
        return known

    def _require_free(self, tenant: Tenant, name: str, but: str = "") -> None:
        for one in self._windows.of(tenant).values():
            if one.name == name and one.id != but:
                raise Conflict(f"there is a maintenance window named {name!r} already", name=name, id=one.id)


def _id(window: Window) -> str:
    return window.id
