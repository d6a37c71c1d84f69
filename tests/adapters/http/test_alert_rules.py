"""The API of alert rules."""

from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import Stage

from sightline.domain.errors import QueryTimeout

pytestmark = pytest.mark.anyio

PATH = "/api/v1/alert-rules"
MINE: dict[str, Any] = {"name": "Mine", "condition": {"query": "queue", "comparison": ">", "value": 5}, "for": "5m"}


async def saved(client: httpx.AsyncClient, rule: dict[str, Any] = MINE, **headers: str) -> httpx.Response:
    """Put a rule under its own name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.put(f"{PATH}/{rule['name']}", json=rule, headers=named)


async def judged(client: httpx.AsyncClient, rule: dict[str, Any]) -> dict[str, Any]:
    """What is said of a rule."""
    answer = await client.post("/api/v1/validate/alert-rule", json=rule)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_a_rule_is_created_read_and_deleted(client: httpx.AsyncClient) -> None:
    """The simple form becomes an expression; what is got may be put again as it is."""
    created = await client.post(PATH, json=MINE)
    assert (created.status_code, created.headers["etag"]) == (201, '"1"')
    found = (await client.get(f"{PATH}/Mine")).json()
    assert found == created.json()
    assert (found["origin"], found["version"]) == ("saved", 1)
    assert {name: found["rule"][name] for name in ("expr", "data", "for_ms", "severity", "language", "enabled")} == {
        "expr": "queue > 5",
        "data": "queue",
        "for_ms": 300_000,
        "severity": "warning",
        "language": "promql",
        "enabled": True,
    }
    again = await saved(client, found["rule"])
    assert (again.status_code, again.json()["rule"]) == (200, found["rule"])
    assert [one["rule"]["name"] for one in (await client.get(PATH)).json()["rules"]] == ["Mine"]
    assert (await client.delete(f"{PATH}/Mine")).status_code == 204
    gone = await client.get(f"{PATH}/Mine")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


async def test_creating_what_is_there_is_refused(client: httpx.AsyncClient) -> None:
    """A rule is created once; a version that is no longer there is not replaced."""
    assert (await saved(client)).status_code == 201
    assert (await client.post(PATH, json=MINE)).status_code == 409
    assert (await saved(client, if_match='"1"')).json()["version"] == 2
    assert (await saved(client, if_match='"1"')).status_code == 409
    assert (await saved(client, if_none_match="*")).status_code == 409


async def test_a_built_in_rule_is_switched_and_restored(client: httpx.AsyncClient) -> None:
    """By one action each."""
    one = f"{PATH}/HostDown"
    assert (await client.post(f"{one}/restore")).json()["origin"] == "built-in"
    off = (await client.post(f"{one}/disable")).json()
    assert (off["origin"], off["rule"]["enabled"]) == ("changed", False)
    assert (await client.post(f"{one}/enable")).json()["rule"]["enabled"] is True
    assert (await client.delete(one)).status_code == 409
    assert (await client.post(f"{one}/restore")).json()["rule"]["expr"] == "up == 0"
    assert (await client.post(f"{one}/explode")).status_code == 404


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"name": "Other"}, "field_invalid", "the two must be the same"),
        ({"expr": "up"}, "field_invalid", "leave those out"),
        ({"for_ms": 1}, "field_invalid", "leave one out"),
        ({"for": "soon"}, "field_invalid", "for: 'soon' is not a duration"),
        ({"for_ms": "1", "for": None}, "field_invalid", "for_ms: wants a whole number"),
        ({"severity": "bad"}, "field_invalid", "severity"),
        ({"no_data": "maybe"}, "field_invalid", "no_data"),
        ({"colour": "red"}, "field_invalid", "colour"),
        ({"condition": {"query": "sum(", "comparison": ">", "value": 1}}, "field_invalid", "condition.query: "),
        ({"condition": {"query": "up", "comparison": "=", "value": 1}}, "field_invalid", "condition.comparison"),
        ({"condition": None}, "bad_data", "needs an expression"),
        ({"condition": None, "expr": "up >"}, "query_malformed", "expr: "),
        ({"annotations": {"summary": "{{ $x }}"}}, "bad_data", "annotation 'summary'"),
    ],
)
async def test_what_cannot_be_is_refused(
    client: httpx.AsyncClient, change: dict[str, Any], code: str, said: str
) -> None:
    """With a code and the field."""
    answer = await client.put(f"{PATH}/Mine", json={**MINE, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert said in answer.json()["error"]


async def test_other_languages_are_refused_by_name(client: httpx.AsyncClient) -> None:
    """So that rules over logs and traces need no other form."""
    answer = await saved(client, {**MINE, "language": "logql"})
    assert (answer.status_code, answer.json()["code"]) == (422, "query_not_supported")
    assert "'logql'" in answer.json()["error"]


@pytest.mark.parametrize(
    ("query", "expr"),
    [
        (" queue ", "queue > 0.5"),
        ("a + b", "(a + b) > 0.5"),
        ("(a + b)", "(a + b) > 0.5"),
        ("sum(rate(x[5m]))", "sum(rate(x[5m])) > 0.5"),
    ],
)
async def test_the_simple_form_compares_the_whole_query(client: httpx.AsyncClient, query: str, expr: str) -> None:
    """Whatever operators it has."""
    rule = {**MINE, "condition": {"query": query, "comparison": ">", "value": 0.5}}
    assert (await judged(client, rule))["rule"]["expr"] == expr


async def test_a_rule_is_judged_without_saving_it(client: httpx.AsyncClient) -> None:
    """What would match now is told, and nothing is there afterwards."""
    found = await judged(client, MINE)
    assert (found["valid"], found["errors"], found["warnings"], found["matches"]) == (True, [], [], 1)
    assert (await client.get(PATH)).json() == {"rules": []}


async def test_judging_names_errors_with_their_place(client: httpx.AsyncClient) -> None:
    """Of expressions and of templates."""
    wrong = await judged(client, {"name": "Mine", "expr": "up >\n)", "data": "("})
    assert wrong["valid"] is False
    assert [(one["field"], one["code"], one["line"]) for one in wrong["errors"]] == [
        ("expr", "query_malformed", 2),
        ("data", "query_malformed", 1),
    ]
    (template,) = (await judged(client, {**MINE, "labels": {"a": "b\n{{ end }}"}}))["errors"]
    assert (template["code"], template["line"]) == ("bad_data", 2)


async def test_judging_says_what_cannot_be_told_now(client: httpx.AsyncClient, stage: Stage) -> None:
    """A query that takes too long is no reason to refuse the rule."""
    stage.fails = QueryTimeout("too slow")
    found = await judged(client, MINE)
    assert (found["valid"], found["matches"]) == (True, None)
    assert found["warnings"] == ["it cannot be evaluated now: too slow"]
