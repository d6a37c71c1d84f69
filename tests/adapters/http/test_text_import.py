"""Samples pushed in the text format: what is stored, and what is said of the rest."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.adapters.inbound.http.text_import import PATH, WRITTEN
from sightline.adapters.wire.exposition_decoder import OPENMETRICS
from sightline.domain.errors import Overloaded, SampleOutOfBounds
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import LeftOut

Caller = Callable[..., httpx.AsyncClient]

GZIP = {"Content-Encoding": "gzip"}
BODY = b"""# TYPE backup_size_bytes gauge
backup_size_bytes{volume="home"} 5.2e9
backup_size_bytes{volume="etc"} 17 1763699000000
"""


def stored(stage: Stage) -> list[tuple[Labels, int, float]]:
    """Labels, time and value of each sample that was stored."""
    [(_, batch)] = stage.stored
    return [
        (batch.labels[series], time, value)
        for series, time, value in zip(batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}],
)
async def test_samples_are_stored_as_they_stand(
    client: httpx.AsyncClient, stage: Stage, headers: dict[str, str]
) -> None:
    """A sample has its own time, or that of its arrival; who says nothing of the body, as curl, is understood."""
    answer = await client.post(PATH, content=BODY, headers=headers)
    assert (answer.status_code, answer.content, answer.headers[WRITTEN]) == (204, b"", "2")
    assert stored(stage) == [
        (Labels.of(__name__="backup_size_bytes", volume="home"), NOW, 5.2e9),
        (Labels.of(__name__="backup_size_bytes", volume="etc"), 1_763_699_000_000, 17.0),
    ]


async def test_gzip_is_taken_apart(client: httpx.AsyncClient, stage: Stage) -> None:
    """A compressed body is stored like a plain one."""
    body = gzip.compress(BODY * 200)
    answer = await client.post(PATH, content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 204
    assert {labels.name for labels, _, _ in stored(stage)} == {"backup_size_bytes"}


async def test_compressed_files_that_were_joined_are_one_body(client: httpx.AsyncClient, stage: Stage) -> None:
    """Every member of a gzip is read, many and empty ones too, and what follows the last must be one."""
    members = [gzip.compress(b"a 1\n"), *[gzip.compress(b"")] * 5000, gzip.compress(b"b 2\n")]
    assert (await client.post(PATH, content=b"".join(members), headers=GZIP)).status_code == 204
    assert [labels.name for labels, _, _ in stored(stage)] == ["a", "b"]
    for damaged in (b"".join(members) + b"x", b"".join(members)[:-1]):
        answer = await client.post(PATH, content=damaged, headers=GZIP)
        assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert len(stage.stored) == 1


async def test_extra_labels_go_before_those_of_the_body(client: httpx.AsyncClient, stage: Stage) -> None:
    """A label of the address is given to every series in place of one of its name, and series that become equal are one."""
    answer = await client.post(f"{PATH}?extra_label=job=backup&extra_label=volume=all", content=BODY)
    assert answer.status_code == 204
    expected = Labels.of(__name__="backup_size_bytes", job="backup", volume="all")
    assert [labels for labels, _, _ in stored(stage)] == [expected, expected]
    assert stage.stored[0][1].labels == (expected,)


@pytest.mark.parametrize("path", ["/job/backup/volume/all", "/job@base64/YmFja3Vw/volume@base64/YWxs"])
async def test_labels_of_the_path_go_before_those_of_the_body(
    client: httpx.AsyncClient, stage: Stage, path: str
) -> None:
    """Labels may stand in the path, plain or in base64, as in that of a push to the Pushgateway."""
    answer = await client.post(f"{PATH}/metrics{path}?timestamp=1763699999000", content=BODY)
    assert answer.status_code == 204
    expected = Labels.of(__name__="backup_size_bytes", job="backup", volume="all")
    assert [(labels, time) for labels, time, _ in stored(stage)] == [
        (expected, 1_763_699_999_000),
        (expected, 1_763_699_000_000),
    ]


async def test_lines_that_cannot_be_read_are_named_and_the_rest_is_stored(
    client: httpx.AsyncClient, stage: Stage
) -> None:
    """The answer names the first ones and counts; what intake leaves out comes on top."""
    body = b"a 1\nb{ 1\nc one\nd 1 1 1\ne{} x\nf 2\na 3\n"
    answer = await client.post(PATH, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert [(labels.name, value) for labels, _, value in stored(stage)] == [("a", 1), ("f", 2), ("a", 3)]
    for said in ("line 2: ", "line 3: ", "and 1 reasons more", "4 samples were refused, the other 3 stored"):
        assert said in answer.json()["error"]
    stage.left_out = (LeftOut(SampleOutOfBounds("series f: too old"), 1),)
    answer = await client.post(PATH, content=b"a 1\n")
    assert (answer.status_code, answer.json()["code"]) == (400, "sample_out_of_bounds")
    answer = await client.post(PATH, content=b"a 1\nb\n")
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert "too old; 2 samples were refused" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "headers", "query", "code", "said"),
    [
        (b"\xff\xfe 1\n", {}, "", "body_malformed", "line 1"),
        (b"up 1\n", {"Content-Type": OPENMETRICS}, "", "body_malformed", "# EOF"),
        (gzip.compress(BODY)[:-9], {"Content-Encoding": "gzip"}, "", "body_malformed", "gzip"),
        (BODY, {"Content-Encoding": "br"}, "", "media_type_unsupported", "br"),
        (BODY, {"Content-Type": "image/png"}, "", "media_type_unsupported", "image/png"),
        (BODY, {}, "?extra_label=job", "parameter_invalid", "extra_label"),
        (BODY, {}, "?extra_label==x", "parameter_invalid", "extra_label"),
        (BODY, {}, "?timestamp=now", "parameter_invalid", "timestamp"),
        (BODY, {}, "/metrics/job/a/b", "label_invalid", "'b'"),
    ],
)
async def test_what_is_wrong_with_all_of_it_is_named_and_nothing_stored(
    client: httpx.AsyncClient, stage: Stage, body: bytes, headers: dict[str, str], query: str, code: str, said: str
) -> None:
    """A bad encoding, type, end or parameter refuses the whole body, and the message says which."""
    answer = await client.post(f"{PATH}{query}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415 if code == "media_type_unsupported" else 400, code)
    assert said in answer.json()["error"]
    assert stage.stored == []


async def test_bodies_are_bounded(caller: Caller, stage: Stage) -> None:
    """A body that is too large as sent, once decompressed, or in samples is refused with the limit's name."""
    async with caller(max_body_bytes=100) as client:
        answer = await client.post(PATH, content=BODY, headers={"Content-Type": OPENMETRICS})
        assert (answer.status_code, "http.max_body_bytes" in answer.text) == (413, True)
    async with caller(max_decompressed_bytes=1000) as client:
        headers = {"Content-Encoding": "gzip"}
        answer = await client.post(PATH, content=gzip.compress(BODY * 100), headers=headers)
        assert (answer.status_code, "http.max_decompressed_bytes" in answer.text) == (413, True)
    async with caller(max_request_samples=1) as client:
        assert (await client.post(PATH, content=BODY)).status_code == 413
    assert stage.stored == []


