"""What Grafana asks of a Prometheus data source, by POST and by GET, and what nobody should ask, which breaks nothing."""

import http.client
import json
import random
import re
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.e2e.program import Program, running, until

from sightline.adapters.inbound.http import openapi

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
METHODS = pytest.mark.parametrize("method", ["POST", "GET"])


@dataclass
class Client:
    """One connection that is kept, as clients keep theirs."""

    connection: http.client.HTTPConnection

    def ask(self, method: str, path: str, *pairs: tuple[str, Any], **given: Any) -> tuple[int, Any]:
        """Status and JSON of a request whose parameters are in the form of a POST and in the address of a GET."""
        text = urllib.parse.urlencode([*pairs, *given.items()], doseq=True)
        if method == "POST":
            self.connection.request("POST", path, text, FORM)
        else:
            self.connection.request(method, f"{path}?{text}" if text else path)
        answer = self.connection.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if answer.headers.get("content-type") == "application/json" else body

    def data(self, method: str, path: str, **given: Any) -> Any:
        """The data of an answer that must succeed."""
        status, answer = self.ask(method, path, **given)
        assert (status, answer["status"]) == (200, "success"), answer
        return answer["data"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program that has observed its machine for a little while."""
    with running(tmp_path_factory.mktemp("grafana") / "data", "--set", "host.interval=1s") as started:
        until(lambda: bool(started.get("/api/v1/query", query="rate(node_cpu_seconds_total[1m])")["data"]["result"]))
        until(lambda: bool(started.get("/api/v1/rules")["data"]["groups"]))
        yield started


@pytest.fixture
def client(program: Program) -> Iterator[Client]:
    """Who asks."""
    connection = http.client.HTTPConnection(program.url.removeprefix("http://"), timeout=30)
    yield Client(connection)
    connection.close()


@METHODS
def test_save_and_test(client: Client, method: str) -> None:
    """The sum at four seconds is two, and the build has a version and no features, which would be another product's."""
    assert client.data(method, "/api/v1/query", query="1+1", time="4") == {"resultType": "scalar", "result": [4, "2"]}
    build = client.data("GET", "/api/v1/status/buildinfo")
    assert build["version"]
    assert "features" not in build


@METHODS
def test_what_is_asked_on_load(client: Client, method: str) -> None:
    """Rules, exemplars, metadata, labels and names of metrics come, where they have limits within these."""
    now = time.time()
    around = {"start": now - 3600, "end": now, "limit": 40000}
    assert all(group["rules"] for group in client.data("GET", "/api/v1/rules")["groups"])
    in_milliseconds = {"start": int(1000 * now) - 3_600_000, "end": int(1000 * now)}
    assert client.data(method, "/api/v1/query_exemplars", query="test", **in_milliseconds) == []
    metadata = client.data("GET", "/api/v1/metadata", limit=40000)
    assert metadata["node_load1"][0]["type"] == "gauge"
    labels = client.data(method, "/api/v1/labels", **around)
    assert {"__name__", "instance", "job", "mode"} <= set(labels)
    names = client.data("GET", "/api/v1/label/__name__/values", **around)
    assert "node_load1" in names
    few = client.ask("GET", "/api/v1/label/__name__/values", **{**around, "limit": 3})[1]
    assert (few["data"], few["warnings"]) == (names[:3], ["results truncated due to limit"])


@METHODS
def test_explore(client: Client, method: str) -> None:
    """A query is asked over a range and at its end, and its series, labels, layout and tree are looked up, as one explores."""
    now = round(time.time(), 3)
    query = 'sum by (mode) (rate(node_cpu_seconds_total{mode=~"idle|user"}[1m]))'
    ranged = client.data(method, "/api/v1/query_range", query=query, start=now - 300, end=now, step="15")
    assert ranged["resultType"] == "matrix"
    assert {one["metric"]["mode"] for one in ranged["result"]} == {"idle", "user"}
    at_end = client.data(method, "/api/v1/query", query=query, time=now)
    assert {one["metric"]["mode"] for one in at_end["result"]} == {"idle", "user"}
    found = client.data(method, "/api/v1/series", **{"match[]": ["node_load1", "node_load5"]}, start=now - 300, end=now)
    assert {one["__name__"] for one in found} == {"node_load1", "node_load5"}
    modes = client.data("GET", "/api/v1/label/mode/values", **{"match[]": "node_cpu_seconds_total"})
    assert {"idle", "user"} <= set(modes)
    assert client.data("GET", "/api/v1/label/U__mode/values") == modes
    assert client.data(method, "/api/v1/format_query", query="sum  by(mode)(up)") == "sum by (mode) (up)"
    assert client.data(method, "/api/v1/parse_query", query="up")["type"] == "vectorSelector"


def test_the_list_of_alerts(client: Client) -> None:
    """Groups, rules and alerts have every field that the list of alerts reads."""
    groups = client.data("GET", "/api/v1/rules", type="alert")["groups"]
    assert all({"name", "file", "interval", "evaluationTime", "lastEvaluation"} <= set(group) for group in groups)
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["type"] for rule in rules} == {"alerting"}
    needed = {"state", "name", "query", "duration", "keepFiringFor", "labels", "annotations", "alerts", "health"}
    assert all(needed <= set(rule) for rule in rules)
    alerts = client.data("GET", "/api/v1/alerts")["alerts"]
    assert all({"state", "activeAt", "value", "labels", "annotations"} <= set(alert) for alert in alerts)


