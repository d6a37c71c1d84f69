"""Prometheus remote write 1.0: a compressed prometheus.WriteRequest to sample columns, and back.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/. Native histograms and metadata are counted and left out.
"""

import struct
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import remote_write_scan as layout
from sightline.adapters.wire.protobuf import encoded_varint, field
from sightline.adapters.wire.remote_write_exemplars import exemplar_fields
from sightline.adapters.wire.remote_write_labels import DEFAULT_BYTES, LabelCache, Stretches, malformed
from sightline.adapters.wire.remote_write_scan import scan
from sightline.adapters.wire.snappy import compress, decompress
from sightline.domain.errors import BodyTooLarge
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import Index, Times, WriteBatch

MAX_SAMPLES: Final = 1_000_000
"""Samples, series or exemplars that one request may bring: senders bring 2,000, and at 2 bytes each bytes alone bound little."""

_Scalar = TypeVar("_Scalar", bound=np.generic)

# What a sample and its share of the labels take at least, as senders write them; a request of other shape is scanned a second time.
_SAMPLE_BYTES: Final = 18
_SERIES_BYTES: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A request's samples and exemplars, and how many things it also held that are not stored."""

    batch: WriteBatch
    exemplars: ExemplarBatch
    skipped_histograms: int
    skipped_metadata: int


@dataclass(frozen=True, slots=True, eq=False)
class _Scanned:
    """The filled parts of the outputs of `scan`."""

    series: Index
    times: Times
    words: NDArray[np.uint32]
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
        """Decode one compressed request; its series are named in the roster.

        Raises:
            BodyTooLarge: more than `max_decompressed` bytes once decompressed, or more samples, series or exemplars than
                allowed.
            MalformedBody: not snappy's block format, or not a WriteRequest; the message says where.
            InvalidLabel: a label name twice or empty, or text that is not UTF-8; the message names the series.
        """
        return self.decode_message(decompress(body, max_decompressed=max_decompressed), roster)

    def decode_message(self, data: bytes, roster: Roster) -> Decoded:
        """Decode a WriteRequest that is not compressed; errors as `decode`."""
        scanned = _scan(data, self._max_samples)
        numbers = self._labels.numbers(_stretches(data, scanned), roster)
        distinct, series = _distinct(numbers, scanned)
        return Decoded(
            WriteBatch(roster.named(distinct), series, scanned.times, scanned.words.view(np.float64)),
            _exemplars(data, numbers, scanned, roster) if scanned.found[layout.EXEMPLARS] else NO_EXEMPLARS,
            skipped_histograms=int(scanned.found[layout.HISTOGRAMS]),
            skipped_metadata=int(scanned.found[layout.METADATA]),
        )


def decode(body: bytes, *, max_decompressed: int) -> WriteBatch:
    """Decode one compressed request without remembering anything; see RemoteWriteDecoder."""
    return RemoteWriteDecoder().decode(body, Roster(), max_decompressed=max_decompressed).batch


def _scan(data: bytes, max_samples: int) -> _Scanned:
    most = min(len(data) // 2, max_samples)  # no field is shorter than 2 bytes
    status = layout.FULL
    for samples, runs in ((len(data) // _SAMPLE_BYTES + 16, len(data) // _SERIES_BYTES + 16), (most, most)):
        out = _Scanned(
            np.empty(min(samples, most), np.uint32),
            np.empty(min(samples, most), np.int64),
            np.empty(2 * min(samples, most), np.uint32),
            np.empty(min(runs, most), np.uint32),
            np.empty(min(runs, most), np.int64),
            np.empty(min(runs, most), np.int64),
            np.zeros(layout.FOUND, np.int64),
        )
        status = scan(data, out.series, out.times, out.words, out.run_series, out.run_start, out.run_end, out.found)
        if status != layout.FULL:
            break
    else:
        raise _too_many(max_samples)
    if status != layout.DONE:
        raise malformed(status, int(out.found[layout.OFFSET]))
    if max(out.found[layout.SERIES], out.found[layout.EXEMPLARS]) > max_samples:
        raise _too_many(max_samples)
    n, r = int(out.found[layout.SAMPLES]), int(out.found[layout.RUNS])
    return _Scanned(
        _filled(out.series, n),
        _filled(out.times, n),
        _filled(out.words, 2 * n),
        out.run_series[:r],
        out.run_start[:r],
        out.run_end[:r],
        out.found,
    )


def _filled(column: NDArray[_Scalar], count: int) -> NDArray[_Scalar]:
    """The first `count` rows; a copy where most would be room, because the batch outlives the request."""
    return column[:count] if 4 * count >= 3 * len(column) else column[:count].copy()


def _too_many(allowed: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the request holds more than {allowed} samples, series or exemplars, which is what intake.request_samples allows",
        limit="intake.request_samples",
        allowed=allowed,
    )


def _stretches(data: bytes, scanned: _Scanned) -> Stretches:
    """Where the label fields of each series stand, in one piece each."""
    count = int(scanned.found[layout.SERIES])
    starts, ends = scanned.run_start, scanned.run_end
    if len(starts) == count and bool((scanned.run_series == np.arange(count)).all()):
        return Stretches(data, starts, ends)
    return Stretches.joined(data, scanned.run_series, starts, ends, count)


def _distinct(numbers: Index, scanned: _Scanned) -> tuple[Index, Index]:
    """Leave out series without samples and give series of one number one place."""
    ordered = np.sort(numbers)
    if not scanned.found[layout.EMPTY] and not bool((ordered[1:] == ordered[:-1]).any()):
        return numbers, scanned.series
    used, of_used = np.unique(scanned.series, return_inverse=True)
    distinct, places = np.unique(numbers[used], return_inverse=True)
    return distinct, places[of_used].astype(np.uint32)


def _exemplars(data: bytes, numbers: Index, scanned: _Scanned, roster: Roster) -> ExemplarBatch:
    found = exemplar_fields(data, int(scanned.found[layout.EXEMPLARS]))
    distinct, owners = np.unique(numbers[found.owners], return_inverse=True)
    # No time is time 0, and is read as none: so does Prometheus.
    return ExemplarBatch(
        roster.named(distinct),
        owners.astype(np.uint32),
        found.labels,
        found.values,
        found.times,
        found.times != 0,
        found.unreadable,
    )


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
