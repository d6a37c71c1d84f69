"""The chunks that were written last, kept in memory as the table has them.

Ten minutes of a hundred series cost the engine 10 to 40 ms of CPU, here half of one. Chunks of fifty samples take an eighth of the
memory that samples take, so that they reach further back than the hot tier does.

As the hot tier has one, this has a horizon: the instant from which on every chunk with a sample is here. Reads that begin before it
are the engine's. It goes up as writes are given up, the one whose newest sample is oldest first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.answers import column
from sightline.adapters.outbound.clickhouse.encoding import Encoded
from sightline.domain.metrics.hot import ALWAYS, NEVER
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import Ids, Times
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """c chunks that one tenant had in one write; never changed.

    ids: uint64 (k,), ascending. begins, ends: int32 (k,), the chunks of each series. firsts: int64 (c,), ms. spans: uint32 (c,).
    seq: of all chunks. rows: (c,), the other columns of `chunks_select.sql`.
    """

    ids: Ids
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    firsts: Times
    spans: NDArray[np.uint32]
    seq: int
    rows: pa.RecordBatch

    @property
    def weight(self) -> int:
        """How many bytes of memory it takes."""
        columns = (self.ids, self.begins, self.ends, self.firsts, self.spans)
        return sum(one.nbytes for one in columns) + int(self.rows.nbytes)

    def found(self, known: KnownSeries, within: TimeRange) -> pa.RecordBatch:
        """The chunks of some series that reach into a range, as the engine would send them."""
        at = known.rows_in(self.ids)
        at = at[at >= 0]
        begins, counts = self.begins[at], self.ends[at] - self.begins[at]
        rows = np.repeat(begins - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        firsts, spans = self.firsts[rows], self.spans[rows]
        met = (firsts <= within.end) & (firsts + spans >= within.start)
        found = {
            "id": column(pa.uint64(), np.repeat(self.ids[at], counts)[met]),
            "seq": column(pa.uint64(), np.full(int(met.sum()), self.seq, np.uint64)),
            "start": column(pa.int64(), firsts[met]),
            "span": column(pa.uint32(), spans[met]),
        }
        rest = self.rows.take(column(pa.int64(), rows[met]))
        return pa.RecordBatch.from_arrays([*found.values(), *rest.columns], [*found, *rest.schema.names])


@dataclass(frozen=True, slots=True, eq=False)
class _Write:
    """The pieces of one write by tenant. first, last: the times of its oldest and of its newest sample, ms."""

    pieces: Mapping[Tenant, Sequence[Piece]]
    first: int
    last: int
    weight: int


class RecentChunks:
    """Changed from one thread only; pieces may be read in others."""

    def __init__(self, max_bytes: int) -> None:
        """Nothing is complete until `begin`. max_bytes: 0 keeps nothing."""
        self._max_bytes = max_bytes
        self._writes: list[_Write] = []
        self._horizon = NEVER
        self._weight = 0

    @property
    def horizon(self) -> int:
        """The instant, ms, from which on all is here."""
        return self._horizon

    @property
    def weight(self) -> int:
        """Bytes held."""
        return self._weight

    def begin(self, horizon: int) -> None:
        """From now on every write is told of, and nothing from `horizon` (ms) on was stored before."""
        if self._max_bytes:
            self._horizon = horizon

    def take(self, encoded: Sequence[Encoded]) -> None:
        """Keep what a write has stored, all of it."""
        first = min((int(one.firsts.min()) for one in encoded), default=NEVER)
        last = max((int(one.lasts.max()) for one in encoded), default=ALWAYS)
        if last < self._horizon:
            return
        pieces: dict[Tenant, list[Piece]] = {}
        for one in encoded:
            for tenant, piece in _pieces(one):
                pieces.setdefault(tenant, []).append(piece)
        weight = sum(piece.weight for some in pieces.values() for piece in some)
        self._writes.append(_Write(pieces, first, last, weight))
        self._weight += weight
        while self._weight > self._max_bytes:
            self.miss(min(write.last for write in self._writes))

    def miss(self, last: int) -> None:
        """Do not answer for times up to `last` (ms): not all that was stored of them is here."""
        if self._horizon == NEVER:
            return
        self._horizon = max(self._horizon, last + 1)
        self._writes = [write for write in self._writes if write.last >= self._horizon]
        self._weight = sum(write.weight for write in self._writes)

    def forget(self, last: int) -> None:
        """As `miss`, of chunks that were written before: what comes later is kept, however far back it lies."""
        if self._writes:
            self.miss(min(last, max(write.last for write in self._writes)))

    def pieces(self, tenant: Tenant, within: TimeRange) -> list[Piece] | None:
        """Where the chunks of a range are; None where not all of them are here."""
        if within.start < self._horizon:
            return None
        met = (write for write in self._writes if write.first <= within.end and write.last >= within.start)
        return [piece for write in met for piece in write.pieces.get(tenant, ())]


def _pieces(encoded: Encoded) -> Iterator[tuple[Tenant, Piece]]:
    """The chunks of one insert by tenant."""
    batch = encoded.batch
    of_chunk = batch.run_tenant[encoded.runs]
    bounds = np.searchsorted(of_chunk, np.arange(len(batch.tenants) + 1)).tolist()
    narrow = {
        "samples": column(pa.uint16(), encoded.samples.astype(np.uint16)),
        "scale": column(pa.uint8(), encoded.scales),
        "lowest": column(pa.int64(), encoded.lowest),
        "times": _lists(encoded.time_offsets, encoded.times),
        "values": _lists(encoded.value_offsets, encoded.values),
    }
    rows = pa.RecordBatch.from_arrays(list(narrow.values()), list(narrow))
    for tenant, begin, end in zip(batch.tenants, bounds, bounds[1:], strict=False):
        if begin == end:
            continue
        runs = encoded.runs[begin:end]
        begins = np.flatnonzero(np.append(True, runs[1:] != runs[:-1]))
        ids = batch.run_id[runs[begins]]
        order = np.argsort(ids)
        piece = Piece(
            ids[order],
            begins[order].astype(np.int32),
            np.append(begins[1:], len(runs))[order].astype(np.int32),
            encoded.firsts[begin:end],
            encoded.spans[begin:end].astype(np.uint32),
            int(encoded.seqs[begin]),
            rows.slice(begin, end - begin),
        )
        yield tenant, piece


def _lists(offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> Any:
    """A column of lists of bytes, list i at data[offsets[i]:offsets[i + 1]]; copied, for the encoder's room is larger."""
    own = column(pa.uint8(), data[: offsets[-1]].copy())
    bounds = pa.py_buffer(offsets.astype(np.int32).data)
    return pa.Array.from_buffers(pa.list_(pa.uint8()), len(offsets) - 1, [None, bounds], children=[own])
