"""Prescribe alert rules: those that people save, and what people make of those that come with the program."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from msgspec.structs import replace

from sightline.domain.alerts.rule import RULE_KIND, AlertRule, decode_rule, encode_rule, expression_problems
from sightline.domain.errors import BadData, Conflict, InvalidParameter, NotFound, NotSupported, SightlineError
from sightline.domain.go_literals import quoted
from sightline.domain.promql.inputs import inputs
from sightline.domain.promql.parse import parse
from sightline.domain.promql.recording import elements
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.catalog import Catalog, Document
from sightline.ports.clock import Clock

MAX_RULES: Final = 1000
"""Of one tenant."""
MAX_NAME: Final = 200
"""Characters of a rule's name."""
MAX_LOOKED_UP: Final = 20
"""Metrics of one rule of which it is looked up whether they are there."""


class Origin(StrEnum):
    """Whose a rule is: the program's as it came, the program's as people changed it, or people's own."""

    BUILT_IN = "built-in"
    CHANGED = "changed"
    SAVED = "saved"


@dataclass(frozen=True, slots=True)
class Prescribed:
    """A rule, where it comes from, and its version, which grows with every change."""

    rule: AlertRule
    origin: Origin
    version: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be said of a rule before it is saved.

    errors: why it cannot be. warnings: what may not be meant. matches: elements for which its condition holds now; None where
    nobody could tell.
    """

    errors: tuple[SightlineError, ...] = ()
    warnings: tuple[str, ...] = ()
    matches: int | None = None


class AskQuery(Protocol):
    """The part of the query use case that judging a rule needs."""

    async def instant(self, principal: Principal, text: str, at: int, /) -> Answer:
        """The value of an expression at an instant, ms."""
        ...


class PrescribeRules:
    """The use case. Whatever is changed takes effect at the next round of evaluation."""

    def __init__(
        self,
        catalog: Catalog,
        query: AskQuery,
        clock: Clock,
        built_in: Iterable[AlertRule] = (),
        *,
        tenant: Tenant = LOCAL.tenant,
    ) -> None:
        """built_in: the rules that come with the program. tenant: whose rules are evaluated."""
        self._catalog = catalog
        self._query = query
        self._clock = clock
        self._built_in = {rule.name: rule for rule in built_in}
        self._tenant = tenant

    async def list(self, principal: Principal) -> list[Prescribed]:
        """All rules of the principal's tenant that can be read, by name."""
        found: list[Prescribed] = []
        for document in await self._catalog.list(principal.tenant, RULE_KIND):
            try:
                found.append(self._prescribed(document))
            except SightlineError:  # `Evaluate` tells what is wrong with it
                continue
        return found

    async def get(self, principal: Principal, name: str) -> Prescribed:
        """One rule.

        Raises:
            NotFound: there is none of that name.
            BadData: what is stored under that name is no rule.
        """
        return self._prescribed(await self._document(principal, name))

    async def put(self, principal: Principal, rule: AlertRule, expected: int | None) -> Prescribed:
        """Save a rule. expected: the version that it replaces, 0 for a new one, None for whatever is there.

        Raises:
            BadData: its name cannot be part of an address, or an expression cannot be parsed.
            NotSupported: the tenant's rules are not evaluated.
            Conflict: another version is there, or there are too many.
        """
        self._require_evaluated(principal)
        _check_name(rule.name)
        for problem in expression_problems(rule):
            raise problem
        there = await self._catalog.list(principal.tenant, RULE_KIND)
        if len(there) >= MAX_RULES and all(document.key != rule.name for document in there):
            raise Conflict(f"{len(there)} alert rules are there, as many as there may be: delete one first")
        return await self._put(principal, replace(rule, saved=True), expected)

    async def enable(self, principal: Principal, name: str, *, enabled: bool) -> Prescribed:
        """Have a rule evaluated, or no longer; its alerts then end.

        Raises:
            NotFound: there is none of that name.
            Conflict: somebody else changed it at the same moment.
        """
        found = await self.get(principal, name)
        if found.rule.enabled is enabled:
            return found
        return await self._put(principal, replace(found.rule, enabled=enabled, saved=True), found.version)

    async def restore(self, principal: Principal, name: str) -> Prescribed:
        """Have a rule that comes with the program say again what it said.

        Raises:
            NotFound: no rule of that name comes with the program.
        """
        built_in = self._built_in.get(name) if principal.tenant == self._tenant else None
        if built_in is None:
            raise NotFound(f"no alert rule named {name[:60]!r} comes with the program", name=name)
        return await self._put(principal, built_in, None)

    async def delete(self, principal: Principal, name: str) -> None:
        """Remove a rule; its alerts end.

        Raises:
            NotFound: there is none of that name.
            Conflict: it comes with the program.
        """
        if name in self._built_in and principal.tenant == self._tenant:
            message = (
                f"the alert rule {name!r} comes with the program, and would be there again: disable it, or restore it"
            )
            raise Conflict(message, name=name)
        if not await self._catalog.delete(principal.tenant, RULE_KIND, name):
            raise _none(name)

    async def judge(self, principal: Principal, rule: AlertRule) -> Judged:
        """Say what is wrong with a rule, and what may be, without saving it."""
        errors = list(expression_problems(rule))
        try:
            self._require_evaluated(principal)
            _check_name(rule.name)
        except SightlineError as error:
            errors.append(error)
        if errors:
            return Judged(tuple(errors))
        try:
            matches = await self._count(principal, rule.expr)
            if rule.data:
                await self._count(principal, rule.data)
        except (BadData, NotSupported) as error:
            return Judged((error,))
        except SightlineError as error:
            return Judged(warnings=(f"it cannot be evaluated now: {error.message}",))
        return Judged((), await self._unknown(principal, rule), matches)

    async def _unknown(self, principal: Principal, rule: AlertRule) -> tuple[str, ...]:
        """What may be misspelt: metrics that are not there."""
        named = sorted({name for text in (rule.expr, rule.data) if text for name in inputs(parse(text)).named})
        found: list[str] = []
        for name in named[:MAX_LOOKED_UP]:
            try:
                if not await self._count(principal, f"group({{__name__={quoted(name)}}})"):
                    found.append(f"metric {name!r} has no samples now: is that its name?")
            except SightlineError as error:
                return (*found, f"it cannot be looked up which metrics there are: {error.message}")
        return tuple(found)

    async def _count(self, principal: Principal, text: str) -> int:
        return len(elements((await self._query.instant(principal, text, self._clock.now())).value).there)

    async def _put(self, principal: Principal, rule: AlertRule, expected: int | None) -> Prescribed:
        body = encode_rule(rule)
        return self._prescribed(await self._catalog.put(principal.tenant, RULE_KIND, rule.name, body, expected))

    async def _document(self, principal: Principal, name: str) -> Document:
        try:
            return await self._catalog.get(principal.tenant, RULE_KIND, name)
        except NotFound:
            raise _none(name) from None

    def _prescribed(self, document: Document) -> Prescribed:
        rule = decode_rule(document.body)
        if rule.name not in self._built_in:
            return Prescribed(rule, Origin.SAVED, document.version)
        return Prescribed(rule, Origin.CHANGED if rule.saved else Origin.BUILT_IN, document.version)

    def _require_evaluated(self, principal: Principal) -> None:
        if principal.tenant != self._tenant:
            message = (
                f"alert rules are evaluated for the tenant {self._tenant!r} alone, and this is {principal.tenant!r}"
            )
            raise NotSupported(message, tenant=principal.tenant)


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or "/" in name or not name.isprintable() or name != name.strip():
        message = f"name: {name[:60]!r} is no name: up to {MAX_NAME} characters that can be shown, no slash, no blank at either end"
        raise InvalidParameter(message, parameter="name")


def _none(name: str) -> NotFound:
    return NotFound(f"there is no alert rule named {name[:60]!r}", name=name)
