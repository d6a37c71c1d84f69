"""Maintain windows: made, changed and ended by people, and at hand for whoever must know which checks they cover now."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sightline.application.enroll import Enroll
from sightline.domain.errors import Conflict, NotFound, SightlineError
from sightline.domain.probes.check import Check
from sightline.domain.probes.window import Coverage, Window, check_window
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

WINDOW_KIND: Final = "maintenance_window"
"""What windows are called in the catalog."""
MAX_WINDOWS: Final = 1_000
"""Of one tenant."""


def _fresh_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class WindowCodec:
    """How a tenant's window becomes a document of the catalog, and back."""

    encode: Callable[[Tenant, Window], bytes]
    decode: Callable[[bytes], tuple[Tenant, Window]]


class Maintain:
    """The use case. What is asked is answered from memory, once `load` is done; a change that returned survives a restart.

    Changes are made one after another. Windows are documents of the program's own tenant, whoever's they are: at the start nobody
    knows which tenants there are. generation: grows with every change that people make. problems: what is stored and cannot be
    used, or could not be changed, for people.
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
        self._catalog = catalog
        self._codec = codec
        self._clock = clock
        self._identify = identify
        self._most = most
        self._tenants: dict[Tenant, dict[str, Window]] = {}
        self._coverage: dict[Tenant, Coverage] = {}
        self._turn = asyncio.Lock()
        self._is_read = False
        self.generation = 0
        self.problems: list[str] = []
        self._names: dict[int, tuple[Tenant, str]] = {}

    async def load(self) -> None:
        """Read the windows of the last run, unless that is done; what is asked is known only then.

        Raises:
            Unavailable: they cannot be read.
        """
        if not self._is_read:
            async with self._turn:
                await self._load()

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
        return tenant in self._tenants and bool(self._at(tenant, at).windows(check))

    def next_change(self, at: int) -> int | None:
        """When, after `at` (ms), a window of any tenant begins or ends; nothing does before. None where none will."""
        untils = (self._at(tenant, at).until for tenant in self._tenants)
        return min((until for until in untils if until is not None), default=None)

    def all(self, principal: Principal) -> list[Window]:
        """The windows of the principal's tenant, by name."""
        return sorted(self._tenants.get(principal.tenant, {}).values(), key=lambda one: one.name)

    def one(self, principal: Principal, window_id: str) -> Window:
        """One window.

        Raises:
            NotFound: the tenant has none of that id.
        """
        found = self._tenants.get(principal.tenant, {}).get(window_id)
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
        async with self._turn:
            await self._load()
            its = self._tenants.get(principal.tenant, {})
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
        async with self._turn:
            await self._load()
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
        async with self._turn:
            await self._load()
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
        async with self._turn:
            await self._load()
            self.one(principal, window_id)
            await self._catalog.delete(LOCAL.tenant, WINDOW_KIND, _key(principal.tenant, window_id))
            del self._tenants[principal.tenant][window_id]
            self.generation += 1

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
        async with self._turn:
            try:
                await self._load()
                for one in tuple(self._tenants.get(tenant, {}).values()):
                    if old in one.scope.checks:
                        checks = tuple(new if name == old else name for name in one.scope.checks)
                        scope = replace(one.scope, checks=tuple(dict.fromkeys(checks)))
                        await self._keep(tenant, replace(one, scope=scope, updated_at=self._clock.now()))
            except SightlineError as error:  # the check is renamed all the same
                self.problems.append(f"maintenance windows still name the check {old!r}, now {new!r}: {error.message}")

    async def _load(self) -> None:
        if self._is_read:
            return
        for document in await self._catalog.list(LOCAL.tenant, WINDOW_KIND):
            try:
                tenant, window = self._codec.decode(document.body)
            except SightlineError as error:  # such as a time zone that this machine does not have
                self.problems.append(f"the maintenance window {document.key} cannot be used: {error.message}")
                continue
            self._tenants.setdefault(tenant, {})[window.id] = window
        self._is_read = True
        self.generation += 1

    async def _keep(self, tenant: Tenant, window: Window) -> Window:
        """Write it down, and see it from now on."""
        made = replace(window, version=window.version + 1)
        await self._catalog.put(LOCAL.tenant, WINDOW_KIND, _key(tenant, made.id), self._codec.encode(tenant, made))
        self._tenants.setdefault(tenant, {})[made.id] = made
        self.generation += 1
        return made

    def _at(self, tenant: Tenant, at: int) -> Coverage:
        known = self._coverage.get(tenant)
        if known is None or known.generation != self.generation or not known.holds(at):
            windows = self._tenants.get(tenant, {}).values()
            known = self._coverage[tenant] = Coverage(windows, at, self.generation, known)
        return known

    def _require_free(self, tenant: Tenant, name: str, but: str = "") -> None:
        for one in self._tenants.get(tenant, {}).values():
            if one.name == name and one.id != but:
                raise Conflict(f"there is a maintenance window named {name!r} already", name=name, id=one.id)


def _key(tenant: Tenant, window_id: str) -> str:
    """The name of a window's document."""
    return json.dumps([tenant, window_id], ensure_ascii=False)
