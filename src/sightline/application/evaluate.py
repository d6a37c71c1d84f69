"""Evaluate alert rules: query, move the alerts, tell of what changed."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from sightline.application.answer import Ask, answer_templates
from sightline.domain.alerts.notice import Alert, AlertState, Notice
from sightline.domain.alerts.posted import PostedAlert, firing_again
from sightline.domain.alerts.rule import RULE_KIND, AlertRule, decode_rule, encode_rule
from sightline.domain.alerts.step import (
    MAX_ALERTS,
    NO_ALERTS,
    RULE_REMOVED,
    Alerts,
    Holding,
    Unknown,
    Watched,
)
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, NotFound, SightlineError
from sightline.domain.events import AlertChanged
from sightline.domain.labels import Labels
from sightline.domain.promql.presence import presence
from sightline.domain.promql.recording import elements
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import DEFAULT_TENANT, Principal, Role, Tenant
from sightline.ports.bus import Bus
from sightline.ports.catalog import Catalog, Document
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

CONCURRENCY: Final = 4
"""How many rules are evaluated at once: enough to keep the query threads busy, few enough to leave room for people."""

EVALUATIONS: Final = Instrument(
    "sightline_rule_evaluations_total",
    "Evaluations of alert rules, by outcome: ok, or the code of the error.",
    Kind.COUNTER,
    ("outcome",),
)
DURATION: Final = Instrument(
    "sightline_rule_evaluation_duration_seconds",
    "How long one alert rule took to evaluate.",
    Kind.HISTOGRAM,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
ALERTS: Final = Instrument("sightline_alerts", "Alerts by state, all tenants together.", Kind.GAUGE, ("state",))
_SHOWN: Final = (AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED, AlertState.UNKNOWN)


_Key = tuple[Tenant, str]
"""Whose rule, and its name."""


class InstantQueries(Protocol):
    """The part of the query use case that rules need."""

    async def together(self, principal: Principal, texts: Iterable[str], at: int, /) -> Ask:
        """What answers these expressions at one instant (ms), which may be worked out together."""
        ...


class TakeChanges(Protocol):
    """The part of the pipeline that rules need."""

    def tell(self, notices: Iterable[Notice], rule: str, /) -> None:
        """What became of alerts of a rule; it is theirs to be told. rule: names it for good."""
        ...

    def claim(self, tenant: Tenant, rule: str, /) -> Iterable[PostedAlert]:
        """Alerts of a rule that fired before the program started, which the rule goes on with from now on."""
        ...


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """How a rule is doing.

    rule: None when its document was never readable. evaluated_at: the last attempt, ms. took: seconds. code, problem: of
    its failure, empty when it is well. failing_since: ms, None when it is well.
    """

    tenant: Tenant
    name: str
    rule: AlertRule | None
    evaluated_at: int
    took: float
    code: str = ""
    problem: str = ""
    failing_since: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One round over all rules.

    at: its time, ms. alerts: of all tenants, after it. failing: the rules that fail now; of these, `new` did not fail the
    time before.
    """

    at: int
    evaluated: int
    alerts: tuple[Alert, ...]
    changes: tuple[Notice, ...]
    failing: tuple[RuleStatus, ...]
    new: tuple[RuleStatus, ...]


@dataclass(slots=True)
class _Slot:
    """What is remembered of a rule between evaluations. body: the document that `watched` was made from."""

    body: bytes = b""
    watched: Watched[AlertRule] | None = None
    alerts: Alerts = field(default_factory=lambda: NO_ALERTS)
    status: RuleStatus | None = None
    took: float = 0.0


