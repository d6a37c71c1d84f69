"""One evaluation of one rule: what was found, and what becomes of the rule's alerts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from sightline.domain.alerts.notice import Alert, AlertState, Notice
from sightline.domain.alerts.rule import Condition, Texts, same_value
from sightline.domain.alerts.state import MOVES, RESOLVED_SHOWN, Finding
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
    tell. elements: the labels of the element that each alert stands for, where these are others than its own.
    """

    true: Mapping[Labels, float]
    known: frozenset[Labels] | None = None
    elements: Mapping[Labels, Labels] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing was found out about the condition: the query failed, or the rule is gone."""

    finding: Finding


QUERY_FAILED: Final = Unknown(Finding.QUERY_FAILED)
RULE_REMOVED: Final = Unknown(Finding.RULE_REMOVED)


@dataclass(frozen=True, slots=True)
class Step:
    """The rule's alerts after an evaluation, and a notice for each that changed its state, in order of labels."""

    alerts: Alerts
    changes: tuple[Notice, ...]


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
            previous = before.get(labels)
            state = AlertState.INACTIVE if previous is None else previous.state
            alert = self._while_true(labels, elements.get(labels, labels), value, previous, now)
            after[labels] = alert
            if alert.state is not state:
                changes.append(Notice(alert, state, now))
        for labels, previous in before.items():
            if labels in true:
                continue
            alert = _while_not(previous, self._finding(previous, found, now), now)
            if alert.state is not AlertState.INACTIVE:
                after[labels] = alert
            if alert.state is not previous.state:
                changes.append(Notice(alert, previous.state, now))
        changes.sort(key=lambda notice: notice.alert.labels)
        return Step(after, tuple(changes))

    def _while_true(self, labels: Labels, element: Labels, value: float, previous: Alert | None, now: int) -> Alert:
        """The alert after an evaluation in which its condition holds. element: the labels that its annotations are of."""
        state = AlertState.INACTIVE if previous is None else previous.state
        goes_on = previous is not None and state in {AlertState.PENDING, AlertState.FIRING}
        active_at = previous.active_at if previous is not None and goes_on else now
        move = MOVES[state, Finding.HELD if now - active_at >= self.rule.for_ms else Finding.TRUE]
        annotations = self.texts.annotations(element, value)
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
        if alert.state is AlertState.RESOLVED and now - alert.changed_at >= RESOLVED_SHOWN:
            return Finding.EXPIRED
        if isinstance(found, Unknown):
            return found.finding
        ended_at = now if alert.ended_at is None else alert.ended_at
        if alert.state is AlertState.FIRING and now - ended_at < self.rule.keep_firing_ms:
            return Finding.KEPT
        if found.known is not None and alert.labels not in found.known:
            return Finding.NO_DATA
        return Finding.FALSE


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
