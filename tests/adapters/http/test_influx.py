"""Influx lines at the door: what is stored, how it is refused in the words of each version, and what clients ask besides."""

import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.adapters.inbound.http import instruments
from sightline.adapters.wire.influx import PIECE_ROWS
from sightline.application.search import Found
from sightline.domain.errors import Overloaded, SampleOutOfBounds, StorageFull
from sightline.domain.metrics.left_out import LeftOut

TOKEN = b"0123456789abcdef0123456789abcdef"
V1, V2 = "/write", "/api/v2/write"
Caller = Callable[..., httpx.AsyncClient]


def series(stage: Stage) -> dict[str, list[tuple[int, float]]]:
    """What was stored, by series."""
    found: dict[str, list[tuple[int, float]]] = {}
    for _, batch in stage.stored:
        for number, time, value in zip(batch.series, batch.times.tolist(), batch.values.tolist(), strict=True):
            found.setdefault(str(batch.labels[int(number)]), []).append((time, value))
    return found


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/write?db=telegraf&rp=autogen&precision=s&consistency=any", 'db="telegraf",'),
        ("/influx/write?db=telegraf&precision=s", 'db="telegraf",'),
        ("/api/v2/write?org=o&bucket=telegraf&precision=s", 'db="telegraf",'),
        ("/influx/api/v2/write?bucket=telegraf/autogen&precision=s", 'db="telegraf",'),
        ("/api/v2/write?bucket=telegraf/&precision=s", 'db="telegraf",'),
        ("/write?precision=s", ""),
        ("/api/v2/write?precision=s", ""),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
