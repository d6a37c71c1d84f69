"""Prescribe alert rules: those that people save, and what people make of those that come with the program."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from msgspec.structs import replace

from sightline.domain.alerts.radar import Suspect
from sightline.domain.alerts.rule import RULE_KIND, AlertRule, decode_rule, encode_rule, expression_problems
from sightline.domain.errors import BadData, Conflict, InvalidParameter, NotFound, NotSupported, SightlineError
from sightline.domain.labels import Labels
from sightline.domain.promql.recording import Elements, elements
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.catalog import Catalog, Document
from sightline.ports.clock import Clock

MAX_RULES: Final = 1000
"""Of one tenant."""
MAX_NAME: Final = 200
"""Characters of a rule's name."""


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
class Example:
    """An alert as the rule's templates make it of an element that is there now.

    holds: whether the condition holds for it; else it is an element of `data`, which shows what would be said.
    """

    labels: Labels
    annotations: Labels
    holds: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be said of a rule before it is saved.

    errors: why it cannot be. warnings: what may not be meant. matches: elements for which its condition holds now; None where
    nobody could tell. example: one of its alerts; None where there is nothing to make one of.
    """

    errors: tuple[SightlineError, ...] = ()
    warnings: tuple[str, ...] = ()
    matches: int | None = None
    example: Example | None = None


class AskQuery(Protocol):
    """The part of the query use case that judging a rule needs."""

    async def instant(self, principal: Principal, text: str, at: int, /) -> Answer:
        """The value of an expression at an instant, ms."""
        ...


class Suspecting(Protocol):
    """The part of the radar that judging a rule needs."""

    async def check(self, principal: Principal, rule: AlertRule, /) -> tuple[Suspect, ...]:
        """What is found of its selectors."""
        ...


class PrescribeRules:
    """The use case. Whatever is changed takes effect at the next round of evaluation."""

    def __init__(
        self,
        catalog: Catalog,
        query: AskQuery,
        radar: Suspecting,
        clock: Clock,
        built_in: Iterable[AlertRule] = (),
        *,
        tenant: Tenant = LOCAL.tenant,
        external_url: str = "",
    ) -> None:
        """built_in: the rules that come with the program. tenant: whose rules are evaluated. external_url: for templates."""
        self._catalog = catalog
        self._query = query
        self._radar = radar
        self._external_url = external_url
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
            holding = await self._elements(principal, rule.expr)
            watched = await self._elements(principal, rule.data) if rule.data else holding
        except (BadData, NotSupported) as error:
            return Judged((error,))
        except SightlineError as error:
            return Judged(warnings=(f"it cannot be evaluated now: {error.message}",))
        warnings = await self._suspect(principal, rule)
        return Judged((), warnings, len(holding.there), self._example(rule, holding, watched))

    def _example(self, rule: AlertRule, holding: Elements, watched: Elements) -> Example | None:
        found = holding if len(holding.there) else watched
        if not len(found.there):
            return None
        element = found.labels[found.there[0]] if found.labels else Labels()
        value, texts = float(found.numbers()[0]), rule.texts(self._external_url)
        return Example(texts.identity(element, value), texts.annotations(element, value), found is holding)

    async def _suspect(self, principal: Principal, rule: AlertRule) -> tuple[str, ...]:
        """What may be misspelt: selectors of either expression that match nothing."""
        found: dict[str, None] = {}
        for text in filter(None, (rule.expr, rule.data)):
            for one in await self._radar.check(principal, replace(rule, expr=text)):
                found[one.message] = None
        return tuple(found)

    async def _elements(self, principal: Principal, text: str) -> Elements:
        return elements((await self._query.instant(principal, text, self._clock.now())).value)

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