@pytest.mark.parametrize("path", ["/api/v1/label/job/values", "/api/v1/metadata", "/api/v1/rules", "/api/v1/targets"])
def test_what_takes_no_post_is_asked_again_by_get(client: Client, path: str) -> None:
    """A POST where there is none is a 405, on which Grafana sends the same as a GET, over the same connection."""
    status, answer = client.ask("POST", path, limit="5")
    assert (status, answer["status"]) == (405, "error")
    client.data("GET", path, limit="5")


@METHODS
def test_a_wrong_query_is_told_in_full(client: Client, method: str) -> None:
    """What is wrong is a 400 with its place, by either method, for Grafana shows the second answer."""
    status, answer = client.ask(method, "/api/v1/query_range", query="rate(up)", start="1", end="2", step="1")
    assert (status, answer["errorType"]) == (400, "bad_data")
    assert answer["error"].startswith('invalid parameter "query": 1:6: parse error: ')


VALUES: list[str] = [
    *("", "0", "1", "-1", "4", "1.5", "1e3", "NaN", "Inf", "-Inf", "9" * 30, "1763700000", "1763700000000", "0x1p-2"),
    *("15s", "1h30m", "5", "0s", "-5m", "1y", "99999999y", "1ms", "now", "true", "false", "all", "any", "active"),
    *(
        "2026-11-21T07:00:00Z",
        "2026-11-21T07:00:00.123456789+01:00",
        "2026-02-30T00:00:00Z",
        "-292273086-05-16T16:47:06Z",
    ),
    *(
        "up",
        'up{job="x"}',
        "sum(up",
        "{}",
        '{__name__=~".*"}',
        "rate(up[5m])",
        "up[5m]",
        '"text"',
        "1+1",
        "vector(1)[5m:1s]",
    ),
    *(
        "node_load1 @ end() offset -1m",
        "topk(3, node_cpu_seconds_total)",
        'up{a=~"("}',
        "up OR down",
        "é",
        "\N{FIRE}",
        "\x00",
    ),
    *(
        "a" * 300,
        "%",
        "'; DROP TABLE series; --",
        "../../etc/passwd",
        "U__a_2e_b",
        "__name__",
        "alert",
        "record",
        "dropped",
    ),
]


def fields(document: dict[str, Any], path: str) -> list[str]:
    """The names of the parameters that a path takes by GET."""
    shared = document["components"]["parameters"]
    given = document["paths"][path]["get"].get("parameters", [])
    named = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in given]
    return [one["name"] for one in named if one["in"] == "query"]


def test_no_parameters_break_anything(client: Client) -> None:
    """2,000 drawn sets of parameters are refused or answered; all that may end with a 5xx is a query that was given no time."""
    document, rng, seen = openapi.document("1"), random.Random(9), set[int]()
    live = {"/ws", "/api/v1/stream"}
    paths = [
        path
        for path, item in document["paths"].items()
        if "get" in item and path not in live and "Pages" not in item["get"]["tags"]
    ]
    for _ in range(2_000):
        template = rng.choice(paths)
        names = [*fields(document, template), "limit", "nonsense"]
        chosen = [(rng.choice(names), rng.choice(VALUES)) for _ in range(rng.randrange(0, 7))]
        if "query" in names and rng.random() < 0.5:
            chosen.append(("query", rng.choice(VALUES)))
        part = urllib.parse.quote(rng.choice(VALUES[1:]), safe="")
        path = re.sub(r"\{\w+\}", part.replace("\\", ""), template)
        method = "POST" if "post" in document["paths"][template] and rng.random() < 0.5 else "GET"
        status, answer = client.ask(method, path, *chosen)
        timed_out = status == 503 and answer["errorType"] == "timeout" and any(name == "timeout" for name, _ in chosen)
        assert status < 500 or timed_out, (method, path, chosen, answer)
        seen.add(status)
    assert {200, 400, 404} <= seen
