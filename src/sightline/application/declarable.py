"""What can be declared: each kind of thing that people define, by the use case that keeps it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace as replaced
from typing_extensions import override

from sightline.application.declare import Kept, Kind, conflict
from sightline.application.define import DefineDashboards
from sightline.application.define import Origin as DashboardOrigin
from sightline.application.enroll import Enroll
from sightline.application.maintain import Maintain
from sightline.application.prescribe import Origin as RuleOrigin
from sightline.application.prescribe import PrescribeRules
from sightline.application.publish import Publish
from sightline.domain.errors import InvalidField, SightlineError
from sightline.domain.probes.check import Check
from sightline.domain.probes.page_password import is_hashed, matches
from sightline.domain.probes.status_page import MASKED, StatusPage
from sightline.domain.tenancy import Principal


@dataclass(frozen=True, slots=True)
class Form:
    """How things of a kind are written.

    read: of a value, what is stored under its name (or None), and a path. shown: as people write it, secrets masked.
    """

    read: Callable[[Any, Any, str], Any]
    shown: Callable[[Any], Mapping[str, Any]]


class _Formed(Kind):
    """What kinds have in common: a form, and things that are the same when they are equal."""

    _name: str
    _key = "name"

    def __init__(self, form: Form) -> None:
        self._form = form

    @property
    @override
    def name(self) -> str:
        return self._name

    @property
    @override
    def key(self) -> str:
        return self._key

    @override
    def read(self, value: Any, stored: Any | None, path: str) -> Any:
        return self._form.read(value, stored, path)

    @override
    def shown(self, item: Any) -> Mapping[str, Any]:
        return self._form.shown(item)

    @override
    def same(self, stored: Any, item: Any) -> bool:
        return bool(stored == item)

    @override
    async def require(self, principal: Principal, changed: Mapping[str, Any], gone: frozenset[str]) -> None:
        """Whatever was read can be."""


class DeclaredChecks(_Formed):
    """Checks, by name; a thing is a Definition."""

    _name = "checks"

    def __init__(self, enroll: Enroll, form: Form) -> None:
        super().__init__(form)
        self._enroll = enroll

    @override
    async def there(self, principal: Principal) -> Mapping[str, Kept]:
        return {name: Kept(check.definition) for name, check in (await self._checks(principal)).items()}

    @override
    async def require(self, principal: Principal, changed: Mapping[str, Any], gone: frozenset[str]) -> None:
        await self._enroll.require(principal, list(changed.values()), gone)

    @override
    async def put(self, principal: Principal, items: Mapping[str, Any], done: Callable[[str], None]) -> None:
        there = await self._checks(principal)
        new = [item for name, item in items.items() if name not in there]
        if new:
            for check in await self._enroll.add(principal, new):
                done(check.name)
        changed = {there[name].id: item for name, item in items.items() if name in there}
        if changed:
            for check in await self._enroll.put_all(principal, changed):
                done(check.name)

    @override
    async def delete(self, principal: Principal, names: Sequence[str], done: Callable[[str], None]) -> None:
        there = await self._checks(principal)

        async def remove(name: str) -> None:
            await self._enroll.delete(principal, there[name].id)

        await _in_some_order([name for name in names if name in there], remove, done)

    async def _checks(self, principal: Principal) -> dict[str, Check]:
        return {check.name: check for check in await self._enroll.all(principal)}


async def _in_some_order(names: Any, act: Callable[[str], Any], done: Callable[[str], None]) -> None:
    """Do something with each, those last that others stand in the way of, as checks that need each other."""
    waiting = list(names)
    while waiting:
        left: list[str] = []
        refused: SightlineError | None = None
        for name in waiting:
            try:
                await act(name)
            except SightlineError as error:
                if error.code not in _LATER:
                    raise
                refused = error
                left.append(name)
            else:
                done(name)
        if refused is not None and len(left) == len(waiting):
            raise refused
        waiting = left


_LATER: Final = frozenset({"conflict", "field_invalid"})
"""Refusals that another one may be the cause of."""


class DeclaredRules(_Formed):
    """Alert rules, by name; those that come with the program count where people changed them."""

    _name = "alert_rules"

    def __init__(self, prescribe: PrescribeRules, form: Form) -> None:
        super().__init__(form)
        self._prescribe = prescribe

    @override
    async def there(self, principal: Principal) -> Mapping[str, Kept]:
        found = await self._prescribe.list(principal)
        return {one.rule.name: Kept(one.rule, one.origin is not RuleOrigin.BUILT_IN) for one in found}

    @override
    def same(self, stored: Any, item: Any) -> bool:
        return bool(replaced(stored, saved=False) == replaced(item, saved=False))

    @override
    async def put(self, principal: Principal, items: Mapping[str, Any], done: Callable[[str], None]) -> None:
        for name, item in items.items():
            await self._prescribe.put(principal, item, None)
            done(name)

    @override
    async def delete(self, principal: Principal, names: Sequence[str], done: Callable[[str], None]) -> None:
        origins = {one.rule.name: one.origin for one in await self._prescribe.list(principal)}
        for name in names:
            # One of the program's would be there again: it says what it said.
            if origins.get(name) is RuleOrigin.CHANGED:
                await self._prescribe.restore(principal, name)
            else:
                await self._prescribe.delete(principal, name)
            done(name)


class DeclaredDashboards(_Formed):
    """Dashboards that people saved, by name."""

    _name = "dashboards"

    def __init__(self, define: DefineDashboards, form: Form) -> None:
        super().__init__(form)
        self._define = define

    @override
    async def there(self, principal: Principal) -> Mapping[str, Kept]:
        found = (await self._define.list(principal)).dashboards
        return {one.dashboard.name: Kept(one.dashboard) for one in found if one.origin is DashboardOrigin.SAVED}

    @override
    async def require(self, principal: Principal, changed: Mapping[str, Any], gone: frozenset[str]) -> None:
        for one in (await self._define.list(principal)).dashboards:
            if one.dashboard.name in changed and one.origin is not DashboardOrigin.SAVED:
                raise conflict(one.dashboard.name, one.file or "the program itself")

    @override
    async def put(self, principal: Principal, items: Mapping[str, Any], done: Callable[[str], None]) -> None:
        for name, item in items.items():
            await self._define.put(principal, item, None)
            done(name)

    @override
    async def delete(self, principal: Principal, names: Sequence[str], done: Callable[[str], None]) -> None:
        for name in names:
            await self._define.delete(principal, name)
            done(name)


class DeclaredWindows(_Formed):
    """Maintenance windows, by name."""

    _name = "windows"

    def __init__(self, maintain: Maintain, form: Form) -> None:
        super().__init__(form)
        self._maintain = maintain

    @override
    async def there(self, principal: Principal) -> Mapping[str, Kept]:
        await self._maintain.load()
        return {one.name: Kept(one) for one in self._maintain.all(principal)}

    @override
    def same(self, stored: Any, item: Any) -> bool:
        return self.shown(stored) == self.shown(item)

    @override
    async def put(self, principal: Principal, items: Mapping[str, Any], done: Callable[[str], None]) -> None:
        ids = {one.name: one.id for one in self._maintain.all(principal)}
        for name, item in items.items():
            if name in ids:
                await self._maintain.put(principal, ids[name], item)
            else:
                await self._maintain.add(principal, item)
            done(name)

    @override
    async def delete(self, principal: Principal, names: Sequence[str], done: Callable[[str], None]) -> None:
        ids = {one.name: one.id for one in self._maintain.all(principal)}
        for name in names:
            await self._maintain.delete(principal, ids[name])
            done(name)


class DeclaredPages(_Formed):
    """Status pages, by slug. A password that is masked, or as it is kept, keeps the one that is stored."""

    _name = "status_pages"
    _key = "slug"

    def __init__(self, publish: Publish, form: Form) -> None:
        super().__init__(form)
        self._publish = publish

    @override
    async def there(self, principal: Principal) -> Mapping[str, Kept]:
        return {one.page.slug: Kept(one.page) for one in await self._publish.all(principal)}

    @override
    def read(self, value: Any, stored: Any | None, path: str) -> Any:
        page: StatusPage = super().read(value, stored, path)
        if page.password == MASKED and (stored is None or not stored.password):
            field = f"{path}.password"
            raise InvalidField(
                f"{field}: {MASKED} stands for a password that is stored, and none is: write it", field=field
            )
        return page

    @override
    def same(self, stored: Any, item: Any) -> bool:
        if self.shown(stored) != self.shown(item):
            return False
        return item.password in {"", MASKED} or matches(item.password, stored.password)

    @override
    async def put(self, principal: Principal, items: Mapping[str, Any], done: Callable[[str], None]) -> None:
        for name, item in items.items():
            page = replaced(item, password=MASKED) if is_hashed(item.password) else item
            await self._publish.put(principal, page, None)
            done(name)

    @override
    async def delete(self, principal: Principal, names: Sequence[str], done: Callable[[str], None]) -> None:
        for name in names:
            await self._publish.delete(principal, name)
            done(name)
