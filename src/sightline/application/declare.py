"""Declare what there is to be: exported, compared with what is written elsewhere, and made so."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from sightline.domain.errors import Conflict, InvalidField, SightlineError
from sightline.domain.nearest import nearest
from sightline.domain.tenancy import Principal

MAX_DECLARED: Final = 50_000
"""Things in one document."""
MAX_TOLD: Final = 20
"""Problems that one error tells."""


class Action(StrEnum):
    """What would make it so."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


class Written(Protocol):
    """One thing as somebody wrote it. kind: the name of its kind. path: where it stands. value: what was read there."""

    @property
    def kind(self) -> str:
        """What documents call things like it."""
        ...

    @property
    def path(self) -> str:
        """Where it stands, for people."""
        ...

    @property
    def value(self) -> Any:
        """What was read there."""
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """A field that is otherwise than written. before, after: None where it is not said, or goes without saying."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is otherwise than written; secrets are masked."""

    kind: str
    name: str
    action: Action
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that is there. own: whether people made it, so that it is exported, and removed when it is no longer written."""

    item: Any
    own: bool = True


class Kind(Protocol):
    """One kind of thing that is declared, such as checks. Names tell things of a kind apart."""

    @property
    def name(self) -> str:
        """What documents call it, such as `checks`."""
        ...

    @property
    def key(self) -> str:
        """The field that holds the name of a thing."""
        ...

    async def there(self, principal: Principal) -> Mapping[str, Kept]:
        """All that there is, by name."""
        ...

    def read(self, value: Any, stored: Any | None, path: str) -> Any:
        """What somebody wrote. stored: what is there under that name, whose secrets stand where masks are.

        Raises:
            BadData: it cannot be; the path in front.
        """
        ...

    def shown(self, item: Any) -> Mapping[str, Any]:
        """As people write it, what goes without saying left out, secrets masked."""
        ...

    def same(self, stored: Any, item: Any) -> bool:
        """Whether what is there says what is written; in a thread, for it may take a while."""
        ...

    async def require(self, principal: Principal, changed: Mapping[str, Any], gone: frozenset[str]) -> None:
        """See that things could be so, all of them together, and others gone; nothing is written.

        Raises:
            SightlineError: they could not.
        """
        ...

    async def put(self, principal: Principal, items: Mapping[str, Any], done: Callable[[str], None]) -> None:
        """Write things that are new or changed, calling `done` with the name of each that is stored."""
        ...

    async def delete(self, principal: Principal, names: Sequence[str], done: Callable[[str], None]) -> None:
        """Remove things, likewise."""
        ...


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done of one kind."""

    kind: Kind
    there: Mapping[str, Kept]
    changed: Mapping[str, Any]
    gone: tuple[str, ...]
    drift: tuple[Drift, ...]