async def pieces(body: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    """A body without a length, some of it at a time."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def test_a_body_of_any_length_is_stored_as_it_comes(caller: Caller, stage: Stage) -> None:
    """Plain text is read some lines at a time, however large it is; what is wrong is named by its line in all of it."""
    lines = [b"a%d %d 1763700000000\n" % (number % 1000, number) for number in range(150_000)]
    lines[100_000] = b"wrong\n"
    async with caller(max_body_bytes=100_000, max_inflight_bytes=3 << 20) as client:
        answer = await client.post(PATH, content=pieces(b"".join(lines)))
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert answer.json()["error"].startswith("line 100001: ")
    assert "1 sample was refused, the other 149999 stored" in answer.json()["error"]
    assert len(stage.stored) > 2
    values = [value for _, batch in stage.stored for value in batch.values.tolist()]
    assert values == [number for number in range(150_000) if number != 100_000]


async def test_a_long_body_waits_for_intake(client: httpx.AsyncClient, stage: Stage) -> None:
    """In the middle of a body intake may have no room for a while; at its start the sender learns that."""
    body = b"a 1 1763700000000\n" * 99_999 + b"a one\n"
    stage.fails_after = (1, Overloaded("full", retry_after=7))
    sending = asyncio.create_task(client.post(PATH, content=pieces(body)))
    await stage.clock.until_sleeping()
    assert len(stage.stored) == 1
    await stage.clock.advance(7)
    assert "1 sample was refused, the other 99999 stored" in (await sending).json()["error"]
    assert sum(len(batch) for _, batch in stage.stored) == 99_999
    stage.fails = Overloaded("full", retry_after=7)
    assert (await client.post(PATH, content=pieces(body))).status_code == 429


async def test_a_line_without_an_end_is_refused(client: httpx.AsyncClient, stage: Stage) -> None:
    """What was stored before it stays."""
    answer = await client.post(PATH, content=pieces(b"a 1\n" * (1 << 18) + b"x" * (3 << 20)))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert {labels.name for _, batch in stage.stored for labels in batch.labels} == {"a"}


async def test_what_is_said_of_metrics_is_told(client: httpx.AsyncClient, stage: Stage) -> None:
    """Help and types of what was imported and pushed are those of /api/v1/metadata."""
    await client.post(PATH, content=b"# HELP a What.\n# TYPE a gauge\na 1\n")
    await client.put("/metrics/job/x", content=b"# TYPE b counter\nb 1\n")
    found = (await client.get("/api/v1/metadata")).json()["data"]
    assert (found["a"], found["b"]) == (
        [{"type": "gauge", "help": "What.", "unit": ""}],
        [{"type": "counter", "help": "", "unit": ""}],
    )


async def test_a_refusal_of_the_intake_reaches_the_sender(client: httpx.AsyncClient, stage: Stage) -> None:
    """When samples cannot be taken now, the answer says so and when to come again."""
    stage.fails = Overloaded("full", retry_after=7)
    answer = await client.post(PATH, content=BODY)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert (await client.get(PATH)).status_code == 405
