"""Prometheus remote write 1.0: a compressed prometheus.WriteRequest to sample columns, and back.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/. Exemplars, native histograms and metadata are counted and left out.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import remote_write_scan as layout
from sightline.adapters.wire.remote_write_labels import DEFAULT_BYTES, LabelCache, Span, malformed
from sightline.adapters.wire.remote_write_scan import scan
from sightline.adapters.wire.snappy import compress, decompress
from sightline.domain.errors import BodyTooLarge
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Index, Times, Values, WriteBatch

MAX_SAMPLES: Final = 1_000_000
"""Samples, and series, that one request may bring: senders bring 2,000, and at 2 bytes each bytes alone would bound little."""

# What a sample and its share of the labels take at least, as senders write them; a request of other shape is scanned a second time.
_SAMPLE_BYTES: Final = 18
_SERIES_BYTES: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A request's samples, and how many things it also held that are not stored."""

    batch: WriteBatch
    skipped_exemplars: int
    skipped_histograms: int
    skipped_metadata: int


@dataclass(frozen=True, slots=True, eq=False)
class _Scanned:
    """The filled parts of the outputs of `scan`."""

    series: Index
    times: Times
    value_at: NDArray[np.int64]
    run_series: Index
    run_start: NDArray[np.int64]
    run_end: NDArray[np.int64]
    found: NDArray[np.int64]


class RemoteWriteDecoder:
    """Decodes requests and remembers label sets between them. Thread-safe; scanning releases the GIL.

    Series are distinct in the batch: the same label set in two timeseries of a request is one series. Labels may come in any order;
    those with an empty value are dropped. Timeseries without samples leave nothing.
    """

    def __init__(self, *, max_cached_bytes: int = DEFAULT_BYTES, max_samples: int = MAX_SAMPLES) -> None:
        self._labels = LabelCache(max_cached_bytes)
        self._max_samples = max_samples

    def decode(self, body: bytes, *, max_decompressed: int) -> Decoded:
        """Decode one compressed request.

        Raises:
            BodyTooLarge: more than `max_decompressed` bytes once decompressed, or more samples or series than allowed.
            MalformedBody: not snappy's block format, or not a WriteRequest; the message says where.
            InvalidLabel: a label name twice or empty, or text that is not UTF-8; the message names the series.
        """
        return self.decode_message(decompress(body, max_decompressed=max_decompressed))

    def decode_message(self, data: bytes) -> Decoded:
        """Decode a WriteRequest that is not compressed; errors as `decode`."""
        scanned = _scan(data, self._max_samples)
        labels = self._labels.resolve(data, _spans(scanned))
        distinct, series = _distinct(labels, scanned.series)
        return Decoded(
            WriteBatch(distinct, series, scanned.times, _values(data, scanned.value_at)),
            skipped_exemplars=int(scanned.found[layout.EXEMPLARS]),
            skipped_histograms=int(scanned.found[layout.HISTOGRAMS]),
            skipped_metadata=int(scanned.found[layout.METADATA]),
        )


def decode(body: bytes, *, max_decompressed: int) -> WriteBatch:
    """Decode one compressed request without remembering anything; see RemoteWriteDecoder."""
    return RemoteWriteDecoder().decode(body, max_decompressed=max_decompressed).batch


def _scan(data: bytes, max_samples: int) -> _Scanned:
    most = min(len(data) // 2, max_samples)  # no field is shorter than 2 bytes
    status = layout.FULL
    for samples, runs in ((len(data) // _SAMPLE_BYTES + 16, len(data) // _SERIES_BYTES + 16), (most, most)):
        out = _Scanned(
            np.empty(min(samples, most), np.uint32),
            np.empty(min(samples, most), np.int64),
            np.empty(min(samples, most), np.int64),
            np.empty(min(runs, most), np.uint32),
            np.empty(min(runs, most), np.int64),
            np.empty(min(runs, most), np.int64),
            np.zeros(layout.FOUND, np.int64),
        )
        status = scan(data, out.series, out.times, out.value_at, out.run_series, out.run_start, out.run_end, out.found)
        if status != layout.FULL:
            break
    else:
        raise _too_many(max_samples)
    if status != layout.DONE:
        raise malformed(status, int(out.found[layout.OFFSET]))
    if out.found[layout.SERIES] > max_samples:
        raise _too_many(max_samples)
    n, r = int(out.found[layout.SAMPLES]), int(out.found[layout.RUNS])
    # Copies, because the batch outlives the request and the outputs were sized by a guess.
    return _Scanned(
        out.series[:n].copy(),
        out.times[:n].copy(),
        out.value_at[:n],
        out.run_series[:r],
        out.run_start[:r],
        out.run_end[:r],
        out.found,
    )


def _too_many(allowed: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the request holds more than {allowed} samples or series, which is what intake.request_samples allows",
        limit="intake.request_samples",
        allowed=allowed,
    )


def _spans(scanned: _Scanned) -> list[list[Span]]:
    """The stretches of label fields of each series."""
    count = int(scanned.found[layout.SERIES])
    spans = list(zip(scanned.run_start.tolist(), scanned.run_end.tolist(), strict=True))
    if len(spans) == count and bool((scanned.run_series == np.arange(count)).all()):
        return [[span] for span in spans]
    grouped: list[list[Span]] = [[] for _ in range(count)]
    for owner, span in zip(scanned.run_series.tolist(), spans, strict=True):
        grouped[owner].append(span)
    return grouped


def _distinct(labels: list[Labels], series: Index) -> tuple[tuple[Labels, ...], Index]:
    """Leave out series without samples and give equal label sets, which are one object, one index."""
    used = np.zeros(len(labels), np.bool_)
    used[series] = True
    if bool(used.all()) and len({id(one) for one in labels}) == len(labels):
        return tuple(labels), series
    position: dict[int, int] = {}
    kept: list[Labels] = []
    renumbered = np.zeros(len(labels), np.uint32)
    for number in np.flatnonzero(used).tolist():
        one = labels[number]
        if id(one) not in position:
            position[id(one)] = len(kept)
            kept.append(one)
        renumbered[number] = position[id(one)]
    return tuple(kept), renumbered[series]


def _values(data: bytes, at: NDArray[np.int64]) -> Values:
    """Gather the doubles at the given offsets, bit for bit; 0 where there is none."""
    if len(data) < 8:
        return np.zeros(len(at), np.float64)
    # A view in which element i is the 8 bytes that start at byte i: one gather instead of n unaligned reads in Python.
    everywhere = np.ndarray((len(data) - 7,), "<u8", buffer=data, strides=(1,))
    bits = everywhere[np.maximum(at, 0)]
    bits[at == layout.NO_VALUE] = 0
    return bits.astype(np.uint64, copy=False).view(np.float64)


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
            series += _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for row in range(bounds[number], bounds[number + 1]):
            series += _field(2, struct.pack("<BQB", 0x09, bits[row], 0x10) + _varint(times[row]))
        message += _field(1, bytes(series))
    return compress(bytes(message))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    rest = value & 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)
