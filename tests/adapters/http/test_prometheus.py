"""The Prometheus API: what clients send is understood, what they get is Prometheus' envelope."""

import asyncio
import gzip
import json
from typing import Any

import cramjam
import httpx
import numpy as np
import pytest
from tests.adapters.http.stage import NOW, Stage, until

from sightline.adapters.inbound.http import instruments
from sightline.application.search import Found
from sightline.domain.alerts.notice import Alert, AlertState, Reason
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.values import Scalar, String, Vector
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Tenant
from sightline.domain.timerange import ALL_TIME, Grid, TimeRange

NO_STEP = "zero or negative query resolution step widths are not accepted. Try a positive integer"
INVALID_TIME = 'invalid parameter "time": Invalid time value for \'time\': cannot parse "{}" to a valid timestamp'
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_an_instant_query_answers_a_vector(client: httpx.AsyncClient, stage: Stage) -> None:
    """A vector has the metric and one pair of seconds and text for every present row."""
    labels = tuple(Labels.of(__name__="up", job=job) for job in "abc")
    stage.value = Vector(labels, np.array([[1.5], [9.0], [np.nan]]), np.array([[True], [False], [True]]))
    answer = await client.get("/api/v1/query", params={"query": "up", "time": "4"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "status": "success",
        "data": {
            "resultType": "vector",
            "result": [
                {"metric": {"__name__": "up", "job": "a"}, "value": [4, "1.5"]},
                {"metric": {"__name__": "up", "job": "c"}, "value": [4, "NaN"]},
            ],
        },
    }


async def test_scalars_and_strings_answer_one_pair(client: httpx.AsyncClient, stage: Stage) -> None:
    """A scalar and a string are a pair of seconds and text."""
    stage.value = Scalar(np.array([2.0]))
    assert (await client.get("/api/v1/query?query=1%2B1&time=4.5")).json()["data"] == {
        "resultType": "scalar",
        "result": [4.5, "2"],
    }
    stage.value = String('a "b"')
    assert (await client.get("/api/v1/query?query=1&time=0")).json()["data"] == {
        "resultType": "string",
        "result": [0, 'a "b"'],
    }


async def test_a_range_selector_answers_a_matrix(client: httpx.AsyncClient, stage: Stage) -> None:
    """An instant query of a range selector lists the raw samples of each series."""
    stage.value = SeriesColumns.of(
        [(Labels.of(__name__="a"), [1_000, 2_345], [1.0, 2.0]), (Labels.of(__name__="b"), [3_000], [float("inf")])]
    )
    assert (await client.get("/api/v1/query?query=a[5m]")).json()["data"] == {
        "resultType": "matrix",
        "result": [
            {"metric": {"__name__": "a"}, "values": [[1, "1"], [2.345, "2"]]},
            {"metric": {"__name__": "b"}, "values": [[3, "+Inf"]]},
        ],
    }


async def test_a_range_query_leaves_out_what_is_not_there(client: httpx.AsyncClient, stage: Stage) -> None:
    """Absent points are left out, and so is a series without any."""
    labels = tuple(Labels.of(__name__="up", job=job) for job in "abc")
    present = np.array([[True, False, True], [False, False, False], [True, True, True]])
    stage.value = Vector(labels, np.arange(9.0).reshape(3, 3), present)
    answer = await client.get("/api/v1/query_range?query=up&start=0&end=1&step=0.5")
    assert answer.json()["data"] == {
        "resultType": "matrix",
        "result": [
            {"metric": {"__name__": "up", "job": "a"}, "values": [[0, "0"], [1, "2"]]},
            {"metric": {"__name__": "up", "job": "c"}, "values": [[0, "6"], [0.5, "7"], [1, "8"]]},
        ],
    }
    assert stage.calls[0][:4] == ("range", LOCAL, "up", Grid(0, 1000, 500))


async def test_a_scalar_over_a_range_is_a_series_without_labels(client: httpx.AsyncClient, stage: Stage) -> None:
    """A range query of a scalar answers a matrix."""
    stage.value = Scalar(np.array([1.0, 2.0]))
    answer = await client.get("/api/v1/query_range?query=1&start=0&end=1&step=1")
    assert answer.json()["data"]["result"] == [{"metric": {}, "values": [[0, "1"], [1, "2"]]}]


async def test_a_form_says_the_same_as_a_query_string(client: httpx.AsyncClient, stage: Stage) -> None:
    """POST with a form, also a compressed one, asks what GET asks, and the form comes first."""
    form = b"query=up%7Bjob%3D%22a%22%7D&time=2026-11-21T07%3A00%3A00Z&timeout=90s&lookback_delta=1m&limit=7&stats=all"
    await client.post("/api/v1/query?query=down", content=form, headers=FORM)
    await client.post("/api/v1/query", content=gzip.compress(form), headers={**FORM, "Content-Encoding": "gzip"})
    for call in stage.calls:
        assert call[:4] == ("instant", LOCAL, 'up{job="a"}', 1_795_244_400_000)
        assert (call[4].timeout, call[4].lookback, call[4].limit) == (90.0, 60_000, 7)
    assert len(stage.calls) == 2


async def test_a_lookback_of_nothing_is_the_setting(client: httpx.AsyncClient, stage: Stage) -> None:
    """As in Prometheus, a lookback that is not above zero leaves it to the program."""
    for text in ("0", "-5", "0s"):
        await client.get("/api/v1/query", params={"query": "up", "lookback_delta": text})
    assert [call[4].lookback for call in stage.calls] == [None] * 3


async def test_no_time_is_a_timeout(client: httpx.AsyncClient, stage: Stage) -> None:
    """A timeout of nothing has passed at once."""
    for text in ("0", "-1", "0s"):
        answer = await client.get("/api/v1/query", params={"query": "up", "timeout": text})
        assert (answer.status_code, answer.json()["errorType"]) == (503, "timeout")
        assert answer.json()["error"].startswith("query timed out in query queue")
    assert not stage.calls


async def test_now_is_the_time_when_none_is_given(client: httpx.AsyncClient, stage: Stage) -> None:
    """An instant query without a time asks about the clock's present."""
    await client.get("/api/v1/query?query=up")
    assert stage.calls[0][3] == NOW


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/v1/query", 'invalid parameter "query": unknown position: parse error: no expression found in input'),
        (
            "/api/v1/query?query=",
            'invalid parameter "query": unknown position: parse error: no expression found in input',
        ),
        (
            "/api/v1/query?query=up&time=yesterday",
            INVALID_TIME.format("yesterday"),
        ),
        ("/api/v1/query?query=up&time=nan", INVALID_TIME.format("nan")),
        ("/api/v1/query?query=up&time=1e300", INVALID_TIME.format("1e300")),
        ("/api/v1/query?time=2026-13-01T00:00:00Z", INVALID_TIME.format("2026-13-01T00:00:00Z")),
        ("/api/v1/query?query=up&timeout=soon", 'invalid parameter "timeout": cannot parse "soon" to a valid duration'),
        ("/api/v1/query?query=up&limit=-1", 'invalid parameter "limit": limit must be non-negative'),
        ("/api/v1/query?query=up&limit=1.5", 'invalid parameter "limit": cannot parse "1.5" to a valid limit'),
        (
            "/api/v1/query?query=up&lookback_delta=x",
            'error parsing lookback delta duration: cannot parse "x" to a valid duration',
        ),
        (
            "/api/v1/query_range?query=up&end=1&step=1",
            'invalid parameter "start": cannot parse "" to a valid timestamp',
        ),
        (
            "/api/v1/query_range?query=up&start=1&step=1",
            'invalid parameter "end": cannot parse "" to a valid timestamp',
        ),
        ("/api/v1/query_range?query=up&start=1&end=2", 'invalid parameter "step": cannot parse "" to a valid duration'),
        ("/api/v1/query_range?query=up&start=1&end=2&step=0", f'invalid parameter "step": {NO_STEP}'),
        ("/api/v1/query_range?query=up&start=1&end=2&step=-1", f'invalid parameter "step": {NO_STEP}'),
        ("/api/v1/query_range?query=up&start=1&end=2&step=0.0001", f'invalid parameter "step": {NO_STEP}'),
        ("/api/v1/query_range?start=1&end=2&step=often", '"step": cannot parse "often" to a valid duration'),
        (
            "/api/v1/query_range?query=up&start=3&end=2&step=1",
            'invalid parameter "end": end timestamp must not be before start time',
        ),
        ("/api/v1/series", "no match[] parameter provided"),
        ("/api/v1/series?match[]=up%7B", 'invalid parameter "match[]": 1:4: parse error: '),
        ("/api/v1/labels?match[]=rate(up[5m])", 'invalid parameter "match[]": '),
        ("/api/v1/labels?start=x", 'invalid parameter "start": Invalid time value for \'start\': cannot parse "x"'),
    ],
)
async def test_a_bad_parameter_is_named(client: httpx.AsyncClient, stage: Stage, path: str, said: str) -> None:
    """What cannot be read is a 400 that names the parameter in Prometheus' words, and nothing is asked."""
    answer = await client.get(path)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["status"], body["errorType"], body["code"]) == ("error", "bad_data", "parameter_invalid")
    assert said in body["error"]
    assert not stage.calls


