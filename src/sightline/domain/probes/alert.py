"""What is told of a check that is not well, as an alert like any other."""

import math
from dataclasses import replace
from typing import Final

from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.posted import PostedAlert, firing_again
from sightline.domain.alerts.rule import ALERT_NAME, SEVERITY, Severity
from sightline.domain.labels import Labels
from sightline.domain.probes.address import address_of
from sightline.domain.probes.check import Check
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.tenancy import Tenant

DOWN: Final = "CheckDown"
DEGRADED: Final = "CheckDegraded"
ALERT_NAMES: Final = {CheckState.DOWN: DOWN, CheckState.DEGRADED: DEGRADED}
"""What alerts about checks are called, by the state that makes them."""
RULE_PREFIX: Final = "check:"
"""What the names of their origins begin with, before the id."""
CHECK: Final = "check"
"""The label that names the check, of its alerts and of its series."""


def rule_name(check_id: int) -> str:
    """What names the origin of a check's alerts for good."""
    return f"{RULE_PREFIX}{check_id}"


def target_labels(check: Check) -> dict[str, str]:
    """The labels that tell a check from others: of its series and of its alerts."""
    definition = check.definition
    labels = dict(definition.tags)
    if definition.group:
        labels["group"] = definition.group
    labels["target"] = address_of(definition.url).shown or definition.name
    labels[CHECK] = definition.name
    labels["type"] = definition.kind
    return labels


def alert_labels(check: Check, name: str) -> Labels:
    """The labels of a check's alert of that name: its identity, so nothing that changes while it lasts."""
    severity = check.definition.severity if name == DOWN else Severity.WARNING.value
    return Labels.of({**target_labels(check), ALERT_NAME: name, SEVERITY: severity})


def alert_notice(tenant: Tenant, check: Check, name: str, transition: Transition, *, since: int, ended: bool) -> Notice:
    """That a check's alert fires, or ended, at the transition's time. since: ms, when it began to fire."""
    state, previous = AlertState.FIRING, AlertState.INACTIVE
    if ended:
        state, previous = AlertState.RESOLVED, AlertState.FIRING
    alert = Alert(
        tenant,
        check.name,
        alert_labels(check, name),
        _annotations(check, name, transition),
        state,
        math.nan,
        since,
        transition.at,
        Reason.CONDITION_FALSE if ended else Reason.CONDITION_TRUE,
    )
    return Notice(alert, previous, transition.at)


def stale_notice(alert: PostedAlert, check: str, at: int) -> Notice:
    """That an alert of a check ended at `at` (ms), because the check says something else of itself by now."""
    fired = firing_again(alert, check)
    ended = replace(fired, state=AlertState.RESOLVED, changed_at=at, reason=Reason.CONDITION_FALSE)
    return Notice(ended, AlertState.FIRING, at)


def _annotations(check: Check, name: str, transition: Transition) -> Labels:
    definition = check.definition
    word = "down" if name == DOWN else "degraded"
    where = ", ".join(transition.locations)
    found = transition.message or transition.probe_reason
    if transition.reason is StateReason.PARTIAL:
        found = f"down from {where}: {found}"
    summary = f"{definition.name} is {word}" + (f": {found}" if found else "")
    return Labels.of(
        summary=summary,
        description=definition.description,
        runbook_url=definition.runbook_url,
        reason=transition.probe_reason,
        locations=where,
    )
