"""What a query took, where it is asked for."""

from typing import Any

import httpx
import numpy as np
import pytest
from tests.adapters.http.stage import Stage
from typing_extensions import override

from sightline.application.query import QueryOptions
from sightline.application.watch import QueryRun, Question
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import LOCAL, Principal
from sightline.domain.timerange import Grid

TIMES = {
    "evalTotalTime": 0.75,
    "queryPreparationTime": 0.25,
    "innerEvalTime": 0.5,
    "execQueueTime": 0.125,
    "execTotalTime": 1.0,
}


class Telling(Stage):
    """Tells of every query what it took."""

    touched: Any = np.array([3, 4])

    @override
    async def range(self, principal: Principal, text: str, grid: Grid, options: QueryOptions) -> Answer:
        """Query."""
        if options.tell is not None:
            question = Question(LOCAL.tenant, "range", text, grid)
            run = QueryRun(1, question, 0, 0.0, 0.125, 0.25, 0.5, 2, 9, 1.0, "ok", self.touched)
            options.tell(run)
        return await super().range(principal, text, grid, options)


@pytest.fixture
def stage() -> Telling:
    """What is behind the door."""
    return Telling()


async def asked(client: httpx.AsyncClient, **more: str) -> Any:
    """The data of a range query of two steps."""
    given = {"query": "up", "start": "1", "end": "2.5", "step": "1.5", **more}
    return (await client.get("/api/v1/query_range", params=given)).json()["data"]


async def test_nothing_is_told_unless_it_is_asked_for(client: httpx.AsyncClient) -> None:
    """Without the parameter, or with an empty one, the answer has no statistics."""
    assert "stats" not in await asked(client)
    assert "stats" not in await asked(client, stats="")


async def test_times_and_samples_are_told(client: httpx.AsyncClient) -> None:
    """Any value asks for times and samples, `all` for the samples of each step beside."""
    samples = {"totalQueryableSamples": 7, "samplesRead": 9}
    assert (await asked(client, stats="true"))["stats"] == {"timings": TIMES, "samples": samples}
    steps = {"totalQueryableSamplesPerStep": [[1.0, 3], [2.5, 4]]}
    assert (await asked(client, stats="all"))["stats"] == {"timings": TIMES, "samples": {**steps, **samples}}


async def test_what_is_not_known_is_left_out(client: httpx.AsyncClient, stage: Telling) -> None:
    """Where the samples of each step cannot be told, neither they nor their sum stand there."""
    stage.touched = None
    assert (await asked(client, stats="all"))["stats"]["samples"] == {"samplesRead": 9}