class Declare:
    """The use case. kinds: in the order in which they are written; they are removed in the reverse order.

    Everything is read and judged before anything is written. Where a store refuses in the middle, what was added and changed
    before is put back; removals come last, and those that are done stay done: the error tells which.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._turn = asyncio.Lock()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What can be declared."""
        return tuple(self._kinds)

    def key(self, kind: str) -> str:
        """The field that holds the names of a kind."""
        return self._kinds[kind].key

    async def export(self, principal: Principal, kinds: Sequence[str] = ()) -> dict[str, list[Mapping[str, Any]]]:
        """All that people made, by kind and in order of name, secrets masked. kinds: only those; empty all.

        Raises:
            InvalidField: there is no such kind.
        """
        for name in kinds:
            self._require_kind(name, "kind")
        found: dict[str, list[Mapping[str, Any]]] = {}
        for name, kind in self._kinds.items():
            if not kinds or name in kinds:
                there = await kind.there(principal)
                found[name] = await asyncio.to_thread(_exported, kind, there)
        return found

    async def compare(
        self,
        principal: Principal,
        written: Sequence[Written],
        mentioned: frozenset[str] = frozenset(),
        *,
        prune: bool = False,
    ) -> tuple[Drift, ...]:
        """What is otherwise than written. prune: with what is there and not written, of the kinds that are mentioned.

        Raises:
            InvalidField: something that is written cannot be; all that is wrong is told.
            SightlineError: it could not be so together with what is there.
        """
        plans = await self._plans(principal, written, mentioned, prune=prune)
        return tuple(one for plan in plans for one in plan.drift)

    async def apply(
        self,
        principal: Principal,
        written: Sequence[Written],
        mentioned: frozenset[str] = frozenset(),
        *,
        prune: bool = False,
    ) -> tuple[Drift, ...]:
        """Make it so; returns what was otherwise.

        Raises:
            InvalidField, SightlineError: as `compare`; nothing is written then.
            Conflict, Unavailable, StorageFull: of a store; tells what became of the rest.
        """
        async with self._turn:
            plans = await self._plans(principal, written, mentioned, prune=prune)
            done: list[tuple[_Plan, str]] = []
            try:
                for plan in plans:
                    if plan.changed:
                        await plan.kind.put(principal, plan.changed, _noting(done, plan))
            except SightlineError as error:
                raise await self._undone(principal, error, done) from None
            await self._remove(principal, plans)
            return tuple(one for plan in plans for one in plan.drift)

    async def _plans(
        self, principal: Principal, written: Sequence[Written], mentioned: frozenset[str], *, prune: bool
    ) -> list[_Plan]:
        if len(written) > MAX_DECLARED:
            raise InvalidField(f"{len(written)} things are declared; {MAX_DECLARED} are allowed at once", field="")
        for one in written:
            self._require_kind(one.kind, one.path)
        for name in sorted(mentioned):
            self._require_kind(name, name)
        problems: list[SightlineError] = []
        plans: list[_Plan] = []
        for kind in self._kinds.values():
            its = [one for one in written if one.kind == kind.name]
            if its or kind.name in mentioned:
                there, removes = await kind.there(principal), prune and kind.name in mentioned
                # Ten thousand checks take a second or two, in which others must be served.
                plans.append(await asyncio.to_thread(_planned, kind, there, its, problems, prune=removes))
        if problems:
            raise _together(problems)
        for plan in plans:
            await plan.kind.require(principal, plan.changed, frozenset(plan.gone))
        return plans

    async def _undone(
        self, principal: Principal, error: SightlineError, done: Sequence[tuple[_Plan, str]]
    ) -> SightlineError:
        """Put back what was written; the error that tells what became of it."""
        stays = {(plan.kind.name, name) for plan, name in done}

        def put_back(kind: str) -> Callable[[str], None]:
            return lambda name: stays.discard((kind, name))

        for plan in reversed(list({id(plan): plan for plan, _ in done}.values())):
            written = [name for one, name in done if one is plan]
            before = {name: plan.there[name].item for name in written if name in plan.there}
            with suppress(SightlineError):  # what stays is told
                await plan.kind.put(principal, before, put_back(plan.kind.name))
            with suppress(SightlineError):
                added = [name for name in written if name not in plan.there]
                await plan.kind.delete(principal, added, put_back(plan.kind.name))
        if stays:
            names = ", ".join(f"{kind} {name!r}" for kind, name in sorted(stays)[:MAX_TOLD])
            told = f"these are written and could not be put back: {names}"
        else:
            told = "what was written before is put back, and nothing is changed" if done else "nothing is changed"
        return type(error)(f"{error.message} ({told})", **error.detail)

    async def _remove(self, principal: Principal, plans: Sequence[_Plan]) -> None:
        gone: list[tuple[_Plan, str]] = []
        for plan in reversed(plans):
            if not plan.gone:
                continue
            try:
                await plan.kind.delete(principal, plan.gone, _noting(gone, plan))
            except SightlineError as error:
                names = ", ".join(f"{one.kind.name} {name!r}" for one, name in gone[:MAX_TOLD])
                told = f"everything else is as written; removed so far: {names or 'nothing'}"
                raise type(error)(f"{error.message} ({told})", **error.detail) from None

    def _require_kind(self, name: str, path: str) -> None:
        if name not in self._kinds:
            near = nearest(name, self.kinds)
            meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(self.kinds)}"
            raise InvalidField(f"{path}: {name[:40]!r} cannot be declared: {meant}", field=path)


