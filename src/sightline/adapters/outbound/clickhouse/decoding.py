"""Rows of the table `chunks` as samples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.answers import array, column
from sightline.domain.errors import TooManySamples, Unavailable
from sightline.domain.kernels.chunk import arrange
from sightline.domain.kernels.chunk_decode import clip, decode
from sightline.domain.kernels.gather import settle
from sightline.domain.metrics.samples import Ids, Times, Values
from sightline.domain.metrics.tombstones import Tombstone, visible
from sightline.domain.timerange import TimeRange

_REWRITES: Final = 1_000_000
"""Samples more than the limit, or as many as the limit if that is more, that are read because some may have been written again."""

Samples = tuple[NDArray[np.int64], Times, Values]
"""Offsets, int64 (s + 1,), times and values of s series, each in order of time, the last write of a timestamp alone."""


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """c chunks as the engine sent them. Offsets: int64 (c + 1,) into the bytes."""

    firsts: Times
    spans: NDArray[np.int64]
    samples: NDArray[np.int64]
    scales: NDArray[np.uint8]
    lowest: NDArray[np.int64]
    time_offsets: NDArray[np.int64]
    time_bytes: NDArray[np.uint8]
    value_offsets: NDArray[np.int64]
    value_bytes: NDArray[np.uint8]

    @classmethod
    def of(cls, rows: pa.RecordBatch) -> "_Batch":
        """Copies what is one number a chunk, and refers to the bytes."""
        return cls(
            array(rows["start"]),
            array(rows["span"]).astype(np.int64),
            array(rows["samples"]).astype(np.int64),
            array(rows["scale"]),
            array(rows["lowest"]),
            *_lists(rows["times"]),
            *_lists(rows["values"]),
        )

    def clip(self, within: TimeRange) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many samples of each chunk lie before the range, and how many in it."""
        skip, take = np.empty(len(self.firsts), np.int64), np.empty(len(self.firsts), np.int64)
        _refuse(
            clip(
                self.firsts,
                self.spans,
                self.samples,
                self.time_offsets,
                self.time_bytes,
                within.start,
                within.end,
                skip,
                take,
            )
        )
        return skip, take

    def decode(self, clipped: tuple[NDArray[np.int64], NDArray[np.int64]], at: NDArray[np.int64], to: Samples) -> None:
        """Write what `clip` left to the columns, the samples of each chunk from `at` on."""
        _refuse(
            decode(
                self.firsts,
                self.spans,
                self.samples,
                self.scales,
                self.lowest,
                self.time_offsets,
                self.time_bytes,
                self.value_offsets,
                self.value_bytes,
                *clipped,
                at,
                *to[1:],
            )
        )


class Chunks:
    """Chunks of one tenant's series that may have samples in a range. ids, seqs: uint64 (c,).

    tombstones: the tenant's; of a chunk in which they leave a hole there are two.
    """

    def __init__(self, rows: pa.Table, within: TimeRange, tombstones: Sequence[Tombstone] = ()) -> None:
        parts = _left(rows, within, tombstones) if tombstones and rows.num_rows else [(rows, within)]
        parts = [(some, its) for some, its in parts if some.num_rows]
        none = np.empty(0, np.uint64)
        self.ids: Ids = np.concatenate([none, *(array(some["id"]) for some, _ in parts)])
        self.seqs: Ids = np.concatenate([none, *(array(some["seq"]) for some, _ in parts)])
        batches = [(_Batch.of(batch), its) for some, its in parts for batch in some.to_batches()]
        self._batches = [batch for batch, _ in batches]
        self._clipped = [batch.clip(its) for batch, its in batches]

    def samples(self, places: NDArray[np.intp], series: int, limit: int | None = None) -> Samples:
        """Their samples within the range, by series. places: (c,), whose a chunk is.

        Raises:
            TooManySamples: there are more than `limit`.
        """
        order, disordered = np.empty(len(places), np.int64), np.zeros(series, np.bool_)
        if len(places):
            firsts, spans = (
                np.concatenate([getattr(batch, name) for batch in self._batches]) for name in ("firsts", "spans")
            )
            arrange(places.astype(np.int64), firsts, spans, self.seqs, order, disordered)
        lengths = np.concatenate([np.empty(0, np.int64), *(take for _, take in self._clipped)])
        offsets = np.zeros(series + 1, np.int64)
        np.cumsum(np.bincount(places, lengths, series).astype(np.int64), out=offsets[1:])
        if limit is not None and offsets[-1] > limit and not disordered.any():
            raise too_many(limit)
        at = np.empty(len(places), np.int64)
        at[order] = np.cumsum(lengths[order]) - lengths[order]
        found = offsets, np.empty(offsets[-1], np.int64), np.empty(offsets[-1], np.float64)
        for batch, clipped, own in zip(self._batches, self._clipped, self._split(at), strict=True):
            batch.decode(clipped, own, found)
        if disordered.any():
            settle(disordered, *found)
        if limit is not None and offsets[-1] > limit:
            raise too_many(limit)
        return offsets, found[1][: offsets[-1]], found[2][: offsets[-1]]

    def _split(self, column: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        begin = 0
        for batch in self._batches:
            yield column[begin : begin + len(batch.firsts)]
            begin += len(batch.firsts)


def _left(rows: pa.Table, within: TimeRange, tombstones: Sequence[Tombstone]) -> list[tuple[pa.Table, TimeRange]]:
    """What tombstones leave of some chunks: those of which the same range counts together."""
    starts = array(rows["start"])
    lasts = starts + array(rows["span"]).astype(np.int64)
    left = visible(tombstones, array(rows["id"]), array(rows["seq"]), starts, lasts, within)
    ranges, which = np.unique(np.stack([left.lows, left.highs]), axis=1, return_inverse=True)
    return [
        (rows.take(column(pa.int64(), left.rows[which == number])), TimeRange(low, high))
        for number, (low, high) in enumerate(ranges.T.tolist())
    ]


class Budget:
    """Ends a query of chunks as soon as they are sure to be too many for a limit of samples; what is deleted does not count."""

    def __init__(self, within: TimeRange, limit: int, tombstones: Sequence[Tombstone] = ()) -> None:
        self._within = within
        self._tombstones = tombstones
        self._limit = limit
        self._read = 0

    def __call__(self, rows: pa.RecordBatch) -> None:
        """Count a batch.

        Raises:
            TooManySamples: more lie within the range than rewrites may explain.
        """
        firsts, spans = array(rows["start"]), array(rows["span"])
        whole = (firsts >= self._within.start) & (firsts + spans <= self._within.end)
        for one in self._tombstones:
            whole &= ~one.covers(array(rows["id"]))
        self._read += int(array(rows["samples"])[whole].sum(dtype=np.int64))
        if self._read > self._limit + max(self._limit, _REWRITES):
            raise too_many(self._limit)


def too_many(limit: int) -> TooManySamples:
    """The error of a query that needs more samples than it may."""
    message = f"the query needs more than {limit} samples: ask for less, or raise query.max_samples"
    return TooManySamples(message, limit=limit)


def _lists(column: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    return array(column.offsets).astype(np.int64), np.frombuffer(column.values.buffers()[1] or b"", np.uint8)


def _refuse(malformed: int) -> None:
    if malformed >= 0:
        raise Unavailable("the store holds samples that cannot be decoded: restore the data folder from a backup")
