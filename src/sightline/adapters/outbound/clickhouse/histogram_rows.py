"""Native histograms as rows of the table `histograms`, and back.

A row is what one sealed range has of one series within one hour, as in `chunks`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.encoding import Chunked
from sightline.adapters.outbound.clickhouse.native import Block, instants, lists, uint8, uint32, uint64, words
from sightline.domain.kernels.histogram_steps import steps, unstep
from sightline.domain.metrics.native_histograms import Buckets, Histograms, mark_mask, together
from sightline.domain.metrics.samples import Ids, Times
from sightline.domain.tenancy import Tenant

MAX_ROWS: Final = 500_000
"""Rows of one insert: the most that is sure to be one block, and so one part a month."""
MAX_WEIGHT: Final = 32 << 20
"""Bytes of histograms that the rows of one insert have at most, but for a row that has more alone."""
_WHOLE: Final = 2.0**53

Offsets = NDArray[np.int64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class HistogramRows:
    """r rows.

    tenants: the names that `tenant` (r,) counts. metrics, ids, seqs: uint64 (r,). bounds: int64 (r + 1,), the histograms of each
    row. times: int64 (h,), ms, ascending within a row; histograms: h of them.
    """

    tenants: tuple[Tenant, ...]
    tenant: NDArray[np.uint32]
    metrics: Ids
    ids: Ids
    seqs: Ids
    bounds: Offsets
    times: Times
    histograms: Histograms

    @classmethod
    def of(cls, chunked: Chunked) -> "HistogramRows":
        """A row for each chunk with marks."""
        batch = chunked.batch
        marks = np.flatnonzero(mark_mask(batch.value))
        chunks, starts = np.unique(np.searchsorted(chunked.begins, marks, "right") - 1, return_index=True)
        runs = chunked.runs[chunks]
        return cls(
            batch.tenants,
            batch.run_tenant[runs],
            batch.run_metric[runs],
            batch.run_id[runs],
            chunked.seqs[chunks],
            np.append(starts, len(marks)),
            batch.time[marks],
            batch.histograms,
        )

    def inserts(self) -> Iterator[Callable[[], Block]]:
        """What makes the rows of each insert; the same range always gives the same ones."""
        ends = np.append(0, np.cumsum(self.histograms.weights))[self.bounds]
        first = 0
        while first < len(self.ids):
            fitting = int(np.searchsorted(ends, ends[first] + MAX_WEIGHT, "right")) - 1
            after = min(max(fitting, first + 1), first + MAX_ROWS)
            yield partial(self._block, first, after)
            first = after

    def _block(self, first: int, after: int) -> Block:
        start, end = int(self.bounds[first]), int(self.bounds[after])
        bounds, times = self.bounds[first : after + 1] - start, self.times[start:end]
        given = self.histograms.take(np.arange(start, end))
        positive, negative = given.positive, given.negative
        firsts, lasts = times[bounds[:-1]], times[bounds[1:] - 1]
        whole = _whole(given, bounds)
        differing = np.zeros(len(whole), np.bool_)
        weights = np.add.reduceat(given.weights, bounds[:-1])
        rows = slice(first, after)
        return Block.of(
            words("tenant", self.tenant[rows], self.tenants),
            uint64("metric", self.metrics[rows]),
            uint64("id", self.ids[rows]),
            instants("first", firsts),
            uint32("span", lasts - firsts),
            uint64("seq", self.seqs[rows]),
            uint64("weight", weights.astype(np.uint64)),
            uint8("whole", whole),
            lists("times", "Int64", bounds, times),
            lists("schemas", "Int8", bounds, given.schema),
            lists("resets", "UInt8", bounds, given.reset),
            lists("zero_thresholds", "Float64", bounds, given.zero_threshold),
            lists("zero_counts", "Int64", bounds, _steps(bounds, _single(given.zero_count), whole)),
            lists("counts", "Int64", bounds, _steps(bounds, _single(given.count), whole)),
            lists("positive", "Int64", positive.offsets[bounds], _steps(bounds, positive, whole)),
            lists("negative", "Int64", negative.offsets[bounds], _steps(bounds, negative, whole)),
            lists("sums", "Int64", bounds, _steps(bounds, _single(given.sum), differing)),
            lists("positive_lengths", "UInt32", bounds, _lengths(positive.offsets)),
            lists("positive_index", "Int32", positive.offsets[bounds], positive.index),
            lists("negative_lengths", "UInt32", bounds, _lengths(negative.offsets)),
            lists("negative_index", "Int32", negative.offsets[bounds], negative.index),
            lists("custom_lengths", "UInt32", bounds, _lengths(given.custom_offsets)),
            lists("custom", "Float64", given.custom_offsets[bounds], given.custom),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """h histograms out of r rows. rows: (h,), which row each is of. ids, seqs: uint64 (h,). times: int64 (h,), ms."""

    rows: Rows
    ids: Ids
    seqs: Ids
    times: Times
    histograms: Histograms

    @classmethod
    def of(cls, rows: pa.Table) -> "Stored":
        """What the table has."""
        parts, before = [], 0
        for batch in rows.to_batches() if rows.num_rows else ():
            parts.append(_decoded(batch, before))
            before += batch.num_rows
        none = np.empty(0, np.uint64)
        return cls(
            np.concatenate([np.empty(0, np.intp), *(part.rows for part in parts)]),
            np.concatenate([none, *(part.ids for part in parts)]),
            np.concatenate([none, *(part.seqs for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.times for part in parts)]),
            together([part.histograms for part in parts]),
        )

    def only(self, keep: NDArray[np.bool_]) -> "Stored":
        """Some of the histograms, bool (h,)."""
        rows = np.flatnonzero(keep)
        return Stored(self.rows[rows], self.ids[rows], self.seqs[rows], self.times[rows], self.histograms.take(rows))


def _decoded(rows: pa.RecordBatch, before: int) -> Stored:
    """The histograms of one batch, whose first row has the number `before`."""
    bounds, times = _lists(rows["times"])
    whole = array(rows["whole"]).astype(np.bool_)
    lengths = np.diff(bounds)
    found = Histograms(
        _lists(rows["schemas"])[1],
        _lists(rows["resets"])[1],
        _lists(rows["zero_thresholds"])[1],
        _numbers(bounds, rows["zero_counts"], whole),
        _numbers(bounds, rows["counts"], whole),
        _numbers(bounds, rows["sums"], np.zeros(len(whole), np.bool_)),
        _buckets(bounds, rows, "positive", whole),
        _buckets(bounds, rows, "negative", whole),
        _offsets(_lists(rows["custom_lengths"])[1]),
        _lists(rows["custom"])[1],
    )
    return Stored(
        np.repeat(np.arange(before, before + len(lengths)), lengths),
        np.repeat(array(rows["id"]), lengths),
        np.repeat(array(rows["seq"]), lengths),
        times,
        found,
    )


def _whole(given: Histograms, bounds: Offsets) -> NDArray[np.bool_]:
    """Of which rows all counts are whole numbers that a difference of integers can tell, bool (r,)."""
    odd = ~(_are_whole(given.count) & _are_whole(given.zero_count))
    for side in (given.positive, given.negative):
        if len(side.counts):
            own = np.append(0, np.cumsum(~_are_whole(side.counts)))[side.offsets]
            odd |= np.diff(own) > 0
    return ~np.logical_or.reduceat(odd, bounds[:-1])


def _are_whole(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (numbers < _WHOLE) & (numbers == np.floor(numbers)) & ~np.signbit(numbers)
    return found


def _single(numbers: NDArray[np.float64]) -> Buckets:
    """One number a histogram, as if it were its only bucket."""
    return Buckets(np.arange(len(numbers) + 1), np.zeros(len(numbers), np.int32), numbers)


def _steps(bounds: Offsets, given: Buckets, whole: NDArray[np.bool_]) -> NDArray[np.int64]:
    out = np.empty(len(given.counts), np.int64)
    steps(bounds, given.offsets, given.index, whole, np.ascontiguousarray(given.counts).view(np.int64), out)
    return out


def _lengths(offsets: Offsets) -> NDArray[np.uint32]:
    return np.diff(offsets).astype(np.uint32)


def _offsets(lengths: NDArray[np.uint32]) -> Offsets:
    return np.append(0, np.cumsum(lengths, dtype=np.int64))


def _numbers(bounds: Offsets, column: Any, whole: NDArray[np.bool_]) -> NDArray[np.float64]:
    told = _lists(column)[1]
    offsets = np.arange(len(told) + 1)
    return _unstepped(bounds, offsets, np.zeros(len(told), np.int32), whole, told)


def _buckets(bounds: Offsets, rows: pa.RecordBatch, side: str, whole: NDArray[np.bool_]) -> Buckets:
    offsets = _offsets(_lists(rows[f"{side}_lengths"])[1])
    index = _lists(rows[f"{side}_index"])[1]
    return Buckets(offsets, index, _unstepped(bounds, offsets, index, whole, _lists(rows[side])[1]))


def _unstepped(
    bounds: Offsets,
    offsets: Offsets,
    index: NDArray[np.int32],
    whole: NDArray[np.bool_],
    told: NDArray[np.int64],
) -> NDArray[np.float64]:
    out = np.empty(len(told), np.float64)
    unstep(bounds, offsets, index, whole, told, out)
    return out


def _lists(column: Any) -> tuple[Offsets, NDArray[Any]]:
    """Offsets (r + 1,) and items of a column of lists; copies."""
    offsets = array(column.offsets).astype(np.int64)
    return offsets - offsets[0], array(column.flatten())