_A_SECRET: Final = Field("(a secret)", "***", "***")
"""What differs where nothing that is shown does."""


def _exported(kind: Kind, there: Mapping[str, Kept]) -> list[Mapping[str, Any]]:
    return [kind.shown(one.item) for _, one in sorted(there.items()) if one.own]


def _planned(
    kind: Kind, there: Mapping[str, Kept], written: Sequence[Written], problems: list[SightlineError], *, prune: bool
) -> _Plan:
    """What is to be done of one kind; what cannot be is added to the problems."""
    wanted: dict[str, tuple[str, Any]] = {}
    for one in written:
        try:
            name = _name(kind, one)
            if name in wanted:
                message = f"{one.path}.{kind.key}: {name[:60]!r} stands at {wanted[name][0]} too"
                raise InvalidField(message, field=f"{one.path}.{kind.key}")
            kept = there.get(name)
            wanted[name] = (one.path, kind.read(one.value, None if kept is None else kept.item, one.path))
        except SightlineError as error:
            problems.append(error)
    drift: list[Drift] = []
    changed: dict[str, Any] = {}
    for name, (_, item) in wanted.items():
        found = there.get(name)
        if found is None:
            drift.append(Drift(kind.name, name, Action.ADD, tuple(fields({}, kind.shown(item)))))
        elif kind.same(found.item, item):
            continue
        else:
            fields_changed = tuple(fields(kind.shown(found.item), kind.shown(item)))
            drift.append(Drift(kind.name, name, Action.CHANGE, fields_changed or (_A_SECRET,)))
        changed[name] = item
    gone = sorted(name for name, one in there.items() if one.own and name not in wanted) if prune else []
    drift += (Drift(kind.name, name, Action.REMOVE, tuple(fields(kind.shown(there[name].item), {}))) for name in gone)
    return _Plan(kind, there, changed, tuple(gone), tuple(drift))


def fields(before: Any, after: Any, path: str = "") -> Iterator[Field]:
    """The fields in which two things differ, in the order of the first and then of the second."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from fields(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
    elif _are_lists_of_objects(before, after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from fields(one, other, f"{path}[{number}]")
    elif _plain(before) != _plain(after):
        yield Field(path, before, after)


def _are_lists_of_objects(before: Any, after: Any) -> bool:
    return (
        isinstance(before, list | tuple)
        and isinstance(after, list | tuple)
        and len(before) == len(after)
        and all(isinstance(one, Mapping) for one in (*before, *after))
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _name(kind: Kind, written: Written) -> str:
    name = written.value.get(kind.key) if isinstance(written.value, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InvalidField(f"{written.path}.{kind.key}: is missing", field=f"{written.path}.{kind.key}")
    return str(name)


def _noting(into: list[tuple[_Plan, str]], plan: _Plan) -> Callable[[str], None]:
    return lambda name: into.append((plan, name))


def _together(problems: Sequence[SightlineError]) -> SightlineError:
    """One error that tells all."""
    if len(problems) == 1:
        return problems[0]
    told = [one.message for one in problems[:MAX_TOLD]]
    if len(problems) > MAX_TOLD:
        told.append(f"and {len(problems) - MAX_TOLD} more")
    return InvalidField("\n".join(told), field=str(problems[0].detail.get("field", "")), problems=told)


def conflict(name: str, where: str) -> Conflict:
    """That something cannot be declared because it belongs to somebody else."""
    return Conflict(f"{name!r} comes from {where}, and cannot be declared under that name", name=name)