class Evaluate:
    """Evaluates the rules of some tenants and remembers their alerts, in memory: a restart makes all of them inactive.

    Rules are documents of kind `alert_rule` in the catalog, read at every round, so that a change takes effect at the
    next one. The failure of one rule disturbs no other: it is counted, reported and remembered, and the rule says what
    becomes of its alerts meanwhile.
    """

    def __init__(
        self,
        query: InstantQueries,
        catalog: Catalog,
        bus: Bus,
        notify: TakeChanges,
        clock: Clock,
        telemetry: Telemetry,
        *,
        tenants: Sequence[Tenant] = (DEFAULT_TENANT,),
        external_url: str = "",
    ) -> None:
        """external_url: where people reach this program, for templates."""
        self._query = query
        self._catalog = catalog
        self._bus = bus
        self._notify = notify
        self._clock = clock
        self._telemetry = telemetry
        self._tenants = tuple(tenants)
        self._external_url = external_url
        self._slots: dict[_Key, _Slot] = {}
        self._turns = asyncio.Semaphore(CONCURRENCY)

    async def install(self, principal: Principal, rules: Iterable[AlertRule]) -> None:
        """Put rules that come with the program into the catalog, in place of earlier versions; what people saved stays.

        A document changes only with its rule.
        """
        for rule in rules:
            body = encode_rule(rule)
            try:
                present = await self._catalog.get(principal.tenant, RULE_KIND, rule.name)
            except NotFound:
                present = None
            if present is None or (present.body != body and not _is_saved(present)):
                await self._catalog.put(principal.tenant, RULE_KIND, rule.name, body)

    async def run_once(self) -> Report:
        """Evaluate every rule at the clock's time, publish what changed and hand it to `notify`.

        Raises:
            Unavailable: the catalog is away; nothing was evaluated.
            ExceptionGroup: some rules met errors that are no SightlineError, hence defects of ours; all was done for
            the others.
        """
        now = self._clock.now()
        documents = {
            (tenant, document.key): document
            for tenant in self._tenants
            for document in await self._catalog.list(tenant, RULE_KIND)
        }
        rules = {
            key: rule
            for key, rule in (await self._read(documents)).items()
            if not isinstance(rule, Watched) or rule.rule.enabled
        }
        asks = await self._together(rules.values(), now)
        # Exceptions are collected as what they are here: the answers of some rules.
        outcomes = await asyncio.gather(
            *(self._find(key, rule, asks[key[0]]) for key, rule in rules.items()), return_exceptions=True
        )
        changes: list[Notice] = []
        for key, outcome in zip(rules, outcomes, strict=True):
            changes += self._conclude(key, outcome, now)
        for key in self._slots.keys() - rules.keys():
            changes += self._retire(key, now)
        for notice in changes:
            self._bus.publish(AlertChanged(notice.alert.tenant, notice))
        self._measure()
        defects = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, SightlineError)]
        if defects:
            raise ExceptionGroup("alert rules met defects", defects)
        return self._report(now, len(rules), changes)

    def alerts(self, principal: Principal) -> list[Alert]:
        """The alerts of the principal's tenant that are pending, firing, unknown or lately resolved, by rule and labels."""
        return [
            slot.alerts[labels]
            for (tenant, _), slot in sorted(self._slots.items())
            if tenant == principal.tenant
            for labels in sorted(slot.alerts)
        ]

    def rules(self, principal: Principal) -> list[RuleStatus]:
        """How the rules of the principal's tenant are doing, by name; those not evaluated yet are not there."""
        slots = [slot for (tenant, _), slot in sorted(self._slots.items()) if tenant == principal.tenant]
        return [slot.status for slot in slots if slot.status is not None]

    async def _read(self, documents: Mapping[_Key, Document]) -> Mapping[_Key, Watched[AlertRule] | BaseException]:
        """The rules of the documents, made anew where these are new or have changed, or what is wrong with them."""

        async def read(key: _Key, slot: _Slot) -> Watched[AlertRule]:
            watched = _watched(key[0], documents[key], self._external_url)
            if slot.watched is None:
                slot.alerts = {one.labels: firing_again(one, key[1]) for one in self._notify.claim(*key)}
            slot.watched, slot.body = watched, documents[key].body
            return watched

        slots = {key: self._slots.setdefault(key, _Slot()) for key in documents}
        rules: dict[_Key, Watched[AlertRule] | BaseException] = {
            key: slot.watched
            for key, slot in slots.items()
            if slot.watched is not None and slot.body == documents[key].body
        }
        changed = [key for key in documents if key not in rules]
        made = await asyncio.gather(*(read(key, slots[key]) for key in changed), return_exceptions=True)
        rules.update(zip(changed, made, strict=True))
        return {key: rules[key] for key in documents}

    async def _together(self, rules: Iterable[Watched[AlertRule] | BaseException], now: int) -> Mapping[Tenant, Ask]:
        """What answers the expressions of each tenant's rules at `now`."""
        texts: dict[Tenant, list[str]] = {tenant: [] for tenant in self._tenants}
        for one in rules:
            if isinstance(one, Watched):
                texts[one.tenant] += [text for text in (one.rule.expr, one.rule.data) if text]
        return {
            tenant: await self._query.together(Principal("alerts", tenant, Role.READER), its, now)
            for tenant, its in texts.items()
        }

    async def _find(self, key: _Key, rule: Watched[AlertRule] | BaseException, ask: Ask) -> Holding:
        """What one rule's queries say."""
        slot = self._slots[key]
        async with self._turns:
            started = self._clock.monotonic()
            try:
                if isinstance(rule, BaseException):
                    raise rule
                return await holding(rule, slot.alerts, ask)
            finally:
                slot.took = self._clock.monotonic() - started

    def _conclude(self, key: _Key, outcome: Holding | BaseException, now: int) -> tuple[Notice, ...]:
        """Remember how the rule is doing and move its alerts."""
        slot = self._slots[key]
        if isinstance(outcome, Holding):
            code, problem, since = "", "", None
        else:
            code = outcome.code if isinstance(outcome, SightlineError) else SightlineError.code
            problem = outcome.message if isinstance(outcome, SightlineError) else type(outcome).__name__
            before = slot.status.failing_since if slot.status is not None else None
            since = now if before is None else before
        rule = slot.watched.rule if slot.watched is not None else None
        slot.status = RuleStatus(*key, rule, now, slot.took, code, problem, since)
        self._telemetry.add(EVALUATIONS, labels=(code or "ok",))
        self._telemetry.observe(DURATION, slot.took)
        return self._move(key, outcome if isinstance(outcome, Holding) else Unknown(problem), now)

    def _retire(self, key: _Key, now: int) -> tuple[Notice, ...]:
        """End the alerts of a rule that is there no longer, or is disabled; the last of them takes the slot with it."""
        slot = self._slots[key]
        slot.status = None
        changes = self._move(key, RULE_REMOVED, now)
        if not slot.alerts:
            del self._slots[key]
        return changes

    def _move(self, key: _Key, found: Holding | Unknown, now: int) -> tuple[Notice, ...]:
        slot = self._slots[key]
        if slot.watched is None:  # never readable, so it never had an alert
            return ()
        step = slot.watched.step(slot.alerts, found, now)
        slot.alerts = step.alerts
        self._notify.tell([*step.changes, *step.restated], key[1])
        return step.changes

    def _report(self, now: int, evaluated: int, changes: list[Notice]) -> Report:
        alerts = tuple(alert for slot in self._slots.values() for alert in slot.alerts.values())
        statuses = [slot.status for _, slot in sorted(self._slots.items()) if slot.status is not None]
        failing = tuple(status for status in statuses if status.failing_since is not None)
        new = tuple(status for status in failing if status.failing_since == status.evaluated_at)
        return Report(now, evaluated, alerts, tuple(changes), failing, new)

    def _measure(self) -> None:
        counts = Counter(alert.state for slot in self._slots.values() for alert in slot.alerts.values())
        for state in _SHOWN:
            self._telemetry.set(ALERTS, counts[state], (state,))


