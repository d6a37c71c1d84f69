"""Sealed ranges as rows of the table `chunks`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.embedded import Part
from sightline.adapters.outbound.clickhouse.native import (
    Block,
    bytes_lists,
    instants,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    words,
)
from sightline.domain.kernels.chunk import cut, room
from sightline.domain.kernels.chunk_encode import encode
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.samples import Ids, Times

MAX_ROWS: Final = 500_000
"""Rows of one insert: the most that is sure to be one block, and so one part a month."""
MAX_SAMPLES: Final = 4_000_000
"""Samples that the chunks of one insert hold at most: their bytes are then 80 MB at the worst."""

Rows = NDArray[np.intp]


def _forget(_encoded: "Encoded") -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """c chunks as the table has them. runs: (c,), the run of each in `batch`. firsts, lasts: int64 (c,), of their samples, ms.

    seqs, samples, scales, bounded, lowest, highest: (c,), as in the table. The bytes of chunk i are
    times[time_offsets[i]:time_offsets[i + 1]], and likewise values; behind the last there may be room.
    """

    batch: SealedRange
    runs: NDArray[np.intp]
    firsts: Times
    lasts: Times
    seqs: Ids
    samples: NDArray[np.int64]
    scales: NDArray[np.uint8]
    bounded: NDArray[np.bool_]
    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]
    time_offsets: NDArray[np.int64]
    times: NDArray[np.uint8]
    value_offsets: NDArray[np.int64]
    values: NDArray[np.uint8]

    @property
    def spans(self) -> NDArray[np.int64]:
        """From the first sample of each chunk to its last, ms."""
        return self.lasts - self.firsts

    def block(self) -> Block:
        """The rows to insert."""
        batch, runs = self.batch, self.runs
        return Block.of(
            words("tenant", batch.run_tenant[runs], batch.tenants),
            uint64("metric", batch.run_metric[runs]),
            uint64("id", batch.run_id[runs]),
            instants("first", self.firsts),
            uint32("span", self.spans),
            uint64("seq", self.seqs),
            uint16("samples", self.samples),
            uint8("scale", self.scales),
            uint8("bounded", self.bounded),
            int64("lowest", self.lowest),
            int64("highest", self.highest),
            bytes_lists("times", self.time_offsets, self.times),
            bytes_lists("values", self.value_offsets, self.values),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Chunked:
    """A range cut into c chunks. runs: (c,), the run of each. begins, ends: int64 (c,), its samples. seqs: uint64 (c,)."""

    batch: SealedRange
    runs: NDArray[np.intp]
    begins: Times
    ends: Times
    seqs: Ids

    @classmethod
    def of(cls, batch: SealedRange) -> "Chunked":
        """Every chunk has the range's id as its seq."""
        begins = np.empty(cut(batch.offsets, batch.time, np.empty(0, np.int64)), np.int64)
        cut(batch.offsets, batch.time, begins)
        runs = np.searchsorted(batch.offsets, begins, "right") - 1
        ends = np.append(begins[1:], len(batch))[: len(begins)]
        return cls(batch, runs, begins, ends, np.full(len(begins), batch.range_id, np.uint64))

    def inserts(self) -> Iterator[Rows]:
        """The chunks of each insert; the same range always gives the same ones."""
        first = 0
        while first < len(self.begins):
            fitting = int(np.searchsorted(self.ends, self.begins[first] + MAX_SAMPLES, "right"))
            after = min(fitting, first + MAX_ROWS)
            yield np.arange(first, after)
            first = after

    def rows(self, chunks: Rows) -> Block:
        """Some of the chunks as rows of the table."""
        return self.encoded(chunks).block()

    def encoded(self, chunks: Rows) -> Encoded:
        """Some of the chunks with their bytes."""
        begins, ends, runs, batch = self.begins[chunks], self.ends[chunks], self.runs[chunks], self.batch
        samples = ends - begins
        scales, bounded = np.empty(len(chunks), np.uint8), np.empty(len(chunks), np.bool_)
        lowest, highest = np.empty(len(chunks), np.int64), np.empty(len(chunks), np.int64)
        size = room(int(samples.sum()), len(chunks))
        times, time_offsets = np.empty(size, np.uint8), np.empty(len(chunks) + 1, np.int64)
        values, value_offsets = np.empty(size, np.uint8), np.empty(len(chunks) + 1, np.int64)
        encode(
            begins,
            ends,
            batch.time,
            batch.value,
            scales,
            bounded,
            lowest,
            highest,
            times,
            time_offsets,
            values,
            value_offsets,
        )
        return Encoded(
            batch,
            runs,
            batch.time[begins],
            batch.time[ends - 1],
            self.seqs[chunks],
            samples,
            scales,
            bounded,
            lowest,
            highest,
            time_offsets,
            times,
            value_offsets,
            values,
        )

    def probes(self, chunks: Rows) -> Block:
        """The keys of some of the chunks."""
        runs, batch = self.runs[chunks], self.batch
        return Block.of(
            words("tenant", batch.run_tenant[runs], batch.tenants),
            uint64("metric", batch.run_metric[runs]),
            uint64("id", batch.run_id[runs]),
            instants("first", batch.time[self.begins[chunks]]),
            uint64("seq", self.seqs[chunks]),
        )

    def parts(self, keep: Callable[[Encoded], None] = _forget) -> Iterator[Part]:
        """The inserts, each with a look at the first chunk of every month of it.

        A month's rows of one insert are stored all or none: where its first chunk is, an earlier, unfinished write has stored them.
        keep: told what each insert brings.
        """
        for chunks in self.inserts():
            months = _months(self.batch.time[self.begins[chunks]])
            firsts = np.unique(months, return_index=True)[1]

            def absent(found: pa.Table, chunks: Rows = chunks, months: NDArray[Any] = months) -> Block:
                encoded = self.encoded(chunks[~np.isin(months, array(found["month"]))] if found.num_rows else chunks)
                keep(encoded)
                return encoded.block()

            yield self.probes(chunks[firsts]), absent


def _months(times: Times) -> NDArray[np.int64]:
    """The partition of each chunk, by its first sample, as toYYYYMM numbers."""
    count = times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return (1970 + count // 12) * 100 + count % 12 + 1
