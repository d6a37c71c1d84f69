"""Synthetic samples as remote-write bodies, all encoded before a clock starts.

A series is a counter that grows by 0 to 40 a sample, or a gauge with two decimals that goes up or down by 0.50 at most; series i
has the labels `group` (100 series each), `x` (ten values), `instance`, `job` and `path`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import cramjam
import numpy as np
from bench.doors import REMOTE_WRITE, Door
from numpy.typing import NDArray

METRIC: Final = "bench_requests_total"
STEP: Final = 15_000
"""ms between two samples of a series."""

_SAMPLE_BYTES: Final = 18  # field, length, double with its tag, time with its tag
_TIME_BYTES: Final = 6  # of a varint between the years 2004 and 2109


@dataclass(frozen=True, slots=True)
class Request:
    """One encoded body and where it goes. part: which slice of the series it holds; those of one part must arrive in order."""

    part: int
    samples: int
    body: bytes
    door: Door = REMOTE_WRITE


@dataclass(frozen=True, slots=True)
class Shape:
    """How many series and samples, how they are cut into requests. start: ms of the first sample; step: ms between two."""

    start: int
    rounds: int
    series: int = 10_000
    series_a_request: int = 1_000
    samples_a_request: int = 20
    kind: Literal["counter", "gauge"] = "counter"
    step: int = STEP

    @property
    def samples(self) -> int:
        """All of them."""
        return self.series * self.samples_a_request * self.rounds

    @property
    def end(self) -> int:
        """When the last sample is, in ms."""
        return self.start + (self.samples_a_request * self.rounds - 1) * self.step


def labels(number: int) -> dict[str, str]:
    """The labels of a series."""
    return {
        "__name__": METRIC,
        "group": f"g{number // 100:03d}",
        "instance": f"host-{number:05d}.example:9100",
        "job": "bench",
        "path": f"/api/v1/items/{number % 50}",
        "x": f"x{number % 10}",
    }


def requests(shape: Shape, seed: int = 1) -> Iterator[Request]:
    """The bodies, round after round, in each round one slice of the series after the other."""
    random = np.random.default_rng(seed)
    heads = [_label_fields(number) for number in range(shape.series)]
    last = random.integers(0, 1_000_000 if shape.kind == "counter" else 10_000, (shape.series, 1))
    low, high = (0, 41) if shape.kind == "counter" else (-50, 51)
    for number in range(shape.rounds):
        times = shape.start + (np.arange(shape.samples_a_request) + number * shape.samples_a_request) * shape.step
        whole = last + np.cumsum(random.integers(low, high, (shape.series, shape.samples_a_request)), axis=1)
        last = whole[:, -1:]
        values = whole.astype(np.float64) if shape.kind == "counter" else whole / 100
        blocks = _sample_fields(times, values)
        for part, first in enumerate(range(0, shape.series, shape.series_a_request)):
            rows = range(first, min(first + shape.series_a_request, shape.series))
            message = b"".join([encoded_field(1, heads[row] + blocks[row].tobytes()) for row in rows])
            yield Request(part, len(rows) * shape.samples_a_request, bytes(cramjam.snappy.compress_raw(message)))


def _sample_fields(times: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The Sample fields of each series, (series, samples x bytes); all have the same length, so columns can be filled."""
    out = np.empty((*values.shape, _SAMPLE_BYTES), np.uint8)
    out[..., 0], out[..., 1], out[..., 2], out[..., 11] = 0x12, _SAMPLE_BYTES - 2, 0x09, 0x10
    out[..., 3:11] = np.ascontiguousarray(values, "<f8").view(np.uint8).reshape(*values.shape, 8)
    for byte in range(_TIME_BYTES):
        more = 0x80 if byte < _TIME_BYTES - 1 else 0
        out[..., 12 + byte] = (times >> (7 * byte)) & 0x7F | more
    return out.reshape(len(values), -1)


def _label_fields(number: int) -> bytes:
    return b"".join(
        encoded_field(1, encoded_field(1, name.encode()) + encoded_field(2, value.encode()))
        for name, value in labels(number).items()
    )


def encoded_field(number: int, content: bytes) -> bytes:
    """A field of bytes in protobuf."""
    return bytes([number << 3 | 2]) + encoded_varint(len(content)) + content


def encoded_varint(value: int) -> bytes:
    """A number in protobuf."""
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
