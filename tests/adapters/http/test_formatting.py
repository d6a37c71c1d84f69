"""format_query and parse_query: what Prometheus answers, for GET and POST."""

from typing import Any

import httpx
import pytest

PATHS = ["/api/v1/format_query", "/api/v1/parse_query"]

UP = {
    "name": "up",
    "offset": 0,
    "offsetExpr": None,
    "matchers": [{"name": "__name__", "value": "up", "type": "="}],
    "timestamp": None,
    "startOrEnd": None,
    "anchored": False,
    "smoothed": False,
}
VECTOR = {"type": "vectorSelector", **UP}
TWO = {"type": "numberLiteral", "val": "2", "duration": False}
FIVE_MINUTES = {"type": "numberLiteral", "val": "300", "duration": True}
MATCHING = {"card": "one-to-one", "labels": [], "on": False, "include": [], "fillValues": {"lhs": None, "rhs": None}}


async def tree(client: httpx.AsyncClient, query: str) -> dict[str, Any]:
    """The syntax tree of a query."""
    answer = await client.get("/api/v1/parse_query", params={"query": query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_a_query_is_laid_out(client: httpx.AsyncClient) -> None:
    """A short query comes back on one line, a long one on several; by GET and by POST alike."""
    query = "sum(rate(up[300s]))by(job)"
    expected = {"status": "success", "data": "sum by (job) (rate(up[5m]))"}
    assert (await client.get(PATHS[0], params={"query": query})).json() == expected
    assert (await client.post(PATHS[0], data={"query": query})).json() == expected
    long = (await client.get(PATHS[0], params={"query": " + ".join(["up"] * 40)})).json()["data"]
    assert long.endswith("\n+\n  up")


@pytest.mark.parametrize("path", PATHS)
async def test_what_does_not_parse_is_refused(client: httpx.AsyncClient, path: str) -> None:
    """The answer says where, and a missing query is named."""
    answer = await client.get(path, params={"query": "sum(up"})
    assert answer.status_code == 400
    assert answer.json()["error"] == 'invalid parameter "query": 1:7: parse error: unclosed left parenthesis'
    assert "query" in (await client.get(path)).json()["error"]


async def test_a_long_query_is_laid_out(client: httpx.AsyncClient) -> None:
    """One that is too long to be parsed on the event loop gets the same answer."""
    query = " or ".join(["metric_with_a_name"] * 290)
    answer = await client.post(PATHS[0], data={"query": query})
    assert answer.json()["data"].count("metric_with_a_name") == 290


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("up", VECTOR),
        ("up offset 1s @ end()", {**VECTOR, "offset": 1000, "startOrEnd": "end"}),
        ("up[5m] @ 2", {"type": "matrixSelector", **UP, "range": 300_000, "rangeExpr": None, "timestamp": 2000}),
        ("up smoothed", {**VECTOR, "smoothed": True}),
        ("up[5m] anchored", {"type": "matrixSelector", **UP, "range": 300_000, "rangeExpr": None, "anchored": True}),
        (
            'up{a="b"}',
            {
                **VECTOR,
                "matchers": [
                    {"name": "a", "value": "b", "type": "="},
                    {"name": "__name__", "value": "up", "type": "="},
                ],
            },
        ),
        ('{"up"}', {**VECTOR, "name": ""}),
        ("+up", {"type": "unaryExpr", "op": "+", "expr": VECTOR}),
        ("-1h", {"type": "numberLiteral", "val": "-3600"}),
        (
            "up[2 * 5m] offset (step())",
            {
                "type": "matrixSelector",
                **UP,
                "range": 0,
                "rangeExpr": {"type": "durationExpr", "op": "*", "lhs": TWO, "rhs": FIVE_MINUTES, "wrapped": False},
                "offsetExpr": {"type": "durationExpr", "op": "step", "lhs": None, "rhs": None, "wrapped": True},
            },
        ),
        ("1e3", {"type": "numberLiteral", "val": "1000"}),
        ('"a"', {"type": "stringLiteral", "val": "a"}),
        ("-(up)", {"type": "unaryExpr", "op": "-", "expr": {"type": "parenExpr", "expr": VECTOR}}),
        (
            "up[5m:] offset -1m",
            {
                "type": "subquery",
                "expr": VECTOR,
                "range": 300_000,
                "rangeExpr": None,
                "offset": -60_000,
                "offsetExpr": None,
                "step": 0,
                "stepExpr": None,
                "timestamp": None,
                "startOrEnd": None,
                "alignEvalTime": False,
            },
        ),
        (
            "round(up, 5)",
            {
                "type": "call",
                "func": {"name": "round", "argTypes": ["vector", "scalar"], "variadic": 1, "returnType": "vector"},
                "args": [VECTOR, {"type": "numberLiteral", "val": "5"}],
            },
        ),
        (
            "topk without (a) (2, up)",
            {
                "type": "aggregation",
                "op": "topk",
                "expr": VECTOR,
                "param": {"type": "numberLiteral", "val": "2"},
                "grouping": ["a"],
                "without": True,
            },
        ),
        (
            "up > bool 1",
            {
                "type": "binaryExpr",
                "op": ">",
                "lhs": VECTOR,
                "rhs": {"type": "numberLiteral", "val": "1"},
                "matching": None,
                "bool": True,
            },
        ),
    ],
)
async def test_trees(client: httpx.AsyncClient, query: str, expected: dict[str, Any]) -> None:
    """Each kind of node is the object that Prometheus' UI knows."""
    assert await tree(client, query) == expected


@pytest.mark.parametrize(
    ("query", "variadic"),
    [
        ("abs(up)", 0),
        ("time()", 0),
        ("hour()", 1),
        ("info(up)", 1),
        ('label_join(up, "a", "b")', -1),
        ('sort_by_label(up, "a")', -1),
        ('histogram_quantiles(up, "q", 0.5)', 9),
    ],
)
async def test_how_many_arguments_a_function_takes(client: httpx.AsyncClient, query: str, variadic: int) -> None:
    """Told in Prometheus' way: 0 for just those it has types for, above by how many more than all but the last, -1 for any."""
    assert (await tree(client, query))["func"]["variadic"] == variadic


async def test_matching_is_of_vectors(client: httpx.AsyncClient) -> None:
    """Only between two vectors there is something to match."""
    assert (await tree(client, "up + up"))["matching"] == MATCHING
    assert (await tree(client, "up and up"))["matching"] == {**MATCHING, "card": "many-to-many"}
    assert (await tree(client, "up + on (a) group_left (b) fill_left (1) up"))["matching"] == {
        "card": "many-to-one",
        "labels": ["a"],
        "on": True,
        "include": ["b"],
        "fillValues": {"lhs": 1.0, "rhs": None},
    }
    for scalar in ("1 + 1", "time() + 1", "-(1) * up", "scalar(up) + (2 * 3)", "up + -scalar(up)"):
        assert (await tree(client, scalar))["matching"] is None
