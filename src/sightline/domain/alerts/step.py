"""One evaluation of one rule: what was found, and what becomes of the rule's alerts."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from sightline.domain.alerts.notice import Alert, AlertState, Notice
from sightline.domain.alerts.rule import Condition, Texts, same_value
from sightline.domain.alerts.state import MOVES, RESOLVED_SHOWN, Finding
from sightline.domain.alerts.treatment import Lack, Treatment
from sightline.domain.errors import Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant

MAX_ALERTS: Final = 10_000
"""How many alerts one rule may have; with more it counts as failed, for it matches everything and tells nothing."""

Alerts = Mapping[Labels, Alert]
"""A rule's alerts by their labels; those that are inactive are not there."""

NO_ALERTS: Final[Alerts] = {}


@dataclass(frozen=True, slots=True)
class Holding:
    """The query succeeded. true: the alerts for which the condition holds, with their values.

    known: those for which there is data, whether the condition holds or not; None when the rule does not say how to
    tell. elements: the labels of the element that each alert stands for, where these are others than its own. missing: there is
    nothing to judge in all of the rule, as far as anybody asked.
    """

    true: Mapping[Labels, float]
    known: frozenset[Labels] | None = None
    elements: Mapping[Labels, Labels] = field(default_factory=dict)
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing was found out about the condition: the query failed, with the reason in `why`, or the rule is gone."""

    why: str = ""
    is_removed: bool = False


RULE_REMOVED: Final = Unknown(is_removed=True)


@dataclass(frozen=True, slots=True)
class Step:
    """The rule's alerts after an evaluation, and a notice for each that changed its state, in order of labels.

    restated: one for each that fires as before, but of which something else is to be read now.
    """

    alerts: Alerts
    changes: tuple[Notice, ...]
    restated: tuple[Notice, ...] = ()


Said = TypeVar("Said", bound=Condition)
"""The form in which a rule is written."""


@dataclass(frozen=True, slots=True)
class Watched(Generic[Said]):
    """A rule as it is evaluated: whose it is, and its templates ready to use."""

    tenant: Tenant
    rule: Said
    texts: Texts

    @classmethod
    def of(cls, tenant: Tenant, rule: Said, external_url: str = "") -> "Watched[Said]":
        """Parse the rule's templates. external_url: where people reach this program, for links in what they make."""
        return cls(tenant, rule, rule.texts(external_url))

    def holding(self, elements: Iterable[tuple[Labels, float]]) -> Holding:
        """The alerts that the elements of a result stand for; which of them are known is not told.

        Raises:
            Unprocessable: two elements are the same alert, because they differ only in what the rule overwrites or in
            the
                metric name; or there are more than `MAX_ALERTS`.
        """
        true: dict[Labels, float] = {}
        found: dict[Labels, Labels] = {}
        for labels, value in elements:
            identity = self.texts.identity(labels, value)
            if identity in true:
                message = f"alert rule {self.rule.name}: two elements of the result are the same alert {identity}"
                raise Unprocessable(message, rule=self.rule.name)
            true[identity] = value
            found[identity] = labels
        if len(true) > MAX_ALERTS:
            message = (
                f"alert rule {self.rule.name}: {len(true)} elements are more than the {MAX_ALERTS} alerts "
                "one rule may have; aggregate or narrow its expression"
            )
            raise Unprocessable(message, rule=self.rule.name)
        return Holding(true, elements=found)

    def step(self, before: Alerts, found: Holding | Unknown, now: int) -> Step:
        """Move every alert of the rule as the table says.

        before: the alerts after the previous evaluation. found: of this one. now: its time, ms. The result shares
        what did not change.
        """
        after: dict[Labels, Alert] = {}
        changes: list[Notice] = []
        holding = found if isinstance(found, Holding) else Holding({})
        true, elements = holding.true, holding.elements
        for labels, value in true.items():
            annotations = self.texts.annotations(elements.get(labels, labels), value)
            after[labels] = self._while_true(labels, annotations, value, before.get(labels), now)
        own = self._own(before, found, now)
        if own is not None:
            after[own.labels] = own
        room = MAX_ALERTS - len(after)
        for labels, previous in before.items():
            if labels in after:
                continue
            finding = self._finding(previous, found, now)
            if finding in _WITHOUT_DATA:
                room -= 1
                # Elements that are gone for good must not pile up: those beyond the bound end as if the rule said `ok`.
                finding = finding if room >= 0 else Finding.NO_DATA_OK
            alert = _while_not(previous, finding, now)
            if alert.state is not AlertState.INACTIVE:
                after[labels] = alert
            elif previous.state is not AlertState.INACTIVE:
                changes.append(Notice(alert, previous.state, now))
        restated: list[Notice] = []
        for labels, alert in after.items():
            old = before.get(labels)
            state = _state(old)
            if alert.state is not state:
                changes.append(Notice(alert, state, now))
            elif state is AlertState.FIRING and old is not None and alert.annotations != old.annotations:
                restated.append(Notice(alert, state, now))
        changes.sort(key=lambda notice: notice.alert.labels)
        return Step(after, tuple(changes), tuple(restated))

    def _own(self, before: Alerts, found: Holding | Unknown, now: int) -> Alert | None:
        """The alert that stands for the whole rule, where it has no answer and says that this is to be seen."""
        lack, why = _lack(found)
        if lack is None:
            return None
        treatment = self.rule.no_data if lack is Lack.NO_DATA else self.rule.query_failed
        if treatment not in {Treatment.ALERT, Treatment.UNKNOWN}:
            return None
        labels = self._own_labels
        previous = before.get(labels)
        active_at = previous.active_at if previous is not None and previous.state in _ACTIVE else now
        move = MOVES[_state(previous), Finding.of(lack, treatment, has_held=now - active_at >= self.rule.for_ms)]
        goes_on = previous is not None and treatment is Treatment.UNKNOWN and move.state is AlertState.FIRING
        annotations = (
            previous.annotations if previous is not None and goes_on else self._why(f"{self.rule.name}: {why}")
        )
        value = math.nan if previous is None else previous.value
        changed_at = previous.changed_at if previous is not None and previous.state is move.state else now
        return Alert(
            self.tenant, self.rule.name, labels, annotations, move.state, value, active_at, changed_at, move.reason
        )

    def _why(self, summary: str) -> Labels:
        """What is said of the whole rule: why it has no answer, and those of its annotations that are the same for all elements."""
        fixed = {name: text for name, text in self.rule.annotations.items() if text and "{{" not in text}
        return Labels.of({**fixed, "summary": summary})

    def _while_true(self, labels: Labels, annotations: Labels, value: float, previous: Alert | None, now: int) -> Alert:
        """The alert after an evaluation in which its condition holds."""
        state = _state(previous)
        active_at = previous.active_at if previous is not None and state in _ACTIVE else now
        move = MOVES[state, Finding.HELD if now - active_at >= self.rule.for_ms else Finding.TRUE]
        if previous is not None and previous.ended_at is None and move == (state, previous.reason):
            said = same_value(previous.value, value) and previous.annotations == annotations
            if said and previous.active_at == active_at:
                return previous
        changed_at = previous.changed_at if previous is not None and move.state is state else now
        return Alert(
            self.tenant, self.rule.name, labels, annotations, move.state, value, active_at, changed_at, move.reason
        )

    def _finding(self, alert: Alert, found: Holding | Unknown, now: int) -> Finding:
        """What was found out about an alert whose condition was not seen true."""
        if _is_over(alert, now):
            return Finding.EXPIRED
        if isinstance(found, Unknown):
            return Finding.RULE_REMOVED if found.is_removed else self._treated(alert, Lack.QUERY_FAILED, now)
        ended_at = now if alert.ended_at is None else alert.ended_at
        if alert.state is AlertState.FIRING and now - ended_at < self.rule.keep_firing_ms:
            return Finding.KEPT
        if found.missing or self._is_gone(alert.labels, found):
            return self._treated(alert, Lack.NO_DATA, now)
        return Finding.FALSE

    def _is_gone(self, labels: Labels, found: Holding) -> bool:
        """Whether there is data, but not of the element for which an alert stands."""
        return found.known is not None and labels not in found.known and labels != self._own_labels

    @property
    def _own_labels(self) -> Labels:
        """The labels of the alert that stands for the whole rule."""
        return self.texts.identity(Labels(), math.nan)

    def _treated(self, alert: Alert, lack: Lack, now: int) -> Finding:
        """What the lack of an answer means for an alert, by what the rule says."""
        treatment = self.rule.no_data if lack is Lack.NO_DATA else self.rule.query_failed
        if treatment in {Treatment.ALERT, Treatment.UNKNOWN} and alert.state not in _ACTIVE:
            treatment = Treatment.KEEP
        return Finding.of(lack, treatment, has_held=now - alert.active_at >= self.rule.for_ms)


