"""Enroll checks: what people define, kept, and at hand for what probes and assesses."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from msgspec.structs import replace

from sightline.domain.errors import BadData, Conflict, NotFound
from sightline.domain.nearest import hint
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.needs import Needers, parts, renamed, require_sound
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.checks import Checks, Rewrite
from sightline.ports.clock import Clock

MAX_CHECKS: Final = 20_000
"""Of one tenant."""
_AT_ONCE: Final = 100
"""Definitions that are made ready before others have the loop: 2 ms."""

_Done = TypeVar("_Done")

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

    A change is stored before it is followed, one after another: two that are sound each may not be so together. It is made whole
    though whoever asked for it goes away, and costs as much as what it changes, however many checks there are. Whoever watches is
    called after each change, with the ids that changed, and makes none itself.
    """

    def __init__(self, checks: Checks, clock: Clock, *, most: int = MAX_CHECKS, complete: Complete = _as_it_is) -> None:
        """most: checks of one tenant. complete: adds what a definition wants and people leave to us, such as a secret."""
        self._checks = checks
        self._clock = clock
        self._most = most
        self._complete = complete
        self._roster: dict[int, Enrolled] = {}
        self._names: dict[Tenant, dict[str, int]] = {}
        self._needers = Needers()
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
        by_tenant: dict[Tenant, list[Check]] = {}
        for tenant, check in await self._checks.everyone():
            by_tenant.setdefault(tenant, []).append(check)
        judges = {tenant: await _judges([one.definition for one in its]) for tenant, its in by_tenant.items()}
        self._loaded = True
        for tenant, its in by_tenant.items():
            self._take_in(tenant, its, judges[tenant])
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

    async def those(self, principal: Principal, check_ids: Iterable[int]) -> list[Check]:
        """Some checks, each once and in the order given; those that the tenant lacks are left out."""
        await self.load()
        found = (self._roster.get(check_id) for check_id in dict.fromkeys(check_ids))
        return [one.check for one in found if one is not None and one.tenant == principal.tenant]

    async def by_name(self, principal: Principal, name: str) -> Check:
        """One check.

        Raises:
            NotFound: the tenant has no check of that name.
        """
        await self.load()
        names = self._names.get(principal.tenant, {})
        check_id = names.get(name)
        if check_id is None:
            raise NotFound(f"there is no check named {name[:60]!r}{hint(name, names)}", name=name)
        return self._roster[check_id].check

    def named(self, tenant: Tenant, name: str) -> Enrolled | None:
        """The check of a tenant that has a name, of those that are read; None where there is none."""
        check_id = self._names.get(tenant, {}).get(name)
        return self._roster.get(check_id) if check_id is not None else None

    async def add(self, principal: Principal, definitions: Sequence[Definition]) -> list[Check]:
        """Store new checks, all or none, and follow them.

        Raises:
            InvalidField: a check that one needs is not there, or needs it too.
            Conflict: a name is taken, or there are too many.
        """
        await self.load()
        return await self._whole(partial(self._add, principal.tenant, list(definitions)))

    async def _add(self, tenant: Tenant, definitions: Sequence[Definition]) -> list[Check]:
        self._require_room(tenant, len(definitions))
        self._require_sound(tenant, {one.name: one for one in definitions})
        completed = [self._complete(one, None) for one in definitions]
        judges = await _judges(completed)
        added = await self._checks.add(tenant, completed, self._clock.now())
        await self._adopt(tenant, added, judges)
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
        there = self._names.get(principal.tenant, {})
        new = sum(one.name not in there for one in definitions)
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
        (changed,) = await self.put_all(principal, {check_id: definition}, expected)
        return changed

    async def put_all(
        self, principal: Principal, definitions: Mapping[int, Definition], expected: int | None = None
    ) -> list[Check]:
        """Replace what several checks say, by their ids, all or none; otherwise as `put`."""
        await self.load()
        return await self._whole(partial(self._put, principal, dict(definitions), expected))

    async def _put(self, principal: Principal, said: Mapping[int, Definition], expected: int | None) -> list[Check]:
        tenant, before = principal.tenant, {check_id: self._one(principal, check_id).check for check_id in said}
        self._require_sound(tenant, {check.name: said[check_id] for check_id, check in before.items()})
        changes = [
            Rewrite(check_id, self._complete(said[check_id], check.definition), expected)
            for check_id, check in before.items()
        ]
        changes += self._followers(
            {check_id: said[check_id].name for check_id, check in before.items() if said[check_id].name != check.name},
            said,
        )
        judges = await _judges([one.definition for one in changes])
        changed = await self._checks.put(tenant, changes, self._clock.now())
        await self._adopt(tenant, changed, judges)
        return changed[: len(said)]

    def _followers(self, names: Mapping[int, str], said: Mapping[int, Definition]) -> list[Rewrite]:
        """What becomes of checks that need others which go by new names, given by their ids, but for those that are written."""
        new = {self._roster[check_id].check.name: name for check_id, name in names.items()}
        needing = {one for check_id in names for one in self._needers.of(check_id)}
        return [Rewrite(one, renamed(self._roster[one].check.definition, new)) for one in sorted(needing - said.keys())]

    async def delete(self, principal: Principal, check_id: int) -> None:
        """Remove a check.

        Raises:
            NotFound: the tenant has no such check.
            Conflict: others need it.
        """
        await self.load()
        await self._whole(partial(self._delete, principal, check_id))

    async def _delete(self, principal: Principal, check_id: int) -> None:
        found = self._one(principal, check_id)
        tenant, needing = found.tenant, self._needers.of(check_id)
        if needing:
            names = ", ".join(repr(self._roster[one].check.name) for one in sorted(needing)[:5])
            word, which = ("need", "them") if len(needing) > 1 else ("needs", "it")
            raise Conflict(
                f"{names} {word} the check {found.check.name!r}: change {which} first", name=found.check.name
            )
        await self._checks.delete(tenant, check_id)
        del self._roster[check_id], self._names[tenant][found.check.name]
        self._needers.change(check_id, (*found.needs, *found.parts), ())
        await self._tell(frozenset((check_id,)))

    async def switch(self, principal: Principal, check_id: int, *, enabled: bool) -> Check:
        """Have a check probed, or no longer.

        Raises:
            NotFound: the tenant has no such check.
        """
        await self.load()
        return await self._whole(partial(self._switch, principal, check_id, enabled=enabled))

    async def _switch(self, principal: Principal, check_id: int, *, enabled: bool) -> Check:
        check = self._one(principal, check_id).check
        if check.definition.enabled is enabled:
            return check
        switched = {check_id: replace(check.definition, enabled=enabled)}
        return (await self._put(principal, switched, check.version))[0]

    async def _whole(self, change: Callable[[], Awaitable[_Done]]) -> _Done:
        """Make a change in its turn. A caller that goes away must not leave behind what is stored and not followed."""

        async def in_turn() -> _Done:
            async with self._turn:
                return await change()

        return await asyncio.shield(asyncio.ensure_future(in_turn()))

    def _one(self, principal: Principal, check_id: int) -> Enrolled:
        found = self._roster.get(check_id)
        if found is None or found.tenant != principal.tenant:
            raise NotFound(f"there is no check with the id {check_id}", id=check_id)
        return found

    async def _adopt(self, tenant: Tenant, checks: Sequence[Check], judges: Sequence[Judge]) -> None:
        """Follow checks as they are now."""
        self._take_in(tenant, checks, judges)
        await self._tell(frozenset(check.id for check in checks))

    def _take_in(self, tenant: Tenant, checks: Sequence[Check], judges: Sequence[Judge]) -> None:
        names = self._names.setdefault(tenant, {})
        for check in checks:
            before = self._roster.get(check.id)
            if before is not None:
                names.pop(before.check.name, None)
        names.update({check.name: check.id for check in checks})
        for check, judge in zip(checks, judges, strict=True):
            before, definition = self._roster.get(check.id), check.definition
            needs, its_parts = _ids(names, definition.depends_on), _ids(names, parts(definition))
            self._roster[check.id] = Enrolled(tenant, check, judge, needs, its_parts)
            needed_before = () if before is None else (*before.needs, *before.parts)
            self._needers.change(check.id, needed_before, (*needs, *its_parts))

    async def _tell(self, changed: frozenset[int]) -> None:
        self.generation += 1
        for call in self._watchers:
            await call(changed)

    def _require_room(self, tenant: Tenant, more: int) -> None:
        there = len(self._names.get(tenant, ()))
        if there + more > self._most:
            message = f"{there} checks are there, and {more} more would be over checks.max ({self._most}): delete some, or raise it"
            raise Conflict(message, limit=self._most)

    def _require_sound(
        self, tenant: Tenant, written: Mapping[str, Definition], gone: frozenset[str] = frozenset()
    ) -> None:
        """Whatever checks need is there, and nothing needs itself, be it by way of others.

        written: by the names that they have now. gone: names that are no more.
        """
        ids: Mapping[str, int] = self._names.get(tenant, {})
        new = {one.name: one for one in written.values()}

        def known(name: str) -> Definition | None:
            """What will be called so."""
            if name in gone or (name in written and name not in new):
                return None
            return new.get(name) or (self._roster[ids[name]].check.definition if name in ids else None)

        stay = self._needing(tenant, gone)
        left = (one for one in stay if one.name not in written and one.name not in gone)
        require_sound((*written.values(), *left), known, (*ids, *new))

    def _needing(self, tenant: Tenant, names: Iterable[str]) -> list[Definition]:
        """Checks that need any of some, in order of id."""
        ids = self._names.get(tenant, {})
        needing = {one for name in names if name in ids for one in self._needers.of(ids[name])}
        return [self._roster[one].check.definition for one in sorted(needing)]


async def _judges(definitions: Sequence[Definition]) -> list[Judge]:
    """What judges checks, some at a time: ten thousand take a fifth of a second, in which others must be served."""
    found = list[Judge]()
    for number, definition in enumerate(definitions, 1):
        found.append(_judge(definition))
        if not number % _AT_ONCE:
            await asyncio.sleep(0)
    return found


def _judge(definition: Definition) -> Judge:
    try:
        return Judge.of(definition)
    except BadData:  # stored by another version: what it cannot read does not cost the check its other conditions
        return Judge.of(replace(definition, conditions=()))


def _ids(known: Mapping[str, int], names: Iterable[str]) -> tuple[int, ...]:
    return tuple(known[name] for name in dict.fromkeys(names) if name in known)
