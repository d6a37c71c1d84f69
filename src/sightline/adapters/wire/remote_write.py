"""Prometheus remote write 1.0: a compressed prometheus.WriteRequest to sample columns, and back.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import remote_write_scan as layout
from sightline.adapters.wire.protobuf import encoded_varint, field
from sightline.adapters.wire.remote_write_batch import Decoded, Rows, Series, batch_of, exemplars_of, too_many
from sightline.adapters.wire.remote_write_exemplars import exemplar_fields
from sightline.adapters.wire.remote_write_labels import DEFAULT_BYTES, LabelCache, Stretches, malformed
from sightline.adapters.wire.remote_write_metadata import described
from sightline.adapters.wire.remote_write_scan import scan
from sightline.adapters.wire.snappy import compress, decompress
from sightline.domain.errors import MalformedBody
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import Index, WriteBatch

MAX_SAMPLES: Final = 1_000_000
"""Samples, series or exemplars that one request may bring: senders bring 2,000, and at 2 bytes each bytes alone bound little."""

# What a sample, its share of the labels and a histogram take at least, as senders write them; a request of other shape is
# scanned a second time.
_SAMPLE_BYTES: Final = 18
_SERIES_BYTES: Final = 64
_HISTOGRAM_BYTES: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class _Scanned:
    """The filled parts of the outputs of `scan`."""

    rows: Rows
    run_series: Index
    run_start: NDArray[np.int64]
    run_end: NDArray[np.int64]
    found: NDArray[np.int64]


class RemoteWriteDecoder:
    """Decodes requests and remembers the bytes of label sets between them. Thread-safe; scanning releases the GIL.

    Series are distinct in the batch: the same label set in two timeseries of a request is one series. Labels may come in any order;
    those with an empty value are dropped. Timeseries without samples leave nothing in the batch; exemplars mostly
    come in such.
    """

    def __init__(self, *, max_cached_bytes: int = DEFAULT_BYTES, max_samples: int = MAX_SAMPLES) -> None:
        self._labels = LabelCache(max_cached_bytes)
        self._max_samples = max_samples

    def decode(self, body: bytes, roster: Roster, *, max_decompressed: int) -> Decoded:
        """Decode one compressed request; its series are named in the roster. Series whose labels may not be are left out.

        Raises:
            BodyTooLarge: more than `max_decompressed` bytes once decompressed, or more samples, series, exemplars or buckets than
                allowed.
            MalformedBody: not snappy's block format, or not a WriteRequest; the message says where.
        """
        return self.decode_message(decompress(body, max_decompressed=max_decompressed), roster)

    def decode_message(self, data: bytes, roster: Roster) -> Decoded:
        """Decode a WriteRequest that is not compressed; errors as `decode`."""
        scanned = _scan(data, self._max_samples)
        if data and not scanned.found[layout.SERIES] and not scanned.found[layout.METADATA]:
            raise MalformedBody("the body is no remote-write 1.0 request: it has neither series nor metadata")
        numbers, refused = self._labels.numbers(_stretches(data, scanned), roster)
        series = Series(roster, numbers, refused, bool(scanned.found[layout.EMPTY]))
        batch, left_out, stale = batch_of(data, scanned.rows, series, self._max_samples)
        return Decoded(
            batch,
            _exemplars(data, numbers, scanned, roster) if scanned.found[layout.EXEMPLARS] else NO_EXEMPLARS,
            described(data) if scanned.found[layout.METADATA] else {},
            left_out,
            stale,
        )


def decode(body: bytes, *, max_decompressed: int) -> WriteBatch:
    """Decode one compressed request without remembering anything; see RemoteWriteDecoder."""
    return RemoteWriteDecoder().decode(body, Roster(), max_decompressed=max_decompressed).batch


def _scan(data: bytes, max_samples: int) -> _Scanned:
    most = min(len(data) // 2, max_samples)  # no field is shorter than 2 bytes
    guesses = (len(data) // size + 16 for size in (_SAMPLE_BYTES, _SERIES_BYTES, _HISTOGRAM_BYTES))
    for samples, runs, histograms in ((min(guess, most) for guess in guesses), (most, most, most)):
        rows = Rows(
            np.empty(samples, np.uint32),
            np.empty(samples, np.int64),
            np.empty(samples, np.float64),
            np.empty(histograms, np.int64),
            np.empty(histograms, np.int64),
            np.empty(histograms, np.int64),
        )
        out = _Scanned(
            rows,
            np.empty(runs, np.uint32),
            np.empty(runs, np.int64),
            np.empty(runs, np.int64),
            np.zeros(layout.FOUND, np.int64),
        )
        status = scan(
            data,
            rows.series,
            rows.times,
            rows.values.view(np.uint32),
            out.run_series,
            out.run_start,
            out.run_end,
            rows.histogram_row,
            rows.histogram_start,
            rows.histogram_end,
            out.found,
        )
        if status != layout.FULL:
            break
    else:
        raise too_many(max_samples)
    if status != layout.DONE:
        raise malformed(status, int(out.found[layout.OFFSET]))
    if max(out.found[layout.SERIES], out.found[layout.EXEMPLARS]) > max_samples:
        raise too_many(max_samples)
    found, r = out.found, int(out.found[layout.RUNS])
    return _Scanned(
        rows.first(int(found[layout.SAMPLES]), int(found[layout.HISTOGRAMS])),
        out.run_series[:r],
        out.run_start[:r],
        out.run_end[:r],
        found,
    )


def _stretches(data: bytes, scanned: _Scanned) -> Stretches:
    """Where the label fields of each series stand, in one piece each."""
    count = int(scanned.found[layout.SERIES])
    starts, ends = scanned.run_start, scanned.run_end
    if len(starts) == count and bool((scanned.run_series == np.arange(count)).all()):
        return Stretches(data, starts, ends)
    return Stretches.joined(data, scanned.run_series, starts, ends, count)


def _exemplars(data: bytes, numbers: NDArray[np.int64], scanned: _Scanned, roster: Roster) -> ExemplarBatch:
    found = exemplar_fields(data, int(scanned.found[layout.EXEMPLARS]))
    return exemplars_of(numbers, found, roster)


def encode(batch: WriteBatch) -> bytes:
    """The compressed request with the samples of a batch; each series once, its samples in the order of the batch."""
    order = np.argsort(batch.series, kind="stable")
    bounds = np.searchsorted(batch.series[order], np.arange(len(batch.labels) + 1))
    times = batch.times[order].tolist()
    bits = batch.values[order].view(np.uint64).tolist()  # integers, since a float in between may quieten a NaN
    message = bytearray()
    for number, labels in enumerate(batch.labels):
        series = bytearray()
        for name, value in labels:
            series += field(1, field(1, name.encode()) + field(2, value.encode()))
        for row in range(bounds[number], bounds[number + 1]):
            series += field(2, struct.pack("<BQB", 0x09, bits[row], 0x10) + encoded_varint(times[row]))
        message += field(1, bytes(series))
    return compress(bytes(message))
