"""What clients get wrong is told to them, and costs nobody else anything."""

import http.client
import subprocess
import time as clock
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cramjam
import msgspec
import numpy as np
import pytest
from tests.e2e.program import Program, running

from sightline.adapters.wire.remote_write import encode
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

MIB = 1 << 20


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("bad") / "data", "--set", "host.enabled=false") as started:
        yield started


def refused(program: Program, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str]]:
    """The status and the JSON of a request that must fail."""
    given = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"} if body is not None else {}
    sent = {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(f"{program.url}{path}", body, sent)
    with pytest.raises(urllib.error.HTTPError) as failure:
        urllib.request.urlopen(request, timeout=30)
    with failure.value as answer:
        return answer.code, msgspec.json.decode(answer.read())


def series(labels: Labels, time: int | None = None) -> bytes:
    at = np.array([clock.time() * 1000 if time is None else time], np.int64)
    return encode(WriteBatch((labels,), np.zeros(1, np.uint32), at, np.ones(1)))


def memory(program: Program) -> int:
    """Resident anonymous memory, bytes."""
    for line in Path(f"/proc/{program.process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no RssAnon")


def compressed(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"not snappy at all", 400, "body_malformed"),
        (compressed(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 400, "body_malformed"),
        (compressed(b"\x0a\x05abc"), 400, "body_malformed"),
        (compressed(b"\x00" * (65 * MIB)), 413, "body_too_large"),
        (series(Labels([("__name__", "bad"), ("", "x")])), 400, "label_invalid"),
        (series(Labels([("nameless", "x")])), 400, "label_invalid"),
        (series(Labels([("__name__", "bad"), ("a", "1"), ("a", "2")])), 400, "label_invalid"),
        (series(Labels.of(__name__="bad"), time=0), 400, "sample_out_of_bounds"),
        (series(Labels.of(__name__="bad"), time=4_102_444_800_000), 400, "sample_out_of_bounds"),
    ],
    ids=["snappy", "varint", "truncated", "bomb", "empty name", "nameless", "twice", "1970", "2100"],
)
def test_a_bad_write_is_refused_with_its_reason_and_nothing_of_it_stored(
    program: Program, body: bytes, status: int, code: str
) -> None:
    """Each kind of damage has its status and code, a sentence, and leaves no series behind."""
    got, answer = refused(program, "/api/v1/write", body)
    assert (got, answer["code"]) == (status, code)
    assert answer["error"]
    assert program.get("/api/v1/series", **{"match[]": '{__name__=~"bad|nameless"}'})["data"] == []
    assert "Traceback" not in program.log.read_text()


def test_bodies_beyond_the_limits_leave_memory_where_it_was(program: Program) -> None:
    """A hundred megabytes, and bombs, again and again, are refused early: memory does not grow with them."""
    bomb = compressed(b"\x00" * (63 * MIB))
    refused(program, "/api/v1/write", bomb)
    before = memory(program)
    for _ in range(5):
        connection = http.client.HTTPConnection(program.url.removeprefix("http://"), timeout=30)
        connection.putrequest("POST", "/api/v1/write")
        connection.putheader("Content-Type", "application/x-protobuf")
        connection.putheader("Content-Length", str(100 * MIB))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
        assert refused(program, "/api/v1/write", bomb)[0] == 400
    assert memory(program) - before < 100 * MIB


@pytest.mark.parametrize(
    ("path", "status", "code", "said"),
    [
        ("/api/v1/query?query=sum(", 400, "query_malformed", "1:5"),
        ("/api/v1/query?query=foo%7Ba%3D~%22(%22%7D", 400, "query_malformed", "1:"),
        ("/api/v1/query", 400, "parameter_invalid", "query"),
        ("/api/v1/query_range?query=up&start=0&end=100000&step=1", 400, "query_points_limit", "11000"),
        ("/api/v1/query?query=up+anchored", 422, "query_not_supported", "anchored"),
        ("/api/v1/query?query=(up%2Bup)%20%2B%20on(x)%20up&time=nonsense", 400, "parameter_invalid", "time"),
        ("/api/v1/nothing", 404, "not_found", "/api/v1/nothing"),
        ("/loki/api/v1/labels", 404, "not_found", "/loki"),
        ("/api/v1/series", 400, "parameter_invalid", "match[]"),
    ],
)
def test_a_bad_query_is_refused_with_its_reason(program: Program, path: str, status: int, code: str, said: str) -> None:
    """Positions, limits, missing constructs and unknown paths are named, as JSON, never as a page."""
    got, answer = refused(program, path)
    assert (got, answer["code"]) == (status, code)
    assert said.replace("11000", "11,000") in answer["error"] or said in answer["error"]


def test_a_name_that_is_not_ours_is_refused(program: Program) -> None:
    """A request for another host, as by DNS rebinding, or from a foreign page, is refused."""
    assert refused(program, "/api/v1/labels", Host="evil.example")[0] == 403
    assert refused(program, "/api/v1/write", series(Labels.of(__name__="bad")), Origin="http://evil.example")[0] == 403
    assert refused(program, "/api/v1/labels", X_Scope_OrgID="../../etc")[0] == 400


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 60 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_answered_503_and_what_was_acknowledged_stays(small_disk: Path) -> None:
    """Writing until the disk is full ends in 503; after a restart with room every acknowledged sample is there."""
    flags = (
        "--set",
        "host.enabled=false",
        "--set",
        "disk.min_free=0B",
        "--set",
        "flush.age=1h",
        "--set",
        "own.interval=1h",
    )
    base, acknowledged, filler = int(clock.time() * 1000) - 600_000, 0, small_disk / "filler"
    with running(small_disk / "data", *flags) as program:

        def write(number: int) -> int:
            labels = tuple(Labels.of(__name__="full", s=str(s)) for s in range(100))
            index = np.arange(100, dtype=np.uint32).repeat(100)
            times = base + number * 100 + np.tile(np.arange(100, dtype=np.int64), 100)
            return program.write(WriteBatch(labels, index, times, np.full(10_000, float(number))))

        assert write(0) == 204
        acknowledged = 1
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(bytes(MIB))
                    file.flush()
            except OSError:
                pass
        refusal = None
        while refusal is None:
            try:
                write(acknowledged)
                acknowledged += 1
            except urllib.error.HTTPError as failure:
                with failure:
                    refusal = (failure.code, msgspec.json.decode(failure.read())["code"])
        assert refusal == (503, "storage_full")
        program.kill()
    filler.unlink()
    with running(small_disk / "data", *flags) as program:
        found = program.get("/api/v1/query", query="sum(count_over_time(full[1h]))")["data"]["result"]
        assert float(found[0]["value"][1]) == acknowledged * 10_000
        assert program.get("/health")["status"] == "pass"
