"""Enroll checks: what people define, kept, and at hand for what probes and assesses."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from sightline.domain.errors import BadData, Conflict, InvalidField, NotFound
from sightline.domain.nearest import nearest
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import Composed
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.checks import Checks
from sightline.ports.clock import Clock

MAX_CHECKS: Final = 20_000
"""Of one tenant."""


Complete = Callable[[Definition, Definition | None], Definition]
"""Makes a definition whole; the second is what it replaces, if anything."""


def _as_it_is(definition: Definition, _: Definition | None) -> Definition:
    return definition


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A check that is followed: whose it is, and what judges it.

    needs: ids of the checks that it depends on. parts: ids of those that it is composed of.
    """

    tenant: Tenant
    check: Check
    judge: Judge
    needs: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()


class Enroll:
    """The use case. All checks are in memory; `roster` has them, and `generation` grows with every change.

    A change is stored before it is followed, one after another: two that are sound each may not be so together. Whoever watches is
    called after each change, with the ids that changed, and makes none itself.
    """

    def __init__(self, checks: Checks, clock: Clock, *, most: int = MAX_CHECKS, complete: Complete = _as_it_is) -> None:
        """most: checks of one tenant. complete: adds what a definition wants and people leave to us, such as a secret."""
        self._checks = checks
        self._clock = clock
        self._most = most
        self._complete = complete
        self._roster: dict[int, Enrolled] = {}
        self._names: dict[tuple[Tenant, str], int] = {}
        self._watchers: list[Callable[[frozenset[int]], Awaitable[None]]] = []
        self._loading = asyncio.Lock()
        self._turn = asyncio.Lock()
        self._loaded = False
        self.generation = 0

    @property
    def roster(self) -> Mapping[int, Enrolled]:
        """All checks of all tenants by id; not to be changed."""
        return self._roster

    def watch(self, call: Callable[[frozenset[int]], Awaitable[None]]) -> None:
        """Have it called after every change, with the ids of the checks that changed, came or went; it is waited for."""
        self._watchers.append(call)

    async def load(self) -> None:
        """Read the checks; once that worked, again does nothing.

        Raises:
            Unavailable: the store cannot be reached.
        """
        if not self._loaded:
            async with self._loading:
                if not self._loaded:
                    await self._load()

    async def _load(self) -> None:
        found = await self._checks.everyone()
        self._loaded = True
        for tenant, check in found:
            self._names[tenant, check.name] = check.id
        for tenant, check in found:
            self._roster[check.id] = self._enrolled(tenant, check)
        await self._tell(frozenset(self._roster))

    async def all(self, principal: Principal) -> list[Check]:
        """The checks of the principal's tenant, in ascending order of id."""
        await self.load()
        return [one.check for _, one in sorted(self._roster.items()) if one.tenant == principal.tenant]

    async def get(self, principal: Principal, check_id: int) -> Check:
        """One check.

        Raises:
            NotFound: the tenant has no such check.
        """
        await self.load()
        return self._one(principal, check_id).check

    async def by_name(self, principal: Principal, name: str) -> Check:
        """One check.

        Raises:
            NotFound: the tenant has no check of that name.
        """
        await self.load()
        check_id = self._names.get((principal.tenant, name))
        if check_id is None:
            near = nearest(name, self._names_of(principal.tenant))
            hint = f"; there is {', '.join(map(repr, near))}" if near else ""
            raise NotFound(f"there is no check named {name[:60]!r}{hint}", name=name)
        return self._roster[check_id].check

    async def add(self, principal: Principal, definitions: Sequence[Definition]) -> list[Check]:
        """Store new checks, all or none, and follow them.

        Raises:
            InvalidField: a check that one needs is not there, or needs it too.
            Conflict: a name is taken, or there are too many.
        """
        await self.load()
        async with self._turn:
            self._require_room(principal.tenant, len(definitions))
            self._require_sound(principal.tenant, {one.name: one for one in definitions})
            completed = [self._complete(one, None) for one in definitions]
            added = await self._checks.add(principal.tenant, completed, self._clock.now())
            await self._adopt(principal.tenant, added)
            return added

    async def require(
        self, principal: Principal, definitions: Sequence[Definition], gone: frozenset[str] = frozenset()
    ) -> None:
        """See that checks could be so, in place of those of their names, and those in `gone` no more; nothing is stored.

        Raises:
            InvalidField: a check that one needs is not there then, or needs it too.
            Conflict: there are too many.
        """
        await self.load()
        new = sum((principal.tenant, one.name) not in self._names for one in definitions)
        self._require_room(principal.tenant, new - len(gone))
        self._require_sound(principal.tenant, {one.name: one for one in definitions}, gone)

    async def put(
        self, principal: Principal, check_id: int, definition: Definition, expected: int | None = None
    ) -> Check:
        """Replace what a check says; where it has another name then, checks that need it go by that.

        expected: the version that must be there now; None replaces whatever is there.

        Raises:
            NotFound: the tenant has no such check.
            InvalidField: a check that it needs is not there, or needs it too.
            Conflict: another version is there, or the name is taken.
        """
        await self.load()
        async with self._turn:
            return await self._put(principal, check_id, definition, expected)

    async def _put(self, principal: Principal, check_id: int, definition: Definition, expected: int | None) -> Check:
        before = self._one(principal, check_id).check
        self._require_sound(principal.tenant, {before.name: definition})
        definition = self._complete(definition, before.definition)
        tenant, now = principal.tenant, self._clock.now()
        changed = [await self._checks.put(tenant, check_id, definition, now, expected)]
        try:
            if definition.name != before.name:
                for other in self._needing(tenant, check_id):
                    renamed = _renamed(other.definition, before.name, definition.name)
                    changed.append(await self._checks.put(tenant, other.id, renamed, now))
        finally:
            await self._adopt(tenant, changed)  # what is stored is followed, be it not all of it
        return changed[0]

    async def delete(self, principal: Principal, check_id: int) -> None:
        """Remove a check.

        Raises:
            NotFound: the tenant has no such check.
            Conflict: others need it.
        """
        await self.load()
        async with self._turn:
            await self._delete(principal, check_id)

    async def _delete(self, principal: Principal, check_id: int) -> None:
        found = self._one(principal, check_id)
        needing = self._needing(found.tenant, check_id)
        if needing:
            names = ", ".join(repr(one.name) for one in needing[:5])
            raise Conflict(f"{names} need the check {found.check.name!r}: change them first", name=found.check.name)
        await self._checks.delete(found.tenant, check_id)
        self._roster.pop(check_id, None)
        self._names.pop((found.tenant, found.check.name), None)
        await self._tell(frozenset((check_id,)))

    async def switch(self, principal: Principal, check_id: int, *, enabled: bool) -> Check:
        """Have a check probed, or no longer.

        Raises:
            NotFound: the tenant has no such check.
        """
        await self.load()
        async with self._turn:
            check = self._one(principal, check_id).check
            if check.definition.enabled is enabled:
                return check
            return await self._put(principal, check_id, replace(check.definition, enabled=enabled), check.version)

    def _one(self, principal: Principal, check_id: int) -> Enrolled:
        found = self._roster.get(check_id)
        if found is None or found.tenant != principal.tenant:
            raise NotFound(f"there is no check with the id {check_id}", id=check_id)
        return found

    async def _adopt(self, tenant: Tenant, checks: Iterable[Check]) -> None:
        """Follow checks as they are now."""
        changed = list(checks)
        for check in changed:
            before = self._roster.get(check.id)
            if before is not None:
                self._names.pop((tenant, before.check.name), None)
        for check in changed:
            self._names[tenant, check.name] = check.id
        for check in changed:
            self._roster[check.id] = self._enrolled(tenant, check)
        await self._tell(frozenset(check.id for check in changed))

    def _enrolled(self, tenant: Tenant, check: Check) -> Enrolled:
        definition = check.definition
        needs, parts = self._ids(tenant, definition.depends_on), self._ids(tenant, _parts(definition))
        return Enrolled(tenant, check, _judge(definition), needs, parts)

    def _ids(self, tenant: Tenant, names: Iterable[str]) -> tuple[int, ...]:
        found = (self._names.get((tenant, name)) for name in dict.fromkeys(names))
        return tuple(one for one in found if one is not None)

    async def _tell(self, changed: frozenset[int]) -> None:
        self.generation += 1
        for call in self._watchers:
            await call(changed)

    def _needing(self, tenant: Tenant, check_id: int) -> list[Check]:
        return [
            one.check for one in self._roster.values() if one.tenant == tenant and check_id in (*one.needs, *one.parts)
        ]

    def _names_of(self, tenant: Tenant) -> list[str]:
        return [name for its, name in self._names if its == tenant]

    def _require_room(self, tenant: Tenant, more: int) -> None:
        there = sum(one.tenant == tenant for one in self._roster.values())
        if there + more > self._most:
            message = f"{there} checks are there, and {more} more would be over checks.max ({self._most}): delete some, or raise it"
            raise Conflict(message, limit=self._most)

    def _require_sound(
        self, tenant: Tenant, written: Mapping[str, Definition], gone: frozenset[str] = frozenset()
    ) -> None:
        """Whatever checks need is there, and nothing needs itself, be it by way of others. gone: names that are no more."""
        known = {name: self._roster[one].check.definition for (its, name), one in self._names.items() if its == tenant}
        for name, definition in written.items():
            known.pop(name, None)
            known[definition.name] = definition
        known = {name: one for name, one in known.items() if name not in gone}
        left = (one for one in known.values() if one.name not in written and not gone.isdisjoint(_needed(one)))
        for definition in (*written.values(), *left):
            for field, names in (("depends_on", definition.depends_on), ("options.checks", _parts(definition))):
                for place, name in enumerate(names):
                    if name not in known:
                        near = nearest(name, list(known))
                        hint = f"; there is {', '.join(map(repr, near))}" if near else ""
                        message = f"{field}[{place}]: there is no check named {name[:60]!r}{hint}"
                        raise InvalidField(message, field=f"{field}[{place}]")
            circle = _circle(definition.name, known)
            if circle:
                message = f"depends_on: {' needs '.join(map(repr, circle))}: a check cannot need itself"
                raise InvalidField(message, field="depends_on")


def _judge(definition: Definition) -> Judge:
    try:
        return Judge.of(definition)
    except BadData:  # stored by another version: what it cannot read does not cost the check its other conditions
        return Judge.of(replace(definition, conditions=()))


def _parts(definition: Definition) -> tuple[str, ...]:
    return definition.options.checks if isinstance(definition.options, Composed) else ()


def _needed(definition: Definition) -> tuple[str, ...]:
    return (*definition.depends_on, *_parts(definition))


def _renamed(definition: Definition, old: str, new: str) -> Definition:
    depends_on = tuple(new if name == old else name for name in definition.depends_on)
    options = definition.options
    if isinstance(options, Composed):
        options = replace(options, checks=tuple(new if name == old else name for name in options.checks))
    return replace(definition, depends_on=depends_on, options=options)


def _circle(name: str, known: Mapping[str, Definition]) -> tuple[str, ...]:
    """The way from a check back to itself; empty where there is none."""
    seen: set[str] = set()
    ways: list[tuple[str, ...]] = [(name,)]
    while ways:
        way = ways.pop()
        for need in _needed(known[way[-1]]) if way[-1] in known else ():
            if need == name:
                return (*way, name)
            if need not in seen:
                seen.add(need)
                ways.append((*way, need))
    return ()