_ACTIVE: Final = frozenset({AlertState.PENDING, AlertState.FIRING})
_WITHOUT_DATA: Final = frozenset(
    {Finding.NO_DATA_KEEP, Finding.NO_DATA_TRUE, Finding.NO_DATA_HELD, Finding.NO_DATA_UNKNOWN}
)


def _state(alert: Alert | None) -> AlertState:
    return AlertState.INACTIVE if alert is None else alert.state


def _is_over(alert: Alert, now: int) -> bool:
    """Whether an alert that resolved was shown for long enough."""
    return alert.state is AlertState.RESOLVED and now - alert.changed_at >= RESOLVED_SHOWN


def _lack(found: Holding | Unknown) -> tuple[Lack | None, str]:
    """Why there is no answer for all of a rule, if there is none, for machines and for people."""
    if isinstance(found, Holding):
        return (Lack.NO_DATA, "there is no data to judge") if found.missing else (None, "")
    if found.is_removed:
        return None, ""
    return Lack.QUERY_FAILED, f"its query failed{': ' if found.why else ''}{found.why}"


def _while_not(alert: Alert, finding: Finding, now: int) -> Alert:
    """The alert after an evaluation in which its condition was not seen true."""
    move = MOVES[alert.state, finding]
    if move == (alert.state, alert.reason):
        return alert
    return Alert(
        alert.tenant,
        alert.rule,
        alert.labels,
        alert.annotations,
        move.state,
        alert.value,
        alert.active_at,
        alert.changed_at if move.state is alert.state else now,
        move.reason,
        now if finding is Finding.KEPT and alert.ended_at is None else alert.ended_at,
    )
