"""Rules as Prometheus lists them, with the threshold, the error's code and what else we know beside.

The documents of the catalog stand in one group of one file, for that is what they are: of one kind, evaluated together.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sightline.adapters.inbound.http.alerts import alert_object, rfc3339
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.selectors import selectors
from sightline.adapters.inbound.http.use_cases import Alerting, Ruling
from sightline.application.derive import GroupState, RuleState
from sightline.application.evaluate import RuleStatus
from sightline.domain.alerts.notice import Alert, AlertState
from sightline.domain.alerts.rule import SEVERITY, AlertingRule, AlertRule
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import InvalidParameter
from sightline.domain.labels import Labels, Matchers, satisfies
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import SECOND

GROUP: Final = "alerts"
FILE: Final = "catalog"

_KINDS: Final = {"": {"alert", "record"}, "alert": {"alert"}, "record": {"record"}}
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_NEVER: Final = "0001-01-01T00:00:00Z"
_INT32: Final = 2**31
_ACTIVE: Final = frozenset({AlertState.PENDING, AlertState.FIRING, AlertState.UNKNOWN})
_FROM_WORST: Final = (AlertState.FIRING, AlertState.PENDING, AlertState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class WantedRules:
    """What a request asks for; an empty tuple means all.

    kinds: of alert and record. matching: conditions on a rule's labels, one set of which must hold. alerts: whether alerts are
    listed. limit: groups of one answer, 0 for all; token: the group at which it begins, empty for the first.
    """

    kinds: frozenset[str]
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    matching: tuple[Matchers, ...] = ()
    alerts: bool = True
    limit: int = 0
    token: str = ""

    def wants(self, kind: str, name: str, labels: Labels) -> bool:
        """Whether a rule is asked for."""
        return (
            kind in self.kinds
            and _among(name, self.names)
            and (not self.matching or any(satisfies(labels, one) for one in self.matching))
        )


@dataclass(frozen=True, slots=True)
class _Listed:
    """A group on its way out. rules: gives the JSON objects of those that are wanted."""

    file: str
    name: str
    head: dict[str, Any]
    rules: Callable[[], list[dict[str, Any]]]

    @property
    def token(self) -> str:
        return hashlib.sha1(f"{self.file};{self.name}".encode(), usedforsecurity=False).hexdigest()


def wanted_rules(given: Parameters) -> WantedRules:
    """The request's parameters, all of which may be left out.

    Raises:
        InvalidParameter: one that cannot be used, in Prometheus' words.
    """
    kind = (given.text("type") or "").lower()
    if kind not in _KINDS:
        raise _invalid("type", f'not supported value "{kind[:40]}"')
    excluded = given.text("exclude_alerts") or "false"
    if excluded not in _TRUE | _FALSE:
        raise _invalid(
            "exclude_alerts", f'error converting exclude_alerts: "{excluded[:40]}" is neither true nor false'
        )
    limit, token = given.text("group_limit") or "", given.text("group_next_token") or ""
    if token and not limit:
        raise _invalid("group_next_token", "group_limit needs to be present in order to paginate over the groups")
    return WantedRules(
        kinds=frozenset(_KINDS[kind]),
        names=given.every("rule_name[]"),
        groups=given.every("rule_group[]"),
        files=given.every("file[]"),
        matching=tuple(selectors(given.every("match[]"))),
        alerts=excluded in _FALSE,
        limit=_limit(limit) if limit else 0,
        token=token,
    )


def _limit(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,10}", text, re.ASCII) or not -_INT32 <= int(text) < _INT32:
        raise _invalid("group_limit", "group_limit needs to be a valid number")
    if int(text) <= 0:
        raise _invalid("group_limit", "group_limit needs to be greater than 0")
    return int(text)


def _invalid(name: str, problem: str) -> InvalidParameter:
    return InvalidParameter(f'invalid parameter "{name}": {problem}', parameter=name)


def rule_groups(
    alerting: Alerting, ruling: Ruling, principal: Principal, wanted: WantedRules, interval: float
) -> dict[str, Any]:
    """The JSON object with the groups that have a wanted rule. interval: seconds between evaluations of the catalog's rules.

    Raises:
        InvalidParameter: no group has the token.
    """
    listed = [_in_file(state, wanted) for state in ruling.groups(principal)]
    listed += _in_catalog(alerting, principal, wanted, interval)
    listed.sort(key=lambda group: (group.file, group.name))
    if wanted.token:
        start = next((at for at, group in enumerate(listed) if group.token == wanted.token), None)
        if start is None:
            problem = f"invalid group_next_token '{wanted.token[:80]}'. were rule groups changed?"
            raise _invalid("group_next_token", problem)
        listed = listed[start:]
    return _page(listed, wanted)


def _page(listed: Iterable[_Listed], wanted: WantedRules) -> dict[str, Any]:
    """The groups up to the limit, with the token of the next one that has a wanted rule."""
    found: list[dict[str, Any]] = []
    for group in listed:
        if not _among(group.name, wanted.groups) or not _among(group.file, wanted.files):
            continue
        rules = group.rules()
        if not rules:
            continue
        if wanted.limit and len(found) == wanted.limit:
            return {"groups": found, "groupNextToken": group.token}
        found.append({"name": group.name, "file": group.file, **group.head, "rules": rules})
    return {"groups": found}


def _in_catalog(alerting: Alerting, principal: Principal, wanted: WantedRules, interval: float) -> Iterator[_Listed]:
    statuses = alerting.rules(principal)
    if not statuses:
        return

    def rules() -> list[dict[str, Any]]:
        active = _active(alerting.alerts(principal))
        return [
            _catalog_rule(status, active[status.name], alerts=wanted.alerts)
            for status in statuses
            if wanted.wants("alert", status.name, Labels.of(_labels(status.rule)))
        ]

    head = {
        "interval": interval,
        "limit": 0,
        "evaluationTime": sum(status.took for status in statuses),
        "lastEvaluation": rfc3339(max(status.evaluated_at for status in statuses)),
    }
    yield _Listed(FILE, GROUP, head, rules)


def _in_file(state: GroupState, wanted: WantedRules) -> _Listed:
    def rules() -> list[dict[str, Any]]:
        return [
            _file_rule(rule, alerts=wanted.alerts)
            for rule in state.rules
            if wanted.wants(_kind(rule), rule.name, Labels.of(rule.rule.labels))
        ]

    head = {
        "interval": state.group.interval / SECOND,
        "limit": state.group.limit,
        "evaluationTime": state.took,
        "lastEvaluation": _when(state.evaluated_at),
    }
    return _Listed(state.group.file, state.group.name, head, rules)


def _kind(rule: RuleState) -> str:
    return "record" if rule.watched is None else "alert"


def _file_rule(rule: RuleState, *, alerts: bool) -> dict[str, Any]:
    said = rule.rule
    shown: dict[str, Any] = {"type": "recording", "name": rule.name, "query": said.expr, "labels": dict(said.labels)}
    if isinstance(said, AlertingRule):
        active = [alert for _, alert in sorted(rule.alerts.items()) if alert.state in _ACTIVE]
        shown |= {
            "type": "alerting",
            "state": _worst(active).value,
            "duration": said.for_ms / SECOND,
            "keepFiringFor": said.keep_firing_ms / SECOND,
            "annotations": dict(said.annotations),
            "alerts": [alert_object(alert) for alert in active] if alerts else [],
            **_without_answer(said),
        }
        if warnings := said.warnings():
            shown["warnings"] = list(warnings)
    shown |= {
        "health": rule.health.value,
        "evaluationTime": rule.took,
        "lastEvaluation": _when(rule.evaluated_at),
    }
    if rule.failing_since is not None:
        shown |= _failure(rule.error, rule.code, rule.failing_since)
    return shown


def _when(milliseconds: int | None) -> str:
    return _NEVER if milliseconds is None else rfc3339(milliseconds)


def _among(name: str, names: Sequence[str]) -> bool:
    return not names or name in names


def _active(alerts: Sequence[Alert]) -> dict[str, list[Alert]]:
    """The alerts by rule that are pending, firing or unknown: clients of Prometheus know none that resolved here."""
    found: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.state in _ACTIVE:
            found[alert.rule].append(alert)
    return found


def _catalog_rule(status: RuleStatus, active: Sequence[Alert], *, alerts: bool) -> dict[str, Any]:
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
        shown |= _failure(status.problem, status.code, status.failing_since)
    return shown


def _failure(error: str, code: str, since: int) -> dict[str, Any]:
    return {"lastError": error, "code": code, "failingSince": rfc3339(since)}


_UNREADABLE: Final[dict[str, Any]] = {"query": "", "duration": 0, "keepFiringFor": 0, "labels": {}, "annotations": {}}
"""What stands for the conditions of a rule whose document cannot be read."""


def _labels(rule: AlertRule | None) -> dict[str, str]:
    return {} if rule is None else {**rule.labels, SEVERITY: rule.severity.value}


def _conditions(rule: AlertRule) -> dict[str, Any]:
    """What the rule itself says; templates as they were written."""
    said = {
        "query": rule.expr,
        "duration": rule.for_ms / SECOND,
        "keepFiringFor": 0,
        "labels": _labels(rule),
        "annotations": rule.annotations,
        **_without_answer(rule),
    }
    if rule.threshold is not None:
        comparison, value = rule.threshold
        said["threshold"] = {"query": rule.data, "comparison": comparison, "value": value}
    return said


def _without_answer(rule: AlertRule | AlertingRule) -> dict[str, str]:
    """What a rule says that the lack of an answer means, where it is not what it means in Prometheus."""
    said = {"noData": (rule.no_data, Treatment.OK), "queryFailed": (rule.query_failed, Treatment.KEEP)}
    return {name: treatment.value for name, (treatment, usual) in said.items() if treatment is not usual}


def _worst(active: Sequence[Alert]) -> AlertState:
    """A rule is in the state of its worst alert."""
    states = {alert.state for alert in active}
    return next((state for state in _FROM_WORST if state in states), AlertState.INACTIVE)
