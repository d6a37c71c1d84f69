"""The servers API: registering, listing, and reading back."""

import gzip
import uuid
from typing import Any

import httpx
import numpy as np
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.adapters.inbound.http.reported import enveloped
from sightline.domain.labels import Labels, series_id
from sightline.domain.metrics.journal import Appended, SeriesSeen, seal
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import DAY, SECOND

JSON = {"Content-Type": "application/json"}
WEB = {
    "hostname": "web-1",
    "ip_address": "192.0.2.7",
    "os": "Linux",
    "labels": {"env": "prod"},
    "agent_version": "1.2",
}
STAMP = "2025-11-21T04:40:00.123Z"


async def store(stage: Stage, *samples: tuple[Labels, int, float]) -> None:
    """Put samples where the door reads them: labels, age in ms, value."""
    for number, (labels, age, value) in enumerate(samples):
        at, one = NOW - age, np.array([series_id(labels)], np.uint64)
        seen = SeriesSeen.of((int(one[0]), labels, at, at))
        entry = Appended(
            DEFAULT_TENANT, number, seen, one, one, np.zeros(1, np.uint32), np.array([at], np.int64), np.array([value])
        )
        await stage.series_store.write(seal(number, [entry]))


async def registered(client: httpx.AsyncClient, hostname: str = "web-1") -> str:
    """The id of a fresh server."""
    answer = await client.post("/api/v1/servers", json={"hostname": hostname})
    return str(answer.json()["id"])


def series(server: str, name: str = "cpu_usage", **labels: str) -> Labels:
    """What a report of the server becomes."""
    return Labels.of(labels, __name__=name, server_id=server, hostname="web-1")


async def test_a_server_registers_and_is_listed(client: httpx.AsyncClient, stage: Stage) -> None:
    """The answer is 201 with the server, which is the same in the list and alone."""
    answer = await client.post("/api/v1/servers", json=WEB)
    found = answer.json()
    assert answer.status_code == 201
    assert found == {**WEB, "id": found["id"], "last_seen": None, "created_at": STAMP, "updated_at": STAMP}
    assert str(uuid.UUID(found["id"])) == found["id"]
    assert answer.headers["location"] == f"/api/v1/servers/{found['id']}"
    assert (await client.get("/api/v1/servers")).json() == {"servers": [found]}
    assert (await client.get(f"/api/v1/servers/{found['id'].upper()}")).json() == found


async def test_registering_again_updates(client: httpx.AsyncClient, stage: Stage) -> None:
    """The answer is 200 with the same id and what is said now; what is not said is empty."""
    first = (await client.post("/api/v1/servers", json=WEB)).json()
    await stage.clock.advance(1)
    answer = await client.post("/api/v1/servers", json={"hostname": "web-1", "os": None, "labels": None})
    assert answer.status_code == 200
    empty = {"ip_address": "", "os": "", "labels": {}, "agent_version": ""}
    assert answer.json() == {**first, **empty, "updated_at": "2025-11-21T04:40:01.123Z"}


async def test_a_server_is_removed(client: httpx.AsyncClient) -> None:
    """The answer is 204 without a body, and 404 from then on."""
    server = await registered(client)
    answer = await client.delete(f"/api/v1/servers/{server}")
    assert (answer.status_code, answer.content) == (204, b"")
    for again in (await client.delete(f"/api/v1/servers/{server}"), await client.get(f"/api/v1/servers/{server}")):
        assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert (await client.get("/api/v1/servers")).json() == {"servers": []}


