"""Native histograms in this program and in a real Prometheus 2.42, which had them as an experiment.

What 3 does otherwise, by which the material and the questions go: ranges are open on the left (no sample lies where one begins),
counters are extrapolated no farther than to zero (all are far above it), quantiles lie on a logarithmic scale within their bucket
and not evenly (so the shares of a bucket are compared). 2.42 has neither custom buckets nor averages, irate, last_over_time or
sum_over_time of histograms.
"""

import json
import math
import random
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import pytest
from tests.conformance.material import BASE
from tests.conformance.servers import Server, prometheus
from tests.e2e.program import running, until
from tests.oracles.native_histogram import Native

from sightline.adapters.wire.protobuf import encoded_varint, field
from sightline.adapters.wire.snappy import compress
from sightline.domain.labels import Labels
from sightline.domain.timerange import Grid

_FLAGS: Final = ("host.enabled=false", "containers.enabled=false", "retention=100y")
_STEP: Final = 15_000
_SAMPLES: Final = 60
_GRID: Final = Grid(BASE + 300_000, BASE + 800_000, 20_000)
_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
Answered = dict[Labels, Mapping[str, Any]]
Series = Mapping[Labels, list[tuple[int, Native]]]


def recorded() -> Series:
    """Counters with buckets of several widths, some of which begin anew, and a gauge."""
    found: dict[Labels, list[tuple[int, Native]]] = {}
    for number, schema in enumerate((0, 2, 3, -1, 3)):
        chance = random.Random(number)
        own = {index: 1000.0 * chance.randint(1, 9) for index in range(-4, 9) if chance.random() < 0.8}
        low = {index: 1000.0 * chance.randint(1, 9) for index in range(-2, 3)} if number % 2 else {}
        zero, sums, samples = 500.0, 10_000.0, list[tuple[int, Native]]()
        for k in range(_SAMPLES):
            if number in {1, 2} and k in {20, 33, 34}:  # as a program that was started again, though not at zero
                own, low, zero, sums = (
                    {i: c // 3 for i, c in own.items()},
                    {i: c // 3 for i, c in low.items()},
                    100.0,
                    2000.0,
                )
            own = {index: count + chance.randint(0, 3) for index, count in own.items()}
            low = {index: count + chance.randint(0, 2) for index, count in low.items()}
            zero, sums = zero + chance.randint(0, 1), sums + chance.random()
            count = zero + sum(own.values()) + sum(low.values())
            one = Native(schema, count, sums, 0.0001 if number < 3 else 0.0005, zero, dict(own), dict(low))
            samples.append((BASE + k * _STEP + 7, one))
        found[Labels.of(__name__="h", n=str(number), half=str(number % 2))] = samples
    return found


def message(series: Series) -> bytes:
    """A write request, field by field as its specification numbers them."""
    request = b""
    for labels, samples in series.items():
        own = b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels)
        for time, one in samples:
            said = b"\x11" + struct.pack("<d", one.count) + b"\x19" + struct.pack("<d", one.sum)
            said += (
                b"\x20"
                + encoded_varint((one.schema << 1) ^ (one.schema >> 31))
                + b"\x29"
                + struct.pack("<d", one.zero_threshold)
            )
            said += b"\x39" + struct.pack("<d", one.zero_count)
            for number, buckets in ((8, one.negative), (11, one.positive)):
                after = 0
                for index in sorted(buckets):
                    offset = index - after
                    said += field(number, b"\x08" + encoded_varint((offset << 1) ^ (offset >> 31)) + b"\x10\x01")
                    after = index + 1
                counts = b"".join(struct.pack("<d", buckets[index]) for index in sorted(buckets))
                said += field(number + 2, counts) if counts else b""
            own += field(4, said + b"\x78" + encoded_varint(time))
        request += field(1, own)
    return request


@dataclass(frozen=True)
class Pair:
    """Both servers."""

    theirs: Server
    ours: Server

    def ask(self, text: str) -> tuple[Answered, Answered]:
        """What this program and what Prometheus answer."""
        return ask(self.ours, text, _GRID), ask(self.theirs, text, _GRID)


@pytest.fixture(scope="module")
def pair(require_binary: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A Prometheus and the program with the series."""
    binary, folder = require_binary("prometheus", "prometheus"), tmp_path_factory.mktemp("native")
    flags = [part for flag in _FLAGS for part in ("--set", flag)]
    with (
        prometheus(binary, folder / "prometheus", "--enable-feature=native-histograms") as url,
        running(folder / "data", *flags) as program,
        closing(Server(url)) as theirs,
        closing(Server(program.url)) as ours,
    ):
        for server in (theirs, ours):
            status, body = server.post("/api/v1/write", compress(message(recorded())), _HEADERS)
            assert status in {200, 204}, body
        both = Pair(theirs, ours)
        until(lambda: all(both.ask("h")))
        yield both


def ask(server: Server, text: str, grid: Grid) -> Answered:
    """The rows of a range query."""
    form = f"query={text}&start={grid.start / 1000}&end={grid.end / 1000}&step={grid.step / 1000}".replace("+", "%2B")
    status, body = server.post(
        "/api/v1/query_range", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert status == 200, body
    return rows(json.loads(body))


def rows(body: Any) -> Answered:
    """The series of an answer."""
    return {Labels.of(row["metric"]): row for row in body["data"]["result"]}


def numbers(row: Mapping[str, Any]) -> dict[float, float]:
    """Floats by their times."""
    return {time: float(value) for time, value in row.get("values", [])}


def shares(row: Mapping[str, Any]) -> dict[float, dict[tuple[object, ...], float]]:
    """Histograms by their times: count, sum, and buckets by rule and bounds; those that hold next to nothing are left out."""
    found: dict[float, dict[tuple[object, ...], float]] = {}
    for time, one in row.get("histograms", []):
        its: dict[tuple[object, ...], float] = {("count",): float(one["count"]), ("sum",): float(one["sum"])}
        for rule, low, high, count in one.get("buckets", []):
            if abs(float(count)) > 1e-9:
                its[rule, low, high] = float(count)
        found[time] = its
    return found


@pytest.mark.parametrize(
    "text",
    [
        "h",
        "rate(h[1m])",
        "rate(h[3m30s])",
        "increase(h[2m])",
        "sum(h)",
        "sum by (half) (h)",
        "sum by (half) (rate(h[2m]))",
        "h + h",
    ],
)
def test_histograms(pair: Pair, text: str) -> None:
    """Both give the same histograms, bucket by bucket with the same bounds, written alike."""
    found, wanted = pair.ask(text)
    assert found.keys() == wanted.keys()
    assert wanted
    for labels, row in wanted.items():
        a, b = shares(found[labels]), shares(row)
        assert a.keys() == b.keys()
        for time, one in b.items():
            assert a[time] == pytest.approx(one, rel=1e-9, abs=1e-9), (labels, time)


@pytest.mark.parametrize(
    "text",
    [
        "histogram_count(h)",
        "histogram_sum(h)",
        "histogram_count(rate(h[2m]))",
        "histogram_fraction(1, 4, h)",
        "histogram_fraction(0, 4, sum(rate(h[2m])))",
        "histogram_fraction(-4, 1, h)",
        "count_over_time(h[2m])",
        "present_over_time(h[2m])",
        "count(h)",
        "group by (half) (h)",
        "absent(h)",
    ],
)
def test_numbers(pair: Pair, text: str) -> None:
    """Both make the same numbers of histograms."""
    found, wanted = pair.ask(text)
    assert found.keys() == wanted.keys()
    for labels, row in wanted.items():
        assert numbers(found[labels]) == pytest.approx(numbers(row), rel=1e-9), labels


@pytest.mark.parametrize("q", [0.01, 0.25, 0.5, 0.9, 0.99, 1.0])
def test_quantiles(pair: Pair, q: float) -> None:
    """A quantile lies in the same bucket and as far into it: there evenly, here on a logarithmic scale."""
    found, wanted = pair.ask(f"histogram_quantile({q}, h)")
    buckets = {
        Labels.of({k: v for k, v in key if k != "__name__"}): shares(row) for key, row in pair.ask("h")[0].items()
    }
    assert found.keys() == wanted.keys()
    for labels, row in wanted.items():
        mine = numbers(found[labels])
        for time, value in numbers(row).items():
            bounds = [
                (float(str(key[1])), float(str(key[2])))
                for key in buckets[labels][time]
                if len(key) > 1 and key[0] != 3
            ]
            low, high = next((pair for pair in bounds if pair[0] <= value <= pair[1]), (0.0, 0.0))
            if low * high <= 0:  # in the zero bucket both go evenly
                assert mine[time] == pytest.approx(value, rel=1e-9)
                continue
            share = (value - low) / (high - low)
            near, far = math.log2(abs(low)), math.log2(abs(high))
            assert mine[time] == pytest.approx(math.copysign(2 ** (near + (far - near) * share), low), rel=1e-6), (
                labels,
                time,
            )
