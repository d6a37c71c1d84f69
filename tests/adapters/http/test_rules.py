"""The list of alert rules, as clients of Prometheus read it."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.application.evaluate import RuleStatus
from sightline.domain.alerts.notice import Alert, AlertState, Reason
from sightline.domain.alerts.rule import AlertRule, Severity
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant

HOT = AlertRule(
    name="Hot",
    expr="temperature > 90",
    data="temperature",
    for_ms=10_500,
    severity=Severity.CRITICAL,
    labels={"team": "storage"},
    annotations={"summary": "{{ $value }} degrees"},
)
WELL = RuleStatus(DEFAULT_TENANT, "Hot", HOT, NOW, 0.25)
UNREADABLE = RuleStatus(
    DEFAULT_TENANT, "Torn", None, NOW - 1000, 0.5, "bad_data", "this is not an alert rule", NOW - 2000
)


def alert(state: AlertState, tenant: Tenant = DEFAULT_TENANT, rule: str = "Hot") -> Alert:
    """An alert of a rule."""
    labels = Labels.of(alertname=rule, state=state.value)
    return Alert(tenant, rule, labels, Labels(), state, 91.0, NOW, NOW, Reason.CONDITION_TRUE)


async def groups(client: httpx.AsyncClient, **parameters: Any) -> list[Any]:
    """What the server lists."""
    answer = await client.get("/api/v1/rules", params=parameters)
    assert answer.status_code == 200
    found: list[Any] = answer.json()["data"]["groups"]
    return found


async def test_rules_look_like_prometheus_rules(client: httpx.AsyncClient, stage: Stage) -> None:
    """A group and its rules have every field that clients of Prometheus read, and our threshold."""
    stage.evaluated = [WELL]
    stage.standing = [alert(AlertState.FIRING)]
    (group,) = await groups(client)
    rules = group.pop("rules")
    assert group == {
        "name": "alerts",
        "file": "catalog",
        "interval": 5.0,
        "limit": 0,
        "evaluationTime": 0.25,
        "lastEvaluation": "2025-11-21T04:40:00.123Z",
    }
    assert rules == [
        {
            "type": "alerting",
            "name": "Hot",
            "state": "firing",
            "query": "temperature > 90",
            "duration": 10.5,
            "keepFiringFor": 0,
            "labels": {"team": "storage", "severity": "critical"},
            "annotations": {"summary": "{{ $value }} degrees"},
            "threshold": {"query": "temperature", "comparison": ">", "value": 90.0},
            "alerts": [
                {
                    "labels": {"alertname": "Hot", "state": "firing"},
                    "annotations": {},
                    "state": "firing",
                    "activeAt": "2025-11-21T04:40:00.123Z",
                    "changedAt": "2025-11-21T04:40:00.123Z",
                    "value": "9.1e+01",
                    "reason": "condition_true",
                }
            ],
            "health": "ok",
            "evaluationTime": 0.25,
            "lastEvaluation": "2025-11-21T04:40:00.123Z",
        }
    ]


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ([], "inactive"),
        ([AlertState.RESOLVED], "inactive"),
        ([AlertState.PENDING, AlertState.RESOLVED], "pending"),
        ([AlertState.PENDING, AlertState.FIRING], "firing"),
    ],
)
async def test_a_rule_is_in_the_state_of_its_worst_alert(
    client: httpx.AsyncClient, stage: Stage, states: list[AlertState], worst: str
) -> None:
    """Only pending and firing alerts stand with their rule, and the worst gives its state."""
    stage.evaluated = [WELL]
    stage.standing = [*map(alert, states), alert(AlertState.FIRING, rule="Another")]
    (rule,) = (await groups(client))[0]["rules"]
    assert rule["state"] == worst
    assert [one["state"] for one in rule["alerts"]] == [state.value for state in states if state.value != "resolved"]


async def test_a_failing_rule_says_why_and_since_when(client: httpx.AsyncClient, stage: Stage) -> None:
    """A rule that fails, even one that was never readable, is listed with its error, and the group sums up both."""
    stage.evaluated = [WELL, UNREADABLE]
    (group,) = await groups(client)
    assert (group["evaluationTime"], group["lastEvaluation"]) == (0.75, "2025-11-21T04:40:00.123Z")
    well, torn = group["rules"]
    assert "lastError" not in well
    assert (torn["health"], torn["query"], torn["state"]) == ("err", "", "inactive")
    assert (torn["lastError"], torn["code"]) == ("this is not an alert rule", "bad_data")
    assert torn["failingSince"] == "2025-11-21T04:39:58.123Z"


async def test_tenants_see_their_own_rules_and_alerts_alone(client: httpx.AsyncClient, stage: Stage) -> None:
    """Neither a rule nor an alert of the same rule's name shows from another tenant."""
    other = Tenant("other")
    stage.evaluated = [replace(WELL, tenant=other, name="Theirs"), WELL]
    stage.standing = [alert(AlertState.FIRING, other)]
    (group,) = await groups(client)
    assert [(rule["name"], rule["state"]) for rule in group["rules"]] == [("Hot", "inactive")]


async def test_without_rules_there_are_no_groups(client: httpx.AsyncClient) -> None:
    """Before the first evaluation, or without rules, the list is empty."""
    assert await groups(client) == []


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"type": "alert"}, ["Hot", "Torn"]),
        ({"type": "record"}, []),
        ({"rule_name[]": ["Torn", "None"]}, ["Torn"]),
        ({"rule_name[]": "None"}, []),
        ({"rule_group[]": "alerts", "file[]": "catalog"}, ["Hot", "Torn"]),
        ({"rule_group[]": "other"}, []),
        ({"file[]": "other"}, []),
    ],
)
async def test_rules_can_be_chosen(
    client: httpx.AsyncClient, stage: Stage, asked: dict[str, Any], names: list[str]
) -> None:
    """Type, name, group and file choose rules, and a group without any is left out."""
    stage.evaluated = [WELL, UNREADABLE]
    found = await groups(client, **asked)
    assert [rule["name"] for group in found for rule in group["rules"]] == names


@pytest.mark.parametrize(("text", "shown"), [("true", 0), ("1", 0), ("false", 1), ("", 1)])
async def test_alerts_can_be_left_out(client: httpx.AsyncClient, stage: Stage, text: str, shown: int) -> None:
    """With exclude_alerts the rule keeps its state and lists no alerts."""
    stage.evaluated = [WELL]
    stage.standing = [alert(AlertState.FIRING)]
    (rule,) = (await groups(client, exclude_alerts=text))[0]["rules"]
    assert (rule["state"], len(rule["alerts"])) == ("firing", shown)


@pytest.mark.parametrize(("name", "value"), [("type", "alerting"), ("exclude_alerts", "maybe")])
async def test_other_values_are_refused(client: httpx.AsyncClient, name: str, value: str) -> None:
    """A type or a truth value that is none is bad data, by the parameter's name."""
    answer = await client.get("/api/v1/rules", params={name: value})
    assert answer.status_code == 400
    assert (answer.json()["errorType"], answer.json()["code"]) == ("bad_data", "parameter_invalid")
    assert name in answer.json()["error"]
