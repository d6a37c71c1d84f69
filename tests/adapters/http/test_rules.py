"""The list of alert rules, as clients of Prometheus read it."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.application.derive import GroupState, Health, RuleState
from sightline.application.evaluate import RuleStatus
from sightline.domain.alerts.group import RuleGroup
from sightline.domain.alerts.notice import Alert, AlertState, Reason
from sightline.domain.alerts.rule import AlertingRule, AlertRule, Severity
from sightline.domain.alerts.step import Watched
from sightline.domain.labels import Labels
from sightline.domain.promql.recording import RecordingRule
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
        ([AlertState.UNKNOWN], "unknown"),
        ([AlertState.UNKNOWN, AlertState.PENDING], "pending"),
    ],
)
async def test_a_rule_is_in_the_state_of_its_worst_alert(
    client: httpx.AsyncClient, stage: Stage, states: list[AlertState], worst: str
) -> None:
    """Pending, firing and unknown alerts stand with their rule, and the worst gives its state."""
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
        ({"match[]": '{severity="critical"}'}, ["Hot"]),
        ({"match[]": ['{severity="critical"}', '{team=""  ,x="y"}']}, ["Hot"]),
        ({"match[]": '{team="other"}'}, []),
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


def file_group(name: str, *rules: RuleState, file: str = "/etc/rules.yml", took: float = 0.5) -> GroupState:
    """A group of a file that was evaluated, or was not when it took no time."""
    group = RuleGroup(file, name, tuple(rule.rule for rule in rules), 60_000, limit=7)
    return GroupState(group, rules, (), NOW if took else None, took)


def recording(name: str, **labels: str) -> RuleState:
    """A recording rule that is well."""
    return RuleState(RecordingRule(name, "sum(up)", labels), health=Health.OK, evaluated_at=NOW, took=0.125)


def alerting(name: str, **labels: str) -> RuleState:
    """An alerting rule that was not evaluated yet."""
    rule = AlertingRule(name, "up == 0", 60_000, 90_000, labels, {"summary": "{{ $nothing }}"})
    return RuleState(rule, Watched.of(DEFAULT_TENANT, rule))


async def test_rules_of_files_look_like_prometheus_rules(client: httpx.AsyncClient, stage: Stage) -> None:
    """Recording and alerting rules have the fields that clients of Prometheus read, unknown health before the first time."""
    failing = recording("b")
    failing.health, failing.code, failing.error, failing.failing_since = Health.ERR, "query_timeout", "too slow", NOW
    stage.books.standing = [file_group("g", recording("a", team="x"), failing, alerting("Down", severity="page"))]
    (group,) = await groups(client)
    rules = group.pop("rules")
    assert group == {
        "name": "g",
        "file": "/etc/rules.yml",
        "interval": 60.0,
        "limit": 7,
        "evaluationTime": 0.5,
        "lastEvaluation": "2025-11-21T04:40:00.123Z",
    }
    assert rules[0] == {
        "type": "recording",
        "name": "a",
        "query": "sum(up)",
        "labels": {"team": "x"},
        "health": "ok",
        "evaluationTime": 0.125,
        "lastEvaluation": "2025-11-21T04:40:00.123Z",
    }
    assert (rules[1]["health"], rules[1]["lastError"], rules[1]["code"]) == ("err", "too slow", "query_timeout")
    (warning,) = rules[2].pop("warnings")
    assert warning.startswith("annotation 'summary' cannot be expanded: ")
    assert rules[2] == {
        "type": "alerting",
        "name": "Down",
        "query": "up == 0",
        "state": "inactive",
        "duration": 60.0,
        "keepFiringFor": 90.0,
        "labels": {"severity": "page"},
        "annotations": {"summary": "{{ $nothing }}"},
        "alerts": [],
        "health": "unknown",
        "evaluationTime": 0.0,
        "lastEvaluation": "0001-01-01T00:00:00Z",
    }


async def test_alerts_of_files_stand_with_their_rule_and_among_all(client: httpx.AsyncClient, stage: Stage) -> None:
    """Two rules of one name in two groups do not share theirs; resolved ones are shown among the alerts alone."""
    one, two = alerting("Down"), alerting("Down")
    firing, over = alert(AlertState.FIRING, rule="Down"), alert(AlertState.RESOLVED, rule="Down")
    one.alerts = {firing.labels: firing, over.labels: over}
    stage.books.standing = [file_group("a", one), file_group("b", two)]
    shown = [group["rules"][0] for group in await groups(client)]
    assert [(rule["state"], len(rule["alerts"])) for rule in shown] == [("firing", 1), ("inactive", 0)]
    assert (await groups(client, exclude_alerts="true"))[0]["rules"][0]["alerts"] == []
    answer = await client.get("/api/v1/alerts")
    assert [one["state"] for one in answer.json()["data"]["alerts"]] == ["firing", "resolved"]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["Hot", "Torn", "a", "Down", "c"]),
        ({"type": "record"}, ["a", "c"]),
        ({"type": "RECORD"}, ["a", "c"]),
        ({"type": "alert"}, ["Hot", "Torn", "Down"]),
        ({"rule_name[]": ["c", "Hot"]}, ["Hot", "c"]),
        ({"rule_group[]": "g"}, ["a", "Down", "c"]),
        ({"file[]": "/z.yml"}, ["c"]),
        ({"file[]": ["/z.yml", "catalog"], "rule_group[]": ["alerts", "none"]}, ["Hot", "Torn"]),
        ({"match[]": '{team="x"}'}, ["a"]),
        ({"match[]": ['{team="x"}', '{severity=~"page|critical"}']}, ["Hot", "a", "Down"]),
    ],
)
async def test_rules_of_files_can_be_chosen(
    client: httpx.AsyncClient, stage: Stage, asked: dict[str, Any], names: list[str]
) -> None:
    """Groups stand in order of file and name, those of the catalog among them, and only with the rules that are asked for."""
    stage.evaluated = [WELL, UNREADABLE]
    first = file_group("g", recording("a", team="x"), alerting("Down", severity="page"), file="d.yml")
    stage.books.standing = [file_group("g", recording("c"), file="/z.yml"), first]
    found = [rule["name"] for group in await groups(client, **asked) for rule in group["rules"]]
    assert sorted(found) == sorted(names)
    files = [group["file"] for group in await groups(client)]
    assert files == ["/z.yml", "catalog", "d.yml"]


async def test_groups_come_in_pages(client: httpx.AsyncClient, stage: Stage) -> None:
    """So many groups at most, with the token of the next one that has a wanted rule; following it gives every group once."""
    stage.books.standing = [file_group(name, recording(f"r{name}")) for name in "abcde"]
    stage.books.standing.insert(2, file_group("bb", alerting("Down")))
    found: list[str] = []
    token: dict[str, str] = {}
    pages = 0
    while pages < 9:
        answer = (await client.get("/api/v1/rules", params={"group_limit": "2", "type": "record", **token})).json()[
            "data"
        ]
        found += [group["name"] for group in answer["groups"]]
        pages += 1
        if "groupNextToken" not in answer:
            break
        token = {"group_next_token": answer["groupNextToken"]}
    assert (found, pages) == (list("abcde"), 3)
    whole = (await client.get("/api/v1/rules", params={"group_limit": "6"})).json()["data"]
    assert (len(whole["groups"]), "groupNextToken" in whole) == (6, False)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"type": "x"}, 'invalid parameter "type": not supported value "x"'),
        ({"group_limit": "x"}, 'invalid parameter "group_limit": group_limit needs to be a valid number'),
        ({"group_limit": "99999999999"}, 'invalid parameter "group_limit": group_limit needs to be a valid number'),
        ({"group_limit": "0"}, 'invalid parameter "group_limit": group_limit needs to be greater than 0'),
        ({"group_limit": "-1"}, 'invalid parameter "group_limit": group_limit needs to be greater than 0'),
        (
            {"group_next_token": "x"},
            'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
        ),
        (
            {"group_limit": "1", "group_next_token": "x"},
            "invalid parameter \"group_next_token\": invalid group_next_token 'x'. were rule groups changed?",
        ),
        ({"match[]": "{"}, 'invalid parameter "match[]": 1:2: parse error'),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_prometheus_words(
    client: httpx.AsyncClient, asked: dict[str, str], said: str
) -> None:
    """With 400 and bad_data."""
    answer = await client.get("/api/v1/rules", params=asked)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
    assert said in answer.json()["error"]


async def test_what_is_wrong_with_files_is_told_beside(client: httpx.AsyncClient, stage: Stage) -> None:
    """As warnings of the answer, which is there all the same."""
    stage.books.wrong = ["a.yml:1:1: wrong"]
    answer = (await client.get("/api/v1/rules")).json()
    assert answer == {"status": "success", "data": {"groups": []}, "warnings": ["a.yml:1:1: wrong"]}