def _is_saved(document: Document) -> bool:
    try:
        return decode_rule(document.body).saved
    except SightlineError:
        return False


def _watched(tenant: Tenant, document: Document, external_url: str) -> Watched[AlertRule]:
    rule = decode_rule(document.body)
    if rule.name != document.key:
        raise BadData(f"the rule stored as {document.key!r} calls itself {rule.name!r}; the two must be the same")
    return Watched.of(tenant, rule, external_url)


async def holding(watched: Watched[Any], alerts: Alerts, ask: Ask) -> Holding:
    """What the expressions of a rule say now; alerts: those that it has.

    Raises:
        SightlineError: nothing was found out; which one and why.
    """
    texts = watched.texts
    if texts.asks:
        texts.begin()
    found = list(_elements(await ask(watched.rule.expr)))
    if texts.asks and len(found) <= MAX_ALERTS:  # more are refused, whatever they say
        await answer_templates(texts, found, ask)
    return await _with_data(watched, watched.holding(found), alerts, ask)


async def _with_data(watched: Watched[Any], found: Holding, alerts: Alerts, ask: Ask) -> Holding:
    """What was found, with what there is to judge where that matters."""
    rule = watched.rule
    # Whether there is data matters to alerts that the result does not hold, and to the rule as a whole where nothing holds and
    # it says that this means something; else it is not asked for.
    is_asked = not found.true and rule.no_data is not Treatment.OK
    if rule.data and (is_asked or not alerts.keys() <= found.true.keys()):
        there = _elements(await ask(rule.data))
        known = frozenset(watched.texts.identity(labels) for labels, _ in there)
        return replace(found, known=known, missing=not found.true and not known)
    if is_asked and not rule.data:
        selected = presence(rule.expr)
        return replace(found, missing=bool(selected) and not any(True for _ in _elements(await ask(selected))))
    return found


def _elements(answer: Answer) -> Iterable[tuple[Labels, float]]:
    """The elements of an instant answer; a scalar is one element without labels."""
    found = elements(answer.value)
    return zip((found.labels[row] for row in found.there.tolist()), found.numbers().tolist(), strict=True)
