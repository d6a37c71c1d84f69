"""Native histograms as remote-write bodies, all encoded before a clock starts."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cramjam
import numpy as np
from bench.samples import STEP, Request, encoded_field, encoded_varint
from numpy.typing import NDArray

_BUCKETS: Final = 20
_SCHEMA: Final = 3


@dataclass(frozen=True, slots=True)
class Latencies:
    """How many series of latencies, twenty buckets each, and how they are cut into requests. start: ms of the first sample."""

    start: int
    rounds: int
    series: int = 1_000
    series_a_request: int = 250


def requests(shape: Latencies, seed: int = 1) -> Iterator[Request]:
    """The bodies, round after round; in each a sample of every series, whose buckets only grow."""
    random = np.random.default_rng(seed)
    heads = [
        b"".join(
            encoded_field(1, encoded_field(1, name) + encoded_field(2, value))
            for name, value in ((b"__name__", b"bench_seconds"), (b"instance", b"host-%04d.example:9100" % number))
        )
        for number in range(shape.series)
    ]
    counts = np.zeros((shape.series, _BUCKETS), np.int64)
    for number in range(shape.rounds):
        counts += random.integers(0, 30, counts.shape)
        time = shape.start + number * STEP
        for part, first in enumerate(range(0, shape.series, shape.series_a_request)):
            rows = range(first, min(first + shape.series_a_request, shape.series))
            message = b"".join(
                [encoded_field(1, heads[row] + encoded_field(4, _histogram(counts[row], time))) for row in rows]
            )
            yield Request(part, len(rows), bytes(cramjam.snappy.compress_raw(message)))


def _histogram(counts: NDArray[np.int64], time: int) -> bytes:
    """A prometheus.Histogram with whole counts: count, sum, schema, zero bucket, one span, differences, time."""
    deltas = np.diff(counts, prepend=0).tolist()
    return b"".join(
        (
            b"\x08" + encoded_varint(int(counts.sum())),
            b"\x19" + struct.pack("<d", float(counts @ np.arange(_BUCKETS)) / 100),
            b"\x20" + encoded_varint(_SCHEMA << 1),
            b"\x29" + struct.pack("<d", 2.0**-128),
            b"\x30\x00",
            encoded_field(11, b"\x08\x03\x10" + encoded_varint(_BUCKETS)),  # begins at bucket -2
            encoded_field(12, b"".join([encoded_varint(delta << 1 ^ delta >> 63) for delta in deltas])),
            b"\x78" + encoded_varint(time),
        )
    )
