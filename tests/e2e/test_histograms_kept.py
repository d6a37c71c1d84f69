"""Native histograms in the real program: through kills and restarts, out of the log, out of memory and out of the store."""

import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cramjam
import pytest
from tests.e2e.program import Program, running
from tests.oracles.native_histogram import Native
from tests.oracles.write_messages import V1, histogram

from sightline.domain.timerange import HOUR, MINUTE

FLAGS = ("--set", "http.admin=true", "--set", "host.enabled=false", "--set", "containers.enabled=false")
ROWS = 4
Sample = tuple[int, float | Native]


def grown(row: int, steps: int) -> Native:
    """What a series has counted after some steps."""
    counts = {bucket: float(steps * (bucket + row + 1)) for bucket in range(5)}
    return Native(schema=2, count=sum(counts.values()), sum=float(steps), positive=counts)


def samples(now: int, row: int) -> list[Sample]:
    """Two hours, a minute apart, until now; the last row has floats in its first hour."""
    found: list[Sample] = []
    for step in range(120):
        is_float = row == ROWS - 1 and step < 60
        found.append((now - (119 - step) * MINUTE, float(step) if is_float else grown(row, step)))
    return found


def body(name: str, series: dict[str, Sequence[Sample]]) -> bytes:
    """A request of remote write 1.0 with series of one metric by their label `row`."""
    message = V1["WriteRequest"]()
    for row, its in series.items():
        one = message.timeseries.add()
        for label, text in (("__name__", name), ("row", row)):
            one.labels.add(name=label, value=text)
        for time, value in its:
            if isinstance(value, Native):
                one.histograms.append(V1["Histogram"](**histogram(value, time, whole=True)))
            else:
                one.samples.add(value=value, timestamp=time)
    return bytes(cramjam.snappy.compress_raw(message.SerializeToString()))


def write(program: Program, name: str, series: dict[str, Sequence[Sample]]) -> int:
    """Remote-write them; gives the status."""
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    request = urllib.request.Request(f"{program.url}/api/v1/write", body(name, series), headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def post(program: Program, path: str, **parameters: Any) -> int:
    """The status of a POST of the administration."""
    query = urllib.parse.urlencode(parameters, doseq=True)
    request = urllib.request.Request(f"{program.url}/api/v1/admin/tsdb/{path}?{query}", b"", method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return int(answer.status)


def told(program: Program, now: int) -> dict[str, list[Any]]:
    """Every sample of each row as the API writes it: floats, then histograms."""
    found = program.get("/api/v1/query", query="latency[3h]", time=now / 1000)["data"]["result"]
    return {one["metric"]["row"]: [*one.get("values", ()), *one.get("histograms", ())] for one in found}


def rates(program: Program, now: int) -> list[Any]:
    """What expressions make of them over two hours."""
    grid: dict[str, Any] = {"start": now / 1000 - 7200, "end": now / 1000, "step": 300}
    expressions = ("sum(rate(latency[10m]))", "histogram_quantile(0.9, sum by (row) (increase(latency[20m])))")
    return [program.get("/api/v1/query_range", query=one, **grid)["data"]["result"] for one in expressions]


def expected(now: int) -> dict[str, list[Any]]:
    """The times of all samples, and of histograms their count and sum."""
    return {str(row): [outline(time, value) for time, value in samples(now, row)] for row in range(ROWS)}


def outline(time: int, value: float | Native) -> tuple[int, float, float | None]:
    """Of a histogram time, count and sum; of a float time and value."""
    return (time, value.count, value.sum) if isinstance(value, Native) else (time, value, None)


def outlines(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """As `expected`, of an answer."""
    return {
        row: [
            (round(float(at) * 1000), float(value["count"]), float(value["sum"]))
            if isinstance(value, dict)
            else (round(float(at) * 1000), float(value), None)
            for at, value in its
        ]
        for row, its in found.items()
    }


@pytest.mark.parametrize(
    "flags",
    [("--set", "flush.age=300ms"), ("--set", "flush.age=1h", "--set", "hot.max_bytes=1MiB")],
    ids=["store", "log"],
)
def test_histograms_survive_kills_restarts_and_deletes(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Answers are the same, bucket by bucket, before and after each, and all that was written is there."""
    folder = tmp_path / "data"
    # Machine code, which comes a while after a start, sums with compensation and its twins do not: at first there are twins alone.
    twins = {"SIGHTLINE_JIT": "off"}
    with running(folder, *FLAGS, *flags, environment=twins) as program:
        now = int(program.get("/api/v1/query", query="time()")["data"]["result"][0] * 1000) // HOUR * HOUR
        for row in range(ROWS):
            assert write(program, "latency", {str(row): samples(now, row)}) in {200, 204}
        first = told(program, now)
        assert outlines(first) == expected(now)
        whole = rates(program, now)
        assert all(whole)
        program.kill()
    with running(folder, *FLAGS, *flags, environment=twins) as program:
        assert (told(program, now), rates(program, now)) == (first, whole)
        assert write(program, "latency", {"0": samples(now, 0)[:7], "other": [(now, grown(9, 9))]}) in {200, 204}
        assert program.stop() == 0
    with running(folder, *FLAGS, *flags) as program:
        again = told(program, now)
        assert again.pop("other")
        assert again == first
        ends = {"start": (now - 100 * MINUTE) / 1000, "end": (now - 31 * MINUTE) / 1000}
        assert post(program, "delete_series", **{"match[]": ['{row=~"1|3"}'], **ends}) == 204
        left = {
            row: [one for one in its if row not in "13" or not now - 100 * MINUTE <= one[0] * 1000 <= now - 31 * MINUTE]
            for row, its in first.items()
        }
        after = told(program, now)
        after.pop("other")
        assert after == left
        assert post(program, "clean_tombstones") == 204
        program.kill()
    with running(folder, *FLAGS, *flags) as program:
        final = told(program, now)
        final.pop("other")
        assert final == left
        count = program.get("/api/v1/query", query='sum(count_over_time(latency{row!="other"}[3h]))', time=now / 1000)
        assert int(count["data"]["result"][0]["value"][1]) == sum(map(len, left.values()))