@pytest.mark.parametrize("server", ["not-a-uuid", "0" * 31, str(uuid.uuid4())])
async def test_what_no_server_has_as_its_id_is_not_found(client: httpx.AsyncClient, server: str) -> None:
    """An unknown UUID and what is none are answered alike."""
    answer = await client.get(f"/api/v1/servers/{server}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"", "body_malformed", "empty"),
        (b"[1]", "field_invalid", "the body: "),
        (b"{}", "field_invalid", "hostname: is missing"),
        (b'{"hostname": 5}', "field_invalid", "hostname: wants a text, got `int`"),
        (b'{"hostname": ""}', "field_invalid", "hostname: is empty"),
        (b'{"hostname": "a", "ip_address": "300.1.1.1"}', "field_invalid", "ip_address: '300.1.1.1' is not"),
        (b'{"hostname": "a", "labels": {"a": 1}}', "field_invalid", "labels: wants an object whose values are texts"),
        (b'{"hostname": "a", "labels": ["a"]}', "field_invalid", "labels: wants an object"),
        (b'{"hostname": "\xff"}', "body_malformed", "not UTF-8"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body_malformed", "nested too deeply"),
    ],
)
async def test_a_bad_registration_is_refused_by_the_field(
    client: httpx.AsyncClient, body: bytes, code: str, said: str
) -> None:
    """Each mistake has its code and says where it is, and nothing is stored."""
    answer = await client.post("/api/v1/servers", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert said in answer.json()["error"]
    assert (await client.get("/api/v1/servers")).json() == {"servers": []}


async def test_a_registration_may_be_compressed_and_must_be_json(client: httpx.AsyncClient) -> None:
    """Gzip is taken apart; a truncated one is a 400, a form a 415 that tells how curl sends JSON."""
    body = gzip.compress(b'{"hostname": "web-1"}')
    packed = {**JSON, "Content-Encoding": "gzip"}
    assert (await client.post("/api/v1/servers", content=body, headers=packed)).status_code == 201
    assert (await client.post("/api/v1/servers", content=body[:-9], headers=packed)).status_code == 400
    answer = await client.post("/api/v1/servers", data={"hostname": "web-1"})
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
    assert "-H 'Content-Type: application/json'" in answer.json()["error"]


async def test_a_tenant_has_servers_of_its_own(client: httpx.AsyncClient) -> None:
    """What one registered another neither lists nor finds."""
    server = await registered(client)
    other = {"X-Scope-OrgID": "other"}
    assert (await client.get("/api/v1/servers", headers=other)).json() == {"servers": []}
    assert (await client.get(f"/api/v1/servers/{server}", headers=other)).status_code == 404
    assert (await client.get(f"/api/v1/metrics?server_id={server}", headers=other)).status_code == 404


async def test_the_latest_values_are_shown_with_their_server(client: httpx.AsyncClient, stage: Stage) -> None:
    """Each series comes once, with the last value, in the shape in which it was reported."""
    server = await registered(client)
    await store(
        stage,
        (series(server, core="0"), 1000, 1.0),
        (series(server, core="0"), 0, 45.25),
        (series(server, "ram_free_bytes"), DAY, 8e9),
    )
    answer = await client.get("/api/v1/metrics", params={"server_id": server})
    assert answer.headers["content-type"] == "application/json"
    shared = {"server_id": server, "hostname": "web-1"}
    assert answer.json() == {
        "metrics": [
            {
                **shared,
                "metric_type": "cpu",
                "metric_name": "usage",
                "labels": {"core": "0"},
                "value": 45.25,
                "timestamp": STAMP,
            },
            {
                **shared,
                "metric_type": "ram",
                "metric_name": "free_bytes",
                "labels": {},
                "value": 8e9,
                "timestamp": "2025-11-20T04:40:00.123Z",
            },
        ]
    }
    only = await client.get("/api/v1/metrics", params={"metric_type": "ram", "metric_name": "free_bytes"})
    assert [one["value"] for one in only.json()["metrics"]] == [8e9]


@pytest.mark.parametrize(
    ("bounds", "ages"),
    [
        ({"from": "2025-11-21T04:39:58.123Z", "to": "2025-11-21T06:39:59.123+02:00"}, [2, 1]),
        ({"from": "1763699999"}, [1, 0]),
        ({"to": "2025-11-21T04:39:58.123Z"}, [3, 2]),
        ({"from": "2030-01-01T00:00:00Z"}, []),
    ],
)
async def test_a_range_gives_the_samples_in_it(
    client: httpx.AsyncClient, stage: Stage, bounds: dict[str, str], ages: list[int]
) -> None:
    """Both ends count, either may be missing, and times have offsets or are seconds."""
    server = await registered(client)
    await store(stage, *((series(server), age * SECOND, float(age)) for age in (3, 2, 1, 0)))
    answer = await client.get("/api/v1/metrics", params={"server_id": server, **bounds})
    assert [one["value"] for one in answer.json()["metrics"]] == ages


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("server_id=web-1", 400, "parameter 'server_id': 'web-1' is not a UUID"),
        (f"server_id={uuid.uuid4()}", 404, "no server has the id"),
        ("metric_type=disk_io", 400, "parameter metric_type: 'disk_io' is not"),
        ("metric_name=a%20b", 400, "parameter metric_name: 'a b' is not"),
        ("from=yesterday", 400, 'cannot parse "yesterday" to a valid timestamp'),
        ("from=2&to=1", 400, "parameter 'to' must not be before 'from'"),
    ],
)
async def test_a_bad_question_is_refused_by_the_parameter(
    client: httpx.AsyncClient, query: str, status: int, said: str
) -> None:
    """Each parameter that cannot be used is named."""
    answer = await client.get(f"/api/v1/metrics?{query}")
    assert answer.status_code == status
    assert said in answer.json()["error"]


async def test_an_answer_has_a_bound(client: httpx.AsyncClient, stage: Stage) -> None:
    """Above it the answer is 422 and names the setting."""
    server = await registered(client)
    await store(stage, *((series(server), age, 1.0) for age in range(11)))
    answer = await client.get("/api/v1/metrics?from=0")
    assert (answer.status_code, answer.json()["code"]) == (422, "query_samples_limit")
    assert "search.max_results" in answer.json()["error"]


def test_numbers_that_json_lacks_are_texts_and_blocks_join() -> None:
    """NaN and the infinities are in quotes, and however many samples there are, they make one JSON text."""
    values = [float("nan"), float("inf"), float("-inf"), 1e300, -0.0, 5e-324] + [1.5] * 120_000
    columns = SeriesColumns.of(
        [
            (Labels.of(__name__="cpu_a", server_id="x", hostname='"h"\n'), range(6), values[:6]),
            (Labels.of(__name__="cpu_b", server_id="x", hostname="h", a="ü"), range(120_000), values[6:]),
        ]
    )
    text = b"".join(enveloped(columns.labels, columns.offsets, columns.times, columns.values))
    found: list[dict[str, Any]] = httpx.Response(200, content=text).json()["metrics"]
    assert [one["value"] for one in found] == ["NaN", "+Inf", "-Inf", *values[3:]]
    assert (found[0]["hostname"], found[6]["labels"]) == ('"h"\n', {"a": "ü"})
    assert (found[0]["timestamp"], found[-1]["timestamp"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:01:59.999Z")
    nothing = SeriesColumns.empty()
    assert b"".join(enveloped((), nothing.offsets, nothing.times, nothing.values)) == b'{"metrics":[]}'