@pytest.mark.parametrize("query", ["query=%ff", "query=a%00\xff".encode("latin-1").decode("latin-1")])
async def test_parameters_that_are_no_text_are_refused(client: httpx.AsyncClient, query: str) -> None:
    """Bytes that are no UTF-8 are a 400."""
    answer = await client.post("/api/v1/query", content=query.encode("latin-1"), headers=FORM)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_data")


async def test_forms_are_bounded_and_of_one_kind(caller: Any, stage: Stage) -> None:
    """A form too large, as sent or decompressed, is a 413, a damaged one a 400, another type or encoding a 415."""
    async with caller(max_form_bytes=1000) as client:

        async def code(content: bytes, **headers: str) -> tuple[int, str]:
            sent = {**FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
            answer = await client.post("/api/v1/query", content=content, headers=sent)
            return answer.status_code, answer.json()["code"]

        assert await code(b"query=" + b"a" * 1000) == (413, "body_too_large")
        bomb = gzip.compress(b"query=" + b"a" * 100_000)
        assert len(bomb) < 1000
        assert await code(bomb, content_encoding="gzip") == (413, "body_too_large")
        assert await code(gzip.compress(b"query=up")[:-9], content_encoding="gzip") == (400, "body_malformed")
        assert await code(b"\x1f\x8bnonsense", content_encoding="gzip") == (400, "body_malformed")
        assert await code(b"query=up", content_encoding="br") == (415, "media_type_unsupported")
        assert await code(b"{}", content_type="application/json") == (415, "media_type_unsupported")
    assert not stage.calls


async def test_searches_pass_on_selectors_range_and_limit(client: httpx.AsyncClient, stage: Stage) -> None:
    """Labels, label values and series are asked with what the request says."""
    stage.found = Found(["a", "b"], 2, truncated=True)
    up = (Matcher("__name__", MatchOp.EQUAL, "up"),)
    answer = await client.get("/api/v1/labels?match[]=up&start=1&end=2.5&limit=2")
    assert answer.json() == {"status": "success", "data": ["a", "b"], "warnings": ["results truncated due to limit"]}
    assert stage.calls[-1:] == [("label_names", LOCAL, [up], TimeRange(1000, 2500), 2)]
    await client.get("/api/v1/label/U__http_2e_status__code/values?limit=0")
    assert stage.calls[-1:] == [("label_values", LOCAL, "http.status_code", [], ALL_TIME, None)]
    stage.found = Found([Labels.of(__name__="up", job="a"), Labels.of(__name__="up", job="b")], 9, truncated=False)
    answer = await client.post("/api/v1/series", content=b"match[]=up&match[]=up", headers=FORM)
    assert answer.json() == {
        "status": "success",
        "data": [{"__name__": "up", "job": "a"}, {"__name__": "up", "job": "b"}],
    }
    assert stage.calls[-1:] == [("series", LOCAL, [up, up], ALL_TIME, None)]


async def test_warnings_and_infos_stand_beside_the_data(client: httpx.AsyncClient, stage: Stage) -> None:
    """Annotations are listed, and left out when there are none."""
    assert "warnings" not in (await client.get("/api/v1/query?query=up")).json()
    stage.warnings = ("careful",)
    assert (await client.get("/api/v1/query?query=up")).json()["warnings"] == ["careful"]


async def test_alerts_look_like_prometheus_alerts(client: httpx.AsyncClient, stage: Stage) -> None:
    """An alert has labels, annotations, state, start and value as Prometheus writes them, and our reason."""
    labels = Labels.of(alertname="HighCpu", severity="warning")
    said = Labels.of(summary="CPU is busy")
    stage.standing = [
        Alert(tenant, "cpu", labels, said, AlertState.FIRING, 91.0, NOW, NOW, Reason.CONDITION_HELD)
        for tenant in (DEFAULT_TENANT, Tenant("other"))
    ]
    assert (await client.get("/api/v1/alerts")).json() == {
        "status": "success",
        "data": {
            "alerts": [
                {
                    "labels": {"alertname": "HighCpu", "severity": "warning"},
                    "annotations": {"summary": "CPU is busy"},
                    "state": "firing",
                    "activeAt": "2025-11-21T04:40:00.123Z",
                    "changedAt": "2025-11-21T04:40:00.123Z",
                    "value": "9.1e+01",
                    "reason": "condition_held_for_duration",
                }
            ]
        },
    }


async def test_buildinfo_has_a_version_and_no_features(client: httpx.AsyncClient) -> None:
    """Grafana takes a server with `features` for another product."""
    data = (await client.get("/api/v1/status/buildinfo")).json()["data"]
    assert data["version"] == "1.2.3"
    assert "features" not in data


async def test_a_large_answer_is_whole_compressed_and_plain(client: httpx.AsyncClient, stage: Stage) -> None:
    """An answer of several blocks reads the same with and without compression, and small ones are not compressed."""
    count, points = 300, 500
    labels = tuple(Labels.of(__name__="m", i=str(number)) for number in range(count))
    generator = np.random.default_rng(7)
    values = generator.normal(size=(count, points)) * 10.0 ** generator.integers(-9, 25, (count, points))
    present = generator.random((count, points)) < 0.9
    stage.value = Vector(labels, values, present)
    path = f"/api/v1/query_range?query=m&start=0.001&end={points - 1}.001&step=1"
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    packed = await client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    async with client.stream("GET", path, headers={"Accept-Encoding": "gzip, zstd"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "zstd"
    assert bytes(cramjam.zstd.decompress(raw)) == plain.content
    unwanted = await client.get(path, headers={"Accept-Encoding": "zstd;q=0, gzip"})
    assert unwanted.headers["content-encoding"] == "gzip"
    rows = json.loads(plain.content)["data"]["result"]
    assert [row["metric"]["i"] for row in rows] == [str(number) for number in range(count)]
    for number, row in enumerate(rows):
        times = np.flatnonzero(present[number]) + 0.001
        np.testing.assert_allclose([time for time, _ in row["values"]], times)
        assert [float(text) for _, text in row["values"]] == values[number][present[number]].tolist()
    stage.value = None
    small = await client.get("/api/v1/query?query=up", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


async def test_many_raw_samples_stay_with_their_series(client: httpx.AsyncClient, stage: Stage) -> None:
    """Series that share a block, fill one, or are larger than one are cut at their own bounds."""
    sizes = [1, 70_000, 3, 49_998, 60_000, 2]
    stage.value = SeriesColumns.of(
        [(Labels.of(__name__="m", i=str(i)), range(size), [float(i)] * size) for i, size in enumerate(sizes)]
    )
    rows = (await client.get("/api/v1/query?query=m[1d]")).json()["data"]["result"]
    assert [(len(row["values"]), {text for _, text in row["values"]}) for row in rows] == [
        (size, {str(i)}) for i, size in enumerate(sizes)
    ]


async def test_a_query_ends_when_nobody_waits_for_it(stage: Stage, door: Any) -> None:
    """A client that hangs up takes its query with it."""
    stage.waits = asyncio.Event()
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /api/v1/query?query=up HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await stage.called.wait()
        writer.close()
        await stage.cancelled.wait()
        del reader
    assert stage.telemetry.of(instruments.REQUESTS, "/api/v1/query", "499") == 1


@pytest.mark.parametrize("path", ["/api/v1/query?query=up", "/api/v1/query_range?query=up&start=0&end=9&step=1"])
async def test_queries_are_answered_alike_by_every_spelling_and_method(
    client: httpx.AsyncClient, stage: Stage, path: str
) -> None:
    """With a slash at the end a path is the same; HEAD has the head alone; what is neither GET nor POST is told what is."""
    spelt = path.replace("?", "/?")
    at = "&time=5" if "range" not in path else ""
    plain = await client.get(path + at)
    other = await client.get(spelt + at)
    assert plain.status_code == other.status_code == 200
    assert plain.content == other.content
    assert {name: plain.headers[name] for name in ("content-type", "vary", "content-length")} == {
        name: other.headers[name] for name in ("content-type", "vary", "content-length")
    }
    head = await client.head(path + at)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == plain.headers["content-length"]
    refused = await client.put(path)
    assert refused.status_code == 405
    assert {"GET", "POST"} <= set(refused.headers["allow"].split(", "))
    template = path.partition("?")[0]
    assert stage.telemetry.of(instruments.REQUESTS, template, "200") == 3


async def test_a_middling_answer_says_its_length(client: httpx.AsyncClient, stage: Stage) -> None:
    """An answer that is made in one go is sent whole, packed or not."""
    stage.value = Vector((Labels.of(i="0"),), np.arange(5000.0).reshape(1, -1), np.ones((1, 5000), np.bool_))
    path = "/api/v1/query_range?query=m&start=0&end=4999&step=1"
    for encoding in ("identity", "gzip"):
        async with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert int(answer.headers["content-length"]) == len(raw)
    rows = (await client.get(path)).json()["data"]["result"]
    assert [int(text) for _, text in rows[0]["values"]] == list(range(5000))


async def test_a_large_answer_ends_when_nobody_reads_it(stage: Stage, door: Any) -> None:
    """A client that hangs up in the middle of an answer is not sent the rest, and the request ends."""
    width = 2_000
    labels = tuple(Labels.of(i=str(number)) for number in range(500))
    stage.value = Vector(labels, np.full((500, width), 0.1), np.ones((500, width), np.bool_))
    async with door() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(
            b"GET /api/v1/query_range?query=m&start=0&end=%d&step=1 HTTP/1.1\r\nHost: localhost\r\n\r\n" % (width - 1)
        )
        assert (await reader.read(100)).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
        await until(lambda: stage.telemetry.of(instruments.REQUESTS, "/api/v1/query_range", "200") == 1)


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("", {}, False),
        ("&nocache=1", {}, True),
        ("&nocache=true", {}, True),
        ("&nocache=0", {}, False),
        ("&nocache=false", {}, False),
        ("&nocache=", {}, False),
        ("", {"cache-control": "no-store"}, True),
        ("", {"cache-control": "no-cache, no-store"}, True),
        ("", {"cache-control": "no-cache"}, False),
    ],
)
async def test_earlier_answers_can_be_passed_over(
    client: httpx.AsyncClient, stage: Stage, *, query: str, headers: dict[str, str], expected: bool
) -> None:
    """`nocache=1` and `Cache-Control: no-store` ask for an evaluation of everything; `no-cache` need not, for nothing is stale."""
    await client.get(f"/api/v1/query_range?query=up&start=0&end=1&step=1{query}", headers=headers)
    assert stage.calls[-1][-1].fresh is expected


@pytest.mark.parametrize("path", ["/api/v1/query", "/api/v1/series", "/api/v1/label/job/values", "/api/v1/write"])
async def test_options_say_what_a_path_takes(client: httpx.AsyncClient, path: str) -> None:
    """OPTIONS is answered without a body, wherever there is something."""
    answer = await client.options(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "OPTIONS" in answer.headers["allow"]
