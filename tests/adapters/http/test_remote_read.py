"""Remote read through the door: both kinds of answer, what is refused, and what happens to a stream that breaks."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import cramjam
import httpx
import pytest
from tests.adapters.http.stage import Stage, calling
from tests.adapters.wire.messages import field
from tests.adapters.wire.test_remote_read import matcher, number, query
from tests.contracts.ranges import Ledger, Write
from tests.oracles import remote_read as oracle
from typing_extensions import override

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.wire.snappy import compress
from sightline.application import read as module
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.timerange import TimeRange

PATH = "/api/v1/read"
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
SERIES = [Labels.of(__name__="up", job=job) for job in "abcdef"]
ONE = int.from_bytes(b"\x3f\xf0" + bytes(6), "big")
UP = query(1_000, 3_000, matcher(0, "__name__", "up"))
CHUNKS = number(2, 1) + number(2, 0)


async def fill(store: MemorySeries) -> None:
    """Six series with samples at 0, 1, 2 and 3 s."""
    writes = [Write(DEFAULT_TENANT, labels, [(1_000 * at, 1.0) for at in range(4)]) for labels in SERIES]
    await store.write(Ledger().sealed(writes))


@pytest.fixture(autouse=True)
async def samples(stage: Stage) -> None:
    """What there is to read."""
    await fill(stage.series_store)


def expected(jobs: str) -> list[oracle.Series]:
    """The answer for series of these jobs."""
    return [(tuple(one), [(1_000, ONE), (2_000, ONE), (3_000, ONE)]) for one in SERIES if one.get("job") in jobs]


async def test_samples_come_in_one_message(client: httpx.AsyncClient) -> None:
    """A response of a result a query, in order of labels, compressed."""
    asked = UP + query(1_000, 3_000, matcher(2, "job", "a|b")) + query(0, 9, matcher(0, "job", "none"))
    answer = await client.post(PATH, content=compress(asked), headers=HEADERS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert answer.headers["content-encoding"] == "snappy"
    assert oracle.response(bytes(cramjam.snappy.decompress_raw(answer.content))) == [
        expected("abcdef"),
        expected("ab"),
        [],
    ]


async def test_chunks_come_as_a_stream(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of all queries one after another, also when they are read in pieces."""
    monkeypatch.setattr(module, "SMALL_SAMPLES", 5)
    monkeypatch.setattr(module, "PIECE_SAMPLES", 7)
    asked = query(0, 9, matcher(0, "job", "none")) + UP + query(1_000, 3_000, matcher(3, "job", "a|b")) + CHUNKS
    answer = await client.post(PATH, content=compress(asked), headers=HEADERS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
    assert "content-encoding" not in answer.headers
    assert oracle.merged(oracle.frames(answer.content)) == {1: expected("abcdef"), 2: expected("cdef")}


async def test_labels_alone_come_either_way(client: httpx.AsyncClient) -> None:
    """Where hints say that series are wanted, they come without samples."""
    asked = query(1_000, 3_000, matcher(0, "job", "a"), field(4, field(2, b"series")))
    bare: list[oracle.Series] = [(tuple(SERIES[0]), [])]
    answer = await client.post(PATH, content=compress(asked), headers=HEADERS)
    assert oracle.response(bytes(cramjam.snappy.decompress_raw(answer.content))) == [bare]
    answer = await client.post(PATH, content=compress(asked + CHUNKS), headers=HEADERS)
    assert oracle.merged(oracle.frames(answer.content)) == {0: bare}


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (compress(UP), {**HEADERS, "Content-Type": "application/json"}, 415, "media_type_unsupported"),
        (compress(UP), {**HEADERS, "Content-Encoding": "gzip"}, 415, "media_type_unsupported"),
        (compress(UP), {}, 200, None),
        (b"", HEADERS, 400, "body_malformed"),
        (b"\x05hello", HEADERS, 400, "body_malformed"),
        (compress(b"hello"), HEADERS, 400, "body_malformed"),
        (compress(UP + number(2, 5)), HEADERS, 400, "bad_data"),
        (compress(query(0, 1, matcher(2, "a", "("))), HEADERS, 400, "bad_data"),
        (compress(query(0, 1) * 101), HEADERS, 400, "bad_data"),
        (compress(bytes(5 << 20)), HEADERS, 413, "body_too_large"),
        (bytes(5 << 20), HEADERS, 413, "body_too_large"),
    ],
)
async def test_what_is_refused(
    client: httpx.AsyncClient, body: bytes, headers: Mapping[str, str], status: int, code: str | None
) -> None:
    """Each with its status and code; a client that does not say what it sends is believed."""
    answer = await client.post(PATH, content=body, headers=headers)
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code


async def test_only_post_is_taken(client: httpx.AsyncClient) -> None:
    """Any other method is told so."""
    answer = await client.get(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_an_answer_that_would_be_too_large_is_refused(stage: Stage, settings: DoorSettings) -> None:
    """400, and the setting by name, as Prometheus answers; a stream is not bounded by it."""
    stage.read_limits = module.ReadLimits(max_samples=17)
    client = calling(stage, settings)
    answer = await client.post(PATH, content=compress(UP), headers=HEADERS)
    assert (answer.status_code, answer.json()["code"]) == (400, "read_samples_limit")
    assert "read.max_samples" in answer.json()["error"]
    answer = await client.post(PATH, content=compress(UP + CHUNKS), headers=HEADERS)
    assert oracle.merged(oracle.frames(answer.content)) == {0: expected("abcdef")}


async def test_tenants_are_apart(client: httpx.AsyncClient) -> None:
    """What is asked under another tenant finds nothing."""
    answer = await client.post(PATH, content=compress(UP + CHUNKS), headers={**HEADERS, "X-Scope-OrgID": "other"})
    assert (answer.status_code, answer.content) == (200, b"")


class BreakingSeries(MemorySeries):
    """A store that goes away after a few reads of known series."""

    left = 3

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        self.left -= 1
        if self.left < 0:
            raise Unavailable("the store is away")
        return await super().select_known(tenant, known, within, limit)


@pytest.mark.parametrize("reads", [0, 3])
async def test_a_stream_that_breaks_is_seen_to_break(
    stage: Stage,
    door: Callable[..., AbstractAsyncContextManager[tuple[str, int]]],
    monkeypatch: pytest.MonkeyPatch,
    reads: int,
) -> None:
    """Before the first byte a failure is an envelope; after it the connection ends without the end of the body."""
    monkeypatch.setattr(module, "SMALL_SAMPLES", 1)
    monkeypatch.setattr(module, "PIECE_SAMPLES", 3)
    store = stage.series_store = BreakingSeries()
    await fill(store)
    store.left = reads
    async with door() as (host, port), httpx.AsyncClient() as client:
        asked = client.post(f"http://{host}:{port}{PATH}", content=compress(UP + CHUNKS), headers=HEADERS)
        if reads:
            with pytest.raises(httpx.RemoteProtocolError):
                await asked
        else:
            answer = await asked
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
