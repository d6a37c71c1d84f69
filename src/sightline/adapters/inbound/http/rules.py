"""Alert rules as Prometheus lists them, with the threshold and the error's code beside.

All rules stand in one group of one file, for that is what they are: documents of one kind in the catalog, evaluated together.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sightline.adapters.inbound.http.alerts import alert_object, rfc3339
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.use_cases import Alerting
from sightline.application.evaluate import RuleStatus
from sightline.domain.alerts.notice import Alert, AlertState
from sightline.domain.alerts.rule import SEVERITY, AlertRule
from sightline.domain.errors import InvalidParameter
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import SECOND

GROUP: Final = "alerts"
FILE: Final = "catalog"

_TYPES: Final = {"alert": True, "record": False}
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


@dataclass(frozen=True, slots=True)
class WantedRules:
    """What a request asks for; an empty tuple means all. alerting: whether it wants alert rules, the only ones there are."""

    alerting: bool = True
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    alerts: bool = True


def wanted_rules(given: Parameters) -> WantedRules:
    """The request's parameters `type`, `rule_name[]`, `rule_group[]`, `file[]` and `exclude_alerts`.

    Raises:
        InvalidParameter: a type or a truth value that is none.
    """
    kind = given.text("type") or "alert"
    if kind not in _TYPES:
        raise InvalidParameter(f"parameter 'type' must be alert or record, not {kind[:40]!r}", parameter="type")
    excluded = given.text("exclude_alerts") or "false"
    if excluded not in _TRUE | _FALSE:
        message = f"parameter 'exclude_alerts' must be true or false, not {excluded[:40]!r}"
        raise InvalidParameter(message, parameter="exclude_alerts")
    return WantedRules(
        alerting=_TYPES[kind],
        names=given.every("rule_name[]"),
        groups=given.every("rule_group[]"),
        files=given.every("file[]"),
        alerts=excluded in _FALSE,
    )


def rule_groups(alerting: Alerting, principal: Principal, wanted: WantedRules, interval: float) -> list[dict[str, Any]]:
    """The JSON objects of the groups that have a wanted rule, so one or none. interval: seconds between evaluations."""
    if not wanted.alerting or not _among(GROUP, wanted.groups) or not _among(FILE, wanted.files):
        return []
    statuses = alerting.rules(principal)
    shown = [status for status in statuses if _among(status.name, wanted.names)]
    if not shown:
        return []
    active = _active(alerting.alerts(principal))
    return [
        {
            "name": GROUP,
            "file": FILE,
            "interval": interval,
            "limit": 0,
            "evaluationTime": sum(status.took for status in statuses),
            "lastEvaluation": rfc3339(max(status.evaluated_at for status in statuses)),
            "rules": [_rule_object(status, active[status.name], alerts=wanted.alerts) for status in shown],
        }
    ]


def _among(name: str, names: Sequence[str]) -> bool:
    return not names or name in names


def _active(alerts: Sequence[Alert]) -> dict[str, list[Alert]]:
    """The pending and firing alerts by rule: clients of Prometheus know no others here."""
    found: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.state in {AlertState.PENDING, AlertState.FIRING}:
            found[alert.rule].append(alert)
    return found


def _rule_object(status: RuleStatus, active: Sequence[Alert], *, alerts: bool) -> dict[str, Any]:
    shown = {
        "type": "alerting",
        "name": status.name,
        "state": _worst(active).value,
        **(_conditions(status.rule) if status.rule is not None else _UNREADABLE),
        "alerts": [alert_object(alert) for alert in active] if alerts else [],
        "health": "ok" if status.failing_since is None else "err",
        "evaluationTime": status.took,
        "lastEvaluation": rfc3339(status.evaluated_at),
    }
    if status.failing_since is not None:
        shown |= {
            "lastError": status.problem,
            "code": status.code,
            "failingSince": rfc3339(status.failing_since),
        }
    return shown


_UNREADABLE: Final[dict[str, Any]] = {"query": "", "duration": 0, "keepFiringFor": 0, "labels": {}, "annotations": {}}
"""What stands for the conditions of a rule whose document cannot be read."""


def _conditions(rule: AlertRule) -> dict[str, Any]:
    """What the rule itself says; templates as they were written."""
    said = {
        "query": rule.expr,
        "duration": rule.for_ms / SECOND,
        "keepFiringFor": 0,
        "labels": {**rule.labels, SEVERITY: rule.severity.value},
        "annotations": rule.annotations,
    }
    if rule.threshold is not None:
        comparison, value = rule.threshold
        said["threshold"] = {"query": rule.data, "comparison": comparison, "value": value}
    return said


def _worst(active: Sequence[Alert]) -> AlertState:
    """A rule is in the state of its worst alert."""
    states = {alert.state for alert in active}
    return next((state for state in (AlertState.FIRING, AlertState.PENDING) if state in states), AlertState.INACTIVE)
