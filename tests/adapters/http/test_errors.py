"""What failures look like from outside."""

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.http.stage import Stage

from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.asgi import App
from sightline.adapters.inbound.http.errors import MEANING, Envelope, ErrorType, refusal
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain import errors
from sightline.domain.errors import Overloaded, SightlineError


def tree(root: type[SightlineError] = SightlineError) -> Iterator[type[SightlineError]]:
    """Every class of the tree."""
    yield root
    for branch in root.__subclasses__():
        yield from tree(branch)


EVERY = sorted(set(tree()), key=lambda kind: kind.__name__)
EXPECTED = {
    "BadData": 400,
    "Unprocessable": 422,
    "QueryTimeout": 503,
    "TooManyQueries": 503,
    "NotFound": 404,
    "AdminDisabled": 503,
    "Conflict": 409,
    "BodyTooLarge": 413,
    "UnsupportedMediaType": 415,
    "Unauthenticated": 401,
    "Forbidden": 403,
    "TooManyAlerts": 429,
    "Overloaded": 429,
    "StorageFull": 503,
    "Unavailable": 503,
    "SettingsInvalid": 500,
    "DataFolderLocked": 500,
    "DataFolderTooNew": 500,
    "SightlineError": 500,
}


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
async def test_every_error_has_its_status_and_envelope(
    kind: type[SightlineError], client: httpx.AsyncClient, stage: Stage
) -> None:
    """Each class of the tree is answered with the status of its family, its own code, and the message."""
    stage.fails = kind("this went wrong")
    answer = await client.get("/api/v1/labels")
    assert answer.status_code == next(EXPECTED[one.__name__] for one in kind.__mro__ if one.__name__ in EXPECTED)
    assert answer.json() == {
        "status": "error",
        "errorType": MEANING[kind.code][1].value,
        "error": "this went wrong",
        "code": kind.code,
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "traceback" not in answer.text.lower()


def test_the_table_has_no_code_that_nobody_says() -> None:
    """Every row of the table is a code of the tree or one of the door's own."""
    assert set(MEANING) - {kind.code for kind in EVERY} == {"method_not_allowed", "request_timeout"}


def test_codes_are_distinct() -> None:
    """No two classes share a code, so that a code tells what happened."""
    codes = [kind.code for kind in EVERY]
    assert len(codes) == len(set(codes))


def test_a_bad_request_is_bad_data_in_prometheus_words() -> None:
    """All of the bad-data family carry Prometheus' own word."""
    family = set(tree(errors.BadData))
    assert {MEANING[kind.code][1] for kind in family} == {ErrorType.BAD_DATA}


@pytest.mark.parametrize(("wait", "said"), [({}, "1"), ({"retry_after": 5}, "5"), ({"retry_after": 0.2}, "1")])
def test_overload_says_when_to_come_back(wait: dict[str, Any], said: str) -> None:
    """Retry-After is what the error says, in whole seconds, at least one."""
    assert refusal(Overloaded("full", **wait)).headers == (("Retry-After", said),)


async def test_an_unforeseen_error_is_logged_once_and_not_shown(
    client: httpx.AsyncClient, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """The body of a 500 says nothing about the inside, the log everything, once."""
    stage.fails = ZeroDivisionError("secret inside")
    answer = await client.get("/api/v1/query?query=up")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    said = capsys.readouterr()
    assert (said.out + said.err).count("request failed") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing",
        "/api/v1/query/more",
        "/api/v2/nothing",
        "/api/v1",
        "/loki/api/v1/query",
        "/alertmanager/api/v2/status",
        "/jaeger/api/services",
        "/uix",
        "/index.html",
        "/%2e%2e/etc/passwd",
    ],
)
async def test_unknown_paths_are_json_and_never_the_page(client: httpx.AsyncClient, path: str) -> None:
    """Outside /ui/ an unknown path is a JSON 404 with a code, for every method."""
    for method in ("GET", "POST"):
        answer = await client.request(method, path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/query", {"GET", "POST", "OPTIONS"}),
        ("POST", "/api/v1/label/job/values", {"GET", "OPTIONS"}),
        ("POST", "/api/v1/alerts", {"GET", "OPTIONS"}),
        ("PUT", "/health", {"GET", "OPTIONS"}),
        ("GET", "/api/v1/write", {"POST"}),
        ("PUT", "/api/v1/push", {"POST"}),
        ("POST", "/ui/", {"GET", "OPTIONS"}),
    ],
)
async def test_a_wrong_method_names_the_right_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    """A known path with another method is a JSON 405 with Allow."""
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == allowed


async def test_the_stream_is_no_page(client: httpx.AsyncClient) -> None:
    """A plain request for the live stream is told to speak WebSocket."""
    answer = await client.get("/ws")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_data")
    assert "ws://" in answer.json()["error"]


@given(
    path=st.sampled_from(["query", "query_range", "labels", "label/job/values", "series", "alerts", "format_query"]),
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "BREW"]),
    fields=st.lists(
        st.tuples(
            st.sampled_from(["query", "start", "end", "step", "time", "limit", "timeout", "match[]", "lookback_delta"]),
            st.one_of(st.text(max_size=8), st.sampled_from(["1", "5m", "0", "up", "-1", "1e9", "NaN"])),
        ),
        max_size=6,
    ),
    noise=st.binary(max_size=12),
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                [b"host", b"origin", b"content-type", b"content-encoding", b"content-length", b"x-scope-orgid"]
            ),
            st.one_of(st.binary(max_size=12), st.sampled_from([b"localhost", b"localhost:x", b"gzip", b"null"])),
        ),
        max_size=4,
    ),
)
def test_no_request_breaks_the_door(
    path: str, method: str, fields: list[tuple[str, str]], noise: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    """Whatever is sent, the answer is a whole one below 500, and a failure is our envelope."""
    text = urlencode(fields, errors="replace").encode()
    query, form = (text + noise, b"") if method == "GET" else (b"", text + noise)
    status, body = asyncio.run(_answered(f"/api/v1/{path}", method, query, form, [*headers, (b"host", b"localhost")]))
    assert status < 500
    if status >= 400 and method != "HEAD":
        assert msgspec.json.decode(body, type=Envelope).code in MEANING


@cache
def _door() -> App:
    return build(Stage().use_cases(), DoorSettings())


async def _answered(
    path: str, method: str, query: bytes, form: bytes, headers: list[tuple[bytes, bytes]]
) -> tuple[int, bytes]:
    """Status and body of one request, spoken to the door as a server would."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Any] = []
    pending = [{"type": "http.request", "body": form, "more_body": False}]

    async def receive() -> Any:
        if pending:
            return pending.pop()
        return await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)

    await _door()(scope, receive, send)
    assert sent[0]["type"] == "http.response.start"
    assert not sent[-1].get("more_body")
    return sent[0]["status"], b"".join(message["body"] for message in sent[1:])
