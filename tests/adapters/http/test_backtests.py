"""Backtests of alert rules over HTTP."""

from typing import Any

import httpx
import numpy as np
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.domain.errors import VectorMatchingFailed
from sightline.domain.labels import Labels
from sightline.domain.promql.values import Vector

pytestmark = pytest.mark.anyio

PATH = "/api/v1/backtest/alert-rule"
RULE: dict[str, Any] = {"alert": "Hot", "expr": "heat > 1", "labels": {"severity": "page"}}
END = NOW // 60_000 * 60


def burning(stage: Stage, present: str) -> None:
    """The rule's expression has an element at the instants that have a 1."""
    shape = np.array([[one == "1" for one in present]])
    stage.value = Vector((Labels.of(__name__="heat", room="a"),), np.full(shape.shape, 2.0), shape)


async def test_it_answers_what_a_rule_would_have_done(client: httpx.AsyncClient, stage: Stage) -> None:
    """Stretches, notifications, counts: a minute apart, by default up to now."""
    burning(stage, "0110000000")
    answer = await client.post(PATH, json={"rule": RULE, "start": END - 540, "end": END})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["instants"], found["interval"], found["firings"], found["notificationCount"]) == (10, 60, 1, 2)
    labels = {"alertname": "Hot", "room": "a", "severity": "page"}
    (alert,) = found["alerts"]
    assert (alert["labels"], [one["state"] for one in alert["stretches"]]) == (labels, ["firing"])
    assert found["counts"] == [{"receiver": "ops", "kinds": ["email"], "notifications": 2}]
    first, last = found["notifications"]
    assert (first["status"], first["firing"], first["reason"]) == ("firing", [labels], "new_alerts")
    assert (last["status"], last["resolved"]) == ("resolved", [labels])


async def test_the_range_is_a_week_and_the_instants_whole_intervals(client: httpx.AsyncClient, stage: Stage) -> None:
    """Where nobody says anything else."""
    await client.post(PATH, json={"rule": RULE})
    grid = stage.calls[0][3]
    assert (grid.step, grid.start % 60_000) == (60_000, 0)
    await client.post(PATH, json={"rule": RULE, "interval": "10m", "start": "2025-11-20T00:03:00Z", "end": END})
    assert "T00:00:00" in str(
        np.datetime64(next(call[3] for call in stage.calls if call[3].step == 600_000).start, "ms")
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rule"),
        ({"rule": RULE, "alert_rule": {"name": "A", "expr": "a"}}, "rule"),
        ({"rule": {**RULE, "expr": " "}}, "rule.expr"),
        ({"rule": {**RULE, "for": "soon"}}, "rule.for"),
        ({"rule": {**RULE, "for": "5000y"}}, "rule.for"),
        ({"rule": {**RULE, "labels": {"__name__": "x"}}}, "rule.labels"),
        ({"rule": RULE, "interval": "x"}, "interval"),
        ({"rule": RULE, "start": END, "end": END - 60}, "end"),
        ({"rule": RULE, "start": "yesterday"}, "start"),
        ({"rule": RULE, "end": -5}, "end"),
        ({"rule": RULE, "limit": -1}, "limit"),
        ({"rule": RULE, "silences": [{"matchers": [], "start": 0, "end": 1}]}, "silences[0].matchers"),
        ({"rule": RULE, "silences": [{"matchers": ["a=~("], "start": 0, "end": 1}]}, "silences[0].matchers"),
        ({"rule": RULE, "more": 1}, "more"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_name(
    client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    """With the field in front."""
    answer = await client.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "field_invalid")
    assert field in answer.json()["error"]


async def test_what_the_query_says_of_the_rule_is_said(client: httpx.AsyncClient, stage: Stage) -> None:
    """A rule that fails at every instant is refused with the reason; a range that is too long by the name of its limit."""
    stage.fails = VectorMatchingFailed("many-to-many")
    refused = await client.post(PATH, json={"rule": RULE})
    assert (refused.status_code, refused.json()["code"]) == (422, "execution")
    assert "many-to-many" in refused.json()["error"]
    long = await client.post(PATH, json={"rule": RULE, "interval": "100ms"})
    assert (long.status_code, long.json()["code"]) == (400, "parameter_invalid")
    assert "backtest.max_instants" in long.json()["error"]
