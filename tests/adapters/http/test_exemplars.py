"""query_exemplars: what Prometheus answers, for GET and POST, and exemplars on their way in."""

from typing import Any

import httpx
import numpy as np
import pytest
from tests.adapters.http.stage import NOW, Stage
from tests.adapters.wire.messages import exemplar, label, sample, series

from sightline.adapters.wire.snappy import compress
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import ExemplarBatch
from sightline.domain.tenancy import LOCAL

PATH = "/api/v1/query_exemplars"
SERIES = Labels.of(__name__="seconds_bucket", le="0.5", job="a")
WRITE = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


async def keep(stage: Stage, *rows: tuple[float, int]) -> None:
    """Exemplars (value, time) of one series."""
    times = np.array([time for _, time in rows], np.int64)
    labels = [Labels.of(trace_id="é").canonical()] * len(rows)
    values = np.array([value for value, _ in rows], np.float64)
    owners, timed = np.zeros(len(rows), np.uint32), np.ones(len(rows), np.bool_)
    await stage.exemplars.keep(LOCAL, ExemplarBatch((SERIES,), owners, labels, values, times, timed))


async def asked(client: httpx.AsyncClient, **parameters: Any) -> Any:
    """What GET and POST answer alike."""
    by_get = await client.get(PATH, params=parameters)
    by_post = await client.post(PATH, data=parameters)
    assert (by_get.status_code, by_get.json()) == (by_post.status_code, by_post.json())
    assert by_get.status_code == 200, by_get.text
    assert by_get.json()["status"] == "success"
    return by_get.json()["data"]


async def test_exemplars_are_answered_as_prometheus_writes_them(client: httpx.AsyncClient, stage: Stage) -> None:
    """Values are texts as in samples, timestamps numbers of seconds."""
    await keep(stage, (0.25, 1_763_700_000_123), (1e30, 1_763_700_001_000), (float("nan"), 1_763_700_001_500))
    labels = {"trace_id": "é"}
    assert await asked(client, query="rate(seconds_bucket[5m])") == [
        {
            "seriesLabels": {"__name__": "seconds_bucket", "job": "a", "le": "0.5"},
            "exemplars": [
                {"labels": labels, "value": "0.25", "timestamp": 1763700000.123},
                {"labels": labels, "value": "1e+30", "timestamp": 1763700001},
                {"labels": labels, "value": "NaN", "timestamp": 1763700001.5},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("1763700000.5", "2025-11-21T04:40:01Z", 1),
        ("2025-11-21T05:40:00.123+01:00", "1763700002", 2),
        ("1763700000123", "1763703600123", 0),
        ("-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z", 2),
    ],
)
async def test_a_range_may_be_written_in_any_way(
    client: httpx.AsyncClient, stage: Stage, start: str, end: str, count: int
) -> None:
    """Seconds, RFC 3339, Prometheus' own first and last time; milliseconds, as Grafana sends them, mean a time far away."""
    await keep(stage, (1.0, 1_763_700_000_123), (2.0, 1_763_700_001_000))
    found = await asked(client, query="seconds_bucket", start=start, end=end)
    assert sum(len(one["exemplars"]) for one in found) == count


async def test_there_may_be_none(client: httpx.AsyncClient) -> None:
    """What Grafana asks on load: an empty list; and no content for a query that selects nothing."""
    assert await asked(client, query="test", start=NOW, end=NOW + 1) == []
    answer = await client.get(PATH, params={"query": "1 + 1"})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "1:1: parse error: no expression found in input"),
        ({"query": "sum("}, "1:5: parse error: unclosed left parenthesis"),
        ({"query": "{}"}, "at least one non-empty matcher"),
        ({"query": "up", "start": "soon"}, "Invalid time value for 'start'"),
        ({"query": "up", "end": "late"}, "Invalid time value for 'end'"),
        ({"query": "up", "start": "2", "end": "1"}, "end timestamp must not be before start timestamp"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    client: httpx.AsyncClient, parameters: dict[str, str], said: str
) -> None:
    """400 and bad_data, with what is wrong."""
    answer = await client.get(PATH, params=parameters)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
    assert said in answer.json()["error"]


async def test_many_exemplars_are_sent_in_pieces(client: httpx.AsyncClient, stage: Stage) -> None:
    """An answer that is large enough to be made in a thread and compressed is the same."""
    await keep(stage, *((float(number), number) for number in range(3_000)))
    (found,) = await asked(client, query="seconds_bucket")
    assert [float(one["value"]) for one in found["exemplars"]] == [float(number) for number in range(3_000)]


async def test_exemplars_come_in_by_remote_write(client: httpx.AsyncClient, stage: Stage) -> None:
    """Those of a request are kept once its samples are, under its tenant; a request without any keeps none."""
    up = label("__name__", "up")
    body = series(up, sample(NOW, 1.0)) + series(up, exemplar(NOW, 0.5, label("trace_id", "abc")))
    answer = await client.post("/api/v1/write", content=compress(body), headers={**WRITE, "X-Scope-OrgID": "shop"})
    assert answer.status_code == 204
    assert await asked(client, query="up") == []
    found = await client.get(PATH, params={"query": "up"}, headers={"X-Scope-OrgID": "shop"})
    assert found.json()["data"] == [
        {
            "seriesLabels": {"__name__": "up"},
            "exemplars": [{"labels": {"trace_id": "abc"}, "value": "0.5", "timestamp": NOW / 1000}],
        }
    ]


async def test_exemplars_come_in_as_text(client: httpx.AsyncClient) -> None:
    """Pushed OpenMetrics brings its exemplars along, with the labels that are added; one without a time has that of arrival."""
    text = b'# TYPE c counter\nc_total 5 # {trace_id="a"} 1 12.5\nc_total{x="y"} 5 # {trace_id="b"} 1\n# EOF\n'
    path, headers = "/api/v1/import/prometheus?extra_label=job=b", {"Content-Type": "application/openmetrics-text"}
    assert (await client.post(path, content=text, headers=headers)).status_code == 204
    found = await asked(client, query='{job="b"}')
    assert [(one["seriesLabels"], one["exemplars"][0]["timestamp"]) for one in found] == [
        ({"__name__": "c_total", "job": "b"}, 12.5),
        ({"__name__": "c_total", "job": "b", "x": "y"}, NOW / 1000),
    ]