async def test_lines_are_stored(
    client: httpx.AsyncClient, stage: Stage, path: str, label: str, *, packed: bool
) -> None:
    """Under each path, plain or in gzip, with the database or bucket as a label."""
    body = b"cpu,host=a usage=0.5,n=3i 1763700000\ncpu,host=b usage=1"
    headers = {"Content-Encoding": "gzip"} if packed else {}
    answer = await client.post(path, content=gzip.compress(body) if packed else body, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert series(stage) == {
        f'cpu_usage{{{label}host="a"}}': [(1_763_700_000_000, 0.5)],
        f'cpu_n{{{label}host="a"}}': [(1_763_700_000_000, 3.0)],
        f'cpu_usage{{{label}host="b"}}': [(NOW, 1.0)],
    }


async def test_an_empty_body_is_no_mistake(client: httpx.AsyncClient, stage: Stage) -> None:
    """As with InfluxDB; nothing is stored then."""
    assert (await client.post(V1, content=b"")).status_code == 204
    assert not series(stage)


async def test_good_lines_are_stored_and_the_others_named(client: httpx.AsyncClient, stage: Stage) -> None:
    """In the shape of each version, in words by which senders see that trying again is of no use."""
    body = b"a x=1\nb\na y=tRUE\na z=2"
    answer = await client.post(V1, content=body)
    said = (
        "partial write: unable to parse 'b': missing fields (line 2)\n"
        "unable to parse 'a y=tRUE': invalid boolean (line 3) dropped=2"
    )
    assert (answer.status_code, answer.json()) == (400, {"error": said})
    answer = await client.post(V2, content=body)
    assert (answer.status_code, answer.json()) == (400, {"code": "invalid", "message": said})
    assert [one.samples for one in stage.unread] == [1, 1] * 2  # intake counts them with what it refuses itself
    assert series(stage) == {"a_x": [(NOW, 1.0)] * 2, "a_z": [(NOW, 2.0)] * 2}


async def test_of_many_bad_lines_few_are_named(client: httpx.AsyncClient, stage: Stage) -> None:
    """The others are counted, over all pieces of a body."""
    body = b"bad\n" * 7 + b"a x=1\n" * (PIECE_ROWS + 1) + b"bad\n" * 7
    error = (await client.post(V1, content=body)).json()["error"]
    assert error.count("unable to parse") == 5
    assert error.endswith("(line 5)\nand 9 more dropped=14")
    assert sum(len(batch) for _, batch in stage.stored) == PIECE_ROWS + 1
    assert len(stage.stored) == 2


async def test_samples_that_intake_refuses_are_told_like_lines(client: httpx.AsyncClient, stage: Stage) -> None:
    """Too old ones beside what could not be read."""
    stage.left_out = (LeftOut(SampleOutOfBounds("the sample of 5 ms is too old"), 1),)
    error = (await client.post(V1, content=b"a x=1 5\nb\na y=1")).json()["error"]
    assert error == (
        "partial write: unable to parse 'b': missing fields (line 2)\nthe sample of 5 ms is too old dropped=2"
    )


@pytest.mark.parametrize(
    ("query", "time", "said"),
    [
        ("", NOW // 10**9, "these may be s, say precision=s dropped=1"),
        ("", NOW // 10**6, "these may be ms, say precision=ms dropped=1"),
        ("", NOW - 10**9, "too old dropped=1"),
        ("?precision=ms", NOW // 1000, "too old dropped=1"),
    ],
)
async def test_times_that_are_no_nanoseconds_are_told_as_such(
    client: httpx.AsyncClient, stage: Stage, query: str, time: int, said: str
) -> None:
    """Where no precision was given, which is the usual reason for times of 1970."""
    stage.left_out = (LeftOut(SampleOutOfBounds("too old", time=time), 1),)
    error = (await client.post(V1 + query, content=b"a x=1")).json()["error"]
    assert error.endswith(said)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Overloaded("later", retry_after=7), 429, "too many requests"),
        (StorageFull("no room"), 503, "unavailable"),
        (RuntimeError("?"), 500, "internal error"),
    ],
)
async def test_failures_have_the_shape_of_each_version(
    client: httpx.AsyncClient, stage: Stage, error: Exception, status: int, code: str
) -> None:
    """With Retry-After where trying again helps."""
    stage.fails = error
    one, two = await client.post(V1, content=b"a x=1"), await client.post(V2, content=b"a x=1")
    assert (one.status_code, two.status_code) == (status, status)
    assert list(one.json()) == ["error"]
    assert (list(two.json()), two.json()["code"]) == (["code", "message"], code)
    assert one.headers.get("retry-after") == ("7" if status == 429 else None)


async def test_too_large_a_body_is_told_before_it_is_read(caller: Caller) -> None:
    """413 with the limit's name, by which senders split."""
    async with caller(max_body_bytes=10) as client:
        answer = await client.post(V2, content=b"m x=1\n" * 10)
    assert (answer.status_code, answer.json()["code"]) == (413, "request too large")
    assert "http.max_body_bytes" in answer.json()["message"]


async def test_a_precision_that_there_is_not_is_refused(client: httpx.AsyncClient, stage: Stage) -> None:
    """Rather than storing at the wrong time."""
    answer = await client.post(f"{V1}?precision=fortnight", content=b"a x=1 5")
    assert answer.status_code == 400
    assert "'fortnight' is none of ns, us, ms, s, m and h" in answer.json()["error"]
    assert not stage.stored


async def test_another_method_is_told_which_to_use(client: httpx.AsyncClient) -> None:
    """405 with Allow."""
    answer = await client.get(V1)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "it takes POST" in answer.json()["error"]


async def test_strings_are_counted(client: httpx.AsyncClient, stage: Stage) -> None:
    """And are no mistake."""
    assert (await client.post(V1, content=b'a x="1",y="2",z=3\nb v="x"')).status_code == 204
    assert stage.telemetry.of(instruments.INFLUX_STRINGS) == 3


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (V1, {}, 401),
        (f"{V1}?u=me&p=wrong", {}, 401),
        (f"{V1}?u=me&p={TOKEN.decode()}", {}, 204),
        (V1, {"Authorization": f"Token {TOKEN.decode()}"}, 204),
        (V2, {"Authorization": f"Token {TOKEN.decode()}"}, 204),
        (V2, {"Authorization": "Token wrong"}, 401),
        ("/ping", {}, 204),
        (f"/query?q=SHOW+DATABASES&u=me&p={TOKEN.decode()}", {}, 200),
        (f"/api/v1/query?query=up&p={TOKEN.decode()}", {}, 401),
    ],
)
async def test_the_token_is_shown_as_influx_has_it(
    caller: Caller, path: str, headers: dict[str, str], status: int
) -> None:
    """As a token, or as a password in the address, which elsewhere nobody may."""
    async with caller(token=TOKEN) as client:
        answer = await client.post(path, headers=headers)
    assert answer.status_code == status
    if status == 401 and path.startswith(V2):
        assert answer.json() == {"code": "unauthorized", "message": "the token is not valid"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_ping_says_who_is_there(client: httpx.AsyncClient, method: str) -> None:
    """204 with the version that is spoken; on request as JSON."""
    answer = await client.request(method, "/ping")
    assert (answer.status_code, answer.headers["x-influxdb-version"]) == (204, "1.8.10")
    assert answer.headers["x-influxdb-build"] == "Sightline"
    assert (await client.get("/ping?verbose=true")).json() == {"version": "1.8.10"}


async def asked(client: httpx.AsyncClient, text: str, **more: str) -> list[dict[str, Any]]:
    """The results of statements."""
    answer = await client.post("/query", data={"q": text, **more})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def test_creating_a_database_is_fine(client: httpx.AsyncClient) -> None:
    """Telegraf does it first; it is there once something is written to it."""
    assert await asked(client, 'CREATE DATABASE "telegraf"') == [{"statement_id": 0}]
    text = 'create database a; CREATE DATABASE "b \\" c" WITH DURATION 3d NAME x;'
    assert await asked(client, text) == [{"statement_id": 0}, {"statement_id": 1}]


@pytest.mark.parametrize("verb", ["CREATE", "alter"])
async def test_a_retention_policy_is_fine(client: httpx.AsyncClient, verb: str) -> None:
    """Programs that set their database up make one; how long samples are kept says `retention` alone."""
    text = f'{verb} RETENTION POLICY "a week" ON "telegraf" DURATION 7d REPLICATION 1 DEFAULT'
    assert await asked(client, text) == [{"statement_id": 0}]


@pytest.mark.parametrize(
    ("text", "count"),
    [('CREATE DATABASE "a;b"', 1), ('CREATE DATABASE "a\\";b" ; ;SHOW DATABASES;', 2), ("CREATE DATABASE a;" * 3, 3)],
)
async def test_statements_end_where_no_quotes_are_open(client: httpx.AsyncClient, text: str, count: int) -> None:
    """A name may hold what stands between statements."""
    assert [one["statement_id"] for one in await asked(client, text)] == list(range(count))


async def test_databases_and_measurements_are_what_the_labels_say(client: httpx.AsyncClient, stage: Stage) -> None:
    """Values of the label db, and the names of metrics that have it."""
    stage.found = Found(["a", "b"], 10, truncated=False)
    (found,) = await asked(client, "SHOW DATABASES")
    assert found["series"] == [{"name": "databases", "columns": ["name"], "values": [["a"], ["b"]]}]
    (found,) = await asked(client, "SHOW MEASUREMENTS", db="telegraf")
    assert found["series"][0]["name"] == "measurements"
    assert [(call[2], [[str(one) for one in each] for each in call[3]]) for call in stage.calls] == [
        ("db", []),
        ("__name__", [['db="telegraf"']]),
    ]
    (found,) = await asked(client, 'SHOW MEASUREMENTS ON "x" LIMIT 1')
    assert found["series"][0]["values"] == [["a"]]
    stage.found = Found([], 10, truncated=False)
    assert await asked(client, "show databases") == [{"statement_id": 0}]


async def test_the_retention_policy_is_the_retention(client: httpx.AsyncClient) -> None:
    """One of the name that InfluxDB gives it."""
    (found,) = await asked(client, 'SHOW RETENTION POLICIES ON "t"')
    assert found["series"][0]["values"] == [["autogen", "0s", "24h0m0s", 1, True]]


@pytest.mark.parametrize(
    "text",
    ["SELECT * FROM cpu", "DROP DATABASE x", "nonsense", "CREATE DATABASE", 'CREATE DATABASE "a', "\\\";\\'" * 9],
)
async def test_other_queries_say_what_to_ask_instead(client: httpx.AsyncClient, text: str) -> None:
    """In the shape that clients of InfluxDB read."""
    answer = await client.get("/query", params={"q": text})
    assert answer.status_code == 422
    assert list(answer.json()) == ["error"]
    assert "ask in PromQL at /api/v1/query" in answer.json()["error"]


async def test_a_query_without_a_query_is_refused(client: httpx.AsyncClient) -> None:
    """As with InfluxDB."""
    answer = await client.get("/query")
    assert (answer.status_code, answer.json()) == (400, {"error": 'missing required parameter "q"'})
